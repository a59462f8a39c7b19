"""Raises the version: its one place, expnet_live/core/version.py, and the heading of CHANGELOG.md.

    .venv/bin/python scripts/raise_version.py 0.2.0

It publishes nothing, and commits nothing: see CONTRIBUTING.md.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import date
from pathlib import Path

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).resolve().parents[1]
PLACE, CHANGES = Path("expnet_live/core/version.py"), Path("CHANGELOG.md")
_LINE = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
_UNRELEASED = re.compile(r"^## \[Unreleased\]\n+(?=### )", re.MULTILINE)


def raise_to(new: str, root: Path, day: date) -> str:
    """Write version `new` into the tree `root`, and return the one before. Raises ValueError with one sentence."""
    place, changes = root / PLACE, root / CHANGES
    code, told = place.read_text(encoding="utf-8"), changes.read_text(encoding="utf-8")
    line = _LINE.search(code)
    if line is None:
        raise ValueError(f"{PLACE} has no version; restore it.")
    try:
        higher = Version(new) > Version(line[1])
    except InvalidVersion:
        raise ValueError(f"{new} is no version; give one such as 0.2.0 (PEP 440).") from None
    if not higher:
        raise ValueError(f"{new} is not above {line[1]}; give a higher version.")
    if _UNRELEASED.search(told) is None:
        raise ValueError(f"{CHANGES} has no changes under Unreleased; there is nothing to release.")
    changes.write_text(_UNRELEASED.sub(f"## [Unreleased]\n\n## [{new}] - {day.isoformat()}\n\n", told, 1), "utf-8")
    place.write_text(_LINE.sub(f'__version__ = "{new}"', code), "utf-8")
    return line[1]


def main() -> int:
    parser = argparse.ArgumentParser(description="Raise the version in its one place, and in the changelog.")
    parser.add_argument("version", help="the new version, such as 0.2.0")
    parser.add_argument("--root", type=Path, default=ROOT, help="another tree than this one")
    args = parser.parse_args()
    try:
        before = raise_to(args.version, args.root, date.today())
    except ValueError as error:
        print(f"raise_version.py: {error}", file=sys.stderr)
        return 2
    print(f"{before} -> {args.version}; look at {PLACE} and {CHANGES}, then commit them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
