"""Runs a network with ONNX Runtime on CPUs, where a single crop takes half of torch's time, and with torch elsewhere.

On NVIDIA's cards, ONNX Runtime's build for CUDA does it where torch cannot. torch itself is imported only if there may
be a GPU: it takes a second and 200 MB.
"""

from __future__ import annotations

import ctypes.util
import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import onnxruntime

from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset
from expnet_live.core.types import Array, Image
from expnet_live.networks.architecture import ACTIONS, WHOLE
from expnet_live.networks.checkpoint import Weights

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda", "mps")
CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"
_PROBE = "finder.onnx"  # the smallest network that is there

# For programs that imported ONNX Runtime before this package, which keeps it silent otherwise.
onnxruntime.disable_telemetry_events()


class Running(Protocol):
    """A network that is ready to run."""

    def __call__(self, crops: Image, /) -> Array:
        """Map crops (N, S, S, 3) BGR uint8 to outputs (N, D) float32."""
        ...

    def actions(self, crops: Image, /) -> Array:
        """The outputs of the branch alone (N, B), in three fifths of the time; all (N, D) if it has none."""
        ...


def pick_device(device: str, *, by_torch: bool = False) -> str:
    """Resolve a device name: auto takes cuda, then mps, then cpu. Raises UserError for an unavailable device.

    With `by_torch`, what ONNX Runtime alone can use is unavailable.
    """
    if device not in DEVICES:
        raise UserError(f"There is no device called {device}; choose one of {', '.join(DEVICES)}.")
    if device == "cpu":
        return device
    there = torch_devices() if by_torch else available_devices()
    if device == "auto":
        return next(d for d in ("cuda", "mps", "cpu") if d in there)
    if device not in there:
        whose = "torch" if by_torch or device != "cuda" else "torch or ONNX Runtime"
        raise UserError(f"This computer has no {device.upper()} device that {whose} can use; choose 'cpu' or 'auto'.")
    return device


def available_devices() -> set[str]:
    """cpu, and cuda and mps if torch can use them, or ONNX Runtime cuda."""
    there = torch_devices()
    return there | {"cuda"} if "cuda" not in there and _may_have_gpu() and onnx_has_cuda() else there


def torch_devices() -> set[str]:
    """cpu, and cuda and mps if torch can use them."""
    if not _may_have_gpu() or find_spec("torch") is None:
        return {"cpu"}
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return {name for name, is_there in there.items() if is_there}


@cache
def onnx_has_cuda() -> bool:
    """Whether ONNX Runtime's build for CUDA is there (the extra `cuda`), with a card and all that it loads."""
    if CUDA not in onnxruntime.get_available_providers():
        return False
    onnxruntime.set_default_logger_severity(4)  # what is missing is no fault
    try:
        with redirect_stdout(io.StringIO()):
            onnxruntime.preload_dlls()  # those of NVIDIA's packages
        return CUDA in session(asset(_PROBE), onnxruntime.SessionOptions(), "cuda").get_providers()
    finally:
        onnxruntime.set_default_logger_severity(2)


def by_onnx(device: str) -> bool:
    """Whether ONNX Runtime runs networks on a device of `pick_device`: the CPU, and CUDA where torch cannot."""
    return device == "cpu" or (device == "cuda" and "cuda" not in torch_devices())


def session(graph: Path | bytes, options: onnxruntime.SessionOptions, device: str = "cpu") -> Any:
    """A session of ONNX Runtime on the CPU, or on cuda if it can use that. Raises its exceptions if `graph` is none."""
    providers = [*([CUDA] if device == "cuda" and CUDA in onnxruntime.get_available_providers() else []), _CPU]
    content = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(content, options, providers=providers)


def _may_have_gpu() -> bool:
    """Whether there is a driver that torch could use: Apple's, NVIDIA's or AMD's."""
    if sys.platform == "darwin":
        return True
    cuda = "nvcuda" if sys.platform == "win32" else "cuda"
    return ctypes.util.find_library(cuda) is not None or Path("/dev/kfd").exists() or Path("/dev/nvidiactl").exists()


def cpu_threads() -> int:
    """Number of CPU threads for a network: OMP_NUM_THREADS, or all cores that this process may use, up to four."""
    try:
        return max(1, int(os.environ["OMP_NUM_THREADS"]))
    except (KeyError, ValueError):
        return min(available_cores(), 4)


def available_cores() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ready(weights: Weights, device: str, threads: int | None = None, *, exact: bool = False) -> Running:
    """A network on a device of `pick_device`.

    Where ONNX Runtime runs it, the package `onnx` must be there to write its graph, or else torch does: a network that
    must start at once or run fast has a file of its own, see runtime_files.py. `exact`: single precision everywhere,
    with crops as float32, 0..255. Raises UserError if neither is there.
    """
    if not by_onnx(device) or find_spec("onnx") is None:
        if find_spec("torch") is None:
            raise UserError("Weights without .onnx files beside them need torch; install it, or add these files.")
        return TorchNet(weights, "cpu" if by_onnx(device) else device, exact)
    from expnet_live.networks.graph import onnx_model

    return OnnxNet(onnx_model(weights, floats=exact).SerializeToString(), threads, device)


class OnnxNet:
    """A network in a file, or in the bytes of one, on `threads` of the CPU (None: see cpu_threads), or on cuda.

    Raises ONNX Runtime's exceptions if it is none.
    """

    def __init__(self, graph: Path | bytes, threads: int | None = None, device: str = "cpu") -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or cpu_threads()
        options.log_severity_level = 3
        options.enable_mem_pattern = False  # it is chosen by the number of crops, but that of `whole` ones counts, too
        self._session = session(graph, options, device)
        self._branched = WHOLE in {given.name for given in self._session.get_overridable_initializers()}

    @property
    def notes(self) -> dict[str, str]:
        """The metadata in the file."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    def __call__(self, crops: Image) -> Array:
        parts = self._session.run(None, {"crops": crops})
        return np.concatenate(parts, 1) if len(parts) > 1 else np.asarray(parts[0])

    def actions(self, crops: Image) -> Array:
        if not self._branched:
            return self(crops)
        return np.asarray(self._session.run([ACTIONS], {"crops": crops, WHOLE: np.zeros(1, np.int64)})[0])


class TorchNet:
    """A network in torch; on CUDA, the convolutions run in half precision and the last layers in float32, unless
    `exact`.
    """

    def __init__(self, weights: Weights, device: str, exact: bool = False) -> None:
        import torch

        self._device = device
        self._dtype = torch.float16 if device.startswith("cuda") and not exact else torch.float32
        self._net = weights.network().to(device)
        for part in (self._net.backbone, self._net.branch):
            part.to(dtype=self._dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __call__(self, crops: Image) -> Array:
        return self._run(crops, self._net.standard)

    def actions(self, crops: Image) -> Array:
        net = self._net
        return self._run(crops, net.standard if net.branch_fc is None else net.standard_actions)

    def _run(self, crops: Image, part: Callable[[torch.Tensor], torch.Tensor]) -> Array:
        """The last outputs, as many as `part` has."""
        import torch

        net = self._net
        with torch.inference_mode():
            # A view with the channels last, the layout that suits the convolutions best.
            x = torch.from_numpy(np.ascontiguousarray(crops)).to(self._device).permute(0, 3, 1, 2)
            said = part(((x - net.pixel_mean) / net.pixel_spread).to(self._dtype))
            n = said.shape[1]
            out: Array = (said * net.spread[-n:] + net.offset[-n:]).cpu().numpy()
        return out
