"""The speed test runs all available methods on the same pictures."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import pytest
from mesh import TEACHER, landmarker

from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.paths import assets_dir
from expnet_live.research.evaluation.speed import timing, ways

pytestmark = pytest.mark.skipif(
    not all((assets_dir() / name).is_file() for name in ("expnet.safetensors", "demo.mp4")),
    reason="the weights and the demo clip are not built yet",
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "limit_threads", lambda n: None)  # the other tests want all cores
    monkeypatch.setattr("expnet_live.research.evaluation.speed.command.limit_threads", lambda n: None)
    monkeypatch.setattr(ways, "LEAST", 8)


def test_all_ways_are_timed_on_the_same_photos(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "speed.json"
    teacher = ["--teacher", str(TEACHER)] if TEACHER.is_file() else []
    with landmarker():
        assert main(["evaluate", "speed", "--limit", "4", "--device", "cpu", "--json", str(out), *teacher]) == 0
    report = json.loads(out.read_text())
    assert report["faces"] == report["photos"] == 4
    assert {"expnet", "landmark-fit", "landmarks", "fit"} <= set(report["ways"])
    assert ("mediapipe-blendshapes" in report["ways"]) == bool(teacher)
    assert report["ways"]["expnet"]["times_expnet"]["one_by_one"] == 1
    fit, parts = report["ways"]["landmark-fit"], [report["ways"][n] for n in ("landmarks", "fit")]
    assert all(p["seconds_per_image"] > 0 for p in (fit, *parts))
    assert all(w["images_per_second_in_batches"] > 0 for w in report["ways"].values())
    assert set(report["ways"]) | set(report["left_out"]) >= {"official", "mediapipe-blendshapes"}
    assert "ExpNet" in capsys.readouterr().out


def test_own_photos_and_photos_without_a_face(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = next(iter(open_source("demo"))).image
    (tmp_path / "empty").mkdir()
    cv2.imwrite(str(tmp_path / "empty" / "wall.png"), image[:80, :80])
    with landmarker():
        assert main(["evaluate", "speed", str(tmp_path / "empty"), "--device", "cpu"]) == 2
    assert "No face" in capsys.readouterr().err
