"""A thread that is asked for one thing after the other, where only the newest wish counts."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.worker import Worker

W = TypeVar("W")
A = TypeVar("A")


class Answerer(Worker, Generic[W, A]):
    """`ask` and `latest` return at once; a wish that is asked over before its turn has no answer."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._wishes: Mailbox[W] = Mailbox()
        self._answers: Mailbox[tuple[W, A]] = Mailbox()

    def ask(self, wish: W) -> None:
        self._wishes.put(wish)

    def latest(self, timeout: float = 0.0) -> tuple[W, A] | None:
        """The newest wish that was answered, with its answer; None when there is none since the last call."""
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
        """On the thread."""

    def _prepare(self) -> bool:
        """A little of what later wishes need, on the thread, between two wishes; whether there is more of it."""
        return False

    def _close(self) -> None:
        """On the thread, at its end."""
