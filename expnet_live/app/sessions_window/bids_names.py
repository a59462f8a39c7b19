"""The fields for what a BIDS data set calls a recording."""

from __future__ import annotations

from PySide6.QtCore import QRegularExpression
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from expnet_live.app import texts
from expnet_live.outputs.export.entities import USUAL_ENTITIES, Entities

_LABEL = QRegularExpression("[0-9a-zA-Z]*")


class BidsNames(QWidget):
    """Labels of letters and digits for subject, session, task; an empty field means the usual one that it shows."""

    def __init__(self) -> None:
        super().__init__()
        usual = USUAL_ENTITIES
        self.subject = self._field(f"sub-{usual.subject}", texts.EXPORT_SUBJECT, texts.EXPORT_SUBJECT_TIP)
        self.session = self._field(texts.EXPORT_NO_SES, texts.EXPORT_SES, texts.EXPORT_SES_TIP)
        self.task = self._field(f"task-{usual.task}", texts.EXPORT_TASK, texts.EXPORT_TASK_TIP)
        self.setToolTip(texts.EXPORT_BIDS_TIP)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for field in (self.subject, self.session, self.task):
            row.addWidget(field)

    @property
    def entities(self) -> Entities:
        usual = USUAL_ENTITIES
        return Entities(self.subject.text() or usual.subject, self.session.text(), self.task.text() or usual.task)

    def _field(self, usual: str, name: str, tip: str) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(usual)
        field.setValidator(QRegularExpressionValidator(_LABEL, field))
        field.setAccessibleName(name)
        field.setToolTip(tip)
        field.setMinimumWidth(0)
        return field
