"""Recording in the window: button, marker, end, errors, and recovery of interrupted recordings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_fakes import Plug, Puppet
from places import ROOT
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from seen import LONG, banners, pixels
from session_files import INFO_OF_TEST, write_session

from expnet_live.app import texts
from expnet_live.app.main_window.window import MainWindow
from expnet_live.capture.microphones import open_microphone
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.naming import counted
from expnet_live.pipeline.track import TrackerOptions
from expnet_live.sessions.format.folder import VIDEO, sessions_root
from expnet_live.sessions.format.info import read_info, write_info
from expnet_live.sessions.reading.session import Session, list_sessions
from expnet_live.sessions.recording import listening
from expnet_live.video.opening import open_media


def begin(qtbot: Any, window: MainWindow, frames: int = 10) -> None:
    qtbot.waitUntil(lambda: window.actions_["record"].isEnabled(), timeout=LONG)
    (button,) = [
        b for b in window.parts.head.findChildren(QToolButton) if b.defaultAction() == window.actions_["record"]
    ]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    recorder = window.controller.recording.recorder
    assert recorder is not None
    qtbot.waitUntil(lambda: recorder.frames >= frames, timeout=LONG)


def session(window: MainWindow) -> Session:
    recorder = window.controller.recording.last
    assert recorder is not None
    return Session.open(recorder.folder)


def test_a_camera_that_changes_its_size(qtbot: Any, window: MainWindow, plug: Plug) -> None:
    """As one may that was unplugged: no disk is to blame."""
    begin(qtbot, window)
    plug.size = 400, 300
    qtbot.waitUntil(
        lambda: any("another size than 320 x 240" in text for text in banners(window).values()), timeout=LONG
    )
    recorder = window.controller.recording.recorder
    assert recorder is not None
    qtbot.waitUntil(lambda: recorder.missed >= 5, timeout=LONG)
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: window.controller.recording.recorder is None, timeout=LONG)
    assert not any("too slow" in text for text in banners(window).values())
    rows = session(window).rows
    assert rows.video_frame[0] == 0 and rows.video_frame[-1] == -1 and (rows.face[-3:] >= 0).all()


def test_record_mark_and_stop(qtbot: Any, window: MainWindow, puppet: Puppet) -> None:
    assert not window.actions_["mark"].isEnabled()
    puppet.show(jawOpen=2.0)
    begin(qtbot, window)
    qtbot.waitUntil(lambda: window.parts.camera.recording.startswith("REC 0:0"), timeout=LONG)
    assert "Recording 0:0" in window.parts.status.message.text()
    seen = pixels(window.parts.camera.grab().toImage())
    red = (seen[..., 0] > 150) & (seen[..., 1] < 60) & (seen[..., 2] < 80)
    assert red.sum() > 300 and red[:, : seen.shape[1] // 2].sum() == 0  # the chip, at the right
    assert window.actions_["record"].isChecked() and window.actions_["mark"].isEnabled()
    controls = window.parts.controls
    assert not controls.model.isEnabled() and controls.model.toolTip() == texts.NOT_WHILE_RECORDING
    qtbot.keyClick(window, Qt.Key.Key_K)
    window.actions_["mark"].trigger()
    qtbot.waitUntil(lambda: "Marker 2" in banners(window).get("marker", ""), timeout=LONG)
    window.controller.set_gain("jawOpen", 2.0)
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "record" in banners(window), timeout=LONG)
    recorded = session(window)
    assert str(recorded.folder) in banners(window)["record"] and recorded.folder.parent == sessions_root()
    assert window.parts.camera.recording == "" and window.parts.status.message.text() == ""
    assert controls.model.isEnabled() and not window.actions_["record"].isChecked()
    info, rows = recorded.info, recorded.rows
    assert info.complete and info.source == "Camera 0" and (info.width, info.height) == (320, 240)
    assert info.person.gains == {"jawOpen": 2.0} and info.device == "cpu" and len(info.model.sha256) == 64
    assert info.coefficients == puppet.model.names and info.n_identity == puppet.model.n_identity
    jaw = info.coefficients.index("jawOpen")
    assert rows.expression_raw[-1, jaw] == pytest.approx(2.0)  # without the gain
    assert (rows.video_frame == rows.frame).all() and info.video_frames == len(rows) >= 10
    assert [m.label for m in recorded.markers] == ["Marker 1", "Marker 2"]


def test_without_video(qtbot: Any, window: MainWindow) -> None:
    window.actions_["private"].trigger()
    assert window.controller.choices.private
    begin(qtbot, window, frames=3)
    qtbot.waitUntil(lambda: "without video" in window.parts.status.message.text(), timeout=LONG)
    assert not window.actions_["private"].isEnabled()
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: window.controller.recording.last is not None, timeout=LONG)
    assert not (session(window).folder / VIDEO).exists() and session(window).info.video_frames is None


def test_another_source_ends_it(qtbot: Any, window: MainWindow) -> None:
    begin(qtbot, window, frames=3)
    window.controller.sources.use(SourceSpec.camera(2))
    qtbot.waitUntil(lambda: window.controller.recording.last is not None, timeout=LONG)
    recorded = session(window)
    assert recorded.info.complete and recorded.info.source == "Camera 0"
    assert (recorded.rows.time[1:] > recorded.rows.time[:-1]).all()


def test_closing_completes_it(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    begin(qtbot, window, frames=5)
    window.close()
    (entry,) = list_sessions(sessions_root())
    assert entry.info is not None and entry.info.complete and entry.info.frames >= 5 and not entry.info.recovered


def test_a_folder_that_cannot_be_written(qtbot: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions_root().parent.mkdir(parents=True, exist_ok=True)
    sessions_root().touch()
    qtbot.waitUntil(lambda: window.actions_["record"].isEnabled(), timeout=LONG)
    window.actions_["record"].trigger()
    qtbot.waitUntil(lambda: "record" in banners(window), timeout=LONG)
    assert "Recording into" in banners(window)["record"]
    assert not window.actions_["record"].isChecked() and window.controller.state is not None


def test_what_was_cut_off_is_completed_at_the_start(qtbot: Any, open_window: Callable[..., MainWindow]) -> None:
    folder = sessions_root() / "2026-01-02 10-00-00"
    write_session(folder, n=8)
    write_info(folder, replace(INFO_OF_TEST, title="cut"))
    window = open_window()
    qtbot.waitUntil(lambda: "recovery" in banners(window), timeout=LONG)
    info = read_info(folder)
    assert info.complete and info.recovered and (info.frames, info.title) == (8, "cut")


def test_a_scripted_recording(tmp_path: Path) -> None:
    def start(folder: Path) -> subprocess.CompletedProcess[str]:
        root = ROOT
        command = [sys.executable, "main.py", "--source", "demo", "--record", str(folder), "--duration", "1.5"]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)

    done = start(tmp_path / "s")
    assert (done.returncode, done.stderr) == (0, "")
    recorded = Session.open(tmp_path / "s")
    # A busy machine may record for longer: the last frame comes when it comes.
    frames = counted(len(recorded.rows), "frame")
    assert f"{tmp_path / 's'}: {recorded.info.duration:.1f} s, {frames}." in done.stdout
    assert recorded.info.complete and recorded.info.duration > 1 and recorded.info.source == "demo"
    rows = recorded.rows
    # The same face until a busy machine leaves such gaps that the tracker must search for it again.
    gaps = np.flatnonzero(np.diff(rows.time) > TrackerOptions().gap)
    assert (rows.face[: gaps[0] + 1 if len(gaps) else None] == 0).all() and (rows.face >= 0).all()
    assert recorded.video is not None
    again = start(tmp_path / "s")
    assert again.returncode == 2 and "already contains a session" in again.stderr


def test_sound_is_off_until_it_is_switched_on(qtbot: Any, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    clicking = "lavfi:aevalsrc=0.5:s=48000,arealtime"
    monkeypatch.setattr(listening, "open_microphone", lambda device: asked.append(device) or open_microphone(clicking))
    assert not window.actions_["sound"].isChecked()
    for on in (False, True):
        begin(qtbot, window, frames=10)
        with_sound = "with sound" in window.parts.status.message.text()
        if on:
            qtbot.waitUntil(lambda: "with sound" in window.parts.status.message.text(), timeout=LONG)
        assert (on or not with_sound) and not window.actions_["sound"].isEnabled()
        window.actions_["record"].trigger()
        qtbot.waitUntil(lambda: window.controller.recording.recorder is None, timeout=LONG)
        with open_media(session(window).folder / VIDEO) as video:
            assert bool(video.streams.audio) == on
        assert asked == ([""] if on else []) and bool(session(window).info.sound) == on
        if not on:
            window.actions_["sound"].trigger()
    window.actions_["private"].trigger()
    qtbot.waitUntil(lambda: not window.actions_["sound"].isEnabled(), timeout=LONG)
