"""A recording survives a kill at any moment."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from places import ROOT
from recorders import finish, put, recorder_in
from session_files import INFO_OF_TEST, face, live_state, picture, video_numbers
from waiting import until

from expnet_live.capture.sources import open_source
from expnet_live.core.errors import UserError
from expnet_live.pipeline.appearance import Appearance
from expnet_live.sessions.catalog.recovery import recover, recover_all
from expnet_live.sessions.format.folder import INFO, LOCK, TABLE, VIDEO, FolderLock
from expnet_live.sessions.format.info import SessionInfo, read_info, write_info
from expnet_live.sessions.reading.session import Session
from expnet_live.video.mkv import count_pictures
from expnet_live.video.writer import CRASH_SAFE, VideoWriter


@pytest.mark.skipif(not hasattr(os, "fork"), reason="recorders are forked, which this system cannot do")
def test_killed_at_twenty_random_moments(tmp_path: Path) -> None:
    n, seed = 20, random.randrange(10**6)
    moments = random.Random(seed)
    script = ROOT / "tests" / "support" / "killed_recorder.py"
    command = [sys.executable, str(script), str(tmp_path), str(n)]
    told: dict[str, int] = {}  # the last frame that each one says it has handed over
    kill_after = {str(i): moments.uniform(0.0, 3.0) for i in range(n)}
    begun: dict[str, float] = {}
    killed: set[str] = set()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as parent:
        assert parent.stdout is not None
        try:
            for line in parent.stdout:
                name, process, frame = line.split()
                told[name] = int(frame)
                if not (tmp_path / name / INFO).exists():
                    continue
                begun.setdefault(name, time.monotonic())
                if name not in killed and time.monotonic() - begun[name] >= kill_after[name]:
                    os.kill(int(process), signal.SIGKILL)
                    killed.add(name)
                if len(killed) == n:
                    break
            told |= _rest(parent.stdout, parent)
        finally:
            os.killpg(parent.pid, signal.SIGKILL)
    for name in sorted(killed):
        folder, where = tmp_path / name, f"recording {name}, seed {seed}"
        assert len(Session.open(folder).rows) >= told[name], where  # readable as it is: told+1 frames, one may be lost
        info = recover(folder)
        session = Session.open(folder)
        rows = session.rows
        assert info.complete and info.recovered and info.drops is None and len(rows) == info.rows, where
        assert rows.frame.tolist() == list(range(len(rows))) and len(rows) >= told[name], where
        pictures = [] if session.video is None else video_numbers(session.video)
        assert len(pictures) == info.video_frames, where
        # The picture that a row names is that of its frame, at its time.
        for frame, number, moment in zip(rows.frame, rows.video_frame, rows.time, strict=True):
            if number >= 0:
                assert pictures[number] == (frame, pytest.approx(moment, abs=0.002)), where
        assert (rows.video_frame >= 0).sum() == min(len(pictures), len(rows)), where
        # The last frame may not be encoded yet; those before it may be in memory, for 0.2 s of the video.
        missing = rows.time[len(pictures) : -1]
        assert not len(missing) or np.ptp(missing) <= 0.202, where  # times of the video are whole ms
        assert recover(folder).to_json() == info.to_json()


def _rest(lines: Iterator[str], parent: subprocess.Popen[str]) -> dict[str, int]:
    """What was told between the kill and its being noticed."""
    os.killpg(parent.pid, signal.SIGKILL)
    return {name: int(frame) for name, _, frame in (line.split() for line in lines if line.endswith("\n"))}


def test_a_killed_recording_knows_who_took_turns(tmp_path: Path) -> None:
    """The first one comes back under another number. What is on the disk after a while is what a kill leaves."""
    recorder = recorder_in(tmp_path / "live", video=False)
    for i, number in enumerate(np.repeat([0, 1, 2], 40)):
        look = Appearance(np.eye(2, dtype=np.float32)[number % 2], mapped=True)
        seen = replace(face(i), face=int(number), skin=np.full(3, 200.0 - 50 * (number % 2), np.float32))
        state = live_state(i, 100 + i / 20, picture(i))
        live = replace(state.faces[0], state=seen)
        recorder.put(replace(state, faces=(live,), looks={int(number): look}))
    until(lambda: len(read_info(tmp_path / "live").persons) == 3)
    shutil.copytree(tmp_path / "live", tmp_path / "killed", ignore=shutil.ignore_patterns(LOCK))
    finish(recorder)
    info = recover(tmp_path / "killed")
    assert info.recovered and info.persons == {0: 0, 1: 1, 2: 0}
    assert {face: skin.tolist() for face, skin in info.skins.items()} == {0: [200] * 3, 1: [150] * 3, 2: [200] * 3}
    assert set(Session.open(tmp_path / "killed").rows.face.tolist()) == {0, 1}


def test_blank_lines_of_a_cut_off_table_are_no_trouble(tmp_path: Path) -> None:
    recorder = recorder_in(tmp_path, video=False)
    put(recorder, range(3))
    finish(recorder)
    write_info(tmp_path, INFO_OF_TEST)
    header, *rows = (tmp_path / TABLE).read_bytes().splitlines(keepends=True)
    edited = b"".join([b"\r\n", header, b"\n", *rows, b"\r\n"])
    (tmp_path / TABLE).write_bytes(edited + b"3,,0.1")
    assert recover(tmp_path).rows == 3
    assert (tmp_path / TABLE).read_bytes() == edited
    assert Session.open(tmp_path).rows.frame.tolist() == [0, 1, 2]


@pytest.mark.parametrize("lost", ["its end", "a part"])
def test_after_a_power_cut_all_pictures_can_be_decoded(tmp_path: Path, lost: str) -> None:
    """Files have their full length then, with zeros where the last moments were not on the disk yet."""
    recorder = recorder_in(tmp_path / "whole")
    put(recorder, range(70))
    finish(recorder)
    data = (tmp_path / "whole" / VIDEO).read_bytes()
    moments = random.Random(7)
    counts = []
    for i in range(60):
        folder = tmp_path / str(i)
        shutil.copytree(tmp_path / "whole", folder)
        write_info(folder, replace(INFO_OF_TEST, video_frames=0))
        at = moments.randrange(len(data) // 4, len(data))
        zeros = bytes(len(data) - at)
        (folder / VIDEO).write_bytes(data[:at] + (zeros if lost == "its end" else zeros[:2000] + data[at + 2000 :]))
        info = recover(folder)
        session = Session.open(folder)
        assert session.video is not None and len(session.rows) == 70
        pictures = [number for number, _ in video_numbers(session.video)]
        with open_source(session.video) as source:  # which raises for a damaged one
            assert sum(1 for _ in source) == len(pictures) == info.video_frames
        named = session.rows.video_frame >= 0
        assert (
            session.rows.frame[named].tolist() == session.rows.video_frame[named].tolist() == list(range(len(pictures)))
        )
        assert pictures[:-1] == list(range(len(pictures) - 1))  # zeros in the last may still decode
        counts.append(len(pictures))
    assert max(counts) > 55 and min(counts) < 30


def test_pictures_of_one_moment_end_no_recovery(tmp_path: Path) -> None:
    """They waited in a camera that hung, and a video of milliseconds moves them on."""
    times = [*(i / 30 for i in range(30)), *(1 + i / 10_000 for i in range(6)), *(1.033 + i / 30 for i in range(30))]
    with VideoWriter(tmp_path / VIDEO, 30, CRASH_SAFE) as video:
        for i, time_ in enumerate(times):
            video.write(picture(i), time_)
    assert count_pictures(tmp_path / VIDEO, dict(enumerate(times))) == len(times)
    wrong = dict(enumerate(times)) | {50: times[51]}
    assert count_pictures(tmp_path / VIDEO, wrong) == 50


def test_all_that_need_it_are_recovered(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        recorder = recorder_in(tmp_path / name, video=False)
        put(recorder, range(3))
        info = finish(recorder)
        if name != "a":
            write_info(tmp_path / name, INFO_OF_TEST)
    lock = FolderLock(tmp_path / "c")
    with pytest.raises(UserError, match="is being recorded"):
        recover(tmp_path / "c")
    (recovered,) = recover_all(tmp_path)
    lock.release()
    assert isinstance(recovered, SessionInfo) and recovered.rows == 3
    assert (tmp_path / "b" / TABLE).read_bytes() == (tmp_path / "a" / TABLE).read_bytes()
    assert info.complete and not (tmp_path / "c" / LOCK).exists()
    (tmp_path / "c" / TABLE).unlink()
    (problem,) = recover_all(tmp_path)
    assert isinstance(problem, UserError) and "is missing" in str(problem)


def test_nobody_else_gets_a_lock_that_is_held(tmp_path: Path) -> None:
    """Not even while its file is being removed and made again, many times a second."""
    count, rounds = threading.Lock(), 3000
    holders, most, got, bare = 0, 0, 0, 0

    def take() -> None:
        nonlocal holders, most, got, bare
        while got < rounds:
            try:
                with FolderLock(tmp_path):
                    with count:
                        holders, got = holders + 1, got + 1
                        most = max(most, holders)
                        bare += not (tmp_path / LOCK).exists()
                    with count:
                        holders -= 1
            except BlockingIOError:
                continue

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, bare) == (1, 0)
    assert os.name == "nt" or not any(tmp_path.iterdir())
