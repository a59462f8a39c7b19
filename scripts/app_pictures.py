"""Takes the documentation's screenshots again, on the demo clip: app.webp, app_light.webp, app_painted.webp,
app_wireframe.webp, gestures.webp and app_sessions.webp.

    .venv/bin/python scripts/app_pictures.py docs
    .venv/bin/python scripts/app_pictures.py docs app_sessions.webp

Without a screen it starts a virtual one (Xvfb). Run it on an idle computer: the pictures show frame rate and latency.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from showing import ROOT, Steps, clip, drawn, passing, save, show, until

if TYPE_CHECKING:
    from expnet_live.app.main_window.recording import Recording
    from expnet_live.app.main_window.window import MainWindow

MOMENT = 1.6  # s of the clip: a broad smile, the head slightly turned
# File, appearance, and the head's settings that differ from those of the first start.
PICTURES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("app.webp", "dark", {}),
    ("app_light.webp", "light", {}),
    ("app_painted.webp", "dark", {"painted": True}),
    ("app_wireframe.webp", "dark", {"wireframe": True, "overlay": "mesh"}),
)
_SEEN = 20.0  # s of the clip in the curves
GESTURES, SESSIONS = "gestures.webp", "app_sessions.webp"
# Title, notes, and whether without video, of each session to record; the last one is shown.
RECORDINGS = (
    ("Warm-up", "", False),
    ("Pilot without video", "Coefficients only", True),
    ("Smile study, take 2", "Broad smile after a neutral second.\nBrows stay at rest.", False),
)
_LENGTH, _AROUND = 8.5, 1.2  # s recorded, and of the loop before and after the broadest smile
_FROM = 4.5  # s of the clip where a recording begins, so that the smile lies in its middle


def windows(window: MainWindow, folder: Path, wanted: set[str]) -> Steps:
    start = clip(window)[0]
    for name, appearance, looks in (p for p in PICTURES if p[0] in wanted):
        window.set_appearance(appearance)
        window.commands.choose(**{"painted": False, "wireframe": False, "overlay": "contours", **looks})
        yield from until(lambda: clip(window)[0] > start + _SEEN, "enough of the clip in the curves")
        yield from passing(window, MOMENT)
        save(window.grab(), folder / name)
    if GESTURES in wanted:
        window.set_appearance("dark")
        yield from gestures(window, folder / GESTURES)
    if SESSIONS in wanted:
        yield from sessions(window, folder / SESSIONS)


def gestures(window: MainWindow, picture: Path) -> Steps:
    """Take a picture of the head and the panel of gestures beside it."""
    from PySide6.QtCore import QRect

    window.commands.choose(painted=False, wireframe=False, overlay="contours")
    panel, opened = window.actions_["gestures"], clip(window)[0]
    panel.trigger()
    yield from until(window.parts.gestures.isVisible, "the panel of gestures")
    # They count from a rest that is known after some seconds.
    yield from until(lambda: clip(window)[0] > opened + _SEEN, "the person's rest")
    yield from passing(window, MOMENT)
    # Without frame rates of the computer that takes the picture.
    left, top, bottom = window.parts.central.x(), window.menuBar().height(), window.parts.docks["curves"].y()
    save(window.grab(QRect(left, top, window.width() - left, bottom - top)), picture)
    panel.trigger()


def sessions(window: MainWindow, picture: Path) -> Steps:
    """Record some sessions, and take a screenshot of the sessions window."""
    import numpy as np

    from expnet_live.sessions.catalog.catalog import rename, set_notes

    recording = window.controller.recording
    for title, notes, private in RECORDINGS:
        window.actions_["private"].setChecked(private)
        yield from until(window.actions_["record"].isEnabled, "the recorder")
        yield from passing(window, _FROM)
        window.actions_["record"].trigger()
        yield from recorded(recording, _LENGTH / 2)
        recording.mark()
        yield from recorded(recording, _LENGTH)
        window.actions_["record"].trigger()
        yield from until(lambda: recording.recorder is None, "the recording's end")
        assert recording.last is not None
        rename(recording.last.folder, title)
        set_notes(recording.last.folder, notes)
    window.commands.show_sessions()
    shown = window.commands.sessions
    assert shown is not None
    player = shown.player
    yield from until(lambda: player.replay is not None, "the player")
    yield from until(lambda: all(e.thumbnail is not None for e in shown.side.model.entries), "the thumbnails")
    assert player.replay is not None
    smile = int(np.nanargmax(player.readout.track.channels["mouthSmileLeft"]))
    at = float(player.replay.rows.time[smile])
    player.deck.set_range((at - _AROUND, at + _AROUND))
    player.deck.seek(at)
    yield from until(lambda: player.shown_row == smile, "the broadest smile")
    yield from drawn()
    save(shown.grab(), picture)


def recorded(recording: Recording, seconds: float) -> Steps:
    """Wait until so much is recorded. Raises OSError if the recording ends before, as on a full disk."""
    recorder = recording.recorder
    assert recorder is not None
    yield from until(lambda: recorder.ended or recorder.seconds >= seconds, f"{seconds} s of a recording")
    if recorder.ended:
        raise OSError(recorder.problem)


def main(folder: Path, wanted: set[str]) -> int:
    return show(lambda window: windows(window, folder, wanted))


if __name__ == "__main__":
    every = {*(name for name, _, _ in PICTURES), GESTURES, SESSIONS}
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs", set(sys.argv[2:]) or every))
