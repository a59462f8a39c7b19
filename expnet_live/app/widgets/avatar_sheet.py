"""What an avatar is, who made it and what may be done with it, before it is worn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.widgets.pieces import PlainLabel
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.avatars.avatar import Avatar
from expnet_live.core.arkit import mirrored_name

_WIDTH = 460  # px
_MOST_HEIGHT = 300  # px of the conditions, which scroll


def avatar_sheet(parent: QWidget, avatar: Avatar, wear: Callable[[], None]) -> Sheet:
    """`wear` is called when the user accepts the conditions."""
    content = QWidget()
    column = QVBoxLayout(content)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(12)
    vrm, file = avatar.file.vrm, avatar.file
    counts = texts.AVATAR_COUNTS.format(kind=avatar.kind, vertices=len(avatar.rest), triangles=len(avatar.triangles))
    column.addWidget(_words(counts, muted=True))
    rows = [(texts.AVATAR_AUTHOR, vrm.licence.authors), *vrm.licence.conditions] if vrm is not None else []
    rows = [row for i, row in enumerate(rows) if row[1] and row not in rows[:i]]
    if rows:
        column.addWidget(_table(rows))
    else:
        column.addWidget(_words(texts.AVATAR_NO_TERMS))
    shown = missing_titles(avatar)
    column.addWidget(_words(texts.AVATAR_LACKS.format(names=", ".join(shown)) if shown else texts.AVATAR_SHOWS_ALL))
    for note in file.notes:
        column.addWidget(_words(note, muted=True))
    title = (vrm.licence.title if vrm is not None else "") or avatar.name
    sheet = Sheet(parent, title, content, texts.CANCEL)
    sheet.offer(texts.AVATAR_WEAR, wear)
    return sheet


def missing_titles(avatar: Avatar) -> list[str]:
    """The actions that an avatar cannot show, both sides of a pair as one."""
    missing, out = set(avatar.missing), []
    for name in avatar.missing:
        if name.endswith("Right") and mirrored_name(name) in missing:
            continue
        title = texts.title(name)
        both = name.endswith("Left") and mirrored_name(name) in missing
        out.append(title.removesuffix(" L") if both else title)
    return list(dict.fromkeys(out))


def _words(text: str, muted: bool = False) -> QLabel:
    label = PlainLabel(text)
    label.setWordWrap(True)
    label.setFixedWidth(_WIDTH)
    if muted:
        label.setObjectName("Muted")
    return label


def _table(rows: list[tuple[str, str]]) -> QWidget:
    inner = QWidget()
    grid = QGridLayout(inner)
    grid.setContentsMargins(0, 0, 8, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    for i, (label, text) in enumerate(rows):
        name, value = PlainLabel(label), PlainLabel(text)
        name.setObjectName("Muted")
        value.setWordWrap(True)
        grid.addWidget(name, i, 0, Qt.AlignmentFlag.AlignTop)
        value.setAlignment(Qt.AlignmentFlag.AlignTop)
        grid.addWidget(value, i, 1)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inner)
    area.setFixedSize(_WIDTH, min(_MOST_HEIGHT, inner.sizeHint().height() + 4))
    return area
