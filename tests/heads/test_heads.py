"""Imported heads: from files made here, and from the ICT face model if it is available."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from blendshape_sets import SHAPES, make_set, write_obj
from places import SHARED

from expnet_live.cli import main
from expnet_live.core.arkit import blendshapes_of
from expnet_live.core.errors import UserError
from expnet_live.heads.blendshape_names import counterparts, plain_name
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.head import Part, face_triangles
from expnet_live.heads.imported import ImportedHead
from expnet_live.heads.importing.obj import read_mesh
from expnet_live.heads.library import Library, import_head

ICT = SHARED / "data" / "ict"
REST = np.zeros(29, np.float32)


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def head(model: FaceModel, tmp_path_factory: pytest.TempPathFactory) -> ImportedHead:
    folder = tmp_path_factory.mktemp("set")
    make_set(folder, model, SHAPES)
    return ImportedHead("Other", import_head(folder, model)[0], model)


def test_names_of_blendshapes() -> None:
    for written in ("eyeBlink_L", "EyeBlinkLeft", "eyeBlink.L", "eye_Blink_L"):
        assert plain_name(written) == "eyeBlinkLeft"
    assert plain_name("JawOpen") == "jawOpen"
    both = ("browInnerUpLeft", "browInnerUpRight", "jawRight")
    assert counterparts("browInnerUp", both) == ((0, 1), ())
    assert counterparts("jawLeft", both) == ((), (2,))


def test_set_lies_in_our_frame(head: ImportedHead, model: FaceModel) -> None:
    origin = head.model.origin
    assert (origin.unit, len(origin.sha256)) == ("cm", 64)
    assert origin.scale == pytest.approx(1 / 1.04, rel=0.02) and origin.distance < 1.5
    rest = head.vertices(REST)
    assert rest.dtype == np.float32 and np.isfinite(rest).all()
    assert np.linalg.norm(rest[head.model.marks] - model.mean, axis=1).mean() < 2.5
    assert np.allclose(np.linalg.norm(head.normals(rest), axis=1), 1, atol=1e-3)
    assert head.normals(rest)[head.model.marks[4], 2] > 0.5  # the nose faces the viewer
    assert len(face_triangles(head)) == len(head.triangles)


def gaps(head: ImportedHead, model: FaceModel, **moved: float) -> dict[str, float]:
    """Distance of lids and lips, mm."""
    at = head.vertices(model.expression_of(**moved))[head.model.marks]
    pairs = {"left": (386, 374), "right": (159, 145), "lips": (13, 14)}
    return {name: float(at[a, 1] - at[b, 1]) for name, (a, b) in pairs.items()}


def check_drives(head: ImportedHead, model: FaceModel, open_: float = 0.3) -> None:
    """Blinks close only the eye of their side, the jaw opens the mouth, and sides are not swapped."""
    rest = gaps(head, model)
    for side, other, name in (("left", "right", "eyeBlinkLeft"), ("right", "left", "eyeBlinkRight")):
        shut = gaps(head, model, **{name: 6.4})
        assert shut[side] < open_ * rest[side], (name, shut, rest)
        assert shut[other] > 0.9 * rest[other]
    assert gaps(head, model, jawOpen=4)["lips"] > rest["lips"] + 8
    at_rest = head.vertices(REST)[head.model.marks]
    for name, corner, other in (("mouthSmileLeft", 291, 61), ("mouthSmileRight", 61, 291)):
        moved = head.vertices(model.expression_of(**{name: 3}))[head.model.marks] - at_rest
        assert np.linalg.norm(moved[corner]) > 3 * np.linalg.norm(moved[other])
        assert moved[corner, 1] > 1
    assert (head.vertices(model.expression_of(jawLeft=3))[head.model.marks] - at_rest)[152, 0] > 0.5
    assert (head.vertices(model.expression_of(jawLeft=-3))[head.model.marks] - at_rest)[152, 0] < -0.5
    for x in np.random.default_rng(3).normal(0, 3, (20, 29)).astype(np.float32):
        weights = head.weights(x)
        assert weights.min() >= 0 and weights.max() <= 1


def test_coefficients_drive_blendshapes(head: ImportedHead, model: FaceModel) -> None:
    check_drives(head, model)
    assert {"jawOpen", "eyeBlinkLeft", "jawRight"} <= set(head.transfer.named)
    by_name = {name: explained for name, _, explained in head.transfer.residual().components}
    assert min(by_name[n] for n in ("jawOpen", "browInnerUp", "mouthSmileLeft")) > 0.8


def test_names_that_say_the_wrong_side_are_not_believed(model: FaceModel, tmp_path: Path) -> None:
    swapped = {n.replace("_L", "_?").replace("_R", "_L").replace("_?", "_R"): v for n, v in SHAPES.items()}
    make_set(tmp_path / "set", model, swapped)
    # Least squares alone goes less far than with names that help.
    check_drives(ImportedHead("Other", import_head(tmp_path / "set", model)[0], model), model, open_=0.5)


def test_identity_is_carried(model: FaceModel, tmp_path: Path) -> None:
    path = tmp_path / "bfm.h5"
    make_bfm(path, model)
    head = ImportedHead("Basel", import_head(path, model)[0], model)
    person = np.zeros(model.n_identity, np.float32)
    person[:3] = (1.5, -1.0, 1.0)
    wanted = model.landmarks(REST, person) - model.landmarks(REST)
    moved = (head.vertices(REST, person) - head.vertices(REST))[head.model.marks]
    assert np.linalg.norm(moved - wanted) < 0.5 * np.linalg.norm(wanted)
    assert np.array_equal(head.vertices(REST, person), head.vertices(REST, person.copy()))


def make_bfm(path: Path, model: FaceModel, leave_out: str = "", wrong: str = "") -> None:
    """A small file of the Basel Face Model's layout, made of our own model."""
    h5py = pytest.importorskip("h5py")
    n = model.n_face
    rest = model.vertices(REST)[:n]
    identity = np.stack([model.vertices(REST, 1.0 * row)[:n] - rest for row in np.eye(8, model.n_identity)])
    shapes = [model.expression_of(**{name: 1.0}) for name in model.names[:12]]
    expression = np.stack([model.vertices(s)[:n] - rest for s in shapes])
    sd = np.linspace(3, 1, 12)
    landmarks = [
        {"id": name, "coordinates": rest[i].astype(float).tolist()}
        for name, i in (
            ("center.nose.tip", 4), ("right.eye.corner_outer", 33), ("left.eye.corner_outer", 263),
            ("right.lips.corner", 61), ("left.lips.corner", 291),
        )
    ]  # fmt: skip
    data = {
        "shape/model/mean": rest.ravel(),
        "shape/model/pcaBasis": identity.reshape(8, -1).T,
        "shape/model/pcaVariance": np.ones(8),
        "shape/representer/cells": model.face_triangles.T,
        "expression/model/mean": np.zeros(3 * n),
        "expression/model/pcaBasis": (expression / sd[:, None, None]).reshape(12, -1).T,
        "expression/model/pcaVariance": sd**2,
        "color/model/mean": np.full(3 * n, 0.5),
    }
    with h5py.File(path, "w") as f:
        for name, values in data.items():
            if name != leave_out:
                f[name] = values[: len(values) // 2] if name == wrong else values
        f["metadata/landmarks/json"] = json.dumps(landmarks)


def test_basel_face_model(model: FaceModel, tmp_path: Path) -> None:
    path = tmp_path / "model2017-1_bfm_nomouth.h5"
    make_bfm(path, model)
    shapes, _ = import_head(path, model)
    assert shapes.signed and (shapes.colors == 128).all()
    head = ImportedHead("Basel", shapes, model)
    residual = {name: explained for name, _, explained in head.transfer.residual().components}
    assert residual["jawOpen"] > 0.9
    up, down = (head.vertices(model.expression_of(jawOpen=s)) - head.vertices(REST) for s in (2, -2))
    assert up == pytest.approx(-down, abs=1e-3)  # a statistical model is linear
    assert up[head.model.marks[14], 1] < -2


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda p: p.write_text("<!DOCTYPE html><html>Please register</html>"), "web page"),
        (lambda p: p.write_bytes(b"PK\x03\x04" * 99), "not an HDF5 file"),
        (lambda p: p.write_bytes(p.read_bytes()[:2000]), "cut off or damaged"),
        (lambda p: p.unlink(), "does not exist"),
        ("shape/model/pcaBasis", "no shape/model/pcaBasis"),
        ("expression/model/mean", "no expression/model/mean"),
        ("shape/representer/cells", "no shape/representer/cells"),
        ("wrong shape/model/pcaVariance", "do not fit together"),
    ],
)
def test_bad_basel_files_are_told(
    model: FaceModel,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Path], object] | str,
    says: str,
) -> None:
    path = tmp_path / "bfm.h5"
    if isinstance(spoil, str):
        wrong = spoil.removeprefix("wrong ") if spoil.startswith("wrong ") else ""
        make_bfm(path, model, leave_out="" if wrong else spoil, wrong=wrong)
    else:
        make_bfm(path, model)
        spoil(path)
    check_refused(path, tmp_path, capsys, says)


def check_refused(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], says: str) -> None:
    assert main(["face-model", "import", str(source), "--as", "Bad"]) == 2
    error = capsys.readouterr().err.strip()
    assert says in error and error.count("\n") == 0 and error.endswith(".")
    assert not list((tmp_path / "data").rglob("*"))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda d: (d / "neutral.obj").unlink(), "no neutral face"),
        (lambda d: (d / "neutral.obj").write_text("<html>not found</html>"), "web page"),
        (lambda d: (d / "jawOpen.obj").write_text("nothing"), "not an OBJ file"),
        (lambda d: (d / "jawOpen.obj").write_text("v 0 0 0\nv 1 1 1\n"), "has 2 points"),
        (lambda d: (d / "neutral.obj").write_text("v 0 0 0\nv 1 1 1\n"), "no faces"),
        (lambda d: (d / "neutral.obj").write_text("v 0 0 0\nv 1 1 1\nf 1 2 9\n"), "points that do not exist"),
        (lambda d: [p.unlink() for p in d.glob("*.obj")], "no .obj files"),
        (lambda d: [p.unlink() for p in d.glob("*.obj") if p.stem != "neutral"], "no expressions"),
        (lambda d: (d / "jawOpen.obj").rename(d / "identity001.obj"), "identity000.obj is missing"),
        (lambda d: (d / "jawOpen.obj").rename(d / "generic_neutral_mesh.obj"), "no faces"),
    ],
)
def test_bad_sets_are_told(
    model: FaceModel, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object], says: str
) -> None:
    make_set(tmp_path / "set", model, {"jawOpen": {"jawOpen": 6.0}})
    spoil(tmp_path / "set")
    check_refused(tmp_path / "set", tmp_path, capsys, says)


@pytest.mark.parametrize("n", [3, 40])
def test_what_is_no_face_is_told(model: FaceModel, tmp_path: Path, n: int) -> None:
    """A wall."""
    x, y = (g.ravel() for g in np.meshgrid(np.linspace(0, 200, n), np.linspace(0, 200, n)))
    points = np.stack([x, y, 0 * x], 1)
    corner = np.arange(n * n).reshape(n, n)[:-1, :-1].ravel()
    quads = np.stack([corner, corner + 1, corner + n + 1, corner + n], 1)
    write_obj(tmp_path / "neutral.obj", points, np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]))
    write_obj(tmp_path / "jawOpen.obj", points + np.array([0, 0, 3]))
    with pytest.raises(UserError, match="No face was found"):
        import_head(tmp_path, model)


def test_command(model: FaceModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_set(tmp_path / "set", model, SHAPES)
    assert main(["face-model", "import", str(tmp_path / "set"), "--as", "Other"]) == 0
    said = capsys.readouterr().out
    assert "of the squared displacement is reproduced" in said and "SHA-256" in said
    assert main(["face-model", "import", str(tmp_path / "set"), "--as", "other"]) == 2
    assert "already" in capsys.readouterr().err
    assert main(["face-model", "list"]) == 0 and capsys.readouterr().out == "Other\n"
    assert main(["face-model", "show", "Other"]) == 0 and "jawOpen" in capsys.readouterr().out
    path = Library().path_of("Other")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert main(["face-model", "show", "Other"]) == 2 and "damaged" in capsys.readouterr().err
    assert main(["face-model", "remove", "Other"]) == 0 and not Library().names()
    assert main(["face-model", "remove", "../Other"]) == 2


# --- the ICT face model -----------------------------------------------------------------------------


def test_ict_sample_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = ICT / "obj_sample"
    if not sample.is_dir():
        pytest.skip("needs ../shared/data/ict")
    assert main(["face-model", "import", str(sample), "--as", "ICT"]) == 0
    said = capsys.readouterr().out
    assert "2 identity and 3 expression blendshapes" in said and "stay at rest: browDown_L" in said
    model = FaceModel.load()
    head = Library().head("ICT", model)
    mesh = read_mesh(sample / "generic_neutral_mesh.obj")
    assert len(head.colors) == len(mesh.points) == 26719
    assert len(mesh.triangles) == 2 * 25836 + 548
    # Gaze turns eyes, and nothing else.
    ahead, aside = (head.vertices(REST, gaze=np.full((2, 2), g)) for g in (0.0, 0.3))
    part, moved = head.traits.parts(26719), np.abs(aside - ahead).max(1)
    assert moved[part == Part.LEFT_EYE].max() > 3 and moved[part == Part.RIGHT_EYE].max() > 3
    assert moved[~np.isin(part, (Part.LEFT_EYE, Part.RIGHT_EYE))].max() == 0
    assert ahead[part == Part.LEFT_EYE, 0].mean() > 0
    rest, blink = gaps(head, model), gaps(head, model, eyeBlinkLeft=6.4)
    assert blink["left"] < 0.3 * rest["left"] and blink["right"] > 0.9 * rest["right"]
    assert gaps(head, model, jawOpen=4)["lips"] > rest["lips"] + 8


def test_a_statistical_model_follows_the_rig(model: FaceModel, tmp_path: Path) -> None:
    make_bfm(tmp_path / "bfm.h5", model)
    head = ImportedHead("Basel", import_head(tmp_path / "bfm.h5", model)[0], model)
    rest = head.vertices(REST)[head.model.marks]
    moved = head.vertices(REST, blendshapes=blendshapes_of(jawOpen=0.5))[head.model.marks] - rest
    assert moved[152, 1] < -4 and abs(moved[152, 0]) < 0.5
    assert head.action_shapes.shape == (len(head.action_names), *head.model.mean.shape)
