"""Sessions made by hand, for tests of readers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np

from expnet_live.core.types import Box, FaceState, Frame, Image, Pose
from expnet_live.heads.built_in import face_model
from expnet_live.heads.face_model import SCHEMA
from expnet_live.live.capture_worker import Captured
from expnet_live.live.state import LiveFace, LiveState
from expnet_live.person.person import Person
from expnet_live.pipeline.weights_file import ModelFile
from expnet_live.sessions.format import markers
from expnet_live.sessions.format.folder import MARKERS, TABLE
from expnet_live.sessions.format.info import COMPLETE, SessionInfo, write_info
from expnet_live.sessions.format.markers import Marker
from expnet_live.sessions.format.table import Layout

NAMES = tuple(f"c{i}" for i in range(29))
N_IDENTITY = 6

INFO_OF_TEST = SessionInfo(
    app_version="0.1.0",
    started="2026-01-02T10:00:00.000+01:00",
    monotonic_start=1234.5,
    source="demo",
    width=320,
    height=240,
    device="cpu",
    model=ModelFile("expnet.safetensors", "compact", "ab" * 32),
    face_model=ModelFile("face_model.npz", str(SCHEMA), "cd" * 32),
    coefficients=NAMES,
    n_identity=N_IDENTITY,
    smoothing="balanced",
    max_faces=1,
    person=Person("Ada", np.full(N_IDENTITY, 0.25, np.float32), {"c1": 0.5}, {"c2": 1.5}),
)


def face(i: int, n_identity: int = N_IDENTITY, n_names: int = len(NAMES)) -> FaceState:
    """The face of frame i of these sessions."""
    rng = np.random.default_rng(i)
    numbers = [rng.normal(size=n).astype(np.float32) for n in (n_names, n_names, n_identity, 3, 3, 4)]
    expression, raw, identity, rotation, translation, gaze = numbers
    box = Box(10.5 + i, 20.0, 100.25, 120.0)
    return FaceState(0, i, i / 30, box, 0.9, expression, raw, identity, Pose(rotation, translation), gaze.reshape(2, 2))


def write_session(
    folder: Path,
    n: int,
    names: tuple[str, ...] = NAMES,
    n_identity: int = N_IDENTITY,
    fps: float = 30.0,
    digits: int = 9,
) -> None:
    """A complete session of n frames without video, at times of so many digits; each sixth is without a face."""
    folder.mkdir(parents=True, exist_ok=True)
    faces = [[] if i % 6 == 5 else [face(i, n_identity, len(names))] for i in range(n)]
    layout = Layout(names, n_identity)
    rows = [layout.rows(i, None, round(i / fps, digits), seen) for i, seen in enumerate(faces)]
    (folder / TABLE).write_bytes(layout.header() + b"".join(r for rs in rows for r in rs))
    labels = [Marker(0.25, 'with, "quotes"'), Marker(0.1, "here")]
    (folder / MARKERS).write_bytes(markers.header_line() + b"".join(markers.marker_line(m) for m in labels))
    info = replace(INFO_OF_TEST, coefficients=names, n_identity=n_identity)
    write_info(folder, replace(info, status=COMPLETE, frames=n, rows=n))


def live_state(i: int, grabbed: float, image: Image, faces: int = 1, drops: int = 0, generation: int = 1) -> LiveState:
    """What the inference thread hands on for frame i."""
    seen = [face(i) for _ in range(faces)]
    shown = tuple(LiveFace(f, f.expression, f.identity, face_model()) for f in seen)
    captured = Captured(Frame(image, grabbed, i, "demo"), grabbed, grabbed, generation)
    return LiveState(captured, shown, {}, grabbed, processed=True, frame_drops=drops)


def picture(i: int, width: int = 320, height: int = 240) -> Image:
    """A picture that encodes its number in 16 black and white fields."""
    fields = np.array([255 * (i >> bit & 1) for bit in range(16)], np.uint8).reshape(4, 4)
    gray = cv2.resize(fields, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(np.repeat(gray[:, :, None], 3, 2))


def number_of(image: Image) -> int:
    """The number encoded by `picture`."""
    h, w = image.shape[0] // 4, image.shape[1] // 4
    fields = [image[y * h + h // 2, x * w + w // 2, 1] > 127 for y in range(4) for x in range(4)]
    return sum(int(on) << bit for bit, on in enumerate(fields))


def video_numbers(path: Path) -> list[tuple[int, float]]:
    """What each picture of a session's video tells, and its time in s."""
    with av.open(str(path)) as video:
        return [(number_of(f.to_ndarray(format="bgr24")), float(f.time or 0)) for f in video.decode(video=0)]
