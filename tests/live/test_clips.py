"""Capture of clips and photos: rate, pause, seek and end."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from waiting import PATIENCE, until
from web_server import web_server

from expnet_live.capture.sources import Source, open_spec
from expnet_live.capture.sources.video import VideoSource
from expnet_live.capture.spec import SourceSpec
from expnet_live.live import capture_worker as capture
from expnet_live.live.capture_worker import Captured, CaptureWorker
from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.worker import Life


def clip(path: Path, n: int = 20, fps: int = 50) -> Path:
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for i in range(n):
            frame = av.VideoFrame.from_ndarray(np.full((64, 96, 3), 10 * i, np.uint8), format="bgr24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def playing(tmp_path: Path) -> Iterator[tuple[CaptureWorker, Mailbox[Captured]]]:
    box: Mailbox[Captured] = Mailbox()
    worker = CaptureWorker(SourceSpec.file(clip(tmp_path / "clip.mp4")), box, 1)
    worker.start()
    yield worker, box
    worker.stop()
    assert worker.join(PATIENCE)


def taken(box: Mailbox[Captured]) -> Captured:
    item = box.take(timeout=PATIENCE)
    assert item is not None
    return item


def test_clip_loops_with_time_that_never_turns_back(playing: tuple[CaptureWorker, Mailbox[Captured]]) -> None:
    worker, box = playing
    times, positions = [], []
    while sum(b < a for a, b in pairwise(positions)) < 2:
        item = taken(box)
        times.append(item.frame.timestamp)
        positions.append(item.position)
    assert (np.diff(times) > 0).all()
    assert worker.transport.duration == pytest.approx(0.4, abs=0.03)


def test_clip_plays_at_its_own_pace(playing: tuple[CaptureWorker, Mailbox[Captured]]) -> None:
    first = taken(playing[1])
    while True:
        item = taken(playing[1])
        if item.position - first.position >= 0.2:
            break
        assert item.position >= first.position
    assert item.grabbed - first.grabbed >= 0.19


def test_clip_pauses_and_seeks(playing: tuple[CaptureWorker, Mailbox[Captured]]) -> None:
    worker, box = playing
    taken(box)
    worker.transport.playing = False
    box.take(timeout=0.1)
    worker.transport.seek(0.3)
    item = taken(box)
    while item.position < 0.29:
        item = taken(box)
    assert item.position == pytest.approx(0.3, abs=0.021)
    assert abs(int(item.frame.image.mean()) - 150) < 12
    assert box.take(timeout=0.1) is None
    worker.transport.playing = True
    taken(box)


def test_clip_without_loop_ends_and_can_be_played_again(playing: tuple[CaptureWorker, Mailbox[Captured]]) -> None:
    worker, box = playing
    worker.transport.loop = False
    while taken(box).position < 0.37:
        pass
    assert box.take(timeout=0.15) is None
    worker.transport.seek(0.0)
    assert taken(box).position < 0.1


def test_file_that_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"nothing")
    worker = CaptureWorker(SourceSpec.file(path), Mailbox(), 1)
    worker.start()
    assert worker.join(PATIENCE)
    assert worker.life is Life.FAILED and "not a video" in (worker.problem or "")


def test_a_folder_without_a_readable_photo_ends_with_a_sentence(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xffnothing")
    worker = CaptureWorker(SourceSpec.file(tmp_path), Mailbox(), 1)
    worker.start()
    assert worker.join(PATIENCE)
    assert worker.life is Life.FAILED and worker.problem == f"{tmp_path.name} has no picture; choose another file."


def test_a_clip_that_is_gone_is_looked_for_in_peace_and_may_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[SourceSpec] = []

    def counted(spec: SourceSpec) -> Source:
        tries.append(spec)
        return open_spec(spec)

    path, away = clip(tmp_path / "clip.mp4"), tmp_path / "away.mp4"
    box: Mailbox[Captured] = Mailbox()
    monkeypatch.setattr(capture, "RETRY", 0.1)
    worker = CaptureWorker(SourceSpec.file(path), box, 1, counted)
    worker.start()
    taken(box)
    path.rename(away)
    until(lambda: worker.life is Life.FAILED, "the loss")
    assert "There is no file" in (worker.problem or "")
    box.take()
    before = len(tries)
    assert box.take(timeout=0.3) is None
    assert len(tries) - before <= 5
    away.rename(path)
    until(lambda: worker.life is Life.RUNNING, "the return")
    assert taken(box).position < 0.4 and worker.problem is None
    worker.stop()
    assert worker.join(PATIENCE)


def test_a_clip_at_an_address_is_fetched_once(tmp_path: Path) -> None:
    content, asked = clip(tmp_path / "clip.mp4").read_bytes(), list[str]()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    box: Mailbox[Captured] = Mailbox()
    with web_server(Answers) as port:
        worker = CaptureWorker(SourceSpec.parse(f"http://127.0.0.1:{port}/clip.mp4"), box, 1)
        worker.start()
        positions = [taken(box).position]
        while sum(b < a for a, b in pairwise(positions)) < 2:
            positions.append(taken(box).position)
        worker.transport.playing = False
        worker.transport.seek(0.3)
        until(lambda: (item := box.take()) is not None and abs(item.position - 0.3) < 0.021, "the seek")
        worker.stop()
        assert worker.join(PATIENCE)
    assert asked == ["/clip.mp4"]


def test_a_photo_stays(tmp_path: Path) -> None:
    import cv2

    cv2.imwrite(str(tmp_path / "p.png"), np.full((20, 30, 3), 99, np.uint8))
    box: Mailbox[Captured] = Mailbox()
    worker = CaptureWorker(SourceSpec.file(tmp_path / "p.png"), box, 1)
    worker.start()
    first, second = taken(box), taken(box)
    assert second.frame.timestamp > first.frame.timestamp and second.frame.image[0, 0, 0] == 99
    worker.stop()
    assert worker.join(PATIENCE)


def test_seek_in_a_video_file(tmp_path: Path) -> None:
    with VideoSource(clip(tmp_path / "a.mp4")) as source:
        source.seek(0.2)
        frames = list(source)
    assert frames[0].timestamp == pytest.approx(0.2, abs=0.011) and frames[0].index == 10 and len(frames) == 10
    with VideoSource(tmp_path / "a.mp4") as source:
        source.seek(9.0)
        assert list(source) == []
