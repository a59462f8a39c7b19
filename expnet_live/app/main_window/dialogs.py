"""Dialogs for files and names. No dialog blocks, because the picture would freeze meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from expnet_live.app import texts
from expnet_live.app.widgets.avatar_sheet import avatar_sheet
from expnet_live.app.widgets.sheets import Sheet
from expnet_live.avatars.avatar import Avatar

_WIDTH = 340  # px: of a dialog that asks for a name


class Dialogs:
    """Dialogs above the window `parent`."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def ask_file(self, filters: str, then: Callable[[str], None], title: str = texts.OPEN_FILE) -> None:
        """Ask for an existing file; `filters` in Qt's syntax."""
        dialog = QFileDialog(self._parent, title, str(Path.home()), filters)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(then)
        dialog.open()

    def ask_sure(self, question: str, button: str, then: Callable[[], None]) -> None:
        """Ask whether to do something that cannot be undone."""
        box = QMessageBox(QMessageBox.Icon.NoIcon, texts.APP, "", parent=self._parent)
        box.setTextFormat(Qt.TextFormat.PlainText)  # a name may look like markup
        box.setText(question)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.addButton(button, QMessageBox.ButtonRole.DestructiveRole).clicked.connect(lambda _: then())
        box.open()

    def show_avatar(self, avatar: Avatar, wear: Callable[[], None]) -> None:
        """Show what an avatar is and what may be done with it; `wear` is called if the user agrees."""
        for sheet in self._parent.findChildren(Sheet):
            sheet.close()
        avatar_sheet(self._parent, avatar, wear)

    def ask_profile(self, then: Callable[[str], None], title: str = texts.PROFILE_NEW, name: str = "") -> None:
        """Ask for the name of a new profile, or for another name than `name`."""
        self.ask_name(title, texts.PROFILE_NAME, name, lambda name: then(name or texts.DEFAULT_PROFILE))

    def ask_name(self, title: str, label: str, name: str, then: Callable[[str], None]) -> None:
        """Ask for a text; `then` gets it without spaces at its ends."""
        dialog = QInputDialog(self._parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        dialog.setLabelText(label)
        dialog.setTextValue(name)
        dialog.resize(_WIDTH, dialog.sizeHint().height())
        dialog.textValueSelected.connect(lambda name: then(name.strip()))
        dialog.open()
