"""Gestures in the window: which are watched for, and what they set off. No Qt here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from expnet_live.app.state.marking import COLORS
from expnet_live.core.errors import UserError
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.gestures.keys import Keyboard
from expnet_live.gestures.own import Examples
from expnet_live.gestures.rule import Happening, Phase
from expnet_live.gestures.watching import GestureWatch, rules_of
from expnet_live.live.outputs import FanOut


@dataclass(frozen=True)
class GestureChoice:
    """What was chosen for a gesture: whether it is watched for, sets a marker, and presses a key (empty for none)."""

    name: str
    on: bool = True
    mark: bool = True
    key: str = ""


Mark = Callable[[str, str, float], None]
"""Sets a marker of a label and colour at time.monotonic() in s."""


def choice_of(choices: Sequence[GestureChoice], name: str) -> GestureChoice:
    return next((c for c in choices if c.name == name), GestureChoice(name))


def with_choice(choices: Sequence[GestureChoice], new: GestureChoice) -> tuple[GestureChoice, ...]:
    """The choices with that one changed; those that were never changed are not listed."""
    rest = [c for c in choices if c.name != new.name]
    return (*rest, new) if new != GestureChoice(new.name) else tuple(rest)


def color_of(name: str) -> str:
    """The colour of a gesture's markers, the same at each start."""
    names = list(BUILT_IN)
    place = names.index(name) if name in names else len(name)
    return list(COLORS.values())[place % len(COLORS)]


class Gesturing:
    """Watches as long as somebody sees the panel, or gestures act. Methods are for the GUI thread."""

    def __init__(self, outputs: FanOut, mark: Mark) -> None:
        self._outputs, self._mark = outputs, mark
        self._happened: deque[Happening] = deque()
        self._watch: GestureWatch | None = None
        self._watched: object = None
        self._keyboard: Keyboard | None = None
        self.lasting: set[str] = set()  # gestures that happen now

    @property
    def scores(self) -> Mapping[str, float]:
        """The newest score of each gesture, in multiples of what it takes."""
        return {} if self._watch is None else self._watch.scores

    def use(self, own: Mapping[str, Examples], choices: Sequence[GestureChoice], wanted: bool) -> None:
        """Watch for the gestures that are on, if it is `wanted`."""
        off = {c.name for c in choices if not c.on}
        watched = (own, off) if wanted else None
        if watched == self._watched:
            return
        self._watched = watched
        self.lasting.clear()
        if watched is None:
            self.close()
            return
        rules = [rule for rule in rules_of(own) if rule.name not in off]
        if self._watch is None:
            self._watch = GestureWatch(rules, self._happened.append)
            self._outputs.add(self._watch)
        else:
            self._watch.use(rules)

    def take(self, choices: Sequence[GestureChoice], acts: bool) -> tuple[list[str], str]:
        """Do what the newest gestures set off. Return their names, and a sentence if a key could not be pressed."""
        fired: list[str] = []
        problem = ""
        while self._happened:
            happening = self._happened.popleft()
            event = happening.event
            if happening.phase is Phase.ENDED:
                self.lasting.discard(event.name)
                continue
            fired.append(event.name)
            self.lasting.add(event.name)
            choice = choice_of(choices, event.name)
            if acts and choice.mark:
                self._mark(event.name, color_of(event.name), event.onset)
            if acts and choice.key:
                try:
                    self.keyboard.press(choice.key)
                except UserError as error:
                    problem = str(error)
        return fired, problem

    @property
    def keyboard(self) -> Keyboard:
        """Raises UserError if keys cannot be pressed here."""
        if self._keyboard is None:
            self._keyboard = Keyboard()
        return self._keyboard

    def close(self) -> None:
        if self._watch is not None:
            self._outputs.remove(self._watch)
            self._watch = None
        self._happened.clear()
