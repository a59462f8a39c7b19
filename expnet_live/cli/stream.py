"""`expnet-live stream`: sends the face to other programs, without a window."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.model import add_model
from expnet_live.cli.quiet import quietly
from expnet_live.core.arguments import add_look, add_smoothing, gain, head_option, positive_float

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers
    from expnet_live.person.person import Person


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "stream",
        help="send a face's blendshapes and pose to other programs while it moves",
        description="Sends the blendshapes and the pose of the face in SOURCE to other programs, until Ctrl-C or the "
        "clip's end. 'expnet-live stream --list' lists the outputs.",
    )
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="a camera's index, a video, a session, or: demo")
    parser.add_argument(
        "--to", action="append", default=[], metavar="OUTPUT",
        help="such as vmc, vmc://127.0.0.1:39539, or vmc?names=camel; may be repeated. Goes to this machine, unless "
        "an address says otherwise",
    )  # fmt: skip
    parser.add_argument(
        "--shape", type=Path, metavar="FILE", help="bend the blendshapes by the dead zones, gains and curves in FILE"
    )
    parser.add_argument("--list", action="store_true", help="list the outputs, and exit")
    parser.add_argument("--duration", type=positive_float, metavar="SECONDS", help="stream for so long, looping a clip")
    parser.add_argument("--profile", default="Default", metavar="NAME", help="profile of the person (default: Default)")
    parser.add_argument(
        "--head-turn", type=gain, metavar="GAIN",
        help="multiply how far the head turns, from 0 to 3 (default: as in the profile, else 1)",
    )  # fmt: skip
    parser.add_argument(
        "--link-blinks", action=argparse.BooleanOptionalAction,
        help="shut both eyes alike, unless one winks (default: as in the profile, else not)",
    )  # fmt: skip
    add_smoothing(parser)
    parser.add_argument(
        "--no-auto-neutral",
        action="store_true",
        help="without a neutral in the profile, do not learn and subtract the rest of the face in its first seconds",
    )
    parser.add_argument(
        "--head",
        type=head_option,
        metavar="NAME|FILE",
        help="head that --to camera draws: one of 'expnet-live face-model list', or an avatar (.vrm, .glb)",
    )
    add_look(parser)
    add_model(parser)
    parser.set_defaults(run=run)


@quietly
def run(args: argparse.Namespace) -> int:
    from expnet_live.cli.profile import person_of
    from expnet_live.core.errors import UserError
    from expnet_live.heads.look import Look
    from expnet_live.outputs.shape import Shape
    from expnet_live.outputs.stream import OUTPUTS, Stream, parse_target

    if args.list:
        width = max(map(len, OUTPUTS)) + 2
        for kind in OUTPUTS.values():
            print(f"{kind.name:{width}}{kind.about} ({kind.place(kind.address)})")
            for name, option in kind.options.items():
                print(f"{'':{width}}  {name}={'|'.join(option.values)}: {option.about}")
        print("\n".join(OUTPUTS.problems), end="\n" if OUTPUTS.problems else "")
        return 0
    if args.source is None or not args.to:
        raise UserError("Give a SOURCE and at least one --to, such as: expnet-live stream 0 --to vmc")
    look = Look.parse(args.look or "")
    person = _adjusted(person_of(args.profile), args)
    shape = None if args.shape is None else Shape.load(args.shape)
    if shape is None and person.curves:  # of the avatar that was chosen in the window
        shape = Shape.of(person.curves)
    streams = [Stream(*parse_target(text), shape) for text in args.to]
    for stream in streams:
        if stream.leaves:
            print(f"{stream.name}: data sent there leaves this machine.")
        elif stream.fetchable:
            print(f"{stream.name}: other computers that know this one's address can fetch the data.")

    from expnet_live.capture.spec import SourceSpec
    from expnet_live.core.signals import terminable
    from expnet_live.live.state import Settings
    from expnet_live.outputs.run import play_to, stream_to
    from expnet_live.sessions.format.folder import is_session
    from expnet_live.sessions.reading.session import Session

    with terminable():
        if is_session(Path(args.source)):
            session = Session.open(args.source)
            session = replace(session, info=replace(session.info, person=_adjusted(session.info.person, args)))
            play_to(streams, session, head=args.head, look=look, duration=args.duration, say=_say)
        else:
            stream_to(
                streams,
                SourceSpec.parse(args.source),
                Settings(args.model, args.device, args.smoothing),
                person,
                head=args.head,
                look=look,
                duration=args.duration,
                auto_neutral=not args.no_auto_neutral,
                say=_say,
            )
    for stream in streams:
        print(f"{stream.name}: {stream.sent} sent, {stream.dropped} dropped, {stream.unheard} not received")
    return 0 if all(stream.sent for stream in streams) else 1


def _adjusted(person: Person, args: argparse.Namespace) -> Person:
    """With what was written in place of the profile's own."""
    from expnet_live.person.person import HEAD_TURN

    person = person if args.head_turn is None else person.with_gain(HEAD_TURN, args.head_turn)
    return person if args.link_blinks is None else replace(person, link_blinks=args.link_blinks)


def _say(sentence: str) -> None:
    print(sentence, flush=True)
