"""Records the live engine's result for each frame, on a thread of its own: nobody ever waits for it."""

from __future__ import annotations

import errno
import logging
import shutil
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from expnet_live.core.errors import UserError
from expnet_live.core.files import TOO_MANY_OPEN
from expnet_live.core.types import FaceState
from expnet_live.live.state import LiveState
from expnet_live.person.person import Person
from expnet_live.pipeline.appearance import Appearance
from expnet_live.sessions.format.folder import VIDEO
from expnet_live.sessions.format.info import SessionInfo
from expnet_live.sessions.format.markers import Marker
from expnet_live.sessions.recording.encoder import Encoder, Room
from expnet_live.sessions.recording.lane import Lane
from expnet_live.sessions.recording.listening import Listener
from expnet_live.sessions.recording.writer import SessionWriter
from expnet_live.threads.worker import Life, Worker
from expnet_live.video.sound import Sound

log = logging.getLogger(__name__)

GB = 1e9
_LOOK_EVERY, _CHECK_EVERY = 0.1, 1.0  # s between checks of the lanes, and of the disk
_GRACE = 20.0  # s to wait for the video to end
_PATIENCE = 1.0  # s to wait for the microphone to close
_EARLY = 500  # blocks of sound kept for the first frame, whose result comes later than its sound
_CLOSE_SOME = "end other programs, or raise the limit of open files (ulimit -n)"
_LEAST_STEP = 0.001  # minimum s between frames, because some systems' clocks are coarse


@dataclass(frozen=True)
class Limits:
    """Most frames whose rows may wait for the disk, most pictures for the encoder; bytes that must stay free.

    `drain`: s after the stop for writing the waiting pictures.
    """

    frames: int = 3000
    room: Room = field(default_factory=Room)
    warn_free: float = 5 * GB
    least_free: float = 1 * GB
    drain: float = 1.0


@dataclass(frozen=True)
class _Frame:
    number: int
    picture: int | None
    time: float
    faces: tuple[FaceState, ...]
    looks: Mapping[int, Appearance]


class Recorder(Worker):
    """A live output: add it to the engine's; `folder` must not hold a session yet.

    `describe` is called on the recorder's thread and may raise UserError, `fps` with the first frame. All methods are
    for any thread and return at once. Only frames of the first frame's source belong to the session. `problem` is the
    sentence that says why it failed, if it did: `life` is then FAILED, and the data written before are complete and
    readable.

    `limits` may be changed while it records. `encoder` is the video's lane, None without a video. `listener`, which has
    not been started, or has just been, hears the sound of the video; the recording ends it.

    Rows wait neither for the encoder nor for the disk, so that a kill costs one row at most.
    """

    def __init__(
        self,
        folder: Path,
        describe: Callable[[], SessionInfo],
        *,
        video: bool = True,
        fps: Callable[[], float | None] = lambda: None,
        limits: Limits | None = None,
        drops: int | None = None,
        listener: Listener | None = None,
    ) -> None:
        super().__init__("recorder")
        self.folder = folder
        self.warnings: list[str] = []  # sentences, each once
        self.info: SessionInfo | None = None  # when it has ended
        self.frames = self.missed = 0  # processed frames, and those not written completely
        self.limits = limits or Limits()
        self._describe, self._fps = describe, fps
        self._rows: Lane[_Frame | Marker] = Lane("rows", self._has_room, self._write, lambda: None)
        self.encoder = Encoder(folder / VIDEO, self.limits.room, listener) if video else None
        self._listener = listener if video else None
        self._early: deque[Sound] = deque(maxlen=_EARLY)
        self._writer: SessionWriter | None = None
        self._condition = threading.Condition()
        self._person: Person | None = None  # to be stored
        self._mirrored: Counter[int] = Counter()  # frames in which a face was the profile's
        self._latest: int | None = None  # of these faces
        self._size = (0, 0)
        self._generation: int | None = None
        self._start: float | None = None
        self._last = 0.0  # s since the start
        self._drops_before = drops  # None: those that the first frame has
        self._drops: tuple[int, int] = 0, 0
        self._stopped_by = ""  # the sentence, if not by the user

    # --- for any thread -----------------------------------------------------------------------

    @property
    def video(self) -> bool:
        return self.encoder is not None

    @property
    def sounding(self) -> bool:
        """Whether the video has sound."""
        return self.encoder is not None and self.encoder.sounding

    @property
    def late(self) -> int:
        """Number of frames that were not written completely because disk or encoder is too slow."""
        return self.missed - (0 if self.encoder is None else self.encoder.unfit)

    @property
    def waiting(self) -> int:
        """Number of rows waiting for the disk."""
        return self._rows.waiting

    @property
    def seconds(self) -> float:
        """Recording time since the first frame."""
        if self._start is None:
            return 0.0
        return self._last if self.stopping else time.monotonic() - self._start

    @property
    def ended(self) -> bool:
        return self._thread.ident is not None and not self.alive

    def put(self, state: LiveState) -> None:
        """Take a processed frame; if there is no room, it loses its picture, or is dropped and counted."""
        captured = state.captured
        image = captured.frame.image
        with self._condition:
            if not state.processed or self.stopping or self._generation not in (None, captured.generation):
                return
            if self._start is None:
                self._begin(state)
            else:
                # Some systems' clocks are too coarse to distinguish two frames.
                self._last = max(captured.grabbed - self._start, self._last + _LEAST_STEP)
            self._drops = self._drops[0], state.frame_drops
            if state.faces and state.faces[0].own:
                self._latest = state.faces[0].state.face
                self._mirrored[self._latest] += 1
            self.frames += 1
            if not self._has_room(self._rows.waiting):
                self.missed += 1
                return
            picture = None if self.encoder is None else self.encoder.offer(image, self._last)
            if self._listener is not None:
                self._listener.play(captured.position, captured.grabbed)
            self.missed += self.video and picture is None
            faces = tuple(f.state for f in state.faces)
            self._rows.offer(_Frame(self.frames - 1, picture, self._last, faces, state.looks))

    def _hear(self, sound: Sound) -> None:
        """Take sound of monotonic times; on the listener's thread."""
        with self._condition:
            self._early.append(sound)
            if self._start is None or self.encoder is None:
                return
            while self._early:
                sound = self._early.popleft()
                self.encoder.hear(Sound(sound.samples, sound.time - self._start))

    def lost(self, face: int, time: float) -> None:
        """Do nothing: the rows of a frame without the face say so."""

    def mark(self, label: str, color: str = "", at: float | None = None) -> Marker | None:
        """Label this moment, or that `at` time.monotonic(); return None before the first frame or after the end."""
        with self._condition:
            if self._start is None or self.stopping:
                return None
            at = time.monotonic() if at is None else at
            marker = Marker(max(at - self._start, 0.0), label, color)
            return marker if self._rows.offer(marker) else None

    def set_person(self, person: Person) -> None:
        """Change the person: a calibration during the recording applies to all of it."""
        with self._condition:
            self._person = person
            self._condition.notify()

    def stop(self) -> None:
        with self._condition:
            super().stop()
            self._condition.notify()

    def _has_room(self, waiting: int, item: object = None) -> bool:
        return waiting < self.limits.frames

    def _begin(self, state: LiveState) -> None:
        image = state.captured.frame.image
        self._generation, self._start = state.captured.generation, state.captured.grabbed
        self._size = image.shape[1], image.shape[0]
        before = state.frame_drops if self._drops_before is None else self._drops_before
        self._drops = before, state.frame_drops
        if self.encoder is not None:
            self.encoder.fps = self._fps()
        self._condition.notify()

    # --- on the lane of rows ------------------------------------------------------------------

    def _write(self, item: _Frame | Marker) -> None:
        assert self._writer is not None
        if isinstance(item, Marker):
            self._writer.mark(item)
        else:
            self._writer.write(item.number, item.picture, item.time, item.faces, item.looks)

    # --- its own thread -----------------------------------------------------------------------

    def _work(self) -> None:
        try:
            self._check_space()
            if not self._stopped_by:
                info = replace(self._describe(), video_frames=0 if self.video else None)
                self._writer = SessionWriter(self.folder, info)
        except (UserError, OSError) as error:
            self._stopped_by = _at_start(error, self.folder)
        if self._stopped_by or self._writer is None:
            self._give_up()
            return
        self._running()
        self._rows.start()
        if self.encoder is not None:
            self.encoder.start()
        self._start_listening()
        try:
            self._watch(self._writer)
        except OSError as error:
            self._stopped_by = _in_the_middle(error, self.folder)
        except Exception as error:
            log.exception("the recorder broke")
            self._stopped_by = f"An unexpected error ended the recording ({error}); see the log for details."
        self.stop()  # from here on, nothing more is counted
        try:
            self._end(self._writer)
        except (UserError, OSError) as error:
            self._stopped_by = self._stopped_by or _in_the_middle(error, self.folder)
        if self._stopped_by:
            self._give_up()

    def _start_listening(self) -> None:
        if self._listener is not None:
            self._listener.hear = self._hear
            if self._listener.life is Life.STARTING and not self._listener.alive:
                self._listener.start()

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._listener.stop()
            self._listener.join(_PATIENCE)

    def _give_up(self) -> None:
        self.stop()
        self._stop_listening()
        self._life, self.problem = Life.FAILED, self._stopped_by
        log.info("%s", self.problem)

    def _watch(self, writer: SessionWriter) -> None:
        """Watch the two lanes and the disk until the end."""
        checked = time.monotonic()
        while not self.stopping:
            with self._condition:
                self._condition.wait(_LOOK_EVERY)
            self._note(writer)
            self._check_lanes()
            if time.monotonic() - checked >= _CHECK_EVERY:
                writer.note_faces()
                writer.sync()
                self._check_space()
                checked = time.monotonic()
        self._note(writer)

    def _note(self, writer: SessionWriter) -> None:
        """The fields of session.json that were unknown at the beginning."""
        with self._condition:
            person, self._person = self._person, None
            latest, most = self._latest, self._mirrored.most_common(1)
        if self._start is not None and not writer.begun:
            writer.begin(self._start, *self._size)
        if person is not None:
            writer.note_person(person)
        if self._listener is not None and self.sounding and writer.begun and not writer.info.sound:
            writer.note_sound(self._listener.heard)
        # Of a profile with a shape, the latest one is nearest to it, but every face is that of a profile without one.
        mirrored = latest if writer.info.person.identity is not None or not most else most[0][0]
        if mirrored is not None and writer.begun and list(writer.info.people) != [mirrored]:
            writer.note_mirrored(mirrored)

    def _check_lanes(self) -> None:
        """Raise the error that stopped the rows, or OSError if the disk stopped the video; ignore other video
        errors.
        """
        if self._rows.error is not None:
            raise self._rows.error
        error = None if self.encoder is None else self.encoder.error
        if isinstance(error, OSError):
            raise error
        if error is not None:
            self._warn(f"The video can no longer be written ({error}); the coefficients continue.")
        if self.encoder is not None and self.encoder.unfit:
            width, height = self._size
            self._warn(
                f"Pictures of another size than {width} x {height}, the first one's, are not in the video; their "
                "coefficients are recorded. Start another recording to have both."
            )
        if error is None and self._listener is not None and self._listener.problem is not None:
            self._warn(f"{self._listener.problem} The recording continues without sound.")

    def _end(self, writer: SessionWriter) -> None:
        self._stop_listening()
        if not self._rows.finish(_GRACE, 0.0):
            raise OSError(errno.EIO, "the disk does not respond")
        pictures = None
        if self.encoder is not None:
            self.encoder.finish(self.limits.drain, _GRACE)
            pictures = self.encoder.accepted, self.encoder.written
            self.missed += pictures[0] - pictures[1]
        try:
            self._note(writer)  # only now is it certain whether there is sound
        finally:
            writer.close(self.frames, self._drops[1] - self._drops[0], pictures, self._stopped_by)
        self.info = writer.info
        self._check_lanes()

    def _check_space(self) -> None:
        """Check the disk. Raises OSError if the folder is gone."""
        there = self.folder
        if self._writer is None:
            there = next(p for p in (there, *there.absolute().parents) if p.exists())
        free, limits = shutil.disk_usage(there).free, self.limits
        if free < limits.least_free:
            self._stopped_by = (
                f"Less than {limits.least_free / GB:g} GB is free on the disk of {self.folder}, so nothing more is "
                "recorded; free some space, or choose a folder on another disk."
            )
            self.stop()
        elif free < limits.warn_free:
            warn, least = limits.warn_free / GB, limits.least_free / GB
            self._warn(f"Less than {warn:g} GB are free on the disk; at {least:g} GB recording stops.")

    def _warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)


def _at_start(error: Exception, folder: Path) -> str:
    if isinstance(error, FileExistsError) and folder.is_dir():
        return f"{folder} already contains a session; choose a new folder."
    if isinstance(error, BlockingIOError):
        return f"Another program is recording into {folder}; choose a new folder."
    if isinstance(error, OSError) and error.errno == errno.ENOTEMPTY:
        return f"{folder} contains other files; choose a new folder."
    if isinstance(error, OSError) and error.errno in TOO_MANY_OPEN:
        return f"Too many files are open to record into {folder}; {_CLOSE_SOME}."
    if isinstance(error, OSError):
        return f"Recording into {folder} is not possible ({error.strerror or error}); choose a writable folder."
    return str(error)


def _in_the_middle(error: Exception, folder: Path) -> str:
    if not isinstance(error, OSError):
        return str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"The disk of {folder} is full, so recording stopped; what was written is kept. Free some space, and "
            "record again."
        )
    if error.errno in TOO_MANY_OPEN:
        return (
            f"Too many files are open to go on writing {folder}, so recording stopped; what was written is "
            f"kept. {_CLOSE_SOME.capitalize()}, and record again."
        )
    if isinstance(error, FileNotFoundError):
        return (
            f"{folder} is gone, deleted or on a drive that was removed, so recording stopped; choose another folder "
            "and record again."
        )
    return (
        f"{folder} can no longer be written ({error.strerror or error}), so recording stopped; what was written is "
        "kept. Choose another folder and record again."
    )
