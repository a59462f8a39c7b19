"""`expnet-live doctor`: what a bug report needs: versions, devices, assets, cameras."""

from __future__ import annotations

import argparse
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from expnet_live import __version__
from expnet_live.errors import UserError

if TYPE_CHECKING:
    from expnet_live.cli.arguments import Subparsers

PACKAGES = (
    "torch",
    "numpy",
    "opencv-python",
    "opencv-contrib-python",
    "mediapipe",
    "av",
    "scipy",
    "safetensors",
    "PySide6",
    "pyqtgraph",
    "vispy",
)


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("doctor", help="versions, devices, assets and cameras of this machine")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report; 1 when a package or the assets are missing or broken."""
    import platform

    healthy = True
    print(f"expnet-live {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for name in PACKAGES:
        try:
            print(f"  {name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            healthy = False
            print(f"  {name} is missing: install expnet-live again")
    for title, report in (("device", _devices), ("assets", _assets), ("cameras", _cameras)):
        try:
            print(f"{title}: {report()}")
        except (ImportError, OSError, UserError) as error:
            healthy = False
            print(f"{title}: broken: {error}")
    return 0 if healthy else 1


def _devices() -> str:
    import torch

    names = [f"cpu ({torch.get_num_threads()} threads)"]
    names += [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return ", ".join(names)


def _assets() -> str:
    from expnet_live.capture.sources import DEMO_ASSET
    from expnet_live.face_model.model import ASSET as FACE_MODEL
    from expnet_live.networks.predictor import ASSET as WEIGHTS
    from expnet_live.resources import asset, assets_dir

    sizes = [f"{name} ({asset(name).stat().st_size / 1e6:.1f} MB)" for name in (FACE_MODEL, WEIGHTS, DEMO_ASSET)]
    return f"{assets_dir()}: {', '.join(sizes)}"


def _cameras() -> str:
    # Opening a camera can take seconds and ask for permission; on Linux the device files tell as much.
    if not sys.platform.startswith("linux"):
        return "not listed on this system; try `expnet-live analyze 0 --duration 2 --out camera-test`"
    from pathlib import Path

    devices = sorted(Path("/dev").glob("video[0-9]*"))
    return ", ".join(str(d) for d in devices) or "none"
