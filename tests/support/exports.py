"""Exports of a session, and an independent reader of GLB files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.core.types import Array
from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.reading.session import Session

NAMED = {"csv": ".csv", "parquet": ".parquet", "npz": ".npz", "glb": ".glb", "bvh-head": ".bvh", "overlay": ".mp4"}


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
        if a.sparse is None:
            return self._view(a.bufferView, a.componentType, a.count, width)
        out = np.zeros((a.count, width), np.float32)
        where = self._view(a.sparse.indices.bufferView, a.sparse.indices.componentType, a.sparse.count, 1)[:, 0]
        out[where] = self._view(a.sparse.values.bufferView, a.componentType, a.sparse.count, width)
        return out

    def _view(self, index: int, component: int, count: int, width: int) -> Array:
        dtype = {5126: "<f4", 5125: "<u4", 5123: "<u2"}[component]
        start = self.gltf.bufferViews[index].byteOffset
        return np.frombuffer(self._blob, dtype, count * width, start).reshape(count, width)

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

    def vertices(self, moment: int, attribute: str = "POSITION") -> Array:
        """Of the head, then of the right and of the left eye, in m, as a viewer computes them."""
        head = self.gltf.meshes[0].primitives[0]
        points = self.array(getattr(head.attributes, attribute)).astype(np.float64)
        for weight, target in zip(self.keys("head", "weights")[moment], head.targets, strict=True):
            points = points + weight * self.array(target[attribute])
        parts = [points]
        for mesh, name in ((1, "eyeRight"), (2, "eyeLeft")):
            local = self.array(getattr(self.gltf.meshes[mesh].primitives[0].attributes, attribute))
            turned = Rotation.from_quat(self.keys(name, "rotation")[moment]).apply(local)
            parts.append(turned + (self.keys(name, "translation")[moment] if attribute == "POSITION" else 0))
        whole = np.vstack(parts)
        result: Array = Rotation.from_quat(self.keys("head", "rotation")[moment]).apply(whole)
        return result
