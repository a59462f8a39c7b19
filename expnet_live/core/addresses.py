"""Addresses as they may be shown, logged and stored."""

from __future__ import annotations

import re

# A scheme has two letters at least: "C:/me@home.mp4" is a path. Paths merge the two slashes of an address into one.
_CREDENTIALS = re.compile(r"\b([a-z][a-z0-9+.-]+:/{1,2})[^/?#\s\"']*@", re.IGNORECASE)


def without_credentials(text: str) -> str:
    """The text, in which no address tells a user's name and password.

    >>> without_credentials("https://anna:secret@example.org/clip.mp4 cannot be fetched.")
    'https://example.org/clip.mp4 cannot be fetched.'
    """
    return _CREDENTIALS.sub(r"\1", text)
