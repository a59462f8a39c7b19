"""Files at addresses that fsspec reads: s3, gcs, ssh, http, zip and others."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from expnet_live.capture.kinds import IMAGE_SUFFIXES, VIDEO_SUFFIXES
from expnet_live.core.addresses import without_credentials
from expnet_live.core.errors import SourceError, UserError

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+(://|::)", re.IGNORECASE)
MAGIC = re.compile(r"[*?\[]")  # what makes a pattern of a path
_HOST = re.compile(r"([a-z][a-z0-9+.-]+://[^/]+)/", re.IGNORECASE)
_SSH = re.compile(r"((?:ssh|sftp)://[^/]+)(/.*)", re.IGNORECASE | re.DOTALL)
# What a version of a file is known by, the surest first.
_STAMPS = (
    "ETag", "etag", "md5Hash", "Content-MD5", "mtime", "LastModified", "last_modified", "Last-Modified", "updated",
    "CRC", "created",
)  # fmt: skip
_REFUSED = {401, 403}  # of HTTP

# It logs each error that it raises; without a handler, Python prints that with its traceback.
logging.getLogger("gcsfs").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class RemoteFile:
    """A photo or video at an `address`: its size in bytes (0: unknown), and a `stamp` of its version."""

    address: str
    size: int
    stamp: str

    @property
    def suffix(self) -> str:
        return _suffix(self.address.partition("::")[0])


def is_address(text: str) -> bool:
    """Whether that is an address, not a path."""
    return bool(_ADDRESS.match(text))


def list_files(address: str) -> Iterator[RemoteFile]:
    """The photos and videos at an address, in a folder there, or of those that fit a pattern, sorted.

    Raises SourceError if there are none, UserError if the store cannot be reached or refuses access.
    """
    fs, path = _opened(address)
    pattern = bool(MAGIC.search(path))
    try:
        if pattern:
            found = fs.glob(path, detail=True)
        elif fs.isdir(path):
            found = fs.find(path, detail=True)
        else:
            found = {path: fs.info(path)}
    except FileNotFoundError:
        found = {}
    except Exception as error:  # each file system has errors of its own
        raise UserError(_sentence(address, "listed", error)) from error
    media = IMAGE_SUFFIXES | VIDEO_SUFFIXES
    names = [n for n in sorted(found) if found[n].get("type") != "directory" and (n == path or _suffix(n) in media)]
    if not names:
        where = f"Nothing fits the pattern {address}" if pattern else f"There is no photo or video at {address}"
        raise SourceError(without_credentials(f"{where}; check the address."))
    for name in names:
        info = found[name]
        if info.get("size") is None:  # the index pages of http tell names alone
            try:
                info = fs.info(name)
            except Exception as error:
                raise UserError(_sentence(name, "read", error)) from error
        yield RemoteFile(_address(fs, name, address), int(info.get("size") or 0), _stamp(info))


def download(address: str, to: Path) -> None:
    """Copy a file to the path `to`. Raises SourceError if that fails."""
    try:
        fs, name = _opened(address)
        fs.get_file(name, str(to))
    except UserError as error:
        raise SourceError(str(error)) from error
    except Exception as error:  # each file system has errors of its own
        raise SourceError(_sentence(address, "fetched", error)) from error


def _opened(address: str) -> tuple[Any, str]:
    """The file system and the path in it. Raises UserError."""
    try:
        from fsspec.core import url_to_fs

        ssh = _SSH.fullmatch(address)
        # fsspec hands what follows a # or ? in a path on to SSH, which does not know it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # Google's libraries warn of old Pythons
            fs, path = url_to_fs(ssh[1] if ssh else address)
        return fs, ssh[2] if ssh else path
    except (ImportError, ValueError) as error:
        text = without_credentials(f"{address} cannot be opened ({error}); install what fsspec needs for it.")
        raise UserError(text) from error
    except FileNotFoundError as error:  # the file that a chain begins with
        raise SourceError(without_credentials(f"There is nothing at {address}; check the address.")) from error
    except Exception as error:  # each file system has errors of its own
        raise UserError(_sentence(address, "reached", error)) from error


def _address(fs: Any, name: str, listed: str) -> str:
    outer, chained, inner = listed.partition("::")
    if chained:
        return f"{outer.split('://')[0]}://{name.lstrip('/')}::{inner}"
    # Stores whose paths begin with a slash, such as ssh, name their host in the address alone.
    host = _HOST.match(listed) if name.startswith("/") else None
    return f"{host[1]}{name}" if host else str(fs.unstrip_protocol(name))


def _sentence(address: str, what: str, error: Exception) -> str:
    if _refused(error):
        reason, advice = "access is refused", "check your keys and rights there"
    else:
        reason = re.sub(r"^\[Errno \w+\] ", "", " ".join(str(error).split())).rstrip(".") or type(error).__name__
        advice = "check the address and your connection, or try again later"
    return without_credentials(f"{address} cannot be {what} ({reason}); {advice}.")


def _refused(error: Exception) -> bool:
    """Whether a store refuses access, or wants to know who asks: each library has errors of its own for it."""
    if isinstance(error, PermissionError):
        return True
    # `status` is of aiohttp, `code` of gcsfs, which has a sentence alone for 403.
    if getattr(error, "status", None) in _REFUSED or getattr(error, "code", None) in _REFUSED:
        return True
    names, text = {kind.__name__ for kind in type(error).__mro__}, str(error)
    unknown = names & {"NoCredentialsError", "AuthenticationException"} or "authentication" in text.lower()
    return bool(unknown) or text.startswith("Forbidden: ")


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _stamp(info: dict[str, Any]) -> str:
    return next((f"{name}={info[name]}" for name in _STAMPS if info.get(name)), "")
