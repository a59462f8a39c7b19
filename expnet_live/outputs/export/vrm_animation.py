"""A face over time as a VRM animation (.vrma), for any avatar of VRM 1 and programs that play such files.

Source: the VRM Consortium's VRMC_vrm_animation-1.0. An expression's weight is the x of a node's translation; eyes
follow a node's rotation, relative to the head; neck and head turn as in a body at rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.avatars.avatar import NECK_SHARE, Avatar
from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.channels import VRM_1
from expnet_live.core.types import Array
from expnet_live.heads.rig import gaze_of
from expnet_live.meshes.glb import GlbArrays, glb_file
from expnet_live.outputs.export.track import distinct
from expnet_live.sessions.format.table import Rows

# The bones of a standing adult, each in its parent's frame, m.
_BODY = (("hips", 0.95), ("spine", 0.1), ("chest", 0.12), ("neck", 0.24), ("head", 0.1))


def vrm_animation(
    rows: Rows,
    weights: Array,
    avatar: Avatar | None = None,
    *,
    start: float = 0.0,
    turned: bool = True,
    step: Callable[[int], None] = lambda n: None,
) -> bytes:
    """The content of a file for a track without gaps, (T,) rows with ARKit's `weights` (T, 52).

    The expressions are those of the avatar, as it names them, or else VRM's presets.
    """
    kept = _kept(rows, start)
    rows, weights = distinct(rows, start), weights[kept]
    arrays = GlbArrays()
    times = arrays.track((rows.time - start).astype("<f4"), "SCALAR")
    animation: dict[str, Any] = {"name": "session", "channels": [], "samplers": []}

    def add(node: int, path: str, keys: Array, shape: str) -> None:
        samplers = animation["samplers"]
        animation["channels"].append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "output": arrays.track(keys, shape), "interpolation": "LINEAR"})

    nodes: list[dict[str, Any]] = [
        {"name": name, "translation": [0.0, height, 0.0], "children": [i + 1]} for i, (name, height) in enumerate(_BODY)
    ]
    head = len(nodes) - 1
    nodes[head].pop("children")
    turn = Rotation.from_rotvec(rows.rotation if turned else np.zeros_like(rows.rotation)).as_rotvec()
    for node, share in ((head - 1, NECK_SHARE), (head, 1 - NECK_SHARE)):
        add(node, "rotation", _steady(Rotation.from_rotvec(share * turn).as_quat()), "VEC4")
    roots = [0]
    presets: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for name, preset, values in _expressions(weights, avatar):
        nodes.append({"name": name})
        roots.append(len(nodes) - 1)
        (presets if preset else custom)[name] = {"node": len(nodes) - 1}
        add(len(nodes) - 1, "translation", np.column_stack([values, np.zeros((len(values), 2))]), "VEC3")
    nodes.append({"name": "lookAt"})
    roots.append(len(nodes) - 1)
    looks = []
    for i in range(len(rows)):
        gaze = rows.gaze_of(i)
        yaw, pitch = (gaze_of(weights[i]) if gaze is None else gaze).mean(0)
        looks.append(Rotation.from_euler("YX", (yaw, -pitch)).as_quat())
        step(1)
    add(len(nodes) - 1, "rotation", _steady(np.array(looks)), "VEC4")
    extension = {
        "specVersion": "1.0",
        "humanoid": {"humanBones": {name: {"node": i} for i, (name, _) in enumerate(_BODY)}},
        "expressions": {"preset": presets, "custom": custom},
        "lookAt": {"node": len(nodes) - 1, "offsetFromHeadBone": [0.0, 0.06, 0.0]},
    }
    document = {
        "extensionsUsed": ["VRMC_vrm_animation"],
        "extensions": {"VRMC_vrm_animation": extension},
        "scenes": [{"nodes": roots}],
        "nodes": nodes,
        "animations": [animation],
    }
    return glb_file(document, arrays, ())


def _kept(rows: Rows, start: float) -> Array:
    """Which rows `distinct` keeps."""
    numbered = np.arange(len(rows))
    times = (rows.time - start).astype(np.float32)
    return numbered[np.diff(times, prepend=np.float32(-1)) > 0]


def _expressions(weights: Array, avatar: Avatar | None) -> list[tuple[str, bool, Array]]:
    """The name of each expression, whether it is a preset, and its weights (T,)."""
    if avatar is None or avatar.file.vrm is None:
        values = VRM_1.values(weights)
        return [(name, True, values[:, i]) for i, name in enumerate(VRM_1.names) if VRM_1.matrix[i].any()]
    named = avatar.file.vrm.clips
    clips = {clip.name: clip for clip in named} | {clip.preset: clip for clip in named if clip.preset}
    values = avatar.wiring.channels.values(weights.reshape(-1, N_BLENDSHAPES))
    out = []
    for i, name in enumerate(avatar.wiring.channels.names):
        clip = clips.get(name)
        if clip is not None and not name.startswith("look"):  # which lookAt says
            out.append((clip.preset or clip.name, bool(clip.preset), values[:, i]))
    return out


def _steady(keys: Array) -> Array:
    """Quaternions (T, 4), each in the half space of the one before."""
    turned = np.cumprod(np.where((keys[1:] * keys[:-1]).sum(1) < 0, -1.0, 1.0))
    keys[1:] *= turned[:, None]
    return keys
