"""Heads and avatars that are kept under one name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from blendshape_sets import SHAPES, make_set

from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.heads.built_in import face_model

COPY = """
import resource, signal, sys
from pathlib import Path
from expnet_live.avatars.wardrobe import Wardrobe
from expnet_live.core.errors import UserError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # as a disk that is full
try:
    Wardrobe(Path(sys.argv[1])).keep(Path(sys.argv[2]), "Me", replace=True)
except UserError as error:
    print(error)
"""


def test_what_replaces_a_head_is_worn(
    avatar_paths: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "data"))
    avatar = avatar_paths["one.vrm"]
    make_set(tmp_path / "set", face_model(), SHAPES)
    library = Wardrobe()
    for name, source, suffix in (("Me", avatar, ".vrm"), ("me", tmp_path / "set", ".npz"), ("Me", avatar, ".vrm")):
        assert main(["face-model", "import", str(source), "--as", name, "--replace"]) == 0
        assert library.names() == [name] and library.path_of(name).suffix == suffix


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process")
def test_a_head_stays_if_the_next_one_cannot_be_copied(tmp_path: Path) -> None:
    (tmp_path / "Me.npz").write_bytes(b"old")
    (tmp_path / "new.vrm").write_bytes(bytes(5000))
    command = [sys.executable, "-c", COPY, str(tmp_path), str(tmp_path / "new.vrm")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    assert "cannot be written" in done.stdout and (tmp_path / "Me.npz").read_bytes() == b"old"
    assert {p.name for p in tmp_path.iterdir()} == {"Me.npz", "new.vrm"}


def test_what_keeps_its_place_is_told(avatar_paths: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "library" / "Me.glb").mkdir(parents=True)
    with pytest.raises(UserError, match=r"Me\.glb, which has the same name, cannot be removed .*; delete it\."):
        Wardrobe(tmp_path / "library").keep(avatar_paths["one.vrm"], "Me", replace=True)


@pytest.mark.parametrize(("stem", "name"), [("expnet live", "expnet live 2"), ("Default", "Default 2"), ("A%", "A")])
def test_files_get_names_that_no_head_has(avatar_paths: dict[str, Path], tmp_path: Path, stem: str, name: str) -> None:
    library, source = Wardrobe(tmp_path / "library"), tmp_path / f"{stem}.vrm"
    source.write_bytes(avatar_paths["one.vrm"].read_bytes())
    assert library.keep_once(source) == library.keep_once(source) == name
    source.write_bytes(avatar_paths["one.vrm"].read_bytes() + bytes(4))
    assert library.keep_once(source) == f"{name.removesuffix(' 2')} {3 if name.endswith('2') else 2}"
