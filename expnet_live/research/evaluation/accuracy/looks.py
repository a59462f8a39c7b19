"""Runs ExpNet on test photos exactly as on a user's: detector, crop, network, close looks; at any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from expnet_live.core.types import Array, Box, Image
from expnet_live.geometry.camera import Camera, WeakPerspective
from expnet_live.heads.built_in import face_model
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.predictor import Predictor
from expnet_live.pipeline.close_look import CloseLook, SecondLook
from expnet_live.pipeline.crop import BOX_MM, Crop, roll_of
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.detector import FaceDetector
from expnet_live.pipeline.look import FacePredictor, Prediction, first_crop
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
    close, again = CloseLook(predictor, model), SecondLook(predictor, both=True)
    for start in range(0, len(images), batch):
        part = list(images[start : start + batch])
        crops = [first_crop(x, f, predictor) for x, f in zip(part, faces[start : start + batch], strict=True)]
        said, views = _seen(part, crops, predictor)
        for _ in range(2 if closely else 0):
            crops = [close.crop_type.of_view(v, close.crop_size) for v in views]
            said, views = _seen(part, crops, close)
        acts = said.blendshapes
        if closely and acts is not None:
            acts = (acts + again.said(again.crops(list(zip(part, views, strict=True))))) / 2
        for i, view in enumerate(views):
            shape = model.landmarks(said.expression[i], said.identity[i])
            points = view.project(shape)[:, :2]
            actions = None if acts is None else acts[i]
            results.append(Estimate(said.expression[i], said.identity[i], points, float(said.confidence[i]), actions))
    return results


def _seen(
    images: Sequence[Image], crops: Sequence[Crop], predictor: FacePredictor
) -> tuple[Prediction, list[WeakPerspective]]:
    """Predictions for a crop of each image, and the poses in the images' pixels."""
    said = predictor.predict(np.stack([c.cut(x) for c, x in zip(crops, images, strict=True)]))
    views = [
        c.to_image(WeakPerspective(said.rotation[i], float(said.scale[i]), *(float(v) for v in said.origin[i])))
        for i, c in enumerate(crops)
    ]
    return said, views
