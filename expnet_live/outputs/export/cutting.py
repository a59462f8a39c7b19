"""Cuts the part out of a session that a format asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.moments import usual_step
from expnet_live.core.progress import Progress
from expnet_live.outputs.export.excerpt import Excerpt
from expnet_live.outputs.export.format import FORMATS, Format
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.outputs.export.pose import PoseMode
from expnet_live.outputs.export.track import (
    corrected,
    cut,
    faces_of,
    held,
    identity_of,
    joined,
    main_face,
    one_of_several,
    resampled,
    straightened,
    track,
)
from expnet_live.person.person import Person
from expnet_live.pipeline.smoothing import MAX_GAP
from expnet_live.sessions.format.table import Rows
from expnet_live.sessions.reading.session import Session


def excerpt_of(session: Session, options: ExportOptions, format: Format, progress: Progress) -> Excerpt:
    """Cut the excerpt. Raises UserError if there is nothing to write."""
    options = _within(options, session.rows)
    rows = cut(session.rows, options.start, options.end)
    if not (rows.face >= 0).any():
        raise UserError("There is no face in that part of the session; choose another range.")
    faces = faces_of(rows)
    if options.face is not None and options.face not in faces:
        there = ", ".join(map(str, sorted(faces)))
        raise UserError(f"There is no face {options.face} in that part of the session; choose from {there}.")
    if why_not := FORMATS.ask(format, lambda format: format.why_not(session), None):
        raise UserError(why_not)
    nobody = np.zeros(0, np.float32)
    if format.measured:
        rows = rows if options.face is None else track(rows, options.face)
        return Excerpt(session, options, rows, nobody, options.fps, progress)
    if options.fps is not None:
        # Interpolation between two rows needs both, even if only one of them is in the range.
        rows = cut(session.rows, options.start, options.end, MAX_GAP)
    person = _person(session, options)
    if format.straight and options.pose is not PoseMode.FULL:
        rows = straightened(rows, person, session.info.owners)
    rows = corrected(rows, person, session.info.coefficients, session.info.owners)
    if format.one_face:
        return _one_face(session, rows, options, format, progress)
    if options.fps is not None:
        wanted = faces_of(rows) if options.face is None else [options.face]
        rows = joined([resampled(track(rows, f), options.fps, options.start, options.end) for f in sorted(wanted)])
    elif options.face is not None:
        rows = track(rows, options.face)
    return Excerpt(session, options, held(rows) if format.holds else rows, nobody, options.fps, progress)


def _within(options: ExportOptions, rows: Rows) -> ExportOptions:
    """The options with a part that is no longer than the session, or an animation would stand still behind its end."""
    start = None if options.start is None else max(options.start, 0.0)
    end = None if options.end is None or not len(rows) else min(options.end, float(rows.time[-1]))
    return replace(options, start=start, end=end)


def _one_face(session: Session, rows: Rows, options: ExportOptions, format: Format, progress: Progress) -> Excerpt:
    face = main_face(rows, session.info) if options.face is None else options.face
    remarks = []
    if options.face is None and (which := one_of_several(rows, session.info)):
        remarks.append(f"{which} was exported; you can choose another one.")
    chosen = track(rows, face)
    identity, fps = identity_of(rows, chosen, session.info), options.fps
    if fps is not None and format.rates and fps not in format.rates:
        allowed = " or ".join((", ".join(map(str, format.rates[:-1])), str(format.rates[-1]))).removeprefix(" or ")
        raise UserError(f"{format.name} has {allowed} frames per second; choose another rate, or none.")
    if fps is None and format.fixed_rate:
        fps = usual_rate(chosen)
        fps = float(next((rate for rate in format.rates if rate >= fps), format.rates[-1])) if format.rates else fps
        remarks.append(f"{format.name} has a fixed rate: resampled to {fps:g} per second.")
    if fps is not None:
        chosen = resampled(chosen, fps, options.start, options.end)
    chosen = held(chosen) if format.holds else chosen
    return Excerpt(session, options, chosen, identity, fps, progress, tuple(remarks))


def _person(session: Session, options: ExportOptions) -> Person:
    person = session.info.person
    if not options.neutral:
        person = replace(person, neutral={}, resting={}, ahead=None)
    return person if options.gains else replace(person, gains={}, link_blinks=False)


def usual_rate(rows: Rows) -> float:
    """Moments per second, rounded to a whole number."""
    return max(1.0, float(np.round(1 / usual_step(rows.time))))
