"""The live engine without a window: mailboxes, capture, inference, and how they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from live_fakes import Plug, Puppet

from expnet_live.capture.cameras import CameraInfo, CameraWatch, list_cameras
from expnet_live.capture.sources.video import VideoSource
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.live import capture_worker as capture
from expnet_live.live.capture_worker import Captured, CaptureWorker
from expnet_live.live.engine import Engine
from expnet_live.live.state import LiveState, Settings
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles
from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.rate import RateMeter
from expnet_live.threads.worker import Life, Worker

PATIENCE = 20.0


def until(condition: Callable[[], object], what: str) -> None:
    """Waits for other threads; a busy machine may need long."""
    end, pause = time.monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        pause.wait(0.005)


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    until(lambda: not {t for t in set(threading.enumerate()) - before if t.name != "tqdm_monitor"}, "threads to end")


@pytest.fixture
def puppet() -> Puppet:
    return Puppet()


@pytest.fixture
def plug() -> Plug:
    return Plug()


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


def next_state(engine: Engine, fits: Callable[[LiveState], bool] = lambda s: True) -> LiveState:
    found: list[LiveState] = []

    def look() -> bool:
        state = engine.latest()
        if state is not None and fits(state):
            found.append(state)
        return bool(found)

    until(look, "a state")
    return found[0]


# --- mailbox, rates, descriptions -----------------------------------------------------------------


def test_mailbox_keeps_the_newest_and_counts() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.take() is None
    for i in range(5):
        box.put(i)
    assert (box.take(), box.take(), box.dropped, box.put_count) == (4, None, 4, 5)
    box.put(7)
    box.clear()
    assert box.take() is None and box.dropped == 4


def test_mailbox_wakes_the_waiting() -> None:
    box: Mailbox[int] = Mailbox()
    threading.Timer(0.01, box.put, [3]).start()
    assert box.take(timeout=PATIENCE) == 3
    threading.Timer(0.01, box.close).start()
    start = time.monotonic()
    assert box.take(timeout=PATIENCE) is None and time.monotonic() - start < PATIENCE / 2
    box.put(1)
    assert box.take() is None


def test_rate_fades_after_the_last() -> None:
    meter = RateMeter(window=2.0)
    for i in range(60):
        meter.tick(i / 30)
    assert meter.rate(59 / 30) == pytest.approx(30)
    assert 10 < meter.rate(59 / 30 + 1) < 25
    assert meter.rate(10.0) == 0.0


def test_source_descriptions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert SourceSpec.parse("0") == SourceSpec.camera(0) and SourceSpec.camera(0).live
    assert SourceSpec.parse("demo") == SourceSpec.demo()
    Path("demo").touch()
    assert SourceSpec.parse("demo") == SourceSpec.demo() and SourceSpec.parse("./demo").kind is SourceKind.FILE
    assert SourceSpec.parse("x/a.mp4").name == "a.mp4" and not SourceSpec.parse("x/a.mp4").still
    assert SourceSpec.parse("a.JPG").still


def test_cameras_by_name(tmp_path: Path) -> None:
    for number, index, name in (
        (0, 0, "HD Webcam: HD Webcam"),
        (1, 1, "HD Webcam: HD Webcam"),
        (10, 0, "Capture card"),
    ):
        device = tmp_path / f"video{number}"
        device.mkdir()
        (device / "index").write_text(f"{index}\n")
        (device / "name").write_text(f"{name}\n")
    assert list_cameras(tmp_path) == [CameraInfo(0, "HD Webcam"), CameraInfo(10, "Capture card")]
    assert list_cameras(tmp_path / "none") == []


def test_camera_watch_sees_new_cameras() -> None:
    there = [CameraInfo(0, "a")]
    watch = CameraWatch(lambda: list(there), interval=PATIENCE)
    watch.start()
    until(lambda: watch.cameras == there, "the first list")
    there.append(CameraInfo(2, "b"))
    watch.look_again()
    until(lambda: watch.cameras == there, "the second list")
    watch.stop()
    assert watch.join(2.0)


# --- workers --------------------------------------------------------------------------------------


def test_worker_that_breaks_says_so() -> None:
    class Broken(Worker):
        def _work(self) -> None:
            raise ZeroDivisionError("by zero")

    worker = Broken("broken part")
    worker.start()
    assert worker.join(PATIENCE)
    assert worker.life is Life.FAILED and "by zero" in (worker.problem or "")


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
    assert not next_state(engine).processed  # the picture goes on
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


def test_results_of_an_old_source_are_not_shown(engine: Engine) -> None:
    engine.set_source(SourceSpec.camera(0))
    next_state(engine)
    engine.set_source(SourceSpec.camera(1))
    assert next_state(engine).captured.frame.source == "camera1"
    for _ in range(5):
        assert next_state(engine).captured.generation == 2


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
    start = time.monotonic()
    assert engine.close(patience=0.5) == ["capture of Camera 0"]
    assert time.monotonic() - start < 2.0
    plug.released.set()


# --- clips ----------------------------------------------------------------------------------------


def clip(path: Path, n: int = 20, fps: int = 50) -> Path:
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for i in range(n):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 10 * i, np.uint8), format="bgr24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def playing(tmp_path: Path) -> Iterator[tuple[CaptureWorker, Mailbox[Captured]]]:
    box: Mailbox[Captured] = Mailbox()
    worker = CaptureWorker(SourceSpec.file(clip(tmp_path / "clip.mp4")), box, 1)
    worker.start()
    yield worker, box
    worker.stop()
    assert worker.join(2.0)


def taken(box: Mailbox[Captured]) -> Captured:
    item = box.take(timeout=PATIENCE)
    assert item is not None
    return item


def test_clip_loops_with_time_that_never_turns_back(playing: tuple[CaptureWorker, Mailbox[Captured]]) -> None:
    worker, box = playing
    times, positions = [], []
    while sum(b < a for a, b in pairwise(positions)) < 2:
        item = taken(box)
        times.append(item.frame.timestamp)
        positions.append(item.position)
    assert (np.diff(times) > 0).all()
    assert worker.transport.duration == pytest.approx(0.4, abs=0.03)


def test_clip_plays_at_its_own_pace(playing: tuple[CaptureWorker, Mailbox[Captured]]) -> None:
    first = taken(playing[1])
    while True:
        item = taken(playing[1])
        if item.position - first.position >= 0.2:
            break
        assert item.position >= first.position
    assert item.grabbed - first.grabbed >= 0.19


def test_clip_pauses_and_seeks(playing: tuple[CaptureWorker, Mailbox[Captured]]) -> None:
    worker, box = playing
    taken(box)
    worker.transport.playing = False
    box.take(timeout=0.1)
    worker.transport.seek(0.3)
    item = taken(box)
    while item.position < 0.29:
        item = taken(box)
    assert item.position == pytest.approx(0.3, abs=0.021)
    assert abs(int(item.frame.image.mean()) - 150) < 12
    assert box.take(timeout=0.1) is None
    worker.transport.playing = True
    taken(box)


def test_clip_without_loop_ends_and_can_be_played_again(playing: tuple[CaptureWorker, Mailbox[Captured]]) -> None:
    worker, box = playing
    worker.transport.loop = False
    while taken(box).position < 0.37:
        pass
    assert box.take(timeout=0.15) is None
    worker.transport.seek(0.0)
    assert taken(box).position < 0.1


def test_file_that_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"nothing")
    worker = CaptureWorker(SourceSpec.file(path), Mailbox(), 1)
    worker.start()
    assert worker.join(PATIENCE)
    assert worker.life is Life.FAILED and "not a video" in (worker.problem or "")


def test_a_photo_stays(tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "p.png"), np.full((20, 30, 3), 99, np.uint8))
    box: Mailbox[Captured] = Mailbox()
    worker = CaptureWorker(SourceSpec.file(tmp_path / "p.png"), box, 1)
    worker.start()
    first, second = taken(box), taken(box)
    assert second.frame.timestamp > first.frame.timestamp and second.frame.image[0, 0, 0] == 99
    worker.stop()
    assert worker.join(2.0)


def test_seek_in_a_video_file(tmp_path: Path) -> None:
    with VideoSource(clip(tmp_path / "a.mp4")) as source:
        source.seek(0.2)
        frames = list(source)
    assert frames[0].timestamp == pytest.approx(0.2, abs=0.011) and frames[0].index == 10 and len(frames) == 10
    with VideoSource(tmp_path / "a.mp4") as source:
        source.seek(9.0)
        assert list(source) == []


# --- the person -----------------------------------------------------------------------------------


def test_calibration_takes_the_neutral_and_leaves_blinks(
    engine: Engine, puppet: Puppet, results: list[Person | str]
) -> None:
    puppet.show(jawOpen=0.8, browInnerUp=-0.6, eyeBlinkLeft=0.7)
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


def test_calibration_without_a_face(engine: Engine, puppet: Puppet, results: list[Person | str]) -> None:
    from expnet_live.person.calibration import Calibration

    calibration = Calibration(puppet.model.names, patience=1.0)
    assert not calibration.add((), 0.0) and not calibration.add((), 0.9) and calibration.add((), 1.1)
    with pytest.raises(UserError, match="face the camera"):
        calibration.result(Person())


def test_gains_and_profiles(tmp_path: Path, puppet: Puppet) -> None:
    names = puppet.model.names
    person = Person("Ömer / B", neutral={"jawOpen": 0.5}).with_gain("jawOpen", 2.0).with_gain("browDownLeft", 9.0)
    assert person.gains == {"jawOpen": 2.0, "browDownLeft": 3.0}
    shown = person.corrected(puppet.model.expression_of(jawOpen=1.0), names)
    assert shown[names.index("jawOpen")] == pytest.approx(1.0)
    assert person.with_gain("jawOpen", 1.0).gains == {"browDownLeft": 3.0}

    profiles = Profiles(tmp_path / "p")
    assert profiles.names() == [] and profiles.load("Ömer / B") == Person("Ömer / B")
    profiles.save(person)
    loaded = profiles.load("Ömer / B")
    assert loaded == person and profiles.names() == ["Ömer / B"]
    next((tmp_path / "p").glob("*.json")).write_text("{")
    with pytest.raises(UserError, match="calibrate again"):
        profiles.load("Ömer / B")
