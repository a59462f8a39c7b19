"""`evaluate accuracy` on drawn people."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from album import SHOTS, Album
from mesh import landmarker

from expnet_live.cli import main
from expnet_live.research.training.labels import LabelSet

SETTINGS = ("full size", "28 px", "14 px", "a third occluded")


@pytest.fixture(scope="module")
def given(album: Album, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The photos, their landmarks and the labels fitted to these."""
    labels = tmp_path_factory.mktemp("labels") / "labels.npz"
    known = [*album.arguments, "--landmarks", str(album.landmarks)]
    assert main(["train", "labels", *known, "--out", str(labels)]) == 0
    return [*known, "--labels", str(labels)]


def test_the_network_is_measured_on_people_held_out(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = tmp_path / "accuracy.json"
    with landmarker():
        assert main(["evaluate", "accuracy", *given, "--json", str(told), "--device", "cpu"]) == 0
    figures = json.loads(told.read_text())
    assert figures["photos"] % SHOTS == 0 and figures["photos"] > 0  # people are held out whole
    assert figures["photos without a detected face"] == 0
    printed = capsys.readouterr().out
    for name in SETTINGS:
        assert 0 < figures[name]["dense error %"] < 3 and figures[name]["boxes missed by the detector"] == 0
        assert f"{name:18s} dense error {figures[name]['dense error %']:.2f} %" in printed
    assert figures["full size"]["times full size"] == 1 < figures["14 px"]["times full size"]
    assert figures["full size"]["r2"]["jawOpen"] > 0.5
    assert figures["one look of Face Mesh and a fit"]["r2"]["jawOpen"] > 0.5


def test_fewer_photos_are_drawn_at_random(given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = tmp_path / "accuracy.json"
    few = ["--json", str(told), "--limit", "4", "--device", "cpu"]
    with landmarker():
        assert main(["evaluate", "accuracy", *given, *few]) == 0
    assert json.loads(told.read_text())["photos"] == 4


def test_labels_that_are_missing_or_of_others_are_refused(
    album: Album, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = [*album.arguments, "--landmarks", str(album.landmarks)]
    assert main(["evaluate", "accuracy", *known, "--labels", str(tmp_path / "none.npz")]) == 2
    assert "make it with 'expnet-live train labels'" in capsys.readouterr().err


def test_photos_without_people_held_out_are_refused(
    given: list[str], album: Album, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = LabelSet.load(Path(given[-1]))
    none = tmp_path / "labels.npz"
    replace(labels, reason=np.full(len(labels.key), "no face found")).save(none)
    assert main(["evaluate", "accuracy", *given[:-1], str(none), "--device", "cpu"]) == 2
    assert "give more photos" in capsys.readouterr().err
