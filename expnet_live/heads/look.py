"""The look of our own head: its hair style, and the colours of hair and eyes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.hair_styles import STYLES

# sRGB 0..255: of hair in plain light, and of the outer and the inner part of the iris.
HAIR_COLORS = {
    "brown": (66, 45, 34),
    "black": (26, 23, 23),
    "dark blond": (128, 96, 62),
    "blond": (196, 160, 108),
    "red": (124, 62, 38),
    "gray": (140, 138, 136),
    "white": (214, 211, 206),
}
EYE_COLORS = {
    "hazel": ((104, 92, 68), (150, 118, 70)),
    "brown": ((86, 54, 32), (116, 72, 40)),
    "dark brown": ((52, 33, 23), (70, 44, 28)),
    "amber": ((140, 94, 38), (178, 124, 52)),
    "green": ((84, 108, 76), (134, 132, 78)),
    "blue": ((84, 118, 152), (138, 166, 186)),
    "gray": ((112, 122, 128), (152, 156, 154)),
}
BALD = "none"


@dataclass(frozen=True)
class Look:
    """Names from STYLES, HAIR_COLORS and EYE_COLORS.

    >>> Look(hair="long", eye_color="blue").hair_rgb
    array([66., 45., 34.])
    """

    hair: str = "short"
    hair_color: str = "brown"
    eye_color: str = "hazel"

    @classmethod
    def parse(cls, text: str) -> Look:
        """A look from its three names with commas between; empty or missing ones are the usual. Raises UserError.

        >>> Look.parse("long,,blue")
        Look(hair='long', hair_color='brown', eye_color='blue')
        """
        names = [name.strip() for name in text.split(",")]
        given = dict(zip(("hair", "hair_color", "eye_color"), names, strict=False))
        look = cls(**{field: name for field, name in given.items() if name})
        if look != look.known or len(names) > len(given):
            raise UserError(
                f"{text} is no look; give a hair style ({', '.join(STYLES)}), a hair colour ({', '.join(HAIR_COLORS)}) "
                f"and an eye colour ({', '.join(EYE_COLORS)}), such as long,blond,blue."
            )
        return look

    @property
    def hair_rgb(self) -> Array:
        return np.array(HAIR_COLORS[self.hair_color], float)

    @property
    def iris(self) -> tuple[Array, Array]:
        """The colours (3,) of the outer and the inner part of the iris."""
        outer, inner = EYE_COLORS[self.eye_color]
        return np.array(outer, float), np.array(inner, float)

    @property
    def known(self) -> Look:
        """The same without names that this version lacks."""
        own = Look()
        return Look(
            self.hair if self.hair in STYLES else own.hair,
            self.hair_color if self.hair_color in HAIR_COLORS else own.hair_color,
            self.eye_color if self.eye_color in EYE_COLORS else own.eye_color,
        )


USUAL = Look()
