"""ExpNet beside the landmark fit (Face Mesh, then Gauss-Newton), on the same photos, as in the paper's section 4.

One by one both start from the photo with its face detected, as the paper's do from a crop; the
detector's time stands apart. In batches ExpNet takes many crops in a run; Face Mesh takes no
batches, so one instance works on each CPU thread, and the fit is one run for all photos.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from expnet_live.evaluation.timing import Timings
from expnet_live.face_model.model import FaceModel
from expnet_live.networks.predictor import Predictor
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.detector import Detection, FaceDetector
from expnet_live.pipeline.landmark_fit import LandmarkFitEstimator
from expnet_live.types import Array, Image

_LEAST = 128  # photos a batch measurement goes through, the same ones again where there are fewer
_BATCH = 64

Face = tuple[Image, Detection]


def time_photos(
    images: Sequence[Image], predictor: Predictor, model: FaceModel, detector: FaceDetector, threads: int
) -> dict[str, Any]:
    """Seconds per photo one by one, photos per second in batches, and ratios. Raises ValueError without faces."""
    detect = Timings()
    faces: list[Face] = []
    for image in images:
        found = detect(lambda image=image: detector.detect(image))  # type: ignore[misc]
        faces += [(image, found[0])] if found else []
    if not faces:
        raise ValueError("No face is found in any of the photos; name others with --photos.")
    estimator = LandmarkFitEstimator(model)
    single = _one_by_one(faces, predictor, estimator)
    batch = _batches(faces, predictor, model, estimator, threads)
    fit, own = single["landmark_fit"], single["expnet"]
    return {
        "photos": len(images),
        "faces": len(faces),
        "detector": detect.summary(),
        "one_by_one": {name: t.summary() for name, t in single.items()},
        "one_by_one_ratio": fit.median / own.median,
        "one_by_one_cpu_ratio": float(np.median(fit.cpu) / np.median(own.cpu)),
        "images_per_second": batch,
        "batch_ratio": batch["expnet"] / batch["landmark_fit"],
    }


def time_device(images: Sequence[Image], predictor: Predictor, detector: FaceDetector) -> dict[str, float]:
    """Latency of one crop in ms and crops per second in batches on the predictor's device, transfers included."""
    found = [(image, d[0]) for image in images if (d := detector.detect(image))]
    crops = _filled([_cut(f, predictor) for f in found], 4 * _LEAST)
    one, many = Timings(), Timings()
    for _ in range(20):
        predictor.predict(crops[:1])
        predictor.predict(crops)
    for i in range(100):
        one(lambda i=i: predictor.predict(crops[i : i + 1]))  # type: ignore[misc]
    for _ in range(20):
        many(lambda: predictor.predict(crops))
    return {"latency_ms": 1e3 * one.median, "batch": len(crops), "images_per_second": len(crops) / many.median}


def _one_by_one(faces: list[Face], predictor: Predictor, estimator: LandmarkFitEstimator) -> dict[str, Timings]:
    """The two take turns in blocks: see bench_video."""
    times = {name: Timings() for name in ("expnet", "landmark_fit", "landmarks", "fit")}

    def expnet(face: Face, times: dict[str, Timings]) -> None:
        times["expnet"](lambda: predictor.predict(_cut(face, predictor)[None]))

    def landmark_fit(face: Face, times: dict[str, Timings]) -> None:
        times["landmark_fit"](lambda: _fit(face, estimator, times))

    block = 8
    for start in range(0, len(faces), block):
        turn: Callable[[Face, dict[str, Timings]], None]
        for turn in (expnet, landmark_fit):
            turn(faces[start], {name: Timings() for name in times})  # warm up
            for face in faces[start : start + block]:
                turn(face, times)
    return times


def _fit(face: Face, estimator: LandmarkFitEstimator, times: dict[str, Timings]) -> None:
    landmarks = times["landmarks"](lambda: estimator.landmarks(*face))
    if landmarks is not None:
        times["fit"](lambda: estimator.fit(landmarks[None]))


def _batches(
    faces: list[Face], predictor: Predictor, model: FaceModel, estimator: LandmarkFitEstimator, threads: int
) -> dict[str, float]:
    """Photos per second of both ways, and of the landmark way's two parts."""
    many = (faces * (-(-_LEAST // len(faces))))[: max(_LEAST, len(faces))]
    times = {name: Timings() for name in ("expnet", "landmarks", "fit")}
    meshes = [estimator, *(LandmarkFitEstimator(model) for _ in range(threads - 1))]
    for estimator_ in meshes:
        estimator_.landmarks(*many[0])
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(many), _BATCH):
            batch = many[start : start + _BATCH]
            _expnet_batch(batch, predictor)  # warm up: a batch of a new size is prepared for
            times["expnet"](lambda batch=batch: _expnet_batch(batch, predictor))  # type: ignore[misc]
            landmarks = times["landmarks"](lambda batch=batch: _landmark_batch(batch, meshes, pool))  # type: ignore[misc]
            if len(landmarks):
                estimator.fit(landmarks)
                times["fit"](lambda landmarks=landmarks: estimator.fit(landmarks))  # type: ignore[misc]
    total = {name: sum(t.wall) for name, t in times.items()}
    return {
        "expnet": len(many) / total["expnet"],
        "landmark_fit": len(many) / (total["landmarks"] + total["fit"]),
        "landmarks": len(many) / total["landmarks"],
        "fit": len(many) / total["fit"] if total["fit"] else float("nan"),
    }


def _expnet_batch(faces: list[Face], predictor: Predictor) -> None:
    predictor.predict(np.stack([_cut(f, predictor) for f in faces]))


def _landmark_batch(faces: list[Face], meshes: list[LandmarkFitEstimator], pool: ThreadPoolExecutor) -> Array:
    def share(i: int) -> list[Array | None]:
        return [meshes[i].landmarks(*face) for face in faces[i :: len(meshes)]]

    found = [points for part in pool.map(share, range(len(meshes))) for points in part if points is not None]
    return np.stack(found) if found else np.empty((0, 478, 3), np.float32)


def _cut(face: Face, predictor: Predictor) -> Image:
    image, detection = face
    return Crop.of_detection(detection.box, detection.keypoints, predictor.crop_size).cut(image)


def _filled(crops: list[Image], n: int) -> Image:
    if not crops:
        raise ValueError("No face is found in any of the photos; name others with --photos.")
    return np.stack([crops[i % len(crops)] for i in range(n)])
