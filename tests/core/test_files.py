"""Files and folders appear complete or not at all, and the user's data stay where they are."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from waiting import until

from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.files import replacing, unfinished, whole, write_json, write_whole
from expnet_live.core.paths import data_folder, local_data_folder


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "old")
    with replacing(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and [p.name for p in tmp_path.iterdir()] == ["file"]


def _broken_off(path: Path, folder: bool) -> None:
    with whole(path) as partial:
        if folder:
            (partial / "inner").mkdir(parents=True)
        else:
            partial.write_text("half")
        raise KeyError


def test_a_source_that_breaks_is_not_blamed_on_the_place(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with pytest.raises(SourceError, match=r"^clip.mp4 is damaged; copy it again\.$"), whole(path):
        raise SourceError("clip.mp4 is damaged; copy it again.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", [False, True])
def test_what_breaks_leaves_nothing_behind(tmp_path: Path, folder: bool) -> None:
    with pytest.raises(KeyError):
        _broken_off(tmp_path / "deep" / "name", folder)
    assert list((tmp_path / "deep").iterdir()) == []


def test_a_folder_comes_with_all_that_is_in_it(tmp_path: Path) -> None:
    with whole(tmp_path / "folder") as partial:
        (partial / "inner").mkdir(parents=True)
        (partial / "inner" / "file").write_bytes(b"text")
    assert (tmp_path / "folder" / "inner" / "file").read_bytes() == b"text"
    with pytest.raises(UserError, match="There is already a folder"), whole(tmp_path / "folder"):
        pass


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("\u00e4" * 125 + ".json")  # 255 bytes
    write_whole(path, "\u00fc")
    assert path.read_bytes() == "\u00fc".encode() and [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_place_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="choose another place"), whole(tmp_path / "file" / "under"):
        pass


_KILLED = """
import os, pathlib, signal, sys
from expnet_live.core.files import replacing
with replacing(pathlib.Path(sys.argv[1])) as partial:
    partial.write_text("half of the new one")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_kill_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "old")
    done = subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL and path.read_text() == "old"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_what_a_kill_leaves_goes_at_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "file"
    done = subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    ours = unfinished(tmp_path / "ours")  # of a process that runs
    ours.mkdir()
    computer = left.name.rsplit(".", 2)[1].split("-")[0]
    elsewhere = left.with_name(left.name.replace(computer, "0" * len(computer)))  # its process may run
    elsewhere.write_text("half")
    users = tmp_path / ".notes.tmp"
    users.write_text("the user's")
    program = "import pathlib, sys; from expnet_live.core.files import *; write_whole(pathlib.Path(sys.argv[1]), 'x')"
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    assert sorted(tmp_path.iterdir()) == sorted([path, ours, elsewhere, users])
    assert path.read_text() == "x"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_killed_analysis_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "expnet_live", "analyze", "demo", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command)
    until(lambda: any((tmp_path / "out").glob(".*/*/rows.csv")), "the first rows")
    process.kill()
    process.wait()
    assert any((tmp_path / "out").iterdir())
    assert subprocess.run([*command, "--duration", "0.1"], check=False).returncode == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["coefficients.csv", "run.json"]


@pytest.mark.skipif(os.name != "nt", reason="other systems replace files that somebody reads")
def test_a_file_is_replaced_when_nobody_reads_it_any_more(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "old")
    reader = path.open(encoding="utf-8")
    closing = threading.Timer(0.2, reader.close)
    closing.start()
    write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "new" and reader.closed


def test_where_the_users_data_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXPNET_LIVE_DATA", raising=False)
    if sys.platform.startswith("linux"):
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
        assert data_folder() == local_data_folder() == tmp_path / "expnet-live"
        monkeypatch.delenv("XDG_DATA_HOME")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert data_folder() == tmp_path / ".local" / "share" / "expnet-live"
    monkeypatch.setenv("EXPNET_LIVE_DATA", os.fspath(tmp_path / "mine"))
    assert data_folder() == local_data_folder() == tmp_path / "mine"


def test_json_is_written_whole_into_folders_that_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.json"
    write_json(path, {"é": [1, 2]})
    assert json.loads(path.read_text(encoding="utf-8")) == {"é": [1, 2]}
    with pytest.raises(UserError, match="already a folder"):
        write_json(tmp_path / "new", 1)


@pytest.mark.skipif(os.name != "posix", reason="other systems ask for a permission to make links")
def test_a_link_gets_its_json_and_stays_one(tmp_path: Path) -> None:
    """Such as /dev/stdout, when the output goes to a file."""
    file, link = tmp_path / "file", tmp_path / "link"
    file.touch()
    link.symlink_to(file)
    write_json(link, [1])
    assert link.is_symlink() and json.loads(file.read_text(encoding="utf-8")) == [1]


def test_json_has_no_numbers_that_json_lacks(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"r": math.nan, "delays": {"covered": (math.inf, 0.5)}, "rows": [[-math.inf, np.float64(0.25)]]})
    told = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert told == {"r": None, "delays": {"covered": [None, 0.5]}, "rows": [[None, 0.25]]}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="other systems have no such device")
def test_a_device_that_takes_nothing_is_told() -> None:
    with pytest.raises(UserError, match="/dev/full cannot be written"):
        write_json(Path("/dev/full"), [1])


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such pipes")
def test_a_pipe_gets_its_json_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_json(pipe, [1])
        assert json.loads(os.read(reader, 100)) == [1]
    finally:
        os.close(reader)
    assert pipe.is_fifo()
