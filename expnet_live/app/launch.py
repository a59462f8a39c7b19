"""Opens the window for the command line, and reports on it afterwards."""

from __future__ import annotations

import gc
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.core.errors import UserError
from expnet_live.core.naming import counted
from expnet_live.core.signals import ENDING, on_signals
from expnet_live.threads.worker import Life

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from expnet_live.app.main_window.window import MainWindow
    from expnet_live.heads.look import Look
    from expnet_live.live.state import Settings
    from expnet_live.pipeline.pipeline import Pipeline

log = logging.getLogger(__name__)

_PATIENCE = 120.0  # s that a scripted run on a busy computer waits for the first mirrored face
_MIRRORED = 1.0  # s for which it is mirrored at least


@dataclass(frozen=True)
class Launch:
    """The options of the command line; None keeps the last choice."""

    source: str | None = None
    model: str | None = None
    device: str | None = None
    profile: str | None = None
    head: str | None = None
    look: Look | None = None
    duration: float | None = None
    screenshot: Path | None = None
    record: Path | None = None


def run_app(launch: Launch, opened: Callable[[MainWindow], None] = lambda window: None) -> int:
    """Show the window until it is closed or `duration` (of the recording, if there is one) is over. Return the status.

    `opened` is called with the window when it is shown, before any event is handled.
    A scripted run, with a duration, prints a summary. Raises UserError if there is no display, or if
    screenshot or recording cannot be written.
    """
    begun = time.monotonic()
    # numpy's threads spin for 25 ms after each parallel product, and take a core from the threads that draw. numpy
    # reads this when it is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from expnet_live.app import platform as platforms

    platforms.prepare()

    import av  # noqa: F401  Python stands still for 80 ms while it loads: not with a window that waits.
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication

    from expnet_live.app import logs, settings, texts
    from expnet_live.app.main_window.controller import Controller
    from expnet_live.app.main_window.window import MainWindow
    from expnet_live.app.state.choices import looking
    from expnet_live.app.theme import font
    from expnet_live.capture.spec import SourceSpec
    from expnet_live.core.paths import asset

    store = settings.open_settings()
    choices = settings.load_choices(store)
    zoomed = choices.zoom != 100 and "QT_SCALE_FACTOR" not in os.environ
    if zoomed:
        os.environ["QT_SCALE_FACTOR"] = str(choices.zoom / 100)  # Qt multiplies the system's scaling by it
    # The GUI thread must not wait 5 ms, Python's default, whenever other threads import and compute.
    sys.setswitchinterval(0.001)
    handler = logs.start()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    if zoomed:
        del os.environ["QT_SCALE_FACTOR"]  # not for the programs that open folders
    application.setApplicationName(texts.APP)
    application.setDesktopFileName("expnet-live")  # the entry of `expnet-live shortcut`, for Wayland's icon
    application.setWindowIcon(QIcon(str(asset("icon.svg"))))
    application.setStyle("Fusion")
    application.setFont(font(application.font()))

    given = {k: getattr(launch, k) for k in ("model", "device", "profile", "head") if getattr(launch, k) is not None}
    if launch.look is not None:
        given |= looking(launch.look) | {"hair": True}
    lister, permit = platforms.camera_lister(), platforms.request_camera
    controller = Controller(replace(choices, **given), lister=lister, permit=permit, load=_load_for_good)
    logs.catch_unforeseen(controller.tell_unforeseen)
    window = MainWindow(controller, store)
    gc.freeze()
    window.grab()  # create everything that the first painting creates, before anyone waits for it
    window.show()
    opened(window)
    controller.start()
    if launch.source is not None:
        controller.sources.use(SourceSpec.parse(launch.source), remember=False)
    else:
        # Listing the cameras takes a moment; a slow system must not delay the picture.
        QTimer.singleShot(120, window, controller.sources.begin)
    pictures: list[QImage] = []
    recording = QTimer(window)
    if launch.record is not None:
        controller.recording.want(launch.record, not controller.choices.private, controller.choices.sound)
        recording.timeout.connect(lambda: _end(window, pictures, 0) if _recorded(window, launch.duration) else None)
        recording.start(20)
    elif launch.duration is not None:
        QTimer.singleShot(round(1000 * launch.duration), window, lambda: _end(window, pictures, _PATIENCE))
    with _closing_on_signals(window):
        status = application.exec()
    recording.stop()
    if window.isVisible():  # it was not closed: the display is gone, as when its server ends
        log.warning("the display is gone")
        controller.close()
    if launch.screenshot is not None and pictures:
        save_picture(pictures[0], launch.screenshot)
    summary = _summary(window, begun)
    log.info("%s", summary)
    if launch.duration is not None:
        print(summary)
        if launch.screenshot is not None and pictures:
            print(f"Screenshot: {launch.screenshot}")
    recorded = controller.recording.last
    if launch.record is not None and recorded is not None and recorded.problem is None:
        print(f"{launch.record}: {recorded.seconds:.1f} s, {counted(recorded.frames, 'frame')}.")
    logs.stop(handler)
    sys.excepthook = sys.__excepthook__
    if launch.record is not None and (recorded is None or recorded.problem is not None):
        nothing = "Nothing was recorded; wait for the first picture before closing the window."
        raise UserError(nothing if recorded is None else recorded.problem or nothing)
    return status


@contextmanager
def _closing_on_signals(window: MainWindow) -> Iterator[None]:
    """Ctrl-C, a terminal that is closed and the end of the user's session close the window as its button does.

    Else Python would raise KeyboardInterrupt within whatever is drawn just then, and the others would end the program
    before it has closed the recording.
    """
    from PySide6.QtCore import QTimer

    def close(number: int, frame: object) -> None:
        QTimer.singleShot(0, window, window.close)  # not amid what runs now

    with on_signals(("SIGINT", *ENDING), close):
        yield


def _load_for_good(settings: Settings) -> Pipeline:
    """Python's garbage collector takes 150 ms to scan all imports: exempt everything loaded so far."""
    from expnet_live.live.loading import load_pipeline

    pipeline = load_pipeline(settings)
    gc.freeze()
    return pipeline


def _end(window: MainWindow, pictures: list[QImage], patience: float) -> None:
    """Take the screenshot and close the window, once there is something to see."""
    from PySide6.QtCore import QTimer

    if patience > 0 and _coming(window):
        QTimer.singleShot(1000, window, lambda: _end(window, pictures, patience - 1))
        return
    pictures.append(window.grab().toImage())
    window.close()


def _recorded(window: MainWindow, duration: float | None) -> bool:
    """Whether the requested recording is long enough, or has failed."""
    if duration is None:
        return False
    recording, engine = window.controller.recording, window.controller.engine
    failed = engine.inference.life is Life.FAILED or (engine.capture is not None and engine.capture.life is Life.FAILED)
    return recording.seconds >= duration or recording.last is not None or (failed and recording.seconds == 0)


def _coming(window: MainWindow) -> bool:
    """Whether the first face is still to come, or to be shown for long enough to be seen in the curves."""
    controller, presenter = window.controller, window.presenter
    engine, state = controller.engine, controller.state
    if engine.inference.life is Life.FAILED or (engine.capture is not None and engine.capture.life is Life.FAILED):
        return False
    if state is None or not state.processed:
        return True
    return (bool(state.faces) or controller.confirming) and presenter.mirrored < _MIRRORED


def save_picture(picture: QImage, path: Path) -> None:
    """Makes the folder that is missing. Raises UserError where it cannot be saved."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        saved = picture.save(str(path))
    except OSError:
        saved = False
    if not saved:
        raise UserError(f"The screenshot cannot be saved as {path}; choose a .png file in a writable folder.")


def _summary(window: MainWindow, begun: float) -> str:
    presenter, statistics = window.presenter, window.controller.statistics
    first = "no face was seen" if presenter.first_face is None else f"first face after {presenter.first_face:.1f} s"
    return (
        f"The window opened within {presenter._begun - begun:.1f} s; {first}, {statistics.shown} frames were shown, "
        f"latency p95 {1000 * statistics.latency(95):.0f} ms, GUI thread blocked {1000 * window.heartbeat.longest:.0f} "
        "ms at most."
    )
