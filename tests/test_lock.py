"""The constraints files fit pyproject.toml, and scripts/lock.py notices when they do not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT


def check(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "scripts" / "lock.py"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in ("constraints", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_lock_fits() -> None:
    done = check(ROOT)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_python_of_the_classifiers_has_a_lock() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = {f"py3{minor}.txt" for minor in range(11, 20) if f'"Programming Language :: Python :: 3.{minor}"' in text}
    assert {p.name for p in (ROOT / "constraints").glob("*.txt")} == wanted


def test_a_dependency_without_a_version_is_named(copy: Path) -> None:
    path = copy / "constraints" / "py311.txt"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("vispy==")), encoding="utf-8")
    done = check(copy)
    assert done.returncode == 1 and "py311.txt has no vispy." in done.stdout


def test_a_version_out_of_bounds_is_named(copy: Path) -> None:
    path = copy / "constraints" / "py311.txt"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join("numpy==2.4.0\n" if x.startswith("numpy==") else x for x in lines), encoding="utf-8")
    done = check(copy)
    assert done.returncode == 1 and "py311.txt has numpy 2.4.0, pyproject.toml wants" in done.stdout
