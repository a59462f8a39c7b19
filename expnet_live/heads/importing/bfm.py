"""Reads the Basel Face Model 2017 (and 2019) from its HDF5 file.

Gerig et al., *Morphable Face Models - An Open Framework*, FG 2018. S = shape mean + expression mean + both bases, in
mm; only the mean of the colours is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from expnet_live.core.arrays import UNREADABLE
from expnet_live.core.errors import UserError
from expnet_live.core.extras import install
from expnet_live.core.records import read_json
from expnet_live.core.types import Array
from expnet_live.heads.head import Part
from expnet_live.heads.importing.raw import Raw

if TYPE_CHECKING:
    from h5py import File

_HDF5 = b"\x89HDF\r\n\x1a\n"
# Its landmarks, and the Face Mesh's points at the same positions.
_LANDMARKS = {
    "right.eye.corner_outer": 33,
    "right.eye.corner_inner": 133,
    "left.eye.corner_inner": 362,
    "left.eye.corner_outer": 263,
    "center.nose.tip": 4,
    "right.lips.corner": 61,
    "left.lips.corner": 291,
    "center.lips.upper.outer": 0,
    "center.lips.lower.outer": 17,
}


def read_bfm(path: Path) -> Raw:
    """Read the model. Raises UserError if h5py is missing or the file is not such a model."""
    try:
        import h5py
    except ImportError as e:
        raise UserError(f"Reading the Basel Face Model needs h5py; install it: {install('h5py')}") from e
    try:
        with path.open("rb") as file:
            start = file.read(len(_HDF5))
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror or e}); choose the model's .h5 file.") from e
    if start != _HDF5:
        page = b"<" in start
        what = "a web page saved under that name" if page else "not an HDF5 file"
        raise UserError(f"{path} is {what}; download model2017-1_bfm_nomouth.h5 itself.")
    try:
        with h5py.File(path, "r") as f:
            return _read(f, path)
    except UserError:
        raise
    except UNREADABLE as e:
        raise UserError(f"{path} is cut off or damaged; download it again.") from e


def _read(f: File, path: Path) -> Raw:
    shape, shapes = _model(f, "shape", path)
    cells = np.asarray(_dataset(f, "shape/representer/cells", path)).astype(np.int64)
    cells = cells.T if cells.ndim == 2 and cells.shape[0] == 3 and cells.shape[1] != 3 else cells
    n = len(shape) // 3
    if cells.ndim != 2 or cells.shape[1] != 3 or cells.min(initial=0) < 0 or cells.max(initial=0) >= n:
        raise UserError(f"{path} has triangles (shape/representer/cells) that do not fit its {n} points.")
    expression, expressions = _model(f, "expression", path)
    if len(expression) != len(shape):
        raise UserError(f"{path} has {n} points in shape and {len(expression) // 3} in expression; download it again.")
    points = (shape + expression).reshape(-1, 3)
    return Raw(
        kind="Basel Face Model",
        points=points,
        identity=shapes,
        expression=expressions,
        expression_names=tuple(f"expression{i:03d}" for i in range(len(expressions))),
        signed=True,
        triangles=cells,
        part=np.full(len(points), Part.FACE, np.int8),
        unit="mm",
        colors=_colors(f, n),
        known=_known(f, points),
    )


def _model(f: File, group: str, path: Path) -> tuple[Array, Array]:
    """Mean (3V,) and basis (K, V, 3), in mm per standard deviation, of a statismo group."""
    mean = np.asarray(_dataset(f, f"{group}/model/mean", path), np.float32).ravel()
    basis = np.asarray(_dataset(f, f"{group}/model/pcaBasis", path), np.float32)
    variance = np.asarray(_dataset(f, f"{group}/model/pcaVariance", path), np.float32).ravel()
    if mean.size == 0 or mean.size % 3 or basis.shape != (mean.size, variance.size):
        raise UserError(
            f"{path} has {group}/model with mean {mean.shape}, pcaBasis {basis.shape} and pcaVariance "
            f"{variance.shape}, which do not fit together; download it again."
        )
    if not (np.isfinite(mean).all() and np.isfinite(basis).all() and (variance >= 0).all()):
        raise UserError(f"{path} has invalid numbers in {group}/model; download it again.")
    basis = basis * np.sqrt(variance)
    return mean, np.ascontiguousarray(basis.T).reshape(len(variance), -1, 3)


def _dataset(f: File, name: str, path: Path) -> Any:
    import h5py

    found = f.get(name)
    if not isinstance(found, h5py.Dataset):
        raise UserError(f"{path} has no {name}, so it is not a Basel Face Model; choose model2017-1_bfm_nomouth.h5.")
    return found[()]


def _colors(f: File, n: int) -> Array | None:
    import h5py

    mean = f.get("color/model/mean")
    if not isinstance(mean, h5py.Dataset) or mean.size != 3 * n:
        return None
    colors = np.asarray(mean, np.float32).reshape(-1, 3)
    colors = colors * 255 if colors.max() <= 1.5 else colors
    rounded: Array = np.clip(np.round(colors), 0, 255).astype(np.uint8)
    return rounded


def _known(f: File, points: Array) -> dict[int, int]:
    """The vertices nearest to the landmarks that the file names; without any, only the tip of the nose is used."""
    text = f.get("metadata/landmarks/json")
    if text is None:
        return {}
    try:
        raw = np.asarray(text).ravel()[0]
        landmarks = read_json(raw.decode() if isinstance(raw, bytes) else str(raw))
        at = {str(m["id"]): [float(c) for c in m["coordinates"]] for m in landmarks}
        names = [name for name in _LANDMARKS if name in at]
        vertices = cKDTree(points).query(np.array([at[n] for n in names]).reshape(-1, 3))[1]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return {}
    return {_LANDMARKS[name]: int(v) for name, v in zip(names, vertices, strict=True)}
