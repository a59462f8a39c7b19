"""Times ExpNet and the landmark fit (Face Mesh, then Gauss-Newton) on the same photos, as in the paper's section 4.

One by one, both start from the photo with its face detected, as the paper's do from a crop; the
detector's time is reported separately. ExpNet is timed with one look at the crop, and with the three of
analysed photos (Pipeline.photo), to which the figures of accuracy belong. In batches, ExpNet
takes many crops in a run; Face Mesh does not support batches, so one instance works on each CPU thread,
and the fit is one run for all photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from expnet_live.core.types import Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.predictor import Predictor
from expnet_live.pipeline.detector import FaceDetector
from expnet_live.research.evaluation.emotion.features import ExpNetFeature
from expnet_live.research.evaluation.speed.timing import Timings
from expnet_live.research.evaluation.speed.ways import (
    LEAST,
    ExpNetWay,
    Face,
    FeatureWay,
    LandmarkFitWay,
    Way,
    time_batches,
    time_one_by_one,
)

_NO_FACES = "No face is found in any of the photos; give others with --photos."


def faces_of(images: Sequence[Image], detector: FaceDetector) -> tuple[list[Face], Timings]:
    """The photos with a face, their largest faces, and the detector's time. Raises ValueError if there are none."""
    detect = Timings()
    faces: list[Face] = []
    for image in images:
        found = detect(lambda image=image: detector.detect(image))  # type: ignore[misc]
        faces += [(image, found[0])] if found else []
    if not faces:
        raise ValueError(_NO_FACES)
    return faces, detect


def time_photos(
    images: Sequence[Image],
    predictor: Predictor,
    model: FaceModel,
    detector: FaceDetector,
    threads: int,
    *,
    compare: bool = True,
) -> dict[str, Any]:
    """Seconds per photo one by one, photos per second in batches, and ratios to the landmark fit, unless `compare` is
    false. Raises ValueError without faces.
    """
    faces, detect = faces_of(images, detector)
    ways: dict[str, Way] = {
        "expnet": ExpNetWay(predictor),
        "expnet_closely": FeatureWay(ExpNetFeature(predictor, model)),
    }
    if compare:
        ways["landmark_fit"] = LandmarkFitWay(model, threads)
    single, batch = time_one_by_one(faces, ways), time_batches(faces, ways)
    report = {
        "photos": len(images),
        "faces": len(faces),
        "detector": detect.summary(),
        "one_by_one": {name: t.summary() for name, t in single.items()},
        "images_per_second": batch,
    }
    if not compare:
        return report
    fit, own = single["landmark_fit"], single["expnet"]
    return report | {
        "one_by_one_ratio": fit.median / own.median,
        "one_by_one_cpu_ratio": float(np.median(fit.cpu) / np.median(own.cpu)),
        "batch_ratio": batch["expnet"] / batch["landmark_fit"],
    }


def time_device(images: Sequence[Image], predictor: Predictor, detector: FaceDetector) -> dict[str, float]:
    """Latency of one crop in ms and crops per second in batches on the predictor's device, transfers included."""
    faces, _ = faces_of(images, detector)
    cut = [ExpNetWay(predictor).cut(f) for f in faces]
    crops = np.stack([cut[i % len(cut)] for i in range(4 * LEAST)])
    one, many = Timings(), Timings()
    for _ in range(20):
        predictor.predict(crops[:1])
        predictor.predict(crops)
    for i in range(100):
        one(lambda i=i: predictor.predict(crops[i : i + 1]))  # type: ignore[misc]
    for _ in range(20):
        many(lambda: predictor.predict(crops))
    return {"latency_ms": 1e3 * one.median, "batch": len(crops), "images_per_second": len(crops) / many.median}
