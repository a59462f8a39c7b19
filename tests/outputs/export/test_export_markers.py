"""Markers for ELAN, Praat and tables, read by pympi and pandas."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pympi.Elan import Eaf
from pympi.Praat import TextGrid
from session_files import write_session

from expnet_live.core.errors import UserError
from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.format.folder import MARKERS
from expnet_live.sessions.format.markers import Marker, header_line, marker_line
from expnet_live.sessions.reading.session import Session

MARKS = (
    Marker(0.1, 'naïve <smile> & "quotes"', "#33aa55"),
    Marker(0.25, "blink"),
    Marker(0.25, "at the same moment", "#ff0000"),
    Marker(0.9, "笑顔"),
)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """One second and markers."""
    write_session(tmp_path / "s", 31)
    lines = [header_line(), *map(marker_line, MARKS)]
    (tmp_path / "s" / MARKERS).write_bytes(b"".join(lines))
    return Session.open(tmp_path / "s")


def test_elan(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "s.eaf"
    assert export(session, ExportOptions("eaf", path)).moments == 4
    found = sorted(Eaf(str(path)).get_annotation_data_for_tier("markers"))
    assert [(begin, end) for begin, end, _ in found] == [(100, 250), (250, 251), (250, 900), (900, 1000)]
    assert sorted(label for *_, label in found) == sorted(m.label for m in MARKS)


def test_praat(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "s.TextGrid"
    export(session, ExportOptions("textgrid", path))
    grid = TextGrid(str(path), codec="utf-8")
    tier = grid.get_tier("markers")
    assert tier.tier_type == "TextTier" and (grid.xmin, grid.xmax) == (0.0, 1.0)
    points = [(float(time), label.replace('""', '"')) for time, label in tier.intervals]
    assert points == [(m.time, m.label) for m in MARKS]


def test_text(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "s.txt"
    export(session, ExportOptions("markers", path, start=0.2))
    table = pd.read_csv(path, sep="\t", keep_default_na=False, quoting=3)
    assert list(table) == ["time_s", "label", "color"]
    assert table["time_s"].tolist() == [0.25, 0.25, 0.9]
    assert table["label"].tolist() == [m.label for m in MARKS[1:]]
    assert table["color"].tolist() == ["", "#ff0000", ""]


def test_a_session_without_markers_says_so(session: Session, tmp_path: Path) -> None:
    (session.folder / MARKERS).unlink()
    bare = Session.open(session.folder)
    for name in ("eaf", "textgrid", "markers"):
        with pytest.raises(UserError, match="has no markers; set some in the player first"):
            export(bare, ExportOptions(name, tmp_path / name))
