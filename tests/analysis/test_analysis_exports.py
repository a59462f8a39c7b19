"""`expnet-live analyze --to`: the formats of sessions, of videos."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from media import write_numbered
from scipy.spatial.transform import Rotation

from expnet_live.cli import main

SECOND = ["--duration", "1"]


def test_each_video_has_its_exports(tmp_path: Path) -> None:
    out, empty = tmp_path / "out", write_numbered(tmp_path / "nobody.mp4", n=6)
    assert (
        main(["analyze", "demo", str(empty), "--out", str(out), *SECOND, "--to", "openface", "bids", "openface"]) == 0
    )
    assert sorted(p.name for p in (out / "exports").iterdir()) == ["demo"]  # the other one has no face
    assert sorted(p.name for p in (out / "exports" / "demo").iterdir()) == ["demo_bids", "demo_openface.csv"]
    table = pd.read_csv(out / "coefficients.csv")
    table = table[table["source"] == "demo"]
    other = pd.read_csv(out / "exports" / "demo" / "demo_openface.csv")
    assert len(other) == len(table) == 30
    np.testing.assert_allclose(other["timestamp"], table["timestamp_s"], atol=6e-4)
    ours = Rotation.from_rotvec(table[["rx", "ry", "rz"]].to_numpy() * [1, -1, -1])
    theirs = Rotation.from_euler("XYZ", other[["pose_Rx", "pose_Ry", "pose_Rz"]].to_numpy())
    assert np.max((ours.inv() * theirs).magnitude()) < 2e-3
    np.testing.assert_allclose(other["AU26_r"], 5 * table["arkit_jawOpen"], atol=6e-3)
    run = json.loads((out / "run.json").read_text())
    assert run["runs"][0]["settings"]["to"] == ["openface", "bids"]
    assert any(name.startswith("exports/demo/demo_bids/sub-01/") for name in run["files"])


def test_names_of_bids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["analyze", "demo", "--duration", "0.1", "--entities", "sub-7", "--out"]
    assert main([*command, str(tmp_path / "out"), "--to", "bids", "vmd"]) == 0
    exports = tmp_path / "out" / "exports" / "demo"
    assert (exports / "demo_bids/sub-7/motion/sub-7_task-expression_tracksys-expnet_motion.tsv").is_file()
    assert (exports / "demo.vmd").is_file()
    run = json.loads((tmp_path / "out" / "run.json").read_text())["runs"][0]
    assert run["settings"]["entities"] == {"subject": "7", "session": "", "task": "expression"}
    capsys.readouterr()
    assert main([*command, str(tmp_path / "no"), "--to", "vmd"]) == 2
    assert "--entities names what --to bids writes" in capsys.readouterr().err


def test_results_that_are_added_have_names_of_their_own(tmp_path: Path) -> None:
    command = ["analyze", "demo", "--out", str(tmp_path / "out"), *SECOND, "--to", "vmd"]
    assert main(command) == main([*command, "--append"]) == 0
    exports = sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.vmd"))
    assert exports == ["exports/demo-2/demo-2.vmd", "exports/demo/demo.vmd"]
    assert main([*command, "--overwrite"]) == 0
    assert [p.name for p in (tmp_path / "out").rglob("*.vmd")] == ["demo.vmd"]


def test_a_format_that_needs_more_than_faces_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["analyze", "demo", "--out", str(tmp_path / "out"), "--to", "overlay"])
    assert "invalid choice: 'overlay'" in capsys.readouterr().err
