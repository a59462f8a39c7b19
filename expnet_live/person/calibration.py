"""The neutral calibration: measures a person's identity, neutral face and look ahead in two still seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.errors import UserError
from expnet_live.core.types import FaceState
from expnet_live.person.ahead import Ahead
from expnet_live.person.person import Person

# Lids move even in a still face, and closed means closed for everyone: they get no offset.
_EYES = ("eyeBlink", "eyeLook", "eyeSquint", "eyeWide")  # likewise for actions, and for gaze
_RESTING = 0.01  # of an action: less counts as none
LIDS = ("eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft", "eyeSquintRight")


class Calibration:
    """Collects samples of one still face for `seconds`, and computes identity and neutral from them."""

    _STEADY = 0.8  # sd: largest spread of a coefficient (its median absolute deviation)
    _LEAST = 8  # samples

    def __init__(self, names: tuple[str, ...], seconds: float = 2.0, patience: float = 6.0) -> None:
        self._names, self._seconds, self._patience = names, seconds, patience
        self._looks: list[FaceState] = []
        self._begun: float | None = None
        self.progress = 0.0

    def add(self, faces: tuple[FaceState, ...], now: float) -> bool:
        """Add the faces of a frame; True once there are enough samples, or the time is over."""
        self._begun = now if self._begun is None else self._begun
        if faces and faces[0].confidence >= 0.5:
            if self._looks and self._looks[-1].face != faces[0].face:
                self._looks.clear()
            self._looks.append(faces[0])
        spent = self._looks[-1].timestamp - self._looks[0].timestamp if self._looks else 0.0
        self.progress = min(1.0, spent / self._seconds)
        # A slow machine processes few frames in two seconds, so it gets more time.
        enough = self.progress >= 1 and len(self._looks) >= self._LEAST
        return enough or now - self._begun > self._patience

    def result(self, person: Person) -> Person:
        """The calibrated `person`. Raises UserError with the reason if the face was not still."""
        if len(self._looks) < self._LEAST:
            raise UserError("No face was seen for long enough; face the camera, in good light, and calibrate again.")
        raw = np.stack([s.expression_raw for s in self._looks])
        median = np.median(raw, 0)
        rigid = [i for i, n in enumerate(self._names) if n not in LIDS]
        if np.median(np.abs(raw - median), 0)[rigid].max() > self._STEADY:
            raise UserError("The face moved; keep it relaxed and still for two seconds, and calibrate again.")
        return replace(resting_person(self._looks, self._names, person), ahead=Ahead.of(self._looks))


def resting_person(looks: Sequence[FaceState], names: tuple[str, ...], person: Person | None = None) -> Person:
    """`person` with identity, neutral, resting actions and skin of looks (at least one) at a face that is at rest."""
    median = np.median([s.expression_raw for s in looks], 0)
    neutral = {n: round(float(v), 4) for n, v in zip(names, median, strict=True) if n not in LIDS}
    told = [s.blendshapes for s in looks if s.blendshapes is not None]
    resting = dict(zip(ARKIT, np.median(told, 0).tolist(), strict=True)) if told else {}
    resting = {n: round(w, 4) for n, w in resting.items() if not n.startswith(_EYES) and w >= _RESTING}
    identity = np.mean([s.identity for s in looks], 0).astype(np.float32)
    tones = [s.skin for s in looks if s.skin is not None]
    skin = np.asarray(tones[-1]) if tones else None  # it is a mean over time already
    return replace(person or Person(), identity=identity, neutral=neutral, resting=resting, skin=skin)
