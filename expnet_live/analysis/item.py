"""Analysis of one photo, video or camera into a folder of its own."""

from __future__ import annotations

import errno
import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

import cv2

from expnet_live.analysis.estimators import Estimator
from expnet_live.analysis.inputs import Item, Kind
from expnet_live.analysis.options import Options
from expnet_live.capture.images import read_image
from expnet_live.capture.sources import open_source
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.types import FaceState, Image
from expnet_live.geometry.camera import Camera
from expnet_live.heads.head import face_triangles
from expnet_live.meshes.files import write_mesh
from expnet_live.render.overlay import draw_overlay
from expnet_live.render.shading import Surface
from expnet_live.sessions.format.table import Layout
from expnet_live.video.writer import VideoWriter

log = logging.getLogger(__name__)

ROWS = "rows.csv"
FILES = "files"


class OutputError(UserError):
    """The results cannot be written; there is no point in going on."""


class Progress(Protocol):
    """Told of each frame done; may raise to stop the work."""

    def expect(self, frames: int) -> None: ...

    def step(self) -> None: ...


@dataclass(frozen=True)
class Done:
    """What became of an item: its frames, those with a face, and what was wrong with it, if anything.

    An item with frames and a problem was read in part, up to where it is damaged.
    """

    frames: int = 0
    with_face: int = 0
    problem: str = ""


def analyze_item(item: Item, folder: Path, estimator: Estimator, options: Options, progress: Progress) -> Done:
    """Write the item's rows to `folder`/rows.csv and its meshes and overlays under `folder`/files.

    Raises OutputError when that fails.
    """
    problem = item.problem
    with _rows_file(folder, options.out) as rows:
        output = _Output(item, folder / FILES, rows, estimator, options)
        try:
            if item.kind is Kind.PHOTO:
                image = read_image(Path(item.spec))
                output.photo(image, estimator.photo(image))
                progress.step()
            elif item.kind is not Kind.UNREADABLE:
                _video(item, output, estimator, options, progress)
        except SourceError as error:
            problem = str(error)
        except OutputError:
            raise
        except Exception as error:  # of one input, which must not cost the others their results
            log.exception("%s", item.source)
            problem = f"{item.source} cannot be analysed ({error}); -v tells more, and the other inputs go on."
    return Done(output.frames, output.with_face, problem)


@contextmanager
def _rows_file(folder: Path, out: Path) -> Iterator[BinaryIO]:
    with writing(out):
        folder.mkdir(parents=True)
        rows = (folder / ROWS).open("wb")
    try:
        yield rows
    finally:
        with writing(out):
            rows.close()


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turn a failure to write (also of PyAV, whose errors carry an errno) into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ):
            raise SourceError(f"Results of this name cannot be written ({error}); rename the input.") from error
        raise OutputError(
            f"The results cannot be written to {out} ({error.strerror or error}); "
            "make room there or name another folder with --out."
        ) from error


def _video(item: Item, output: _Output, estimator: Estimator, options: Options, progress: Progress) -> None:
    read = estimator.video()
    camera = item.kind is Kind.CAMERA
    with ExitStack() as stack:
        stopped = stack.enter_context(_stop_on_interrupt()) if camera else threading.Event()
        source = stack.enter_context(open_source(item.spec))
        stack.enter_context(output)
        progress.expect(source.n_frames or 0)
        start: float | None = None
        for frame in source:
            start = frame.timestamp if start is None else start
            if stopped.is_set() or (options.duration is not None and frame.timestamp - start >= options.duration):
                break
            # A camera's clock starts anywhere; that of a video is the video's own.
            seconds = frame.timestamp - start if camera else frame.timestamp
            output.frame(frame.image, frame.index, seconds, source.fps or 30.0, read(frame))
            progress.step()


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


def layout_of(estimator: Estimator, options: Options) -> Layout:
    """The columns of the table."""
    model = estimator.face_model
    n_identity = model.n_identity if options.identity else 0
    return Layout(model.names, n_identity, estimator.tells_blendshapes, raw=False, of_inputs=True)


class _Output:
    """Rows, meshes and overlays of one item. A context manager, which completes the overlay video."""

    def __init__(self, item: Item, folder: Path, rows: BinaryIO, estimator: Estimator, options: Options) -> None:
        model = estimator.face_model
        self.frames = 0
        self.with_face = 0
        self._item = item
        self._folder = folder
        self._rows = rows
        self._estimator = estimator
        self._options = options
        self._layout = layout_of(estimator, options)
        # Without the back of the head, the person's own hair and ears stay to be seen.
        self._surface = Surface(face_triangles(model), model.colors, model.traits.shine)
        self._video: VideoWriter | None = None

    def __enter__(self) -> _Output:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._video is not None:
            # What a source gave before it broke makes a video all the same.
            given = None if kind is not None and issubclass(kind, SourceError) else kind
            with writing(self._options.out):
                self._video.__exit__(given, error, tb)

    def photo(self, image: Image, faces: Sequence[FaceState]) -> None:
        self._row(0, 0.0, faces)
        if self._options.mesh:
            self._meshes(self._path("meshes", self._item.name), faces)
        if self._options.overlay:
            _, data = cv2.imencode(".jpg", self._overlay(image, faces), [cv2.IMWRITE_JPEG_QUALITY, 95])
            path = self._path("overlays", f"{self._item.name}.jpg")
            with writing(self._options.out):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data.tobytes())

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
                    self._video = VideoWriter(path, fps)
                self._video.write(drawn, seconds)
        self._row(index, seconds, faces)

    def _row(self, index: int, seconds: float, faces: Sequence[FaceState]) -> None:
        with writing(self._options.out):
            self._rows.writelines(self._layout.input_rows(self._item.source, index, seconds, faces))
        self.frames += 1
        self.with_face += bool(faces)

    def _path(self, kind: str, name: str) -> Path:
        return self._folder / kind / name

    def _meshes(self, stem: Path, faces: Sequence[FaceState]) -> None:
        head = self._estimator.head
        for n, state in enumerate(faces):
            vertices = head.vertices(state.expression, state.identity, state.gaze, state.blendshapes)
            name = stem.name if n == 0 else f"{stem.name}.face{n}"
            with writing(self._options.out):
                stem.parent.mkdir(parents=True, exist_ok=True)
                write_mesh(
                    stem.with_name(f"{name}.{self._options.mesh}"),
                    vertices,
                    head.triangles,
                    normals=head.normals(vertices),
                    colors=head.colors,
                )

    def _overlay(self, image: Image, faces: Sequence[FaceState]) -> Image:
        camera = Camera.for_image(image.shape[1], image.shape[0])
        for state in faces:
            vertices, normals = self._estimator.mesh(state)
            image = draw_overlay(image, self._surface, vertices, normals, camera.view(state.pose))
        return image
