"""The format of a person on disk, in profiles and in recorded sessions."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from expnet_live.core.arkit import LOOKS
from expnet_live.core.records import Number
from expnet_live.core.types import checked
from expnet_live.person.ahead import Ahead
from expnet_live.person.curve import Curves, Share
from expnet_live.person.person import Person

# Changes of 52 actions, and of yaw, pitch and roll.
GestureExample = Annotated[list[Number], msgspec.Meta(min_length=55, max_length=55)]


class AheadRecord(msgspec.Struct):
    """See Ahead; `looks` by ARKit's names."""

    rotation: list[Number]
    gaze: list[list[Number]] | None = None
    looks: dict[str, Share] = {}

    @classmethod
    def of(cls, ahead: Ahead) -> AheadRecord:
        rotation, looks = np.asarray(ahead.rotation, np.float64), dict(zip(LOOKS, ahead.looks, strict=True))
        gaze = None if ahead.gaze is None else np.asarray(ahead.gaze, np.float64).round(5).tolist()
        return cls(rotation.round(5).tolist(), gaze, looks)

    def ahead(self) -> Ahead:
        gaze = None if self.gaze is None else checked("gaze", self.gaze, (2, 2))
        return Ahead(checked("rotation", self.rotation, (3,)), gaze, tuple(self.looks.get(n, 0.0) for n in LOOKS))


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
    ahead: AheadRecord | None = None
    link_blinks: bool = False

    @classmethod
    def of(cls, person: Person) -> PersonRecord:
        identity = None if person.identity is None else [round(float(v), 5) for v in person.identity]
        own = {name: getattr(person, name) for name in _AS_THEY_ARE}
        own["gestures"] = {name: np.asarray(examples).tolist() for name, examples in person.gestures.items()}
        skin = None if person.skin is None else [round(float(v), 1) for v in person.skin]
        ahead = None if person.ahead is None else AheadRecord.of(person.ahead)
        return cls(name=person.name, identity=identity, skin=skin, ahead=ahead, **own)

    def person(self) -> Person:
        identity = None if self.identity is None else checked("identity", self.identity, (None,))
        own = {name: getattr(self, name) for name in _AS_THEY_ARE}
        skin = None if self.skin is None else checked("skin", self.skin, (3,))
        ahead = None if self.ahead is None else self.ahead.ahead()
        return Person(self.name, identity, skin=skin, ahead=ahead, **own)


_AS_THEY_ARE = ("neutral", "gains", "resting", "full", "avatars", "avatar", "gestures", "terms", "link_blinks")
