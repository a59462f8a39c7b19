"""Banners say what happened and what to do, without interrupting the user."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from expnet_live.app import icons, texts
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.widgets.pieces import PlainLabel, as_shown

_GAP = 6  # px between banners
SHOWN = 6000  # ms for which a banner stays that needs no action


class Banner(QWidget):
    """One sentence, at most one button, and a close button."""

    def __init__(
        self,
        key: str,
        kind: str,
        text: str,
        theme: Theme,
        closed: Callable[[str], None],
        button: str | None,
        act: Callable[[], None],
    ) -> None:
        """With a button of that text, which calls `act`."""
        super().__init__()
        self.key, self.kind, self.text = key, kind, text
        self.setObjectName("Banner")
        self.setProperty("kind", kind)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 7, 8, 7)
        self._label = PlainLabel(text)
        self._label.setWordWrap(True)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._row.addWidget(self._label, 1)
        if button:
            made = QPushButton(button)
            made.setToolTip(as_shown(text))
            made.clicked.connect(act)
            self._row.addWidget(made)
        self._close = QToolButton()
        self._close.setObjectName("Flat")
        self._close.setToolTip(texts.CLOSE_BANNER_TIP)
        self._close.setAccessibleName(texts.CLOSE_BANNER_TIP)
        self.set_theme(theme)
        self._close.clicked.connect(lambda: closed(key))
        self._row.addWidget(self._close)

    def set_theme(self, theme: Theme) -> None:
        self._close.setIcon(icons.icon("close", theme.muted))


class BannerStack(QWidget):
    """A stack with the newest at the bottom; a banner with the key of an older one replaces it.

    It takes at most half of its parent's height: the oldest banners wait, hidden, until others are closed.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        parent.installEventFilter(self)
        self._theme = DARK
        self._banners: dict[str, Banner] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(_GAP)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for banner in self._banners.values():
            banner.set_theme(theme)

    @property
    def texts(self) -> dict[str, str]:
        return {key: banner.text for key, banner in self._banners.items()}

    def show_banner(
        self,
        key: str,
        kind: str,
        text: str,
        button: str | None = None,
        act: Callable[[], None] = lambda: None,
        stays: bool = True,
    ) -> None:
        """Show a banner. `kind`: info, warning or error. Without `stays`, it disappears after some seconds."""
        old = self._banners.get(key)
        if old is not None and (old.kind, old.text) == (kind, text):
            return
        self.dismiss(key)

        def pressed() -> None:
            self.dismiss(key)
            act()

        banner = Banner(key, kind, text, self._theme, self.dismiss, button, pressed)
        self._banners[key] = banner
        self._column.addWidget(banner)
        self._fit()
        # Screen readers say it, wherever the keyboard is.
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(banner, text))
        if not stays:
            QTimer.singleShot(SHOWN, banner, lambda: self.dismiss(key) if self._banners.get(key) is banner else None)

    def dismiss(self, key: str) -> None:
        banner = self._banners.pop(key, None)
        if banner is not None:
            self._column.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QResizeEvent):
            self._fit()
        return False

    def _fit(self) -> None:
        """Show the newest banners that have room, at least one."""
        parent = self.parentWidget()
        assert parent is not None
        room, taken = parent.height() // 2, 0
        seen: dict[Banner, bool] = {}
        for banner in reversed(self._banners.values()):
            taken += max(banner.heightForWidth(parent.width()), banner.minimumSizeHint().height()) + _GAP
            seen[banner] = not seen or taken <= room
        for banner in sorted(seen, key=seen.__getitem__):  # Qt gives room at once to what is shown: hide others first
            banner.setVisible(seen[banner])
        self.setVisible(bool(self._banners))
