"""`expnet-live sessions`: lists, shows, recovers and re-analyses recorded sessions."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.cli.model import add_model
from expnet_live.cli.quiet import quietly
from expnet_live.core.arguments import SMOOTHINGS, positive_int
from expnet_live.core.naming import counted

if TYPE_CHECKING:
    from expnet_live.core.arguments import Subparsers
    from expnet_live.sessions.reading.session import Session


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("sessions", help="list, show, recover or re-analyse recorded sessions")
    parts = parser.add_subparsers(metavar="PART", required=True)

    listing = parts.add_parser("list", help="list the sessions in a folder, newest first")
    listing.add_argument(
        "root", nargs="?", type=Path, metavar="DIR", help="folder of sessions (default: where the window records)"
    )
    listing.set_defaults(run=run_list)

    show = parts.add_parser("show", help="show the contents of a session")
    show.add_argument("session", type=Path, metavar="DIR", help="the session's folder")
    show.set_defaults(run=run_show)

    recover = parts.add_parser("recover", help="complete sessions whose recording was killed")
    recover.add_argument(
        "sessions",
        nargs="*",
        type=Path,
        metavar="DIR",
        help="sessions (default: all that need it where the window records)",
    )
    recover.set_defaults(run=run_recover)

    importing = parts.add_parser(
        "import",
        help="make sessions of videos",
        description="Makes a session of each video, to replay, mark and export it like a recording.",
    )
    importing.add_argument("videos", nargs="+", metavar="VIDEO", help="videos, or folders that are searched for them")
    importing.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the sessions (default: where the window records)"
    )
    importing.add_argument("--sound", action="store_true", help="keep the videos' sound")
    importing.add_argument("--smoothing", choices=SMOOTHINGS, default="balanced", help="default: balanced")
    importing.add_argument(
        "--max-faces", type=positive_int, default=1, metavar="N", help="faces per frame (default: 1)"
    )
    importing.add_argument("--profile", default="Default", metavar="NAME", help="the profile of the person in them")
    add_model(importing)
    importing.set_defaults(run=run_import)

    again = parts.add_parser(
        "reanalyze",
        help="analyse a session's video again, with another model or smoothing",
        description="Writes DIR/reanalysis/NAME, a session without a video. The recording does not change.",
    )
    again.add_argument("session", type=Path, metavar="DIR", help="the session's folder, with its video")
    again.add_argument("--smoothing", choices=SMOOTHINGS, help="smoothing over time (default: as recorded)")
    again.add_argument("--name", help="name of the result (default: made from model and smoothing)")
    again.add_argument("--compare", action="store_true", help="print how far each coefficient is from the recording's")
    add_model(again)
    again.set_defaults(run=run_reanalyze)


def run_list(args: argparse.Namespace) -> int:
    from expnet_live.core.errors import UserError
    from expnet_live.sessions.format.folder import sessions_root
    from expnet_live.sessions.reading.session import list_sessions

    root = args.root or sessions_root()
    if args.root is not None and not root.is_dir():
        raise UserError(f"There is no folder {root}; check the name.")
    entries = list_sessions(root)
    width = max((len(entry.folder.name) for entry in entries), default=0)
    for entry in entries:
        name = entry.folder.name.ljust(width)
        info = entry.info
        if info is None:
            print(f"{name}  {entry.problem}")
            continue
        if entry.active:
            state = f"{'is being recorded':25}"
        elif entry.killed:
            state = f"{'cut off; recover it':25}"
        else:
            state = f"{info.duration:8.1f} s  {info.frames:6d} frames"
        video = "" if info.video_frames is not None else "  no video"
        print(f"{name}  {state}  {info.source}{video}{f'  {info.title}' if info.title else ''}")
    if not entries:
        print(f"There are no sessions in {root}.")
    return 0


def run_show(args: argparse.Namespace) -> int:
    from expnet_live.sessions.reading.session import Session

    print(_shown(Session.open(args.session)))
    return 0


def _shown(session: Session) -> str:
    info, rows = session.info, session.rows
    status = info.status + (", recovered" if info.recovered else "")
    lost = sum(b - a for a, b in info.lost_face)
    lines = {
        "title": info.title,
        "notes": " ".join(info.notes.split()),
        "status": status if info.complete else "cut off, or still being recorded; so far:",
        "ended by": info.problem,
        "started": info.started,
        "source": f"{info.source}, {info.width} x {info.height}",
        "length": f"{rows.time[-1] if len(rows) else 0:.3f} s",
        "rows": f"{len(rows)}",
        "frames": f"{info.frames}, {'an unknown number' if info.drops is None else info.drops} dropped",
        "not written": f"{info.n_unwritten}" if info.n_unwritten else "",
        "without face": f"{counted(len(info.lost_face), 'time')}, {lost:.1f} s in total" if info.lost_face else "",
        "video": "none" if info.video_frames is None else counted(info.video_frames, "picture"),
        "sound": info.sound,
        "markers": ", ".join(f"{m.label} at {m.time:.2f} s" for m in session.markers),
        "model": f"{info.model.name} on {info.device}, smoothing {info.smoothing}",
        "profile": info.person.name + (", calibrated" if info.person.calibrated else ""),
        "people": ", ".join(f"face {n} is {name}" for n, name in info.named.items()),
    }
    if not info.complete:
        del lines["frames"]
    return "\n".join(f"{key + ':':14}{text}" for key, text in lines.items() if text)


def run_recover(args: argparse.Namespace) -> int:
    import sys

    from expnet_live.core.errors import UserError
    from expnet_live.sessions.catalog.recovery import recover
    from expnet_live.sessions.format.folder import sessions_root
    from expnet_live.sessions.reading.session import list_sessions

    folders = args.sessions or [e.folder for e in list_sessions(sessions_root()) if e.killed]
    failed = False
    for folder in folders:
        try:
            info = recover(folder)
        except UserError as error:
            failed = True
            print(f"expnet-live: {error}", file=sys.stderr)
            continue
        video = "" if info.video_frames is None else f", {counted(info.video_frames, 'picture')}"
        print(f"{folder} is complete: {info.duration:.1f} s, {info.rows} rows{video}.")
    if not folders:
        print("No session needs recovery.")
    return 2 if failed else 0


@quietly
def run_import(args: argparse.Namespace) -> int:
    """Imports each video; 1 if some could not be read, or not to their end."""
    import sys

    from expnet_live.analysis.inputs import Kind, list_items
    from expnet_live.cli.profile import person_of
    from expnet_live.cli.progress import progress_bar
    from expnet_live.core.errors import UserError
    from expnet_live.core.naming import few
    from expnet_live.core.signals import terminable
    from expnet_live.live.state import Settings
    from expnet_live.pipeline.pipeline import Pipeline
    from expnet_live.sessions.format.folder import sessions_root
    from expnet_live.sessions.recording.importing import import_video

    root = args.out or sessions_root()
    settings = Settings(args.model, args.device, args.smoothing, args.max_faces)
    person = person_of(args.profile)
    pipeline = Pipeline.load(args.model, args.device, smoothing=args.smoothing, max_faces=args.max_faces)
    failed = False
    # Photos that lie beside the videos of a folder are nobody's fault.
    found = [item for item in list_items(args.videos) if item.kind is not Kind.PHOTO or item.spec in args.videos]
    if not found:
        raise UserError(f"There is no video in {few(args.videos)}; choose videos, or folders that hold some.")
    with terminable():
        for item in found:
            problem = item.problem
            if item.kind is not Kind.VIDEO or not Path(item.spec).is_file():
                problem = problem or f"{item.source} is not a video; sessions are made of videos only."
            else:
                folder = _free_folder(root, item.name)
                try:
                    with progress_bar() as progress:
                        info = import_video(
                            Path(item.spec), folder, settings, person, pipeline, progress, sound=args.sound
                        )
                except UserError as error:
                    problem = str(error)
                else:
                    problem = info.problem
                    print(f"{folder}: {counted(info.frames, 'frame')}, {info.duration:.1f} s.")
            if problem:
                failed = True
                print(f"expnet-live: {problem}", file=sys.stderr)
    return 1 if failed else 0


def _free_folder(root: Path, name: str) -> Path:
    """A folder in `root` for a video whose path, without suffix, is `name`."""
    from expnet_live.core.naming import file_stem, numbered

    names = numbered(file_stem(name.replace("/", "_"), "session"), between="-")
    return next(folder for folder in map(root.joinpath, names) if not folder.exists())


@quietly
def run_reanalyze(args: argparse.Namespace) -> int:
    """Analyses it again; 1 if its video could not be read to its end."""
    import sys

    from expnet_live.cli.progress import progress_bar
    from expnet_live.core.signals import terminable
    from expnet_live.live.state import Settings
    from expnet_live.sessions.reading.reanalysis import reanalyze
    from expnet_live.sessions.reading.session import Session

    session = Session.open(args.session)
    smoothing = args.smoothing or session.info.smoothing
    settings = Settings(args.model, args.device, smoothing, session.info.max_faces)
    name = args.name or (smoothing if args.model is None else f"{Path(args.model).stem}-{smoothing}")
    with terminable(), progress_bar() as progress:
        done = reanalyze(session, name, settings, progress)
    pictures, faces = len(set(done.rows.frame.tolist())), int((done.rows.face >= 0).sum())
    print(f"{done.folder}: {counted(pictures, 'picture')}, {counted(faces, 'face')}.")
    if args.compare:
        print(_compared(session, done))
    if done.info.problem:
        print(f"expnet-live: {done.info.problem}", file=sys.stderr)
    return 1 if done.info.problem else 0


def _compared(session: Session, analysis: Session) -> str:
    import numpy as np

    from expnet_live.sessions.reading.reanalysis import differences

    off = differences(session, analysis)
    if not len(off):
        return "There is no frame in which both found a face."
    lines = [f"absolute differences over {len(off)} frames, in sd:", f"{'':20}  mean   95 %    max"]
    columns = [("all", off.ravel()), *zip(session.info.coefficients, off.T, strict=True)]
    lines += [f"{n:20}{v.mean():6.3f} {np.percentile(v, 95):6.3f} {v.max():6.3f}" for n, v in columns]
    return "\n".join(lines)
