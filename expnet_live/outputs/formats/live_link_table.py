"""The table of a take of the app Live Link Face."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt


class LiveLinkTable(Format):
    name, title, ending = "livelink", "Table of Live Link Face (CSV)", "_livelink.csv"
    about = "ARKit's 52 blendshapes, head and eyes, as the app Live Link Face writes a take"
    details = (
        "the app's 61 columns at a fixed rate (the session's usual rate, unless `--fps` gives another); angles in "
        "radians, yaw positive to the person's right, pitch down; times count from the session's start"
    )
    opens_in = "Unreal Engine, MetaHuman, Blender add-ons for Live Link Face"
    one_face, straight, holds, fixed_rate = True, True, True, True

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.export.take import write_table

        step = excerpt.steps(len(excerpt.rows))
        return Written(len(excerpt.rows), write_table(excerpt, path, 0.0, step))


FORMAT = LiveLinkTable()
