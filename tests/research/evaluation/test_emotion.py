"""The emotion test: its data sets' layouts, its nearest neighbours, and the whole command on rendered heads."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from mesh import TEACHER, landmarker
from places import SHARED

from expnet_live.capture.sources import open_source
from expnet_live.cli import main
from expnet_live.core.errors import UserError
from expnet_live.core.paths import assets_dir
from expnet_live.core.types import Image
from expnet_live.research.evaluation.emotion.data import CK_EMOTIONS, load_samples
from expnet_live.research.evaluation.emotion.knn import (
    Outcome,
    bootstrap,
    classify,
    classify_balanced,
    interval,
    standardized,
)

needs_assets = pytest.mark.skipif(
    not all((assets_dir() / name).is_file() for name in ("expnet.safetensors", "face_model.npz", "demo.mp4")),
    reason="face model, weights and demo clip are not built yet",
)
PEOPLE = 3
MUXSPACE = SHARED / "data/faces/muxspace.tar"


@pytest.fixture(scope="module")
def pictures() -> dict[str, list[Image]]:
    """PEOPLE moments of the demo clip each in which the head is at rest, smiles and is surprised, as if of several."""
    frames = [f.image for f in open_source("demo")]
    moments = {"neutral": (0, 21, 237), "happiness": (38, 46, 56), "surprise": (82, 87, 92)}
    return {emotion: [frames[i] for i in numbers] for emotion, numbers in moments.items()}


@pytest.fixture(scope="module")
def ckplus(pictures: dict[str, list[Image]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layout of CK+: three frames to a peak, the label beside in a tree of its own, some without one."""
    root = tmp_path_factory.mktemp("ck")
    for person in range(PEOPLE):
        for number, emotion in enumerate(("happiness", "surprise"), start=1):
            part = Path(f"S{person:03}", f"{number:03}")
            stem = "_".join(part.parts)
            rest, peak = pictures["neutral"][person], pictures[emotion][person]
            frames = [rest, cv2.addWeighted(rest, 0.5, peak, 0.5, 0), peak]
            for i, image in enumerate(frames, start=1):
                _write(root / "cohn-kanade-images" / part / f"{stem}_{i:08}.png", image)
            (root / "cohn-kanade-images" / part / ".DS_Store").write_bytes(b"\0")
            label = root / "Emotion" / part / f"{stem}_{len(frames):08}_emotion.txt"
            label.parent.mkdir(parents=True)
            label.write_text(f"   {CK_EMOTIONS.index(emotion)}.0000000e+00\n")
        unlabelled = Path(f"S{person:03}", "003")
        _write(root / "cohn-kanade-images" / unlabelled / f"S{person:03}_003_00000001.png", pictures["neutral"][person])
        (root / "Emotion" / unlabelled).mkdir()
    return root


def _write(path: Path, image: Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)


def _clip(path: Path, images: list[Image]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    h, w = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (w, h))
    for image in images:
        writer.write(image)
    writer.release()


@needs_assets
def test_ckplus_gives_peaks_and_first_frames(ckplus: Path) -> None:
    samples = load_samples("ckplus", ckplus)
    assert [s.emotion for s in samples].count("neutral") == 2 * PEOPLE
    peaks = [s for s in samples if s.emotion == "surprise"]
    assert len(peaks) == PEOPLE and all(str(s.path).endswith("_002_00000003.png") for s in peaks)
    assert {s.subject for s in samples} == {f"S{i:03}" for i in range(PEOPLE)}
    assert load_samples("ckplus", ckplus.parent) == samples  # archives unpack into a folder of their own


@needs_assets
def test_the_whole_test_on_ckplus(ckplus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report"
    command = ["evaluate", "emotion", "--dataset", "ckplus", "--root", str(ckplus), "--scales", "1", "0.4"]
    command += ["--features", "expnet,expnet-one-look,expnet-actions,expnet-both,landmark-fit"]
    with landmarker():
        assert main([*command, "--neighbours", "3", "--device", "cpu", "--out", str(out)]) == 0
    assert {p.name for p in out.iterdir()} == {
        "report.md", "report.json", "accuracy.png", "accuracy.svg", "confusion.png", "confusion.svg",
    }  # fmt: skip
    report = json.loads((out / "report.json").read_text())
    assert report["photos"] == {"neutral": 2 * PEOPLE, "happiness": PEOPLE, "surprise": PEOPLE}
    for scale in ("1.0", "0.4"):
        for title in ("ExpNet", "ExpNet, one look", "ExpNet, coefficients and actions", "landmark fit"):
            figures = report["scales"][scale][title]
            low, high = figures["accuracy, 95 %"]
            assert low <= figures["accuracy"] <= high
            assert figures["mean recall"] > 0.8, (scale, title)  # rendered faces are easy
            assert np.allclose(np.sum(figures["confusion"], axis=1), 1, atol=1e-3)
    text = (out / "report.md").read_text()
    assert "reconstruction" in text and "| happiness | " in text
    assert cv2.imread(str(out / "accuracy.png")).std() > 5
    assert "scale 0.4 : ExpNet" in capsys.readouterr().out


@needs_assets
def test_afew_clips_are_pooled_and_val_is_tested_with_train(pictures: dict[str, list[Image]], tmp_path: Path) -> None:
    names = {"neutral": "Neutral", "happiness": "Happy", "surprise": "Surprise"}
    for emotion, folder in names.items():
        for person, image in enumerate(pictures[emotion]):
            part = "Train_AFEW" if person < PEOPLE - 1 else "Val_AFEW"
            _clip(tmp_path / "AFEW" / part / folder / f"00014{person}240.avi", [image] * 20)
    samples = load_samples("afew", tmp_path)
    assert [s.reference for s in samples].count(True) == 3 * (PEOPLE - 1)
    assert len(samples[0].frames(6)) == 6 and len(samples[0].frames(50)) == 20
    (tmp_path / "AFEW/Val_AFEW/Happy/broken.avi").write_bytes(b"RIFF")
    out = tmp_path / "afew.json"
    command = ["evaluate", "emotion", "--dataset", "afew", "--root", str(tmp_path), "--features", "expnet"]
    command += ["--scales", "0.5", "--frames", "3", "--neighbours", "2", "--device", "cpu", "--json", str(out)]
    assert main(command) == 0
    report = json.loads(out.read_text())
    assert report["unreadable"] == 1 and "neighbours from Train" in report["protocol"]
    assert report["scales"]["0.5"]["ExpNet"]["accuracy"] == 1


@needs_assets
def test_folders_and_a_csv(pictures: dict[str, list[Image]], tmp_path: Path) -> None:
    rows = ["file,subject,emotion"]
    for emotion, images in pictures.items():
        for person, image in enumerate(images):
            _write(tmp_path / "folder" / emotion / f"p{person}" / "photo.jpg", image)
            rows.append(f"folder/{emotion}/p{person}/photo.jpg,p{person},{emotion}")
    _write(tmp_path / "folder/Surprise/alone.png", pictures["surprise"][0])
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(rows) + "\n")
    folder, listed = load_samples("folder", tmp_path / "folder"), load_samples("csv", tmp_path)
    assert len(folder) == 3 * PEOPLE + 1 and len(listed) == 3 * PEOPLE
    assert load_samples("csv", table) == listed
    assert [s for s in folder if s.subject.startswith("p")] == listed
    assert next(s for s in folder if not s.subject.startswith("p")).emotion == "surprise"


def test_what_is_missing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("file,emotion\nx.jpg,neutral\n")
    for dataset, words in (("ckplus", "cohn-kanade-images"), ("afew", "Train_AFEW"), ("csv", "subject")):
        with pytest.raises(UserError, match=words):
            load_samples(dataset, tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        load_samples("folder", tmp_path / "nowhere")
    with pytest.raises(UserError, match="no labelled"):
        load_samples("folder", tmp_path)
    assert main(["evaluate", "emotion"]) == 2
    assert "--dataset" in capsys.readouterr().err
    root = ["evaluate", "emotion", "--dataset", "folder", "--root", str(tmp_path), "--features"]
    assert main([*root, "mediapipe-blendshapes"]) == 2
    assert "--teacher" in capsys.readouterr().err
    assert main([*root, "mediapipe-blendshapes", "--teacher", str(tmp_path / "a.csv")]) == 2
    assert "Face Landmarker" in capsys.readouterr().err


@needs_assets
@pytest.mark.skipif(not TEACHER.is_file(), reason="MediaPipe's Face Landmarker file is not beside the repository")
def test_blendshapes_of_a_teacher(ckplus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    command = ["evaluate", "emotion", "--dataset", "ckplus", "--root", str(ckplus), "--scales", "1"]
    command += ["--features", "mediapipe-blendshapes", "--teacher", str(TEACHER), "--neighbours", "2"]
    assert main([*command, "--device", "cpu", "--json", str(out)]) == 0
    assert json.loads(out.read_text())["scales"]["1.0"]["MediaPipe blendshapes"]["mean recall"] > 0.6


@needs_assets
@pytest.mark.skipif(not MUXSPACE.is_file(), reason="the photo collections are not beside the repository")
def test_real_photos_in_the_layout_of_ckplus(tmp_path: Path) -> None:
    import csv
    import tarfile

    with MUXSPACE.with_suffix(".csv").open(newline="") as f:
        rows = [r for r in csv.DictReader(f) if r["emotion"] in ("happiness", "surprise")]
    rows = [r for e in ("happiness", "surprise") for r in [r for r in rows if r["emotion"] == e][:12]]
    with tarfile.open(MUXSPACE) as archive:
        for i, row in enumerate(rows):
            part = Path(f"S{i:03}", "001")
            path = tmp_path / "cohn-kanade-images" / part / f"S{i:03}_001_00000001.png"
            file = archive.extractfile(row["file"])
            assert file is not None
            _write(path, cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR))
            label = tmp_path / "Emotion" / part / f"{path.stem}_emotion.txt"
            label.parent.mkdir(parents=True)
            label.write_text(f"   {CK_EMOTIONS.index(row['emotion'])}.0000000e+00")
    out = tmp_path / "out.json"
    command = ["evaluate", "emotion", "--dataset", "ckplus", "--root", str(tmp_path), "--scales", "1"]
    assert main([*command, "--features", "expnet", "--device", "cpu", "--json", str(out)]) == 0
    assert json.loads(out.read_text())["scales"]["1.0"]["ExpNet"]["accuracy"] > 0.7


def test_neighbours_are_of_other_subjects() -> None:
    # Each subject's photos are adjacent and show one emotion: with them as neighbours it is found, otherwise guessed.
    rng = np.random.default_rng(0)
    subject = np.repeat(np.arange(40), 6)
    label = subject % 2
    near = rng.normal(size=(40, 8))[subject] + rng.normal(0, 0.01, (240, 8))
    assert classify(near, label, np.arange(240)).accuracy == 1
    assert classify(near, label, subject).accuracy < 0.7
    emotion = np.where(label[:, None] == 1, 3.0, -3.0) + rng.normal(size=(240, 8))
    assert classify(emotion, label, subject).accuracy > 0.95


def test_a_given_split_asks_the_one_part_with_the_other() -> None:
    x = np.array([[0.0], [0.2], [1.0], [1.2], [0.1], [1.1]])
    label, reference = np.array([0, 0, 1, 1, 1, 1]), np.array([1, 1, 1, 1, 0, 0], bool)
    told = classify(x, label, np.arange(6), reference=reference, k=2)
    assert told.asked.tolist() == [False] * 4 + [True] * 2
    assert told.accuracy == 0.5 and told.hits[4] == 0 and told.hits[5] == 1


def test_samples_that_are_tested_do_not_set_the_scale_of_a_given_split() -> None:
    """One that is far out in a column without meaning would else take its weight from all neighbours."""
    x = np.array([[0.0, 0.0], [0.1, 1.0], [1.0, 0.0], [1.1, 1.0], [0.05, 0.2], [0.6, 9000.0]])
    label, reference = np.array([0, 0, 1, 1, 0, 1]), np.array([1, 1, 1, 1, 0, 0], bool)
    known = standardized(x, reference)[reference]
    np.testing.assert_allclose([known.mean(0), known.std(0)], [[0, 0], [1, 1]], atol=1e-12)
    one, two = (classify(x[rows], label[rows], np.arange(len(rows)), reference=reference[rows], k=1)
                for rows in (np.arange(6), np.arange(5)))  # fmt: skip
    assert one.votes[4].tolist() == two.votes[4].tolist(), "who is tested beside it does not matter"


def test_balanced_draws_ask_each_class_alike() -> None:
    rng = np.random.default_rng(2)
    label = np.repeat([0, 1, 2], [200, 40, 10])
    noise = rng.normal(size=(250, 5))
    chance = classify_balanced(noise, label, np.arange(250), 60)
    assert chance.accuracy == pytest.approx(1 / 3, abs=0.08)
    assert chance.recall == pytest.approx(chance.accuracy, abs=0.05)
    assert np.allclose(chance.confusion.sum(1), 1)


def test_the_interval_covers_what_subjects_vary_by() -> None:
    # Subjects classified all right or all wrong: the spread is that of a proportion of subjects, not of photos.
    label, subject = np.zeros(1000, int), np.repeat(np.arange(50), 20)
    right = (np.arange(50) < 30)[subject]
    votes = np.stack([right, ~right], 1).astype(float)
    accuracy, _ = bootstrap({"x": Outcome(votes, label, subject, np.empty(0))})["x"]
    low, high = interval(accuracy)
    spread = 1.96 * np.sqrt(0.6 * 0.4 / 50)
    assert low == pytest.approx(0.6 - spread, abs=0.03) and high == pytest.approx(0.6 + spread, abs=0.03)
