"""Live outputs: each gets every state, a failing one is removed, and inference continues."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from live_fakes import Plug, Puppet
from waiting import PATIENCE

from expnet_live.capture.spec import SourceSpec
from expnet_live.live.engine import Engine
from expnet_live.live.state import LiveState, Settings
from expnet_live.threads.worker import Life


class Listener:
    """Records its input; `fails_at` counts states from 1."""

    def __init__(self, name: str, fails_at: int = 0) -> None:
        self.name, self.fails_at = name, fails_at
        self.states: list[LiveState] = []
        self.gone: list[tuple[int, float]] = []
        self.enough, self.without = threading.Event(), threading.Event()

    def put(self, state: LiveState) -> None:
        self.states.append(state)
        if len(self.states) == self.fails_at:
            raise RuntimeError("the cable is out")
        if len(self.states) >= 20:
            self.enough.set()

    def lost(self, face: int, time: float) -> None:
        self.gone.append((face, time))
        self.without.set()


@pytest.fixture
def engine(puppet: Puppet, plug: Plug) -> Iterator[Engine]:
    made = Engine(Settings(), open_=plug.open, load=puppet.load)
    made.start()
    yield made
    plug.released.set()
    made.close()


def test_one_of_three_fails(engine: Engine) -> None:
    first, broken, last = Listener("first"), Listener("broken", fails_at=3), Listener("last")
    for listener in (first, broken, last):
        engine.inference.outputs.add(listener)
    engine.set_source(SourceSpec.camera(0))
    assert first.enough.wait(PATIENCE) and last.enough.wait(PATIENCE)
    assert len(broken.states) == 3 and engine.inference.life is Life.RUNNING
    assert engine.inference.outputs.outputs == (first, last)
    (problem,) = engine.inference.outputs.take_problems()
    assert problem == "The output broken failed (the cable is out) and was switched off."
    assert engine.inference.outputs.take_problems() == []


def test_an_output_that_fails_at_a_marker_is_switched_off(engine: Engine) -> None:
    class Marked(Listener):
        def marked(self, label: str, time: float) -> None:
            if self.fails_at:
                raise RuntimeError("the cable is out")
            self.labels = [label]

    broken, last = Marked("broken", fails_at=1), Marked("last")
    outputs = engine.inference.outputs
    outputs.add(broken)
    outputs.add(last)
    outputs.mark("smile", 1.0)
    assert last.labels == ["smile"] and outputs.outputs == (last,)
    assert outputs.take_problems() == ["The output broken failed (the cable is out) and was switched off."]


def test_a_lost_face_is_an_event(engine: Engine, puppet: Puppet) -> None:
    listener = Listener("listener")
    engine.inference.outputs.add(listener)
    engine.set_source(SourceSpec.camera(0))
    assert listener.enough.wait(PATIENCE) and listener.states[-1].faces
    puppet.seen = False
    assert listener.without.wait(PATIENCE)
    assert listener.gone == [(0, listener.gone[0][1])]


def test_outputs_come_and_go(engine: Engine) -> None:
    gone, stays = Listener("gone"), Listener("stays")
    engine.inference.outputs.add(gone)
    engine.inference.outputs.add(stays)
    engine.inference.outputs.remove(gone)
    engine.inference.outputs.remove(gone)
    engine.set_source(SourceSpec.camera(0))
    assert stays.enough.wait(PATIENCE) and not gone.states
