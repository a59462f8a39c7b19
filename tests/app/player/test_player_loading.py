"""Opening and closing sessions, even while they load."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from players import open_
from PySide6.QtCore import Qt, QTimer
from seen import LONG
from session_files import write_session

from expnet_live.app import texts
from expnet_live.app.player.replay import Replay
from expnet_live.core.errors import UserError
from expnet_live.sessions.reading.session import Session

if TYPE_CHECKING:
    from expnet_live.app.player.player_view import PlayerView


def test_closing_while_a_long_session_is_read(qtbot: Any, player: PlayerView, copy: Path) -> None:
    table = copy / "coefficients.csv"
    names, *rows = table.read_text().splitlines()
    cells = rows[0].split(",")
    table.write_text(names + "\n" + "".join(f"{i},,{i / 30},{','.join(cells[3:])}\n" for i in range(30_000)))
    player.open_session(copy)
    nothing, whole = (texts.PLAYER_LOADING.format(share=share) for share in (0.0, 1.0))
    beginning = nothing.partition("0")[0]

    def under_way() -> bool:
        return player.message.text().startswith(beginning) and player.message.text() not in (nothing, whole)

    qtbot.waitUntil(under_way, timeout=LONG)
    [loader] = [t for t in threading.enumerate() if t.name == "loading of a session"]
    begun = time.monotonic()
    player.close_session()
    assert time.monotonic() - begun < 2 and not loader.is_alive()
    assert player.message.text() == texts.PLAYER_NONE


def test_a_stopped_loader_reads_no_further(tmp_path: Path) -> None:
    """Loading stops before it reaches the error in the last row."""
    write_session(tmp_path, n=1200)
    path = tmp_path / "coefficients.csv"
    header, *rows = path.read_bytes().splitlines(keepends=True)
    rows *= 1 + (12 << 20) // sum(map(len, rows))  # more than is read between two progress reports
    path.write_bytes(b"".join([header, *rows, b"damaged\n"]))
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Replay.load(tmp_path, stop)
    (start, total), (later, _) = told
    assert start == 0 < later < total
    with pytest.raises(UserError, match=f"damaged at line {len(rows) + 2}"):
        Replay.load(tmp_path, lambda *_: None)


def test_closing_while_it_loads_leaves_nothing(qtbot: Any, player: PlayerView, copy: Path) -> None:
    player.open_session(copy)
    begun = time.monotonic()
    player.close()  # the fixture that watches for threads and timers fails otherwise
    assert time.monotonic() - begun < 2.5


def test_one_session_after_the_other(qtbot: Any, opened: PlayerView, demo_session: Session) -> None:
    opened.deck.set_range((1.0, 2.0))
    open_(qtbot, opened, demo_session.folder)
    assert opened.folder == demo_session.folder and opened.range is None and opened.plot.markers == ()
    timers = opened.findChildren(QTimer, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert any(t.isActive() for t in timers)
    opened.close_session()
    assert opened.folder is None and opened.message.isVisible() and not any(t.isActive() for t in timers)
