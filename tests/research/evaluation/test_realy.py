"""The REALY benchmark's measure: known shapes give known errors, and the command reads and writes its layout."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from places import SHARED
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.paths import assets_dir
from expnet_live.core.types import Array
from expnet_live.geometry.closest import ClosestPoint
from expnet_live.geometry.normals import NormalOperator
from expnet_live.heads.face_model import FaceModel
from expnet_live.pipeline.finder import Finder
from expnet_live.research.evaluation.realy.align import (
    REGIONS,
    Scan,
    Surface,
    correspondence_errors,
    global_alignment,
    region_errors,
)
from expnet_live.research.evaluation.realy.data import PICTURES, Benchmark, read_obj, write_scales, write_scan
from expnet_live.research.evaluation.realy.ict import _SEEDS, IctScanner
from expnet_live.research.evaluation.realy.keypoints import (
    Template,
    face_mesh_keypoints,
    keypoints_on,
    read_barycentric,
)
from expnet_live.research.training.ict_head import IctHead

needs_assets = pytest.mark.skipif(
    not all((assets_dir() / name).is_file() for name in ("expnet.safetensors", "face_model.npz", "demo.mp4")),
    reason="face model, weights and demo clip are not built yet",
)
ICT = SHARED / "data/ict"
needs_ict = pytest.mark.skipif(
    not (ICT / "ict_face_model_light.npz").is_file(), reason="the ICT Face Model Light is not beside the repository"
)


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


def _scan(points: Array, model: FaceModel) -> Scan:
    """The face of 468 points in mm as a scan in cm, its triangles dealt to the regions."""
    cm = points.astype(np.float64) / 10
    seeds = np.concatenate([cm[list(_SEEDS[r])] for r in REGIONS])
    owner = np.repeat(np.arange(len(REGIONS)), [len(_SEEDS[r]) for r in REGIONS])[cKDTree(seeds).query(cm)[1]]
    regions = {}
    for i, name in enumerate(REGIONS):
        used, flat = np.unique(
            model.base_triangles[(owner[model.base_triangles] == i).sum(1) >= 2], return_inverse=True
        )
        regions[name] = Surface(cm[used], flat.reshape(-1, 3))
    return Scan(face_mesh_keypoints(cm), regions, 10.0)


def _person(model: FaceModel, seed: int) -> Array:
    weights = np.random.default_rng(seed).normal(size=model.n_identity)
    return model.landmarks(np.zeros(29, np.float32), weights.astype(np.float32))


@needs_assets
def test_a_perfect_reconstruction_has_no_error(model: FaceModel) -> None:
    points = _person(model, 0)
    turn = Rotation.from_euler("xyz", (0.2, -0.4, 0.1)).as_matrix()
    mesh = Surface(0.7 * points @ turn.T + (5, -8, 30), model.base_triangles)
    errors = region_errors(mesh, face_mesh_keypoints(mesh.vertices), _scan(points, model))
    assert set(errors) == set(REGIONS)
    assert max(errors.values()) < 0.05, errors  # mm
    other = region_errors(mesh, face_mesh_keypoints(mesh.vertices), _scan(_person(model, 1), model))
    assert min(other.values()) > 0.3, other


def test_an_offset_is_measured_as_it_is() -> None:
    x, y = (a.ravel() for a in np.meshgrid(np.linspace(-2, 2, 17), np.linspace(-2, 2, 17)))
    i = np.arange(16 * 17).reshape(16, 17)[:, :-1].ravel()
    triangles = np.concatenate([np.stack([i, i + 1, i + 18], 1), np.stack([i, i + 18, i + 17], 1)])
    plane = np.stack([x, y, np.zeros_like(x)], 1)
    for offset in (0.05, 0.2):
        shift = np.array([0, 0, offset])
        surface = ClosestPoint(plane + shift, triangles)
        held = plane[[40, 100, 200, 250]]
        scan = Surface(plane, triangles)
        without = correspondence_errors(surface, scan, np.empty((0, 3)), np.empty((0, 3)))
        with_keypoints = correspondence_errors(surface, scan, held + shift, held)
        assert without == pytest.approx(np.full(len(plane), offset), rel=1e-3)
        assert with_keypoints == pytest.approx(np.full(len(plane), offset), rel=1e-3)


@needs_assets
def test_waves_in_a_face_are_measured_at_their_height(model: FaceModel) -> None:
    # What no rigid motion takes away: the surface moved in and out along its normals.
    template = Template(model)
    used, flat = np.unique(model.face_triangles, return_inverse=True)
    face = Surface(template.vertices[used].astype(np.float64), flat.reshape(-1, 3))
    normals = NormalOperator(face.triangles, len(face.vertices))(face.vertices.astype(np.float32))
    height = 1.5 * np.sin(face.vertices @ (0.55, 0.3, 0)) * np.cos(face.vertices @ (-0.2, 0.5, 0))
    moved = face.vertices + height[:, None] * normals
    near = np.linalg.norm(face.vertices - face.vertices[1], axis=1) < 22  # mm from the tip of the nose
    patch, flat = np.unique(face.triangles[near[face.triangles].all(1)], return_inverse=True)
    region = Surface(moved[patch] / 10, flat.reshape(-1, 3))
    keypoints = face_mesh_keypoints(template.vertices[:468])
    scan = Scan(face_mesh_keypoints(moved[:468]) / 10, dict.fromkeys(REGIONS, region), 10.0)
    errors = region_errors(face, keypoints, scan)
    wanted = np.abs(height[patch]).mean()
    assert errors["cheek"] == pytest.approx(wanted, rel=0.15), (errors, wanted)


def test_the_global_alignment_finds_the_similarity() -> None:
    points = np.random.default_rng(3).normal(size=(7, 3))
    turn = Rotation.from_rotvec((0.3, -0.2, 0.5)).as_matrix()
    scale, rotation, shift = global_alignment(points, 0.1 * points @ turn.T + (1, 2, 3))
    assert scale == pytest.approx(0.1) and rotation == pytest.approx(turn) and shift == pytest.approx((1, 2, 3))


@needs_assets
def test_our_keypoints_lie_on_our_template(model: FaceModel) -> None:
    template = Template(model)
    for person in (template.vertices, template.of(model.vertices(np.zeros(29), np.ones(model.n_identity)))):
        said = keypoints_on(person, template.triangles, template.barycentric)
        assert said.shape == (85, 3)
        assert np.linalg.norm(said - face_mesh_keypoints(person[:468]), axis=1).max() < 2.5  # mm, of curved skin
    assert len(np.unique(template.triangles)) == len(template.vertices)


@needs_assets
def test_the_command_on_pictures_of_a_known_head(
    model: FaceModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = tmp_path / "realy", tmp_path / "out"
    write_scan(root, 1, _scan(model.mean, model))  # the demo clip shows the mean face
    write_scales(root, np.array([10.0]))
    frames = {f.index: f.image for f in open_source("demo") if f.index in (0, 195)}
    for folder, name, image in (("frontal", "1", frames[0]), ("multiview", "1_1", frames[195])):
        path = root / PICTURES / f"crop_image_{folder}_512x512" / f"{name}.png"
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), image)
    cv2.imwrite(str(root / PICTURES / "1_2.png"), np.full((90, 90, 3), 80, np.uint8))
    command = ["evaluate", "realy", "--root", str(root), "--jobs", "1"]
    assert main([*command, "--device", "cpu", "--out", str(out)]) == 0
    report = json.loads((out / "report.json").read_text())
    assert report["no face found"] == ["1_2"]
    assert report["frontal"]["meshes"] == report["side"]["meshes"] == 1
    assert report["frontal"]["all"] < 2.5 and report["side"]["all"] < 3.5  # mm
    assert "frontal: nose" in capsys.readouterr().out
    # What it wrote is read as anybody's meshes are.
    given = ["--prediction", str(out / "frontal"), "--template", str(out / "expnet_live.obj")]
    again = tmp_path / "again.json"
    assert main([*command, *given, "--keypoints", str(out / "expnet_live.txt"), "--json", str(again)]) == 0
    for region in REGIONS:
        mean = json.loads(again.read_text())["frontal"][region]["mean"]
        assert mean == pytest.approx(report["frontal"][region]["mean"], abs=0.01)
    assert (out / "REALY_error.txt").read_text().startswith("1\t\t")


@pytest.mark.parametrize("broken", ["metrical_scale.txt", "REALY_scan_region", "nose.obj", "1.obj"])
@needs_assets
def test_what_is_missing_or_damaged_is_told(model: FaceModel, tmp_path: Path, broken: str) -> None:
    write_scan(tmp_path, 1, _scan(model.mean, model))
    write_scales(tmp_path, np.array([10.0]))
    for path in [*tmp_path.rglob(broken)]:
        path.rename(path.with_suffix(".gone")) if path.is_dir() else path.write_text("f 1 2 99999\n")
    with pytest.raises(UserError, match=r"copy|lacks|keypoints"):
        Benchmark(tmp_path).scan(1)


@pytest.mark.parametrize("text", ["{}", "[[1, 2], [3]]", "not JSON", pytest.param("[" * 10**5, id="nested")])
def test_keypoints_and_indices_that_are_none_are_told(tmp_path: Path, text: str) -> None:
    path, arrays = tmp_path / "points.json", tmp_path / "ict.npz"
    path.write_text(text)
    np.savez(arrays, neutral=np.zeros((4, 3)), identity=np.zeros((1, 4, 3)), quads=np.array([[0, 1, 2, 3]]))
    with pytest.raises(UserError, match="is not a keypoint file"):
        read_barycentric(path, Surface(np.zeros((3, 3)), np.array([[0, 1, 2]])))
    with pytest.raises(UserError, match="are not the ICT Face Model Light's"):
        IctHead.load(arrays, path)


def test_obj_polygons_become_triangles(tmp_path: Path) -> None:
    path = tmp_path / "quad.obj"
    path.write_text("v 0 0 0 1 1 1\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nf 1/1/1 2/1 3//1 4\n")
    mesh = read_obj(path)
    assert mesh.vertices.shape == (4, 3) and mesh.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]


@needs_assets
@needs_ict
def test_scans_of_ict_heads(model: FaceModel) -> None:
    head = IctHead.load(ICT / "ict_face_model_light.npz", ICT / "obj_sample" / "vertex_indices.json")
    scanner = IctScanner(head, model)
    weights = np.random.default_rng(5).normal(size=100)
    scan = scanner.scan(weights)
    face = head.triangles[(head.triangles < 14062).all(1)]
    mesh = Surface(head.of(weights) * 10, face)
    assert max(region_errors(mesh, mesh.vertices[scanner.keypoints], scan).values()) < 0.01
    photo = scanner.photo(weights, yaw=20, tone=2)
    (found,) = Finder().detect(photo)
    assert found.box.w > 100
    # Keypoints of our own topology, laid over the head, are near those that the ICT model names.
    template = Template(model)
    said = keypoints_on(template.vertices, template.triangles, template.barycentric)
    true = scanner.scan(np.zeros(100)).keypoints
    held = [*range(17, 60)]
    scale, rotation, shift = global_alignment(said[held], true[held])
    off = np.linalg.norm(scale * said @ rotation.T + shift - true, axis=1)[held] * 10
    assert off.mean() < 5 and off.max() < 10  # mm
