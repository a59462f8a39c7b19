"""Registries hold things of one kind by name; to add one, add a file.

A registry searches our own packages, whose modules each hold one thing, and the entry points of other installed
packages. So a source, model, format, output or head takes one file and no edit elsewhere:

    FORMATS: Registry[Format] = Registry("format", "FORMAT", ["expnet_live.outputs.formats"], "expnet_live.formats")

finds `FORMAT` in every module of that package, and every entry point of the group `expnet_live.formats`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from typing import Any, Protocol, TypeVar

from expnet_live.core.errors import UserError

log = logging.getLogger(__name__)

_ADVICE = "update or remove that package"
_NAME = re.compile(r"[\w.-]+")


class Named(Protocol):
    """An entry of a registry: its name as typed by users, and one line about it for help texts and menus."""

    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str: ...


T = TypeVar("T", bound=Named)
R = TypeVar("R")
S = TypeVar("S")


class Registry(Mapping[str, T]):
    """The things of one `kind` by name: first ours, then those of other packages, both in order of module names.

    The first look-up imports the modules, which must be cheap: they import heavy packages only where they use them. A
    plugin that cannot be imported, or lacks what `check` asks of it, is left out, logged, and listed in `problems`.

    >>> from expnet_live import FORMATS
    >>> FORMATS.named("csv").ending
    '.csv'
    """

    def __init__(
        self,
        kind: str,
        attribute: str,
        packages: Sequence[str],
        group: str,
        check: Callable[[T], object] = lambda thing: None,
    ) -> None:
        """`check` raises an exception, in a few words, for a thing of another package that is not complete."""
        self.kind, self.group = kind, group
        self._foreign: dict[str, str] = {}
        self._left_out: dict[str, str] = {}
        self._attribute, self._packages, self._check = attribute, tuple(packages), check

    @property
    def foreign(self) -> Mapping[str, str]:
        """The packages of those things that are not ours, by the things' names."""
        return self._foreign if self._things else {}

    @property
    def problems(self) -> list[str]:
        """A sentence for each plugin that was left out, or that broke when it was asked something."""
        return list(self._left_out.values()) if self._things else []

    def named(self, name: str) -> T:
        """The thing called `name`. Raises UserError that lists the existing names, or says what is wrong with it."""
        if name not in self:
            raise UserError(self.absence(name))
        return self[name]

    def absence(self, name: str) -> str:
        """A sentence on why nothing is called `name`: the existing names, or what is wrong with the plugin."""
        known = f"There is no {self.kind} called {name}; choose one of {', '.join(self)}."
        return self._left_out.get(name, known)

    def ask(self, thing: T, question: Callable[[T], R], otherwise: S) -> R | S:
        """What a thing answers; that of another package may break, which is logged and gives `otherwise`."""
        try:
            return question(thing)
        except Exception as error:
            if thing.name not in self.foreign:
                raise
            self._note(thing.name, self.broken(thing, error), error)
            return otherwise

    def broken(self, thing: T, error: BaseException) -> str:
        """A sentence that names a thing of another package, which raised `error`."""
        where = self.foreign[thing.name]
        return f"The {self.kind} {thing.name} of {where} is broken ({_words(error)}); {_ADVICE}."

    def refresh(self) -> None:
        """Search again at the next look-up, after a package has been installed."""
        self.__dict__.pop("_things", None)
        self._left_out.clear()
        self._foreign.clear()

    def __getitem__(self, name: str) -> T:
        return self._things[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)

    @cached_property
    def _things(self) -> dict[str, T]:
        things: dict[str, T] = {}
        for package in self._packages:
            for module in iter_modules(import_module(package).__path__, f"{package}."):
                thing = getattr(import_module(module.name), self._attribute, None)
                if thing is not None:  # a module that helps the others
                    things[thing.name] = thing
        for point in sorted(entry_points(group=self.group), key=lambda p: p.name):
            where = _package_of(point)
            try:
                thing = point.load()
                name = _checked_name(thing)
                self._check(thing)
            except (Exception, SystemExit) as error:  # other people's code must not keep the program from starting
                problem = f"The {self.kind} {point.name} of {where} cannot be used ({_words(error)}); {_ADVICE}."
                self._note(point.name, problem, error)
                continue
            if name in things:
                other = self._foreign.get(name, "ExpNet Live")
                taken = f"another one has this name, that of {other}"
                self._note(f"{name} of {where}", f"The {self.kind} {name} of {where} is left out: {taken}.")
                continue
            things[name] = thing
            self._foreign[name] = where
        return things

    def _note(self, key: str, problem: str, error: BaseException | None = None) -> None:
        if key not in self._left_out:
            self._left_out[key] = problem
            log.warning("%s", problem)
            if error is not None:
                log.info("The error of the %s:", self.kind, exc_info=error)


def check_texts(thing: object, *names: str) -> None:
    """Raises TypeError unless all attributes of these names are texts."""
    for name in names:
        if not isinstance(value := getattr(thing, name), str):
            raise TypeError(f"its '{name}' must be a str, not {value!r}")


def _checked_name(thing: Any) -> str:
    if isinstance(thing, type):
        raise TypeError(f"its entry point must name an instance of {thing.__name__}, not the class")
    name = thing.name
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise ValueError(f"its name must be of letters, digits, '-', '_' and '.', not {name!r}")
    check_texts(thing, "about")
    return name


def _package_of(point: EntryPoint) -> str:
    return f"the package {point.module.partition('.')[0] if point.dist is None else point.dist.name}"


def _words(error: BaseException) -> str:
    """What an exception says, on one line."""
    return " ".join(f"{error}".split()).rstrip(".") or type(error).__name__
