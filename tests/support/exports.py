"""Exports of a session, a session of known poses, and an independent reader of GLB files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation
from sending import LOOKS, TURNS, face_of
from session_files import INFO_OF_TEST

from expnet_live.core.types import Array
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.built_in import face_model
from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.person.person import Person
from expnet_live.sessions.format.folder import TABLE
from expnet_live.sessions.format.info import COMPLETE, write_info
from expnet_live.sessions.format.table import Layout
from expnet_live.sessions.reading.session import Session

NONE = ((0.0, 0.0), (0.0, 0.0))
# Turns of the head with the eyes straight, then looks of the eyes alone, as in tests of live outputs.
CASES: list[tuple[Array, tuple[tuple[float, float], ...]]] = [
    *((turn, NONE) for turn in TURNS.values()),
    *((np.zeros(3), look) for look in LOOKS.values()),
]
NAMED = {
    "csv": ".csv",
    "parquet": ".parquet",
    "npz": ".npz",
    "glb": ".glb",
    "bvh-head": ".bvh",
    "overlay": ".mp4",
    "vrma": ".vrma",
}


def session_of_cases(folder: Path) -> Session:
    """A frame for each case at 30 a second, and one without a face at the end; no video."""
    model = face_model()
    layout = Layout(model.names, model.n_identity, blendshapes=True)
    folder.mkdir()
    rows = layout.header()
    for i, (turn, look) in enumerate(CASES):
        rows += b"".join(layout.rows(i, None, i / 30, [replace(face_of(0, turn, look).state, confidence=0.875)]))
    n = len(CASES) + 1
    rows += b"".join(layout.rows(n - 1, None, (n - 1) / 30, []))
    (folder / TABLE).write_bytes(rows)
    info = replace(INFO_OF_TEST, coefficients=model.names, n_identity=model.n_identity, person=Person())
    write_info(folder, replace(info, status=COMPLETE, frames=n, rows=n))
    return Session.open(folder)


def exported(session: Session, folder: Path, to: str, **more: object) -> Path:
    out = folder / f"result{NAMED.get(to, '')}"
    export(session, ExportOptions(to, out, **more))  # type: ignore[arg-type]
    return out


class Glb:
    """A GLB, read with pygltflib."""

    def __init__(self, path: Path) -> None:
        from pygltflib import GLTF2

        self.gltf = GLTF2().load(str(path))
        self._blob = self.gltf.binary_blob()
        [self.animation] = self.gltf.animations

    def array(self, index: int) -> Array:
        a = self.gltf.accessors[index]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[a.type]
        step = {5120: 1 / 127, 5121: 1 / 255, 5122: 1 / 32767, 5123: 1 / 65535}[a.componentType] if a.normalized else 1
        if a.sparse is None:
            values = self._view(a.bufferView, a.componentType, a.count, width)
            return values * np.float32(step) if a.normalized else values
        out = np.zeros((a.count, width), np.float32)
        where = self._view(a.sparse.indices.bufferView, a.sparse.indices.componentType, a.sparse.count, 1)[:, 0]
        out[where] = step * self._view(a.sparse.values.bufferView, a.componentType, a.sparse.count, width)
        return out

    def _view(self, index: int, component: int, count: int, width: int) -> Array:
        dtype = np.dtype({5126: "<f4", 5125: "<u4", 5123: "<u2", 5122: "<i2", 5121: "u1", 5120: "i1"}[component])
        view = self.gltf.bufferViews[index]
        stride = (view.byteStride or width * dtype.itemsize) // dtype.itemsize
        return np.frombuffer(self._blob, dtype, count * stride, view.byteOffset).reshape(count, stride)[:, :width]

    def times(self) -> Array:
        [times] = {s.input for s in self.animation.samplers}
        return self.array(times)[:, 0]

    def keys(self, node: str, path: str) -> Array:
        nodes = [n.name for n in self.gltf.nodes]
        [channel] = [
            c for c in self.animation.channels if (nodes[c.target.node], c.target.path) == (node, path)
        ]  # fmt: skip
        keys = self.array(self.animation.samplers[channel.sampler].output)
        return keys.reshape(len(self.times()), -1)

    def names(self) -> list[str]:
        return list(self.gltf.meshes[0].extras["targetNames"])

    def values(self) -> Array:
        """(T, names) of the head's targets: what the weights stand for."""
        full = self.gltf.meshes[0].extras["fullWeights"]
        scale = np.array([full.get(name, 1.0) for name in self.names()])
        return self.keys("head", "weights") * scale

    def vertices(self, moment: int, attribute: str = "POSITION") -> Array:
        """Of the head, then of the right and of the left eye, in m, as a viewer computes them; or their normals."""
        mesh = self.gltf.meshes[0].primitives[0]
        points = self.array(mesh.attributes.POSITION).astype(np.float64)
        for weight, target in zip(self.keys("head", "weights")[moment], mesh.targets, strict=True):
            points = points + weight * self.array(target["POSITION"])
        if attribute == "NORMAL":  # programs make them anew where targets have none
            triangles = self.array(mesh.indices).reshape(-1, 3).astype(np.int64)
            points = NormalOperator(triangles, len(points))(points)
        parts = [points]
        for mesh_of_eye, name in ((1, "eyeRight"), (2, "eyeLeft")):
            local = self.array(getattr(self.gltf.meshes[mesh_of_eye].primitives[0].attributes, attribute))
            turned = Rotation.from_quat(self.keys(name, "rotation")[moment]).apply(local)
            parts.append(turned + (self.keys(name, "translation")[moment] if attribute == "POSITION" else 0))
        whole = np.vstack(parts)
        if attribute == "POSITION":
            whole = whole * self.gltf.nodes[0].scale[0]
        result: Array = Rotation.from_quat(self.keys("head", "rotation")[moment]).apply(whole)
        return result
