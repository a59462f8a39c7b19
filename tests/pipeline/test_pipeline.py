"""The pipeline on a real face, with the built-in weights and face model."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import cv2
import numpy as np
import pytest

from expnet_live.capture.sources import open_source
from expnet_live.core.arkit import INDEX, MIRROR, blendshapes_of
from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset, assets_dir
from expnet_live.core.types import Array, FaceState, Frame, Image
from expnet_live.geometry.camera import Camera
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.rig import gaze_of
from expnet_live.networks.predictor import Prediction, Predictor
from expnet_live.pipeline.close_look import CloseCrop, CloseLook, SecondLook
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.look import FacePredictor, Stopwatch, look_at
from expnet_live.pipeline.pipeline import Pipeline

FPS = 30.0
pytestmark = pytest.mark.skipif(
    not all((assets_dir() / name).is_file() for name in ("expnet.safetensors", "face_model.npz")),
    reason="assets/ has no weights or no face model yet; train them first",
)


@pytest.fixture(scope="module")
def loaded() -> Pipeline:
    return Pipeline.load(device="cpu")


@pytest.fixture
def pipeline(loaded: Pipeline) -> Pipeline:
    loaded.reset()
    return loaded


def run(pipeline: Pipeline, images: Sequence[Image], start: int = 0) -> list[list[FaceState]]:
    return [pipeline.process(Frame(image, i / FPS, i)) for i, image in enumerate(images, start)]


def moved(image: Image, dx: float = 0, dy: float = 0, scale: float = 1, size: tuple[int, int] = (512, 512)) -> Image:
    matrix = np.array([[scale, 0, dx], [0, scale, dy]], np.float64)
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)


def seen_points(pipeline: Pipeline, state: FaceState, image: Image) -> Array:
    camera = Camera.for_image(image.shape[1], image.shape[0])
    points = pipeline.face_model.landmarks(state.expression, state.identity)
    return camera.view(state.pose).project(points)[:, :2]


def test_photo(pipeline: Pipeline, astronaut: Image) -> None:
    (state,) = pipeline.photo(astronaut)
    assert state.confidence > 0.6
    points = seen_points(pipeline, state, astronaut)
    assert np.allclose(points[[33, 263]], [[193, 101], [254, 103]], atol=7)  # outer corners of the eyes
    b = state.box
    assert np.allclose([b.x, b.y, b.x + b.w, b.y + b.h], [*points.min(0), *points.max(0)], atol=3)
    assert np.linalg.norm(state.pose.rotation) < 0.5
    smile = [i for i, name in enumerate(pipeline.face_model.names) if "smile" in name.lower()]
    assert smile and (state.expression[smile] > 0.3).all()
    assert set(state.stages) == {"detect", "crop", "network"}


def test_photos_do_not_depend_on_each_other(pipeline: Pipeline, astronaut: Image) -> None:
    (before,) = pipeline.photo(astronaut)
    pipeline.photo(astronaut[:, ::-1].copy())
    (after,) = pipeline.photo(astronaut)
    assert np.array_equal(before.expression, after.expression)
    assert np.array_equal(before.expression, before.expression_raw)


def test_a_photo_in_a_mirror_gets_the_mirrored_answer(pipeline: Pipeline, astronaut: Image) -> None:
    (seen,), (other,) = pipeline.photo(astronaut), pipeline.photo(np.ascontiguousarray(astronaut[:, ::-1]))
    model = pipeline.face_model
    assert isinstance(model, FaceModel)
    expression, identity = model.mirrored(seen.expression, seen.identity)
    assert np.abs(expression - other.expression).max() < 0.1  # the detector's box is not quite mirrored
    assert np.abs(identity - other.identity).max() < 0.1
    assert seen.gaze is not None and other.gaze is not None
    assert np.abs(seen.gaze[::-1] * [-1, 1] - other.gaze).max() < 0.02
    assert np.abs(seen.pose.rotation * [1, -1, -1] - other.pose.rotation).max() < 0.01


def test_eyes_look_where_those_of_the_demo_clip_look(pipeline: Pipeline) -> None:
    """Its table holds what its face does. The network's own gaze was .15 rad too high."""
    with asset("demo.csv").open(encoding="utf-8", newline="") as file:
        truth = [{n: float(w) for n, w in row.items() if n in INDEX} for row in csv.DictReader(file)]
    with open_source("demo") as source:
        frames = list(islice(source, 0, len(truth), 3))
    errors = []
    for frame in frames:
        (state,) = pipeline.process(frame)
        assert state.gaze is not None
        errors.append(state.gaze - gaze_of(blendshapes_of(**truth[frame.index])))
    yaw, pitch = np.moveaxis(np.array(errors), -1, 0)
    assert np.sqrt(np.square(yaw).mean()) < 0.06 and np.sqrt(np.square(pitch).mean()) < 0.08
    assert abs(pitch.mean()) < 0.05


@dataclass
class Telling:
    """A network with a gaze of its own, or none, and perhaps without actions."""

    network: FacePredictor
    gaze: Array | None
    actions: bool

    def __post_init__(self) -> None:
        self.crop_size, self.crop_type = self.network.crop_size, self.network.crop_type
        self.device, self.about = self.network.device, self.network.about
        self.tells = frozenset({"identity", "blendshapes"} if self.actions else {"identity", "gaze"})

    def predict(self, crops: Image) -> Prediction:
        found = self.network.predict(crops)
        assert isinstance(found, Prediction)
        gaze = None if self.gaze is None else np.tile(self.gaze, (len(crops), 1, 1)).astype(np.float32)
        return replace(found, gaze=gaze, blendshapes=found.blendshapes if self.actions else None)


def test_actions_tell_the_gaze_and_else_the_network(loaded: Pipeline, astronaut: Image) -> None:
    own = np.array([[0.1, 0.2], [0.3, -0.1]])
    for gaze in (own, None):
        by_actions = Pipeline(Telling(loaded.predictor, gaze, actions=True), loaded.face_model)
        for (state,) in (run(by_actions, [astronaut] * 3)[-1], by_actions.photo(astronaut)):
            assert state.gaze is not None and state.blendshapes is not None
            assert (state.gaze == gaze_of(state.blendshapes)).all()
    network = Telling(loaded.predictor, own, actions=False)
    by_network = Pipeline(network, loaded.face_model)
    (state,) = run(by_network, [astronaut] * 3)[-1]
    assert state.gaze == pytest.approx(own, abs=1e-6) and state.blendshapes is None
    network.gaze = own + 0.015  # of noise, which is smoothed
    (state,) = run(by_network, [astronaut], start=3)[0]
    assert state.gaze is not None and (state.gaze - own > 0).all() and (state.gaze - own < 0.005).all()
    network.gaze = None
    assert run(by_network, [astronaut], start=4)[0][0].gaze is None


def test_a_close_look_is_exactly_fair(pipeline: Pipeline, astronaut: Image) -> None:
    model = pipeline.face_model
    assert isinstance(model, FaceModel)
    look = CloseLook(pipeline.predictor, model)
    crop = CloseCrop(225, 110, 150, 0.2, look.crop_size)
    other = replace(crop, x=astronaut.shape[1] - 1 - crop.x, roll=-crop.roll)
    seen, mirrored = crop.cut(astronaut), other.cut(np.ascontiguousarray(astronaut[:, ::-1]))
    swapped = seen[[1, 0, 3, 2]]
    assert np.abs(swapped.astype(int) - mirrored).mean() < 0.1  # but for rounding to grey levels
    p = look.predict(np.stack([seen, swapped]))
    expression, identity = model.mirrored(p.expression[0], p.identity[0])
    assert np.allclose(expression, p.expression[1], atol=1e-4) and np.allclose(identity, p.identity[1], atol=1e-4)
    assert np.allclose(p.origin[0, 0] + p.origin[1, 0], look.crop_size - 1, atol=1e-3)
    assert np.allclose(p.confidence[0], p.confidence[1], atol=1e-5)


def test_a_close_look_sees_a_face_where_one_look_does(pipeline: Pipeline, astronaut: Image) -> None:
    model = pipeline.face_model
    assert isinstance(model, FaceModel)
    (seen,) = pipeline.photo(astronaut)
    close = CloseLook(pipeline.predictor, model)
    crop = CloseCrop(*seen.box.center, 1.3 * seen.box.w, 0.0, close.crop_size)
    watch = Stopwatch()
    (one,) = look_at(astronaut, [Crop(crop.x, crop.y, crop.side, crop.roll, crop.size)], pipeline.predictor, watch)
    (four,) = look_at(astronaut, [crop], close, watch)
    assert abs(one.view.x - four.view.x) + abs(one.view.y - four.view.y) < 0.01 * crop.side
    assert abs(one.view.scale / four.view.scale - 1) < 0.02


def test_a_second_look_is_the_mean_with_a_larger_mirrored_crop(astronaut: Image) -> None:
    predictor, watch = Predictor.load(asset("expnet.onnx"), "cpu"), Stopwatch()  # int8 rounds the two ways differently
    (first,) = look_at(astronaut, [Crop(225, 110, 150, 0.2, predictor.crop_size)], predictor, watch)
    (look,) = SecondLook(predictor)([(astronaut, first)], watch)

    # The other way round: the picture is mirrored, then cut.
    crop = Crop.of_view(first.view, predictor.crop_size)
    flipped = np.ascontiguousarray(astronaut[:, ::-1])
    there = replace(crop, x=astronaut.shape[1] - 1 - crop.x, roll=-crop.roll, side=crop.side / 1.32)
    again = predictor.predict(there.cut(flipped)[None]).blendshapes
    assert again is not None and first.blendshapes is not None and look.blendshapes is not None
    assert np.abs(again[0, MIRROR] - first.blendshapes).max() > 0.05
    assert np.allclose(look.blendshapes, (first.blendshapes + again[0, MIRROR]) / 2, atol=0.002)
    assert np.array_equal(look.expression, first.expression) and look.view == first.view


def test_a_second_look_that_fails_changes_nothing(pipeline: Pipeline, astronaut: Image) -> None:
    class Failing:
        crop_size, crop_type, tells = pipeline.predictor.crop_size, None, pipeline.predictor.tells
        device, about = pipeline.predictor.device, pipeline.predictor.about

        def predict(self, crops: Image) -> Prediction:
            said = pipeline.predictor.predict(crops)
            return replace(said, blendshapes=np.full_like(said.blendshapes, np.nan))

    (first,) = look_at(astronaut, [Crop(225, 110, 150, 0.2, 112)], pipeline.predictor, Stopwatch())
    assert SecondLook(Failing())([(astronaut, first)], Stopwatch()) == [first]


def test_a_network_with_crops_of_its_own_gets_no_others(pipeline: Pipeline, astronaut: Image) -> None:
    """Neither mirrored ones nor larger ones: what is in them is its own affair."""

    class Wide(Crop):
        pass

    class Own:
        crop_size, crop_type, tells, device, about = pipeline.predictor.crop_size, Wide, frozenset[str](), "cpu", {}

        def predict(self, crops: Image) -> Prediction:
            return pipeline.predictor.predict(crops)

    model = pipeline.face_model
    assert isinstance(model, FaceModel)
    own = Pipeline(Own(), model, smoothing="off")
    assert own.close_look is own.predictor
    assert len(own.process(Frame(astronaut, 0.0, 0))) == 1


def test_tracked_faces_get_a_second_look(pipeline: Pipeline, astronaut: Image) -> None:
    model, frame = pipeline.face_model, Frame(astronaut, 0.0, 0)
    assert isinstance(model, FaceModel)
    (one,) = Pipeline(pipeline.predictor, model, smoothing="off", second_look=False).process(frame)
    (two,) = Pipeline(pipeline.predictor, model, smoothing="off").process(frame)
    assert one.blendshapes is not None and two.blendshapes is not None
    assert np.abs(one.blendshapes - two.blendshapes).max() > 0.02
    assert np.array_equal(one.expression, two.expression) and one.box == two.box


def test_faces_of_photos_get_a_second_look(pipeline: Pipeline, astronaut: Image) -> None:
    model, mirrored = pipeline.face_model, np.ascontiguousarray(astronaut[:, ::-1])
    assert isinstance(model, FaceModel)
    (one,) = Pipeline(pipeline.predictor, model, second_look=False).photo(astronaut)
    two, three = (pipeline.photo(image)[0] for image in (astronaut, mirrored))
    assert one.blendshapes is not None and two.blendshapes is not None and three.blendshapes is not None
    assert np.abs(one.blendshapes - two.blendshapes).max() > 0.01
    assert np.abs(three.blendshapes[MIRROR] - two.blendshapes).max() < 0.1 * np.abs(two.blendshapes).max()
    assert np.array_equal(one.expression, two.expression) and one.box == two.box


def test_mesh(pipeline: Pipeline, astronaut: Image) -> None:
    (state,) = pipeline.photo(astronaut)
    vertices, normals = pipeline.mesh(state)
    assert vertices.shape == normals.shape == (len(pipeline.face_model.colors), 3)
    assert vertices.dtype == np.float32
    assert np.isfinite(vertices).all() and np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-3)
    assert "mesh" not in state.stages  # a state stays as it is


@pytest.mark.parametrize("change", ["shift", "turn", "enlarge"])
def test_expression_does_not_depend_on_where_the_face_is(pipeline: Pipeline, astronaut: Image, change: str) -> None:
    if change == "shift":
        other = moved(astronaut, 60, 40)
    elif change == "turn":
        matrix = cv2.getRotationMatrix2D((225, 110), 25, 1)
        other = cv2.warpAffine(astronaut, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    else:
        other = cv2.resize(astronaut, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC)
    (a,), (b,) = pipeline.photo(astronaut), pipeline.photo(other)
    assert np.abs(a.expression - b.expression).mean() < 0.15


def test_a_moving_face_is_held(pipeline: Pipeline, astronaut: Image) -> None:
    images = [
        moved(astronaut, 60 + 80 * np.sin(i / 8), 40 + 30 * np.cos(i / 5), 0.8 + 0.2 * np.sin(i / 11))
        for i in range(60)
    ]
    results = run(pipeline, images)
    assert [s.face for states in results for s in states] == [0] * 60
    for i in (0, 20, 40, 59):
        (alone,) = pipeline.photo(images[i])
        (state,) = results[i]
        apart = seen_points(pipeline, alone, images[i]) - seen_points(pipeline, state, images[i])
        assert np.abs(apart).mean() < 4.0
    assert set(results[30][0].stages) >= {"crop", "network", "smooth"}


def test_a_lost_face_is_noticed_and_found_again(pipeline: Pipeline, astronaut: Image) -> None:
    grey = np.full_like(astronaut, 120)
    results = run(pipeline, [astronaut] * 10 + [grey] * 20 + [astronaut] * 10)
    held = np.array([len(states) for states in results])
    assert held[:10].all()
    assert not held[10 + int(0.2 * FPS) : 30].any()
    assert held[30 + int(0.2 * FPS) :].all()
    assert {s.face for states in results for s in states} == {0}


def test_two_faces(loaded: Pipeline, astronaut: Image) -> None:
    pair = Pipeline(loaded.predictor, loaded.face_model, max_faces=2)
    image = np.concatenate([astronaut, moved(astronaut, 60, 60, 0.8)], axis=1)
    results = run(pair, [image] * 20)
    assert [s.face for s in results[-1]] == [0, 1]
    assert len(pair.photo(image)) == 2
    assert len(loaded.photo(image)) == 1


def test_another_smoothing_goes_on_with_the_same_faces(loaded: Pipeline, astronaut: Image) -> None:
    one = np.full((512, 1024, 3), 90, np.uint8)
    one[:, 512:] = moved(astronaut, scale=0.7)
    both = one.copy()
    both[:, :512] = astronaut[:, ::-1]
    followed = [
        Pipeline(loaded.predictor, loaded.face_model, smoothing=smoothing, max_faces=n)
        for smoothing, n in (("balanced", 2), ("stable", 2), ("off", 1))
    ]
    run(followed[0], [one] * 3)
    before = run(followed[0], [both] * 20, start=3)[-1]
    assert [(s.face, s.box.x > 512) for s in before] == [(0, True), (1, False)]
    followed[1].go_on(followed[0])
    after = run(followed[1], [both], start=23)[-1]
    assert [(s.face, s.box.x > 512) for s in after] == [(0, True), (1, False)]
    assert all(np.array_equal(a.identity, b.identity) for a, b in zip(before, after, strict=True))
    followed[2].go_on(followed[1])
    (alone,) = run(followed[2], [both], start=24)[-1]
    assert alone.face == 0 and alone.box.x > 512
    assert np.array_equal(alone.expression, alone.expression_raw)


def test_nothing_in_an_empty_picture(pipeline: Pipeline) -> None:
    empty = np.full((240, 320, 3), 90, np.uint8)
    assert pipeline.photo(empty) == []
    assert run(pipeline, [empty] * 5) == [[]] * 5


def test_a_still_face_is_still(pipeline: Pipeline, astronaut: Image) -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(astronaut + rng.normal(0, 4, astronaut.shape), 0, 255).astype(np.uint8) for _ in range(60)]
    states = [states[0] for states in run(pipeline, noisy)][20:]
    assert np.std([s.expression for s in states], axis=0).max() <= 0.05
    assert np.std([s.pose.rotation for s in states], axis=0).max() <= 0.01


def test_identity_is_pooled(pipeline: Pipeline, astronaut: Image) -> None:
    rng = np.random.default_rng(1)
    shaken = [moved(astronaut, *rng.uniform(-3, 3, 2), rng.uniform(0.97, 1.03)) for _ in range(40)]
    identity = np.array([states[0].identity for states in run(pipeline, shaken)])
    steps = np.abs(np.diff(identity, axis=0)).mean(1)
    assert steps[30:].mean() < 0.5 * steps[:5].mean() + 1e-6


def test_smoothing_off_gives_the_networks_own_output(loaded: Pipeline, astronaut: Image) -> None:
    raw = Pipeline(loaded.predictor, loaded.face_model, smoothing="off")
    for states in run(raw, [astronaut, moved(astronaut, 3, 2)] * 3):
        assert np.allclose(states[0].expression, states[0].expression_raw)


class Failing:
    """A network of which one number is not finite while it `fails`."""

    crop_type = None

    def __init__(self, network: FacePredictor) -> None:
        self._network, self.fails = network, ""
        self.crop_size, self.tells = network.crop_size, network.tells
        self.device, self.about = network.device, network.about

    def predict(self, crops: Image) -> Prediction:
        found = self._network.predict(crops)
        assert isinstance(found, Prediction)
        if self.fails:
            numbers = getattr(found, self.fails).copy()
            numbers[(0,) * numbers.ndim] = np.nan
            found = replace(found, **{self.fails: numbers})
        return found


@pytest.mark.parametrize("fails", ["expression", "identity", "gaze", "blendshapes", "rotation", "confidence"])
def test_a_network_that_fails_for_a_frame_leaves_no_trace(loaded: Pipeline, astronaut: Image, fails: str) -> None:
    network = Failing(loaded.predictor)
    pipeline = Pipeline(network, loaded.face_model)
    (before,) = run(pipeline, [astronaut] * 5)[-1]
    network.fails = fails
    assert run(pipeline, [astronaut], start=5) == [[]]
    network.fails = ""
    (after,) = run(pipeline, [astronaut], start=6)[-1]
    assert after.face == before.face == 0
    assert np.allclose(after.expression, before.expression, atol=0.05)


@dataclass(frozen=True)
class Wrong:
    options: dict[str, object]
    error: type[Exception]
    words: str


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong({"smoothing": "heavy"}, ValueError, "off, responsive, balanced, stable"),
        Wrong({"max_faces": 0}, ValueError, "max_faces"),
        Wrong({"device": "abacus"}, UserError, "abacus"),
        Wrong({"model": "nowhere.safetensors"}, UserError, "nowhere"),
    ],
    ids=lambda w: next(iter(w.options)),
)
def test_wrong_options_are_refused_at_once(wrong: Wrong) -> None:
    with pytest.raises(wrong.error, match=wrong.words):
        Pipeline.load(**wrong.options)  # type: ignore[arg-type]


@pytest.mark.parametrize("image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((0, 9, 3), np.uint8)])
def test_what_is_no_picture_is_refused(pipeline: Pipeline, image: Array) -> None:
    with pytest.raises(ValueError, match="A picture must be uint8"):
        pipeline.photo(image)
    with pytest.raises(ValueError, match="A picture must be uint8"):
        pipeline.process(Frame(image, 0.0, 0))
