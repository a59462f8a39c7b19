"""Runs an export on a thread of its own."""

from __future__ import annotations

from expnet_live.core.errors import UserError
from expnet_live.outputs.export.export import Exported, export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.reading.session import Session
from expnet_live.threads.worker import Worker


class ExportJob(Worker):
    """`done` of `total` steps are complete; at the end there is `exported`, or a `problem`, or neither after a stop."""

    def __init__(self, session: Session, options: ExportOptions) -> None:
        super().__init__("export")
        self.options = options
        self.done, self.total = 0, 0
        self.exported: Exported | None = None
        self._session = session

    @property
    def ended(self) -> bool:
        return self._thread.ident is not None and not self.alive

    def _work(self) -> None:
        self._running()
        try:
            self.exported = export(self._session, self.options, self._progress)
        except UserError as error:
            self._failed(str(error))

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        self._proceed()
