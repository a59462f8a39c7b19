"""Sources at addresses: a real server on this machine, whose answers are right, wrong, cut off, or none."""

from __future__ import annotations

import csv
import socket
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest
from skimage import data
from web_server import web_server

from expnet_live.capture.sources import open_source
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.cli import main
from expnet_live.core.errors import SourceError
from expnet_live.core.paths import asset

PHOTO = cv2.imencode(".png", np.ascontiguousarray(data.astronaut()[:300, 60:360, ::-1]))[1].tobytes()


CREDENTIALS = b64encode(b"anna:s3/cret").decode()


class _Answers(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        clip = asset("demo.mp4").read_bytes()
        kind, content, length = {
            "/photo.mp4": ("application/octet-stream", PHOTO, len(PHOTO)),  # its suffix is wrong
            "/clip": ("video/mp4", clip, len(clip)),
            "/half.mp4": ("video/mp4", clip[: len(clip) // 2], len(clip)),
            "/page": ("text/html; charset=utf-8", b"<html></html>", 13),
            "/webcam": ("multipart/x-mixed-replace; boundary=b", b"--b", 3),
            "/list.m3u8": ("application/vnd.apple.mpegurl", b"#EXTM3U", 7),
            "/noise.jpg": ("image/jpeg", b"no picture", 10),
            "/secret": ("video/mp4", clip, len(clip)),
        }.get(self.path, ("", b"", 0))
        if self.path == "/secret" and self.headers["Authorization"] != f"Basic {CREDENTIALS}":
            kind = ""
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    _Answers.asked.clear()
    with web_server(_Answers) as port:
        yield f"http://127.0.0.1:{port}"


def test_a_video_is_read_as_its_file_is(server: str) -> None:
    with open_source(f"{server}/clip") as there, open_source("demo") as here:
        assert (there.n_frames, there.fps, there.still) == (here.n_frames, here.fps, False)
        first, second = next(iter(there)), next(iter(here))
        assert np.array_equal(first.image, second.image) and first.source == f"{server}/clip"


def test_a_photo_is_analysed_as_its_file_is(server: str, tmp_path: Path) -> None:
    local = tmp_path / "photo.png"
    local.write_bytes(PHOTO)
    rows = []
    for n, source in enumerate((f"{server}/photo.mp4", str(local))):
        out = tmp_path / str(n)
        assert main(["analyze", source, "--out", str(out), "--overlay"]) == 0
        assert len(list((out / "overlays").glob("*.jpg"))) == 1
        with (out / "coefficients.csv").open(encoding="utf-8", newline="") as file:
            rows.append(list(csv.DictReader(file)))
        assert rows[-1][0].pop(next(iter(rows[-1][0]))) == source or n
    assert rows[0] == rows[1] and len(rows[0]) == 1 and float(rows[0][0]["confidence"]) > 0.9


def test_a_password_opens_the_address_and_is_told_nowhere(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    url, out = server.replace("://", "://anna:s3%2Fcret@") + "/secret", tmp_path / "out"
    assert SourceSpec.parse(url).name == f"{server}/secret"
    assert main(["analyze", url, "--out", str(out / "a"), "--smoothing", "off"]) == 0
    assert main(["record", "--source", url, "--duration", "0.5", "--out", str(out / "s"), "--no-video"]) == 0
    assert main(["sessions", "show", str(out / "s")]) == 0
    wrong = url.replace("cret", "wrong")
    assert main(["analyze", wrong, wrong.replace("http", "ftp"), wrong.replace("http", "odd"), "--out", str(out)]) == 1
    assert main(["record", "--source", wrong, "--out", str(out / "t")]) == 2
    said = capsys.readouterr()
    text = [said.out, said.err, caplog.text, *map(str, out.rglob("*"))]
    text += [p.read_text(encoding="utf-8") for p in out.rglob("*") if p.is_file()]
    assert not any("s3" in t or "anna" in t for t in text)
    assert f"{server}/secret" in (out / "a" / "run.json").read_text(encoding="utf-8")


def test_nothing_is_fetched_before_it_is_opened(server: str) -> None:
    spec = SourceSpec.parse(f"{server}/clip")
    assert spec.kind is SourceKind.OTHER and not spec.live and not spec.still and not _Answers.asked


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/none.png", "404"),
        ("/half.mp4", "broke off"),
        ("/page", "web page"),
        ("/webcam", "is a stream"),
        ("/list.m3u8", "is a stream"),
        ("/noise.jpg", "damaged"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_address(server: str, path: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence) as caught:
        open_source(server + path)
    assert str(caught.value).startswith(server + path) and "/tmp" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://", "address"),
        ("http://127.0.0.1:port/a.png", "address|port"),
        ("rtsp://127.0.0.1/stream", "not supported"),
        ("RTMP://127.0.0.1/stream", "not supported"),
    ],
)
def test_addresses_that_are_none(url: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence):
        open_source(url)


def test_offline_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/clip.mp4"
        assert main(["analyze", url, "--out", str(tmp_path / "out")]) == 1
        assert main(["record", "--source", url, "--out", str(tmp_path / "session")]) == 2
    told = capsys.readouterr().err
    assert told.count("cannot be reached") == 2 and "Traceback" not in told


def test_a_file_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "http:").mkdir()
    (tmp_path / "http:" / "photo.png").write_bytes(PHOTO)
    assert SourceSpec.parse("http://photo.png").kind is SourceKind.FILE
