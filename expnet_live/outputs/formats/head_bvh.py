"""The head's pose as motion capture of one joint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt


class Bvh(Format):
    name, title, ending = "bvh-head", "Motion of the head (BVH)", "_head.bvh"
    about = "the head's rotation, as motion capture of one joint"
    details = (
        "the pose of the head as one joint at a fixed rate (the session's usual rate, unless `--fps` gives "
        "another), degrees and mm"
    )
    opens_in = "Blender: *File, Import, Motion Capture*, scale 0.001"
    takes = frozenset({"fps", "neutral", "pose"})
    one_face, straight, holds, fixed_rate = True, True, True, True

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.export.bvh import head_bvh
        from expnet_live.outputs.export.pose import PoseMode

        rows = excerpt.rows
        assert excerpt.fps is not None  # at a fixed rate
        step = excerpt.steps(len(rows))
        text = head_bvh(rows, excerpt.fps, translation=excerpt.options.pose is PoseMode.FULL)
        path.write_text(text, encoding="ascii")
        step(len(rows))
        return Written(len(rows))


FORMAT = Bvh()
