"""Moves the controller's state to the views, driven by timers."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from expnet_live.app import texts
from expnet_live.app.main_window.controller import Controller
from expnet_live.app.main_window.neutral import Kind
from expnet_live.app.main_window.notice import Notice
from expnet_live.app.main_window.parts import Parts
from expnet_live.app.state.gauge import ACTIONS, Gauge, actions_gauge, read
from expnet_live.app.state.idle import idle_expression, idle_pose
from expnet_live.app.widgets.head_view import HeadView
from expnet_live.avatars.avatar import posed
from expnet_live.avatars.swinging import Swings
from expnet_live.core.types import Pose
from expnet_live.geometry.camera import Camera
from expnet_live.heads.head import Head
from expnet_live.live.state import LiveState
from expnet_live.threads.worker import Life

_IDLE_STEP = 1 / 30  # s between pictures of the idle head
_CURVES_EVERY = 2  # ticks of the bars
_NEUTRALS = {
    Kind.NONE: "",
    Kind.OFF: texts.NEUTRAL_OFF,
    Kind.LEARNING: texts.NEUTRAL_LEARNING,
    Kind.LEARNED: texts.NEUTRAL_LEARNED,
    Kind.SET: texts.NEUTRAL_SET,
    Kind.OTHER: texts.NEUTRAL_OTHER,
}


class Presenter:
    """`act` does what the button of a banner says. All methods belong to the GUI thread."""

    def __init__(self, controller: Controller, parts: Parts, act: Callable[[Notice], None]) -> None:
        self._controller, self._parts, self._act = controller, parts, act
        self._begun = time.monotonic()
        self._idle_shown = 0.0
        self._idle_swings = Swings()
        self._share = 1.0  # of the last face, in the picture of the head
        self._plots = 0
        self._pending: LiveState | None = None
        self.head: Head | None = None  # the head whose geometry the view has
        self.hairy = True  # whether it has hair, or could have
        self.heads = [parts.head]  # all views of the head
        self._faced: list[HeadView] = []  # those that have shown a face on this head
        self._ready = False
        self._gauge = Gauge()
        self.first_head: float | None = None  # s from the start to the first moving head
        self.first_face: float | None = None  # and to the first mirrored face
        # After this, the picture is on the screen and not only drawn.
        parts.head.shown.connect(self._swapped)

    def tick(self) -> None:
        """Show the newest frame, if there is one, in camera view and head."""
        if not self._ready:
            self._take_prepared()
        state = self._controller.tick()
        self._show_gestures()
        if state is not None:
            self._parts.camera.set_state(state)
            self._show_head(state)
        elif self._idle:
            self._show_idle()
        else:
            self._change_head()
        self._come_to_rest()
        self._parts.head.advance()

    def add_head(self, view: HeadView) -> None:
        """Show the head in another view, too."""
        self.heads.append(view)
        if self.head is not None and (geometry := self._controller.gallery.geometry(self.head)) is not None:
            view.set_geometry(geometry)

    def remove_head(self, view: HeadView) -> None:
        self.heads.remove(view)
        self._faced = [other for other in self._faced if other is not view]

    def plot(self) -> None:
        """Update bars, curves and the clip's position."""
        controller, parts = self._controller, self._parts
        parts.transport.refresh()
        share = controller.presence.share(time.monotonic())
        face = controller.presence.face(share)
        if face is not None:
            values = read(face, controller.choices.gauge)[1]
            parts.bars.set_values(values, controller.ranges.low, controller.ranges.high)
        for view in (parts.bars, parts.curves):
            view.set_presence(share)
        self._plots += 1
        # Curves move by only a pixel or two in that time, and take longest to draw.
        if self._plots % _CURVES_EVERY == 0 and parts.docks["curves"].isVisible():
            parts.curves.refresh(controller.history)

    def watch(self) -> None:
        """Update status line, notes on the picture, and banners."""
        controller = self._controller
        controller.watch()
        self._take_notices()
        engine, statistics, now = controller.engine, controller.statistics, time.monotonic()
        capture = engine.capture
        rates = (capture.fps if capture else 0.0, engine.inference.fps, statistics.screen_rate(now))
        latency = statistics.latency()
        streaming = controller.streaming
        self._parts.status.show_outputs(
            streaming.names, streaming.leaving, streaming.fetchable, streaming.complaints, streaming.held,
            streaming.frozen,
        )  # fmt: skip
        if self._parts.outputs.isVisible():
            self._parts.outputs.refresh()
        self._parts.status.refresh(
            engine.inference.device or "–",
            rates,
            (engine.frame_drops, engine.state_drops),
            latency,
            statistics.stages(),
        )
        self._parts.camera.badge = (
            f"{texts.FPS.format(fps=rates[2])}   {texts.LATENCY.format(ms=1000 * latency)}" if latency else ""
        )
        self._parts.camera.note = self._note()
        if capture is not None and capture.life is Life.FAILED and capture.size is None:
            # What the source before showed is not what this one shows.
            self._parts.camera.clear()
            self._parts.camera.note = texts.NO_PICTURE
        self._show_recording()
        state = controller.state
        calibrating = engine.inference.calibrating
        neutral = _NEUTRALS[controller.neutral.kind].format(name=controller.person.name)
        self._parts.controls.neutral.setText(texts.CALIBRATING if calibrating else neutral)
        self._parts.controls.set_calibrating(state.calibration if state and calibrating else None)

    @property
    def _moving(self) -> list[HeadView]:
        """The views that move: that of another window, which mixers show, is an output like others, once it has shown
        the face.
        """
        still = self._faced if self._controller.streaming.frozen else ()
        return [view for view in self.heads if view is self._parts.head or view not in still]

    @property
    def mirrored(self) -> float:
        """Seconds since the first mirrored face, 0 before it."""
        return 0.0 if self.first_face is None else time.monotonic() - self._begun - self.first_face

    @property
    def _idle(self) -> bool:
        """Whether there is no face to mirror yet; later, the head holds the last one."""
        return self.first_face is None and self._ready

    def _take_prepared(self) -> None:
        prepared = self._controller.prepared
        if prepared is None:
            return
        self._ready = True
        self._parts.camera.set_lines(prepared.lines)
        actions = self._controller.choices.gauge == ACTIONS
        self._show(actions_gauge() if actions else Gauge(prepared.model.names))

    def _show(self, gauge: Gauge) -> None:
        """Show another gauge in bars and curves, and clear the history of the old one."""
        if gauge != self._gauge:
            self._gauge = gauge
            self._parts.bars.set_gauge(gauge)
            self._parts.curves.set_gauge(gauge)
            self._controller.forget_past()

    def _show_head(self, state: LiveState) -> None:
        if not state.faces or not self._ready:  # without its geometry, the head cannot be shown yet
            return
        face = state.faces[0]
        self._show(read(face, self._controller.choices.gauge)[0])
        if not self._turned_to(face.head):
            return
        image = state.captured.frame.image
        for view in self._moving:
            view.set_skin(face.skin)
            drawn = face.drawn(view.follow)
            view.set_mesh(drawn.vertices, drawn.normals, drawn.pose.rotation, drawn.materials)
            if view.finish.painted:
                view.set_photo(image, Camera.for_image(image.shape[1], image.shape[0]).view(face.state.pose))
        self._faced = list(self.heads)
        self._pending = state

    def _show_idle(self) -> None:
        now = time.monotonic()
        prepared = self._controller.prepared
        if prepared is None or now - self._idle_shown < _IDLE_STEP:
            return
        self._idle_shown = now
        seconds = now - self._begun
        head = self._controller.gallery.head or self._controller.dressed(prepared.model)
        if self._turned_to(head):
            pose = Pose(idle_pose(seconds), np.zeros(3))
            for view in self._moving:
                self._idle_swings.on = self._controller.choices.swing
                rest, swings = idle_expression(head, seconds), self._idle_swings
                drawn = posed(head, rest, None, None, None, pose, view.follow, swings, seconds)
                view.set_mesh(drawn.vertices, drawn.normals, drawn.pose.rotation, drawn.materials)

    def _come_to_rest(self) -> None:
        """After the last face left, ease the head to rest within a second, and let it look inactive."""
        now, head = time.monotonic(), self._parts.head
        share = self._controller.presence.share(now)
        if share == self._share or (share > 0 and share < 1 and now - self._idle_shown < _IDLE_STEP):
            return
        self._share, self._idle_shown = share, now
        head.set_presence(share)
        face = self._controller.presence.face(share)
        if share < 1 and face is not None and self._turned_to(face.head):
            for view in self._moving:
                drawn = face.drawn(view.follow)
                view.set_mesh(drawn.vertices, drawn.normals, drawn.pose.rotation, drawn.materials)

    def _change_head(self) -> None:
        """Show the last face on a newly chosen head, even if the source is a picture or a paused clip."""
        controller = self._controller
        state, head = controller.state, controller.gallery.head
        if state is None or not state.faces or controller.prepared is None:
            return
        head = head or controller.dressed(controller.prepared.model)
        if state.faces[0].head is not head and state.faces[0].fits(head) and self._turned_to(head):
            worn = controller.window_state.wear(head)
            if worn is not None:
                self._show_head(worn)

    def _turned_to(self, head: Head) -> bool:
        """Whether the view draws that head, which needs its geometry."""
        if head is not self.head:
            geometry = self._controller.gallery.geometry(head)
            if geometry is None:
                return False
            for view in self.heads:
                view.set_geometry(geometry)
            self.head, self.hairy, self._faced = head, head.traits.look is not None, []
        return True

    def _swapped(self) -> None:
        now = time.monotonic()
        if self._ready and self.first_head is None:
            self.first_head = now - self._begun
        state, self._pending = self._pending, None
        if state is not None:
            self._controller.shown(state)
            if self.first_face is None:
                self.first_face = now - self._begun

    def _show_gestures(self) -> None:
        panel, gesturing = self._parts.gestures, self._controller.gesturing
        seen = panel.isVisible()
        fired = self._controller.watch_gestures(seen)
        if seen:
            panel.set_scores(gesturing.scores, gesturing.lasting, fired)

    def _show_recording(self) -> None:
        recorder = self._controller.recording.recorder
        if recorder is None or recorder.stopping:
            self._parts.camera.recording = ""
            self._parts.status.show_recording("", "")
            return
        time_ = texts.clock(recorder.seconds)
        parts = texts.STATUS_SOUND if recorder.sounding else "" if recorder.video else texts.STATUS_PRIVATE
        text = texts.STATUS_RECORDING.format(time=time_, frames=recorder.frames, parts=parts)
        self._parts.camera.recording = texts.RECORDING.format(time=time_)
        self._parts.status.show_recording(text, texts.STATUS_RECORDING_TIP.format(folder=recorder.folder))

    def _note(self) -> str:
        state, engine = self._controller.state, self._controller.engine
        if state is None:
            return texts.WAITING
        if not state.processed:
            return texts.LOADING if engine.inference.life is Life.STARTING else ""
        if not state.faces:
            return "" if self._controller.confirming else texts.NO_FACE
        return texts.CALIBRATING if engine.inference.calibrating else ""

    def _take_notices(self) -> None:
        notices, banners = self._controller.notices, self._parts.banners
        while notices:
            n = notices.popleft()
            if n.kind == "gone":
                banners.dismiss(n.key)
            else:
                button = None if n.act is None else n.act.text
                banners.show_banner(n.key, n.kind, n.text, button, partial(self._act, n), n.stays)
