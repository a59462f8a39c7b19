"""Videos from the real world: each kind of fault that the reader must handle."""

from __future__ import annotations

import gc
import struct
import sys
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from media import number, write_numbered
from skimage import data

from expnet_live.capture.sources import SourceError, open_source
from expnet_live.core.types import Frame, Image
from expnet_live.video.clock import timed
from expnet_live.video.cutting import cut_points
from expnet_live.video.hdr import HLG, PQ, tone_mapped
from expnet_live.video.opening import open_media
from expnet_live.video.reader import VideoReader
from expnet_live.video.streams import plausible_rate
from expnet_live.video.wholeness import cut_off

CONTAINERS = [
    ("mp4", "libx264", None, 2),
    ("mkv", "libx264", None, 2),
    ("avi", "mpeg4", None, 2),
    ("avi", "mpeg4", None, 0),
    ("avi", "libx264", None, 2),
    ("ts", "libx264", None, 2),
    ("mpg", "mpeg2video", None, 2),
    ("flv", "libx264", None, 2),
    ("h264", "libx264", "h264", 2),
    ("hevc", "libx265", "hevc", 2),
    ("m4v", "mpeg4", "m4v", 0),
    ("m2v", "mpeg2video", "mpeg2video", 2),
]


def read(path: Path, seek: float = 0.0) -> list[Frame]:
    with open_source(path) as source:
        source.seek(seek)
        return list(source)


@pytest.mark.parametrize(("suffix", "codec", "container", "between"), CONTAINERS)
def test_times_and_seeking(tmp_path: Path, suffix: str, codec: str, container: str | None, between: int) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV has no {codec}")
    path = write_numbered(tmp_path / f"v.{suffix}", codec, 90, container, between)
    frames = read(path)
    assert [number(f.image) for f in frames] == list(range(90))
    assert np.allclose([f.timestamp for f in frames], np.arange(90) / 30, atol=2e-3)
    with open_source(path) as source:
        assert source.fps == pytest.approx(30, rel=1e-3) and source.duration == pytest.approx(3.0, abs=0.25)
    for seconds in (1.0, 1.9, 0.3):
        found = read(path, seconds)
        assert found[0].index == number(found[0].image) == round(seconds * 30)
        assert found[0].timestamp == pytest.approx(seconds, abs=2e-3)
        assert len(found) == 90 - found[0].index


@pytest.mark.parametrize("wrong", [{30: 30_000}, {30: 30_000, 31: 30_030}, {0: 9_000}])
def test_a_wrong_stamp_does_not_shift_the_others(tmp_path: Path, wrong: dict[int, int]) -> None:
    path = write_numbered(tmp_path / "v.mkv", "mjpeg", 60, wrong=wrong)
    times = np.array([f.timestamp for f in read(path)])
    assert (np.diff(times) > 0).all() and len(times) == 60
    assert (np.abs(times - np.arange(60) / 30) < 2e-3).sum() >= 60 - len(wrong)


def test_times_of_a_clock() -> None:
    def times(*stamps: float | None) -> list[float]:
        return [round(t, 3) for t, _ in timed(((s, None) for s in stamps), 0.1)]

    assert times(5.0, 5.1, 5.4, 5.5) == [0.0, 0.1, 0.4, 0.5]
    assert times(0.0, 0.1, 0.1, 0.2) == [0.0, 0.1, 0.15, 0.2]
    assert times(0.0, None, 0.2, None) == [0.0, 0.1, 0.2, 0.3]
    # Set back for good: it goes on from where it was.
    assert times(7.0, 7.1, 0.0, 0.1, 0.2) == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert times(0.0, 0.1, 60.0, 60.1) == [0.0, 0.1, 60.0, 60.1]


def test_short_frames_keep_their_times(tmp_path: Path) -> None:
    path = tmp_path / "fast.mp4"
    with open_media(path, "w") as out:
        stream = out.add_stream("mpeg4", rate=1500)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for i in range(40):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), i, np.uint8), format="bgr24")
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert np.allclose([f.timestamp for f in read(path)], np.arange(40) / 1500, atol=1e-4)


# --- the picture that is meant ------------------------------------------------------------------


def one_picture(
    path: Path, image: Image, codec: str = "ffv1", pix_fmt: str = "bgr0", shape: Fraction | None = None
) -> Path:
    with open_media(path, "w") as out:
        stream = out.add_stream(codec, rate=30)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.sample_aspect_ratio = shape
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("shape", "size"), [(Fraction(2), (360, 128)), (Fraction(16, 15), (192, 128)), (Fraction(1, 2), (180, 256))]
)
def test_pixels_become_square(tmp_path: Path, shape: Fraction, size: tuple[int, int]) -> None:
    image = np.zeros((128, 180, 3), np.uint8)
    path = one_picture(tmp_path / "v.mp4", image, "mpeg4", "yuv420p", shape)
    assert read(path)[0].image.shape[:2][::-1] == size


@pytest.mark.parametrize("position", range(8))
def test_all_turns_and_mirrors_of_the_header(tmp_path: Path, position: int) -> None:
    path = write_numbered(tmp_path / "v.mp4", n=4)
    plain = read(path)[1].image
    a, b, c, d = [
        (1, 0, 0, 1), (-1, 0, 0, 1), (1, 0, 0, -1), (-1, 0, 0, -1),
        (0, 1, 1, 0), (0, 1, -1, 0), (0, -1, 1, 0), (0, -1, -1, 0)
    ][position]  # fmt: skip
    content = bytearray(path.read_bytes())
    at = content.index(b"tkhd") + 4 + 40
    content[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    # x' = a x + c y, y' = b x + d y, as of QuickTime's matrix
    h, w = plain.shape[:2]
    size = (h, w) if a else (w, h)
    expected = np.zeros((*size, 3), np.uint8)
    y, x = np.mgrid[:h, :w]
    to_x, to_y = a * x + c * y, b * x + d * y
    expected[to_y - to_y.min(), to_x - to_x.min()] = plain
    assert (read(path)[1].image == expected).all()


def test_a_cover_is_not_the_video(tmp_path: Path) -> None:
    plain = write_numbered(tmp_path / "plain.mp4", n=20)
    path = tmp_path / "covered.mkv"
    with open_media(plain) as source, open_media(path, "w") as out:
        cover = out.add_stream("mjpeg", rate=30)
        cover.width, cover.height, cover.pix_fmt = 640, 640, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        video = out.add_stream_from_template(source.streams.video[0])
        out.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((640, 640, 3), np.uint8), format="bgr24")))
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                out.mux(packet)
        out.mux(cover.encode(None))
    assert [number(f.image) for f in read(path)] == list(range(20))


def combed(second: Image) -> Image:
    image = np.ascontiguousarray(data.astronaut()[:256, 100:356, ::-1])
    image[1::2] = second[1::2]
    return image


def test_interlaced_video_has_no_combs(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    still = np.ascontiguousarray(data.astronaut()[:256, 100:356, ::-1])
    with open_media(path, "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"x264opts": "tff=1", "crf": "10"})
        stream.width = stream.height = 256
        stream.pix_fmt = "yuv420p"
        for i in range(10):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(combed(np.roll(still, 8 + i, axis=1)), format="bgr24")))
        out.mux(stream.encode(None))
    with open_media(path) as plain:
        stored = [f.to_ndarray(format="bgr24") for f in plain.decode(video=0)]

    def combs(image: Image) -> float:
        rows = image.astype(float).mean(axis=2)
        return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())

    frames = read(path)
    assert len(frames) == 10 and np.allclose([f.timestamp for f in frames], np.arange(10) / 25, atol=1e-3)
    assert combs(frames[5].image) < 0.5 * combs(stored[5])


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_hdr_looks_as_sdr(tmp_path: Path, transfer: int) -> None:
    if "libx265" not in av.codecs_available:
        pytest.skip("PyAV has no encoder of HEVC")
    levels = np.linspace(0, 1, 65)
    shown = tone_mapped(np.repeat(levels[:, None], 3, axis=1), transfer)[:, 0]
    assert (np.diff(shown) >= 0).all() and shown[0] < 0.01 and shown[-1] > 0.95
    # A grey of 18 % of diffuse white, as PQ and HLG store it (ITU-R BT.2408), is a middle one.
    grey = {PQ: 0.38, HLG: 0.38}[transfer]
    assert 0.4 < np.interp(grey, levels, shown) < 0.6
    path = tmp_path / "hdr.mp4"
    names = {PQ: "smpte2084", HLG: "arib-std-b67"}[transfer]
    params = f"colorprim=bt2020:transfer={names}:colormatrix=bt2020nc:log-level=none"
    with open_media(path, "w") as out:
        stream = out.add_stream("libx265", rate=30, options={"x265-params": params})
        stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p10le"
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((128, 128, 3), round(grey * 65535), np.uint16), format="rgb48le")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    image = read(path)[1].image
    assert np.abs(image.astype(float) / 255 - np.interp(grey, levels, shown)).max() < 0.03


# --- whole or not -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("mkv", "libx264"), ("ts", "libx264"), ("flv", "libx264"), ("avi", "mpeg4"), ("webm", "libvpx")],
)
@pytest.mark.parametrize("kept", [0.4, 0.9])
def test_a_video_cut_off_says_so_after_its_frames(tmp_path: Path, suffix: str, codec: str, kept: float) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"PyAV has no {codec}")
    path = write_numbered(tmp_path / f"v.{suffix}", codec)
    assert len(read(path)) == 90
    content = path.read_bytes()
    size = int(kept * len(content))
    path.write_bytes(content[: size - size % 188 + 50])
    frames: list[Frame] = []
    with open_source(path) as source, pytest.raises(SourceError, match=r"is damaged after \d+ readable frames"):
        frames.extend(source)
    assert 10 < len(frames) < 90


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [("mkv", "libx264"), ("mp4", "libx264"), ("ts", "libx264"), ("flv", "libx264"), ("avi", "mpeg4")],
)
def test_a_file_of_its_first_bytes_alone(tmp_path: Path, suffix: str, codec: str) -> None:
    path = write_numbered(tmp_path / f"v.{suffix}", codec)
    content = path.read_bytes()
    assert cut_off(path) is False
    told = []
    for size in range(64):
        path.write_bytes(content[:size])
        assert cut_points(path, 1.0) == ()
        told.append(cut_off(path))
    assert told[0] is None  # of what format it is
    assert set(told[48:]) == {None if suffix == "ts" else True}  # its packets begin later


def test_rates_that_drivers_claim() -> None:
    said = (-1.0, 0.0, None, float("nan"), float("inf"), 1e7, 30, 29.97, Fraction(25))
    assert [plausible_rate(rate) for rate in said] == [None] * 6 + [30.0, 29.97, 25.0]


@pytest.mark.parametrize("flags", ["faststart", "frag_keyframe+empty_moov"])
def test_an_mp4_that_begins_with_its_index_is_cut_off(tmp_path: Path, flags: str) -> None:
    whole, path = write_numbered(tmp_path / "whole.mp4"), tmp_path / "v.mp4"
    with open_media(whole) as source, open_media(path, "w", container_options={"movflags": flags}) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    assert len(read(path)) == 90
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    with open_source(path) as source, pytest.raises(SourceError, match=r"is damaged after \d\d readable frames"):
        list(source)


def test_a_video_with_gaps_is_whole(tmp_path: Path) -> None:
    for suffix in ("avi", "mkv", "mp4"):
        stamps = {i: i + 30 * (i > 20) + 40 * (i > 40) for i in range(60)}
        path = write_numbered(tmp_path / f"v.{suffix}", "mpeg4", 60, stamps=stamps)
        assert len(read(path)) == 60


def test_reading_begins_with_what_is_seen(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "slides.mkv", n=4, stamps={0: 0, 1: 30, 2: 150, 3: 180})
    reader = VideoReader(path)
    reader.seek(3.5)
    assert [number(p.image) for p in islice(reader, 1)] == [1]
    reader.close()


def test_a_trim_without_encoding_is_whole(tmp_path: Path) -> None:
    whole = write_numbered(tmp_path / "whole.mp4", n=60)
    trim = tmp_path / "trim.mp4"
    options = {"avoid_negative_ts": "disabled"}
    with open_media(whole) as source, open_media(trim, "w", container_options=options) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size and packet.pts is not None and packet.dts is not None and packet.time_base:
                cut = round(Fraction(8, 30) / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - cut, packet.dts - cut, stream
                out.mux(packet)
    with open_media(trim) as stored:
        assert stored.streams.video[0].frames == 60  # an edit list hides the first
    frames = read(trim)
    assert [number(f.image) for f in frames] == list(range(8, 60)) and frames[0].timestamp == 0
    assert number(read(trim, 1.0)[0].image) == 38


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads as Linux lists them")
def test_a_picture_needs_no_threads_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "numbers.mp4"
    write_numbered(path, n=60)
    counts = []
    gc.disable()
    try:
        for _ in VideoReader(path):
            counts.append(len(list(Path("/proc/self/task").iterdir())))
    finally:
        gc.enable()
    assert len(counts) == 60 and counts[-1] <= counts[0]


def test_frames_are_released_without_the_garbage_collector(tmp_path: Path) -> None:
    reader = VideoReader(write_numbered(tmp_path / "a.mp4", n=30))
    gc.collect()
    gc.disable()
    try:
        assert len(list(reader)) == 30
        reader.close()
        assert sum(type(thing) is av.VideoFrame for thing in gc.get_objects()) < 5
    finally:
        gc.enable()
