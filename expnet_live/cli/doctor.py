"""`expnet-live doctor`: what there is on this machine, and what to do about what is wrong. Bug reports need it, too."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("doctor", help="cameras, graphics, devices, models, versions, and what is wrong")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report; 1 when something must be put right."""
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
    for kind, sentences in (("To put right:", broken), ("Worth knowing:", hints)):
        if sentences:
            print(kind)
            print("\n".join(f"  - {sentence}" for sentence in sentences))
    if not broken:
        print("Nothing is wrong.")
    return 1 if broken else 0
