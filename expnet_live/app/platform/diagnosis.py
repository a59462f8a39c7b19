"""The findings of `expnet-live doctor`: for each subject the facts, and one sentence for each thing to fix."""

from __future__ import annotations

import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from expnet_live.core.errors import UserError
from expnet_live.core.extras import EXTRA_OF
from expnet_live.core.files import checksum
from expnet_live.core.version import __version__

PACKAGES = (
    "numpy", "scipy", "onnxruntime", "opencv-contrib-python", "av", "safetensors",
    "PySide6", "pyqtgraph", "vispy", *(("cv2-enumerate-cameras",) if sys.platform == "win32" else ()),
)  # fmt: skip
# The same under other names, as in the folder that needs no Python.
SMALLER = {"opencv-contrib-python": "opencv-python-headless", "PySide6": "PySide6-Essentials"}
# What only GPUs, training and the landmark fit need, and a second name of OpenCV.
OPTIONAL = ("torch", "opencv-python", "mediapipe")
_PATIENCE = 120.0  # s to wait for an answer of a driver or a package
_BY_CPU = re.compile(r"llvmpipe|softpipe|swrast|swiftshader|gdi generic|basic render", re.IGNORECASE)

Ask = Callable[[str], tuple[list[dict[str, Any]], str | None]]


@dataclass(frozen=True)
class Finding:
    """Findings on a subject: `facts` are lines, `broken` are sentences on what must be fixed, `hints` on what may
    be.
    """

    title: str
    facts: tuple[str, ...]
    broken: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


def ask_process(question: str) -> tuple[list[dict[str, Any]], str | None]:
    """The answers of expnet_live/app/platform/probe.py, and how it ended if it failed."""
    command = [sys.executable, "-m", "expnet_live.app.platform.probe", question]
    root = str(Path(__file__).parents[3])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",  # drivers say what they like
            timeout=_PATIENCE,
            check=False,
            env={**os.environ, "PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired:
        return [], f"did not answer within {_PATIENCE:.0f} s"
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode == 0:
        return answers, None
    last = (done.stderr.strip().splitlines() or [""])[-1]
    return answers, f"crashed (signal {-done.returncode})" if done.returncode < 0 else f"failed ({last})"


def diagnose(ask: Ask = ask_process) -> list[Finding]:
    """All findings, in printing order."""
    findings = [system(), packages(ask)]
    checks: list[Callable[[], Finding]] = [
        extras,
        devices,
        models,
        lambda: opengl(ask),
        lambda: cameras(ask),
        folders,
        plugins,
    ]
    for check in checks:
        try:
            findings.append(check())
        except (ImportError, OSError) as error:
            name = getattr(check, "__name__", "check")
            findings.append(Finding(name, (), (f"This check failed ({error}); install expnet-live again.",)))
    return findings


def system() -> Finding:
    return Finding(
        "expnet-live",
        (f"{__version__}, Python {platform.python_version()}, {platform.platform()}, {os.cpu_count()} CPUs",),
    )


def packages(ask: Ask) -> Finding:
    facts, broken = [], []
    for name in (*PACKAGES, *OPTIONAL):
        found = _installed(name) or _installed(SMALLER.get(name, ""))
        if found is not None:
            facts.append(found)
        elif name not in OPTIONAL:
            broken.append(f"The package {name} is missing; install it: pip install {name}")
    answers, end = ask("imports")
    for answer in answers:
        if "problem" in answer:
            broken.append(_cannot_load(answer["module"], answer["problem"]))
    if end is not None:
        loading = [a["loading"] for a in answers if "loading" in a]
        broken.append(f"Loading {loading[-1] if loading else 'Python'} {end}; install expnet-live again.")
    if len({f.split()[1] for f in facts if f.startswith("opencv")}) > 1:
        broken.append("opencv-python and opencv-contrib-python differ in version; install expnet-live again.")
    return Finding("packages", (", ".join(facts),), tuple(broken))


def _installed(name: str) -> str | None:
    """Name and version of a package, or None."""
    try:
        return f"{name} {metadata.version(name)}" if name else None
    except metadata.PackageNotFoundError:
        return None


def _cannot_load(module: str, problem: str) -> str:
    library = re.match(r"(lib[\w.+-]+): cannot open shared object", problem)
    if library:
        return f"{module} needs the system's library {library[1]}; on Debian or Ubuntu run scripts/setup.sh."
    return f"{module} cannot be loaded ({problem.splitlines()[0] if problem else 'no reason given'}); install it again."


def extras() -> Finding:
    """The extras of the package whose modules are all there, and those that are not."""
    absent = {extra for module, extra in EXTRA_OF.items() if find_spec(module) is None}
    there = [extra for extra in dict.fromkeys(EXTRA_OF.values()) if extra not in absent]
    facts = (", ".join(there) or "none", *([f"not installed: {', '.join(sorted(absent))}"] if absent else []))
    return Finding("extras", facts)


def devices() -> Finding:
    from expnet_live.networks.runtime import available_devices, cpu_threads, torch_devices

    driver = shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia").is_dir()
    by_onnx = "cuda" in available_devices() - torch_devices()
    also = ("cuda: by ONNX Runtime",) if by_onnx else ()
    if find_spec("torch") is None:
        hint = "There is an NVIDIA card, which needs the package torch; install it, or let the CPU do the work."
        hints = [hint] if driver and not by_onnx else []
        return Finding("devices", (f"cpu: {cpu_threads()} threads, without torch", *also), (), tuple(hints))
    import torch

    facts, hints = [f"cpu: {torch.get_num_threads()} threads"], []
    for i in range(torch.cuda.device_count()):
        card = torch.cuda.get_device_properties(i)
        facts.append(f"cuda:{i}: {card.name}, {card.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}")
    if torch.cuda.device_count() == 0:
        build = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
        facts += also or (f"cuda: none; torch is {build}",)
        if driver and not by_onnx:
            what = (
                "update the NVIDIA driver" if torch.version.cuda else "install PyTorch's CUDA build (see pytorch.org)"
            )
            hints.append(f"There is an NVIDIA card that torch cannot use; {what}.")
    elif find_spec("onnx") is None:
        hints.append('The face finder stays on the CPU; install what it needs: pip install "expnet-live[gpu]"')
    facts.append("mps: " + ("available" if torch.backends.mps.is_available() else "none"))
    return Finding("devices", tuple(facts), (), tuple(hints))


def models() -> Finding:
    from expnet_live.capture.sources import open_source
    from expnet_live.capture.sources.demo import DEMO_ASSET
    from expnet_live.core.paths import asset, without_python
    from expnet_live.heads.face_model import ASSET as FACE_MODEL
    from expnet_live.heads.face_model import SCHEMA, FaceModel
    from expnet_live.networks.architecture import parameter_shapes
    from expnet_live.networks.checkpoint import FORMAT, Weights
    from expnet_live.networks.predictor import ASSET as WEIGHTS
    from expnet_live.networks.runtime_files import RuntimeFile, runtime_files

    # The folder without Python has the runtime file alone.
    network = runtime_files(Path(WEIGHTS))[1].name if without_python() else WEIGHTS

    def weights() -> str:
        found = RuntimeFile.read(asset(network)) if without_python() else Weights.read(asset(network))
        backbone = found.config.backbone
        size = sum(math.prod(shape) for shape in parameter_shapes(found.config).values()) / 1e6
        samples = found.about.get("training", {}).get("samples")
        trained = f", trained on {samples} crops" if samples else ""
        shape = f"ResNet {'-'.join(str(n) for n in backbone.blocks)} of width {backbone.width}"
        return f"format '{FORMAT}', {shape}, {size:.1f} M weights{trained}"

    def face_model() -> str:
        model = FaceModel.load()
        return f"version {SCHEMA}, {len(model.names)} expressions, {model.n_identity} identity components"

    def clip() -> str:
        with open_source("demo") as source:
            return f"{source.n_frames} frames"

    facts, broken = [], []
    for file, look in ((network, weights), (FACE_MODEL, face_model), (DEMO_ASSET, clip)):
        try:
            path, what = asset(file), look()
            facts.append(f"{path}: {what}; {path.stat().st_size / 1e6:.1f} MB, sha256 {checksum(path)[:12]}")
        except (UserError, OSError) as error:
            broken.append(str(error))
    return Finding("models", tuple(facts), tuple(broken))


def opengl(ask: Ask) -> Finding:
    answers, end = ask("opengl")
    answer = answers[0] if answers else {}
    if "renderer" not in answer:
        driver = f"OpenGL {end}; update the graphics driver, or try LIBGL_ALWAYS_SOFTWARE=1."
        problem = answer.get("problem", driver if end else "OpenGL did not answer; update the graphics driver.")
        # A computer without a screen is fine; it only cannot show a window.
        hints, broken = ((problem,), ()) if "no display" in problem else ((), (problem,))
        return Finding("opengl", ("none",), broken, hints)
    facts = (f"{answer['renderer']}, OpenGL {answer['version']}",)
    version = re.search(r"(\d+)\.(\d+)", answer["version"])
    if version and (int(version[1]), int(version[2])) < (2, 1):
        return Finding("opengl", facts, ("The head needs OpenGL 2.1; update the graphics driver.",))
    if _BY_CPU.search(answer["renderer"]):
        return Finding("opengl", facts, (), ("The CPU draws the head; a graphics driver would relieve it.",))
    return Finding("opengl", facts)


def cameras(ask: Ask) -> Finding:
    answers, end = ask("cameras")
    facts = tuple(f"{a['number']}: {a['name']}" for a in answers) or ("none",)
    hints = []
    if end is not None:
        hints.append(f"Listing the cameras {end}; unplug cameras one by one to find the one whose driver fails.")
    elif not answers:
        hints.append("No camera was found; connect one (a container or virtual machine must be given access to it).")
    for a in answers:
        device = Path(f"/dev/video{a['number']}")
        if sys.platform.startswith("linux") and device.exists() and not os.access(device, os.R_OK | os.W_OK):
            hints.append(f"You may not use {device}; add yourself to its group: sudo usermod -aG video $USER.")
    return Finding("cameras", facts, (), tuple(hints))


def plugins() -> Finding:
    from expnet_live.app.platform.plugins import added, problems

    return Finding("plugins", tuple(added()) or ("none",), tuple(problems()))


def folders() -> Finding:
    from expnet_live.app.logs import log_file
    from expnet_live.core.paths import data_folder
    from expnet_live.sessions.format.folder import sessions_root

    folder = data_folder()
    there = next(p for p in (folder, *folder.parents) if p.exists())
    broken = (
        () if os.access(there, os.W_OK) else (f"Profiles and log cannot be written to {folder}; make it writable.",)
    )
    return Finding(
        "folders", (f"profiles, heads: {folder}", f"recordings: {sessions_root()}", f"log: {log_file()}"), broken
    )
