"""The registry of export formats: each describes its name and features, and writes an excerpt of a session.

Ours are in the package `expnet_live.outputs.formats`, one module each; other packages add theirs through entry points
of the group `expnet_live.formats`. The command line's help, the window's form and the table in docs/sessions.md follow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.core.registry import Registry, check_texts

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt
    from expnet_live.sessions.reading.session import Session


@dataclass(frozen=True)
class Written:
    """The number of moments in a file, and remarks about it as sentences."""

    moments: int
    remarks: tuple[str, ...] = ()


class Format(ABC):
    """A kind of file. Importing its module must be cheap, because `--help` does it: import heavy packages in
    `write`.
    """

    name: str
    """Its name for `--to`."""
    title: str
    """Its title in the window's list."""
    about: str
    """One line for help texts and tooltips, in lower case."""
    ending: str
    """The ending after the session's name in the name of the file or folder: `.csv`, `_head.bvh`, `_ply`."""
    details: str = ""
    """Markdown for the table in docs/sessions.md, if `about` is too short."""
    opens_in: str = ""
    """Programs that read it, for the same table."""
    takes: frozenset[str] = frozenset({"fps", "neutral", "gains"})
    """The fields of ExportOptions that it uses: fps, neutral, gains, pose, correctives, head, style, entities."""
    one_face: bool = False
    """Whether it holds only one face, as a track with a row per moment."""
    measured: bool = False
    """Whether it gets the recorded rows as measured, neither corrected for the person nor resampled."""
    straight: bool = False
    """Whether head and eyes are turned as shown, beside the person's look straight ahead, unless the head moves as the
    camera saw it (`pose` full)."""
    holds: bool = False
    """Whether it cannot have gaps: where the face was lost, the last value is held."""
    fixed_rate: bool = False
    """Whether it has a fixed rate, by default the session's usual one."""
    rates: tuple[int, ...] = ()
    """The rates that it can have, in order, if not any: by default the lowest that is not below the usual one."""

    def why_not(self, session: Session) -> str | None:
        """A sentence that says why this session cannot be written in this format, or None if it can."""
        return None

    @abstractmethod
    def write(self, excerpt: Excerpt, path: Path) -> Written:
        """Write the file, or the folder, at `path`. Raises UserError with one sentence."""


def _check(format: Format) -> None:
    if not isinstance(format, Format):
        raise TypeError("it is no Format")
    check_texts(format, "title", "ending")


FORMATS: Registry[Format] = Registry("format", "FORMAT", ["expnet_live.outputs.formats"], "expnet_live.formats", _check)


def taking(option: str) -> list[str]:
    """The names of the formats that use an option."""
    return [f.name for f in FORMATS.values() if option in f.takes]
