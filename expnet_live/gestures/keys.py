"""Presses keys of the keyboard for other programs, by pynput. It is off until somebody asks for it."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from expnet_live.core.errors import UserError
from expnet_live.core.extras import install

_MISSING = f"{{what}} keys needs pynput; install it: {install('pynput')}"
_NO_DISPLAY = "{what} keys does not work here, because there is no desktop{reason}."


def load_pynput(what: str) -> Any:
    """pynput's module of keyboards; `what` it does with keys. Raises UserError if it is missing or has no desktop."""
    try:
        from pynput import keyboard
    except ModuleNotFoundError as error:
        raise UserError(_MISSING.format(what=what)) from error
    except Exception as error:  # it connects to the desktop while it is imported, and each system fails in its way
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        bare = sys.platform == "linux" and not os.environ.get("DISPLAY")  # which pynput tells in words of its own
        raise UserError(_NO_DISPLAY.format(what=what, reason="" if bare else f" ({reason})")) from error
    return keyboard


class Keyboard:
    """Presses keys by name: a character, or a name of pynput such as `space`, `f5`, `page_down`, with modifiers before
    it: `ctrl+shift+s`. Raises UserError if pynput is missing or has no desktop."""

    def __init__(self) -> None:
        self._keys: Any = load_pynput("Pressing")
        self._controller = self._keys.Controller()

    def check(self, name: str) -> None:
        """Raise UserError if there is no such key."""
        self._parsed(name)

    def press(self, name: str) -> None:
        """Press and release. Raises UserError if there is no such key, or the system refuses."""
        *modifiers, key = self._parsed(name)
        try:
            with self._controller.pressed(*modifiers):
                self._controller.tap(key)
        except Exception as error:  # permissions of the system, a keyboard without this character
            raise UserError(f"The key {name} cannot be pressed ({error}); allow this program to control it.") from error

    def _parsed(self, name: str) -> list[Any]:
        parts = [part.strip() for part in re.split(r"(?<=.)\+", name)]
        return [self._one(part, name) for part in parts]

    def _one(self, part: str, name: str) -> Any:
        if len(part) == 1:
            return part
        key = getattr(self._keys.Key, part.lower(), None)
        if key is None:
            raise UserError(f"There is no key {name}; write a character, or a name such as space, f5 or ctrl+s.")
        return key
