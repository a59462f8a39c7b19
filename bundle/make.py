"""Makes dist/expnet-live, the folder that needs no Python (on macOS also dist/ExpNet Live.app), on any system.

    python3.13 bundle/make.py [--env FOLDER]

Run it with the Python that the folder shall hold, on the oldest system that it shall run on. The packages go into an
environment of their own, without PyTorch and mediapipe. `bundle/check.py` tries the result.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "bundle"
FOLDER = ROOT / "dist" / "expnet-live"
# Large, and for training, GPUs and the landmark fit alone. One build of OpenCV, the one without windows.
LEFT_OUT = ("torch", "mediapipe", "opencv-python", "opencv-contrib-python", "PySide6")
INSTEAD = ("opencv-python-headless>=4.11", "PySide6-Essentials>=6.9.2", "pylsl>=1.18", "pyinstaller>=6.11")


def requirements() -> list[str]:
    """What the program needs in the folder."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    kept = [r for r in project["dependencies"] if not r.startswith(tuple(f"{n}{c}" for n in LEFT_OUT for c in "=<>"))]
    return [*kept, *INSTEAD]


def environment(folder: Path) -> Path:
    """The interpreter of an environment with the packages in the locked versions."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    locked = ROOT / "constraints" / f"py{sys.version_info.major}{sys.version_info.minor}.txt"
    constraint = ["--constraint", str(locked)] if locked.is_file() else []
    subprocess.run([*pip, *constraint, *requirements()], check=True)
    subprocess.run([*pip, "--no-deps", "--force-reinstall", str(ROOT)], check=True)
    return python


def strip(folder: Path) -> None:
    """Take the symbols for debuggers out of Linux's libraries; those that a wheel repaired would no longer load."""
    program = shutil.which("strip") if sys.platform.startswith("linux") else None
    for path in folder.rglob("*.so*") if program else ():
        if not path.is_symlink() and not path.parent.name.endswith(".libs"):
            subprocess.run([program, "--strip-unneeded", str(path)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", type=Path, default=BUILD / "env", help="folder of the environment")
    args = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    python = environment(args.env)
    icon = [str(python), str(ROOT / "bundle" / "icon.py"), str(BUILD / "icon.png")]
    subprocess.run(icon, check=True, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
    shutil.rmtree(FOLDER, ignore_errors=True)
    places = ["--distpath", str(FOLDER.parent), "--workpath", str(BUILD / "work")]
    spec = str(ROOT / "bundle" / "expnet_live.spec")
    build = [str(python), "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN", *places, spec]
    subprocess.run(build, check=True, cwd=BUILD)
    strip(FOLDER)
    places_of_notice = [FOLDER, *FOLDER.parent.glob("*.app/Contents/Resources")]
    for folder in places_of_notice:
        subprocess.run([str(python), str(ROOT / "bundle" / "notice.py"), str(folder / "NOTICE.txt")], check=True)
    print(FOLDER)


if __name__ == "__main__":
    main()
