"""Colours and style sheet, dark and light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from expnet_live.core.paths import asset

if TYPE_CHECKING:
    from PySide6.QtGui import QFont, QPalette


INACTIVE = 0.35  # opacity of views that have no face to show


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb. `text` and `muted` are for reading, `faint` for signs and for what is off. People with colour
    blindness can also distinguish `curves`."""

    name: str
    window: str
    panel: str
    raised: str
    hover: str
    line: str
    text: str
    muted: str
    faint: str
    accent: str
    on_accent: str
    info: str
    warning: str
    error: str
    recording: str
    stage_middle: str
    stage_edge: str
    clay: str
    curves: tuple[str, ...]


class Themed(Protocol):
    """A widget that paints itself and so must be told when the theme changes."""

    def set_theme(self, theme: Theme) -> None: ...


DARK = Theme(
    name="dark",
    window="#121316",
    panel="#191b1f",
    raised="#24272d",
    hover="#2e3239",
    line="#2a2d33",
    text="#e9ebee",
    muted="#a0a6af",
    faint="#717985",
    accent="#4fd1c1",
    on_accent="#08201d",
    info="#1d3b3b",
    warning="#45361a",
    error="#4a2226",
    recording="#ff5a5f",
    stage_middle="#2f333b",
    stage_edge="#131417",
    clay="#3a3f47",
    curves=("#4fd1c1", "#e69c50", "#7496cc", "#fa8094", "#cfa9ff", "#c8e872", "#d9cc84", "#9adcfb"),
)
LIGHT = Theme(
    name="light",
    window="#eef0f2",
    panel="#ffffff",
    raised="#f0f2f4",
    hover="#e3e7ea",
    line="#dde1e5",
    text="#1b1e23",
    muted="#5c646f",
    faint="#7f8792",
    accent="#0a796e",
    on_accent="#ffffff",
    info="#d8efec",
    warning="#fbecc8",
    error="#fbdcdc",
    recording="#d7263d",
    stage_middle="#fbfcfd",
    stage_edge="#ccd2d8",
    clay="#c3cad1",
    curves=("#0a796e", "#b64f00", "#4569db", "#be2143", "#7538af", "#68973e", "#b68a00", "#3b94c6"),
)

FONTS = ("Inter", "SF Pro Text", "Segoe UI Variable", "Segoe UI", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans")


def rgb(color: str) -> tuple[float, float, float]:
    """#rrggbb as red, green and blue in 0..1."""
    r, g, b = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return r, g, b


def font(usual: QFont) -> QFont:
    """The window's, and else the usual one. Its digits are equally wide: numbers that change stay in place."""
    from PySide6.QtGui import QFont

    own = QFont(usual)
    own.setFamilies([*FONTS, *usual.families()])
    own.setPixelSize(13)
    own.setFeature(QFont.Tag("tnum"), 1)
    return own


def palette(theme: Theme) -> QPalette:
    from PySide6.QtGui import QColor, QPalette

    p = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.panel,
        QPalette.ColorRole.AlternateBase: theme.raised,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Button: theme.raised,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.error,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Link: theme.accent,
    }
    for role, color in roles.items():
        p.setColor(role, QColor(color))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        p.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.faint))
    return p


def style_sheet(t: Theme) -> str:
    check = asset(f"check_{t.name}.svg").as_posix()  # a style sheet takes pictures from files alone
    return f"""
QMainWindow {{ background: {t.window}; }}
QDialog {{ background: {t.panel}; }}
QMainWindow::separator {{ background: {t.window}; width: 8px; height: 8px; }}
QMainWindow::separator:hover {{ background: {t.line}; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line}; padding: 5px 7px; }}
QMenuBar {{ background: {t.window}; color: {t.muted}; padding: 2px 6px; }}
QMenuBar::item {{ padding: 4px 9px; border-radius: 5px; background: transparent; }}
QMenuBar::item:selected {{ background: {t.raised}; color: {t.text}; }}
QMenu {{ background: {t.panel}; border: 1px solid {t.line}; padding: 5px; }}
QMenu::item {{ padding: 6px 26px 6px 12px; border-radius: 5px; }}
QMenu::item:selected {{ background: {t.hover}; }}
QMenu::item:disabled {{ color: {t.faint}; }}
QMenu::indicator {{ width: 11px; height: 11px; margin-left: 2px; border: 1px solid {t.faint}; border-radius: 4px; }}
QMenu::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; image: url("{check}"); }}
QMenu::separator {{ height: 1px; background: {t.line}; margin: 5px 8px; }}
QStatusBar {{ background: {t.window}; color: {t.muted}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ color: {t.muted}; padding: 0 8px; }}
QStatusBar #Recording {{ color: {t.recording}; }}
#Panel {{ background: {t.panel}; border: 1px solid transparent; border-radius: 10px; }}
#Panel:focus {{ border-color: {t.accent}; }}
#DockTitle {{ color: {t.muted}; font-size: 11px; font-weight: 600; letter-spacing: 1px; }}
#Muted, #SectionTitle {{ color: {t.muted}; }}
#Key {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: 5px; padding: 2px 8px; }}
#Big {{ font-size: 20px; font-weight: 600; }}
QPushButton, QToolButton {{ background: {t.raised}; color: {t.text}; border: none; border-radius: 7px;
    padding: 7px 12px; }}
QPushButton:hover, QToolButton:hover {{ background: {t.hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {t.line}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {t.faint}; }}
QPushButton:focus, QToolButton:focus {{ border: 1px solid {t.accent}; padding: 6px 11px; }}
QPushButton#Primary, QPushButton:checked {{ background: {t.accent}; color: {t.on_accent}; font-weight: 600; }}
QPushButton#Primary:disabled {{ background: {t.raised}; color: {t.faint}; }}
QPushButton#Primary:focus, QPushButton:checked:focus {{ border: 2px solid {t.text}; padding: 5px 10px; }}
QToolButton#Flat {{ background: transparent; padding: 4px; }}
QToolButton#Flat:hover {{ background: {t.hover}; }}
QToolButton#Float {{ background: {_glass(t)}; border-radius: 9px; padding: 0; }}
QToolButton#Float:hover {{ background: {t.hover}; }}
QToolButton#Float:checked {{ background: {t.accent}; }}
QToolButton#Float[key="record"]:checked {{ background: {t.recording}; }}
QComboBox, QSpinBox, QLineEdit {{ background: {t.raised}; color: {t.text}; border: 1px solid transparent;
    border-radius: 7px; padding: 5px 9px; min-height: 18px; selection-background-color: {t.accent};
    selection-color: {t.on_accent}; }}
QComboBox[small="true"] {{ background: transparent; color: {t.muted}; padding: 1px 8px; font-size: 12px; }}
QComboBox:hover, QSpinBox:hover {{ background: {t.hover}; }}
QComboBox:focus, QSpinBox:focus, QLineEdit:focus {{ border: 1px solid {t.accent}; }}
QComboBox:disabled, QLineEdit:disabled {{ color: {t.faint}; background: {t.panel}; }}
QComboBox::drop-down {{ border: none; width: 20px; }}
QComboBox QAbstractItemView {{ background: {t.panel}; border: 1px solid {t.line}; padding: 4px; outline: none; }}
QComboBox QAbstractItemView::item {{ padding: 5px 8px; border-radius: 5px; color: {t.text}; }}
QComboBox QAbstractItemView::item:selected {{ background: {t.hover}; }}
QComboBox QAbstractItemView::item:disabled {{ color: {t.faint}; }}
QPlainTextEdit {{ background: {t.raised}; color: {t.text}; border: 1px solid transparent; border-radius: 7px;
    padding: 3px 5px; selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QPlainTextEdit:focus {{ border: 1px solid {t.accent}; }}
QPlainTextEdit:disabled {{ color: {t.faint}; }}
QListView {{ background: transparent; border: none; outline: none; }}
QLineEdit#Search {{ padding-left: 0; }}
QLineEdit#Title {{ background: {t.panel}; border: 1px solid {t.accent}; }}
QProgressBar {{ background: {t.line}; border: none; border-radius: 2px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QCheckBox {{ spacing: 8px; }}
QCheckBox::indicator {{ width: 12px; height: 12px; border: 1px solid {t.faint}; border-radius: 4px; }}
QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; image: url("{check}"); }}
QCheckBox::indicator:focus {{ width: 10px; height: 10px; border: 2px solid {t.accent}; }}
QCheckBox::indicator:checked:focus {{ border-color: {t.text}; }}
QCheckBox::indicator:disabled {{ border-color: {t.line}; }}
QCheckBox::indicator:checked:disabled {{ background: {t.line}; }}
QTabBar {{ background: transparent; qproperty-drawBase: 0; }}
QTabBar::tab {{ background: transparent; color: {t.muted}; padding: 4px 12px; border-radius: 6px;
    margin: 0 2px 4px 0; }}
QTabBar::tab:selected {{ background: {t.line}; color: {t.text}; }}
QTabBar::tab:hover {{ color: {t.text}; }}
QTabBar::tab:selected:focus {{ border: 1px solid {t.accent}; padding: 3px 11px; }}
QSlider::groove:horizontal {{ height: 4px; background: {t.line}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {t.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {t.text}; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {t.accent}; margin: -6px 0; border-radius: 8px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 9px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {t.hover}; border-radius: 3px; min-height: 30px; }}
QScrollBar:horizontal {{ background: transparent; height: 9px; margin: 2px; }}
QScrollBar::handle:horizontal {{ background: {t.hover}; border-radius: 3px; min-width: 30px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
#Banner {{ border-radius: 9px; }}
#Banner[kind="info"] {{ background: {t.info}; }}
#Banner[kind="warning"] {{ background: {t.warning}; }}
#Banner[kind="error"] {{ background: {t.error}; }}
#Banner QPushButton {{ background: transparent; color: {t.text}; font-weight: 600; border: 1px solid {t.faint};
    padding: 4px 11px; }}
#Banner QPushButton:hover {{ background: {t.hover}; }}
#Banner QPushButton:focus {{ border: 2px solid {t.text}; padding: 3px 10px; }}
#Sheet {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 14px; }}
#Veil {{ background: rgba(0, 0, 0, 120); }}
"""


def _glass(t: Theme) -> str:
    r, g, b = (round(255 * c) for c in rgb(t.raised))
    return f"rgba({r}, {g}, {b}, 200)"
