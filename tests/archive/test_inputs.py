"""What an archive is made of."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
from archives import clip, photo

from expnet_live.analysis.inputs import Kind
from expnet_live.archive.inputs import fetched, list_inputs
from expnet_live.core.errors import UserError
from expnet_live.video.cutting import cut_points


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    clip(folder / "x" / "a.mp4", n=2)
    clip(folder / "y" / "b.mp4", n=2)
    photo(folder / "y" / "c.png")
    (folder / "list.txt").write_text("# all of x\nx\n\ny/b.mp4\n")
    (folder / "list.csv").write_text("source,person\nx/a.mp4,Ann\ny/b.mp4,Bob\ny/c.png,\n")
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.write(folder / "x" / "a.mp4", "a.mp4")
        archive.write(folder / "y" / "c.png", "deep/c.png")
    return folder


def names(*texts: str | Path) -> list[str]:
    return [Path(one.source).name for one in list_inputs([str(text) for text in texts])]


def test_folders_patterns_and_lists(folder: Path) -> None:
    assert names(folder) == ["a.mp4", "b.mp4", "c.png"]
    assert names(folder / "**" / "*.mp4") == ["a.mp4", "b.mp4"]
    assert names(folder / "list.txt") == ["a.mp4", "b.mp4"]
    assert names(folder / "x", folder, folder / "list.txt") == ["a.mp4", "b.mp4", "c.png"]
    assert names("demo") == ["demo"]


def test_what_a_folder_leaves_out_is_named(folder: Path) -> None:
    (folder / "y" / "notes.docx").write_bytes(b"no picture")
    left: list[Path] = []
    list_inputs([str(folder / "y"), str(folder / "list.txt")], left.append)
    assert left == [folder / "y" / "notes.docx"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have names of text alone")
def test_a_name_that_a_data_set_cannot_hold_has_a_sentence(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "x" / "a.mp4", tmp_path / os.fsdecode(b"l\xe9.mp4"))
    (one,) = list_inputs([str(tmp_path)])
    assert one.kind is Kind.UNREADABLE and one.spec.encode() and "rename the file" in one.problem


def test_a_list_names_persons(folder: Path) -> None:
    found = list_inputs([str(folder / "list.csv")])
    assert [one.person for one in found] == ["Ann", "Bob", None]
    assert [one.kind for one in found] == [Kind.VIDEO, Kind.VIDEO, Kind.PHOTO]
    again = list_inputs([str(folder / "list.csv"), str(folder)])
    assert [one.person for one in again] == ["Ann", "Bob", None]
    (folder / "more.csv").write_text("source,person\nx/a.mp4,Eve\n")
    with pytest.raises(UserError, match="say both Ann and Eve for"):
        list_inputs([str(folder / "list.csv"), str(folder / "more.csv")])


def test_what_is_missing_has_a_sentence(folder: Path) -> None:
    found = list_inputs([str(folder / "no.mp4"), str(folder / "*.avi"), f"file://{folder}/no.mp4"])
    assert [one.kind for one in found] == [Kind.UNREADABLE] * 3
    assert all(one.problem.endswith(".") for one in found)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_list_as_spreadsheets_of_many_languages_save_it(folder: Path, delimiter: str) -> None:
    (folder / "list.csv").write_text(f"source{delimiter}person\nx/a.mp4{delimiter}Ann\n")
    assert [one.person for one in list_inputs([str(folder / "list.csv")])] == ["Ann"]


def test_a_list_that_names_itself_has_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("two.txt\n")
    (tmp_path / "two.txt").write_text("one.txt\n")
    (tmp_path / "all.txt").write_text("*.txt\n")
    for name in ("one.txt", "all.txt"):
        with pytest.raises(UserError, match="names itself; delete that line"):
            list_inputs([str(tmp_path / name)])


def test_a_damaged_list_has_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text('source,person\na.mp4,"Ann\n' + "b.mp4,Bob\n" * 20_000)
    with pytest.raises(UserError, match="is damaged after line 1 "):
        list_inputs([str(tmp_path / "list.csv")])


def test_a_camera_is_no_archive() -> None:
    with pytest.raises(UserError, match="camera"):
        list_inputs(["0"])


def test_a_zip(folder: Path) -> None:
    found = list_inputs([f"zip://**::{folder}/all.zip"])
    assert [(one.kind, one.size) for one in found] == [
        (Kind.VIDEO, (folder / "x" / "a.mp4").stat().st_size),
        (Kind.PHOTO, (folder / "y" / "c.png").stat().st_size),
    ]
    with fetched(found[1]) as path:
        assert path.read_bytes() == (folder / "y" / "c.png").read_bytes()


def test_cuts_are_at_key_frames(tmp_path: Path) -> None:
    video = clip(tmp_path / "a.mp4", n=100, key_frames=12)
    assert cut_points(video, 1.0) == pytest.approx((1.2, 2.4))
    assert cut_points(video, 60.0) == ()
    data = video.read_bytes()
    video.write_bytes(data[:-200])
    assert cut_points(video, 1.0) == ()
