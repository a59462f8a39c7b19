"""Training: photos to landmarks to labels to crops to weights, on a few pictures of the demo head."""

from __future__ import annotations

import csv
import pickle
import shutil
import subprocess
import sys
from argparse import ArgumentTypeError, Namespace
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest
import torch
from mesh import landmarker
from torch.utils.data import DataLoader

from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.arguments import output_file, output_folder
from expnet_live.core.errors import UserError
from expnet_live.core.files import checksum
from expnet_live.core.paths import asset
from expnet_live.core.types import Image
from expnet_live.geometry.camera import WeakPerspective
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.topology import base_topology, mirror_of_mesh
from expnet_live.networks.architecture import ARCHITECTURES, compact
from expnet_live.networks.checkpoint import load_weights, save_weights
from expnet_live.networks.expnet import ExpNet
from expnet_live.networks.predictor import Predictor
from expnet_live.networks.runtime_files import SOURCE, RuntimeFile, runtime_files
from expnet_live.research.training.augment import PLAIN, AugmentConfig, cover_side
from expnet_live.research.training.calibration import calibrate
from expnet_live.research.training.commands.options import read_options
from expnet_live.research.training.crops import CropSet, make_crops
from expnet_live.research.training.dataset import FaceDataset, plain_batches, sample_weights
from expnet_live.research.training.labels import LabelSet, make_labels
from expnet_live.research.training.landmarks import LandmarkDetector, LandmarkSet, detect_landmarks
from expnet_live.research.training.losses import ExpNetLoss, placement_error, rotation_matrix
from expnet_live.research.training.muon import Muon, orthogonal
from expnet_live.research.training.options import NAMES, ReadoutConfig, TrainConfig
from expnet_live.research.training.photos import PhotoMeta, list_photos, read_metadata
from expnet_live.research.training.readout import learn_readout
from expnet_live.research.training.runtime import renew_last_layers
from expnet_live.research.training.split import held_out, split_by_scene
from expnet_live.research.training.train import RandomDraws, train
from expnet_live.research.training.winks import Winks
from expnet_live.research.training.workspace import Photos, landmarks_of


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for frame in open_source("demo"):
        if frame.index % 30 == 0:
            cv2.imwrite(str(folder / f"p{frame.index:04d}.png"), frame.image)
    cv2.imwrite(str(folder / "nobody.png"), np.full((120, 160, 3), 90, np.uint8))
    (folder / "broken.jpg").write_bytes(b"not a picture")
    return folder


@pytest.fixture(scope="module")
def crops(folder: Path, model: FaceModel) -> CropSet:
    refs = list_photos([folder])
    with landmarker():
        landmarks = detect_landmarks(refs, folder / "landmarks.npz", jobs=1)
    labels = make_labels(landmarks, np.array([r.key for r in refs]), model)
    reasons = dict(zip((k.split("/")[1] for k in labels.key), labels.reason, strict=True))
    assert reasons["nobody.png"] == reasons["broken.jpg"] == "no face found"
    assert labels.good.sum() >= len(refs) - 3
    labels.save(folder / "labels.npz")
    assert np.array_equal(LabelSet.load(folder / "labels.npz").reason, labels.reason)
    rows = np.flatnonzero(labels.good)
    return make_crops({r.key: r for r in refs}, landmarks, labels, rows, model, folder / "crops.npy", jobs=1)


def test_landmarks_resume_from_their_parts(folder: Path, crops: CropSet) -> None:
    del crops
    before = (folder / "landmarks.npz").stat().st_mtime_ns
    detect_landmarks(list_photos([folder]), folder / "landmarks.npz", jobs=1)
    assert (folder / "landmarks.npz").stat().st_mtime_ns == before
    assert not (folder / "landmarks.parts").exists()


def test_a_part_of_other_photos_is_made_again(folder: Path, crops: CropSet, tmp_path: Path) -> None:
    del crops
    refs, left = list_photos([folder]), LandmarkSet.load(folder / "landmarks.npz")
    (tmp_path / "some.parts").mkdir()
    left.save(tmp_path / "some.parts" / "00000.npz")
    with landmarker():
        assert detect_landmarks(refs[:2], tmp_path / "some.npz", jobs=1).key.tolist() == [r.key for r in refs[:2]]


def test_crops_of_others_are_not_taken_for_those_of_the_photos(folder: Path, crops: CropSet, model: FaceModel) -> None:
    """They could have been made with other labels, and would teach nonsense."""
    landmarks, labels = LandmarkSet.load(folder / "landmarks.npz"), LabelSet.load(folder / "labels.npz")
    refs, rows = {r.key: r for r in list_photos([folder])}, np.flatnonzero(labels.good)

    def made(rows: np.ndarray, labels: LabelSet) -> CropSet:
        return make_crops(refs, landmarks, labels, rows, model, folder / "crops.npy", jobs=1)

    assert np.array_equal(made(rows, labels).picture(1), crops.picture(1))
    moved = replace(labels, origin=labels.origin + 1)
    for other in ((rows[1:], labels), (np.roll(rows, 1), labels), (rows, moved)):
        with pytest.raises(UserError, match="holds crops of other photos or labels"):
            made(*other)
    (folder / "crops.sha256").rename(folder / "kept")  # as of an earlier version
    assert len(made(rows, labels)) == len(crops)
    (folder / "kept").rename(folder / "crops.sha256")


def test_pictures_stay_on_disk(crops: CropSet, model: FaceModel) -> None:
    data = FaceDataset(crops, model, 112, PLAIN)
    assert len(pickle.dumps(crops)) < len(crops) * crops.picture(0).nbytes / 4
    (batch,) = DataLoader(data, len(data), num_workers=1, multiprocessing_context="spawn")
    assert torch.equal(batch["image"][1], data[1]["image"])


def test_photos_without_faces_get_a_sentence(folder: Path, crops: CropSet, model: FaceModel) -> None:
    del crops
    landmarks = LandmarkSet.load(folder / "landmarks.npz")
    nobody = replace(landmarks, landmarks=np.full_like(landmarks.landmarks, np.nan))
    with pytest.raises(UserError, match="None of these photos has a face that can be labelled"):
        make_labels(nobody, landmarks.key, model)


def test_photos_that_a_cache_of_landmarks_lacks_are_told(
    folder: Path, crops: CropSet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    del crops
    cv2.imwrite(str(tmp_path / "more.png"), np.zeros((120, 160, 3), np.uint8))
    args = Namespace(landmarks=folder / "landmarks.npz", teacher=None, jobs=1)
    landmarks_of(args, Photos.of([folder], []))
    assert not caplog.records
    landmarks_of(args, Photos.of([folder, tmp_path], []))
    assert "1 of the photos are not in" in caplog.text


def test_without_a_network_for_landmarks_the_command_ends(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes of a pool that cannot start would be started again for ever."""
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path))
    monkeypatch.setattr("expnet_live.pipeline.face_mesh._solution", lambda video, confidence: None)
    with pytest.raises(UserError, match=r"face_landmarker\.task"):
        detect_landmarks(list_photos([folder]), tmp_path / "landmarks.npz", jobs=1)


def test_projected_labels_lie_on_the_landmarks(crops: CropSet, model: FaceModel) -> None:
    data = FaceDataset(crops, model, 128, replace(PLAIN, loose=0.5), seed=3)
    loss = ExpNetLoss(model)
    samples = [data[(i % len(crops), i)] for i in range(16)]
    target = {k: torch.stack([s[k] for s in samples]) for k in samples[0]}
    # Turned, enlarged and mirrored alike, labels still say where the landmarks are.
    error = (loss.points(target) - target["points"]).norm(dim=2).mean() * 220
    assert float(error) < 2.0  # mm


def test_samples_depend_on_their_number_alone(crops: CropSet, model: FaceModel) -> None:
    one, other = (FaceDataset(crops, model, 128, AugmentConfig(), seed=1) for _ in range(2))
    assert torch.equal(one[(0, 5)]["image"], other[(0, 5)]["image"])
    assert not torch.equal(one[(0, 5)]["image"], one[(0, 6)]["image"])


def test_any_side_of_a_face_is_covered_by_as_much_as_was_asked_for() -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[20:81, 30:71]
    face = np.stack([x.ravel(), y.ravel()], 1)
    middles = []
    for _ in range(200):
        mask = np.zeros((112, 112), np.uint8)
        cover_side(mask, rng, face, 1 / 3)
        covered = mask[face[:, 1], face[:, 0]] > 0
        assert 0.2 < covered.mean() < 0.4
        middles.append(face[covered].mean(0) - face.mean(0))
    sides = np.array(middles)
    assert all((sides @ way > 8).sum() > 20 for way in ((1, 0), (-1, 0), (0, 1), (0, -1)))


def test_a_wink_shuts_one_eye_and_its_labels_follow(crops: CropSet, model: FaceModel) -> None:
    winks, image, points, expression = Winks.of(model), crops.picture(0), crops.points[0], crops.expression[0]
    gaps = (points[145] - points[159])[1], (points[374] - points[386])[1]
    view = WeakPerspective(crops.rotation[0], float(crops.scale[0]), *(float(v) for v in crops.origin[0]))
    rng = np.random.default_rng(4)
    blinks = [model.index("eyeBlinkRight"), model.index("eyeBlinkLeft")]
    shut = []
    for _ in range(10):
        drawn, moved, told = winks.wink(image, points, expression, view, rng)
        side = int(np.argmax((told - expression)[blinks]))
        upper, lower = ((159, 145), (386, 374))[side]
        assert (moved[lower] - moved[upper])[1] < 0.4 * gaps[side]
        assert told[blinks[side]] > expression[blinks[side]] + 1
        assert told[blinks[1 - side]] == expression[blinks[1 - side]]
        changed = np.nonzero(np.abs(drawn.astype(int) - image).max(2) > 8)
        middle = points[[upper, lower]].mean(0)
        assert len(changed[0]) > 20 and np.hypot(changed[1] - middle[0], changed[0] - middle[1]).max() < 45
        shut.append(side)
    assert set(shut) == {0, 1}


def test_placement_error_is_of_the_whole_face_alone(crops: CropSet) -> None:
    target = torch.from_numpy(crops.points[:1]).double()
    middle = target.mean(1, keepdim=True)
    arm = target - middle
    eyes = float(torch.linalg.norm(target[0, 33] - target[0, 263]))
    reach = float(arm.square().sum(2).mean().sqrt())
    assert float(placement_error(target, target)) < 1e-3
    assert float(placement_error(target + torch.tensor([3.0, 4.0]), target)) == pytest.approx(500 / eyes)
    assert float(placement_error(middle + 1.02 * arm, target)) == pytest.approx(2 * reach / eyes, rel=1e-4)
    turned = torch.stack([arm[..., 0] - 0.01 * arm[..., 1], arm[..., 1] + 0.01 * arm[..., 0]], 2)
    assert float(placement_error(middle + turned, target)) == pytest.approx(reach / eyes, rel=1e-3)


def test_draws_resume_where_they_stopped() -> None:
    weights = np.arange(1.0, 11.0)
    whole = list(RandomDraws(weights, 0, 9000, seed=1))
    assert whole[5000:] == list(RandomDraws(weights, 5000, 9000, seed=1))
    shares = [list(RandomDraws(weights, 0, 9000, 1, rank, 2)) for rank in range(2)]
    assert sorted(shares[0] + shares[1], key=lambda d: d[1]) == whole


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


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--architecture", "nope"], "invalid choice: 'nope'"),
        (["--batch", "0"], "0 is not a whole number of at least 1"),
        (["--workers", "-1"], "-1 is not a whole number of at least 0"),
        (["--lr", "nan"], "nan is not a number above 0"),
        (["--warmup", "1"], "1 is not a number from 0 to below 1"),
        (["--blend", "1.1"], "1.1 is not a number from 0 to 1"),
        (["--jobs", "0"], "0 is not a whole number of at least 1"),
    ],
)
def test_options_that_mean_nothing_get_a_sentence(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["train", "expnet", str(tmp_path), "--labels", "l", "--out", str(tmp_path / "out"), *options])
    assert said in capsys.readouterr().err
    assert tuple(ARCHITECTURES) == NAMES, "the options know them without torch"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"samples": "many"}', "samples many is not a whole number"),
        ('{"architecture": "nope"}', "architecture is nope; choose one of compact"),
        ('{"bogus": 1}', "options that do not exist: bogus; use names such as architecture"),
    ],
)
def test_files_of_options_that_mean_nothing_get_a_sentence(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_options(tmp_path / "options.json", TrainConfig)


def test_the_help_of_a_training_explains_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    for step in ("expnet", "actions", "finder", "readout"):
        with pytest.raises(SystemExit, match="0"):
            main(["train", step, "--help"])
        told = " ".join(capsys.readouterr().out.split())
        assert "highest learning rate" in told or step == "readout"
        assert "processes that prepare pictures; 0: none (default: " in told


def test_a_table_that_names_no_photo_is_told(
    folder: Path, crops: CropSet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    del crops
    here = tmp_path / f"{folder.name}.csv"
    here.write_text("\ufefffile,subject,emotion\np0000.png,anna\n", encoding="utf-8")  # as Excel saves it
    assert Photos.of([folder], [here]).meta[f"{folder.name}/p0000.png"] == PhotoMeta("anna", "")
    assert not caplog.records
    Photos.of([folder], [here.rename(tmp_path / "people.csv")])
    assert "people.csv names none of the photos" in caplog.text
    (tmp_path / "bad.csv").write_text("photo,who\np0000.png,anna\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"bad\.csv is not a CSV with a column file"):
        Photos.of([folder], [tmp_path / "bad.csv"])


def test_figures_go_into_a_folder_that_is_made_at_once(tmp_path: Path) -> None:
    new = tmp_path / "new" / "figures.json"
    assert output_file(str(new)) == new and new.parent.is_dir()
    with pytest.raises(ArgumentTypeError, match="is a folder; add the name of a file"):
        output_file(str(tmp_path))
    with pytest.raises(ArgumentTypeError, match="cannot be written; choose another place"):
        output_file("/proc/none/figures.json")
    assert output_folder(str(tmp_path / "no" / "yet")) == tmp_path / "no" / "yet" and not (tmp_path / "no").exists()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ArgumentTypeError, match="is no folder that can be written; choose another place"):
        output_folder(str(tmp_path / "file" / "out"))


def test_two_processes_train_together_and_make_the_crops_once(folder: Path, crops: CropSet, tmp_path: Path) -> None:
    known = ["--landmarks", str(folder / "landmarks.npz"), "--labels", str(folder / "labels.npz")]
    options = ["--samples", "32", "--batch", "16", "--workers", "0", "--threads", "1", "--jobs", "1", "--device", "cpu"]
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run += ["--local-addr", "127.0.0.1"]  # a computer's name need not lead to it
    told = subprocess.run(
        [*run, "-m", "expnet_live", "train", "expnet", str(folder), *known, *options, "--out", str(tmp_path)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
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


def test_options_that_are_no_json_are_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "options.json").write_text("[1]", encoding="utf-8")
    files = ["--labels", str(tmp_path / "l.npz"), "--out", str(tmp_path / "out")]
    for name in ("options.json", "nowhere.json"):
        assert main(["train", "expnet", str(tmp_path), *files, "--config", str(tmp_path / name)]) == 2
        assert f"{name} cannot be read as options in JSON" in capsys.readouterr().err


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


def test_rotation_matrix_agrees_with_numpy() -> None:
    from expnet_live.geometry.rotation import matrix_from_vector

    v = np.random.default_rng(0).normal(size=(5, 3))
    assert np.allclose(rotation_matrix(torch.from_numpy(v).float()).numpy(), matrix_from_vector(v), atol=1e-5)


def test_rare_expressions_are_drawn_more_often(crops: CropSet) -> None:
    weights = sample_weights(crops)
    extreme = np.abs(crops.expression).max(1)
    assert weights.min() >= 1 and weights[extreme.argmax()] >= weights[extreme.argmin()]


def test_held_out_people_are_held_out_whole(tmp_path: Path) -> None:
    table = tmp_path / "album.csv"
    names = [f"s{i // 4}_{i}" for i in range(400)]
    table.write_text("file,subject,emotion\n" + "".join(f"{n},{n.split('_')[0]},neutral\n" for n in names))
    keys = [f"album/{n}" for n in names]
    held = held_out(keys, read_metadata([table])).reshape(-1, 4)
    assert (held.all(1) | ~held.any(1)).all()
    assert 0 < held.mean() < 0.5


def test_pictures_of_one_scene_stay_on_one_side() -> None:
    rng = np.random.default_rng(3)
    scenes = [cv2.GaussianBlur(rng.integers(0, 256, (40, 40, 3), np.uint8), (0, 0), 3) for _ in range(60)]
    thumbs, keys = [], []
    for i, scene in enumerate(scenes):
        copies = scene[4:36, 4:36], scene[4:36, 4:36][:, ::-1], scene[3:35, 5:37]
        thumbs += list(copies)
        keys += [f"eyes/{i}_{k}.jpg" for k in range(3)]
    none = np.zeros(len(keys), bool)
    split = split_by_scene(np.array(keys), np.stack(thumbs), ~none, none)
    held = split.held_out.reshape(-1, 3)
    assert (held.all(1) | ~held.any(1)).all() and 0 < held.mean() < 0.5
    assert not (split.train & split.held_out).any()
    other = split_by_scene(np.array([k.replace("eyes", "album") for k in keys]), np.stack(thumbs), ~none, none)
    assert other.train.all()  # elsewhere names tell


def test_looks_at_a_photo_agree_on_a_face_and_not_on_one_upside_down() -> None:
    image = next(iter(open_source("demo"))).image
    with landmarker():
        detector = LandmarkDetector()
    looks = detector.look(image)
    assert looks is not None and looks.spread < 3
    mirror_image = detector.look(np.ascontiguousarray(image[:, ::-1]))
    assert mirror_image is not None
    # Predictions for a picture and its mirror image agree.
    swapped = mirror_image.landmarks[mirror_of_mesh(base_topology().triangles)]
    swapped[:, 0] = image.shape[1] - 1 - swapped[:, 0]
    eyes = np.linalg.norm(looks.landmarks[33, :2] - looks.landmarks[263, :2])
    assert np.linalg.norm((swapped - looks.landmarks)[:468, :2], axis=1).mean() / eyes < 0.01
    upside_down = detector.look(np.ascontiguousarray(image[::-1]))
    assert upside_down is None or upside_down.spread > looks.spread


def test_runtime_files_belong_to_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path))
    weights = tmp_path / "mine.safetensors"
    save_weights(ExpNet(compact(50)).eval(), weights)
    assert main(["train", "runtime", str(weights)]) == 0
    predictor = Predictor.load(weights, "cpu")
    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    assert predictor.predict(crops).expression.shape == (3, 29)
    assert {p.name for p in tmp_path.glob("*.onnx")} == {"mine.onnx", "mine.int8.onnx"}
