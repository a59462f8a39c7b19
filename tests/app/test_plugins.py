"""Another package adds a format, which --help and the window list and which can be exported, and a kind of head."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from plugins import install
from seen import LONG
from session_files import write_session

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.sessions_window.export_form import ExportForm
from expnet_live.outputs.export.format import FORMATS
from expnet_live.outputs.stream import OUTPUTS
from expnet_live.sessions.format.folder import sessions_root

PACKAGE = "smile_counter"
BODY = """
from expnet_live.outputs.export.format import Format, Written

class Smiles(Format):
    name, title, ending = "smiles", "Count of smiles", ".txt"
    about = "how often somebody smiles"

    def write(self, excerpt, path):
        path.write_text(f"{len(excerpt.rows)} moments")
        excerpt.steps(1)(1)
        return Written(len(excerpt.rows), ("Nobody was in a bad mood.",))

FORMAT = Smiles()

from expnet_live.outputs.stream import Datagrams, OutputKind

class Sender(Datagrams):
    def packets(self, sample):
        return [b"smile"]

class Postman(OutputKind):
    name, about, port = "postman", "brings smiles by post", 4711

    def open(self, address):
        return Sender(address)

OUTPUT = Postman()

class Doll:
    name, about = "doll", "a .doll file"

    def reads(self, source):
        return source.suffix == ".doll"

    def read(self, source):
        from expnet_live.core.errors import UserError
        raise UserError("This doll has no face.")

HEAD = Doll()
"""


POINTS = {"expnet_live.formats": "FORMAT", "expnet_live.heads": "HEAD", "expnet_live.outputs": "OUTPUT"}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    install(tmp_path / "site", PACKAGE, BODY, POINTS)
    return tmp_path / "site"


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In this process as well, which has looked into its registries already."""
    monkeypatch.syspath_prepend(site)
    for registry in (FORMATS, OUTPUTS):
        registry.refresh()
    yield
    monkeypatch.undo()
    sys.modules.pop(PACKAGE, None)
    for registry in (FORMATS, OUTPUTS):
        registry.refresh()


def command(site: Path, *args: str, status: int = 0) -> str:
    path = os.pathsep.join([str(site), *sys.path])
    env = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-m", "expnet_live", *args], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def test_help_lists_it_and_it_is_written(site: Path, tmp_path: Path) -> None:
    said = command(site, "export", "--help")
    assert "smiles" in said and "how often somebody smiles" in said
    session = tmp_path / "session"
    write_session(session, 12)
    out = tmp_path / "smiles.txt"
    said = command(site, "export", str(session), "--to", "smiles", "--out", str(out))
    assert "Nobody was in a bad mood." in said
    assert out.read_text() == "12 moments"


def test_an_output_is_listed_and_sends(site: Path) -> None:
    assert "brings smiles by post" in command(site, "stream", "--list")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as letterbox:
        letterbox.bind(("127.0.0.1", 0))
        letterbox.settimeout(60)
        target = f"postman://127.0.0.1:{letterbox.getsockname()[1]}"
        command(site, "stream", "demo", "--to", target, "--duration", "1")
        assert letterbox.recv(99) == b"smile"


def test_a_kind_of_head_is_asked(site: Path, tmp_path: Path) -> None:
    assert "a .doll file" in " ".join(command(site, "face-model", "import", "--help").split())
    (tmp_path / "my.doll").touch()
    assert "This doll has no face." in command(
        site, "face-model", "import", str(tmp_path / "my.doll"), "--as", "Doll", status=2
    )


def test_the_window_offers_it(
    qtbot: Any, installed: None, open_window: Callable[..., MainWindow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPNET_LIVE_SESSIONS", str(tmp_path / "sessions"))
    write_session(sessions_root() / "one", 12)
    main = open_window()
    postman = main.parts.outputs.rows["postman"]
    assert postman.switch.text() == "brings smiles by post" and postman.address.placeholderText() == "127.0.0.1:4711"
    assert not postman.switch.isChecked()
    main.actions_["library"].trigger()
    sessions = main.commands.sessions
    assert sessions is not None
    form: ExportForm = sessions.panel.form
    at = form.format.findText("Count of smiles")
    assert at >= 0
    form.format.setCurrentIndex(at)
    form.format.activated.emit(at)
    assert form.chosen.name == "smiles"
    assert form.format.toolTip() == "How often somebody smiles"
    qtbot.waitUntil(lambda: sessions.side.found.rowCount() == 1, timeout=LONG)
