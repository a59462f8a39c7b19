"""Each runtime gives the same results as the plain network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset
from expnet_live.networks.architecture import ExpNetConfig, ResNetConfig, branched, compact, fine
from expnet_live.networks.checkpoint import Weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.predictor import ASSET, Predictor
from expnet_live.networks.runtime import (
    CUDA,
    Running,
    TorchNet,
    available_devices,
    by_onnx,
    onnx_has_cuda,
    pick_device,
    ready,
    torch_devices,
)
from expnet_live.networks.runtime_files import RuntimeFile, runtime_files

BOTTLENECK = ExpNetConfig(
    ResNetConfig((1, 2), 8, bottleneck=True), 64, pooled=True, outputs={"expression": 29, "confidence": 1}
)


def lively(config: ExpNetConfig) -> ExpNet:
    """A network whose normalisations have seen something."""
    torch.manual_seed(0)
    net = ExpNet(config)
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            nn.init.uniform_(m.weight, 0.5, 1.0)
            nn.init.normal_(m.bias, 0, 0.1)
            nn.init.normal_(m.running_mean, 0, 0.1)
            nn.init.uniform_(m.running_var, 0.8, 1.2)
    nn.init.normal_(net.spread, 1.0, 0.1)
    nn.init.normal_(net.offset)
    return net.eval()


@pytest.mark.parametrize(
    "config", [compact(20), replace(compact(20), crop_size=96), fine(20), branched(20), BOTTLENECK]
)
@pytest.mark.parametrize("run", [lambda weights: ready(weights, "cpu"), lambda weights: TorchNet(weights, "cpu")])
def test_all_agree(config: ExpNetConfig, run: Callable[[Weights], Running]) -> None:
    net = lively(config)
    crops = np.random.default_rng(0).integers(0, 256, (3, config.crop_size, config.crop_size, 3), np.uint8)
    with torch.inference_mode():
        plain = net(torch.from_numpy(crops).permute(0, 3, 1, 2).float()).numpy()
    running = run(Weights.of(net))
    for some in (crops, crops[:1]):
        said = running(some)
        assert said.dtype == np.float32
        assert np.abs(said - plain[: len(some)]).max() < 1e-4 * np.abs(plain).max()
        alone = running.actions(some)
        assert alone.shape == (len(some), config.n_branch or config.n_outputs)
        assert np.abs(alone - said[:, -alone.shape[1] :]).max() < 1e-4 * np.abs(plain).max()


def test_predictions_leave_the_crops_alone() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    before = crops.copy()
    predictor = Predictor(Weights.of(lively(BOTTLENECK)), "cpu")
    one, two = predictor.predict(crops), predictor.predict(crops[1:])
    assert np.array_equal(crops, before)
    assert one.expression[1] == pytest.approx(two.expression[0], abs=0.05)
    assert ((one.confidence >= 0) & (one.confidence <= 1)).all()


def test_onnx_runtime_reports_nothing(tmp_path: Path) -> None:
    """Where it may report its use, it keeps reports and an identifier of the device in the user's cache folder."""
    code = "from expnet_live import Pipeline; Pipeline.load(device='cpu')"
    env = {k: v for k, v in os.environ.items() if k != "CI" and not k.startswith("ORT_")}
    env |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-B", "-c", code], env=env, check=True, timeout=300)
    assert not list(tmp_path.rglob("*onnxruntime*")) and not list(tmp_path.rglob("deviceid"))


@pytest.mark.skipif(CUDA in onnxruntime.get_available_providers(), reason="ONNX Runtime's build for CUDA is there")
def test_without_a_build_for_cuda_onnx_runtime_stays_on_the_cpu() -> None:
    assert not onnx_has_cuda()
    crops = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), np.uint8)
    file, _ = runtime_files(asset(ASSET))
    on_cuda, on_cpu = (RuntimeFile.read(file, 1, device) for device in ("cuda", "cpu"))
    crops = crops[:, : on_cpu.config.crop_size, : on_cpu.config.crop_size]
    assert np.array_equal(on_cuda.net(crops), on_cpu.net(crops))


def test_onnx_runtime_has_the_cpu_and_what_torch_cannot_use() -> None:
    assert by_onnx("cpu") and not by_onnx("mps") and not by_onnx("cpu:0")
    assert by_onnx("cuda") == ("cuda" not in torch_devices())
    if "cuda" not in available_devices():
        with pytest.raises(UserError, match="no CUDA device that torch or ONNX Runtime can use"):
            pick_device("cuda")
    if "cuda" not in torch_devices():
        with pytest.raises(UserError, match="no CUDA device that torch can use"):
            pick_device("cuda", by_torch=True)
