"""Whatever breaks, no row is lost or doubled, and no file is half written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import dask
import deadly_preload
import numpy as np
import pyarrow.parquet as pq
import pytest
from archives import analyzed, archived, assert_same, clip, demo_images, photo, write_clip
from cutting_proxy import CuttingProxy
from distributed import LocalCluster

from expnet_live.analysis.rest import Moment, Neutral
from expnet_live.archive.cluster import QUEUES
from expnet_live.archive.inputs import fetched, list_inputs
from expnet_live.archive.settings import settings_of
from expnet_live.archive.state import State, read_state
from expnet_live.archive.tasks import read_video
from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.errors import SourceError, UserError
from expnet_live.person.curve import Curve
from expnet_live.person.person import Person
from expnet_live.pipeline.pipeline import Pipeline

CLIPS = 6


def archive(folder: Path, out: Path, cluster: str) -> int:
    return main(["archive", str(folder), "--out", str(out), "--cluster", cluster, "--part", "1"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips") / "in"
    for i in range(CLIPS):
        clip(folder / f"{i:02}.mp4", n=48, shift=4 * i)
    return folder


@pytest.fixture(scope="module")
def table(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("table") / "out"
    assert main(["analyze", str(folder), "--identity", "--out", str(out)]) == 0
    return out


def once_there(out: Path, do: Callable[[], None]) -> threading.Thread:
    """Do that as soon as the data set has its first file."""

    def wait() -> None:
        while not any(out.glob("faces/*/*/*.parquet")):
            pause.wait(0.02)
        do()

    pause = threading.Event()
    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def whole(out: Path) -> bool:
    """Whether the data set has only whole files."""
    files = [path for path in (out / "faces").rglob("*") if path.is_file()]
    return all(path.suffix == ".parquet" and pq.ParquetFile(path).metadata.num_rows for path in files)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_worker_is_killed(tmp_path: Path, folder: Path, table: Path) -> None:
    out = tmp_path / "out"
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:
        victim = cluster.workers[0].pid
        killer = once_there(out, lambda: os.kill(victim, signal.SIGKILL))
        assert archive(folder, out, cluster.scheduler_address) == 0
        killer.join()
    assert whole(out)
    assert_same(archived(out), analyzed(table))


def test_the_connection_to_the_scheduler_is_cut(tmp_path: Path, folder: Path, table: Path, scheduler: str) -> None:
    out = tmp_path / "out"
    with CuttingProxy(scheduler.removeprefix("tcp://")) as proxy:
        cutter = once_there(out, proxy.cut)
        assert archive(folder, out, f"tcp://{proxy.address}") == 0
        cutter.join()
        assert proxy.cuts == 1
    assert whole(out)
    assert_same(archived(out), analyzed(table))


def test_the_scheduler_is_gone_and_another_goes_on(
    tmp_path: Path, folder: Path, table: Path, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expnet_live.archive.cluster.PATIENCE", 0.5)
    out = tmp_path / "out"
    first = LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0")
    with closing(first):
        end = once_there(out, first.close)
        assert archive(folder, out, first.scheduler_address) == 2
        end.join()
    there = len(list(out.glob("faces/*/*/*.parquet")))
    assert 0 < there < CLIPS
    (out / "faces" / ".half.parquet.1-0.tmp").write_bytes(
        b"PAR1"
    )  # as a worker leaves it that is killed while it writes
    assert archive(folder, out, scheduler) == 0
    assert whole(out)
    assert_same(archived(out), analyzed(table))


def test_inputs_that_cannot_be_read_are_listed(
    tmp_path: Path, scheduler: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    clip(folder / "good.mp4", n=5)
    photo(folder / "good.png")
    (folder / "bad.mp4").write_bytes(b"no video" * 100)
    (folder / "bad.jpg").write_bytes(photo(folder / "x.jpg").read_bytes()[:3000])
    write_clip(folder / "cut.mkv", demo_images()[:90])
    whole_clip = (folder / "cut.mkv").read_bytes()
    (folder / "cut.mkv").write_bytes(whole_clip[: len(whole_clip) * 2 // 3])
    assert main(["archive", str(folder), str(tmp_path / "no.mp4"), "--out", str(out), "--cluster", scheduler]) == 1
    told = set(capsys.readouterr().err.splitlines())
    assert main(["analyze", str(folder), str(tmp_path / "no.mp4"), "--identity", "--out", str(tmp_path / "table")]) == 1
    sentences = {line for line in capsys.readouterr().err.splitlines() if line.startswith("expnet-live: ")}
    assert len(sentences) == 4 and sentences <= told
    assert_same(archived(out), analyzed(tmp_path / "table"))
    inputs = pq.read_table(out / "inputs.parquet").to_pandas().set_index("source")
    problems = {Path(name).name: problem for name, problem in inputs["problem"].items() if problem}
    assert set(problems) == {"bad.mp4", "bad.jpg", "cut.mkv", "no.mp4"}
    assert inputs.loc[str(folder / "cut.mkv"), "frames"] > 20


def test_what_is_read_whole_but_not_as_wanted_is_told(
    tmp_path: Path, scheduler: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Clips that are shorter than the neutral, and a session whose markers cannot be read: as `analyze` says it."""
    folder, out = tmp_path / "in", tmp_path / "out"
    (folder / "session").mkdir(parents=True)
    for name in ("short.mp4", "session/video.mkv"):
        write_clip(folder / name, demo_images()[:20])
    write_clip(folder / "long.mp4", demo_images()[:60])
    (folder / "session" / "markers.csv").write_text("timestamp_s,label,color\nsoon,start,\n")
    command = [str(folder), "--neutral", "first:1s"]
    assert main(["archive", *command, "--out", str(out), "--cluster", scheduler]) == 0
    short = "no face is there for as long as --neutral first:1s says, so its rest is that of all its frames."
    told = sorted(line for line in capsys.readouterr().err.splitlines() if short in line)
    assert main(["analyze", *command, "--out", str(tmp_path / "table")]) == 0
    assert sorted(line for line in capsys.readouterr().err.splitlines() if short in line) == told
    assert len(told) == 2 and all(line.startswith("expnet-live: ") for line in told)
    assert "markers.csv is damaged at line 2" in told[0] and "short.mp4" in told[1]
    inputs = pq.read_table(out / "inputs.parquet").to_pandas().set_index("source")
    assert {Path(name).name for name, remark in inputs["remark"].items() if remark} == {"short.mp4", "video.mkv"}
    assert main(["archive", *command, "--out", str(out), "--cluster", scheduler]) == 0
    assert short not in capsys.readouterr().err


def test_a_video_that_no_longer_can_be_read_loses_its_old_rows(tmp_path: Path, scheduler: str) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    clip(folder / "a.mp4", n=4)
    clip(folder / "b.mp4", n=5)
    assert archive(folder, out, scheduler) == 0
    (folder / "b.mp4").write_bytes(b"no video" * 100)
    assert archive(folder, out, scheduler) == 1
    assert len(archived(out)) == 4


def test_an_input_that_changes_meanwhile_is_not_read(tmp_path: Path) -> None:
    (one,) = list_inputs([str(clip(tmp_path / "a.mp4", n=3))])
    clip(tmp_path / "a.mp4", n=4)
    with pytest.raises(SourceError, match="changed since it was listed"), fetched(one):
        pass


def pickled_call(function: str, *texts: str) -> bytes:
    """A pickle that calls `function`, a module and a name below it, with these texts."""
    module, _, name = function.partition(":")
    strings = b"".join(b"\x8c" + bytes([len(os.fsencode(t))]) + os.fsencode(t) for t in texts)
    return b"\x80\x04c" + f"{module}\n{name}\n".encode() + b"(" + strings + b"tR."


def test_a_state_from_elsewhere_runs_nothing(tmp_path: Path) -> None:
    program, path = tmp_path / "program", tmp_path / "a.state"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path / 'ran'}'\n", encoding="utf-8")
    program.chmod(0o700)
    for call in (
        ("os:system", str(program)),
        ("expnet_live.capture.microphones:subprocess.call", str(program)),  # a name that our module imports
        ("expnet_live.capture.microphones:_ProgramMicrophone", str(program), "parec", ""),  # a class of ours
    ):
        path.write_bytes(pickled_call(*call))
        with pytest.raises(ValueError, match="not the state of a video"):
            read_state(path)
        assert not (tmp_path / "ran").exists(), call


def test_a_state_comes_back_with_all_that_it_holds(tmp_path: Path) -> None:
    pipeline, curves = Pipeline.load(device="cpu", max_faces=2), {"mine": {"jawOpen": Curve(gain=2.0)}}
    person = Person(identity=np.zeros(3, np.float32), avatars=curves, skin=np.zeros(3, np.float32))
    neutrals = Neutral(pipeline.face_model.names, person), Neutral(pipeline.face_model.names, seconds=5.0)
    states = [State(neutral) for neutral in neutrals]
    with open_source("demo") as source:
        for frame, number in zip(source, range(10), strict=False):
            faces = tuple(pipeline.process(frame))
            for state in states:
                state.neutral.add(Moment(number, frame.timestamp, faces))
                state.people.see([face.face for face in faces], pipeline.appearances())
    for state in states:
        state.pipeline = pipeline.memory()
        state.write(tmp_path / "a.state")
        back = read_state(tmp_path / "a.state")
        assert back.people.looks.keys() == state.people.looks.keys()
        assert [m.frame for m in back.neutral.finish()] == [m.frame for m in state.neutral.finish()]
        pipeline.remember(back.pipeline)


def test_one_program_writes_a_data_set(tmp_path: Path, scheduler: str, capsys: pytest.CaptureFixture[str]) -> None:
    from expnet_live.sessions.format.folder import FolderLock

    out = tmp_path / "out"
    out.mkdir()
    with FolderLock(out, ".archiving"):
        assert main(["archive", "demo", "--out", str(out), "--cluster", scheduler]) == 2
    assert "Another program is writing" in capsys.readouterr().err


def test_parts_that_do_not_join_are_read_in_one_go(tmp_path: Path) -> None:
    video = clip(tmp_path / "a.mp4", n=100)
    (one,), out = list_inputs([str(video)]), tmp_path / "out"
    settings = settings_of(part=1.0)
    assert read_video(one, 0, settings, out).parts == 3
    (plan,) = out.rglob("plan.json")
    plan.write_text(plan.read_text().replace("1.0,2.0", "1.01,2.0"))
    step = read_video(one, 1, settings, out)
    assert step.outcomes[0].frames == 100
    assert len(archived(out)) == 100


def test_clusters_are_checked_before_anything_is_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import dask_jobqueue

    assert all(hasattr(dask_jobqueue, name) for name in QUEUES.values())
    for name in ("local:0", "slurm:x", "http://host", "cloud"):
        assert main(["archive", "demo", "--out", str(tmp_path / "out"), "--cluster", name]) == 2
        assert f"There is no cluster {name}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_queue_whose_jobs_are_not_described_has_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "expnet_live", "archive", "demo", "--out", "out", "--cluster", "slurm:2"]
    environment = os.environ | {"DASK_CONFIG": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    (said,) = done.stderr.splitlines()
    assert done.returncode == 2
    assert said.startswith("expnet-live: The cluster of slurm cannot be started (You must specify how much cores")
    assert said.endswith("); describe its jobs in ~/.config/dask/jobqueue.yaml.") and "SLURMCluster" not in said


def test_a_worker_of_another_version_is_refused(tmp_path: Path) -> None:
    (one,) = list_inputs(["demo"])
    with pytest.raises(UserError, match="install the same version"):
        read_video(one, 0, replace(settings_of(), version="0.0.1"), tmp_path)


def test_an_input_that_kills_its_worker_costs_the_others_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "deadly"):
        photo(tmp_path / "in" / f"{name}.png")
    preload = str(Path(deadly_preload.__file__))
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", preload=preload
        ) as cluster,
    ):
        assert archive(tmp_path / "in", tmp_path / "out", cluster.scheduler_address) == 1
    assert "deadly.png was killed" in capsys.readouterr().err
    assert [Path(source).name for source in archived(tmp_path / "out")["source"]] == ["a.png"]
