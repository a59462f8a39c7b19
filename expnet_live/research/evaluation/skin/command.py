"""`expnet-live evaluate skin`: measures whether the drawn head has the tone of the person's skin.

Truth is the individual typology angle (ITA, see typology.py) of the lit parts of the cheeks in the photo, between
landmarks. Compared is the ITA of the drawn head's own colour on its cheeks. The photos are of held-out people, in
colour; they are also shown under other lamps, with the ITA of the photo as it is as truth.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass, field

import numpy as np
from scipy.stats import spearmanr
from tqdm import tqdm

from expnet_live.core.arguments import add_photos, output_file, whole_number
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.core.types import Array, Image
from expnet_live.heads.built_in import face_model
from expnet_live.heads.tone import own_tone, toned
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.skin.typology import EDGES, TYPES, cheeks_of, is_grey, ita, relit
from expnet_live.research.training.photos import read_photo
from expnet_live.research.training.workspace import landmarks_of, photos_of

BAR = 0.8  # rank correlation
_LAMPS = 2  # other lamps for each photo


@dataclass
class Tones:
    """ITA in degrees of photo, head and head under other lamps; `missed` photos without a face or visible cheeks."""

    photo: list[float] = field(default_factory=list)
    head: list[float] = field(default_factory=list)
    relit: list[list[float]] = field(default_factory=list)
    grey: int = 0
    missed: int = 0

    @property
    def correlation(self) -> float:
        """Spearman's."""
        return float(spearmanr(self.photo, self.head)[0])

    @property
    def under_other_lamps(self) -> float:
        return float(np.mean([spearmanr(self.photo, lamp)[0] for lamp in np.transpose(self.relit)]))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_photos(parser)
    parser.add_argument("--limit", type=whole_number, default=0, metavar="N", help="measure only N random photos")
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the figures to this file")


def run(args: argparse.Namespace) -> int:
    """0 if the bar is met, 1 otherwise. Raises UserError if there is nothing to measure."""
    photos = photos_of(args)
    landmarks = landmarks_of(args, photos)
    rows = np.flatnonzero(photos.split(landmarks).held_out & (landmarks.flip == 0))
    rng = np.random.default_rng(0)
    if args.limit and args.limit < len(rows):
        rows = np.sort(rng.choice(rows, args.limit, replace=False))
    pipeline, tones = Pipeline.load(args.model, args.device), Tones()
    for i in tqdm(rows, "skin", unit="photo"):
        image = read_photo(photos.refs[str(landmarks.key[i])])
        if image is not None:
            measure(image, landmarks.landmarks[i, :468, :2], pipeline, tones, rng)
    if len(tones.photo) < 3:
        raise UserError("There are too few colour photos of held-out people with a face; give more photos.")
    _print(tones)
    if args.json:
        figures = {
            "correlation": tones.correlation,
            "under other lamps": tones.under_other_lamps,
            "good": tones.correlation >= BAR,
        }
        write_json(args.json, {**figures, **asdict(tones)})
    return 0 if tones.correlation >= BAR else 1


def measure(image: Image, points: Array, pipeline: Pipeline, tones: Tones, rng: np.random.Generator) -> None:
    """Add a photo with Face Mesh points (468, 2)."""
    if is_grey(image):
        tones.grey += 1
        return
    truth = cheeks_of(image, points)
    said = [_head_ita(x, pipeline) for x in (image, *(relit(image, rng) for _ in range(_LAMPS)))]
    told = [angle for angle in said if angle is not None]
    if truth is None or len(told) < len(said):
        tones.missed += 1
        return
    tones.photo.append(ita(truth))
    tones.head.append(told[0])
    tones.relit.append(told[1:])


def _head_ita(image: Image, pipeline: Pipeline) -> float | None:
    """ITA of the head that is drawn for a photo."""
    states = pipeline.photo(image)
    if not states or states[0].skin is None:
        return None
    return ita(own_tone(toned(face_model(), states[0].skin)))


def _print(t: Tones) -> None:
    print(f"{len(t.photo)} photos; left out: {t.grey} without colour, {t.missed} without a face or visible cheeks")
    print(f"rank correlation of the head's ITA with the photo's: {t.correlation:.3f} (limit {BAR:g})")
    print(f"  with the photo under other lamps: {t.under_other_lamps:.3f}")
    kinds, head = np.digitize(t.photo, EDGES), np.array(t.head)
    for kind, name in enumerate(TYPES):
        if (kinds == kind).any():
            count, (low, middle, high) = (kinds == kind).sum(), np.percentile(head[kinds == kind], (25, 50, 75))
            print(f"  {name:14s} {count:4d} photos, head {middle:5.1f} ({low:.1f} to {high:.1f}) degrees")
