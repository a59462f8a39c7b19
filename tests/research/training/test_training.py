"""Crops to weights: trainings that go on, end alike, and share the work, on a few pictures of the demo head."""

from __future__ import annotations

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest
import torch
from mesh import landmarker

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.types import Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.checkpoint import load_weights
from expnet_live.research.training.crops import CropSet
from expnet_live.research.training.muon import Muon, orthogonal
from expnet_live.research.training.options import TrainConfig
from expnet_live.research.training.train import train


def test_training_learns_stops_and_resumes(crops: CropSet, model: FaceModel, tmp_path: Path) -> None:
    config = TrainConfig(samples=96, batch=8, workers=0, threads=1, validate_every=48, device="cpu")
    path = train(crops, crops, model, tmp_path, replace(config, samples=48))
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["done"] == 48
    train(crops, crops, model, tmp_path, config)
    with (tmp_path / "log.csv").open() as f:
        rows = list(csv.DictReader(f))
    assert [int(r["crops"]) for r in rows] == [48, 96]
    net, about = load_weights(path)
    assert about["crops"] in (48, 96) and net.config.crop_size == 112
    begun = tmp_path / "begun.safetensors"
    path.rename(begun)
    blended = train(crops, crops, model, tmp_path / "on", replace(config, init=begun, blend=0.25))
    # Without the path of the weights: a published file must not reveal details of the machine.
    assert load_weights(blended)[1]["training"]["init"] == "begun.safetensors"
    old, new, mean = (load_weights(p)[0].fc.weight for p in (begun, blended.with_name("expnet.safetensors"), blended))
    assert not torch.equal(old, new)
    assert torch.allclose(mean, 0.75 * old + 0.25 * new, atol=1e-3)


class Interrupted(CropSet):
    """The user presses Ctrl-C while picture number `left` is read."""

    left: ClassVar[list[int]] = [0]

    def picture(self, i: int) -> Image:
        self.left[0] -= 1
        if not self.left[0]:
            raise KeyboardInterrupt
        return super().picture(i)


def test_an_interrupted_training_ends_like_another(crops: CropSet, model: FaceModel, tmp_path: Path) -> None:
    config = TrainConfig(
        samples=48, batch=8, workers=0, threads=1, validate_every=16, device="cpu", dropout=0.5, seed=20_261_130
    )
    crops = replace(crops, key=np.char.add(crops.key, "\udce9"))  # as of files whose names are no text
    whole = train(crops, crops, model, tmp_path / "whole", config)
    stopped = Interrupted(**vars(crops))
    Interrupted.left[0] = 2 * 24 + 5  # each crop reads two
    with pytest.raises(KeyboardInterrupt):
        train(stopped, crops, model, tmp_path / "parts", config)
    assert torch.load(tmp_path / "parts" / "checkpoint.pt", weights_only=True)["done"] == 16
    parts = train(crops, crops, model, tmp_path / "parts", config)
    assert load_weights(whole)[0].state_dict().keys() == load_weights(parts)[0].state_dict().keys()
    for name, value in load_weights(whole)[0].state_dict().items():
        assert torch.equal(value, load_weights(parts)[0].state_dict()[name]), name
    with pytest.raises(UserError, match=r"of a training with other lr, seed; .* or delete the file to begin anew"):
        train(crops, crops, model, tmp_path / "parts", replace(config, lr=1e-3, seed=2))
    less = crops.subset(np.arange(len(crops)) > 0)
    with pytest.raises(UserError, match="of a training with other photos or labels; "):
        train(less, crops, model, tmp_path / "parts", config)
    (tmp_path / "parts" / "checkpoint.pt").write_bytes(b"PK\3\4")
    with pytest.raises(UserError, match=r"checkpoint\.pt is damaged; delete it"):
        train(crops, crops, model, tmp_path / "parts", config)
    with pytest.raises(UserError, match="7 samples are no whole batch of 8"):
        train(crops, crops, model, tmp_path / "none", replace(config, samples=7))


def test_two_processes_train_together_and_make_the_crops_once(folder: Path, crops: CropSet, tmp_path: Path) -> None:
    known = ["--landmarks", str(folder / "landmarks.npz"), "--labels", str(folder / "labels.npz")]
    options = ["--samples", "47", "--batch", "16", "--workers", "0", "--threads", "1", "--jobs", "1", "--device", "cpu"]
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run += ["--local-addr", "127.0.0.1"]  # a computer's name need not lead to it
    run += ["-m", "expnet_live", "train", "expnet", str(folder), *known, *options, "--out", str(tmp_path)]
    told = subprocess.run(run, capture_output=True, text=True, timeout=300, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("the best weights are in") == 1
    assert told.stderr.count("crops: 100%") == 1
    made = {
        "crops.npy",
        "crops.sha256",
        "checkpoint.pt",
        "expnet.safetensors",
        "expnet.onnx",
        "expnet.int8.onnx",
        "log.csv",
    }
    assert {p.name for p in tmp_path.iterdir()} == made
    told = subprocess.run([*run, "--batch", "15"], capture_output=True, text=True, timeout=300, check=False)
    assert told.returncode and "2 processes cannot share a batch of 15" in told.stderr


def test_too_few_photos_to_train_on_are_refused_in_a_sentence(
    folder: Path, crops: CropSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    cv2.imwrite(str(few / "a.png"), cv2.imread(str(folder / "p0000.png")))
    labels = ["train", "labels", str(few), "--landmarks", str(few / "l.npz"), "--out", str(few / "labels.npz")]
    with landmarker():
        assert main(labels) == 0
    files = ["--landmarks", str(few / "l.npz"), "--labels", str(few / "labels.npz"), "--out", str(tmp_path / "out")]
    assert main(["train", "expnet", str(few), *files]) == 2
    assert "name more photos, of more people" in capsys.readouterr().err


@pytest.mark.parametrize("shape", [(16, 72), (72, 16)])
def test_muon_steps_along_orthogonal_matrices_as_long_as_adams(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.nn.Parameter(torch.randn(shape))
    matrix.grad = torch.randn(shape)
    spread = torch.linalg.svdvals(orthogonal(matrix.grad))
    assert spread.min() > 0.6 and spread.max() < 1.3
    before = matrix.detach().clone()
    Muon([matrix], lr=0.01, weight_decay=0.0).step()
    rms = float((matrix.detach() - before).square().mean().sqrt())
    assert 0.01 * 0.2 * 0.6 < rms < 0.01 * 0.2 * 1.3
