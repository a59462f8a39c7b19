"""Fine-tuning: a network learns ARKit's actions and preserves its other outputs.

All weights are trained. The targets of the other outputs are the network's predictions for the same pictures, before
augmentation, made during labelling; those of the Face Mesh points are the teacher's landmarks. The loss of an action
counts in standard deviations, so that all count alike.
"""

from __future__ import annotations

import csv
import logging
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from expnet_live.core.arkit import MIRROR, N_BLENDSHAPES
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.architecture import fine
from expnet_live.networks.checkpoint import load_weights, save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.runtime import pick_device
from expnet_live.research.training.actions.dataset import ActionDataset
from expnet_live.research.training.actions.groups import GroupDraws, people_of
from expnet_live.research.training.actions.grow import grown
from expnet_live.research.training.actions.losses import action_loss
from expnet_live.research.training.actions.options import TuneConfig
from expnet_live.research.training.actions.people import is_held_out
from expnet_live.research.training.actions.shelf import MAX_SPREAD, Shelf
from expnet_live.research.training.actions.targets import Strengths, Targets, targets
from expnet_live.research.training.losses import ExpNetLoss, LossWeights
from expnet_live.research.training.optimizer import Optimizer
from expnet_live.research.training.photos import PhotoMeta
from expnet_live.research.training.split import held_out
from expnet_live.research.training.train import Ema, mixed, schedule

log = logging.getLogger(__name__)

MADE = "made"  # the collection of synthetic pictures
_LEAST_SD = 0.06
_STRONG = 1.5  # sd above which an action makes its picture be drawn more often
_MOST_OFTEN = 8.0
# Sampling weight of a collection's pictures, relative to the others.
_SHARES = {"fer2013": 0.35, "utkface": 0.25}
_CLIP_SHARE = 2.2
BLURRED = ("fer2013",)  # collections whose photos are too small to show the state of the eyes
_SHOW = 8000  # crops


@dataclass(frozen=True, eq=False)
class Material:
    """The training data: pictures, their targets, and (N,) flags for training, synthetic pictures, and frames of
    clips.
    """

    shelf: Shelf
    targets: Targets
    strengths: Strengths
    used: Array
    made: Array
    clip: Array

    @classmethod
    def of(cls, folders: list[Path], photos: set[str], meta: dict[str, PhotoMeta]) -> Material:
        """`photos` are the collections of photos; all others that are not synthetic are clips."""
        shelf = Shelf(folders)
        made = shelf.collection == MADE
        clip = ~made & ~np.isin(shelf.collection, sorted(photos))
        held = np.zeros(len(shelf), bool)
        held[clip] = [is_held_out(name) for name in shelf.collection[clip]]
        held[~clip & ~made] = held_out(shelf.key[~clip & ~made].tolist(), meta)
        used = ~held & (shelf.spread < MAX_SPREAD)
        real = used & ~made
        if not real.any():
            raise UserError("There are no labelled photos or clips of people for training; give more folders.")
        strengths = Strengths.learned((shelf.scores[real] + shelf.mirrored[real]) / 2, clip[real])
        blurred = np.isin(shelf.collection, BLURRED)
        return cls(shelf, targets(shelf.scores, shelf.mirrored, strengths, blurred, made), strengths, used, made, clip)

    @property
    def person(self) -> Array:
        """(N,) number of the person in frames of clips and synthetic pictures, -1 in photos."""
        return people_of(self.shelf.key, self.made, self.clip)

    @property
    def held_out(self) -> Array:
        """(N,) which photos show held-out people."""
        return ~self.used & ~self.made & ~self.clip & (self.shelf.spread < MAX_SPREAD)

    def units(self) -> tuple[Array, Array]:
        """Mean and standard deviation (52,) of the training targets, equal for both sides."""
        values, weights = self.targets.values[self.used], self.targets.weights[self.used] + 1e-9
        mean = np.average(values, axis=0, weights=weights)
        sd = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
        sd = np.maximum(sd, _LEAST_SD)
        return ((mean + mean[MIRROR]) / 2).astype(np.float32), ((sd + sd[MIRROR]) / 2).astype(np.float32)

    def draws(self, config: TuneConfig) -> Array:
        """Sampling weights of the training pictures: up to eight times higher for strong actions."""
        mean, sd = self.units()
        far = (self.targets.values[self.used] - mean) / sd * self.targets.weights[self.used]
        often = 1 + np.minimum(np.clip(far - _STRONG, 0, 3).sum(1), _MOST_OFTEN - 1)
        collection, clip, made = self.shelf.collection[self.used], self.clip[self.used], self.made[self.used]
        often *= np.where(clip, _CLIP_SHARE, [_SHARES.get(str(c), 1.0) for c in collection])
        if made.any():
            often[made] *= config.made / (1 - config.made) * often[~made].sum() / often[made].sum()
        return np.asarray(often)


def fine_tune(material: Material, init: Path, out: Path, config: TuneConfig) -> Path:
    """Train, and write `out`/expnet.safetensors (the running mean of the weights), strengths.npz and log.csv."""
    torch.manual_seed(config.seed)
    device = torch.device(pick_device(config.device))
    if device.type == "cpu":
        torch.set_num_threads(config.threads)
    out.mkdir(parents=True, exist_ok=True)
    material.strengths.save(out / "strengths.npz")
    mean, sd = material.units()
    net = with_actions(init, mean, sd)
    if config.grow:
        net = grown(net, fine(net.config.outputs["identity"]).backbone)
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    kept = ExpNetLoss(FaceModel.load(), LossWeights(confidence=0)).to(device)
    optimizer, ema = Optimizer(net, config.lr, config.weight_decay), Ema(net, config.ema)
    unit = torch.from_numpy(sd).to(device)
    half = mixed(device)
    result, done, since, started = out / "expnet.safetensors", 0, np.zeros(2), time.perf_counter()
    with tqdm(total=config.samples, unit="crop", mininterval=5) as bar:
        for loaded in batches(material, net.config.crop_size, config, device):
            batch = {n: v.to(device, non_blocking=True) for n, v in loaded.items()}
            optimizer.set_lr(config.lr * schedule(done / config.samples, config.warmup))
            net.train()
            image = batch["image"].float().contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, torch.bfloat16, enabled=half):
                said = net.split(net(image).float())
            told = action_loss(said["blendshapes"], batch, unit, config.group, config.shares)
            other, _ = kept(said, {**batch, "face": batch["known"]})
            sure = nn.functional.binary_cross_entropy_with_logits(said["confidence"][:, 0], batch["face"])
            optimizer.zero_grad()
            (config.actions * told + other + 0.5 * sure).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            ema.update(net)
            before, done = done, done + config.batch
            since += float(told.detach()), float(other.detach())
            bar.update(config.batch)
            if done // _SHOW > before // _SHOW or done + config.batch > config.samples:
                steps = max(done // config.batch - before // _SHOW * _SHOW // config.batch, 1)
                note_losses(out / "log.csv", done, time.perf_counter() - started, since / steps)
                since = np.zeros(2)
                averaged = ExpNet(net.config)
                averaged.load_state_dict(ema.state)
                about = {"fine_tuning": asdict(config) | {"init": init.name}, "crops": done}
                save_weights(averaged, result, about, half=True)
    return result


def batches(
    material: Material, size: int, config: TuneConfig, device: torch.device
) -> DataLoader[dict[str, torch.Tensor]]:
    """Batches of crops of `size` px, as ActionDataset makes them."""
    m, person, rows = material, material.person, np.flatnonzero(material.used)
    data = ActionDataset(m.shelf, rows, m.targets, m.made, m.clip, FaceModel.load(), size, person)
    draws = GroupDraws(material.draws(config), person[rows], config.group, config.samples, config.seed)
    return DataLoader(
        data, config.batch, sampler=draws, num_workers=config.workers, drop_last=True,
        prefetch_factor=4 if config.workers else None, pin_memory=device.type == "cuda",
    )  # fmt: skip


def with_actions(init: Path, mean: Array, sd: Array) -> ExpNet:
    """The network in `init`; if it does not predict actions yet, it gets outputs for them, initialised to their
    mean.
    """
    old, _ = load_weights(init)
    if "blendshapes" in old.config.outputs:
        return old
    outputs = {**old.config.outputs, "blendshapes": N_BLENDSHAPES}
    net = ExpNet(replace(old.config, outputs=outputs, dropout=0.0))
    known, state = old.state_dict(), net.state_dict()
    for name, value in known.items():
        if value.shape == state[name].shape:
            state[name] = value.clone()
        else:
            state[name][: len(value)] = value
    n = old.config.n_outputs
    for name, values in (("fc.weight", 0.0), ("fc.bias", 0.0)):
        state[name][n:] = values
    state["spread"][n:], state["offset"][n:] = torch.from_numpy(sd), torch.from_numpy(mean)
    net.load_state_dict(state)
    return net


def note_losses(path: Path, crops: int, seconds: float, losses: Array) -> None:
    """Append a row to the log of a training."""
    new = not path.exists()
    with path.open("a", newline="") as f:
        writer = csv.writer(f)
        if new:
            writer.writerow(["crops", "seconds", "actions", "others"])
        writer.writerow([crops, round(seconds), *(f"{v:.4g}" for v in losses)])


OPTIONS = fields(TuneConfig)
