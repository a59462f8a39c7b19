"""`expnet-live train landmarks | face-model | rig | labels | expnet | ...`: makes the assets.

Each step's parser sets `run` to its own function, which imports what it needs.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from expnet_live.core.arguments import Subparsers
    from expnet_live.core.types import Array, Image


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("train", help="rebuild the face model, the labels, the network or the demo clip")
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    _topology(steps)
    _landmarks(steps)
    _face_model(steps)
    _rig(steps)
    _labels(steps)
    _expnet(steps)
    _scores(steps)
    _pictures(steps)
    _actions(steps)
    _finder(steps)
    _runtime(steps)
    _demo_clip(steps)
    _component_sheet(steps)


def _photos(parser: argparse.ArgumentParser) -> None:
    from expnet_live.core.arguments import add_photos

    add_photos(parser)


def _topology(steps: Subparsers) -> None:
    parser = steps.add_parser("topology", help="store the triangles of mediapipe's Face Mesh (needs mediapipe)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the triangles (.npz)")
    parser.set_defaults(run=_run_topology)


def _run_topology(args: argparse.Namespace) -> int:
    from expnet_live.research.training.topology import save_topology

    save_topology(args.out)
    print(f"the triangles are in {args.out}")
    return 0


def _landmarks(steps: Subparsers) -> None:
    parser = steps.add_parser(
        "landmarks", help="find landmarks in photo collections, and cache them for the steps below"
    )
    _photos(parser)
    parser.set_defaults(run=_run_landmarks)


def _run_landmarks(args: argparse.Namespace) -> int:
    import numpy as np

    from expnet_live.research.training.workspace import landmarks_of, photos_of

    landmarks = landmarks_of(args, photos_of(args))
    found = np.isfinite(landmarks.landmarks[:, 0, 0])
    print(f"{found.sum()} faces in {len(found)} photos; landmarks are in {args.landmarks}")
    return 0


def _face_model(steps: Subparsers) -> None:
    parser = steps.add_parser(
        "face-model", help="learn the face model from the landmarks (needs --teacher or a cache made with it)"
    )
    _photos(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the model (.npz)")
    parser.add_argument("--report", type=Path, metavar="JSON", help="also write the measurements to this file")
    parser.set_defaults(run=_run_face_model)


def _run_face_model(args: argparse.Namespace) -> int:
    from expnet_live.research.training.build import build_face_model
    from expnet_live.research.training.workspace import landmarks_of, photos_of

    photos = photos_of(args)
    build_face_model(photos, landmarks_of(args, photos), args.out, args.report)
    return 0


def _rig(steps: Subparsers) -> None:
    parser = steps.add_parser(
        "rig", help="make the rig of ARKit's 52 actions from the shapes of the ICT Face Model Light"
    )
    parser.add_argument("--ict", type=Path, required=True, metavar="NPZ", help="the ICT model's arrays")
    parser.add_argument("--indices", type=Path, required=True, metavar="JSON", help="its vertex_indices.json")
    parser.add_argument(
        "--face-model", type=Path, metavar="FILE", help="face model of the rig (default: the built-in one)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the rig (.npz)")
    parser.add_argument("--sheet", type=Path, metavar="WEBP", help="also draw all 52 actions to this file")
    parser.set_defaults(run=_run_rig)


def _run_rig(args: argparse.Namespace) -> int:
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.research.training.rig import Source, build_rig

    model = FaceModel.load(args.face_model)
    rig = build_rig(Source.load(args.ict, args.indices, model), model)
    rig.save(args.out)
    print(f"the rig is in {args.out}")
    if args.sheet is not None:
        from expnet_live.render.sheet import save_rig_sheet

        save_rig_sheet(model.rigged_by(rig), args.sheet)
    return 0


def _labels(steps: Subparsers) -> None:
    parser = steps.add_parser("labels", help="fit expression labels to the landmarks of photos")
    _photos(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the labels (.npz)")
    parser.add_argument("--face-model", type=Path, metavar="FILE", help="face model (default: the built-in one)")
    parser.set_defaults(run=_run_labels)


def _run_labels(args: argparse.Namespace) -> int:
    from collections import Counter

    from expnet_live.heads.face_model import FaceModel
    from expnet_live.research.training.labels import make_labels
    from expnet_live.research.training.workspace import landmarks_of, photos_of

    args.landmarks = args.landmarks or args.out.with_suffix(".landmarks.npz")
    photos = photos_of(args)
    landmarks = landmarks_of(args, photos)
    labels = make_labels(landmarks, photos.subjects(landmarks.key), FaceModel.load(args.face_model))
    labels.save(args.out)
    counts = Counter(labels.reason.tolist())
    print(f"{counts.pop('', 0)} labels are in {args.out}; rejected: {dict(counts) or 'none'}")
    return 0


def _expnet(steps: Subparsers) -> None:
    from expnet_live.research.training.options import TrainConfig

    parser = steps.add_parser(
        "expnet",
        help="train the network on the labels",
        epilog="On several GPUs: torchrun --nproc-per-node N -m expnet_live train expnet ...",
    )
    _photos(parser)
    parser.add_argument(
        "--labels", type=Path, required=True, metavar="FILE", help="labels from 'expnet-live train labels'"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="weights, log.csv and the checkpoint to resume from"
    )
    parser.add_argument(
        "--face-model",
        type=Path,
        metavar="FILE",
        help="face model that the labels were made with (default: the built-in one)",
    )
    parser.add_argument(
        "--crops", type=Path, metavar="FILE", help="cache of crops (.npy), made if missing (default: in DIR)"
    )
    parser.add_argument("--config", type=Path, metavar="JSON", help="file with values for the options below")
    for f in fields(TrainConfig):
        kind: Any = Path if f.name == "init" else type(f.default)
        parser.add_argument(
            f"--{f.name.replace('_', '-')}", type=kind, metavar=kind.__name__.upper(), help=f"default: {f.default}"
        )
    parser.set_defaults(run=_run_expnet)


def _run_expnet(args: argparse.Namespace) -> int:
    import json

    import numpy as np

    from expnet_live.core.errors import UserError
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.research.training.crops import make_crops
    from expnet_live.research.training.options import TrainConfig
    from expnet_live.research.training.train import first_alone, train
    from expnet_live.research.training.workspace import labels_of, landmarks_of, photos_of

    known = {f.name for f in fields(TrainConfig)}
    chosen = json.loads(args.config.read_text()) if args.config else {}
    if unknown := set(chosen) - known:
        raise UserError(f"{args.config} has options that do not exist: {', '.join(sorted(unknown))}.")
    chosen |= {n: getattr(args, n) for n in known if getattr(args, n) is not None}
    config = TrainConfig(**chosen)
    with first_alone(config.device):
        photos = photos_of(args)
        landmarks = landmarks_of(args, photos)
        labels, model = labels_of(args.labels, landmarks), FaceModel.load(args.face_model)
        rows = np.flatnonzero(labels.good)
        args.out.mkdir(parents=True, exist_ok=True)
        cache = args.crops or args.out / "crops.npy"
        crops = make_crops(photos.refs, landmarks, labels, rows, model, cache, args.jobs)
    split = photos.split(landmarks)
    used, valid = crops.subset(split.train[rows]), crops.subset(split.held_out[rows])
    if not len(used) or len(valid) < 2:
        raise UserError(
            f"Of these photos, {len(used)} are for training and {len(valid)}, of one person in eight, for testing. "
            "This is too few; name more photos, of more people."
        )
    best = train(used, valid, model, args.out, config)
    if os.environ.get("RANK", "0") == "0":  # of several processes, only one wrote them
        print(f"the best weights are in {best}")
        _ready_to_run(best, used.picture, np.arange(len(used)))
    return 0


def _ready_to_run(weights: Path, picture: Callable[[int], Image], rows: Array) -> None:
    """Write the runtime files of new weights, if `onnx` is installed; `rows` are the pictures that int8 must suit."""
    from importlib.util import find_spec

    import numpy as np

    if find_spec("onnx") is None:
        print("install onnx, and 'expnet-live train runtime' makes the files that the program runs")
        return
    from expnet_live.networks.checkpoint import Weights
    from expnet_live.research.training.dataset import plain_crops
    from expnet_live.research.training.runtime import CROPS, write_runtime_files

    chosen = np.random.default_rng(0).permutation(rows)[:CROPS]
    files = write_runtime_files(weights, plain_crops(picture, chosen, Weights.read(weights).config.crop_size))
    print(f"the program runs {' and '.join(str(f) for f in files)}")


def _scores(steps: Subparsers) -> None:
    from expnet_live.core.arguments import positive_int

    parser = steps.add_parser("scores", help="let a teacher score ARKit's actions in photos and clips of people")
    parser.add_argument(
        "photos", nargs="*", type=Path, metavar="PHOTOS", help="photos, folders or tar archives of photos"
    )
    parser.add_argument("--clips", nargs="*", type=Path, default=[], metavar="DIR", help="folders of videos (.mp4)")
    parser.add_argument("--step", type=positive_int, default=3, metavar="N", help="use every Nth frame (default: 3)")
    parser.add_argument(
        "--teacher", type=Path, required=True, metavar="TASK", help="MediaPipe Face Landmarker with blendshapes (.task)"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the scores; existing parts are kept"
    )
    parser.add_argument("--jobs", type=positive_int, default=2, metavar="N", help="processes (default: 2)")
    parser.set_defaults(run=_run_scores)


def _run_scores(args: argparse.Namespace) -> int:
    from expnet_live.research.training.actions.collect import label_all
    from expnet_live.research.training.photos import list_photos

    clips = [clip for folder in args.clips for clip in folder.glob("*.mp4")]
    count = label_all(list_photos(args.photos), clips, args.step, args.teacher, args.out, args.jobs)
    print(f"{count} more pictures are in {args.out}")
    return 0


def _material(parser: argparse.ArgumentParser) -> None:
    from expnet_live.research.training.actions.options import COLLECTIONS

    parser.add_argument(
        "labelled", nargs="+", type=Path, metavar="DIR", help="folders from 'train scores' and 'train pictures'"
    )
    parser.add_argument(
        "--collections", nargs="*", default=list(COLLECTIONS), metavar="NAME",
        help="names of the photo collections; the others are clips",
    )  # fmt: skip
    parser.add_argument("--metadata", nargs="*", type=Path, default=[], metavar="CSV", help="file,subject,emotion")


def _material_of(args: argparse.Namespace) -> Any:
    from expnet_live.research.training.actions.fine_tune import Material
    from expnet_live.research.training.photos import read_metadata

    return Material.of(args.labelled, set(args.collections), read_metadata(args.metadata))


def _pictures(steps: Subparsers) -> None:
    from expnet_live.core.arguments import positive_int

    parser = steps.add_parser("pictures", help="render pictures of heads whose actions are known (needs moderngl)")
    _material(parser)
    parser.add_argument(
        "--kinds", nargs="+", choices=("ict", "own", "photo"), default=["ict", "own", "photo", "photo"],
        help="heads to use, in turn: the ICT model, our own head, people in photos (default: ict own photo photo)",
    )  # fmt: skip
    parser.add_argument("--ict", type=Path, metavar="NPZ", help="arrays of the ICT Face Model Light")
    parser.add_argument("--indices", type=Path, metavar="JSON", help="its vertex_indices.json")
    parser.add_argument("--scenes", nargs="*", type=Path, default=[], metavar="PHOTOS", help="backgrounds")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--count", type=positive_int, default=9600, metavar="N", help="default: 9600")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    parser.set_defaults(run=_run_pictures)


def _run_pictures(args: argparse.Namespace) -> int:
    from expnet_live.core.errors import UserError
    from expnet_live.research.training.made.pictures import actors, make_pictures, performer_of
    from expnet_live.research.training.photos import list_photos

    ict = None
    if "ict" in args.kinds:
        if args.ict is None or args.indices is None:
            raise UserError("The ICT model's heads need --ict and --indices; give both, or choose other --kinds.")
        ict = performer_of(args.ict, args.indices)
    material = _material_of(args)
    cast = actors(tuple(args.kinds), material, ict, list_photos(args.scenes))
    count = make_pictures(material, cast, args.out, args.count, args.seed)
    print(f"{count} pictures are in {args.out}")
    return 0


def _add_options(parser: argparse.ArgumentParser, config: type[Any], **switches: str) -> None:
    """An option for each field of a dataclass; fields named in `switches` are switches with these help texts."""
    for f in fields(config):
        option = f"--{f.name.replace('_', '-')}"
        if f.name in switches:
            parser.add_argument(option, action="store_true", help=switches[f.name])
        else:
            parser.add_argument(option, type=type(f.default), default=f.default, help=f"default: {f.default}")


def _chosen(args: argparse.Namespace, config: type[Any]) -> dict[str, Any]:
    """The values of these options."""
    return {f.name: getattr(args, f.name) for f in fields(config)}


def _actions(steps: Subparsers) -> None:
    from expnet_live.research.training.actions.options import TuneConfig

    parser = steps.add_parser("actions", help="fine-tune a network to predict ARKit's 52 actions, at full strength")
    _material(parser)
    parser.add_argument("--init", type=Path, required=True, metavar="FILE", help="the initial weights")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="weights, strengths.npz, log.csv")
    _add_options(parser, TuneConfig, grow="add the layers of the architecture 'fine'")
    parser.set_defaults(run=_run_actions)


def _run_actions(args: argparse.Namespace) -> int:
    import numpy as np

    from expnet_live.research.training.actions.fine_tune import fine_tune
    from expnet_live.research.training.actions.options import TuneConfig
    from expnet_live.research.training.actions.strength import strengthen

    material = _material_of(args)
    config = TuneConfig(**_chosen(args, TuneConfig))
    tuned = fine_tune(material, args.init, args.out, config)
    result = args.out / "strong.safetensors"
    strengthen(tuned, material, result)
    print(f"the weights are in {result}")
    _ready_to_run(result, material.shelf.picture, np.flatnonzero(material.used & ~material.made))
    return 0


def _finder(steps: Subparsers) -> None:
    from expnet_live.research.training.finder.options import FinderConfig

    parser = steps.add_parser("finder", help="train the network that finds faces in a picture")
    _material(parser)
    parser.add_argument(
        "--scenes", nargs="+", type=Path, required=True, metavar="PHOTOS", help="pictures without people"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="finder.onnx, finder.pt, log.csv")
    _add_options(parser, FinderConfig)
    parser.set_defaults(run=_run_finder)


def _run_finder(args: argparse.Namespace) -> int:
    from expnet_live.research.training.finder.options import FinderConfig
    from expnet_live.research.training.finder.pictures import read_scenes
    from expnet_live.research.training.finder.train import train_finder
    from expnet_live.research.training.photos import list_photos

    scenes = read_scenes(list_photos(args.scenes))
    config = FinderConfig(**_chosen(args, FinderConfig))
    print(f"the finder is in {train_finder(_material_of(args), scenes, args.out, config)}")
    return 0


def _runtime(steps: Subparsers) -> None:
    parser = steps.add_parser(
        "runtime", help="write the files that the program runs, float and int8, beside a file of weights (needs onnx)"
    )
    parser.add_argument(
        "weights", nargs="?", type=Path, metavar="WEIGHTS", help=".safetensors (default: the built-in network)"
    )
    parser.add_argument(
        "--photos", nargs="+", type=Path, default=[], metavar="PHOTOS",
        help="photos, folders or tar archives of photos that set the ranges of int8 (default: the demo clip)",
    )  # fmt: skip
    parser.set_defaults(run=_run_runtime)


def _run_runtime(args: argparse.Namespace) -> int:
    from expnet_live.core.paths import asset
    from expnet_live.networks.checkpoint import Weights
    from expnet_live.networks.predictor import ASSET
    from expnet_live.pipeline.finder import Finder
    from expnet_live.research.training.photos import list_photos
    from expnet_live.research.training.runtime import crops_for_int8, pictures_of, write_runtime_files

    weights = args.weights or asset(ASSET)
    size = Weights.read(weights).config.crop_size
    crops = crops_for_int8(pictures_of(list_photos(args.photos)), Finder(), size)
    for path in write_runtime_files(weights, crops):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


def _demo_clip(steps: Subparsers) -> None:
    parser = steps.add_parser("demo-clip", help="render the demo clip: a head performing expressions")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.set_defaults(run=_run_demo_clip)


def _run_demo_clip(args: argparse.Namespace) -> int:
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.research.training.demo_clip import make_demo_clip

    make_demo_clip(FaceModel.load(), args.out)
    return 0


def _component_sheet(steps: Subparsers) -> None:
    parser = steps.add_parser("component-sheet", help="draw the 29 components and the mean face")
    parser.add_argument("--out", type=Path, required=True, metavar="PNG")
    parser.set_defaults(run=_run_component_sheet)


def _run_component_sheet(args: argparse.Namespace) -> int:
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.render.sheet import save_component_sheet

    save_component_sheet(FaceModel.load(), args.out)
    return 0
