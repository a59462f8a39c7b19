"""Names in sentences, and of files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import count

from expnet_live.core.addresses import without_credentials

_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in "123456789")})
# Bytes of a name: file systems allow 255, with a number, an ending, and the addition while it is written.
_LONGEST = 180


def few(names: Sequence[str], most: int = 3) -> str:
    """The first names, and how many others there are.

    >>> few(["a", "b", "c", "d", "e"])
    'a, b, c and 2 others'
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} other{'s' * (more > 1)}" if more > 0 else "")


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "face"), counted(2, "face")
    ('1 face', '2 faces')
    """
    return f"{number} {noun}{'s' * (number != 1)}"


def printable(name: str) -> str:
    """A file's name or an address as text: bytes that are not UTF-8 appear as \\xe9, passwords not at all."""
    return without_credentials(os.fsencode(name).decode("utf-8", "backslashreplace"))


def is_device(stem: str) -> bool:
    """Whether Windows takes a file of that name, whatever its ending, for one of its devices."""
    return stem.partition(".")[0].strip().casefold() in _DEVICES


def file_stem(text: str, otherwise: str) -> str:
    """A text as the name of a file, without its ending, on every system; `otherwise` if nothing is left of it.

    >>> file_stem("What? 1/2", "session"), file_stem("NUL", "session"), file_stem("...", "session")
    ('What_ 1_2', '_NUL', 'session')
    """
    plain = "".join(c if c.isprintable() else "_" for c in text.translate(_FORBIDDEN))
    stem = plain.encode()[:_LONGEST].decode("utf-8", "ignore").strip(" .") or otherwise
    return f"_{stem}" if is_device(stem) else stem


def numbered(stem: str, ending: str = "", between: str = " ") -> Iterator[str]:
    """Names to take the first free one of: that of `stem`, then with a number from 2 on.

    >>> names = numbered("smile", ".csv")
    >>> next(names), next(names)
    ('smile.csv', 'smile 2.csv')
    """
    yield stem + ending
    yield from (f"{stem}{between}{i}{ending}" for i in count(2))
