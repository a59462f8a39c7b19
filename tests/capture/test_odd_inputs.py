"""Odd inputs of every kind are read like their plain pictures, or refused with a sentence."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as pillow
from skimage import data

from expnet_live.analysis.inputs import list_items
from expnet_live.capture.images import read_image
from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.errors import SourceError
from expnet_live.core.types import Array, Image
from expnet_live.video.opening import open_media

RGB = np.ascontiguousarray(data.astronaut()[:360, 60:420])
GREY = cv2.cvtColor(RGB, cv2.COLOR_RGB2GRAY)


def like(image: Image, wanted: Array = RGB) -> float:
    """The mean difference in grey levels."""
    assert image.shape[:2] == wanted.shape[:2]
    seen = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    grey = cv2.cvtColor(wanted, cv2.COLOR_RGB2GRAY) if wanted.ndim == 3 else wanted
    return float(np.abs(seen.astype(float) - grey).mean())


# --- photos -------------------------------------------------------------------------------------

PHOTOS: dict[str, tuple[Callable[[Path], object], float]] = {
    "palette.png": (lambda p: pillow.fromarray(RGB).quantize(200).save(p, transparency=201), 12),
    "grey_alpha.png": (lambda p: pillow.fromarray(RGB).convert("LA").save(p), 3),
    "one_bit.png": (lambda p: pillow.fromarray(RGB).convert("1").save(p), 90),
    "cmyk.jpg": (lambda p: pillow.fromarray(RGB).convert("CMYK").save(p, quality=95), 5),
    "progressive.jpg": (lambda p: pillow.fromarray(RGB).save(p, progressive=True, quality=95), 3),
    "grey_16_bit.tif": (lambda p: tifffile.imwrite(p, GREY.astype(np.uint16) * 257), 2),
    "lab.tif": (lambda p: pillow.fromarray(RGB).convert("LAB").save(p), 12),
    "pages.tif": (lambda p: _with_pages(p), 2),
    "wrong_exif.jpg": (lambda p: pillow.fromarray(RGB).save(p, exif=_exif(9), quality=95), 3),
    "broken_exif.jpg": (
        lambda p: pillow.fromarray(RGB).save(p, exif=b"Exif\0\0II*\0\xff\xff\xff\xff\1", quality=95),
        3,
    ),
    "x.sgi": (lambda p: pillow.fromarray(RGB).save(p), 1),
}


def _with_pages(path: Path) -> None:
    pillow.fromarray(RGB).save(path, save_all=True, append_images=[pillow.new("RGB", (90, 90))])


def _exif(orientation: int) -> pillow.Exif:
    exif = pillow.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize("name", PHOTOS)
def test_odd_photos(name: str, tmp_path: Path) -> None:
    save, within = PHOTOS[name]
    save(tmp_path / name)
    assert like(read_image(tmp_path / name)) < within


@pytest.mark.parametrize("ending", ["png", "webp"])
def test_what_is_transparent_is_not_seen(ending: str, tmp_path: Path) -> None:
    alpha = np.zeros(GREY.shape, np.uint8)
    alpha[:, 180:] = 255
    path = tmp_path / f"half.{ending}"
    pillow.fromarray(np.dstack([RGB, alpha])).save(path, lossless=True, exact=True)
    image = read_image(path)
    assert (image[:, :179] == 255).all() and like(np.ascontiguousarray(image[:, 180:]), RGB[:, 180:]) < 2


def test_a_preview_is_not_the_picture(tmp_path: Path) -> None:
    small = np.ascontiguousarray(RGB[::6, ::6])
    with tifffile.TiffWriter(tmp_path / "first.tif") as tiff:
        tiff.write(small, photometric="rgb", subfiletype=1)
        tiff.write(RGB, photometric="rgb")
    assert like(read_image(tmp_path / "first.tif")) < 2
    with tifffile.TiffWriter(tmp_path / "raw.tif") as tiff:  # as cameras store what their sensors saw
        tiff.write(small, photometric="rgb", subfiletype=1, subifds=1)
        tiff.write(RGB, photometric="rgb", subfiletype=0)
    with pytest.raises(SourceError, match=r"raw.tif is a camera's raw file.*; convert it"):
        read_image(tmp_path / "raw.tif")


def test_extreme_shapes(tmp_path: Path) -> None:
    wide = np.full((360, 8000, 3), 90, np.uint8)
    wide[:, 4000:4360] = RGB
    for name, picture in (("wide.png", wide), ("thin.png", wide[:, :1]), ("pixel.png", wide[:1, :1])):
        pillow.fromarray(picture).save(tmp_path / name)
        assert read_image(tmp_path / name).shape == picture.shape


# --- videos -------------------------------------------------------------------------------------


def write(path: Path, frames: list[Array], codec: str, pixels: str, first: int = 0, **more: dict[str, str]) -> Path:
    with open_media(path, "w", **more) as out:
        stream = out.add_stream(codec, rate=10)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], pixels
        for i, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = first + i, Fraction(1, 10)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


VIDEOS = {
    "grey.mkv": ("ffv1", "gray"),
    "rgb.mkv": ("ffv1", "bgr0"),
    "alpha.mkv": ("ffv1", "yuva420p"),
    "full_range.mkv": ("libx264", "yuvj420p"),
    "ten_bit_444.mkv": ("libx264", "yuv444p10le"),
    "prores.mov": ("prores_ks", "yuv422p10le"),
    "bottom_up.avi": ("rawvideo", "bgr24"),
    "motion.avi": ("mjpeg", "yuvj420p"),
    "old.wmv": ("wmv2", "yuv420p"),
    "animation.mov": ("qtrle", "rgb24"),
    "pictures.mov": ("png", "rgb24"),
}


@pytest.mark.parametrize("name", VIDEOS)
def test_every_pixel_format(name: str, tmp_path: Path) -> None:
    with open_source(write(tmp_path / name, [RGB] * 3, *VIDEOS[name])) as source:
        frames = list(source)
    assert len(frames) == 3 and all(like(f.image) < 5 for f in frames)
    assert [f.timestamp for f in frames] == pytest.approx([0, 0.1, 0.2], abs=0.002)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 7), (241, 135)])
def test_odd_sizes(height: int, width: int, tmp_path: Path) -> None:
    picture = np.ascontiguousarray(RGB[:height, :width])
    with open_source(write(tmp_path / "odd.mkv", [picture] * 2, "ffv1", "bgr0")) as source:
        frames = list(source)
    assert [f.image.shape for f in frames] == [picture.shape] * 2 and like(frames[0].image, picture) < 1


def test_one_frame_a_late_start_and_fragments(tmp_path: Path) -> None:
    fragments = {"options": {"movflags": "frag_keyframe+empty_moov"}}
    for path in (
        write(tmp_path / "one.mp4", [RGB], "libx264", "yuv420p"),
        write(tmp_path / "late.mkv", [RGB], "libx264", "yuv420p", first=100_000),
        write(tmp_path / "fragments.mp4", [RGB], "libx264", "yuv420p", **fragments),
    ):
        with open_source(path) as source:
            [frame] = source
        assert frame.timestamp == 0 and like(frame.image) < 5


@pytest.mark.parametrize("ending", ["mkv", "avi", "mp4"])
def test_a_title_in_another_encoding(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{ending}"
    with open_media(path, "w") as out:
        out.metadata["title"] = "F##e of 1998"
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 360, 360, "yuv420p"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(RGB, format="rgb24")))
        out.mux(stream.encode(None))
    whole = path.read_bytes()
    assert b"F##e of 1998" in whole
    path.write_bytes(whole.replace(b"F##e of 1998", "F\u00fc\u00dfe of 1998".encode("latin-1")))
    with open_source(path) as source:
        [frame] = source
    assert like(frame.image) < 5


def test_a_size_that_changes(tmp_path: Path) -> None:
    """Each frame has its own size, whatever the first one was."""
    small = cv2.resize(RGB, (240, 240))
    parts = [write(tmp_path / f"{n}.h264", [p] * 3, "libx264", "yuv420p") for n, p in enumerate((RGB, small))]
    both = tmp_path / "both.h264"
    both.write_bytes(b"".join(p.read_bytes() for p in parts))
    with open_source(both) as source:
        sizes = [f.image.shape[0] for f in source]
    assert sizes == [360] * 3 + [240] * 3
    assert main(["analyze", str(both), "--overlay", "mesh", "--out", str(tmp_path / "out")]) == 0
    with open_source(tmp_path / "out" / "overlays" / "both.mp4") as source:
        assert [f.image.shape[0] for f in source] == [360] * 6


DAMAGED = """
import random
import sys
from pathlib import Path
from expnet_live.capture.sources import SourceError, open_source
random.seed(1)
for path in map(Path, sys.argv[1:]):
    whole = path.read_bytes()
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(random.choice((1, 3, 20))):
            data[random.randrange(random.choice((60, 200, len(data))))] = random.randrange(256)
        path.write_bytes(data)
        try:
            with open_source(path) as source:
                list(source)
        except SourceError:
            pass
"""


def test_damage_never_ends_the_program(tmp_path: Path) -> None:
    """OpenCV's decoders of animated PNGs and of JPEG 2000 end it at some damages."""
    small = pillow.fromarray(RGB[:40, :50])
    small.save(tmp_path / "a.png", save_all=True, append_images=[small.rotate(180)] * 3, duration=50)
    small.save(tmp_path / "a.jp2")
    small.save(tmp_path / "a.gif", save_all=True, append_images=[small.rotate(90)] * 3, duration=50)
    small.save(tmp_path / "a.jpg", progressive=True)
    paths = [str(tmp_path / f"a.{ending}") for ending in ("png", "jp2", "gif", "jpg")]
    run = subprocess.run([sys.executable, "-c", DAMAGED, *paths], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.mp4", b"", "is empty"),
        ("empty.jpg", b"", "is empty"),
        ("half.mp4", b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\x08free", "is damaged or not a video"),
        ("cut.jpg", bytes.fromhex("ffd8ffc00008080010001003") + bytes(40), "is cut off before its end"),
        ("document.jpg", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n", "is damaged or not a picture"),
        ("drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "is damaged or not a picture"),
        ("program.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "is damaged or not a picture"),
        ("archive.mkv", b"PK\3\4" + bytes(60), "is damaged or not a video"),
    ],
)
def test_what_is_refused(name: str, content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=rf"{name} {sentence}.*; "), open_source(tmp_path / name) as source:
        list(source)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    with open_media(tmp_path / "sound.mp4", "w") as out:
        stream = out.add_stream("aac", rate=44_100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 44_100, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(SourceError, match="contains no pictures; choose a video"):
        open_source(tmp_path / "sound.mp4")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["pipe.mp4", "pipe.jpg", "pipe"])
def test_a_pipe_is_refused_at_once(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / name)
    assert main(["analyze", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 1
    assert f"{name} is a device or a pipe; choose a file" in capsys.readouterr().err
    for sound in ([], ["--sound"]):
        assert main(["record", "--source", str(tmp_path / name), "--out", str(tmp_path / "s"), *sound]) == 2
    assert list_items([str(tmp_path)])[0].problem  # a folder with nothing else


# --- folders and names --------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="such names, or links, are not possible there")
def test_names_of_all_sorts_and_links_in_circles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    names = [
        "new\nline",
        "emoji😀",
        "100%d",
        'it\'s "q"',
        "-dash",
        " space ",
        "tab\t",
        "a;b&c|d",
        "$(x)",
        "*?",
        "\u202eleft",
    ]
    for name in names:
        cv2.imwrite(str(folder / "plain.png"), np.full((20, 20, 3), 90, np.uint8))
        (folder / "plain.png").rename(folder / f"{name}.png")
    (folder / "up").symlink_to("..")
    (folder / "self").symlink_to("self")
    monkeypatch.chdir(folder)
    assert main(["analyze", ".", "./-dash.png", "--overlay", "--out", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "coefficients.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(Path(r["source"]).stem for r in rows) == sorted([*names, "-dash"])
    assert len(list((tmp_path / "out" / "overlays").iterdir())) == len(rows)
