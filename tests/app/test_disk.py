"""The window's thread reads no file and no folder once the window is open."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live_fakes import Puppet
from seen import LONG

from expnet_live.app.main_window.window import MainWindow
from expnet_live.core.paths import data_folder
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles

_WATCHED = {"open", "os.listdir", "os.scandir"}


class DiskWatch:
    """Records what this thread opens, lists or looks for below `folder` while it is on."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.on = False
        self._folder, self._thread = str(folder), threading.get_ident()
        sys.addaudithook(self._hook)  # permanent: Python cannot remove audit hooks
        stat = os.stat

        def stat_and_tell(path: Any, **options: Any) -> os.stat_result:
            self._note("os.stat", path)
            return stat(path, **options)

        monkeypatch.setattr(os, "stat", stat_and_tell)  # which raises no audit event

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _WATCHED and args:
            self._note(event, args[0])

    def _note(self, event: str, path: object) -> None:
        if self.on and threading.get_ident() == self._thread and str(path).startswith(self._folder):
            self.seen.append(f"{event} {path}")


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DiskWatch]:
    watch = DiskWatch(tmp_path, monkeypatch)
    yield watch
    watch.on = False


def test_the_watch_sees_this_thread(disk: DiskWatch, tmp_path: Path) -> None:
    disk.on = True
    (tmp_path / "file").write_text("")
    list(tmp_path.iterdir())
    assert (tmp_path / "file").exists()
    seen = [line.split()[0] for line in disk.seen]
    assert [name.replace("scandir", "listdir") for name in seen] == ["open", "os.listdir", "os.stat"]  # by Python


def test_the_window_leaves_the_disk_to_threads(
    qtbot: Any, window: MainWindow, puppet: Puppet, disk: DiskWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPNET_LIVE_SESSIONS", str(data_folder() / "sessions"))
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    other = threading.Thread(target=lambda: Profiles().save(Person("Ada", gains={"jawOpen": 3.0})))
    other.start()
    other.join()
    disk.on = True
    controller, profile, source = window.controller, window.parts.controls.profile, window.parts.controls.source
    qtbot.waitUntil(lambda: "Ada" in [profile.itemText(i) for i in range(profile.count())], timeout=LONG)
    profile.activated.emit(0)  # Ada comes first
    qtbot.waitUntil(lambda: controller.person.gains == {"jawOpen": 3.0}, timeout=LONG)
    controller.set_gain("jawOpen", 2.0)
    source.activated.emit(1)
    qtbot.waitUntil(lambda: controller.state.captured.frame.source == "camera2", timeout=LONG)
    qtbot.waitUntil(lambda: window.actions_["record"].isEnabled(), timeout=LONG)
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: controller.recording.seconds > 0.2, timeout=LONG)
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: controller.recording.last is not None, timeout=LONG)
    assert controller.recording.last.problem is None
    window.actions_["library"].trigger()
    sessions = window.commands.sessions
    assert sessions is not None
    qtbot.waitUntil(lambda: len(sessions.side.model.entries) == 1, timeout=LONG)
    sessions.open_folder(controller.recording.last.folder)
    qtbot.waitUntil(lambda: sessions.player.replay is not None, timeout=LONG)
    sessions.actions_["export"].trigger()
    panel = sessions.panel
    qtbot.waitUntil(lambda: panel.form.session is not None, timeout=LONG)
    panel.export()  # as soon as there is a free name
    qtbot.waitUntil(lambda: "is saved" in panel.sentence.text(), timeout=LONG)
    disk.on = False
    assert disk.seen == [] and len(list(tmp_path.glob("*.csv"))) == 1
