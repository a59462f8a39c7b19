"""Analysis of one photo, video or camera into a folder of its own."""

from __future__ import annotations

import csv
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from expnet_live.analysis import table
from expnet_live.analysis.estimators import Estimator
from expnet_live.analysis.inputs import Item, Kind
from expnet_live.analysis.options import Options
from expnet_live.analysis.video_writer import VideoWriter
from expnet_live.capture.sources import open_source
from expnet_live.errors import UserError
from expnet_live.geometry.camera import Camera
from expnet_live.geometry.mesh_io import write_mesh
from expnet_live.render.overlay import draw_overlay
from expnet_live.render.shading import Surface
from expnet_live.types import FaceState, Image

ROWS = "rows.csv"
FILES = "files"


class UnreadableError(UserError):
    """An input that cannot be read; the others still can."""


class OutputError(UserError):
    """The results cannot be written; there is no point in going on."""


class Progress(Protocol):
    """Told of each frame done; may raise to stop the work."""

    def expect(self, frames: int) -> None: ...

    def step(self) -> None: ...


@dataclass(frozen=True)
class Done:
    """What became of an item: its frames and those with a face, or the problem that stopped it."""

    frames: int = 0
    with_face: int = 0
    problem: str = ""


def analyze_item(item: Item, folder: Path, estimator: Estimator, options: Options, progress: Progress) -> Done:
    """Write the item's rows to `folder`/rows.csv and its meshes and overlays under `folder`/files.

    Raises UnreadableError or OutputError; what lies in `folder` is then not to be used.
    """
    if item.kind is Kind.UNREADABLE:
        raise UnreadableError(item.problem)
    with writing(options.out):
        folder.mkdir(parents=True)
        rows = (folder / ROWS).open("w", newline="", encoding="utf-8")
    with rows:
        output = _Output(item, folder / FILES, csv.writer(rows), estimator, options)
        if item.kind is Kind.PHOTO:
            _photo(item, output, estimator)
            progress.step()
        else:
            _video(item, output, estimator, options, progress)
        with writing(options.out):
            rows.flush()
    return Done(output.frames, output.with_face)


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turn a failure to write (also of PyAV, whose errors carry an errno) into one sentence."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"The results cannot be written to {out} ({error.strerror or error}); "
            "make room there or name another folder with --out."
        ) from error


def read_photo(path: Path) -> Image:
    """The photo as BGR uint8 (H, W, 3), turned upright. Raises UnreadableError."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    except cv2.error as error:
        raise UnreadableError("the picture is damaged or too large") from error
    if image is None:
        raise UnreadableError("it is not a picture that can be decoded")
    return image


def _photo(item: Item, output: _Output, estimator: Estimator) -> None:
    image = read_photo(Path(item.spec))
    output.photo(image, estimator.photo(image))


def _video(item: Item, output: _Output, estimator: Estimator, options: Options, progress: Progress) -> None:
    read = estimator.video()
    with ExitStack() as stack:
        stopped = stack.enter_context(_stop_on_interrupt()) if item.kind is Kind.CAMERA else threading.Event()
        try:
            source = stack.enter_context(open_source(item.spec))
        except (OSError, ValueError) as error:
            raise UnreadableError(str(error)) from error
        stack.enter_context(output)
        progress.expect(source.n_frames or 0)
        start: float | None = None
        for frame in source:
            start = frame.timestamp if start is None else start
            # A camera's clock starts anywhere; that of a video is the video's own.
            seconds = frame.timestamp - start if item.kind is Kind.CAMERA else frame.timestamp
            if stopped.is_set() or (options.duration is not None and frame.timestamp - start >= options.duration):
                break
            output.frame(frame.image, frame.index, seconds, source.fps or 30.0, read(frame))
            progress.step()
    if not output.frames:
        raise UnreadableError("it has no frame that can be decoded")


@contextmanager
def _stop_on_interrupt() -> Iterator[threading.Event]:
    """Ctrl-C ends a recording and keeps it; a second one breaks off."""
    stopped = threading.Event()

    def handle(number: int, stack_frame: object) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


class _Output:
    """Rows, meshes and overlays of one item. A context manager, which completes the overlay video."""

    def __init__(self, item: Item, folder: Path, rows: csv._writer, estimator: Estimator, options: Options) -> None:
        model = estimator.face_model
        self.frames = 0
        self.with_face = 0
        self._item = item
        self._folder = folder
        self._rows = rows
        self._estimator = estimator
        self._options = options
        self._n_identity = model.n_identity if options.identity else 0
        self._width = len(table.columns(model.names, self._n_identity))
        self._surface = Surface(model.triangles, model.colors)
        self._stack = ExitStack()
        self._video: VideoWriter | None = None

    def __enter__(self) -> _Output:
        return self

    def __exit__(self, *error: object) -> None:
        with writing(self._options.out):
            self._stack.__exit__(*error)

    def photo(self, image: Image, faces: Sequence[FaceState]) -> None:
        self._row(0, 0.0, faces)
        if self._options.mesh:
            self._meshes(self._path("meshes", self._item.name), faces)
        if self._options.overlay:
            ok, data = cv2.imencode(".jpg", self._overlay(image, faces), [cv2.IMWRITE_JPEG_QUALITY, 95])
            if not ok:
                raise UnreadableError("its overlay cannot be encoded as a JPEG picture")
            path = self._path("overlays", f"{self._item.name}.jpg")
            with writing(self._options.out):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    def frame(self, image: Image, index: int, seconds: float, fps: float, faces: Sequence[FaceState]) -> None:
        options = self._options
        if options.mesh and self.frames % options.every == 0:
            self._meshes(self._path("meshes", f"{self._item.name}/{index:06d}"), faces)
        if options.overlay:
            drawn = self._overlay(image, faces)
            with writing(options.out):
                if self._video is None:
                    path = self._path("overlays", f"{self._item.name}.mp4")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    self._video = self._stack.enter_context(VideoWriter(path, fps))
                self._video.write(drawn, seconds)
        self._row(index, seconds, faces)

    def _row(self, index: int, seconds: float, faces: Sequence[FaceState]) -> None:
        with writing(self._options.out):
            self._rows.writerows(table.rows(self._item.source, index, seconds, faces, self._width, self._n_identity))
        self.frames += 1
        self.with_face += bool(faces)

    def _path(self, kind: str, name: str) -> Path:
        return self._folder / kind / name

    def _meshes(self, stem: Path, faces: Sequence[FaceState]) -> None:
        model = self._estimator.face_model
        for n, state in enumerate(faces):
            vertices, normals = self._estimator.mesh(state)
            name = stem.name if n == 0 else f"{stem.name}.face{n}"
            with writing(self._options.out):
                stem.parent.mkdir(parents=True, exist_ok=True)
                write_mesh(
                    stem.with_name(f"{name}.{self._options.mesh}"),
                    vertices,
                    model.triangles,
                    normals=normals,
                    colors=model.colors,
                )

    def _overlay(self, image: Image, faces: Sequence[FaceState]) -> Image:
        camera = Camera.for_image(image.shape[1], image.shape[0])
        for state in faces:
            vertices, normals = self._estimator.mesh(state)
            image = draw_overlay(image, self._surface, vertices, normals, camera.view(state.pose))
        return image
