#!/usr/bin/env python3
"""Counts the files that run on two paths through the program, for docs/architecture.md.

python scripts/ways.py
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import FrameType

import expnet_live
from expnet_live import ExportOptions, Person, Pipeline, Session, Settings, SourceSpec, export, open_source, record

PACKAGE = Path(expnet_live.__file__).parent


def files_of(run: Callable[[], object]) -> list[Path]:
    """The files of the package whose functions `run` calls. A module that is merely imported, as those that tell a
    registry what they are, does not count: its declarations are no functions."""
    seen: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_flags & CO_OPTIMIZED:
            seen.add(frame.f_code.co_filename)

    sys.setprofile(note)
    run()
    sys.setprofile(None)
    return sorted(Path(f) for f in seen if PACKAGE in Path(f).parents)


def tell(name: str, files: list[Path]) -> None:
    lines = sum(len(f.read_text(encoding="utf-8").splitlines()) for f in files)
    rooms = sorted({f.relative_to(PACKAGE).parts[0] for f in files})
    print(f"{name}: {len(files)} files, {lines} lines, {len(rooms)} rooms ({', '.join(rooms)})")
    print("".join(f"  {f.relative_to(PACKAGE)}\n" for f in files))


def main() -> None:
    pipeline = Pipeline.load(device="cpu")
    frames = iter(open_source("demo"))
    pipeline.mesh(pipeline.process(next(frames))[0])
    tell("a frame", files_of(lambda: pipeline.mesh(pipeline.process(next(frames))[0])))
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "session", Path(place) / "head.glb"
        record(SourceSpec.demo(), folder, Settings(device="cpu"), Person(), duration=1.0)
        tell("session to GLB", files_of(lambda: export(Session.open(folder), ExportOptions("glb", out))))


if __name__ == "__main__":
    main()
