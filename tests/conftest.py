"""Fixtures that several test files share."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from avatar_files import write_avatars
from session_files import INFO_OF_TEST
from skimage import data

from expnet_live.avatars.avatar import Avatar
from expnet_live.capture.sources import open_source
from expnet_live.core.types import Frame, Image
from expnet_live.heads.built_in import face_model
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.sessions.format.folder import VIDEO
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording.writer import SessionWriter
from expnet_live.video.writer import CRASH_SAFE, VideoWriter

# Torch for CUDA brings it for training; it crashes where Mesa has loaded another LLVM for the window before.
if find_spec("triton"):
    import_module("triton")


@pytest.fixture
def heeding_signals() -> Iterator[None]:
    """Let Ctrl-C and the end of a terminal do what they usually do. Programs in the background of a script ignore the
    first, those of nohup the second, and so do all that they start."""
    usual = {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}  # Windows has no SIGHUP
    numbers = {getattr(signal, name): handler for name, handler in usual.items() if hasattr(signal, name)}
    before = {number: signal.signal(number, handler) for number, handler in numbers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    return Pipeline.load(device="cpu")


@pytest.fixture(scope="session")
def astronaut() -> Image:
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


@pytest.fixture(scope="session")
def avatar_paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """head.glb, zero.vrm and one.vrm, of our own making."""
    return write_avatars(tmp_path_factory.mktemp("avatars"))


@pytest.fixture(scope="session")
def avatars(avatar_paths: dict[str, Path]) -> dict[str, Avatar]:
    return {name: Avatar.load(path, face_model()) for name, path in avatar_paths.items()}


@pytest.fixture(scope="session")
def demo_session(tmp_path_factory: pytest.TempPathFactory, pipeline: Pipeline) -> Session:
    """48 pictures of the demo clip at its own speed, unevenly spaced and with an odd width; six have no face."""
    folder = tmp_path_factory.mktemp("sessions") / "demo"
    model = pipeline.face_model
    person = replace(
        INFO_OF_TEST.person,
        identity=np.linspace(-1, 1, model.n_identity).astype(np.float32),
        neutral={"jawOpen": 0.25, "mouthSmileLeft": -0.5},
        gains={"eyeBlinkLeft": 1.5},
    )
    info = replace(
        INFO_OF_TEST, coefficients=model.names, n_identity=model.n_identity, person=person, width=479, height=360
    )
    pipeline.reset()
    writer = SessionWriter(folder, replace(info, video_frames=0))
    video = VideoWriter(folder / VIDEO, 10.0, CRASH_SAFE)
    with open_source("demo") as source:
        for frame in source:
            i, rest = divmod(frame.index, 3)
            if i == 48:
                break
            if rest:
                continue
            image = np.ascontiguousarray(frame.image[: info.height, : info.width])
            if 24 <= i < 30:
                image[:] = 40
            time = i / 10 + 0.011 * (i % 3)
            writer.write(i, i, time, pipeline.process(Frame(image, time, i)))
            video.write(image, time)
    video.close()
    writer.close(video.frames, 0, (video.frames, video.frames), "")
    return Session.open(folder)
