"""The parts of the folder that needs no Python. (scripts/bundle.sh makes the folder itself, which takes minutes.)"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

from places import ROOT

import expnet_live

BUNDLE = ROOT / "bundle"


def start(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BUNDLE / "start.py"), *args]
    return subprocess.run(command, cwd=ROOT, env=None, capture_output=True, text=True, timeout=120, check=False)


def test_the_folder_holds_no_torch_and_one_opencv() -> None:
    names = [r.split(";")[0] for r in runpy.run_path(str(BUNDLE / "make.py"))["requirements"]()]
    assert not [n for n in names if n.startswith(("torch", "mediapipe", "PySide6>"))]
    assert [n.split(">")[0] for n in names if n.startswith("opencv")] == ["opencv-python-headless"]
    assert any(n.startswith("onnxruntime") for n in names)


def test_its_program_is_the_command_line_and_answers_for_python(tmp_path: Path) -> None:
    assert start("--version").stdout == f"expnet-live {expnet_live.__version__}\n"
    done = start("-m", "expnet_live.app.platform.probe", "imports")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and {"loading": "cv2"} in answers and not any("problem" in a for a in answers)


def test_the_notice_has_all_licences(tmp_path: Path) -> None:
    notice = tmp_path / "NOTICE.txt"
    subprocess.run([sys.executable, str(BUNDLE / "notice.py"), str(notice)], check=True, timeout=120)
    text = notice.read_text(encoding="utf-8")
    for line in ("PySide6", "x265", "numpy", "LicenseRef-ExpNet-Live-Weights", "Apache License", "ICT"):
        assert line in text
    assert "\nonnxruntime 1" in text
