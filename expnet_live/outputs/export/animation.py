"""A face over time as animated glTF 2.0: the head with its morph targets and its rotation, both eyes, and the hair.

Nodes: `head` (its rotation, and its translation on request) with the mesh, and below it `eyeRight` and `eyeLeft`
(the person's) if it has eyes, which move with the face and turn with the gaze. Lengths are in metres, times in seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array
from expnet_live.heads.dressing import covered, locks_colors
from expnet_live.heads.growing import coarse
from expnet_live.heads.hair import FULL, lift
from expnet_live.heads.hair_styles import STYLES
from expnet_live.heads.head import Head, Part
from expnet_live.heads.posing import gaze_rotation
from expnet_live.meshes.glb import GlbArrays, glb_file
from expnet_live.outputs.export.morphs import morphs_of
from expnet_live.outputs.export.options import MOST_CORRECTIVES
from expnet_live.outputs.export.pose import PoseMode
from expnet_live.outputs.export.sliders import Sliders, Steps, in_steps, sliders_of
from expnet_live.outputs.export.track import distinct
from expnet_live.sessions.format.table import Rows

_M = np.float32(0.001)  # mm in m
_STILL, _STILL_OF_ACTIONS = 0.004, 0.018  # mm that a vertex may be off by rounding, and by leaving out small moves
_STILL_HAIR = 1.5  # mm: a target that moves less leaves the hair alone
MATERIALS = ("skin", "eyes", "hair")
_SKIN, _EYE, _HAIR = range(len(MATERIALS))
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
    rows = distinct(rows, start)
    morphs = morphs_of(wearer, rows.expression, identity, rows.blendshapes, most=most_correctives, step=step)
    resting = morphs.resting
    normals = wearer.normals(resting)
    parts = wearer.traits.parts(len(resting))
    sliders = sliders_of(morphs)
    steps = in_steps(sliders, _STILL_OF_ACTIONS if morphs.names[: len(ARKIT)] == ARKIT else _STILL, step)
    unit = steps.unit  # mm: the node scales all below it

    scene = _Scene(rows.time - start)
    head = _Piece(wearer, ~np.isin(parts, list(morphs.eyes)), unit)
    scene.add("head", head.primitive(scene.arrays, resting, normals), scale=[unit / 1000] * 3)
    scene.morph(0, steps.shapes[:, head.vertices], sliders)
    if pose is not PoseMode.NONE:
        scene.move(0, "rotation", _quaternions(Rotation.from_rotvec(rows.rotation)), "VEC4")
    if pose is PoseMode.FULL:
        scene.move(0, "translation", _M * rows.translation, "VEC3")
    for part, (at_rest, centers) in morphs.eyes.items():
        name, side = _EYES[part]
        ball = _Piece(wearer, parts == part, unit).primitive(scene.arrays, resting - at_rest, normals, _EYE)
        node = scene.add(name, ball, translation=(at_rest / unit).tolist())
        scene.move(node, "translation", centers / unit, "VEC3")
        if np.isfinite(rows.gaze).all():
            turns = np.stack([gaze_rotation(g)[side] for g in rows.gaze])
            scene.move(node, "rotation", _quaternions(Rotation.from_matrix(turns)), "VEC4")
    if wearer.traits.hair is not None:
        _add_hair(scene, wearer, resting, normals, steps, sliders)
    residual = morphs.residual + steps.residual
    return AnimatedHead(scene.file(), len(morphs.shapes), len(morphs.extra), residual)


def _add_hair(scene: _Scene, wearer: Head, resting: Array, normals: Array, steps: Steps, sliders: Sliders) -> None:
    """The hair as a mesh of its own: on the scalp, where it moves with those targets that move the skin below it, and
    its locks, which stay."""
    look = wearer.traits.look
    assert wearer.traits.hair is not None and look is not None
    style, full = STYLES[look.hair], lift(wearer.traits.hair)
    height = style.cap / FULL * full
    triangles = wearer.triangles[(full[wearer.triangles] > style.cover[0]).any(1)]
    grown = np.zeros(len(resting), bool)
    grown[triangles] = True
    if not grown.any():
        return
    hair = _Piece(wearer, grown, steps.unit, triangles)
    hair.colors = covered(wearer, full)[hair.vertices]
    moving = np.flatnonzero(np.abs(steps.shapes[:, hair.vertices]).max((1, 2)) * steps.unit / 32767 > _STILL_HAIR)
    some = Sliders(
        tuple(sliders.names[j] for j in moving), sliders.shapes[:0], sliders.weights[:, moving], sliders.full[moving]
    )
    node = scene.add("hair", hair.primitive(scene.arrays, resting + height[:, None] * normals, normals, _HAIR))
    if len(moving):
        scene.morph(node, steps.shapes[moving][:, hair.vertices], some)
    if style.locks is not None:
        locks = coarse(style.locks, wearer.traits.locks)
        primitive = scene.arrays.primitive(
            locks.at(resting), locks.triangles, locks.normals, locks_colors(look, locks),
            unit=steps.unit, material=_HAIR, small=True,
        )  # fmt: skip
        scene.add("hairLocks", primitive)


class _Piece:
    """The vertices of the head selected by a mask (V,), and the triangles between them."""

    def __init__(self, model: Head, mask: Array, unit: float, triangles: Array | None = None) -> None:
        self.vertices = np.flatnonzero(mask)
        self.colors = model.colors[self.vertices]
        self._unit = unit
        triangles = model.triangles if triangles is None else triangles
        self._triangles = (np.cumsum(mask) - 1)[triangles[mask[triangles].all(1)]]

    def primitive(self, arrays: GlbArrays, vertices: Array, normals: Array, material: int = _SKIN) -> dict[str, Any]:
        """The mesh, of vertices (mm) and normals (V, 3) of the whole head."""
        mine = self.vertices
        return arrays.primitive(
            vertices[mine], self._triangles, normals[mine], self.colors,
            unit=self._unit, material=material, small=True, dark=material != _SKIN,
        )  # fmt: skip


class _Scene:
    """Nodes with a mesh each, all below the first, and one animation whose channels share their times (T,)."""

    def __init__(self, times: Array) -> None:
        self.arrays = GlbArrays()
        self._times = self.arrays.track(times, "SCALAR")
        self._nodes: list[dict[str, Any]] = []
        self._meshes: list[dict[str, Any]] = []
        self._channels: list[dict[str, Any]] = []
        self._samplers: list[dict[str, Any]] = []

    def add(self, name: str, primitive: dict[str, Any], **placed: Any) -> int:
        """Add a node with a mesh; return its number, which is that of its mesh, too."""
        self._nodes.append({"name": name, "mesh": len(self._meshes), **placed})
        self._meshes.append({"name": name, "primitives": [primitive]})
        return len(self._nodes) - 1

    def morph(self, node: int, shapes: Array, sliders: Sliders) -> None:
        """Give a node's mesh targets (J, V, 3) in steps, with their weights. Programs make the normals of targets."""
        mesh, names = self._meshes[node], list(sliders.names)
        mesh["primitives"][0]["targets"] = [{"POSITION": target} for target in self.arrays.moves(shapes)]
        mesh["weights"] = [0.0] * len(names)
        mesh["extras"] = {
            "targetNames": names,
            # What a weight of 1 stands for: of our 29, standard deviations.
            "fullWeights": {n: round(float(f), 6) for n, f in zip(names, sliders.full, strict=True) if f != 1},
        }
        self._channel(node, "weights", self.arrays.weights(sliders.weights.ravel()))

    def move(self, node: int, path: str, keys: Array, shape: str) -> None:
        """Move a node by keys (T, n)."""
        self._channel(node, path, self.arrays.track(keys, shape))

    def _channel(self, node: int, path: str, output: int) -> None:
        self._channels.append({"sampler": len(self._samplers), "target": {"node": node, "path": path}})
        self._samplers.append({"input": self._times, "output": output, "interpolation": "LINEAR"})

    def file(self) -> bytes:
        if len(self._nodes) > 1:
            self._nodes[0]["children"] = list(range(1, len(self._nodes)))
        motion = {"name": "session", "channels": self._channels, "samplers": self._samplers}
        document = {"scenes": [{"nodes": [0]}], "nodes": self._nodes, "meshes": self._meshes, "animations": [motion]}
        return glb_file(document, self.arrays, MATERIALS)


def _quaternions(rotations: Rotation) -> Array:
    """(T, 4) x, y, z, w, each in the half space of the one before."""
    q = rotations.as_quat()
    turned = np.cumprod(np.where((q[1:] * q[:-1]).sum(1) < 0, -1.0, 1.0))
    q[1:] *= turned[:, None]
    return np.asarray(q)
