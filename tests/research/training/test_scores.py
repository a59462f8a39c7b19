"""`train scores` and a teacher in `train landmarks`: what MediaPipe's Face Landmarker says of drawn people."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from album import Album
from media import number, write_numbered
from mesh import landmarker
from places import SHARED

from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.arkit import ARKIT, INDEX
from expnet_live.core.errors import SourceError, UserError
from expnet_live.core.paths import asset
from expnet_live.core.types import Array
from expnet_live.research.training.actions.collect import ClipFrames, Part, missing_parts, numbers_in, pictures_of
from expnet_live.research.training.actions.shelf import Labelled, Shelf, save_part
from expnet_live.research.training.landmarks import LandmarkSet
from expnet_live.research.training.photos import PhotoRef

TEACHER = SHARED / "data/teacher/face_landmarker_v2_with_blendshapes.task"
needs_teacher = pytest.mark.skipif(not TEACHER.is_file(), reason=f"there is no {TEACHER}")


@pytest.fixture
def few(album: Album, tmp_path: Path) -> Path:
    """A few of the drawn pictures."""
    folder = tmp_path / "few"
    folder.mkdir()
    for path in sorted(album.photos.glob("*.png"))[:12]:
        shutil.copy(path, folder)
    return folder


def _photos(collection: str, *names: str) -> list[PhotoRef]:
    return [PhotoRef(collection, name, Path(collection) / name) for name in names]


def _missing(photos: list[PhotoRef], out: Path, clips: tuple[str, ...] = ()) -> list[Part]:
    return missing_parts(photos, [Path(c) for c in clips], 3, out, TEACHER)


def _keys(parts: list[Part]) -> list[str]:
    return [key for part in parts for key in part.keys]


def _labelled(key: str) -> Labelled:
    def zeros(*shape: int) -> Array:
        return np.zeros(shape, np.float32)

    return Labelled(
        key, np.zeros((208, 208, 3), np.uint8), zeros(52), zeros(52), zeros(468, 2), 0.0, zeros(3), 1.0, zeros(2),
        zeros(29), zeros(50), zeros(2, 2),
    )  # fmt: skip


def test_what_is_named_first_is_scored_first(tmp_path: Path) -> None:
    parts = _missing(_photos("z", "2", "1") + _photos("a", "3"), tmp_path, ("films/q.mp4", "clips/b.mp4"))
    assert [p.chunk.path.stem for p in parts if isinstance(p.chunk, ClipFrames)] == ["q", "b"]
    assert _keys(parts) == ["z/2", "z/1", "a/3"]
    assert list(numbers_in(parts).items()) == [
        ("clips of films", 1), ("clips of clips", 1), ("photos of z", 2), ("photos of a", 1)
    ]  # fmt: skip


def test_a_photo_is_scored_once_whatever_part_it_is_in(tmp_path: Path) -> None:
    some = _photos("z", *(f"{i:03d}" for i in range(250)))
    first, second = _missing(some, tmp_path)
    save_part(tmp_path, first.name, [_labelled(k) for k in first.keys[5:]], first.keys)  # five photos show no face
    # With other photos before them and in another order, the rest and the new ones alone are missing.
    more = _photos("a", "x", "y") + some[::-1]
    assert _keys(_missing(more, tmp_path)) == ["a/x", "a/y", *second.keys[::-1]]
    assert first.name not in {p.name for p in _missing(more, tmp_path)}
    save_part(tmp_path, second.name, [], second.keys)
    assert not _missing(some, tmp_path)


def test_parts_of_earlier_versions_keep_their_photos(tmp_path: Path) -> None:
    """They were numbered, and do not say in which photos they found no face."""
    save_part(tmp_path, "photos-00000", [_labelled("a/1"), _labelled("a/3")])
    assert _keys(_missing(_photos("b", "1") + _photos("a", "1", "2", "3"), tmp_path)) == ["b/1", "a/2"]


def test_inputs_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="2 inputs are called z/1;"):
        _missing(_photos("z", "1") * 2, tmp_path)
    with pytest.raises(UserError, match="2 inputs are called q;"):
        _missing([], tmp_path, ("films/q.mp4", "clips/q.mp4"))


def test_frames_of_clips_are_those_that_the_pipeline_sees(tmp_path: Path) -> None:
    """Of a clip with frames of other lengths that its camera has turned and mirrored, and whose end is cut off."""
    # Ticks of 1/30 s: a frame that stays for half a second, and one that is shown twice as long.
    stamps = {n: n + 15 * (n > 20) + (n > 40) for n in range(60)}
    path = write_numbered(tmp_path / "turned.mp4", n=60, stamps=stamps)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"tkhd") + 44  # the track header's matrix, as phones set it
    data[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, 1 << 16, 0, 0, 0, 0, 1 << 30)  # transposed
    path.write_bytes(data)
    with open_source(str(path)) as source:
        seen = {f"turned/{frame.index}": frame.image for frame in source}
    chosen = dict(pictures_of(ClipFrames(path, 7)))
    assert [number(cv2.transpose(image)) for image in chosen.values()] == list(range(0, 60, 7))
    assert list(chosen) == [f"turned/{n}" for n in range(0, 60, 7)]
    assert all(np.array_equal(image, seen[key]) for key, image in chosen.items())


def test_what_a_damaged_clip_holds_is_read(tmp_path: Path) -> None:
    whole = write_numbered(tmp_path / "whole.mkv", n=60).read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    found: list[int] = []
    with pytest.raises(SourceError, match=r"cut\.mkv"):
        found.extend(number(image) for _, image in pictures_of(ClipFrames(path, 4)))
    assert len(found) > 2 and found == list(range(0, 4 * len(found), 4))


def test_what_are_no_photos_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.tar").write_bytes(b"nothing")
    (tmp_path / "words.txt").write_text("nothing")
    for name in ("broken.tar", "words.txt", "nowhere"):
        assert main(["train", "scores", str(tmp_path / name), "--teacher", "t", "--out", str(tmp_path / "out")]) == 2
        assert name in (said := capsys.readouterr().err) and len(said.splitlines()) == 1


def test_folders_of_clips_that_are_not_there_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--teacher", str(tmp_path / "t.task"), "--out", str(tmp_path / "out")]
    assert main(["train", "scores", "--clips", str(tmp_path / "no"), *files]) == 2
    assert f"There is no folder {tmp_path / 'no'}; choose a folder of videos" in capsys.readouterr().err
    assert main(["train", "scores", "--clips", str(tmp_path), *files]) == 2
    assert "There is nothing to score; name photos" in capsys.readouterr().err


@pytest.mark.parametrize("step", ["scores", "landmarks"])
def test_what_is_no_teacher_is_refused(
    step: str, few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = {"scores": ["--out", str(tmp_path / "out")], "landmarks": ["--landmarks", str(tmp_path / "out.npz")]}
    (tmp_path / "no.task").write_bytes(b"nothing")
    for name in ("no.task", "nowhere.task"):
        assert main(["train", step, str(few), *out[step], "--teacher", str(tmp_path / name), "--jobs", "1"]) == 2
        assert f"{name} is not a Face Landmarker" in capsys.readouterr().err
    assert {p.name for p in tmp_path.iterdir()} == {"few", "no.task"}


@needs_teacher
def test_photos_and_clips_are_scored_once(few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clips, out = tmp_path / "clips", tmp_path / "scores"
    clips.mkdir()
    shutil.copy(asset("demo.mp4"), clips)
    known = ["--clips", str(clips), "--step", "24", "--teacher", str(TEACHER), "--out", str(out), "--jobs", "1"]
    assert main(["train", "scores", str(few), *known]) == 0
    shelf = Shelf([out])
    first, last = capsys.readouterr().out.splitlines()
    assert first == f"to score, in this order: clips of clips (1), photos of few (12); 0 inputs are in {out} already"
    assert last == f"{len(shelf)} more pictures are in {out}"
    assert set(shelf.collection) == {"few", "demo"} and (shelf.collection == "demo").sum() == 10
    assert (shelf.collection == "few").sum() >= 11
    both = (shelf.scores + shelf.mirrored) / 2
    known_to_it = np.isfinite(both).all(0)
    assert {n for n, known in zip(ARKIT, known_to_it, strict=True) if not known} <= {"tongueOut"}
    # The jaw falls far in the demo clip, at 2.7 s.
    jaw = dict(zip(shelf.key, both[:, INDEX["jawOpen"]], strict=True))
    assert max(jaw, key=lambda k: jaw[k]) in ("demo/72", "demo/96") and max(jaw.values()) > 0.3
    assert main(["train", "scores", str(few), *known]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first == f"to score, in this order: nothing; 13 inputs are in {out} already"
    assert last == f"0 more pictures are in {out}"


@needs_teacher
def test_a_clip_that_cannot_be_read_is_told_and_stays_missing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    out = tmp_path / "scores"
    known = ["--clips", str(tmp_path), "--teacher", str(TEACHER), "--out", str(out), "--jobs", "1"]
    assert main(["train", "scores", *known]) == 0
    said = capfd.readouterr()
    assert "broken.mp4 is damaged or not a video; try to play it" in said.err
    assert said.out.endswith(f"0 more pictures are in {out}\n") and not list(out.glob("*.npz"))


@needs_teacher
def test_a_teacher_names_the_scores_of_landmarks(few: Path, tmp_path: Path) -> None:
    out = tmp_path / "landmarks.npz"
    command = ["train", "landmarks", str(few), "--landmarks", str(out), "--teacher", str(TEACHER), "--jobs", "1"]
    with landmarker():
        assert main(command) == 0
    found = LandmarkSet.load(out)
    assert len(found.score_names) == 52 and {"jawOpen", "mouthSmileLeft"} <= set(found.score_names)
    assert np.isfinite(found.scores).all() and found.scores.min() >= 0 and found.scores.max() <= 1
