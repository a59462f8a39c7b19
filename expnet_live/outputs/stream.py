"""Streams to other programs, on threads of their own, so that none ever delays a frame.

This module also exports everything that outputs, including those of other packages, need: `Address`, `Datagrams`,
`Option`, `OutputKind`, `OUTPUTS`, `Sample`, `Sender`.
"""

from __future__ import annotations

import errno
import logging
import math
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

from expnet_live.core.errors import UserError, system_text
from expnet_live.live.state import LiveFace, LiveState
from expnet_live.outputs.address import LOOPBACK, Address
from expnet_live.outputs.datagrams import Datagrams
from expnet_live.outputs.output import BACKLOG, OUTPUTS, Option, OutputKind, Sender, parse_target
from expnet_live.outputs.pump import PUMP
from expnet_live.outputs.sample import Follower, Sample, SampleOf
from expnet_live.outputs.shape import Shape
from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.rate import RateMeter
from expnet_live.threads.worker import Life, Worker

_MARKS = 100  # markers that may wait
_BEFORE = 2.0  # s to wait for the stream before it
_PATIENCE = 3.0  # s that a sender may take for one thing before the user hears of it
_LONG = 0.008  # s of computing for one sample, after which only the newest of those that came meanwhile is sent
_sample_of = SampleOf()
log = logging.getLogger(__name__)

__all__ = [
    "LOOPBACK", "OUTPUTS", "Address", "Datagrams", "Option", "OutputKind", "Sample", "Sender", "Stream", "parse_target",
]  # fmt: skip


class Stream(Worker):
    """A LiveOutput that sends samples in order; if its thread is late, it drops and counts the oldest.

    It opens when the stream `after` has ended, which may use the same port.
    """

    def __init__(
        self, kind: OutputKind, address: Address, shape: Shape | None = None, after: Stream | None = None
    ) -> None:
        super().__init__(kind.title(address))
        self._after = after
        self.kind, self.address = kind, address
        self.shape = shape  # replaced as a whole from other threads
        self.frozen = False  # whether the face that was sent last is sent again and again; set from other threads
        self.sent = self.unheard = 0
        self._samples: Mailbox[tuple[LiveState, LiveFace | None]] = Mailbox(BACKLOG)
        self._last: tuple[LiveState, LiveFace | None] | None = None
        self._marks: deque[tuple[str, float]] = deque(maxlen=_MARKS)
        self._follower = Follower()
        self._meter = RateMeter()
        self._sender: Sender | None = None
        self._pumped = False
        self._busy_since = math.inf  # time.monotonic() at which the sender began what it is doing

    @property
    def leaves(self) -> bool:
        """Whether the sent data leave this machine."""
        return self.kind.leaves(self.address)

    @property
    def fetchable(self) -> bool:
        """Whether other computers can fetch the data, although nothing is sent to them."""
        return self.kind.fetchable(self.address)

    @property
    def ready(self) -> bool:
        """Whether it is ready to send."""
        return self._sender is not None

    @property
    def receivers(self) -> int | None:
        """Number of receivers, or None if it is unknown, or before it is ready."""
        return self._asked()[0]

    @property
    def dropped(self) -> int:
        return self._samples.dropped

    @property
    def over(self) -> bool:
        """Whether it has failed permanently: its thread has ended."""
        return self.life is Life.FAILED and not self.alive

    @property
    def complaint(self) -> str | None:
        """A sentence on what prevents samples from arriving, or None if nothing is known."""
        if self.problem is not None:
            return self.problem
        if time.monotonic() - self._busy_since > _PATIENCE:
            return f"The output {self.name} does not respond."
        receivers, problem = self._asked()
        if problem is not None:
            return problem
        return f"Nobody listens at {self.kind.place(self.address)}." if receivers == 0 else None

    def _asked(self) -> tuple[int | None, str | None]:
        """What its sender says of receivers, and of what is wrong; one that breaks is given up."""
        sender = self._sender
        if sender is None:
            return None, None
        try:
            problem = sender.problem
            return sender.receivers, None if problem is None else str(problem)
        except Exception as error:
            self._broke(error)
            return None, self.problem

    @property
    def target(self) -> str:
        """Its kind, address and options as `parse_target` reads them."""
        options = f"?{urlencode(self.address.options)}" if self.address.options else ""
        usual = (self.address.host, self.address.port) == (self.kind.host, self.kind.port)
        return self.kind.name + ("" if usual else f"://{self.address}") + options

    def describe(self) -> str:
        """Its state as a text for the user."""
        rate = self._meter.rate(time.monotonic())
        how = "Frozen, sending" if self.frozen else "Sending"
        return self.complaint or f"{how} to {self.kind.place(self.address)}, {rate:.0f} per second"

    def put(self, state: LiveState) -> None:
        face = self._follower.face(state)
        if self.frozen and self._last is not None:
            # It is sent anew, because receivers take a face that is not sent for one that is lost.
            still, face = self._last
            state = replace(still, captured=replace(still.captured, grabbed=state.captured.grabbed))
        else:
            self._last = state, face
        self._samples.put((state, face))
        if self._pumped:
            PUMP.wake()

    def marked(self, label: str, time: float) -> None:
        """Send the label of a moment. Unlike samples, none is dropped for a newer one."""
        self._marks.append((label, time))
        if self._pumped:
            PUMP.wake()

    def lost(self, face: int, time: float) -> None:
        """Do nothing: a sample without a face follows."""

    def stop(self) -> None:
        super().stop()
        self._samples.close()

    def _work(self) -> None:
        after, self._after = self._after, None
        if after is not None:
            after.join(_BEFORE)
        self._proceed()  # it may be switched off already
        self._busy_since = time.monotonic()
        try:
            sender = self.kind.open(self.address)
        except UserError as error:
            self._failed(str(error))
            return
        except OSError as error:
            self._failed(self._unopened(error))
            return
        finally:
            self._busy_since = math.inf
        # If one of another package waited nevertheless, all of ours would wait with it.
        self._pumped = sender.quick and self.kind.name not in OUTPUTS.foreign
        self._sender = sender
        try:
            if self._pumped:
                PUMP.add(self)
                self._stop.wait()
                PUMP.remove(self)
            while not self.stopping:
                begun = time.thread_time()
                self._send_next(sender, 0.2)
                if time.thread_time() - begun > _LONG:
                    self._samples.skip()
            if self.life is not Life.FAILED:
                self._send_marks(sender)
        except UserError as error:
            self._failed(str(error))
        finally:
            self._pumped = False
            PUMP.remove(self)
            self._sender = None
            sender.close()

    def pump(self) -> None:
        """Send the samples that wait, on the shared thread of quick senders."""
        sender = self._sender
        try:
            while sender is not None and self._pumped and self._send_next(sender, 0.0):
                pass
        except UserError as error:
            self._give_up(str(error))
        except BaseException as error:  # as a thread of its own would
            self._broke(error)

    def _broke(self, error: BaseException) -> None:
        log.error("%s broke", self.name, exc_info=error)
        self._give_up(f"An unexpected error stopped the output {self.name} ({error}); see the log for details.")

    def _give_up(self, problem: str) -> None:
        self._failed(problem)
        self._pumped = False
        self._stop.set()

    def _send_next(self, sender: Sender, timeout: float) -> bool:
        self._send_marks(sender)
        item = self._samples.take(timeout)
        if item is None:
            return False
        self._send(sender, _sample_of(*item, self.shape))
        return True

    def _send_marks(self, sender: Sender) -> None:
        while self._marks:
            self._try(sender.mark, *self._marks.popleft())

    def _try(self, send: Callable[..., None], *what: object) -> bool:
        """Whether it was sent."""
        self._busy_since = time.monotonic()
        try:
            send(*what)
        except BlockingIOError:  # the system's own queue is full
            return False
        except OSError as error:  # the network is away: the next one may arrive
            self._failed(f"{self.kind.place(self.address)} cannot be reached ({_reason(error)}).")
            return False
        finally:
            self._busy_since = math.inf
        return True

    def _send(self, sender: Sender, sample: Sample) -> None:
        if not self._try(sender.send, sample):
            self.unheard += 1
            return
        self._running()
        receivers, problem = self._asked()
        if receivers == 0 or problem is not None:
            self.unheard += 1
        else:
            self.sent += 1
            self._meter.tick(time.monotonic())

    def _unopened(self, error: OSError) -> str:
        if error.errno == errno.EADDRINUSE:
            other = Address(self.address.host, self.address.port % 65535 + 1)
            return (
                f"Another program uses port {self.address.port}; close it, or choose another port, such as "
                f"{self.kind.name}://{other}"
            )
        if error.errno == errno.EADDRNOTAVAIL:
            return (
                f"{self.address.host} is no address of this computer; {self.kind.name} listens, so give one of its own."
            )
        return f"{self.name} cannot be opened ({_reason(error)}); choose another address."


def _reason(error: OSError) -> str:
    """The system's own message, without additions of libraries."""
    if error.errno is None or isinstance(error, socket.gaierror):
        return error.strerror or str(error)
    return system_text(error.errno)
