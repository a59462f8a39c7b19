"""A session, or a part of it, as a file of another format: what the command line and the window call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.core.progress import Progress, unwatched
from expnet_live.core.types import Array
from expnet_live.outputs.export.options import ENDINGS, HEADS, TABLES, ExportOptions, Format
from expnet_live.outputs.export.pose import PoseMode
from expnet_live.outputs.export.track import corrected, cut, faces_of, held, joined, main_face, resampled, track
from expnet_live.person.person import Person
from expnet_live.pipeline.models import model_with
from expnet_live.pipeline.smoothing import MAX_GAP
from expnet_live.sessions.format.table import Rows
from expnet_live.sessions.reading.reanalysis import FOLDER
from expnet_live.sessions.reading.session import Session

if TYPE_CHECKING:
    from expnet_live.heads.head import Head
    from expnet_live.pipeline.outline import MeasuredHead


@dataclass(frozen=True)
class Exported:
    """What was written, and what there is to know about it, as sentences."""

    path: Path
    moments: int
    remarks: tuple[str, ...] = ()


def default_out(session: Session, format: Format) -> Path:
    """A name in the current folder: the session's, and that of its analysis."""
    folder = session.folder.resolve()
    name = f"{folder.parents[1].name}_{folder.name}" if folder.parent.name == FOLDER else folder.name
    return Path(name + ENDINGS[format])


def export(session: Session, options: ExportOptions, progress: Progress = unwatched) -> Exported:
    """Write `options.out`, which appears when it is complete.

    `progress` is told how many of how many steps are done (the total may grow) and may raise, which cancels and leaves
    nothing behind. Raises UserError with one sentence.
    """
    if options.head is not None and options.format not in HEADS:
        raise UserError(f"Another head can be had as {', '.join(HEADS)} only; leave it out, or choose one of these.")
    rows = cut(session.rows, options.start, options.end)
    if not (rows.face >= 0).any():
        raise UserError("There is no face in that part of the session; choose another range.")
    faces = faces_of(rows)
    if options.face is not None and options.face not in faces:
        there = ", ".join(map(str, sorted(faces)))
        raise UserError(f"There is no face {options.face} in that part of the session; there is {there}.")
    with whole(options.out) as partial:
        if options.format is Format.OVERLAY:
            return _overlay(session, rows, options, partial, progress)
        if options.fps is not None:
            # What is between two rows needs both, also where only one of them is in the range.
            rows = cut(session.rows, options.start, options.end, MAX_GAP)
        rows = corrected(rows, _person(session, options), session.info.coefficients)
        if options.format in TABLES:
            return _table(session, rows, options, partial, progress)
        return _head(session, rows, options, partial, progress)


def _person(session: Session, options: ExportOptions) -> Person:
    person = session.info.person
    if not options.neutral:
        person = replace(person, neutral={}, resting={})
    return person if options.gains else replace(person, gains={})


def _table(session: Session, rows: Rows, options: ExportOptions, partial: Path, progress: Progress) -> Exported:
    from expnet_live.outputs.export import tables

    write = {Format.CSV: tables.write_csv, Format.PARQUET: tables.write_parquet, Format.NPZ: tables.write_npz}
    if options.fps is not None:
        wanted = faces_of(rows) if options.face is None else [options.face]
        rows = joined([resampled(track(rows, f), options.fps, options.start, options.end) for f in sorted(wanted)])
    elif options.face is not None:
        rows = track(rows, options.face)
    write[options.format](partial, rows, session.info.coefficients, _Steps(progress, len(rows)))
    return Exported(options.out, len(rows))


def _overlay(session: Session, rows: Rows, options: ExportOptions, partial: Path, progress: Progress) -> Exported:
    from expnet_live.outputs.export.overlay import write_overlay

    if session.video is None:
        raise UserError("The session has no video to draw over; choose another format.")
    if options.face is not None:
        rows = track(rows, options.face)
    n = len(np.unique(rows.video_frame[rows.video_frame >= 0]))
    if not n:
        raise UserError("There is no video of that part of the session; choose another range.")
    model, size = _face_model(session, options), (session.info.width, session.info.height)
    write_overlay(partial, session.video, size, model, rows, fps=options.fps, step=_Steps(progress, n))
    return Exported(options.out, n)


def _head(session: Session, rows: Rows, options: ExportOptions, partial: Path, progress: Progress) -> Exported:
    """The formats of one face, which are one track."""
    face = main_face(rows) if options.face is None else options.face
    others = [f for f in faces_of(rows) if face is not None and f != face]
    remarks = []
    if options.face is None and others:
        remarks.append(f"Face {face} of {1 + len(others)} was exported; another one can be chosen.")
    chosen = track(rows, face)
    identity = _identity(session, rows, chosen)
    fps = options.fps
    if fps is None and options.format is Format.BVH_HEAD:
        fps = usual_rate(chosen)
        remarks.append(f"BVH has a fixed rate: resampled to {fps:g} a second.")
    if fps is not None:
        chosen = resampled(chosen, fps, options.start, options.end)
    steps = _Steps(progress, len(chosen))
    if options.format in (Format.PLY, Format.OBJ):
        from expnet_live.outputs.export.meshes import write_meshes

        wearer, suffix = _wearer(session, options), f".{options.format}"
        numbers = chosen.frame if options.fps is None else np.arange(len(chosen))
        write_meshes(partial, suffix, wearer, chosen, identity, numbers=numbers, pose=options.pose, step=steps)
        return Exported(options.out, int((chosen.face >= 0).sum()), tuple(remarks))
    chosen = held(chosen)
    if options.format is Format.BVH_HEAD:
        from expnet_live.outputs.export.bvh import head_bvh

        assert fps is not None
        partial.write_text(head_bvh(chosen, fps, translation=options.pose is PoseMode.FULL), encoding="ascii")
        steps(len(chosen))
    else:
        from expnet_live.outputs.export.animation import animated_head

        wearer = _wearer(session, options)
        head = animated_head(
            wearer,
            chosen,
            identity,
            start=options.start or 0.0,
            pose=options.pose,
            most_correctives=options.correctives,
            step=steps,
        )
        partial.write_bytes(head.content)
        remarks.append(
            f"{head.components} components and {head.correctives} correctives; "
            f"no vertex is off by more than {head.residual:.4f} mm."
        )
    return Exported(options.out, len(chosen), tuple(remarks))


def _identity(session: Session, rows: Rows, chosen: Rows) -> Array:
    """(K,) of the calibrated person where it is that one's face, else what was known of the face at the end."""
    person = session.info.person.identity
    first = np.diff(rows.frame, prepend=-1) > 0
    faces = chosen.face[chosen.face >= 0]
    leading = np.isin(rows.face[first], faces).mean() > 0.5
    if person is not None and len(person) == chosen.identity.shape[1] and leading:
        return person
    last: Array = chosen.identity[chosen.face >= 0][-1]
    return last


def usual_rate(rows: Rows) -> float:
    """Moments a second, to a whole number."""
    return max(1.0, float(np.round(1 / np.median(np.diff(rows.time))))) if len(rows) > 1 else 30.0


def _wearer(session: Session, options: ExportOptions) -> Head:
    """Who wears the face: the measured model itself, or the imported head that was asked for."""
    from expnet_live.heads.library import Library

    model = _face_model(session, options)
    return model if options.head is None else Library().head(options.head, model)


def _face_model(session: Session, options: ExportOptions) -> MeasuredHead:
    from expnet_live.heads.face_model import FaceModel

    info = session.info
    if options.face_model is None:
        recorded = model_with(info.coefficients, info.n_identity)
        if recorded is not None:
            return recorded.face_model()
    else:
        model = FaceModel.load(options.face_model)
        if (model.names, model.n_identity) == (info.coefficients, info.n_identity):
            return model
    raise UserError(
        f"The session was recorded with another face model ({info.face_model.name}); name its file with "
        "--face-model, or export a table."
    )


class _Steps:
    """Called with how many steps more are done."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._done, self._total = progress, 0, total
        progress(0, total)

    def __call__(self, n: int) -> None:
        self._done += n
        # What takes another pass is further from its end than it seemed.
        if self._done > self._total:
            self._total += self._total
        self._progress(self._done, self._total)
