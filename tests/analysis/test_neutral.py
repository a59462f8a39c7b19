"""`analyze --neutral`: a neutral face is subtracted, from a file, a profile, or the video's own first seconds."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT
from expnet_live.core.types import Array
from expnet_live.person.calibration import LIDS
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles

EYES = ("eyeBlink", "eyeLook", "eyeSquint", "eyeWide")
FREE = ["jawOpen", "mouthSmileLeft", "browDownLeft"]
ACTIONS = [f"arkit_{name}" for name in ARKIT if not name.startswith(EYES)]


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("in") / "portrait.png"
    cv2.imwrite(str(path), np.ascontiguousarray(data.astronaut()[:300, 60:360, ::-1]))
    return path


def analyze(*args: object) -> int:
    return main(["analyze", *map(str, args)])


def columns(out: Path, names: list[str] | tuple[str, ...]) -> Array:
    with (out / "coefficients.csv").open(newline="", encoding="utf-8") as file:
        return np.array([[float(row[n] or "nan") for n in names] for row in csv.DictReader(file)])


def test_a_file_of_the_rest(photo: Path, tmp_path: Path) -> None:
    assert analyze(photo, "--out", tmp_path / "plain") == 0
    assert analyze(photo, "--out", tmp_path / "rest", "--neutral", photo) == 0
    before, after = (columns(tmp_path / name, FREE) for name in ("plain", "rest"))
    assert np.abs(before).max() > 0.5 and np.abs(after).max() < 1e-3
    assert np.allclose(*(columns(tmp_path / name, LIDS) for name in ("plain", "rest")))  # lids do not change
    # Actions whose resting value exceeds MOST_RESTING are subtracted only in part.
    assert np.nanmax(columns(tmp_path / "rest", ACTIONS)) < np.nanmax(columns(tmp_path / "plain", ACTIONS))


def test_a_profile(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # The test's data folder: see conftest.
    Profiles().save(Person("Ada", neutral={"jawOpen": 0.5}, gains={"jawOpen": 3.0}))
    assert analyze(photo, "--out", tmp_path / "plain") == 0
    assert analyze(photo, "--out", tmp_path / "rest", "--neutral", "profile:Ada") == 0
    off = columns(tmp_path / "plain", FREE) - columns(tmp_path / "rest", FREE)
    assert np.allclose(off, [0.5, 0, 0], atol=1e-5)
    Profiles().save(Person("Bo", gains={"jawOpen": 3.0}))
    unknown = "There is no profile Eve; known: Ada, Bo."
    without = "The profile Bo has no neutral; those with one: Ada."
    for choice, words in {
        "profile:Eve": unknown,
        "profile:Bo": without,
        "first:x": "first:2s",
        "none.jpg": "profile:NAME",
    }.items():
        assert analyze(photo, "--out", tmp_path / "none", "--neutral", choice) == 2
        error = capsys.readouterr().err
        assert words in error and len(error.splitlines()) == 1
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("seconds", [1.0, 60.0])
def test_the_first_seconds_of_a_video(tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["demo", "--duration", 2, "--smoothing", "off", "--mesh", "ply", "--every", 20]
    assert analyze(*flags, "--out", tmp_path / "plain") == 0
    assert analyze(*flags, "--out", tmp_path / "rest", "--neutral", f"first:{seconds:g}s") == 0
    told = f"demo: no face is there for as long as --neutral first:{seconds:g}s says" in capsys.readouterr().err
    assert told is (seconds > 2)
    keys = ["frame", "timestamp_s", *FREE]
    before, after = (columns(tmp_path / name, keys) for name in ("plain", "rest"))
    assert np.array_equal(before[:, :2], after[:, :2])
    first = before[:, 1] < before[0, 1] + seconds + 1e-6
    rest = np.median(before[first, 2:], 0)
    assert np.allclose(before[:, 2:] - after[:, 2:], rest, atol=2e-3)
    names = {p.name for p in (tmp_path / "plain/meshes/demo").iterdir()}
    assert names == {p.name for p in (tmp_path / "rest/meshes/demo").iterdir()} and len(names) == 3


def test_a_photo_has_no_first_seconds(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert analyze(photo, "--out", tmp_path / "out", "--neutral", "first:2s") == 1
    assert "has no first seconds" in capsys.readouterr().err
