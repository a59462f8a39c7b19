"""The import of the official release: errors are reported, no partial import stays, no pickle runs code."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesh import needs_detector
from official_fakes import HTML, quick_variables
from places import SHARED

from expnet_live.core.errors import UserError
from expnet_live.official import importing, variables
from expnet_live.official.pickles import load_npy, load_npz
from expnet_live.official.store import Store
from expnet_live.research.official_proofs import proof

SHARED = SHARED / "data/official"


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
    page_inside: "is a web page saved",
    empty_file: "is empty; download it again",
    no_mean: "3DMM_shape_mean.npy is in none of the folders",
    bad_mean: r"has the shape \(3, 100, 100\), not \(3, 224, 224\)",
    cut_mean: "not a NumPy file, or is cut off",
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
    with pytest.raises(UserError, match=r"not an \.npz archive, or is cut off"):
        importing.run_import(request, store)
    assert not store.folder.exists()


def test_nothing_named() -> None:
    with pytest.raises(UserError, match="There is nothing to import"):
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
from expnet_live.core.errors import UserError
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
    assert "is cut off or damaged" in said["cut"]
    assert "not a TensorFlow checkpoint, or is cut off" in said["torn"]
    assert "not finite" in said["nan"]
    assert not any("\n" in sentence for sentence in said.values())


# TensorFlow and mediapipe in one process, whichever comes first; it is loaded for checkpoints alone.
TOGETHER = """
import sys
from pathlib import Path
from expnet_live.capture.sources import open_source
from expnet_live.core.errors import UserError
from expnet_live.official.checkpoint import read_checkpoint
from expnet_live.pipeline.detector import MediapipeDetector

picture = next(iter(open_source("demo"))).image

def look():
    assert len(MediapipeDetector().detect(picture)) == 1

def read():
    try:
        read_checkpoint(Path("none"), {})
    except UserError as error:
        assert "no TensorFlow checkpoint" in str(error)
    assert "tensorflow" in sys.modules

first, then = (look, read) if sys.argv[1] == "mediapipe" else (read, look)
first()
assert ("tensorflow" in sys.modules) == (first is read)
then()
first()
"""


@needs_tensorflow
@needs_detector
@pytest.mark.parametrize("first", ["mediapipe", "tensorflow"])
def test_tensorflow_and_mediapipe_live_in_one_process(first: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOGETHER, first], capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_without_tensorflow_its_installation_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # not to be found
    checkpoint(tmp_path, "expression")
    np.save(tmp_path / importing.MEAN_IMAGE, np.zeros(variables.MEAN_SHAPE))
    with pytest.raises(UserError, match=r'pip install "expnet-live\[official\]"'):
        importing.run_import(importing.Request(expression=tmp_path), Store(tmp_path / "data"))


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
