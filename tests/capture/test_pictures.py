"""Photos of every kind are read by content, upright, in 8 bit, and complete."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as Pillow
from PIL import ImageOps
from skimage import data

from expnet_live.capture.images import read_image
from expnet_live.capture.kinds import Media, media_kind
from expnet_live.capture.sources import SourceError, open_source
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.types import Image
from expnet_live.video.hdr import HLG, PQ, tone_mapped

ASTRONAUT = data.astronaut()[:200, 120:320]
BGR = np.ascontiguousarray(ASTRONAUT[:, :, ::-1])


def apart(a: Image, b: Image) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(float) - b).mean())


def save(path: Path, format: str, picture: Pillow.Image | None = None, **options: object) -> Path:
    image = picture or Pillow.fromarray(ASTRONAUT)
    if format == "HEIF":
        heif = pytest.importorskip("pillow_heif")
        heif.from_pillow(image).save(path, quality=95, **options)
    else:
        image.save(path, format, **options)
    return path


@pytest.mark.parametrize(
    ("format", "suffix"),
    [
        ("JPEG", "jfif"), ("JPEG", "jpe"), ("JPEG", "mp4"), ("PNG", "jpg"), ("WEBP", "webp"), ("AVIF", "avif"),
        ("HEIF", "heic"),
        ("JPEG2000", "jp2"), ("PPM", "ppm"), ("TGA", "tga"), ("GIF", "gif"), ("TIFF", "tif"), ("BMP", "bmp"),
        ("QOI", "qoi"),
        ("PNG", "photo"),
    ],
)  # fmt: skip
def test_a_still_is_a_photo_under_every_name(tmp_path: Path, format: str, suffix: str) -> None:
    try:
        path = save(tmp_path / f"a.{suffix}", format)
    except (KeyError, OSError) as error:
        pytest.skip(f"Pillow does not write it ({error})")
    assert media_kind(path) is Media.PICTURE
    with open_source(path) as source:
        assert source.still and source.n_frames == 1
        (frame,) = source
    assert apart(frame.image, BGR) < 8


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_exif_turns_every_format(tmp_path: Path, format: str, orientation: int) -> None:
    image = Pillow.fromarray(ASTRONAUT[:, :150])
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "a", format, image, exif=exif.tobytes())
    tagged = image.copy()
    tagged.getexif()[0x0112] = orientation
    upright = np.asarray(ImageOps.exif_transpose(tagged))[:, :, ::-1]
    assert apart(read_image(path), upright) < 6


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_more_bits(tmp_path: Path, bits: int, suffix: str) -> None:
    deep = np.rint(BGR.astype(float) / 255 * (2**bits - 1)).astype(np.uint16)
    path = tmp_path / f"a.{suffix}"
    for image in (deep, deep[:, :, 1]):
        path.write_bytes(cv2.imencode(f".{suffix}", image)[1].tobytes())
        expected = BGR if image.ndim == 3 else np.repeat(BGR[:, :, 1:2], 3, axis=2)
        assert apart(read_image(path), expected) < 1


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_floats(tmp_path: Path, white: float) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, (ASTRONAUT / 255 * white).astype(np.float32), photometric="rgb")
    assert apart(read_image(path), BGR) < 1


def test_a_heic_of_tiles_is_whole(tmp_path: Path) -> None:
    path = save(tmp_path / "a.heic", "HEIF", Pillow.fromarray(data.astronaut()))
    assert read_image(path).shape == (512, 512, 3)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_end_mark(tmp_path: Path, progressive: bool) -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(ASTRONAUT).save(buffer, "JPEG", progressive=progressive)
    content = buffer.getvalue()
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    whole = read_image(path)
    path.write_bytes(content[:-2])
    assert (read_image(path) == whole).all()
    path.write_bytes(content[:-30])
    with pytest.raises(SourceError, match="is cut off"):
        read_image(path)


@pytest.mark.parametrize("behind", [b"x", b"y" * 100_000])
def test_a_png_with_something_behind_or_without_its_end(tmp_path: Path, behind: bytes) -> None:
    content = cv2.imencode(".png", BGR)[1].tobytes()
    path = tmp_path / "a.png"
    for bytes_ in (content + behind, content[:-12]):
        path.write_bytes(bytes_)
        assert (read_image(path) == BGR).all()


def test_a_png_of_many_more_pixels_than_it_says_takes_no_memory(tmp_path: Path) -> None:
    picture = io.BytesIO()
    Pillow.fromarray(ASTRONAUT[:16, :16]).save(picture, "PNG")
    packed, pixels = zlib.compressobj(), b""
    for _ in range(200):
        pixels += packed.compress(bytes(1 << 20))
    pixels += packed.flush()
    head = picture.getvalue()[:33]  # with the size of 16 x 16
    path = tmp_path / "small.png"
    path.write_bytes(head + struct.pack(">I", len(pixels)) + b"IDAT" + pixels + bytes(4))
    tracemalloc.start()
    with suppress(SourceError):
        read_image(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 16 << 20


@pytest.mark.parametrize(("format", "suffix"), [("GIF", "gif"), ("WEBP", "webp"), ("PNG", "png"), ("AVIF", "avif")])
def test_an_animation_is_a_video(tmp_path: Path, format: str, suffix: str) -> None:
    pictures = [Pillow.fromarray(np.full((48, 64, 3), v, np.uint8)) for v in (20, 120, 220)]
    path = tmp_path / f"a.{suffix}"
    pictures[0].save(path, format, save_all=True, append_images=pictures[1:], duration=[100, 300, 50], loop=0)
    assert media_kind(path) is Media.ANIMATION
    with open_source(path) as source:
        assert not source.still and source.duration == pytest.approx(0.45, abs=0.01)
        frames = list(source)
    assert np.allclose([f.timestamp for f in frames], [0, 0.1, 0.4], atol=0.01)
    assert np.allclose([f.image.mean() for f in frames], [20, 120, 220], atol=4)
    with open_source(path) as source:
        source.seek(0.2)
        assert [f.index for f in source] == [1, 2]


def test_a_folder_reads_what_can_be_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path / "a.jfif", "JPEG")
    save(tmp_path / "b", "PNG")
    (tmp_path / "._a.jfif").write_bytes(struct.pack(">I", 0x00051607) + bytes(70))
    (tmp_path / "notes.txt").write_text("no picture")
    caplog.set_level("INFO")
    with open_source(tmp_path) as source:
        assert len(list(source)) == 2
    assert "notes.txt" in caplog.text and "._a" not in caplog.text


def test_a_picture_too_large_for_pillow_is_read_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiff, gif = (save(tmp_path / f"a.{suffix}", format) for suffix, format in (("tif", "TIFF"), ("gif", "GIF")))
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 1000)  # as if it had 179 million pixels
    assert np.array_equal(read_image(tiff), BGR)
    with pytest.raises(SourceError, match="too many pixels to be read; make it smaller"):
        read_image(gif)


def test_the_word_demo_is_the_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("demo"), "PNG")
    assert SourceSpec.parse("demo") == SourceSpec.demo()
    assert SourceSpec.parse("./demo").kind is SourceKind.FILE and SourceSpec.parse("./demo").still
    with open_source("./demo") as source:
        assert source.still


# --- HDR ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_hdr_photos_look_as_sdr(tmp_path: Path, format: str, transfer: int) -> None:
    signal = (ASTRONAUT * 0.7).astype(np.uint8)
    picture = Pillow.fromarray(signal)
    try:
        path = save(tmp_path / f"hdr.{format.lower()}", format, picture)
    except (KeyError, OSError, RuntimeError):
        pytest.skip(f"no encoder of {format}")
    plain = read_image(path)
    content = path.read_bytes()
    at = content.find(b"colrnclx")
    if at < 0:
        pytest.skip(f"the encoder of {format} states no colours")
    path.write_bytes(content[: at + 10] + transfer.to_bytes(2, "big") + content[at + 12 :])
    shown = read_image(path)
    wanted = 255 * tone_mapped(plain[:, :, ::-1] / 255.0, transfer)[:, :, ::-1]
    assert apart(shown, np.rint(wanted).astype(np.uint8)) < 1.5
    assert apart(shown, plain) > 10
