"""`expnet-live analyze` on real pictures: a public-domain portrait and the demo clip."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from mesh import landmarker

from expnet_live.analysis.estimators import load_estimator
from expnet_live.analysis.inputs import Item, Kind, list_items
from expnet_live.analysis.item import analyze_item
from expnet_live.analysis.options import Options
from expnet_live.analysis.output import FILES, ROWS, layout_of
from expnet_live.cli import main
from expnet_live.core.paths import asset
from expnet_live.core.types import Image
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.render.style import OverlayStyle
from expnet_live.sessions.format.markers import Marker, header_line, marker_line
from expnet_live.sessions.format.table import BOX, ROTATION, TRANSLATION
from expnet_live.video.writer import VideoWriter

Row = dict[str, str]


@pytest.fixture(scope="session")
def portrait() -> Image:
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[:300, 60:360, ::-1])


@pytest.fixture
def photos(tmp_path: Path, portrait: Image) -> Path:
    """A folder with two portraits, one of them in a folder below, and a picture without a face."""
    folder = tmp_path / "photos"
    (folder / "below").mkdir(parents=True)
    cv2.imwrite(str(folder / "portrait.png"), portrait)
    cv2.imwrite(str(folder / "below" / "portrait.jpg"), portrait[:, ::-1])
    cv2.imwrite(str(folder / "empty.png"), np.full((120, 160, 3), 90, np.uint8))
    return folder


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory, portrait: Image) -> Path:
    """Twelve frames of the portrait, unevenly spaced in time."""
    path = tmp_path_factory.mktemp("video") / "portrait.mp4"
    with VideoWriter(path) as writer:
        for seconds in uneven():
            writer.write(portrait, seconds)
    return path


def uneven() -> list[float]:
    return [round(i / 30 + (0.2 if i > 5 else 0.0), 4) for i in range(12)]


def analyze(*args: object) -> int:
    return main(["analyze", *map(str, args)])


def read_table(out: Path) -> list[Row]:
    with (out / "coefficients.csv").open(newline="") as f:
        return list(csv.DictReader(f))


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def timestamps(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [float(frame.time or 0.0) for frame in container.decode(video=0)]


# --- what goes in -------------------------------------------------------------------------------


def test_inputs_become_items_with_names_of_their_own(photos: Path, tmp_path: Path) -> None:
    (photos / "PORTRAIT.webp").touch()
    (photos / "notes.txt").touch()
    items = list_items([str(photos), str(photos / "portrait.png"), "demo", "3", str(tmp_path / "none.jpg")])
    assert [i.kind for i in items[-3:]] == [Kind.VIDEO, Kind.CAMERA, Kind.UNREADABLE]
    assert [i.name for i in items[:4]] == ["PORTRAIT", "below/portrait", "empty", "portrait-2"]
    names = [i.name.casefold() for i in items]
    assert len(set(names)) == len(names) == 8


def test_an_empty_folder_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert analyze(tmp_path / "empty", "--out", tmp_path / "out") == 1
    assert "has no photos or videos" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# --- photos -------------------------------------------------------------------------------------


def test_photos(photos: Path, tmp_path: Path, portrait: Image) -> None:
    out = tmp_path / "out"
    assert analyze(photos, "--out", out, "--mesh", "ply", "--overlay", "--identity") == 0
    rows = read_table(out)
    assert [Path(r["source"]).name for r in rows] == ["portrait.jpg", "empty.png", "portrait.png"]
    options = Options(out, identity=True, marked=True)
    assert tuple(rows[0]) == layout_of(load_estimator(options), options).columns
    assert {"gaze_left_yaw", "jawOpen", "identity_00", "arkit_jawOpen"} <= set(rows[0])

    keys = {"source", "frame", "timestamp_s"}
    assert {k: v for k, v in rows[1].items() if k not in keys and v} == {"confidence": "0"}
    face = {k: float(v) for k, v in rows[2].items() if k not in ("source", "marker")}
    assert np.isfinite(list(face.values())).all()
    assert face["confidence"] > 0.5
    # The face is in the upper middle of the picture.
    assert abs(face["box_x"] + face["box_w"] / 2 - 165) < 25
    assert abs(face["box_y"] + face["box_h"] / 2 - 120) < 35

    assert files(out) == {"coefficients.csv", "run.json"} | {
        f"{kind}/{name}{suffix}"
        for kind, suffix, names in (
            ("meshes", ".ply", ("portrait", "below/portrait")),
            ("overlays", ".jpg", ("portrait", "below/portrait", "empty")),
        )
        for name in names
    }
    assert (out / "meshes/portrait.ply").read_bytes().startswith(b"ply\nformat binary_little_endian")
    drawn = cv2.imread(str(out / "overlays/portrait.jpg")).astype(int)
    changed = np.abs(drawn - portrait).max(2) > 40
    assert changed[90:150, 130:200].mean() > 0.15
    assert changed[:, :60].mean() < 0.01


def test_an_obj_mesh(photos: Path, tmp_path: Path) -> None:
    assert analyze(photos / "portrait.png", "--out", tmp_path / "out", "--mesh", "obj") == 0
    lines = (tmp_path / "out/meshes/portrait.obj").read_text().splitlines()
    model = load_estimator(Options(tmp_path)).face_model
    assert sum(line.startswith("v ") for line in lines) == len(model.colors)
    assert sum(line.startswith("f ") for line in lines) == len(model.triangles)


def test_several_faces(tmp_path: Path, portrait: Image) -> None:
    cv2.imwrite(str(tmp_path / "two.png"), np.hstack([portrait, portrait[:, ::-1]]))
    out = tmp_path / "out"
    assert analyze(tmp_path / "two.png", "--out", out, "--max-faces", 2, "--mesh", "ply") == 0
    rows = read_table(out)
    assert [r["face"] for r in rows] == ["0", "1"]
    assert abs(float(rows[0]["box_x"]) - float(rows[1]["box_x"])) > 150
    assert files(out / "meshes") == {"two.ply", "two.face1.ply"}


def test_the_landmark_fit_sees_the_same_head(photos: Path, tmp_path: Path) -> None:
    found = {}
    for name, flags in {"expnet": [], "fit": ["--landmark-fit"]}.items():
        with landmarker():
            assert analyze(photos / "portrait.png", "--out", tmp_path / name, *flags) == 0
        found[name] = {k: float(v) for k, v in read_table(tmp_path / name)[0].items() if k != "source" and v}
    for key in ("rx", "ry", "rz"):
        assert found["fit"][key] == pytest.approx(found["expnet"][key], abs=0.25)
    assert found["fit"]["box_w"] == pytest.approx(found["expnet"]["box_w"], rel=0.25)


# --- videos -------------------------------------------------------------------------------------


def test_the_demo_clip(tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert analyze("demo", "--out", out, "--overlay", "--duration", 1) == 0
    rows = read_table(out)
    assert {r["source"] for r in rows} == {"demo"}
    assert [int(r["frame"]) for r in rows] == list(range(len(rows)))
    assert float(rows[-1]["timestamp_s"]) < 1
    assert np.mean([float(r["confidence"]) > 0.5 for r in rows]) > 0.9
    drawn = timestamps(out / "overlays/demo.mp4")
    assert np.allclose(drawn, [float(r["timestamp_s"]) for r in rows], atol=1e-3)


def test_a_video_keeps_its_uneven_time_stamps(video: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert analyze(video, "--out", out, "--overlay", "--mesh", "ply", "--every", 5) == 0
    assert np.allclose([float(r["timestamp_s"]) for r in read_table(out)], uneven(), atol=2e-3)
    assert np.allclose(timestamps(out / "overlays/portrait.mp4"), uneven(), atol=2e-3)
    assert files(out / "meshes") == {f"portrait/{i:06d}.ply" for i in (0, 5, 10)}


def test_the_markers_of_a_session(video: Path, tmp_path: Path) -> None:
    session = tmp_path / "session"
    session.mkdir()
    shutil.copy(video, session / "video.mkv")
    labels = [Marker(0.0, "first"), Marker(0.01, 'a "second"'), Marker(99.0, "after the end")]
    (session / "markers.csv").write_bytes(b"".join([header_line(), *map(marker_line, labels)]))
    assert analyze(session, "--out", tmp_path / "out", "--smoothing", "off") == 0
    rows = read_table(tmp_path / "out")
    marked = [r["marker"] for r in rows]
    assert list(rows[0])[-1] == "marker" and marked[:2] == ["first", 'a "second"'] and marked[-1] == "after the end"
    assert not any(marked[2:-1]) and len(rows) > 3


def test_the_writer_pads_odd_sides_and_orders_time(tmp_path: Path) -> None:
    path = tmp_path / "odd.mp4"
    image = np.full((31, 45, 3), (40, 120, 200), np.uint8)
    with VideoWriter(path, fps=25) as writer:
        for seconds in (7.0, 7.04, 7.04, 7.2):
            writer.write(image, seconds)
    assert timestamps(path) == pytest.approx([0, 0.04, 0.041, 0.2], abs=1e-4)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (46, 32)
        assert stream.codec_context.name in {"h264", "mpeg4"}
        decoded = next(container.decode(stream)).to_ndarray(format="bgr24")
    assert np.abs(decoded.astype(int) - (40, 120, 200)).max() < 12


# --- what goes wrong ----------------------------------------------------------------------------


def test_unreadable_inputs_are_named_and_skipped(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    (photos / "broken.mp4").write_bytes(b"no video")
    (photos / "nothing.png").touch()
    out = tmp_path / "out"
    assert analyze(photos, tmp_path / "none.mp4", "99", "--out", out, "--overlay") == 1
    error = capsys.readouterr().err
    for name in ("broken.jpg", "broken.mp4", "nothing.png", "none.mp4", "Camera 99"):
        assert error.count(name) == 1
    assert "Traceback" not in error
    assert len(read_table(out)) == 3
    assert files(out / "overlays") == {"portrait.jpg", "below/portrait.jpg", "empty.jpg"}


def test_a_damaged_video_is_read_up_to_its_damage(
    video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Matroska can be read from its beginning; MP4 has its index at the end.
    whole, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    rng = np.random.default_rng(0)
    with av.open(str(whole), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        for _ in range(20):
            noise = rng.integers(0, 255, (64, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="bgr24")))
        container.mux(stream.encode(None))
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    out = tmp_path / "out"
    assert analyze(cut, "--out", out, "--overlay") in {0, 1}
    rows = read_table(out)
    assert 1 < len(rows) < 20
    assert len(timestamps(out / "overlays/cut.mp4")) == len(rows)


def test_processes_give_the_same_as_one(photos: Path, video: Path, tmp_path: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    for jobs in (1, 2):
        assert analyze(photos, video, "--out", tmp_path / str(jobs), "--jobs", jobs, "--mesh", "ply") == 1
    one, two = read_table(tmp_path / "1"), read_table(tmp_path / "2")
    assert [(r["source"], r["frame"]) for r in one] == [(r["source"], r["frame"]) for r in two]
    for a, b in zip(one, two, strict=True):
        for key in (*BOX, *ROTATION, *TRANSLATION):
            assert float(a[key] or 0) == pytest.approx(float(b[key] or 0), rel=1e-2, abs=1e-2)
    assert files(tmp_path / "1") == files(tmp_path / "2")


def interrupting(original: Callable[..., object], after: int) -> Callable[..., object]:
    """`original`, with Ctrl-C pressed at its nth call."""
    calls = 0

    def wrapped(*args: object) -> object:
        nonlocal calls
        calls += 1
        if calls == after:
            os.kill(os.getpid(), signal.SIGINT)
        return original(*args)

    return wrapped


@pytest.mark.usefixtures("heeding_signals")
def test_ctrl_c_leaves_nothing(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Pipeline, "process", interrupting(Pipeline.process, after=5))
    assert analyze(video, "--out", tmp_path / "out", "--overlay", "--mesh", "ply") == 130
    assert capsys.readouterr().err.strip() == "expnet-live: interrupted."
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("heeding_signals")
@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C is another signal")
@pytest.mark.parametrize("sign", ["SIGINT", "SIGHUP"])
def test_ctrl_c_ends_the_processes_too(photos: Path, video: Path, tmp_path: Path, sign: str) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    out = tmp_path / "out"
    out.mkdir()
    (out / "coefficients.csv").write_text("an earlier result\n")
    given = [str(photos), str(video), "--out", str(out), "--jobs", "2", "--overwrite"]
    command = [sys.executable, "-m", "expnet_live", "analyze", *given]
    # As in a terminal, Ctrl-C reaches every process of the group, and so does its end.
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert "broken.jpg" in told  # it is running
        os.killpg(process.pid, getattr(signal, sign))
        rest = process.stderr.read()  # up to the end: all processes that might write there have ended
        assert process.wait(300) == 130, rest
    assert "interrupted." in rest and "Traceback" not in rest
    assert (out / "coefficients.csv").read_text() == "an earlier result\n"
    assert files(out) == {"coefficients.csv"}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such kill there")
def test_a_killed_run_leaves_no_processes_and_the_next_one_removes_its_files(
    photos: Path, video: Path, tmp_path: Path
) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    out = tmp_path / "out"
    command = [sys.executable, "-m", "expnet_live", "analyze"]
    given = [str(photos), *[str(video)] * 30, "--out", str(out), "--jobs", "2"]
    with subprocess.Popen([*command, *given], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "broken.jpg" in process.stderr.readline()
        process.kill()
        process.stderr.read()  # up to the end: all processes that might write there have ended
    assert (next(out.iterdir()) / "1").is_dir()
    assert analyze(photos / "portrait.png", "--out", out) == 0
    assert {path.name for path in out.iterdir()} == {"coefficients.csv", "run.json"}


@pytest.mark.usefixtures("heeding_signals")
@pytest.mark.parametrize("sign", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_ctrl_c_keeps_what_a_camera_has_seen(video: Path, tmp_path: Path, sign: str) -> None:
    if not hasattr(signal, sign):
        pytest.skip("this system has no such signal")
    number = getattr(signal, sign)

    class PressesCtrlC:
        frames = 0

        def expect(self, frames: int) -> None: ...

        def step(self) -> None:
            self.frames += 1
            if self.frames == 4:
                os.kill(os.getpid(), number)

    # No camera in a test: a camera's item that opens a video file behaves like one.
    camera = Item(Kind.CAMERA, "camera0", str(video), "camera0")
    options = Options(tmp_path, overlay=OverlayStyle.SOLID)
    before = signal.getsignal(number)
    done = analyze_item(camera, tmp_path / "item", load_estimator(options), options, PressesCtrlC())
    assert done.frames == 4
    assert len((tmp_path / "item" / ROWS).read_text().splitlines()) == 4
    assert len(timestamps(tmp_path / "item" / FILES / "overlays/camera0.mp4")) == 4
    assert signal.getsignal(number) is before


def test_a_folder_that_cannot_be_written(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert analyze(photos, "--out", tmp_path / "file" / "out") == 2
    error = capsys.readouterr().err
    assert error.startswith("expnet-live: The results cannot be written to ")
    assert "--out" in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("flags", [["--mesh", "ply"], ["--overlay"], ["--identity"]], ids=["mesh", "overlay", "table"])
def test_a_full_disk(
    flags: list[str], photos: Path, video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resource = pytest.importorskip("resource", reason="file size limits are POSIX's")
    source = photos / "portrait.png" if "--mesh" in flags else video
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A limit on file size makes writes fail like a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        status = analyze(source, "--out", tmp_path / "out", *flags)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert status == 2
    assert "cannot be written to" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_demo_clip_is_an_asset() -> None:
    assert asset("demo.mp4").stat().st_size < 10e6
