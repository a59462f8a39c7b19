"""Snapshots: what is in them, and their folders."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_fakes import SIZE, Puppet
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from seen import LONG, banners, pixels

from expnet_live.app.main_window.snapshot import Snapshot
from expnet_live.app.main_window.window import MainWindow
from expnet_live.heads.dressing import Haired
from expnet_live.sessions.format.folder import STAMP


def test_snapshot(qtbot: Any, window: MainWindow, puppet: Puppet, tmp_path: Path) -> None:
    window.commands.snapshot_folder = tmp_path / "shots"
    qtbot.waitUntil(lambda: window.controller.prepared is not None, timeout=LONG)
    qtbot.keyClick(window, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: "snapshot" in banners(window), timeout=3 * LONG)
    (folder,) = (tmp_path / "shots").iterdir()
    pictures = {"window.png", "camera.png", "head.png", "expression.png", "curves.png"}
    values = {"coefficients.csv", "coefficients.json"}
    assert {p.name for p in folder.iterdir()} == {*pictures, *values, "head.ply", "head.obj", "head.glb"}
    camera, still = QImage(str(folder / "camera.png")), QImage(str(folder / "head.png"))
    assert (camera.width(), camera.height()) == SIZE and pixels(camera).std() == 0  # a wall, and no badge
    assert still.width() == still.height() == 2048
    assert still.pixelColor(5, 5).alpha() == 0 and still.pixelColor(1024, 1024).alpha() == 255
    (told,) = json.loads((folder / "coefficients.json").read_text())
    (row,) = csv.DictReader((folder / "coefficients.csv").read_text().splitlines())
    shown = window.controller.faces[0]
    assert told["face"] == int(row["face"]) == shown.state.face
    for i, name in enumerate(puppet.model.names):
        assert told["expression_sd"][name] == pytest.approx(shown.expression[i], abs=0.05)
        assert float(row[name]) == pytest.approx(told["expression_sd"][name], abs=1e-4)
    assert QImage(str(folder / "window.png")).size() == window.size() * window.devicePixelRatioF()
    for name in pictures - {"camera.png"}:
        assert pixels(QImage(str(folder / name))).std() > 4, name  # not of one colour
    import trimesh

    face = window.controller.faces[0]
    haired = Haired.of(face.head)  # as it is seen
    with_hair, bald = (
        (haired.triangles, haired.mesh(face.vertices, face.normals)[0]),
        (puppet.model.triangles, face.vertices),
    )
    assert len(with_hair[0]) > len(bald[0])
    for suffix, size, (triangles, vertices) in ((".ply", 1.0, bald), (".obj", 1.0, bald), (".glb", 0.001, with_hair)):
        mesh = trimesh.load_mesh(folder / f"head{suffix}", process=False)
        assert mesh.faces.shape == triangles.shape
        assert np.allclose(np.ptp(mesh.vertices, axis=0), size * np.ptp(vertices, axis=0), rtol=1e-3)
    window.commands.snapshot_folder = tmp_path / "file"
    (tmp_path / "file").touch()
    qtbot.keyClick(window, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: "cannot be saved" in banners(window).get("snapshot", ""), timeout=LONG)


def test_snapshots_of_one_second_are_numbered(tmp_path: Path) -> None:
    while True:  # until the second does not end between them
        begun = time.strftime(STAMP)
        names = [Snapshot({}, ()).save(tmp_path / begun).name for _ in range(3)]
        if time.strftime(STAMP) == begun:
            break
    assert names == [begun, f"{begun} 2", f"{begun} 3"]
