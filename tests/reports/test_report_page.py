"""The page of a report and its tables, from sessions, tables and data sets, and as Chromium shows it."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from colors import contrast
from made_faces import blinking, doing, marked, recording, slow_noise, write_table
from session_files import write_session

from expnet_live.cli import main
from expnet_live.reports import charts
from expnet_live.reports.definitions import DEFINITIONS
from expnet_live.reports.events import OUTSIDE, read_events, with_events
from expnet_live.reports.groups import Member
from expnet_live.reports.measures import figures_of
from expnet_live.reports.recordings import read_recordings
from expnet_live.reports.report import Report, make_report
from expnet_live.reports.synchrony import Synchrony
from expnet_live.reports.writing import write_report
from expnet_live.sessions.format.table import BLENDSHAPES
from expnet_live.sessions.reading.session import Session
from expnet_live.sessions.recording.writer import SessionWriter

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def figure(folder: Path, key: str, of: str = "") -> float:
    return next(float(r["value"]) for r in rows_of(folder / "figures.csv") if (r["figure"], r["of"]) == (key, of))


class Outside(HTMLParser):
    """Collects what a page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [f"{tag} {n}={v}" for n, v in attrs if n in ("src", "href", "data", "srcset", "action")]
        if tag in ("script", "link", "iframe", "object", "embed"):
            self.found.append(tag)


def test_all_words_of_a_report_can_be_read(tmp_path: Path) -> None:
    """By WCAG 2 AA, on the cards and above them."""
    write_table(tmp_path / "coefficients.csv", recording(20, "ada.mp4"), recording(20, "bob.mp4"))
    assert main(["report", str(tmp_path / "coefficients.csv"), "--out", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    colors = {*re.findall(r"[ {]color: (#\w{6})", page), *re.findall(r'<text[^>]* fill="(#\w{6})"', page)}
    assert len(colors) > 5
    assert all(contrast(color, "#ffffff") >= 4.5 for color in (*colors, *charts.COLORS))
    assert contrast(charts.MUTED, "#eef0f2") >= 4.5


@pytest.mark.parametrize(("value", "text"), [(0.96, "0.960"), (11.0, "11"), (10.8, "10.8"), (0.0, "0"), (123.4, "123")])
def test_figures_below_each_other_are_as_exact(value: float, text: str) -> None:
    assert charts.shown(value) == text


def test_a_report_of_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(
        tmp_path / "an" / "coefficients.csv", blinking(recording(40, "ada.mp4"), 4.0, 0.2), recording(20, "<b>")
    )
    out = tmp_path / "report"
    assert main(["report", str(tmp_path / "an"), "--out", str(out)]) == 0
    assert "2 faces" in capsys.readouterr().out
    assert figure(out, "blink_rate") == pytest.approx(15, rel=0.02)
    assert figure(out, "blink_duration") == pytest.approx(200, abs=15)
    page = (out / "report.html").read_text(encoding="utf-8")
    outside = Outside()
    outside.feed(page)
    assert outside.found == [] and "url(" not in page and "@import" not in page
    assert "&lt;b&gt;" in page and "<b>, " not in page
    for key in ("in_frame", "blink_rate", "range", "speed"):
        assert DEFINITIONS[key].title in page and DEFINITIONS[key].source.split(",")[0] in page.replace("&amp;", "&")
    overview = page.partition("<h2>All faces</h2>")[2].partition("</section>")[0]
    for key in ("duration", "in_frame", "quality", "blink_rate", "blink_duration"):
        assert escape(DEFINITIONS[key].text) in overview and escape(DEFINITIONS[key].source) in overview
    told = {row["figure"] for row in rows_of(out / "figures.csv")}
    assert told <= {row["figure"] for row in rows_of(out / "definitions.csv")}


def cells(page: str, first: str) -> list[str]:
    """The texts of the row of a table that begins with `first`."""
    (row,) = re.findall(rf"<tr>(<td>{re.escape(first)}</td>.*?)</tr>", page)
    return re.findall(r"<td[^>]*>(.*?)</td>", row)


def test_a_page_of_many_faces_tells_how_they_are_spread(tmp_path: Path) -> None:
    made = []
    for i in range(101):
        one = doing(recording(6, f"p{i:03}", 0.0), np.linspace(0, 0.5, 180), "mouthFunnel")
        # Face i is seen from 1.7 i frames on, and opens its mouth 0.4 s after each marker.
        opens = 0.6 * (one.time >= 2.4)
        one = marked(doing(one, opens, "jawOpen"), (2.0, "go"))
        made.append(replace(one, seen=np.arange(180) >= 1.7 * i, quality=np.full(180, 0.8)))
    write_report(make_report(made), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "101 faces are too many to show one by one" in page and "figures.csv holds all figures" in page
    assert page.count("<h2>") == 1 and len(page) < 60_000
    told = cells(page, "Time in frame (%)")
    shares = sorted(f.value for r in made for f in figures_of(r) if f.key == "in_frame")
    assert told[1] == "101"
    assert [float(v) for v in told[2:]] == pytest.approx([shares[k] for k in (5, 25, 50, 75, 95)], rel=0.01)
    doubtful = page.partition("with the least time in frame times quality")[2]
    assert re.findall(r"<td>(p\d+)</td>", doubtful) == [f"p{i:03}" for i in range(100, 80, -1)]
    (latency,) = re.findall(r"<tr><td>go</td><td>mouth open</td>(.*?)</tr>", page)
    answers = [r for r in rows_of(tmp_path / "latencies.csv") if r["action"] == "mouth open"]
    late = [float(r["latency_ms"]) for r in answers if r["latency_ms"]]
    assert f">{len(late)} of {len(answers)}<" in latency and f">{np.median(late):.0f}<" in latency
    assert len({r["recording"] for r in rows_of(tmp_path / "figures.csv")}) == 101
    write_report(make_report(made[:100]), tmp_path)
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count("<h2>") == 101  # as many as are shown


def test_a_page_of_many_pairs_tells_how_they_are_spread(tmp_path: Path) -> None:
    lags = np.arange(-20, 21) / 10
    found = [
        Synchrony("smile", f"{i}.mp4, face 0", f"{i}.mp4, face 1", i / 100, 0.1 * (i % 3 - 1), p, 9, lags, lags)
        for i in range(51)
        for p in [0.01 if i < 5 else float("nan") if i == 50 else 0.5]
    ]
    faces = make_report([recording(2)]).faces
    write_report(Report(faces, found, compared=True), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "These are 51 pairs, too many to show one by one; synchrony.csv holds them" in page
    assert cells(page, "smile") == ["smile", "51", "0.25", "0.12 to 0.38", "+0.0", "50", "10 %"]
    assert len(rows_of(tmp_path / "synchrony.csv")) == 51
    write_report(Report(faces, found[:50], compared=True), tmp_path)
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count(", face 0 and ") == 50


def test_the_most_frequent_of_many_markers_are_shown(tmp_path: Path) -> None:
    moments = np.arange(2.0, 134.0, 2.0)
    one = recording(140, fps=20.0)
    open_ = sum((0.6 * ((one.time >= t + 0.3) & (one.time < t + 0.6)) for t in moments), np.zeros(len(one.time)))
    labels = [*(f"trial {k}" for k in range(60)), *["rest"] * 6]
    one = marked(doing(one, open_, "jawOpen"), *zip(moments.tolist(), labels, strict=True))
    write_report(make_report([one]), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "These are the 50 most frequent of 61 markers; latencies.csv has all." in page
    shown = re.findall(r"<tr><td>([^<]*)</td><td>mouth open</td>", page)
    assert len(shown) == 50 and shown[0] == "trial 0" and shown[-1] == "rest"
    assert len({r["marker"] for r in rows_of(tmp_path / "latencies.csv")}) == 61


def test_recordings_are_left_out_of_a_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, groups = tmp_path / "table.csv", tmp_path / "groups.csv"
    made = [doing(recording(12, f"{i}.mp4", seed=i), slow_noise(360, i), "jawOpen") for i in range(5)]
    write_table(table, *made)
    command = ["report", str(table), "--groups", str(groups), "--out", str(tmp_path / "out")]
    lines = ["source,participant,group", *(f"{i}.mp4,p{i},{'ab'[i % 2]}" for i in range(3))]
    groups.write_text("\n".join(lines))
    assert main(command) == 2
    said = capsys.readouterr().err
    assert (
        "--groups has no line for 3.mp4, 4.mp4; add one for each, with participant and group, or with its source"
        in said
    )
    groups.write_text("\n".join([*lines, "3.mp4,p3,b", "4.mp4", ",,"]))
    assert main(command) == 0
    assert "4.mp4: left out of the comparison, as --groups says." in capsys.readouterr().err
    found = rows_of(tmp_path / "out" / "groups.csv")
    assert {(r["participants"], r["reference_people"], r["group_people"]) for r in found} == {("4", "2", "2")}
    assert "4.mp4" in {r["recording"] for r in rows_of(tmp_path / "out" / "figures.csv")}


def test_blinks_between_frames_have_no_duration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(tmp_path / "an" / "coefficients.csv", blinking(recording(40, "slow.mp4", fps=5.0), 4.1, 0.2))
    out = tmp_path / "report"
    assert main(["report", str(tmp_path / "an"), "--out", str(out)]) == 0
    said = "slow.mp4: too few frames a second for the duration of its blinks, which is left out"
    assert said in capsys.readouterr().err and said in (out / "report.html").read_text(encoding="utf-8")
    assert figure(out, "blinks") > 5
    assert "blink_duration" not in {row["figure"] for row in rows_of(out / "figures.csv")}


def test_the_docs_tell_the_definitions() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8").replace("&#124;", "|")
    for d in DEFINITIONS.values():
        assert f"| {d.title} | {d.unit} | {d.text} | {d.source} |" in docs


def test_a_data_set_gives_the_figures_of_its_table(tmp_path: Path) -> None:
    from pyarrow import csv as tables
    from pyarrow import parquet

    made = blinking(recording(30, "ada.mp4"), 3.0, 0.2)
    write_table(tmp_path / "table.csv", made)
    folder = tmp_path / "set" / "part=0"
    folder.mkdir(parents=True)
    parquet.write_table(tables.read_csv(tmp_path / "table.csv"), folder / "frames.parquet")
    (one,), (other,) = (read_recordings([tmp_path / name]).faces for name in ("table.csv", "set"))
    np.testing.assert_array_equal(one.weights, other.weights)
    np.testing.assert_allclose(one.weights, made.weights, atol=1e-6)
    assert one.name == "ada.mp4" and one.seen.all()


def test_the_recordings_of_a_data_set_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    from pyarrow import csv as tables
    from pyarrow import parquet

    for bucket, name in enumerate(("cid.mp4", "ada.mp4", "ben.mp4")):
        write_table(tmp_path / "table.csv", recording(2, name))
        folder = tmp_path / "set" / f"bucket={bucket}"
        folder.mkdir(parents=True)
        parquet.write_table(tables.read_csv(tmp_path / "table.csv"), folder / "frames.parquet")
    assert [r.name for r in read_recordings([tmp_path / "set"]).faces] == ["ada.mp4", "ben.mp4", "cid.mp4"]


def test_an_archive_is_read_file_by_file(tmp_path: Path) -> None:
    """Each of its files has whole inputs, and all together may need more memory than there is."""
    from pyarrow import csv as tables
    from pyarrow import parquet

    as_archived = tables.ConvertOptions(column_types=dict.fromkeys(BLENDSHAPES, "float32"))
    for i in range(6):
        write_table(tmp_path / "table.csv", blinking(recording(10, f"{i}.mp4", seed=i), 3.0, 0.2))
        (tmp_path / "set" / f"bucket={i}").mkdir(parents=True)
        frames = tables.read_csv(tmp_path / "table.csv", convert_options=as_archived)
        parquet.write_table(frames, tmp_path / "set" / f"bucket={i}" / "frames.parquet")
    read, most = [], []
    for archive in (False, True):
        if archive:
            (tmp_path / "set" / "dataset.json").write_text("{}")
        tracemalloc.start()
        read.append(read_recordings([tmp_path / "set"]).faces)
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert [r.source for r in read[1]] == [f"{i}.mp4" for i in range(6)]
    for one, other in zip(*read, strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)
        assert figures_of(one) == figures_of(other)
    assert most[1] < 0.75 * most[0]


def test_recordings_that_are_called_alike_stay_apart(tmp_path: Path, demo_session: Session) -> None:
    """Everyone's first trial is called trial1.mp4, and everyone's take "Take": they are no faces of one recording."""
    for i, who in enumerate("ab"):
        write_table(tmp_path / who / "coefficients.csv", recording(20, "trial1.mp4", seed=i))
    write_table(tmp_path / "both.csv", *(recording(20, f"{who}/007", seed=5) for who in "ab"))
    takes = [tmp_path / who / "take" for who in "ab"]
    info = replace(demo_session.info, blendshapes=True, video_frames=None, title="Take")
    for folder in takes:
        writer = SessionWriter(folder, info)
        for i in range(20):
            shapes = np.full(52, 0.1, np.float32)
            writer.write(i, None, i / 30, [replace(demo_session.rows.state_of(0), frame=i, blendshapes=shapes)])
        writer.close(0, 0, (0, 0), "")
    inputs = [tmp_path / "a", tmp_path / "b", tmp_path / "b" / ".." / "b", tmp_path / "both.csv", *takes]
    faces = read_recordings(inputs).faces
    a, b = tmp_path / "a", tmp_path / "b"
    names = [f"{a}/trial1.mp4", f"{b}/trial1.mp4", "a/007", "b/007", f"{a}/take/Take", f"{b}/take/Take"]
    assert [r.source for r in faces] == [r.name for r in faces] == names
    assert make_report(faces).pairs == []
    (a / "takes").mkdir()
    for i, folder in enumerate(takes):
        folder.rename(a / "takes" / str(i))
    assert [r.name for r in read_recordings([a / "takes"]).faces] == [f"{a}/takes/{i}/Take" for i in range(2)]


def test_who_comes_back_under_another_number_is_one_person(tmp_path: Path, demo_session: Session) -> None:
    made = blinking(recording(30), 3.0, 0.2)
    table, folder = tmp_path / "table.csv", tmp_path / "take"
    away = (made.time >= 10) & (made.time < 20)
    write_table(table, replace(made, seen=~away))
    head, *lines = table.read_text().splitlines()
    at = head.split(",").index("face")
    cells = [line.split(",") for line in lines]
    for row in cells[600:]:
        row[at] = "1"
    table.write_text("\n".join([head, *map(",".join, cells), ""]))
    writer = SessionWriter(folder, replace(demo_session.info, blendshapes=True, video_frames=None))
    state = demo_session.rows.state_of(0)
    for i, time in enumerate(made.time.tolist()):
        shapes = made.weights[i].astype(np.float32)
        face = replace(state, face=int(i >= 600), frame=i, timestamp=time, blendshapes=shapes)
        writer.write(i, None, time, [] if away[i] else [face])
    writer.close(0, 0, (0, 0), "")
    for path in (table, folder):
        read = read_recordings([path])
        (face,) = read.faces
        told = {f.key: f.value for f in figures_of(face)}
        assert face.name == face.title and told["gaps"] == 1
        assert told["in_frame"] == pytest.approx(100 * 2 / 3, abs=0.2)
        assert told["blink_rate"] == pytest.approx(18, rel=0.01)  # six in 20 s
        assert read.remarks == [f"{face.title}: its faces are never there at once, so they count as one person."]


def test_the_looks_of_a_data_set_tell_who_comes_back(tmp_path: Path) -> None:
    """The second face is the first one again, the third is somebody else; they take turns."""
    import pandas as pd

    made = blinking(recording(30), 3.0, 0.2)
    write_table(tmp_path / "table.csv", made)
    rows = pd.read_csv(tmp_path / "table.csv")
    rows["face"] = np.minimum(rows["timestamp_s"] // 10, 2)
    rows["appearance"] = rows["face"].replace(1, 0)
    rows.to_parquet(tmp_path / "frames.parquet")
    read = read_recordings([tmp_path / "frames.parquet"])
    assert [(r.face, int(r.seen.sum())) for r in read.faces] == [(0, 600), (2, 300)]
    assert read.remarks == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have names of text alone")
def test_a_session_whose_folder_is_not_utf8(tmp_path: Path, demo_session: Session) -> None:
    folder = tmp_path / os.fsdecode(b"f\xe9lix")
    writer = SessionWriter(folder, replace(demo_session.info, blendshapes=True, video_frames=None, title=""))
    for i in range(60):
        shapes = np.full(52, 0.1, np.float32)
        writer.write(i, None, i / 30, [replace(demo_session.rows.state_of(0), frame=i, blendshapes=shapes)])
    writer.close(0, 0, (0, 0), "")
    out, table = tmp_path / "report", tmp_path / "gestures.csv"
    assert main(["report", str(folder), "--out", str(out)]) == 0
    assert {row["recording"] for row in rows_of(out / "figures.csv")} == {r"f\xe9lix"}
    assert main(["gestures", str(folder), "demo", "--out", str(table)]) == 0
    for kind in ("bids", "parquet", "pyfeat"):
        assert main(["export", str(folder), "--to", kind, "--out", str(tmp_path / os.fsdecode(b"\xe9") / kind)]) == 0


def test_markers_of_a_table(tmp_path: Path) -> None:
    """Tables of a session's video, and exported ones, name its markers in their last column."""
    made = recording(40)
    smiles = sum((0.6 * ((made.time > t + 0.5) & (made.time < t + 2)) for t in (10.0, 20.0)), np.zeros(len(made.time)))
    table = tmp_path / "table.csv"
    write_table(table, doing(made, smiles, "mouthSmileLeft", "mouthSmileRight"))
    head, *lines = table.read_text().splitlines()
    marks = {300: "go; ready", 600: "go; ready"}
    table.write_text("\n".join([f"{head},marker", *(f"{line},{marks.get(i, '')}" for i, line in enumerate(lines)), ""]))
    (face,) = read_recordings([table]).faces
    assert [(m.time, m.label) for m in face.markers] == [(10, "go"), (10, "ready"), (20, "go"), (20, "ready")]
    assert main(["report", str(table), "--out", str(tmp_path / "out")]) == 0
    rows = [r for r in rows_of(tmp_path / "out" / "latencies.csv") if r["action"] == "smile"]
    assert {r["marker"] for r in rows} == {"go", "ready"}
    assert [float(r["latency_ms"]) for r in rows] == pytest.approx([515] * 4, abs=20)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("events.csv", "source,timestamp_s,label\ntrial1.mp4,10,go\ntrial1.mp4,20.0,go\ntrial2,10,go\n,,\n"),
        ("events.csv", "\ufefflabel;source;timestamp_s\ngo;ada/trial1.mp4;10,0\ngo;ada/trial1.mp4;20\ngo;trial2;10"),
        ("events.tsv", "onset\ttrial_type\tsource\n10.0\tgo\ttrial1\n20\tgo\ttrial1\n10\tgo\ttrial2\n"),
    ],
)
def test_markers_of_other_programs(tmp_path: Path, name: str, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = recording(40, "ada/trial1.mp4")
    smiles = sum((0.6 * ((made.time > t + 0.5) & (made.time < t + 2)) for t in (10.0, 20.0)), np.zeros(len(made.time)))
    smiling = doing(made, smiles, "mouthSmileLeft", "mouthSmileRight")
    write_table(tmp_path / "t.csv", smiling, replace(smiling, source="ben/trial2.mp4"))
    (tmp_path / name).write_text(table, encoding="utf-8")
    given = ["report", str(tmp_path / "t.csv"), "--markers", str(tmp_path / name), "--out", str(tmp_path / "out")]
    assert main(given) == 0 and not capsys.readouterr().err
    rows = [r for r in rows_of(tmp_path / "out" / "latencies.csv") if r["action"] == "smile"]
    assert [(r["recording"], r["marker"], float(r["marker_s"])) for r in rows] == [
        ("ada/trial1.mp4", "go", 10), ("ada/trial1.mp4", "go", 20), ("ben/trial2.mp4", "go", 10)
    ]  # fmt: skip
    assert [float(r["latency_ms"]) for r in rows] == pytest.approx([515] * 3, abs=20)


def test_markers_come_on_top_of_those_there_and_need_no_source_for_one_recording(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("timestamp_s,label\n5,late  start\n1,early\n", encoding="utf-8")
    (face,), said = with_events([marked(recording(20), (3.0, "own"))], read_events(tmp_path / "e.csv"))
    assert [(m.time, m.label) for m in face.markers] == [(1, "early"), (3, "own"), (5, "late start")] and not said


def test_markers_that_do_not_fit_are_told(tmp_path: Path) -> None:
    both = recording(20, "b/y.mp4")
    made = [recording(20, "a/x.mp4"), replace(both, face=0), replace(both, face=1)]
    (tmp_path / "e.csv").write_text("source,timestamp_s,label\nz.mp4,1,go\ny,5000,go\ny,6,go\n", encoding="utf-8")
    faces, said = with_events(made, read_events(tmp_path / "e.csv"))
    assert [len(f.markers) for f in faces] == [0, 2, 2]
    assert said == [
        f"b/y.mp4 (1 marker): {OUTSIDE}",
        "a/x.mp4: --markers has no line for it.",
        "z.mp4: in --markers, but no face of such a recording is read.",
    ]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (None, "There is no table"),
        (
            "time,label\n1,go\n",
            "has no column timestamp_s or onset; its first line must name source, timestamp_s, label",
        ),
        ("timestamp_s,name\n1,go\n", "has no column label or trial_type"),
        ("timestamp_s,label\nsoon,go\n", "has no time in line 2; write seconds from the recording's first frame"),
        ("timestamp_s,label\nnan,go\n", "has no time in line 2"),
        ("timestamp_s,label\n1,go\n2,\n", "says too little in line 3; fill in source, timestamp_s, label"),
        ("timestamp_s,label\n", "has no markers; write a line for each"),
        ("timestamp_s,label\n1,go\n", "has lines without a source, and the recording could be a/x.mp4, b/x.mp4"),
        ("source,timestamp_s,label\nx.mp4,1,go\n", "The source x.mp4 in --markers fits a/x.mp4 and b/x.mp4"),
    ],
)
def test_tables_of_markers_that_cannot_be_read(
    tmp_path: Path, table: str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(tmp_path / "t.csv", recording(5, "a/x.mp4"), recording(5, "b/x.mp4"))
    if table is not None:
        (tmp_path / "e.csv").write_text(table, encoding="utf-8")
    given = ["report", str(tmp_path / "t.csv"), "--markers", str(tmp_path / "e.csv"), "--out", str(tmp_path / "out")]
    assert main(given) == 2
    said = capsys.readouterr().err
    assert words in said and len(said.splitlines()) == 1 and not (tmp_path / "out").exists()


def test_names_of_digits_stay_names(tmp_path: Path) -> None:
    write_table(tmp_path / "table.csv", recording(20, "007"))
    assert [r.source for r in read_recordings([tmp_path / "table.csv"]).faces] == ["007"]


def test_a_comparison_that_finds_nothing_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(tmp_path / "table.csv", *(recording(12, f"{i}.mp4", seed=i) for i in range(3)))
    groups = tmp_path / "groups.csv"
    groups.write_text("source,participant,group\n0,a,x\n1,b,x\n2,c,y\nlost,d,y\n", encoding="utf-8")
    assert main(["report", str(tmp_path / "table.csv"), "--groups", str(groups), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().err
    assert "No figure of the groups can be compared: each group needs two people" in said
    assert "lost: in --groups, but no face of such a recording is read." in said
    assert "lost: in --groups" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_session_with_two_faces_and_markers(tmp_path: Path, demo_session: Session) -> None:
    n, fps = 900, 30.0
    base = slow_noise(n + 100, 4)
    one = doing(recording(n / fps), base[50 : 50 + n], "mouthSmileLeft", "mouthSmileRight")
    other = doing(recording(n / fps, seed=9), base[35 : 35 + n], "mouthSmileLeft", "mouthSmileRight")  # 0.5 s later
    folder = tmp_path / "talk"
    info = replace(demo_session.info, blendshapes=True, video_frames=None, max_faces=2)
    writer = SessionWriter(folder, info)
    state = demo_session.rows.state_of(0)
    for i in range(n):
        faces = [
            replace(state, face=k, frame=i, timestamp=i / fps, blendshapes=r.weights[i].astype(np.float32))
            for k, r in enumerate((one, other))
        ]
        writer.write(i, None, i / fps, faces)
    from expnet_live.sessions.format.markers import Marker

    writer.mark(Marker(12.0, "go"))
    writer.close(0, 0, (0, 0), "")
    out = tmp_path / "report"
    assert main(["report", str(folder), "--out", str(out)]) == 0
    (smile,) = [r for r in rows_of(out / "synchrony.csv") if r["signal"] == "smile"]
    assert float(smile["lag_s"]) == pytest.approx(0.5, abs=0.11) and float(smile["p"]) < 0.05
    assert {r["marker"] for r in rows_of(out / "latencies.csv")} == {"go"}
    assert 0 <= figure(out, "chance", "smile") <= 100
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Synchrony" in page and f"smoothing {info.smoothing}." in page


def test_what_a_page_cannot_tell_it_says(tmp_path: Path) -> None:
    made = [
        marked(recording(9, f"{name}.mp4"), (4.0, "a label that is longer than the curve has room for"))
        for name in "ab"
    ]
    write_report(make_report(made, together=True), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "No two faces share 16 s" in page and "No action followed a marker." in page
    assert re.search(r">a label [\w ]+…<", page)
    assert not (tmp_path / "synchrony.csv").exists()


def test_inputs_that_cannot_be_compared_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = [tmp_path / f"{name}.csv" for name in "ab"]
    for table in tables:
        write_table(table, recording(9, f"{table.stem}.mp4"))
    assert main(["report", *map(str, tables), "--together", "--out", str(tmp_path / "out")]) == 0
    assert "expnet-live: No two faces share 16 s" in capsys.readouterr().err
    assert main(["report", str(tables[0]), "--out", str(tmp_path / "alone")]) == 0
    assert capsys.readouterr().err == ""


def test_a_page_of_groups_tells_their_means_and_units(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    made, members = [], {}
    for i in range(8):
        one = recording(40, f"p{i}", seed=i)
        wave = 0.3 + 0.2 * (i % 2) + rng.normal(0, 0.03) + 0.1 * np.sin(2 * np.pi * one.time)
        made.append(doing(one, wave, "jawOpen"))
        members[f"p{i}"] = Member(f"p{i}", ("old", "young")[i % 2])
    write_report(make_report(made, members), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "difference, 0..1" in page and "difference, 1/s" in page and ", 4)<br>old " in page
    (jaw,) = [r for r in rows_of(tmp_path / "groups.csv") if r["figure"] == "mean jawOpen"]
    assert (jaw["group_people"], jaw["reference_people"]) == ("4", "4")
    assert float(jaw["group_mean"]) - float(jaw["reference_mean"]) == pytest.approx(float(jaw["estimate"]), abs=0.01)


def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "nothing"), "--out", str(tmp_path / "out")]) == 2
    assert "There is no session, table or data set" in capsys.readouterr().err
    assert main(["report", str(tmp_path), "--reference", "x", "--out", str(tmp_path / "out")]) == 2
    assert "--reference is a group of --groups" in capsys.readouterr().err
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert main(["report", str(tmp_path), "--groups", str(tmp_path / "no.csv"), "--out", str(tmp_path / "out")]) == 2
    assert "no.csv; check the name" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "other.csv"), "--out", str(tmp_path / "out")]) == 2
    assert "has no column timestamp_s" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_report_replaces_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, out = tmp_path / "table.csv", tmp_path / "out"
    write_table(table, *(recording(12, f"{i}.mp4", seed=i) for i in range(4)))
    command = ["report", str(table), "--out", str(out)]
    groups = tmp_path / "who" / "groups.csv"
    groups.parent.mkdir()
    text = "source,participant,group\n0,a,x\n1,b,x\n2,c,y\n3,d,y\n"
    groups.write_text(text, encoding="utf-8")
    assert main([*command, "--groups", str(groups)]) == 0 and (out / "groups.csv").is_file()
    capsys.readouterr()
    assert main(command) == 2
    assert f"There is already a file {out / 'report.html'}; add --overwrite" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0
    assert not (out / "groups.csv").exists(), "of the earlier report"
    for more in ([], ["--overwrite"]):
        here = ["report", str(table), "--groups", str(groups), "--out", str(groups.parent), *more]
        assert main(here) == 2
        assert "groups.csv is no table of a report, but would be replaced" in capsys.readouterr().err
    assert groups.read_text(encoding="utf-8") == text and len(list(groups.parent.iterdir())) == 1


def test_what_is_left_out_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Photos and other recordings without a face in ten frames, and sessions of a model without actions."""
    few = [recording(0.1, f"photo{i}.jpg") for i in range(5)]
    write_table(tmp_path / "an" / "coefficients.csv", blinking(recording(40, "ada.mp4"), 4.0, 0.2), *few)
    write_session(tmp_path / "old", 24)
    out = tmp_path / "report"
    assert main(["report", str(tmp_path / "an"), str(tmp_path / "old"), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert "1 face;" in said.out
    assert "photo0.jpg, photo1.jpg, photo2.jpg and 2 others: left out, because no face" in said.err
    assert "re-analyse" in said.err
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "photo0.jpg, photo1.jpg" in page and "re-analyse" in page
    assert main(["report", str(tmp_path / "old"), "--out", str(tmp_path / "none")]) == 2
    assert "the model has no actions; re-analyse" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace(b",", b";"), "are separated by semicolons; save it as CSV with commas"),
        (lambda text: text.replace(b",0.100000,", b",,"), "has no time in row 4; fill in timestamp_s"),
        (lambda text: text.replace(b",0.100000,", b",early,"), "timestamp_s of"),
        (lambda text: b"\x1aE\xdf\xa3\0\0" + text, "is no table; analyse it first"),
    ],
)
def test_tables_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[bytes], bytes], said: str
) -> None:
    path = tmp_path / "table.csv"
    write_table(path, recording(2, "ada.mp4"))
    path.write_bytes(change(path.read_bytes()))
    assert main(["report", str(path), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source;participant;group\na;p;g\nb;p\n", "says too little in line 3"),
        ("source,who,group\na,p,g\n", "has no column participant"),
        ("source,participant,group\na,p,g\nb,p\n", "says too little in line 3"),
        ("source,participant,group\na,p,g\na,p,h\n", "says two things about a"),
        ('source,participant,group\na,p,"g\n' + "b,q,h\n" * 30_000, "is damaged after line 1 "),
    ],
)
def test_tables_of_groups_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    write_table(tmp_path / "table.csv", recording(2, "a"))
    (tmp_path / "groups.csv").write_text(text, encoding="utf-8")
    command = ["report", str(tmp_path / "table.csv"), "--groups", str(tmp_path / "groups.csv")]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_chromium_shows_the_page(tmp_path: Path) -> None:
    made = marked(blinking(recording(40, "ada.mp4"), 4.0, 0.2), (10.0, "go"))
    write_report(make_report([made]), tmp_path)
    shot = tmp_path / "page.png"
    assert CHROMIUM is not None
    done = subprocess.run(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=960,1600",
         f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={shot}", (tmp_path / "report.html").as_uri()],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and shot.stat().st_size > 20_000
    text = subprocess.run(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--dump-dom", (tmp_path / "report.html").as_uri()],
        capture_output=True, text=True, timeout=300, check=False,
    ).stdout  # fmt: skip
    assert "Blink rate" in text and len(re.findall("<svg", text)) >= 3
