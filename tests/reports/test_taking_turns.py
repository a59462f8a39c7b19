"""Two people who take turns in front of one camera are two in recordings and reports; who comes back is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from turns import FPS, SHOWN, turns

from expnet_live.cli import main
from expnet_live.reports.recordings import read_recordings
from expnet_live.sessions.reading.session import Session


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return turns(tmp_path_factory.mktemp("turns") / "turns.mp4")


def test_in_a_session(video: Path, tmp_path: Path) -> None:
    assert main(["record", "--source", str(video), "--out", str(tmp_path / "live")]) == 0
    assert main(["sessions", "import", str(video), "--out", str(tmp_path)]) == 0
    assert main(["sessions", "reanalyze", str(tmp_path / "turns"), "--name", "again"]) == 0
    for folder in ("live", "turns", "turns/reanalysis/again"):
        assert Session.open(tmp_path / folder).info.persons == {0: 0, 1: 1, 2: 0}, folder
        read = read_recordings([tmp_path / folder])
        assert read.remarks == [] and [face.face for face in read.faces] == [0, 1]
        first, other = read.faces
        assert first.minutes * 60 == pytest.approx(2 * SHOWN / FPS, abs=0.5)
        assert other.minutes * 60 == pytest.approx(SHOWN / FPS, abs=0.3)
        assert not (first.seen & other.seen).any()


def test_in_a_table(video: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["analyze", str(video), "--out", str(out)]) == 0
    (told,) = json.loads((out / "run.json").read_text())["runs"][0]["inputs"]
    assert told["people"] == {"0": 0, "1": 1, "2": 0}
    read = read_recordings([out])
    assert read.remarks == [] and [face.face for face in read.faces] == [0, 1]
    # The table alone does not tell.
    (all_,) = (alone := read_recordings([out / "coefficients.csv"])).faces
    assert len(alone.remarks) == 1 and all_.minutes == pytest.approx(sum(face.minutes for face in read.faces), rel=0.1)
