"""`expnet-live report`: a page of figures on recorded faces."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.progress import progress_bar
from expnet_live.cli.quiet import quietly
from expnet_live.core.arguments import add_overwrite
from expnet_live.core.naming import counted

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "report",
        help="write a page of figures: time in frame, blinks, range and speed, synchrony, latencies, groups",
        description="Writes report.html, which needs nothing else, and its figures as tables, of sessions, of "
        "tables of "
        "'analyze', or of a Parquet data set. Each number stands beside its definition. See docs/report.md.",
    )
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="INPUT", help="session, folder of sessions, table (.csv), or data set"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the page and the tables")
    add_overwrite(parser)
    parser.add_argument(
        "--markers", type=Path, metavar="CSV",
        help="add markers, such as those of PsychoPy: a table with the columns source, timestamp_s (s from the first "
        "frame), label, or with BIDS's onset and trial_type",
    )  # fmt: skip
    parser.add_argument(
        "--groups", type=Path, metavar="CSV",
        help="compare groups: a table with the columns source, participant, group (needs statsmodels)",
    )  # fmt: skip
    parser.add_argument(
        "--reference", metavar="GROUP", help="the group that the others are compared with (default: the first by name)"
    )
    parser.add_argument(
        "--together", action="store_true",
        help="compare faces of different inputs as well: they were recorded at the same time, from the first frame on",
    )  # fmt: skip
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    from expnet_live.core.errors import UserError
    from expnet_live.reports.events import read_events, with_events
    from expnet_live.reports.groups import INCOMPARABLE, read_groups
    from expnet_live.reports.recordings import read_recordings
    from expnet_live.reports.report import UNPAIRED, make_report
    from expnet_live.reports.writing import check_place, write_report

    check_place(args.out, args.overwrite)
    if args.reference is not None and args.groups is None:
        raise UserError("--reference is a group of --groups; give both.")
    members = None if args.groups is None else read_groups(args.groups)
    events = {} if args.markers is None else read_events(args.markers)
    read = read_recordings(args.inputs)
    faces, unfit = with_events(read.faces, events) if events else (read.faces, [])
    with progress_bar() as progress:
        report = make_report(faces, members, args.together, progress, [*read.remarks, *unfit], args.reference)
    incomparable = [INCOMPARABLE] if report.grouped and not report.effects else []
    unpaired = [UNPAIRED] if report.compared and not report.pairs else []
    for remark in (*report.remarks, *incomparable, *unpaired):
        print(f"expnet-live: {remark}", file=sys.stderr)
    page, *tables = write_report(report, args.out)
    count = len(report.faces)
    print(f"{page}: {counted(count, 'face')}; {', '.join(t.name for t in tables)} hold the figures.")
    return 0
