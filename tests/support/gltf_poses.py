"""Poses a glTF file as its specification says, joint by joint, to compare with. It shares no code with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pygltflib import GLTF2
from scipy.spatial.transform import Rotation

_KINDS = {5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_SIZES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class Posable:
    """A file whose nodes' `rotations` (x, y, z, w), `translations` and meshes' `weights` may be changed."""

    def __init__(self, path: Path) -> None:
        self.gltf = GLTF2.load_binary(path)
        self._data = self.gltf.binary_blob()
        nodes = self.gltf.nodes
        self.rotations = [list(n.rotation or (0, 0, 0, 1)) for n in nodes]
        self.translations = [list(n.translation or (0, 0, 0)) for n in nodes]
        self.weights = {
            n: np.zeros(len(self.gltf.meshes[nodes[n].mesh].primitives[0].targets or ())) for n in self.drawn
        }

    @property
    def drawn(self) -> list[int]:
        """The nodes that have meshes."""
        return [i for i, n in enumerate(self.gltf.nodes) if n.mesh is not None]

    def number(self, name: str) -> int:
        return next(i for i, n in enumerate(self.gltf.nodes) if n.name == name)

    def array(self, number: int) -> Any:
        accessor = self.gltf.accessors[number]
        out = np.zeros((accessor.count, _SIZES[accessor.type]), _KINDS[accessor.componentType])
        if accessor.bufferView is not None:
            out = self._rows(accessor.bufferView, accessor.byteOffset, out.shape, accessor.componentType)
        if accessor.sparse is not None:
            sparse = accessor.sparse
            where = self._rows(sparse.indices.bufferView, 0, (sparse.count, 1), sparse.indices.componentType)[:, 0]
            out = out.copy()
            out[where] = self._rows(sparse.values.bufferView, 0, (sparse.count, out.shape[1]), accessor.componentType)
        return out

    def _rows(self, view: int, offset: int | None, shape: tuple[int, ...], kind: int) -> Any:
        start = (self.gltf.bufferViews[view].byteOffset or 0) + (offset or 0)
        return np.frombuffer(self._data, _KINDS[kind], int(np.prod(shape)), start).reshape(shape)

    def play(self, moment: int) -> float:
        """Set everything to that key of the file's animation; its time in s."""
        (animation,) = self.gltf.animations
        time = 0.0
        for channel in animation.channels:
            sampler, node, path = animation.samplers[channel.sampler], channel.target.node, channel.target.path
            time = float(self.array(sampler.input)[moment, 0])
            keys = self.array(sampler.output)
            if path == "weights":
                n = len(self.weights[node])
                self.weights[node] = keys.reshape(-1, n)[moment].astype(float)
            else:
                {"rotation": self.rotations, "translation": self.translations}[path][node] = keys[moment].tolist()
        return time

    def world(self) -> list[Any]:
        """The frame (4, 4) of each node."""
        nodes, out = self.gltf.nodes, [np.eye(4)] * len(self.gltf.nodes)
        parents = {child: i for i, n in enumerate(nodes) for child in n.children or ()}

        def frame(i: int) -> Any:
            local = np.eye(4)
            local[:3, :3] = Rotation.from_quat(self.rotations[i]).as_matrix() * (nodes[i].scale or (1, 1, 1))
            local[:3, 3] = self.translations[i]
            return frame(parents[i]) @ local if i in parents else local

        for i in range(len(nodes)):
            out[i] = frame(i)
        return out

    def vertices(self) -> Any:
        """All vertices (V, 3), primitive by primitive, in the file's frame."""
        world, out = self.world(), []
        for i in self.drawn:
            node = self.gltf.nodes[i]
            for primitive in self.gltf.meshes[node.mesh].primitives:
                at = self.array(primitive.attributes.POSITION).astype(float)
                for weight, target in zip(self.weights[i], primitive.targets or (), strict=False):
                    if weight:
                        at = at + weight * self.array(target["POSITION"])
                at = np.column_stack([at, np.ones(len(at))])
                if node.skin is None:
                    out.append((at @ world[i].T)[:, :3])
                    continue
                skin = self.gltf.skins[node.skin]
                inverse = self.array(skin.inverseBindMatrices).reshape(-1, 4, 4).swapaxes(1, 2)
                palette = np.stack([world[j] @ inverse[k] for k, j in enumerate(skin.joints)])
                joints, held = (self.array(getattr(primitive.attributes, n)) for n in ("JOINTS_0", "WEIGHTS_0"))
                moved = np.einsum("vk,vkij,vj->vi", held, palette[joints], at)
                out.append(moved[:, :3])
        return np.concatenate(out)
