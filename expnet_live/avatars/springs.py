"""What swings of a VRM: spring bones of VRM 1 (VRMC_springBone) and of VRM 0 (secondaryAnimation)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from expnet_live.avatars import schema
from expnet_live.avatars.model import Collider, Joint, Springs
from expnet_live.core.records import record_of

_MOST = 2048  # joints, and colliders: a crowd of both would take seconds a frame


def springs_1(extension: Any, n_nodes: int) -> Springs:
    """Those of VRM 1. Raises ValueError if they are damaged."""
    part = record_of(extension, schema.SpringBone)
    colliders = []
    for given in part.colliders:
        shape = given.shape.capsule or given.shape.sphere or schema.Sphere()
        tail = shape.tail if isinstance(shape, schema.Capsule) else shape.offset
        colliders.append(Collider(given.node, shape.radius, shape.offset, tail))
    joints: dict[int, Joint] = {}
    for spring in part.springs:
        hits = [i for g in spring.collider_groups if g < len(part.collider_groups)
                for i in part.collider_groups[g].colliders]  # fmt: skip
        # The last joint is only the end of the one before.
        for joint, end in zip(spring.joints, spring.joints[1:], strict=False):
            power = joint.gravity_power
            x, y, z = joint.gravity_dir
            made = Joint(
                joint.node, end.node, joint.hit_radius, joint.stiffness, (power * x, power * y, power * z),
                joint.drag_force, spring.center, tuple(hits),
            )  # fmt: skip
            joints.setdefault(joint.node, made)
    return _checked(joints, colliders, n_nodes)


def springs_0(part: schema.Secondary0, children: Sequence[Sequence[int]]) -> Springs:
    """Those of VRM 0: its joints are all nodes below the given ones. `children`: those of each node.

    Its vectors are Unity's, whose z points the other way.
    """
    colliders: list[Collider] = []
    groups = []
    for group in part.collider_groups:
        first = len(colliders)
        for c in group.colliders:
            at = (c.offset.x, c.offset.y, -c.offset.z)
            colliders.append(Collider(group.node, c.radius, at, at))
        groups.append(range(first, len(colliders)))
    joints: dict[int, Joint] = {}
    for bones in part.bone_groups:
        hits = tuple(i for g in bones.collider_groups if 0 <= g < len(groups) for i in groups[g])
        power, toward = bones.gravity_power, bones.gravity_dir
        gravity = (power * toward.x, power * toward.y, -power * toward.z)
        center = bones.center if 0 <= bones.center < len(children) else None
        left = [b for b in bones.bones if 0 <= b < len(children)]
        while left and len(joints) <= _MOST:
            node = left.pop()
            end = children[node][0] if children[node] else None
            left += children[node]
            made = Joint(node, end, bones.hit_radius, bones.stiffness, gravity, bones.drag_force, center, hits)
            joints.setdefault(node, made)
    return _checked(joints, colliders, len(children))


def _checked(joints: Mapping[int, Joint], colliders: Sequence[Collider], n: int) -> Springs:
    """Without what refers to nothing."""
    if len(joints) > _MOST or len(colliders) > _MOST:
        return Springs()
    kept = {i: k for k, i in enumerate(i for i, c in enumerate(colliders) if 0 <= c.node < n)}
    found = []
    for j in joints.values():
        if j.node < n and (j.end is None or j.end < n) and (j.center is None or j.center < n):
            hits = tuple(sorted({kept[c] for c in j.colliders if c in kept}))
            found.append(Joint(j.node, j.end, j.radius, j.stiffness, j.gravity, j.drag, j.center, hits))
    return Springs(tuple(found), tuple(colliders[i] for i in kept))
