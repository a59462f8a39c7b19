"""Analyses one photo, video or camera into a folder of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from expnet_live.analysis.estimators import Estimator
from expnet_live.analysis.inputs import Item, Kind
from expnet_live.analysis.options import Options
from expnet_live.analysis.output import FILES, ROWS, ItemOutput, OutputError, writing
from expnet_live.analysis.rest import first_seconds
from expnet_live.capture.images import read_image
from expnet_live.capture.sources import open_source
from expnet_live.capture.spec import DEMO
from expnet_live.core.errors import SourceError
from expnet_live.core.files import checksum
from expnet_live.core.paths import asset
from expnet_live.core.signals import stopping

log = logging.getLogger(__name__)


class Progress(Protocol):
    """Called after each frame; may raise to stop the work."""

    def expect(self, frames: int) -> None: ...

    def step(self) -> None: ...


@dataclass(frozen=True)
class Done:
    """The result for an item: its number of frames, those with a face, and the problem, if any.

    An item with frames and a problem was read in part, up to the damage. `sha256`: the file's, as hex digits,
    empty where there is none. `remark`: sentences on what was read whole but may not be as wanted.
    `people`: of a video, by the number of each face the first one that looks like the same person.
    """

    frames: int = 0
    with_face: int = 0
    problem: str = ""
    sha256: str = ""
    remark: str = ""
    people: dict[int, int] = field(default_factory=dict)


def analyze_item(item: Item, folder: Path, estimator: Estimator, options: Options, progress: Progress) -> Done:
    """Write the item's rows to `folder`/rows.csv and its meshes and overlays under `folder`/files.

    Raises OutputError if that fails.
    """
    problem = item.problem
    with _rows_file(folder, options.out) as rows:
        output = ItemOutput(item, folder / FILES, rows, estimator, options)
        try:
            if item.kind is Kind.PHOTO:
                refuse_first_seconds(item.source, options.neutral)
                image = read_image(Path(item.spec))
                with output:
                    output.photo(image, estimator.photo(image))
                progress.step()
            elif item.kind is not Kind.UNREADABLE:
                _video(item, output, estimator, options, progress)
        except SourceError as error:
            problem = str(error)
        except OutputError:
            raise
        except Exception as error:  # an error of one input must not cost the others their results
            log.exception("%s", item.source)
            problem = f"{item.source} cannot be analysed ({error}); use -v for details. The other inputs continue."
    problem = " ".join(filter(None, (problem, *output.problems)))
    return Done(
        output.frames, output.with_face, problem, _checksum(item), " ".join(output.remarks), output.people.first_of()
    )


def refuse_first_seconds(source: str, neutral: str | None) -> None:
    """Raise SourceError for a photo called `source` if the neutral is to come from the first seconds of a video."""
    if first_seconds(neutral) is not None:
        raise SourceError(
            f"{source} is a photo and has no first seconds; take its rest from a file or a profile (--neutral)."
        )


def _checksum(item: Item) -> str:
    path = asset("demo.mp4") if item.spec == DEMO else Path(item.spec)
    if item.kind is Kind.UNREADABLE or not path.is_file():
        return ""
    try:
        return checksum(path)
    except OSError:  # its problem already says so
        return ""


@contextmanager
def _rows_file(folder: Path, out: Path) -> Iterator[BinaryIO]:
    with writing(out):
        folder.mkdir(parents=True)
        rows = (folder / ROWS).open("wb")
    try:
        yield rows
    finally:
        with writing(out):
            rows.close()


def _video(item: Item, output: ItemOutput, estimator: Estimator, options: Options, progress: Progress) -> None:
    read = estimator.video()
    camera = item.kind is Kind.CAMERA
    with ExitStack() as stack:
        stopped = stack.enter_context(stopping()) if camera else threading.Event()
        source = stack.enter_context(open_source(item.spec))
        if source.still:  # an address tells only now that it is a photo's
            refuse_first_seconds(item.source, options.neutral)
            stack.enter_context(output)
            for frame in source:
                output.photo(frame.image, estimator.photo(frame.image))
                progress.step()
            return
        if options.overlay is not None and (sound := source.sound()) is not None:
            stack.callback(sound.close)
            output.sound = sound
        stack.enter_context(output)
        progress.expect(source.n_frames or 0)
        start: float | None = None
        for frame in source:
            start = frame.timestamp if start is None else start
            if stopped.is_set() or (options.duration is not None and frame.timestamp - start >= options.duration):
                break
            # A camera's clock starts at an arbitrary time; a video has its own clock.
            seconds = frame.timestamp - start if camera else frame.timestamp
            output.frame(frame.image, frame.index, seconds, source.fps or 30.0, read(frame), estimator.appearances())
            progress.step()
