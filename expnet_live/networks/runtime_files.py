"""The networks as ONNX Runtime loads them: beside X.safetensors, X.onnx in single precision and X.int8.onnx in int8.

`expnet-live train runtime` writes both. No graph is built and no weights are converted when the program starts. Which
of them is quicker depends on the processor: that is measured once and kept in the cache folder.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from expnet_live.core.errors import UserError
from expnet_live.core.files import checksum, replacing
from expnet_live.core.machine import processor
from expnet_live.core.paths import cache_folder, without_python
from expnet_live.core.records import read_json
from expnet_live.networks.architecture import ExpNetConfig
from expnet_live.networks.checkpoint import FORMAT
from expnet_live.networks.runtime import OnnxNet, cpu_threads

SOURCE = "weights"  # the metadata's name of the SHA-256 of the weights that a file was made from
REMAKE = "make it again with 'expnet-live train runtime'"
_SPEED_FILE = "network_speed.json"
INT8 = ".int8.onnx"
_LESS_EXACT, _FREE_CORES = 1.2, 0.5  # int8 must save time; several threads spin between frames, so they must halve it
_RUNS = 15
_KEPT = 20  # measurements in the file: other networks, other numbers of threads

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class RuntimeFile:
    """A network that is ready to run, its configuration, notes about it, and its file."""

    config: ExpNetConfig
    about: dict[str, Any]
    net: OnnxNet
    path: Path

    @classmethod
    def read(cls, path: Path, threads: int | None = None, device: str = "cpu") -> RuntimeFile:
        """The network in `path`, on the CPU or cuda. Raises UserError if it is not one of ours."""
        try:
            net = OnnxNet(path, threads, device)
            notes = net.notes
            if notes.get("format") != FORMAT:
                raise UserError(f"{path} holds a network of another program; {REMAKE}.")
            return cls(ExpNetConfig.from_dict(read_json(notes["config"])), read_json(notes["about"]), net, path)
        except UserError:
            raise
        except Exception as e:  # ONNX Runtime has a class for each kind of damage.
            raise UserError(f"{path} is missing or damaged; {REMAKE}.") from e

    @classmethod
    def beside(cls, weights: Path, threads: int | None = None) -> RuntimeFile | None:
        """The quicker one of the files beside `weights`, or None if there are none of these very weights.

        Raises UserError if one is damaged.
        """
        exact, small = runtime_files(weights)
        n = threads or cpu_threads()
        ways = [_Way(exact, n), _Way(small, 1), *([_Way(small, n)] if n > 1 else [])]
        ways = [way for way in ways if way.path.is_file()]
        if not ways or not (weights.is_file() or _stands_for(small, weights)):
            return None
        source = weights_checksum(weights)
        way = ways[0] if len(ways) == 1 else _quickest(ways, source)
        found = cls.read(way.path, way.threads)
        if found.net.notes.get(SOURCE) != source:
            log.warning("%s was made from other weights than %s and is not used; %s.", way.path, weights, REMAKE)
            return None
        return found


@dataclass(frozen=True)
class _Way:
    """A file, and how many threads run it."""

    path: Path
    threads: int

    def worth(self, most: int) -> float:
        """The factor by which it must be quicker than single precision on `most` threads."""
        if not self.path.name.endswith(INT8):
            return 1.0
        return _LESS_EXACT * (_FREE_CORES if self.threads < most else 1.0)


def runtime_files(weights: Path) -> tuple[Path, Path]:
    """Paths of the files for single precision and for int8 that belong to a file of weights."""
    return weights.with_suffix(".onnx"), weights.with_suffix(INT8)


def weights_checksum(weights: Path) -> str:
    """The SHA-256 of a file of weights as hex digits.

    The folder without Python cannot use the built-in weights and has their runtime file alone, which notes it.
    """
    _, small = runtime_files(weights)
    if _stands_for(small, weights):
        return OnnxNet(small, 1).notes[SOURCE]
    return checksum(weights)


def _stands_for(small: Path, weights: Path) -> bool:
    return without_python() and small.is_file() and not weights.is_file()


def _quickest(ways: list[_Way], source: str) -> _Way:
    """The quickest one by the times that were once measured on this computer, or else are now."""
    speed = cache_folder() / _SPEED_FILE
    key = f"{processor()}, ONNX Runtime {onnxruntime.__version__}, {source}, {[(w.path.name, w.threads) for w in ways]}"
    known = _measured(speed)
    try:
        ms = [float(known[key]["ms"][i]) for i in range(len(ways))]
    except (IndexError, KeyError, TypeError, ValueError):
        ms = [round(1e3 * s, 3) for s in _seconds(ways)]
        try:
            speed.parent.mkdir(parents=True, exist_ok=True)
            with replacing(speed) as partial:
                partial.write_text(json.dumps(dict(list({**known, key: {"ms": ms}}.items())[-_KEPT:]), indent=1))
        except OSError as e:
            log.info("%s cannot be written (%s): the network is measured at each start.", speed, e.strerror)
    most = max(way.threads for way in ways)
    return min(zip(ms, ways, strict=True), key=lambda one: one[0] * one[1].worth(most))[1]


def _measured(path: Path) -> dict[str, Any]:
    """The earlier measurements, none if they cannot be read."""
    try:
        found = read_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(ways: list[_Way]) -> list[float]:
    """The shortest time of each for one crop; they take turns, so that other programs disturb all alike."""
    files = [RuntimeFile.read(way.path, way.threads) for way in ways]
    size = files[0].config.crop_size
    crop = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), np.uint8)
    best = [float("inf")] * len(ways)
    for _ in range(_RUNS):
        for i, file in enumerate(files):
            file.net(crop)  # The other one has emptied the caches.
            start = time.perf_counter()
            file.net(crop)
            best[i] = min(best[i], time.perf_counter() - start)
    return best
