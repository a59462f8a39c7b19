"""The main window, which only arranges the parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QMainWindow, QTabBar, QTabWidget

from expnet_live.app import settings, texts
from expnet_live.app.main_window.actions import CHOICES, ON_HEAD, TABLE
from expnet_live.app.main_window.arrangement import LEFT, OPTIONAL, RIGHT, arrange
from expnet_live.app.main_window.commands import Commands
from expnet_live.app.main_window.controller import Controller
from expnet_live.app.main_window.dialogs import Dialogs
from expnet_live.app.main_window.hearing import Hearing
from expnet_live.app.main_window.menus import MenuCallbacks, Menus
from expnet_live.app.main_window.notice import Notice
from expnet_live.app.main_window.parts import Parts
from expnet_live.app.main_window.presenter import Presenter
from expnet_live.app.platform import global_keys
from expnet_live.app.state import catalog
from expnet_live.app.state.statistics import Heartbeat
from expnet_live.app.theme import DARK, LIGHT, Theme, palette, style_sheet
from expnet_live.app.widgets.actions import Actions
from expnet_live.app.widgets.avatar_editor import AvatarEditor
from expnet_live.app.widgets.global_keys_sheet import global_keys_sheet
from expnet_live.app.widgets.head_window import HeadWindow
from expnet_live.app.widgets.lesson_sheet import LessonSheet
from expnet_live.app.widgets.marker_sheets import bind_presets, preset_sheet
from expnet_live.app.widgets.own_keys import OwnKeys
from expnet_live.app.widgets.perform_sheet import PerformSheet
from expnet_live.app.widgets.pieces import fits_screen
from expnet_live.app.widgets.sheets import Sheets, about_sheet, shortcuts_sheet
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.types import Image
from expnet_live.core.version import __version__
from expnet_live.gestures.watching import rules_of
from expnet_live.heads.look import BALD

FRAME, WATCH, PLOT, BEAT = 8, 250, 50, 10  # ms between ticks of the timers


class MainWindow(QMainWindow):
    def __init__(self, controller: Controller, store: QSettings) -> None:
        super().__init__()
        self.controller, self.store = controller, store
        self.theme = DARK
        self.setWindowTitle(texts.APP)
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setAcceptDrops(True)
        self.setContentsMargins(10, 0, 10, 0)
        self._sheets = Sheets(self)
        self._avatars: AvatarEditor | None = None
        self._head_window: HeadWindow | None = None
        self.commands = Commands(controller, store, Dialogs(self), self.pictures)
        self.commands.teach = self.show_lesson
        self.actions_ = Actions(self, TABLE, self)
        OwnKeys(self)
        context = Qt.ShortcutContext.WindowShortcut
        bind_presets(self, lambda: controller.choices.presets, self.commands.mark, context)
        self.parts = Parts(self.actions_, ON_HEAD, self.commands.callbacks(), controller.streaming)
        self.setCentralWidget(self.parts.central)
        self.setStatusBar(self.parts.status)
        self.setCorner(Qt.Corner.BottomLeftCorner, LEFT)
        self.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
        on = MenuCallbacks(
            look=self.commands.choose,
            appearance=self.set_appearance,
            zoom=self.commands.set_zoom,
            gain=controller.set_gain,
            keep_outputs=controller.remember_outputs,
        )
        self.menus = Menus(self, self.actions_, self.parts.docks.values(), controller.streaming, on)
        for name in OPTIONAL:
            dock = self.parts.docks[name]
            dock.visibilityChanged.connect(lambda _, n=name, d=dock: self.actions_.check(n, not d.isHidden()))
        self.presenter = Presenter(controller, self.parts, self.commands.act)
        self.heartbeat = Heartbeat(BEAT / 1000)
        self.show_state()
        controller.window_state.observe(self.show_state)
        self._keeper = settings.Keeper(self, store, controller.window_state, controller.tell_unsaved)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.follow_theme)
        self.follow_theme()
        self.arrange()
        if layout := settings.load_layout(store):
            self.restoreGeometry(layout[0])
            self.restoreState(layout[1], settings.LAYOUT_VERSION)
            if not fits_screen(self):  # as was arranged for a larger one
                self.arrange()
        self.parts.head.native.setFocus()  # else Qt gives it to the first list, whose frame lights up
        self.hearing = Hearing(controller.window_state, self.actions_, controller.notices)
        self._timers = [
            self._timer(FRAME, self.presenter.tick),
            self._timer(FRAME, self.hearing.act),
            self._timer(WATCH, self._watch),
            self._timer(PLOT, self.presenter.plot),
            self._timer(BEAT, lambda: self.heartbeat.beat(time.monotonic(), time.thread_time())),
        ]

    def arrange(self) -> None:
        """Put the panels where they are at the first start."""
        arrange(self, self.parts.docks)

    def set_full_screen(self, on: bool) -> None:
        # What was maximised before is maximised again.
        state, full = self.windowState(), Qt.WindowState.WindowFullScreen
        self.setWindowState(state | full if on else state & ~full)

    def show_shortcuts(self) -> None:
        self._sheets.show(lambda: shortcuts_sheet(self, TABLE, texts.HEAD_HINT, texts.MARKS_HINT, texts.GLOBAL_HINT))

    def show_presets(self) -> None:
        state = self.controller.window_state
        self._sheets.show(lambda: preset_sheet(self, state.choices.presets, lambda p: state.choose(presets=p)))

    def show_global_keys(self) -> None:
        titles, keys = self.hearing.titles, self.controller.choices.global_keys
        why_not = global_keys.why_not()
        self._sheets.show(lambda: global_keys_sheet(self, titles, keys, self.hearing.choose, why_not))

    def show_performing(self) -> None:
        state = self.controller.window_state
        if state.live is not None and state.live.faces and state.live.faces[0].rested is None:
            self.controller.notices.append(Notice("performed", "warning", texts.PERFORM_NEEDS_ACTIONS, stays=False))
            return
        self._sheets.show(lambda: PerformSheet(self, state, self.theme, self.commands.keep_full))

    def show_panel(self, name: str, on: bool) -> None:
        dock = self.parts.docks[name]
        dock.setVisible(on)
        if on:
            dock.raise_()

    def next_hair(self) -> None:
        self.menus.looks.next_style(self.controller.choices)

    def show_lesson(self, name: str) -> None:
        """The sheet in which the person shows a gesture of their own."""
        state, keep = self.controller.window_state, self.commands.keep_gesture
        self._sheets.show(lambda: LessonSheet(self, state, self.theme, name, lambda e: keep(name, e)))

    def show_avatars(self) -> None:
        """The editor of curves, which stays open beside the window."""
        if self._avatars is None or not self._avatars.isVisible():
            c = self.controller
            ask = self.commands.dialogs.ask_name
            self._avatars = AvatarEditor(self, c.window_state, self.theme, c.bend, c.change_person, ask)
            self._avatars.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._avatars.destroyed.connect(self._forget_avatars)
        self._avatars.show()
        self._avatars.raise_()
        self._avatars.activateWindow()

    def _forget_avatars(self) -> None:
        self._avatars = None

    def show_head_window(self, on: bool) -> None:
        """The head in a window of its own, or no longer."""
        if self._head_window is not None:
            if not on:
                self._head_window.close()
            return
        state = self.controller.window_state
        made = self._head_window = HeadWindow(
            self.parts.head.orbit, state.choices.ground, lambda ground: state.choose(ground=ground)
        )
        made.closed.connect(self._head_window_closed)
        self.presenter.add_head(made.view)
        self._show_views()
        made.show()

    def _head_window_closed(self) -> None:
        closed, self._head_window = self._head_window, None
        if closed is not None:
            self.presenter.remove_head(closed.view)
            closed.deleteLater()
            self.actions_.check("head_window", False)

    def show_about(self) -> None:
        self._sheets.show(lambda: about_sheet(self, __version__))

    def pictures(self) -> dict[str, QImage]:
        """Of the window and of the views that are seen."""
        parts, image, head = self.parts, self.parts.camera.image, self.parts.head.still()
        views = {key: dock.widget() for key, dock in parts.docks.items() if key in ("expression", "curves")}
        return {
            "window": self.grab().toImage(),
            # Of the source's own size, without what the view draws over it.
            **({} if image is None else {"camera": _as_qimage(image)}),
            "head": parts.head.picture() if head is None else head,
            **{key: view.grab().toImage() for key, view in views.items() if view.isVisible()},
        }

    # --- theme --------------------------------------------------------------------------------

    def set_appearance(self, appearance: str) -> None:
        """system, dark or light."""
        self.controller.window_state.choose(theme=appearance)
        self.follow_theme()

    def follow_theme(self, *_: object) -> None:
        wanted = self.controller.choices.theme
        if wanted == "system":
            light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
            wanted = "light" if light else "dark"
        self.menus.show(self.controller.choices, self.controller.person)
        self._apply(LIGHT if wanted == "light" else DARK)

    def _apply(self, theme: Theme) -> None:
        self.theme = theme
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.setPalette(palette(theme))
            if application.styleSheet() != (sheet := style_sheet(theme)):  # setting it takes long
                application.setStyleSheet(sheet)
        self.actions_.set_theme(theme)
        self.commands.set_theme(theme)
        if self._avatars is not None:
            self._avatars.set_theme(theme)
        self.parts.set_theme(theme)
        self.parts.bars.set_curves(self.parts.curves.colors())

    # --- state --------------------------------------------------------------------------------

    def show_state(self) -> None:
        """Show all choices and the current state in all widgets, without calling back."""
        self._show_views()
        self._show_controls()
        self._show_recording()
        self._show_look()

    def _show_views(self) -> None:
        parts, choices = self.parts, self.controller.choices
        for name in CHOICES:
            self.actions_.check(name, getattr(choices, name))
        parts.camera.mirror, parts.camera.overlay = choices.mirror, choices.overlay
        parts.camera.update()
        window = self._head_window
        for head in (parts.head,) if window is None else (parts.head, window.view):
            head.mirror, head.follow = choices.mirror, choices.follow
            look = parts.head.finish  # with the theme's colours
            head.set_finish(replace(look, wireframe=choices.wireframe, painted=choices.painted, hair=choices.hair))
        if window is not None:
            window.set_ground(choices.ground)
        parts.curves.set_chosen(choices.curves)
        parts.curves.set_span(choices.span)
        parts.bars.set_curves(parts.curves.colors())
        parts.overlay.set_options([catalog.Option(k, v) for k, v in texts.OVERLAYS.items()], choices.overlay)
        own = self.controller.person.gestures
        parts.gestures.set_rules(rules_of(own), own)
        parts.gestures.set_choices(choices.gestures, choices.gestures_act)
        parts.outputs.show_kept(choices.keep_outputs)
        self.menus.show(choices, self.controller.person)
        self.actions_.check("link_blinks", self.controller.person.link_blinks)
        parts.gauge.setCurrentText(texts.GAUGES[choices.gauge])
        parts.span.setCurrentText(texts.SECONDS.format(n=choices.span))

    def _show_controls(self) -> None:
        c, controls, choices = self.controller, self.parts.controls, self.controller.choices
        spec = c.spec or SourceSpec.demo()
        plain = SourceSpec(spec.kind, spec.value, label=spec.label)
        sources = [catalog.Option(SourceSpec.camera(k.number), k.name) for k in c.cameras.cameras or []]
        sources.append(catalog.Option(SourceSpec.demo(), texts.DEMO))
        if plain not in [o.value for o in sources]:
            sources.insert(0, catalog.Option(plain, plain.name))
        controls.source.set_options([*sources, catalog.Option("file", texts.SOURCE_FILE)], plain)
        controls.show_resolution(spec.live)
        controls.resolution.set_options(catalog.resolutions(), (choices.width, choices.height, choices.fps))
        controls.model.set_options(catalog.models(c.shelf.stock.models, choices.model), choices.model)
        devices = c.devices or [catalog.Option(choices.device, texts.DEVICES.get(choices.device, choices.device))]
        controls.device.set_options(devices, choices.device)
        controls.smoothing.set_options([catalog.Option(k, v) for k, v in texts.SMOOTHINGS.items()], choices.smoothing)
        controls.faces.set_options(
            [catalog.Option(n, text) for n, text in texts.FACE_COUNTS.items()], choices.max_faces
        )
        controls.head.set_options(catalog.heads(c.shelf.stock.heads, choices.head), choices.head)
        names = sorted({texts.DEFAULT_PROFILE, choices.profile, *c.shelf.stock.profiles}, key=str.casefold)
        profiles = [catalog.Option(n, n) for n in names]
        controls.profile.set_options([*profiles, catalog.Option("new", texts.PROFILE_NEW)], choices.profile)
        self.parts.bars.set_gains(c.person.gains)
        capture = c.engine.capture
        clip = capture is not None and not spec.live and not capture.photo
        self.parts.transport.set_transport(capture.transport if clip and capture is not None else None)

    def _watch(self) -> None:
        self.presenter.watch()
        self.commands.watch()
        self._show_controls()
        self.actions_["calibrate"].setEnabled(not self.controller.engine.inference.calibrating)
        self._show_look()
        streaming = self.controller.streaming
        reached = bool(streaming.names) or self._head_window is not None
        self.actions_["freeze"].setEnabled(reached or streaming.frozen)
        self.actions_["next_face"].setEnabled(len(self.controller.faces) > 1)
        self.actions_["forget"].setEnabled(self.controller.person.calibrated)
        self.actions_["forget_performance"].setEnabled(bool(self.controller.person.full))
        self._show_recording()

    def _show_look(self) -> None:
        hairy, choices = self.presenter.hairy, self.controller.choices
        self.menus.looks.show(choices, hairy)
        self.actions_["hair"].setEnabled(hairy and choices.styled.hair != BALD)
        self.actions_["next_hair"].setEnabled(hairy)

    def _show_recording(self) -> None:
        """Enable buttons and lists for the state of the recording."""
        recording = self.controller.recording
        self.actions_.check("record", recording.active)
        self.actions_["record"].setEnabled(recording.active or recording.ready)
        for name in ("mark", "mark_named"):
            self.actions_[name].setEnabled(self.commands.marking)
        self.actions_["private"].setEnabled(not recording.active)
        self.actions_["sound"].setEnabled(not (recording.active or self.controller.choices.private))
        self.parts.controls.lock(recording.recorder is not None)

    # --- events -------------------------------------------------------------------------------

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Past the row of tabs that Qt keeps outside the window for a place with one panel."""
        moved = super().focusNextPrevChild(forwards)
        at = self.focusWidget()
        hidden = isinstance(at, QTabBar) and at.visibleRegion().isEmpty()
        return super().focusNextPrevChild(forwards) if hidden else moved

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.commands.open_path(paths[0])

    def closeEvent(self, event: QCloseEvent) -> None:
        for timer in self._timers:
            timer.stop()
        self._keeper.save()
        settings.save_layout(self.store, self.saveGeometry(), self.saveState(settings.LAYOUT_VERSION))
        self.store.sync()
        self.hearing.close()
        self.commands.close()
        for other in (self._avatars, self._head_window):
            if other is not None:
                other.close()
        self.controller.close()
        self.parts.head.close_canvas()
        super().closeEvent(event)

    def _timer(self, interval: int, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(act)
        timer.start(interval)
        return timer


def _as_qimage(image: Image) -> QImage:
    """A BGR picture (H, W, 3) as one of Qt's, with pixels of its own."""
    height, width = image.shape[:2]
    data = np.ascontiguousarray(image)
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_BGR888).copy()
