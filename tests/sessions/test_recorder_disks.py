"""Recording to disks that fill up, fail or disappear."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from recorders import FREE, finish, put, recorder_in
from session_files import INFO_OF_TEST, live_state, picture, video_numbers
from waiting import PATIENCE, until

from expnet_live.cli import main
from expnet_live.sessions.catalog.recovery import recover
from expnet_live.sessions.format.folder import TABLE, VIDEO
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording.recorder import Limits, Recorder
from expnet_live.threads.worker import Life


def failed(recorder: Recorder) -> str:
    assert recorder.join(PATIENCE)
    assert recorder.life is Life.FAILED and recorder.problem is not None
    assert recorder.problem.endswith(".") and "\n" not in recorder.problem
    return recorder.problem


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    yield from mounted(tmp_path / "disk", "2m")


@pytest.fixture
def filling_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 GB, which takes no memory as long as it is empty."""
    yield from mounted(tmp_path / "disk", "2g")


def mounted(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def noise(i: int) -> np.ndarray:
    return np.random.default_rng(i).integers(0, 255, (240, 320, 3), np.uint8)


def test_a_disk_that_fills_by_the_video(small_disk: Path) -> None:
    folder = small_disk / "session"
    recorder = recorder_in(folder)
    i = 0
    while not recorder.ended:
        recorder.put(live_state(i, 10 + i / 30, noise(i)))
        i += 1
        time.sleep(0.001)
    problem = failed(recorder)
    assert "is full" in problem and str(folder) in problem and "Free some space" in problem
    before = Session.open(folder)
    assert len(before.rows) > 10
    (small_disk / "session" / "x").unlink(missing_ok=True)
    subprocess.run(["mount", "-o", "remount,size=9m", str(small_disk)], check=True)
    info = recover(folder)
    session = Session.open(folder)
    assert info.complete and len(session.rows) == len(before.rows) and session.video is not None
    pictures = video_numbers(session.video)
    assert len(pictures) == info.video_frames > 3
    assert session.rows.video_frame.max() == len(pictures) - 1


def test_a_disk_that_fills_by_the_rows(small_disk: Path) -> None:
    recorder = recorder_in(small_disk / "session", video=False)
    i = 0
    while not recorder.ended:
        if recorder.waiting < 2000:
            recorder.put(live_state(i, 10 + i / 30, picture(0)))
            i += 1
    assert "is full" in failed(recorder)
    table = (small_disk / "session" / TABLE).read_bytes()
    assert table.endswith(b"\n")  # no row is half there
    rows = Session.open(small_disk / "session").rows
    assert rows.frame.tolist() == list(range(table.count(b"\n") - 1)) and len(rows) > 1000


def test_a_command_tells_that_the_disk_is_filling(filling_disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["record", "--source", "demo", "--out", str(filling_disk / "s"), "--duration", "2.5", "--no-video"]
    assert main(command) == 0
    said = capsys.readouterr().err
    assert said == "expnet-live: Less than 5 GB are free on the disk; at 1 GB recording stops.\n"


def test_a_folder_without_permission(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "Recording into" in failed(recorder_in(tmp_path / "file" / "session"))
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        if not Path("/proc/version").exists():
            pytest.skip("root may write everywhere")
        problem = failed(recorder_in(Path("/proc/session")))  # here not even root
    else:
        (tmp_path / "closed").mkdir(mode=0o500)
        problem = failed(recorder_in(tmp_path / "closed" / "session"))
    assert "Recording into" in problem and "choose a writable folder" in problem


def test_a_folder_that_holds_something(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path / "s", video=False)
    put(recorder, range(3))
    finish(recorder)
    before = (tmp_path / "s" / TABLE).read_bytes()
    assert "already contains a session" in failed(recorder_in(tmp_path / "s"))
    assert (tmp_path / "s" / TABLE).read_bytes() == before


def test_a_folder_deleted_while_it_is_recorded_into(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    recorder = recorder_in(folder)
    put(recorder, range(3))
    until(lambda: (folder / VIDEO).is_file(), "the video")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    i = 3
    while not recorder.ended:
        recorder.put(live_state(i, 100 + i / 30, picture(i)))
        i += 1
        time.sleep(0.01)
    problem = failed(recorder)
    assert "is gone" in problem and "choose another folder" in problem
    assert not folder.exists()


@pytest.mark.parametrize(
    ("width", "wanted"), [(200, {"free", "another size"}), (20_000, {"free", "another size", "coefficients continue"})]
)
def test_warnings_stand_together(tmp_path: Path, width: int, wanted: set[str]) -> None:
    """The disk is filling, pictures change their size, and perhaps are wider than any video can be."""
    recorder = recorder_in(tmp_path / "s", limits=Limits(warn_free=1e18, least_free=0))
    for i in range(3):
        recorder.put(live_state(i, 100 + i / 30, np.zeros((120, width + i, 3), np.uint8), 1, drops=7))
    until(lambda: len(recorder.warnings) == len(wanted), "all warnings")
    finish(recorder)
    assert {part for part in wanted if any(part in said for said in recorder.warnings)} == wanted


def test_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    """The guard, with limits beyond any disk."""
    problem = failed(recorder_in(tmp_path / "never", limits=Limits(least_free=1e18)))
    assert "so nothing more is recorded" in problem and not (tmp_path / "never").exists()
    recorder = recorder_in(tmp_path / "s", limits=Limits(warn_free=1e18, least_free=0))
    put(recorder, range(3))
    until(lambda: recorder.warnings, "the warning")
    assert "GB are free" in recorder.warnings[0]
    recorder.limits = Limits(least_free=1e18)  # as if others had filled it
    problem = failed(recorder)
    info = Session.open(tmp_path / "s").info
    assert info.complete and info.rows == 3 and info.video_frames == 3 and info.problem == problem


_FEW_FILES = """
import resource, sys
from contextlib import suppress
from io import FileIO
from pathlib import Path
from recorders import put, recorder_in
from waiting import until
from expnet_live.person.person import Person

recorder = recorder_in(Path(sys.argv[1]))
put(recorder, range(30))
until(lambda: recorder.encoder.written == 30 and recorder.waiting == 0, "the frames")
until(lambda: (Path(sys.argv[1]) / "session.json").stat().st_size and recorder.seconds > 0, "the beginning")
resource.setrlimit(resource.RLIMIT_NOFILE, (100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
others = []
with suppress(OSError):
    while True:
        others.append(FileIO("/dev/null"))
put(recorder, range(30, 60))
until(lambda: recorder.encoder.written == 60, "more frames, although no file can be opened")
if sys.argv[2] == "changed":
    recorder.set_person(Person("Ada"))  # is written at once
else:
    recorder.stop()
assert recorder.join(120)
print(recorder.problem)
"""


@pytest.mark.parametrize("way", ["changed", "stopped"])
def test_no_more_files_can_be_opened(tmp_path: Path, way: str) -> None:
    """What is open goes on; the session is complete, and a change that needs a file ends it with a sentence."""
    pytest.importorskip("resource", reason="limits of open files")
    folder = tmp_path / "s"
    paths = os.pathsep.join([str(Path(__file__).parents[1] / "support"), *filter(None, sys.path)])
    command = [sys.executable, "-c", _FEW_FILES, str(folder), way]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    said = (
        f"Too many files are open to go on writing {folder}, so recording stopped; what was written is kept. End other "
        "programs, or raise the limit of open files (ulimit -n), and record again."
    )
    assert done.stdout.strip() == (said if way == "changed" else "None")
    session = Session.open(folder)
    assert session.info.complete and session.info.problem == (said if way == "changed" else "")
    assert len(session.rows) == 60 and session.info.video_frames == 60 and session.video is not None
    assert len(video_numbers(session.video)) == 60


def test_too_many_open_files_at_the_start_have_a_sentence(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits of open files")
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    recorder = Recorder(tmp_path / "s", lambda: INFO_OF_TEST, limits=FREE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, usual[1]))
    try:
        recorder.start()
        problem = failed(recorder)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    assert problem.startswith("Too many files are open to record into") and "ulimit -n" in problem
