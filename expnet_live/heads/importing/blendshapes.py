"""Reads a folder with an OBJ file per shape: the ICT Face Model Light, or any neutral face with named targets."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.records import read_json
from expnet_live.core.types import Array
from expnet_live.heads.blendshape_names import plain_name
from expnet_live.heads.correspondence import IBUG_ON_HEADS
from expnet_live.heads.importing.obj import read_mesh, read_points
from expnet_live.heads.importing.parts import ICT_SIZE, ict_parts, parts_of_labels
from expnet_live.heads.importing.raw import Raw, unit_of

ICT_NEUTRAL = "generic_neutral_mesh.obj"
_ICT_INDICES = "vertex_indices.json"
_IDENTITY = re.compile(r"identity(\d+)$", re.IGNORECASE)
_STILL = 1e-6  # of the head's height: a shape that moves less equals the neutral face


def read_folder(folder: Path) -> tuple[Raw, list[Path]]:
    """The model, and the files it was read from. Raises UserError."""
    files = sorted(folder.glob("*.obj"))
    if not files:
        raise UserError(f"{folder} has no .obj files; choose the folder with the neutral face and its shapes.")
    neutral = _neutral(folder, files)
    mesh = read_mesh(neutral)
    ict = neutral.name == ICT_NEUTRAL
    if ict and len(mesh.points) != ICT_SIZE:
        raise UserError(
            f"{neutral} has {len(mesh.points)} points, the ICT face model {ICT_SIZE}; copy the folder FaceXModel again."
        )
    shapes = [path for path in files if path != neutral]
    identities = sorted((p for p in shapes if _IDENTITY.match(p.stem)), key=_number)
    for place, path in enumerate(identities):
        if _number(path) != place:
            raise UserError(f"identity{place:03d}.obj is missing in {folder}; copy it there.")
    expressions = [path for path in shapes if path not in identities]
    if not expressions:
        raise UserError(f"{folder} has no expressions beside {neutral.name}; copy its other .obj files there.")
    expression = _deltas(expressions, neutral, mesh.points)
    known, missing, indices = _ict_indices(folder, expressions) if ict else ({}, [], [])
    moves = np.abs(expression).max((1, 2)) > _STILL * np.ptp(mesh.points[:, 1])
    if not moves.any():
        raise UserError(f"No shape in {folder} differs from {neutral.name}; export them as separate shapes.")
    names = [path.stem for path in expressions]
    notes = [f"{name} does not move and is skipped." for name, m in zip(names, moves, strict=True) if not m]
    if missing:
        notes.append(f"Missing from the folder, so they stay at rest: {', '.join(missing)}.")
    return (
        Raw(
            kind="ICT Face Model Light" if ict else "blendshapes",
            points=mesh.points,
            identity=_deltas(identities, neutral, mesh.points),
            expression=expression[moves],
            expression_names=tuple(plain_name(n) for n, m in zip(names, moves, strict=True) if m),
            signed=False,
            triangles=mesh.triangles,
            part=ict_parts(mesh.points) if ict else parts_of_labels(mesh.points, mesh.triangles, mesh.labels),
            unit="cm" if ict else unit_of(mesh.points, neutral),
            known=known,
            notes=tuple(notes),
        ),
        [*files, *indices],
    )


def _neutral(folder: Path, files: list[Path]) -> Path:
    """The neutral face: the ICT model's, neutral.obj, or the only file with neutral in its name."""
    by_name = {path.name.lower(): path for path in files}
    for name in (ICT_NEUTRAL, "neutral.obj"):
        if name in by_name:
            return by_name[name]
    found = [path for path in files if "neutral" in path.stem.lower()]
    if len(found) != 1:
        what = "several neutral faces" if found else "no neutral face"
        raise UserError(f"{folder} has {what}; rename the right one to neutral.obj.")
    return found[0]


def _number(path: Path) -> int:
    found = _IDENTITY.match(path.stem)
    return int(found[1]) if found else -1


def _deltas(files: list[Path], neutral: Path, points: Array) -> Array:
    """The displacements of the shapes (n, V, 3)."""
    out = np.empty((len(files), *points.shape), np.float32)
    for delta, path in zip(out, files, strict=True):
        shape = read_points(path)
        if len(shape) != len(points):
            raise UserError(
                f"{path} has {len(shape)} points, {neutral.name} {len(points)}; all shapes must have the same mesh."
            )
        np.subtract(shape, points, out=delta)
    return out


def _ict_indices(folder: Path, expressions: list[Path]) -> tuple[dict[int, int], list[str], list[Path]]:
    """Known points, the names of missing expressions, and the file that gives them."""
    path = folder / _ICT_INDICES
    if not path.is_file():
        raise UserError(f"{path}, which gives the face's landmarks, is missing; copy it there.")
    try:
        data = read_json(path.read_text(encoding="utf-8"))
        landmarks = [int(v) for v in data["idx_to_landmark_verts"]]
        names = [str(v) for v in data["expressions"]]
        known = {mesh: landmarks[i] for i, mesh in IBUG_ON_HEADS.items()}
        if max(known.values()) >= ICT_SIZE or min(known.values()) < 0:
            raise ValueError("beyond the mesh")
    except (OSError, ValueError, KeyError, TypeError, IndexError) as e:
        raise UserError(f"{path} does not belong to the ICT face model; copy it again.") from e
    there = {p.stem for p in expressions}
    return known, [name for name in names if name not in there], [path]
