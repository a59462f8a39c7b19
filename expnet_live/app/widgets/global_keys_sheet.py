"""The sheet in which actions get keys that act while another window is in front."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QKeySequenceEdit, QLineEdit, QWidget

from expnet_live.app import texts
from expnet_live.app.widgets.pieces import PlainLabel, title_of
from expnet_live.app.widgets.sheets import Sheet

_WIDTH = 420  # px


def global_keys_sheet(
    parent: QWidget,
    titles: Mapping[str, str],
    keys: Mapping[str, str],
    change: Callable[[str, str], str],
    why_not: str,
) -> Sheet:
    """A field for each of the actions, by their names, with their present `keys` in Qt's portable text.

    `change` gets a name and a new key, empty for none, and returns a sentence if it does not take that key. `why_not`:
    a sentence on why no keys can be heard here, or empty.
    """
    content = QWidget()
    grid = QGridLayout(content)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(9)
    hint = PlainLabel(why_not or texts.GLOBAL_KEYS_HINT)
    hint.setObjectName("Muted")
    hint.setWordWrap(True)
    hint.setFixedWidth(_WIDTH)

    taken = dict(keys)

    def changed(name: str, field: QKeySequenceEdit) -> None:
        key = field.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if key == taken.get(name, ""):
            return
        problem = change(name, key)
        if problem:
            field.setKeySequence(QKeySequence(taken.get(name, "")))
        else:
            taken[name] = key
        hint.setText(problem or texts.GLOBAL_KEYS_HINT)

    for row, (name, title) in enumerate(titles.items()):
        field = QKeySequenceEdit(QKeySequence(keys.get(name, "")))
        field.setObjectName(name)
        field.setMaximumSequenceLength(1)
        field.setClearButtonEnabled(True)
        for line in field.findChildren(QLineEdit):
            line.setPlaceholderText(texts.GLOBAL_KEY_NONE)
        field.setAccessibleName(title)
        field.setEnabled(not why_not)
        # Qt empties a field before it takes another key: only what it holds afterwards counts.
        field.keySequenceChanged.connect(lambda _, n=name, f=field: QTimer.singleShot(0, f, lambda: changed(n, f)))
        grid.addWidget(title_of(title, field), row, 0)
        grid.addWidget(field, row, 1)
    grid.addWidget(hint, len(titles), 0, 1, 2)
    return Sheet(parent, texts.GLOBAL_KEYS, content)
