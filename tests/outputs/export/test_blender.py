"""The animated head in Blender itself, where EXPNET_LIVE_BPY names a Python that has it (`pip install bpy`)."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from exports import Glb, exported

from expnet_live.core.arkit import ARKIT
from expnet_live.heads.face_model import FaceModel
from expnet_live.outputs.export.pose import PoseMode, posed
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.sessions.reading.session import Session

SUPPORT = Path(__file__).parents[2] / "support"
MOMENTS = (0, 7, 19, 33, 47)


@pytest.fixture(scope="module")
def session(demo_session: Session, pipeline: Pipeline) -> Session:
    """The demo's, with actions that wave."""
    rows = demo_session.rows
    phase = np.arange(52) * 0.7 + rows.time[:, None] * np.linspace(0.5, 3, 52)
    weights = np.clip(0.35 - 0.6 * np.cos(phase), 0, 1).astype(np.float32) * (np.arange(52) % 3 == 0)
    weights[rows.face < 0] = np.nan
    info = replace(demo_session.info, blendshapes=True)
    return replace(demo_session, info=info, rows=replace(rows, blendshapes=weights))


@pytest.mark.parametrize("actions", [True, False], ids=["actions", "coefficients"])
def test_weights_are_sliders_and_parts_have_names(
    session: Session, demo_session: Session, actions: bool, tmp_path: Path
) -> None:
    glb = Glb(exported(session if actions else demo_session, tmp_path, "glb"))
    for channel in glb.animation.channels:
        if channel.target.path == "weights":
            keys = glb.array(glb.animation.samplers[channel.sampler].output)
            assert keys.min() >= 0 and keys.max() <= 1
    assert [n.name for n in glb.gltf.nodes] == ["head", "eyeRight", "eyeLeft", "hair", "hairLocks"]
    assert [m.name for m in glb.gltf.materials] == ["skin", "eyes", "hair"]
    names = glb.names()
    assert len(set(names)) == len(names) and not any("corrective" in n for n in names)
    assert (names[:52] == list(ARKIT)) == actions


@pytest.mark.skipif("EXPNET_LIVE_BPY" not in os.environ, reason="EXPNET_LIVE_BPY names no Python with bpy")
def test_blender_shows_the_same_head(session: Session, tmp_path: Path) -> None:
    path = exported(session, tmp_path, "glb")
    times = [str(session.rows.time[i]) for i in MOMENTS]
    command = [os.environ["EXPNET_LIVE_BPY"], str(SUPPORT / "in_blender.py"), str(path), str(tmp_path / "seen.npz")]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    subprocess.run([*command, *times], check=True, env=env)
    seen = np.load(tmp_path / "seen.npz")
    told = json.loads(str(seen["told"]))
    assert set(told) == {"head", "eyeRight", "eyeLeft", "hair", "hairLocks"}
    assert {material for part in told.values() for material in part["materials"]} == {"skin", "eyes", "hair"}
    assert all((low, high) == (0, 1) for _, low, high in told["head"]["keys"])
    model, rows, person = FaceModel.load(), session.rows, session.info.person
    right, left = model.anatomy.eyeballs
    everyone = np.arange(len(model.colors))
    parts = {"head": np.setdiff1d(everyone, np.concatenate([everyone[right], everyone[left]])), "eyeRight": right}
    for n, i in enumerate(MOMENTS):
        actions = person.corrected_blendshapes(rows.blendshapes[i])
        ours = model.vertices(rows.expression[i], person.identity, rows.gaze[i], actions)
        ours = posed(ours, rows.rotation[i], rows.translation[i], PoseMode.ROTATION)
        for name, vertices in parts.items():
            off = np.linalg.norm(1000 * seen[f"{name}_{n}"] - ours[vertices], axis=1)
            assert off.max() < 0.05, (name, i)
