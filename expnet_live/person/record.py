"""The format of a person on disk, in profiles and in recorded sessions."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from expnet_live.core.records import Number
from expnet_live.core.types import checked
from expnet_live.person.curve import Curves, Share
from expnet_live.person.person import Person

# Changes of 52 actions, and of yaw, pitch and roll.
GestureExample = Annotated[list[Number], msgspec.Meta(min_length=55, max_length=55)]


class PersonRecord(msgspec.Struct):
    """`resting` and the fields below it were added later."""

    name: str
    identity: list[Number] | None
    neutral: dict[str, Number]
    gains: dict[str, Number]
    resting: dict[str, Number] = {}
    full: dict[str, Share] = {}
    avatars: dict[str, Curves] = {}
    avatar: str = ""
    gestures: dict[str, list[GestureExample]] = {}
    terms: dict[str, dict[str, str]] = {}
    skin: list[Number] | None = None

    @classmethod
    def of(cls, person: Person) -> PersonRecord:
        identity = None if person.identity is None else [round(float(v), 5) for v in person.identity]
        own = {name: getattr(person, name) for name in _AS_THEY_ARE}
        own["gestures"] = {name: np.asarray(examples).tolist() for name, examples in person.gestures.items()}
        skin = None if person.skin is None else [round(float(v), 1) for v in person.skin]
        return cls(name=person.name, identity=identity, skin=skin, **own)

    def person(self) -> Person:
        identity = None if self.identity is None else checked("identity", self.identity, (None,))
        own = {name: getattr(self, name) for name in _AS_THEY_ARE}
        skin = None if self.skin is None else checked("skin", self.skin, (3,))
        return Person(self.name, identity, skin=skin, **own)


_AS_THEY_ARE = ("neutral", "gains", "resting", "full", "avatars", "avatar", "gestures", "terms")
