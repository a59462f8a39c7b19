"""The evaluation of the face finder, on pictures of the tests."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from expnet_live.cli import main
from expnet_live.core.paths import assets_dir
from expnet_live.core.types import Box
from expnet_live.research.evaluation.finder.command import SIZES, TURNS
from expnet_live.research.evaluation.finder.compare import CASES, shown

pytestmark = pytest.mark.skipif(
    not (assets_dir() / "expnet.safetensors").is_file(), reason="assets/ has no weights yet; train them first"
)


def test_a_face_is_found_turned_and_small_and_nobody_is_found_in_coins(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "astronaut.png"), data.astronaut()[..., ::-1])
    cv2.imwrite(str(tmp_path / "coins.png"), data.coins())
    report = tmp_path / "report.json"
    photo, empty = (str(tmp_path / f"{name}.png") for name in ("astronaut", "coins"))
    assert main(["evaluate", "finder", "--photos", photo, "--empty", empty, "--json", str(report)]) == 0
    figures = json.loads(report.read_text())
    assert (figures["photos"], figures["empty"], figures["false"]) == (1, 1, [])
    assert figures["found"] == {str(t): 1 for t in TURNS} and figures["far"] == {str(t): 0 for t in TURNS}
    assert [figures["by_size"][str(s)] for s in SIZES[:3]] == [1, 1, 1]


def test_photos_of_nobody_and_faces_where_none_should_be_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "astronaut.png"
    cv2.imwrite(str(photo), data.astronaut()[..., ::-1])
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((64, 64, 3), 90, np.uint8))
    assert main(["evaluate", "finder", "--photos", str(tmp_path / "wall.png"), "--empty", str(photo)]) == 1
    said = capsys.readouterr().out
    assert "0 of 1 photos" in said and "1 with a face, 100.00%" in said and f"{tmp_path.name}/astronaut.png" in said


def test_nothing_to_measure_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["evaluate", "finder"]) == 2
    assert "--photos" in capsys.readouterr().err
    assert main(["evaluate", "finder", "--photos", str(tmp_path / "none")]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_the_finder_is_compared_on_the_same_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(tmp_path / "astronaut.png"), data.astronaut()[..., ::-1])
    cv2.imwrite(str(tmp_path / "coins.png"), data.coins())
    report = tmp_path / "report.json"
    photo, empty = (str(tmp_path / f"{name}.png") for name in ("astronaut", "coins"))
    assert main(["evaluate", "finder", "--photos", photo, "--compare"]) == 2
    main(["evaluate", "finder", "--photos", photo, "--empty", empty, "--compare", "--json", str(report)])
    ours = json.loads(report.read_text())["finders"]["finder"]
    assert (
        set(ours["recall"]) == {c.name for c in CASES} and ours["recall"]["120 px"] == 1 and ours["ms of one look"] > 0
    )
    assert "finder alone, at one false alarm in 100 pictures" in capsys.readouterr().out


def test_a_shown_face_is_where_it_is_said_to_be() -> None:
    photo = np.zeros((200, 200, 3), np.uint8)
    box = Box(59.5, 59.5, 80, 80)
    photo[60:140, 60:140] = 255
    for case, picture, middle in shown(photo, box, [np.full((288, 288, 3), 50, np.uint8)], np.random.default_rng(0)):
        if not case.cover:
            y, x = np.nonzero(picture.min(2) > 200)
            assert (x.mean(), y.mean()) == pytest.approx(tuple(middle), abs=1)
            assert len(x) == pytest.approx(case.size**2, rel=0.15)
