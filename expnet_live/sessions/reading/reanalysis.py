"""Analyses a session's video again, with another model or smoothing; the named results are stored beside the raw data.

SESSION/reanalysis/NAME is a session without a video, for the same reader.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.files import whole
from expnet_live.core.progress import Progress, unwatched
from expnet_live.core.types import Array, Frame
from expnet_live.live.state import Settings
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.sessions.format.folder import INFO
from expnet_live.sessions.reading.pictures import pictures
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording.describe import describe
from expnet_live.sessions.recording.whose import Whose
from expnet_live.sessions.recording.writer import SessionWriter

FOLDER = "reanalysis"


def analyses(session: Session) -> list[str]:
    """The names of a session's re-analyses."""
    return sorted(p.parent.name for p in (session.folder / FOLDER).glob(f"*/{INFO}"))


def open_analysis(session: Session, name: str) -> Session:
    """A re-analysis, with the session's own video and markers. Raises UserError with one sentence."""
    there = analyses(session)
    if name not in there:
        which = f"there is {', '.join(there)}" if there else "make one with 'expnet-live sessions reanalyze'"
        raise UserError(f"{session.folder} has no analysis {name}; {which}.")
    return replace(Session.open(session.folder / FOLDER / name), video=session.video, markers=session.markers)


def reanalyze(
    session: Session,
    name: str,
    settings: Settings,
    progress: Progress = unwatched,
    *,
    pipeline: Pipeline | None = None,
) -> Session:
    """Analyse the pictures of a session again, at their recorded times, and return the new session.

    Rows without a recorded picture are left out. `progress` gets the pictures done and the total, and may
    raise, which cancels and leaves nothing behind. Raises UserError with one sentence.

    >>> from expnet_live import Settings
    >>> again = reanalyze(getfixture("demo_session"), "calmer", Settings(smoothing="stable"))
    >>> again.folder.name
    'calmer'
    """
    info, rows = session.info, session.rows
    if session.video is None:
        raise UserError(f"{session.folder} has no video, so it cannot be analysed again.")
    if not name or name != Path(name).name or name.startswith("."):
        raise UserError(f"{name!r} cannot name a folder; choose a name without slashes.")
    pipeline = pipeline or Pipeline.load(
        settings.model, settings.device, smoothing=settings.smoothing, max_faces=settings.max_faces
    )
    pipeline.reset()
    about = replace(
        describe(SourceSpec.file(session.video), settings, pipeline, info.person),
        title=info.title,
        started=info.started,
        monotonic_start=info.monotonic_start,
        source=info.source,
        width=info.width,
        height=info.height,
        video_frames=0,
    )
    total = len(set(rows.video_frame[rows.video_frame >= 0].tolist()))
    with whole(session.folder / FOLDER / name) as partial:
        writer, done, last = SessionWriter(partial, about), 0, -1
        problem, whose = "", Whose(info.person)
        try:
            for marker in session.markers:
                writer.mark(marker)
            for picture in pictures(session.video, rows, (info.width, info.height)):
                faces = pipeline.process(Frame(picture.image, picture.time, picture.frame))
                looks = pipeline.appearances()
                writer.write(picture.frame, picture.number, picture.time, faces, looks)
                whose.see(faces, looks)
                done, last = done + 1, picture.number
                progress(done, total)
        except SourceError as error:
            if not done:
                raise
            problem = str(error)
        finally:
            whose.note(writer)
            writer.close(info.frames, 0, (last + 1, last + 1), problem)
    return open_analysis(session, name)


def differences(one: Session, other: Session) -> Array:
    """Absolute differences (frames, n) of the smoothed coefficients, in sd, for frames whose first face both found."""
    firsts = []
    for rows in (one.rows, other.rows):
        frames, first = np.unique(rows.frame, return_index=True)
        seen = rows.face[first] >= 0
        firsts.append((frames[seen], rows.expression[first[seen]]))
    (frames, a), (others, b) = firsts
    _, i, j = np.intersect1d(frames, others, return_indices=True)
    return np.abs(a[i] - b[j])
