"""Runs ExpNet on test photos exactly as on a user's: detector, crop, network, close looks; at any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from expnet_live.core.types import Array, Box, Image
from expnet_live.geometry.camera import Camera
from expnet_live.heads.built_in import face_model
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.predictor import Predictor
from expnet_live.pipeline.close_look import CloseLook, SecondLook
from expnet_live.pipeline.crop import BOX_MM, roll_of
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.detector import FaceDetector
from expnet_live.pipeline.look import Stopwatch, first_crop, look_at_all
from expnet_live.pipeline.pipeline import Pipeline

# Points of the Face Mesh around right eye, left eye and mouth.
_KEYPOINTS = ((33, 133), (263, 362), (13, 14))


@dataclass(frozen=True, eq=False)
class Estimate:
    """Expression (29,), identity (K,), the 468 points (468, 2) in the photo's pixels, and ARKit's actions (52,)."""

    expression: Array
    identity: Array
    points: Array
    confidence: float
    actions: Array | None = None


def shrunk(image: Image, factor: float) -> Image:
    if factor >= 1:
        return image
    w, h = (max(round(n * factor), 2) for n in image.shape[1::-1])
    return np.asarray(cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA))


def shrunk_points(points: Array, old: Image, new: Image) -> Array:
    """Convert points (..., 2) in `old` to its smaller version `new`."""
    factor = np.array([new.shape[1] / old.shape[1], new.shape[0] / old.shape[0]])
    result: Array = (points + 0.5) * factor - 0.5
    return result


def shrunk_detection(d: Detection, old: Image, new: Image) -> Detection:
    corner = shrunk_points(np.array([d.box.x, d.box.y]), old, new)
    factor = new.shape[1] / old.shape[1]
    box = Box(float(corner[0]), float(corner[1]), d.box.w * factor, d.box.h * factor)
    return Detection(box, d.score, shrunk_points(d.keypoints, old, new), d.roll)


def padded_detect(detector: FaceDetector, image: Image) -> Detection | None:
    """Detect the largest face; a border helps with photos that end at the cheek."""
    pad = max(image.shape[:2]) // 4
    wide = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    found = detector.detect(image) or [d.shifted(-pad, -pad) for d in detector.detect(wide, thorough=True)]
    return found[0] if found else None


def found_face(pipeline: Pipeline, image: Image) -> Detection | None:
    """The largest face as a user's photo gives it: the network confirms and corrects what the detector found."""
    states = pipeline.photo(image)
    if not states:
        return None
    view = Camera.for_image(image.shape[1], image.shape[0]).view(states[0].pose)
    side = BOX_MM * view.scale
    box = Box(view.x - side / 2, view.y - side / 2, side, side)
    points = view.project(face_model().mean)[:, :2]
    keypoints = [points[list(p)].mean(0) for p in _KEYPOINTS]
    return Detection(box, states[0].confidence, np.array(keypoints, np.float32), roll_of(view.rotation))


def estimate(
    images: Sequence[Image],
    faces: Sequence[Detection],
    predictor: Predictor,
    model: FaceModel,
    batch: int = 64,
    *,
    closely: bool = True,
) -> list[Estimate]:
    """Run three looks on the face of each photo, in batches, the last two closely, and a second one for the actions;
    without `closely`, only one."""
    results: list[Estimate] = []
    close, again, watch = CloseLook(predictor, model), SecondLook(predictor, both=True), Stopwatch()
    for start in range(0, len(images), batch):
        part = images[start : start + batch]
        crops = [first_crop(x, f, predictor) for x, f in zip(part, faces[start : start + batch], strict=True)]
        looks = look_at_all(list(zip(part, crops, strict=True)), predictor, watch)
        if closely:
            for _ in range(2):
                crops = [close.crop_type.of_view(k.view, close.crop_size) for k in looks]
                looks = look_at_all(list(zip(part, crops, strict=True)), close, watch)
            if "blendshapes" in predictor.tells:
                looks = again(list(zip(part, looks, strict=True)), watch)
        for k in looks:
            points = k.view.project(model.landmarks(k.expression, k.identity))[:, :2]
            results.append(Estimate(k.expression, k.identity, points, k.confidence, k.blendshapes))
    return results
