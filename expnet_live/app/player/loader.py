"""Loads a session on a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from expnet_live.app import texts
from expnet_live.app.player.replay import Replay
from expnet_live.core.errors import UserError
from expnet_live.core.machine import give_back_freed_memory
from expnet_live.core.progress import Progress
from expnet_live.threads.mailbox import Mailbox
from expnet_live.threads.worker import Stopped, Worker

log = logging.getLogger(__name__)


class Loader(Worker):
    """`take` returns the session once it is loaded, or the sentence that says why it failed; `share` is the part (0..1)
    of its table that has been read. After a stop, it ends at the next step."""

    def __init__(self, folder: Path, load: Callable[[Progress], Replay]) -> None:
        """`load` may raise UserError."""
        super().__init__("loading of a session")
        self.share = 0.0
        self._folder, self._load = folder, load
        self._out: Mailbox[Replay | str] = Mailbox()

    def take(self) -> Replay | str | None:
        return self._out.take()

    def _work(self) -> None:
        self._running()
        give_back_freed_memory()  # of the session before
        try:
            self._out.put(self._load(self._step))
        except Stopped:
            raise
        except UserError as error:
            self._out.put(str(error))
        except Exception as error:
            log.exception("%s cannot be opened", self._folder)
            self._out.put(texts.PLAYER_BROKEN.format(folder=self._folder, reason=error))

    def _step(self, done: int, total: int) -> None:
        self.share = done / max(total, 1)
        self._proceed()
