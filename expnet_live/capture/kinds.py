"""Determines the type of a file by its content, whatever its name."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

# fmt: off
IMAGE_SUFFIXES = frozenset(
    {
        ".avif", ".bmp", ".gif", ".heic", ".heif", ".hif", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg",
        ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp",
    }
)
# fmt: on
# fmt: off
VIDEO_SUFFIXES = frozenset(
    {
        ".3g2", ".3gp", ".asf", ".avi", ".dv", ".f4v", ".flv", ".h264", ".h265", ".hevc", ".ivf", ".m2ts",
        ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv",
        ".ts", ".vob", ".webm", ".wmv", ".y4m",
    }
)
# fmt: on
_HEAD, _TAIL = 4096, 32


class Media(Enum):
    PICTURE = "picture"
    ANIMATION = "animation"
    VIDEO = "video"
    NONE = "none"


def media_kind(path: Path) -> Media:
    """Decide by the file's first bytes, or else by its suffix: the file may be damaged, and its reader will say so."""
    kind = Media.NONE
    try:
        if path.exists() and not path.is_file():  # a pipe would wait for somebody to write
            return Media.NONE
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(max(0, path.stat().st_size - _TAIL))
            kind = _by_content(head, file.read(), path)
    except (OSError, ValueError):  # missing, a folder, unreadable, or not a file name
        pass
    suffix = path.suffix.lower()
    if kind is Media.NONE and suffix in IMAGE_SUFFIXES | VIDEO_SUFFIXES:
        return Media.PICTURE if suffix in IMAGE_SUFFIXES else Media.VIDEO
    return kind


def is_hidden(path: Path) -> bool:
    """Hidden files: macOS writes `._photo.jpg` beside each photo on a USB stick."""
    return path.name.startswith(".") or path.name.casefold() in {"thumbs.db", "desktop.ini"}


# The first bytes of files, with enough to distinguish them from a text with the same beginning.
_PICTURES = re.compile(
    rb"\x89PNG\r\n\x1a\n|BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0|II[*+]\0|MM\0[*+]|\0\0\0\x0cjP  |\xff\x4f\xff\x51"
    rb"|P[1-7][\s#]|P[fF]\s|#\?RADIANCE|#\?RGBE|qoif|8BPS\0\x01|DDS |\x01\xda[\0\x01][\x01\x02]",
    re.DOTALL,
)
_VIDEOS = re.compile(
    rb"\x1aE\xdf\xa3|RIFF.{4}AVI |FLV\x01|\0\0\x01[\xb0\xb3\xb5\xba\x20]|\x30\x26\xb2\x75\x8e\x66\xcf\x11|\.RMF"
    rb"|DKIF|YUV4MPEG2 |\x06\x0e\x2b\x34|\x1f\x07\0"
    rb"|\0?\0\0\x01[\x06\x09\x27\x47\x67\x40\x42\x44\x46]|.{4}(moov|mdat|wide|skip|free|pnot)",
    re.DOTALL,
)
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2"}
_SOUND = {b"M4A ", b"M4B ", b"M4P "}


def _by_content(head: bytes, tail: bytes, path: Path) -> Media:
    if head[4:8] == b"ftyp":
        return _by_brand(head)
    if head.startswith(b"\xff\xd8\xff"):
        # Raw motion JPEG is a sequence of pictures, so its first bytes are those of a photo.
        return Media.VIDEO if path.suffix.lower() in {".mjpeg", ".mjpg"} else Media.PICTURE
    if (head[:4] == b"RIFF" and head[8:12] == b"WEBP") or head[:6] in (b"GIF87a", b"GIF89a") or b"acTL" in head[:_HEAD]:
        return Media.ANIMATION if _moves(path) else Media.PICTURE
    if _PICTURES.match(head) or tail[-18:] == b"TRUEVISION-XFILE.\0":
        return Media.PICTURE
    if _VIDEOS.match(head) or _is_transport(head):
        return Media.VIDEO
    if head[:4] == b"OggS":
        return Media.VIDEO if b"theora" in head else Media.NONE
    return Media.NONE


def _by_brand(head: bytes) -> Media:
    major = head[8:12]
    others = {head[i : i + 4] for i in range(16, min(int.from_bytes(head[:4], "big"), 256), 4)}
    if major == b"avis" or (major == b"msf1" and b"avis" in others):
        return Media.ANIMATION
    if major in _HEIF or major == b"avif":
        return Media.PICTURE
    return Media.NONE if major in _SOUND else Media.VIDEO


def _moves(path: Path) -> bool:
    """Whether a GIF, WebP or PNG has more than one frame."""
    from PIL import Image

    try:
        with Image.open(path, formats=("GIF", "WEBP", "PNG")) as image:
            return bool(getattr(image, "is_animated", False))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False


def _is_transport(head: bytes) -> bool:
    return any(
        len(head) > first + 4 * length and all(head[first + i * length] == 0x47 for i in range(5))
        for first, length in ((0, 188), (4, 192), (0, 204))
    )
