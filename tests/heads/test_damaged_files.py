"""Files of heads that are damaged, in whatever way, get their sentence."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from expnet_live.core.errors import UserError
from expnet_live.core.paths import asset
from expnet_live.heads.face_model import FaceModel
from expnet_live.heads.importing.bfm import read_bfm
from expnet_live.heads.importing.obj import read_mesh
from expnet_live.heads.rig import Rig
from expnet_live.heads.shapes import Origin, ShapeModel


def _imported(path: Path) -> bytes:
    basis, triangles = np.zeros((2, 9, 3), np.float32), np.zeros((4, 3), np.int32)
    origin = Origin("a", "b", "c", "mm", 1.0, 1.0)
    model = ShapeModel(
        "x", basis[0], basis, basis, ("a", "b"), False, triangles, np.zeros((9, 3), np.uint8),
        np.zeros(9, np.int8), np.zeros(468, np.int32), origin,
    )  # fmt: skip
    model.save(path)
    return path.read_bytes()


@pytest.mark.filterwarnings("ignore")  # numpy's and zipfile's, about names that occur twice and old headers
@pytest.mark.parametrize(
    ("whole", "load"),
    [
        (lambda p: asset("face_model.npz").read_bytes(), FaceModel.load),
        (lambda p: asset("rig.npz").read_bytes(), Rig.load),
        (_imported, ShapeModel.load),
    ],
    ids=["face model", "rig", "imported head"],
)
def test_any_damage(whole: Callable[[Path], bytes], load: Callable[[Path], object], tmp_path: Path) -> None:
    path, rng, refused = tmp_path / "a.npz", random.Random(1), 0
    content = whole(path)
    for n in range(2000):
        data = bytearray(content)
        for _ in range(1 + n % 4):
            # The headers are at the beginning and at the end.
            at = rng.choice((rng.randrange(300), -1 - rng.randrange(700), rng.randrange(len(data))))
            data[at] = rng.randrange(256)
        path.write_bytes(data)
        try:
            load(path)
        except UserError as error:
            refused += str(path) in str(error)
    assert refused > 500


@pytest.mark.filterwarnings("ignore")  # numpy's, about NaN as a whole number
@pytest.mark.parametrize("name", ["shape/model/mean", "shape/model/pcaVariance", "shape/representer/cells"])
@pytest.mark.parametrize("content", ["text", np.zeros(1, [("a", int), ("b", float)]), np.full(90, np.nan)])
def test_other_content_of_a_basel_face_model(name: str, content: object, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as f:
        for group in ("shape", "expression"):
            f[f"{group}/model/mean"] = np.arange(90.0)
            f[f"{group}/model/pcaBasis"], f[f"{group}/model/pcaVariance"] = np.ones((90, 4)), np.ones(4)
        f["shape/representer/cells"] = np.zeros((3, 10), int)
        f.create_group("color/model/mean")
    assert read_bfm(path).colors is None
    with h5py.File(path, "a") as f:
        del f[name]
        f[name] = content
    with pytest.raises(UserError, match=r"model\.h5"):
        read_bfm(path)


def test_an_obj_with_tabs_and_one_with_huge_numbers(tmp_path: Path) -> None:
    points = "v\t0 0 0\nv 1\t0 0\nv 0 1 0\n"
    (tmp_path / "a.obj").write_text(f"{points}f\t1 2 3\n", encoding="utf-8")
    assert read_mesh(tmp_path / "a.obj").triangles.tolist() == [[0, 1, 2]]
    (tmp_path / "b.obj").write_text(f"{points}f 1 2 99999999999999999999\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"b\.obj is not an OBJ file"):
        read_mesh(tmp_path / "b.obj")
