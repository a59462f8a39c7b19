"""What a room costs whoever imports it: nothing below the window loads Qt, and torch only where a network is trained,
converted or run by it. (Which room may import which is import-linter's work, in pyproject.toml.)"""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import pytest
from places import ROOT

HEAVY = ("PySide6", "pyqtgraph", "vispy", "torch", "mediapipe", "tensorflow", "matplotlib", "pandas")
ROOMS = (
    "core", "threads", "geometry", "meshes", "video", "capture", "heads", "avatars", "networks", "render", "person",
    "pipeline", "official", "models", "live", "sessions", "outputs", "analysis", "archive", "gestures", "reports",
    "cli",
)  # fmt: skip
# Modules that are about torch, which the others import where they use them.
TORCH = {
    "expnet_live.heads.fitting",
    "expnet_live.networks.expnet",
    "expnet_live.networks.resnet",
    "expnet_live.networks.torch_graph",
    "expnet_live.pipeline.landmark_fit",
}

PROGRAM = """
import importlib, json, sys
heavy, modules = json.loads(sys.argv[1])
culprits = {}
for module in modules:
    importlib.import_module(module)
    new = [name for name in heavy if name in sys.modules]
    if new:
        culprits[module] = new
        heavy = [name for name in heavy if name not in new]
print(json.dumps(culprits))
"""


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_below_the_window_imports_nothing_heavy(room: str) -> None:
    name = f"expnet_live.{room}"
    modules = [name, *(m.name for m in pkgutil.walk_packages([str(ROOT / "expnet_live" / room)], f"{name}."))]
    light = [m for m in modules if m not in TORCH]
    heavy = [h for h in HEAVY if h != "torch" or room != "official"]  # which holds the release's networks
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([heavy, light])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {}


def test_every_room_is_looked_at() -> None:
    rooms = {p.name for p in (ROOT / "expnet_live").iterdir() if (p / "__init__.py").exists()}
    assert rooms == {*ROOMS, "app", "research"}


def test_a_pipeline_starts_without_most_of_scipy() -> None:
    """Each of these takes a tenth of a second with all that it imports."""
    heavy = ["scipy.spatial", "scipy.optimize", "scipy.interpolate"]
    started = "import sys; from expnet_live import Pipeline; Pipeline.load(device='cpu')"
    program = f"{started}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
