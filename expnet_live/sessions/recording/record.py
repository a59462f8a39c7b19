"""Records a live engine, with a window or without."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.live.engine import Engine
from expnet_live.live.headless import follow, headless
from expnet_live.live.state import Settings
from expnet_live.person.person import Person
from expnet_live.sessions.format.folder import discard
from expnet_live.sessions.format.info import SessionInfo
from expnet_live.sessions.recording.describe import describe
from expnet_live.sessions.recording.listening import Listener, listener_for
from expnet_live.sessions.recording.recorder import Recorder

_OPENING = 15.0  # s to wait for a microphone, which may ask the user first
_PATIENCE = 30.0  # s to wait for the last pictures to reach the disk


def start_recording(
    engine: Engine,
    spec: SourceSpec,
    folder: Path,
    *,
    video: bool = True,
    listener: Listener | None = None,
) -> Recorder:
    """Record the results of `engine` on `spec` into `folder`, from its next frame on. Its network must be loaded.

    `listener` hears the sound of the video; without one, there is no sound.
    """
    inference, settings = engine.inference, engine.inference.settings
    pipeline = inference.pipeline
    assert pipeline is not None

    def rate() -> float | None:
        return None if engine.capture is None else engine.capture.nominal_fps

    # Frames dropped while the network works on the first one belong to the session.
    drops = engine.frame_drops
    recorder = Recorder(
        folder,
        lambda: describe(spec, settings, pipeline, inference.person),
        video=video,
        fps=rate,
        drops=drops,
        listener=listener,
    )
    recorder.start()
    inference.outputs.add(recorder)
    return recorder


def record(
    spec: SourceSpec | Path | str,
    folder: Path | str,
    settings: Settings,
    person: Person,
    *,
    duration: float | None = None,
    video: bool = True,
    sound: str | None = None,
    say: Callable[[str], None] = lambda sentence: None,
) -> SessionInfo:
    """Record `spec`, a file, or the text of one, without a window, at its own rate, and return the session's info.

    It ends after `duration` seconds, looping a clip; without a duration, at the clip's end or with Ctrl-C. `sound`
    names a microphone to be recorded in the video; empty: a clip's own sound, or the system's microphone beside a
    camera. `say` gets a sentence when the camera goes or comes back, and when something else goes wrong, such as a full
    disk. Raises UserError if nothing can be recorded, which leaves nothing behind, or if recording ended early, and
    ValueError for a duration that is not above 0.

    >>> from expnet_live import Person, Settings, SourceSpec
    >>> folder = getfixture("tmp_path") / "take"
    >>> record(SourceSpec.parse("demo"), folder, Settings(device="cpu"), Person(), duration=0.3).complete
    True
    """
    if duration is not None and not (duration > 0 and math.isfinite(duration)):
        raise ValueError(f"duration must be a number of seconds above 0, not {duration}.")
    if not isinstance(spec, SourceSpec):
        spec = SourceSpec.file(spec) if isinstance(spec, Path) else SourceSpec.parse(spec)
    if sound is not None and not video:
        raise UserError("Sound is stored in the video; record with video, or without sound.")
    listener = None if sound is None else listener_for(spec, sound)
    with _listening(listener), headless(settings, person) as engine:
        recorder = start_recording(engine, spec, Path(folder), video=video, listener=listener)

        said: list[str] = []

        def over() -> bool:
            for sentence in recorder.warnings[len(said) :]:
                said.append(sentence)
                say(sentence)
            return recorder.ended or (duration is not None and recorder.seconds >= duration)

        try:
            follow(engine, spec, loop=duration is not None, over=over, say=say)
        except UserError:
            _end(recorder)
            if recorder.info is not None and not recorder.frames:
                discard(recorder.folder)  # so that the same command works once the camera is there
            raise
        finally:
            _end(recorder)
    if recorder.problem is not None or recorder.info is None:
        raise UserError(recorder.problem or f"Writing to {folder} takes too long; check its disk.")
    return recorder.info


def _end(recorder: Recorder) -> None:
    recorder.stop()
    recorder.join(_PATIENCE)


@contextmanager
def _listening(listener: Listener | None) -> Iterator[None]:
    """Begin to listen, before anything is recorded. Raises UserError if nothing can be heard."""
    if listener is None:
        yield
        return
    listener.start()
    try:
        if not listener.ready.wait(_OPENING):
            raise UserError(f"The {listener.name} does not answer; choose another one, or record without sound.")
        if listener.problem is not None:
            raise UserError(listener.problem)
        yield
    finally:
        listener.stop()
