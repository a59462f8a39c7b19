"""Reads the Basel Face Model from MATLAB files: the release's own, or the original with 3DDFA's expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.correspondence import place
from expnet_live.heads.face_model import FaceModel
from expnet_live.official.basel import N_EXPRESSION, N_SHAPE, N_TEXTURE, BaselArrays, outward
from expnet_live.official.sources import check_file

MODIFIED = "BaselFaceModel_mod.mat"
_MEMBERS = ("shapeMU", "shapePC", "shapeEV", "expMU", "expPC", "expEV", "texMU", "texPC", "texEV", "faces")
_SPAN = (100.0, 400.0)  # mm between the lowest and the highest vertex


@dataclass(frozen=True, eq=False)
class _Linear:
    """A mean (3n,), a basis (3n, k) and standard deviations (k,)."""

    mean: Array
    basis: Array
    spread: Array

    def at(self, rows: Array) -> _Linear:
        return _Linear(self.mean[rows], self.basis[rows], self.spread)


def read_modified(path: Path) -> BaselArrays:
    """Read `BaselFaceModel_mod.mat` of the release. Raises UserError for another or a damaged file."""
    bfm = _load(path).get("BFM")
    if bfm is None:
        raise UserError(f"{path} has no struct BFM; choose the release's {MODIFIED}.")
    for name in _MEMBERS:
        if not hasattr(bfm, name):
            raise UserError(f"{path} lacks BFM.{name}; choose the release's {MODIFIED}.")
    members = {name: getattr(bfm, name) for name in _MEMBERS}
    shape = _linear(path, members, ("shapeMU", "shapePC", "shapeEV"), N_SHAPE)
    expression = _linear(path, members, ("expMU", "expPC", "expEV"), N_EXPRESSION)
    texture = _linear(path, members, ("texMU", "texPC", "texEV"), N_TEXTURE)
    return _arrays(path, shape, expression, texture, members["faces"])


def build_modified(original: Path, expressions: Sequence[Path]) -> BaselArrays:
    """The model from `01_MorphableModel.mat` and 3DDFA's files with mu_exp, w_exp, sigma_exp, trimIndex and tri.

    This is a reconstruction: the release's own model has fewer vertices, whose selection was never published.
    Raises UserError for other or damaged files.
    """
    model = _load(original)
    _require(original, model, ("shapeMU", "shapePC", "shapeEV", "texMU", "texPC", "texEV", "tl"))
    shape = _linear(original, model, ("shapeMU", "shapePC", "shapeEV"), N_SHAPE)
    texture = _linear(original, model, ("texMU", "texPC", "texEV"), N_TEXTURE)
    found: dict[str, Any] = {}
    for path in expressions:
        found |= _load(path)
    where = expressions[0]
    _require(where, found, ("mu_exp", "w_exp", "sigma_exp"))
    expression = _linear(where, found, ("mu_exp", "w_exp", "sigma_exp"), N_EXPRESSION)
    faces = model["tl"]
    if len(expression.mean) != len(shape.mean):
        for name in ("trimIndex", "tri"):
            if name not in found:
                raise UserError(
                    f"{where} has {len(expression.mean) // 3} vertices, {original} {len(shape.mean) // 3}; "
                    f"also give 3DDFA's model_info.mat with {name}."
                )
        trim = np.ravel(found["trimIndex"]).astype(np.int64) - 1
        if len(trim) * 3 != len(expression.mean) or trim.min() < 0 or trim.max() * 3 >= len(shape.mean):
            raise UserError(f"trimIndex does not fit {where} and {original}; take all of them from one release.")
        rows = (3 * trim[:, None] + np.arange(3)).ravel()
        shape, texture = shape.at(rows), texture.at(rows)
        faces = found["tri"]
        # 3DDFA keeps its triangles as columns.
        faces = faces.T if np.ndim(faces) == 2 and faces.shape[0] == 3 else faces
    return _arrays(original, shape, expression, texture, faces)


def _load(path: Path) -> dict[str, Any]:
    check_file(path)
    from scipy.io import loadmat

    try:
        values: dict[str, Any] = loadmat(path, squeeze_me=True, struct_as_record=False)
    except NotImplementedError as e:
        raise UserError(f"{path} is a MATLAB 7.3 file; open it in MATLAB and save it again with '-v7'.") from e
    except Exception as e:  # a damaged file may raise anything
        raise UserError(f"{path} is not a MATLAB file, or is cut off; download it again.") from e
    return values


def _require(path: Path, values: Mapping[str, Any], names: Sequence[str]) -> None:
    for name in names:
        if name not in values:
            raise UserError(f"{path} lacks the variable {name}; choose another file.")


def _linear(path: Path, values: Mapping[str, Any], names: tuple[str, str, str], k: int) -> _Linear:
    """The first k components by the names of mean, basis and standard deviations."""
    try:
        mean, basis, spread = (np.asarray(values[n], np.float64) for n in names)
    except (TypeError, ValueError) as e:
        raise UserError(f"{path}: {', '.join(names)} are not all numbers; download it again.") from e
    mean, spread = mean.ravel(), spread.ravel()
    if len(mean) % 3 or basis.ndim != 2 or len(basis) != len(mean) or basis.shape[1] < k or len(spread) < k:
        raise UserError(
            f"{path}: {names[0]}, {names[1]} and {names[2]} have the shapes {mean.shape}, {basis.shape} and "
            f"{spread.shape}, not (3N,), (3N, {k}) and ({k},)."
        )
    if not all(np.isfinite(a).all() for a in (mean, basis, spread)):
        raise UserError(f"{path}: {', '.join(names)} have values that are not finite; download it again.")
    return _Linear(mean, basis[:, :k], spread[:k])


def _arrays(path: Path, shape: _Linear, expression: _Linear, texture: _Linear, faces: Any) -> BaselArrays:
    n = len(shape.mean) // 3
    if not len(shape.mean) == len(expression.mean) == len(texture.mean):
        raise UserError(f"{path}: shape, expression and texture differ in their numbers of vertices.")
    faces = np.asarray(faces)
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.min() < 1 or faces.max() > n:
        raise UserError(f"{path}: the faces {faces.shape} are not triangles of vertices 1 to {n}.")
    span = float(np.ptp(shape.mean.reshape(-1, 3)[:, 1]))
    # The original is in micrometres.
    unit = 0.001 if span > 1000 * _SPAN[0] else 1.0
    if not _SPAN[0] <= span * unit <= _SPAN[1]:
        raise UserError(
            f"{path}: the mean face is {span:.4g} high, which is not the height of a face in mm or micrometres."
        )
    mean, triangles = shape.mean * unit, (faces - 1).astype(np.int32)
    return BaselArrays(
        shape_mean=mean.reshape(-1, 3).astype(np.float32),
        shape=_rows(shape, unit),
        expression_mean=(expression.mean * unit).reshape(-1, 3).astype(np.float32),
        expression=_rows(expression, unit),
        texture_mean=texture.mean.reshape(-1, 3).astype(np.float32),
        texture=_rows(texture, 1.0),
        triangles=triangles,
        marks=_marks((mean + expression.mean * unit).reshape(-1, 3), triangles),
    )


def _rows(linear: _Linear, unit: float) -> Array:
    """The basis times the standard deviations, (k, 3n) float32."""
    return np.ascontiguousarray((linear.basis * (linear.spread * unit)).T.astype(np.float32))


def _marks(points: Array, triangles: Array) -> Array:
    """The Face Mesh's points on the mean face; none if it does not look like a face."""
    try:
        placed = place(FaceModel.load(), points, outward(points, triangles), np.arange(len(points)), {})
    except UserError:
        return np.empty(0, np.int32)
    return placed.marks
