"""Tries the folder that needs no Python, as on a computer that has none: with an empty environment.

    build/bundle/env/bin/python bundle/check.py [FOLDER] [--pictures FOLDER]

The window must mirror the demo clip's face, and the commands must do their work. Without a screen, it needs Xvfb. On
macOS, FOLDER may be the app.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
from PIL import Image

from expnet_live.outputs.export.format import FORMATS
from expnet_live.research.evaluation.app.virtual_display import virtual_display

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "dist" / "expnet-live"
MOST_MB = 420 if sys.platform == "linux" else 600  # bundle/smaller.py is for Linux
# What programs of these systems cannot do without.
KEPT = ("SYSTEMROOT", "WINDIR", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "DISPLAY")
# What leads a program to the folder's libraries. (OpenCV puts lib64 there, which is none.)
LEADS = re.compile(r"^export (?:LD_LIBRARY|QT_PLUGIN|QML2_IMPORT)_PATH=.*_internal(?!/cv2/).*$", re.MULTILINE)
# The one library that the driver and the folder may both have: its name changes whenever its functions do.
BOTH = re.compile(r"libffi\.so")


class Trial:
    """Runs the folder's program in `home`."""

    def __init__(self, folder: Path, home: Path) -> None:
        inside = folder / "Contents" / "MacOS" if folder.suffix == ".app" else folder
        self.program = inside / ("expnet-live.exe" if os.name == "nt" else "expnet-live")
        self.home = home
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env |= {"HOME": str(home), "EXPNET_LIVE_DATA": str(home / "data"), "XDG_CONFIG_HOME": str(home / "config")}

    def __call__(self, *args: str, status: int = 0) -> str:
        """Standard output of a command; the check ends if the exit status is another."""
        print("expnet-live", *args, flush=True)
        command = [str(self.program), *args]
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self.env,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=600,
            check=False,
        )
        if done.returncode != status:
            sys.exit(f"exit status {done.returncode} instead of {status}\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr


def megabytes(folder: Path) -> float:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink()) / 1e6


def of_driver(folder: Path) -> set[str]:
    """The folder's libraries that the system's OpenGL driver needs as well: on a newer system, it needs newer ones."""
    places = [*Path("/usr/lib").iterdir(), Path("/usr/lib64")]
    drivers = [p for place in places for name in ("lib*GL*_mesa.so.0", "dri/swrast_dri.so") for p in place.glob(name)]
    said = subprocess.run(["ldd", *map(str, drivers)], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r"^\s+(\S+) =>", said, re.MULTILINE))
    return {p.name for p in (folder / "_internal").glob("lib*.so*") if p.name in needed and not BOTH.match(p.name)}


def check_window(path: Path) -> None:
    """The picture shows the camera, the head in the colour of skin, and curves in colours."""
    picture = cv2.imread(str(path))
    if picture is None:
        sys.exit(f"There is no picture {path}.")
    picture = cv2.resize(picture, (1280, 800), interpolation=cv2.INTER_AREA)[..., ::-1].astype(float)
    camera, head = picture[80:310, 30:340], picture[60:560, 440:900]
    curves = picture[664:740, 420:950]  # below their names, which have colours as well
    middle = head[200:300, 180:280].mean((0, 1))
    wrong = [name for name, part in (("camera", camera), ("head", head), ("curves", curves)) if part.std() <= 4]
    if middle[0] < middle[2] + 20 or middle[0] < 100:
        wrong.append("the head's skin")
    if np.ptp(curves, axis=2).max() <= 60:
        wrong.append("the curves' colours")
    if wrong:
        sys.exit(f"{path} does not show: {', '.join(wrong)}.")


def try_window(trial: Trial, picture: Path) -> None:
    no_screen = sys.platform.startswith("linux") and "DISPLAY" not in trial.env
    with virtual_display(trial.env, "1280x800x24") if no_screen else nullcontext():
        said = trial("--source", "demo", "--duration", "10", "--screenshot", str(picture))
        print(said.strip())
        if "first face after" not in said:
            sys.exit("No face was seen.")
        check_window(picture)
        print(trial("doctor").strip())
        for avatar in sorted((trial.home / "avatars").glob("*.vrm")):
            drawn = picture.with_name(f"{avatar.stem}.png")
            trial("--source", "demo", "--head", str(avatar), "--duration", "10", "--screenshot", str(drawn))
            check_window(drawn)


def try_stream(trial: Trial) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
        program.bind(("127.0.0.1", 0))
        program.settimeout(0)
        trial("stream", "demo", "--to", f"vmc://127.0.0.1:{program.getsockname()[1]}", "--duration", "5")
        try:
            program.recv(65536)
        except BlockingIOError:
            sys.exit("Nothing was streamed.")


def try_microphone(trial: Trial) -> None:
    """A program of the system, as which this one stands, does not get the folder's libraries."""
    places = trial.home / "bin"
    places.mkdir()
    program = places / "parec"
    program.write_text(f"#!/bin/sh\nexport -p > {trial.home}/got\nexec /usr/bin/head -c 960000 /dev/zero\n", "utf-8")
    program.chmod(0o755)
    trial.env["PATH"] = str(places)
    trial("record", "--source", "demo", "--sound", "microphone", "--out", "heard", "--duration", "1")
    del trial.env["PATH"]
    if led := LEADS.findall((trial.home / "got").read_text("utf-8")):
        sys.exit(f"A program of the system gets the folder's libraries: {', '.join(led)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--pictures", type=Path, default=FOLDER.parent, help="folder for the window's picture")
    parser.add_argument("--no-window", action="store_true", help="for a computer without OpenGL 2.1")
    args = parser.parse_args()
    size = megabytes(args.folder)
    print(f"{args.folder}: {size:.0f} MB")
    if size > MOST_MB:
        sys.exit(f"The folder has more than {MOST_MB} MB.")
    if not any(args.folder.glob("**/NOTICE.txt")):
        sys.exit("NOTICE.txt, with the licences, is missing.")
    if sys.platform == "linux" and (both := of_driver(args.folder)):
        sys.exit(f"Of the OpenGL driver's libraries, {', '.join(sorted(both))} lie in the folder; see OF_DRIVERS.")
    if args.folder.suffix == ".app":  # macOS calls an app damaged whose seal is broken
        subprocess.run(["codesign", "--verify", "--deep", "--strict", str(args.folder)], check=True)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        trial = Trial(args.folder.resolve(), home)
        trial("--version")
        avatars = ROOT / "tests" / "support" / "avatar_files.py"
        subprocess.run([sys.executable, str(avatars), str(home / "avatars")], check=True)
        if not args.no_window:
            try_window(trial, args.pictures.resolve() / "window.png")
        trial("analyze", "demo", "--out", "out", "--overlay", "--mesh", "glb", "--every", "30", "--jobs", "1")
        photos = home / "photos"
        photos.mkdir()
        for path in (home / "out").rglob("demo.mp4"):
            video = cv2.VideoCapture(str(path))
            cv2.imwrite(str(photos / "0.png"), video.read()[1])
            pillow_heif.from_pillow(Image.fromarray(video.read()[1][..., ::-1])).save(photos / "1.heic")
            video.release()
        trial("analyze", "photos", "--out", "two", "--jobs", "2")  # in processes of their own
        for out, least in (("out", 5), ("two", 2)):
            (table,) = (home / out).glob("*.csv")
            with table.open(newline="", encoding="utf-8") as f:
                if sum(1 for row in csv.DictReader(f) if row["jawOpen"]) < least:
                    sys.exit(f"{table} has too few faces.")
        print(trial("bench", "--frames", "60", "--json", "bench.json"))
        if json.loads((home / "bench.json").read_text(encoding="utf-8"))["videos"][0]["pipeline"]["held"] < 0.9:
            sys.exit("bench lost the face.")
        trial("record", "--source", "demo", "--out", "take", "--duration", "3")
        trial("sessions", "list", ".")
        trial("sessions", "reanalyze", "take")
        (home / "take" / "markers.csv").write_text("timestamp_s,label,color\n0.5,smile,\n", encoding="utf-8")
        for kind in sorted(set(FORMATS) - {"parquet"}):
            trial("export", "take", "--to", kind, "--out", f"take-{kind}")
        trial("report", "take", "--out", "page")
        trial("gestures", "take")
        trial("stream", "--help")
        try_stream(trial)
        for shell in ("bash", "zsh", "fish"):
            trial("completion", shell)
        if sys.platform == "linux":
            try_microphone(trial)
        for refused in (
            ("analyze", "photos", "--out", "fit", "--landmark-fit"),
            ("archive", "photos", "--out", "set"),
            ("export", "take", "--to", "parquet", "--out", "take.parquet"),
            ("train", "finder", "photos", "--scenes", "photos", "--out", "trained"),
        ):
            said = trial(*refused, status=2)
            if len(said.strip().splitlines()) != 1 or "without Python" not in said:
                sys.exit(f"This is not refused in one sentence that names the folder:\n{said}")
            print(said.strip())
    print(f"The folder is well: {size:.0f} MB.")


if __name__ == "__main__":
    main()
