"""All that can be done by menu, button and key: one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from expnet_live.app import icons, texts
from expnet_live.app.theme import Theme


@dataclass(frozen=True)
class ActionSpec:
    key: str
    text: str
    tip: str = ""
    shortcut: str = ""
    icon: str = ""
    checkable: bool = False


SPECS = (
    ActionSpec("open", texts.OPEN_FILE, texts.OPEN_FILE_TIP, "Ctrl+O", "folder"),
    ActionSpec("demo", texts.PLAY_DEMO_CLIP, texts.DEMO_TIP, "D"),
    ActionSpec("refresh", texts.REFRESH, texts.REFRESH_TIP, "F5", "refresh"),
    ActionSpec("snapshot", texts.SNAPSHOT, texts.SNAPSHOT_TIP, "S", "snapshot"),
    ActionSpec("record", texts.RECORD, texts.RECORD_TIP, "Ctrl+R", "record", checkable=True),
    ActionSpec("mark", texts.MARK, texts.MARK_TIP, "K", "marker"),
    ActionSpec("library", texts.LIBRARY_MENU, texts.LIBRARY_TIP, "Ctrl+L", "library"),
    ActionSpec("private", texts.PRIVATE, texts.PRIVATE_TIP, checkable=True),
    ActionSpec("quit", texts.QUIT, "", "Ctrl+Q"),
    ActionSpec("play", texts.PLAY, texts.PLAY_TIP, "Space"),
    ActionSpec("loop", texts.LOOP, texts.LOOP_TIP, "L", "loop", checkable=True),
    ActionSpec("back", texts.BACK, "", "Left"),
    ActionSpec("forth", texts.FORTH, "", "Right"),
    ActionSpec("calibrate", texts.CALIBRATE, texts.CALIBRATE_TIP, "N", "neutral"),
    ActionSpec("forget", texts.UNCALIBRATE, texts.UNCALIBRATE_TIP),
    ActionSpec("auto_neutral", texts.AUTO_NEUTRAL, texts.AUTO_NEUTRAL_TIP, checkable=True),
    ActionSpec("mirror", texts.MIRROR, texts.MIRROR_TIP, "M", "mirror", checkable=True),
    ActionSpec("reset_view", texts.RESET_VIEW, texts.RESET_VIEW_TIP, "R", "reset"),
    ActionSpec("wireframe", texts.WIREFRAME, texts.WIREFRAME_TIP, "W", "wireframe", checkable=True),
    ActionSpec("painted", texts.PAINT, texts.PAINT_TIP, "P", "paint", checkable=True),
    ActionSpec("follow", texts.FOLLOW, texts.FOLLOW_TIP, "H", "follow", checkable=True),
    ActionSpec("hair", texts.HAIR, texts.HAIR_TIP, "J", "hair", checkable=True),
    ActionSpec("overlay", texts.OVERLAY_NEXT, texts.OVERLAY_TIP, "O"),
    ActionSpec("full_screen", texts.FULL_SCREEN, "", "F11", checkable=True),
    ActionSpec("reset_layout", texts.RESET_LAYOUT, "", "Ctrl+0"),
    ActionSpec("shortcuts", texts.SHORTCUTS, "", "F1"),
    ActionSpec("log", texts.OPEN_LOG),
    ActionSpec("data", texts.OPEN_DATA),
    ActionSpec("sessions", texts.OPEN_SESSIONS),
    ActionSpec("about", texts.ABOUT),
)


class Actions:
    """The actions by their keys, each bound to a callable; a checkable one gets its new state."""

    def __init__(
        self, parent: QWidget, handlers: dict[str, Callable[..., object]], specs: Sequence[ActionSpec] = SPECS
    ) -> None:
        self._specs = specs
        self._actions: dict[str, QAction] = {}
        for spec in specs:
            action = QAction(spec.text, parent)
            action.setObjectName(spec.key)
            tip = spec.tip or spec.text.replace("&", "").rstrip("…")
            action.setToolTip(f"{tip} ({spec.shortcut})" if spec.shortcut else tip)
            if spec.shortcut:
                action.setShortcut(QKeySequence(spec.shortcut))
            if spec.checkable:
                action.setCheckable(True)
                action.setIconVisibleInMenu(False)  # a mark tells there whether it is on
                action.toggled.connect(handlers[spec.key])
            elif spec.key in handlers:
                action.triggered.connect(lambda _=False, act=handlers[spec.key]: act())
            else:
                action.setEnabled(False)
            parent.addAction(action)
            self._actions[spec.key] = action

    def __getitem__(self, key: str) -> QAction:
        return self._actions[key]

    def all(self) -> list[QAction]:
        return list(self._actions.values())

    def check(self, key: str, on: bool) -> None:
        """Without calling back."""
        action = self._actions[key]
        action.blockSignals(True)
        action.setChecked(on)
        action.blockSignals(False)

    def set_theme(self, theme: Theme) -> None:
        for spec in self._specs:
            if spec.icon:
                checked = theme.on_accent if spec.checkable and spec.key != "loop" else theme.accent
                usual = theme.text
                if spec.key == "record":
                    usual, checked = theme.recording, "#ffffff"
                self._actions[spec.key].setIcon(icons.icon(spec.icon, usual, checked, theme.faint))
