"""The import of the official release: what is wrong is named, nothing half-imported stays, no pickle runs code."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from official_fakes import quick_variables
from scipy.io import savemat

from expnet_live.errors import UserError
from expnet_live.official import basel_files, importing, proof, synthetic, variables
from expnet_live.official.basel import BaselModel
from expnet_live.official.pickles import load_npy, load_npz
from expnet_live.official.store import Made, Origin, Store

SHARED = Path(__file__).parents[2] / "shared/data/official"
HTML = b"<!DOCTYPE html>\n<html><head><title>Dropbox</title></head></html>"


# --- pickles ------------------------------------------------------------------------------------


def test_a_pickled_alexnet_of_python_2_is_read(tmp_path: Path) -> None:
    layers = {"conv1": {"weights": np.arange(6, dtype=np.float32).reshape(2, 3), "biases": np.zeros(3)}}
    path = tmp_path / "net.npy"
    proof.save_alexnet(path, layers)
    read = load_npy(path)
    assert np.array_equal(read["conv1"]["weights"], layers["conv1"]["weights"])
    np.save(path, np.array(layers, object), allow_pickle=True)
    assert np.array_equal(load_npy(path)["conv1"]["weights"], layers["conv1"]["weights"])


class Hostile:
    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.system, (f"touch {self._file}",)


class HostileBuiltin:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return eval, ("1 + 1",)


def test_a_hostile_pickle_runs_nothing(tmp_path: Path) -> None:
    touched, path = tmp_path / "touched", tmp_path / importing.ALEXNET
    for content in (Hostile(touched), {"conv1": [Hostile(touched)]}, HostileBuiltin()):
        for protocol in (0, 2, 4):
            with path.open("wb") as f:
                np.lib.format.write_array_header_1_0(f, {"descr": "|O", "fortran_order": False, "shape": ()})
                pickle.dump(np.array(content, object), f, protocol=protocol)
            with pytest.raises(UserError, match="not only for arrays") as error:
                load_npy(path)
            assert not touched.exists() and str(path) in str(error.value)
    np.savez(tmp_path / "a.npz", mean_labels=np.array([Hostile(touched)], object))
    with pytest.raises(UserError, match="not only for arrays"):
        load_npz(tmp_path / "a.npz")
    assert not touched.exists()


# --- wrong files --------------------------------------------------------------------------------


def checkpoint(folder: Path, kind: str) -> None:
    """Files of the right names, as far as they can be told without TensorFlow."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in (".index", ".data-00000-of-00001"):
        (folder / f"{importing.CHECKPOINTS[kind]}{suffix}").write_bytes(b"\x00" * 100)


def archive(folder: Path) -> None:
    folder.write_bytes(b"\x1f\x8b" + b"\x00" * 50)


def page(folder: Path) -> None:
    folder.write_bytes(HTML)


def empty(folder: Path) -> None:
    folder.mkdir()


def no_data(folder: Path) -> None:
    checkpoint(folder, "expression")
    next(folder.glob("*.data-*")).unlink()


def page_inside(folder: Path) -> None:
    checkpoint(folder, "expression")
    next(folder.glob("*.data-*")).write_bytes(HTML)


def empty_file(folder: Path) -> None:
    checkpoint(folder, "expression")
    next(folder.glob("*.index")).write_bytes(b"")


def no_mean(folder: Path) -> None:
    checkpoint(folder, "expression")


def bad_mean(folder: Path) -> None:
    checkpoint(folder, "expression")
    np.save(folder / importing.MEAN_IMAGE, np.zeros((3, 100, 100)))


def cut_mean(folder: Path) -> None:
    checkpoint(folder, "expression")
    path = folder / importing.MEAN_IMAGE
    np.save(path, np.zeros(variables.MEAN_SHAPE))
    path.write_bytes(path.read_bytes()[:-500])


WRONG = {
    archive: "packed archive .* unpack it",
    page: "web page; it was saved instead of the archive",
    empty: "ini_exprNet_model.ckpt is not in",
    no_data: "data-00000-of-00001 is not beside",
    page_inside: "is a web page that was saved",
    empty_file: "is empty; download it again",
    no_mean: "3DMM_shape_mean.npy is in none of the folders",
    bad_mean: r"has the shape \(3, 100, 100\), not \(3, 224, 224\)",
    cut_mean: "no NumPy file, or is cut",
}


@pytest.mark.parametrize("make", WRONG)
def test_a_wrong_archive_gives_one_sentence_and_leaves_nothing(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "given")
    store = Store(tmp_path / "data" / "official")
    with pytest.raises(UserError, match=WRONG[make]) as error:
        importing.run_import(importing.Request(expression=tmp_path / "given"), store)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "data").exists()


def pose_folder(folder: Path) -> Path:
    checkpoint(folder, "pose")
    np.savez(folder / importing.POSE_PIXELS, train_mean_vec=np.zeros(3))
    np.savez(folder / importing.POSE_LABELS, mean_labels=np.zeros(6), std_labels=np.ones(6))
    return folder


def test_wrong_files_of_the_pose_network(tmp_path: Path) -> None:
    folder = pose_folder(tmp_path / "pose")
    store, request = Store(tmp_path / "data"), importing.Request(pose=folder)
    with pytest.raises(UserError, match=r"PAM_frontal_ALexNet.npy is not in"):
        importing.run_import(request, store)
    proof.save_alexnet(folder / importing.ALEXNET, {"conv1": {"weights": np.zeros(3)}})
    with pytest.raises(UserError, match=r"weights of conv1 has the shape \(3,\), not \(11, 11, 3, 96\)"):
        importing.run_import(request, store)
    proof.save_alexnet(folder / importing.ALEXNET, {"conv1": {}})
    with pytest.raises(UserError, match="lacks weights of the layer conv1"):
        importing.run_import(request, store)
    np.savez(folder / importing.POSE_LABELS, mean_labels=np.zeros(7), std_labels=np.ones(6))
    with pytest.raises(UserError, match=r"mean_labels has the shape \(7,\), not \(6,\)"):
        importing.run_import(request, store)
    np.savez(folder / importing.POSE_LABELS, std_labels=np.ones(6))
    with pytest.raises(UserError, match="lacks the array mean_labels"):
        importing.run_import(request, store)
    (folder / importing.POSE_PIXELS).write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(UserError, match=r"no \.npz archive, or is cut"):
        importing.run_import(request, store)
    assert not store.folder.exists()


def test_nothing_named() -> None:
    with pytest.raises(UserError, match="Nothing to import was named"):
        importing.run_import(importing.Request())
    with pytest.raises(UserError, match="needs the original model"):
        importing.run_import(importing.Request(shape=Path("x"), basis=[Path("y")]))


# --- with TensorFlow: checkpoints themselves ----------------------------------------------------

needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="needs TensorFlow: pip install -e '.[official]'"
)

# In a process of its own: TensorFlow beside Qt, OpenGL and the rest has nothing to do with what is tested.
CHECKPOINTS = """
import sys, json
from pathlib import Path
import numpy as np
import tensorflow.compat.v1 as tf
from expnet_live.errors import UserError
from expnet_live.official.checkpoint import read_checkpoint

folder = Path(sys.argv[1])

def write(name, values, **options):
    with tf.Graph().as_default(), tf.Session() as session:
        made = [tf.get_variable(k, initializer=v, use_resource=False) for k, v in values.items()]
        session.run(tf.global_variables_initializer())
        tf.train.Saver(made, **options).save(session, str(folder / name), write_meta_graph=False)
    return folder / name

a, b = np.arange(60000, dtype=np.float32).reshape(300, 200), np.ones(5, np.float32)
good = write("good", {"s/a": a, "s/b": b})
old = write("old", {"s/a": a, "s/b": b}, write_version=tf.train.SaverDef.V1)
shapes = {"s/a": (300, 200), "s/b": (5,)}
for prefix in (good, old):
    read = read_checkpoint(prefix, shapes)
    assert np.array_equal(read["s/a"], a) and np.array_equal(read["s/b"], b)

cut = write("cut", {"s/a": a, "s/b": b})
data = cut.with_name("cut.data-00000-of-00001")
data.write_bytes(data.read_bytes()[:1000])
torn = write("torn", {"s/a": a})
index = torn.with_name("torn.index")
index.write_bytes(index.read_bytes()[: len(index.read_bytes()) // 2])
nan = write("nan", {"s/a": a * np.nan, "s/b": b})
said = {}
for name, prefix, wanted in (
    ("missing", good, {**shapes, "s/c": (1,), "s/d": (1,)}), ("shape", good, {"s/a": (200, 300)}),
    ("cut", cut, shapes), ("torn", torn, shapes), ("nan", nan, shapes),
):
    try:
        read_checkpoint(prefix, wanted)
    except UserError as error:
        said[name] = str(error)
print(json.dumps(said))
"""


@needs_tensorflow
def test_checkpoints_of_both_formats_are_read_and_damaged_ones_named(tmp_path: Path) -> None:
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", CHECKPOINTS, str(tmp_path)], capture_output=True, text=True, check=False, env=env
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert "lacks the variable s/c and 1 more" in said["missing"]
    assert "s/a has the shape (300, 200), not (200, 300)" in said["shape"]
    assert "is cut or damaged" in said["cut"]
    assert "no TensorFlow checkpoint, or is cut" in said["torn"]
    assert "not finite" in said["nan"]
    assert not any("\n" in sentence for sentence in said.values())


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is there")
def test_without_tensorflow_its_installation_is_asked_for(tmp_path: Path) -> None:
    checkpoint(tmp_path, "expression")
    np.save(tmp_path / importing.MEAN_IMAGE, np.zeros(variables.MEAN_SHAPE))
    with pytest.raises(UserError, match=r"pip install 'expnet-live\[official\]'"):
        importing.run_import(importing.Request(expression=tmp_path), Store(tmp_path / "data"))


# --- the Basel Face Model -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def bfm() -> dict[str, Any]:
    """A small one: the fields are those of the true one."""
    rng, n = np.random.default_rng(3), 3 * 60
    points = rng.uniform(-1, 1, (60, 3)) * (70, 90, 60)
    return {
        "shapeMU": points.ravel(), "shapePC": 0.02 * rng.standard_normal((n, 199)), "shapeEV": np.arange(199.0, 0, -1),
        "expMU": rng.standard_normal(n), "expPC": 0.02 * rng.standard_normal((n, 29)), "expEV": np.arange(29.0, 0, -1),
        "texMU": np.full(n, 120.0), "texPC": rng.standard_normal((n, 199)), "texEV": np.arange(199.0, 0, -1),
        "faces": rng.integers(1, 61, (90, 3)),
    }  # fmt: skip


def test_the_modified_model_is_imported(bfm: dict[str, Any], tmp_path: Path) -> None:
    path = synthetic.save_modified(tmp_path, bfm)
    store = Store(tmp_path / "data")
    assert importing.run_import(importing.Request(bfm=path), store) == ["bfm"]
    assert store.missing() == ["expression", "shape", "pose"] and store.damaged() == []
    assert store.parts()["bfm"].origin == (Origin.of(path),)
    model = BaselModel.load(store.path_of("bfm"))
    rng = np.random.default_rng(0)
    alpha, eta = rng.standard_normal(99), rng.standard_normal(29)
    shape = bfm["shapeMU"] + bfm["shapePC"][:, :99] @ (bfm["shapeEV"][:99] * alpha)
    whole = shape + bfm["expMU"] + bfm["expPC"] @ (bfm["expEV"] * eta)
    assert np.abs(model.shape_only(alpha) - shape.reshape(-1, 3)).max() < 1e-3
    assert np.abs(model.shape_and_expression(alpha, eta) - whole.reshape(-1, 3)).max() < 1e-3
    texture = bfm["texMU"] + bfm["texPC"][:, :99] @ (bfm["texEV"][:99] * alpha)
    assert np.abs(model.colors_of(alpha) - np.clip(texture, 0, 255).reshape(-1, 3)).max() <= 1
    assert np.array_equal(model.released_triangles, bfm["faces"] - 1)
    # A second import of other numbers takes the place of the first.
    other = synthetic.save_modified(tmp_path, {**bfm, "expMU": bfm["expMU"] + 1})
    importing.run_import(importing.Request(bfm=other), store)
    assert len(list(store.folder.glob("bfm-*.npz"))) == 1


def test_the_modified_model_is_built_of_the_original_and_3ddfas_expressions(
    bfm: dict[str, Any], tmp_path: Path
) -> None:
    kept = np.arange(0, 60, 2)  # from 0
    rows = (3 * kept[:, None] + np.arange(3)).ravel()
    micrometres = {"shapeMU": bfm["shapeMU"] * 1000, "shapeEV": bfm["shapeEV"] * 1000}
    original = {k: v for k, v in bfm.items() if k[:3] != "exp" and k != "faces"} | micrometres | {"tl": bfm["faces"]}
    savemat(tmp_path / "01_MorphableModel.mat", original)
    basis = {"mu_exp": 1000 * bfm["expMU"][rows], "w_exp": bfm["expPC"][rows], "sigma_exp": 1000 * bfm["expEV"]}
    savemat(tmp_path / "Model_Exp.mat", basis)
    triangles = np.random.default_rng(0).integers(1, 31, (3, 40))
    paths = [tmp_path / "Model_Exp.mat"]
    with pytest.raises(UserError, match=r"name 3DDFA's model_info.mat with trimIndex as well"):
        basel_files.build_modified(tmp_path / "01_MorphableModel.mat", paths)
    savemat(tmp_path / "model_info.mat", {"trimIndex": kept[:, None] + 1, "tri": triangles})
    model = BaselModel(
        basel_files.build_modified(tmp_path / "01_MorphableModel.mat", [*paths, tmp_path / "model_info.mat"])
    )
    alpha, eta = np.full(99, 0.5), np.full(29, -0.5)
    whole = bfm["shapeMU"] + bfm["shapePC"][:, :99] @ (bfm["shapeEV"][:99] * alpha)
    whole = (whole + bfm["expMU"] + bfm["expPC"] @ (bfm["expEV"] * eta))[rows]
    assert np.abs(model.shape_and_expression(alpha, eta) - whole.reshape(-1, 3)).max() < 1e-3
    assert np.array_equal(model.released_triangles, triangles.T - 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"expPC": None}, "lacks BFM.expPC"),
        ({"expEV": np.ones(7)}, r"shapes \(180,\), \(180, 29\) and \(7,\), not"),
        ({"shapePC": np.ones((90, 99))}, r"not \(3N,\), \(3N, 99\) and \(99,\)"),
        ({"texMU": np.ones(90), "texPC": np.ones((90, 99))}, "differ in their numbers of vertices"),
        ({"shapeMU": np.ones(180)}, "a face's height"),
        ({"expMU": np.full(180, np.nan)}, "not finite"),
        ({"faces": np.full((5, 3), 61)}, "not triangles of vertices 1 to 60"),
    ],
)
def test_a_wrong_model_is_named(bfm: dict[str, Any], change: dict[str, Any], message: str, tmp_path: Path) -> None:
    members = {k: v for k, v in (bfm | change).items() if v is not None}
    path = synthetic.save_modified(tmp_path, members)
    with pytest.raises(UserError, match=message) as error:
        importing.run_import(importing.Request(bfm=path), Store(tmp_path / "data"))
    assert str(path) in str(error.value) and not (tmp_path / "data").exists()


def test_what_is_no_matlab_file_is_named(bfm: dict[str, Any], tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    path = synthetic.save_modified(tmp_path, bfm)
    whole = path.read_bytes()
    for content, message in (
        (whole[: len(whole) // 2], "no MATLAB file, or is cut"),
        (HTML, "web page"),
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64" + b" " * 86 + b"\x00\x02IM" + b"\x89HDF" * 50, "MATLAB 7.3"),
        (b"", "empty"),
    ):
        path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            importing.run_import(importing.Request(bfm=path), store)
    savemat(path, {"shapeMU": np.ones(3)})
    with pytest.raises(UserError, match="holds no struct BFM"):
        importing.run_import(importing.Request(bfm=path), store)
    with pytest.raises(UserError, match="There is no file"):
        importing.run_import(importing.Request(bfm=tmp_path / "none.mat"), store)


# --- the store ----------------------------------------------------------------------------------


def test_a_failed_import_leaves_what_was_there(bfm: dict[str, Any], tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    importing.run_import(importing.Request(bfm=synthetic.save_modified(tmp_path, bfm)), store)
    before = sorted((p.name, p.stat().st_size) for p in store.folder.iterdir())
    bad = synthetic.save_modified(tmp_path, {**bfm, "expEV": np.ones(3)})
    with pytest.raises(UserError):
        importing.run_import(importing.Request(bfm=bad), store)
    # Nor does one whose manifest cannot be written.
    made = tmp_path / "new.npz"
    made.write_bytes(b"new")
    (store.folder / ".manifest.json.tmp").mkdir()
    with pytest.raises(UserError, match="Nothing can be written"), store.staging():
        store.publish({"bfm": Made(made, ())})
    (store.folder / ".manifest.json.tmp").rmdir()
    assert sorted((p.name, p.stat().st_size) for p in store.folder.iterdir()) == before
    assert store.damaged() == []


def test_what_was_imported_is_checked(bfm: dict[str, Any], tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    importing.run_import(importing.Request(bfm=synthetic.save_modified(tmp_path, bfm)), store)
    path = store.path_of("bfm")
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"?")
    assert store.damaged() == ["bfm"]
    path.write_bytes(content[:-1])
    with pytest.raises(UserError, match="missing or cut"):
        store.path_of("bfm")
    with pytest.raises(UserError, match="is not on this computer; import it with"):
        store.path_of("pose")
    (store.folder / "manifest.json").write_text("{")
    with pytest.raises(UserError, match="is damaged"):
        store.parts()


# --- what of the true release is at hand --------------------------------------------------------


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data/official")
def test_the_true_last_layers_and_mean_image_fit() -> None:
    mean = load_npy(SHARED / "3DMM_shape_mean.npy")
    assert mean.shape == variables.MEAN_SHAPE
    assert mean.mean((1, 2)) == pytest.approx([85.24, 96.97, 119.07], abs=0.01)
    rng = np.random.default_rng(0)
    for kind, file, ends in (("expression", "ExpNet", "expr"), ("shape", "ShapeNet", "shape")):
        layer = load_npz(SHARED / f"{file}_fc_weights.npz")
        scope = variables.SCOPES[kind]
        values = quick_variables(variables.resnet_shapes(kind))
        for ours, theirs in (("weights", "ini_weights"), ("biases", "ini_biases")):
            name = f"{scope}/{scope}_fc1/{ours}"
            values[name] = layer[f"{theirs}_{ends}"].reshape(values[name].shape)
        net = variables.resnet(kind, values, mean)
        features = rng.uniform(0, 1, (2, 2048)).astype(np.float32)
        expected = features @ layer[f"ini_weights_{ends}"] + layer[f"ini_biases_{ends}"]
        import torch

        with torch.inference_mode():
            assert np.allclose(net.fc(torch.from_numpy(features)).numpy(), expected, atol=1e-4)


def test_the_manifest_survives_a_copy(bfm: dict[str, Any], tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    importing.run_import(importing.Request(bfm=synthetic.save_modified(tmp_path, bfm)), store)
    shutil.copytree(store.folder, tmp_path / "moved")
    assert Store(tmp_path / "moved").damaged() == []
