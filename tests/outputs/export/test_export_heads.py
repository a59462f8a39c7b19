"""Sessions exported as other heads: imported ones, and the Basel model of those recorded with the release."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from blendshape_sets import SHAPES, make_set
from exports import Glb, exported
from official_fakes import import_fake
from scipy.spatial.transform import Rotation

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Part
from expnet_live.heads.imported import ImportedHead
from expnet_live.heads.library import Library, import_head
from expnet_live.official.basel import BaselModel
from expnet_live.official.store import Store
from expnet_live.outputs.export.pose import PoseMode
from expnet_live.sessions.reading.reanalysis import open_analysis
from expnet_live.sessions.reading.session import Session


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's data: a head called Mask, with two patches for eyes, and the official release."""
    folder = tmp_path_factory.mktemp("user") / "data"
    make_set(folder.parent / "set", FaceModel.load(), SHAPES)
    shapes, _ = import_head(folder.parent / "set", FaceModel.load())
    part = shapes.part.copy()
    for side, marks in ((Part.RIGHT_EYE, (159, 145, 160, 144)), (Part.LEFT_EYE, (386, 374, 385, 373))):
        part[shapes.marks[list(marks)]] = side
    Library(folder / "heads").add("Mask", replace(shapes, part=part))
    import_fake(Store(folder / "official"))
    return folder


@pytest.fixture(autouse=True)
def there(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(data))


def shown(session: Session, i: int, names: tuple[str, ...]) -> Array:
    return session.info.person.corrected(session.rows.expression[i], names)


def test_meshes_of_an_imported_head(demo_session: Session, tmp_path: Path) -> None:
    head, rows = Library().head("Mask", FaceModel.load()), demo_session.rows
    out = exported(demo_session, tmp_path, "ply", head="Mask", pose=PoseMode.NONE)
    for i in (0, 33):
        mesh = trimesh.load(out / f"{rows.frame[i]:06d}.ply", process=False)
        wanted = head.vertices(shown(demo_session, i, head.names), demo_session.info.person.identity, rows.gaze[i])
        assert np.abs(mesh.vertices - wanted).max() < 2e-3
        assert np.array_equal(mesh.faces, head.triangles)


def test_an_animated_imported_head(demo_session: Session, tmp_path: Path) -> None:
    head, rows = Library().head("Mask", FaceModel.load()), demo_session.rows
    glb = Glb(exported(demo_session, tmp_path, "glb", head="Mask"))
    # Blendshapes keep their names and weights, which other programs know what to do with.
    assert glb.names() == list(head.model.expression_names)
    eyes = [np.flatnonzero(head.model.part == side) for side in (Part.RIGHT_EYE, Part.LEFT_EYE)]
    order = np.concatenate([np.setdiff1d(np.arange(len(head.colors)), np.concatenate(eyes)), *eyes])
    skin = len(order) - sum(map(len, eyes))
    for i in (0, 19, 47):
        expression = shown(demo_session, i, head.names)
        assert glb.keys("head", "weights")[i] == pytest.approx(head.weights(expression), abs=1e-5)
        ours = head.vertices(expression, demo_session.info.person.identity, rows.gaze[i])
        turned = Rotation.from_rotvec(rows.rotation[i]).apply(ours)[order]
        off = np.linalg.norm(1000 * glb.vertices(i) - turned, axis=1)
        assert off[:skin].max() < 0.01
        # These eyes are skin, and blink: only their middle follows.
        for ball in np.split(np.arange(skin, len(order)), [len(eyes[0])]):
            assert 1000 * glb.vertices(i)[ball].mean(0) == pytest.approx(turned[ball].mean(0), abs=0.5)


def test_a_linear_head_keeps_our_names(demo_session: Session, tmp_path: Path) -> None:
    library, ours = Library(), FaceModel.load()
    library.add("Linear", replace(library.load("Mask"), signed=True))
    glb = Glb(exported(demo_session, tmp_path, "glb", head="Linear", start=0.0, end=0.5))
    assert glb.names()[: len(ours.names)] == list(ours.names) and isinstance(library.head("Linear", ours), ImportedHead)


@pytest.mark.parametrize("to", ["csv", "bvh-head"])
def test_a_head_where_none_is_worn(to: str, demo_session: Session, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Only glb, obj, ply, overlay, vrma can use another head"):
        exported(demo_session, tmp_path, to, head="Mask")
    assert not any(tmp_path.iterdir())


def test_an_unknown_head_is_named(demo_session: Session, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no head named Nobody"):
        exported(demo_session, tmp_path, "ply", head="Nobody")
    assert not any(tmp_path.iterdir())


def test_a_session_recorded_and_read_again_with_the_release(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    command = ["record", "--source", "demo", "--duration", "1", "--model", "official", "--device", "cpu"]
    assert main([*command, "--out", str(folder)]) == 0
    session, store = Session.open(folder), Store()
    assert session.info.coefficients == BaselModel.names and session.info.n_identity == 99
    for noted, key in ((session.info.model, "expression"), (session.info.face_model, "bfm")):
        assert (noted.name, noted.sha256) == (store.path_of(key).name, store.parts()[key].sha256)
    seen = np.flatnonzero(session.rows.face >= 0)
    assert len(seen)
    head, i = BaselModel.load(), int(seen[-1])
    ours = head.vertices(shown(session, i, head.names), session.rows.identity[i])
    mesh = trimesh.load(exported(session, tmp_path, "ply") / f"{session.rows.frame[i]:06d}.ply", process=False)
    wanted = Rotation.from_rotvec(session.rows.rotation[i]).apply(ours)
    assert np.abs(mesh.vertices - wanted).max() < 2e-3
    glb = Glb(exported(session, tmp_path, "glb"))
    assert glb.names()[: len(head.names)] == list(head.names) and len(glb.gltf.nodes) == 1
    assert exported(session, tmp_path, "overlay").stat().st_size > 1000
    command = ["sessions", "reanalyze", str(folder), "--model", "official", "--device", "cpu", "--name", "again"]
    assert main(command) == 0
    assert open_analysis(session, "again").info.coefficients == BaselModel.names
