"""The window with the official release: a head of its real size, coefficients with other names."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from live_fakes import Puppet
from waiting import LONG

from expnet_live.app.main_window.window import MainWindow
from expnet_live.heads.face_model import FaceModel
from expnet_live.live.state import Settings
from expnet_live.official.basel import BaselArrays, BaselModel
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.official_proofs import synthetic


@pytest.fixture(scope="module")
def basel() -> BaselModel:
    """An egg of the true number of vertices, in the middle of whose front the face is said to be."""
    members = synthetic.basel(np.random.default_rng(0))
    mean = members["shapeMU"].reshape(-1, 3).astype(np.float32)
    n, front = mean.size, np.flatnonzero(mean[:, 2] > 40)
    return BaselModel(
        BaselArrays(
            shape_mean=mean,
            shape=np.zeros((99, n), np.float32),
            expression_mean=np.zeros_like(mean),
            expression=np.ascontiguousarray(members["expPC"].T) * 20,
            texture_mean=members["texMU"].reshape(-1, 3).astype(np.float32),
            texture=np.zeros((99, n), np.float32),
            triangles=synthetic.faces().astype(np.int32),
            marks=front[:: len(front) // 468][:468].astype(np.int32),
        )
    )


def test_the_release_is_chosen_and_left(
    qtbot: Any, puppet: Puppet, basel: BaselModel, open_window: Callable[..., MainWindow]
) -> None:
    def load(settings: Settings) -> Pipeline:
        if settings.model != "official":
            return puppet.load(settings)
        release = Puppet()
        release.model, release.identity = basel, np.zeros(99, np.float32)  # type: ignore[assignment]
        return Pipeline(release, basel, detector=release)

    window = open_window(load=load)

    def shows(head: BaselModel | FaceModel) -> bool:
        bars = window.parts.bars.names
        return window.presenter.head is head and bars == head.names

    qtbot.waitUntil(lambda: shows(puppet.model), timeout=LONG)
    ours = window.parts.head.picture()
    window.controller.change(model="official")
    qtbot.waitUntil(lambda: shows(basel), timeout=LONG)
    assert window.parts.head.picture() != ours
    # What came before has nothing to do with these coefficients.
    assert len(window.controller.history.last(60.0)) < 200
    for overlay in ("contours", "mesh", "box"):
        window.commands.choose(overlay=overlay)
        before = window.controller.engine.states
        qtbot.waitUntil(lambda before=before: window.controller.engine.states > before + 3, timeout=LONG)
        assert not window.parts.camera.grab().toImage().isNull()
    window.controller.change(model=None)
    qtbot.waitUntil(lambda: shows(puppet.model), timeout=LONG)


def test_its_mesh_keeps_pace(basel: BaselModel) -> None:
    """Vertices and normals of 46,990 points within a frame of 30 a second, on one core."""
    rng = np.random.default_rng(0)
    best = np.inf
    for _ in range(20):
        eta = rng.standard_normal(29)
        start = time.process_time()
        basel.normals(basel.vertices(eta))
        best = min(best, time.process_time() - start)
    assert best < 0.03
