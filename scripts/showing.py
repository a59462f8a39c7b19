"""Shows the app on the demo clip, as on its first start, for the scripts that take the documentation's pictures.

What such a script does with the window is a generator: each `yield` gives the window 20 ms for its own work.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from expnet_live.app.launch import Launch, run_app  # noqa: E402
from expnet_live.cli.quiet import quiet_native  # noqa: E402

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap

    from expnet_live.app.main_window.window import MainWindow

Steps = Iterator[None]
_TICK = 20  # ms
_PATIENCE = 120.0  # s for one wait; a busy computer is slow
_QUALITY = 90


def show(act: Callable[[MainWindow], Steps]) -> int:
    """Open the window, wait for the first face, let `act` work with it, close it, and return the app's status.

    Without a screen, start a virtual one (Xvfb). The user's settings are neither read nor written. An exception of
    `act` ends the app and is raised.
    """
    from expnet_live.research.evaluation.app.virtual_display import virtual_display

    bare = sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    failures: list[Exception] = []

    def opened(window: MainWindow) -> None:
        from PySide6.QtCore import QTimer

        steps = _begun(window, act)
        timer = QTimer(window)

        def step() -> None:
            # The app's own handler would only note an exception and wait for the user.
            try:
                next(steps)
                return
            except StopIteration:
                pass
            except Exception as error:
                failures.append(error)
            timer.stop()
            window.close()

        timer.timeout.connect(step)
        timer.start(_TICK)

    with tempfile.TemporaryDirectory() as own, virtual_display(os.environ) if bare else nullcontext():
        os.environ.update(XDG_CONFIG_HOME=own, EXPNET_LIVE_DATA=own)
        with quiet_native():
            status = run_app(Launch(source="demo"), opened)
    if failures:
        raise failures[0]
    return status


def until(condition: Callable[[], object], what: str) -> Steps:
    """Wait for a condition. Raises TimeoutError, which names `what`, when it does not come true."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come in {_PATIENCE:.0f} s")
        yield


def drawn() -> Steps:
    """Wait until the window has painted what has just changed."""
    for _ in range(3):
        yield


def clip(window: MainWindow) -> tuple[float, float]:
    """Seconds played since the source was opened, which only grow, and the position in the clip."""
    state = window.controller.state
    return (0.0, 0.0) if state is None else (state.captured.frame.timestamp, state.captured.position)


def passing(window: MainWindow, moment: float) -> Steps:
    """Wait until the clip, while it plays, passes a position: a paused clip has no rates."""
    last = [float("inf")]

    def passed() -> bool:
        before, last[0] = last[0], clip(window)[1]
        return before < moment <= last[0]

    yield from until(passed, f"the moment {moment} s of the clip")


def save(picture: QPixmap, path: Path) -> None:
    if not picture.save(str(path), quality=_QUALITY if path.suffix == ".webp" else -1):
        raise OSError(f"{path} cannot be written")
    print(path)


def _begun(window: MainWindow, act: Callable[[MainWindow], Steps]) -> Steps:
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QCursor

    QCursor.setPos(window.mapToGlobal(QPoint(5, 5)))  # no tooltip, and nothing that the mouse lights up
    window.set_appearance("dark")
    yield from until(lambda: window.presenter.first_face is not None, "the first face")
    yield from act(window)
