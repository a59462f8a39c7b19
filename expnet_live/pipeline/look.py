"""A look: one run of the network on some crops of a picture."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from expnet_live.core.types import Array, Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.head import Head
from expnet_live.heads.transfer import Driver
from expnet_live.pipeline.appearance import Appearance
from expnet_live.pipeline.crop import CROP_MM, Crop
from expnet_live.pipeline.detection import Detection


class Prediction(Protocol):
    """A predictor's results for N crops; the pose is a weak perspective in the crop's pixels."""

    @property
    def expression(self) -> Array: ...  # (N, n) sd
    @property
    def identity(self) -> Array: ...  # (N, K)
    @property
    def rotation(self) -> Array: ...  # (N, 3) rad
    @property
    def scale(self) -> Array: ...  # (N,) px per mm
    @property
    def origin(self) -> Array: ...  # (N, 2) px
    @property
    def gaze(self) -> Array | None: ...  # (N, 2, 2) rad
    @property
    def confidence(self) -> Array: ...  # (N,) 0..1
    @property
    def blendshapes(self) -> Array | None: ...  # (N, 52) 0..1


class FacePredictor(Protocol):
    """Maps the pixels of N crops, usually (N, S, S, 3), to coefficients and pose."""

    @property
    def crop_size(self) -> int:
        """The side S of a crop in pixels."""
        ...

    @property
    def crop_type(self) -> type[Crop] | None:
        """The kind of crop that it expects; None: ours."""
        ...

    @property
    def tells(self) -> frozenset[str]:
        """What it predicts besides the expression: identity, gaze, blendshapes."""
        ...

    @property
    def device(self) -> str:
        """The device that runs it: cpu, cuda, mps."""
        ...

    @property
    def about(self) -> dict[str, Any]:
        """The notes in its file, such as `training`."""
        ...

    def predict(self, crops: Image, /) -> Prediction:
        """Predict for each crop alone. The answer must follow the pixels: with our face model, a face whose rotation or
        size differs between slightly moved crops is taken for no face, and expressions are means with mirrored crops.
        """
        ...


def crop_type(predictor: FacePredictor) -> type[Crop]:
    """The kind of crop that a predictor expects."""
    return predictor.crop_type or Crop


class MeasuredHead(Head, Driver, Protocol):
    """A head driven by a network's coefficients, whose position in the picture is needed for each frame."""

    @property
    def outline(self) -> tuple[Array, Array]:
        """A few points that enclose the whole face: mean (n, 3) mm and basis (E + K, 3n)."""
        ...

    def face_mesh(
        self, expression: Array, identity: Array | None = None, blendshapes: Array | None = None
    ) -> tuple[Array, Array]:
        """Vertices in mm and unit normals of the face alone; `blendshapes` as in Head."""
        ...


class Stopwatch:
    """`with watch("crop"): ...` adds to the seconds of that stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - start


@dataclass(frozen=True, eq=False)
class Look:
    """The network's result for one crop, with the pose in the picture's pixels.

    `plausible` is False if the pose does not fit a face that fills the crop properly, or if numbers are not finite,
    which filters over time would never forget. `pixels` (S, S, 3) are those of the crop, and `in_crop` is the pose
    there.
    """

    view: WeakPerspective
    confidence: float
    plausible: bool
    pixels: Image
    in_crop: WeakPerspective
    expression: Array
    identity: Array
    gaze: Array | None
    blendshapes: Array | None = None

    @cached_property
    def appearance(self) -> Appearance | None:
        """It tells people apart; None where the look is not plausible."""
        return Appearance.of(self.pixels, self.in_crop, self.identity) if self.plausible else None


def look_at(image: Image, crops: Sequence[Crop], predictor: FacePredictor, watch: Stopwatch) -> list[Look]:
    """Process all crops in one run of the network."""
    return look_at_all([(image, crop) for crop in crops], predictor, watch)


def look_at_all(
    places: Sequence[tuple[Image, Crop]], predictor: FacePredictor, watch: Stopwatch, most: int = 64
) -> list[Look]:
    """Process crops of several pictures, `most` in one run of the network."""
    if len(places) > most:
        return look_at_all(places[:most], predictor, watch) + look_at_all(places[most:], predictor, watch)
    if not places:
        return []
    with watch("crop"):
        cuts = [crop.cut(image) for image, crop in places]
        pixels = np.stack(cuts) if len(cuts) > 1 else cuts[0][None]
    with watch("network"):
        p = predictor.predict(pixels)
    looks = []
    for i, (image, crop) in enumerate(places):
        x, y = (float(v) for v in p.origin[i])
        in_crop = WeakPerspective(p.rotation[i], float(p.scale[i]), x, y)
        numbers = (p.rotation, p.scale, p.origin, p.expression, p.identity, p.gaze, p.blendshapes)
        finite = all(q is None or bool(np.isfinite(q[i]).all()) for q in numbers)
        view = crop.to_image(in_crop) if finite else in_crop
        looks.append(
            Look(
                view,
                float(p.confidence[i]),
                finite and _fills(in_crop, crop.size) and _inside(view, image),
                # Of several versions of a crop the first one will do.
                cuts[i].reshape(-1, *cuts[i].shape[-3:])[0],
                in_crop,
                p.expression[i],
                p.identity[i],
                None if p.gaze is None else p.gaze[i],
                None if p.blendshapes is None else p.blendshapes[i],
            )
        )
    return looks


def apart(a: WeakPerspective, b: WeakPerspective) -> float:
    """Distance of two faces, in units of the smaller one's crop side."""
    return math.hypot(a.x - b.x, a.y - b.y) / (CROP_MM * min(a.scale, b.scale))


def distinct(looks: Sequence[Look], same: float = 0.3) -> list[Look]:
    """The most confident look for each face, most confident face first; looks nearer than `same` are of one face."""
    kept: list[Look] = []
    for look in sorted(looks, key=lambda k: k.confidence, reverse=True):
        if all(apart(look.view, k.view) >= same for k in kept):
            kept.append(look)
    return kept


_SURE = 0.6


def first_crop(image: Image, detection: Detection, predictor: FacePredictor) -> Crop:
    """The first crop of a detected face; if the face seems to lie on its side, the network chooses the better one."""
    guesses = crop_type(predictor).guesses(detection, predictor.crop_size)
    if len(guesses) == 1:
        return guesses[0]
    confidence = predictor.predict(np.stack([c.cut(image) for c in guesses])).confidence
    return guesses[0 if confidence[0] >= _SURE else int(np.argmax(confidence))]


_MAX_TURN = 2.0  # rad, from facing the camera upright
_MIN_FACE = 6.0  # px, of CROP_MM


def _fills(view: WeakPerspective, size: int) -> bool:
    """Whether a pose in a crop is that of a face roughly in its centre and of the right size."""
    turn = math.hypot(*view.rotation)
    zoom = view.scale * CROP_MM / size
    off = max(abs(view.x - size / 2), abs(view.y - size / 2)) / size
    return 0.4 < zoom < 2.5 and off < 0.4 and turn < _MAX_TURN


def _inside(view: WeakPerspective, image: Image) -> bool:
    """Whether the centre of the face is in the picture, and the face larger than a few pixels."""
    height, width = image.shape[:2]
    return 0 <= view.x < width and 0 <= view.y < height and view.scale * CROP_MM > _MIN_FACE
