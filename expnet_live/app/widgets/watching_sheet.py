"""A sheet that watches the face while a person does what it asks for."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.state.window_state import WindowState
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.camera_view import CameraView
from expnet_live.app.widgets.pieces import PlainLabel
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.live.state import LiveState

_TICK = 33  # ms
_STANDS = 2.0  # s without a frame, after which the source stands still


class WatchingSheet(Sheet):
    """Shows the camera, what to do, and a `gauge` above `buttons`, the last of which keeps the result.

    It reads the newest faces of the window's state. Subclasses say what they take of a frame and what they show.
    """

    def __init__(
        self,
        parent: QWidget,
        state: WindowState,
        theme: Theme,
        heading: str,
        gauge: QWidget,
        buttons: Sequence[QPushButton] = (),
    ) -> None:
        self._state = state
        self._seen: LiveState | None = None
        self._at = time.monotonic()  # when the last frame came
        self.camera = CameraView()
        self.camera.set_theme(theme)
        self.camera.overlay, self.camera.mirror = "none", state.choices.mirror
        self.camera.setFixedSize(QSize(340, 255))
        self.title, self.how = PlainLabel(), PlainLabel()
        self.title.setObjectName("Big")
        self.how.setObjectName("Muted")
        self.how.setWordWrap(True)
        self.how.setMinimumHeight(44)
        self.how.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.keep = QPushButton(texts.PERFORM_KEEP)
        self.keep.setObjectName("Primary")
        super().__init__(parent, heading, self._content(gauge, (*buttons, self.keep)), texts.PERFORM_CANCEL)
        self.keep.clicked.connect(self._kept)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        self._timer.start(_TICK)
        self._show()

    def tick(self) -> None:
        """Take the newest frame, if there is one."""
        live = self._state.live
        if live is not None and live is not self._seen and live.processed:
            self._seen, self._at = live, time.monotonic()
            self.camera.set_state(live)
            self._take(live)
            self.camera.note = "" if live.faces else texts.NO_FACE
        self._show()

    @property
    def waits(self) -> bool:
        """Whether the source stands still."""
        return time.monotonic() - self._at > _STANDS

    def _take(self, live: LiveState) -> None:
        """Use a new frame."""

    def _show(self) -> None:
        """Show the state of now."""

    def _kept(self) -> None:
        """The person keeps the result."""

    def _content(self, gauge: QWidget, buttons: Sequence[QPushButton]) -> QWidget:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.camera, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.title)
        column.addWidget(self.how)
        column.addWidget(gauge)
        row = QHBoxLayout()
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        return content
