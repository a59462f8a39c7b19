"""The record of a run in run.json: time, settings, inputs and outcome."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from expnet_live.analysis.estimators import Estimator
from expnet_live.analysis.inputs import Item
from expnet_live.analysis.item import Done
from expnet_live.analysis.options import Options
from expnet_live.analysis.output import layout_of
from expnet_live.core.version import __version__
from expnet_live.pipeline.way import way_of_computing
from expnet_live.pipeline.weights_file import ModelFile

_PACKAGES = ("numpy", "torch", "onnxruntime", "opencv-contrib-python", "av", "mediapipe", "pillow-heif")


@dataclass(frozen=True)
class Reader:
    """The estimator of the faces: the table's header, the files of the models, the device, and the way of computing."""

    header: bytes
    files: dict[str, ModelFile]
    device: str
    way: dict[str, Any]


def described(estimator: Estimator, options: Options) -> Reader:
    """Describe an estimator. Raises UserError if a model's file can no longer be read."""
    files = estimator.files()
    way = way_of_computing() if files else {}  # the fit to landmarks is another one
    return Reader(layout_of(estimator, options).header(), files, estimator.device, way)


def protocol_of(
    started: datetime, reader: Reader, options: Options, items: Sequence[Item], done: Sequence[Done]
) -> dict[str, Any]:
    """One entry of `runs` in run.json."""
    settings = {key: value for key, value in asdict(options).items() if key not in ("out", "rest")}
    settings["model"] = None if options.model is None else str(options.model)
    rest = options.rest
    return {
        "started": started.isoformat(timespec="seconds"),
        "duration_s": round((datetime.now().astimezone() - started).total_seconds(), 1),
        "versions": versions(),
        "device": reader.device,
        **{name: asdict(file) for name, file in reader.files.items()},
        "settings": settings,
        "way": reader.way,
        "rest": None if rest is None else {"expression": rest.neutral, "blendshapes": rest.resting},
        "inputs": [
            {"source": item.source, "kind": item.kind.value, **asdict(d)} for item, d in zip(items, done, strict=True)
        ],
    }


def versions() -> dict[str, str]:
    """Those of the program, of Python, and of the packages that compute values."""
    found = {"expnet-live": __version__, "python": sys.version.split()[0]}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
