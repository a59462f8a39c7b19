"""The overlay of a video, drawn and compressed on a thread of its own while the network processes the next frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from expnet_live.core.types import FaceState, Image
from expnet_live.geometry.camera import Camera
from expnet_live.render.overlay import FaceOverlay
from expnet_live.render.textured import AvatarOverlay
from expnet_live.video.sound import SoundCopy, SoundReader
from expnet_live.video.writer import VideoWriter

_WAITING = 4  # most frames in memory before they are drawn


Overlay = FaceOverlay | AvatarOverlay


class OverlayVideo:
    """Writes frames with their faces drawn over them, and the video's `sound`. The next call raises errors of the
    thread.
    """

    def __init__(self, path: Path, fps: float, overlay: Overlay, sound: SoundReader | None = None) -> None:
        self._overlay, self._step = overlay, 1 / fps
        self._writer = VideoWriter(path, fps, sound=sound is not None)
        self._sound = None if sound is None else SoundCopy(sound, self._writer.write_sound)
        self._thread = ThreadPoolExecutor(1, "overlay")
        self._waiting: deque[Future[None]] = deque()

    def write(self, image: Image, faces: Sequence[FaceState], seconds: float) -> None:
        """Add a frame. Raises OSError or another error of PyAV, as does `close`."""
        while len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._thread.submit(self._draw, image, faces, seconds))

    def close(self) -> None:
        """Complete the file."""
        try:
            while self._waiting:
                self._waiting.popleft().result()
        finally:
            self._thread.shutdown(cancel_futures=True)
            self._writer.close()

    def abandon(self) -> None:
        """Leave the file as it is."""
        self._thread.shutdown(cancel_futures=True)
        self._writer.abandon()

    def _draw(self, image: Image, faces: Sequence[FaceState], seconds: float) -> None:
        self._writer.write(drawn(self._overlay, image, faces), seconds)
        if self._sound is not None:
            self._sound.until(seconds + self._step)


def drawn(overlay: Overlay, image: Image, faces: Sequence[FaceState]) -> Image:
    """`image` with its faces drawn over it."""
    camera = Camera.for_image(image.shape[1], image.shape[0])
    for face in faces:
        view = camera.view(face.pose)
        state = face.expression, face.identity, face.gaze, face.blendshapes
        image = overlay.draw(image, view, *state, face.timestamp, face.face)
    return image
