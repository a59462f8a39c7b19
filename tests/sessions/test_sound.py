"""The sound of recordings is in step with their pictures, survives a kill, and goes on into overlays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from clicks import EVERY, FPS, RATE, apart, clicks, clicks_of, flash, flashes_of, write_clicking
from places import ROOT
from recorders import FREE, finish
from session_files import INFO_OF_TEST, live_state
from waiting import PATIENCE

from expnet_live.capture.microphones import open_microphone
from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.errors import SourceError
from expnet_live.core.types import Image
from expnet_live.sessions.catalog.recovery import recover
from expnet_live.sessions.format.folder import VIDEO
from expnet_live.sessions.format.info import read_info
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording.listening import Listener, MicrophoneListener
from expnet_live.sessions.recording.recorder import Recorder
from expnet_live.video.opening import open_media
from expnet_live.video.sound import Sound
from expnet_live.video.writer import CRASH_SAFE, VideoWriter

IN_STEP = 0.02  # s
ROUNDED = 0.001  # s, at most by which the times of pictures in a video are
SUPPORT = ROOT / "tests" / "support"
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="another system's microphones")


@pytest.fixture
def sound_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound system whose microphone clicks by the monotonic clock."""
    program = tmp_path / "bin" / "parec"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} {SUPPORT / 'clicks.py'}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def record(folder: Path, listener: Listener, seconds: float) -> Recorder:
    """Pictures that flash when the microphone clicks."""
    recorder = Recorder(folder, lambda: INFO_OF_TEST, fps=lambda: float(FPS), limits=FREE, listener=listener)
    recorder.start()
    begun = time.monotonic()
    for i in range(round(seconds * FPS)):
        now = time.monotonic()
        recorder.put(live_state(i, now, flash(now % EVERY < 0.1)))
        time.sleep(max(0.0, begun + (i + 1) / FPS - time.monotonic()))  # the camera's pace
    return recorder


@linux
def test_a_microphone_that_complains_for_long_is_heard_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "parec"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        "for _ in range(100):\n"
        "    sys.stderr.write('overrun!!! (at least 1.234 ms long)\\n' * 50)\n"
        "    sys.stdout.buffer.write(bytes(3840))\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    heard: list[Sound] = []
    with open_microphone() as microphone, pytest.raises(SourceError, match="no longer gives sound"):
        heard.extend(microphone)
    assert [len(sound.samples) for sound in heard] == [960] * 100


@linux
def test_a_microphone_is_in_step_with_the_pictures(tmp_path: Path, sound_system: None) -> None:
    listener = MicrophoneListener()
    listener.start()
    assert listener.ready.wait(PATIENCE) and listener.problem is None
    info = finish(record(tmp_path / "s", listener, 3.0))
    assert info.sound == "microphone" and info.video_frames == info.frames
    video = tmp_path / "s" / VIDEO
    # Both clicks and pictures have the times of this computer's clock.
    heard = [(time + info.monotonic_start + EVERY / 2) % EVERY - EVERY / 2 for time in clicks_of(video)]
    # A busy machine delays the microphone itself for moments.
    assert len(heard) >= 5 and sorted(map(abs, heard))[len(heard) // 2] <= IN_STEP
    # The video's times are rounded: a flash may seem to come before its click.
    seen = [(time + info.monotonic_start + ROUNDED) % EVERY for time in flashes_of(video)]
    assert seen and max(seen) <= 0.1 + 2 * ROUNDED


@linux
def test_nothing_is_heard_unless_asked(tmp_path: Path, sound_system: None) -> None:
    recorder = Recorder(tmp_path / "s", lambda: INFO_OF_TEST, limits=FREE)
    recorder.start()
    recorder.put(live_state(0, 1.0, flash(True)))
    assert finish(recorder).sound == ""
    with open_media(tmp_path / "s" / VIDEO) as video:
        assert not video.streams.audio


@linux
def test_no_microphone_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="install pulseaudio-utils or alsa-utils"):
        open_microphone()
    for device in ("lavfi:nonsense", "alsa:no_such_card"):
        with pytest.raises(SourceError, match=f"The microphone {device} cannot be opened .* or record without sound"):
            open_microphone(device)


def test_a_microphone_that_fails_costs_the_sound_alone(tmp_path: Path) -> None:
    recorder = record(tmp_path / "s", MicrophoneListener("lavfi:nonsense"), 0.5)
    assert finish(recorder).sound == "" and "continues without sound" in recorder.warnings[0]
    recorder = record(tmp_path / "t", MicrophoneListener("lavfi:aevalsrc=0.5:d=0.3,arealtime"), 1.0)
    info = finish(recorder)
    assert info.sound.startswith("lavfi") and info.video_frames == info.frames
    assert "no longer gives sound" in recorder.warnings[0]


@pytest.mark.skipif(os.name != "posix", reason="kills are another matter there")
def test_killed(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    command = [sys.executable, str(SUPPORT / "killed_with_sound.py"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 4 * FPS:
                break
        process.send_signal(signal.SIGKILL)
    for _ in range(2):
        assert clicks_of(folder / VIDEO)[-1] >= 4.0 - 1.5  # the recording went on for as long
        assert recover(folder).sound.startswith("lavfi")
    with open_media(folder / VIDEO) as video:
        assert video.duration is not None and video.duration >= 2.5e6
    assert Session.open(folder).info.recovered


@pytest.fixture(scope="module")
def face() -> Image:
    with open_source("demo") as source:
        return next(iter(source)).image


def test_a_clip_keeps_its_sound_and_so_do_overlays(tmp_path: Path, face: Image) -> None:
    clip, out = write_clicking(tmp_path / "clip.mp4", 3.0, start=7, image=face), tmp_path / "s"
    assert main(["record", "--source", str(clip), "--sound", "--out", str(out)]) == 0
    assert read_info(out).sound == "clip.mp4"
    made = [out / VIDEO]
    for name, part in (("whole.mp4", []), ("part.mp4", ["--range", "0.7", "2.8"]), ("rate.mp4", ["--fps", "50"])):
        made.append(tmp_path / name)
        assert main(["export", str(out), "--to", "overlay", "--out", str(made[-1]), *part]) == 0
    assert main(["analyze", str(clip), "--overlay", "--out", str(tmp_path / "a")]) == 0
    made.append(tmp_path / "a" / "overlays" / "clip.mp4")
    assert main(["sessions", "import", str(clip), "--sound", "--out", str(tmp_path / "i")]) == 0
    made.append(tmp_path / "i" / "clip" / VIDEO)
    for path in made:
        heard = apart(path)
        # A picture that the network or the machine was too busy for flashes late, or not at all.
        exact = "a" in path.parts or "i" in path.parts
        assert len(heard) == 5 if exact else len(heard) >= 1, path
        assert (max(heard) if exact else float(np.median(heard))) <= IN_STEP, path


def test_no_sound_where_none_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "s"), "--duration", "1"]
    assert main(["record", "--source", "demo", "--sound", *out]) == 2
    assert main(["record", "--source", "demo", "--sound", "lavfi:nonsense", *out]) == 2
    assert main(["record", "--source", "demo", "--sound", "--no-video", *out]) == 2
    first, second, third = capsys.readouterr().err.splitlines()[-3:]
    assert "demo has no sound" in first and "cannot be opened" in second and "record with video" in third
    assert not (tmp_path / "s").exists()


def test_gaps_overlaps_and_drift(tmp_path: Path) -> None:
    """A clock that is 0.1 % too slow, a gap of a second, and a block that comes twice."""
    path, block, slow = tmp_path / "x.mkv", 960, 1.001
    with VideoWriter(path, 30.0, CRASH_SAFE, sound=True) as video:
        video.write(flash(False), 0.0)
        for i in range(500):
            if not 200 <= i < 250:
                times = (i * block + np.arange(block)) / RATE * slow
                sound = Sound(np.repeat(clicks(times)[:, None], 2, 1), times[0])
                for _ in range(1 + (i == 300)):
                    video.write_sound(sound)
            if i % 50 == 0:
                video.write(flash(False), i * block / RATE)
    heard = np.array(clicks_of(path))
    assert len(heard) == 20 and abs((heard + EVERY / 2) % EVERY - EVERY / 2).max() <= IN_STEP
