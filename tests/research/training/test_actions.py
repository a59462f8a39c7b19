"""Learning ARKit's actions: targets, asymmetric faces, samples, and a network that preserves its other outputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT, INDEX, MIRROR
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.networks.architecture import branched as branched_config
from expnet_live.networks.architecture import compact, fine
from expnet_live.networks.checkpoint import Weights, load_weights, save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.runtime import TorchNet, ready
from expnet_live.research.training.actions.branch import branched, learn_branch, rescale
from expnet_live.research.training.actions.dataset import ActionDataset
from expnet_live.research.training.actions.fine_tune import fine_tune, with_actions
from expnet_live.research.training.actions.groups import GroupDraws, people_of
from expnet_live.research.training.actions.grow import grown
from expnet_live.research.training.actions.halves import actions_of, joined
from expnet_live.research.training.actions.level import levelled
from expnet_live.research.training.actions.losses import action_loss
from expnet_live.research.training.actions.material import Material
from expnet_live.research.training.actions.options import TuneConfig
from expnet_live.research.training.actions.people import is_held_out
from expnet_live.research.training.actions.shelf import Shelf
from expnet_live.research.training.actions.strength import lines
from expnet_live.research.training.actions.targets import BLIND, Strengths, targets
from expnet_live.research.training.made.performance import random_strengths

NONE = np.zeros(40, bool)


def test_people_are_held_out_and_made_pictures_are_not(material: Material) -> None:
    assert is_held_out("dreamtalk_mead_W009_front_sad_level3_001") and not is_held_out("grid_id2_vcd_swwp2s")
    assert len(material.shelf) == 59 and material.made.sum() == 8 and material.clip.sum() == 21
    assert not material.used[material.shelf.collection == "grid_swiz3n"].any()
    assert material.used[material.made].all()
    photos = material.shelf.collection == "album"
    assert 0 < material.used[photos].sum() < photos.sum()


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no labelled pictures"):
        Shelf([tmp_path])


def test_strong_scores_are_full_actions() -> None:
    rng = np.random.default_rng(2)
    scores = np.tile(rng.random((400, 1)) * 0.4, (1, 52)).astype(np.float32)
    strengths = Strengths.learned(scores, np.arange(400) < 50)
    said = strengths.of(np.full(52, 0.4, np.float32))
    assert said[INDEX["browDownLeft"]] == pytest.approx(1, abs=0.02)
    assert np.allclose(strengths.rest, strengths.rest[MIRROR]) and np.allclose(strengths.full, strengths.full[MIRROR])


def test_looks_that_disagree_count_less_and_blind_spots_hardly() -> None:
    rng = np.random.default_rng(3)
    scores = rng.random((40, 52)).astype(np.float32)
    other = scores.copy()
    other[0, INDEX["jawOpen"]] += 0.8
    straight = np.zeros((40, 3), np.float32)
    result = targets(scores, other, straight, Strengths.learned(scores, NONE), NONE, NONE)
    jaw = result.weights[:, INDEX["jawOpen"]]
    assert jaw[0] < 0.5 and jaw[1:].min() == pytest.approx(1)
    blind = [INDEX[name] for name in BLIND]
    assert np.allclose(result.weights[:, blind], list(BLIND.values())) and not result.values[:, blind].any()
    exact = targets(scores, scores, straight, Strengths.learned(scores, NONE), NONE, ~NONE)
    assert np.allclose(exact.values, scores) and exact.weights.min() == 1


def test_the_turn_of_a_head_is_no_one_sided_expression() -> None:
    rng = np.random.default_rng(4)
    rotation = rng.normal(0, [0.15, 0.3, 0], (4000, 3)).astype(np.float32)
    true = rng.random((4000, 52)).astype(np.float32)
    leaning, brow = true.copy(), INDEX["browOuterUpLeft"]
    lean = 0.4 * rotation[:, 1] - 0.5 * rotation[:, 0] * rotation[:, 1]
    leaning[:, brow] += lean
    leaning[:, MIRROR[brow]] -= lean
    result = levelled(leaning, rotation, np.ones_like(true))
    sides = [brow, MIRROR[brow]]
    assert np.corrcoef(result[:, brow] - result[:, MIRROR[brow]], rotation[:, 1])[0, 1] == pytest.approx(0, abs=0.01)
    assert np.abs(result[:, sides] - true[:, sides]).max() < 0.1 < np.abs(leaning[:, sides] - true[:, sides]).max()
    looks = [i for i, name in enumerate(ARKIT) if name.startswith("eyeLook") or MIRROR[i] == i]
    assert (result[:, looks] == true[:, looks]).all()


def test_one_side_of_another_frame_is_joined_in(model: FaceModel) -> None:
    points = (model.mean[:468, :2] * [0.59, -0.59] + 103.5).astype(np.float32)
    dark, light = np.full((208, 208, 3), 120, np.uint8), np.full((208, 208, 3), 120, np.uint8)
    light[::2] = 140
    image = joined(dark, points, light, points, left=True)
    assert image is not None
    changed = np.abs(image.astype(int) - dark).max(2) > 1
    y, x = np.nonzero(changed)
    assert x.mean() > 110 and y.mean() < 100  # the person's left is on the picture's right
    assert {ARKIT[i] for i in actions_of(False)} == {ARKIT[MIRROR[i]] for i in actions_of(True)}
    assert joined(dark, points, np.full((208, 208, 3), 255, np.uint8), points, left=True) is None


def test_mirrored_samples_swap_sides(material: Material, model: FaceModel) -> None:
    rows = np.flatnonzero(material.made)
    data = ActionDataset(material.shelf, rows, material.targets, material.made, material.clip, model, 112)
    plain = material.targets.values[rows[0]]
    swapped = 0
    for draw in range(12):
        sample = data[(0, draw)]
        assert sample["image"].shape == (3, 112, 112) and sample["image"].dtype == torch.uint8
        assert sample["known"] == 0 and sample["least"] > 0 and sample["points"].shape == (468, 2)
        same = np.allclose(sample["actions"], plain)
        assert same or np.allclose(sample["actions"], plain[MIRROR])
        swapped += not same
        assert torch.equal(sample["actions"], data[(0, draw)]["actions"])
    assert 0 < swapped < 12


def test_actions_never_exclude_each_other() -> None:
    rng = np.random.default_rng(5)
    real = rng.random((20, 52)).astype(np.float32)
    for _ in range(300):
        w = random_strengths(rng, real, np.full(20, 0.05))
        assert w.shape == (52,) and w.min() >= 0 and w.max() <= 1
        for pair in (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"), ("eyeLookUpLeft", "eyeLookDownLeft")):
            assert min(w[INDEX[name]] for name in pair) == 0
        assert w[INDEX["mouthClose"]] <= w[INDEX["jawOpen"]]


def test_lips_close_over_open_jaws_in_some_pictures() -> None:
    rng = np.random.default_rng(7)
    drawn = np.array([random_strengths(rng, np.zeros((1, 52)), np.ones(1)) for _ in range(2000)])
    jaw, close = drawn[:, INDEX["jawOpen"]], drawn[:, INDEX["mouthClose"]]
    sealed = close > 0.3
    assert 0.02 < sealed.mean() < 0.15
    assert (close[sealed] == jaw[sealed]).any() and (close[sealed] < 0.7 * jaw[sealed]).any()


def test_actions_come_alone_as_often_as_asked() -> None:
    rng, acts = np.random.default_rng(8), np.array([not name.startswith("eyeLook") for name in ARKIT])
    lowered = np.array([name.startswith("mouthLowerDown") for name in ARKIT])
    drawn = np.array([random_strengths(rng, np.ones((1, 52)), np.ones(1), alone=0.9) for _ in range(2000)])
    few = drawn[(drawn[:, acts] > 0).sum(1) <= 6]
    assert 0.85 < len(few) / len(drawn) < 0.97
    assert (few[:, lowered] > 0).mean() > 2 * (few[:, acts & ~lowered] > 0).mean()


def test_synthetic_pictures_are_drawn_evenly(material: Material) -> None:
    often, made = material.draws(TuneConfig(made=0.25)), material.made[material.used]
    assert np.ptp(often[made]) == 0
    assert often[made].sum() == pytest.approx(0.25 * often.sum())


def test_weak_answers_become_full() -> None:
    rng = np.random.default_rng(6)
    truth = rng.random((500, 52))
    slope, offset = lines(0.8 * truth + 0.1, truth)
    assert np.allclose(slope, 1.25, atol=0.01)
    assert np.allclose(slope * (0.8 * truth + 0.1) + offset, truth, atol=0.02)
    assert lines(rng.random((500, 52)), truth)[0].max() == 1  # of what is mere noise, nothing is made


def test_made_pictures_are_not_let_to_shout() -> None:
    batch = {
        "actions": torch.ones(2, 52), "weights": torch.ones(2, 52), "face": torch.ones(2),
        "least": torch.tensor([0.0, 0.5]),
    }  # fmt: skip
    unit = torch.full((52,), 0.1)
    assert action_loss(torch.zeros(2, 52), batch, unit) == pytest.approx((100 + 4) / 2, rel=1e-5)
    batch["face"][0] = 0
    assert action_loss(torch.zeros(2, 52), batch, unit) == pytest.approx(4, rel=1e-5)


def test_a_rest_face_of_its_own_does_not_count_within_a_person() -> None:
    torch.manual_seed(0)
    truth = torch.rand(8, 52)
    rest = torch.rand(1, 52).repeat(4, 1)
    batch = {
        "actions": truth, "weights": torch.ones(8, 52), "face": torch.ones(8), "least": torch.zeros(8),
        "person": torch.tensor([3] * 4 + [-1] * 4),
    }  # fmt: skip
    said = truth.clone()
    said[:4] += rest
    within = (0.0, 1.0, 0.0)
    assert action_loss(said, batch, torch.ones(52), 4, within) == pytest.approx(0, abs=1e-6)
    assert action_loss(said, batch, torch.ones(52), 4) == pytest.approx(0.4 * float((rest**2).mean()) / 2, rel=1e-3)
    said[0] += 1
    assert action_loss(said, batch, torch.ones(52), 4, within) == pytest.approx(0.25, rel=1e-4)


def test_pictures_of_a_person_are_drawn_together() -> None:
    names = [f"made/7-{i}" for i in range(36)] + [f"clip/{i}" for i in range(9)] + [f"album/{i}" for i in range(5)]
    made, clip = np.arange(50) < 36, (np.arange(50) >= 36) & (np.arange(50) < 45)
    person = people_of(np.array(names), made, clip)
    assert person[:12].tolist() == [0] * 12 and person[12] == 1 and person[36] == person[44] == 3 and person[45] == -1
    draws = list(GroupDraws(np.ones(50), person, 4, 400, 1))
    assert [n for _, n in draws] == list(range(400)) and draws == list(GroupDraws(np.ones(50), person, 4, 400, 1))
    groups = np.array([i for i, _ in draws]).reshape(-1, 4)
    assert all(len(set(person[g])) == 1 for g in groups)
    assert all(len(set(g)) == 4 for g in groups if person[g[0]] >= 0)
    assert set(groups.ravel()) == set(range(50))


def _older(path: Path) -> Array:
    config = compact(50)
    older = replace(config, outputs={k: n for k, n in config.outputs.items() if k != "blendshapes"})
    torch.manual_seed(0)
    net = ExpNet(older).eval()
    save_weights(net, path)
    with torch.inference_mode():
        return net(torch.full((1, 3, 112, 112), 100.0)).numpy()


def test_new_outputs_leave_the_others_alone(tmp_path: Path) -> None:
    before = _older(tmp_path / "old.safetensors")
    net = with_actions(tmp_path / "old.safetensors", np.full(52, 0.2, np.float32), np.full(52, 0.1, np.float32)).eval()
    with torch.inference_mode():
        after = net(torch.full((1, 3, 112, 112), 100.0)).numpy()
    assert np.allclose(after[:, :-52], before, atol=1e-5) and np.allclose(after[:, -52:], 0.2)


def test_a_grown_network_says_the_same() -> None:
    torch.manual_seed(0)
    small, config = compact(50), fine(50)
    net = ExpNet(small).eval()
    crop = torch.randint(0, 256, (1, 3, 112, 112)).float()
    bigger = grown(net, config.backbone).eval()
    with torch.inference_mode():
        assert torch.equal(bigger(crop), net(crop))
    bigger.train()(crop.repeat(2, 1, 1, 1)).square().mean().backward()
    assert bigger.backbone.fine.end.bn.weight.grad.abs().max() > 0
    with pytest.raises(UserError, match="cannot grow"):
        grown(bigger, small.backbone)


def test_a_short_fine_tuning(tmp_path: Path, material: Material) -> None:
    _older(tmp_path / "old.safetensors")
    config = TuneConfig(samples=24, batch=8, workers=0, threads=1)
    path = fine_tune(material, tmp_path / "old.safetensors", tmp_path / "out", config)
    assert path.is_file() and (tmp_path / "out" / "log.csv").read_text().startswith("crops,seconds")
    assert Strengths.load(tmp_path / "out" / "strengths.npz").full.shape == (52,)


def test_the_command_tunes_and_strengthens(labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, out = tmp_path / "old.safetensors", tmp_path / "out"
    _older(old)
    few = ["--grow", "--samples", "16", "--batch", "8", "--workers", "0", "--threads", "1", "--collections", "album"]
    assert main(["train", "actions", str(labelled), "--init", str(old), "--out", str(out), *few]) == 0
    assert f"the weights are in {out / 'strong.safetensors'}" in capsys.readouterr().out
    net, about = load_weights(out / "strong.safetensors")
    assert net.config.outputs["blendshapes"] == 52 and about
    assert main(["train", "actions", str(out), "--init", str(old), "--out", str(tmp_path / "none")]) == 2
    assert "strengths.npz holds no labelled pictures" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--batch", "30"], "A batch of 30 must hold whole groups of 4"),
        (["--samples", "4", "--batch", "8"], "4 samples a whole batch"),
        (["--samples", "8", "--batch", "8", "--branch", "9"], "The network has 4 stages, and --branch copies 9"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_options_that_give_no_batch_get_a_sentence(
    options: list[str], said: str, labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_weights(ExpNet(compact(50)), tmp_path / "old.safetensors")
    files = ["--init", str(tmp_path / "old.safetensors"), "--out", str(tmp_path / "out"), "--collections", "album"]
    assert main(["train", "actions", str(labelled), *files, *options]) == 2
    assert said in capsys.readouterr().err


def test_an_action_without_scores_is_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    """The teacher has none for the tongue."""
    rng = np.random.default_rng(0)
    scores = rng.random((20, 52))
    scores[:, -1] = np.nan
    strengths = Strengths(np.zeros(52), np.ones(52))
    made = np.arange(20) < 4
    found = targets(scores, scores, np.zeros((20, 3)), strengths, made, made)
    assert not recwarn.list and np.isfinite(found.values).all() and np.isfinite(found.weights).all()
    assert (found.values[~made, -1] == 0).all() and np.allclose(found.weights[~made, -1], BLIND["tongueOut"])


def test_the_mean_of_two_stages(labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after, out = tmp_path / "before.safetensors", tmp_path / "after.safetensors", tmp_path / "out"
    for seed, path in enumerate((before, after)):
        torch.manual_seed(seed)
        save_weights(ExpNet(compact(50)), path)
    files = ["--before", str(before), "--after", str(after), "--share", "0.25", "--out", str(out)]
    assert main(["train", "mean", str(labelled), *files, "--collections", "album"]) == 0
    assert f"the weights are in {out / 'strong.safetensors'}" in capsys.readouterr().out
    one, other, mean = (load_weights(p)[0].fc.weight for p in (before, after, out / "expnet.safetensors"))
    assert torch.allclose(mean, 0.75 * one + 0.25 * other, atol=1e-3)
    save_weights(ExpNet(fine(50)), after)
    assert main(["train", "mean", str(labelled), *files, "--collections", "album"]) == 2
    assert "not of one training" in capsys.readouterr().err


def test_a_branch_says_the_same_until_it_learns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = ExpNet(compact(50)).eval()
    crop = torch.randint(0, 256, (2, 3, 112, 112)).float()
    split = branched(net, 3).eval()
    assert split.config == branched_config(50)
    with torch.inference_mode():
        assert torch.allclose(split(crop), net(crop), atol=1e-5)
        rescale(split.branch)
        assert torch.allclose(split(crop), net(crop), atol=1e-2)
    with pytest.raises(UserError, match="without a branch"):
        branched(split, 3)
    save_weights(split, tmp_path / "split.safetensors")
    weights = Weights.read(tmp_path / "split.safetensors")
    pixels = crop.permute(0, 2, 3, 1).to(torch.uint8).numpy()
    for run in (ready(weights, "cpu", 1), TorchNet(weights, "cpu")):
        assert np.allclose(run(pixels), split(crop).detach().numpy(), atol=1e-3)


def test_a_training_ends_with_its_time(tmp_path: Path, material: Material) -> None:
    _older(tmp_path / "old.safetensors")
    config = TuneConfig(samples=10**9, minutes=1e-4, batch=8, workers=0, threads=1)
    path = fine_tune(material, tmp_path / "old.safetensors", tmp_path / "out", config)
    assert load_weights(path)[1]["crops"] == int((tmp_path / "out" / "log.csv").read_text().split()[-1].split(",")[0])


def test_a_branch_learns_and_leaves_the_rest_alone(tmp_path: Path, material: Material) -> None:
    torch.manual_seed(0)
    net = ExpNet(compact(50)).eval()
    save_weights(net, tmp_path / "old.safetensors")
    config = TuneConfig(samples=24, batch=8, workers=0, threads=1, branch=3)
    path = learn_branch(material, tmp_path / "old.safetensors", tmp_path / "out", config)
    assert (tmp_path / "out" / "log.csv").read_text().startswith("crops,seconds")
    after, about = load_weights(path)
    assert about["branch_crops"] == 24
    crop = torch.randint(0, 256, (1, 3, 112, 112)).float()
    with torch.inference_mode():
        assert torch.allclose(after(crop)[:, :-52], net(crop)[:, :-52], atol=5e-3)  # halves on disk
        assert (after(crop)[:, -52:] - net(crop)[:, -52:]).abs().max() > 0.01
