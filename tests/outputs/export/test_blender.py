"""The animated head in Blender itself, where EXPNET_LIVE_BPY names a Python that has it (`pip install bpy`)."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from avatar_files import write_avatars
from exports import Glb, exported
from scipy.spatial import cKDTree

from expnet_live.avatars.avatar import Avatar
from expnet_live.core.arkit import ARKIT, blendshapes_of
from expnet_live.heads.built_in import face_model
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


needs_blender = pytest.mark.skipif(
    "EXPNET_LIVE_BPY" not in os.environ, reason="EXPNET_LIVE_BPY names no Python with bpy"
)


def _in_blender(script: str, *arguments: object) -> None:
    """Run a script of tests/support in Blender's Python."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    command = [os.environ["EXPNET_LIVE_BPY"], str(SUPPORT / script), *map(str, arguments)]
    subprocess.run(command, check=True, env=env)


def _seen(path: Path, session: Session) -> Any:
    out = path.with_name("seen.npz")
    _in_blender("in_blender.py", path, out, *(session.rows.time[i] for i in MOMENTS))
    return np.load(out)


@needs_blender
def test_blender_shows_the_same_head(session: Session, tmp_path: Path) -> None:
    seen = _seen(exported(session, tmp_path, "glb"), session)
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


@needs_blender
@pytest.mark.parametrize("name", ["head.glb", "one.vrm"])
def test_blender_plays_an_avatar(name: str, session: Session, tmp_path: Path) -> None:
    """Its shape keys, bones and vertices at five moments."""
    source = write_avatars(tmp_path)[name]
    seen = _seen(exported(session, tmp_path, "glb", head=str(source)), session)
    avatar, rows, person = Avatar.load(source, face_model()), session.rows, session.info.person
    place = avatar.place
    told = json.loads(str(seen["told"]))
    parts = [node.name for node in avatar.file.nodes if node.mesh is not None]
    assert set(parts) <= set(told)  # beside them, Blender makes a shape for bones
    for n, i in enumerate(MOMENTS):
        actions = avatar.actions(rows.expression[i], person.corrected_blendshapes(rows.blendshapes[i]))
        weights = avatar.wiring(actions)[: len(told["Face"]["keys"])]
        assert np.abs(seen[f"Face_{n}_keys"] - weights).max() < 2e-3, i
        turns = avatar.turns(actions, rows.gaze_of(i), rows.rotation[i])
        head = turns["neck"] @ turns["head"]
        for bone, expected in (("neck", turns["neck"]), ("head", head), ("leftEye", head @ turns["leftEye"])):
            named = avatar.file.nodes[avatar.skeleton.bones[bone]].name
            assert np.abs(seen[f"bone {named}_{n}"] - expected).max() < 2e-3, (bone, i)
        ours, _, _ = avatar.posed(rows.expression[i], rows.gaze_of(i), actions, rows.rotation[i])
        theirs = np.concatenate([seen[f"{part}_{n}"] for part in parts]) @ place[:3, :3].T + place[:3, 3]
        used = ours[np.unique(avatar.triangles)]  # Blender leaves out the others
        for one, other in ((ours, theirs), (theirs, used)):
            assert cKDTree(one).query(other)[0].max() < 0.1, i


@needs_blender
@pytest.mark.parametrize("name", ["head.glb", "zero.vrm", "one.vrm"])
def test_an_avatar_from_blender_is_the_same(name: str, tmp_path: Path) -> None:
    """What Blender's exporter makes of our avatars, or the VRM add-on (`pip install bpy-vrm-format`): other programs'
    files, with other nodes, bones, vertices and materials."""
    source = write_avatars(tmp_path)[name]
    copy = source.with_name(f"copy{source.suffix}")
    _in_blender("vrm_in_blender.py", source, copy)
    ours, theirs = (Avatar.load(path, face_model()) for path in (source, copy))
    assert theirs.kind == ours.kind and theirs.missing == ours.missing
    assert sorted(theirs.skeleton.bones) == sorted(ours.skeleton.bones)
    assert (len(theirs.springs), len(theirs.springs.ball)) == (len(ours.springs), len(ours.springs.ball))
    assert sorted(theirs.springs.length) == pytest.approx(sorted(ours.springs.length), abs=0.1)
    rest = np.zeros(29, np.float32)
    for actions in (("jawOpen",), ("eyeBlinkLeft",), ("mouthSmileRight", "browInnerUp"), ("eyeLookUpLeft",)):
        weights = blendshapes_of(**dict.fromkeys(actions, 0.8))
        at, to = (a.posed(rest, None, weights, np.array([0.2, -0.4, 0.1]))[0] for a in (ours, theirs))
        for one, other in ((at, to), (to, at[np.unique(ours.triangles)])):
            assert cKDTree(one).query(other)[0].max() < 0.1, actions
    nearest = cKDTree(theirs.rest).query(ours.rest)[1]
    off = np.abs(theirs.colors[nearest].astype(int) - ours.colors)
    assert np.median(off) <= 2 and np.percentile(off, 75) <= 10  # the add-on leaves out colours of vertices
