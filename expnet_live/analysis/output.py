"""Writes the results of one photo, video or camera: rows, meshes and overlays."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import cv2
import numpy as np

from expnet_live.analysis.estimators import Estimator
from expnet_live.analysis.exports import VideoSession
from expnet_live.analysis.inputs import EXPORTS, Item, Kind
from expnet_live.analysis.options import Options
from expnet_live.analysis.overlay_video import OverlayVideo, drawn
from expnet_live.analysis.rest import Moment, Neutral, first_seconds, too_short
from expnet_live.avatars.avatar import Avatar
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.types import FaceState, Image
from expnet_live.heads.tone import toned
from expnet_live.meshes.files import write_mesh
from expnet_live.pipeline.appearance import Appearance
from expnet_live.pipeline.people import People
from expnet_live.render.overlay import FaceOverlay
from expnet_live.render.style import OverlayStyle
from expnet_live.render.textured import AvatarOverlay
from expnet_live.sessions.format.markers import Marker, labels_of, markers_beside
from expnet_live.sessions.format.table import Layout
from expnet_live.video.sound import SoundReader

ROWS = "rows.csv"
FILES = "files"
_SESSION = "session"  # what formats of sessions are made from, which is not kept


class OutputError(UserError):
    """The results cannot be written, so continuing makes no sense."""


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
            "free some space there or choose another folder with --out."
        ) from error


def layout_of(estimator: Estimator, options: Options) -> Layout:
    """The columns of the table."""
    model = estimator.face_model
    n_identity = model.n_identity if options.identity else 0
    return Layout(
        model.names, n_identity, estimator.tells_blendshapes, raw=False, of_inputs=True, marked=options.marked,
        quality=True,
    )  # fmt: skip


class ItemOutput:
    """Writes rows, meshes and overlays of one item. A context manager that completes the overlay video.

    `sound` is that of the video, for its overlay.
    """

    def __init__(self, item: Item, folder: Path, rows: BinaryIO, estimator: Estimator, options: Options) -> None:
        model = estimator.face_model
        self.frames = 0
        self.with_face = 0
        self.sound: SoundReader | None = None
        self.problems: list[str] = []  # sentences about exports that cannot be written
        self.remarks: list[str] = []  # sentences on what was read whole but may not be as wanted
        self.people = People()
        self._item = item
        self._folder = folder
        self._rows = rows
        self._estimator = estimator
        self._options = options
        self._layout = layout_of(estimator, options)
        quickly = item.kind is not Kind.PHOTO
        self._overlay: FaceOverlay | AvatarOverlay | None = None
        if options.overlay is OverlayStyle.SOLID and isinstance(estimator.head, Avatar):
            self._overlay = AvatarOverlay(estimator.head, quickly=quickly)
        elif options.overlay is not None:
            self._overlay = FaceOverlay(model, options.overlay, quickly=quickly)
        self._video: OverlayVideo | None = None
        self._neutral = Neutral(model.names, options.rest, first_seconds(options.neutral))
        beside: tuple[Marker, ...] = ()
        if item.kind is Kind.VIDEO and (options.marked or options.to):
            beside, problem = markers_beside(Path(item.spec))
            self.remarks += [problem] if problem else []
        self._markers = list(beside) if options.marked else []
        self._session: VideoSession | None = None
        if options.to and item.kind in (Kind.VIDEO, Kind.CAMERA):
            with writing(options.out):
                self._session = VideoSession(folder.with_name(_SESSION), item, estimator, beside)
        self._last: Moment | None = None  # to be written when it is known whether another one comes

    def __enter__(self) -> ItemOutput:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        # The frames of a source before it broke still make a video and rows.
        given = None if kind is not None and issubclass(kind, SourceError) else kind
        if given is None:
            for moment in self._neutral.finish():
                self._write(moment)
            if self._neutral.short:
                self.remarks.append(too_short(self._item.source, self._options.neutral))
        if kind is None or not issubclass(kind, OutputError):
            self._write_last()
        if self._session is not None:
            with writing(self._options.out):
                if given is None:
                    there = self._path(EXPORTS, self._item.name)
                    self.problems = self._session.export(self._options.to, there, self._options.entities)
                else:
                    self._session.close()
        if self._video is not None:
            with writing(self._options.out):
                if given is None:
                    self._video.close()
                else:
                    self._video.abandon()

    def photo(self, image: Image, faces: Sequence[FaceState]) -> None:
        for moment in self._neutral.add(Moment(0, 0.0, tuple(faces))):
            self._write(moment)
        if self._overlay is not None:  # the face as measured, with its own neutral
            _, data = cv2.imencode(".jpg", drawn(self._overlay, image, faces), [cv2.IMWRITE_JPEG_QUALITY, 95])
            path = self._path("overlays", f"{self._item.name}.jpg")
            with writing(self._options.out):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data.tobytes())

    def frame(
        self,
        image: Image,
        index: int,
        seconds: float,
        fps: float,
        faces: Sequence[FaceState],
        looks: Mapping[int, Appearance],
    ) -> None:
        """Add a frame of a video at that time in s. `looks` are the appearances of its faces."""
        self.people.see([state.face for state in faces], looks)
        if self._session is not None:
            self._session.see(image)
        if self._overlay is not None:
            with writing(self._options.out):
                if self._video is None:
                    path = self._path("overlays", f"{self._item.name}.mp4")
                    path.parent.mkdir(parents=True, exist_ok=True)
                    self._video = OverlayVideo(path, fps, self._overlay, self.sound)
                self._video.write(image, faces, seconds)
        for moment in self._neutral.add(Moment(index, seconds, tuple(faces))):
            self._write(moment)

    def _write(self, moment: Moment) -> None:
        if self._options.mesh and self.frames % self._options.every == 0:
            name = self._item.name
            stem = name if self._item.kind is Kind.PHOTO else f"{name}/{moment.frame:06d}"
            self._meshes(self._path("meshes", stem), moment.faces)
        last, self._last = self._last, moment
        if last is not None:
            self._write_row(last, [m for m in self._markers if round(m.time, 6) <= round(last.seconds, 6)])
        if self._session is not None:
            with writing(self._options.out):
                self._session.add(moment)
        self.frames += 1
        self.with_face += bool(moment.faces)

    def _write_last(self) -> None:
        """The last row has all markers that are left."""
        if self._last is not None:
            self._write_row(self._last, list(self._markers))
            self._last = None

    def _write_row(self, moment: Moment, due: Sequence[Marker]) -> None:
        self._markers = self._markers[len(due) :]
        (label,) = labels_of(due, np.array([moment.seconds]))
        rows = self._layout.input_rows(self._item.source, moment.frame, moment.seconds, moment.faces, label)
        with writing(self._options.out):
            self._rows.writelines(rows)

    def _path(self, kind: str, name: str) -> Path:
        return self._folder / kind / name

    def _meshes(self, stem: Path, faces: Sequence[FaceState]) -> None:
        for n, state in enumerate(faces):
            head = toned(self._estimator.head, state.skin)
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
