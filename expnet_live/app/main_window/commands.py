"""What happens when a person presses, picks or drops something."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog

from expnet_live.app import logs, texts
from expnet_live.app.main_window.notice import Notice
from expnet_live.app.main_window.parts import PartCallbacks
from expnet_live.app.main_window.snapshot import Snapshot, snapshot_folder
from expnet_live.app.sessions_window.window import SessionsWindow
from expnet_live.app.state.choices import OVERLAYS
from expnet_live.app.theme import Theme
from expnet_live.app.widgets.controls import ControlCallbacks
from expnet_live.app.widgets.pieces import reveal
from expnet_live.app.widgets.sheets import Sheet, about_sheet, shortcuts_sheet
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.core.version import __version__
from expnet_live.sessions.format.folder import sessions_root
from expnet_live.sessions.recording.recorder import Recorder

if TYPE_CHECKING:
    from expnet_live.app.main_window.window import MainWindow

_SKIP = 5.0  # s


class Commands:
    def __init__(self, window: MainWindow) -> None:
        self._window, self._controller = window, window.controller
        self._sheet: Sheet | None = None
        self._last_snapshot: Path | None = None
        self._recorded: tuple[Recorder | None, bool] = None, False
        self.sessions: SessionsWindow | None = None
        self.snapshot_folder = snapshot_folder()

    def handlers(self) -> dict[str, Callable[..., object]]:
        """By the keys of expnet_live/app/main_window/actions.py."""
        w = self._window
        return {
            "open": self._open_file,
            "demo": lambda: self._use(SourceSpec.demo()),
            "refresh": self._controller.cameras.look_again,
            "snapshot": self._snapshot,
            "record": self._record,
            "mark": self._controller.recording.mark,
            "library": self.show_sessions,
            "private": lambda on: self._choose(private=on),
            "quit": w.close,
            "play": self._play_or_pause,
            "loop": self._controller.set_loop,
            "back": lambda: self._skip(-_SKIP),
            "forth": lambda: self._skip(_SKIP),
            "calibrate": self._controller.calibrate,
            "forget": self._controller.forget_calibration,
            "auto_neutral": self._controller.set_auto_neutral,
            "mirror": lambda on: self._choose(mirror=on),
            "wireframe": lambda on: self._choose(wireframe=on),
            "painted": lambda on: self._choose(painted=on),
            "hair": lambda on: self._choose(hair=on),
            "follow": lambda on: self._choose(follow=on),
            "reset_view": lambda: w.parts.head.orbit.reset(),
            "overlay": self._next_overlay,
            "full_screen": lambda on: w.showFullScreen() if on else w.showNormal(),
            "reset_layout": lambda: w.arrange(),
            "shortcuts": lambda: self._show_sheet(lambda: shortcuts_sheet(w, w.actions_.all())),
            "about": lambda: self._show_sheet(lambda: about_sheet(w, __version__)),
            "log": lambda: reveal(logs.log_file()),
            "data": lambda: reveal(self.snapshot_folder),
            "sessions": self._reveal_sessions,
        }

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
            overlay=lambda v: self._choose(overlay=v),
            span=lambda v: self._choose(span=v),
            gauge=lambda v: self._choose(gauge=v),
            bar_clicked=self._toggle_curve,
            gain=self._set_gain,
            head_failed=lambda reason: c.notices.append(
                Notice("gl", "error", texts.NO_HEAD_GL.format(reason=reason), texts.SHOW_LOG, "log")
            ),
        )

    def banner(self, act: str) -> None:
        """What a banner's button does, by the name in its notice."""
        if act.startswith("use-"):
            self._use(self._controller.camera(int(act[4:])))
            return
        {
            "sources": self._controller.cameras.look_again,
            "demo": lambda: self._use(SourceSpec.demo()),
            "retry": self._controller.retry_model,
            "log": lambda: reveal(logs.log_file()),
            "folder": lambda: reveal(self._last_snapshot or self.snapshot_folder),
            "replay": self._replay,
            "library": self.show_sessions,
        }[act]()

    def open_path(self, path: str) -> None:
        """A video, a picture, or the folder of a session."""

        def open_(folder: bool) -> None:
            self.show_sessions(Path(path)) if folder else self._use(SourceSpec.file(path))

        self._controller.shelf.ask(lambda: Path(path).is_dir(), open_)

    def _use(self, spec: SourceSpec) -> None:
        self._controller.use_source(spec)
        self._window.show_choices()

    def _choose(self, **changes: object) -> None:
        self._controller.window_state.choose(**changes)

    def _pick_source(self, value: object) -> None:
        if value == "file":
            self._open_file()
        elif isinstance(value, SourceSpec):
            self._use(self._controller.camera(int(value.value)) if value.live else value)

    def _pick_resolution(self, value: object) -> None:
        width, height, fps = cast("tuple[int | None, int | None, float | None]", value)
        self._choose(width=width, height=height, fps=fps)
        spec = self._controller.spec
        if spec is not None and spec.live:
            self._use(replace(spec, width=width, height=height, fps=fps))

    def _pick_model(self, value: object) -> None:
        if value == "choose":
            self._ask_file(texts.MODEL_FILTER, lambda path: self._pick_model(path))
            self._window.show_choices()
            return
        self._controller.change(model=value)
        self._window.show_choices()

    def _pick_profile(self, value: object) -> None:
        if value == "new":
            self._window.ask_profile(self._pick_profile)
            return
        self._controller.use_profile(str(value))
        self._window.show_choices()

    def _pick_head(self, value: object) -> None:
        self._controller.use_head(str(value))
        self._window.show_choices()

    def _set_gain(self, name: str, gain: float) -> None:
        self._controller.set_gain(name, gain)
        self._window.show_choices()

    def _toggle_curve(self, name: str) -> None:
        curves = self._controller.choices.curves
        self._choose(curves=tuple(c for c in curves if c != name) if name in curves else (*curves, name))

    def _next_overlay(self) -> None:
        now = OVERLAYS.index(self._controller.choices.overlay)
        self._choose(overlay=OVERLAYS[(now + 1) % len(OVERLAYS)])

    def _play_or_pause(self) -> None:
        capture = self._controller.engine.capture
        if capture is not None:
            self._controller.set_playing(not capture.transport.playing)

    def _skip(self, seconds: float) -> None:
        capture = self._controller.engine.capture
        if capture is not None and capture.spec.kind is not SourceKind.CAMERA:
            capture.transport.seek(capture.transport.position + seconds)

    def _open_file(self) -> None:
        self._ask_file(texts.FILE_FILTER, self.open_path)

    def _ask_file(self, filters: str, then: Callable[[str], None]) -> None:
        # Not the static functions: they wait, and the picture would stand still.
        dialog = QFileDialog(self._window, texts.OPEN_FILE, str(Path.home()), filters)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(then)
        dialog.open()

    def _show_sheet(self, make: Callable[[], Sheet]) -> None:
        if self._sheet is not None:
            self._sheet.close()
            return
        self._sheet = make()
        self._sheet.destroyed.connect(self._sheet_gone)

    def _sheet_gone(self) -> None:
        self._sheet = None

    def _snapshot(self) -> None:
        c, parts = self._controller, self._window.parts
        views = {key: dock.widget() for key, dock in parts.docks.items() if key in ("expression", "curves")}
        pictures: dict[str, QImage] = {
            "window": self._window.grab().toImage(),
            "camera": parts.camera.grab().toImage(),
            "head": parts.head.picture(),
            **{key: view.grab().toImage() for key, view in views.items() if view.isVisible()},
        }
        snapshot = Snapshot(pictures, c.faces)
        # Writing takes longer than the picture may stand still. No daemon: what is begun is finished, also at the end.
        threading.Thread(target=self._save, args=(snapshot, self.snapshot_folder), name="snapshot").start()

    def _save(self, snapshot: Snapshot, folder: Path) -> None:
        """On a thread of its own."""
        notices = self._controller.notices
        try:
            saved = snapshot.save(folder)
        except UserError as error:
            notices.append(Notice("snapshot", "error", str(error)))
            return
        self._last_snapshot = saved
        text = (texts.SAVED if snapshot.faces else texts.SAVED_NO_FACE).format(folder=saved)
        notices.append(Notice("snapshot", "info", text, texts.SHOW_FOLDER, "folder", stays=False))

    def _record(self, on: bool) -> None:
        self._controller.record(on)
        self._window.show_recording()

    def _replay(self) -> None:
        last = self._controller.recording.last
        self.show_sessions(None if last is None else last.folder)

    def show_sessions(self, folder: Path | None = None) -> None:
        """The window of sessions, made when it is first wanted."""
        if self.sessions is None:
            self.sessions = SessionsWindow(self._window.theme, self._window.store)
        self.sessions.show_session(folder)

    def set_theme(self, theme: Theme) -> None:
        if self.sessions is not None:
            self.sessions.set_theme(theme)

    def watch(self) -> None:
        """The list of sessions follows recordings."""
        recorder = self._controller.recording.recorder
        state = (recorder, recorder is not None and recorder.frames > 0)
        if state != self._recorded:
            self._recorded = state
            if self.sessions is not None:
                self.sessions.refresh()

    def close(self) -> None:
        sessions, self.sessions = self.sessions, None
        if sessions is not None:
            sessions.shut_down()

    def _reveal_sessions(self) -> None:
        reveal(sessions_root())
