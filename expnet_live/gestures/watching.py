"""Watches a live source for gestures: a live output that says on the inference thread what has happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.gestures.detector import Detector
from expnet_live.gestures.look import values_of
from expnet_live.gestures.own import Examples, own_rules
from expnet_live.gestures.rule import Happening, Rule
from expnet_live.live.state import LiveFace, LiveState
from expnet_live.outputs.sample import Follower


def rules_of(own: Mapping[str, Examples]) -> list[Rule]:
    """The built-in gestures and the person's own."""
    return [*BUILT_IN.values(), *own_rules(own)]


def chosen(rules: Sequence[Rule], names: Sequence[str] | None) -> list[Rule]:
    """The rules of those names, all for None. Raises UserError for a name that no rule has."""
    known = {rule.name: rule for rule in rules}
    for name in names or ():
        if name not in known:
            raise UserError(f"There is no gesture called {name}; choose one of {', '.join(known)}.")
    return [rule for rule in rules if names is None or rule.name in names]


def values_of_face(face: LiveFace) -> Array:
    """What a live face does (55,), see `values_of`, with the person's neutral and gains applied."""
    return values_of(face.weights, face.state.pose.rotation)


class GestureWatch:
    """Follows one person as live outputs do. `tell` is called on the inference thread with each happening; its times
    are those of time.monotonic() in s. `rules` may be replaced from another thread."""

    def __init__(self, rules: Sequence[Rule], tell: Callable[[Happening], None]) -> None:
        self.name = "gestures"
        self._tell, self._follower = tell, Follower()
        self._rules: Sequence[Rule] = rules
        self._detector: Detector | None = None
        self._generation, self._face = -1, -1
        self._scores: dict[str, float] = {}
        self.begun: float | None = None  # time.monotonic() of the first frame

    @property
    def scores(self) -> dict[str, float]:
        """The newest score of each gesture, in multiples of what it takes; empty before the first face."""
        return self._scores

    def use(self, rules: Sequence[Rule]) -> None:
        """Watch for other gestures from the next frame on; the rest of the person is measured anew."""
        self._rules, self._detector = rules, None

    def put(self, state: LiveState) -> None:
        face, time = self._follower.face(state), state.captured.grabbed
        self.begun = time if self.begun is None else self.begun
        number = self._face if face is None else face.state.face
        detector = self._detector
        if detector is None or (state.captured.generation, number) != (self._generation, self._face):
            self.finish()
            detector = self._detector = Detector(self._rules)
            self._generation, self._face = state.captured.generation, number
        values = None if face is None else values_of_face(face)
        for happening in detector.add(time, values):
            self._tell(happening)
        self._scores = detector.scores if face is not None else {}

    def lost(self, face: int, time: float) -> None:
        """Do nothing: a frame without the face says so."""

    def finish(self) -> None:
        """End what still lasts, because nothing follows."""
        if self._detector is not None:
            for happening in self._detector.finish():
                self._tell(happening)
