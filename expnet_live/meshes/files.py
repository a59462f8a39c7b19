"""Writes meshes as binary PLY, OBJ and GLB. A file appears only when it is complete."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np

from expnet_live.core.files import replacing
from expnet_live.core.types import Array
from expnet_live.meshes.glb import glb_bytes


def write_mesh(
    path: Path, vertices: Array, triangles: Array, *, normals: Array | None = None, colors: Array | None = None
) -> None:
    """Write vertices (V, 3) mm, triangles (F, 3), unit normals (V, 3) and RGB uint8 colors (V, 3).

    The suffix decides: .ply (binary little endian), .obj (colours after the coordinates, as MeshLab and Blender read
    them) or .glb (binary glTF 2.0, which is in metres). Raises ValueError for another suffix, arrays that do not fit
    together, values that are not finite, and colors that are not whole numbers of 0 to 255.
    """
    writers = {".ply": _write_ply, ".obj": _write_obj, ".glb": _write_glb}
    if path.suffix.lower() not in writers:
        raise ValueError(f"A mesh file must be .ply, .obj or .glb, unlike {path.name}.")
    v = np.asarray(vertices, np.float32)
    t = np.asarray(triangles, np.int32)
    if v.ndim != 2 or v.shape[1] != 3 or t.ndim != 2 or t.shape[1] != 3:
        raise ValueError("Vertices and triangles must have shapes (V, 3) and (F, 3).")
    if t.size and (t.min() < 0 or t.max() >= len(v)):
        raise ValueError("A triangle refers to a vertex that does not exist.")
    n = None if normals is None else np.asarray(normals, np.float32)
    c = None if colors is None else np.asarray(colors, np.uint8)
    for name, extra in (("normals", n), ("colors", c)):
        if extra is not None and extra.shape != v.shape:
            raise ValueError(f"{name} must have the shape of the vertices, {v.shape}, not {extra.shape}.")
    if not (np.isfinite(v).all() and (n is None or np.isfinite(n).all())):
        raise ValueError("Vertices and normals must be finite.")
    if c is not None and (c != colors).any():
        raise ValueError("colors must be whole numbers of 0 to 255.")
    with replacing(path, durable=False) as partial, partial.open("wb") as f:
        writers[path.suffix.lower()](f, v, t, n, c)


def _write_ply(f: BinaryIO, v: Array, t: Array, n: Array | None, c: Array | None) -> None:
    floats = ["x", "y", "z"] + (["nx", "ny", "nz"] if n is not None else [])
    bytes_ = ["red", "green", "blue"] if c is not None else []
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(v)}"]
    header += [f"property float {name}" for name in floats] + [f"property uchar {name}" for name in bytes_]
    header += [f"element face {len(t)}", "property list uchar int vertex_indices", "end_header", ""]
    rows = np.empty(len(v), np.dtype([("f", "<f4", len(floats))] + ([("c", "u1", 3)] if bytes_ else [])))
    rows["f"] = v if n is None else np.hstack([v, n])
    if c is not None:
        rows["c"] = c
    faces = np.empty(len(t), np.dtype([("n", "u1"), ("t", "<i4", 3)]))
    faces["n"], faces["t"] = 3, t
    f.write("\n".join(header).encode("ascii"))
    f.write(rows.tobytes())
    f.write(faces.tobytes())


def _write_obj(f: BinaryIO, v: Array, t: Array, n: Array | None, c: Array | None) -> None:
    def table(prefix: str, rows: Array, row_format: str) -> str:
        line = f"{prefix} {row_format}\n"
        return (line * len(rows)) % tuple(rows.ravel().tolist())

    if c is None:
        text = table("v", v, "%.5g %.5g %.5g")
    else:
        text = table("v", np.hstack([v, c / np.float32(255)]), "%.5g %.5g %.5g %.4g %.4g %.4g")
    if n is None:
        text += table("f", t + 1, "%d %d %d")
    else:
        text += table("vn", n, "%.4f %.4f %.4f")
        text += table("f", np.repeat(t + 1, 2, axis=1), "%d//%d %d//%d %d//%d")
    f.write(text.encode("ascii"))


def _write_glb(f: BinaryIO, v: Array, t: Array, n: Array | None, c: Array | None) -> None:
    f.write(glb_bytes(v, t, n, c))
