"""Rendered people who perform every gesture before the whole pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation
from tqdm import tqdm

from expnet_live.core.types import Array, Frame
from expnet_live.gestures.finding import events_of
from expnet_live.gestures.look import values_of
from expnet_live.gestures.watching import rules_of
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.evaluation.expression.studio import Person, Shot, Studio, random_room
from expnet_live.research.evaluation.gestures.measure import Tally
from expnet_live.research.evaluation.gestures.script import FPS, Act, performance

_TREMBLE = 0.006  # rad, and widths of the face, by which a head moves between frames


@dataclass(frozen=True, eq=False)
class Performance:
    """What a person did, and the network's answers (55,) at each frame of FPS, None without a face."""

    acts: list[Act]
    values: list[Array | None]

    @property
    def times(self) -> Array:
        return np.arange(len(self.values)) / FPS


def perform(
    pipeline: Pipeline, people: Sequence[Person], width: int, seed: int, studio: Studio
) -> Iterator[Performance]:
    """Each person performs in a room of their own, with a face of `width` px."""
    for number, person in enumerate(people):
        rng = np.random.default_rng([seed, number, width])
        room = random_room(rng)
        moments, acts = performance(rng)
        pipeline.reset()
        seen: list[Array | None] = []
        for i, moment in enumerate(
            tqdm(moments, f"{width} px, head {number + 1}", unit="frame", leave=False, disable=None)
        ):
            tremble = rng.normal(0, _TREMBLE, 4)
            pose = Rotation.from_euler("YX", [moment.turn[0] + tremble[0], moment.turn[1] + tremble[1]]).as_rotvec()
            shot = Shot(width, rotation=tuple(pose.tolist()), shift=(float(tremble[2]), float(tremble[3])))
            picture = studio.draw(person, moment.strengths, room, shot, rng)
            states = pipeline.process(Frame(picture.image, i / FPS, i, "render"))
            weights = states[0].blendshapes if states else None
            seen.append(None if weights is None else values_of(weights, states[0].pose.rotation))
        yield Performance(acts, seen)


def told(performances: Iterable[Performance]) -> Tally:
    """What the built-in gestures say of them."""
    tally = Tally()
    for one in performances:
        tally.add(one.acts, events_of(one.times, one.values, rules_of({})), len(one.values) / FPS)
    return tally
