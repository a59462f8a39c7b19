"""The format of a person on disk, in profiles and in recorded sessions."""

from __future__ import annotations

import msgspec

from expnet_live.core.records import Number
from expnet_live.core.types import checked
from expnet_live.person.person import Person


class PersonRecord(msgspec.Struct):
    """`resting` was added later than the other fields."""

    name: str
    identity: list[Number] | None
    neutral: dict[str, Number]
    gains: dict[str, Number]
    resting: dict[str, Number] = {}

    @classmethod
    def of(cls, person: Person) -> PersonRecord:
        identity = None if person.identity is None else [round(float(v), 5) for v in person.identity]
        return cls(person.name, identity, person.neutral, person.gains, person.resting)

    def person(self) -> Person:
        identity = None if self.identity is None else checked("identity", self.identity, (None,))
        return Person(self.name, identity, self.neutral, self.gains, self.resting)
