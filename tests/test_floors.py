"""What a room costs whoever imports it: nothing below the window loads Qt, and torch only where a network is trained,
converted or run by it. (Which room may import which is import-linter's work, in pyproject.toml.)"""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

from places import ROOT

HEAVY = ("PySide6", "pyqtgraph", "vispy", "torch", "mediapipe", "tensorflow", "matplotlib", "pandas")
ABOVE = ("expnet_live.app", "expnet_live.research", "expnet_live.__main__")
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
for module in modules:
    importlib.import_module(module)
    for name in [*heavy]:
        if name in sys.modules:
            heavy.remove(name)
            print(module, "loads", name)
"""


def said(program: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_is_below_the_window_imports_nothing_heavy() -> None:
    modules = [m.name for m in pkgutil.walk_packages([str(ROOT / "expnet_live")], "expnet_live.")]
    light = [m for m in modules if not m.startswith(ABOVE) and m not in TORCH]
    # The official release's networks are torch's: they come last.
    light.sort(key=lambda m: m.startswith("expnet_live.official"))
    assert "expnet_live.cli.parser" in light
    assert said(PROGRAM, json.dumps([HEAVY, light])) == ["expnet_live.official.emotion loads torch"]


def test_a_pipeline_starts_without_most_of_scipy() -> None:
    """Each of these takes a tenth of a second with all that it imports."""
    heavy = ["scipy.spatial", "scipy.optimize", "scipy.interpolate"]
    started = "import sys; from expnet_live import Pipeline; Pipeline.load(device='cpu')"
    assert said(f"{started}; print([m for m in {heavy} if m in sys.modules])") == ["[]"]
