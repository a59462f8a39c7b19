"""Recording of a live engine, with a window or without."""

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

_PATIENCE = 30.0  # s that the last pictures may take to the disk


def start_recording(
    engine: Engine, spec: SourceSpec, folder: Path, *, video: bool = True, limits: Limits | None = None
) -> Recorder:
    """Records into `folder` what `engine` makes of `spec` from its next frame on. Its network must be loaded."""
    inference, settings = engine.inference, engine.inference.settings
    pipeline = inference.pipeline
    assert pipeline is not None

    def rate() -> float | None:
        return None if engine.capture is None else engine.capture.nominal_fps

    # Frames that are lost while the network works on the first one belong to the session.
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
    """Records `spec` without a window, at its own rate, and returns how the session ended.

    It ends after `duration` seconds, a clip then being looped; without one at the clip's end, or with Ctrl-C. Raises
    UserError when nothing can be recorded, and when recording ended before its time.

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
        raise UserError(recorder.problem or f"{folder} takes too long to be written; look at its disk.")
    return recorder.info
