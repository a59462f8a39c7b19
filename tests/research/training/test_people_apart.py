"""Learning to tell people apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset
from expnet_live.pipeline.appearance import Appearance
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.training.people_apart import Clip, clips_of, discriminants, recognised, train_likeness


def clips(count: int, name: str) -> list[Clip]:
    """People who differ in a few measurements; all others change with the moment, much more."""
    rng = np.random.default_rng(len(name))
    people = rng.normal(size=(count, 4))
    found = []
    for i in range(count):
        values = rng.normal(0, 3, (40, 125))
        values[:, :4] = people[i] + rng.normal(0, 0.2, (40, 4))
        found.append(Clip(f"{name}_{i}", np.arange(40) / 5, values.astype(np.float32)))
    return found


def test_the_map_keeps_what_differs_between_people(tmp_path: Path) -> None:
    # Names of training and of held-out people.
    known, test = clips(30, "somebody"), clips(12, "styletalk_andrew")
    figures = train_likeness([*known, *test], tmp_path / "likeness.npz")
    with np.load(tmp_path / "likeness.npz") as z:
        assert z["mean"].shape == (125,) and z["map"].shape == (125, 32)
        strength = np.abs(z["map"]).sum(1)
    assert strength[:4].min() > 3 * np.median(strength)
    assert set(figures) == {"recognised as measured", "recognised after the map"}


def test_people_who_differ_are_recognised() -> None:
    test = [Clip(f"person {i}", c.times, c.values) for i, c in enumerate(clips(12, "somebody"))]
    mean, mapping = discriminants([c.values for c in clips(30, "somebody")])
    before = recognised(test, Appearance)
    assert recognised(test, lambda x: Appearance((x - mean) @ mapping, mapped=True)) > before + 0.2


def test_too_few_clips_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Too few clips"):
        train_likeness(clips(2, "somebody"), tmp_path / "likeness.npz")


def test_a_clip_gives_the_measurements_of_its_face() -> None:
    (clip,) = clips_of([asset("demo.mp4")], Pipeline.load(device="cpu").predictor)
    assert clip.name == "demo" and len(clip.times) == len(clip.values) > 30 and clip.values.shape[1] == 125
