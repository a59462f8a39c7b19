"""mediapipe's Face Mesh, where its network is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.version import Version
from places import SHARED

from expnet_live.pipeline.face_mesh import FILE, FaceMesh, landmarker_file

TEACHER = SHARED / "data/teacher/face_landmarker_v2_with_blendshapes.task"


def carries_networks() -> bool:
    """Whether the installed mediapipe has networks of its own, as up to 0.10.21."""
    return find_spec("mediapipe") is not None and Version(version("mediapipe")) <= Version("0.10.21")


needs_detector = pytest.mark.skipif(
    not carries_networks(), reason="only mediapipe up to 0.10.21 carries its face detector"
)


@contextmanager
def landmarker() -> Iterator[None]:
    """In this context the landmark fit has its network, also in processes that start in it.

    It is mediapipe's own (up to 0.10.21), the user's, or the one beside the repository; without
    any, the test is skipped.
    """
    if not find_spec("mediapipe"):
        pytest.skip("mediapipe is not installed")
    if carries_networks() or landmarker_file().is_file():
        yield
        return
    if not TEACHER.is_file():
        pytest.skip(f"mediapipe carries no network, and {FILE} is neither the user's nor beside the repository")
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        shutil.copy(TEACHER, Path(folder) / FILE)
        patch.setenv("EXPNET_LIVE_DATA", folder)
        yield


def face_mesh() -> FaceMesh:
    """The Face Mesh; where its network is missing, the test is skipped."""
    with landmarker():
        return FaceMesh()
