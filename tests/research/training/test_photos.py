"""Tests for expnet_live.research.training.photos."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from expnet_live.core.errors import UserError
from expnet_live.research.training.labels import LabelSet
from expnet_live.research.training.photos import PhotoMeta, list_photos, read_metadata, read_photo


def test_what_is_no_picture_stops_nothing(tmp_path: Path) -> None:
    for name, content in (("empty.png", b""), ("broken.jpg", b"nothing"), ("sub/deep.webp", b"")):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / name).write_bytes(content)
    refs = list_photos([tmp_path / "set"])
    assert [r.key for r in refs] == ["set/broken.jpg", "set/empty.png", "set/sub/deep.webp"]
    assert [read_photo(r) for r in refs] == [None] * 3


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_archives_are_plain(mode: str, tmp_path: Path) -> None:
    content = cv2.imencode(".png", np.full((4, 6, 3), 90, np.uint8))[1].tobytes()
    with tarfile.open(tmp_path / "set.tar", mode) as archive:  # type: ignore[call-overload]
        member = tarfile.TarInfo("a.png")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    if mode == "w":
        (ref,) = list_photos([tmp_path / "set.tar"])
        image = read_photo(ref)
        assert ref.key == "set/a.png" and image is not None and image.shape == (4, 6, 3)
    else:
        with pytest.raises(UserError, match="plain tar archive"):
            list_photos([tmp_path / "set.tar"])


def test_tables_of_other_systems(tmp_path: Path) -> None:
    """Excel begins them with a byte order mark, and Windows has other separators."""
    (tmp_path / "set.csv").write_bytes("\ufefffile,subject,emotion\r\nsub\\é.png,Zoë\r\n".encode())
    assert read_metadata([tmp_path / "set.csv"]) == {"set/sub/é.png": PhotoMeta("Zoë", "")}


@pytest.mark.parametrize("content", [b"name,subject\na,b\n", b"\xff\xfe\xfa"])
def test_what_is_no_table_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_bytes(content)
    with pytest.raises(UserError, match="is not a CSV with a column file"):
        read_metadata([tmp_path / "set.csv"])


def test_files_of_arrays_make_their_folders(tmp_path: Path) -> None:
    n = np.zeros(2)
    labels = LabelSet(np.array(["a", "b"]), np.array(["", ""]), n, n, n, n, n, n)
    labels.save(tmp_path / "new" / "labels.npz")
    assert LabelSet.load(tmp_path / "new" / "labels.npz").key.tolist() == ["a", "b"]
    with pytest.raises(UserError, match="cannot be written"):
        labels.save(tmp_path / "new" / "labels.npz" / "more.npz")
