"""Sessions on disk: written data are read back, and damage is reported in one sentence."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from session_files import INFO_OF_TEST, face, write_session

from expnet_live.app.player.replay import Replay
from expnet_live.app.state.gauge import COEFFICIENTS
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_whole
from expnet_live.outputs.export.export import export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.format.folder import INFO, MARKERS, TABLE, FolderLock, in_use, new_folder, sessions_root
from expnet_live.sessions.format.info import SCHEMA, SessionInfo, read_info, write_info
from expnet_live.sessions.reading import session as session_module
from expnet_live.sessions.reading.session import Session, entry_of, list_sessions
from expnet_live.sessions.recording.writer import SessionWriter


@pytest.fixture(params=["with Arrow", "with Python alone"], autouse=True)
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to read tables: the folder that needs no Python has no Arrow."""
    if request.param == "with Python alone":
        monkeypatch.setitem(sys.modules, "pyarrow", None)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_session(tmp_path / "s", n=12)
    session = Session.open(tmp_path / "s")
    rows, info = session.rows, session.info
    assert info.to_json() == replace(INFO_OF_TEST, status="complete", frames=12, rows=12).to_json()
    assert len(rows) == 12 and rows.frame.tolist() == list(range(12))
    assert rows.face.tolist() == [0, 0, 0, 0, 0, -1] * 2 and rows.confidence[5] == 0
    seen = rows.face >= 0
    for i in np.flatnonzero(seen):
        written = face(i)
        assert (rows.expression[i] == written.expression).all()  # to the last bit
        assert (rows.expression_raw[i] == written.expression_raw).all()
        assert (rows.identity[i] == written.identity).all()
        assert (rows.rotation[i] == written.pose.rotation).all() and (rows.gaze[i] == written.gaze).all()
        assert rows.box[i].tolist() == pytest.approx([written.box.x, written.box.y, written.box.w, written.box.h])
    for part in (rows.expression, rows.expression_raw, rows.identity, rows.box, rows.rotation, rows.gaze):
        assert np.isnan(part[~seen]).all()
    assert (np.diff(rows.time) > 0).all() and rows.video_frame.tolist() == [-1] * 12
    assert [(m.time, m.label) for m in session.markers] == [(0.1, "here"), (0.25, 'with, "quotes"')]
    assert session.video is None


def test_a_row_cut_off_is_left_out(tmp_path: Path) -> None:
    write_session(tmp_path, n=10)
    table = tmp_path / TABLE
    whole = table.read_bytes()
    end = whole.rstrip(b"\n").rfind(b"\n") + 1  # of the row before the last
    for cut in (end, end + 1, end + 40, len(whole) - 1):
        table.write_bytes(whole[:cut])
        assert Session.open(tmp_path).rows.frame.tolist() == list(range(9))
    table.write_bytes(whole + b"\0" * 500)  # as after a power cut
    assert len(Session.open(tmp_path).rows) == 10
    markers = tmp_path / MARKERS
    markers.write_bytes(markers.read_bytes()[:-4])
    assert [m.time for m in Session.open(tmp_path).markers] == [0.25]


def _fields(name: str, value: str, row: int = 3) -> Callable[[Path], None]:
    """Damage: another `value` in the column `name`."""

    def damage(folder: Path) -> None:
        lines = (folder / TABLE).read_text().splitlines()
        fields = lines[row].split(",")
        fields[lines[0].split(",").index(name)] = value
        lines[row] = ",".join(fields)
        (folder / TABLE).write_text("\n".join(lines) + "\n")

    return damage


def _noted(**changes: object) -> Callable[[Path], None]:
    """Damage: other things in session.json; ... takes one away."""

    def damage(folder: Path) -> None:
        data = json.loads((folder / INFO).read_text()) | changes
        (folder / INFO).write_text(json.dumps({k: v for k, v in data.items() if v is not ...}))

    return damage


def _written(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(data) and None


def _replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text((folder / name).read_text().replace(old, new)) and None


def _removed(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no session.json": (_removed(INFO), "is not a session"),
    "empty session.json": (_written(INFO, b""), "damaged or from another program"),
    "binary session.json": (_written(INFO, bytes(range(256))), "damaged or from another program"),
    "half of session.json": (_written(INFO, INFO_OF_TEST.to_json()[:300].encode()), "damaged or from another program"),
    "another program's": (_written(INFO, b'{"name": "my-app", "version": 3}'), "damaged or from another program"),
    "a list": (_written(INFO, b"[1, 2]"), "damaged or from another program"),
    "a number": (_written(INFO, b"7"), "damaged or from another program"),
    "future schema": (_noted(schema=SCHEMA + 1, frames=...), "newer version .* update expnet-live"),
    "schema of nonsense": (_noted(schema="x"), "damaged or from another program"),
    "schema 0": (_noted(schema=0), "there is no schema 0"),
    "unknown status": (_noted(status="paused"), "there is no status paused"),
    "no coefficients": (_noted(coefficients=[]), "need different names"),
    "a name twice": (_noted(coefficients=["a"] * 29), "need different names"),
    "a number as a name": (_noted(coefficients=[1, 2]), "1 should be a text"),
    "no profile": (_noted(profile=...), "no 'profile'"),
    "profile of nonsense": (_noted(profile=3), "damaged or from another program"),
    "more identity than there is memory": (_noted(n_identity=10**12), "damaged or from another program"),
    "pictures that fill the memory": (_noted(width=10**6, height=10**6), "damaged or from another program"),
    "width as text": (_noted(width="wide"), "'wide' should be a count"),
    "negative count": (_noted(frames=-1), "-1 should be a count"),
    "time not finite": (_noted(duration_s=float("nan")), "should be a number"),
    "other number of identity": (_noted(n_identity=80), "no column identity_06 and others"),
    "no table": (_removed(TABLE), "is missing"),
    "empty table": (_written(TABLE, b""), "is empty"),
    "table of zeros": (_written(TABLE, b"\0" * 4000), "is empty"),
    "binary table": (_written(TABLE, bytes(range(256)) * 9), "has no column frame and others"),
    "table of another program": (_written(TABLE, b"a,b\n1,2\n"), "has no column frame and others"),
    "a line end within the header": (_replaced(TABLE, ",raw_c7,", "\r,raw_c7,"), "damaged at its first line"),
    "missing column": (_replaced(TABLE, ",raw_c7,", ",raw_x,"), "has no column raw_c7;"),
    "text for a number": (_fields("c3", "high"), "damaged at line 4"),
    "NaN for a coefficient": (_fields("c3", "nan"), "damaged at line 4"),
    "empty coefficient of a face": (_fields("raw_c3", ""), "damaged at line 4"),
    "infinite pose": (_fields("tx", "inf"), "damaged at line 4"),
    "no time": (_fields("timestamp_s", ""), "damaged at line 4"),
    "time turns back": (_fields("timestamp_s", "0.001"), "damaged at line 4"),
    "half a frame": (_fields("frame", "2.5"), "damaged at line 4"),
    "frames turn back": (_fields("frame", "0"), "damaged at line 4"),
    "negative video frame": (_fields("video_frame", "-4"), "damaged at line 4"),
    "short row": (_fields("identity_05", "1\n3,4"), "damaged at line 5"),
    "long row": (_fields("identity_05", "1,2,3"), "damaged at line 4"),
    "a row of one field": (_fields("identity_05", "1\n8\n3"), "damaged at line 5"),
    "a quote without an end": (_fields("c3", '"1'), "damaged at line 4"),
    "digits of another script": (_fields("c3", "\u0661"), "damaged at line 4"),
    "zeros within": (_fields("c3", "\0\0\0"), "damaged at line 4"),
    "a spreadsheet's semicolons": (_replaced(TABLE, ",", ";"), "separated by semicolons; save it as CSV with commas"),
    "a spreadsheet's tabs": (_replaced(TABLE, ",", "\t"), "separated by tabs; save it as CSV with commas"),
    "markers with semicolons": (_replaced(MARKERS, ",", ";"), "separated by semicolons; save it as CSV with commas"),
    "markers of nonsense": (_written(MARKERS, b"a,b,c\n1,2,3\n"), "damaged at line 1; correct that line or delete it"),
    "a marker without its label": (_written(MARKERS, b"timestamp_s,label\n1,b\n3\n"), "damaged at line 3; correct"),
    "a marker's time": (_written(MARKERS, b"timestamp_s,label\nnan,x\n"), "damaged at line 2; correct"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damages_are_told_in_one_sentence(tmp_path: Path, name: str) -> None:
    damage, sentence = DAMAGES[name]
    write_session(tmp_path / "s", n=8)
    damage(tmp_path / "s")
    with pytest.raises(UserError, match=sentence) as caught:
        Session.open(tmp_path / "s")
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".") and str(tmp_path) in text
    list_sessions(tmp_path)  # a damaged session does not hide the others


def test_folders_that_are_no_sessions(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="does not exist"):
        Session.open(tmp_path / "nowhere")
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(UserError, match="is not a session"):
            Session.open(path)
    assert list_sessions(tmp_path / "nowhere") == []


def test_unknown_columns_are_passed_over(tmp_path: Path) -> None:
    write_session(tmp_path, n=4)
    lines = (tmp_path / TABLE).read_text().splitlines()
    (tmp_path / TABLE).write_text("".join(f"{w},{line}\n" for w, line in zip(["new", *"12345"], lines, strict=False)))
    assert Session.open(tmp_path).rows.frame.tolist() == [0, 1, 2, 3]


def test_actions_are_read_back_where_there_are_any(tmp_path: Path) -> None:
    write_session(tmp_path / "without", n=4)
    assert np.isnan(Session.open(tmp_path / "without").rows.blendshapes).all()
    weights = np.random.default_rng(5).random(52).astype(np.float32)
    info = replace(INFO_OF_TEST, blendshapes=True, person=replace(INFO_OF_TEST.person, resting={"jawOpen": 0.125}))
    writer = SessionWriter(tmp_path / "with", info)
    faces = [[replace(face(0), blendshapes=weights)], [], [face(2)]]
    for i, seen in enumerate(faces):
        writer.write(i, None, i / 30, seen)
    writer.close(3, 0, None, "")
    session = Session.open(tmp_path / "with")
    assert session.info.blendshapes and session.info.person.resting == {"jawOpen": 0.125}
    assert (session.rows.blendshapes[0] == weights).all()
    assert session.rows.blendshapes_of(1) is None and session.rows.blendshapes_of(2) is None
    # Sessions of before have neither field.
    path = tmp_path / "without" / INFO
    data = json.loads(path.read_text())
    del data["blendshapes"], data["profile"]["resting"]
    path.write_text(json.dumps(data))
    assert not read_info(tmp_path / "without").blendshapes


def test_sessions_are_listed_and_edited(tmp_path: Path) -> None:
    for name in ("2026-01-02 10-00-00", "2026-01-03 09-00-00", "2026-01-01 08-00-00"):
        write_session(tmp_path / name, n=2)
    (tmp_path / "else").mkdir()
    _written(INFO, b"")(tmp_path / "2026-01-02 10-00-00")
    write_info(tmp_path / "2026-01-01 08-00-00", INFO_OF_TEST)  # as a killed program leaves it
    newest, damaged, oldest = list_sessions(tmp_path)
    assert newest.info is not None and newest.info.complete and not newest.killed
    assert damaged.info is None and "damaged" in damaged.problem
    assert oldest.killed and not oldest.active
    lock = FolderLock(oldest.folder)
    try:
        assert list_sessions(tmp_path)[-1].active and not list_sessions(tmp_path)[-1].killed
    finally:
        lock.release()
    assert newest.info is not None
    write_info(newest.folder, replace(newest.info, title="Grüße", notes="two\nlines"))
    again = read_info(newest.folder)
    assert (again.title, again.notes) == ("Grüße", "two\nlines")
    assert sorted(p.name for p in newest.folder.iterdir()) == [TABLE, MARKERS, INFO]


def test_where_sessions_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("EXPNET_LIVE_SESSIONS", raising=False)
    assert sessions_root() == tmp_path / "data" / "sessions"
    monkeypatch.setenv("EXPNET_LIVE_SESSIONS", str(tmp_path))
    assert sessions_root() == tmp_path
    first = new_folder(tmp_path)
    first.mkdir()
    assert new_folder(tmp_path) != first


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "folder", "text")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_info_that_no_program_would_write() -> None:
    with pytest.raises(ValueError, match="need different names"):
        SessionInfo.from_json(INFO_OF_TEST.to_json().replace('"c3"', '"c4"'))


@pytest.mark.parametrize("n", [1, 5, 52])
def test_a_model_may_have_any_number_of_coefficients(tmp_path: Path, n: int) -> None:
    names = tuple(f"c{i}" for i in range(n))
    write_session(tmp_path / "s", n=12, names=names)
    session = Session.open(tmp_path / "s")
    assert session.info.coefficients == names and session.rows.expression.shape == (12, n)
    assert (session.rows.expression_raw[3] == face(3, n_names=n).expression_raw).all()
    done = export(session, ExportOptions("csv", tmp_path / "out.csv", neutral=False, gains=False))
    with done.path.open(newline="") as f:
        rows = list(csv.DictReader(f))
    assert np.float32([rows[3][name] for name in names]).tolist() == session.rows.expression[3].tolist()
    replay = Replay.load(tmp_path / "s")
    assert replay.names == names and replay.expression.shape == (12, n)
    assert set(names) <= replay.track(COEFFICIENTS).channels.keys()


@pytest.mark.parametrize("way", ["mark", "blank", "crlf", "all", "quotes"])
def test_tables_that_passed_through_other_programs(tmp_path: Path, way: str) -> None:
    write_session(tmp_path, n=12)
    before = Session.open(tmp_path).rows
    table = tmp_path / TABLE
    data = table.read_bytes()
    if way in ("blank", "all"):
        lines = data.split(b"\n")
        data = b"\n\n" + b"\n\n\n".join(lines[:5]) + b"\n" + b"\n".join(lines[5:]) + b"\n"
    if way == "quotes":
        fields = [b",".join(b'"' + f + b'"' for f in line.split(b",")) for line in data.splitlines()]
        data = b"\n".join(fields) + b"\n"
    if way in ("crlf", "all"):
        data = data.replace(b"\n", b"\r\n")
    if way in ("mark", "all"):
        data = b"\xef\xbb\xbf" + data
    table.write_bytes(data)
    after = Session.open(tmp_path).rows
    for name, values in vars(before).items():
        assert np.array_equal(getattr(after, name), values, equal_nan=True)


def test_a_damage_is_found_among_blank_lines(tmp_path: Path) -> None:
    write_session(tmp_path, n=12)
    lines = (tmp_path / TABLE).read_text().splitlines()
    lines[4] = lines[4].replace(",0,", ",x,", 1)
    (tmp_path / TABLE).write_text("\n" + "\n\n".join(lines) + "\n")
    with pytest.raises(UserError, match="damaged at line 10;"):
        Session.open(tmp_path)
    lines[4] = ",".join(["1", *lines[4].replace(",x,", ",0,", 1).split(",")[1:]])  # an earlier frame's number
    (tmp_path / TABLE).write_text("\n" + "\n\n".join(lines) + "\n")
    with pytest.raises(UserError, match="damaged at line 10;"):
        Session.open(tmp_path)


def test_reading_can_be_broken_off(tmp_path: Path) -> None:
    write_session(tmp_path, n=4)

    def stop(done: int, total: int) -> None:
        assert 0 <= done <= total
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Session.open(tmp_path, stop)


def test_who_reads_a_session_twice_reads_it_once(tmp_path: Path) -> None:
    write_session(tmp_path / "s", n=12)
    first = Session.open(tmp_path / "s")
    write_info(first.folder, replace(first.info, title="Another"))
    again = Session.open(tmp_path / "s")
    assert again.info.title == "Another" and again.rows is first.rows
    write_session(tmp_path / "s", n=13)
    assert len(Session.open(tmp_path / "s").rows) == 13


def test_a_recording_that_ends_while_it_is_listed_was_not_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the readings of its information and of its lock; it was taken for one to recover."""
    writer = SessionWriter(tmp_path / "s", replace(INFO_OF_TEST, video_frames=None))
    writer.begin(0.0, 320, 240)
    writer.write(0, None, 0.0, [face(0)])

    def ended(folder: Path) -> bool:
        writer.close(1, 0, None, "")
        return in_use(folder)

    monkeypatch.setattr(session_module, "in_use", ended)
    listed = entry_of(tmp_path / "s")
    assert listed.info is not None and listed.info.complete and not listed.active and not listed.killed
