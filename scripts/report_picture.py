"""Makes the picture of docs/report.md, report.webp: the top of a report of the demo clip and of two faces of our own
making, of whom the second smiles half a second after the first. Needs Chromium.

    .venv/bin/python scripts/report_picture.py docs
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from made_faces import blinking, doing, recording, slow_noise, write_table  # noqa: E402
from PIL import Image  # noqa: E402

from expnet_live.cli import main as expnet_live  # noqa: E402

SIZE = 960, 1500
SECONDS, FPS, LAG = 60, 30, 15  # the lag in frames


def write_pair(path: Path) -> None:
    smile = slow_noise(SECONDS * FPS + LAG, seed=4)
    faces = []
    for number, (first, blink) in enumerate(((LAG, 4.0), (0, 3.0))):
        made = blinking(recording(SECONDS, "pair.mp4", seed=number), blink, 0.2 - 0.02 * number)
        moved = doing(made, smile[first : first + SECONDS * FPS], "mouthSmileLeft", "mouthSmileRight")
        faces.append(replace(moved, face=number))
    write_table(path, *faces)


def main(out: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("report_picture: Chromium was not found; install it.")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_pair(folder / "pair.csv")
        expnet_live(["analyze", "demo", "--out", str(folder / "demo")])
        expnet_live(["report", str(folder / "demo"), str(folder / "pair.csv"), "--out", str(folder / "report")])
        subprocess.run(
            [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             f"--window-size={SIZE[0]},{SIZE[1]}", f"--user-data-dir={folder / 'profile'}",
             f"--screenshot={folder / 'report.png'}", (folder / "report" / "report.html").as_uri()],
            capture_output=True, timeout=120, check=True,
        )  # fmt: skip
        Image.open(folder / "report.png").convert("RGB").save(out / "report.webp", quality=90, method=6)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
