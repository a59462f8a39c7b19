"""The README's Python lines, commands and links work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import ROOT

from expnet_live.cli import build_parser

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_lines_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from skimage.data import astronaut

    [code] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in code.splitlines() if line]) == 5
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("photo.jpg", astronaut()[:300, 60:360, ::-1])
    names: dict[str, object] = {}
    exec(code, names)
    face, vertices, normals = names["face"], names["vertices"], names["normals"]
    assert len(face.expression) == len(names["pipeline"].face_model.names) == 29  # type: ignore[attr-defined]
    assert vertices.shape == normals.shape  # type: ignore[attr-defined]
    assert np.isfinite(vertices).all()  # type: ignore[call-overload]


def test_the_commands_are_understood() -> None:
    lines = re.findall(r"^    expnet-live (.*)$", README, re.MULTILINE)
    assert lines
    for line in lines:
        build_parser().parse_args(line.split())


def test_the_links_lead_somewhere() -> None:
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in t]
    assert targets
    assert [t for t in targets if not (ROOT / t).exists()] == []


@pytest.mark.skipif(os.name != "posix", reason="the scripts are for Debian")
@pytest.mark.parametrize(
    ("display", "args", "expected"),
    [
        ("", (), "--source demo --duration 15 --screenshot demo-out/window.png"),
        (":7", (), ""),
        ("", ("doctor",), "doctor"),
    ],
    ids=["no screen", "screen", "arguments"],
)
def test_the_first_command_opens_the_window(display: str, args: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    """The real run.sh, with a setup that does nothing and a program that prints its arguments."""
    fakes = {
        "scripts/setup.sh": "true",
        ".venv/bin/expnet-live": 'echo "$DISPLAY: $*"',
        "bin/xvfb-run": 'shift 3; DISPLAY=:99 "$@"',
    }
    for name, line in fakes.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    script = shutil.copy(ROOT / "run.sh", tmp_path)
    env = {**os.environ, "DISPLAY": display, "WAYLAND_DISPLAY": "", "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run([script, *args], env=env, capture_output=True, text=True, timeout=120, check=True)
    shown = ":99" if not display and not args else display
    assert done.stdout.strip() == f"{shown}: {expected}".strip()


@pytest.mark.skipif(os.name != "posix", reason="the scripts are for Debian")
@pytest.mark.parametrize("script", re.findall(r"^    \./(\S+)$", README, re.MULTILINE))
def test_the_scripts_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    text = (ROOT / script).read_text(encoding="utf-8")
    assert "scripts/setup.sh" in text
