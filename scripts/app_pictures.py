"""Takes the README's pictures of the window anew, on the demo clip: app.png, app_light.png, app_painted.png and
app_wireframe.png.

    .venv/bin/python scripts/app_pictures.py docs

Without a screen it makes a virtual one (Xvfb). Take them on a computer that has nothing else to do: frames per second
and latency are in the picture.
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
    from expnet_live.app.window import MainWindow
    from expnet_live.live.capture import Captured

MOMENT = 1.6  # s of the clip: a broad smile, turned a little
# File, appearance, and the looks of the head that are not the first start's.
PICTURES = (
    ("app.png", "dark", {}),
    ("app_light.png", "light", {}),
    ("app_painted.png", "dark", {"painted": True}),
    ("app_wireframe.png", "dark", {"wireframe": True, "overlay": "mesh"}),
)
_SEEN = 20.0  # s of the clip in the curves


def steps(window: MainWindow, folder: Path) -> Iterator[bool]:
    """Yields as often as it wants to be called again; True when all is done."""
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

    for name, appearance, looks in PICTURES:
        window.set_appearance(appearance)
        window.commands._choose(**{"painted": False, "wireframe": False, "overlay": "contours", **looks})
        # At the moment itself, with the clip playing on: paused, rates would be none.
        before = MOMENT
        while not (time() > _SEEN and before < MOMENT <= position()):
            before = position()
            yield False
        window.grab().save(str(folder / name))
        print(folder / name)
    window.close()
    yield True


def opened(window: MainWindow, folder: Path) -> None:
    from PySide6.QtCore import QTimer

    remaining = steps(window, folder)
    timer = QTimer(window)
    timer.timeout.connect(lambda: timer.stop() if next(remaining, True) else None)
    timer.start(20)


def main(folder: Path) -> int:
    from expnet_live.evaluation.virtual_display import virtual_display

    bare = sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    with tempfile.TemporaryDirectory() as own, virtual_display(os.environ) if bare else nullcontext():
        # As on the first start, and nobody's own choices are touched.
        os.environ.update(XDG_CONFIG_HOME=own, EXPNET_LIVE_DATA=own)
        with quiet_native():
            return run_app(Launch(source="demo"), lambda window: opened(window, folder))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"))
