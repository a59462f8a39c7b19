"""Values that hold arrays: == of two arrays is no truth value, and an array has no hash."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import expnet_live
from expnet_live.core.arkit import blendshapes_of
from expnet_live.core.types import Box, FaceState, Pose
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.person.person import Person

PACKAGE = Path(expnet_live.__file__).parent
ARRAYS = {"Array", "Image", "NDArray"}


def compared_arrays(path: Path) -> list[str]:
    """Frozen dataclasses of a module that compare arrays as if they were numbers."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ClassDef):
            continue
        decorators = [ast.unparse(d) for d in node.decorator_list]
        values = any(d.startswith("dataclass(") and "frozen=True" in d and "eq=False" not in d for d in decorators)
        fields = [f for f in node.body if isinstance(f, ast.AnnAssign) and "compare=False" not in ast.unparse(f)]
        names = {n.id for f in fields for n in ast.walk(f.annotation) if isinstance(n, ast.Name)}
        if values and names & ARRAYS:
            found.append(f"{path.relative_to(PACKAGE)}: {node.name}")
    return found


def test_no_value_compares_arrays_as_if_they_were_numbers() -> None:
    assert [name for path in sorted(PACKAGE.rglob("*.py")) for name in compared_arrays(path)] == []


def test_values_are_equal_when_their_arrays_are() -> None:
    assert Pose(np.zeros(3), np.ones(3)) == Pose(np.zeros(3), np.ones(3)) != Pose(np.zeros(3), np.zeros(3))
    assert len({Pose(np.zeros(3), np.ones(3)), Pose(-np.zeros(3), np.ones(3))}) == 1  # equal ones have one hash
    assert WeakPerspective(np.zeros(3), 1, 2, 3) == WeakPerspective(np.zeros(3), 1, 2, 3)
    assert WeakPerspective(np.zeros(3), 1, 2, 3) != WeakPerspective(np.ones(3), 1, 2, 3)
    assert Person(identity=np.ones(50)) == Person(identity=np.ones(50)) != Person(identity=np.zeros(50))
    assert Person() == Person() != Person(identity=np.ones(50)) and Person() != "Default"


def state(rotation: object = (0.0, 0.0, 0.0), gaze: object = None) -> FaceState:
    eyes = None if gaze is None else np.array(gaze, np.float32)
    nothing, weights = np.zeros(29, np.float32), blendshapes_of(mouthPucker=0.75)
    pose = Pose(np.array(rotation), np.array([100.0, 0.0, -600.0]))
    return FaceState(0, 0, 0.0, Box(0, 0, 1, 1), 1.0, nothing, nothing, np.zeros(50), pose, eyes, {}, weights)


def test_blendshapes_go_by_their_names() -> None:
    assert state().blendshapes["mouthPucker"] == state()["mouthPucker"] == 0.75  # type: ignore[index]


@pytest.mark.parametrize(
    ("rotation", "gaze", "seen"),
    [
        ((0, 0, 0), (0.2, -0.1), (0.2, -0.1)),
        ((0, 0.3, 0), (0, 0), (0.3, 0)),  # the head's yaw, to the viewer's right
        ((0, 0.3, 0), (-0.3, 0), (0, 0)),  # eyes that stay on the camera
        ((-0.2, 0, 0), (0, 0), (0, 0.2)),  # up
        ((0, 0, np.pi / 2), (0.2, 0), (0, 0.2)),  # a head on its side
    ],
)
def test_the_gaze_in_the_cameras_frame(rotation: object, gaze: object, seen: object) -> None:
    np.testing.assert_allclose(state(rotation, (gaze, gaze)).gaze_in_camera, [seen, seen], atol=1e-6)


def test_the_gaze_turns_as_scipy_turns_it() -> None:
    rotation, gaze = (0.3, -0.5, 0.2), np.array([[0.1, 0.2], [-0.3, 0.1]])
    looks = Rotation.from_rotvec(rotation).apply(
        [Rotation.from_euler("YX", [yaw, -pitch]).apply([0, 0, 1]) for yaw, pitch in gaze]
    )
    wanted = np.stack([np.arctan2(looks[:, 0], looks[:, 2]), np.arcsin(looks[:, 1])], 1)
    np.testing.assert_allclose(state(rotation, gaze).gaze_in_camera, wanted, atol=1e-6)
    assert state().gaze_in_camera is None
