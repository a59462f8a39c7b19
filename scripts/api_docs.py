#!/usr/bin/env python3
"""Writes what the documentation says of registries and of the public API; with --check, only tells what is out of date.

python scripts/api_docs.py [--check]
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from expnet_live.outputs.export.format import FORMATS

DOCS = Path(__file__).resolve().parents[1] / "docs"


def formats_table() -> str:
    rows = [f"| `{f.name}` | {f.details or f.about} | {f.opens_in} |" for f in FORMATS.values()]
    return "\n".join(["| `--to` | what | opens in |", "|---|---|---|", *rows])


def filled(text: str, mark: str, content: str) -> str:
    """The text with `content` between the comments <!-- mark --> and <!-- /mark -->."""
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"There must be one pair of {begin} and {end}.")
    return pattern.sub(lambda _: f"{begin}\n\n{content}\n\n{end}", text)


def pages() -> dict[Path, str]:
    """The pages as they should be."""
    sessions = DOCS / "sessions.md"
    return {sessions: filled(sessions.read_text(encoding="utf-8"), "formats", formats_table())}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a page is out of date")
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
