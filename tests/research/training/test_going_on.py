"""Ctrl-C ends a training after the step that runs, and the same command goes on there: it ends like another."""

from __future__ import annotations

import csv
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from expnet_live.core.errors import UserError
from expnet_live.core.types import Image
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.architecture import compact
from expnet_live.networks.checkpoint import load_weights, save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.research.training.actions.branch import learn_branch
from expnet_live.research.training.actions.fine_tune import fine_tune
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.actions.options import TuneConfig
from expnet_live.research.training.actions.shelf import Shelf
from expnet_live.research.training.crops import CropSet
from expnet_live.research.training.finder.options import FinderConfig
from expnet_live.research.training.finder.train import train_finder
from expnet_live.research.training.options import TrainConfig
from expnet_live.research.training.train import train

pytestmark = pytest.mark.usefixtures("heeding_signals")
State = dict[str, torch.Tensor]


def pressing(picture: Callable[[int], Image], n: int) -> Callable[[int], Image]:
    """The user presses Ctrl-C while the n-th picture is read."""
    left = [n]

    def read(i: int) -> Image:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGINT)
        return picture(i)

    return read


class PressedCrops(CropSet):
    def picture(self, i: int) -> Image:
        return PICTURE["read"](i)


PICTURE: dict[str, Callable[[int], Image]] = {}


class PressedShelf(Shelf):
    def picture(self, i: int) -> Image:
        return PICTURE["read"](i)


def pressed(material: Material, labelled: Path, n: int) -> Material:
    PICTURE["read"] = pressing(material.shelf.picture, n)
    return replace(material, shelf=PressedShelf([labelled]))


def same(one: State, other: State) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def weights(path: Path) -> State:
    return load_weights(path)[0].state_dict()


def checkpoint(folder: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(folder / "checkpoint.pt", weights_only=True)
    return state


def rows(folder: Path, *names: str) -> list[list[str]]:
    with (folder / "log.csv").open(encoding="utf-8") as file:
        return [[row[name] for name in names] for row in csv.DictReader(file)]


def test_the_network(crops: CropSet, model: FaceModel, tmp_path: Path) -> None:
    config = TrainConfig(samples=48, batch=8, workers=0, threads=1, validate_every=32, device="cpu", dropout=0.5)
    whole = train(crops, crops, model, tmp_path / "whole", config)
    PICTURE["read"] = pressing(crops.picture, 2 * 16 + 3)  # each crop reads two
    with pytest.raises(KeyboardInterrupt, match="the same command goes on at 24 pictures"):
        train(PressedCrops(**vars(crops)), crops, model, tmp_path / "parts", config)
    assert checkpoint(tmp_path / "parts")["done"] == 24 and not (tmp_path / "parts" / "log.csv").exists()
    same(weights(whole), weights(train(crops, crops, model, tmp_path / "parts", config)))
    names = [n for n in (tmp_path / "whole" / "log.csv").read_text().split()[0].split(",") if n != "time"]
    assert len(names) > 8 and rows(tmp_path / "parts", *names) == rows(tmp_path / "whole", *names)


@pytest.mark.parametrize("branch", [0, 3])
def test_the_actions(material: Material, labelled: Path, tmp_path: Path, branch: int) -> None:
    torch.manual_seed(0)
    old = tmp_path / "old.safetensors"
    save_weights(ExpNet(replace(compact(50), dropout=0.5)), old)
    config = TuneConfig(samples=40, batch=8, workers=0, threads=1, branch=branch, lr=1e-2)
    learn = learn_branch if branch else fine_tune
    whole = learn(material, old, tmp_path / "whole", config)
    with pytest.raises(KeyboardInterrupt, match="the same command goes on"):
        learn(pressed(material, labelled, 30), old, tmp_path / "parts", config)
    assert 8 <= checkpoint(tmp_path / "parts")["done"] < 40
    parts = learn(material, old, tmp_path / "parts", config)
    same(weights(whole), weights(parts))
    names = ("crops", "actions", "others")
    assert rows(tmp_path / "parts", *names) == rows(tmp_path / "whole", *names)
    # A kill after a row and before its checkpoint, and a checkpoint that is deleted to begin anew.
    log = tmp_path / "parts" / "log.csv"
    again = tmp_path / "again"
    again.mkdir()
    with (again / "log.csv").open("w", encoding="utf-8") as file:
        file.write(log.read_text().replace("\n40,", "\n8,", 1) + "1000,9,9,9\n")
    learn(material, old, again, config)
    assert rows(again, *names) == rows(tmp_path / "whole", *names)
    before = parts.read_bytes()
    assert learn(material, old, tmp_path / "parts", config).read_bytes() == before  # it is over
    with pytest.raises(UserError, match=r"of a training with other lr; .* or delete the file to begin anew"):
        learn(material, old, tmp_path / "parts", replace(config, lr=1e-3))


def test_the_finder(material: Material, labelled: Path, tmp_path: Path) -> None:
    scenes = np.random.default_rng(0).integers(0, 255, (12, 288, 288, 3)).astype(np.uint8)
    config = FinderConfig(samples=64, batch=4, workers=0, threads=1)
    ends: list[State] = []
    for name, workers in (("whole", 0), ("other", 2)):
        path = train_finder(material, scenes, tmp_path / name, replace(config, workers=workers))
        assert path.is_file()
        ends.append(torch.load(tmp_path / name / "finder.pt", weights_only=True)["weights"])
    with pytest.raises(KeyboardInterrupt, match="the same command goes on"):
        train_finder(pressed(material, labelled, 35), scenes, tmp_path / "parts", config)
    done = checkpoint(tmp_path / "parts")["done"]
    assert 16 < done < 64 and done % 16, "in the midst of a round with hard scenes"
    train_finder(material, scenes, tmp_path / "parts", config)
    ends.append(torch.load(tmp_path / "parts" / "finder.pt", weights_only=True)["weights"])
    same(ends[0], ends[1])  # however many processes make the pictures
    same(ends[0], ends[2])
    assert rows(tmp_path / "parts", "pictures", "heat") == rows(tmp_path / "whole", "pictures", "heat")


@pytest.mark.skipif(os.name != "posix", reason="groups of processes are another matter there")
def test_the_command(labelled: Path, tmp_path: Path) -> None:
    """Ctrl-C reaches all processes of a terminal, also those that prepare pictures."""
    torch.manual_seed(0)
    old, out = tmp_path / "old.safetensors", tmp_path / "out"
    save_weights(ExpNet(compact(50)), old)
    run = [
        sys.executable,
        "-m",
        "expnet_live",
        "train",
        "actions",
        str(labelled),
        "--init",
        str(old),
        "--out",
        str(out),
    ]
    run += ["--batch", "8", "--workers", "1", "--threads", "1", "--collections", "album", "--samples"]
    with subprocess.Popen([*run, "1000000"], stderr=subprocess.PIPE, start_new_session=True) as process:
        assert process.stderr is not None
        told = b""
        while b"crop" not in told:
            told += (more := process.stderr.read1())
            assert more, told
        os.killpg(process.pid, signal.SIGINT)
        told += process.stderr.read()
    last = told.decode().splitlines()[-1]
    found = re.fullmatch(r"expnet-live: interrupted; the same command goes on at (\d+) pictures\.", last)
    assert process.returncode == 130 and found is not None, told.decode()
    done = int(found[1])
    assert checkpoint(out)["done"] == done > 0 and "Traceback" not in told.decode()
    subprocess.run([*run, str(done + 16)], check=True)
    assert rows(out, "crops") == [[str(done + 16)]]
