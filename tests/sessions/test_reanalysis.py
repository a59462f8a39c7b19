"""Replay gives the recorded values, and a session's video can be analysed again."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.live.state import Settings
from expnet_live.outputs.export.export import default_out
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.sessions.format.folder import VIDEO
from expnet_live.sessions.reading.reanalysis import analyses, differences, open_analysis, reanalyze
from expnet_live.sessions.reading.session import Session


def contents(session: Session) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in session.folder.iterdir() if p.is_file()}


def test_the_same_settings_give_nearly_the_same(demo_session: Session, pipeline: Pipeline) -> None:
    before, there = contents(demo_session), analyses(demo_session)
    again = reanalyze(demo_session, "same", Settings(device="cpu"), pipeline=pipeline)
    assert contents(demo_session) == before
    assert analyses(demo_session) == sorted([*there, "same"]) and again.info.complete
    assert again.video == demo_session.video and again.info.person.neutral == demo_session.info.person.neutral
    assert default_out(again, "csv").name == "demo_same.csv"
    old, new = demo_session.rows, again.rows
    for name in ("frame", "video_frame", "time", "face"):
        assert np.array_equal(getattr(old, name), getattr(new, name))
    difference = differences(demo_session, again)
    assert difference.shape == ((old.face >= 0).sum(), 29)
    # What compression does, in standard deviations.
    assert 0 < difference.mean() < 0.05 and difference.max() < 0.6


def test_another_smoothing_and_its_export(
    demo_session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["sessions", "reanalyze", str(demo_session.folder), "--smoothing", "off", "--device", "cpu"]
    assert main([*command, "--compare"]) == 0
    told = capsys.readouterr().out
    assert "48 pictures" in told and "jawOpen" in told
    again = open_analysis(demo_session, "off")
    seen = again.rows.face >= 0
    assert again.info.smoothing == "off"
    assert np.array_equal(again.rows.expression[seen], again.rows.expression_raw[seen])
    out = tmp_path / "off.csv"
    command = ["export", str(demo_session.folder), "--analysis", "off", "--to", "csv", "--out", str(out)]
    assert main([*command, "--neutral", "keep", "--gains", "ignore"]) == 0
    with out.open(newline="") as f:
        line = next(csv.DictReader(f))
    assert np.array_equal(np.float32([line[name] for name in again.info.coefficients]), again.rows.expression[0])
    assert main(["sessions", "reanalyze", str(demo_session.folder), "--name", "off", "--device", "cpu"]) == 2
    assert "already" in capsys.readouterr().err


def test_a_video_that_ends_early_is_told(
    demo_session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(demo_session.folder, folder)
    video = folder / VIDEO
    os.truncate(video, video.stat().st_size * 2 // 3)
    assert main(["sessions", "reanalyze", str(folder), "--name", "again", "--device", "cpu"]) == 1
    told = capsys.readouterr().err
    problem = open_analysis(Session.open(folder), "again").info.problem
    assert problem and told == f"expnet-live: {problem}\n"
    command = ["export", str(folder), "--to", "overlay", "--out", str(tmp_path / "cut.mp4")]
    assert main(command) == 0
    assert problem in capsys.readouterr().out


def test_a_cancelled_analysis_leaves_nothing(demo_session: Session, pipeline: Pipeline) -> None:
    there = analyses(demo_session)

    def cancel(done: int, total: int) -> None:
        assert total == 48
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reanalyze(demo_session, "cancelled", Settings(device="cpu"), cancel, pipeline=pipeline)
    assert analyses(demo_session) == there
    assert not [p for p in (demo_session.folder / "reanalysis").iterdir() if p.name not in there]


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden"])
def test_a_name_must_name_a_folder(name: str, demo_session: Session, pipeline: Pipeline) -> None:
    with pytest.raises(UserError, match="cannot name a folder"):
        reanalyze(demo_session, name, Settings(device="cpu"), pipeline=pipeline)
