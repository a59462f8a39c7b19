"""The player: picture, head, curves and controls of a recorded session, which move together."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from expnet_live.app import texts
from expnet_live.app.player.channels import Channels
from expnet_live.app.player.controls import ON_HEAD, PlayerActions, PlayerControls
from expnet_live.app.player.plot import SessionPlot
from expnet_live.app.player.replay import Posed, Poser, Replay
from expnet_live.app.theme import Theme
from expnet_live.app.views.camera_view import CameraView
from expnet_live.app.views.head_view import HeadView
from expnet_live.errors import UserError
from expnet_live.geometry.camera import Camera
from expnet_live.live.mailbox import Mailbox
from expnet_live.live.worker import Life
from expnet_live.sessions.picture_file import PictureReader
from expnet_live.sessions.playback import Playback
from expnet_live.types import Image, Pose

log = logging.getLogger(__name__)

_TICK = 16  # ms
_PATIENCE = 2.0  # s for threads to end
_CURVES = 4  # that are chosen at first
_NEAR = 0.05  # s that a marker may be away to be the one the cursor is at


class PlayerView(QWidget):
    """Plays the session in a folder. `export_asked` is emitted by its button."""

    export_asked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.folder: Path | None = None
        self.replay: Replay | None = None
        self.shown_row = -1  # the one that all views show
        self._playback: Playback | None = None
        self._loaded: Mailbox[Replay | str] = Mailbox()
        self._loader: threading.Thread | None = None
        self._reader: PictureReader | None = None
        self._poser: Poser | None = None
        self._asked: int | None = None  # the row that threads are busy with
        self._image: Image | None = None
        self._posed: Posed | None = None
        self._waits: set[str] = set()  # for what of it
        self._speed = 1.0
        self.actions_ = PlayerActions(self, self._handlers())
        self.camera, self.head = CameraView(), HeadView()
        self.camera.setToolTip(texts.PLAYER_PICTURE_TIP)
        self.plot, self.channels = SessionPlot(), Channels()
        self.controls = PlayerControls(self.actions_, self._set_speed, self._set_overlay, self.export_asked.emit)
        self.message = QLabel(texts.PLAYER_NONE)
        self._no_head = QLabel()
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
        for part in (self.actions_, self.camera, self.head, self.plot, self.channels, self.controls):
            part.set_theme(theme)
        if self.replay is not None:
            self.plot.set_chosen(self.channels.colors)

    def open_session(self, folder: Path) -> None:
        """Returns at once; what is wrong with the folder is shown as a sentence."""
        self.close_session()
        self.folder, self._loaded = folder, Mailbox()
        self._say(texts.PLAYER_LOADING)
        self._loader = threading.Thread(
            target=_load, args=(folder, self._loaded), name="loading of a session", daemon=True
        )
        self._loader.start()
        self._timer.start(_TICK)

    def close_session(self) -> None:
        """Within two seconds."""
        self._timer.stop()
        end = time.monotonic() + _PATIENCE
        workers = [w for w in (self._reader, self._poser) if w is not None]
        for worker in workers:
            worker.stop()
        self._loaded.close()
        for worker in workers:
            worker.join(end - time.monotonic())
        if self._loader is not None:
            self._loader.join(max(0.0, end - time.monotonic()))
        self.folder = self.replay = self._playback = self._loader = self._reader = self._poser = None
        self._asked, self._image, self._posed, self.shown_row = None, None, None, -1
        self.actions_.set_enabled(False)
        self._say(texts.PLAYER_NONE)

    @property
    def range(self) -> tuple[float, float] | None:
        """What is looped, and to be exported, in s of the session."""
        return None if self._playback is None else self._playback.range

    @property
    def playback(self) -> Playback | None:
        return self._playback

    def seek(self, seconds: float) -> None:
        if self._playback is not None:
            self._playback.seek(seconds, time.monotonic())

    def set_range(self, wanted: tuple[float, float] | None) -> None:
        if self._playback is not None:
            had = self._playback.range is not None
            self._playback.set_range(wanted)
            if self._playback.range is not None and not had:
                self.actions_["loop"].setChecked(True)
            self._show_range()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.close_session()
        self.head.close_canvas()
        super().closeEvent(event)

    # --- time -----------------------------------------------------------------------------------

    def _tick(self) -> None:
        self.head.advance()
        if self.replay is None:
            self._take_loaded()
        if self.replay is None or self._playback is None:
            return
        row = self._playback.advance(time.monotonic())
        self.actions_.show_playing(self._playback.playing)
        self._collect()
        if self._asked is None and row != self.shown_row:
            self._ask(row)
        elif self._asked is None and not self._playback.playing:
            self._place_cursor(self._playback.position)  # it may stand between two rows

    def _ask(self, row: int) -> None:
        """For all that a row shows; it is shown when all of it has come."""
        assert self.replay is not None
        self._asked, self._waits = row, set()
        if self._poser is not None:
            self._poser.ask(row)
            self._waits.add("head")
        number = int(self.replay.picture[row])
        if self._reader is not None and number >= 0:
            self._reader.ask(number)
            self._waits.add("picture")
        else:
            self._image = None
        self._collect()

    def _collect(self) -> None:
        if self._asked is None:
            return
        if self._poser is not None and (posed := self._poser.latest()) is not None:
            self._posed = posed[1]
            self._waits.discard("head")
        if self._reader is not None and (picture := self._reader.latest()) is not None:
            self._image = picture[1]
            self._waits.discard("picture")
        if self._reader is not None and self._reader.life is Life.FAILED:
            self._image = None
            self._waits.discard("picture")
        if self._poser is not None and self._poser.life is Life.FAILED:
            self._waits.discard("head")
        if not self._waits:
            row, self._asked = self._asked, None
            self._show(row)

    def _show(self, row: int) -> None:
        replay, playback = self.replay, self._playback
        assert replay is not None and playback is not None
        self.shown_row = row
        self.camera.note = self._note(row)
        self.camera.set_picture(self._image, replay.faces(row) if replay.own[row] else ())
        if self._posed is not None:
            self.head.set_mesh(self._posed.vertices, self._posed.normals, self._posed.rotation)
            self._paint(row)
        # Where it was put, also between two rows; where it got to, when the picture comes late.
        at = playback.position if playback.row == row else playback.time_of(row)
        self._place_cursor(at)
        self.controls.show_moment(at, int(replay.rows.frame[row]))
        self.channels.set_values({name: float(curve[row]) for name, curve in replay.channels.items()})

    def _place_cursor(self, at: float) -> None:
        assert self._playback is not None
        self.plot.set_position(at, follow=self._playback.playing)
        self.controls.time_line.set_position(at)

    def _paint(self, row: int) -> None:
        replay = self.replay
        if replay is None or self._image is None or not self.head.look.painted or not replay.own[row]:
            return
        if replay.rows.face[row] >= 0:
            pose = Pose(replay.rows.rotation[row], replay.rows.translation[row])
            height, width = self._image.shape[:2]
            self.head.set_photo(self._image, Camera.for_image(width, height).view(pose))

    def _note(self, row: int) -> str:
        """What there is to say about the picture."""
        replay = self.replay
        assert replay is not None
        if self._reader is None:
            return texts.PLAYER_NO_VIDEO
        if self._reader.problem:
            return self._reader.problem
        if self._image is None:
            return texts.PLAYER_NO_PICTURE if replay.picture[row] < 0 else texts.PLAYER_VIDEO_ENDED
        if not replay.own[row]:
            return texts.PLAYER_HELD_PICTURE
        return texts.NO_FACE if replay.rows.face[row] < 0 else ""

    # --- loading --------------------------------------------------------------------------------

    def _take_loaded(self) -> None:
        loaded = self._loaded.take()
        if isinstance(loaded, str):
            self._say(loaded)
        elif loaded is not None:
            self._begin(loaded)

    def _begin(self, replay: Replay) -> None:
        info = replay.session.info
        self.replay, self._playback = replay, Playback(replay.rows.time)
        self._playback.loop = self.actions_["loop"].isChecked()
        self._playback.set_speed(self._speed, time.monotonic())
        if replay.session.video is not None:
            self._reader = PictureReader(replay.session.video, (info.width, info.height))
            self._reader.start()
        if replay.drawn is not None:
            self._poser = Poser(replay, replay.drawn.model)
            self._poser.start()
            self.head.set_geometry(replay.drawn.geometry)
            self.camera.set_lines(replay.drawn.lines)
        self.camera.clear()
        self.camera.setVisible(not replay.private)
        self.controls.overlay.setVisible(not replay.private)
        no_head = "" if replay.drawn is not None else texts.PLAYER_OTHER_MODEL.format(name=info.face_model.name)
        if self.head.problem is not None:
            no_head = texts.NO_HEAD_GL.format(reason=self.head.problem)
        self.head.setVisible(not no_head)
        self._no_head.setVisible(bool(no_head))
        self._no_head.setText(no_head)
        chosen, curves = replay.liveliest(_CURVES), replay.channels
        listed = [*chosen, *(n for n in curves if n not in chosen)]
        self.channels.set_names(listed, [texts.POSE.get(n, texts.title(n)) for n in listed], chosen)
        markers = replay.session.markers
        self.plot.set_session(replay.curves, markers, replay.lost)
        self.plot.set_chosen(self.channels.colors)
        self.controls.time_line.set_session(self._playback.start, self._playback.end, markers)
        self.controls.set_total(self._playback.end, int(replay.rows.frame[-1]))
        self.actions_.set_enabled(True)
        for key in ("previous", "next"):
            self.actions_[key].setEnabled(bool(markers))
        self.actions_["painted"].setEnabled(replay.session.video is not None)
        self._show_range()
        self._pages.setCurrentIndex(1)

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self._pages.setCurrentIndex(0)

    # --- what buttons do ------------------------------------------------------------------------

    def _handlers(self) -> dict[str, Callable[..., object]]:
        return {
            "play": self.toggle_playing,
            "back": lambda: self._step(-1),
            "forth": lambda: self._step(1),
            "previous": lambda: self._to_marker(-1),
            "next": lambda: self._to_marker(1),
            "begin": lambda: self.seek(-math.inf),
            "end": lambda: self.seek(math.inf),
            "loop": self._set_loop,
            "in": lambda: self._set_end(0),
            "out": lambda: self._set_end(1),
            "clear": lambda: self.set_range(None),
            "all": lambda: self.plot.show_all(),
            "reset_view": lambda: self.head.orbit.reset(),
            "wireframe": lambda on: self.head.set_look(replace(self.head.look, wireframe=on)),
            "painted": self._set_painted,
            "hair": lambda on: self.head.set_look(replace(self.head.look, hair=on)),
            "follow": self._set_follow,
            "mirror": self._set_mirror,
        }

    def toggle_playing(self) -> None:
        if self._playback is not None:
            now = time.monotonic()
            self._playback.pause(now) if self._playback.playing else self._playback.play(now)

    def _step(self, rows: int) -> None:
        if self._playback is not None:
            self._playback.step(rows, time.monotonic())

    def _to_marker(self, way: int) -> None:
        if self.replay is None or self._playback is None:
            return
        at = self._playback.position
        times = [m.time for m in self.replay.session.markers]
        beyond = [t for t in times if (t - at) * way > _NEAR]
        if beyond:
            self.seek(min(beyond) if way > 0 else max(beyond))

    def _set_end(self, which: int) -> None:
        """Puts the beginning (0) or end (1) of the range to the cursor."""
        if self._playback is None:
            return
        ends = list(self._playback.range or (self._playback.start, self._playback.end))
        ends[which] = self._playback.position
        if ends[0] >= ends[1]:  # beyond the other end, which then goes
            ends[1 - which] = (self._playback.end, self._playback.start)[which]
        self.set_range((ends[0], ends[1]))

    def _set_loop(self, on: bool) -> None:
        if self._playback is not None:
            self._playback.loop = on

    def _set_speed(self, speed: float) -> None:
        self._speed = speed
        if self._playback is not None:
            self._playback.set_speed(speed, time.monotonic())

    def _set_overlay(self, overlay: str) -> None:
        self.camera.overlay = overlay
        self.camera.update()

    def _set_painted(self, on: bool) -> None:
        self.head.set_look(replace(self.head.look, painted=on))
        if self.replay is not None and self.shown_row >= 0:
            self._paint(self.shown_row)

    def _set_follow(self, on: bool) -> None:
        self.head.follow = on
        self._turn_head()

    def _set_mirror(self, on: bool) -> None:
        self.camera.mirror = self.head.mirror = on
        self.camera.update()
        self._turn_head()

    def _turn_head(self) -> None:
        self.head.set_look(self.head.look)

    def _show_range(self) -> None:
        self.plot.set_range(self.range)
        self.controls.show_range(self.range)
        self.actions_["clear"].setEnabled(self.range is not None)

    # --- layout ---------------------------------------------------------------------------------

    def _arrange(self) -> None:
        for label in (self.message, self._no_head):
            label.setObjectName("Muted")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
        for key in ON_HEAD:
            self.head.add_action(self.actions_[key])
        above, below, whole = QSplitter(Qt.Orientation.Horizontal), QWidget(), QSplitter(Qt.Orientation.Vertical)
        for part in (self.camera, self.head, self._no_head):
            above.addWidget(part)
        above.setSizes([500, 500, 500])
        row = QHBoxLayout(below)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.plot, 1)
        row.addWidget(self.channels)
        whole.addWidget(above)
        whole.addWidget(below)
        whole.setSizes([520, 260])
        for splitter in (above, whole):
            splitter.setHandleWidth(8)
            splitter.setChildrenCollapsible(False)
        whole.setStretchFactor(0, 2)
        whole.setStretchFactor(1, 1)
        player = QWidget()
        column = QVBoxLayout(player)
        column.setContentsMargins(10, 10, 10, 10)
        column.setSpacing(8)
        column.addWidget(whole, 1)
        column.addWidget(self.controls)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.message)
        self._pages.addWidget(player)

    def _connect(self) -> None:
        self.plot.sought.connect(self.seek)
        self.plot.ranged.connect(lambda low, high: self.set_range((low, high)))
        self.controls.time_line.sought.connect(self.seek)
        self.channels.chosen_changed.connect(lambda: self.plot.set_chosen(self.channels.colors))


def _load(folder: Path, out: Mailbox[Replay | str]) -> None:
    """On a thread of its own."""
    try:
        out.put(Replay.load(folder))
    except UserError as error:
        out.put(str(error))
    except Exception as error:
        log.exception("%s cannot be opened", folder)
        out.put(texts.PLAYER_BROKEN.format(folder=folder, reason=error))
