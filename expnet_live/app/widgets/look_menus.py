"""The menus in which the look of our own head is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QActionGroup, QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from expnet_live.app import texts
from expnet_live.app.state.choices import Choices, looking
from expnet_live.heads.hair_styles import STYLES
from expnet_live.heads.look import EYE_COLORS, HAIR_COLORS

Color = tuple[int, int, int]


class LookMenus:
    """`menus` are the three of them; `choose` gets what was chosen, by the field names of Choices."""

    def __init__(self, parent: QWidget, choose: Callable[..., None]) -> None:
        self._choose = choose
        self._groups: dict[str, QActionGroup] = {}
        self.menus = (
            self._menu(parent, "hair_style", texts.HAIR_STYLE, dict.fromkeys(STYLES)),
            self._menu(parent, "hair_color", texts.HAIR_COLOR, HAIR_COLORS),
            self._menu(parent, "eye_color", texts.EYE_COLOR, {name: outer for name, (outer, _) in EYE_COLORS.items()}),
        )

    def show(self, choices: Choices, enabled: bool) -> None:
        """Check what is chosen; `enabled`: whether the head that is worn can change its look."""
        now = looking(choices.look)
        for field, group in self._groups.items():
            for action in group.actions():
                action.setChecked(action.data() == now[field])
        for menu in self.menus:
            menu.setEnabled(enabled)

    def next_style(self, choices: Choices) -> None:
        """Choose the hair style after the one that is shown."""
        names = list(STYLES)
        self._choose(hair_style=names[(names.index(choices.look.hair) + 1) % len(names)], hair=True)

    def _menu(self, parent: QWidget, field: str, title: str, options: Mapping[str, Color | None]) -> QMenu:
        menu = QMenu(title, parent)
        group = self._groups[field] = QActionGroup(menu)
        for name, color in options.items():
            action = menu.addAction(texts.LOOKS[name])
            action.setCheckable(True)
            action.setData(name)
            if color is not None:
                action.setIcon(_swatch(color))
            group.addAction(action)
        # A style that is chosen is to be seen.
        more = {"hair": True} if field == "hair_style" else {}
        group.triggered.connect(lambda action: self._choose(**{field: action.data()}, **more))
        return menu


def _swatch(color: Color) -> QIcon:
    """A disc, which has a ring around it when it is chosen."""
    icon, gray = QIcon(), QColor(128, 128, 128)
    for state, radius in ((QIcon.State.Off, 13), (QIcon.State.On, 10)):
        pixmap = QPixmap(32, 32)
        pixmap.fill(QColor(0, 0, 0, 0))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(gray)
        painter.setBrush(QColor(*color))
        painter.drawEllipse(QPointF(16, 16), radius, radius)
        if state == QIcon.State.On:
            painter.setPen(QPen(gray, 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(16, 16), 14, 14)
        painter.end()
        icon.addPixmap(pixmap, QIcon.Mode.Normal, state)
    return icon
