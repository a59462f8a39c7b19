"""Runs an export on a thread of its own."""

from __future__ import annotations

from expnet_live.app import texts
from expnet_live.core.errors import UserError
from expnet_live.outputs.export.export import Exported, export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.reading.session import Session
from expnet_live.threads.worker import Worker


class ExportJob(Worker):
    """`done` of `total` steps are complete; at the end there is `exported`, or a `problem`, or neither after a stop.

    Unless it may `replace` a file, an existing one is a problem.
    """

    def __init__(self, session: Session, options: ExportOptions, replace: bool) -> None:
        super().__init__("export")
        self.options, self._replace = options, replace
        self.done, self.total = 0, 0
        self.exported: Exported | None = None
        self._session = session

    @property
    def ended(self) -> bool:
        return self._thread.ident is not None and not self.alive

    def _work(self) -> None:
        self._running()
        try:
            if not self._replace and self.options.out.exists():
                raise UserError(texts.EXPORT_TAKEN.format(name=self.options.out.name))
            self.exported = export(self._session, self.options, self._progress)
        except UserError as error:
            self._failed(str(error))

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        self._proceed()
