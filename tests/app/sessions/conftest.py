"""A sessions window, whose trash and exports are in a place of their own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from expnet_live.app.main_window.window import MainWindow
from expnet_live.app.sessions_window.window import SessionsWindow
from expnet_live.capture.sources import open_spec
from expnet_live.capture.spec import SourceSpec


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a trash and exports of its own."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    other = pytest.importorskip("send2trash.plat_other", reason="the trash of freedesktop.org")
    monkeypatch.setattr(other, "XDG_DATA_HOME", os.fsencode(home))
    monkeypatch.setattr(other, "HOMETRASH_B", os.fsencode(home / "Trash"))
    return home


@pytest.fixture
def main(open_window: Callable[..., MainWindow]) -> MainWindow:
    return open_window(SourceSpec.demo(), open_=open_spec)


@pytest.fixture
def sessions(main: MainWindow) -> SessionsWindow:
    main.actions_["library"].trigger()
    assert main.commands.sessions is not None
    return main.commands.sessions
