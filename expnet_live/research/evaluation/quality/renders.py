"""Rendered people under all conditions: size, blur, cover, turn and light drawn at random, one frame at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import Rotation
from tqdm import tqdm

from expnet_live.core.arkit import ARKIT, N_BLENDSHAPES
from expnet_live.core.types import Array, Frame, Image
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.pipeline.quality import conditions_of
from expnet_live.research.evaluation.expression.script import alone
from expnet_live.research.evaluation.expression.studio import Person, Shot, Studio, random_room

_WIDTHS = (12.0, 220.0)  # px


@dataclass(frozen=True, eq=False)
class Seen:
    """Of N frames in which a face was found: `conditions` (N, 5), see `pipeline.quality`; `said` and `truth` (N, 52);
    and how many frames there were."""

    conditions: Array
    said: Array
    truth: Array
    frames: int

    @property
    def errors(self) -> Array:
        """Root mean square error over the actions (N,), as a share of the root mean square of the truth: what a face
        does decides how large errors are, and quality must not depend on it."""
        return np.sqrt(((self.said - self.truth) ** 2).mean(1) / (self.truth**2).mean(1))


def draw_all(pipeline: Pipeline, people: Sequence[Person], count: int, seed: int, studio: Studio) -> Seen:
    """`count` frames of each person, each as the first one of a source."""
    conditions, said, truth = [], [], []
    for number, person in enumerate(people):
        rng = np.random.default_rng([seed, number])
        for i in tqdm(range(count), f"person {number + 1}", unit="frame", leave=False):
            strengths = _strengths(rng)
            shot, room = _shot(rng), random_room(rng)
            picture = studio.draw(person, strengths, room, shot, rng)
            image = _camera(picture.image, shot.width, rng)
            pipeline.reset()
            states = pipeline.process(Frame(image, 0.0, i, "render"))
            if states and states[0].blendshapes is not None:
                # The true place and pose, so that conditions do not depend on what the network says.
                conditions.append(conditions_of(image, picture.view, states[0].confidence).values)
                said.append(states[0].blendshapes)
                truth.append(strengths)
    return Seen(np.array(conditions), np.array(said), np.array(truth), count * len(people))


def _strengths(rng: np.random.Generator) -> Array:
    """One to three actions."""
    weights = np.zeros(N_BLENDSHAPES, np.float32)
    for name in rng.choice(ARKIT, int(rng.integers(1, 4)), replace=False):
        weights = np.maximum(weights, alone(str(name), float(rng.uniform(0.3, 1))))
    return weights


def _shot(rng: np.random.Generator) -> Shot:
    width = float(np.exp(rng.uniform(*np.log(_WIDTHS))))
    turned = rng.random() < 0.7
    yaw, pitch = (rng.uniform(-0.9, 0.9), rng.uniform(-0.4, 0.4)) if turned else (0.0, 0.0)
    pose = Rotation.from_euler("YX", [yaw, pitch]).as_rotvec()
    return Shot(width, rotation=tuple(pose.tolist()), glasses=bool(rng.random() < 0.25), cover=bool(rng.random() < 0.3))


def _camera(image: Image, width: float, rng: np.random.Generator) -> Image:
    """Blur, and another exposure with the noise of weak light."""
    out: Array = image.astype(np.float32)
    if rng.random() < 0.5:
        out = cv2.GaussianBlur(out, (0, 0), max(float(rng.uniform(0, 0.06)) * width, 0.1))
    if rng.random() < 0.6:
        gain = float(np.exp(rng.uniform(np.log(0.12), np.log(1.4))))
        out = gain * out + rng.normal(0, 2.5, image.shape[:2])[..., None]
    return np.clip(out, 0, 255).astype(np.uint8)
