"""One thread for all senders that never wait, because waking a thread for each costs more than their work."""

from __future__ import annotations

import threading
from typing import Protocol


class Pumped(Protocol):
    """A stream whose sender never waits."""

    def pump(self) -> None:
        """Send the samples that wait, on the pump's thread; must not raise."""
        ...


class Pump:
    """Its thread lives as long as it has streams."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._streams: tuple[Pumped, ...] = ()
        self._due = False
        self._running = False
        self._sending = threading.Lock()

    def add(self, stream: Pumped) -> None:
        with self._condition:
            self._streams = (*self._streams, stream)
            self._due = True
            if not self._running:
                self._running = True
                threading.Thread(target=self._main, name="live outputs", daemon=True).start()
            self._condition.notify()

    def remove(self, stream: Pumped) -> None:
        """Remove a stream; on return, it is no longer pumped."""
        with self._condition:
            self._streams = tuple(s for s in self._streams if s is not stream)
            self._condition.notify()
        with self._sending:
            pass

    def wake(self) -> None:
        """Wake the thread, because there is something to send."""
        if self._due:
            return
        with self._condition:
            self._due = True
            self._condition.notify()

    def _main(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._due or not self._streams)
                self._due = False
                if not self._streams:
                    self._running = False
                    return
                self._sending.acquire()
                streams = self._streams
            try:
                for stream in streams:
                    stream.pump()
            finally:
                self._sending.release()


PUMP = Pump()
