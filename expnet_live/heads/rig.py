"""The rig: displacements of our face by ARKit's 52 actions, in mm at full strength.

Actions add up. Where a sum would be wrong, `Rig.rows` corrects it: lips close no further than the jaw has opened
them, a tongue that comes out opens the mouth, actions that narrow an eye affect only what a blink leaves open,
and products of two actions have displacements of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.core.arrays import UNREADABLE
from expnet_live.core.errors import UserError
from expnet_live.core.files import whole
from expnet_live.core.paths import asset
from expnet_live.core.types import Array

ASSET = "rig.npz"
SCHEMA = 1
REMAKE = "make it again with 'expnet-live train rig'"
EYE_YAW, EYE_PITCH = 0.607, 0.556  # rad by which a full eyeLook turns an eye, as in recordings of ARKit's own tracker
_TONGUE_OPENS = 0.35  # of jawOpen, for a tongue that is fully out
_CLOSED_SURELY = 0.1  # of mouthClose: its ratio to a jaw that hardly opens is unreliable
_JAW, _CLOSE, _TONGUE = INDEX["jawOpen"], INDEX["mouthClose"], INDEX["tongueOut"]


_NARROWED = [INDEX[f"{name}{side}"] for name in ("eyeLookDown", "eyeSquint") for side in ("Left", "Right")]
_BLINKS = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]] * 2


@dataclass(frozen=True, eq=False)
class Rig:
    """R rows of displacements in mm: the 52 actions in ARKit's order, then one for each of `products` (R - 52, 2).

    The row of a product is weighted by the product of its two actions' weights. `base` (R, 468, 3) moves the points of
    the Face Mesh; `jaw` (R, 3, 4) moves a point p of the lower jaw by `jaw[:, :3] @ p + jaw[:, 3]`; `tongue` (R, n, 3)
    moves the vertices of the tongue, in addition to the jaw. `origin` says what it was made from.
    """

    base: Array
    jaw: Array
    tongue: Array
    products: Array
    origin: str

    @classmethod
    def load(cls, path: Path | None = None) -> Rig:
        """The rig in `path`, or the built-in one. Raises UserError if it is not a rig."""
        path = path or asset(ASSET)
        try:
            with path.open("rb") as f, np.load(f, allow_pickle=False) as z:
                if int(z["schema"]) != SCHEMA or tuple(z["names"].tolist()) != ARKIT:
                    raise UserError(f"{path} has another version; {REMAKE}.")
                base, jaw, tongue = (z[name].astype(np.float32) for name in ("base", "jaw", "tongue"))
                return cls(base, jaw, tongue, z["products"].astype(np.int64), str(z["origin"]))
        except UNREADABLE as e:
            raise UserError(f"{path} is not a rig; {REMAKE}.") from e

    def save(self, path: Path) -> None:
        """Save it as float16, which loses less than a hundredth of a millimetre in 20 mm."""
        with whole(path) as partial, partial.open("wb") as f:
            np.savez_compressed(
                f,
                schema=np.int32(SCHEMA),
                names=np.array(ARKIT),
                origin=np.array(self.origin),
                products=self.products.astype(np.int16),
                base=self.base.astype(np.float16),
                jaw=self.jaw.astype(np.float32),
                tongue=self.tongue.astype(np.float16),
            )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all rows; those of products name both actions."""
        return (*ARKIT, *("+".join(ARKIT[i] for i in pair) for pair in self.products))

    def rows(self, weights: Array) -> Array:
        """The strength of each row (R,) for weights (52,) in 0..1."""
        w = weights.tolist()  # so few numbers are quicker without numpy
        tongue = w[_TONGUE]
        w[_JAW] = max(w[_JAW], _TONGUE_OPENS * tongue**0.5)
        w[_CLOSE] = min(w[_CLOSE], w[_JAW]) * (1 - tongue)
        for narrowed, blink in zip(_NARROWED, _BLINKS, strict=True):
            w[narrowed] *= 1 - w[blink]
        w += [w[first] * w[second] for first, second in self._pairs]
        return np.array(w, weights.dtype)

    @cached_property
    def _pairs(self) -> list[tuple[int, int]]:
        return [(int(first), int(second)) for first, second in self.products]


def lips_shut(rows: Array) -> float:
    """How far (0..1) lips close over an open jaw, from the strengths of a rig's rows."""
    close, jaw = float(rows[_CLOSE]), float(rows[_JAW])
    return close / jaw * min(close / _CLOSED_SURELY, 1.0) if close > 0 else 0.0


def gaze_of(weights: Array) -> Array:
    """Yaw (right > 0) and pitch (up > 0) in radians, (2, 2), the person's right eye first, from weights (52,)."""
    look: Mapping[str, float] = dict(zip(ARKIT, weights.tolist(), strict=True))
    gaze = np.zeros((2, 2), np.float32)
    for eye, (side, outwards) in enumerate((("Right", -1), ("Left", 1))):
        out = look[f"eyeLookOut{side}"] - look[f"eyeLookIn{side}"]
        up = look[f"eyeLookUp{side}"] - look[f"eyeLookDown{side}"]
        gaze[eye] = outwards * EYE_YAW * out, EYE_PITCH * up
    return gaze
