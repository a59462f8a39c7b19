"""An animated head as glTF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt


class Glb(Format):
    name, title, ending = "glb", "Animated head (glTF)", ".glb"
    about = "the head with coefficients as morph targets and one animation: Blender, Unity, browsers"
    details = "an animated head; see below"
    opens_in = "Blender: *File, Import, glTF 2.0*; any glTF viewer"
    takes = frozenset({"fps", "neutral", "gains", "pose", "correctives", "head"})
    one_face, holds = True, True

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.export.animation import animated_head

        options, rows = excerpt.options, excerpt.rows
        head = animated_head(
            excerpt.wearer(),
            rows,
            excerpt.identity,
            start=options.start or 0.0,
            pose=options.pose,
            most_correctives=options.correctives,
            step=excerpt.steps(len(rows)),
        )
        path.write_bytes(head.content)
        remark = (
            f"{head.components} components and {head.correctives} correctives; "
            f"the largest vertex error is {head.residual:.4f} mm."
        )
        return Written(len(rows), (remark,))


FORMAT = Glb()
