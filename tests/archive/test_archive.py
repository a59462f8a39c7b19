"""An archive has the values of `analyze`, and is read once."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from archives import analyzed, archived, assert_same, clip, photo

from expnet_live.archive.inputs import list_inputs
from expnet_live.archive.manifest import check_settings
from expnet_live.archive.settings import settings_of
from expnet_live.archive.tasks import read_video
from expnet_live.cli import main


def archive(*args: object, cluster: str) -> int:
    return main(["archive", *map(str, args), "--cluster", cluster])


def analyze(*args: object) -> int:
    return main(["analyze", *map(str, args), "--identity"])


def test_values_are_those_of_analyze(tmp_path: Path, scheduler: str) -> None:
    videos, out = tmp_path / "in", tmp_path / "out"
    for i in range(3):
        clip(videos / f"sub {i}" / "clip.mp4", shift=8 * i)
    photo(videos / "a.png")
    photo(videos / "b.jpg", 60)
    assert archive(videos, "--out", out, cluster=scheduler) == 0
    assert analyze(videos, "--out", tmp_path / "table") == 0
    assert_same(archived(out), analyzed(tmp_path / "table"))
    inputs = pq.read_table(out / "inputs.parquet").to_pandas()
    assert sorted(inputs["frames"]) == [1, 1, 20, 20, 20]
    assert (inputs["sha256"].str.len() == 64).all()


@pytest.mark.parametrize("options", [[], ["--max-faces", "2", "--neutral", "first:1s"]])
def test_a_video_in_parts_has_no_seam(tmp_path: Path, options: list[str]) -> None:
    video = clip(tmp_path / "long.mp4", n=100)
    (one,), out = list_inputs([str(video)]), tmp_path / "out"
    values = dict(zip((o.strip("-").replace("-", "_") for o in options[::2]), options[1::2], strict=True))
    settings = settings_of(part=1.0, max_faces=int(values.get("max_faces", 1)), neutral=values.get("neutral"))
    steps = [read_video(one, part, settings, out) for part in range(3)]
    assert [(step.part, step.parts, len(step.outcomes)) for step in steps] == [(0, 3, 0), (1, 3, 0), (2, 3, 1)]
    assert analyze(video, "--out", tmp_path / "table", *options) == 0
    assert_same(archived(out), analyzed(tmp_path / "table"))


def test_only_what_is_new_or_has_changed_is_read_again(
    tmp_path: Path, scheduler: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    clip(folder / "a.mp4", n=6)
    clip(folder / "b.mp4", n=7)
    photos = [photo(folder / f"{i}.png", 10 * i) for i in range(3)]
    for _ in range(2):
        assert archive(folder, "--out", out, cluster=scheduler) == 0
    assert "5 inputs (5 done before), none read now" in capsys.readouterr().out
    files = {path: path.stat().st_mtime_ns for path in (out / "faces").rglob("*.parquet")}
    clip(folder / "b.mp4", n=9)
    clip(folder / "c.mp4", n=4)
    photo(photos[1], 50)
    assert archive(folder, "--out", out, cluster=scheduler) == 0
    assert "3 of 6 inputs (3 done before), 14 pictures" in capsys.readouterr().out
    kept = [path.stem[0] for path, time in files.items() if path.stat().st_mtime_ns == time]
    assert kept == ["a"]
    assert analyze(folder, "--out", tmp_path / "table") == 0
    assert_same(archived(out), analyzed(tmp_path / "table"))


def test_files_of_one_relative_name_stay_apart(
    tmp_path: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everyone's trials are added from within their own folder."""
    out = tmp_path / "out"
    for who, n in (("anna", 5), ("ben", 7), ("anna", 5), ("ben", 7)):
        if not (tmp_path / who).exists():
            clip(tmp_path / who / "trial1.mp4", n=n)
        monkeypatch.chdir(tmp_path / who)
        assert archive("trial1.mp4", "--out", out, cluster=scheduler) == 0
    assert capsys.readouterr().out.count("none read now") == 2
    rows = archived(out).groupby("source").size().to_dict()
    assert rows == {"trial1.mp4": 5, str(tmp_path / "ben" / "trial1.mp4"): 7}
    inputs = pq.read_table(out / "inputs.parquet").to_pandas()
    assert dict(zip(inputs["source"], inputs["frames"], strict=True)) == rows


def test_other_settings_need_another_data_set(
    tmp_path: Path, scheduler: str, capsys: pytest.CaptureFixture[str]
) -> None:
    video, out = clip(tmp_path / "a.mp4", n=3), tmp_path / "out"
    assert archive(video, "--out", out, cluster=scheduler) == 0
    assert archive(video, "--out", out, "--smoothing", "off", cluster=scheduler) == 2
    assert "made with another smoothing" in capsys.readouterr().err
    about = out / "dataset.json"
    settings = json.loads(about.read_text(encoding="utf-8"))
    settings["settings"]["network"] = "0"  # as after an update, which leaves the name of the weights as it was
    about.write_text(json.dumps(settings), encoding="utf-8")
    assert archive(video, "--out", out, cluster=scheduler) == 2
    assert "made with another network" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda way: way.update(second_look=False), "another way of computing (second look)"),
        (lambda way: way["thresholds"].update(held=0.5), "another way of computing (thresholds)"),
        (lambda way: way["filters"]["balanced"].update(beta=1.0), "another way of computing (filters)"),
        (lambda way: way["files"].update({"finder.onnx": "0"}), "another way of computing (files)"),
        (lambda way: way.update(way=0), "another way of computing (way)"),
        (lambda way: way.clear(), "an earlier version's way of computing"),
    ],
)
def test_another_way_of_computing_needs_another_data_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[dict[str, Any]], None], said: str
) -> None:
    settings = settings_of()
    check_settings(tmp_path, settings, {})
    check_settings(tmp_path, replace(settings, version="9.9.9"), {})  # the values are the same
    about = tmp_path / "dataset.json"
    document = json.loads(about.read_text(encoding="utf-8"))
    change(document["settings"]["way"])
    document["settings"]["way"] = document["settings"]["way"] or None
    about.write_text(json.dumps(document), encoding="utf-8")
    before = about.read_bytes()
    assert main(["archive", "demo", "--out", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert f"was made with {said}, which gives other values; read all inputs anew" in told and told.count("\n") == 1
    assert about.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_shows_the_dashboard_and_progress_with_rate_and_time_left(tmp_path: Path, scheduler: str) -> None:
    import fcntl
    import pty
    import termios

    clip(tmp_path / "a.mp4", n=3)
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("4H", 30, 120, 0, 0))
    command = [sys.executable, "-m", "expnet_live", "archive", "a.mp4", "--out", "out", "--cluster", scheduler]
    done = subprocess.run(command, stderr=its, cwd=tmp_path, check=False)
    os.close(its)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0
    lines = re.split(r"[\r\n]+", shown)
    assert re.search(rf"^{scheduler}: http://127.0.0.1:\d+/status$", "\n".join(lines), re.MULTILINE)
    assert re.search(r"100%\|.+\[00:.+<.+B/s\]", shown)


def test_columns_have_units(tmp_path: Path) -> None:
    (one,), out = list_inputs([str(clip(tmp_path / "a.mp4", n=3))]), tmp_path / "out"
    read_video(one, 0, settings_of(), out)
    (file,) = (out / "faces").rglob("*.parquet")
    schema = pq.read_schema(file)
    units = {name: schema.field(name).metadata[b"unit"].decode() for name in schema.names}
    wanted = {"timestamp_s": "s", "rx": "rad", "tz": "mm", "box_w": "px", "identity_00": "sd", "arkit_jawOpen": "0..1"}
    assert {name: units[name] for name in wanted} == wanted
    assert units["AU12"] == "0..5"
    rows = archived(out)
    np.testing.assert_allclose(rows["AU26"], 5 * rows["arkit_jawOpen"], rtol=1e-5)
    blinks = rows["arkit_eyeBlinkLeft"] + rows["arkit_eyeBlinkRight"]
    np.testing.assert_allclose(rows["AU45"], 2.5 * blinks, rtol=1e-5)
    assert all(schema.field(name).metadata[b"about"] for name in schema.names)
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"


def test_the_same_person_has_one_number_although_others_were_there(tmp_path: Path) -> None:
    from archives import demo_images, write_clip

    demo = demo_images()
    images = [*demo[:30], *[demo[0] * 0] * 75, *demo[100:130]]  # longer than the tracker remembers a face
    write_clip(tmp_path / "a.mp4", images)
    (one,), out = list_inputs([str(tmp_path / "a.mp4")]), tmp_path / "out"
    read_video(one, 0, settings_of(), out)
    rows = archived(out)
    seen = rows[rows["face"].notna()]
    assert seen["face"].nunique() == 2
    assert seen["appearance"].nunique() == 1


def test_the_manifest_forgives_a_line_that_was_cut_off(tmp_path: Path, scheduler: str) -> None:
    out = tmp_path / "out"
    clip(tmp_path / "in" / "a.mp4", n=3)
    clip(tmp_path / "in" / "b.mp4", n=3)
    assert archive(tmp_path / "in", "--out", out, cluster=scheduler) == 0
    journal = out / "manifest.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    assert archive(tmp_path / "in", "--out", out, cluster=scheduler) == 0
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [line["type"] for line in lines] == ["run", "input", "run", "input"]
    assert len(archived(out)) == 6


def test_markers_of_a_session_are_in_its_rows(tmp_path: Path) -> None:
    from archives import demo_images, write_clip

    folder, out = tmp_path / "session", tmp_path / "out"
    folder.mkdir()
    write_clip(folder / "video.mkv", demo_images()[:100])
    (folder / "markers.csv").write_text("timestamp_s,label,color\n0.35,smile,\n1.0,stop,\n2.05,go,\n9.0,end,\n")
    (one,) = list_inputs([str(folder / "video.mkv")])
    settings = settings_of(part=1.0)
    for part in range(3):
        read_video(one, part, settings, out)
    rows = archived(out)
    assert rows["marker"].dropna().tolist() == ["smile", "stop", "go", "end"]
    assert analyze(folder / "video.mkv", "--out", tmp_path / "table") == 0
    assert_same(rows, analyzed(tmp_path / "table"))
