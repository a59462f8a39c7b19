"""Exports of a real session, read by independent readers."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from exports import Glb, exported
from scipy.spatial.transform import Rotation
from session_files import write_session

from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.types import Array
from expnet_live.heads.face_model import FaceModel
from expnet_live.outputs.export import morphs
from expnet_live.outputs.export.export import Exported, export
from expnet_live.outputs.export.format import FORMATS
from expnet_live.outputs.export.options import MOST_CORRECTIVES, ExportOptions
from expnet_live.outputs.export.pose import PoseMode, posed
from expnet_live.sessions.reading.session import Session


def read_csv(path: Path) -> tuple[list[str], dict[str, Array]]:
    with path.open(encoding="utf-8", newline="") as f:
        header, *lines = csv.reader(f)
    values = np.array([[float(v) if v else np.nan for v in line] for line in lines])
    return header, dict(zip(header, values.T, strict=True))


# --- glTF ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def glb_path(demo_session: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(demo_session, tmp_path_factory.mktemp("glb"), "glb")


@pytest.fixture(scope="module")
def glb(glb_path: Path) -> Glb:
    return Glb(glb_path)


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return FaceModel.load()


def test_the_animation_says_what_the_table_says(
    glb: Glb, demo_session: Session, model: FaceModel, tmp_path: Path
) -> None:
    _, table = read_csv(exported(demo_session, tmp_path, "csv"))
    seen = table["confidence"] > 0
    assert glb.names()[:29] == list(model.names)
    assert np.abs(glb.times() - table["timestamp_s"]).max() < 1e-4
    values, names = glb.values(), glb.names()
    below = {n.removesuffix("_neg"): values[:, j] for j, n in enumerate(names) if n.endswith("_neg")}
    weights = np.stack([values[:, j] + below.get(n, 0) for j, n in enumerate(names[:29])], axis=1)
    wanted = np.stack([table[name] for name in model.names], axis=1)
    assert np.abs(weights[seen] - wanted[seen]).max() < 1e-4
    turns = Rotation.from_quat(glb.keys("head", "rotation"))
    rotation = Rotation.from_rotvec(np.stack([table[n] for n in ("rx", "ry", "rz")], axis=1)[seen])
    assert (turns[seen].inv() * rotation).magnitude().max() < 1e-4
    # Without a face, the last value is held.
    gap = np.flatnonzero(~seen)
    assert len(gap) >= 5 and np.array_equal(weights[gap], np.repeat(weights[gap[:1] - 1], len(gap), axis=0))


def order(model: FaceModel) -> Array:
    """Which of the model's vertices those of the file are."""
    right, left = model.anatomy.eyeballs
    everyone = np.arange(len(model.colors))
    eyes = np.concatenate([everyone[right], everyone[left]])
    return np.concatenate([np.setdiff1d(everyone, eyes), eyes])


def test_the_head_is_our_own_to_a_fiftieth_of_a_millimetre(
    glb: Glb, demo_session: Session, model: FaceModel, tmp_path: Path
) -> None:
    rows, person, index = demo_session.rows, demo_session.info.person, order(model)
    assert len(index) == len(model.colors)
    moments = [0, 7, 19, 33, 47]
    assert (rows.face[moments] >= 0).all()
    for i in moments:
        ours = model.vertices(person.corrected(rows.expression[i], model.names), person.identity, rows.gaze[i])
        turned = posed(ours, rows.rotation[i], rows.translation[i], PoseMode.ROTATION)
        off = np.linalg.norm(1000 * glb.vertices(i) - turned[index], axis=1)
        assert off.max() < 0.02
        normals = glb.vertices(i, "NORMAL")
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        wanted = posed(model.normals(ours), rows.rotation[i], np.zeros(3), PoseMode.ROTATION)[index]
        assert np.degrees(np.arccos(np.clip((normals * wanted).sum(1), -1, 1))).mean() < 1

    # Without further shapes, lips and lids are off: that is what they are for.
    done = export(demo_session, ExportOptions("glb", tmp_path / "plain.glb", correctives=0))
    names = Glb(tmp_path / "plain.glb").names()
    assert len(names) - sum(n.endswith("_neg") for n in names) == 29
    assert "and 0 correctives" in done.remarks[-1] and "0.00" not in done.remarks[-1]


def test_the_shapes_are_enough_at_every_moment(model: FaceModel, monkeypatch: pytest.MonkeyPatch) -> None:
    # So few moments at first that others have to be added, more than once.
    monkeypatch.setattr(morphs, "SAMPLES", 12)
    monkeypatch.setattr(morphs, "WORST", 12)
    rng = np.random.default_rng(3)
    spread = np.linalg.cholesky(model.prior_covariance + 1e-6 * np.eye(29))
    expression = (model.prior_mean + rng.standard_normal((90, 29)) @ spread.T).astype(np.float32)
    identity = rng.standard_normal(model.n_identity).astype(np.float32)
    deltas = morphs.component_deltas(model)
    resting = model.vertices(np.zeros(29, np.float32), identity)
    performance = morphs.Performance.measured(model, expression, identity)
    found = morphs.correctives(performance, resting, most=MOST_CORRECTIVES)
    # Fewer numbers than the moments themselves have: each shape moves one part.
    assert np.abs(found.weights).max() <= 1 + 1e-6 and found.deltas.any(2).mean() * len(found.deltas) < 90
    for e, weights in zip(expression, found.weights, strict=True):
        ours = resting + np.tensordot(e, deltas, 1)
        ours[found.vertices] += np.tensordot(weights, found.deltas, 1)
        off = np.linalg.norm(ours - model.vertices(e, identity), axis=1)
        assert off.max() < min(0.01, found.residual + 0.001)


def test_trimesh_reads_the_animated_head(glb_path: Path, model: FaceModel) -> None:
    import trimesh

    scene = trimesh.load_scene(glb_path, process=False)
    sizes = [len(g.vertices) for name, g in scene.geometry.items() if not name.startswith("hair")]
    assert sum(sizes) == len(model.colors) >= 7014
    low, high = scene.bounds
    assert 0.2 < high[1] - low[1] < 0.5  # a head's height, in metres


def test_a_range_of_an_animation_begins_at_nought(demo_session: Session, tmp_path: Path) -> None:
    part = Glb(exported(demo_session, tmp_path, "glb", start=1.0, end=2.0, fps=20.0, pose=PoseMode.FULL, correctives=0))
    assert np.allclose(part.times(), np.arange(21) / 20)
    assert part.keys("head", "translation").shape == (21, 3)
    still = Glb(exported(demo_session, tmp_path, "glb", start=1.0, end=2.0, pose=PoseMode.NONE, correctives=0))
    assert {c.target.path for c in still.animation.channels if c.target.node == 0} == {"weights"}


# --- tables -------------------------------------------------------------------------------------


def test_a_csv_gives_back_the_recorded_numbers(demo_session: Session, tmp_path: Path) -> None:
    rows, info = demo_session.rows, demo_session.info
    header, table = read_csv(exported(demo_session, tmp_path, "csv", neutral=False, gains=False))
    assert header[:5] == ["frame", "video_frame", "timestamp_s", "face", "confidence"]
    assert header[-30:-1] == list(info.coefficients)
    values = np.stack([table[n] for n in info.coefficients], axis=1).astype(np.float32)
    assert np.array_equal(values, rows.expression, equal_nan=True)
    assert np.array_equal(table["timestamp_s"], rows.time)
    assert np.array_equal(np.isnan(table["face"]), rows.face < 0) and (rows.face < 0).sum() >= 5

    _, shown = read_csv(exported(demo_session, tmp_path, "csv"))
    assert np.allclose(shown["jawOpen"], table["jawOpen"] - 0.25, atol=1e-5, equal_nan=True)
    assert np.allclose(shown["eyeBlinkLeft"], 1.5 * table["eyeBlinkLeft"], atol=1e-5, equal_nan=True)
    _, no_gains = read_csv(exported(demo_session, tmp_path, "csv", gains=False))
    assert np.allclose(no_gains["eyeBlinkLeft"], table["eyeBlinkLeft"], atol=1e-6, equal_nan=True)


def test_parquet_and_npz_hold_the_same(demo_session: Session, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    header, table = read_csv(exported(demo_session, tmp_path, "csv", fps=25.0))
    columns = pq.read_table(exported(demo_session, tmp_path, "parquet", fps=25.0)).to_pydict()
    assert list(columns) == header
    for name in ("frame", "timestamp_s", "face", "jawOpen"):
        parquet = np.array([np.nan if v is None else v for v in columns[name]])
        assert np.allclose(parquet, table[name], atol=1e-5, equal_nan=True)
    with np.load(exported(demo_session, tmp_path, "npz", fps=25.0)) as arrays:
        assert list(arrays["names"]) == header[-30:-1]
        assert np.allclose(arrays["time"], table["timestamp_s"], atol=1e-6)
        assert np.allclose(arrays["expression"][:, 0], table["jawOpen"], atol=1e-5, equal_nan=True)


def test_parquet_without_pyarrow_is_one_sentence(
    demo_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UserError, match=r"needs pyarrow.*with pip"):
        exported(demo_session, tmp_path, "parquet")
    assert list(tmp_path.iterdir()) == []


# --- meshes, BVH, overlay -----------------------------------------------------------------------


@pytest.mark.parametrize("to", ["ply", "obj"])
def test_meshes_load_and_face_outwards(to: str, demo_session: Session, model: FaceModel, tmp_path: Path) -> None:
    import trimesh

    folder = exported(demo_session, tmp_path, to, start=2.0, end=3.6, fps=5.0)
    with (folder / "frames.csv").open() as f:
        listed = list(csv.DictReader(f))
    files = sorted(p.name for p in folder.glob(f"*.{to}"))
    assert files == [line["file"] for line in listed]
    assert 3 <= len(files) < 9  # there is no face in the middle
    mesh = trimesh.load_mesh(folder / files[-1], process=False)
    assert len(mesh.vertices) >= 7014 and len(mesh.faces) == len(model.triangles)
    face = np.arange(model.n_face)
    outward = np.einsum("ij,ij->i", mesh.vertex_normals[face], mesh.vertices[face] - [0, 0, -90])
    assert (outward > 0).mean() > 0.9
    # The skin's own triangles turn the same way as the normals that were written.
    turned = mesh.face_normals[: len(model.face_triangles)]
    assert (np.einsum("ij,ij->i", turned, mesh.vertex_normals[mesh.faces[: len(turned), 0]]) > 0).mean() > 0.99


def test_bvh_turns_the_head(demo_session: Session, tmp_path: Path) -> None:
    text = exported(demo_session, tmp_path, "bvh-head", fps=10.0).read_text().splitlines()
    start = text.index("MOTION")
    frames = int(text[start + 1].split()[1])
    assert float(text[start + 2].split(":")[1]) == pytest.approx(0.1)
    motion = np.array([line.split() for line in text[start + 3 :]], float)
    assert motion.shape == (frames, 6)
    rows = demo_session.rows
    turns = Rotation.from_euler("ZXY", motion[:, 3:], degrees=True)
    assert (turns[0].inv() * Rotation.from_rotvec(rows.rotation[0])).magnitude() < 1e-4
    at = int(np.flatnonzero(rows.time == 3.3)[0])
    assert (turns[33].inv() * Rotation.from_rotvec(rows.rotation[at])).magnitude() < 1e-4


@pytest.mark.parametrize("fps", [24.0, 50.0, 60.0, 120.0])
def test_the_usual_rate_of_times_in_milliseconds(tmp_path: Path, fps: float) -> None:
    """As sessions of imported MKVs have them."""
    write_session(tmp_path / "session", 96, fps=fps, digits=3)
    lines = exported(Session.open(tmp_path / "session"), tmp_path, "bvh-head").read_text().splitlines()
    assert 1 / float(lines[lines.index("MOTION") + 2].split(":")[1]) == pytest.approx(fps, abs=0.01)


def video_times(path: Path) -> list[float]:
    with av.open(str(path)) as video:
        return [float(f.time or 0) for f in video.decode(video=0)]


def test_an_overlay_has_the_times_of_the_pictures(demo_session: Session, tmp_path: Path) -> None:
    inside = (demo_session.rows.time >= 2.0) & (demo_session.rows.time <= 3.0)
    times = demo_session.rows.time[inside]
    out = exported(demo_session, tmp_path, "overlay", start=2.0, end=3.0)
    assert np.allclose(video_times(out), times - times[0], atol=0.002)
    again = video_times(exported(demo_session, tmp_path, "overlay", start=2.0, end=3.0, fps=25.0))
    assert np.allclose(np.diff(again), 0.04, atol=1e-3) and again[-1] == pytest.approx(times[-1] - times[0], abs=0.05)


# --- what can go wrong --------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["csv", "glb", "ply", "overlay"])
def test_a_cancelled_export_leaves_what_was_there(to: str, demo_session: Session, tmp_path: Path) -> None:
    out = tmp_path / "result"
    if to != "ply":
        out.write_text("before")

    class Cancelled(Exception):
        pass

    def cancel(done: int, total: int) -> None:
        if done > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        export(demo_session, ExportOptions(to, out), cancel)
    assert [p.name for p in tmp_path.iterdir()] == ([] if to == "ply" else ["result"])
    assert to == "ply" or out.read_text() == "before"


def without_video(session: Session) -> Session:
    return replace(session, video=None)


def of_another_model(session: Session) -> Session:
    names = ("other", *session.info.coefficients[1:])
    return replace(session, info=replace(session.info, coefficients=names))


@pytest.mark.parametrize(
    ("changed", "options", "sentence"),
    [
        (replace, {"format": "csv", "start": 90.0}, "no face in that part"),
        (replace, {"format": "csv", "face": 7}, "no face 7"),
        (without_video, {"format": "overlay"}, "no video"),
        (of_another_model, {"format": "glb"}, "another face model"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(
    changed: Callable[[Session], Session],
    options: dict[str, object],
    sentence: str,
    demo_session: Session,
    tmp_path: Path,
) -> None:
    with pytest.raises(UserError, match=sentence):
        export(changed(demo_session), ExportOptions(out=tmp_path / "result", **options))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_not_replaced(demo_session: Session, tmp_path: Path) -> None:
    (tmp_path / "result").mkdir()
    with pytest.raises(UserError, match="a folder"):
        exported(demo_session, tmp_path, "ply")


@pytest.mark.parametrize("to", ["csv", "livelink", "bvh-head", "vmd"])
def test_a_part_ends_with_the_session(demo_session: Session, tmp_path: Path, to: str) -> None:
    """Whoever wants all that is left may write a number that is too large: no face stands still behind the end."""
    lengths = [
        export(demo_session, ExportOptions(to, tmp_path / f"{end}", start=start, end=end, fps=30.0)).moments
        for start, end in ((0.5, None), (0.5, float(demo_session.rows.time[-1])), (0.5, 3600.0))
    ]
    assert lengths[0] == lengths[1] == lengths[2]
    whole = export(demo_session, ExportOptions(to, tmp_path / "whole", fps=30.0)).moments
    more = export(demo_session, ExportOptions(to, tmp_path / "more", start=-10.0, end=1e12, fps=30.0)).moments
    assert whole == more


def test_the_progress_ends_at_its_total(demo_session: Session, tmp_path: Path) -> None:
    for to in (name for name, format in FORMATS.items() if format.why_not(demo_session) is None):
        seen: list[tuple[int, int]] = []
        options = ExportOptions(to, tmp_path / to, end=0.25)
        done: Exported = export(demo_session, options, lambda done, total, seen=seen: seen.append((done, total)))
        assert done.path.exists() and done.moments > 0
        assert seen[0][0] == 0 and seen[-1][0] == seen[-1][1] and seen == sorted(seen)


def test_the_command(
    demo_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(demo_session.folder), "--to", "csv", "--range", "0", "1"]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["demo.csv"]
    assert "demo.csv: 10 moments" in capsys.readouterr().out
    assert main(["export", str(demo_session.folder), "--to", "csv", "--range", "2", "1"]) == 2
    assert main(["export", str(tmp_path), "--to", "csv"]) == 2
    assert main(["export", str(demo_session.folder), "--to", "csv", "--analysis", "none"]) == 2
    assert "no analysis none" in capsys.readouterr().err


def test_an_export_replaces_nothing_unasked(
    demo_session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.csv"
    out.write_text("mine")
    command = ["export", str(demo_session.folder), "--to", "csv", "--out"]
    assert main([*command, str(out)]) == 2
    assert "add --overwrite to replace it" in capsys.readouterr().err and out.read_text() == "mine"
    assert main([*command, str(out), "--overwrite"]) == 0 and out.read_text().startswith("frame,")
    own = demo_session.folder / "coefficients.csv"
    before = own.read_bytes()
    assert main([*command, str(own), "--overwrite"]) == 2
    assert "is part of the session itself" in capsys.readouterr().err and own.read_bytes() == before
    (tmp_path / "meshes").mkdir()
    assert main([*command[:-2], "obj", "--out", str(tmp_path / "meshes"), "--overwrite"]) == 2
    assert "There is already a folder" in capsys.readouterr().err
