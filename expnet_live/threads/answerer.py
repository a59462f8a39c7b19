"""A thread that answers requests one by one, where only the newest request counts."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.worker import Worker

W = TypeVar("W")
A = TypeVar("A")


class Answerer(Worker, Generic[W, A]):
    """`ask` and `latest` return at once; a request that is replaced before its turn gets no answer."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._wishes: Mailbox[W] = Mailbox()
        self._answers: Mailbox[tuple[W, A]] = Mailbox()

    def ask(self, wish: W) -> None:
        self._wishes.put(wish)

    def latest(self, timeout: float = 0.0) -> tuple[W, A] | None:
        """The newest answered request with its answer, or None if there is none since the last call."""
        return self._answers.take(timeout)

    def stop(self) -> None:
        super().stop()
        self._wishes.close()

    def _work(self) -> None:
        self._running()
        try:
            while not self.stopping:
                wish = self._wishes.take(timeout=0.0 if self._prepare() else 1.0)
                if wish is not None:
                    self._answers.put((wish, self._answer(wish)))
        finally:
            self._close()

    @abstractmethod
    def _answer(self, wish: W) -> A:
        """Compute an answer; runs on the thread."""

    def _prepare(self) -> bool:
        """Prepare a little for later requests, on the thread, between two requests. Return whether there is more to
        do.
        """
        return False

    def _close(self) -> None:
        """Clean up; runs on the thread, at its end."""
