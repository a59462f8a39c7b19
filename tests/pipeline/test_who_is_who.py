"""Numbers and shapes stay with people: when two cross, when a film cuts, when one face becomes another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from crossing import astronaut, crossing, demo, head, placed

from expnet_live.capture.sources import open_source
from expnet_live.core.paths import assets_dir
from expnet_live.core.types import FaceState, Frame, Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.assignment import assigned
from expnet_live.pipeline.close_look import CloseLook
from expnet_live.pipeline.finder import Finder
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.pipeline.track import TrackerOptions
from expnet_live.pipeline.tracker import Tracker

FPS = 30.0
pytestmark = pytest.mark.skipif(
    not all((assets_dir() / name).is_file() for name in ("expnet.safetensors", "face_model.npz")),
    reason="assets/ has no weights or no face model yet; train them first",
)


@pytest.fixture(scope="module")
def loaded() -> Pipeline:
    return Pipeline.load(device="cpu")


def fresh(loaded: Pipeline, max_faces: int = 1) -> Pipeline:
    return Pipeline(loaded.predictor, loaded.face_model, max_faces=max_faces)


def run(pipeline: Pipeline, images: Sequence[Image]) -> list[list[FaceState]]:
    return [pipeline.process(Frame(image, i / FPS, i)) for i, image in enumerate(images)]


@pytest.mark.parametrize(("front", "step", "below"), [(True, 6, 0), (False, 6, 0), (False, 5, 30), (True, 12, 0)])
def test_two_who_cross_keep_their_numbers_and_shapes(loaded: Pipeline, front: bool, step: int, below: int) -> None:
    pipeline = fresh(loaded, 2)
    seen: dict[str, list[FaceState]] = {"astronaut": [], "other": []}
    numbers = set()
    for i, (image, one, other) in enumerate(crossing(loaded, front, step, below)):
        for state in pipeline.process(Frame(image, i / FPS, i)):
            numbers.add(state.face)
            if abs(one - other) > 120:
                x = state.box.center[0]
                seen["astronaut" if abs(x - one) < abs(x - other) else "other"].append(state)
    assert numbers == {0, 1}
    shapes = {who: [np.asarray(s.identity) for s in (states[9], states[-1])] for who, states in seen.items()}
    for who, states in seen.items():
        assert len({s.face for s in states}) == 1
        # A shape still settles while the demo clip's head performs; it stays nearer to itself than to the other's.
        (first, last), (foreign, _) = shapes[who], shapes["other" if who == "astronaut" else "astronaut"]
        assert np.linalg.norm(last - first) < 0.7 * np.linalg.norm(last - foreign)
    assert seen["astronaut"][0].face != seen["other"][0].face


def test_a_cut_starts_a_new_face_at_once(loaded: Pipeline) -> None:
    still, frames = astronaut(), demo(20)
    (a,), (d,) = loaded.photo(still), loaded.photo(frames[0])
    there, here = [placed((head(f, d), 200, 80)) for f in frames], placed((head(still, a), 210, 85))
    states = run(fresh(loaded), [*there, *[here] * 10, *there])
    assert [[s.face for s in seen] for seen in states[:30]] == [[0]] * 20 + [[1]] * 10
    new = states[20][0]
    assert np.abs(new.identity - states[29][0].identity).max() < 0.6  # nothing of the person before
    assert np.abs(new.expression - new.expression_raw).max() < 1e-4
    # Who comes back within two seconds is known again.
    assert [[s.face for s in seen] for seen in states[30:]] == [[0]] * 20


def test_who_slowly_becomes_another_gets_a_number_and_a_shape_of_their_own(loaded: Pipeline) -> None:
    still, frames = astronaut(), demo(210)
    (a,), (d,) = loaded.photo(still), loaded.photo(frames[0])
    one, pictures = head(still, a), []
    for i, frame in enumerate(frames):
        share = float(np.clip((i - 90) / 30, 0, 1))
        pictures.append(placed((cv2.addWeighted(one, share, head(frame, d), 1 - share, 0), 200, 80)))
    states = [s for (s,) in run(fresh(loaded), pictures)]
    (known,) = loaded.photo(pictures[-1])
    assert states[89].face == 0 and states[-1].face > 0
    assert np.sqrt(np.square(states[-1].identity - known.identity).mean()) < 0.5


@pytest.mark.parametrize("change", ["darker", "warmer", "noise"])
def test_light_does_not_make_another_person(loaded: Pipeline, change: str) -> None:
    images = []
    rng = np.random.default_rng(0)
    for i, image in enumerate(demo(40)):
        x = image.astype(np.float32)
        if i >= 20:
            x = {"darker": x * 0.55, "warmer": x * [0.85, 1.0, 1.08], "noise": x + rng.normal(0, 9, x.shape)}[change]
        images.append(np.clip(x, 0, 255).astype(np.uint8))
    assert {s.face for seen in run(fresh(loaded), images) for s in seen} == {0}


def test_a_cut_to_the_same_person_keeps_the_number(loaded: Pipeline) -> None:
    """Another moment, nearer and elsewhere, and back."""
    frames = demo(150)
    height, width = frames[0].shape[:2]
    nearer = [np.asarray(cv2.resize(f, None, fx=1.3, fy=1.3))[40 : 40 + height, 60 : 60 + width] for f in frames]
    film = [*frames[:20], *nearer[100:120], *frames[60:80], *nearer[130:150]]
    assert {s.face for seen in run(fresh(loaded), film) for s in seen} == {0}


@pytest.mark.parametrize("seconds", [0.3, 1.5])
def test_a_hand_before_the_face_changes_no_number(loaded: Pipeline, seconds: float) -> None:
    frames = demo(90)
    (state,) = loaded.photo(frames[0])
    (x, y), side = state.box.center, state.box.w
    for i, image in enumerate(frames):
        if 20 <= i < 20 + seconds * FPS:
            # A flat hand that comes from the side and stays before a cheek and half of the mouth.
            at = (round(x - side + 0.75 * side * min((i - 20) / 4, 1)), round(y + 0.25 * side))
            size = round(0.45 * side), round(0.6 * side)
            cv2.ellipse(image, at, size, 15, 0, 360, (120, 150, 205), -1, cv2.LINE_AA)
    states = run(fresh(loaded), frames)
    assert {s.face for seen in states for s in seen} == {0} and states[-1]


CLIPS = Path(__file__).parents[3] / "shared" / "data" / "clips" / "more"


@pytest.mark.skipif(not CLIPS.is_dir(), reason="the shared clips are not here")
# Two cuts; a cut and a hand; a helmet that closes; and expressions alone.
@pytest.mark.parametrize(
    "name", ["Nicola_Badge_0", "Matilda_Bobbie_2", "Silwan_Stillwone_3", "David_Kovalniy_2", "Zahar_Lupin_2"]
)
def test_people_of_real_clips_keep_their_numbers(loaded: Pipeline, name: str) -> None:
    pipeline, seen = fresh(loaded), set()
    with open_source(str(CLIPS / f"deepfacelive_{name}.mp4")) as source:
        for frame in source:
            seen |= {s.face for s in pipeline.process(frame)}
    assert seen == {0}


def tracker(loaded: Pipeline, options: TrackerOptions) -> Tracker:
    assert isinstance(loaded.face_model, FaceModel)
    return Tracker(Finder(), loaded.predictor, options=options, confirm=CloseLook(loaded.predictor, loaded.face_model))


def numbers(tracker: Tracker, images: Sequence[Image]) -> list[list[int]]:
    return [[t.face for t in tracker.update(image, i / FPS)] for i, image in enumerate(images)]


def cut(loaded: Pipeline) -> list[Image]:
    """A third of a second of the demo clip's head, then of the astronaut in its place."""
    still, frames = astronaut(), demo(10)
    (a,), (d,) = loaded.photo(still), loaded.photo(frames[0])
    return [*[placed((head(f, d), 200, 80)) for f in frames], *[placed((head(still, a), 210, 85))] * 10]


# Another version of OpenCV resamples otherwise, which changes the doubt (1 less the confidence) by a quarter.
OPTIONS = TrackerOptions()
ROOM = [
    TrackerOptions(clear=1 - doubt * (1 - OPTIONS.clear), beyond_doubt=1 - doubt * (1 - OPTIONS.beyond_doubt))
    for doubt in (2 / 3, 3 / 2)
]


@pytest.mark.parametrize("options", ROOM, ids=["stricter", "laxer"])
def test_no_number_hangs_on_the_exact_confidence_of_a_cut(loaded: Pipeline, options: TrackerOptions) -> None:
    assert numbers(tracker(loaded, options), cut(loaded)) == [[0]] * 10 + [[1]] * 10


@pytest.mark.skipif(not CLIPS.is_dir(), reason="the shared clips are not here")
@pytest.mark.parametrize("options", ROOM, ids=["stricter", "laxer"])
def test_no_number_hangs_on_the_exact_confidence_of_a_blurred_hand(loaded: Pipeline, options: TrackerOptions) -> None:
    with open_source(str(CLIPS / "deepfacelive_Matilda_Bobbie_2.mp4")) as source:
        assert numbers(tracker(loaded, options), [f.image for f in islice(source, 190)]) == [[0]] * 190


def test_another_person_who_may_be_covered_gets_a_number_when_they_stay(loaded: Pipeline) -> None:
    options = TrackerOptions(clear=0.99, beyond_doubt=1.0, doubted=0.18)
    assert numbers(tracker(loaded, options), cut(loaded)) == [[0]] * 15 + [[1]] * 5


def test_all_of_the_demo_is_one_person(loaded: Pipeline) -> None:
    assert {s.face for seen in run(fresh(loaded), demo(10**6)) for s in seen} == {0}


def test_pairs_that_cost_least() -> None:
    inf = float("inf")
    assert assigned([]) == assigned([[], []]) == assigned([[inf]]) == []
    assert assigned([[0.2]]) == [(0, 0)]
    assert assigned([[1.0, 1.1], [0.1, 5.0]]) == [(0, 1), (1, 0)]
    assert assigned([[inf, 0.5, 9.0], [inf, 0.1, inf]]) == [(0, 2), (1, 1)]
