#!/usr/bin/env python3
"""Writes the documentation of the registries and the public API; with --check, only reports what is out of date.

python scripts/api_docs.py [--check]
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import expnet_live
from expnet_live.core import types
from expnet_live.gestures.built_in import BUILT_IN
from expnet_live.outputs.export.format import FORMATS
from expnet_live.outputs.output import OUTPUTS
from expnet_live.reports.definitions import DEFINITIONS

# The public names that are neither classes nor functions.
VALUES = {
    "ARKIT": "The names of ARKit's 52 blendshapes in Apple's order: the order of `FaceState.blendshapes`.",
    "FORMATS": "The registry of export formats, by the names that `expnet-live export --to` takes.",
    "HEADS": "The registry of kinds of heads that `expnet-live face-model import` reads.",
    "MODELS": "The registry of models, by the names that `--model` takes.",
    "SOURCES": "The registry of kinds of sources.",
    "OUTPUTS": "The registry of live outputs, by the names that `expnet-live stream --to` takes.",
}
DOCS = Path(__file__).resolve().parents[1] / "docs"


def formats_table() -> str:
    rows = [f"| `{f.name}` | {f.details or f.about} | {f.opens_in} |" for f in FORMATS.values()]
    return "\n".join(["| `--to` | contents | opens in |", "|---|---|---|", *rows])


def outputs_table() -> str:
    rows = []
    for kind in OUTPUTS.values():
        title, _, programs = kind.about.partition(": ")
        settings = "; ".join(f"`{n}`: {', '.join(filter(None, o.values)) or 'any'}" for n, o in kind.options.items())
        rows.append(f"| `{kind.name}` | {title} | {programs} | {kind.place(kind.address)} | {settings} |")
    return "\n".join(["| output | protocol | programs | usually at | settings |", "|---|---|---|---|---|", *rows])


def gestures_table() -> str:
    rows = [f"| {r.name} | {r.about} | {r.formula} | {r.on:g} | {r.hold:g} s |" for r in BUILT_IN.values()]
    return "\n".join(["| gesture | | score | begins at | lasts at least |", "|---|---|---|---|---|", *rows])


def definitions_table() -> str:
    rows = [f"| {d.title} | {d.unit} | {d.text.replace('|', '&#124;')} | {d.source} |" for d in DEFINITIONS.values()]
    return "\n".join(["| figure | unit | definition | source |", "|---|---|---|---|", *rows])


def filled(text: str, mark: str, content: str) -> str:
    """The text with `content` between the comments <!-- mark --> and <!-- /mark -->."""
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"There must be one pair of {begin} and {end}.")
    return pattern.sub(lambda _: f"{begin}\n\n{content}\n\n{end}", text)


def api_page() -> str:
    """docs/api.md: the public names with their signatures and docstrings."""
    parts = [
        "# From Python",
        (
            "This page lists every public name of `expnet_live`. `python scripts/api_docs.py` makes it from the code.\n"
            "The examples run as tests; `getfixture` gives them a temporary folder or a recorded session. Conventions:"
        ),
        (types.__doc__ or "").split("package:\n\n")[1].strip(),
    ]
    for name in sorted(set(expnet_live.__all__) - {"__version__"}, key=str.casefold):
        thing = getattr(expnet_live, name)
        documented = inspect.isclass(thing) or inspect.isfunction(thing)
        called = documented and not (inspect.isclass(thing) and issubclass(thing, Exception))
        signature = f"{name}{_signature(thing)}" if called else name
        about = inspect.getdoc(thing) if documented else VALUES[name]
        parts.append(f"## {name}\n\n```python\n{signature}\n```\n\n{_fenced(about or '')}")
        if inspect.isclass(thing) and (members := _members(name, thing)):
            parts.append(members)
    return "\n\n".join(parts) + "\n"


def _members(name: str, cls: type) -> str:
    """The methods and properties that the class itself documents, one a line: what they take, and their docstrings."""
    lines = []
    for member, value in vars(cls).items():
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if isinstance(value, cached_property):
            function = value.func
        if member.startswith("_") or not inspect.isfunction(function) or not (about := inspect.getdoc(function)):
            continue
        owner = name if isinstance(value, classmethod | staticmethod) else re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        plain = isinstance(value, property | cached_property)
        signature = "" if plain else _signature(getattr(cls, member)).replace("(self, ", "(").replace("(self)", "()")
        lines.append(f"- `{owner}.{member}{signature}`: {' '.join(about.split())}")
    return "\n".join(lines)


def _signature(function: Callable[..., object]) -> str:
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(function))).removesuffix(" -> None")
    shorter = re.sub(r"<function [\w.]*<lambda> at \w+>|<factory>", "…", text)
    return re.sub(r"<(?:function )?([\w.]+)(?: at \w+|: [^>]*)>", r"\1", shorter)


def _fenced(text: str) -> str:
    """A docstring as Markdown: its examples as code."""
    lines, code = [], False
    for line in text.splitlines():
        if line.startswith(">>>") and not code:
            lines.append("```pycon")
            code = True
        if code and not line:
            lines.append("```")
            code = False
        lines.append(line)
    return "\n".join([*lines, *(["```"] if code else [])])


def pages() -> dict[Path, str]:
    """The up-to-date text of each page."""
    sessions, outputs, gestures, report = (
        DOCS / f"{name}.md" for name in ("sessions", "outputs", "gestures", "report")
    )
    return {
        sessions: filled(sessions.read_text(encoding="utf-8"), "formats", formats_table()),
        outputs: filled(outputs.read_text(encoding="utf-8"), "outputs", outputs_table()),
        gestures: filled(gestures.read_text(encoding="utf-8"), "gestures", gestures_table()),
        report: filled(report.read_text(encoding="utf-8"), "definitions", definitions_table()),
        DOCS / "api.md": api_page(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a page is out of date")
    check = parser.parse_args().check
    stale = [p for p, text in pages().items() if not p.is_file() or p.read_text(encoding="utf-8") != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(DOCS.parent)} is out of date; run scripts/api_docs.py.", file=sys.stderr)
        else:
            path.write_text(pages()[path], encoding="utf-8")
            print(path.relative_to(DOCS.parent))
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
