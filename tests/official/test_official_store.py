"""The Basel Face Model's import, and the store of imported parts: errors are reported, nothing is lost."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from official_fakes import HTML
from scipy.io import savemat

from expnet_live.core.errors import UserError
from expnet_live.core.files import unfinished
from expnet_live.official import basel_files, importing
from expnet_live.official.basel import BaselModel
from expnet_live.official.store import Made, Origin, Store
from expnet_live.research.official_proofs import synthetic


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


# --- the Basel Face Model -----------------------------------------------------------------------


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
    with pytest.raises(UserError, match=r"also give 3DDFA's model_info.mat with trimIndex"):
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
        ({"shapeMU": np.ones(180)}, "the height of a face"),
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
        (whole[: len(whole) // 2], "not a MATLAB file, or is cut off"),
        (HTML, "web page"),
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64" + b" " * 86 + b"\x00\x02IM" + b"\x89HDF" * 50, "MATLAB 7.3"),
        (b"", "empty"),
    ):
        path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            importing.run_import(importing.Request(bfm=path), store)
    savemat(path, {"shapeMU": np.ones(3)})
    with pytest.raises(UserError, match="has no struct BFM"):
        importing.run_import(importing.Request(bfm=path), store)
    with pytest.raises(UserError, match="There is no file"):
        importing.run_import(importing.Request(bfm=tmp_path / "none.mat"), store)


# --- the store ----------------------------------------------------------------------------------


def test_a_failed_import_leaves_what_was_there(
    bfm: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "data")
    importing.run_import(importing.Request(bfm=synthetic.save_modified(tmp_path, bfm)), store)
    before = sorted((p.name, p.stat().st_size) for p in store.folder.iterdir())
    bad = synthetic.save_modified(tmp_path, {**bfm, "expEV": np.ones(3)})
    with pytest.raises(UserError):
        importing.run_import(importing.Request(bfm=bad), store)
    # Nor does one whose manifest cannot be written.
    made = tmp_path / "new.npz"
    made.write_bytes(b"new")
    monkeypatch.setattr("uuid.uuid4", lambda: uuid.UUID(int=0))
    unfinished(store.folder / "manifest.json").mkdir()
    with pytest.raises(UserError, match="cannot be written"), store.staging():
        store.publish({"bfm": Made(made, ())})
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


def test_the_manifest_survives_a_copy(bfm: dict[str, Any], tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    importing.run_import(importing.Request(bfm=synthetic.save_modified(tmp_path, bfm)), store)
    shutil.copytree(store.folder, tmp_path / "moved")
    assert Store(tmp_path / "moved").damaged() == []
