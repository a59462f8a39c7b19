"""Keys that act while another window is in front, by pynput. Nothing listens before somebody has chosen one."""

from __future__ import annotations

import os
import re
import sys
import time
from collections import deque
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from expnet_live.app import texts
from expnet_live.core.errors import UserError
from expnet_live.gestures.keys import load_pynput

_MODIFIERS = {"Ctrl": "ctrl", "Alt": "alt", "Shift": "shift", "Meta": "cmd"}
if sys.platform == "darwin":  # there, Qt calls the command key Ctrl
    _MODIFIERS |= {"Ctrl": "cmd", "Meta": "ctrl"}
# Names of pynput that are not those of Qt in small letters.
_NAMES = {
    "pgup": "page_up", "pgdown": "page_down", "ins": "insert", "del": "delete", "return": "enter",
    "print": "print_screen", "scrolllock": "scroll_lock",
}  # fmt: skip
_META = (0xFFE7, 0xFFE8)  # what X11 calls Alt while Shift is down
_REPEATS = 0.02  # s: X11 tells a key that is held as one that is let go and pressed again at once

Combination = tuple[frozenset[str], str]
"""Modifiers, and a character or a name of pynput."""


def why_not() -> str:
    """A sentence on why no keys can be heard here, or an empty text."""
    wayland = os.environ.get("WAYLAND_DISPLAY") or os.environ.get("XDG_SESSION_TYPE") == "wayland"
    if sys.platform == "linux" and wayland:
        return texts.GLOBAL_WAYLAND
    try:
        load_pynput("Hearing")
    except UserError as error:
        return str(error)
    if sys.platform == "darwin" and not import_module("HIServices").AXIsProcessTrusted():
        return texts.GLOBAL_NOT_TRUSTED
    return ""


def combination(text: str) -> Combination:
    """Of a key in Qt's portable text, such as `Ctrl+Alt+N`. Raises UserError for one that would act by accident, or
    that is no key of its own.

    >>> modifiers, key = combination("Alt+Shift+PgUp")
    >>> sorted(modifiers), key
    (['alt', 'shift'], 'page_up')
    """
    *before, last = re.split(r"(?<=[^+])\+", text)
    modifiers = frozenset(_MODIFIERS[part] for part in before if part in _MODIFIERS)
    key = _NAMES.get(last.lower(), last.lower())
    if modifiers <= {"shift"} and not re.fullmatch(r"f\d+", key):
        raise UserError(texts.GLOBAL_ALONE.format(key=text))
    if "shift" in modifiers and len(key) == 1 and not key.isalpha():
        raise UserError(texts.GLOBAL_SHIFTED.format(key=text))
    return modifiers, key


class GlobalKeys:
    """Hears the chosen keys on a thread of its own; nothing of other keys is kept. Methods are for one thread."""

    def __init__(self) -> None:
        self._heard: deque[str] = deque()
        self._names: dict[Combination, str] = {}  # replaced as a whole: the listener reads it
        self._listener: Any = None
        self._down: set[str] = set()
        self._let_go: tuple[str, float] = "", 0.0

    def use(self, keys: Mapping[str, str]) -> None:
        """Hear these keys, texts as for `combination` by the names that `take` gives; stop if there are none. Raises
        UserError if one cannot be heard; the others are."""
        if not keys:
            self.close()
            return
        if problem := why_not():
            raise UserError(problem)
        pynput = load_pynput("Hearing")
        problems, names = [], {}
        for name, text in keys.items():
            try:
                wanted = combination(text)
            except UserError as error:
                problems.append(str(error))
                continue
            if len(wanted[1]) > 1 and not hasattr(pynput.Key, wanted[1]):
                problems.append(texts.GLOBAL_UNKNOWN.format(key=text))
            else:
                names[wanted] = name
        self._names = names
        if self._listener is None:
            self._down.clear()
            self._listener = pynput.Listener(on_press=self._pressed, on_release=self._released)
            self._listener.start()
        if problems:
            raise UserError(problems[0])

    def take(self) -> list[str]:
        """The names of the keys that were pressed since the last call. Raises UserError, once, if no more will be."""
        if self._listener is not None and not self._listener.is_alive():
            self._listener = None
            raise UserError(texts.GLOBAL_ENDED)
        heard = []
        while self._heard:
            heard.append(self._heard.popleft())
        return heard

    def close(self) -> None:
        """Hear no more. On X11, pynput's thread ends with the next key, of which it tells nothing."""
        listener, self._listener = self._listener, None
        if listener is not None:
            while listener.is_alive() and not listener.running:
                time.sleep(0.001)  # pynput forgets a stop before that
            if listener.is_alive():
                listener.stop()
        self._heard.clear()

    def _pressed(self, key: Any) -> None:
        pressed = self._name_of(key)
        again, since = self._let_go
        repeats = pressed in self._down or (pressed == again and time.monotonic() - since < _REPEATS)
        self._down.add(pressed)
        name = self._names.get((frozenset(self._down.intersection(_MODIFIERS.values())), pressed))
        if name is not None and not repeats:
            self._heard.append(name)

    def _released(self, key: Any) -> None:
        released = self._name_of(key)
        self._down.discard(released)
        self._let_go = released, time.monotonic()

    def _name_of(self, key: Any) -> str:
        """Its character without modifiers, or its name, the same for both sides of the keyboard; empty for others."""
        name = getattr(key, "name", None)
        if name is not None:
            return re.sub(r"_[lr]$", "", name)
        if getattr(key, "vk", None) in _META:
            return "alt"
        listener = self._listener
        char = None if key is None or listener is None else getattr(listener.canonical(key), "char", None)
        return (char or "").lower()
