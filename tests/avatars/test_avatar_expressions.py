"""The rules of VRM's expressions: what they override, what is only on or off, and what they do to materials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gltf_files import Maker
from scipy.spatial.transform import Rotation

from expnet_live.avatars.avatar import Avatar, posed
from expnet_live.avatars.model import Override, Part, Tint
from expnet_live.core.arkit import blendshapes_of
from expnet_live.core.types import Pose
from expnet_live.heads.built_in import face_model

REST = np.zeros(29, np.float32)
SMILE = {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}
NAMES = ("blink", "aa", "lookUp", "happy")


def _plate(maker: Maker, material: dict[str, Any]) -> None:
    """A plate with four morph targets on node 1 and a skinless head on node 0."""
    places = np.array([[-1, 0, 0], [1, 0, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    targets = [{"POSITION": maker.sparse(np.full((4, 3), 0.1 * (i + 1), np.float32))} for i in range(len(NAMES))]
    primitive = {
        "attributes": {"POSITION": maker.add(places), "TEXCOORD_0": maker.add(places[:, :2])},
        "indices": maker.add(np.array([0, 1, 2, 0, 2, 3], np.uint16)), "targets": targets, "material": 0,
    }  # fmt: skip
    maker.document["materials"].append({"name": "Face", **material})
    maker.document["meshes"].append({"primitives": [primitive]})
    maker.document["nodes"] += [{"name": "Head", "children": [1, 2]}, {"name": "Thing", "mesh": 0}, {"name": "Eye"}]


def vrm_1(folder: Path, look: dict[str, Any] | None = None, **expressions: dict[str, Any]) -> Avatar:
    maker = Maker()
    _plate(maker, {"pbrMetallicRoughness": {"baseColorFactor": [0.8, 0.6, 0.4, 1.0]}})
    preset = {
        name: {"morphTargetBinds": [{"node": 1, "index": i, "weight": 1.0}], **expressions.get(name, {})}
        for i, name in enumerate(NAMES)
    }
    maker.document["extensions"] = {"VRMC_vrm": {
        "humanoid": {"humanBones": {"head": {"node": 0}, "leftEye": {"node": 2}}}, "expressions": {"preset": preset},
        "lookAt": look or {"type": "expression"},
    }}  # fmt: skip
    (folder / "a.vrm").write_bytes(maker.content())
    return Avatar.load(folder / "a.vrm", face_model())


@pytest.mark.parametrize(
    ("how", "smile", "left"),
    [("none", 1.0, 1.0), ("block", 0.5, 0.0), ("block", 1.0, 0.0), ("blend", 0.25, 0.75), ("blend", 1.0, 0.0),
     ("block", 0.03, 1.0), ("unheard", 1.0, 1.0)],
)  # fmt: skip
def test_an_expression_overrides_blink_mouth_and_look(how: str, smile: float, left: float, tmp_path: Path) -> None:
    actions = {**dict.fromkeys(SMILE, smile), "jawOpen": 0.8, "eyeLookUpLeft": 1.0, "eyeLookUpRight": 1.0,
               "eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}  # fmt: skip
    places = {"overrideBlink": 0, "overrideMouth": 1, "overrideLookAt": 2}
    plain = vrm_1(tmp_path).wiring(blendshapes_of(**actions))
    assert plain[0] > 0.3 and plain[1] > 0.3 and plain[2] > 0.5 and plain[3] == pytest.approx(smile, abs=0.01)
    for rule, place in places.items():
        found = vrm_1(tmp_path, happy={rule: how}).wiring(blendshapes_of(**actions))
        expected = plain.copy()
        expected[place] *= left
        assert np.allclose(found, expected, atol=1e-6), rule


def test_a_row_of_frames_obeys_as_one_does(tmp_path: Path) -> None:
    wiring = vrm_1(tmp_path, happy={"overrideBlink": "blend"}, blink={"isBinary": True}).wiring
    frames = np.stack([blendshapes_of(**dict.fromkeys(SMILE, s), eyeBlinkLeft=b, eyeBlinkRight=b)
                       for s, b in ((0.0, 1.0), (0.4, 1.0), (0.0, 0.4))])  # fmt: skip
    assert np.allclose(wiring(frames), [wiring(f) for f in frames])
    # One that is only on or off is off as soon as anything takes a part of it.
    assert wiring(frames)[:, 0].tolist() == [1, 0, 0]


def test_bones_look_no_further_than_an_expression_lets_them(tmp_path: Path) -> None:
    maps = {"inputMaxValue": 90, "outputScale": 90}
    sides = ("HorizontalInner", "HorizontalOuter", "VerticalDown", "VerticalUp")
    look = {"type": "bone", **{f"rangeMap{s}": maps for s in sides}}
    gaze = np.array([[0.3, 0.0], [0.3, 0.0]], np.float32)
    for how, share in (("none", 1.0), ("blend", 0.75), ("block", 0.0)):
        avatar = vrm_1(tmp_path, look, happy={"overrideLookAt": how})
        turns = avatar.turns(blendshapes_of(**dict.fromkeys(SMILE, 0.25)), gaze, None)
        assert np.linalg.norm(Rotation.from_matrix(turns["leftEye"]).as_rotvec()) == pytest.approx(
            0.3 * share, abs=0.01
        )


def test_expressions_change_materials(tmp_path: Path) -> None:
    avatar = vrm_1(
        tmp_path,
        happy={
            "materialColorBinds": [
                {"material": 0, "type": "color", "targetValue": [1.0, 0.2, 0.4, 1.0]},
                {"material": 0, "type": "emissionColor", "targetValue": [0.2, 0.0, 0.0, 1.0]},
                {"material": 0, "type": "rimColor", "targetValue": [1, 1, 1, 1]},
                {"material": 7, "type": "color", "targetValue": [1, 1, 1, 1]},
            ]
        },
        aa={"morphTargetBinds": [], "textureTransformBinds": [{"material": 0, "scale": [1, 1], "offset": [0.5, 0]}]},
    )
    assert [n for n in avatar.file.notes if "rimColor" in n]
    assert "jawOpen" not in avatar.missing  # the texture shows it
    assert avatar.looks(blendshapes_of()) == {}
    half = avatar.looks(blendshapes_of(**dict.fromkeys(SMILE, 0.5)))[0]
    assert half.color == pytest.approx((0.9, 0.4, 0.4, 1.0), abs=1e-3)
    assert half.glow == pytest.approx((0.1, 0.0, 0.0), abs=1e-3)
    pose = Pose(np.zeros(3), np.zeros(3))
    open_ = posed(avatar, REST, None, None, blendshapes_of(jawOpen=1.0), pose).materials[0]
    assert open_.place == pytest.approx((1, 1, 0.25, 0), abs=1e-6) and open_.color == (0.8, 0.6, 0.4, 1.0)


def test_vrm_0_changes_materials_by_name(tmp_path: Path) -> None:
    maker = Maker()
    _plate(maker, {})
    values = [
        {"materialName": "Face", "propertyName": "_Color", "targetValue": [0.5, 0.5, 0.5, 1.0]},
        {"materialName": "Face", "propertyName": "_MainTex_ST", "targetValue": [0.5, 0.5, 0.25, 0.1]},
        {"materialName": "Face", "propertyName": "_OutlineColor", "targetValue": [1, 1, 1, 1]},
        {"materialName": "Nobody", "propertyName": "_Color", "targetValue": [1, 1, 1, 1]},
    ]
    groups = [{"name": "A", "presetName": "a", "binds": [], "materialValues": values}]
    bones = {"humanBones": [{"bone": "head", "node": 0}]}
    maker.document["extensions"] = {"VRM": {"humanoid": bones, "blendShapeMaster": {"blendShapeGroups": groups}}}
    (tmp_path / "a.vrm").write_bytes(maker.content())
    avatar = Avatar.load(tmp_path / "a.vrm", face_model())
    (clip,) = avatar.file.vrm.clips if avatar.file.vrm else ()
    assert clip.tints[0].part is Part.COLOR and clip.tints[0].target == pytest.approx(
        (0.214, 0.214, 0.214, 1), abs=1e-3
    )
    # Unity counts a texture's rows from below.
    assert clip.tints[1] == Tint(0, Part.PLACE, (0.5, 0.5, 0.25, 0.4))
    assert clip.overrides == (Override.NONE,) * 3
    assert any("_OutlineColor" in note for note in avatar.file.notes)
    half = avatar.looks(blendshapes_of(jawOpen=1.0))[0]  # an open jaw is half of the preset
    assert half.color == pytest.approx((0.607, 0.607, 0.607, 1), abs=1e-3)
    assert half.place == pytest.approx((0.75, 0.75, 0.125, 0.2))
