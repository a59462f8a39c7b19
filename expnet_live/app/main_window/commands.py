"""The commands behind the window's actions, lists and drops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import assert_never, cast

from PySide6.QtCore import QSettings
from PySide6.QtGui import QImage

from expnet_live.app import logs, platform, texts
from expnet_live.app.main_window.controller import Controller
from expnet_live.app.main_window.dialogs import Dialogs
from expnet_live.app.main_window.notice import Act, Notice
from expnet_live.app.main_window.parts import PartCallbacks
from expnet_live.app.main_window.snapshot import Snapshot, snapshot_folder
from expnet_live.app.sessions_window.window import SessionsWindow
from expnet_live.app.state.catalog import ADD_HEAD
from expnet_live.app.state.choices import OVERLAYS
from expnet_live.app.state.marking import Preset
from expnet_live.app.theme import DARK, Theme
from expnet_live.app.widgets.controls import ControlCallbacks
from expnet_live.app.widgets.gestures_panel import GestureCallbacks
from expnet_live.app.widgets.pieces import reveal
from expnet_live.avatars.avatar import Avatar
from expnet_live.avatars.wardrobe import is_avatar_file
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.core.paths import make_folder
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.heads.built_in import face_model
from expnet_live.sessions.recording.recorder import Recorder
from expnet_live.threads.worker import Life


class Commands:
    """`pictures` gives those of the views, by the names of their files, for a snapshot."""

    def __init__(
        self, controller: Controller, store: QSettings, dialogs: Dialogs, pictures: Callable[[], dict[str, QImage]]
    ) -> None:
        self._controller, self._store, self.dialogs, self._pictures = controller, store, dialogs, pictures
        self._theme = DARK
        self._last_snapshot: Path | None = None
        self._recorded: tuple[Recorder | None, tuple[Life, bool] | None] = None, None
        self.sessions: SessionsWindow | None = None
        self.snapshot_folder = snapshot_folder()
        self.teach: Callable[[str], None] = lambda name: None  # shows the sheet of a lesson

    def callbacks(self) -> PartCallbacks:
        c = self._controller
        return PartCallbacks(
            controls=ControlCallbacks(
                source=self._pick_source,
                resolution=self._pick_resolution,
                model=self._pick_model,
                device=lambda v: c.change(device=v),
                smoothing=lambda v: c.change(smoothing=v),
                faces=lambda n: c.change(max_faces=n),
                head=self._pick_head,
                profile=self._pick_profile,
            ),
            gestures=GestureCallbacks(
                choose=c.choose_gesture,
                act=lambda on: self.choose(gestures_act=on),
                add=self.add_gesture,
                delete=c.forget_gesture,
            ),
            keep_outputs=c.remember_outputs,
            overlay=lambda v: self.choose(overlay=v),
            span=lambda v: self.choose(span=v),
            gauge=lambda v: self.choose(gauge=v),
            bar_clicked=self._toggle_curve,
            face_clicked=c.mirror_face,
            gain=c.set_gain,
            head_failed=lambda reason: c.notices.append(
                Notice("gl", "error", texts.NO_HEAD_GL.format(reason=reason), Act.SHOW_LOG)
            ),
        )

    def act(self, notice: Notice) -> None:
        """What the button of its banner does."""
        match notice.act:
            case None:
                pass
            case Act.LOOK_FOR_CAMERAS:
                self.look_for_cameras()
            case Act.PLAY_DEMO:
                self.play_demo()
            case Act.RETRY_MODEL:
                self._controller.retry_model()
            case Act.USE_CAMERA:
                self._controller.sources.use(self._controller.sources.camera(notice.camera))
            case Act.SHOW_LOG:
                self.open_log()
            case Act.SHOW_SNAPSHOT:
                self.open_folder(self._last_snapshot or self.snapshot_folder)
            case Act.REPLAY:
                last = self._controller.recording.last
                self.show_sessions(None if last is None else last.folder)
            case Act.SHOW_SESSIONS:
                self.show_sessions()
            case _:
                assert_never(notice.act)

    def open_folder(self, folder: Path) -> None:
        """Show a folder in the file manager, and make it before if nothing is in it yet."""

        def made() -> Path:
            try:
                make_folder(folder)
            except OSError as error:
                raise UserError(texts.NO_FOLDER.format(folder=folder, reason=error.strerror or error)) from error
            return folder

        self._reveal(made)

    def open_log(self) -> None:
        file = logs.log_file()

        def there() -> Path:
            if not file.exists():
                raise UserError(texts.NO_LOG.format(folder=file.parent))
            return file

        self._reveal(there)

    def _reveal(self, find: Callable[[], Path]) -> None:
        """`find` may ask the disk, and raise UserError."""
        c = self._controller
        c.shelf.ask(find, reveal, lambda problem: c.notices.append(Notice("folder", "warning", problem, stays=False)))

    # --- source -------------------------------------------------------------------------------

    def open_file(self) -> None:
        self.dialogs.ask_file(texts.FILE_FILTER, self.open_path)

    def open_path(self, path: str) -> None:
        """Open a video, a picture, the folder of a session, or an avatar."""
        if is_avatar_file(path):
            self.open_avatar(path)
            return

        sources = self._controller.sources

        def open_(plays: bool) -> None:
            sources.use_file(path) if plays else self.show_sessions(Path(path))

        self._controller.shelf.ask(lambda: sources.opens(path), open_, sources.keep)

    def add_avatar(self) -> None:
        self.dialogs.ask_file(texts.AVATAR_FILTER, self.open_avatar, texts.AVATAR_ADD)

    def open_avatar(self, path: str) -> None:
        """Show what an avatar is, and wear it if the user says so."""
        c, source = self._controller, Path(path)

        def show(avatar: Avatar) -> None:
            self.dialogs.show_avatar(avatar, lambda: c.keep_avatar(source, avatar))

        c.shelf.ask(lambda: Avatar.load(source, face_model()), show, c.no_avatar)

    def _pick_head(self, value: object) -> None:
        if value == ADD_HEAD:
            self.add_avatar()
            self._controller.window_state.announce()  # the list goes back to the one that is chosen
        else:
            self._controller.use_head(str(value))

    def play_demo(self) -> None:
        self._controller.sources.use(SourceSpec.demo())

    def look_for_cameras(self) -> None:
        self._controller.sources.look()

    def play_or_pause(self) -> None:
        capture = self._controller.engine.capture
        if capture is not None:
            self._controller.sources.set_playing(not capture.transport.playing)

    def skip(self, seconds: float) -> None:
        capture = self._controller.engine.capture
        if capture is not None and capture.spec.kind is not SourceKind.CAMERA:
            capture.transport.seek(capture.transport.position + seconds)

    def set_loop(self, on: bool) -> None:
        self._controller.sources.set_loop(on)

    def _pick_source(self, value: object) -> None:
        if value == "file":
            self.open_file()
        elif isinstance(value, SourceSpec):
            self._controller.sources.use(self._controller.sources.camera(int(value.value)) if value.live else value)

    def _pick_resolution(self, value: object) -> None:
        width, height, fps = cast("tuple[int | None, int | None, float | None]", value)
        self.choose(width=width, height=height, fps=fps)
        spec = self._controller.spec
        if spec is not None and spec.live:
            self._controller.sources.use(replace(spec, width=width, height=height, fps=fps))

    def set_zoom(self, zoom: int) -> None:
        """Show everything at so many per cent from the next start on: Qt reads it before it opens a window."""
        if zoom != self._controller.choices.zoom:
            self.choose(zoom=zoom)
            self._controller.notices.append(Notice("zoom", "info", texts.ZOOM_NEXT.format(zoom=zoom), stays=False))

    # --- network, person and views ------------------------------------------------------------

    def choose(self, **changes: object) -> None:
        """By the names of the fields of Choices: those that concern the views alone."""
        self._controller.window_state.choose(**changes)

    def mirror_next(self) -> None:
        """Of several faces, mirror the next one; the first of them is mirrored now."""
        numbers = [face.state.face for face in self._controller.faces]
        if len(numbers) > 1:
            order = sorted(numbers)
            self._controller.mirror_face(order[(order.index(numbers[0]) + 1) % len(order)])

    def calibrate(self) -> None:
        self._controller.neutral.calibrate()

    def forget_calibration(self) -> None:
        self._controller.neutral.forget()

    def keep_full(self, full: dict[str, float]) -> None:
        """Keep what the person performed as their full actions."""
        self._change_full({**self._controller.person.full, **full}, texts.PERFORMED)

    def forget_full(self) -> None:
        self._change_full({}, texts.PERFORM_FORGOTTEN)

    def _change_full(self, full: dict[str, float], said: str) -> None:
        c = self._controller
        c.change_person(
            lambda person: replace(person, full=full),
            lambda person: c.notices.append(Notice("performed", "info", said.format(name=person.name), stays=False)),
        )

    def freeze_outputs(self, on: bool) -> None:
        self._controller.streaming.freeze(on)

    def link_blinks(self, on: bool) -> None:
        self._controller.change_person(lambda person: replace(person, link_blinks=on))

    def set_auto_neutral(self, on: bool) -> None:
        self._controller.neutral.learn(on)

    def next_overlay(self) -> None:
        now = OVERLAYS.index(self._controller.choices.overlay)
        self.choose(overlay=OVERLAYS[(now + 1) % len(OVERLAYS)])

    def _toggle_curve(self, name: str) -> None:
        curves = self._controller.choices.curves
        self.choose(curves=tuple(c for c in curves if c != name) if name in curves else (*curves, name))

    def _pick_model(self, value: object) -> None:
        if value == "choose":
            self.dialogs.ask_file(texts.MODEL_FILTER, self._pick_model)
            self._controller.window_state.announce()  # the list goes back to the one that is chosen
        else:
            self._controller.change(model=value)

    def rename_profile(self) -> None:
        c = self._controller
        self.dialogs.ask_profile(c.rename_profile, texts.PROFILE_RENAME, c.choices.profile)

    def delete_profile(self) -> None:
        question = texts.PROFILE_DELETE_SURE.format(name=self._controller.choices.profile)
        self.dialogs.ask_sure(question, texts.DELETE_IT, self._controller.delete_profile)

    def _pick_profile(self, value: object) -> None:
        if value == "new":
            self.dialogs.ask_profile(self._pick_profile)
            self._controller.window_state.announce()
        else:
            self._controller.use_profile(str(value))

    # --- gestures -----------------------------------------------------------------------------

    def add_gesture(self) -> None:
        """Ask for a name, then for three examples."""
        self.dialogs.ask_name(texts.GESTURE_ADD.rstrip("…"), texts.GESTURE_NAME, "", self._teach)

    def _teach(self, name: str) -> None:
        c = self._controller
        if name in BUILT_IN or name in c.person.gestures:
            c.notices.append(Notice("gestures", "warning", texts.GESTURE_TAKEN.format(name=name), stays=False))
        elif name:
            self.teach(name)

    def keep_gesture(self, name: str, examples: list[list[float]]) -> None:
        """Store a gesture in the profile."""
        c = self._controller
        said = Notice("gestures", "info", texts.GESTURE_SAVED.format(name=name), stays=False)
        c.change_person(
            lambda person: replace(person, gestures={**person.gestures, name: examples}),
            lambda person: c.notices.append(said),
        )

    # --- snapshots ----------------------------------------------------------------------------

    def snapshot(self) -> None:
        snapshot = Snapshot(self._pictures(), self._controller.faces)
        # Writing takes too long for the GUI thread. Not a daemon, so that it also finishes at exit.
        threading.Thread(target=self._save, args=(snapshot, self.snapshot_folder), name="snapshot").start()

    def _save(self, snapshot: Snapshot, folder: Path) -> None:
        """Runs on a thread of its own."""
        notices = self._controller.notices
        try:
            saved = snapshot.save(folder)
        except UserError as error:
            notices.append(Notice("snapshot", "error", str(error)))
            return
        self._last_snapshot = saved
        text = (texts.SAVED if snapshot.faces else texts.SAVED_NO_FACE).format(folder=saved)
        notices.append(Notice("snapshot", "info", text, Act.SHOW_SNAPSHOT, stays=False))

    # --- recordings and sessions --------------------------------------------------------------

    def record(self, on: bool) -> None:
        self._controller.record(on)

    def set_sound(self, on: bool) -> None:
        """Switch the sound of later recordings on or off; the first time, macOS asks for the microphone."""
        self.choose(sound=on)
        if on:
            platform.request_microphone()

    @property
    def marking(self) -> bool:
        """Whether there is anything that takes markers."""
        return self._controller.recording.active or self._controller.streaming.takes_markers

    def mark(self, preset: Preset | None = None) -> None:
        """Mark this moment, numbered without a preset."""
        if self.marking:
            preset = preset or Preset("")
            self._controller.recording.mark(preset.label, preset.color)

    def mark_named(self) -> None:
        """Mark this moment, and ask for its name afterwards."""
        at = time.monotonic()
        self.dialogs.ask_name(
            texts.MARK_NAMED.rstrip("…"),
            texts.MARKER_NAME,
            "",
            lambda label: self._controller.recording.mark(label, at=at),
        )

    def show_sessions(self, folder: Path | None = None) -> None:
        """The sessions window, created at first use."""
        if self.sessions is None:
            self.sessions = SessionsWindow(self._theme, self._store, self._controller.window_state)
            self.sessions.player.sending.connect(self._controller.streaming.hold)
            self.sessions.player.sent.connect(self._controller.streaming.put)
            self.sessions.player.passed.connect(self._controller.streaming.mark)
        self.sessions.show_session(folder)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        if self.sessions is not None:
            self.sessions.set_theme(theme)

    def watch(self) -> None:
        """Update the list of sessions for recordings."""
        recorder = self._controller.recording.recorder
        # Frames may come before the session is on disk: it is there when the recorder runs.
        state = (recorder, None if recorder is None else (recorder.life, recorder.frames > 0))
        if state != self._recorded:
            self._recorded = state
            if self.sessions is not None:
                self.sessions.refresh()

    def close(self) -> None:
        sessions, self.sessions = self.sessions, None
        if sessions is not None:
            sessions.shut_down()
