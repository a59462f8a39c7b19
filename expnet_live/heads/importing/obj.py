"""Reads Wavefront OBJ: vertices, polygons as triangles, and the group and material of each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from expnet_live.core.errors import UserError
from expnet_live.core.types import Array


@dataclass(frozen=True, eq=False)
class ObjMesh:
    """`points` (V, 3) as in the file, `triangles` (F, 3), and for each the words after `o`, `g` and `usemtl`."""

    points: Array
    triangles: Array
    labels: tuple[str, ...]


def read_points(path: Path) -> Array:
    """Only the vertices (V, 3) float32, read quickly. Raises UserError if the file is not an OBJ."""
    lines = [line[2:] for line in _lines(path) if line.startswith("v ")]
    if not lines:
        raise _no_obj(path)
    try:
        # Colours may follow the coordinates.
        points = np.array(" ".join(lines).split(), np.float32).reshape(len(lines), -1)[:, :3]
    except ValueError as e:
        raise _no_obj(path) from e
    if points.shape[1] != 3 or not np.isfinite(points).all():
        raise _no_obj(path)
    return np.ascontiguousarray(points)


def read_mesh(path: Path) -> ObjMesh:
    """Read the mesh. Raises UserError if the file is not an OBJ with faces."""
    points = read_points(path)
    triangles: list[tuple[int, int, int]] = []
    labels: list[str] = []
    now = {"o": "", "g": "", "usemtl": ""}
    label = ""
    try:
        for line in _lines(path):
            kind, _, rest = line.partition(" ")
            if kind in now:
                now[kind] = rest.strip()
                label = " ".join(now.values()).strip()
            elif kind == "f":
                corners = [int(word.partition("/")[0]) for word in rest.split()]
                corners = [c - 1 if c > 0 else len(points) + c for c in corners]
                triangles += [(corners[0], b, c) for b, c in pairwise(corners[1:])]
                labels += [label] * (len(corners) - 2)
        faces = np.array(triangles, np.int32).reshape(-1, 3)
    except (ValueError, IndexError, OverflowError) as e:
        raise _no_obj(path) from e
    if not len(faces):
        raise UserError(f"{path} has points but no faces; export the neutral face with its polygons.")
    if faces.min() < 0 or faces.max() >= len(points):
        raise UserError(f"{path} has faces with points that do not exist; it may be cut off: copy it again.")
    return ObjMesh(points, faces, tuple(labels))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="latin-1").replace("\t", " ").splitlines()
    except FileNotFoundError as e:
        raise UserError(f"{path} is missing; copy it there.") from e
    except OSError as e:
        raise UserError(f"{path} cannot be read ({e.strerror}); make it readable.") from e


def _no_obj(path: Path) -> UserError:
    try:
        start = path.read_bytes()[:300].lstrip().lower()
    except OSError:
        start = b""
    if start.startswith((b"<!doctype", b"<html")):
        return UserError(f"{path} is a web page, not an OBJ file; download the file itself.")
    return UserError(f"{path} is not an OBJ file: its lines 'v X Y Z' are missing or damaged; copy or export it again.")
