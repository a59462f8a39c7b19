"""How much faster an archive is read by several workers, and how much memory they take."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from pyarrow import csv

from expnet_live.analysis.job import run_job
from expnet_live.archive.cluster import check_cluster
from expnet_live.archive.run import Report, archive
from expnet_live.archive.settings import settings_of
from expnet_live.archive.tasks import FACES
from expnet_live.capture.sources import open_source
from expnet_live.core.errors import UserError
from expnet_live.sessions.format.folder import TABLE
from expnet_live.sessions.format.table import MARKER
from expnet_live.video.writer import VideoWriter

_FRAMES = 60  # of each clip
_SHIFT = 3  # px
_RATE = 30.0  # frames per second


def bench_archive(clips: int, workers: Sequence[int] = (1, 2), video: str = "demo") -> dict[str, Any]:
    """Read `clips` clips, made of parts of `video` with shifts, on so many workers of one thread each, in turn.

    Starting the cluster does not count, loading the network in each worker does.
    """
    check_cluster("local")
    settings = settings_of(device="cpu")
    with tempfile.TemporaryDirectory(prefix="expnet-live-") as folder:
        place = Path(folder)
        _write_clips(place / "clips", clips, video)
        reports = {n: archive([str(place / "clips")], place / f"on {n}", settings, f"local:{n}") for n in workers}
        if run_job([str(place / "clips")], settings.options(place / "table")):
            raise UserError("The clips could not be read one by one.")
        apart = max(_apart(place / f"on {n}" / FACES, place / "table" / TABLE) for n in workers)
    first = reports[workers[0]]
    return {
        "clips": clips,
        "frames": first.pictures,
        "apart": apart,
        "runs": [_told(n, report, first) for n, report in reports.items()],
    }


def _told(workers: int, report: Report, first: Report) -> dict[str, Any]:
    if report.problems:
        raise UserError(f"{len(report.problems)} clips could not be read: {report.problems[0]}")
    return {
        "workers": workers,
        "seconds": round(report.seconds, 2),
        "pictures_per_s": round(report.pictures / report.seconds, 1),
        "times_as_fast": round(first.seconds / report.seconds, 2),
        "memory_mb": round(report.memory / 2**20),
    }


def _apart(data_set: Path, table: Path) -> float:
    """The largest difference of any value, in its unit, between a data set and the table of `analyze`.

    Raises UserError if a row or a value is in one of them alone.
    """
    order = [("source", "ascending"), ("frame", "ascending"), ("face", "ascending")]
    rows, wanted = pq.read_table(data_set, partitioning=None).sort_by(order), csv.read_csv(table).sort_by(order)
    names = [name for name in wanted.column_names if name not in ("source", MARKER)]
    if rows["source"].to_pylist() != wanted["source"].to_pylist():
        raise UserError("The archive and 'analyze' do not have the same rows.")
    ours, theirs = (np.array([np.asarray(t[n].to_numpy(), np.float64) for n in names]) for t in (rows, wanted))
    if (np.isnan(ours) != np.isnan(theirs)).any():
        raise UserError("The archive and 'analyze' do not have the same faces.")
    return float(np.nanmax(np.abs(ours - theirs)))


def print_archive(told: dict[str, Any]) -> None:
    print(f"{told['clips']} clips, {told['frames']} frames, workers of one thread each")
    print(f"largest difference of a value from 'analyze', file by file: {told['apart']:.1e}")
    for run in told["runs"]:
        print(
            f"{run['workers']} workers: {run['seconds']} s, {run['pictures_per_s']} pictures/s, {run['times_as_fast']} "
            f"times as fast, at most {run['memory_mb']} MB in a worker"
        )


def _write_clips(folder: Path, clips: int, video: str) -> None:
    folder.mkdir()
    with open_source(video) as source:
        images = [frame.image for frame, _ in zip(source, range(4 * _FRAMES), strict=False)]
    for i in range(clips):
        start = (i * 7) % max(1, len(images) - _FRAMES)
        shifted = [np.roll(image, _SHIFT * i, axis=1) for image in images[start : start + _FRAMES]]
        with VideoWriter(folder / f"{i:04}.mp4", _RATE) as writer:
            for n, image in enumerate(shifted):
                writer.write(image, n / _RATE)
