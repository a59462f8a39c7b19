"""`--neutral`: the neutral face that is subtracted from the measurements.

It is a calibrated profile, the face of a photo or video, or the first seconds of each face of the video itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from expnet_live.analysis.estimators import Estimator
from expnet_live.capture.images import read_image
from expnet_live.capture.kinds import Media, media_kind
from expnet_live.capture.sources import open_source
from expnet_live.core.errors import UserError
from expnet_live.core.types import FaceState
from expnet_live.person.calibration import resting_person
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles

_FIRST, _PROFILE = "first:", "profile:"
_SEEN = 0.5  # confidence


@dataclass(frozen=True, eq=False)
class Moment:
    """The faces of one frame: its number, its time in s, and their states."""

    frame: int
    seconds: float
    faces: tuple[FaceState, ...]


def first_seconds(neutral: str | None) -> float | None:
    """The 2 of `first:2s`, or None for another form. Raises UserError if it is not a number above 0."""
    if neutral is None or not neutral.startswith(_FIRST):
        return None
    try:
        seconds = float(neutral.removeprefix(_FIRST).removesuffix("s"))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 3600:
        raise UserError(f"--neutral {neutral} has no valid number of seconds; write first:2s for the first two.")
    return seconds


def rest_of(neutral: str | None, estimator: Callable[[], Estimator]) -> Person | None:
    """The person of `--neutral`, or None if it is missing or means each video's own first seconds.

    Raises UserError if there is no such profile or file, or no face in it.
    """
    if neutral is None or first_seconds(neutral) is not None:
        return None
    if neutral.startswith(_PROFILE):
        return _profile(neutral.removeprefix(_PROFILE))
    path = Path(neutral)
    if not path.is_file():
        raise UserError(f"There is no file {neutral}; --neutral accepts first:2s, a photo or video, or profile:NAME.")
    reader = estimator()
    if media_kind(path) is Media.PICTURE:
        found = [reader.photo(read_image(path))]
    else:
        with open_source(str(path.absolute())) as source:
            read = reader.video()
            found = [read(frame) for frame in source]
    looks = [faces[0] for faces in found if faces and faces[0].confidence >= _SEEN]
    if not looks:
        raise UserError(f"There is no face in {neutral}; choose a photo or video of a neutral face.")
    return resting_person(looks, reader.face_model.names)


def _profile(name: str) -> Person:
    profiles = Profiles()
    if not profiles.has(name):
        known = ", ".join(profiles.names()) or "none yet; press N in the window to make one"
        raise UserError(f"There is no profile {name}; known: {known}.")
    person = profiles.load(name)
    if not person.neutral and not person.resting:
        there = [n for n in profiles.names() if profiles.load(n).neutral]
        known = f"those with one: {', '.join(there)}" if there else "press N in the window to make one"
        raise UserError(f"The profile {name} has no neutral; {known}.")
    return replace(person, gains={})


def too_short(source: str, neutral: str | None) -> str:
    """The sentence on an input whose `Neutral` is `short`."""
    return f"{source}: no face is there for as long as --neutral {neutral} says, so its rest is that of all its frames."


class Neutral:
    """Subtracts a neutral face from the moments of one input: the same for all, or each face's own first `seconds`.

    With `seconds`, moments wait until all of their faces have been seen for that long, or the input ends; `short` then
    says whether it ended before the first face had been there for so long.
    """

    def __init__(self, names: tuple[str, ...], person: Person | None = None, seconds: float | None = None) -> None:
        self._names, self._person, self._seconds = names, person, seconds
        self._waiting: deque[Moment] = deque()
        self._begun: dict[int, float] = {}
        self._looks: dict[int, list[FaceState]] = {}
        self._rests: dict[int, Person] = {}
        self.short = False

    def add(self, moment: Moment) -> list[Moment]:
        """Add the next moment; return those that are ready, in order."""
        if self._seconds is None:
            return [moment if self._person is None else self._corrected(moment)]
        for state in moment.faces:
            self._begun.setdefault(state.face, moment.seconds)
            if state.face not in self._rests:
                self._looks.setdefault(state.face, []).append(state)
        for face in [f for f in self._looks if moment.seconds - self._begun[f] >= self._seconds]:
            self._settle(face)
        self._waiting.append(moment)
        ready = []
        while self._waiting and all(s.face in self._rests for s in self._waiting[0].faces):
            ready.append(self._corrected(self._waiting.popleft()))
        return ready

    def finish(self) -> list[Moment]:
        """The moments that still wait when the input has ended."""
        self.short = bool(self._looks) and not self._rests
        for face in list(self._looks):
            self._settle(face)
        waiting, self._waiting = self._waiting, deque()
        return [self._corrected(moment) for moment in waiting]

    def _settle(self, face: int) -> None:
        self._rests[face] = resting_person(self._looks.pop(face), self._names)

    def _corrected(self, moment: Moment) -> Moment:
        return replace(moment, faces=tuple(self._without_rest(state) for state in moment.faces))

    def _without_rest(self, state: FaceState) -> FaceState:
        person = self._person or self._rests[state.face]
        actions = state.blendshapes
        return replace(
            state,
            expression=person.corrected(state.expression, self._names),
            blendshapes=None if actions is None else person.corrected_blendshapes(actions),
        )
