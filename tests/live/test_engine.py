"""The live engine without a window: capture, inference, calibration, and shutdown."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from live_fakes import Plug, Puppet
from waiting import PATIENCE, next_state, until

from expnet_live.capture.spec import SourceSpec
from expnet_live.core.arkit import INDEX, blendshapes_of
from expnet_live.core.errors import UserError
from expnet_live.core.types import Frame
from expnet_live.live import capture_worker as capture
from expnet_live.live.capture_worker import Captured
from expnet_live.live.engine import Engine
from expnet_live.live.inference_worker import InferenceWorker
from expnet_live.live.state import LiveFace, LiveState, Settings
from expnet_live.person.person import Person
from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.worker import Life


@pytest.fixture
def results() -> list[Person | str]:
    return []


@pytest.fixture
def engine(puppet: Puppet, plug: Plug, results: list[Person | str]) -> Iterator[Engine]:
    made = Engine(Settings(), open_=plug.open, load=puppet.load, calibrated=results.append)
    made.start()
    yield made
    plug.released.set()
    made.close()


def test_engine_delivers_faces(engine: Engine, puppet: Puppet) -> None:
    puppet.show(jawOpen=2.0)
    engine.set_source(SourceSpec.camera(0))
    state = next_state(engine, lambda s: bool(s.faces))
    face = state.faces[0]
    jaw = puppet.model.index("jawOpen")
    assert face.expression[jaw] == pytest.approx(2.0, abs=0.01)
    assert np.array_equal(face.expression, face.state.expression)
    assert face.vertices.shape == face.normals.shape == (len(puppet.model.colors), 3)
    assert {"wait", "crop", "network", "smooth", "mesh"} <= set(state.stages)
    assert 0 < state.finished - state.captured.grabbed < PATIENCE
    until(lambda: engine.inference.fps > 1 and engine.capture is not None and engine.capture.fps > 1, "rates")
    assert engine.inference.life is Life.RUNNING and engine.inference.device == "cpu"


def test_pictures_pass_while_the_network_loads(puppet: Puppet, plug: Plug) -> None:
    loaded = threading.Event()

    def load(settings: Settings):  # type: ignore[no-untyped-def]
        loaded.wait(PATIENCE)
        return puppet.load(settings)

    engine = Engine(Settings(), open_=plug.open, load=load)
    engine.start()
    engine.set_source(SourceSpec.camera(0))
    assert not next_state(engine).processed
    assert engine.inference.life is Life.STARTING
    loaded.set()
    assert next_state(engine, lambda s: s.processed).faces
    assert engine.close() == []


def test_a_clip_paused_while_the_network_loads_shows_its_face(puppet: Puppet) -> None:
    loaded = threading.Event()

    def load(settings: Settings):  # type: ignore[no-untyped-def]
        loaded.wait(PATIENCE)
        return puppet.load(settings)

    engine = Engine(Settings(), load=load)
    engine.start()
    engine.set_source(SourceSpec.demo())
    shown = [next_state(engine)]
    assert engine.capture is not None
    transport = engine.capture.transport
    transport.playing = False

    def all_shown() -> bool:
        shown.extend(filter(None, [engine.latest()]))
        return shown[-1].captured.position == transport.position

    until(all_shown, "the last picture")
    assert not any(s.processed for s in shown)
    loaded.set()
    assert next_state(engine, lambda s: s.processed and s.captured.position == transport.position).faces
    assert engine.close() == []


def test_loading_fails_and_is_tried_again(plug: Plug, puppet: Puppet) -> None:
    problem: list[Exception] = [UserError("There are no weights; choose others.")]

    def load(settings: Settings):  # type: ignore[no-untyped-def]
        if problem:
            raise problem[0]
        return puppet.load(settings)

    engine = Engine(Settings(), open_=plug.open, load=load)
    engine.start()
    engine.set_source(SourceSpec.camera(0))
    until(lambda: engine.inference.life is Life.FAILED, "failure")
    assert engine.inference.problem == "There are no weights; choose others."
    assert not next_state(engine).processed  # the picture continues
    problem.clear()
    engine.inference.change(Settings())
    assert next_state(engine, lambda s: s.processed).faces
    assert engine.inference.problem is None and engine.close() == []


def test_network_that_breaks(engine: Engine, puppet: Puppet) -> None:
    engine.set_source(SourceSpec.camera(0))
    next_state(engine, lambda s: s.processed)
    puppet.error = RuntimeError("CUDA out of memory")
    until(lambda: engine.inference.life is Life.FAILED, "failure")
    assert "out of memory" in (engine.inference.problem or "")
    puppet.error = None
    engine.inference.change(Settings())
    next_state(engine, lambda s: s.processed)


def test_another_smoothing_needs_no_loading(engine: Engine, puppet: Puppet) -> None:
    engine.set_source(SourceSpec.camera(0))
    next_state(engine, lambda s: bool(s.faces))
    engine.inference.change(Settings(smoothing="stable", max_faces=2))
    until(lambda: engine.inference.life is Life.RUNNING, "the change")
    next_state(engine, lambda s: bool(s.faces))
    assert len(puppet.loads) == 1
    engine.inference.change(Settings(model="other", smoothing="stable"))
    until(lambda: len(puppet.loads) == 2 and engine.inference.life is Life.RUNNING, "loading")


def test_a_choice_that_is_ready_first_is_not_lost_to_an_older_one(plug: Plug, puppet: Puppet) -> None:
    released = {name: threading.Event() for name in ("slow", "quick")}
    loaded: list[str] = []

    def load(settings: Settings):  # type: ignore[no-untyped-def]
        if settings.model is not None:
            released[settings.model].wait(PATIENCE)
            loaded.append(settings.model)
        return puppet.load(settings)

    engine = Engine(Settings(), open_=plug.open, load=load)
    engine.start()
    until(lambda: engine.inference.life is Life.RUNNING, "loading")
    going_on, busy = threading.Event(), threading.Event()

    def keep_busy(faces: tuple[LiveFace, ...]) -> tuple[LiveFace, ...]:
        busy.set()
        going_on.wait(PATIENCE)
        return ()

    engine.inference.shown = keep_busy
    engine.set_source(SourceSpec.camera(0))
    assert busy.wait(PATIENCE)
    for name in ("slow", "quick"):
        engine.inference.change(Settings(model=name))
    loaders = [t for t in threading.enumerate() if t.name == "loading of the model"]
    for name in ("quick", "slow"):
        released[name].set()
        until(lambda name=name: name in loaded, "loading")  # type: ignore[misc]
    for thread in loaders:
        thread.join(PATIENCE)
    going_on.set()
    until(lambda: engine.inference.life is Life.RUNNING, "the newer choice")
    assert loaded == ["quick", "slow"] and engine.close() == []


def test_results_of_an_old_source_are_not_shown(engine: Engine) -> None:
    engine.set_source(SourceSpec.camera(0))
    next_state(engine)
    engine.set_source(SourceSpec.camera(1))
    assert next_state(engine).captured.frame.source == "camera1"
    for _ in range(5):
        assert next_state(engine).captured.generation == 2


def test_a_late_picture_of_an_old_source_changes_nothing(puppet: Puppet) -> None:
    inbox, outbox = Mailbox[Captured](4), Mailbox[LiveState](4)
    worker = InferenceWorker(Settings(), inbox, outbox, load=puppet.load)
    worker.start()
    until(lambda: worker.life is Life.RUNNING, "loading")
    image = np.full((240, 320, 3), 160, np.uint8)
    for i, generation in enumerate((2, 1, 2)):
        worker.mirrored = 0 if i else None  # somebody chooses the face once it is there
        inbox.put(Captured(Frame(image, i / 30, i), time.monotonic(), 0.0, generation))
        if generation == 2:
            state = outbox.take(PATIENCE)
            assert state is not None and state.captured.frame.index == i and state.faces[0].state.face == 0
    assert worker.mirrored == 0 and outbox.take() is None
    worker.stop()
    assert worker.join(PATIENCE)


def test_camera_is_lost_and_returns(engine: Engine, plug: Plug, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "RETRY", 0.02)
    engine.set_source(SourceSpec.camera(0))
    next_state(engine)
    worker = engine.capture
    assert worker is not None
    plug.inserted = False
    until(lambda: worker.life is Life.FAILED, "the loss")
    assert "connect it" in (worker.problem or "")
    plug.inserted = True
    until(lambda: worker.life is Life.RUNNING, "the return")
    assert worker.problem is None and plug.closed >= 1
    while engine.latest():
        pass
    next_state(engine)


def test_a_camera_that_hangs_does_not_hold_up_the_end(puppet: Puppet, plug: Plug) -> None:
    engine = Engine(Settings(), open_=plug.open, load=puppet.load)
    engine.start()
    engine.set_source(SourceSpec.camera(0))
    next_state(engine)
    plug.hangs.set()
    until(plug.hanging.is_set, "the camera to hang")
    start = time.monotonic()
    assert engine.close(patience=0.5) == ["capture of Camera 0"]
    assert time.monotonic() - start < 2.0
    plug.released.set()


def test_a_face_keeps_its_number_with_another_smoothing(engine: Engine, puppet: Puppet) -> None:
    engine.set_source(SourceSpec.camera(0))
    next_state(engine, lambda s: bool(s.faces))
    puppet.seen = False
    gone = next_state(engine, lambda s: s.processed and not s.faces).captured.frame.timestamp
    next_state(engine, lambda s: s.captured.frame.timestamp > gone + 2.1)
    puppet.seen = True
    assert next_state(engine, lambda s: bool(s.faces)).faces[0].state.face == 1
    before = engine.inference.pipeline
    engine.inference.change(Settings(smoothing="stable"))
    until(lambda: engine.inference.pipeline is not before, "the change")
    end = next_state(engine).captured.frame.timestamp
    assert next_state(engine, lambda s: bool(s.faces) and s.captured.frame.timestamp > end).faces[0].state.face == 1


def test_a_calibrated_face_looks_straight_ahead(engine: Engine, puppet: Puppet, results: list[Person | str]) -> None:
    """A camera beside the screen sees its person aside; set neutral, they look at the viewer."""
    puppet.blendshapes = blendshapes_of(eyeLookDownLeft=0.3)
    engine.set_source(SourceSpec.camera(0))
    next_state(engine, lambda s: bool(s.faces))
    puppet.rotation = np.array([0, 0.4, 0], np.float32)
    aside = next_state(engine, lambda s: bool(s.faces) and s.faces[0].rotation[1] > 0.399).faces[0]
    assert np.array_equal(aside.rotation, aside.state.pose.rotation)
    engine.inference.calibrate()
    until(lambda: results, "the calibration")
    assert isinstance(results[0], Person) and results[0].ahead is not None
    face = next_state(engine, lambda s: bool(s.faces) and s.faces[0].straight is not None).faces[0]
    np.testing.assert_allclose(face.rotation, 0, atol=1e-3)
    np.testing.assert_allclose(face.state.pose.rotation, aside.state.pose.rotation, atol=1e-3)  # as it is recorded
    assert face.weights[INDEX["eyeLookDownLeft"]] == pytest.approx(0, abs=1e-3)


def test_a_calibration_ends_when_the_model_changes(engine: Engine, results: list[Person | str]) -> None:
    engine.set_source(SourceSpec.camera(0))
    next_state(engine, lambda s: bool(s.faces))
    engine.inference.calibrate()
    engine.inference.change(Settings(smoothing="stable"))
    until(lambda: engine.inference.life is Life.RUNNING, "the smoothing")
    assert engine.inference.calibrating and not results
    engine.inference.change(Settings(model="other"))
    until(lambda: results, "the end of the calibration")
    assert results == ["The model has changed; keep your face relaxed and still, and calibrate again."]
    assert not engine.inference.calibrating


def test_calibration_takes_the_neutral_and_leaves_blinks(
    engine: Engine, puppet: Puppet, results: list[Person | str]
) -> None:
    puppet.show(jawOpen=0.8, browInnerUp=-0.6, eyeBlinkLeft=0.7, eyeBlinkRight=0.7)
    engine.set_source(SourceSpec.camera(0))
    next_state(engine, lambda s: bool(s.faces))
    engine.inference.calibrate()
    progress = next_state(engine, lambda s: s.calibration is not None).calibration
    assert progress is not None and 0 <= progress < 1
    until(lambda: results, "the calibration")
    person = results[0]
    assert isinstance(person, Person) and person.calibrated and not engine.inference.calibrating
    assert person.neutral["jawOpen"] == pytest.approx(0.8, abs=0.01) and "eyeBlinkLeft" not in person.neutral
    assert person.identity is not None and np.allclose(person.identity, 0.1, atol=1e-3)
    names = puppet.model.names
    jaw = names.index("jawOpen")
    face = next_state(engine, lambda s: bool(s.faces) and abs(s.faces[0].expression[jaw]) < 0.05).faces[0]
    assert face.expression[names.index("eyeBlinkLeft")] == pytest.approx(0.7, abs=0.05)
    puppet.show(jawOpen=0.8, browInnerUp=-0.6, eyeBlinkLeft=3.0, eyeBlinkRight=3.0)
    blink = names.index("eyeBlinkLeft")
    next_state(engine, lambda s: s.faces[0].expression[blink] > 2.8)


@pytest.mark.parametrize("after", [0.0, 0.1, 0.2])
def test_a_program_may_end_while_a_model_loads(after: float) -> None:
    """As when somebody closes the window at once: native code must not abort the process."""
    code = f"""
import sys, threading
from expnet_live.live.engine import Engine
from expnet_live.live.state import Settings
Engine(Settings(device="cpu")).start()
while "onnxruntime" not in sys.modules:
    pass
threading.Event().wait({after})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
