"""Spring bones: a chain against a computation by hand, and the avatars' bunches of hair."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from expnet_live.avatars.avatar import Avatar, posed
from expnet_live.avatars.model import AvatarFile, Block, Collider, Joint, Licence, Looking, Node, Vrm
from expnet_live.avatars.model import Springs as SpringBones
from expnet_live.avatars.skeleton import Skeleton
from expnet_live.avatars.swinging import Springs, Swing, Swings
from expnet_live.core.arkit import N_BLENDSHAPES
from expnet_live.core.types import Pose

STILL = np.eye(4)
PLACE = np.diag([1000.0, 1000.0, 1000.0, 1.0])  # m to mm
RADII, LENGTH = 0.02, 0.1  # m
ACTIONS = np.zeros(N_BLENDSHAPES, np.float32)


def chain(colliders: tuple[Collider, ...] = (), place: Any = PLACE, **joint: Any) -> tuple[Springs, AvatarFile]:
    """A head with a chain of two joints that sticks out along x, of 0.1 m each."""
    nodes = [Node("root", -1, np.eye(4))]
    for name, parent, x in (("head", 0, 0.0), ("a", 1, 0.05), ("b", 2, LENGTH), ("tip", 3, LENGTH)):
        local = np.eye(4)
        local[0, 3] = x
        nodes.append(Node(name, parent, local))
    plain = {"radius": RADII, "stiffness": 1.0, "gravity": (0.0, 0.0, 0.0), "drag": 0.4, "center": None, **joint}
    joints = tuple(Joint(node=i, end=i + 1, colliders=tuple(range(len(colliders))), **plain) for i in (2, 3))
    vrm = Vrm(1, Licence("", "", ()), {"head": 1}, (), Looking(), SpringBones(joints, colliders))
    points = np.zeros((3, 3), np.float32)
    block = Block(1, points, points, points[:, :2], None, None, None, None, ())
    file = AvatarFile("chain", tuple(nodes), tuple(range(5)), (block,), (), (), (), (), vrm)
    return Springs(file, Skeleton.of(file), place), file


def tips(springs: Springs, motions: list[Any]) -> Any:
    """Where both joints end (2, 3) in mm."""
    rest = springs.head + springs.axis * springs.length[:, None]
    return np.array([m[:3, :3] @ p + m[:3, 3] for m, p in zip(motions, rest, strict=True)])


def turned(yaw: float = 0.0, roll: float = 0.0) -> Any:
    out = np.eye(4)
    out[:3, :3] = Rotation.from_euler("YZ", (yaw, roll)).as_matrix()
    return out


def by_hand(turns: list[float], stiffness: float, gravity: float, drag: float) -> list[Any]:
    """Both ends (2, 3) in m after each step of 1/60 s in which the head has rolled by so many rad, as the
    specification's pseudo-code moves them one after the other, in the plane."""
    dt = 1 / 60
    ends = [complex(0.05 + LENGTH), complex(0.05 + 2 * LENGTH)]
    before = list(ends)
    out = []
    for roll in turns:
        start, axis = 0.05 * complex(math.cos(roll), math.sin(roll)), complex(math.cos(roll), math.sin(roll))
        for i in range(2):
            there = ends[i] + (ends[i] - before[i]) * (1 - drag) + dt * stiffness * axis - 1j * dt * gravity
            there = start + LENGTH * (there - start) / abs(there - start)
            before[i], ends[i] = ends[i], there
            axis = (there - start) / LENGTH  # the next one rests in line with this one
            start = there
        out.append(np.array([[e.real, e.imag, 0.0] for e in ends]))
    return out


@pytest.mark.parametrize("scale", [1.0, 1.7])
def test_a_chain_moves_as_by_hand(scale: float) -> None:
    springs, _ = chain(place=np.diag([1000 * scale] * 3 + [1]), stiffness=0.8, gravity=(0, -0.3, 0), drag=0.35)
    swing = Swing(springs)
    # Long enough to hang still, so that both start alike.
    settling = by_hand([0.0] * 600, 0.8, 0.3, 0.35)[-1]
    for i in range(600):
        motions = swing([STILL], i / 60)
    assert np.allclose(tips(springs, motions), 1000 * scale * settling, atol=0.01)
    turns = [0.6 * math.sin(0.15 * i) for i in range(120)]
    expected = by_hand([0.0] * 600 + turns, 0.8, 0.3, 0.35)[600:]
    furthest = 0.0
    for i, (roll, there) in enumerate(zip(turns, expected, strict=True)):
        found = tips(springs, swing([turned(roll=roll)], 10 + i / 60))
        assert np.allclose(found, 1000 * scale * there, atol=0.02), i
        stiff = turned(roll=roll)[:3, :3] @ [0.05 + 2 * LENGTH, 0, 0]
        furthest = max(furthest, float(np.linalg.norm(found[1] / 1000 / scale - stiff)))
    assert furthest > 0.05


def test_without_gravity_it_rests_and_with_it_hangs() -> None:
    for gravity, falls in ((0.0, False), (2.0, True)):
        springs, _ = chain(gravity=(0, -gravity, 0), stiffness=0.5)
        swing = Swing(springs)
        for i in range(200):
            found = tips(springs, swing([STILL], i / 30))
        rest = springs.head + springs.axis * springs.length[:, None]
        if falls:
            assert (found[:, 1] < [-80, -160]).all()
        else:
            assert np.abs(found - rest).max() < 1e-9
        lengths = np.linalg.norm(found - [[50, 0, 0], found[0]], axis=1)
        assert np.allclose(lengths, 100, atol=1e-6)


@pytest.mark.parametrize("capsule", [False, True])
def test_a_collider_pushes_it_out(capsule: bool) -> None:
    """Hair that hangs down beside the head stays as far from a ball as both radii say."""
    low = (0.08, -0.3, 0.0) if capsule else (0.08, -0.12, 0.0)
    ball = Collider(1, 0.05, (0.08, -0.08, 0.0) if capsule else low, low)
    free, _ = chain(gravity=(0, -3.0, 0), stiffness=0.1)
    held, _ = chain((ball,), gravity=(0, -3.0, 0), stiffness=0.1)
    found = {}
    for name, springs in (("free", free), ("held", held)):
        swing = Swing(springs)
        for i in range(240):
            found[name] = tips(springs, swing([STILL], i / 30))

    def apart(points: Any) -> Any:
        start, end = 1000 * np.array(ball.offset), 1000 * np.array(ball.tail)
        line = end - start
        along = np.clip((points - start) @ line / max(line @ line, 1e-9), 0, 1)
        return np.linalg.norm(points - start - along[:, None] * line, axis=1)

    assert apart(found["free"]).min() < 60
    assert apart(found["held"]).min() > 1000 * (0.05 + RADII) - 3
    assert np.allclose(np.linalg.norm(found["held"] - [[50, 0, 0], found["held"][0]], axis=1), 100, atol=1e-6)


@pytest.mark.parametrize("fps", [15, 25, 30])
def test_it_moves_alike_at_all_rates(fps: int) -> None:
    springs, _ = chain(stiffness=1.0, gravity=(0, -0.2, 0), drag=0.4)
    fine, coarse = Swing(springs), Swing(springs)
    paths: dict[int, list[Any]] = {60: [], fps: []}
    for rate, swing in ((60, fine), (fps, coarse)):
        for i in range(3 * rate + 1):
            yaw = 0.5 * math.sin(2 * math.pi * 0.8 * i / rate)
            paths[rate].append(tips(springs, swing([turned(yaw)], i / rate))[1])
    # At whole moments that both have.
    step = np.gcd(60, fps)
    a, b = np.array(paths[60])[:: 60 // step], np.array(paths[fps])[:: fps // step]
    stiff = np.array([turned(0.5 * math.sin(2 * math.pi * 0.8 * i / step))[:3, :3] @ [250, 0, 0]
                      for i in range(len(a))])  # fmt: skip
    assert np.linalg.norm(a - b, axis=1).mean() < 0.35 * np.linalg.norm(a - stiff, axis=1).mean()


def test_a_gap_and_a_wild_head_leave_it_whole() -> None:
    springs, _ = chain(stiffness=4.0, gravity=(0, -1.0, 0), drag=0.0)
    swing, rng, time = Swing(springs), np.random.default_rng(3), 0.0
    for _ in range(300):
        time += float(rng.choice([0.0, 0.004, 0.03, 0.2, 5.0, -2.0]))
        head = turned(*rng.uniform(-1.5, 1.5, 2))
        found = tips(springs, swing([head], time))
        root = head[:3, :3] @ [50, 0, 0]
        assert np.allclose(np.linalg.norm(found - [root, found[0]], axis=1), 100, atol=1e-6)
    moved = swing([turned(1.0)], time + 10)  # after a gap, at rest at once
    again = swing([turned(1.0)], time + 10 + 1 / 30)
    assert np.abs(tips(springs, moved) - tips(springs, again)).max() < 1


def test_a_center_takes_its_motion_along() -> None:
    """What keeps its motion in the head's frame does not notice that the head turns."""
    springs, _ = chain(center=1)
    swing = Swing(springs)
    for i in range(60):
        head = turned(0.8 * math.sin(0.3 * i))
        found = tips(springs, swing([head], i / 30))
        rest = (springs.head + springs.axis * springs.length[:, None]) @ head[:3, :3].T
        assert np.allclose(found, rest, atol=1e-6)


def test_the_same_frame_does_not_move_it_again() -> None:
    springs, _ = chain(gravity=(0, -1.0, 0))
    swing = Swing(springs)
    swing([STILL], 0.0)
    first = tips(springs, swing([turned(0.5)], 0.03))
    assert np.allclose(first, tips(springs, swing([turned(0.5)], 0.03)), atol=1e-9)


@pytest.mark.parametrize("name", ["zero.vrm", "one.vrm"])
def test_bunches_lag_behind_the_head_and_the_face_does_not(name: str, avatars: dict[str, Avatar]) -> None:
    avatar, swings = avatars[name], Swings()
    assert len(avatar.springs) in (8, 10)
    rest = np.zeros(29, np.float32)
    for i in range(20):
        pose = Pose(np.array([0.0, 0.9 * math.sin(0.5 * i), 0.0]), np.zeros(3))
        loose = posed(avatar, rest, None, None, ACTIONS, pose, swings=swings, time=i / 30)
    stiff = posed(avatar, rest, None, None, ACTIONS, pose)
    off = np.linalg.norm(loose.vertices - stiff.vertices, axis=1)
    x, y, _ = avatar.rest.T
    bunch = (np.abs(x) > 95) & (y < 60) & (y > -120) & (avatar.rest[:, 2] > -120)
    assert off[bunch].max() > 20
    face = (np.abs(x) < 60) & (y > -100) & (avatar.rest[:, 2] > -40)
    assert face.any() and off[face].max() < 1e-3
    assert np.abs(np.linalg.norm(loose.normals, axis=1) - 1).max() < 1e-4


def test_it_is_off_if_nobody_wants_it(avatars: dict[str, Avatar]) -> None:
    springs = avatars["one.vrm"].springs
    assert Swings(on=False).of(springs, 0) is None
    swings = Swings()
    assert swings.of(springs, 0) is swings.of(springs, 0)
    assert len({swings.of(springs, 0), swings.of(springs, 1), swings.of(springs, 0, turned=False)}) == 3
    assert Swings().of(avatars["head.glb"].springs, 0) is None


def test_nothing_above_the_head_swings() -> None:
    """Springs on the neck or the hips would take the face along."""
    _, file = chain()
    assert file.vrm is not None
    joint = file.vrm.springs.joints[0]
    odd = replace(file.vrm, springs=SpringBones((replace(joint, node=0), replace(joint, node=1), joint)))
    assert Skeleton.of(replace(file, vrm=odd)).swinging == (2,)
