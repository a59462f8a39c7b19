"""Changes the person whose profile is chosen; the shelf's thread reads and writes the profiles. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from expnet_live.app.state.shelf import Shelf
from expnet_live.app.state.window_state import WindowState
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles

Change = Callable[[Person], Person]
Then = Callable[[Person], None]


@dataclass
class _Coming:
    """A profile that is being read, and the changes that wait for it."""

    changes: list[tuple[Change, Then]] = field(default_factory=list)


class CurrentPerson:
    """Sets the person of the window's state.

    `changed` is called with each new person, `failed` with a sentence when a profile cannot be read or
    saved.
    """

    def __init__(
        self,
        state: WindowState,
        profiles: Profiles,
        shelf: Shelf,
        changed: Callable[[Person], None],
        failed: Callable[[str], None],
    ) -> None:
        self._state, self._profiles, self._shelf = state, profiles, shelf
        self._changed, self._failed = changed, failed
        self._coming: _Coming | None = None

    def use(self, name: str) -> None:
        """Choose a profile. The previous person stays until it is loaded."""
        coming = self._coming = _Coming()

        def read(person: Person) -> None:
            if self._coming is coming:
                self._coming = None
                self._set(person)
                for change, then in coming.changes:
                    self.change(change, then)
            elif coming.changes:  # another profile was chosen meanwhile: keep these changes nevertheless
                for change, _ in coming.changes:
                    person = change(person)
                self._save(person)

        def failed(sentence: str) -> None:
            self._failed(sentence)
            read(Person(name))

        self._shelf.ask(lambda: self._profiles.load(name), read, failed)

    def change(self, change: Change, then: Then = lambda person: None) -> None:
        """Change and save the person, or the one that is still loading, once loaded; then call `then` with the result.

        Nothing happens if `change` returns the same object.
        """
        if self._coming is not None:
            self._coming.changes.append((change, then))
            return
        person = change(self._state.person)
        if person is not self._state.person:
            self._set(person)
            self._save(person)
            then(person)

    def _set(self, person: Person) -> None:
        self._changed(person)
        self._state.show_person(person)

    def _save(self, person: Person) -> None:
        self._shelf.ask(lambda: self._profiles.save(person), failed=self._failed)
