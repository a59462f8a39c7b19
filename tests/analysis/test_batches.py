"""One input never costs another its results, whatever its name and location."""

from __future__ import annotations

import contextlib
import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from media import write_numbered
from skimage import data

from expnet_live.analysis import estimators
from expnet_live.analysis.inputs import Kind, list_items
from expnet_live.cli import main
from expnet_live.core.types import Image
from expnet_live.video.opening import open_media

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows allows no such names")


def photo(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.ascontiguousarray(data.astronaut()[:300, 60:360, ::-1])
    path.write_bytes(cv2.imencode(".jpg", image)[1].tobytes())
    return path


def analyze(*args: object) -> int:
    return main(["analyze", *map(str, args)])


def sources(out: Path) -> list[str]:
    with (out / "coefficients.csv").open(newline="", encoding="utf-8") as file:
        return [row["source"] for row in csv.DictReader(file)]


@posix
@pytest.mark.parametrize("name", [os.fsdecode(b"f\xe9lix.jpg"), "あ" * 83 + ".jpg", "a" * 250 + ".jpg"])
def test_names_that_are_hard_to_write(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    assert (
        analyze(photo(tmp_path / "in" / name), photo(tmp_path / "b.jpg"), "--mesh", "ply", "--overlay", "--out", out)
        == 0
    )
    assert len(sources(out)) == len(list((out / "meshes").iterdir())) == len(list((out / "overlays").iterdir())) == 2


def test_results_have_names_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in ("clip/000000.jpg", "two.jpg", "two.face1.jpg", "sub/Two.jpg"):
        photo(folder / name)
    write_numbered(folder / "clip.mp4", n=2)
    items = list_items([str(folder), str(folder / "two.jpg")])
    names = {i.name.casefold() for i in items}
    assert len(names) == 6
    (video,) = (i for i in items if i.kind is Kind.VIDEO)
    assert video.name == "clip-2" and "two.face1" not in names


def test_a_run_does_not_read_results(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    (tmp_path / "._a.jpg").write_bytes(b"\0\5\x16\7")
    for out in (tmp_path / "results", tmp_path / "more", tmp_path):
        assert analyze(tmp_path, "--overlay", "--mesh", "ply", "--out", out) == 0
        assert sources(out) == [str(tmp_path / "a.jpg")]
    assert analyze(tmp_path, "--overlay", "--out", tmp_path, "--overwrite") == 0
    assert len(sources(tmp_path)) == 1


def test_what_a_folder_leaves_out_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo(tmp_path / "in" / "a.photo")
    (tmp_path / "in" / "notes.txt").write_text("no picture")
    with open_media(tmp_path / "in" / "sound.mka", "w", format="matroska") as out:
        stream = out.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        out.mux(stream.encode(sound))
    assert analyze(tmp_path / "in", "--out", tmp_path / "out") == 0
    assert [Path(s).name for s in sources(tmp_path / "out")] == ["a.photo"]
    left = next(line for line in capsys.readouterr().err.splitlines() if "skipped, because" in line)
    assert "notes.txt" in left and "sound.mka" in left


def test_one_that_breaks_the_network_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read = estimators.ExpNetEstimator.photo

    def breaks(self: estimators.ExpNetEstimator, image: Image) -> object:
        if image.shape[0] == 20:
            raise RuntimeError("no memory")
        return read(self, image)

    monkeypatch.setattr(estimators.ExpNetEstimator, "photo", breaks)
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((20, 20, 3), np.uint8))
    assert analyze(tmp_path / "small.png", photo(tmp_path / "b.jpg"), "--out", tmp_path / "out") == 1
    assert len(sources(tmp_path / "out")) == 1
    assert "small.png cannot be analysed (no memory)" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="`| head` is POSIX's")
def test_closed_pipes_and_terminals_of_ascii_leave_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; from expnet_live.cli import main; sys.exit(main())"]
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        ended = subprocess.run([*command, "--help"], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    # argparse itself ignores a closed pipe.
    assert ended.returncode in (0, 141) and ended.stderr == ""
    command[2] = """
import sys
from expnet_live import cli

class Loud:
    def add_parser(self, subparsers):
        subparsers.add_parser("loud").set_defaults(run=lambda args: print("x" * 99999) or 0)

cli.SUBCOMMANDS = (Loud(),)
sys.exit(cli.main(["loud"]))
"""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        ended = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 141 and ended.stderr == ""
    command[2] = "import sys; from expnet_live.cli import main; sys.exit(main())"
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    named = [*command, "analyze", str(photo(tmp_path / "日本.jpg")), "--out", str(tmp_path / "ü")]
    ended = subprocess.run(named, capture_output=True, text=True, env=ascii_only, check=False)
    assert ended.returncode == 0 and "Traceback" not in ended.stderr and "\\xfc" in ended.stdout


@pytest.mark.parametrize("value", ["inf", "nan", "-1", "0", "fast"])
def test_rates_that_are_none(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", "session", "--to", "csv", "--out", "x.csv", "--fps", value])
    assert ended.value.code == 2 and "Traceback" not in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells who reads a file")
def test_an_input_that_ends_its_process_costs_the_others_nothing(tmp_path: Path) -> None:
    """Kill every process that reads the video, as the system does when memory runs out."""
    good = [photo(tmp_path / "in" / f"{name}.jpg") for name in ("a", "b")]
    video = write_numbered(tmp_path / "in" / "deadly.mp4", n=250)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "expnet_live", "analyze", str(video), *map(str, good), "--out", str(out)]
    killed: set[int] = set()
    with subprocess.Popen([*command, "--jobs", "2"], stderr=subprocess.PIPE, text=True) as process:
        while not ended(process):
            for reader in readers_of(video, process.pid) - killed:
                os.kill(reader, signal.SIGKILL)
                killed.add(reader)
        assert process.stderr is not None
        told = process.stderr.read()
    assert process.returncode == 1 and len(killed) >= 2, told
    assert told.count("deadly.mp4 was killed, perhaps because memory ran out; use fewer --jobs") == 1
    assert "Traceback" not in told
    assert sources(out) == sorted(map(str, good))
    assert {p.name for p in out.iterdir()} == {"coefficients.csv", "run.json"}


def ended(process: subprocess.Popen[str]) -> bool:
    """Whether it ended within a moment."""
    try:
        process.wait(0.01)
    except subprocess.TimeoutExpired:
        return False
    return True


def readers_of(path: Path, parent: int) -> set[int]:
    """The children of a process that have a file open."""
    found = set()
    for child in (int(p) for p in Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="utf-8").split()):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if any(link.readlink() == path for link in Path(f"/proc/{child}/fd").iterdir()):
                found.add(child)
    return found
