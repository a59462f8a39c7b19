"""Deinterlaces pictures whose odd and even lines were captured at different times."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import VideoFrame
    from av.filter import Graph

    Shape = tuple[int, int, str]


def deinterlaced(frames: Iterable[VideoFrame]) -> Iterator[tuple[VideoFrame, VideoFrame]]:
    """Each frame with its deinterlaced picture, one per frame; frames not flagged as interlaced do not change.

    The filter also uses the next frame, so an interlaced frame comes out one frame later.
    """
    graph: _Bwdif | None = None
    for frame in frames:
        if graph is not None and graph.shape != _shape(frame):
            yield from graph.rest()
            graph = None
        if graph is None and frame.interlaced_frame:
            graph = _Bwdif(frame)
        if graph is None:
            yield frame, frame
        else:
            yield from graph.put(frame)
    if graph is not None:
        yield from graph.rest()


def _shape(frame: VideoFrame) -> Shape:
    return frame.width, frame.height, frame.format.name


class _Bwdif:
    def __init__(self, first: VideoFrame) -> None:
        import av
        from av.filter import Graph

        self.shape = _shape(first)
        self._waiting: deque[VideoFrame] = deque()
        self._graph: Graph = Graph()
        width, height, name = self.shape
        nodes = [
            self._graph.add_buffer(width=width, height=height, format=av.VideoFormat(name), time_base=first.time_base),
            self._graph.add("bwdif", "mode=send_frame:deint=interlaced"),
            self._graph.add("buffersink"),
        ]
        self._graph.link_nodes(*nodes).configure()

    def put(self, frame: VideoFrame) -> Iterator[tuple[VideoFrame, VideoFrame]]:
        self._waiting.append(frame)
        self._graph.vpush(frame)
        yield from self._done()

    def rest(self) -> Iterator[tuple[VideoFrame, VideoFrame]]:
        self._graph.vpush(None)
        yield from self._done()

    def _done(self) -> Iterator[tuple[VideoFrame, VideoFrame]]:
        import av

        while self._waiting:
            try:
                picture = self._graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            yield self._waiting.popleft(), picture
