"""A real window on a real GL context, on a virtual display if there is none; a test that leaks fails."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from waiting import LONG

if TYPE_CHECKING:
    from live_fakes import Plug, Puppet

    from expnet_live.app.main_window.window import MainWindow


def _virtual_display() -> str | None:
    """Start Xvfb on a free display for this run of the tests; return the reason if that fails."""
    if not shutil.which("Xvfb"):
        return "there is no display, and no Xvfb to make one; install xvfb"
    read, write = os.pipe()
    command = f"Xvfb -displayfd {write} -screen 0 1600x1000x24 +extension GLX -nolisten tcp".split()
    server = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(server.terminate)
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    if not number:
        return "Xvfb does not start"
    os.environ["DISPLAY"] = f":{number}"
    return None


_problem = None
if sys.platform.startswith("linux"):
    # The tests have their own display, so that no other window covers theirs.
    _problem = _virtual_display()

if _problem is None:
    from expnet_live.app import platform as platforms

    platforms.prepare()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if _problem is not None:
        here = Path(__file__).parent
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=_problem))


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the user's settings, profiles and pictures alone."""
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(autouse=True)
def any_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' disk may be small."""
    from expnet_live.sessions.recording import recorder

    monkeypatch.setattr(recorder, "Limits", partial(recorder.Limits, warn_free=0, least_free=0))
    monkeypatch.delenv("EXPNET_LIVE_SESSIONS", raising=False)


@pytest.fixture(autouse=True)
def no_message_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    from PySide6.QtWidgets import QDialog, QMessageBox

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a dialog that blocks was opened")

    for name in ("information", "warning", "critical", "question", "about", "exec"):
        monkeypatch.setattr(QMessageBox, name, refuse)
    monkeypatch.setattr(QDialog, "exec", refuse)


@pytest.fixture(autouse=True)
def nothing_left(qapp: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No thread, timer, window or modal dialog may outlive a test; the failure names it."""
    from leaks import LeakWatch

    watch = LeakWatch(monkeypatch)
    yield
    found = watch.leaks()
    assert not found, f"left behind: {', '.join(found)}"


@pytest.fixture
def puppet() -> Puppet:
    from live_fakes import Puppet

    return Puppet()


@pytest.fixture
def plug() -> Plug:
    from live_fakes import Plug

    return Plug(fps=40)


@pytest.fixture
def cameras() -> list[Any]:
    """The cameras of the fake computer; change the list to plug in and out."""
    from expnet_live.capture.cameras import CameraInfo

    return [CameraInfo(0, "Front camera"), CameraInfo(2, "Desk camera")]


@pytest.fixture
def store(tmp_path: Path) -> Any:
    from PySide6.QtCore import QSettings

    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def open_window(
    qtbot: Any, puppet: Puppet, plug: Plug, cameras: list[Any], store: Any
) -> Iterator[Callable[..., MainWindow]]:
    """Opens windows; at the end, closes those still open within the promised time."""
    from expnet_live.app import settings
    from expnet_live.app.main_window.controller import Controller
    from expnet_live.app.main_window.window import MainWindow
    from expnet_live.capture.spec import SourceSpec

    made: list[MainWindow] = []

    front = SourceSpec.camera(0)

    def open_(source: SourceSpec | None = front, **parts: Any) -> MainWindow:
        controller = Controller(
            settings.load_choices(store),
            **{"open_": plug.open, "load": puppet.load, "lister": lambda: list(cameras), **parts},
        )
        window = MainWindow(controller, store)
        window.show()
        controller.start()
        if source is not None:
            controller.sources.use(source)
        made.append(window)
        # Without a window manager, nothing gives it the keyboard focus.
        with qtbot.waitActive(window, timeout=LONG):
            window.activateWindow()
        return window

    yield open_
    plug.released.set()
    for window in made:
        window.close()
        window.deleteLater()


@pytest.fixture
def window(qtbot: Any, open_window: Callable[..., MainWindow]) -> MainWindow:
    """A window that mirrors a face."""
    made = open_window()
    qtbot.waitUntil(lambda: made.presenter.first_face is not None, timeout=LONG)
    return made


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """The head is drawn equally finely all the time, whatever else this machine does."""
    from expnet_live.app.view3d import fineness

    monkeypatch.setattr(fineness, "_WINDOW", sys.maxsize)
