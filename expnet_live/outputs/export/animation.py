"""A face over time as animated glTF 2.0: the head with a morph target per component, its rotation, and both eyes.

Nodes: `head` (its rotation, and its translation on request) with the mesh, and below it `eyeRight` and `eyeLeft`
(the person's) if it has eyes, which move with the face and turn with the gaze. Lengths are in metres, times in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.core.types import Array
from expnet_live.heads.head import Head, Part
from expnet_live.heads.posing import gaze_rotation
from expnet_live.meshes.glb import GlbArrays, glb_file
from expnet_live.outputs.export.morphs import Morphs, morphs_of
from expnet_live.outputs.export.options import MOST_CORRECTIVES
from expnet_live.outputs.export.pose import PoseMode
from expnet_live.outputs.export.track import taken
from expnet_live.sessions.format.table import Rows

_M = np.float32(0.001)  # mm in m
_STILL = 1e-5  # mm, or of a normal: smaller movements count as none
_SPARSE = 0.8  # share of moving vertices up to which listing them is shorter
_EYES = {Part.RIGHT_EYE: ("eyeRight", 0), Part.LEFT_EYE: ("eyeLeft", 1)}


@dataclass(frozen=True)
class AnimatedHead:
    """A file's content, with its numbers of `components` and `correctives`, and its largest error `residual` in mm."""

    content: bytes
    components: int
    correctives: int
    residual: float


def animated_head(
    wearer: Head,
    rows: Rows,
    identity: Array,
    *,
    start: float = 0.0,
    pose: PoseMode = PoseMode.ROTATION,
    most_correctives: int = MOST_CORRECTIVES,
    step: Callable[[int], None] = lambda n: None,
) -> AnimatedHead:
    """The animation of a track without gaps, (T,) rows of increasing time, that counts from `start`.

    `identity` (K,) is baked into the mesh at rest. `step` is called with the number of rows done, at
    least once for each; it may raise.
    """
    rows = _distinct(rows, start)
    times = rows.time - start
    morphs = morphs_of(wearer, rows.expression, identity, rows.blendshapes, most=most_correctives, step=step)
    resting = morphs.resting
    normals = wearer.normals(resting)

    arrays = GlbArrays()
    is_eye = np.isin(wearer.traits.parts(len(resting)), list(morphs.eyes))
    head = _Piece(wearer, ~is_eye)
    nodes: list[dict[str, Any]] = [{"name": "head", "mesh": 0}]
    meshes = [_head_mesh(arrays, wearer, head, morphs, normals, step)]
    motion = _Animation(arrays, times)
    motion.add(0, "weights", morphs.weights.reshape(-1, 1), "SCALAR")
    if pose is not PoseMode.NONE:
        motion.add(0, "rotation", _quaternions(Rotation.from_rotvec(rows.rotation)), "VEC4")
    if pose is PoseMode.FULL:
        motion.add(0, "translation", _M * rows.translation, "VEC3")
    for i, part in enumerate(morphs.eyes):
        name, side = _EYES[part]
        at_rest, centers = morphs.eyes[part]
        ball = _Piece(wearer, wearer.traits.parts(len(resting)) == part)
        meshes.append({"name": name, "primitives": [ball.primitive(arrays, resting - at_rest, normals)]})
        nodes.append({"name": name, "mesh": 1 + i, "translation": (_M * at_rest).tolist()})
        nodes[0].setdefault("children", []).append(1 + i)
        motion.add(1 + i, "translation", _M * centers, "VEC3")
        if np.isfinite(rows.gaze).all():
            turns = np.stack([gaze_rotation(g)[side] for g in rows.gaze])
            motion.add(1 + i, "rotation", _quaternions(Rotation.from_matrix(turns)), "VEC4")
    document = {"scenes": [{"nodes": [0]}], "nodes": nodes, "meshes": meshes, "animations": [motion.described]}
    return AnimatedHead(glb_file(document, arrays), len(morphs.shapes), len(morphs.extra), morphs.residual)


def _head_mesh(
    arrays: GlbArrays, wearer: Head, head: _Piece, morphs: Morphs, normals: Array, step: Callable[[int], None]
) -> dict[str, Any]:
    """The mesh without the eyes, and its morph targets; `step` is called before each, with 0."""
    resting = morphs.resting
    targets = []
    for delta in morphs.shapes:
        step(0)
        difference = wearer.normals(resting + delta) - normals
        moved = np.flatnonzero((np.abs(delta) > _STILL).any(1) | (np.abs(difference) > _STILL).any(1))
        moved = moved[np.isin(moved, head.vertices)]
        sparse = arrays.places(head.new_index[moved]) if len(moved) < _SPARSE * len(head) else None
        shown = head.vertices if sparse is None else moved
        targets.append({
            "POSITION": arrays.differences(_M * delta[shown], len(head), sparse),
            "NORMAL": arrays.differences(difference[shown], len(head), sparse),
        })  # fmt: skip
    where = arrays.places(head.new_index[morphs.extra_vertices]) if len(morphs.extra) else None
    for delta in morphs.extra:
        step(0)
        moved = resting.copy()
        moved[morphs.extra_vertices] += delta
        difference = (wearer.normals(moved) - normals)[morphs.extra_vertices]
        targets.append({
            "POSITION": arrays.differences(_M * delta, len(head), where),
            "NORMAL": arrays.differences(difference, len(head), where),
        })  # fmt: skip
    return {
        "name": "head",
        "primitives": [{**head.primitive(arrays, resting, normals), "targets": targets}],
        "weights": [0.0] * len(targets),
        "extras": {"targetNames": [*morphs.names, *(f"corrective_{i:02d}" for i in range(len(morphs.extra)))]},
    }


def _distinct(rows: Rows, start: float) -> Rows:
    """Drop rows whose time (float32 in the file) is not later than that of the previous row."""
    times = (rows.time - start).astype(np.float32)
    return taken(rows, np.diff(times, prepend=np.float32(-1)) > 0)


class _Piece:
    """The vertices of the head selected by a mask (V,), and the triangles between them."""

    def __init__(self, model: Head, mask: Array) -> None:
        self.vertices = np.flatnonzero(mask)
        self.new_index = np.cumsum(mask) - 1
        self._colors = model.colors[self.vertices]
        triangles = model.triangles
        self._triangles = self.new_index[triangles[mask[triangles].all(1)]]

    def __len__(self) -> int:
        return len(self.vertices)

    def primitive(self, arrays: GlbArrays, vertices: Array, normals: Array) -> dict[str, Any]:
        """The mesh, of vertices and normals (V, 3) of the whole head."""
        return arrays.primitive(vertices[self.vertices], self._triangles, normals[self.vertices], self._colors)


class _Animation:
    """One animation whose channels share their times (T,)."""

    def __init__(self, arrays: GlbArrays, times: Array) -> None:
        self._arrays, self._times = arrays, arrays.track(times, "SCALAR")
        self.described: dict[str, Any] = {"name": "session", "channels": [], "samplers": []}

    def add(self, node: int, path: str, keys: Array, shape: str) -> None:
        samplers = self.described["samplers"]
        self.described["channels"].append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        output = self._arrays.track(keys, shape)
        samplers.append({"input": self._times, "output": output, "interpolation": "LINEAR"})


def _quaternions(rotations: Rotation) -> Array:
    """(T, 4) x, y, z, w, each in the half space of the one before."""
    q = rotations.as_quat()
    turned = np.cumprod(np.where((q[1:] * q[:-1]).sum(1) < 0, -1.0, 1.0))
    q[1:] *= turned[:, None]
    return np.asarray(q)
