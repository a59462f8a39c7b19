"""`expnet-live face-model`: imports heads that our coefficients drive."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.heads.kind import importable

if TYPE_CHECKING:
    from expnet_live.avatars.avatar import Avatar
    from expnet_live.core.arguments import Subparsers
    from expnet_live.heads.imported import ImportedHead

_FRAMES = 60  # faces to time


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "face-model",
        help="import other heads, to drive them with our coefficients",
        description="Imports and manages heads for the window and for --head. See docs/heads.md.",
    )
    commands = parser.add_subparsers(dest="face_model_command", metavar="COMMAND", required=True)
    add = commands.add_parser("import", help="import a head from its files")
    add.add_argument("source", type=Path, metavar="FILE|DIR", help=f"{importable()}, or an avatar (.vrm, .glb)")
    add.add_argument("--as", dest="name", required=True, metavar="NAME", help="name for the head")
    add.add_argument("--replace", action="store_true", help="replace a head of that name")
    add.set_defaults(run=_import)
    commands.add_parser("list", help="list the imported heads").set_defaults(run=_list)
    show = "show what a head is made of, and how well it follows our coefficients"
    for name, what, run in (("show", show, _show), ("remove", "delete an imported head", _remove)):
        command = commands.add_parser(name, help=what)
        command.add_argument("name", metavar="NAME")
        command.set_defaults(run=run)


def _import(args: argparse.Namespace) -> int:
    from expnet_live.avatars.avatar import Avatar
    from expnet_live.avatars.wardrobe import Wardrobe, is_avatar_file
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.heads.imported import ImportedHead
    from expnet_live.heads.library import import_head

    library = Wardrobe()
    library.check_new(args.name, args.replace)
    model = FaceModel.load()
    if is_avatar_file(args.source):
        avatar = Avatar.load(args.source, model)
        path = library.keep(args.source, args.name, args.replace)
        _describe_avatar(avatar)
        print(f"Imported as {args.name}: {path}")
        return 0
    shapes, notes = import_head(args.source, model)
    path = library.add(args.name, shapes)
    for note in notes:
        print(note)
    _describe(ImportedHead(args.name, shapes, model))
    print(f"Imported as {args.name}: {path}")
    return 0


def _list(args: argparse.Namespace) -> int:
    from expnet_live.avatars.wardrobe import Wardrobe

    library = Wardrobe()
    for name in library.names():
        print(name)
    if not library.names():
        print("No head is imported yet; see 'expnet-live face-model import --help'.")
    return 0


def _show(args: argparse.Namespace) -> int:
    from expnet_live.avatars.avatar import Avatar
    from expnet_live.avatars.wardrobe import Wardrobe
    from expnet_live.heads.face_model import FaceModel
    from expnet_live.heads.imported import ImportedHead

    head = Wardrobe().head(args.name, FaceModel.load())
    if isinstance(head, Avatar):
        _describe_avatar(head)
        return 0
    assert isinstance(head, ImportedHead)
    residual = _describe(head)
    print("Each coefficient at +2 sd: remaining error, and share of the displacement reproduced")
    for name, left, explained in residual:
        print(f"  {name:20s} {left:5.2f} mm  {100 * explained:4.0f} %")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from expnet_live.avatars.wardrobe import Wardrobe

    Wardrobe().remove(args.name)
    print(f"{args.name} is removed.")
    return 0


def _describe_avatar(head: Avatar) -> None:
    file = head.file
    print(
        f"{head.kind}: {len(head.rest)} vertices, {len(head.triangles)} triangles, {len(file.materials) - 1} materials"
    )
    if file.vrm is not None:
        print(f"{file.vrm.licence.title}, by {file.vrm.licence.authors}")
        for label, text in file.vrm.licence.conditions:
            print(f"  {label}: {text}")
    for note in file.notes:
        print(note)
    print(f"It cannot show: {', '.join(head.missing) or 'nothing'}")


def _describe(head: ImportedHead) -> tuple[tuple[str, float, float], ...]:
    model, origin, residual = head.model, head.model.origin, head.transfer.residual()
    kind = "components" if model.signed else "blendshapes"
    print(f"{model.kind}, from {origin.name} ({origin.imported}), SHA-256 {origin.sha256}")
    print(
        f"{len(model.mean)} vertices, {len(model.triangles)} triangles, {len(model.identity)} identity and "
        f"{len(model.expression)} expression {kind}"
    )
    print(
        f"Unit {origin.unit}, scaled by {origin.scale:.3f} to our face's size; our fitted face has an error of "
        f"{origin.distance:.1f} mm (root mean square)"
    )
    if head.transfer.named:
        print(f"Driven by name: {', '.join(head.transfer.named)}")
    print(
        f"Typical expressions move points by {residual.moved:.2f} mm, with an error of {residual.left:.2f} mm: "
        f"{100 * residual.explained:.0f} % of the squared displacement is reproduced"
    )
    print(f"Vertices and normals of a frame take {1000 * _seconds(head):.1f} ms on this machine")
    return residual.components


def _seconds(head: ImportedHead) -> float:
    """Median time (s) of a frame, over faces that move."""
    import time

    import numpy as np

    times = []
    for x in np.random.default_rng(0).normal(0, 1.5, (_FRAMES, len(head.names))).astype(np.float32):
        start = time.perf_counter()
        head.normals(head.vertices(x, np.zeros(head.n_identity, np.float32), np.full((2, 2), 0.1)))
        times.append(time.perf_counter() - start)
    return float(np.median(times))
