"""The interface of all sources of pictures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Self

from expnet_live.core.types import Frame
from expnet_live.video.sound import SoundReader


class Source(ABC):
    """A sequence of frames with increasing times, to be iterated once, or as often as wanted if it is `repeatable`,
    because opening it takes long. It is a context manager.

    `fps` is the nominal rate, `n_frames` the expected number of frames and `duration` their time in s, or None if
    unknown; `live` means that frames not fetched in time are lost, `still` that they are unrelated photos. Iterating
    raises SourceError if the source breaks, after its good frames.

    >>> source: Source = open_source("demo")
    >>> source.live, source.fps
    (False, 30.0)
    """

    live = False
    still = False
    repeatable = False
    fps: float | None = None
    n_frames: int | None = None
    duration: float | None = None

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]: ...

    @abstractmethod
    def close(self) -> None: ...

    def seek(self, seconds: float) -> None:  # noqa: B027  most sources have nowhere to go
        """Start the iteration at the frame shown at `seconds`; call this before it. Cameras and photos ignore it."""

    def sound(self) -> SoundReader | None:
        """Open the sound of a video, whose times are those of its frames; None if it has none. To be closed."""
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
