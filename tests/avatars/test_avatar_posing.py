"""What an avatar's vertices do: against a reader of its own, and against what the face does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_files import AVATARS, vrm_0
from gltf_files import Maker
from gltf_poses import Posable
from scipy.spatial.transform import Rotation

from expnet_live.avatars.avatar import OUR_EYES, OUR_MOUTH, Avatar, posed
from expnet_live.avatars.wiring import canonical
from expnet_live.core.arkit import ARKIT, blendshapes_of
from expnet_live.core.types import Pose
from expnet_live.heads.built_in import face_model
from expnet_live.heads.head import expression_of

REST = np.zeros(29, np.float32)
NAMES = list(AVATARS)


@pytest.mark.parametrize("name", ARKIT)
def test_every_spelling_is_understood(name: str) -> None:
    side = {"Left": "L", "Right": "R"}
    short = next((f"{name.removesuffix(s)}_{side[s]}" for s in side if name.endswith(s)), name)
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    spelled = [name, name[0].upper() + name[1:], snake, name.lower(), name.upper(), f"Face.{name}", f"bs:{name}"]
    if name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        spelled += [short, short.lower() if side else short, short.replace("_", ".")]
    for spelling in spelled:
        assert canonical(spelling) == name, spelling


def test_where_our_eyes_and_mouth_are() -> None:
    """Avatars are placed by these."""
    model = face_model()
    at = model.vertices(expression_of(model.names))
    for middle, actions in ((OUR_EYES, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}), (OUR_MOUTH, {"jawOpen": 1.0})):
        moved = model.vertices(expression_of(model.names), blendshapes=blendshapes_of(**actions)) - at
        far = np.linalg.norm(moved, axis=1)
        assert np.allclose((at * far[:, None]).sum(0) / far.sum(), middle, atol=0.2)


@pytest.mark.parametrize("name", NAMES)
def test_vertices_agree_with_another_reader(
    name: str, avatar_paths: dict[str, Path], avatars: dict[str, Avatar]
) -> None:
    """Morph targets, neck, head and eyes, to a hundredth of a millimetre."""
    avatar, theirs = avatars[name], Posable(avatar_paths[name])
    shapes = blendshapes_of(jawOpen=0.5, eyeBlinkLeft=0.8, mouthSmileRight=0.6, mouthPucker=0.3)
    gaze = np.array([[0.2, 0.1], [0.25, 0.1]], np.float32)
    turn = np.array([0.2, -0.4, 0.1])
    ours, _, _ = avatar.posed(REST, gaze, shapes, turn)
    # Their bones: rest rotations are none, so each turns in its own frame as it does in ours; VRM 0 faces -z.
    back = np.diag([-1.0, 1.0, -1.0]) if name == "zero.vrm" else np.eye(3)
    for bone, matrix in avatar.turns(shapes, gaze, turn).items():
        node = avatar.skeleton.bones[bone]
        theirs.rotations[node] = Rotation.from_matrix(back @ matrix @ back).as_quat().tolist()
    for node, matrix in avatar.skeleton.lowered.items():
        theirs.rotations[node] = Rotation.from_matrix(matrix).as_quat().tolist()
    theirs.weights[theirs.drawn[0]] = avatar.wiring(shapes)[: len(theirs.weights[theirs.drawn[0]])]
    place = avatar.place
    expected = theirs.vertices() @ place[:3, :3].T + place[:3, 3]
    assert np.abs(ours - expected).max() < 0.01
    assert np.abs(avatar.rest - ours).max() > 10


@pytest.mark.parametrize("name", NAMES)
def test_normals_are_of_unit_length_and_turn(name: str, avatars: dict[str, Avatar]) -> None:
    avatar = avatars[name]
    _, straight, _ = avatar.posed(REST, None, blendshapes_of(jawOpen=1.0))
    _, turned, _ = avatar.posed(REST, None, blendshapes_of(jawOpen=1.0), np.array([0, 0.5, 0]))
    for normals in (straight, turned):
        assert np.abs(np.linalg.norm(normals, axis=1) - 1).max() < 1e-4
    top = avatar.rest[:, 1] > 60
    assert np.allclose(turned[top], straight[top] @ Rotation.from_rotvec((0, 0.5, 0)).as_matrix().T, atol=1e-4)


def _moved(avatar: Avatar, **actions: float) -> Any:
    return np.linalg.norm(avatar.posed(REST, None, blendshapes_of(**actions))[0] - avatar.rest, axis=1)


@pytest.mark.parametrize("name", NAMES)
def test_each_action_moves_its_part_of_the_face(name: str, avatars: dict[str, Avatar]) -> None:
    avatar = avatars[name]
    x, y, _ = avatar.rest.T
    jaw = _moved(avatar, jawOpen=1.0)
    assert jaw[(y < -30) & (y > -100)].max() > 5 and jaw[y > 60].max() < 1
    left = _moved(avatar, eyeBlinkLeft=1.0)
    assert left[(x > 15) & (y > 20) & (y < 50)].max() > 3 and left[x < -8].max() < 0.5  # the person's left is at x > 0
    smile = _moved(avatar, mouthSmileLeft=1.0, mouthSmileRight=1.0)
    assert smile[(y < -20) & (y > -70)].max() > 3


@pytest.mark.parametrize("name", NAMES)
def test_the_head_turns_the_right_way_and_the_body_stays(name: str, avatars: dict[str, Avatar]) -> None:
    avatar = avatars[name]
    nose = int(np.argmax(np.where(np.abs(avatar.rest[:, 0]) < 5, avatar.rest[:, 2], -1e3)))
    for rotation, axis, sign in (((0, 0.5, 0), 0, 1), ((0.4, 0, 0), 1, -1), ((0, -0.5, 0), 0, -1)):
        at = avatar.posed(REST, None, None, np.array(rotation))[0]
        assert sign * (at - avatar.rest)[nose, axis] > 15
        below = avatar.rest[:, 1] < -250
        assert not below.any() or np.abs(at - avatar.rest)[below].max() < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_eyes_look_where_they_should(name: str, avatars: dict[str, Avatar]) -> None:
    """By bones; the VRMs allow two thirds of the angle."""
    avatar = avatars[name]
    share = 1.0 if name == "head.glb" else 2 / 3
    for side, mover in ((0, "rightEye"), (1, "leftEye")):
        ball = avatar.vertices_on(mover)
        front = ball[np.argmax(avatar.rest[ball, 2])]
        middle = (avatar.rest[ball].min(0) + avatar.rest[ball].max(0)) / 2
        for gaze in ((0.3, 0.0), (-0.3, 0.0), (0.0, 0.25), (0.0, -0.25)):
            look = np.tile(np.float32(gaze), (2, 1))
            ahead, there = avatar.rest[front] - middle, avatar.posed(REST, look)[0][front] - middle
            angle = np.arccos(ahead @ there / np.linalg.norm(ahead) / np.linalg.norm(there))
            assert angle == pytest.approx(share * np.abs(gaze).max(), rel=0.1), (side, gaze)
            assert (there - ahead)[:2] @ gaze > 0
        # Without a measured gaze, ARKit's weights turn them.
        look_left = avatar.posed(REST, None, blendshapes_of(eyeLookOutLeft=1.0, eyeLookInRight=1.0))[0]
        assert (look_left - avatar.rest)[front, 0] > 2


@pytest.mark.parametrize("name", ["zero.vrm", "one.vrm"])
def test_arms_that_stick_out_hang_down(name: str, avatars: dict[str, Avatar]) -> None:
    """They reach 0.76 m to the sides in the file."""
    avatar = avatars[name]
    unit = float(np.cbrt(np.linalg.det(avatar.place[:3, :3])))
    at = avatar.rest / unit
    assert len(avatar.skeleton.lowered) == 2
    assert np.abs(at[:, 0]).max() < 0.42
    for side in (-1, 1):
        hand = at[side * at[:, 0] > 0.3]
        assert hand[:, 1].min() < -0.75  # as low as the hips
        assert np.abs(hand[:, 2].mean() + 0.085) < 0.05  # beside the body


@pytest.mark.parametrize(
    ("upper", "lower"),
    [("mixamorig:LeftArm", "mixamorig:LeftForeArm"), ("upper_arm.L", "forearm.L"), ("LeftArm", "LeftForeArm"),
     ("J_Bip_L_UpperArm", "J_Bip_L_LowerArm"), ("Left_UpperArm", "Left_LowerArm")],
)  # fmt: skip
def test_arms_are_known_by_their_names(upper: str, lower: str, tmp_path: Path) -> None:
    """Arms that hang by 30 degrees hang by 72 then; those at 60 stay as they are."""
    for below, expected in ((30, 72), (60, 60), (-60, -60)):
        maker, angle = Maker(), np.radians(below)
        attributes = {"POSITION": maker.add(np.eye(3, dtype=np.float32))}
        maker.document["meshes"].append({"primitives": [{"attributes": attributes}]})
        maker.document["nodes"] = [
            {"name": "Root", "children": [1, 2]}, {"name": "Mesh", "mesh": 0}, {"name": upper, "children": [3]},
            {"name": lower, "translation": [np.cos(angle), -np.sin(angle), 0.0], "children": [4]},
            {"name": "Hand", "translation": [np.cos(angle), -np.sin(angle), 0.0]},
        ]  # fmt: skip
        (tmp_path / "a.glb").write_bytes(maker.content())
        x, y, z = Avatar.load(tmp_path / "a.glb", face_model()).skeleton.world[4, :3, 3] / 2
        assert np.degrees(np.arctan2(-y, x)) == pytest.approx(expected, abs=1e-3) and abs(z) < 1e-9


def test_what_it_cannot_show_is_listed(avatars: dict[str, Avatar]) -> None:
    assert avatars["head.glb"].missing == () == avatars["one.vrm"].missing
    missing = avatars["zero.vrm"].missing
    assert {"tongueOut", "cheekPuff", "mouthLeft"} <= set(missing)
    assert not {"jawOpen", "eyeBlinkLeft", "mouthSmileLeft", "eyeLookUpLeft", "browInnerUp"} & set(missing)


def test_a_single_blink_closes_both_eyes(tmp_path: Path) -> None:
    (tmp_path / "a.vrm").write_bytes(vrm_0(one_blink=True))
    avatar = Avatar.load(tmp_path / "a.vrm", face_model())
    x, y, _ = avatar.rest.T
    moved = _moved(avatar, eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
    for side in (-1, 1):
        assert moved[(side * x > 15) & (y > 20) & (y < 50)].max() > 3


def _head_with(names: list[str], tmp_path: Path) -> Avatar:
    """A quad with one morph target for each name, which lifts it by the number of the name."""
    maker = Maker()
    places = np.array([[-1, 0, 0], [1, 0, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    attributes = {"POSITION": maker.add(places)}
    targets = [{"POSITION": maker.sparse(np.full((4, 3), 0.1 * (i + 1), np.float32))} for i in range(len(names))]
    numbers = maker.add(np.array([0, 1, 2, 0, 2, 3], np.uint16))
    primitive = {"attributes": attributes, "indices": numbers, "targets": targets}
    maker.document["meshes"].append({"primitives": [primitive], "extras": {"targetNames": names}})
    maker.document["nodes"].append({"name": "Thing", "mesh": 0})
    path = tmp_path / "quad.glb"
    path.write_bytes(maker.content())
    return Avatar.load(path, face_model())


def test_visemes_are_made_of_jaw_and_lips(tmp_path: Path) -> None:
    avatar = _head_with(["viseme_sil", "viseme_aa", "viseme_O", "viseme_U", "eyesClosed", "mouthSmile"], tmp_path)
    weights = avatar.wiring(
        blendshapes_of(jawOpen=0.6, mouthFunnel=0.3, eyeBlinkLeft=0.8, eyeBlinkRight=0.4, mouthSmileLeft=1.0)
    )
    assert weights.tolist() == pytest.approx([0, 0.6, 0.3, 0, 0.6, 0.5], abs=1e-6)


def test_own_names_win_over_stand_ins(tmp_path: Path) -> None:
    avatar = _head_with(["jawOpen", "viseme_aa", "mouthSmile_L", "mouthSmile_R", "mouthSmile"], tmp_path)
    weights = avatar.wiring(blendshapes_of(jawOpen=0.6, mouthSmileLeft=1.0))
    assert weights.tolist() == pytest.approx([0.6, 0, 1, 0, 0], abs=1e-6)


def test_an_avatar_without_bones_turns_as_a_whole(tmp_path: Path) -> None:
    avatar = _head_with(["jawOpen"], tmp_path)
    assert list(avatar.skeleton.bones) == ["head"]
    turned = avatar.posed(REST, None, None, np.array([0, 0.5, 0]))[0]
    assert np.linalg.norm(turned - avatar.rest, axis=1).min() > 1


def test_a_pose_over_a_picture(avatars: dict[str, Avatar]) -> None:
    """Drawn with what is left of the pose, the head is where a head without a body would be."""
    pose = Pose(np.array([0.1, 0.4, -0.05]), np.array([30.0, -20.0, -600.0]))
    drawn = posed(avatars["one.vrm"], REST, None, None, blendshapes_of(jawOpen=0.4), pose)
    straight = avatars["one.vrm"].vertices(REST, blendshapes=blendshapes_of(jawOpen=0.4))
    turn = Rotation.from_rotvec(pose.rotation).as_matrix()
    head = avatars["one.vrm"].rest[:, 1] > 40
    expected = straight[head] @ turn.T + pose.translation
    assert np.allclose(drawn.vertices[head] + drawn.pose.translation, expected, atol=0.01)
    assert not drawn.pose.rotation.any()


@pytest.mark.parametrize(
    ("name", "bone"),
    [
        ("Head", "head"), ("mixamorig:Head", "head"), ("J_Bip_C_Head", "head"), ("mixamorig9:Neck", "neck"),
        ("DEF-neck", "neck"), ("LeftEye", "leftEye"), ("eye.L", "leftEye"), ("J_Adj_L_FaceEye", "leftEye"),
        ("Eye_R", "rightEye"), ("RightEye", "rightEye"), ("Jaw", "jaw"), ("Headset", None), ("HeadTop_End", None),
        ("Shoulder", None),
    ],
)  # fmt: skip
def test_bones_are_known_by_their_names(name: str, bone: str | None, tmp_path: Path) -> None:
    maker = Maker()
    attributes = {"POSITION": maker.add(np.eye(3, dtype=np.float32))}
    maker.document["meshes"].append({"primitives": [{"attributes": attributes}]})
    maker.document["nodes"] = [{"name": "Root", "children": [1, 2]}, {"name": "Mesh", "mesh": 0}, {"name": name}]
    (tmp_path / "a.glb").write_bytes(maker.content())
    avatar = Avatar.load(tmp_path / "a.glb", face_model())
    found = {b for b, node in avatar.skeleton.bones.items() if node == 2}
    assert found == ({bone} if bone else set())
