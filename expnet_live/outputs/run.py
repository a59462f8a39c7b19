"""Streams a source, or a recorded session, without a window."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count

import numpy as np

from expnet_live.avatars.swinging import Swings
from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.core.types import Frame
from expnet_live.heads.built_in import face_model
from expnet_live.heads.dressing import dressed
from expnet_live.heads.look import USUAL, Look
from expnet_live.live.capture_worker import Captured
from expnet_live.live.headless import follow, headless
from expnet_live.live.state import LiveState, Settings
from expnet_live.outputs.export.track import main_face, one_of_several
from expnet_live.outputs.replayed import Replayed
from expnet_live.outputs.stream import Stream
from expnet_live.person.person import Person
from expnet_live.pipeline.models import head_with
from expnet_live.sessions.reading.session import Session

_PATIENCE = 2.0  # s to wait for a stream to end
_LOOK_EVERY = 0.02  # s
_LAST = 0.1  # s to wait for the last sample of a session to be sent


def stream_to(
    streams: Sequence[Stream],
    spec: SourceSpec,
    settings: Settings,
    person: Person,
    *,
    head: str | None = None,
    look: Look = USUAL,
    duration: float | None = None,
    auto_neutral: bool = True,
    say: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Send the network's results on `spec` to all `streams`, for `duration` s, to the clip's end, or until Ctrl-C.

    `head`: the name or file of the head that is drawn, None for the model's own, with that `look`. `say` gets a
    sentence when a stream's samples stop arriving, and when they arrive again, and likewise for a camera's pictures.
    Raises UserError if the source cannot be read, the network cannot be loaded, or no stream is left.
    """
    worn = Wardrobe().head(head, face_model()) if head else None
    with running(streams), headless(settings, person, auto_neutral=auto_neutral) as engine:
        engine.inference.head, engine.inference.look = worn, look
        for stream in streams:
            engine.inference.outputs.add(stream)
        watch = Watch(streams, say)
        begun: list[float] = []  # when the first frame was through: a slow start takes nothing of the duration

        def over() -> bool:
            watch.look()
            if not begun and engine.states:
                begun.append(time.monotonic())
            return duration is not None and bool(begun) and time.monotonic() >= begun[0] + duration

        follow(engine, spec, loop=duration is not None, over=over, say=say)


def play_to(
    streams: Sequence[Stream],
    session: Session,
    *,
    head: str | None = None,
    look: Look = USUAL,
    duration: float | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Send a recorded session and its markers at its own rate, once, or repeatedly for `duration` s, or until Ctrl-C.

    Values are as shown: the person's neutral is subtracted and the gains are applied. Raises UserError if it has no
    face, its face model is missing, or no stream is left.
    """
    states = states_of(session, head, look)
    if which := one_of_several(session.rows, session.info):
        say(f"{which} is sent.")
    watch = Watch(streams, say)
    end = None if duration is None else time.monotonic() + duration
    with running(streams), suppress(KeyboardInterrupt):
        for lap in count(1):
            start = time.monotonic()
            marks = deque(_marks(session))
            for state in states(lap, start):
                while (wait := state.captured.grabbed - time.monotonic()) > 0:
                    watch.look()
                    time.sleep(min(wait, _LOOK_EVERY))
                if end is not None and time.monotonic() >= end:
                    return
                _mark(streams, marks, start, state.captured.position)
                for stream in streams:
                    stream.put(state)
            _mark(streams, marks, start, math.inf)
            time.sleep(_LAST)  # so that the last one is sent
            watch.look()
            if end is None:
                return


def _marks(session: Session) -> list[tuple[float, str]]:
    """The session's markers in order: s since its first moment, and their labels."""
    first = float(session.rows.time[0])
    return sorted((marker.time - first, marker.label) for marker in session.markers)


def _mark(streams: Sequence[Stream], marks: deque[tuple[float, str]], start: float, moment: float) -> None:
    """Send those of `marks` up to `moment`."""
    while marks and marks[0][0] <= moment:
        after, label = marks.popleft()
        for stream in streams:
            stream.marked(label, start + after)


def states_of(
    session: Session, head: str | None = None, look: Look = USUAL
) -> Callable[[int, float], Iterator[LiveState]]:
    """A function from a lap's number and start (time.monotonic(), s) to the session's frames as if live: the main face,
    and a black picture. Raises UserError."""
    rows = session.rows
    if not (rows.face >= 0).any():
        raise UserError("There is no face in the session; choose another one.")
    info = session.info
    model = head_with(info.coefficients, info.n_identity, info.face_model.version)
    if model is None:
        raise UserError(f"The session was recorded with another face model ({info.face_model.name}), which is missing.")
    worn = dressed(Wardrobe().head(head, model) if head else model, look)
    replayed, swings = Replayed.of(session, main_face(rows, info)), Swings()
    times = replayed.rows.time - replayed.rows.time[0]
    image = np.zeros((info.height, info.width, 3), np.uint8)

    def lap(number: int, start: float) -> Iterator[LiveState]:
        for i, moment in enumerate(times.tolist()):
            frame, faces = Frame(image, moment, i, session.folder.name), replayed.faces(i, worn, swings)
            yield LiveState(Captured(frame, start + moment, moment, number), faces, {}, start + moment, processed=True)

    return lap


@contextmanager
def running(streams: Sequence[Stream]) -> Iterator[None]:
    """Run streams until the end of the block."""
    try:
        for stream in streams:
            stream.start()
        yield
    finally:
        for stream in streams:
            stream.stop()
        for stream in streams:
            stream.join(_PATIENCE)


class Watch:
    """Reports changes in the state of streams."""

    def __init__(self, streams: Sequence[Stream], say: Callable[[str], None]) -> None:
        self._said: dict[Stream, str | None] = dict.fromkeys(streams)
        self._say = say

    def look(self) -> None:
        """Report changes. Raises UserError if all streams have failed permanently."""
        for stream, said in self._said.items():
            complaint = stream.complaint
            if complaint != said:
                self._said[stream] = complaint
                self._say(complaint or f"{stream.name}: a program is listening now.")
        if all(stream.over for stream in self._said):
            raise UserError("No output is left to send to; see above.")
