"""Py-Feat's own readers of tables open ours. The package wants a gigabyte of others: only the readers' file runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from zipfile import ZipFile

import pandas as pd
import pytest
from exports import exported

from expnet_live.sessions.reading.session import Session

RELEASE = "py-feat==2.1.5"
STRANGERS = ("torchvision", "torchvision.datasets", "torchvision.datasets.utils", "torchvision.io",
             "torchvision.transforms", "torchvision.transforms.functional", "torchcodec", "torchcodec.decoders",
             "feat.multitask")  # fmt: skip


class Fex(pd.DataFrame):
    """A table with the columns that Py-Feat looks for in it."""

    def __init__(self, table: pd.DataFrame, **groups: Any) -> None:
        super().__init__(table)
        self.attrs = groups

    def group(self, name: str) -> pd.DataFrame:
        return self[self.attrs[f"{name}_columns"]]


def nothing(name: str) -> list[str]:
    """Of another package: nothing that a reader of tables needs."""
    if name.startswith("__"):
        raise AttributeError(name)
    return []


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check"]
    command += ["--retries", "0", "--timeout", "20", "-d"]
    try:
        subprocess.run([*command, str(tmp_path), RELEASE], check=True, capture_output=True, timeout=180)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip(f"pip cannot fetch {RELEASE}")
    (wheel,) = tmp_path.glob("*.whl")
    feat = ModuleType("feat")
    monkeypatch.setattr(feat, "Fex", Fex, raising=False)
    monkeypatch.setitem(sys.modules, "feat", feat)
    for name in STRANGERS:
        module = ModuleType(name)
        monkeypatch.setattr(module, "__getattr__", nothing, raising=False)
        monkeypatch.setitem(sys.modules, name, module)
    with ZipFile(wheel) as files:
        for name, file in (("feat.utils", "feat/utils/__init__.py"), ("feat.utils.io", "feat/utils/io.py")):
            module = ModuleType(name)
            monkeypatch.setitem(sys.modules, name, module)
            exec(compile(files.read(file), file, "exec"), module.__dict__)
    return module


def test_its_own_table(reader: ModuleType, demo_session: Session, tmp_path: Path) -> None:
    path = exported(demo_session, tmp_path, "pyfeat")
    fex, plain = reader.read_feat(str(path)), pd.read_csv(path)
    for name, count in (("au", 20), ("facebox", 5), ("facepose", 6), ("time", 1)):
        group = fex.group(name)
        assert group.shape == (len(plain), count)
        pd.testing.assert_frame_equal(pd.DataFrame(group), plain[list(group)])
    assert fex.attrs["detector"] == "Feat" and fex["Z"].min() > 0 and fex["AU12"].max() > 0


def test_that_of_open_face(reader: ModuleType, demo_session: Session, tmp_path: Path) -> None:
    fex = reader.read_openface(str(exported(demo_session, tmp_path, "openface")))
    for name, least in (("au", 17), ("facepose", 6), ("gaze", 6), ("time", 1)):
        group = fex.group(name)
        assert len(group.columns) >= least and group[demo_session.rows.face >= 0].notna().any().all(), name
