"""The effects of the rig's 52 actions on our head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from blendshape_sets import SHAPES, make_set
from places import SHARED
from rays import rays_that_meet

from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT, INDEX, MIRROR, N_BLENDSHAPES, blendshapes_of
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Part
from expnet_live.heads.imported import ImportedHead
from expnet_live.heads.library import import_head
from expnet_live.heads.rig import Rig, gaze_of

ICT = SHARED / "data" / "ict"
REST = np.zeros(29, np.float32)
CHIN = 152
CORNERS = {"Right": 61, "Left": 291}
LIPS = (13, 14)
BROWS = {"Right": (107, 105, 70), "Left": (336, 334, 300)}  # inner end, middle, outer end
CHEEKS = {"Right": 205, "Left": 425}


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


def posed(model: FaceModel, identity: Array | None = None, **weights: float) -> Array:
    return model.vertices(REST, identity, np.zeros((2, 2)), blendshapes_of(**weights))


def moved(model: FaceModel, **weights: float) -> Array:
    return posed(model, **weights) - posed(model)


def slits(model: FaceModel, vertices: Array) -> list[Array]:
    """Distance of the lids of the right and the left eye, and of the lips, along their length, mm."""
    return [vertices[c.first, 1] - vertices[c.second, 1] for c in model.anatomy.closings]


def people(model: FaceModel, n: int = 12) -> list[Array]:
    return list(np.random.default_rng(4).normal(0, 1.3, (n, model.n_identity)).astype(np.float32))


def test_at_rest_it_is_the_face_at_rest(model: FaceModel) -> None:
    assert posed(model) == pytest.approx(model.vertices(REST, gaze=np.zeros((2, 2))), abs=0.35)


def test_the_jaw_opens_with_its_teeth(model: FaceModel) -> None:
    open_ = moved(model, jawOpen=1.0)
    assert -45 < open_[CHIN, 1] < -25
    assert slits(model, posed(model, jawOpen=1.0))[2].max() > 28
    lower, upper = (open_[model.anatomy.range(p)] for p in (Part.LOWER_TEETH, Part.UPPER_TEETH))
    assert lower[:, 1].mean() < -20 and np.abs(upper).max() < 1e-3
    # It turns about the ears: molars go less far down than incisors.
    depth = posed(model)[model.anatomy.range(Part.LOWER_TEETH), 2]
    assert lower[depth > np.percentile(depth, 90), 1].mean() < lower[depth < np.percentile(depth, 10), 1].mean() - 3
    half = moved(model, jawOpen=0.5)
    assert half[CHIN] == pytest.approx(open_[CHIN] / 2, abs=0.5)


@pytest.mark.parametrize(("side", "eye"), [("Right", 0), ("Left", 1)])
def test_a_blink_shuts_the_eye_of_its_side(model: FaceModel, side: str, eye: int) -> None:
    for person in (None, *people(model)):
        open_ = slits(model, posed(model, person))
        shut = slits(model, posed(model, person, **{f"eyeBlink{side}": 1.0}))
        assert np.abs(shut[eye]).max() < 0.05
        assert shut[1 - eye] == pytest.approx(open_[1 - eye], abs=0.01)


@pytest.mark.parametrize("gaze", [(0.0, 0.0), (0.3, -0.3), (-0.3, -0.3), (0.3, 0.15), (-0.3, 0.15)])
def test_no_eye_is_seen_through_shut_lids(model: FaceModel, gaze: tuple[float, float]) -> None:
    for person in (None, *people(model, 2)):
        blink = blendshapes_of(eyeBlinkLeft=1.0, eyeBlinkRight=1.0)
        shut = model.vertices(REST, person, np.array([gaze, gaze]), blink)
        for eye in model.anatomy.eyeballs:
            assert rays_that_meet(eye, shut, model.triangles) == 0


def test_lids_go_down_with_the_weight(model: FaceModel) -> None:
    heights = [slits(model, posed(model, eyeBlinkLeft=w))[1].max() for w in np.linspace(0, 1, 11)]
    assert (np.diff(heights) < 0).all()
    assert heights[5] == pytest.approx(heights[0] / 2, rel=0.2)
    assert slits(model, posed(model, eyeWideLeft=1.0))[1].max() > heights[0] + 1.5
    assert slits(model, posed(model, eyeSquintLeft=1.0))[1].max() < 0.85 * heights[0]


def test_what_narrows_an_eye_is_not_counted_twice(model: FaceModel) -> None:
    def height(**weights: float) -> float:
        return float(slits(model, posed(model, **weights))[1].max())

    looks = {"eyeSquintLeft": 0.5, "eyeLookDownLeft": 0.4}
    half = height(eyeBlinkLeft=0.5)
    assert height(**looks) < height()
    assert half / 3 < height(eyeBlinkLeft=0.5, **looks) < half
    assert height(eyeBlinkLeft=1.0, **looks) < 0.05


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_actions_of_one_side_move_that_side(model: FaceModel, side: str) -> None:
    sign = 1 if side == "Left" else -1
    x = posed(model)[: model.n_face, 0] * sign
    for name in (n for n in ARKIT if n.endswith(side) and not n.startswith(("jaw", "mouthLeft", "mouthRight"))):
        way = np.linalg.norm(moved(model, **{name: 1.0})[: model.n_face], axis=1)
        assert way.max() > 1, name
        # Skin is one sheet: what lies beyond the middle goes along a little.
        assert way[x < -14].max() < 0.25 * way.max(), name


def test_the_mouth(model: FaceModel) -> None:
    for side, corner in CORNERS.items():
        outwards = 1 if side == "Left" else -1
        smile = moved(model, **{f"mouthSmile{side}": 1.0})[corner]
        assert smile[1] > 5 and outwards * smile[0] > 3
        assert moved(model, **{f"mouthFrown{side}": 1.0})[corner, 1] < -3
        assert outwards * moved(model, **{f"mouthStretch{side}": 1.0})[corner, 0] > 2
        assert moved(model, **{f"mouthUpperUp{side}": 1.0})[37 if side == "Right" else 267, 1] > 2.5
        assert moved(model, **{f"mouthLowerDown{side}": 1.0})[84 if side == "Right" else 314, 1] < -2
        sideways = moved(model, **{f"mouth{side}": 1.0})
        assert outwards * sideways[list(LIPS), 0].mean() > 6
        assert outwards * moved(model, **{f"jaw{side}": 1.0})[CHIN, 0] > 5

    def width(**weights: float) -> float:
        at = posed(model, **weights)
        return float(at[CORNERS["Left"], 0] - at[CORNERS["Right"], 0])

    assert width(mouthPucker=1.0) < 0.75 * width()
    assert moved(model, mouthPucker=1.0)[list(LIPS), 2].min() > 2
    assert slits(model, posed(model, mouthFunnel=1.0))[2].max() > 8
    assert moved(model, jawForward=1.0)[CHIN, 2] > 4
    # Lips that roll in show less of their red.
    for roll, (edge, inner) in {"mouthRollLower": (17, 14), "mouthRollUpper": (0, 13)}.items():
        at, rest = posed(model, **{roll: 1.0}), posed(model)
        assert abs(at[edge, 1] - at[inner, 1]) < 0.7 * abs(rest[edge, 1] - rest[inner, 1])


def test_brows_nose_and_cheeks(model: FaceModel) -> None:
    inner = moved(model, browInnerUp=1.0)
    for side in ("Right", "Left"):
        ends = BROWS[side]
        assert inner[ends[0], 1] > 4
        assert moved(model, **{f"browDown{side}": 1.0})[list(ends[:2]), 1].max() < -3
        assert moved(model, **{f"browOuterUp{side}": 1.0})[list(ends[1:]), 1].min() > 4
        outwards = 1 if side == "Left" else -1
        puffed = moved(model, cheekPuff=1.0)[434 if side == "Left" else 214]
        assert outwards * puffed[0] > 5 and np.linalg.norm(puffed) > 8
        assert moved(model, **{f"cheekSquint{side}": 1.0})[CHEEKS[side], 1] > 0.5
        assert moved(model, **{f"noseSneer{side}": 1.0})[129 if side == "Right" else 358, 1] > 1.5


def test_lips_that_are_shut_stay_shut(model: FaceModel) -> None:
    together = ("mouthPucker", "mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthPressRight", "cheekPuff",
                "mouthShrugLower", "mouthSmileLeft", "mouthFrownRight", "jawLeft", "mouthDimpleLeft")  # fmt: skip
    for name in together:
        assert np.abs(slits(model, posed(model, **{name: 1.0}))[2]).max() < 0.3, name
    both = {"mouthRollLower": 1.0, "mouthRollUpper": 1.0}
    assert np.abs(slits(model, posed(model, **both))[2]).max() < 0.3


@pytest.mark.parametrize("jaw", [0.1, 0.3, 0.6, 1.0])
def test_mouth_close_shuts_the_lips_over_an_open_jaw(model: FaceModel, jaw: float) -> None:
    for person in (None, *people(model, 4)):
        shut = posed(model, person, jawOpen=jaw, mouthClose=jaw)
        apart = slits(model, shut)[2]
        assert np.abs(apart).max() < 0.4 and apart.min() > -0.05
        # A stronger action does not make them cross.
        assert np.array_equal(posed(model, person, jawOpen=jaw, mouthClose=1.0), shut)
        assert shut[CHIN, 1] < posed(model, person)[CHIN, 1] - 20 * jaw


def test_the_tongue_comes_out_over_the_lip(model: FaceModel) -> None:
    tongue = model.anatomy.range(Part.TONGUE)
    out = posed(model, tongueOut=1.0)
    lip = out[[14, 17], 2].max()
    assert out[tongue, 2].max() > lip + 8
    assert slits(model, out)[2].max() > 6
    assert posed(model)[tongue, 2].max() < posed(model)[14, 2]
    # The root stays, and lips that would shut give way to it.
    assert np.linalg.norm((out - posed(model, jawOpen=0.35))[tongue][-5:], axis=1).max() < 3
    assert slits(model, posed(model, tongueOut=1.0, jawOpen=0.4, mouthClose=0.4))[2].max() > 6


def test_eyes_turn_with_glances(model: FaceModel) -> None:
    looks = {"eyeLookOutLeft": (1, 0, 1), "eyeLookInLeft": (1, 0, -1), "eyeLookUpLeft": (1, 1, 1),
             "eyeLookDownRight": (0, 1, -1), "eyeLookOutRight": (0, 0, -1)}  # fmt: skip
    for name, (eye, axis, sign) in looks.items():
        gaze = gaze_of(blendshapes_of(**{name: 1.0}))
        assert 0.5 < sign * gaze[eye, axis] < 0.65 and np.count_nonzero(gaze) == 1
    ball = model.anatomy.eyeballs[1]
    seen = model.vertices(REST, blendshapes=blendshapes_of(eyeLookOutLeft=1.0))[ball]
    assert seen[0, 0] - posed(model)[ball][0, 0] > 5  # the pupil
    # A measured gaze takes precedence.
    straight = model.vertices(REST, None, np.zeros((2, 2)), blendshapes_of(eyeLookOutLeft=1.0))[ball]
    assert straight == pytest.approx(posed(model)[ball], abs=1e-4)


def test_left_is_the_mirror_image_of_right(model: FaceModel) -> None:
    rig = model.rig
    flip = np.array([-1, 1, 1], np.float32)
    fields = (rig.base[:N_BLENDSHAPES] * flip)[:, model.mirror]
    assert fields[MIRROR] == pytest.approx(rig.base[:N_BLENDSHAPES], abs=0.02)
    assert np.abs(rig.base[INDEX["jawOpen"]]).max() > 20


def test_anything_at_once_is_finite_and_keeps_lids_and_lips_the_right_way_round(model: FaceModel) -> None:
    rng = np.random.default_rng(7)
    ball = model.anatomy.centers
    for person in people(model, 40):
        weights = rng.random(N_BLENDSHAPES).astype(np.float32) ** rng.choice((0.3, 1, 3))
        vertices = model.vertices(REST, person, None, weights)
        assert np.isfinite(vertices).all() and np.abs(vertices).max() < 400
        for slit in slits(model, vertices):
            assert slit.min() > -0.6
        resting = model.anatomy.cage.at(model.landmarks(REST, person))
        for lids, center in zip(model.anatomy.lids, resting[ball], strict=True):
            assert np.linalg.norm(vertices[lids] - center, axis=1).min() > 12.4
        assert np.allclose(np.linalg.norm(model.normals(vertices), axis=1), 1, atol=1e-3)


def test_the_face_alone_and_its_landmarks_are_those_of_the_head(model: FaceModel) -> None:
    weights = np.random.default_rng(2).random(N_BLENDSHAPES).astype(np.float32) * 0.4
    person = people(model, 1)[0]
    vertices, normals = model.face_mesh(REST, person, weights)
    head = model.vertices(REST, person, None, weights)
    assert vertices == pytest.approx(head[: model.n_face], abs=1e-3)
    assert normals.shape == vertices.shape
    cheek = model.landmarks(REST, person, weights)[CHEEKS["Left"]]
    assert cheek == pytest.approx(head[CHEEKS["Left"]], abs=4.0)  # which is smoother


def test_expressions_have_weights_of_their_names(model: FaceModel) -> None:
    for name in ("jawOpen", "mouthSmileLeft", "browInnerUp", "eyeBlinkRight", "browDownLeft", "mouthPucker"):
        weights = model.blendshapes_of(model.expression_of(**{name: 3.0}))
        assert weights.argmax() == INDEX[name], name
        assert weights.dtype == np.float32 and weights.min() >= 0 and weights.max() <= 1
    right = model.blendshapes_of(model.expression_of(jawLeft=-4.0))
    assert right[INDEX["jawRight"]] > 0.1 and right[INDEX["jawLeft"]] == 0
    assert not model.blendshapes_of(REST).any()


def test_weights_outside_are_clipped_and_wrong_ones_refused(model: FaceModel) -> None:
    assert np.array_equal(posed(model, jawOpen=3.0), posed(model, jawOpen=1.0))
    with pytest.raises(ValueError, match="blendshapes"):
        model.vertices(REST, blendshapes=np.zeros(51))


def test_other_heads_take_the_shapes_of_the_names(model: FaceModel, tmp_path: Path) -> None:
    make_set(tmp_path / "set", model, SHAPES)
    head = ImportedHead("Other", import_head(tmp_path / "set", model)[0], model)
    names = head.model.expression_names
    weights = head.action_weights(blendshapes_of(mouthSmileLeft=0.6, jawOpen=0.25))
    assert weights[names.index("mouthSmileLeft")] == pytest.approx(0.6, abs=1e-6)
    assert weights[names.index("jawOpen")] == pytest.approx(0.25, abs=1e-6)
    rest = head.vertices(REST)
    shape = head.model.expression[names.index("jawOpen")]
    assert head.vertices(REST, blendshapes=blendshapes_of(jawOpen=1.0)) == pytest.approx(rest + shape, abs=1e-3)
    assert not head.action_weights(blendshapes_of(browOuterUpLeft=1.0)).any()  # it has no such shape
    # Without names, shapes come as near as they can.
    unnamed = {f"shape{i}": moved for i, moved in enumerate(SHAPES.values())}
    make_set(tmp_path / "unnamed", model, unnamed)
    other = ImportedHead("Other", import_head(tmp_path / "unnamed", model)[0], model)
    names = other.model.expression_names
    open_ = other.action_weights(blendshapes_of(jawOpen=0.5))
    assert names[open_.argmax()] == f"shape{list(SHAPES).index('jawOpen')}" and open_.max() > 0.3


@pytest.mark.skipif(not (ICT / "ict_face_model_light.npz").is_file(), reason="the ICT face model is not at hand")
def test_it_is_made_again_from_the_ict_model(model: FaceModel, tmp_path: Path) -> None:
    out = tmp_path / "rig.npz"
    ict, indices = ICT / "ict_face_model_light.npz", ICT / "obj_sample" / "vertex_indices.json"
    assert main(["train", "rig", "--ict", str(ict), "--indices", str(indices), "--out", str(out)]) == 0
    again, ours = Rig.load(out), model.rig
    assert again.base == pytest.approx(ours.base, abs=0.05)
    assert again.jaw == pytest.approx(ours.jaw, abs=0.01)
    assert "ICT" in again.origin and out.stat().st_size < 1.5e6


def test_files_that_are_no_rigs(tmp_path: Path) -> None:
    broken = tmp_path / "rig.npz"
    broken.write_bytes(b"nothing")
    with pytest.raises(UserError, match="train rig"):
        Rig.load(broken)


def test_eyes_that_shapes_turn_are_not_turned_twice(model: FaceModel, tmp_path: Path) -> None:
    make_set(tmp_path / "set", model, {**SHAPES, "eyeLookOut_L": {"jawOpen": 1.0}})
    shapes = import_head(tmp_path / "set", model)[0]
    part = shapes.part.copy()
    ball = np.argsort(np.linalg.norm(shapes.mean - shapes.mean[263], axis=1))[:40]
    part[ball] = Part.LEFT_EYE
    look = shapes.expression_names.index("eyeLookOutLeft")
    for turned in (False, True):
        expression = shapes.expression.copy()
        expression[look] = 0
        expression[look, ball, 0] = 3.0 if turned else 0.0
        head = ImportedHead("Other", replace(shapes, part=part, expression=expression), model)
        moved = head.vertices(REST, blendshapes=blendshapes_of(eyeLookOutLeft=1.0)) - head.vertices(REST)
        assert head.eyes_look == turned
        assert np.allclose(moved[ball], (3.0, 0, 0), atol=1e-3) == turned
        assert np.linalg.norm(moved[ball], axis=1).max() > 0.5  # by the shape, or by the gaze
