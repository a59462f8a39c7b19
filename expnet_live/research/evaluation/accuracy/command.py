"""`expnet-live evaluate accuracy`: measures the accuracy of ExpNet on held-out people.

Dense error is the mean distance of the 468 projected points to the photo's landmarks at full size (the mean of
several runs, see training/landmarks.py), in per cent of the outer-eye distance. R2 compares each coefficient
with the fit to these landmarks, which is ExpNet's training target. Boxes come from the pipeline of a user's photo,
on the photo as ExpNet gets it. For comparison, the landmark-based method of a user, a single run of Face Mesh and a
fit, is measured in the same way. The error is also given by skin, age and sex; see groups.py.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from expnet_live.core.arguments import add_photos, output_file, whole_number
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.core.types import Array, Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import eye_distance
from expnet_live.pipeline.detection import Detection
from expnet_live.pipeline.landmark_fit import LandmarkFitEstimator
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.accuracy.groups import errors_by_group, groups_of, print_groups
from expnet_live.research.evaluation.accuracy.looks import (
    estimate,
    found_face,
    shrunk,
    shrunk_detection,
    shrunk_points,
)
from expnet_live.research.evaluation.network import network_of
from expnet_live.research.training.photos import read_photo
from expnet_live.research.training.workspace import labels_of, landmarks_of, photos_of

FACE_WIDTHS = (0, 28, 14)  # px from cheek to cheek; 0: original size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_photos(parser)
    parser.add_argument(
        "--labels", type=Path, required=True, metavar="FILE", help="labels from 'expnet-live train labels'"
    )
    parser.add_argument("--limit", type=whole_number, default=0, metavar="N", help="measure only N random photos")
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the figures to this file")


def occluded(image: Image, points: Array, seed: int) -> Image:
    """Cover a third of the face's rectangle, at one of its sides, with one colour."""
    rng = np.random.default_rng(seed)
    (x0, y0), (x1, y1) = points.min(0), points.max(0)
    w, h = (x1 - x0) / 3, (y1 - y0) / 3
    x, y, xx, yy = [(x0, y0, x0 + w, y1), (x1 - w, y0, x1, y1), (x0, y0, x1, y0 + h), (x0, y1 - h, x1, y1)][
        rng.integers(4)
    ]
    out = image.copy()
    out[max(int(y), 0) : max(int(yy) + 1, 0), max(int(x), 0) : max(int(xx) + 1, 0)] = rng.integers(0, 256, 3)
    return out


def run(args: argparse.Namespace) -> int:
    model, predictor = FaceModel.load(), network_of(args.model, args.device)
    photos = photos_of(args)
    landmarks = landmarks_of(args, photos)
    labels = labels_of(args.labels, landmarks)
    test = labels.good & photos.split(landmarks).held_out & (landmarks.flip == 0)
    rows = np.flatnonzero(test)
    if not len(rows):
        raise UserError("None of these photos has a label and is of a person held out, one in eight; give more photos.")
    if args.limit and args.limit < len(rows):
        rows = np.sort(np.random.default_rng(0).choice(rows, args.limit, replace=False))
    pipeline = Pipeline(predictor, model)
    one_look = LandmarkFitEstimator(model)

    settings = (
        [("full size", 0, False)] + [(f"{w} px", w, False) for w in FACE_WIDTHS[1:]] + [("a third occluded", 0, True)]
    )
    errors: dict[str, list[float]] = {name: [] for name, *_ in settings}
    coefficients: dict[str, list[Array]] = {name: [] for name, *_ in settings}
    missed = dict.fromkeys(errors, 0)
    used: list[int] = []
    groups: list[dict[str, str]] = []
    looks: list[Array] = []
    nothing = 0
    for part in tqdm(np.array_split(rows, max(len(rows) // 64, 1)), "accuracy", unit="batch"):
        whole: list[tuple[int, Image, Array, Detection]] = []
        for i in part:
            image = read_photo(photos.refs[str(landmarks.key[i])])
            face = None if image is None else found_face(pipeline, image)
            if image is None or face is None:
                nothing += 1
                continue
            whole.append((int(i), image, landmarks.landmarks[i, :468, :2], face))
        used += [i for i, *_ in whole]
        groups += [groups_of(str(landmarks.key[i]), image, points) for i, image, points, _ in whole]
        seen = [one_look.landmarks(image, face) for _, image, _, face in whole]
        looks += [np.full((478, 3), np.nan, np.float32) if x is None else x for x in seen]
        for name, width, cover in settings:
            images, faces, truths = [], [], []
            for i, image, points, face in whole:
                factor = width / float(np.ptp(points[:, 0])) if width else 1.0
                small = shrunk(occluded(image, points, i) if cover else image, factor)
                found = face if name == "full size" else found_face(pipeline, small)
                if found is None or not _same(found, shrunk_detection(face, image, small)):
                    missed[name] += 1
                    found = shrunk_detection(face, image, small)
                images.append(small)
                faces.append(found)
                truths.append(shrunk_points(points, image, small))
            for said, truth in zip(estimate(images, faces, predictor, model), truths, strict=True):
                eyes = eye_distance(truth)
                errors[name].append(100 * float(np.linalg.norm(said.points - truth, axis=1).mean() / eyes))
                coefficients[name].append(said.expression)
    if not used:
        raise UserError("No face is found in the photos of people held out; give others.")
    truth = labels.expression[used]
    figures = _figures(errors, coefficients, missed, truth, model, len(used), nothing)
    seen_face = np.isfinite([x[0, 0] for x in looks])
    fitted = one_look.fit(np.stack(looks)[seen_face]).expression
    of_look = {
        "r2": _r2(fitted, truth[seen_face], model),
        "ExpNet's r2 against it": _r2(np.stack(coefficients["full size"])[seen_face], fitted, model),
    }
    figures["one look of Face Mesh and a fit"] = of_look
    by_group = errors_by_group(groups, errors["full size"], photos.subjects(landmarks.key[used]).tolist())
    figures["by group"] = {k: {n: asdict(g) for n, g in c.groups.items()} for k, c in by_group.items()}
    figures["gap by group"] = {k: {"worst / best": c.gap, "95 %": (c.low, c.high)} for k, c in by_group.items()}
    _print(figures)
    print_groups(by_group)
    if args.json:
        write_json(args.json, figures)
    return 0


def _same(a: Detection, b: Detection) -> bool:
    """Whether a detection is the expected face."""
    (ax, ay), (bx, by) = a.box.center, b.box.center
    return float(np.hypot(ax - bx, ay - by)) < 0.5 * max(b.box.w, b.box.h) and 0.4 < a.box.w / b.box.w < 2.5


def _figures(
    errors: dict[str, list[float]], coefficients: dict[str, list[Array]], missed: dict[str, int],
    truth: Array, model: FaceModel, n: int, nothing: int,
) -> dict[str, object]:  # fmt: skip
    figures: dict[str, object] = {"photos": n, "photos without a detected face": nothing}
    clean = float(np.mean(errors["full size"]))
    for name, values in errors.items():
        r2 = _r2(np.stack(coefficients[name]), truth, model)
        figures[name] = {
            "dense error %": float(np.mean(values)),
            "dense error % median": float(np.median(values)),
            "times full size": float(np.mean(values)) / clean,
            "r2 mean": float(np.mean(list(r2.values()))),
            "boxes missed by the detector": missed[name],
            "r2": r2,
        }
    return figures


def _r2(said: Array, truth: Array, model: FaceModel) -> dict[str, float]:
    r2 = 1 - ((said - truth) ** 2).sum(0) / ((truth - truth.mean(0)) ** 2).sum(0)
    return {n: float(v) for n, v in zip(model.names, r2, strict=True)}


def _print(figures: dict[str, object]) -> None:
    without = figures["photos without a detected face"]
    print(f"{figures['photos']} photos of held-out people; {without} without a box")
    for name, f in figures.items():
        if isinstance(f, dict) and "dense error %" in f:
            print(
                f"{name:18s} dense error {f['dense error %']:.2f} % (median {f['dense error % median']:.2f}), "
                f"{f['times full size']:.2f}x, mean R2 {f['r2 mean']:.3f}, "
                f"boxes missed {f['boxes missed by the detector']}"
            )
    full, look = figures["full size"], figures["one look of Face Mesh and a fit"]
    assert isinstance(full, dict) and isinstance(look, dict)
    columns = {"ExpNet": full["r2"], "one look": look["r2"], "ExpNet / one look": look["ExpNet's r2 against it"]}
    print("\nR2 at full size against the fit to all runs; of ExpNet, of a single run of Face Mesh and a fit,")
    print("and of ExpNet against that single run")
    for name in ("mean", *full["r2"]):
        values = [np.mean(list(c.values())) if name == "mean" else c[name] for c in columns.values()]
        print(f"  {name:20s}" + "".join(f"{v:8.3f}" for v in values))
