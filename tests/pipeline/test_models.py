"""The registry of models, and the values of --model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from expnet_live.core.errors import UserError
from expnet_live.heads.built_in import face_model
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.models import BUILT_IN, MODELS, head_with, model_of, model_with


@pytest.fixture
def nothing_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path))


def test_ours_and_the_release_are_known() -> None:
    assert {"compact", "resnet101", "official"} <= set(MODELS)
    assert model_of(None) is MODELS[BUILT_IN] and model_of("official") is MODELS["official"]


def test_a_file_of_weights_is_a_model(nothing_imported: None) -> None:
    model = model_of("some/weights.safetensors")
    assert (model.title, model.file) == ("weights", "weights.safetensors")
    with pytest.raises(UserError, match="cannot be read as weights"):
        model.load("cpu")


def test_a_name_that_is_neither_is_told() -> None:
    with pytest.raises(UserError, match="There is no model called compcat; choose one of compact, official, resnet101"):
        model_of("compcat").load("cpu")


def test_what_is_missing_says_what_to_do(nothing_imported: None) -> None:
    for name, told in (("official", "official import"), ("resnet101", "train expnet")):
        why = MODELS[name].why_not()
        assert why is not None and told in why
        with pytest.raises(UserError):
            MODELS[name].load("cpu")
    assert MODELS[BUILT_IN].why_not() is None


def test_a_session_finds_the_face_model_it_was_recorded_with() -> None:
    ours = face_model()
    found = model_with(ours.names, ours.n_identity)
    assert found is not None and found.face_model() is ours
    assert model_with(tuple(f"exp{i:02d}" for i in range(1, 30)), 99) is MODELS["official"]
    assert model_with(("smile",), 3) is None


def test_the_first_recordings_have_the_first_components() -> None:
    ours = face_model()
    assert head_with(ours.names, ours.n_identity, "2") is ours
    first = head_with(ours.names, ours.n_identity, "1")
    assert isinstance(first, FaceModel) and ours.first is not None
    assert np.array_equal(first.expression, ours.first) and np.array_equal(first.mean, ours.mean)
    now, then = (m.expression[m.index("mouthUpperUpLeft")] for m in (ours, first))
    assert np.linalg.norm(now) > 2 * np.linalg.norm(then)  # a standard deviation moves farther today
    assert head_with(("smile",), 3, "1") is None


def test_what_the_built_in_model_says_of_itself() -> None:
    predictor, model = MODELS[BUILT_IN].load("cpu")
    assert predictor.device == "cpu" and "identity" in predictor.tells and model is face_model()
    network, face = MODELS[BUILT_IN].files(predictor)
    assert (network.name, face.name) == ("expnet.safetensors", "face_model.npz")
    assert len(network.sha256) == len(face.sha256) == 64


def test_the_registry_is_cheap_to_import() -> None:
    code = (
        "import sys; from expnet_live.pipeline.models import MODELS; list(MODELS); "
        "print({'torch', 'cv2', 'mediapipe', 'PySide6', 'scipy', 'safetensors'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
