"""Sessions of format 1, recorded by the program of that time, still open, replay and export as before."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from expnet_live.app.player.replay import Replay
from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.catalog.catalog import set_notes
from expnet_live.sessions.reading.pictures import pictures
from expnet_live.sessions.reading.session import Session

DATA = Path(__file__).parent / "data" / "format1"


@pytest.mark.parametrize("name", ["video", "novideo"])
def test_it_opens_with_what_was_recorded(name: str) -> None:
    session = Session.open(DATA / name)
    info, rows = session.info, session.rows
    assert info.complete and info.source == "demo" and info.device == "cpu" and not info.recovered
    assert len(info.coefficients) == 29 and info.coefficients[0] == "jawOpen" and info.n_identity == 50
    assert len(rows) == info.rows == 31
    with (DATA / name / "coefficients.csv").open(newline="") as f:
        written = list(csv.DictReader(f))
    assert [f"{t:.6f}" for t in rows.time] == [row["timestamp_s"] for row in written]
    for i, coefficient in enumerate(info.coefficients):
        assert rows.expression[:, i].tolist() == np.float32([row[coefficient] for row in written]).tolist()
        assert rows.expression_raw[:, i].tolist() == np.float32([row[f"raw_{coefficient}"] for row in written]).tolist()
    assert np.isnan(rows.blendshapes).all()
    assert (session.video is not None) == (name == "video")


def test_its_pictures_are_there() -> None:
    session = Session.open(DATA / "video")
    assert session.video is not None
    shown = list(pictures(session.video, session.rows, (session.info.width, session.info.height)))
    assert [p.frame for p in shown] == session.rows.frame.tolist()
    assert {p.image.shape for p in shown} == {(480, 640, 3)}


@pytest.mark.parametrize("name", ["video", "novideo"])
def test_it_replays(name: str) -> None:
    replay = Replay.load(DATA / name)
    assert len(replay) == 31 and (replay.pose_row >= 0).all()
    assert np.isfinite(replay.expression).all() and (replay.picture >= 0).all() == (name == "video")


def test_its_table_is_exported_as_it_was(tmp_path: Path) -> None:
    done = export(Session.open(DATA / "video"), ExportOptions("csv", tmp_path / "out.csv"))
    assert done.path.read_bytes() == (DATA / "exported.csv").read_bytes()


def test_its_notes_can_be_changed(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    shutil.copytree(DATA / "novideo", folder)
    before = Session.open(folder)
    set_notes(folder, "looks left")
    after = Session.open(folder)
    assert after.info.notes == "looks left" and after.rows.expression.tolist() == before.rows.expression.tolist()
