"""Finds leaks of a test: threads, windows, timers, modal dialogs."""

from __future__ import annotations

import threading
import time
import weakref
from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from waiting import PATIENCE

_QTS_OWN = {"QTipLabel"}  # kept by Qt for the next tool tip


class LeakWatch:
    """Records what exists when it is created; `leaks` names what exists in addition."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._threads = set(threading.enumerate())
        self._windows = {_address(w) for w in QApplication.topLevelWidgets()}
        self._started: weakref.WeakSet[Any] = weakref.WeakSet()
        start, started = QTimer.start, self._started

        def start_and_tell(timer: QTimer, *args: Any) -> None:
            started.add(timer)
            start(timer, *args)

        # A timer without parents is nobody's child: only its start tells of it.
        monkeypatch.setattr(QTimer, "start", start_and_tell)

    def leaks(self, patience: float = PATIENCE) -> list[str]:
        """After `patience` seconds at most; empty when all is gone."""
        end = time.monotonic() + patience
        while (found := self._found()) and time.monotonic() < end:
            QApplication.processEvents()
            for thread in set(threading.enumerate()) - self._threads:
                if thread.ident is not None:  # one that is just being started cannot be joined
                    thread.join(0.02)
        return found

    def _found(self) -> list[str]:
        # Event loops do this only when they end.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        modal = QApplication.activeModalWidget()
        timers = [t for t in self._started if shiboken6.isValid(t) and t.isActive()]
        windows = [w for w in QApplication.topLevelWidgets() if _address(w) not in self._windows]
        return [
            *(f"modal dialog {w!r}" for w in [modal] if w is not None),
            *(f"thread {t.name!r}" for t in set(threading.enumerate()) - self._threads),
            *(f"timer {t!r} of {t.parent()!r}" for t in timers),
            *(f"window {w!r}" for w in windows if w.metaObject().className() not in _QTS_OWN),
        ]


def _address(widget: QWidget) -> int:
    return int(shiboken6.getCppPointer(widget)[0])
