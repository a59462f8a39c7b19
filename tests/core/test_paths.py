"""Tests for expnet_live.core.paths."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from expnet_live.core.paths import data_folder, make_folder
from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have another place for data")


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The system's place for data, where there is nothing yet."""
    monkeypatch.delenv("EXPNET_LIVE_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return data_folder()


def test_data_of_a_user_are_for_nobody_else(usual: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        Profiles().save(Person("Ada"))
        make_folder(tmp_path / "elsewhere" / "sessions")
        monkeypatch.setenv("EXPNET_LIVE_DATA", str(tmp_path / "chosen"))
        make_folder(data_folder() / "sessions")
    finally:
        os.umask(before)
    assert usual.is_relative_to(tmp_path) and usual.stat().st_mode & 0o777 == 0o700
    assert list((usual / "profiles").iterdir())
    for open_ in (usual.parent, tmp_path / "elsewhere" / "sessions", tmp_path / "chosen"):
        assert open_.stat().st_mode & 0o777 == 0o755


def test_a_place_that_is_empty_is_none(usual: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPNET_LIVE_DATA", "")
    make_folder(data_folder() / "sessions")
    assert data_folder() == usual and usual.stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way_is_an_error(usual: Path) -> None:
    usual.parent.mkdir(parents=True, exist_ok=True)
    usual.write_text("", encoding="utf-8")
    with pytest.raises((FileExistsError, NotADirectoryError)):
        make_folder(usual / "sessions")
