"""Formats of other packages that break: the user hears which one it is, and the other exports go on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from plugins import install
from session_files import write_session

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.format import FORMATS
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.reading.session import Session

PACKAGE = "dry"
BODY = """
import sys
from expnet_live.outputs.export.format import Format, Written

class Dry(Format):
    name, title, about, ending = "dry", "Dry", "a dry file", ".dry"
    def write(self, excerpt, path):
        excerpt.steps(1)(1)
        {write}

FORMAT = Dry()
"""
BROKEN = "The format dry of the package dry is broken ({}); update or remove that package."


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs the package, with what its format does to write."""

    def install_(write: str) -> None:
        install(tmp_path / "site", PACKAGE, BODY.format(write=write), {"expnet_live.formats": "FORMAT"})
        monkeypatch.syspath_prepend(tmp_path / "site")
        FORMATS.refresh()

    yield install_
    sys.modules.pop(PACKAGE, None)
    monkeypatch.undo()
    FORMATS.refresh()


@pytest.fixture
def session(tmp_path: Path) -> Session:
    write_session(tmp_path / "one", 12)
    return Session.open(tmp_path / "one")


@pytest.mark.parametrize(
    ("write", "said"),
    [
        ("raise RuntimeError('no ink')", "no ink"),
        ("sys.exit('no licence')", "no licence"),
        ("open('/no/such/pen')", "[Errno 2] No such file or directory: '/no/such/pen'"),
        ("path.touch()", "it must write its file, and return a Written"),
        ("return Written(1)", "it must write its file, and return a Written"),
    ],
)
def test_one_that_breaks_is_named(
    installed: Callable[[str], None], session: Session, capsys: pytest.CaptureFixture[str], write: str, said: str
) -> None:
    installed(write)
    out = session.folder.with_suffix(".dry")
    assert main(["export", str(session.folder), "--to", "dry", "--out", str(out)]) == 2
    assert capsys.readouterr().err == f"expnet-live: {BROKEN.format(said)}\n"
    assert not list(out.parent.glob("*.dry*")) and not list(out.parent.glob(".*"))


def test_the_others_of_analyze_go_on(
    installed: Callable[[str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installed("raise RuntimeError('no ink')")
    command = ["analyze", "demo", "--out", str(tmp_path / "out"), "--duration", "0.2", "--to", "dry", "vmd"]
    assert main(command) == 1
    assert f"expnet-live: demo as dry: {BROKEN.format('no ink')}" in capsys.readouterr().err.splitlines()
    assert [p.name for p in (tmp_path / "out" / "exports" / "demo").iterdir()] == ["demo.vmd"]


def test_a_stop_and_a_disk_are_not_its_fault(installed: Callable[[str], None], session: Session) -> None:
    installed("import os; raise OSError(28, os.strerror(28), str(path))")
    out = session.folder.with_suffix(".dry")
    with pytest.raises(UserError, match=r"one\.dry cannot be written \(No space left on device\); free some space"):
        export(session, ExportOptions("dry", out))

    class Stop(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        export(session, ExportOptions("dry", out), stop)
