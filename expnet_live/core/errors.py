"""Errors that a user can act on."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can put right. The message is one sentence that says what to do.

    The command line prints it without a traceback and exits with status 2.
    """


class SourceError(UserError, OSError):
    """A source of pictures that cannot be read, or not further."""
