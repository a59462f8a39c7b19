"""The sheet in which a person shows a gesture of their own, three times."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from expnet_live.app import texts
from expnet_live.app.state.window_state import WindowState
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.pieces import shortened
from expnet_live.app.widgets.watching_sheet import WatchingSheet
from expnet_live.core.errors import UserError
from expnet_live.gestures.lesson import HELD, READY, Lesson, Step
from expnet_live.gestures.own import Examples, check
from expnet_live.gestures.watching import values_of_face
from expnet_live.live.state import LiveState


class LessonSheet(WatchingSheet):
    """`keep` gets the examples when the person keeps them."""

    def __init__(
        self,
        parent: QWidget,
        state: WindowState,
        theme: Theme,
        name: str,
        keep: Callable[[list[list[float]]], None],
    ) -> None:
        self.lesson, self.ring = Lesson(), Ring(theme)
        self._name, self._keep = name, keep
        self._others: dict[str, Examples] = dict(state.person.gestures)
        super().__init__(parent, state, theme, texts.LESSON.format(name=name), self.ring)

    def _take(self, live: LiveState) -> None:
        self.lesson.add(values_of_face(live.faces[0]) if live.faces else None, live.captured.grabbed)

    def _show(self) -> None:
        lesson = self.lesson
        texts_of = {Step.REST: texts.LESSON_REST, Step.SHOW: texts.LESSON_SHOW, Step.DONE: texts.LESSON_DONE}
        title, how = texts_of[lesson.step]
        title = title.format(name=self._name)
        if lesson.step is not Step.DONE:
            title = texts.LESSON_STEP.format(n=len(lesson.examples) + 1, of=lesson.wanted, title=title)
            if self.waits:
                how = texts.PERFORM_WAITING
        problem = self._problem() if lesson.step is Step.DONE else ""
        self.title.setText(shortened(title))
        self.how.setText(problem or how)
        self.ring.show_step(lesson)
        self.keep.setVisible(lesson.step is Step.DONE and not problem)

    def _problem(self) -> str:
        """Why the examples cannot be kept, or nothing."""
        try:
            check(self._name, self.lesson.examples, self._others)
        except UserError as error:
            return str(error)
        return ""

    def _kept(self) -> None:
        self.close()
        self._keep(self.lesson.examples)


class Ring(QWidget):
    """A dot for each example, and how long the step still lasts."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme, self._lesson = theme, Lesson()
        self.setFixedHeight(44)

    def show_step(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        lesson, t, painter = self._lesson, self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shows = lesson.step is Step.SHOW
        if lesson.step is not Step.DONE:
            ring = QRectF(4, 4, 34, 34)
            painter.setPen(QPen(QColor(t.raised), 5))
            painter.drawEllipse(ring)
            painter.setPen(QPen(QColor(t.accent if shows else t.muted), 5))
            done = 1 - lesson.left / (HELD if shows else READY)
            painter.drawArc(ring, 90 * 16, -round(360 * 16 * done))
        painter.setPen(Qt.PenStyle.NoPen)
        for i in range(lesson.wanted):
            painter.setBrush(QColor(t.accent if i < len(lesson.examples) else t.line))
            painter.drawEllipse(QRectF(58 + 20 * i, 16, 11, 11))
