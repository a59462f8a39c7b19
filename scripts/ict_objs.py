"""Writes the ICT face model's OBJ files from its shapes in one .npz, to test the importer on a complete set.

.venv/bin/python scripts/ict_objs.py ../shared/data/ict OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def write_objs(data: Path, out: Path) -> None:
    """`data` holds ict_face_model_light.npz and, under obj_sample, the neutral face and vertex_indices.json."""
    out.mkdir(parents=True, exist_ok=True)
    sample = data / "obj_sample"
    for name in ("generic_neutral_mesh.obj", "vertex_indices.json"):
        (out / name).write_bytes((sample / name).read_bytes())
    with np.load(data / "ict_face_model_light.npz") as z:
        neutral, names = z["neutral"], [str(n) for n in z["expression_names"]]
        shapes = {f"identity{k:03d}": d for k, d in enumerate(z["identity"])} | dict(
            zip(names, z["expression"], strict=True)
        )
    line = "v %.6f %.6f %.6f\n" * len(neutral)
    for name, delta in shapes.items():
        (out / f"{name}.obj").write_text(line % tuple((neutral + delta).ravel().tolist()))


if __name__ == "__main__":
    write_objs(Path(sys.argv[1]), Path(sys.argv[2]))
