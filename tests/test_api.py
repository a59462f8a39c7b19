"""The public names: each is documented with an example that runs, and docs/api.md has them all."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archives import clip

import expnet_live
from expnet_live import (
    ExportOptions,
    FaceModel,
    Person,
    Pipeline,
    Session,
    Settings,
    SourceSpec,
    UserError,
    export,
    list_sessions,
    open_source,
    record,
)
from expnet_live.outputs.export.pose import PoseMode

NAMES = sorted(set(expnet_live.__all__) - {"__version__"})
VALUES = {"ARKIT", "FORMATS", "HEADS", "MODELS", "OUTPUTS", "SOURCES"}  # their pages in docs/api.md say what they are


def test_some_twenty_names_are_there() -> None:
    assert 18 <= len(NAMES) <= 28
    for name in NAMES:
        assert getattr(expnet_live, name) is not None
    with pytest.raises(AttributeError, match="Pipelin"):
        expnet_live.Pipelin  # noqa: B018


@pytest.mark.parametrize("name", sorted(set(NAMES) - VALUES))
def test_examples_run(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "data"))
    thing: Callable[..., Any] = getattr(expnet_live, name)
    module = inspect.getmodule(thing)
    assert module is not None
    names = {**vars(module), **{n: getattr(expnet_live, n) for n in NAMES}, "getfixture": request.getfixturevalue}
    test = doctest.DocTestParser().get_doctest(inspect.getdoc(thing) or "", names, name, module.__file__, 0)
    assert test.examples, f"{name} has no example"
    report: list[str] = []
    failed, _ = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=report.append)
    assert not failed, "".join(report)


def test_a_script_may_give_texts_for_paths(demo_session: Session, tmp_path: Path) -> None:
    done = export(demo_session, ExportOptions("csv", str(tmp_path / "x.csv")))  # type: ignore[arg-type]
    assert done.path == tmp_path / "x.csv" and done.path.is_file()
    assert [entry.folder for entry in list_sessions(str(demo_session.folder.parent))] == [demo_session.folder]
    info = record("demo", str(tmp_path / "take"), Settings(device="cpu"), Person(), duration=0.2)
    assert info.complete


def test_a_script_may_give_a_path_for_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that a text would not mean: the clip called demo is a file here, half the size of the other one."""
    clip(tmp_path / "x.mp4").rename(tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    infos = [
        record(source, tmp_path / str(i), Settings(device="cpu"), Person(), duration=0.2)
        for i, source in enumerate(("demo", Path("demo")))
    ]
    assert infos[0].width == 2 * infos[1].width > 0


def test_a_script_may_give_texts_for_choices(demo_session: Session, tmp_path: Path) -> None:
    """Of the pose, "full" moves the head as the camera saw it, as PoseMode.FULL does."""
    sizes = []
    for pose in ("full", PoseMode.FULL):
        path = tmp_path / f"{type(pose).__name__}.bvh"
        export(demo_session, ExportOptions("bvh-head", path, pose=pose))  # type: ignore[arg-type]
        sizes.append(path.read_bytes())
    assert sizes[0] == sizes[1]


def test_a_scripts_mistakes_have_a_sentence(pipeline: Pipeline, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fps must be a number above 0"):
        ExportOptions("csv", Path("x.csv"), fps=0)
    for wrong, said in (
        ({"fps": "30"}, "fps must be a number above 0, not 30"),
        ({"start": float("nan")}, "start must be a number of seconds, not nan"),
        ({"pose": "zz"}, "pose must be one of none, rotation, full, not zz"),
        ({"style": "zz"}, "style must be one of contours, mesh, solid, not zz"),
        ({"correctives": -1}, "correctives must be a whole number of at least 0, not -1"),
    ):
        with pytest.raises(ValueError, match=said):
            ExportOptions("glb", Path("x.glb"), **wrong)
    for duration in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="duration must be a number of seconds above 0"):
            record(SourceSpec.demo(), tmp_path / "take", Settings(), Person(), duration=duration)
    assert not (tmp_path / "take").exists()
    with open_source("demo") as source:
        frame, *_ = source
        with pytest.raises(UserError, match="has been read to its end already; open it again"):
            next(iter(source))
    with pytest.raises(ValueError, match="A frame needs its time in s, not nan"):
        pipeline.process(replace(frame, timestamp=float("nan")))
    with pytest.raises(ValueError, match="A frame needs its time in s, not None"):
        pipeline.process(replace(frame, timestamp=None))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"must be a Frame\(image, timestamp, index\), not a ndarray"):
        pipeline.process(frame.image)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="it is a str, not an array; check the path"):
        pipeline.photo("photo.jpg")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="it is None, not an array; check the path"):
        pipeline.photo(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"max_faces must be a whole number of at least 1, not 2.5"):
        Pipeline.load(device="cpu", max_faces=2.5)  # type: ignore[arg-type]


def test_a_name_that_is_none_gets_the_names() -> None:
    with pytest.raises(KeyError, match=r"jawopen: the face model has .*jawOpen"):
        FaceModel.load().expression_of(jawopen=1.0)


def test_pictures_may_come_from_a_generator(pipeline: Pipeline) -> None:
    with open_source("demo") as source:
        image = next(iter(source)).image
    (one,), (other,) = pipeline.photos(image for _ in range(2))
    assert one["jawOpen"] == other["jawOpen"] == pipeline.photo(image)[0]["jawOpen"]


def test_names_are_listed_for_completion() -> None:
    assert set(NAMES) <= set(dir(expnet_live))


def test_numbers_of_numpy_are_cameras() -> None:
    with pytest.raises(UserError, match="Camera 99 cannot be opened"):
        open_source(np.int64(99))
