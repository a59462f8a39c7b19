"""The registry of kinds of heads that can be imported; each knows which files it reads.

Ours are in the package `expnet_live.heads.kinds`, one module each; other packages add theirs through entry points of
the group `expnet_live.heads`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from expnet_live.core.registry import Registry

if TYPE_CHECKING:
    from expnet_live.heads.importing.raw import Raw


class HeadKind(Protocol):
    """A kind of head. Importing its module must be cheap: import heavy packages in `read`."""

    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str:
        """A description of its input, such as "a folder of .obj files"."""
        ...

    def reads(self, source: Path) -> bool:
        """Whether an existing file or folder looks like this kind, judged by its name alone."""
        ...

    def read(self, source: Path) -> tuple[Raw, list[Path]]:
        """Read the head, and list its files. Raises UserError with one sentence."""
        ...


def _check(kind: HeadKind) -> None:
    _ = kind.reads, kind.read


HEADS: Registry[HeadKind] = Registry("kind of head", "HEAD", ["expnet_live.heads.kinds"], "expnet_live.heads", _check)


def importable() -> str:
    """All inputs that can be imported, for help texts and messages."""
    return ", or ".join(kind.about for kind in HEADS.values())
