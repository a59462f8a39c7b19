"""The official release at work: crop, pose, mesh, its program, and the pipeline, on numbers of our own."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import trimesh
from blendshape_sets import SHAPES, make_set
from official_fakes import FRONTAL, SAMPLES, import_fake

from expnet_live.app.state import catalog
from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.types import Box, Frame, Image
from expnet_live.geometry.camera import Camera
from expnet_live.geometry.rotation import matrix_from_vector
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.library import Library, import_head
from expnet_live.networks.predictor import Predictor
from expnet_live.official import pose
from expnet_live.official.basel import BaselArrays, BaselModel
from expnet_live.official.crop import OfficialCrop
from expnet_live.official.listing import read_list
from expnet_live.official.networks import OfficialNetworks, resize_matrix, resized
from expnet_live.official.predictor import OfficialPredictor
from expnet_live.official.program import run_list
from expnet_live.official.readers import OfficialReader
from expnet_live.official.store import Store
from expnet_live.pipeline.pipeline import Pipeline
from expnet_live.research.official_proofs import verify


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's data with an imported release."""
    data = tmp_path_factory.mktemp("user") / "data"
    import_fake(Store(data / "official"))
    return data


@pytest.fixture(scope="module")
def networks(imported: Path) -> OfficialNetworks:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPNET_LIVE_DATA", str(imported))
        return OfficialNetworks.load("cpu")


@pytest.fixture
def there(imported: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(imported))
    return imported


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "no data"))


@pytest.fixture(scope="module")
def portrait() -> Image:
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[:300, 60:360, ::-1])


# --- crop and resizing --------------------------------------------------------------------------


def test_the_crop_reproduces_the_releases() -> None:
    if not SAMPLES.is_dir():
        pytest.skip("needs ../shared/data/official")
    figures = list(verify.crop_figures(SAMPLES))
    assert len(figures) == 5 and all(f.holds for f in figures)


def test_the_crop_beyond_the_picture_is_black_there() -> None:
    crop = OfficialCrop.of_box(Box(-10, -10, 60, 90)).pixels(np.full((100, 80, 3), 200, np.uint8))
    assert crop.shape == (227, 227, 3)
    assert not crop[0].any() and not crop[:, 0].any()
    assert crop[150, 150].tolist() == [200, 200, 200]


@pytest.mark.parametrize("box", [Box(10.3, 20.7, 50.2, 31.1), Box(300, 200, 90, 90), Box(-500, -500, 40, 40)])
def test_the_crop_knows_where_it_was_cut(box: Box) -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    image[:, :, 0], image[:, :, 1] = np.arange(320) * 255 / 319, np.arange(240)[:, None]
    crop = OfficialCrop.of_box(box)
    assert (crop.x - box.center[0], crop.y - box.center[1]) == pytest.approx((0, 0), abs=1)
    assert crop.side == pytest.approx(1.5 * max(box.w, box.h), abs=1.5)
    pixels = crop.pixels(image)
    for u, v in ((60, 80), (113, 113), (170, 100)):
        x, y = crop.inverse @ (u, v, 1)
        if 2 < x < 317 and 2 < y < 237:
            assert pixels[v, u, :2] == pytest.approx((x * 255 / 319, y), abs=1.5)


def test_resizing_is_that_of_tensorflow_1() -> None:
    matrix = resize_matrix(227, 224)
    assert matrix.sum(1).numpy() == pytest.approx(1)
    ramp = torch.arange(227.0)[None, None, None].expand(1, 1, 227, 227)
    # Without half a pixel's shift: pixel i shows what is at i * 227 / 224.
    assert resized(ramp, matrix)[0, 0, 5].numpy() == pytest.approx(np.arange(224) * 227 / 224, rel=1e-5)


# --- pose and mesh ------------------------------------------------------------------------------


def test_poses_mean_what_the_release_means_and_exactly_what_is_seen() -> None:
    rng = np.random.default_rng(0)
    vertices = rng.uniform(-80, 80, (50, 3))
    six = np.array([0.2, -0.3, 0.1, 12.0, -7.0, 4300.0])
    # From the camera's own equations: x right, y down, z away; the mesh's y is up, and its z points at the viewer.
    k = np.array([[2880.0, 0, 112], [0, 2880, 112], [0, 0, 1]])
    seen = (vertices * (1, -1, -1)) @ cv2.Rodrigues(six[:3])[0].T + six[3:]
    pixels = (seen @ k.T)[:, :2] / seen[:, 2:]
    assert pose.seen(vertices, six) == pytest.approx((pixels + 0.5) * 227 / 224 - 0.5, abs=1e-4)
    # The release: r' = (rx, -ry, -rz), t' = (-tx, ty, tz).
    turned = vertices @ cv2.Rodrigues(six[:3] * (1, -1, -1))[0].T + (-12.0, -7.0, 4300.0)
    assert pose.as_released(vertices, six) == pytest.approx(turned)
    # A weak perspective is exact in the middle, and off by little elsewhere: 80 mm are far less than the 4.3 m.
    middle, origin = vertices.mean(0), np.array([3.0, 4.0, 20.0])
    view = pose.view(six, middle, origin)
    assert view.project((middle - origin)[None])[0, :2] == pytest.approx(pose.seen(middle[None], six)[0], abs=1e-3)
    assert np.abs(view.project(vertices - origin)[:, :2] - pose.seen(vertices, six)).max() < 1.5
    assert pose.from_view(pose.view(six, np.zeros(3), np.zeros(3))) == pytest.approx(six, rel=1e-4)


def test_the_mesh_of_true_size_is_the_formulas() -> None:
    figure = verify.mesh_figure()
    assert figure.holds, figure


def test_the_basel_model_is_a_head_like_ours(there: Path) -> None:
    model = BaselModel.load()
    assert len(model.names) == 29 and model.n_identity == 99
    vertices = model.vertices(np.zeros(29))
    assert vertices.shape == (46990, 3) and vertices.dtype == np.float32
    assert model.triangles.shape == model.released_triangles.shape == (93323, 3)
    # The synthetic head has no face; its nose is where ours is.
    nose = vertices[vertices[:, 2].argmax()]
    assert nose == pytest.approx((0, 2.2, 35), abs=6)
    outward = (model.normals(vertices) * (vertices - vertices.mean(0))).sum(1)
    assert (outward > 0).mean() > 0.99
    # As the release has it, only elsewhere.
    rng = np.random.default_rng(1)
    eta, alpha = rng.standard_normal(29), rng.standard_normal(99)
    assert model.vertices(eta, alpha) + model.origin == pytest.approx(model.shape_and_expression(alpha, eta), abs=1e-3)
    mean, basis = model.outline
    everything = model.vertices(eta, alpha)
    few = mean + (np.concatenate([eta, alpha]) @ basis).reshape(-1, 3)
    for turn in ((0, 0, 0), (0.3, -0.8, 0.2)):
        r = matrix_from_vector(np.array(turn, float))
        assert np.ptp(few @ r.T, axis=0)[:2] == pytest.approx(np.ptp(everything @ r.T, axis=0)[:2], rel=0.05)


def test_other_heads_follow_the_basel_model(tmp_path: Path) -> None:
    ours = FaceModel.load()
    make_set(tmp_path / "set", ours, SHAPES)
    library = Library(tmp_path / "heads")
    library.add("Mask", import_head(tmp_path / "set", ours)[0])
    n = len(ours.mean)
    basel = BaselModel(  # our own face, under other names
        BaselArrays(
            shape_mean=ours.mean,
            shape=np.zeros((99, 3 * n), np.float32),
            expression_mean=np.zeros((n, 3), np.float32),
            expression=ours.expression.reshape(29, -1),
            texture_mean=np.zeros((n, 3), np.float32),
            texture=np.zeros((99, 3 * n), np.float32),
            triangles=ours.base_triangles.astype(np.int32),
            marks=np.arange(n),
        )
    )
    head = library.head("Mask", basel)
    jaw, rest = ours.expression_of(jawOpen=2.0), np.zeros(29, np.float32)
    moved = head.vertices(jaw, np.zeros(99, np.float32)) - head.vertices(rest)
    likewise = library.head("Mask", ours)
    wanted = likewise.vertices(jaw) - likewise.vertices(rest)
    assert np.abs(wanted).max() > 5 and np.abs(moved - wanted).max() < 1


# --- networks -----------------------------------------------------------------------------------


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow: the extra 'official'")
def test_the_ports_agree_with_tensorflow_layer_by_layer() -> None:
    # A process of its own: TensorFlow beside Qt and OpenGL has nothing to do with what is tested.
    command = [sys.executable, "-m", "expnet_live", "official", "verify"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.count(": holds") == 4


def test_expnet_as_it_is_run_is_the_plain_one(there: Path, networks: OfficialNetworks) -> None:
    from expnet_live.official import weights
    from expnet_live.research.official_proofs.proof import difference, resnet_layers

    crops = np.random.default_rng(0).integers(0, 256, (1, 227, 227, 3), np.uint8)
    found = networks(crops)
    assert difference(found.expression, resnet_layers(weights.load("expression"), crops)["output"]) < 1e-4
    both = np.concatenate([found.identity, found.texture], 1)
    assert difference(both, resnet_layers(weights.load("shape"), crops)["output"]) < 1e-4
    assert found.pose[0] == pytest.approx(FRONTAL)


# --- the program --------------------------------------------------------------------------------


@pytest.fixture
def listing(tmp_path: Path, portrait: Image) -> Path:
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), portrait)
    path = tmp_path / "list.csv"
    path.write_text(
        "ID,FILE,FACE_X,FACE_y,FACE_WIDTH,FACE_HEIGHT\none,images/a.png,112,52,105,150\ntwo,images/gone.png,1,2,3,4\n"
    )
    return path


def test_the_program_with_the_release(
    there: Path, networks: OfficialNetworks, listing: Path, tmp_path: Path, portrait: Image
) -> None:
    out, crops = tmp_path / "out", tmp_path / "crops"
    reader = OfficialReader(networks, BaselModel.load())
    assert run_list(listing, out, reader, ("shape", "expression", "pose"), crops) == 1
    names = ["one_Shape.ply", "one_Shape_Expr.ply", "one_Shape_Expr_Pose.ply"]
    assert sorted(p.name for p in out.iterdir()) == names
    crop = OfficialCrop.of_box(Box(112, 52, 105, 150))
    kept = cv2.imread(str(crops / "one.jpg"))
    assert np.array_equal(kept, crop.cut(portrait))
    found = networks(kept[None])
    model = BaselModel.load()
    whole = model.shape_and_expression(found.identity[0], found.expression[0])
    for name, vertices in (
        (names[0], model.shape_only(found.identity[0])),
        (names[1], whole),
        (names[2], whole + np.array([0, 0, FRONTAL[5]])),
    ):
        mesh = trimesh.load(out / name, process=False)
        assert np.abs(mesh.vertices - vertices).max() < 2e-3
        assert np.array_equal(mesh.faces, model.released_triangles)
        assert np.array_equal(mesh.visual.vertex_colors[:, :3], model.colors_of(found.texture[0]))


def test_the_program_with_our_own_model(
    nothing: None, listing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["official", "run", str(listing), "--out", str(out), "--device", "cpu"]) == 1
    said = capsys.readouterr()
    assert "built-in model" in said.out and "Not imported: ExpNet" in said.out and "1 of 2 pictures" in said.out
    assert "two: " in said.err and "gone.png" in said.err
    mesh = trimesh.load(out / "one_Shape_Expr_Pose.ply", process=False)
    # In front of the release's camera, which has the face in the middle of its crop, turned to it.
    vertices = np.asarray(mesh.vertices)
    assert vertices.mean(0) == pytest.approx((0, 0, 4371), rel=0.25, abs=60)
    assert main(["official", "run", str(listing), "--out", str(out), "--model", "official"]) == 2


def test_the_program_on_the_releases_samples(nothing: None, tmp_path: Path) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("needs ../shared/data/official")
    out = tmp_path / "out"
    assert main(["official", "run", str(SAMPLES / "input.csv"), "--out", str(out), "--device", "cpu"]) == 0
    assert sorted(p.name for p in out.iterdir()) == [f"subject{i}_a_Shape_Expr_Pose.ply" for i in range(1, 6)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks the column ID"),
        ("ID,FILE,FACE_X,FACE_Y,FACE_WIDTH\n", "lacks the column FACE_HEIGHT"),
        ("ID,FILE,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT\n", "lists no pictures"),
        ("ID,FILE,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT\na,b,1,2,x,4\n", "line 2: the face box 1, 2, x, 4"),
        ("ID,FILE,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT\na,b,1,2,0,0\n", "has no size"),
        ("ID,FILE,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT\na,b,1,2,nan,4\n", "has no size"),
        ("ID,FILE,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT\n../a,b,1,2,3,4\n", "cannot be used as a name"),
        ("ID,FILE,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT\na,b,1,2,3,4\nA,b,1,2,3,4\n", "has the ID A twice"),
    ],
)
def test_a_wrong_list_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_list(path)


# --- the pipeline -------------------------------------------------------------------------------


def test_analyze_with_the_release(there: Path, tmp_path: Path, portrait: Image) -> None:
    cv2.imwrite(str(tmp_path / "portrait.png"), portrait)
    out = tmp_path / "out"
    command = ["analyze", str(tmp_path / "portrait.png"), "--model", "official", "--device", "cpu", "--out", str(out)]
    assert main([*command, "--identity", "--mesh", "ply", "--overlay"]) == 0
    with (out / "coefficients.csv").open(newline="") as f:
        (row,) = csv.DictReader(f)
    assert {"exp01", "exp29"} <= row.keys() and sum(k.startswith("identity") for k in row) == 99
    mesh = trimesh.load(out / "meshes" / "portrait.ply", process=False)
    assert len(mesh.vertices) == 46990
    drawn = cv2.imread(str(out / "overlays" / "portrait.jpg"))
    assert np.abs(drawn[80:160, 130:200].astype(int) - portrait[80:160, 130:200]).mean() > 10


def test_faces_are_followed_and_lost_with_the_release(there: Path, networks: OfficialNetworks, portrait: Image) -> None:
    model = BaselModel.load()
    predictor = OfficialPredictor(networks, Predictor.load(device="cpu"), model.middle, model.origin)
    pipeline = Pipeline(predictor, model)
    states = [pipeline.process(Frame(portrait, i / 30, i)) for i in range(2)]
    assert [len(s) for s in states] == [1, 1]
    state = states[-1][0]
    assert state.expression.shape == (29,) and state.identity.shape == (99,) and state.confidence > 0.6
    # What the six numbers say and what is drawn agree: the face is in the middle of its crop.
    view = Camera.for_image(300, 300).view(state.pose)
    crop = OfficialCrop.of_view(view, 227)
    seen = view.transformed(crop.matrix)
    assert (seen.x, seen.y) == pytest.approx((113, 113), abs=15)
    assert not pipeline.process(Frame(np.full_like(portrait, 90), 1.0, 30))


def test_what_is_missing_is_told(nothing: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["analyze", "demo", "--model", "official", "--out", str(tmp_path / "out")]
    assert main(command) == 2
    assert "is not on this computer; import it with 'expnet-live official import'" in capsys.readouterr().err
    option = next(o for o in catalog.models_there() if o.value == "official")
    assert option.why_not is not None and "FacePoseNet" in option.why_not
    assert main(["official", "status"]) == 0
    assert capsys.readouterr().out.count("not imported") == 4


def test_what_is_there_can_be_chosen(there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    option = next(o for o in catalog.models_there() if o.value == "official")
    assert option.why_not is None
    assert main(["official", "status"]) == 0
    assert capsys.readouterr().out.count(", whole") == 4
