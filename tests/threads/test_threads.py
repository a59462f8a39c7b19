"""Mailboxes, rates and workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from waiting import PATIENCE, until

from expnet_live.threads.errands import Errands
from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.rate import RateMeter
from expnet_live.threads.worker import Life, Worker


def test_mailbox_keeps_the_newest_and_counts() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.take() is None
    for i in range(5):
        box.put(i)
    assert (box.take(), box.take(), box.dropped, box.put_count) == (4, None, 4, 5)
    box.put(7)
    box.clear()
    assert box.take() is None and box.dropped == 4


def test_mailbox_keeps_a_few_in_order() -> None:
    box: Mailbox[int] = Mailbox(3)
    for i in range(5):
        box.put(i)
    assert (box.take(), box.dropped) == (2, 2)
    box.skip()
    assert (box.take(), box.take(), box.dropped) == (4, None, 3)
    box.skip()
    assert box.dropped == 3


def test_mailbox_wakes_the_waiting() -> None:
    box: Mailbox[int] = Mailbox()
    threading.Timer(0.01, box.put, [3]).start()
    assert box.take(timeout=PATIENCE) == 3
    threading.Timer(0.01, box.close).start()
    start = time.monotonic()
    assert box.take(timeout=PATIENCE) is None and time.monotonic() - start < PATIENCE / 2
    box.put(1)
    assert box.take() is None


def test_rate_fades_after_the_last() -> None:
    meter = RateMeter(window=2.0)
    for i in range(60):
        meter.tick(i / 30)
    assert meter.rate(59 / 30) == pytest.approx(30)
    assert 10 < meter.rate(59 / 30 + 1) < 25
    assert meter.rate(10.0) == 0.0


def test_rate_is_for_any_thread() -> None:
    meter = RateMeter(window=2.0)
    meter.tick(0.0)
    other = threading.Thread(target=meter.rate, args=[10.0])

    class Now(float):
        """While it is compared, another thread asks as well."""

        def __sub__(self, then: float) -> float:
            if other.ident is None:
                other.start()
                other.join(0.05)  # it has to wait for its turn
            return float(self) - then

    meter.tick(Now(10.0))
    other.join(PATIENCE)
    assert meter.rate(10.0) == 0.0
    meter.tick(10.5)
    assert meter.rate(10.5) == pytest.approx(2.0)


def test_errands_are_done_although_own_work_fails() -> None:
    class Clerk(Errands):
        tries = 0

        def _own_work(self) -> Callable[[], None] | None:
            return self._break

        def _break(self) -> None:
            self.tries += 1
            raise ZeroDivisionError("by zero")

    clerk, told = Clerk("clerk"), list[str]()
    clerk.start()
    for word in ("one", "two"):
        clerk.ask(lambda word=word: word, told.append)  # type: ignore[misc]
    until(lambda: clerk.deliver() or len(told) == 2, "the errands")
    clerk.stop()
    assert clerk.join(PATIENCE)
    assert told == ["one", "two"] and clerk.life is Life.STOPPED
    assert 1 <= clerk.tries <= 5  # once for each time that it was woken


def test_worker_that_breaks_says_so() -> None:
    class Broken(Worker):
        def _work(self) -> None:
            raise ZeroDivisionError("by zero")

    worker = Broken("broken part")
    worker.start()
    assert worker.join(PATIENCE)
    assert worker.life is Life.FAILED and "by zero" in (worker.problem or "")
