"""The neutral of the mirrored face: set by the person, learned, or off; and whether it is that person who is seen."""

from __future__ import annotations

from collections import deque
from enum import Enum

import numpy as np

from expnet_live.app import texts
from expnet_live.app.main_window.notice import Notice
from expnet_live.app.state.current_person import CurrentPerson
from expnet_live.app.state.window_state import WindowState
from expnet_live.live.engine import Engine
from expnet_live.person.person import Person

# sd (rms) between identities: of nine in ten pairs of people it is more, of one person in a clip 0.45 at most.
_OTHER_PERSON = 0.7


class Kind(Enum):
    """What the neutral is at the moment."""

    NONE = "there is no face to know it of"
    OFF = "actions are shown as the network predicts them"
    LEARNING = "the automatic neutral is not known yet"
    LEARNED = "the automatic neutral is known"
    SET = "the profile has its own"
    OTHER = "the profile has its own, but somebody else is seen"


class Neutral:
    """Methods are for the GUI thread, `take` for the inference thread."""

    def __init__(
        self, engine: Engine, window_state: WindowState, current: CurrentPerson, notices: deque[Notice]
    ) -> None:
        self._engine, self._state, self._current, self._notices = engine, window_state, current, notices
        self._results: deque[Person | str] = deque()
        engine.inference.auto_neutral = window_state.choices.auto_neutral

    @property
    def kind(self) -> Kind:
        inference, live = self._engine.inference, self._state.live
        if self.somebody_else:
            return Kind.OTHER
        if inference.person.resting:
            return Kind.SET
        if not inference.auto_neutral:
            return Kind.OFF
        if live is None or not live.faces or live.faces[0].blendshapes is None:
            return Kind.NONE
        return Kind.LEARNED if inference.rest_known(live.faces[0].state.face) == 1 else Kind.LEARNING

    @property
    def somebody_else(self) -> bool:
        """Whether the face that is seen is not the one that the profile was calibrated with."""
        known, live = self._state.person.identity, self._state.live
        if known is None or live is None or not live.faces or live.faces[0].state.identity.shape != known.shape:
            return False
        if not live.faces[0].own:
            return True
        return float(np.sqrt(np.square(live.faces[0].state.identity - known).mean())) > _OTHER_PERSON

    def learn(self, on: bool) -> None:
        """Switch the automatic neutral."""
        self._state.choose(auto_neutral=on)
        self._engine.inference.auto_neutral = on

    def calibrate(self) -> None:
        """Start the calibration, or say what it needs."""
        missing = texts.CALIBRATION_LOADING if self._engine.inference.pipeline is None else self._stands
        if missing:
            self._tell("warning", missing)
        else:
            self._notices.append(Notice("calibration", "gone"))
            self._engine.inference.calibrate()

    def forget(self) -> None:
        """Delete the profile's neutral and identity."""
        self._current.change(
            lambda person: person.uncalibrated() if person.calibrated else person,
            lambda person: self._tell("info", texts.UNCALIBRATED.format(name=person.name)),
        )

    def take(self, result: Person | str) -> None:
        """The person that a calibration made, or the sentence that says why not."""
        self._results.append(result)

    def watch(self) -> None:
        """End a calibration whose clip stands still, and keep the result of one that has ended."""
        if self._engine.inference.calibrating and self._stands:
            self._engine.inference.cancel_calibration()
            self._tell("warning", self._stands)
        while self._results:
            result = self._results.popleft()
            if isinstance(result, Person):
                self._keep(result)
            else:
                self._tell("warning", result)

    @property
    def _stands(self) -> str:
        """What is missing for a calibration while a clip is paused or at its end, or empty."""
        capture = self._engine.capture
        if capture is None or capture.spec.live or (capture.transport.playing and not capture.transport.at_end):
            return ""
        return texts.CALIBRATION_PAUSED

    def _keep(self, result: Person) -> None:
        self._current.change(
            # All else may have changed during the two seconds.
            lambda person: person.calibrated_as(result),
            lambda person: self._tell("info", texts.CALIBRATED.format(name=person.name)),
        )

    def _tell(self, kind: str, text: str) -> None:
        self._notices.append(Notice("calibration", kind, text, stays=False))
