"""Pictures and videos at http(s) addresses, fetched only when such a source is opened; streams are refused."""

from __future__ import annotations

import re
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from expnet_live.capture.source import Source
from expnet_live.capture.spec import SourceKind, SourceSpec, type_of
from expnet_live.core.addresses import without_credentials
from expnet_live.core.errors import SourceError
from expnet_live.core.types import Frame
from expnet_live.core.version import __version__
from expnet_live.video.sound import SoundReader

_FETCHED = ("http", "https")
_STREAMS = ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "mms", "srt", "ftp")
_PATIENCE = 15.0  # s without an answer
_MOST = 4 << 30  # bytes
_AT_A_TIME = 1 << 20


class WebSource(Source):
    """A file at an address, read as a local file of the same content would be. Closing it deletes the copy.

    It is fetched once, however often it is iterated. The address may have a name and a password (basic authentication),
    which nothing shows.
    """

    repeatable = True

    def __init__(self, url: str) -> None:
        super().__init__(without_credentials(url))
        self._folder = tempfile.TemporaryDirectory(prefix="expnet-live-", ignore_cleanup_errors=True)
        suffix = PurePosixPath(urlsplit(url).path).suffix
        self._path = Path(self._folder.name) / ("source" + (suffix if re.fullmatch(r"\.\w{1,5}", suffix) else ""))
        try:
            _fetch(url, self._path)
            self._file = self._opened()
        except SourceError as error:
            self._folder.cleanup()
            raise self._named(error) from error
        except BaseException:
            self._folder.cleanup()
            raise
        self.still = self._file.still
        self.fps, self.n_frames, self.duration = self._file.fps, self._file.n_frames, self._file.duration
        self._from, self._used = 0.0, False

    def _opened(self) -> Source:
        spec = SourceSpec.file(self._path)
        return type_of(spec).open(spec)

    def __iter__(self) -> Iterator[Frame]:
        try:
            if self._used:
                self._file.close()
                self._file = self._opened()
            self._used = True
            self._file.seek(self._from)
            for frame in self._file:
                yield replace(frame, source=self.name)
        except SourceError as error:
            raise self._named(error) from error

    def seek(self, seconds: float) -> None:
        self._from = seconds

    def sound(self) -> SoundReader | None:
        return self._file.sound()

    def close(self) -> None:
        self._file.close()
        self._folder.cleanup()

    def _named(self, error: SourceError) -> SourceError:
        """The error with the address in place of the copy's path."""
        return SourceError(str(error).replace(str(self._path), self.name))


def _fetch(url: str, path: Path) -> None:
    """Copy what is at the address into a file. Raises SourceError."""
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    bare = without_credentials(url)
    try:
        request = Request(bare, headers={"User-Agent": f"expnet-live/{__version__}"})
        if bare != url:
            # Another server that it redirects to must not get them.
            request.add_unredirected_header("Authorization", f"Basic {_credentials(url)}")
        with urlopen(request, timeout=_PATIENCE) as answer, path.open("wb") as file:
            _refuse_pages_and_streams(bare, answer.headers.get_content_type())
            _copy(bare, answer, file)
    except SourceError:
        raise
    except HTTPError as error:
        error.close()
        raise SourceError(f"{bare} cannot be fetched ({error.code} {error.reason}); check the address.") from error
    except URLError as error:
        raise SourceError(
            f"{bare} cannot be reached ({error.reason}); check the address and the connection, or choose a file."
        ) from error
    except (OSError, HTTPException) as error:
        raise SourceError(f"{bare} cannot be fetched ({error or type(error).__name__}); try again.") from error
    except ValueError as error:  # an address without a host, or with a port that is no number
        raise SourceError(f"{bare} is not an address ({error}); check it.") from error


def _credentials(url: str) -> str:
    parts = urlsplit(url)
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return b64encode(pair.encode()).decode()


def _refuse_pages_and_streams(url: str, kind: str) -> None:
    if kind in ("text/html", "application/xhtml+xml"):
        raise SourceError(f"{url} is a web page; give the address of the picture or video itself.")
    if kind.startswith("multipart/") or "mpegurl" in kind or kind == "application/dash+xml":
        raise SourceError(f"{url} is a stream, which is not supported; give the address of a file.")


def _copy(url: str, answer: Any, file: IO[bytes]) -> None:
    expected = answer.headers.get("Content-Length")
    room = min(_MOST, shutil.disk_usage(tempfile.gettempdir()).free // 2)
    done = 0
    while block := answer.read(_AT_A_TIME):
        done += len(block)
        if done > room:
            raise SourceError(f"{url} is larger than {room / 1e9:.1f} GB; download it, and open the file.")
        file.write(block)
    if expected is not None and done < int(expected):
        raise SourceError(f"{url} broke off after {done} of {expected} bytes; try again.")


class _Web:
    name, about, live, still = "web", "a picture or video at an http(s) address", False, False

    def takes(self, spec: SourceSpec) -> bool:
        return spec.kind is SourceKind.OTHER and _scheme(spec) in _FETCHED + _STREAMS

    def open(self, spec: SourceSpec) -> Source:
        if _scheme(spec) in _STREAMS:
            raise SourceError(
                f"{spec.name} is a stream, which is not supported; record it to a file with another program, "
                "or choose a camera."
            )
        return WebSource(spec.value)


def _scheme(spec: SourceSpec) -> str:
    scheme, separator, _ = spec.value.partition("://")
    return scheme.lower() if separator else ""


SOURCE = _Web()
