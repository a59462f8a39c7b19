"""The demo clip's ground truth: the strengths of ARKit's actions that its table holds."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array


def demo_truth(path: Path) -> Array:
    """Strengths (T, 52) in the frames of the clip with the table `path`."""
    with path.open(encoding="utf-8", newline="") as f:
        return np.array([[float(row[name]) for name in ARKIT] for row in csv.DictReader(f)])
