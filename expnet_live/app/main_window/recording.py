"""The window's recordings, without widgets: starts, marks and stops them, and recovers interrupted ones."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from pathlib import Path

from expnet_live.app import texts
from expnet_live.app.main_window.notice import Act, Notice
from expnet_live.capture.spec import SourceSpec
from expnet_live.core.errors import UserError
from expnet_live.live.engine import Engine
from expnet_live.person.person import Person
from expnet_live.sessions.catalog.recovery import recover_all
from expnet_live.sessions.format.folder import new_folder, sessions_root
from expnet_live.sessions.recording.listening import Listener, listener_for
from expnet_live.sessions.recording.record import start_recording
from expnet_live.sessions.recording.recorder import Recorder
from expnet_live.threads.worker import Life

log = logging.getLogger(__name__)

_PATIENCE = 5.0  # s to wait for the last pictures to reach the disk when the window closes


class Recording:
    """One recording at a time. Methods are for the GUI thread and return at once, except `close`."""

    def __init__(self, engine: Engine, notices: deque[Notice]) -> None:
        self._engine, self._notices = engine, notices
        self._markers = 0
        self._told_missed = 0
        self._why = ""
        self._wanted: tuple[Path, bool, bool] | None = None
        self.recorder: Recorder | None = None  # until its end has been reported
        self.last: Recorder | None = None

    @property
    def active(self) -> bool:
        return self.recorder is not None and not self.recorder.stopping

    @property
    def ready(self) -> bool:
        """Whether a network is running and no other recording must end first."""
        return self.recorder is None and self._engine.inference.pipeline is not None

    @property
    def seconds(self) -> float:
        return 0.0 if self.recorder is None else self.recorder.seconds

    def want(self, folder: Path, video: bool, sound: bool = False) -> None:
        """Start recording as soon as possible."""
        self._wanted = folder, video, sound

    def begin(self, spec: SourceSpec, video: bool, sound: bool = False, folder: Path | None = None) -> None:
        """Start recording into `folder`, or into a new one named by the time if it is None. Sound needs video."""
        if not self.ready:
            return
        for key in ("record", "record missed", "record warning"):
            self._notices.append(Notice(key, "gone"))
        self._markers = self._told_missed = 0
        self._wanted = None
        # Do not ask the disk, which may be slow: only this window could make two recordings in one second.
        folder = folder or new_folder(sessions_root(), lambda path: self.last is not None and path == self.last.folder)
        listener = self._listener(spec) if sound and video else None
        self.recorder = start_recording(self._engine, spec, folder, video=video, listener=listener)

    def _listener(self, spec: SourceSpec) -> Listener | None:
        try:
            return listener_for(spec)
        except UserError as error:
            self._notices.append(Notice("record warning", "warning", str(error)))
            return None

    def stop(self, why: str = "") -> None:
        """End the recording; `why`: a sentence for somebody who did not ask for its end."""
        if self.active:
            assert self.recorder is not None
            self._why = why
            self.recorder.stop()

    def mark(self, label: str = "", color: str = "", at: float | None = None) -> None:
        """Mark this moment, or that `at` time.monotonic(), in the recording and for the live outputs. Without a label
        it is numbered."""
        at = time.monotonic() if at is None else at
        numbered = not label
        label = label or texts.MARKER_LABEL.format(n=self._markers + 1)
        marker = None if self.recorder is None else self.recorder.mark(label, color, at)
        self._engine.inference.outputs.mark(label, at)
        self._markers += numbered
        text = texts.MARK_SENT.format(label=label)
        if marker is not None:
            text = texts.MARKED.format(label=label, time=texts.clock(marker.time))
        self._notices.append(Notice("marker", "info", text, stays=False))

    def set_person(self, person: Person) -> None:
        if self.recorder is not None:
            self.recorder.set_person(person)

    def watch(self, spec: SourceSpec | None) -> None:
        """Start what was requested and report news; called several times a second."""
        if self._wanted is not None and spec is not None and self.ready:
            folder, video, sound = self._wanted
            self.begin(spec, video, sound, folder)
        recorder = self.recorder
        if recorder is None:
            return
        if recorder.warnings and not recorder.ended:
            self._notices.append(Notice("record warning", "warning", " ".join(recorder.warnings)))
        # Report again only when the count has doubled: a banner that changes with every frame is unreadable.
        if recorder.late >= max(1, 2 * self._told_missed):
            self._told_missed = recorder.late
            text = texts.RECORD_MISSED.format(n=recorder.late)
            self._notices.append(Notice("record missed", "warning", text))
        if recorder.ended:
            self._tell_end(recorder)

    def _tell_end(self, recorder: Recorder) -> None:
        self.last, self.recorder = recorder, None
        self._engine.inference.outputs.remove(recorder)
        kept = recorder.info is not None
        if recorder.problem is not None:
            self._notices.append(Notice("record", "error", recorder.problem, Act.REPLAY if kept else None))
            return
        text = self._why + texts.RECORDED.format(time=texts.clock(recorder.seconds), folder=recorder.folder)
        if recorder.missed:
            text += texts.RECORDED_MISSED.format(n=recorder.missed)
        self._notices.append(Notice("record missed", "gone"))
        self._notices.append(Notice("record", "info", text, Act.REPLAY, stays=bool(recorder.missed or self._why)))

    def close(self) -> list[str]:
        """Complete the recording. Return the name of its thread if the disk does not respond."""
        recorder = self.recorder
        if recorder is None:
            return []
        recorder.stop()
        if not recorder.join(_PATIENCE):
            return [recorder.name]
        if recorder.problem is not None and recorder.life is Life.FAILED:
            log.warning("%s", recorder.problem)
        self._tell_end(recorder)
        return []

    def recover(self) -> None:
        """Recover recordings that a kill or a power failure cut off, on a thread of its own."""
        threading.Thread(target=self._recover, name="recovery of sessions", daemon=True).start()

    def _recover(self) -> None:
        try:
            recovered = recover_all(sessions_root())
        except UserError as error:
            self._notices.append(Notice("recovery", "warning", str(error)))
            return
        problems = [r for r in recovered if isinstance(r, UserError)]
        if problems:
            self._notices.append(Notice("recovery", "warning", str(problems[0])))
        elif recovered:
            text = texts.RECOVERED_ONE if len(recovered) == 1 else texts.RECOVERED.format(n=len(recovered))
            self._notices.append(Notice("recovery", "info", text, Act.SHOW_SESSIONS))
