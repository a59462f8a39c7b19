"""The only gateway to FFmpeg: every file or device that PyAV opens goes through here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer


@overload
def open_media(path: Path | str, mode: Literal["r"] = "r", **options: Any) -> InputContainer: ...


@overload
def open_media(path: Path | str, mode: Literal["w"], **options: Any) -> OutputContainer: ...


def open_media(path: Path | str, mode: Literal["r", "w"] = "r", **options: Any) -> InputContainer | OutputContainer:
    """`av.open` of a file, whose name is never treated as a URL or a pattern: "10:15.mp4" is not a protocol called 10.

    `options` are those of `av.open`. Raises OSError, or another av.FFmpegError.
    """
    import av

    return av.open(f"file:{path}", mode, **options)


def open_device(system: str, name: str, **options: str) -> InputContainer:
    """Open a device for recording, such as ("dshow", "audio=Microphone"), by the name of FFmpeg's system for it.

    Raises OSError, or another av.FFmpegError; ValueError if this build has no such system.
    """
    import av

    return av.open(name, format=system, options=options)
