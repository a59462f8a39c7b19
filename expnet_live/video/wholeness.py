"""Checks whether a file ends where its structure says, unlike an interrupted download or copy."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

log = logging.getLogger(__name__)


def cut_off(path: Path) -> bool | None:
    """Whether its end is missing; None for formats that do not store their length."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
            for fits, ends in _FORMATS:
                if fits(head):
                    file.seek(0)
                    return ends(file, size)
    except (OSError, ValueError, IndexError) as error:  # also of a file that ends within its first bytes
        log.info("%s: %s", path, error)
    return None


def _mp4(file: BinaryIO, size: int) -> bool:
    at = 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:
            length = int.from_bytes(header[8:16], "big")
        if length == 0:  # up to the end of the file
            return False
        if length < 8:
            return False  # data after the last box is not a box
        at += length
    return at > size


def _matroska(file: BinaryIO, size: int) -> bool | None:
    at = 0
    for _ in range(2):  # the header, then the one segment
        file.seek(at)
        head = file.read(16)
        name = _width(head[0])
        count = _width(head[name])
        value = int.from_bytes(head[name : name + count], "big") & ((1 << 7 * count) - 1)
        if value == (1 << 7 * count) - 1:  # a live recording
            return None
        at += name + count + value
    return at > size


def _width(first: int) -> int:
    if not first:
        raise ValueError("no number of EBML")
    return 9 - first.bit_length()


def _riff(file: BinaryIO, size: int) -> bool:
    at = 0
    while at + 8 <= size:  # large files have several
        file.seek(at)
        head = file.read(8)
        if head[:4] != b"RIFF":
            return False
        length = int.from_bytes(head[4:], "little")
        if not length:  # never finalised
            return True
        at += 8 + length + length % 2
    return at > size + 1


def _flv(file: BinaryIO, size: int) -> bool:
    """FLV: the length of each tag follows it."""
    file.seek(size - 4)
    length = int.from_bytes(file.read(4), "big")
    if not 11 <= length <= size - 13:
        return True
    file.seek(size - 4 - length)
    tag = file.read(4)
    return tag[0] & 0x1F not in (8, 9, 18) or int.from_bytes(tag[1:4], "big") + 11 != length


def _transport(file: BinaryIO, size: int) -> bool:
    """MPEG-TS: packets of 188 bytes, or with a timestamp before (192) or a checksum after (204)."""
    first, length = _packets(file.read(4096)) or (0, 1)
    return (size if length == 192 else size - first) % length != 0


def _packets(head: bytes) -> tuple[int, int] | None:
    for length in (188, 192, 204):
        for first in (0, 4):
            if len(head) > first + 4 * length and all(head[first + i * length] == 0x47 for i in range(5)):
                return first, length
    return None


_FORMATS: list[tuple[Callable[[bytes], bool], Callable[[BinaryIO, int], bool | None]]] = [
    (lambda h: h[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"), _mp4),
    (lambda h: h[:4] == b"\x1aE\xdf\xa3", _matroska),
    (lambda h: h[:4] == b"RIFF", _riff),
    (lambda h: h[:3] == b"FLV", _flv),
    (lambda h: _packets(h) is not None, _transport),
]
