"""The table of a take of the app Live Link Face."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt

_BASE = 60  # frames per second of its timecodes, whatever the take's rate
_ANGLES = tuple(f"{part}{angle}" for part in ("Head", "LeftEye", "RightEye") for angle in ("Yaw", "Pitch", "Roll"))


class LiveLinkTake(Format):
    name, title, ending = "livelink", "Take of Live Link Face (CSV)", "_livelink.csv"
    about = "ARKit's 52 blendshapes, head and eyes, as the app Live Link Face writes a take"
    details = (
        "the app's 61 columns at a fixed rate (the session's usual rate, unless `--fps` gives another); angles in "
        "radians, yaw positive to the person's right, pitch down; times count from the session's start"
    )
    opens_in = "Unreal Engine, MetaHuman, Blender add-ons for Live Link Face"
    one_face, holds, fixed_rate = True, True, True

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        import numpy as np

        from expnet_live.core.arkit import ARKIT, INDEX, SIDEWAYS
        from expnet_live.core.errors import UserError
        from expnet_live.outputs.export.actions import weights_of
        from expnet_live.outputs.sample import Sample
        from expnet_live.outputs.streaming.live_link import angles

        rows = excerpt.rows
        step = excerpt.steps(len(rows))
        weights, remarks = weights_of(excerpt)
        if not np.isfinite(weights).all():
            raise UserError("The session has no blendshapes, and its face model is missing; export a table.")
        order = list(range(len(ARKIT)))
        for left, right in SIDEWAYS:  # the app has these in the opposite order
            order[INDEX[left]], order[INDEX[right]] = INDEX[right], INDEX[left]
        names = [ARKIT[i][0].upper() + ARKIT[i][1:] for i in order]
        still = np.zeros((2, 2), np.float32)
        with path.open("w", newline="", encoding="ascii") as file:
            file.write(",".join(["Timecode", "BlendShapeCount", *names, *_ANGLES]) + "\n")
            for i, time in enumerate(rows.time.tolist()):
                sample = Sample(time, True, weights[i], rows.rotation[i], rows.translation[i], still)
                values = [*weights[i, order].tolist(), *angles(sample)]
                file.write(f"{timecode(time)},{len(values)}," + ",".join(f"{v:.10f}" for v in values) + "\n")
                step(1)
        return Written(len(rows), remarks)


def timecode(time: float) -> str:
    """`HH:MM:SS:FF.mmm`: frames of 1/60 s, and thousandths of one."""
    frames, thousandths = divmod(round(time * _BASE * 1000), 1000)
    seconds, frame = divmod(frames, _BASE)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}.{thousandths:03d}"


FORMAT = LiveLinkTake()
