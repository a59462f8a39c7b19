"""Times the spring bones of an avatar, without its meshes: strands of joints beside colliders.

python scripts/spring_times.py
"""

from __future__ import annotations

import time

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.avatars.model import AvatarFile, Block, Collider, Joint, Licence, Looking, Node, Springs, Vrm
from expnet_live.avatars.skeleton import Skeleton
from expnet_live.avatars.swinging import Springs as Placed
from expnet_live.avatars.swinging import Swing

STRANDS = ((10, 4), (5, 8))  # how many, of how many joints
COLLIDERS = 10
FRAMES = 400


def hairy(strands: int, joints: int) -> AvatarFile:
    nodes = [Node("root", -1, np.eye(4)), Node("head", 0, np.eye(4))]
    found = []
    for s in range(strands):
        parent = 1
        for i in range(joints + 1):
            local = np.eye(4)
            local[:2, 3] = (0.02 * s if i == 0 else 0.0, -0.05)
            nodes.append(Node("", parent, local))
            parent = len(nodes) - 1
            if i < joints:
                hits = tuple(range(COLLIDERS))
                found.append(Joint(parent, parent + 1, 0.02, 1.0, (0, -0.2, 0), 0.4, None, hits))
    balls = [Collider(i % 2, 0.05, (0.05 * i, -0.2, 0), (0.05 * i, -0.1, 0)) for i in range(COLLIDERS)]
    vrm = Vrm(1, Licence("", "", ()), {"head": 1}, (), Looking(), Springs(tuple(found), tuple(balls)))
    points = np.zeros((3, 3), np.float32)
    block = Block(1, points, points, points[:, :2], None, None, None, None, ())
    return AvatarFile("hairy", tuple(nodes), tuple(range(len(nodes))), (block,), (), (), (), (), vrm)


def main() -> None:
    for strands, joints in STRANDS:
        file = hairy(strands, joints)
        springs = Placed(file, Skeleton.of(file), np.diag([1000.0, 1000.0, 1000.0, 1.0]))
        for fps in (60, 30, 15):
            swing, took = Swing(springs), []
            for i in range(FRAMES):
                head = np.eye(4)
                head[:3, :3] = Rotation.from_rotvec((0, 0.5 * np.sin(3 * i / fps), 0)).as_matrix()
                begun = time.perf_counter()
                swing([head], i / fps)
                took.append(1000 * (time.perf_counter() - begun))
            median, most = np.percentile(took[1:], (50, 95))
            print(f"{strands} strands of {joints}, {fps} frames a second: {median:.2f} ms, 95 % below {most:.2f} ms")


if __name__ == "__main__":
    main()
