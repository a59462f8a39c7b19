"""`expnet-live gestures`: lists the gestures of recordings, or acts on those of a camera."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.model import add_model
from expnet_live.cli.progress import progress_bar
from expnet_live.cli.quiet import quietly
from expnet_live.core.arguments import add_overwrite, add_smoothing, positive_float

if TYPE_CHECKING:
    from expnet_live.capture.spec import SourceSpec
    from expnet_live.core.arguments import Subparsers
    from expnet_live.gestures.rule import Event, Rule
    from expnet_live.person.person import Person
    from expnet_live.pipeline.pipeline import Pipeline
    from expnet_live.sessions.reading.session import Session


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "gestures",
        help="list smiles, winks, nods and other gestures, or act on them live",
        description="Lists the gestures in a session or a video: name, onset, apex and offset in s, strength. With a "
        "camera, --to or --press, it acts on them while they happen. Of several sources, of tables of 'analyze', of "
        "folders of sessions and of data sets, it lists those of every face. See docs/gestures.md.",
    )
    parser.add_argument(
        "sources", nargs="*", metavar="SOURCE",
        help="a session, a video, a camera's index, demo, a table (.csv), a folder of sessions, a data set",
    )  # fmt: skip
    parser.add_argument("--list", action="store_true", help="list the gestures that are known, and exit")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="look for these gestures only")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table to this file (.csv)")
    add_overwrite(parser)
    parser.add_argument("--profile", metavar="NAME", help="profile of the person, with gestures of their own")
    live = parser.add_argument_group("live")
    live.add_argument(
        "--to", action="append", default=[], metavar="OUTPUT",
        help="send them as markers through an output such as lsl, ws or vmc, beside the face; may be repeated",
    )  # fmt: skip
    live.add_argument(
        "--press", action="append", default=[], metavar="NAME=KEY",
        help="press a key for a gesture, such as 'nod or shake=space'; may be repeated (needs pynput)",
    )  # fmt: skip
    live.add_argument("--duration", type=positive_float, metavar="SECONDS", help="stop after so long, looping a clip")
    add_smoothing(parser)
    add_model(parser)
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    from expnet_live.core.errors import UserError
    from expnet_live.core.files import check_new
    from expnet_live.core.naming import counted
    from expnet_live.core.signals import terminable
    from expnet_live.gestures.finding import write_table
    from expnet_live.gestures.watching import chosen, rules_of
    from expnet_live.reports.recordings import is_recorded

    recorded = [source for source in args.sources if is_recorded(Path(source))]
    session = _session(args.sources) if not recorded else None
    person = _person(args, session)
    rules = chosen(rules_of(person.gestures), args.only)
    if args.list:
        for rule in rules:
            print(f"{rule.name:16}{rule.about}")
        return 0
    if not args.sources:
        raise UserError("Give a SOURCE, such as: expnet-live gestures talk.mp4")
    if args.out is not None:
        check_new(args.out, args.overwrite)
    with terminable():
        header, lines = _table(args, session, recorded, person, rules)
    if args.out is not None:
        write_table(args.out, header, lines)
        print(f"{args.out}: {counted(len(lines), 'gesture')}")
    elif not args.to and not args.press:
        _print(header, lines)
    return 0


def _session(sources: list[str]) -> Session | None:
    """The only source, if it is a session."""
    from expnet_live.sessions.format.folder import is_session
    from expnet_live.sessions.reading.session import Session

    return Session.open(sources[0]) if len(sources) == 1 and is_session(Path(sources[0])) else None


def _person(args: argparse.Namespace, session: Session | None) -> Person:
    """The person of --profile, or of the session: they have gestures of their own."""
    from expnet_live.cli.profile import DEFAULT, person_of

    known = None if session is None or args.profile is not None else session.info.person
    return known or person_of(args.profile or DEFAULT)


def _table(
    args: argparse.Namespace, session: Session | None, recorded: list[str], person: Person, rules: list[Rule]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The header and the lines."""
    from expnet_live.capture.spec import SourceSpec
    from expnet_live.core.errors import UserError
    from expnet_live.gestures.finding import HEADER, lines_of, session_events
    from expnet_live.outputs.export.track import one_of_several

    acts = bool(args.to or args.press)
    if session is None and len(args.sources) == 1 and not recorded:
        spec = SourceSpec.parse(args.sources[0])
        if acts or spec.live:
            return HEADER, lines_of(_live(args, spec, person, rules))
        return HEADER, lines_of(_video(_pipeline(args), spec, person, rules))
    if acts:
        raise UserError("Only one camera or video is live; leave out --to and --press, or give that alone.")
    if session is not None:
        if which := one_of_several(session.rows, session.info):
            print(f"expnet-live: {which} is read.", file=sys.stderr)
        return HEADER, lines_of(session_events(session, rules))
    return _many(args, recorded, person, rules)


def _many(
    args: argparse.Namespace, recorded: list[str], person: Person, rules: list[Rule]
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Of every face in several sources: the recorded ones first, then the videos."""
    from expnet_live.capture.spec import SourceSpec
    from expnet_live.core.errors import UserError
    from expnet_live.core.naming import printable
    from expnet_live.gestures.finding import HEADER, WHOSE, face_events, lines_of
    from expnet_live.reports.recordings import read_recordings
    from expnet_live.sessions.format.folder import is_session

    recorded = [s for s in args.sources if s in recorded or is_session(Path(s))]
    videos = [SourceSpec.parse(s) for s in args.sources if s not in recorded]
    if any(spec.live for spec in videos):
        raise UserError("A camera is watched alone; give the other sources to a second command.")
    lines: list[tuple[str, ...]] = []
    if recorded:
        read = read_recordings([Path(s) for s in recorded])
        for remark in read.remarks:
            print(f"expnet-live: {remark}", file=sys.stderr)
        with progress_bar() as progress:
            for i, face in enumerate(read.faces, 1):
                whose = (face.source, "" if face.face < 0 else str(face.face))
                lines += [whose + line for line in lines_of(face_events(face.time, face.weights, face.rotation, rules))]
                progress(i, len(read.faces))
    if videos:
        pipeline = _pipeline(args)
        for spec in videos:
            name = printable(spec.value or spec.name)
            lines += [(name, "", *line) for line in lines_of(_video(pipeline, spec, person, rules))]
    return (*WHOSE, *HEADER), lines


def _pipeline(args: argparse.Namespace) -> Pipeline:
    from expnet_live.pipeline.pipeline import Pipeline

    return Pipeline.load(args.model, args.device, smoothing=args.smoothing)


def _video(pipeline: Pipeline, spec: SourceSpec, person: Person, rules: list[Rule]) -> list[Event]:
    from expnet_live.capture.sources import open_spec
    from expnet_live.core.errors import UserError
    from expnet_live.gestures.finding import source_events

    with open_spec(spec) as source, progress_bar() as progress:
        if source.still:
            raise UserError(f"{source.name} holds pictures without times; give a video, a session or a camera.")
        return source_events(pipeline, source, person, rules, progress)


def _live(args: argparse.Namespace, spec: SourceSpec, person: Person, rules: list[Rule]) -> list[Event]:
    from expnet_live.gestures.acting import act_on
    from expnet_live.live.state import Settings
    from expnet_live.outputs.stream import Stream, parse_target

    streams = [Stream(*parse_target(text)) for text in args.to]
    for stream in streams:
        if not stream.kind.marks:
            print(f"{stream.name}: this output sends no markers, so gestures do not reach it.")
        if stream.leaves:
            print(f"{stream.name}: data sent there leaves this machine.")
    return act_on(
        spec,
        Settings(args.model, args.device, args.smoothing),
        person,
        rules,
        streams,
        _keys(args.press, rules),
        duration=args.duration,
        fired=lambda event: print(f"{event.onset:9.3f}  {event.name}", flush=True),
        say=lambda sentence: print(sentence, flush=True),
    )


def _keys(texts: list[str], rules: list[Rule]) -> dict[str, str]:
    """The key of each gesture. Raises UserError for a text without = or an unknown gesture."""
    from expnet_live.core.errors import UserError
    from expnet_live.gestures.watching import chosen

    keys = {}
    for text in texts:
        name, separator, key = text.partition("=")
        if not separator or not key:
            raise UserError(f"--press {text} names no key; write it like --press 'brows up=space'.")
        chosen(rules, [name])
        keys[name] = key
    return keys


def _print(header: tuple[str, ...], lines: list[tuple[str, ...]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
