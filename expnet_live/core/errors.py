"""Errors that a user can act on."""

from __future__ import annotations

import os
import sys

_SOCKETS = 10_000  # from here on, the errors of Windows' sockets


def system_text(number: int) -> str:
    """The system's own words for the number of an error.

    >>> system_text(2)
    'No such file or directory'
    """
    if sys.platform == "win32" and number >= _SOCKETS:  # the C library does not know these
        import ctypes

        return ctypes.FormatError(number).rstrip(". ")
    return os.strerror(number)


class UserError(Exception):
    """An error that the user can fix. The message is one sentence that says what to do.

    The command line prints it without a traceback and exits with status 2.

    >>> from expnet_live import open_source
    >>> try:
    ...     open_source("no-such-file.mp4")
    ... except UserError as error:
    ...     print(error)
    There is no file, folder or camera no-such-file.mp4; check the name.
    """


class SourceError(UserError, OSError):
    """A source of pictures cannot be read, or breaks while being read."""
