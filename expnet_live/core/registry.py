"""Registries hold things of one kind by name; to add one, add a file.

A registry searches our own packages, whose modules each hold one thing, and the entry points of other installed
packages. So a source, model, format, output or head takes one file and no edit elsewhere:

    FORMATS: Registry[Format] = Registry("format", "FORMAT", ["expnet_live.outputs.formats"], "expnet_live.formats")

finds `FORMAT` in every module of that package, and every entry point of the group `expnet_live.formats`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import Protocol, TypeVar

from expnet_live.core.errors import UserError

log = logging.getLogger(__name__)


class Named(Protocol):
    """An entry of a registry: its name as typed by users, and one line about it for help texts and menus."""

    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str: ...


T = TypeVar("T", bound=Named)


class Registry(Mapping[str, T]):
    """The things of one `kind` by name: first ours, then those of other packages, both in order of module names.

    The first look-up imports the modules, which must be cheap: they import heavy packages only where they use them. A
    plugin that cannot be imported is skipped, logged, and listed in `problems`.

    >>> from expnet_live import FORMATS
    >>> FORMATS.named("csv").ending
    '.csv'
    """

    def __init__(self, kind: str, attribute: str, packages: Sequence[str], group: str) -> None:
        self.kind, self.group = kind, group
        self.problems: list[str] = []
        self._attribute, self._packages = attribute, tuple(packages)

    def named(self, name: str) -> T:
        """The thing called `name`. Raises UserError that lists the existing names."""
        if name not in self:
            raise UserError(f"There is no {self.kind} called {name}; choose one of {', '.join(self)}.")
        return self[name]

    def refresh(self) -> None:
        """Search again at the next look-up, after a package has been installed."""
        self.__dict__.pop("_things", None)
        self.problems.clear()

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
            try:
                thing = point.load()
                name = thing.name
            except Exception as error:  # other people's code must not keep the program from starting
                self._left_out(f"The {self.kind} {point.name} of {point.value} cannot be loaded ({error}).")
                continue
            if name in things:
                self._left_out(f"The {self.kind} {name} of {point.value} is skipped: another one has this name.")
                continue
            things[name] = thing
        return things

    def _left_out(self, problem: str) -> None:
        log.warning("%s", problem)
        self.problems.append(problem)
