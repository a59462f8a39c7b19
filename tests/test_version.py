"""The version stands in one place, which a script raises, and all that names it takes it from there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from places import ROOT

from expnet_live.analysis.protocol import versions
from expnet_live.archive.manifest import check_settings
from expnet_live.archive.settings import Settings
from expnet_live.cli import main
from expnet_live.core.version import __version__
from expnet_live.sessions.reading.session import Session

PLACE = Path("expnet_live/core/version.py")


def raised(tree: Path, version: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "raise_version.py"), version, "--root", str(tree)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "expnet_live" / "core", tmp_path / "expnet_live" / "core")
    (tmp_path / "expnet_live" / "__init__.py").touch()
    shutil.copy(ROOT / "CHANGELOG.md", tmp_path)
    return tmp_path


def test_no_other_file_has_it() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [
        n for n in listed.stdout.splitlines() if n.endswith((".py", ".md", ".toml", ".cff", ".sh", ".yml", ".spec"))
    ]
    if not names:
        pytest.skip("not a checkout")
    version = re.compile(rf"(?<![\w.]){re.escape(__version__)}(?![\w.])")
    there = {n for n in names if not n.startswith(("tests/", "CHANGELOG", "scripts/raise"))}
    assert {n for n in there if version.search((ROOT / n).read_text(encoding="utf-8"))} == {PLACE.as_posix()}


def test_the_script_raises_it(tree: Path) -> None:
    done = raised(tree, "97.1.2")
    assert (done.returncode, done.stderr) == (0, "") and f"{__version__} -> 97.1.2" in done.stdout
    ask = [sys.executable, "-c", "from expnet_live.core.version import __version__; print(__version__)"]
    told = subprocess.run(
        ask, cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=True
    )
    assert told.stdout == "97.1.2\n"
    before, after = ((root / "CHANGELOG.md").read_text(encoding="utf-8") for root in (ROOT, tree))
    heading = f"## [Unreleased]\n\n## [97.1.2] - {date.today().isoformat()}\n\n### "
    assert heading in after and after.replace(heading, "## [Unreleased]\n\n### ") == before
    # Nothing is unreleased now.
    assert "nothing to release" in raised(tree, "97.2.0").stderr


@pytest.mark.parametrize(("version", "said"), [("0.0.1", "give a higher version"), ("next", "is no version")])
def test_what_is_no_higher_version_changes_nothing(tree: Path, version: str, said: str) -> None:
    before = {p: p.read_bytes() for p in tree.rglob("*") if p.is_file()}
    done = raised(tree, version)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
    assert {p: p.read_bytes() for p in tree.rglob("*") if p.is_file()} == before


def test_sessions_and_manifests_name_it(demo_session: Session, tmp_path: Path) -> None:
    out = tmp_path / "take"
    assert main(["record", "--source", "demo", "--out", str(out), "--duration", "0.2", "--device", "cpu"]) == 0
    assert Session.open(out).info.app_version == __version__
    check_settings(tmp_path, Settings(), {"versions": versions()})
    about = json.loads((tmp_path / "dataset.json").read_text(encoding="utf-8"))
    assert about["versions"]["expnet-live"] == about["settings"]["version"] == __version__
    assert main(["analyze", "demo", "--out", str(tmp_path / "run"), "--duration", "0.2"]) == 0
    (run,) = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["runs"]
    assert run["versions"]["expnet-live"] == __version__
