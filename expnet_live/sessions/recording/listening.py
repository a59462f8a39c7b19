"""What a recording hears, each on a thread of its own: a microphone, or the sound of the clip that plays."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from pathlib import Path

from expnet_live.capture.microphones import DEFAULT, open_microphone
from expnet_live.capture.spec import SourceKind, SourceSpec
from expnet_live.core.errors import SourceError, UserError
from expnet_live.threads.worker import Worker
from expnet_live.video.sound import Sound, SoundReader, SteadyClock

_JUMP = 0.1  # s between the clip's clock and ours beyond which it was paused, or has moved on
_STEADY = 0.5  # s in which a picture of a clip comes in time at least once

Hear = Callable[[Sound], None]


class Listener(Worker):
    """Hands blocks of sound, with monotonic times, to `hear`, once that is set.

    `ready` is set when it hears something, or when it failed; `problem` then says why.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.hear: Hear | None = None
        self.ready = threading.Event()

    @property
    def heard(self) -> str:
        """The name of what it hears."""
        return self.name

    @property
    def listening(self) -> bool:
        """Whether it hears something. It may take a moment."""
        return self.ready.is_set() and self.problem is None

    def play(self, position: float, grabbed: float) -> None:
        """The clip has shown its picture of `position` s at the monotonic time `grabbed`."""

    def _work(self) -> None:
        try:
            self._listen()
        except SourceError as error:
            self._failed(str(error))
        finally:
            self.ready.set()

    @abstractmethod
    def _listen(self) -> None: ...

    def _hand_on(self, sound: Sound) -> None:
        if self.hear is not None:
            self.hear(sound)


class MicrophoneListener(Listener):
    """Hears a microphone, "" for the system's default, from its start to its stop."""

    def __init__(self, device: str = "") -> None:
        super().__init__(device or DEFAULT)
        self._device, self._heard = device, ""

    @property
    def heard(self) -> str:
        return self._heard

    def _listen(self) -> None:
        with open_microphone(self._device) as microphone:
            self._heard = microphone.name
            for sound in microphone:
                if self.stopping:
                    return
                self._running()
                self.ready.set()
                self._hand_on(sound)


class ClipListener(Listener):
    """Hears the sound of a clip at the moments at which its pictures are shown, also after jumps and pauses."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.name)
        self._path = path
        self._condition = threading.Condition()
        self._shown: deque[tuple[float, float]] = deque()

    def play(self, position: float, grabbed: float) -> None:
        with self._condition:
            self._shown.append((position, grabbed))
            self._condition.notify()

    def stop(self) -> None:
        with self._condition:
            super().stop()
            self._condition.notify()

    def _listen(self) -> None:
        reader = SoundReader.open(self._path)
        if reader is None:
            raise SourceError(f"{self.name} has no sound; record it without sound, or choose a microphone.")
        self._running()
        self.ready.set()
        try:
            self._follow(reader)
        finally:
            reader.close()

    def _follow(self, reader: SoundReader) -> None:
        clock = SteadyClock(_STEADY)
        sounds = iter(reader)
        held: Sound | None = None
        last: tuple[float, float] | None = None
        while (shown := self._take()) is not None:
            position, grabbed = shown
            if last is None or abs((position - last[0]) - (grabbed - last[1])) > _JUMP:
                clock.reset()
                reader.seek(position)
                sounds, held = iter(reader), None
            last = shown
            delay = clock(position, grabbed) - position
            held = held or next(sounds, None)
            while held is not None and held.time <= position:
                self._hand_on(Sound(held.samples, held.time + delay))
                held = next(sounds, None)

    def _take(self) -> tuple[float, float] | None:
        """The next picture shown; None at the end."""
        with self._condition:
            self._condition.wait_for(lambda: self._shown or self.stopping)
            return self._shown.popleft() if self._shown else None


def listener_for(spec: SourceSpec, sound: str = "") -> Listener:
    """What hears the sound of a recording of `spec`: the microphone named `sound`; if it is empty, a clip itself, or
    the system's microphone beside a camera. Raises UserError if there can be no sound.
    """
    if sound or spec.live:
        return MicrophoneListener(sound)
    if spec.kind is not SourceKind.FILE:
        raise UserError(f"{spec.name} has no sound that can be recorded; choose a file, or a microphone.")
    return ClipListener(Path(spec.value))
