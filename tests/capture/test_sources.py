from __future__ import annotations

import struct
import threading
from pathlib import Path

import av
import cv2
import numpy as np
import PIL.Image as pillow
import pytest
from skimage import data
from waiting import PATIENCE

from expnet_live.capture.sources import Source, SourceError, open_source
from expnet_live.capture.sources.picture import ImageSource
from expnet_live.capture.sources.video import VideoSource
from expnet_live.core.types import Frame, Image
from expnet_live.video.sound import SoundReader

ODD_NAME = "ä %d 'x' #1 日本"


def picture(brightness: int, width: int = 96, height: int = 64) -> Image:
    image = np.full((height, width, 3), brightness % 256, np.uint8)
    image[: height // 2, : width // 2] = (0, 0, 255)  # red at the top left
    return image


def write_video(path: Path, stamps: list[int], fps: int = 30) -> Path:
    """A video with one frame at each stamp, in ticks of 1/fps s."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.gop_size = 4
        for i, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(picture(40 + 5 * i), format="bgr24")
            frame.pts = stamp
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def frames_of(spec: str | Path) -> list[Frame]:
    with open_source(spec) as source:
        return list(source)


def test_video_frames_times_and_colours(tmp_path: Path) -> None:
    path = write_video(tmp_path / f"{ODD_NAME}.mp4", list(range(12)))
    with open_source(path) as source:
        assert source.fps == 30 and source.n_frames == 12 and not source.live
        frames = list(source)
    assert [f.index for f in frames] == list(range(12))
    assert np.allclose([f.timestamp for f in frames], np.arange(12) / 30, atol=1e-3)
    assert frames[3].image.shape == (64, 96, 3)
    assert np.allclose(frames[3].image[8, 8], (0, 0, 255), atol=12)
    assert np.allclose(frames[3].image[50, 80], 55, atol=6)


def test_video_keeps_irregular_times(tmp_path: Path) -> None:
    stamps = [5, 6, 9, 10, 17]
    times = [f.timestamp for f in frames_of(write_video(tmp_path / "v.mkv", stamps))]
    assert np.allclose(times, (np.array(stamps) - 5) / 30, atol=2e-3)


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [
        ((0, 1, -1, 0), (0, -1)),  # a quarter clockwise
        ((-1, 0, 0, -1), (-1, -1)),
        ((0, -1, 1, 0), (-1, 0)),
        ((-1, 0, 0, 1), (0, -1)),  # mirrored
        ((1, 0, 0, -1), (-1, 0)),
        ((0, 1, 1, 0), (0, 0)),
        ((0, -1, -1, 0), (-1, -1)),
    ],
)
def test_video_is_turned_as_its_header_says(
    tmp_path: Path, matrix: tuple[int, int, int, int], corner: tuple[int, int]
) -> None:
    path = write_video(tmp_path / "turned.mp4", list(range(4)))
    content = bytearray(path.read_bytes())
    # The track header's matrix, which phones set.
    at = content.index(b"tkhd") + 4 + 40
    a, b, c, d = (value << 16 for value in matrix)
    content[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    image = frames_of(path)[0].image
    assert image.shape == ((64, 96, 3) if a else (96, 64, 3))
    y, x = (8 if k == 0 else -9 for k in corner)
    assert np.allclose(image[y, x], (0, 0, 255), atol=12)


def test_video_that_breaks_yields_its_good_frames_and_reports(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mkv", list(range(60))).read_bytes()
    moved = write_video(tmp_path / "whole.mp4", list(range(60))).read_bytes()
    start = moved.index(b"mdat") + 4
    end = moved.index(b"moov")
    broken = bytearray(moved)
    broken[(start + end) // 2 : end - 4] = b"\xff" * (end - 4 - (start + end) // 2)
    path = tmp_path / "broken.mp4"
    path.write_bytes(broken)
    seen: list[Frame] = []
    with open_source(path) as source, pytest.raises(SourceError, match=r"is damaged after \d+ readable frames"):
        seen.extend(source)
    assert 5 <= len(seen) < 60
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    seen.clear()
    with open_source(cut) as source, pytest.raises(SourceError, match=r"is damaged after \d+ readable frames"):
        seen.extend(source)
    assert len(seen) > 5


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"no video at all" * 99, "is damaged or not a video")],
)
def test_what_is_no_video(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=words):
        open_source(path)


def test_video_cut_off_before_its_index(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", list(range(12)))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"moov") + 20])
    with pytest.raises(SourceError, match="is damaged or not a video"):
        open_source(path)


def test_sound_without_pictures(tmp_path: Path) -> None:
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(SourceError, match="contains no pictures"):
        open_source(path)


@pytest.mark.parametrize("name", ["missing.mp4", "no such folder", "x9", "-1"])
def test_what_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match="There is no file, folder or camera"):
        open_source(str(tmp_path / name) if name != "-1" else name)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tiff"])
def test_pictures(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"{ODD_NAME}.{suffix}"
    path.write_bytes(cv2.imencode(f".{suffix}", picture(90))[1].tobytes())
    (frame,) = frames_of(path)
    assert np.allclose(frame.image[50, 80], 90, atol=3)
    assert frame.source == str(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("kept", [0.3, 0.8, 0.98])
def test_pictures_cut_off(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"face.{suffix}"
    content = cv2.imencode(f".{suffix}", data.astronaut())[1].tobytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(SourceError, match="is cut off"):
        open_source(path)


def test_progressive_jpeg_and_bytes_behind_the_end(tmp_path: Path) -> None:
    path = tmp_path / "face.jpg"
    content = cv2.imencode(".jpg", data.astronaut(), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    path.write_bytes(content + b"\xff\xda trailer")
    assert frames_of(path)[0].image.shape == (512, 512, 3)
    whole = frames_of(path)[0].image
    path.write_bytes(content[:-2])  # the end mark alone is missing
    assert (frames_of(path)[0].image == whole).all()
    for kept in (-40, content.rindex(b"\xff\xda")):
        path.write_bytes(content[:kept])
        with pytest.raises(SourceError, match="is cut off"):
            open_source(path)


def test_folder_is_sorted_as_people_count_and_skips_what_is_broken(tmp_path: Path) -> None:
    for n in (10, 2, 1):
        (tmp_path / f"image{n}.png").write_bytes(cv2.imencode(".png", picture(10 * n))[1].tobytes())
    (tmp_path / "image3.png").write_bytes(b"nothing")
    (tmp_path / "notes.txt").write_text("no picture")
    with open_source(tmp_path) as source:
        assert isinstance(source, ImageSource) and source.still
        frames = list(source)
    assert [Path(f.source).name for f in frames] == ["image1.png", "image2.png", "image10.png"]
    assert len(source.problems) == 1 and "image3.png is damaged or not a picture" in str(source.problems[0])


def test_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has no pictures"):
        open_source(tmp_path)


def test_camera_that_is_not_there() -> None:
    with pytest.raises(SourceError, match="Camera 97 cannot be opened"):
        open_source("97")


def test_a_file_called_like_a_camera_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(Path("v.mp4"), [0, 1]).rename("0")
    with open_source("0") as source:
        assert isinstance(source, VideoSource)
        assert len(list(source)) == 2


@pytest.mark.parametrize("name", ["closed.mp4", "closed.gif"])
def test_what_is_closed_is_not_read(tmp_path: Path, name: str) -> None:
    """FFmpeg would end the whole process."""
    path = tmp_path / name
    if path.suffix == ".mp4":
        write_video(path, list(range(12)))
    else:
        first, *others = (pillow.fromarray(picture(40 + 5 * i)) for i in range(4))
        first.save(path, save_all=True, append_images=others, duration=100)
    source = open_source(path)
    frames = iter(source)
    next(frames)
    source.close()
    with pytest.raises(SourceError, match="has been closed; open it again"):
        next(frames)
    with pytest.raises(SourceError, match="has been closed; open it again"):
        next(iter(source))
    source.close()


def test_the_sound_of_a_closed_video_ends(tmp_path: Path) -> None:
    path = tmp_path / "sounding.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=48_000)
        for i in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, 4800 * i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    sound = SoundReader.open(path)
    assert sound is not None
    blocks = iter(sound)
    next(blocks)
    sound.close()
    assert len(list(blocks)) <= 1  # what was decoded already
    sound.seek(0.5)
    assert list(sound) == []


def test_another_thread_may_close_a_video(tmp_path: Path) -> None:
    path = write_video(tmp_path / "long.mp4", list(range(90)))
    for wanted in range(1, 40):
        source, enough, said = open_source(path), threading.Event(), []

        def read(source: Source = source, enough: threading.Event = enough, said: list[str] = said) -> None:
            try:
                for frame in source:
                    if frame.index == wanted:  # noqa: B023  the thread ends before the next one
                        enough.set()
            except SourceError as error:
                said.append(str(error))
            enough.set()

        reading = threading.Thread(target=read)
        reading.start()
        enough.wait(PATIENCE)
        source.close()
        reading.join(PATIENCE)
        assert not reading.is_alive()
        assert not said or said[0].endswith("has been closed; open it again.")
