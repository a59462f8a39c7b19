"""`expnet-live evaluate realy`: measures the 3D error by regions of the face, like the REALY benchmark.

Meshes are made from the benchmark's pictures, or taken from --prediction, and compared with its scans (see
realy_align, a reconstruction of the benchmark's own program that is checked on scans of known shape). --make-ict
first makes scans and pictures of the same layout from the ICT Face Model Light.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from expnet_live.capture.images import read_image
from expnet_live.capture.sources import SourceError
from expnet_live.core.arguments import output_file, output_folder, positive_int
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.core.types import Array, Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.meshes.files import write_mesh
from expnet_live.pipeline.finder import Finder
from expnet_live.pipeline.landmark_fit import LandmarkFitEstimator
from expnet_live.research.evaluation.accuracy.looks import estimate, padded_detect
from expnet_live.research.evaluation.network import network_of
from expnet_live.research.evaluation.realy.align import REGIONS, Surface, region_errors
from expnet_live.research.evaluation.realy.data import Benchmark, Picture, meshes_of, read_obj
from expnet_live.research.evaluation.realy.ict import IctScanner, make_benchmark
from expnet_live.research.evaluation.realy.keypoints import Template, keypoints_on, read_barycentric
from expnet_live.research.training.ict_head import IctHead

log = logging.getLogger(__name__)

METHODS = ("expnet", "landmark-fit", "mean-face")
TEMPLATE, KEYPOINTS = "expnet_live.obj", "expnet_live.txt"
_MISSED = "no face found"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--root", type=Path, required=True, metavar="DIR", help="folder of the benchmark's data")
    parser.add_argument(
        "--method", choices=METHODS, default="expnet",
        help="method that makes meshes from pictures; mean-face gives the same mesh for all (default: expnet)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=output_folder, metavar="DIR", help="save meshes, template, keypoints and errors to this folder"
    )
    parser.add_argument("--prediction", type=Path, metavar="DIR", help="measure these meshes (1.obj, 1_2.obj) instead")
    parser.add_argument("--template", type=Path, metavar="OBJ", help="the mesh whose triangles --keypoints names")
    parser.add_argument(
        "--keypoints", type=Path, metavar="TXT", help="85 rows [triangle, weight, weight] of --template"
    )
    parser.add_argument(
        "--make-ict", type=Path, metavar="NPZ", help="first fill --root from the ICT Face Model Light's arrays"
    )
    parser.add_argument(
        "--ict-indices", type=Path, metavar="JSON",
        help="its vertex_indices.json (default: beside NPZ or in obj_sample/)",
    )  # fmt: skip
    parser.add_argument(
        "--people", type=positive_int, default=20, metavar="N", help="number of heads to make (default: 20)"
    )
    parser.add_argument("--jobs", type=positive_int, default=2, metavar="N", help="number of processes (default: 2)")
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the figures to this file")


@dataclass(frozen=True, eq=False)
class Predicted:
    """A mesh (V, 3) for the picture `name` of a scan."""

    name: str
    scan: int
    side: bool
    vertices: Array


def run(args: argparse.Namespace) -> int:
    if args.make_ict:
        _make_ict(args)
    benchmark = Benchmark(args.root)
    missed: list[str] = []
    if args.prediction:
        template, barycentric = _given_template(args)
        meshes: Iterator[Predicted] = _read(args.prediction, template)
        what = str(args.prediction.name)
    else:
        ours = Template(FaceModel.load())
        template, barycentric = Surface(ours.vertices, ours.triangles), ours.barycentric
        meshes, what = _made(args, benchmark, ours, missed), args.method
    errors = _measured(benchmark, meshes, template, barycentric, args.jobs)
    if not errors:
        raise UserError("There is no mesh to measure: the benchmark has no pictures, or they show no face.")
    figures = {"meshes of": what, _MISSED: missed, **_summary(errors)}
    _print(figures)
    if args.out:
        _write(args.out, template, barycentric, errors, figures)
    if args.json:
        write_json(args.json, figures)
    return 0


def _make_ict(args: argparse.Namespace) -> None:
    beside = args.make_ict.parent
    places = (beside / "vertex_indices.json", beside / "obj_sample" / "vertex_indices.json")
    indices = args.ict_indices or next((p for p in places if p.is_file()), places[0])
    make_benchmark(IctScanner(IctHead.load(args.make_ict, indices), FaceModel.load()), args.root, args.people)


def _given_template(args: argparse.Namespace) -> tuple[Surface, Array]:
    if args.template is None or args.keypoints is None:
        raise UserError("--prediction needs the meshes' --template OBJ and its --keypoints TXT.")
    template = read_obj(args.template)
    return template, read_barycentric(args.keypoints, template)


def _read(folder: Path, template: Surface) -> Iterator[Predicted]:
    for name, number, side, path in meshes_of(folder):
        vertices = read_obj(path).vertices
        if len(vertices) != len(template.vertices):
            raise UserError(f"{path} has {len(vertices)} vertices, the template {len(template.vertices)}.")
        yield Predicted(name, number, side, vertices)


def _made(args: argparse.Namespace, benchmark: Benchmark, template: Template, missed: list[str]) -> Iterator[Predicted]:
    """Meshes of the benchmark's pictures, kept in `args.out`; `missed` gets those without a face."""
    method = _method(args, template)
    for picture in benchmark.pictures():
        try:
            vertices = method(read_image(picture.path))
        except SourceError as e:
            log.warning("%s", e)
            vertices = None
        if vertices is None:
            missed.append(picture.name)
            continue
        if args.out:
            folder = args.out / ("side" if picture.side else "frontal")
            folder.mkdir(parents=True, exist_ok=True)
            write_mesh(folder / f"{picture.name}.obj", vertices, template.triangles)
        yield _predicted(picture, vertices)


def _predicted(picture: Picture, vertices: Array) -> Predicted:
    return Predicted(picture.name, picture.scan, picture.side, vertices)


def _method(args: argparse.Namespace, template: Template) -> Callable[[Image], Array | None]:
    """The function from a picture to the template's vertices, or None without a face."""
    if args.method == "mean-face":
        return lambda image: template.vertices
    model, detector = FaceModel.load(), Finder()
    if args.method == "landmark-fit":
        fitter = LandmarkFitEstimator(model)

        def fitted(image: Image) -> Array | None:
            face = padded_detect(detector, image)
            state = fitter.estimate(image, face) if face else None
            return None if state is None else template.of(model.vertices(state.expression, state.identity))

        return fitted
    predictor = network_of(args.model, args.device)

    def seen(image: Image) -> Array | None:
        face = padded_detect(detector, image)
        if face is None:
            return None
        said = estimate([image], [face], predictor, model)[0]
        return template.of(model.vertices(said.expression, said.identity))

    return seen


def _measured(
    benchmark: Benchmark, meshes: Iterator[Predicted], template: Surface, barycentric: Array, jobs: int
) -> list[tuple[Predicted, dict[str, float]]]:
    measure = partial(_measure, benchmark, template.triangles, barycentric)
    listed = list(tqdm(meshes, "meshes", unit="mesh"))
    if jobs == 1:
        found = [measure(m) for m in tqdm(listed, "errors", unit="mesh")]
    else:
        with ProcessPoolExecutor(jobs) as pool:
            found = list(tqdm(pool.map(measure, listed), "errors", total=len(listed), unit="mesh"))
    return list(zip(listed, found, strict=True))


def _measure(benchmark: Benchmark, triangles: Array, barycentric: Array, mesh: Predicted) -> dict[str, float]:
    keypoints = keypoints_on(mesh.vertices, triangles, barycentric)
    return region_errors(Surface(mesh.vertices, triangles), keypoints, benchmark.scan(mesh.scan))


def _summary(errors: list[tuple[Predicted, dict[str, float]]]) -> dict[str, Any]:
    """Mean and sd (mm) of each region; `all` is the mean of the four regions' means, as in the benchmark."""
    figures: dict[str, Any] = {}
    for view, side in (("frontal", False), ("side", True)):
        values = np.array([[e[r] for r in REGIONS] for mesh, e in errors if mesh.side == side])
        if len(values):
            spread = values.std(0, ddof=1) if len(values) > 1 else np.zeros(len(REGIONS))
            figures[view] = {"meshes": len(values), "all": float(values.mean())}
            for region, mean, sd in zip(REGIONS, values.mean(0), spread, strict=True):
                figures[view][region] = {"mean": float(mean), "sd": float(sd)}
    return figures


def _print(figures: dict[str, Any]) -> None:
    for view in ("frontal", "side"):
        if view in figures:
            f = figures[view]
            regions = ", ".join(f"{r} {f[r]['mean']:.3f} ± {f[r]['sd']:.3f}" for r in REGIONS)
            print(f"{view}: {regions}, all {f['all']:.3f} mm ({f['meshes']} meshes of {figures['meshes of']})")
    if figures[_MISSED]:
        print(f"{_MISSED}: {', '.join(figures[_MISSED])}")


def _write(
    folder: Path, template: Surface, barycentric: Array, errors: list[tuple[Predicted, dict[str, float]]],
    figures: dict[str, Any],
) -> None:  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    write_mesh(folder / TEMPLATE, template.vertices, template.triangles)
    rows = [[int(t), float(u), float(v)] for t, u, v in barycentric]
    (folder / KEYPOINTS).write_text(json.dumps(rows), encoding="utf-8")
    lines = [f"{m.name}\t" + "".join(f"\t{e[r]:.7f}" for r in REGIONS) for m, e in errors]
    (folder / "REALY_error.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_json(folder / "report.json", figures)
