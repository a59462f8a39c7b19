"""Runs an export on a thread of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from expnet_live.app import texts
from expnet_live.core.errors import UserError
from expnet_live.outputs.export.export import Exported, export
from expnet_live.outputs.export.options import ExportOptions
from expnet_live.sessions.reading.session import Session
from expnet_live.threads.worker import Worker


class Exporting(Worker):
    """`done` of `total` steps are complete, and `doing` names what is written. At the end, `told` is a sentence, empty
    after a stop that left nothing, and `made` the file or folder that was written last."""

    def __init__(self, doing: str) -> None:
        super().__init__("export")
        self.doing = doing
        self.done, self.total = 0, 0
        self.made: Path | None = None

    @property
    @abstractmethod
    def told(self) -> str: ...

    @property
    def ended(self) -> bool:
        return self._thread.ident is not None and not self.alive

    def _progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        self._proceed()


class ExportJob(Exporting):
    """One session. Unless it may `replace` a file, an existing one is a problem."""

    def __init__(self, session: Session, options: ExportOptions, replace: bool) -> None:
        super().__init__(options.out.name)
        self.options, self._replace = options, replace
        self.exported: Exported | None = None
        self._session = session

    @property
    def told(self) -> str:
        if self.exported is None:
            return self.problem or ""
        return " ".join((texts.EXPORT_DONE.format(name=self.exported.path.name), *self.exported.remarks))

    def _work(self) -> None:
        self._running()
        try:
            if not self._replace and self.options.out.exists():
                raise UserError(texts.EXPORT_TAKEN.format(name=self.options.out.name))
            self.exported = export(self._session, self.options, self._progress)
            self.made = self.exported.path
        except UserError as error:
            self._failed(str(error))


@dataclass(frozen=True)
class Chosen:
    """A session of several to export: its folder, and its title."""

    folder: Path
    title: str


class SeveralJob(Exporting):
    """Sessions one after the other, each with all of its length and its own main face. One that fails does not keep the
    others from being written; a stop keeps those that are complete.

    `name` gives the path of a session's title, which does not exist; the `out` of the options is not used.
    """

    def __init__(self, sessions: Sequence[Chosen], options: ExportOptions, name: Callable[[str], Path]) -> None:
        super().__init__(sessions[0].title)
        self.problems: list[str] = []
        self.saved = 0
        self._sessions, self._options, self._name = sessions, options, name
        self._before = 0

    @property
    def told(self) -> str:
        n, saved = len(self._sessions), self.saved
        problems = [*self.problems, *([self.problem] if self.problem else [])]
        if not saved and not problems:
            return ""
        text = texts.EXPORT_SEVERAL_DONE if saved == n else texts.EXPORT_SEVERAL_PART
        folder = "" if self.made is None else str(self.made.parent)
        done = text.format(done=saved, n=n, folder=folder) if saved else texts.EXPORT_SEVERAL_NONE
        return " ".join((done, *problems))

    def _work(self) -> None:
        self._running()
        for i, chosen in enumerate(self._sessions):
            self._before, self.doing = i, chosen.title
            try:
                session = Session.open(chosen.folder)
                self._proceed()
                out = self._name(chosen.title)
                self.made = export(session, replace(self._options, out=out), self._progress).path
                self.saved += 1
            except UserError as error:
                self.problems.append(f"{chosen.title}: {error}")

    def _progress(self, done: int, total: int) -> None:
        # All count the same, because how long one takes is known only when it is read.
        self.done = round(1000 * (self._before + done / max(total, 1)))
        self.total = 1000 * len(self._sessions)
        self._proceed()
