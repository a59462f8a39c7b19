"""The only gateway to FFmpeg: every file or device that PyAV opens goes through here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from expnet_live.core.errors import SourceError

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer


_LENIENT = 19  # the version of PyAV from which the option is gone


@overload
def open_media(path: Path | str, mode: Literal["r"] = "r", **options: Any) -> InputContainer: ...


@overload
def open_media(path: Path | str, mode: Literal["w"], **options: Any) -> OutputContainer: ...


def open_media(path: Path | str, mode: Literal["r", "w"] = "r", **options: Any) -> InputContainer | OutputContainer:
    """`av.open` of a file, whose name is never treated as a URL or a pattern: "10:15.mp4" is not a protocol called 10.

    `options` are those of `av.open`. Raises OSError, or another av.FFmpegError.
    """
    import av

    # Old files have titles in other encodings than UTF-8. PyAV 19 reads them without being told.
    if int(av.__version__.partition(".")[0]) < _LENIENT:
        options["metadata_errors"] = "replace"
    return av.open(f"file:{path}", mode, **options)


def refuse_pipes(path: Path) -> None:
    """Raise SourceError if `path` is there but no file: reading a pipe would wait forever."""
    try:
        wrong = path.exists() and not path.is_file()
    except OSError:  # a name too long, for example
        return
    if wrong:
        what = "a folder" if path.is_dir() else "a device or a pipe"
        raise SourceError(f"{path} is {what}; choose a file, or a camera by its number.")


def open_device(system: str, name: str, **options: str) -> InputContainer:
    """Open a device for recording, such as ("dshow", "audio=Microphone"), by the name of FFmpeg's system for it.

    Raises OSError, or another av.FFmpegError; ValueError if this build has no such system.
    """
    import av

    return av.open(name, format=system, options=options)
