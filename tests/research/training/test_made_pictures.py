"""Made pictures: our own head and people in photos do what their labels say, in another pose or light."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from expnet_live.core.arkit import INDEX, N_BLENDSHAPES
from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.actions.material import MADE, Material
from expnet_live.research.training.actions.shelf import Labelled, Shelf, save_part
from expnet_live.research.training.made.backdrop import Backdrop
from expnet_live.research.training.made.draw import Studio
from expnet_live.research.training.made.own_actor import OwnActor
from expnet_live.research.training.made.performance import random_strengths
from expnet_live.research.training.made.photo_actor import PhotoActor
from expnet_live.research.training.made.pictures import Batch, Order, actors, make_on, make_pictures
from expnet_live.research.training.made.scene import FRAME_MIDDLE, FRAME_SCALE, Face

REST = np.zeros(N_BLENDSHAPES, np.float32)
INNER_LIPS = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95]


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio()


def _no_face(rng: np.random.Generator) -> Face:
    raise AssertionError("This person is painted.")


def _painted(model: FaceModel, studio: Studio) -> tuple[Image, Array, Array]:
    """A head at rest, drawn with painted skin: picture, points, identity."""
    actor = OwnActor(model, _no_face, Backdrop(lambda rng: None))
    for seed in range(20):
        try:
            rng = np.random.default_rng(seed)
            actor.change(rng)
        except AssertionError:
            continue
        for _ in range(40):
            scene = actor.play(REST, rng)
            if np.abs(scene.rotation).max() < 0.12 and scene.identity is not None and not scene.rims:
                return studio.draw(actor, scene, rng), scene.points, scene.identity
    raise AssertionError("No seed shows a frontal, painted head.")


def _face(model: FaceModel, studio: Studio) -> Face:
    image, points, identity = _painted(model, studio)
    view = WeakPerspective(np.zeros(3, np.float32), float(FRAME_SCALE), *map(float, FRAME_MIDDLE))
    return Face(image, points, REST, view, identity)


def _doing(**strengths: float) -> Array:
    w = REST.copy()
    for name, value in strengths.items():
        w[INDEX[name]] = value
    return w


@pytest.mark.skipif(sys.platform != "linux", reason="it draws with EGL on Linux alone")
def test_a_studio_leaves_no_context_current(model: FaceModel, studio: Studio) -> None:
    """A window of this thread could not make its own current."""
    current = ctypes.CDLL("libEGL.so.1").eglGetCurrentContext
    current.restype = ctypes.c_void_p
    Studio()
    assert current() is None
    _painted(model, studio)
    assert current() is None


def test_a_photo_at_rest_stays_as_it_is(model: FaceModel, studio: Studio) -> None:
    face = _face(model, studio)
    rng = np.random.default_rng(1)
    actor = PhotoActor(model, lambda rng: face)
    actor.change(rng)
    scene = actor.play(REST, rng)
    assert np.abs(scene.points - face.points).max() < 0.01
    drawn = studio.draw(actor, scene, rng).astype(float)
    cheeks = np.round(face.points[[50, 280, 151, 199]]).astype(int)
    for x, y in cheeks:
        near = np.s_[y - 2 : y + 3, x - 2 : x + 3]
        assert np.abs(drawn[near].mean((0, 1)) - face.photo[near].mean((0, 1))).max() < 8


def test_a_photo_opens_its_mouth_and_shuts_one_eye(model: FaceModel, studio: Studio) -> None:
    face = _face(model, studio)
    rng = np.random.default_rng(1)
    actor = PhotoActor(model, lambda rng: face)
    actor.change(rng)
    rest = actor.play(REST, rng).points
    open_ = actor.play(_doing(jawOpen=1.0), rng)
    gap = (open_.points[14] - open_.points[13])[1] - (rest[14] - rest[13])[1]
    assert gap > 10  # px of a face of some 85 px
    picture = studio.draw(actor, open_, rng).astype(float)
    lips = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(lips, [np.round(open_.points[INNER_LIPS]).astype(np.int32)], 1)
    inside = cv2.erode(lips, np.ones((3, 3), np.uint8)) > 0
    # Tongue and lips are alike, so that no single pixel tells.
    assert np.median(np.abs(picture - face.photo).max(-1)[inside]) > 20
    winking = actor.play(_doing(eyeBlinkLeft=1.0), rng).points
    height = {eye: (winking[low] - winking[high])[1] for eye, high, low in (("left", 386, 374), ("right", 159, 145))}
    assert height["left"] < 0.3 * height["right"]


def test_tongues_come_out_over_the_lip_of_mouths_as_wide_as_chance_has_it(model: FaceModel, studio: Studio) -> None:
    """Beyond the lower lip the picture is another one than with the same jaw alone, at every width of the mouth."""
    face = _face(model, studio)
    rng = np.random.default_rng(1)
    actor = PhotoActor(model, lambda rng: face)
    actor.change(rng)
    for jaw in (0.45, 1.0):
        without = actor.play(_doing(jawOpen=jaw), rng)
        with_it = actor.play(_doing(jawOpen=jaw, tongueOut=1.0), rng)
        assert np.abs(with_it.points - without.points).max() < 2, "the tongue moves nothing else"
        before, after = (studio.draw(actor, scene, rng).astype(float) for scene in (without, with_it))
        x, y = np.round(without.points[14]).astype(int)  # inner edge of the lower lip
        lip = np.s_[y : y + 4, x - 3 : x + 4]
        assert np.abs(after - before)[lip].mean() > 8, jaw
    drawn = np.array([random_strengths(rng, REST[None], np.ones(1)) for _ in range(4000)])
    jaws = drawn[drawn[:, INDEX["tongueOut"]] > 0.5, INDEX["jawOpen"]]
    assert len(jaws) > 150 and np.percentile(jaws, 50) < 0.5 and np.percentile(jaws, 90) > 0.7


@pytest.fixture
def album(tmp_path: Path, model: FaceModel, studio: Studio) -> Path:
    """Photos of a neutral face with labels."""
    face, rng = _face(model, studio), np.random.default_rng(0)
    looks = [
        Labelled(
            key=f"album/{i}",
            image=face.photo,
            scores=(0.05 * rng.random(N_BLENDSHAPES)).astype(np.float32),
            mirrored=(0.05 * rng.random(N_BLENDSHAPES)).astype(np.float32),
            points=face.points,
            spread=1.0,
            rotation=face.view.rotation,
            scale=face.view.scale,
            origin=FRAME_MIDDLE,
            expression=np.zeros(29, np.float32),
            identity=face.identity,
            gaze=np.zeros((2, 2), np.float32),
        )
        for i in range(30)
    ]
    save_part(tmp_path / "photos", "photos", looks)
    return tmp_path / "photos"


def test_pictures_are_written_with_their_truth(tmp_path: Path, album: Path) -> None:
    material = Material.of([album], {"album"}, {})
    out = tmp_path / "made"
    assert make_pictures(material, actors(("own", "photo"), material, None, []), out, Batch(26, 4)) == 26
    made = Shelf([out])
    assert len(made) == 26 and set(made.collection) == {MADE}
    assert made.scores.min() >= 0 and made.scores.max() <= 1 and np.array_equal(made.scores, made.mirrored)
    pictures = np.stack([made.picture(i) for i in range(26)])
    assert pictures.shape == (26, 208, 208, 3) and pictures.std() > 10
    again = tmp_path / "again"
    make_pictures(material, actors(("own", "photo"), material, None, []), again, Batch(26, 4))
    assert np.array_equal(Shelf([again]).scores, made.scores)


MAKING = """
import sys
from pathlib import Path
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.made.pictures import Batch, actors, make_pictures
material = Material.of([Path(sys.argv[1])], {"album"}, {})
cast = actors(("own", "photo"), material, None, [])
print("made", make_pictures(material, cast, Path(sys.argv[2]), Batch(26, 4, 12)))
"""


def test_two_processes_make_the_pictures_of_one(tmp_path: Path, album: Path) -> None:
    (tmp_path / "making.py").write_text(MAKING)
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run += ["--local-addr", "127.0.0.1"]  # a computer's name need not lead to it
    told = subprocess.run(
        [*run, str(tmp_path / "making.py"), str(album), str(tmp_path / "two")],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert sorted(told.stdout.split()) == ["12", "14", "made", "made"]
    material = Material.of([album], {"album"}, {})
    make_pictures(material, actors(("own", "photo"), material, None, []), tmp_path / "one", Batch(26, 4, 12))
    one, two = (Shelf([tmp_path / name]) for name in ("one", "two"))
    assert len(one) == 26
    assert np.array_equal(one.scores, two.scores)
    assert all(np.array_equal(one.picture(i), two.picture(i)) for i in range(0, 26, 7))


def test_a_cluster_makes_the_pictures_of_one_process(tmp_path: Path, album: Path) -> None:
    scene = tmp_path / "scenes" / "wall.png"
    scene.parent.mkdir()
    cv2.imwrite(str(scene), np.full((64, 64, 3), 90, np.uint8))
    batch = Batch(26, 4, 12)
    order = Order((album,), frozenset({"album"}), (), ("own", "photo"), None, (scene,), tmp_path / "two", batch)
    assert make_on("local:2", order) == 26
    material = order.material()
    make_pictures(material, order.cast(material), tmp_path / "one", batch)
    one, two = (Shelf([tmp_path / name]) for name in ("one", "two"))
    assert np.array_equal(one.scores, two.scores)
    assert all(np.array_equal(one.picture(i), two.picture(i)) for i in range(0, 26, 5))
