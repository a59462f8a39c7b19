"""A face over time on an avatar's own file: all of it as it is, with one animation of morph targets and bones."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.avatars.avatar import Avatar
from expnet_live.avatars.container import read_container
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.meshes.glb import packed
from expnet_live.outputs.export.pose import PoseMode
from expnet_live.outputs.export.track import distinct
from expnet_live.sessions.format.table import Rows

_STILL = 1e-6  # a morph target or a bone that never moves more than that gets no track


def animated_avatar(
    avatar: Avatar,
    rows: Rows,
    *,
    start: float = 0.0,
    pose: PoseMode = PoseMode.ROTATION,
    step: Callable[[int], None] = lambda n: None,
) -> bytes:
    """The content of a GLB file: the avatar's own, with the animation of a track without gaps, (T,) rows, that counts
    from `start`.

    Raises UserError if the avatar's file cannot be read any more.
    """
    if avatar.path is None:
        raise UserError(f"The file of {avatar.name} is gone; add the avatar again.")
    rows = distinct(rows, start)
    container = read_container(avatar.path)
    tracks = _Tracks(container.raw, bytes(container.buffers[0]) if _has_binary(container.raw) else None)
    times = tracks.add((rows.time - start).astype("<f4"), "SCALAR")
    moves = motion_of(avatar, rows, pose, step)
    for node, weights in moves.weights.items():
        tracks.channel(node, "weights", times, tracks.add(weights.reshape(-1), "SCALAR"))
    for node, keys in moves.rotations.items():
        _use_parts(tracks.document["nodes"][node])
        tracks.channel(node, "rotation", times, tracks.add(keys, "VEC4"))
    for node, keys in moves.translations.items():
        _use_parts(tracks.document["nodes"][node])
        tracks.channel(node, "translation", times, tracks.add(keys, "VEC3"))
    return tracks.content()


class Motion:
    """Keys of an animation by node: `weights` (T, n) of a mesh's morph targets, `rotations` (T, 4) as x, y, z, w in the
    parent's frame, `translations` (T, 3) in the file's unit."""

    def __init__(self) -> None:
        self.weights: dict[int, Array] = {}
        self.rotations: dict[int, Array] = {}
        self.translations: dict[int, Array] = {}


def motion_of(avatar: Avatar, rows: Rows, pose: PoseMode, step: Callable[[int], None] = lambda n: None) -> Motion:
    """What the rows (T,) of a track without gaps do to an avatar's nodes."""
    out, n = Motion(), len(rows)
    actions = np.stack([avatar.actions(rows.expression[i], rows.blendshapes_of(i)) for i in range(n)])
    weights = avatar.wiring(actions)
    slot = 0
    for block in avatar.file.blocks:
        mine = weights[:, slot : slot + len(block.morphs)]
        slot += len(block.morphs)
        if block.morphs and np.abs(mine).max(initial=0) > _STILL:
            out.weights.setdefault(block.node, mine)
    turns: dict[str, list[Array]] = {}
    for i in range(n):
        step(1)
        rotation = None if pose is PoseMode.NONE else rows.rotation[i]
        for bone, matrix in avatar.turns(actions[i], rows.gaze_of(i), rotation).items():
            turns.setdefault(bone, []).append(matrix)
    for bone, matrices in turns.items():
        keys = local_rotations(avatar, avatar.skeleton.bones[bone], np.stack(matrices))
        if np.abs(keys - keys[0]).max() > _STILL or np.abs(np.stack(matrices) - np.eye(3)).max() > _STILL:
            out.rotations[avatar.skeleton.bones[bone]] = keys
    facing = _pure(avatar.place[:3, :3])
    for node, turn in avatar.skeleton.lowered.items():
        out.rotations[node] = np.repeat(local_rotations(avatar, node, (facing @ turn @ facing.T)[None]), n, axis=0)
    if pose is PoseMode.FULL:
        node = avatar.skeleton.bones["head"]
        while avatar.file.nodes[node].parent >= 0:
            node = avatar.file.nodes[node].parent
        linear = np.linalg.inv(avatar.place[:3, :3])
        moved = (rows.translation - rows.translation[0]) @ linear.T
        out.translations[node] = (avatar.file.nodes[node].local[:3, 3] + moved).astype("<f4")
    return out


def local_rotations(avatar: Avatar, node: int, turns: Array) -> Array:
    """The rotations (T, 4) of a node, for its rotations `turns` (T, 3, 3) in our frame."""
    parent = avatar.file.nodes[node].parent
    facing = _pure(avatar.place[:3, :3])
    above = np.eye(3) if parent < 0 else _pure(avatar.skeleton.world[parent][:3, :3])
    frame = facing @ above
    keys = Rotation.from_matrix(frame.T @ turns @ frame @ _pure(avatar.file.nodes[node].local[:3, :3])).as_quat()
    turned = np.cumprod(np.where((keys[1:] * keys[:-1]).sum(1) < 0, -1.0, 1.0))
    keys[1:] *= turned[:, None]
    return np.asarray(keys, "<f4")


def _pure(linear: Array) -> Array:
    """The rotation in a matrix (3, 3) of rotation and scale."""
    return np.asarray(linear / np.linalg.norm(linear, axis=0))


def _use_parts(node: dict[str, Any]) -> None:
    """Write a node's matrix as translation, rotation and scale, which alone can be animated."""
    matrix = node.pop("matrix", None)
    if matrix is not None:
        local = np.array(matrix, float).reshape(4, 4).T
        node["translation"] = local[:3, 3].tolist()
        node["scale"] = np.linalg.norm(local[:3, :3], axis=0).tolist()
        node["rotation"] = Rotation.from_matrix(_pure(local[:3, :3])).as_quat().tolist()


def _has_binary(raw: dict[str, Any]) -> bool:
    return bool(raw.get("buffers")) and "uri" not in raw["buffers"][0]


class _Tracks:
    """A document and its binary part, to which arrays and the channels of one animation are added."""

    def __init__(self, document: dict[str, Any], binary: bytes | None) -> None:
        self.document = document
        self._binary, self._more = binary, bytearray()
        self._start = len(binary or b"") + -len(binary or b"") % 4
        self._buffer = 0 if binary is not None else len(document.get("buffers", []))
        self._animation: dict[str, Any] = {"name": "session", "channels": [], "samplers": []}
        for key in ("bufferViews", "accessors", "buffers"):
            document.setdefault(key, [])

    def add(self, keys: Array, shape: str) -> int:
        keys = np.ascontiguousarray(keys, "<f4")
        rows = keys.reshape(len(keys), -1)
        start = len(self._more) + (self._start if self._binary is not None else 0)
        self._more += keys.tobytes()
        self.document["bufferViews"].append({"buffer": self._buffer, "byteOffset": start, "byteLength": keys.nbytes})
        limits = {"min": rows.min(0).tolist(), "max": rows.max(0).tolist()}
        self.document["accessors"].append(
            {"bufferView": len(self.document["bufferViews"]) - 1, "componentType": 5126, "count": len(rows),
             "type": shape, **limits}
        )  # fmt: skip
        return len(self.document["accessors"]) - 1

    def channel(self, node: int, path: str, times: int, keys: int) -> None:
        samplers = self._animation["samplers"]
        self._animation["channels"].append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "output": keys, "interpolation": "LINEAR"})

    def content(self) -> bytes:
        document = {**self.document}
        if self._animation["channels"]:
            document["animations"] = [self._animation]
        if self._binary is None:
            text = base64.b64encode(bytes(self._more)).decode()
            uri = f"data:application/octet-stream;base64,{text}"
            document["buffers"] = [*document["buffers"], {"byteLength": len(self._more), "uri": uri}]
            binary = b""
        else:
            binary = self._binary + bytes(self._start - len(self._binary)) + bytes(self._more)
            document["buffers"] = [{**document["buffers"][0], "byteLength": len(binary)}, *document["buffers"][1:]]
        return packed(document, binary)
