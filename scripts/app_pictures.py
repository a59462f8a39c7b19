"""Takes the documentation's screenshots again, on the demo clip: app.webp, app_light.webp, app_painted.webp,
app_wireframe.webp and app_sessions.webp.

    .venv/bin/python scripts/app_pictures.py docs
    .venv/bin/python scripts/app_pictures.py docs app_sessions.webp

Without a screen it starts a virtual one (Xvfb). Run it on an idle computer: the pictures show frame rate and latency.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from expnet_live.app.launch import Launch, run_app  # noqa: E402
from expnet_live.cli.quiet import quiet_native  # noqa: E402

if TYPE_CHECKING:
    from expnet_live.app.main_window.window import MainWindow
    from expnet_live.live.capture_worker import Captured

MOMENT = 1.6  # s of the clip: a broad smile, the head slightly turned
# File, appearance, and the head's settings that differ from those of the first start.
PICTURES = (
    ("app.webp", "dark", {}),
    ("app_light.webp", "light", {}),
    ("app_painted.webp", "dark", {"painted": True}),
    ("app_wireframe.webp", "dark", {"wireframe": True, "overlay": "mesh"}),
)
_SEEN = 20.0  # s of the clip in the curves
SESSIONS = "app_sessions.webp"
# Title, notes, and whether without video, of each session to record; the last one is shown.
RECORDINGS = (
    ("Warm-up", "", False),
    ("Pilot without video", "Coefficients only", True),
    ("Smile study, take 2", "Broad smile after a neutral second.\nBrows stay at rest.", False),
)
_LENGTH, _AROUND = 8.5, 1.2  # s recorded, and of the loop before and after the broadest smile


def steps(window: MainWindow, folder: Path, wanted: set[str]) -> Iterator[bool]:
    """Yields whenever it wants to be called again; True when everything is done."""
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QCursor

    # No tool tip and no hovered bar.
    QCursor.setPos(window.mapToGlobal(QPoint(5, 5)))
    window.set_appearance("dark")
    while window.presenter.first_face is None:
        yield False

    def captured() -> Captured:
        assert window.controller.state is not None
        return window.controller.state.captured

    def position() -> float:
        return captured().position

    first = captured().frame.timestamp

    def time() -> float:
        return captured().frame.timestamp - first

    for name, appearance, looks in (p for p in PICTURES if p[0] in wanted):
        window.set_appearance(appearance)
        window.commands._choose(**{"painted": False, "wireframe": False, "overlay": "contours", **looks})
        # At this very moment, while the clip plays: a paused clip has no rates.
        before = MOMENT
        while not (time() > _SEEN and before < MOMENT <= position()):
            before = position()
            yield False
        window.grab().save(str(folder / name))
        print(folder / name)
    if SESSIONS in wanted:
        yield from sessions_steps(window, folder / SESSIONS)
    window.close()
    yield True


def sessions_steps(window: MainWindow, picture: Path) -> Iterator[bool]:
    """Record some sessions, and take a screenshot of the sessions window."""
    import numpy as np

    from expnet_live.sessions.catalog.catalog import rename, set_notes

    recording = window.controller.recording
    for title, notes, private in RECORDINGS:
        window.actions_["private"].setChecked(private)
        while not recording.ready:
            yield False
        window.actions_["record"].trigger()
        while recording.seconds < _LENGTH / 2:
            yield False
        recording.mark()
        while recording.seconds < _LENGTH:
            yield False
        window.actions_["record"].trigger()
        while recording.recorder is not None:
            yield False
        assert recording.last is not None
        rename(recording.last.folder, title)
        set_notes(recording.last.folder, notes)
    window.commands.show_sessions()
    sessions = window.commands.sessions
    assert sessions is not None
    player = sessions.player
    while player.replay is None or any(e.thumbnail is None for e in sessions.side.model.entries):
        yield False
    smile = int(np.nanargmax(player.readout.track.channels["mouthSmileLeft"]))
    at = float(player.replay.rows.time[smile])
    player.deck.set_range((at - _AROUND, at + _AROUND))
    player.deck.seek(at)
    while player.shown_row != smile:
        yield False
    yield False
    sessions.grab().save(str(picture))
    print(picture)


def opened(window: MainWindow, folder: Path, wanted: set[str]) -> None:
    from PySide6.QtCore import QTimer

    remaining = steps(window, folder, wanted)
    timer = QTimer(window)
    timer.timeout.connect(lambda: timer.stop() if next(remaining, True) else None)
    timer.start(20)


def main(folder: Path, wanted: set[str]) -> int:
    from expnet_live.research.evaluation.app.virtual_display import virtual_display

    bare = sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    with tempfile.TemporaryDirectory() as own, virtual_display(os.environ) if bare else nullcontext():
        # As on the first start, without touching the user's settings.
        os.environ.update(XDG_CONFIG_HOME=own, EXPNET_LIVE_DATA=own)
        with quiet_native():
            return run_app(Launch(source="demo"), lambda window: opened(window, folder, wanted))


if __name__ == "__main__":
    every = {*(name for name, _, _ in PICTURES), SESSIONS}
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs", set(sys.argv[2:]) or every))
