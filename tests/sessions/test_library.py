"""The list of sessions and its actions, without a window."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from session_files import INFO_OF_TEST, N_IDENTITY, NAMES, face, picture, write_session

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.paths import data_folder
from expnet_live.sessions.catalog.catalog import Library, Status, rename, set_notes
from expnet_live.sessions.catalog.thumbnail import HEIGHT, WIDTH, make_thumbnail
from expnet_live.sessions.catalog.trash import Trashed, trash
from expnet_live.sessions.format.folder import INFO, TABLE, VIDEO, FolderLock
from expnet_live.sessions.format.info import COMPLETE, read_info, write_info
from expnet_live.sessions.format.table import Layout
from expnet_live.sessions.reading.session import list_sessions
from expnet_live.video.writer import CRASH_SAFE, VideoWriter


def with_video(folder: Path, n: int) -> None:
    """Of which only frames from 5 on show a face."""
    folder.mkdir(parents=True)
    video = VideoWriter(folder / VIDEO, 30, CRASH_SAFE)
    rows = Layout(NAMES, N_IDENTITY).header()
    for i in range(n):
        video.write(picture(i) if i < 5 else np.full((240, 320, 3), (40, 80, 200), np.uint8), i / 30)
        rows += b"".join(Layout(NAMES, N_IDENTITY).rows(i, i, i / 30, [face(i)] if i >= 5 else []))
    video.close()
    (folder / TABLE).write_bytes(rows)
    write_info(folder, replace(INFO_OF_TEST, status=COMPLETE, frames=n, rows=n, video_frames=n, duration=(n - 1) / 30))


def test_results_of_analyze_and_hidden_folders_are_no_sessions(tmp_path: Path) -> None:
    write_session(tmp_path / "one", 6)
    write_session(tmp_path / ".two.mp4.4711-0815.tmp", 6)  # as `sessions import` has it while it writes
    results = tmp_path / "results"
    assert main(["analyze", "demo", "--out", str(results), "--duration", "0.1"]) == 0
    assert [entry.folder.name for entry in list_sessions(tmp_path)] == ["one"]
    assert [entry.folder.name for entry in Library(tmp_path).entries()] == ["one"]
    with pytest.raises(UserError, match="is not a session"):
        trash(results)
    write_session(results, 6)  # into the same folder
    assert [entry.folder.name for entry in list_sessions(tmp_path)] == ["results", "one"]


def test_listed_newest_first_with_what_is_wrong(tmp_path: Path) -> None:
    assert Library(tmp_path / "nowhere").entries() == []
    root = tmp_path / "root"
    write_session(root / "b", 12)
    write_session(root / "z", 12)
    write_info(root / "z", replace(read_info(root / "z"), started="2025-12-31T23:59:00+01:00", recovered=True))
    (root / "2026-01-03 12-00-00").mkdir()
    (root / "2026-01-03 12-00-00" / INFO).write_text("{", encoding="utf-8")
    write_session(root / "old", 6)
    (root / "old" / TABLE).unlink()
    (root / "no info").mkdir()
    (root / "no info" / TABLE).touch()
    future = root / "future"
    write_session(future, 6)
    data = json.loads((future / INFO).read_text(encoding="utf-8"))
    (future / INFO).write_text(json.dumps({**data, "schema": 99}), encoding="utf-8")
    (root / "no session").mkdir()
    (root / "file").touch()
    entries = Library(root).entries()
    by_name = {e.folder.name: e for e in entries}
    assert set(by_name) == {"b", "z", "2026-01-03 12-00-00", "old", "no info", "future"}
    times = [e.started.timestamp() for e in entries]
    assert times == sorted(times, reverse=True)
    order = [e.folder.name for e in entries]
    assert order.index("2026-01-03 12-00-00") < order.index("b") < order.index("z")
    good = by_name["b"]
    assert (good.status, good.model, good.source, good.video) == (Status.COMPLETE, "expnet.safetensors", "demo", False)
    assert good.started.isoformat() == "2026-01-02T10:00:00+01:00" and good.readable and not good.locked
    assert by_name["z"].status is Status.RECOVERED
    for name, words in (
        ("2026-01-03 12-00-00", "is damaged"),
        ("old", "is missing"),
        ("no info", "no session.json"),
        ("future", "newer version"),
    ):
        entry = by_name[name]
        assert entry.status is Status.UNREADABLE and words in entry.problem and entry.problem.endswith("."), entry


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system sets its zone otherwise")
def test_no_damage_of_one_session_hides_the_others(tmp_path: Path, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for i, started in enumerate(("0001-01-01T00:00:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00+14:00", "")):
            write_session(tmp_path / f"s{i}", 6)
            write_info(tmp_path / f"s{i}", replace(read_info(tmp_path / f"s{i}"), started=started))
        write_session(tmp_path / "deep", 6)
        (tmp_path / "deep" / INFO).write_text("[" * 100_000, encoding="utf-8")
        entries = {e.folder.name: e for e in Library(tmp_path).entries()}
        assert [e.readable for name, e in sorted(entries.items())] == [False, True, True, True, True]
        assert "is damaged or from another program (it is nested too deeply)" in entries["deep"].problem
    finally:
        monkeypatch.undo()
        time.tzset()


def test_other_folders_are_listed_once(tmp_path: Path) -> None:
    write_session(tmp_path / "root" / "a", 6)
    write_session(tmp_path / "far" / "b", 6)
    others = (tmp_path / "root" / "a", tmp_path / "far" / "b", tmp_path / "gone", tmp_path / "far")
    entries = Library(tmp_path / "root").entries(others)
    assert sorted(e.folder.name for e in entries) == ["a", "b", "far"]
    assert next(e for e in entries if e.folder.name == "far").status is Status.UNREADABLE


def test_one_that_is_recorded_and_one_that_was_cut_off(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    write_session(folder, 6)
    write_info(folder, INFO_OF_TEST)
    library = Library(tmp_path)
    with FolderLock(folder):
        (entry,) = library.entries()
        assert entry.status is Status.RECORDING and entry.locked and not library.wants_thumbnail(entry)
        for act in (lambda: rename(folder, "x"), lambda: set_notes(folder, "x"), lambda: trash(folder)):
            with pytest.raises(UserError, match="being recorded"):
                act()
    (entry,) = library.entries()
    assert entry.status is Status.CUT_OFF and entry.readable


def test_title_and_notes(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    write_session(folder, 6)
    before = read_info(folder)
    rename(folder, "  A smile,\n “broad”  ")
    set_notes(folder, "one\ntwo\n")
    info = read_info(folder)
    assert (info.title, info.notes) == ("A smile, “broad”", "one\ntwo")
    assert replace(info, title="", notes="").to_json() == before.to_json()
    assert {p.name for p in folder.iterdir()} == {INFO, TABLE, "markers.csv"}
    (folder / INFO).write_text("[]", encoding="utf-8")
    with pytest.raises(UserError, match="damaged"):
        rename(folder, "x")
    assert (folder / INFO).read_text(encoding="utf-8") == "[]"


def test_thumbnails(tmp_path: Path) -> None:
    with_video(tmp_path / "video", 40)
    seen = make_thumbnail(tmp_path / "video")
    assert seen is not None and seen.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(seen.reshape(-1, 3).mean(0) - (40, 80, 200)).max() < 12  # a frame with a face
    write_session(tmp_path / "private", 600)
    drawn = make_thumbnail(tmp_path / "private")
    assert drawn is not None and drawn.shape == (HEIGHT, WIDTH, 3) and drawn.std() > 20
    assert sorted(p.name for p in (tmp_path / "private").iterdir()) == [TABLE, "markers.csv", INFO]  # no copy
    write_session(tmp_path / "empty", 0)
    (tmp_path / "video" / VIDEO).write_bytes(b"no video")
    broken = make_thumbnail(tmp_path / "video")
    assert make_thumbnail(tmp_path / "empty") is None and broken is not None  # as bars
    library = Library(tmp_path)
    entry = next(e for e in library.entries() if e.folder.name == "private")
    assert library.wants_thumbnail(entry) and library.thumbnail(entry).thumbnail is not None
    again = next(e for e in library.entries() if e.folder.name == "private")
    assert again.thumbnail is not None and not library.wants_thumbnail(again) and again == entry


def test_two_hundred_sessions_are_listed_at_once(tmp_path: Path) -> None:
    for i in range(200):
        write_session(tmp_path / f"{i:03d}", 2)
    library = Library(tmp_path)
    begun = time.process_time()
    assert len(library.entries()) == 200
    assert time.process_time() - begun < 0.5


# --- the trash ------------------------------------------------------------------------------------

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the trash of freedesktop.org")
TRASHING = """
import sys
from pathlib import Path
from expnet_live.core.errors import UserError
from expnet_live.sessions.catalog.trash import trash
try:
    trashed = trash(Path(sys.argv[1]))
    print(trashed.place)
    if "back" in sys.argv:
        trashed.restore()
except UserError as error:
    sys.exit(str(error))
"""


def trashing(folder: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """In a process whose home is another one: Send2Trash looks for it once."""
    env = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home / "data")}
    command = [sys.executable, "-c", TRASHING, str(folder), *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)


@linux
def test_to_the_trash_and_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    folder = tmp_path / "sessions" / "2026-01-02 10-00-00"
    write_session(folder, 6)
    files = {p.name: p.read_bytes() for p in folder.iterdir()}
    done = trashing(folder, home, "back")
    assert done.returncode == 0, done.stderr
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == files
    assert list((home / "data" / "Trash" / "info").iterdir()) == []
    done = trashing(folder, home)
    place = Path(done.stdout.strip())
    assert not folder.exists() and place.parent == home / "data" / "Trash" / "files"
    assert {p.name: p.read_bytes() for p in place.iterdir()} == files


def test_back_from_the_trash_without_its_note(tmp_path: Path) -> None:
    place = tmp_path / "Trash" / "files" / "s"
    write_session(place, 6)
    (tmp_path / "Trash" / "info" / "s.trashinfo").mkdir(parents=True)  # which no file's removal removes
    Trashed(tmp_path / "s", place).restore()
    assert read_info(tmp_path / "s").complete and not place.exists()


@linux
def test_back_from_the_trash_for_nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole data folder was removed meanwhile."""
    monkeypatch.delenv("EXPNET_LIVE_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    place = tmp_path / "Trash" / "files" / "s"
    write_session(place, 6)
    Trashed(data_folder() / "sessions" / "s", place).restore()
    assert data_folder().is_relative_to(tmp_path) and data_folder().stat().st_mode & 0o777 == 0o700


@linux
def test_no_trash_no_loss(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "data").touch()  # where the trash would be
    folder = tmp_path / "s"
    write_session(folder, 6)
    done = trashing(folder, home)
    assert done.returncode == 1 and "cannot be moved to the trash" in done.stderr and done.stderr.count(". ") == 1
    assert read_info(folder).complete
    (tmp_path / "photos").mkdir()
    for other in ("photos", "gone"):
        assert "is not a session" in trashing(tmp_path / other, tmp_path).stderr
    assert (tmp_path / "photos").is_dir()
