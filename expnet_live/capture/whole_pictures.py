"""Checks that a JPEG or PNG holds the whole picture, because decoders silently return half of one."""

from __future__ import annotations

import re
import zlib
from collections import defaultdict

import cv2
import numpy as np

# Within a scan 0xFF is followed by 0, by a restart marker or by another 0xFF; anything else ends it.
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SCAN, _END = 0xDA, 0xD9
_END_MARK = b"\xff\xd9"
_AT_A_TIME = 1 << 20  # bytes of pixels


def whole_jpeg(data: bytes) -> bytes | None:
    """The bytes without trailing data, with an end marker if it is missing; None if part of the picture is missing."""
    end, complete = _walk(data)
    if end is not None:
        return data
    # Decode it with two different ends. If it is whole, this makes no difference.
    data = data.rstrip(b"\xff")
    if not complete or not _same(data + _END_MARK, data + b"\x55" * 64 + _END_MARK):
        return None
    return data + _END_MARK


def _same(one: bytes, other: bytes) -> bool:
    a, b = (cv2.imdecode(np.frombuffer(d, np.uint8), cv2.IMREAD_COLOR) for d in (one, other))
    return a is not None and b is not None and a.shape == b.shape and bool((a == b).all())


def _walk(data: bytes) -> tuple[int | None, bool]:
    """The position of the end marker, None without one, and whether there are scans of all bits of all coefficients."""
    left: dict[int, set[tuple[int, int]]] = defaultdict(set)  # a component's coefficients, each with its lowest bit
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at + 4 : at + 2 + length]
        at += 2 + length
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            for component in segment[6 : 6 + 3 * segment[5] : 3] if len(segment) > 5 else ():
                left[component].update((k, 0) for k in range(64))
        if marker == _SCAN:
            _cross_out(left, segment)
            found = _AFTER_SCAN.search(data, at)
            if found is None:
                return None, not any(left.values())
            at = found.start()
            if data[at + 1] == _END:
                return at, True
    return None, bool(left) and not any(left.values())


def _cross_out(left: dict[int, set[tuple[int, int]]], scan: bytes) -> None:
    n = scan[0] if scan else 0
    if len(scan) < 4 + 2 * n:
        return
    first, last, bits = scan[1 + 2 * n : 4 + 2 * n]
    for i in range(n):
        left[scan[1 + 2 * i]] -= {(k, bits & 15) for k in range(first, last + 1)}


def png_is_whole(data: bytes) -> bool:
    """Whether all pixels of the picture are present, even without the end marker or with trailing data."""
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    # Bytes that its pixels may take, in any of PNG's kinds: a small file could hold zeros enough to fill the memory.
    left = (8 * width + 16) * height + 1
    at, pixels = 8, zlib.decompressobj()
    try:
        while at + 8 <= len(data):
            length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
            if kind == b"IEND":
                return True
            part = data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
            while part:
                left -= len(pixels.decompress(part, _AT_A_TIME))
                if pixels.eof or left <= 0:
                    return True  # more than all of them; the decoder sees what is wrong
                part = pixels.unconsumed_tail
            at += 12 + length
    except zlib.error:
        return True  # damaged; the decoder reports it
    return False
