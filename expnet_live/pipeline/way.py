"""The way of computing: what the values of a face depend on besides the network, the face model and the options.

Tables and data sets note it, so that one of them never holds values of two ways.
"""

from __future__ import annotations

from dataclasses import asdict
from inspect import signature
from typing import Any

from expnet_live.core.files import checksum
from expnet_live.core.paths import asset
from expnet_live.heads import rig
from expnet_live.pipeline import appearance, finder
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.pipeline.smoothing import PRESETS
from expnet_live.pipeline.track import TrackerOptions

# Raise it with each change after which the same network gives other values for the same pictures;
# tests/pipeline/test_way.py fails after such a change.
WAY = 3


def way_of_computing() -> dict[str, Any]:
    """As JSON's types: the number of the way, whether tracked faces get a second look, thresholds of the tracker and
    parameters of smoothing, and the checksums of the other learned files. Raises OSError if one is missing."""
    return {
        "way": WAY,
        "second_look": signature(Pipeline).parameters["second_look"].default,
        "thresholds": asdict(TrackerOptions()),
        "filters": {name: None if preset is None else asdict(preset) for name, preset in PRESETS.items()},
        "files": {name: checksum(asset(name)) for name in (finder.ASSET, appearance.ASSET, rig.ASSET)},
    }


def other_in(there: object, here: dict[str, Any]) -> str:
    """What differs between the way that a file notes and this one, in words; empty if nothing does."""
    if not isinstance(there, dict):
        return "an earlier version's way of computing"
    parts = [name.replace("_", " ") for name, value in here.items() if there.get(name) != value]
    return f"another way of computing ({', '.join(parts)})" if parts else ""
