"""Packages that add broken things: the window opens, goes on, and says whose they are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from plugins import install
from seen import LONG, banners
from session_files import write_session

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.platform.plugins import REGISTRIES
from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec
from expnet_live.cli import main
from expnet_live.live.loading import load_pipeline
from expnet_live.outputs.export.format import FORMATS
from expnet_live.sessions.format.folder import sessions_root

PACKAGE = "shaky"
BODY = """
import sys
from expnet_live import Frame, MODELS, Source
from expnet_live.outputs.export.format import Format
from expnet_live.outputs.stream import OutputKind, Sender

class Plug(Sender):
    def send(self, sample): pass
    def close(self): raise RuntimeError("loose")
    @property
    def problem(self): raise RuntimeError("loose contact")

class Kind(OutputKind):
    name, about, port = "shaky", "Shaky: an output", 4711
    def open(self, address): return Plug()

class Pictures(Source):
    live = True
    def __iter__(self):
        while True:
            yield Frame([[1, 2], [3, 4]], 0.0, 0)
    def close(self): pass

class Type:
    name, about, live, still = "shaky", "a shaky camera", True, False
    def takes(self, spec):
        if spec.value == "shaky:1": return True
        raise RuntimeError("not my spec")
    def open(self, spec): return Pictures("shaky")

class Shaking(Format):
    name, title, about, ending = "shaky", "Shaky", "a shaky file", ".shaky"
    def why_not(self, session): raise RuntimeError("no reason")
    def write(self, excerpt, path): raise RuntimeError("no ink")

class Model:
    name = title = about = "shaky"
    file = ""
    def why_not(self): raise RuntimeError("nobody knows")
    def fits(self, coefficients, n_identity): raise RuntimeError("who knows")
    def load(self, device="auto", threads=None): raise RuntimeError("too heavy")
    def face_model(self): raise RuntimeError("no face")
    def files(self, predictor): raise RuntimeError("no files")

class Head:
    name = about = "shaky"
    def reads(self, source): raise RuntimeError("cannot see")
    def read(self, source): raise RuntimeError("cannot read")

OUTPUT, SOURCE, FORMAT, MODEL, HEAD = Kind(), Type(), Shaking(), Model(), Head()
"""
GROUPS = ("OUTPUT", "SOURCE", "FORMAT", "MODEL", "HEAD")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    points = {f"expnet_live.{group.lower()}s": group for group in GROUPS}
    install(tmp_path / "site", PACKAGE, BODY, points)
    install(tmp_path / "site", "halted", "import sys; sys.exit('no licence')", {"expnet_live.outputs": "OUTPUT"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    for registry in REGISTRIES:
        registry.refresh()
    yield
    monkeypatch.undo()
    sys.modules.pop(PACKAGE, None)
    for registry in REGISTRIES:
        registry.refresh()


def test_the_window_goes_on_and_says_whose_it_is(
    qtbot: Any, installed: None, open_window: Callable[..., MainWindow], tmp_path: Path
) -> None:
    window = open_window(SourceSpec.demo(), open_=open_spec, load=load_pipeline)
    qtbot.waitUntil(lambda: any("halted" in text for text in banners(window).values()), timeout=LONG)
    assert any(
        "The output halted of the package halted cannot be used (no licence); update or remove that package." in t
        for t in banners(window).values()
    )

    row = window.parts.outputs.rows["shaky"]
    window.actions_["outputs"].trigger()
    row.switch.click()
    qtbot.waitUntil(lambda: "shaky" in window.controller.streaming.failures, timeout=LONG)
    qtbot.waitUntil(lambda: "loose contact" in row.state.text() and not row.switch.isChecked(), timeout=LONG)

    window.controller.sources.use(SourceSpec.parse("shaky:1"))
    said = "shaky:1 is no source of pictures: The picture could not be read: it is a list"
    qtbot.waitUntil(lambda: any(said in text for text in banners(window).values()), timeout=LONG)
    window.controller.change(model="shaky")
    qtbot.waitUntil(lambda: any("too heavy" in text for text in banners(window).values()), timeout=LONG)

    window.controller.change(model=None)
    window.controller.sources.use(SourceSpec.demo())
    qtbot.waitUntil(lambda: bool(window.controller.faces), timeout=LONG)


def test_the_sessions_window_goes_on(
    qtbot: Any,
    installed: None,
    open_window: Callable[..., MainWindow],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EXPNET_LIVE_SESSIONS", str(tmp_path / "sessions"))
    write_session(sessions_root() / "one", 12)
    window = open_window()
    window.commands.show_sessions(sessions_root() / "one")
    sessions = window.commands.sessions
    assert sessions is not None
    qtbot.waitUntil(lambda: sessions.player.replay is not None, timeout=LONG)
    sessions.actions_["export"].trigger()
    form = sessions.panel.form
    qtbot.waitUntil(lambda: form.out is not None, timeout=LONG)
    assert form.format.findText("Shaky") >= 0
    assert FORMATS.problems == [
        "The format shaky of the package shaky is broken (no reason); update or remove that package."
    ]


def test_doctor_names_it(installed: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "output shaky of the package shaky" in out
    assert "The output halted of the package halted cannot be used (no licence); update or remove that package." in out


def test_an_avatar_is_imported_beside_a_broken_kind(
    installed: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "my.doll").touch()
    assert main(["face-model", "import", str(tmp_path / "my.doll"), "--as", "Doll"]) == 2
    assert "is not a head; choose" in capsys.readouterr().err
