"""`expnet-live evaluate rig`: measures how far the rig moves the face, beside the landmarks of clips."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from expnet_live.core.arguments import output_file
from expnet_live.core.files import write_json
from expnet_live.heads.built_in import face_model
from expnet_live.research.evaluation.rig.measure import Frames, motions, reaches
from expnet_live.research.training.commands.material import add_material, material_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_material(parser)
    parser.add_argument("--json", type=output_file, metavar="FILE", help="also write the figures to this file")


def run(args: argparse.Namespace) -> int:
    """Raises UserError if there are too few frames of clips."""
    frames = Frames.of(material_of(args))
    model = face_model()
    found, moved = reaches(frames, model), motions(frames, model)
    print(f"{len(frames)} frontal frames of {int(frames.clip.max()) + 1} clips")
    print("landmarks that move up and down    r   motion per motion of the rig")
    for m in moved:
        print(f"  {m.name:30s} {m.r:5.2f} {m.gain:6.2f}")
    print("action               landmark   clips     rig, in distances of the eyes' outer corners at full strength")
    for f in found:
        print(f"  {f.action:20s} {f.point:6d} {f.clips:7.3f} {f.rig:7.3f}")
    if args.json:
        figures = {"frames": len(frames), "landmarks": [*map(asdict, moved)], "actions": [*map(asdict, found)]}
        write_json(args.json, figures)
    return 0
