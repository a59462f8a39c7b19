"""`expnet-live bench --outputs MINUTES`: sends a clip to all live outputs at once, 60 frames a second."""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from expnet_live.capture.spec import DEMO, SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.core.files import write_json
from expnet_live.core.types import Array
from expnet_live.live.state import LiveState, Settings
from expnet_live.outputs.output import OUTPUTS, parse_target
from expnet_live.outputs.run import running
from expnet_live.outputs.stream import Stream
from expnet_live.research.evaluation.outputs.receivers import Log, Task, read_logs
from expnet_live.research.evaluation.outputs.sending import Sent, answered, clip_of, replayed, warmed_up
from expnet_live.research.evaluation.outputs.virtual import logging_camera

RATE = 60.0  # frames per second
_FRAMES = 300  # of the clip: their pictures are kept in memory
_WITHOUT = 20.0  # s at most for the same without outputs, and with the network
_PATIENCE = 20.0  # s for all receivers to be there
_LATE = 1.0  # s that the last frames may take
_SAME = 2e-3  # s within which two times are one
_INLETS = 4  # of LSL's streams of numbers
_BY_TIME = ("openseeface", "lsl Expression", "lsl Action Units", "lsl Pose", "lsl Gaze")  # they know no number
_CPU, _DELAY, _SHARE, _GROWTH = 1.0, 5.0, 0.999, 10.0  # ms a frame, ms at p95, of the frames, MB


def bench_outputs(args: argparse.Namespace) -> int:
    """Measure, print and write what cli/bench.py's arguments ask for; return 1 if a bar is missed."""
    seconds = 60 * args.outputs
    spec = SourceSpec.parse(args.videos[0] if args.videos else DEMO)
    settings = Settings(args.model, args.device)
    clip = clip_of(spec, settings, _FRAMES)
    if not clip:
        raise UserError(f"There is no face in {spec.name}; choose another clip.")
    short = min(seconds, _WITHOUT)
    without = replayed(clip, [], short, RATE)
    with _everything(clip) as (streams, logs):
        sent = replayed(clip, streams, seconds, RATE)
        dropped = {s.kind.name: s.dropped for s in streams}
    outputs = arrived(sent, logs)
    with _everything(clip) as (streams, logs):
        behind_network = answered(spec, settings, streams, short)
    report = {
        "unmeasured": sorted(set(OUTPUTS) - {s.kind.name for s in streams}), "outputs": outputs,
        "network": arrived(behind_network, logs), "network_frames": behind_network.n,
        "frames": sent.n, "rate": (sent.n - 1) / (sent.captured[-1] - sent.captured[0]), "dropped": dropped,
        "cpu_ms": 1e3 * (sent.cpu / sent.n - without.cpu / without.n),
        "threads_ms": {k: 1e3 * v / sent.n for k, v in sorted(sent.threads.items(), key=lambda i: -i[1]) if v > 0},
        "put_ms": {"p50": _ms(sent.put, 50), "p99.9": _ms(sent.put, 99.9), "most": _ms(sent.put, 100)},
        "memory_mb": sent.memory[-1][1], "growth_mb": _growth(sent.memory),
    }  # fmt: skip
    met = _print(report)
    if args.json:
        write_json(args.json, report)
    return 0 if met else 1


@contextmanager
def _everything(clip: Sequence[LiveState]) -> Iterator[tuple[list[Stream], dict[str, Any]]]:
    """Streams of all outputs for which there is a receiver here, each with it. The dictionary holds the receivers' logs
    after the block."""
    logs: dict[str, Any] = {}
    pictures = Log()
    with tempfile.TemporaryDirectory() as folder, _data_in(folder), logging_camera(pictures) as has_camera:
        session = f"expnet bench {os.getpid()}" if _has_lsl() else None
        ports = {name: _free_port() for name in ("ifacialmocap", "facemotion3d", "ws")}
        task = Task(ports, session, str(Path(folder) / "logs.npz"))
        command = [sys.executable, "-m", "expnet_live.research.evaluation.outputs.receivers", json.dumps(asdict(task))]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as process:
            assert process.stdin is not None and process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise UserError("The receivers do not start; see above.")
            ports |= json.loads(line)
            targets = [f"{name}://127.0.0.1:{port}" for name, port in ports.items()]
            targets += [f"lsl?session={session}"] if session is not None else []
            targets += ["camera?picture=camera"] if has_camera else []
            streams = [Stream(*parse_target(text)) for text in targets]
            with running(streams):
                if not warmed_up(clip, streams, lambda: all(map(_heard, streams)), _PATIENCE):
                    missing = [s.name for s in streams if not _heard(s)]
                    raise UserError(f"These outputs reach no receiver: {', '.join(missing)}; see the log.")
                yield streams, logs
                time.sleep(_LATE)
            process.stdin.close()
            process.wait()
        logs.update({name: (keys, times) for name, keys, times in read_logs(Path(task.out))})
        if has_camera:
            logs["camera"] = np.array(pictures.keys), np.array(pictures.times)


def arrived(sent: Sent, logs: Mapping[str, tuple[Array, Array]]) -> dict[str, dict[str, float]]:
    """For each receiver, the share of the frames that it got, and the delay from the answer in ms."""
    found = {}
    for name, (keys, times) in logs.items():
        if name in _BY_TIME:
            after = np.clip(np.searchsorted(sent.captured, keys), 1, sent.n - 1)
            near = after - (keys - sent.captured[after - 1] < sent.captured[after] - keys)
            same = np.abs(sent.captured[near] - keys) <= _SAME
        else:
            near = keys.astype(int)
            same = near < sent.n
        frames, first = np.unique(near[same], return_index=True)
        delays = times[same][first] - sent.answered[frames]
        found[name] = {"share": len(frames) / sent.n, **{f"p{p}_ms": _ms(delays, p) for p in (50, 95, 99)}}
    return found


def _heard(stream: Stream) -> bool:
    return stream.sent > 0 and (stream.kind.name != "lsl" or stream.receivers == _INLETS)


def _ms(seconds: Array, percentile: float) -> float:
    return 1e3 * float(np.percentile(seconds, percentile)) if len(seconds) else float("nan")


def _growth(memory: Sequence[tuple[float, float]]) -> float:
    """MB from the mean of the second tenth of the run to that of the last: the first fills caches."""
    values = np.array([mb for _, mb in memory])
    tenth = max(1, len(values) // 10)
    return float(values[-tenth:].mean() - values[tenth : 2 * tenth].mean()) if len(values) > 1 else 0.0


def _has_lsl() -> bool:
    try:
        import pylsl  # noqa: F401
    except (ImportError, RuntimeError):
        return False
    return True


@contextmanager
def _data_in(folder: str) -> Iterator[None]:
    """Leave the user's own token of VTube Studio alone."""
    before = os.environ.get("EXPNET_LIVE_DATA")
    os.environ["EXPNET_LIVE_DATA"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["EXPNET_LIVE_DATA"]
        else:
            os.environ["EXPNET_LIVE_DATA"] = before


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _print(report: dict[str, Any]) -> bool:
    """Return whether all bars are met."""
    print(f"{report['frames']} frames, {report['rate']:.1f} a second, to these outputs at once")
    if missing := report["unmeasured"]:
        print(f"  not measured, because nothing here receives them: {', '.join(missing)}")
    print(f"  {'receiver':18}{'got':>10}   delay in ms: p50     p95     p99   behind the network:   p50     p95")
    for name, row in report["outputs"].items():
        delays = "".join(f"{row[f'p{p}_ms']:8.2f}" for p in (50, 95, 99))
        behind = "".join(f"{report['network'][name][f'p{p}_ms']:8.2f}" for p in (50, 95))
        print(f"  {name:18}{row['share']:10.3%}{'':8}{delays}{'':21}{behind}")
    for thread, ms in report["threads_ms"].items():
        print(f"    {thread:28}{ms:8.3f} ms of CPU a frame")
    rows = report["outputs"].values()
    slowest = max(row["p95_ms"] for row in (*rows, *report["network"].values()))
    least, put, grown = min(row["share"] for row in rows), report["put_ms"], report["growth_mb"]
    bars = {
        f"CPU of all outputs: {report['cpu_ms']:.2f} ms a frame (at most {_CPU:g})": report["cpu_ms"] <= _CPU,
        f"slowest receiver, p95: {slowest:.2f} ms after the answer (at most {_DELAY:g})": slowest <= _DELAY,
        f"fewest frames received: {least:.3%} (at least {_SHARE:.1%})": least >= _SHARE,
        f"longest hand-over: {put['most']:.2f} ms (at most a frame, {1e3 / RATE:.1f})": put["most"] <= 1e3 / RATE,
        f"memory: {report['memory_mb']:.0f} MB, grown by {grown:.1f} (at most {_GROWTH:g})": grown <= _GROWTH,
    }
    for text, met in bars.items():
        print(f"  {text:72}{'met' if met else 'MISSED'}")
    return all(bars.values())
