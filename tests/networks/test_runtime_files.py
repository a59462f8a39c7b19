"""The networks as files that the program runs: those in the assets, and which of them it takes."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from expnet_live.app.platform import diagnosis
from expnet_live.capture.sources import open_source
from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset, assets_dir, cache_folder
from expnet_live.core.types import Array, Image
from expnet_live.networks.predictor import ASSET, Predictor
from expnet_live.networks.runtime_files import SOURCE, RuntimeFile, runtime_files
from expnet_live.pipeline.crop import Crop
from expnet_live.pipeline.finder import Finder
from expnet_live.pipeline.models import BUILT_IN, MODELS

FILES = runtime_files(asset(ASSET))


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built-in network in a folder of its own, on a computer that knows nothing of it."""
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "data"))
    for path in (asset(ASSET), *FILES):
        shutil.copy(path, tmp_path / path.name)
    return tmp_path / ASSET


@pytest.fixture(scope="module")
def crops() -> Image:
    """Crops of the demo clip."""
    detector = Finder()
    with open_source("demo") as source:
        pictures = [frame.image for frame in source if frame.index % 12 == 0]
    return np.stack([Crop.of_detection(detector.detect(p)[0], 112).cut(p) for p in pictures])


def test_the_assets_are_made_of_these_very_weights() -> None:
    source = hashlib.sha256(asset(ASSET).read_bytes()).hexdigest()
    for path in FILES:
        assert RuntimeFile.read(path).net.notes[SOURCE] == source, "run 'expnet-live train runtime'"


def test_int8_stays_near_single_precision(crops: Image) -> None:
    exact, small = (Predictor.load(path).predict(crops) for path in FILES)
    assert exact.blendshapes is not None and small.blendshapes is not None
    assert exact.gaze is not None and small.gaze is not None
    assert rms(exact.expression, small.expression) < 0.04
    assert rms(exact.blendshapes, small.blendshapes) < 0.012
    assert rms(exact.rotation, small.rotation) < 0.006
    assert rms(exact.origin, small.origin) < 0.3
    assert rms(exact.gaze, small.gaze) < 0.008
    assert rms(exact.confidence, small.confidence) < 0.03


def rms(a: Array, b: Array) -> float:
    return float(np.sqrt(np.square(a - b).mean()))


def test_single_precision_is_that_of_the_weights(crops: Image, weights: Path) -> None:
    exact = Predictor.load(FILES[0]).predict(crops)
    for path in runtime_files(weights):
        path.unlink()
    again = Predictor.load(weights, "cpu").predict(crops)
    assert np.abs(exact.expression - again.expression).max() < 0.01


def test_the_quickest_is_measured_once(weights: Path) -> None:
    first = RuntimeFile.beside(weights)
    assert first is not None
    note = next(cache_folder().iterdir())
    known = json.loads(note.read_text())
    ((key, measured),) = known.items()
    assert len(measured["ms"]) >= 2
    note.write_text(json.dumps({key: {"ms": [0.1, *measured["ms"][1:]]}}))  # single precision comes first
    chosen = RuntimeFile.beside(weights)
    crop = np.full((1, 112, 112, 3), 90, np.uint8)
    assert chosen is not None
    assert np.array_equal(chosen.net(crop), RuntimeFile.read(FILES[0]).net(crop))
    for damaged in (
        "{",
        "[]",
        "7",
        json.dumps({key: {}}),
        json.dumps({key: {"ms": [1.0]}}),
        json.dumps({key: {"best": 0}}),
    ):
        note.write_text(damaged)
        assert RuntimeFile.beside(weights) is not None
        assert list(json.loads(note.read_text())) == [key]


@pytest.mark.parametrize(
    ("threads", "ms", "chosen"),
    [
        (1, [1.0, 0.8], ".int8.onnx"),
        (1, [1.0, 0.9], ".onnx"),  # int8 is less exact: it must save more time
        (2, [1.0, 1.2, 0.7], ".int8.onnx"),  # with one thread, it leaves the other core to others
        (2, [0.7, 1.2, 0.7], ".onnx"),
    ],
)
def test_int8_must_save_time_or_a_core(weights: Path, threads: int, ms: list[float], chosen: str) -> None:
    RuntimeFile.beside(weights, threads)
    note = next(cache_folder().iterdir())
    (key,) = json.loads(note.read_text())
    note.write_text(json.dumps({key: {"ms": ms}}))
    found = RuntimeFile.beside(weights, threads)
    assert found is not None and found.path.name == f"{weights.stem}{chosen}"


@pytest.mark.parametrize("content", [b"", b"\x08\x08", b"<html></html>"])
def test_a_broken_file_is_one_sentence(weights: Path, content: bytes) -> None:
    for path in runtime_files(weights):
        path.write_bytes(content)
    with pytest.raises(UserError, match="missing or damaged; make it again with 'expnet-live train runtime'"):
        Predictor.load(weights, "cpu")
    with pytest.raises(UserError, match="missing or damaged"):
        Predictor.load(weights.with_name("no.onnx"), "cpu")


def test_files_of_other_weights_are_not_used(weights: Path, caplog: pytest.LogCaptureFixture) -> None:
    weights.write_bytes(weights.read_bytes() + b" ")
    with caplog.at_level(logging.WARNING):
        assert RuntimeFile.beside(weights) is None
    assert "made from other weights" in caplog.text


def test_a_start_loads_neither_onnx_nor_torch() -> None:
    program = (
        "import sys; from expnet_live.pipeline.pipeline import Pipeline; "
        "from expnet_live.capture.sources import open_source; "
        "p = Pipeline.load(device='cpu'); print(len(p.process(next(iter(open_source('demo')))))); "
        "print(sorted({'onnx', 'torch', 'safetensors.torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "[]"]


def test_the_folder_without_python_has_the_int8_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot use the weights, and tells the same network in sessions as an installation does."""
    there = MODELS[BUILT_IN].files(Predictor.load(FILES[1]))
    for path in assets_dir().iterdir():
        if path not in (FILES[0], asset(ASSET)):
            shutil.copy(path, tmp_path)
    monkeypatch.setattr("expnet_live.core.paths.assets_dir", lambda: tmp_path)
    monkeypatch.setattr("expnet_live.models.compact.assets_dir", lambda: tmp_path)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    predictor, _ = MODELS[BUILT_IN].load("cpu")
    assert isinstance(predictor, Predictor) and predictor.runtime_file == tmp_path / FILES[1].name
    assert MODELS[BUILT_IN].files(predictor) == there
    assert diagnosis.models().broken == () and "M weights" in diagnosis.models().facts[0]
    (tmp_path / FILES[1].name).unlink()
    with pytest.raises(UserError, match="cannot be read as weights"):
        MODELS[BUILT_IN].load("cpu")
    assert "expnet.int8.onnx is not in" in diagnosis.models().broken[0]
