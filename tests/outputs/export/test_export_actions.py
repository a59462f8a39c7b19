"""Sessions whose model predicts ARKit's actions: exported by their names, moved by the rig."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from blendshape_sets import SHAPES, make_set
from exports import Glb, exported
from scipy.spatial.transform import Rotation
from waiting import PATIENCE

from expnet_live.app.player.replay import Poser, Replay
from expnet_live.app.view3d.drawn import own_drawn
from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.core.paths import asset
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.library import Library
from expnet_live.heads.tone import toned
from expnet_live.outputs.export.pose import PoseMode, posed
from expnet_live.sessions.format.table import BLENDSHAPES
from expnet_live.sessions.reading.session import Session


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


@pytest.fixture(scope="module")
def session(demo_session: Session) -> Session:
    """The demo's, as if its model had told actions: slow waves of a few, some of them at once."""
    rows = demo_session.rows
    weights = np.zeros((len(rows), 52), np.float32)
    moving = ("jawOpen", "mouthClose", "eyeBlinkLeft", "mouthSmileRight", "mouthShrugLower", "mouthShrugUpper",
              "browInnerUp", "tongueOut", "cheekPuff")  # fmt: skip
    for k, name in enumerate(moving):
        weights[:, INDEX[name]] = 0.5 - 0.5 * np.cos((0.7 + 0.4 * k) * rows.time)
    weights[rows.face < 0] = np.nan
    person = replace(demo_session.info.person, resting={"browInnerUp": 0.1}, gains={"mouthSmileRight": 0.5})
    info = replace(demo_session.info, person=person, blendshapes=True)
    return replace(demo_session, info=info, rows=replace(rows, blendshapes=weights))


def shown(session: Session, i: int) -> Array:
    return session.info.person.corrected_blendshapes(session.rows.blendshapes[i])


def order_in_file(model: FaceModel) -> Array:
    """The vertices of a file: the head's, then those of both eyes."""
    right, left = model.anatomy.eyeballs
    everyone = np.arange(len(model.colors))
    eyes = np.concatenate([everyone[right], everyone[left]])
    return np.concatenate([np.setdiff1d(everyone, eyes), eyes])


def test_the_animated_head_has_arkits_targets_and_is_our_own(
    session: Session, model: FaceModel, tmp_path: Path
) -> None:
    path = exported(session, tmp_path, "glb")
    assert path.stat().st_size < 5e6
    glb = Glb(path)
    assert tuple(glb.names()[:52]) == ARKIT
    order = order_in_file(model)
    rows, person = session.rows, session.info.person
    for i in (0, 7, 19, 33, 47):
        ours = model.vertices(rows.expression[i], person.identity, rows.gaze[i], shown(session, i))
        turned = posed(ours, rows.rotation[i], rows.translation[i], PoseMode.ROTATION)
        assert np.linalg.norm(1000 * glb.vertices(i) - turned[order], axis=1).max() < 0.02
    weights = glb.keys("head", "weights")
    smile = INDEX["mouthSmileRight"]
    seen = rows.face >= 0
    assert weights[seen, smile] == pytest.approx(0.5 * rows.blendshapes[seen, smile], abs=1e-4)
    assert Rotation.from_quat(glb.keys("head", "rotation")).magnitude().max() > 0


def test_a_file_of_all_actions_is_small_and_right(model: FaceModel, tmp_path: Path) -> None:
    """Of the whole demo clip as the network reads it: nearly all actions move, each a little."""
    clip = shutil.copy(asset("demo.mp4"), tmp_path / "clip.mp4")
    assert main(["sessions", "import", str(clip), "--out", str(tmp_path / "sessions")]) == 0
    session = Session.open(tmp_path / "sessions" / "clip")
    path = exported(session, tmp_path, "glb")
    rows = session.rows
    # Ten seconds have less than 5 MB; the two that the clip lacks would add 20 kB.
    assert len(rows) == 240 and path.stat().st_size < 4.98e6
    glb, order = Glb(path), order_in_file(model)
    identity = rows.identity[-1]  # pooled over the clip
    for i in range(5, 240, 47):
        ours = model.vertices(rows.expression[i], identity, rows.gaze[i], shown(session, i))
        turned = posed(ours, rows.rotation[i], rows.translation[i], PoseMode.ROTATION)
        assert np.linalg.norm(1000 * glb.vertices(i) - turned[order], axis=1).max() < 0.05
    light = glb.array(glb.gltf.meshes[0].primitives[0].attributes.COLOR_0)[:, :3]
    colors = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    head = toned(model, session.info.skin_of(0))
    off = np.abs(colors - head.colors[order[: len(colors)]])
    assert off.mean() < 0.5 and off.max() < 6  # levels of sRGB: only near black is it more than one


def test_an_imported_head_has_its_own_shapes(
    session: Session, model: FaceModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "data"))
    make_set(tmp_path / "set", model, SHAPES)
    assert main(["face-model", "import", str(tmp_path / "set"), "--as", "Other"]) == 0
    glb = Glb(exported(session, tmp_path, "glb", head="Other"))
    names, weights = glb.names(), glb.keys("head", "weights")
    seen = session.rows.face >= 0
    wanted = session.rows.blendshapes[seen, INDEX["jawOpen"]]
    assert weights[seen, names.index("jawOpen")] == pytest.approx(wanted, abs=0.05)
    head = Library().head("Other", model)
    assert head.action_weights(shown(session, 10))[names.index("jawOpen")] == pytest.approx(
        weights[10, names.index("jawOpen")], abs=1e-5
    )


def test_tables_have_columns_of_the_actions(session: Session, demo_session: Session, tmp_path: Path) -> None:
    with exported(session, tmp_path, "csv").open(newline="") as f:
        rows = list(csv.DictReader(f))
    assert set(BLENDSHAPES) <= set(rows[0])
    smile = "arkit_mouthSmileRight"
    assert float(rows[9][smile]) == pytest.approx(shown(session, 9)[INDEX["mouthSmileRight"]], abs=1e-6)
    gap = int(np.flatnonzero(session.rows.face < 0)[0])
    assert rows[gap][smile] == ""
    (tmp_path / "plain").mkdir()
    header = exported(demo_session, tmp_path / "plain", "csv").read_text().splitlines()[0]
    assert "arkit_" not in header


def test_the_player_shows_them(session: Session, model: FaceModel) -> None:
    replay = Replay.of(session, own_drawn(), "", None)
    poser = Poser(replay, model)
    poser.start()
    poser.ask(10)
    answer = poser.latest(timeout=PATIENCE)
    poser.stop()
    assert poser.join(PATIENCE) and answer is not None and answer[0] == 10
    posed_head = answer[1]
    wanted = model.vertices(replay.expression[10], replay.identity, session.rows.gaze[10], shown(session, 10))
    assert posed_head.vertices == pytest.approx(wanted, abs=1e-3)
    assert np.array_equal(replay.faces(10)[0].state.blendshapes, session.rows.blendshapes[10])
