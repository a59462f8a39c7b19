"""Errors that a user can act on."""

from __future__ import annotations


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
