"""`expnet-live evaluate finder --photos PATH... --empty PATH...`: measures which faces are found in photos.

Each photo with a face is turned by 90, 180 and 270 degrees: the face must be found again, with the same expression.
Photos are also shrunk and set into a grey picture, by the size of their face. Pictures without people must give no
face. `--held-out` leaves out what network and finder were trained with. `--compare` also measures the finder alone,
beside mediapipe's detector where it is installed: see compare.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from expnet_live.core.arguments import output_file, positive_int, whole_number
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.core.types import FaceState, Image
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.finder.compare import Score, look_for_all, print_scores, searches_of
from expnet_live.research.training.photos import PhotoRef, list_photos, read_metadata, read_photo
from expnet_live.research.training.split import held_out, is_test_scene

FOUND_BAR = 0.95  # of photos turned by each angle
FAR_SD = 1.0  # no coefficient of a turned photo may be further off
FALSE_BAR = 0.01  # of pictures without people
TURNS = (90, 180, 270)  # degrees
SIZES = (200, 60, 28, 14)  # px, the larger side of the face's box
Choice = Callable[[list[PhotoRef]], list[PhotoRef]]
_GREY, _LEAST = 110, (240, 320)  # what small photos are set into: grey level, rows and columns


@dataclass
class Finder:
    """`photos` with a face when upright, of `all_photos`. By angle: how many of them are found, and how many of those
    are further off than FAR_SD. By size in px: the share found. `false` names pictures without people, of `empty`,
    in which a face is seen.
    """

    all_photos: int = 0
    photos: int = 0
    found: dict[int, int] = field(default_factory=lambda: dict.fromkeys(TURNS, 0))
    far: dict[int, int] = field(default_factory=lambda: dict.fromkeys(TURNS, 0))
    by_size: dict[int, int] = field(default_factory=lambda: dict.fromkeys(SIZES, 0))
    empty: int = 0
    false: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        turned = all(self.found[t] >= FOUND_BAR * self.photos and not self.far[t] for t in TURNS)
        return turned and len(self.false) <= FALSE_BAR * self.empty


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--photos",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="photos of upright faces: files, folders, tars",
    )
    parser.add_argument(
        "--empty",
        nargs="+",
        type=Path,
        default=[],
        metavar="PATH",
        help="pictures without people: files, folders, tars",
    )
    parser.add_argument(
        "--held-out",
        action="store_true",
        help="take only photos of held-out people, and pictures without people that the finder never saw",
    )
    parser.add_argument(
        "--metadata", nargs="*", type=Path, default=[], metavar="CSV", help="file,subject,emotion: who is held out"
    )
    parser.add_argument("--finder", type=Path, metavar="FILE", help="with --compare: another finder.onnx")
    parser.add_argument(
        "--count", type=positive_int, metavar="N", help="take at most N pictures of each PATH (default: all)"
    )
    parser.add_argument(
        "--count-photos",
        type=positive_int,
        metavar="N",
        help="the same for photos alone, without pictures without people",
    )
    parser.add_argument(
        "--seed", type=whole_number, default=0, metavar="N", help="which ones --count takes (default: 0)"
    )
    parser.add_argument(
        "--compare",
        action="store_true",
        help="also compare the finder alone with mediapipe's detector (needs both --photos and --empty)",
    )
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the figures to this file")


def run(args: argparse.Namespace) -> int:
    """0 if all limits are met, 1 otherwise. Raises UserError if there is nothing to measure."""
    meta = read_metadata(args.metadata)

    def unseen(refs: list[PhotoRef]) -> list[PhotoRef]:
        held = held_out([r.key for r in refs], meta)
        return [ref for ref, out in zip(refs, held, strict=True) if out]

    def untrained(refs: list[PhotoRef]) -> list[PhotoRef]:
        return [ref for ref in refs if is_test_scene(ref.key)]

    photos = _some(args.photos, args.count_photos or args.count, args.seed, unseen if args.held_out else list)
    empty = _some(args.empty, args.count, args.seed, untrained if args.held_out else list)
    if not photos and not empty:
        raise UserError(
            "There is nothing to measure; name photos with --photos, or pictures without people with --empty."
        )
    if args.compare and not (photos and empty):
        raise UserError("--compare needs faces and pictures without people; give both --photos and --empty.")
    pipeline = Pipeline.load(args.model, args.device)
    result = Finder()
    for _, image in _read(photos, "photos"):
        look_for(image, pipeline, result)
    for name, image in _read(empty, "pictures without people"):
        result.empty += 1
        if pipeline.photo(image):
            result.false.append(name)
    _print(result)
    figures: dict[str, Any] = {**asdict(result), "good": result.good}
    if args.compare:
        scores = _compared(photos, empty, pipeline, args.seed, args.finder)
        print_scores(scores)
        figures["finders"] = {name: score.figures() for name, score in scores.items()}
    if args.json:
        write_json(args.json, figures)
    return 0 if result.good else 1


def _compared(
    photos: Sequence[PhotoRef], empty: Sequence[PhotoRef], pipeline: Pipeline, seed: int, finder: Path | None
) -> dict[str, Score]:
    """The scores of our finder and of mediapipe's detector for the same faces, where the pipeline finds them."""
    scenes = [image for _, image in _read(empty, "pictures without people")]
    searches = searches_of(finder)
    scores = {name: Score() for name in searches}
    rng = np.random.default_rng(seed)
    for _, image in _read(photos, "faces in scenes"):
        states = pipeline.photo(image)
        if states:
            look_for_all(image, states[0].box, scenes, searches, scores, rng)
    for scene in tqdm(scenes, desc="scenes", unit="picture", leave=False):
        for name, search in searches.items():
            scores[name].empty.append(max((d.score for d in search(scene)), default=0.0))
    return scores


def _some(paths: Sequence[Path], count: int | None, seed: int, chosen: Choice) -> list[PhotoRef]:
    refs: list[PhotoRef] = []
    for path in paths:
        there = chosen(list_photos([path]))
        order = np.random.default_rng(seed).permutation(len(there))[:count]
        refs += [there[i] for i in order]
    return refs


def _read(refs: Sequence[PhotoRef], what: str) -> Iterator[tuple[str, Image]]:
    for ref in tqdm(refs, desc=what, unit="picture", leave=False):
        image = read_photo(ref)
        if image is not None:
            yield ref.key, image


def look_for(image: Image, pipeline: Pipeline, result: Finder) -> None:
    """Look for the face in the photo, turned and small, if it is found in the photo as it is."""
    result.all_photos += 1
    upright = pipeline.photo(image)
    if not upright:
        return
    result.photos += 1
    for quarter, turn in enumerate(TURNS, 1):
        states = pipeline.photo(np.ascontiguousarray(np.rot90(image, quarter)))
        if states:
            result.found[turn] += 1
            result.far[turn] += bool(np.abs(states[0].expression - upright[0].expression).max() > FAR_SD)
    for size in SIZES:
        result.by_size[size] += bool(pipeline.photo(small(image, upright[0], size)))


def small(image: Image, state: FaceState, size: int) -> Image:
    """The photo with its face `size` px large, inside a grey picture."""
    zoom = size / max(state.box.w, state.box.h)
    method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    shrunk = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=method)
    height, width = shrunk.shape[:2]
    picture = np.full((max(_LEAST[0], height + 20), max(_LEAST[1], width + 20), 3), _GREY, np.uint8)
    y, x = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    picture[y : y + height, x : x + width] = shrunk
    return picture


def _print(r: Finder) -> None:
    if r.all_photos:
        print(f"{r.photos} of {r.all_photos} photos have a face when upright; of these")
        for turn in TURNS:
            found = r.found[turn] / max(r.photos, 1)
            print(f"  turned by {turn:3} degrees: {found:6.1%} found (limit {FOUND_BAR:.0%}), ", end="")
            print(f"{r.far[turn]} more than {FAR_SD:g} sd off (limit 0)")
        for size in SIZES:
            print(f"  face of {size:3} px: {r.by_size[size] / max(r.photos, 1):6.1%} found")
    if r.empty:
        share = len(r.false) / r.empty
        print(f"{r.empty} pictures without people: {len(r.false)} with a face, {share:.2%} (limit {FALSE_BAR:.0%})")
        for name in r.false:
            print(f"  {name}")
