"""What is fitted to finished weights: the last layer, its calibration, and the files that run them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.files import checksum
from expnet_live.core.paths import asset
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.architecture import compact
from expnet_live.networks.checkpoint import load_weights, save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.predictor import Predictor
from expnet_live.networks.runtime_files import SOURCE, RuntimeFile, runtime_files
from expnet_live.research.training.calibration import calibrate
from expnet_live.research.training.crops import CropSet
from expnet_live.research.training.dataset import plain_batches
from expnet_live.research.training.options import ReadoutConfig
from expnet_live.research.training.readout import learn_readout
from expnet_live.research.training.runtime import renew_last_layers


def test_calibrated_answers_are_as_strong_as_the_labels(crops: CropSet, model: FaceModel) -> None:
    net, _ = load_weights(asset("expnet.safetensors"))
    calibrate(net, crops, model)
    slope, offset = calibrate(net, crops, model)
    assert np.allclose(slope, 1, atol=1e-3) and np.allclose(offset, 0, atol=1e-3)
    spread = net.split(net.spread[None])["expression"][0]
    partner, _ = model.mirror_expression
    before, _ = load_weights(asset("expnet.safetensors"))
    change = spread / before.split(before.spread[None])["expression"][0]
    assert torch.allclose(change, change[partner.tolist()], rtol=1e-4) and not torch.allclose(change, torch.ones(29))


def test_the_last_layer_learns_the_components_and_nothing_else_changes(
    crops: CropSet, model: FaceModel, tmp_path: Path
) -> None:
    init = asset("expnet.safetensors")
    path = learn_readout(crops, model, init, tmp_path, ReadoutConfig(samples=400, batch=50, workers=0))
    (old, _), (new, about) = load_weights(init), load_weights(path)
    assert about["readout"]["init"] == init.name
    part = next(plain_batches(crops, model, 112, len(crops)))
    with torch.inference_mode():
        before, after = (net.split(net(part["image"])) for net in (old, new))
    said, truth = after.pop("expression").numpy(), part["expression"].numpy()
    assert not np.allclose(said, before.pop("expression"))
    assert all(torch.equal(before[name], after[name]) for name in after)
    for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft"):
        k = model.index(name)
        assert np.corrcoef(said[:, k], truth[:, k])[0, 1] > 0.9, name
    files = renew_last_layers(path, init)
    images = part["image"].permute(0, 2, 3, 1).numpy().astype(np.uint8)
    for file, known, rms in zip(files, runtime_files(init), (1e-3, 0.15), strict=True):
        now, was = (Predictor.load(f).predict(images) for f in (file, known))
        assert np.sqrt(np.square(now.expression - said).mean()) < rms
        assert now.blendshapes is not None and was.blendshapes is not None
        assert np.array_equal(now.blendshapes, was.blendshapes) and np.array_equal(now.identity, was.identity)
        assert RuntimeFile.read(file).net.notes[SOURCE] == checksum(path)
    for file, name in zip((path, *runtime_files(init)), ("o.safetensors", "o.onnx", "o.int8.onnx"), strict=True):
        shutil.copy(file, tmp_path / name)
    with pytest.raises(UserError, match="other weights"):
        renew_last_layers(path, tmp_path / "o.safetensors")


def test_a_network_of_another_face_model_is_not_read_out(crops: CropSet, model: FaceModel, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    save_weights(ExpNet(compact(model.n_identity - 1)), other)
    with pytest.raises(UserError, match="train it with 'expnet-live train expnet'"):
        learn_readout(crops, model, other, tmp_path, ReadoutConfig())


def test_runtime_files_belong_to_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path))
    weights = tmp_path / "mine.safetensors"
    save_weights(ExpNet(compact(50)).eval(), weights)
    assert main(["train", "runtime", str(weights)]) == 0
    predictor = Predictor.load(weights, "cpu")
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    assert predictor.predict(crops).expression.shape == (3, 29)
    assert {p.name for p in tmp_path.glob("*.onnx")} == {"mine.onnx", "mine.int8.onnx"}
