"""`train landmarks`, `train face-model` and `train labels`: from drawn people to a face model and back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from album import SHOTS, Album

from expnet_live.cli import main
from expnet_live.core.paths import asset
from expnet_live.core.types import Array
from expnet_live.geometry.alignment import align_similarity
from expnet_live.heads.face_model import FaceModel
from expnet_live.research.training.labels import LabelSet
from expnet_live.research.training.landmarks import LandmarkSet


@pytest.fixture(scope="module")
def drawn() -> FaceModel:
    """The model that the people were drawn with."""
    return FaceModel.load()


@pytest.fixture(scope="module")
def learned(album: Album, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the model that was learned from them, and its report."""
    folder = tmp_path_factory.mktemp("learned")
    taught = album.taught(folder / "taught.npz")
    out = ["--out", str(folder / "model.npz"), "--report", str(folder / "report.json")]
    assert main(["train", "face-model", *album.arguments, "--landmarks", str(taught), *out]) == 0
    return folder


def _cosine(a: Array, b: Array) -> float:
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


def test_every_drawn_face_is_found(album: Album) -> None:
    found = LandmarkSet.load(album.landmarks)
    assert np.isfinite(found.landmarks).all() and not found.flip.any() and found.spread.max() < 3
    assert np.isnan(found.scores).all() and not found.score_names.size  # there was no teacher


def test_the_learned_model_is_of_the_drawn_people(learned: Path, drawn: FaceModel) -> None:
    model = FaceModel.load(learned / "model.npz")
    assert model.names == drawn.names and model.base_colors.shape == drawn.base_colors.shape
    mean = align_similarity(model.mean[None], drawn.mean, np.ones(len(drawn.mean)))[0][0]
    assert np.linalg.norm(mean - drawn.mean, axis=1).mean() < 3  # mm
    assert np.abs(mean[model.mirror] * (-1, 1, 1) - mean).max() < 1
    for name in ("jawOpen", "jawLeft", "mouthSmileLeft", "mouthSmileRight", "eyeBlinkLeft", "eyeBlinkRight"):
        assert _cosine(model.expression[model.index(name)], drawn.expression[drawn.index(name)]) > 0.6, name
    left, right = (model.expression[model.index(f"mouthSmile{side}")] for side in ("Left", "Right"))
    assert np.allclose(left, (right * (-1, 1, 1))[model.mirror], atol=0.05)  # mm
    skin = [m.base_colors[[50, 280, 151]].astype(float).mean(0) for m in (model, drawn)]
    assert np.abs(skin[0] - skin[1]).max() < 20
    assert model.vertices(model.expression_of(jawOpen=1.0)).shape == (len(model.colors), 3)


def test_the_report_tells_what_the_components_explain(learned: Path) -> None:
    report = json.loads((learned / "report.json").read_text())
    assert report["held-out photos measured on"] > 0 and np.isfinite(list(report.values())).all()
    named, principal = (
        report[f"held-out variance explained by 29 {kind} components"] for kind in ("named", "principal")
    )
    assert 0.5 < named < principal <= 1
    assert report["jawOpen: cosine to its start"] > 0.5


def test_a_model_widens_and_keeps_its_mean_and_its_identity(album: Album, learned: Path, tmp_path: Path) -> None:
    taught, narrow = album.taught(tmp_path / "taught.npz"), FaceModel.load()
    out = ["--out", str(tmp_path / "wide.npz"), "--report", str(tmp_path / "report.json")]
    known = ["--landmarks", str(taught), "--widen", str(asset("face_model.npz"))]
    assert main(["train", "face-model", *album.arguments, *known, *out]) == 0
    wide = FaceModel.load(tmp_path / "wide.npz")
    for kept in ("mean", "identity", "base_colors", "mirror", "names"):
        assert np.array_equal(getattr(wide, kept), getattr(narrow, kept)), kept
    mirrored = (wide.expression * (-1, 1, 1))[:, wide.mirror]
    partner, sign = wide.mirror_expression
    assert np.allclose(wide.expression[partner] * sign[:, None, None], mirrored, atol=0.05)  # mm
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["jawOpen: cosine to itself before it was widened"] > 0.8


def test_without_a_teacher_no_landmarks_are_looked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--landmarks", str(tmp_path / "new.npz"), "--out", str(tmp_path / "model.npz")]
    assert main(["train", "face-model", str(tmp_path), *files]) == 2
    assert "name a Face Landmarker with --teacher" in capsys.readouterr().err


def test_without_scores_no_model_is_learned(album: Album, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = ["--landmarks", str(album.landmarks)]
    assert main(["train", "face-model", *album.arguments, *known, "--out", str(tmp_path / "m.npz")]) == 2
    assert "make them with --teacher" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_labels_tell_what_was_drawn(
    album: Album, learned: Path, drawn: FaceModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, known = tmp_path / "labels.npz", ["--landmarks", str(album.landmarks)]
    assert main(["train", "labels", *album.arguments, *known, "--out", str(out)]) == 0
    labels = LabelSet.load(out)
    assert f"{len(labels.key)} labels are in {out}; rejected: none" in capsys.readouterr().out
    assert labels.good.all() and labels.residual.max() < 2
    # Of five actions at once, landmarks tell the large ones.
    for name, least in (("jawOpen", 0.8), ("mouthSmileLeft", 0.5), ("mouthSmileRight", 0.5)):
        k = drawn.index(name)
        assert np.corrcoef(labels.expression[:, k], album.expression[:, k])[0, 1] > least, name
    # Who it is depends on the person alone, nearly.
    people = labels.identity.reshape(-1, SHOTS, drawn.n_identity)
    assert people.std(1).mean() < 0.5 * people.mean(1).std(0).mean()
    ours = ["--face-model", str(learned / "model.npz"), "--out", str(tmp_path / "ours.npz")]
    assert main(["train", "labels", *album.arguments, *known, *ours]) == 0
    assert LabelSet.load(tmp_path / "ours.npz").good.all()
