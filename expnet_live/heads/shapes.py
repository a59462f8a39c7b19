"""An imported face model: shapes of a mesh in our frame, in one .npz with its origin."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from expnet_live.core.arrays import UNREADABLE
from expnet_live.core.errors import UserError
from expnet_live.core.files import replacing
from expnet_live.core.records import read_json, record_of
from expnet_live.core.types import Array

SCHEMA = 1
_ARRAYS = ("mean", "identity", "expression", "triangles", "colors", "part", "marks")


@dataclass(frozen=True)
class Origin:
    """The origin of a model: name and SHA-256 of the file or folder, and its transformation into our frame.

    `unit` is the assumed unit of the file's numbers, `scale` the factor that then matches the size of our face, and
    `distance` (mm) the root mean square distance between our face's points and its own.
    """

    name: str
    sha256: str
    imported: str
    unit: str
    scale: float
    distance: float


@dataclass(frozen=True, eq=False)
class ShapeModel:
    """V vertices: `mean` (V, 3), `identity` (K, V, 3), `expression` (J, V, 3), float32 mm, in our frame.

    `signed`: coefficients of both bases are standard deviations (a statistical model); otherwise those of expression
    are weights 0..1 (blendshapes). `triangles` (F, 3) are those to draw; `colors` (V, 3) uint8 RGB; `part` (V,) see
    Part; `marks` (468,) the vertices at the points of the Face Mesh. `kind` is the kind of the file. `painted`: the
    file had no colours, so that they are ours.
    """

    kind: str
    mean: Array
    identity: Array
    expression: Array
    expression_names: tuple[str, ...]
    signed: bool
    triangles: Array
    colors: Array
    part: Array
    marks: Array
    origin: Origin
    painted: bool = False

    def save(self, path: Path) -> None:
        """Save it with bases as float16, with an error of half a hundredth of a millimetre in 10 mm."""
        about = {
            "schema": SCHEMA,
            "kind": self.kind,
            "signed": self.signed,
            "expression_names": self.expression_names,
            "origin": asdict(self.origin),
            "painted": self.painted,
        }
        arrays: dict[str, Any] = {name: getattr(self, name) for name in _ARRAYS}
        for basis in ("identity", "expression"):
            arrays[basis] = arrays[basis].astype(np.float16)
        with replacing(path) as partial, partial.open("wb") as f:
            np.savez(f, about=np.array(json.dumps(about)), **arrays)

    @classmethod
    def load(cls, path: Path) -> ShapeModel:
        """Load a model. Raises UserError if `path` is not such a file, or is damaged."""
        try:
            with path.open("rb") as f, np.load(f, allow_pickle=False) as z:
                about = record_of(read_json(str(z["about"])), _About)
                if about.schema != SCHEMA:
                    raise UserError(f"{path} has another version; import the face model again.")
                arrays = {name: z[name] for name in _ARRAYS}
            for name in ("mean", "identity", "expression"):
                arrays[name] = arrays[name].astype(np.float32)
            return cls(
                kind=about.kind,
                signed=about.signed,
                expression_names=about.expression_names,
                origin=about.origin,
                painted=about.painted,
                **arrays,
            )
        except UNREADABLE as e:
            raise UserError(
                f"{path} is damaged; remove it and import it again with 'expnet-live face-model import'."
            ) from e


class _About(msgspec.Struct):
    schema: int
    kind: str
    signed: bool
    expression_names: tuple[str, ...]
    origin: Origin
    painted: bool = False  # unknown in older files
