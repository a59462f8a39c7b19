"""The state of the main window, with one owner: what was chosen, who sits there, what is shown. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from expnet_live.app.state.choices import Choices
from expnet_live.capture.spec import SourceSpec
from expnet_live.heads.head import Head
from expnet_live.live.state import LiveFace, LiveState
from expnet_live.person.person import Person


class WindowState:
    """Changes by its methods alone, on one thread. Observers are called after each change, but not for new frames."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._source: SourceSpec | None = None
        self._person = Person()
        self._live: LiveState | None = None
        self._faces: tuple[LiveFace, ...] = ()
        self._observers: list[Callable[[], None]] = []

    @property
    def choices(self) -> Choices:
        return self._choices

    @property
    def source(self) -> SourceSpec | None:
        """The one that plays, None before the first; not always the one of the choices."""
        return self._source

    @property
    def person(self) -> Person:
        """Who sits there, by their profile."""
        return self._person

    @property
    def live(self) -> LiveState | None:
        """The newest state shown, or None before the first."""
        return self._live

    @property
    def faces(self) -> tuple[LiveFace, ...]:
        """The faces last seen in this source."""
        return self._faces

    def observe(self, changed: Callable[[], None]) -> None:
        self._observers.append(changed)

    def announce(self) -> None:
        """To the observers, as after a change: for a list, say, that shows what was picked but not chosen."""
        for changed in self._observers:
            changed()

    def choose(self, **changes: object) -> None:
        """Change choices by the field names of Choices."""
        self._set(replace(self._choices, **changes))  # type: ignore[arg-type]

    def use_source(self, spec: SourceSpec, remember: bool) -> None:
        """Another source, chosen by somebody where it is to be remembered; the faces of the one before are gone."""
        self._source, self._faces = spec, ()
        if remember:
            self._choices = self._choices.with_spec(spec)
        self.announce()

    def show_person(self, person: Person) -> None:
        self._person = person
        self.announce()

    def show(self, live: LiveState) -> None:
        self._live = live
        self._faces = live.faces or self._faces

    def wear(self, head: Head) -> LiveState | None:
        """Put another head on the last faces, if it fits them. Return the new state, or None if nothing changed."""
        live = self._live
        if live is None or not live.faces or live.faces[0].head is head or not live.faces[0].fits(head):
            return None
        self.show(replace(live, faces=tuple(face.on(head) for face in live.faces)))
        return self._live

    def _set(self, choices: Choices) -> None:
        if choices != self._choices:
            self._choices = choices
            self.announce()
