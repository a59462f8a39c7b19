"""The README's Python lines, and the commands and links of all pages, work."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import ROOT

from expnet_live.cli import build_parser

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/*.md")]


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
    lines = [
        line
        for page in PAGES
        for line in re.findall(r"^    expnet-live (.*?)(?: > .*)?$", text_of(page).replace("\\\n", ""), re.MULTILINE)
    ]
    assert len(lines) > 70
    for line in lines:
        build_parser().parse_args(shlex.split(line))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_lead_somewhere(page: Path) -> None:
    links = [t.partition("#") for t in re.findall(r"\]\(([^)\s]+)\)", text_of(page)) if "://" not in t]
    targets = [(page.parent / path if path else page, heading) for path, _, heading in links]
    assert [path for path, _ in targets if not path.exists()] == []
    assert [(path, heading) for path, heading in targets if heading and heading not in headings_of(path)] == []


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def headings_of(page: Path) -> list[str]:
    """What links call its headings."""
    return [
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text_of(page), re.MULTILINE)
    ]


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
    done = subprocess.run([script, *args], env=env, capture_output=True, text=True, timeout=300, check=True)
    shown = ":99" if not display and not args else display
    assert done.stdout.strip() == f"{shown}: {expected}".strip()


@pytest.mark.skipif(os.name != "posix", reason="the scripts are for Debian")
@pytest.mark.parametrize("script", re.findall(r"^    \./(\S+)$", README, re.MULTILINE))
def test_the_scripts_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    text = (ROOT / script).read_text(encoding="utf-8")
    assert "scripts/setup.sh" in text
