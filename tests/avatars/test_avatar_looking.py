"""How eyes look: by bones and by expressions, within the ranges of VRM 0 and VRM 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gltf_files import Maker
from scipy.spatial.transform import Rotation

from expnet_live.avatars.avatar import Avatar
from expnet_live.core.arkit import blendshapes_of
from expnet_live.heads.built_in import face_model

# Degrees of the look up to the first become up to the second, of the eye or as the weight of an expression.
RANGES = {"HorizontalInner": (30.0, 12.0), "HorizontalOuter": (40.0, 20.0), "VerticalDown": (20.0, 15.0),
          "VerticalUp": (50.0, 10.0)}  # fmt: skip
SHARES = {"HorizontalInner": (90.0, 0.1), "HorizontalOuter": (60.0, 1.0), "VerticalDown": (20.0, 0.5),
          "VerticalUp": (90.0, 1.0)}  # fmt: skip
LOOKS = ("lookUp", "lookDown", "lookLeft", "lookRight")


def avatar_of(folder: Path, version: int, bones: bool, ranges: dict[str, Any], eyes: bool = True) -> Avatar:
    """Two eyes without a face, and a plate with a morph target for each look."""
    maker = Maker()
    places = np.array([[-1, 0, 0], [1, 0, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    targets = [{"POSITION": maker.sparse(np.full((4, 3), 0.1 * (i + 1), np.float32))} for i in range(len(LOOKS))]
    numbers = maker.add(np.array([0, 1, 2, 0, 2, 3], np.uint16))
    primitive = {"attributes": {"POSITION": maker.add(places)}, "indices": numbers, "targets": targets}
    maker.document["meshes"].append({"primitives": [primitive]})
    maker.document["nodes"] += [
        {"name": "Head", "children": [1, 2, 3]}, {"name": "Plate", "mesh": 0},
        {"name": "L", "translation": [0.03, 0, 0]}, {"name": "R", "translation": [-0.03, 0, 0]},
    ]  # fmt: skip
    named = {"head": 0, **({"leftEye": 2, "rightEye": 3} if eyes else {})}
    if version == 1:
        maps = {f"rangeMap{n}": {"inputMaxValue": most, "outputScale": turn} for n, (most, turn) in ranges.items()}
        binds = {n: {"morphTargetBinds": [{"node": 1, "index": i, "weight": 1}]} for i, n in enumerate(LOOKS)}
        extension = {"VRMC_vrm": {
            "humanoid": {"humanBones": {n: {"node": i} for n, i in named.items()}},
            "expressions": {"preset": binds}, "lookAt": {"type": "bone" if bones else "expression", **maps},
        }}  # fmt: skip
    else:
        maps = {f"lookAt{n}": {"xRange": most, "yRange": turn} for n, (most, turn) in ranges.items()}
        groups = [{"presetName": n.lower(), "binds": [{"mesh": 0, "index": i, "weight": 100}]}
                  for i, n in enumerate(LOOKS)]  # fmt: skip
        extension = {"VRM": {
            "humanoid": {"humanBones": [{"bone": n, "node": i} for n, i in named.items()]},
            "blendShapeMaster": {"blendShapeGroups": groups},
            "firstPerson": {"lookAtTypeName": "Bone" if bones else "BlendShape", **maps},
        }}  # fmt: skip
    maker.document["extensions"] = extension
    (folder / "a.vrm").write_bytes(maker.content())
    return Avatar.load(folder / "a.vrm", face_model())


@pytest.mark.parametrize("version", [0, 1])
def test_bones_turn_within_their_ranges(version: int, tmp_path: Path) -> None:
    avatar = avatar_of(tmp_path, version, True, RANGES)
    # Degrees of the look, to the right and up, and what becomes of them in the right eye and in the left one.
    for look, right, left in (
        ((15.0, 0.0), (6.0, 0.0), (7.5, 0.0)),
        ((-15.0, 0.0), (-7.5, 0.0), (-6.0, 0.0)),
        ((35.0, 0.0), (12.0, 0.0), (17.5, 0.0)),
        ((0.0, 25.0), (0.0, 5.0), (0.0, 5.0)),
        ((0.0, -10.0), (0.0, -7.5), (0.0, -7.5)),
        ((0.0, -60.0), (0.0, -15.0), (0.0, -15.0)),
    ):
        turns = avatar.turns(blendshapes_of(), np.radians(np.tile(np.float32(look), (2, 1))), None)
        for bone, expected in (("rightEye", right), ("leftEye", left)):
            x, y, z = Rotation.from_matrix(turns[bone]).apply((0, 0, 1))
            found = np.degrees((np.arctan2(x, z), np.arcsin(y)))
            assert found == pytest.approx(expected, abs=0.01), (look, bone)


@pytest.mark.parametrize("version", [0, 1])
def test_expressions_show_within_their_ranges(version: int, tmp_path: Path) -> None:
    """Our actions turn eyes by 34.8 degrees to the sides and 31.9 up and down."""
    avatar = avatar_of(tmp_path, version, False, SHARES)
    assert "leftEye" not in avatar.turns(blendshapes_of(), np.zeros((2, 2), np.float32), None)
    for actions, expected in (
        ({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}, (0, 0, 34.8 / 60, 0)),
        ({"eyeLookOutRight": 0.5, "eyeLookInLeft": 0.5}, (0, 0, 0, 17.4 / 60)),
        ({"eyeLookUpLeft": 1.0, "eyeLookUpRight": 1.0}, (31.9 / 90, 0, 0, 0)),
        ({"eyeLookDownLeft": 0.3, "eyeLookDownRight": 0.3}, (0, 0.5 * 9.56 / 20, 0, 0)),
        ({"eyeLookDownLeft": 1.0, "eyeLookDownRight": 1.0}, (0, 0.5, 0, 0)),
    ):
        assert avatar.wiring(blendshapes_of(**actions)) == pytest.approx(expected, abs=2e-3), actions


@pytest.mark.parametrize("version", [0, 1])
def test_without_eye_bones_expressions_look(version: int, tmp_path: Path) -> None:
    avatar = avatar_of(tmp_path, version, True, {}, eyes=False)
    assert avatar.wiring(blendshapes_of(eyeLookUpLeft=1.0, eyeLookUpRight=1.0))[0] == pytest.approx(1)
    assert not [name for name in avatar.missing if name.startswith("eyeLook")]
