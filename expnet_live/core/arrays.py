"""Files of arrays (.npz)."""

from __future__ import annotations

import zlib
from tokenize import TokenError
from zipfile import BadZipFile

# What numpy.load and the access to its arrays raise for a file that is missing, damaged or something else.
UNREADABLE: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    RuntimeError,  # a bit of the zip's says that it is encrypted, or of another version
    MemoryError,  # a shape too large
    TokenError,
    BadZipFile,
    zlib.error,
)
