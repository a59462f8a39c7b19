"""Reads picture files, and says in words what is wrong with them."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from expnet_live.capture.whole_pictures import png_is_whole, whole_jpeg
from expnet_live.core.errors import SourceError
from expnet_live.core.types import Array, Image
from expnet_live.video.hdr import HLG, PQ, sdr
from expnet_live.video.opening import refuse_pipes

if TYPE_CHECKING:
    from PIL import Image as Pillow

log = logging.getLogger(__name__)

_FORMATS = "JPEG, PNG, WebP, HEIC, AVIF, TIFF or BMP"
_ORIENTATION, _SUBFILE = 0x0112, 0x00FE  # tags of EXIF and TIFF
_LARGE = 80_000_000  # pixels
# Pillow's decoders for formats that OpenCV does not read, or not upright. Some other decoders start programs.
_PILLOW = (
    "AVIF",
    "BMP",
    "DDS",
    "GIF",
    "JPEG",
    "JPEG2000",
    "PNG",
    "PPM",
    "PSD",
    "QOI",
    "SGI",
    "TGA",
    "TIFF",
    "WEBP",
)


def read_image(path: Path) -> Image:
    """The picture as BGR uint8 (H, W, 3), upright by its EXIF, with 10 to 32 bit or floats scaled to 8 bit.

    Raises SourceError if it is missing, empty, truncated or not a picture.
    """
    refuse_pipes(path)
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as e:
        reason = getattr(e, "strerror", None) or e
        raise SourceError(f"{path} cannot be read ({reason}); check its name and its permissions.") from e
    if not data:
        raise SourceError(f"{path} is empty; copy it again from its source.")
    whole = _whole(data)
    if whole is None:
        raise SourceError(f"{path} is cut off before its end; copy it again from its source.")
    try:
        image = _decoded(whole)
    except SourceError as e:
        raise SourceError(f"{path} {e}") from e
    except _bomb() as e:
        raise SourceError(f"{path} has too many pixels to be read; make it smaller, or save it as PNG.") from e
    except (cv2.error, OSError, SyntaxError, ValueError, MemoryError, RuntimeError) as e:
        log.info("%s: %s", path, e)
        raise SourceError(f"{path} is damaged or not a picture; use {_FORMATS}.") from e
    if image is None:
        raise SourceError(f"{path} is damaged or not a picture; use {_FORMATS}.")
    return image


def _bomb() -> type[Exception]:
    """Pillow's error for pictures of more than 179 million pixels."""
    import PIL.Image as pillow

    return pillow.DecompressionBombError


def damages() -> tuple[type[Exception], ...]:
    """Pillow's errors for pictures that are damaged, or whose size is wrong."""
    return OSError, EOFError, SyntaxError, ValueError, _bomb()


def as_bgr(image: Pillow.Image, orientation: int | None = None, transfer: int = 0) -> Image:
    """A picture decoded by Pillow as BGR uint8 (H, W, 3), upright by its EXIF, or by the given `orientation`.

    HDR is converted to SDR if `transfer` (ITU-T H.273) says that it is PQ or HLG.
    """
    import PIL.Image as pillow
    from PIL import ImageOps

    if orientation is not None:
        image.getexif()[_ORIENTATION] = orientation
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        # What is transparent may hide anything; viewers show it on a light ground.
        image = image.convert("RGBA")
        image = pillow.alpha_composite(pillow.new("RGBA", image.size, "white"), image)
    if image.mode.startswith(("I", "F")):
        return _three(scaled(np.asarray(image)))
    colors = np.asarray(image.convert("RGB"))
    if transfer in (PQ, HLG):
        return sdr(colors.astype(np.uint16) * 257, transfer)
    return np.ascontiguousarray(colors[:, :, ::-1])


def scaled(values: Array) -> Image:
    """Integers of more than 8 bit, or floats, as uint8.

    Cameras store 10, 12 or 14 bit in 16: the brightest pixel shows how many are used. Floats are in 0..1 unless some
    exceed it.
    """
    if values.dtype == np.uint8:
        return values
    numbers = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    most = float(numbers.max(initial=0.0))
    if np.issubdtype(values.dtype, np.floating):
        white = next((w for w in (1.0, 255.0, 65535.0) if most < 1.2 * w), most)  # a small excess is rounding
    else:
        white = next((2.0**bits - 1 for bits in (8, 10, 12, 14, 16, 24, 32) if most < 2**bits), most)
        if white == 255:
            # Such a dark picture uses 10 bits.
            white = 1023.0
    return np.asarray(np.clip(np.rint(numbers * (255 / white)), 0, 255), np.uint8)


def _three(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8) if image.ndim == 2 else image


def _whole(data: bytes) -> bytes | None:
    """The bytes to decode, or None if the picture ends too early."""
    if data.startswith(b"\xff\xd8"):
        return whole_jpeg(data)
    if data.startswith(b"\x89PNG"):
        return data if png_is_whole(data) else None
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return data if len(data) >= int.from_bytes(data[4:8], "little") + 8 else None
    return data


def _decoded(data: bytes) -> Image | None:
    if data[4:8] == b"ftyp" and data[8:12] != b"avif":
        image = _heif(data)
        if image is not None:
            return image
    # OpenCV crashes at some damaged JPEG 2000s and animated PNGs.
    if _is_transparent_png(data) or data[4:8] == b"jP  " or data[:3] == b"\xff\x4f\xff" or _is_animated_png(data):
        return _by_pillow(data)
    if data[:4] in (b"II*\0", b"MM\0*") and (page := _page(data)):
        return _by_pillow(data, page)
    # OpenCV does not turn WebP upright, does not compose GIF frames, and does not read AVIF.
    if data[:4] not in (b"RIFF", b"GIF8") and data[4:8] != b"ftyp":
        # Not cv2.imread, which cannot open every path on every system.
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        if found is not None:
            return _three(scaled(found))
    return _by_pillow(data)


def _is_transparent_png(data: bytes) -> bool:
    """Whether it has transparency; very large pictures, which Pillow refuses, count as opaque."""
    if not data.startswith(b"\x89PNG") or len(data) < 26:
        return False
    width, height = (int.from_bytes(data[i : i + 4], "big") for i in (16, 20))
    has_alpha = data[25] in (4, 6) or b"tRNS" in data[: max(0, data.find(b"IDAT"))]
    return has_alpha and width * height < _LARGE


def _is_animated_png(data: bytes) -> bool:
    return data.startswith(b"\x89PNG") and b"acTL" in data[: max(0, data.find(b"IDAT"))]


def _page(data: bytes) -> int:
    """The first page of a TIFF that is not a small preview of another. Raises SourceError if there is none: raw files
    of cameras are TIFFs whose picture only their makers' programs know.
    """
    import PIL.Image as pillow

    try:
        with pillow.open(io.BytesIO(data), formats=("TIFF",)) as image:
            for page in range(getattr(image, "n_frames", 1)):
                image.seek(page)
                if not int(image.getexif().get(_SUBFILE, 0)) & 1:
                    return page
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, pillow.DecompressionBombError):
        return 0  # its decoder will say what is wrong
    raise SourceError("is a camera's raw file, or has a preview only; convert it to JPEG or TIFF.")


def _by_pillow(data: bytes, page: int = 0) -> Image:
    import PIL.Image as pillow

    with pillow.open(io.BytesIO(data), formats=_PILLOW) as image:
        if page:
            image.seek(page)
        image.load()
        return as_bgr(image, transfer=_transfer(data))


def _heif(data: bytes) -> Image | None:
    """The whole picture of a HEIC, which phones store in tiles, turned and mirrored by the file's own properties."""
    try:
        import pillow_heif
    except ImportError:  # there is no wheel for this machine
        raise ValueError("pillow-heif, which reads HEIC, is not installed") from None
    if not pillow_heif.is_supported(data):
        return None
    found: Any = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    image: Pillow.Image = found.to_pillow()
    # libheif uses the file's own properties; EXIF counts only if there are none.
    turned = b"irot" in data or b"imir" in data
    return as_bgr(image, 1 if turned else _orientation(found.info.get("exif")), _transfer(data))


def _transfer(data: bytes) -> int:
    """The transfer characteristics (ITU-T H.273) that a HEIC or AVIF states, 0 if it states none."""
    at = data.find(b"colrnclx") if data[4:8] == b"ftyp" else -1
    return int.from_bytes(data[at + 10 : at + 12], "big") if at >= 0 else 0


def _orientation(exif: bytes | None) -> int:
    import PIL.Image as pillow

    tags = pillow.Exif()
    if exif:
        tags.load(exif)
    return int(tags.get(_ORIENTATION, 1))
