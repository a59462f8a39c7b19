"""From the command line to the open window, and back."""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Launch:
    """What the command line says; None leaves what was chosen last."""

    source: str | None = None
    model: str | None = None
    device: str | None = None
    profile: str | None = None
    duration: float | None = None
    screenshot: Path | None = None


def run_app(launch: Launch) -> int:
    """Shows the window until it is closed or `duration` is over; the exit status.

    Raises UserError when there is no display.
    """
    begun = time.monotonic()
    from expnet_live.app import platforms

    platforms.prepare()

    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtGui import QFont
    from PySide6.QtWidgets import QApplication

    import vispy  # isort: skip  After PySide6, which it then finds.

    vispy.use("pyside6")
    from expnet_live.app import logs, settings, texts
    from expnet_live.app.controller import Controller, Notice
    from expnet_live.app.theme import FONTS
    from expnet_live.app.window import MainWindow
    from expnet_live.live.spec import SourceSpec

    handler = logs.start()
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName(texts.APP)
    application.setStyle("Fusion")
    font = QFont(application.font())
    font.setFamilies([*FONTS, *font.families()])
    font.setPixelSize(13)
    application.setFont(font)

    store = settings.open_settings()
    choices = settings.load_choices(store)
    given = {k: getattr(launch, k) for k in ("model", "device", "profile") if getattr(launch, k) is not None}
    controller = Controller(replace(choices, **given))
    logs.catch_unforeseen(
        lambda reason: controller.notices.append(
            Notice("unforeseen", "error", texts.UNFORESEEN.format(reason=reason), texts.SHOW_LOG, "log")
        )
    )
    window = MainWindow(controller, store)
    window.show()
    controller.start()
    if launch.source is not None:
        controller.use_source(SourceSpec.parse(launch.source), remember=False)
    else:
        # The list of cameras takes a moment; a slow system does not hold up the picture.
        QTimer.singleShot(120, window, controller.begin)
    if launch.duration is not None:
        QTimer.singleShot(round(1000 * launch.duration), window, lambda: _end(window, launch))
    status = application.exec()
    presenter = window.presenter
    log.info(
        "started in %.1f s, first head after %s, first face after %s s; %d frames shown, latency p95 %.0f ms, "
        "GUI thread held up %.0f ms at most",
        presenter._begun - begun,
        presenter.first_head,
        presenter.first_face,
        controller.statistics.shown,
        1000 * controller.statistics.latency(95),
        1000 * window.heartbeat.longest,
    )
    logs.stop(handler)
    sys.excepthook = sys.__excepthook__
    return status


def _end(window: object, launch: Launch) -> None:
    from expnet_live.app.window import MainWindow

    assert isinstance(window, MainWindow)
    if launch.screenshot is not None:
        launch.screenshot.parent.mkdir(parents=True, exist_ok=True)
        if not window.grab().save(str(launch.screenshot)):
            log.error("the screenshot cannot be written to %s", launch.screenshot)
    window.close()
