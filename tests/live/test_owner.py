"""Of two people who take turns, the one with the profile alone has its neutral while they are followed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from turns import turns

from expnet_live.capture.sources import open_source
from expnet_live.capture.spec import SourceSpec
from expnet_live.live.headless import follow, headless
from expnet_live.live.state import LiveState, Settings
from expnet_live.person.person import Person
from expnet_live.pipeline.pipeline import Pipeline

NEUTRAL = 0.5  # sd


class Kept:
    """An output that keeps the states."""

    name = "kept"

    def __init__(self) -> None:
        self.states: list[LiveState] = []

    def put(self, state: LiveState) -> None:
        self.states.append(state)

    def lost(self, face: int, time: float) -> None: ...


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return turns(tmp_path_factory.mktemp("turns") / "turns.mp4")


def test_the_neutral_is_for_one_of_two_who_take_turns(video: Path) -> None:
    pipeline, shapes = Pipeline.load(device="cpu"), {}
    with open_source(str(video)) as source:
        for frame in source:
            shapes |= {face.face: face.identity for face in pipeline.process(frame)}
    names = pipeline.face_model.names
    shape = Person("Ada", identity=shapes[0], neutral=dict.fromkeys(names, NEUTRAL))
    for person, owned in ((shape, {0: 1.0, 1: 0.0, 2: 1.0}), (Person(neutral=shape.neutral), {0: 1.0, 1: 1.0, 2: 1.0})):
        kept = Kept()
        with headless(Settings(), person) as engine:
            engine.inference.outputs.add(kept)
            follow(engine, SourceSpec.parse(str(video)), loop=False, over=lambda: False)
        seen: dict[int, list[float]] = {}
        for face in (state.faces[0] for state in kept.states if state.faces):
            seen.setdefault(face.state.face, []).append(float(np.mean(face.state.expression - face.expression)))
            assert face.own == bool(owned[face.state.face])
        assert {n: round(float(np.mean(v)) / NEUTRAL, 3) for n, v in seen.items()} == owned
