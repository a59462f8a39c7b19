"""The training data of actions: labelled pictures, their targets, and how often each is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from expnet_live.core.arkit import MIRROR
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.research.training.actions.groups import people_of
from expnet_live.research.training.actions.options import TuneConfig
from expnet_live.research.training.actions.people import is_held_out
from expnet_live.research.training.actions.shelf import MAX_SPREAD, Shelf
from expnet_live.research.training.actions.targets import Strengths, Targets, targets
from expnet_live.research.training.photos import PhotoMeta, check_metadata
from expnet_live.research.training.split import held_out

MADE = "made"  # the collection of synthetic pictures
_LEAST_SD = 0.06
_STRONG = 1.5  # sd above which an action makes its picture be drawn more often
_MOST_OFTEN = 8.0
# Sampling weight of a collection's pictures, relative to the others.
_SHARES = {"fer2013": 0.35, "utkface": 0.25}
_CLIP_SHARE = 2.2
BLURRED = ("fer2013",)  # collections whose photos are too small to show the state of the eyes


@dataclass(frozen=True, eq=False)
class Material:
    """The training data: pictures, their targets, and (N,) flags for training, synthetic pictures, and frames of
    clips.
    """

    shelf: Shelf
    targets: Targets
    strengths: Strengths
    used: Array
    made: Array
    clip: Array

    @classmethod
    def of(cls, folders: list[Path], photos: set[str], meta: dict[str, PhotoMeta]) -> Material:
        """`photos` are the collections of photos; all others that are not synthetic are clips."""
        shelf = Shelf(folders)
        check_metadata(meta, shelf.key.tolist())
        made = shelf.collection == MADE
        clip = ~made & ~np.isin(shelf.collection, sorted(photos))
        held = np.zeros(len(shelf), bool)
        held[clip] = [is_held_out(name) for name in shelf.collection[clip]]
        held[~clip & ~made] = held_out(shelf.key[~clip & ~made].tolist(), meta)
        used = ~held & (shelf.spread < MAX_SPREAD)
        real = used & ~made
        if not real.any():
            raise UserError("There are no labelled photos or clips of people for training; give more folders.")
        strengths = Strengths.learned((shelf.scores[real] + shelf.mirrored[real]) / 2, clip[real])
        blurred = np.isin(shelf.collection, BLURRED)
        aims = targets(shelf.scores, shelf.mirrored, shelf.rotation, strengths, blurred, made)
        return cls(shelf, aims, strengths, used, made, clip)

    @property
    def person(self) -> Array:
        """(N,) number of the person in frames of clips and synthetic pictures, -1 in photos."""
        return people_of(self.shelf.key, self.made, self.clip)

    @property
    def held_out(self) -> Array:
        """(N,) which photos show held-out people."""
        return ~self.used & ~self.made & ~self.clip & (self.shelf.spread < MAX_SPREAD)

    def units(self) -> tuple[Array, Array]:
        """Mean and standard deviation (52,) of the training targets, equal for both sides."""
        values, weights = self.targets.values[self.used], self.targets.weights[self.used] + 1e-9
        mean = np.average(values, axis=0, weights=weights)
        sd = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
        sd = np.maximum(sd, _LEAST_SD)
        return ((mean + mean[MIRROR]) / 2).astype(np.float32), ((sd + sd[MIRROR]) / 2).astype(np.float32)

    def draws(self, config: TuneConfig) -> Array:
        """Sampling weights of the training pictures: up to eight times higher for strong actions. Synthetic pictures
        are drawn evenly, so that actions that come alone are not drowned by combinations.
        """
        mean, sd = self.units()
        far = (self.targets.values[self.used] - mean) / sd * self.targets.weights[self.used]
        often = 1 + np.minimum(np.clip(far - _STRONG, 0, 3).sum(1), _MOST_OFTEN - 1)
        collection, clip, made = self.shelf.collection[self.used], self.clip[self.used], self.made[self.used]
        often *= np.where(clip, _CLIP_SHARE, [_SHARES.get(str(c), 1.0) for c in collection])
        if made.any():
            often[made] = config.made / (1 - config.made) * often[~made].sum() / made.sum()
        return np.asarray(often)
