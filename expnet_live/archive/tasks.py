"""The tasks of a worker: they read a part of a video, or a batch of photos, into a file.

A task depends on its arguments and the files that they name alone, and each file appears under its name only when it
is complete. So it does not matter where a task runs, whether it ran before, or whether it runs twice at once.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from expnet_live.analysis.estimators import ExpNetEstimator, load_estimator
from expnet_live.analysis.item import refuse_first_seconds
from expnet_live.analysis.output import layout_of
from expnet_live.analysis.rest import Moment, Neutral, first_seconds, too_short
from expnet_live.archive.inputs import Input, fetched
from expnet_live.archive.parquet_files import Write, join, keep, writing
from expnet_live.archive.records import Outcome, Step, Usage
from expnet_live.archive.schema import Rows, schema_of
from expnet_live.archive.settings import Settings
from expnet_live.archive.state import State, read_state
from expnet_live.capture.images import read_image
from expnet_live.capture.sources import Source, open_source
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.files import checksum, write_whole
from expnet_live.core.machine import memory
from expnet_live.core.types import Frame, Image
from expnet_live.core.version import __version__
from expnet_live.pipeline.way import other_in, way_of_computing
from expnet_live.sessions.format.markers import markers_beside
from expnet_live.sessions.format.table import Layout
from expnet_live.video.cutting import cut_points

log = logging.getLogger(__name__)

FACES, WORK = "faces", "_work"
_PLAN, _DONE = "plan.json", "done.json"
_RUN_UP = 1.0  # s that are decoded before a part: the first pictures after a key frame may need earlier ones
_SAME = 1e-6  # s
_PIXELS = 64 << 20  # bytes of photos that go through the network together


class _SeamError(Exception):
    """The parts of a video do not join to what reading it in one go gives."""


class _Plan(msgspec.Struct, frozen=True):
    """The times at which a video is cut, and its checksum."""

    cuts: tuple[float, ...]
    sha256: str

    def part_file(self, work: Path, part: int) -> Path:
        return work / f"{part:05d}-of-{len(self.cuts) + 1:05d}.parquet"

    def state_file(self, work: Path, part: int) -> Path:
        """The state after a part."""
        return self.part_file(work, part).with_suffix(".state")


@dataclass(frozen=True)
class _Reader:
    """What a process keeps between tasks."""

    estimator: ExpNetEstimator
    settings: Settings
    layout: Layout

    def rows(self) -> Rows:
        return Rows(self.layout, schema_of(self.layout))

    def neutral(self) -> Neutral:
        return Neutral(self.layout.names, self.settings.rest, first_seconds(self.settings.neutral))


def read_video(one: Input, part: int, settings: Settings, out: Path) -> Step:
    """Read a part of a video; after the last one, join the parts to the input's file in the data set.

    Raises OSError if a result cannot be written, UserError if this computer cannot read archives with these settings.
    """
    started, reader = time.monotonic(), _reader(_stated(settings), out)
    work = work_of(one, settings, out)
    done = _done_before(work)
    if done is not None:  # a task that was thought lost has read it
        return Step(part, part + 1, done.frames, _usage(started), (done,))
    try:
        with fetched(one) as path:
            spec = one.spec if path == Path(one.spec) else str(path)
            plan = _plan(path, work, settings)
            try:
                state, problem = _read_part(one, spec, part, plan, reader, work)
            except _SeamError as seam:
                log.info("%s is read in one go: %s", one.source, seam)
                part, plan = 0, _planned(work, msgspec.structs.replace(plan, cuts=()))
                state, problem = _read_part(one, spec, part, plan, reader, work)
    except SourceError as error:
        return Step(part, part + 1, 0, _usage(started), (outcome_of(one, settings, str(error)),))
    if part < len(plan.cuts):
        return Step(part, len(plan.cuts) + 1, state.frames, _usage(started))
    remark = ""
    if state.frames:
        parts = [plan.part_file(work, k) for k in range(len(plan.cuts) + 1)]
        markers, remark = markers_beside(Path(one.spec))
        join(out / FACES / one.file, parts, state.people.first_of(), markers)
    if state.neutral.short:
        remark = f"{remark} {too_short(one.source, settings.neutral)}".lstrip()
    outcome = outcome_of(
        one,
        settings,
        problem,
        sha256=plan.sha256,
        file=one.file if state.frames else "",
        frames=state.frames,
        with_face=state.with_face,
        remark=remark,
    )
    write_whole(work / _DONE, msgspec.json.encode(outcome))
    return Step(part, part + 1, state.frames, _usage(started), (outcome,))


def read_photos(photos: Sequence[Input], name: str, settings: Settings, out: Path) -> Step:
    """Read photos into the file `name` of the data set; rows of other photos in it stay. Raises like `read_video`."""
    started, reader = time.monotonic(), _reader(_stated(settings), out)
    rows = reader.rows()
    outcomes: list[Outcome] = []
    neutral, path = reader.neutral(), out / FACES / name
    with writing(path, rows.schema) as write:
        keep(path, [one.source for one in photos], write)
        for group in _groups(photos, settings, outcomes):
            found = reader.estimator.photos([picture.image for picture in group])
            for picture, faces in zip(group, found, strict=True):
                one = picture.input
                for moment in neutral.add(Moment(0, 0.0, tuple(faces))):
                    for batch in rows.add(one.source, moment):
                        write(batch)
                seen = int(bool(faces))
                outcomes.append(outcome_of(one, settings, sha256=picture.sha256, file=name, frames=1, with_face=seen))
        write(rows.take())
    return Step(0, 1, sum(o.frames for o in outcomes), _usage(started), tuple(outcomes))


class _Picture(NamedTuple):
    """A photo that was read."""

    input: Input
    image: Image
    sha256: str


def _groups(photos: Sequence[Input], settings: Settings, problems: list[Outcome]) -> Iterator[list[_Picture]]:
    """The photos, as many at once as fit into _PIXELS; those that cannot be read become `problems`."""
    group: list[_Picture] = []
    for one in photos:
        try:
            refuse_first_seconds(one.source, settings.neutral)
            with fetched(one) as path:
                picture = _Picture(one, read_image(path), checksum(path))
        except SourceError as error:
            problems.append(outcome_of(one, settings, str(error)))
            continue
        if group and sum(p.image.size for p in group) + picture.image.size > _PIXELS:
            yield group
            group = []
        group.append(picture)
    if group:
        yield group


def work_of(one: Input, settings: Settings, out: Path) -> Path:
    """The folder for the parts of a video, which is to be removed once its outcome is in the manifest."""
    return out / WORK / f"{one.key}-{settings.digest()}"


def parts_done(one: Input, settings: Settings, out: Path) -> int:
    """The parts of a video that an earlier run has read."""
    work = work_of(one, settings, out)
    if not (work / _PLAN).is_file():
        return 0
    plan = _read_plan(work)
    return next(n for n in range(len(plan.cuts) + 1) if not plan.state_file(work, n).is_file())


def outcome_of(one: Input, settings: Settings, problem: str = "", **told: Any) -> Outcome:
    """The outcome of an input, which has no frames unless that is `told`."""
    return Outcome(
        one.source,
        one.spec,
        one.kind.value,
        one.size,
        one.stamp,
        one.person,
        problem=problem or one.problem,
        digest=settings.digest(),
        host=platform.node(),
        **told,
    )


# --- the process --------------------------------------------------------------------------------


_readers: dict[str, _Reader] = {}


def _reader(settings: Settings, out: Path) -> _Reader:
    digest = settings.digest()
    if digest not in _readers:
        _readers.clear()
        _readers[digest] = _new_reader(settings, out)
    return _readers[digest]


def _new_reader(settings: Settings, out: Path) -> _Reader:
    import cv2

    # One task a time in each process: more threads would only wait for each other.
    cv2.setNumThreads(1)
    options = settings.options(out)
    estimator = load_estimator(options)
    assert isinstance(estimator, ExpNetEstimator)
    return _Reader(estimator, settings, layout_of(estimator, options))


def _stated(settings: Settings) -> Settings:
    differs = "" if settings.version == __version__ else f"expnet-live {__version__} instead of {settings.version}"
    if differs := differs or other_in(settings.way, way_of_computing()):
        raise UserError(
            f"The worker on {platform.node()} has {differs} for this archive; install the same version on all of them."
        )
    return settings


def _usage(started: float) -> Usage:
    return Usage(time.monotonic() - started, memory("VmHWM") or 0)


# --- a part of a video --------------------------------------------------------------------------


def _plan(path: Path, work: Path, settings: Settings) -> _Plan:
    """The plan that an earlier task has made, or else a new one."""
    if (work / _PLAN).is_file():
        return _read_plan(work)
    work.mkdir(parents=True, exist_ok=True)
    return _planned(work, _Plan(cut_points(path, settings.part), checksum(path)))


def _planned(work: Path, plan: _Plan) -> _Plan:
    write_whole(work / _PLAN, msgspec.json.encode(plan))
    return plan


def _read_plan(work: Path) -> _Plan:
    return msgspec.json.decode((work / _PLAN).read_bytes(), type=_Plan)


def _done_before(work: Path) -> Outcome | None:
    path = work / _DONE
    return msgspec.json.decode(path.read_bytes(), type=Outcome) if path.is_file() else None


def _read_part(one: Input, spec: str, part: int, plan: _Plan, reader: _Reader, work: Path) -> tuple[State, str]:
    """Write the rows of a part and the state after it; returns the state, and the problem of a damaged video."""
    first, cuts, problem = part == 0, plan.cuts, ""
    state = State(reader.neutral()) if first else read_state(plan.state_file(work, part - 1))
    start, end = 0.0 if first else cuts[part - 1], cuts[part] if part < len(cuts) else None
    estimator = reader.estimator
    read = estimator.video() if first else estimator.go_on(state.pipeline)
    rows = reader.rows()

    def add(moments: Sequence[Moment], write: Write) -> None:
        for moment in moments:
            for batch in rows.add(one.source, moment):
                write(batch)

    with writing(plan.part_file(work, part), rows.schema) as write:
        try:
            with open_source(spec) as source:
                if source.still:  # its content is a photo's, whatever its name
                    refuse_first_seconds(one.source, reader.settings.neutral)
                    moments = (Moment(0, 0.0, tuple(estimator.photo(f.image))) for f in source)
                else:
                    frames = _between(source, start, end, state.frames) if cuts else source
                    moments = (Moment(f.index, f.timestamp, tuple(read(f))) for f in frames)
                for moment in moments:
                    faces = moment.faces
                    add(state.neutral.add(moment), write)
                    state.frames += 1
                    state.with_face += bool(faces)
                    state.people.see([face.face for face in faces], estimator.appearances())
        except SourceError as error:
            if cuts:
                raise _SeamError(str(error)) from error
            problem = str(error).replace(spec, one.spec)
        if end is None:
            add(state.neutral.finish(), write)
        write(rows.take())
    if end is not None:
        state.pipeline = estimator.memory()
        state.write(plan.state_file(work, part))
    return state, problem


def _between(source: Source, start: float, end: float | None, number: int) -> Iterator[Frame]:
    """The frames from `start` up to the one before `end`; the first one has that `number`.

    Raises _SeamError if there are no frames at these times.
    """
    if start:
        source.seek(max(0.0, start - _RUN_UP))
    begun = False
    for frame in source:
        if frame.timestamp < start - _SAME:
            continue
        if not begun and abs(frame.timestamp - start) > _SAME:
            raise _SeamError(f"a part begins at {frame.timestamp} s, not at {start} s")
        begun = True
        if end is not None and frame.timestamp > end - _SAME:
            break
        yield replace(frame, index=number)
        number += 1
    else:
        if end is not None or not begun:
            raise _SeamError(f"it ends before {end or start} s")
    if getattr(source, "damages", 0):
        raise _SeamError("it is damaged")
