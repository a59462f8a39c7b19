"""Records a live engine, with a window or without."""

from __future__ import annotations

from pathlib import Path

from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.live.engine import Engine
from expnet_live.live.headless import follow, headless
from expnet_live.live.state import Settings
from expnet_live.person.person import Person
from expnet_live.sessions.format.info import SessionInfo
from expnet_live.sessions.recording.describe import describe
from expnet_live.sessions.recording.recorder import Limits, Recorder

_PATIENCE = 30.0  # s to wait for the last pictures to reach the disk


def start_recording(
    engine: Engine, spec: SourceSpec, folder: Path, *, video: bool = True, limits: Limits | None = None
) -> Recorder:
    """Record the results of `engine` on `spec` into `folder`, from its next frame on. Its network must be loaded."""
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
        limits=limits,
        drops=drops,
    )
    recorder.start()
    inference.outputs.add(recorder)
    return recorder


def record(
    spec: SourceSpec,
    folder: Path,
    settings: Settings,
    person: Person,
    *,
    duration: float | None = None,
    video: bool = True,
) -> SessionInfo:
    """Record `spec` without a window, at its own rate, and return the session's info at the end.

    It ends after `duration` seconds, looping a clip; without a duration, at the clip's end or with Ctrl-C. Raises
    UserError if nothing can be recorded, or if recording ended early.

    >>> from expnet_live import Person, Settings, SourceSpec
    >>> folder = getfixture("tmp_path") / "take"
    >>> record(SourceSpec.parse("demo"), folder, Settings(device="cpu"), Person(), duration=0.3).complete
    True
    """
    with headless(settings, person) as engine:
        recorder = start_recording(engine, spec, folder, video=video)

        def over() -> bool:
            return recorder.ended or (duration is not None and recorder.seconds >= duration)

        try:
            follow(engine, spec, loop=duration is not None, over=over, seen=lambda: recorder.frames > 0)
        finally:
            recorder.stop()
            recorder.join(_PATIENCE)
    if recorder.problem is not None or recorder.info is None:
        raise UserError(recorder.problem or f"Writing to {folder} takes too long; check its disk.")
    return recorder.info
