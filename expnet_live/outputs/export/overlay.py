"""The recorded video with the measured mesh over every face in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from expnet_live.avatars.avatar import Avatar
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.types import Array, Image, Pose
from expnet_live.geometry.camera import Camera
from expnet_live.outputs.export.excerpt import Excerpt
from expnet_live.outputs.export.format import Written
from expnet_live.render.overlay import FaceOverlay
from expnet_live.render.textured import AvatarOverlay
from expnet_live.sessions.format.table import Rows
from expnet_live.sessions.reading.pictures import Picture, pictures
from expnet_live.video.sound import SoundCopy, SoundReader
from expnet_live.video.writer import VideoWriter


def write_overlay(excerpt: Excerpt, path: Path) -> Written:
    """Write the pictures of the rows as MP4: at their own times, or repeated and dropped for a fixed rate.

    Raises SourceError if the video cannot be read; a video that ends early gives a shorter one, with a remark.
    """
    session, rows, fps = excerpt.session, excerpt.rows, excerpt.fps
    assert session.video is not None  # see Overlay.why_not
    n = len(np.unique(rows.video_frame[rows.video_frame >= 0]))
    if not n:
        raise UserError("There is no video for that part of the session; choose another range.")
    size = (session.info.width, session.info.height)
    painter = _Painter(_overlay(excerpt), rows)
    step = excerpt.steps(n)
    written = 0
    remarks: tuple[str, ...] = ()
    with ExitStack() as stack:
        reader = SoundReader.open(session.video)
        writer = stack.enter_context(VideoWriter(path, fps or 30.0, sound=reader is not None))
        sound: SoundCopy | None = None
        if reader is not None:
            stack.callback(reader.close)
        try:
            for times, picture in _shown(pictures(session.video, rows, size), fps, step):
                if reader is not None and sound is None:
                    reader.seek(times[0])
                    sound = SoundCopy(reader, writer.write_sound)
                drawn = painter(picture.image, np.flatnonzero((rows.video_frame == picture.number) & (rows.face >= 0)))
                for time in times:
                    writer.write(drawn, time)
                    written += 1
                if sound is not None:
                    sound.until(times[-1] + 1 / (fps or 30.0))
        except SourceError as error:
            if not written:
                raise
            remarks = (str(error),)
    return Written(n, remarks)


def _shown(
    pictures: Iterator[Picture], fps: float | None, step: Callable[[int], None]
) -> Iterator[tuple[list[float], Picture]]:
    """The pictures with the times at which to show them."""
    tick, start = 0, 0.0
    last: Picture | None = None
    for picture in pictures:
        step(1)
        if fps is None:
            yield [picture.time], picture
            continue
        start = picture.time if last is None else start
        due = int(np.ceil((picture.time - start) * fps - 1e-6))
        if last is not None and due > tick:
            yield [start + n / fps for n in range(tick, due)], last
            tick = due
        last = picture
    if fps is not None and last is not None:
        yield [start + tick / fps], last


def _overlay(excerpt: Excerpt) -> FaceOverlay | AvatarOverlay:
    """Draws the measured face, or another head that was asked for."""
    head = excerpt.wearer() if excerpt.options.head is not None else excerpt.face_model()
    return (
        AvatarOverlay(head, swing=excerpt.options.swing)
        if isinstance(head, Avatar)
        else FaceOverlay(head, excerpt.options.style)
    )


class _Painter:
    def __init__(self, overlay: FaceOverlay | AvatarOverlay, rows: Rows) -> None:
        self._overlay, self._rows = overlay, rows

    def __call__(self, image: Image, faces: Array) -> Image:
        """A copy of the picture with the faces of those rows."""
        rows, camera = self._rows, Camera.for_image(image.shape[1], image.shape[0])
        for i in faces:
            view = camera.view(Pose(rows.rotation[i], rows.translation[i]))
            state = rows.expression[i], rows.identity[i], rows.gaze_of(i), rows.blendshapes_of(i)
            image = self._overlay.draw(image, view, *state, float(rows.time[i]), int(rows.face[i]))
        return image
