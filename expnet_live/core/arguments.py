"""Arguments that several subcommands share, and the type of argparse's subparsers."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    Subparsers: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

N = TypeVar("N", int, float)
DEVICES = ("auto", "cpu", "cuda", "mps")
SMOOTHINGS = ("off", "responsive", "balanced", "stable")


def add_photos(parser: argparse.ArgumentParser, needed: bool = True) -> None:
    parser.add_argument(
        "photos",
        nargs="+" if needed else "*",
        type=Path,
        metavar="PHOTOS",
        help="photos, folders or tar archives of photos",
    )
    parser.add_argument(
        "--metadata", nargs="*", type=Path, default=[], metavar="CSV",
        help="columns file,subject,emotion for the photo collection of the CSV's name",
    )  # fmt: skip
    parser.add_argument("--landmarks", type=Path, metavar="FILE", help="landmark cache (.npz), made if it is missing")
    parser.add_argument(
        "--teacher", type=Path, metavar="TASK", help="MediaPipe Face Landmarker with blendshapes (.task)"
    )
    parser.add_argument("--jobs", type=positive_int, default=2, metavar="N", help="number of processes (default: 2)")


def add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=DEVICES, default="auto", help="device for the network (default: auto)")


def add_smoothing(parser: argparse.ArgumentParser, of: str = "") -> None:
    parser.add_argument(
        "--smoothing", choices=SMOOTHINGS, default="balanced", help=f"smoothing over time{of} (default: balanced)"
    )


def add_max_faces(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-faces", type=positive_int, default=1, metavar="N", help="most faces to follow per frame (default: 1)"
    )


def add_neutral(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--neutral",
        metavar="REST",
        help="subtract a neutral face: first:2s (each face's first two seconds), a photo or video of it, or "
        "profile:NAME (one that was calibrated in the window)",
    )


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--overwrite", action="store_true", help="replace what an earlier run wrote there")


def add_look(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--look",
        metavar="HAIR,COLOR,EYES",
        help="of our own head: its hair style, and the colours of hair and eyes, such as long,blond,blue",
    )


def add_entities(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--entities",
        metavar="NAMES",
        default="",
        help="in bids: subject, session and task, such as sub-07_ses-2_task-smile (default: sub-01_task-expression)",
    )


def positive_int(text: str) -> int:
    return _number(text, int, lambda n: n >= 1, "a whole number of at least 1")


def positive_float(text: str) -> float:
    return _number(text, float, lambda x: x > 0 and math.isfinite(x), "a number above 0, such as 2.5")


def whole_number(text: str) -> int:
    return _number(text, int, lambda n: n >= 0, "a whole number of at least 0")


def number(text: str) -> float:
    return _number(text, float, lambda x: x >= 0 and math.isfinite(x), "a number of at least 0, such as 0.5")


def share(text: str) -> float:
    return _number(text, float, lambda x: 0 <= x <= 1, "a number from 0 to 1, such as 0.5")


def gain(text: str) -> float:
    return _number(text, float, lambda x: 0 <= x <= 3, "a number from 0 to 3, such as 1.5")


def below_one(text: str) -> float:
    return _number(text, float, lambda x: 0 <= x < 1, "a number from 0 to below 1, such as 0.5")


def _number(text: str, kind: Callable[[str], N], holds: Callable[[N], bool], wanted: str) -> N:
    with suppress(ValueError):
        if holds(value := kind(text)):
            return value
    raise argparse.ArgumentTypeError(f"{text} is not {wanted}")


def output_file(text: str) -> Path:
    """The name of a file to write. Its folder is made at once: later, the work of hours would be lost without one."""
    path = Path(text)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder; add the name of a file")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} cannot be written; choose another place")
    return path


def output_folder(text: str) -> Path:
    """The name of a folder to write into, which may not exist yet."""
    path = Path(text)
    there = next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text} is no folder that can be written; choose another place")
    return path


def head_option(text: str) -> str:
    """The name of a head, or the whole path of an avatar's file, which is found again from any folder."""
    path = Path(text)
    return str(path.resolve()) if path.suffix.lower() in (".vrm", ".glb") else text
