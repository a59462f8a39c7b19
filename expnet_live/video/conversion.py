"""Converts decoded frames to the pictures of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from expnet_live.core.types import Image

if TYPE_CHECKING:
    from av import VideoFrame


class ToBgr:
    """Converts many frames to BGR uint8 (H, W, 3), in the thread that calls.

    `VideoFrame.to_ndarray` makes a converter with threads of its own for each frame. They live as long as the frame,
    which is until the next garbage collection: reading a frame's side data makes it refer to itself.
    """

    def __init__(self) -> None:
        from av.video.reformatter import VideoReformatter

        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> Image:
        return cast(Image, self._reformatter.reformat(frame, format="bgr24", threads=1).to_ndarray())
