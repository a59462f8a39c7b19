"""A player on the demo session."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from players import MARKS, open_
from seen import LONG
from session_files import picture

from expnet_live.app.theme import DARK
from expnet_live.sessions.format import markers
from expnet_live.sessions.format.folder import MARKERS, VIDEO
from expnet_live.sessions.reading.session import Session
from expnet_live.video.writer import CRASH_SAFE, VideoWriter

if TYPE_CHECKING:
    from expnet_live.app.player.player_view import PlayerView


@pytest.fixture
def copy(tmp_path: Path, demo_session: Session) -> Path:
    """The demo session, whose pictures show their numbers, with two markers."""
    folder = tmp_path / "session"
    shutil.copytree(demo_session.folder, folder)
    info, rows = demo_session.info, demo_session.rows
    video = VideoWriter(folder / VIDEO, 10.0, CRASH_SAFE)
    for number, moment in zip(rows.video_frame, rows.time, strict=True):
        video.write(picture(int(number), info.width, info.height), float(moment))
    video.close()
    (folder / MARKERS).write_bytes(markers.header_line() + b"".join(markers.marker_line(m) for m in MARKS))
    return folder


@pytest.fixture
def player(qtbot: Any, qapp: Any) -> Iterator[PlayerView]:
    from expnet_live.app.player.player_view import PlayerView

    view = PlayerView(DARK)
    view.resize(1000, 700)
    view.show()
    with qtbot.waitActive(view, timeout=LONG):
        view.activateWindow()
    view.setFocus()
    yield view
    view.close()
    view.deleteLater()


@pytest.fixture
def opened(qtbot: Any, player: PlayerView, copy: Path) -> PlayerView:
    open_(qtbot, player, copy)
    return player
