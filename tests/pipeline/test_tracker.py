"""The tracker's rules, on drawn discs that a detector and a predictor of this file measure exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import pytest

from expnet_live.core.types import Array, Box, Image
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.track import Track, TrackerOptions
from expnet_live.pipeline.tracker import Tracker

FPS = 30.0
DISC_MM = 50.0  # radius
OPTIONS = TrackerOptions()


@dataclass(frozen=True)
class Disc:
    x: float
    y: float
    radius: float = 25.0
    grey: int = 255


def scene(*discs: Disc) -> Image:
    image = np.zeros((240, 640, 3), np.uint8)
    for d in discs:
        center = (round(d.x * 16), round(d.y * 16))
        cv2.circle(image, center, round(d.radius * 16), (d.grey,) * 3, -1, cv2.LINE_AA, shift=4)
    return image


class DiscDetector:
    def __init__(self) -> None:
        self.blind = False
        self.extra: list[Detection] = []

    def detect(self, image: Image, thorough: bool = False) -> list[Detection]:
        if self.blind:
            return []
        _, _, stats, centers = cv2.connectedComponentsWithStats((image[..., 0] > 60).astype(np.uint8))
        found = []
        for (x, y, w, h, _), (cx, cy) in zip(stats[1:], centers[1:], strict=True):
            mm = w / 2 / DISC_MM
            face = np.array([[-31.5, -32.4], [31.5, -32.4], [0, 34.9]])
            found.append(Detection(Box(x, y, w, h), 0.9, face * mm + (cx, cy)))
        return sorted(found, key=lambda d: -d.box.w) + self.extra


@dataclass(frozen=True)
class Measured:
    expression: Array
    identity: Array
    rotation: Array
    scale: Array
    origin: Array
    gaze: Array | None
    confidence: Array
    blendshapes: Array | None = None


class DiscPredictor:
    """The disc nearest to the middle of the crop; its grey over 255 is the confidence."""

    crop_size, crop_type = 112, None
    device = "cpu"
    about: dict[str, Any] = {}  # noqa: RUF012
    tells: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.batches: list[int] = []

    def predict(self, crops: Image) -> Measured:
        self.batches.append(len(crops))
        n = len(crops)
        scale, origin, confidence = np.ones(n), np.zeros((n, 2)), np.zeros(n)
        for i, crop in enumerate(crops):
            grey = crop[..., 0]
            count, labels, _, centers = cv2.connectedComponentsWithStats((grey > 40).astype(np.uint8))
            if count == 1:
                continue
            k = 1 + np.argmin(np.hypot(*(centers[1:] - 55.5).T))
            inside = grey[round(centers[k][1]), round(centers[k][0])]
            area = grey[labels == k].sum() / inside  # pixels of the soft edge count by their grey
            origin[i], scale[i] = centers[k], np.sqrt(area / np.pi) / DISC_MM
            confidence[i] = inside / 255
        return Measured(np.zeros((n, 29)), np.zeros((n, 4)), np.zeros((n, 3)), scale, origin, None, confidence)


class Rig:
    def __init__(self, max_faces: int = 1) -> None:
        self.detector, self.predictor = DiscDetector(), DiscPredictor()
        self.tracker = Tracker(self.detector, self.predictor, max_faces)
        self.time = 0.0

    def see(self, *discs: Disc) -> list[Track]:
        tracks = self.tracker.update(scene(*discs), self.time)
        self.time += 1 / FPS
        return tracks


def test_a_moving_face_is_followed_with_few_detector_runs() -> None:
    rig = Rig()
    for i in range(90):
        disc = Disc(100 + 4 * i, 120 + 30 * np.sin(i / 10), 25 + i / 10)
        (track,) = rig.see(disc)
        assert track.face == 0
        assert (track.look.view.x, track.look.view.y) == pytest.approx((disc.x, disc.y), abs=1.0)
        assert track.look.view.scale * DISC_MM == pytest.approx(disc.radius, rel=0.05)
    assert rig.tracker.detector_runs <= 4


def test_a_new_face_is_looked_at_twice() -> None:
    rig = Rig()
    rig.see(Disc(100, 100))
    rig.see(Disc(100, 100))
    assert rig.predictor.batches == [1, 1, 1]


def test_a_lost_face_is_noticed_at_once_and_found_again_with_its_number() -> None:
    rig = Rig()
    for _ in range(10):
        assert rig.see(Disc(100, 100))
    assert not rig.see()
    for _ in range(20):
        rig.see()
    start = rig.time
    while not (tracks := rig.see(Disc(115, 100))):
        assert rig.time - start < 0.2
    assert tracks[0].face == 0


def test_a_face_gone_for_long_comes_back_as_another() -> None:
    rig = Rig()
    rig.see(Disc(100, 100))
    for _ in range(75):
        assert not rig.see()
    assert not rig.tracker.knows(0)
    tracks = [t for _ in range(5) for t in rig.see(Disc(100, 100))]
    assert {t.face for t in tracks} == {1}


def test_a_face_of_low_confidence_is_dropped_and_one_of_middling_kept() -> None:
    rig = Rig()
    rig.see(Disc(100, 100))
    for _ in range(10):
        assert rig.see(Disc(100, 100, grey=130))
    assert not rig.see(Disc(100, 100, grey=80))
    # A new face needs more than a known one.
    fresh = Rig()
    for _ in range(10):
        assert not fresh.see(Disc(100, 100, grey=130))


def test_a_face_of_impossible_size_is_dropped() -> None:
    rig = Rig()
    rig.see(Disc(300, 120, 25))
    rig.detector.blind = True
    assert not rig.see(Disc(300, 120, 8))


def test_a_face_that_jumps_is_found_within_a_fifth_of_a_second() -> None:
    rig = Rig()
    for _ in range(40):
        rig.see(Disc(100, 100))
    start = rig.time
    while not (tracks := rig.see(Disc(500, 150, 30))):
        assert rig.time - start < 0.2
    assert tracks[0].look.view.x == pytest.approx(500, abs=1)


def test_only_the_largest_faces_are_followed() -> None:
    rig = Rig(max_faces=2)
    small, middle, large = Disc(100, 120, 15), Disc(280, 120, 25), Disc(480, 120, 35)
    for _ in range(40):
        tracks = rig.see(small, middle, large)
        assert sorted(round(t.look.view.x / 20) * 20 for t in tracks) == [280, 480]
    assert rig.predictor.batches[-1] == 2


def test_faces_keep_their_numbers_while_others_come_and_go() -> None:
    rig = Rig(max_faces=3)
    left, right = Disc(120, 120), Disc(500, 120)
    for _ in range(5):
        rig.see(left)
    for _ in range(20):
        tracks = rig.see(left, right)
    assert [(t.face, round(t.look.view.x, -1)) for t in tracks] == [(0, 120), (1, 500)]
    for _ in range(20):
        tracks = rig.see(right)
    assert [(t.face, round(t.look.view.x, -1)) for t in tracks] == [(1, 500)]


def test_two_tracks_on_one_face_become_one() -> None:
    rig = Rig(max_faces=2)
    for i in range(60):
        # The right one slides behind the left one.
        tracks = rig.see(Disc(200, 120, 30), Disc(max(200, 330 - 4 * i), 120, 30))
    assert [t.face for t in tracks] == [0]


def test_what_the_detector_takes_for_a_face_must_convince_the_network() -> None:
    rig = Rig()
    rig.detector.extra = [Detection(Box(400, 50, 90, 90), 0.9, np.array([[420, 80], [460, 80], [440, 120]]))]
    assert not rig.see()
    (track,) = [t for _ in range(5) for t in rig.see(Disc(100, 100, 20))][:1]
    assert track.look.view.x == pytest.approx(100, abs=1)


def test_a_track_that_the_detector_never_supports_gives_way() -> None:
    rig = Rig()
    rig.see(Disc(100, 100, 25))
    ghost, real = Disc(100, 100, 25, grey=255), Disc(450, 100, 40)
    rig.detector.detect = lambda image, thorough=False: DiscDetector().detect(scene(real))  # type: ignore[method-assign]
    seen = [rig.see(ghost, real)[0].look.view.x for _ in range(100)]
    assert seen[0] == pytest.approx(100, abs=1) and seen[-1] == pytest.approx(450, abs=1)


def test_an_empty_picture_costs_a_bounded_number_of_detector_runs() -> None:
    rig = Rig()
    for _ in range(60):
        rig.see()
    assert rig.tracker.detector_runs <= 2 / OPTIONS.search_interval + 1
    assert not rig.predictor.batches


def test_a_clock_turned_back_starts_afresh() -> None:
    rig = Rig()
    rig.see(Disc(100, 100))
    rig.time = -5.0
    assert [t.face for t in rig.see(Disc(400, 100))] == [1]


class People(DiscPredictor):
    """Each grey is somebody else."""

    def predict(self, crops: Image) -> Measured:
        measured = super().predict(crops)
        measured.identity[:] = np.round(64 * measured.confidence)[:, None]
        return measured


def test_a_lost_face_that_goes_on_half_hidden_takes_the_place_of_another() -> None:
    rig = Rig()
    rig.tracker = Tracker(rig.detector, People(), confirm=People())
    one, other, hidden = Disc(100, 120, grey=250), Disc(400, 120, grey=240), Disc(100, 120, grey=200)
    for _ in range(20):
        assert [t.face for t in rig.see(one)] == [0]
    for _ in range(12):
        tracks = rig.see(other)
    assert [t.face for t in tracks] == [1]
    rig.see(hidden)
    assert [t.face for t in rig.see(hidden)] == [0]
    for _ in range(6):
        assert [t.face for t in rig.see(other, hidden)] == [0]


def test_at_least_one_face() -> None:
    with pytest.raises(ValueError, match="max_faces"):
        Rig(max_faces=0)


def test_a_small_face_is_searched_for_where_it_was_lost() -> None:
    rig = Rig()
    small = Disc(320, 120, 9)
    rig.see(small)
    whole = rig.detector.detect
    # From now on this face is too small for the whole picture.
    rig.detector.detect = lambda image, thorough=False: whole(image) if image.shape[1] < 320 else []  # type: ignore[method-assign]
    for _ in range(20):
        assert not rig.see()
    tracks = [t for _ in range(5) for t in rig.see(Disc(326, 124, 9))]
    assert {t.face for t in tracks} == {0}
    assert (tracks[-1].look.view.x, tracks[-1].look.view.y) == pytest.approx((326, 124), abs=1)


def test_a_small_face_anywhere_is_found_in_time() -> None:
    rig = Rig()
    whole = rig.detector.detect
    rig.detector.detect = lambda image, thorough=False: whole(image) if image.shape[1] < 320 else []  # type: ignore[method-assign]
    for _ in range(5):
        rig.see()
    for place in (Disc(30, 30, 9), Disc(600, 200, 9), Disc(320, 120, 9)):
        for _ in range(90):
            rig.see()
        assert any(rig.see(place) for _ in range(90))


def test_a_face_lost_where_smaller_pictures_have_nothing_is_not_searched_for_there() -> None:
    rig = Rig()
    rig.see(Disc(600, 200, 10))
    for i in range(20):
        image = scene(Disc(100, 60)) if i >= 15 else scene()
        tracks = rig.tracker.update(image[:120, :320], rig.time)
        rig.time += 1 / FPS
    assert [round(t.look.view.x) for t in tracks] == [100]
