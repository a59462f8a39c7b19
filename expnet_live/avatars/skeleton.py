"""The few bones of an avatar that a face turns: neck, head, eyes and jaw. All that hangs on them moves with them; some
of it swings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.avatars.model import AvatarFile
from expnet_live.core.types import Array

TURNED = ("neck", "head", "leftEye", "rightEye", "jaw")
_NAMES = {
    "neck": r"neck\d*",
    "head": r"head",
    "leftEye": r"(left|l)(face)?eye|eye(ball)?(left|l)",
    "rightEye": r"(right|r)(face)?eye|eye(ball)?(right|r)",
    "jaw": r"(lower)?jaw(bone)?",
}
# Upper arms with what their ends are called, of the left side; of the right one alike.
_ARMS = (r"({side})(upper)?arm|(upper)?arm({side})", r"({side})(forearm|lowerarm)|(forearm|lowerarm)({side})")
_SIDES = {"left": "left|l", "right": "right|r"}
_HANGING, _OUT = np.radians(72.0), np.radians(50.0)  # below the horizon: arms as they hang, and those that stick out
_PREFIX = re.compile(
    r"^(mixamorig\d*:?|j_bip_c_|j_bip_|j_adj_|armature[_:|]|bip\d*[_ ]|def[-_]|org[-_]|cc_base_)", re.IGNORECASE
)


@dataclass(frozen=True, eq=False)
class Skeleton:
    """`bones`: the node of each turned bone that the avatar has, in the order of `names`; `swinging`: the nodes that
    swing. Together they are the movers, parents first. `world` (N, 4, 4): each node's frame at rest, in the file's;
    `mover` (N,): which one moves each node, -1 for none; `parent` (M,): which one moves each mover.

    Avatars come with arms that stick out to the sides. At rest, these hang down here: `lowered` are the rotations
    (3, 3) of the upper arms' nodes, in the file's frame.
    """

    bones: dict[str, int]
    world: Array
    mover: Array
    parent: Array
    names: tuple[str, ...] = field(default=())
    swinging: tuple[int, ...] = ()
    lowered: dict[int, Array] = field(default_factory=dict)

    @classmethod
    def of(cls, avatar: AvatarFile) -> Skeleton:
        world = np.zeros((len(avatar.nodes), 4, 4))
        for number in avatar.order:
            node = avatar.nodes[number]
            world[number] = node.local if node.parent < 0 else world[node.parent] @ node.local
        lowered = _lower_arms(avatar, world)
        bones = bones_of(avatar)
        names = tuple(sorted(bones, key=lambda name: avatar.order.index(bones[name])))
        swinging = _swinging(avatar, set(bones.values()))
        places = {node: i for i, node in enumerate((*(bones[name] for name in names), *swinging))}
        mover = np.full(len(avatar.nodes), -1)
        parent = np.full(len(places), -1)
        for number in avatar.order:
            above = avatar.nodes[number].parent
            mover[number] = mover[above] if above >= 0 else -1
            if number in places:
                parent[places[number]] = mover[number]
                mover[number] = places[number]
        return cls(bones, world, mover, parent, names, swinging, lowered)


def bones_of(avatar: AvatarFile) -> dict[str, int]:
    """The bones that VRM names, else those whose names say it; each node only once."""
    if avatar.vrm is not None and avatar.vrm.bones:
        found = {name: avatar.vrm.bones[name] for name in TURNED if name in avatar.vrm.bones}
        found = {name: node for name, node in found.items() if list(found.values()).count(node) == 1}
        return found if "head" in found else {**found, "head": _root(avatar)}
    bones = _by_name(avatar, _NAMES)
    return bones if "head" in bones else {**bones, "head": _root(avatar)}


def _by_name(avatar: AvatarFile, patterns: Mapping[str, str]) -> dict[str, int]:
    """The nodes whose names match, each only once."""
    joints = {j for skin in avatar.skins for j in skin.joints}
    bones: dict[str, int] = {}
    for number in avatar.order:
        # A skinned mesh is often called after the bone that holds it.
        if (joints and number not in joints and avatar.nodes[number].mesh is not None) or number in bones.values():
            continue
        bare = re.sub(r"[^a-z0-9]", "", _PREFIX.sub("", avatar.nodes[number].name.strip()).lower())
        for name, pattern in patterns.items():
            if name not in bones and re.fullmatch(pattern, bare):
                bones[name] = number
    return bones


def _lower_arms(avatar: AvatarFile, world: Array) -> dict[int, Array]:
    """Turn arms that stick out in `world` (N, 4, 4) so that they hang; the rotations of the upper arms' nodes."""
    out: dict[int, Array] = {}
    for upper, lower in _arms(avatar):
        along = world[lower, :3, 3] - world[upper, :3, 3]
        length = float(np.linalg.norm(along))
        below = -np.arcsin(np.clip(along[1] / length, -1, 1)) if length > 0 else _HANGING
        if abs(below) >= _OUT:  # it hangs, or points up on purpose
            continue
        axis = np.cross(along, (0.0, -1.0, 0.0))
        turn = Rotation.from_rotvec((_HANGING - below) * axis / np.linalg.norm(axis)).as_matrix()
        motion = np.eye(4)
        motion[:3, :3], motion[:3, 3] = turn, world[upper, :3, 3] - turn @ world[upper, :3, 3]
        moved = np.zeros(len(world), bool)
        for number in avatar.order:
            above = avatar.nodes[number].parent
            moved[number] = number == upper or (above >= 0 and moved[above])
        world[moved] = motion @ world[moved]
        out[upper] = turn
    return out


def _arms(avatar: AvatarFile) -> list[tuple[int, int]]:
    """The nodes of upper and lower arms, of those sides that have both, the one below the other."""
    if avatar.vrm is not None and avatar.vrm.bones:
        named = dict(avatar.vrm.bones)
    else:
        patterns = {f"{side}{part}": pattern.format(side=spelled) for side, spelled in _SIDES.items()
                    for part, pattern in zip(("UpperArm", "LowerArm"), _ARMS, strict=True)}  # fmt: skip
        named = _by_name(avatar, patterns)
    pairs = [(named.get(f"{side}UpperArm", -1), named.get(f"{side}LowerArm", -1)) for side in _SIDES]
    found = []
    for upper, lower in pairs:
        above = lower
        while above >= 0 and above != upper:
            above = avatar.nodes[above].parent
        if upper >= 0 and lower >= 0 and lower != upper and above == upper:
            found.append((upper, lower))
    return found


def _swinging(avatar: AvatarFile, bones: set[int]) -> tuple[int, ...]:
    """The nodes of spring bones, parents first; no turned bone swings, and nothing above one."""
    if avatar.vrm is None:
        return ()
    still = set()
    for node in bones:
        while node >= 0:
            still.add(node)
            node = avatar.nodes[node].parent
    wanted = {joint.node for joint in avatar.vrm.springs.joints} - still
    return tuple(node for node in avatar.order if node in wanted)


def _root(avatar: AvatarFile) -> int:
    """The topmost node above most of the vertices: without bones, the whole avatar turns."""
    largest = max(avatar.blocks, key=lambda block: len(block.positions))
    node = largest.node if largest.skin is None else avatar.skins[largest.skin].joints[0]
    while avatar.nodes[node].parent >= 0:
        node = avatar.nodes[node].parent
    return node
