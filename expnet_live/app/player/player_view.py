"""The player, which keeps picture, head, curves and controls of a recorded session in step."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QStackedLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.player.actions import ON_HEAD, TABLE
from expnet_live.app.player.controls import PlayerControls
from expnet_live.app.player.deck import Deck
from expnet_live.app.player.layout import player_page
from expnet_live.app.player.loader import Loader
from expnet_live.app.player.moments import Moment, Moments
from expnet_live.app.player.plot import SessionPlot
from expnet_live.app.player.readout import Readout
from expnet_live.app.player.replay import Replay
from expnet_live.app.player.sender import Sender
from expnet_live.app.player.views import Views
from expnet_live.app.state.choices import Choices
from expnet_live.app.state.marking import MarkerList, Preset
from expnet_live.app.state.window_state import WindowState
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.actions import Actions
from expnet_live.app.widgets.camera_view import CameraView
from expnet_live.app.widgets.head_view import HeadView
from expnet_live.app.widgets.marker_sheets import bind_presets, marker_sheet
from expnet_live.app.widgets.pieces import PlainLabel
from expnet_live.app.widgets.sheets import Sheets
from expnet_live.core.types import Pose
from expnet_live.geometry.camera import Camera
from expnet_live.sessions.format.markers import Marker
from expnet_live.sessions.reading.playback import Playback

_TICK = 16  # ms
_LEAST_HEAD = 160, 180  # px, beside the export panel on a small screen
_PATIENCE = 2.0  # s to wait for threads to end
_OPEN = object()


class PlayerView(QWidget):
    """Plays the session in a folder. The export button emits `export_asked`.

    While a user sends what is shown to other programs, which begins and ends with `sending`, `sent` emits LiveStates,
    and `passed` the labels of markers that are played, with their times (time.monotonic(), s).
    """

    export_asked = Signal()
    sending = Signal(bool)
    sent = Signal(object)
    passed = Signal(str, float)
    markers_changed = Signal(object, object)  # the session's folder, and its markers now

    def __init__(self, theme: Theme, state: WindowState | None = None) -> None:
        """`state`, of the main window, has the choices that both share: the gauge, and the markers of keys 1 to 9."""
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(texts.PLAYER)
        self.folder: Path | None = None
        self.replay: Replay | None = None
        self.moments: Moments | None = None
        self.moment: Moment | None = None  # the row that all views show
        self._sender = Sender(self.sent.emit, self.passed.emit)
        self._loader: Loader | None = None
        self._turning: Loader | None = None  # to another face of the session
        self._opening: Iterator[object] = iter(())
        self.markers = MarkerList(self._marked)
        self._sheets = Sheets(self)
        self.camera, self.head = CameraView(), HeadView()
        self.deck, self.views = Deck(self._show_range), Views(self.camera, self.head, self.paint_head)
        context = Qt.ShortcutContext.WidgetWithChildrenShortcut
        self.actions_ = Actions(self, TABLE, self, context)
        self._state = state = state or WindowState(Choices())
        bind_presets(self, lambda: state.choices.presets, self.mark, context)
        self.camera.setToolTip(texts.PLAYER_PICTURE_TIP)
        self.plot, self.readout = SessionPlot(), Readout(state)
        self.controls = PlayerControls(
            self.actions_, self.deck.set_speed, self.views.set_overlay, self.export_asked.emit
        )
        self.message = PlainLabel(texts.PLAYER_NONE)
        self.no_head = PlainLabel()
        self._arrange()
        self._connect()
        for key in ("hair", "follow", "mirror"):
            self.actions_[key].setChecked(True)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self.set_theme(theme)
        self.close_session()

    # --- what others call -----------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        for part in (self.actions_, self.camera, self.head, self.plot, self.readout, self.controls):
            part.set_theme(theme)
        if self.replay is not None:
            self.plot.set_chosen(self.readout.colors)

    def open_session(self, folder: Path) -> None:
        """Open a session and return at once; an error in the folder is shown as a sentence."""
        self.close_session()
        head, look = self._state.choices.head, self._state.choices.styled
        self.folder, self._loader = folder, Loader(folder, lambda done: Replay.load(folder, done, head, look))
        self._loader.start()
        self._timer.start(_TICK)

    def close_session(self) -> None:
        """Close the session within two seconds."""
        self._timer.stop()
        end = time.monotonic() + _PATIENCE
        for threads in (self.moments, self._loader, self._turning):
            if threads is not None:
                threads.stop()
        if self.moments is not None:
            self.moments.join(end)
        for loader in (self._loader, self._turning):
            if loader is not None:
                loader.join(end - time.monotonic())
        self.folder = self.replay = self._loader = self._turning = self.moments = self.moment = None
        self.actions_["send"].setChecked(False)
        self.deck.unload()
        self._opening = iter(())
        self.readout.forget()
        self.plot.forget()
        self.actions_.set_enabled(False)
        self._say(texts.PLAYER_NONE)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.close_session()
        self.head.close_canvas()
        super().closeEvent(event)

    @property
    def shown_row(self) -> int:
        """The row shown, or -1 for none."""
        return -1 if self.moment is None else self.moment.row

    @property
    def range(self) -> tuple[float, float] | None:
        """The range to loop and to export, in s of the session."""
        return self.deck.range

    @property
    def playback(self) -> Playback | None:
        return self.deck.playback

    @property
    def face(self) -> int | None:
        """The number of the face shown; None without a session, or where there is only one at a time."""
        return None if self.replay is None else self.replay.face

    def follow(self, face: int) -> None:
        """Show another face of the session from now on."""
        replay, folder = self.replay, self.folder
        if replay is None or folder is None or replay.face in (None, face) or self._turning is not None:
            return
        self._turning = Loader(folder, lambda _: replay.following(face))
        self._turning.start()

    def _turn(self, loader: Loader) -> None:
        """Show the face that was asked for, once its curves are made."""
        replay, before = loader.take(), self.moments
        if replay is None or before is None:
            return
        loader.join(_PATIENCE)
        self._turning = None
        if isinstance(replay, str):  # it has gone to the log
            return
        before.stop()
        before.join(time.monotonic() + _PATIENCE)
        replay.swings.on = self._state.choices.swing
        self.replay, self.moments, self.moment = replay, Moments(replay), None
        self.readout.follow(replay)
        self._switch_gauge()
        self.plot.set_lost(replay.lost)

    def _switch_gauge(self) -> None:
        track = self.readout.track
        self.plot.set_curves(track.curves, track.gauge.percent)
        self.plot.set_chosen(self.readout.colors)

    # --- markers --------------------------------------------------------------------------------

    def mark(self, preset: Preset | None = None) -> None:
        """Set a marker at the cursor, numbered without a preset."""
        if self.playback is not None:
            label = self.markers.next_label(texts.MARKER_LABEL) if preset is None else preset.label
            self.markers.add(Marker(self.playback.position, label, "" if preset is None else preset.color))

    def edit_marker(self, marker: Marker | None = None) -> None:
        """Edit a marker, by default the one nearest to the cursor."""
        if self.playback is None:
            return
        now = marker or self.markers.nearest(self.playback.position)
        if now is None:
            return

        def change(new: Marker | None) -> None:
            nonlocal now
            if now is not None:
                self.markers.replace(now, new)
                now = new

        shown = now
        self._sheets.show(lambda: marker_sheet(self, shown, change))

    def _move_marker(self, marker: Marker, to: float) -> None:
        self.markers.replace(marker, replace(marker, time=to))

    def _marked(self) -> None:
        self._show_markers()
        self.markers_changed.emit(self.folder, self.markers.markers)

    def _show_markers(self) -> None:
        markers = self.markers.markers
        self.plot.set_markers(markers)
        self.controls.time_line.set_markers(markers)
        self.deck.set_markers([m.time for m in markers])
        for key in ("previous", "next", "edit_marker"):
            self.actions_[key].setEnabled(bool(markers))

    # --- time -----------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.head.advance()
        if self._loader is not None:
            self._take_loaded(self._loader)
            return
        playback = self.playback
        if next(self._opening, _OPEN) is not _OPEN or playback is None or self.moments is None:
            return
        if self._turning is not None:
            self._turn(self._turning)
        row = playback.advance(time.monotonic())
        self._sender.play(playback, self.markers.markers)
        self.actions_.show_playing(playback.playing)
        self._take_moment()
        if self.moments.asked is None and row != self.shown_row:
            self.moments.ask(row)
            self._take_moment()
        elif self.moments.asked is None and not playback.playing:
            self._place_cursor(playback.position)  # it may be between two rows
        if self.replay is not None and self.moment is not None:
            self._sender.show(self.replay, self.moment)

    def send(self, on: bool) -> None:
        """Send what is shown, or no longer."""
        self._sender.on = on
        self.sending.emit(on)

    def _take_moment(self) -> None:
        assert self.moments is not None
        if (moment := self.moments.take()) is not None:
            self._show(moment)

    def _show(self, moment: Moment) -> None:
        replay, moments, playback, row = self.replay, self.moments, self.playback, moment.row
        assert replay is not None and moments is not None and playback is not None
        self.moment = moment
        self.camera.note = moments.note(moment)
        self.camera.set_picture(moment.image, replay.faces(row) if replay.own[row] else ())
        if moment.head is not None:
            self.head.set_skin(replay.skin(row))
            drawn = moment.head
            self.head.set_mesh(drawn.vertices, drawn.normals, drawn.pose.rotation, drawn.materials)
            self.paint_head()
        # Keep a position between two rows if the user put it there; follow the shown row if the picture is late.
        at = playback.position if playback.row == row else playback.time_of(row)
        self._place_cursor(at)
        self.controls.show_moment(at, int(replay.rows.frame[row]))
        self.readout.show_row(row)

    def _place_cursor(self, at: float) -> None:
        self.plot.set_position(at, follow=self.playback is not None and self.playback.playing)
        self.controls.time_line.set_position(at)

    def paint_head(self) -> None:
        """Paint the head with the picture, if the option is on."""
        replay, moment = self.replay, self.moment
        if replay is None or moment is None or moment.image is None or not self.head.finish.painted:
            return
        row = moment.row
        if replay.own[row] and replay.rows.face[row] >= 0:
            pose = Pose(replay.rows.rotation[row], replay.rows.translation[row])
            height, width = moment.image.shape[:2]
            self.head.set_photo(moment.image, Camera.for_image(width, height).view(pose))

    # --- opening --------------------------------------------------------------------------------

    def _take_loaded(self, loader: Loader) -> None:
        loaded = loader.take()
        if loaded is None:
            self._say(texts.PLAYER_LOADING.format(share=loader.share))
            return
        loader.join(_PATIENCE)
        self._loader = None
        if isinstance(loaded, str):
            self._say(loaded)
        else:
            self._opening = self._begin(loaded)

    def _begin(self, replay: Replay) -> Iterator[None]:
        """Show the parts one at a time, because all of them at once would block the window."""
        replay.swings.on = self._state.choices.swing
        self.moments = Moments(replay)
        self.camera.clear()
        self.camera.setVisible(not replay.private)
        self.controls.overlay.setVisible(not replay.private)
        no_head = replay.no_head if self.head.problem is None else texts.NO_HEAD_GL.format(reason=self.head.problem)
        self.head.setVisible(not no_head)
        self.no_head.setVisible(bool(no_head))
        self.no_head.setText(no_head)
        yield
        if replay.drawn is not None:
            self.head.set_geometry(replay.drawn.geometry)
            self.camera.set_lines(replay.drawn.lines)
        yield
        self.readout.set_replay(replay)
        yield
        track = self.readout.track
        self.plot.set_session(track.curves, replay.session.markers, replay.lost, track.gauge.percent)
        self.plot.set_chosen(self.readout.colors)
        yield
        markers = replay.session.markers
        self.markers.load(markers)
        self.replay, playback = replay, self.deck.load(replay.rows.time, [m.time for m in markers])
        self.controls.time_line.set_session(playback.start, playback.end, markers)
        self.controls.set_total(playback.end, int(replay.rows.frame[-1]))
        self.actions_.set_enabled(True)
        self._show_markers()
        self.actions_["painted"].setEnabled(replay.session.video is not None)
        self._show_range()
        yield
        self._pages.setCurrentIndex(1)

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self._pages.setCurrentIndex(0)

    def _show_range(self, new: bool = False) -> None:
        if new:
            self.actions_["loop"].setChecked(True)
        self.plot.set_range(self.range)
        self.controls.show_range(self.range)
        self.actions_["clear"].setEnabled(self.range is not None)

    # --- layout ---------------------------------------------------------------------------------

    def _arrange(self) -> None:
        for label in (self.message, self.no_head):
            label.setObjectName("Muted")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
        for key in ON_HEAD:
            self.head.add_action(self.actions_[key])
        self.head.setMinimumSize(*_LEAST_HEAD)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.message)
        views = (self.camera, self.head, self.no_head)
        self._pages.addWidget(player_page(views, self.readout.legend, self.plot, self.readout, self.controls))

    def _connect(self) -> None:
        self.camera.picked.connect(self.follow)
        self.plot.sought.connect(self.deck.seek)
        self.plot.ranged.connect(lambda low, high: self.deck.set_range((low, high)))
        self.plot.moved.connect(self._move_marker)
        self.plot.edited.connect(self.edit_marker)
        self.controls.time_line.sought.connect(self.deck.seek)
        self.readout.chosen_changed.connect(lambda: self.plot.set_chosen(self.readout.colors))
        self.readout.switched.connect(self._switch_gauge)
