"""`expnet-live doctor`: describes this machine and says how to fix what is wrong, also for bug reports."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "doctor", help="list cameras, graphics, devices, models and versions, and say what is wrong"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report; return 1 if something must be fixed."""
    from expnet_live.app.platform.diagnosis import diagnose
    from expnet_live.cli.quiet import quiet_native

    with quiet_native():
        findings = diagnose()
    width = max(len(f.title) for f in findings)
    for finding in findings:
        for i, fact in enumerate(finding.facts or ("unknown",)):
            print(f"{finding.title if i == 0 else '':{width}}  {fact}")
    broken = [b for f in findings for b in f.broken]
    hints = [h for f in findings for h in f.hints]
    print()
    for kind, sentences in (("To fix:", broken), ("Worth knowing:", hints)):
        if sentences:
            print(kind)
            print("\n".join(f"  - {sentence}" for sentence in sentences))
    if not broken:
        print("Nothing is wrong.")
    return 1 if broken else 0
