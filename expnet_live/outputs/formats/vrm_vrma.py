"""A face over time as a VRM animation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt


class Vrma(Format):
    name, title, ending = "vrma", "VRM animation", ".vrma"
    about = "expressions, head and gaze for avatars of VRM 1: VRM viewers, three-vrm, UniVRM"
    details = (
        "expressions, head and gaze as a VRM animation; with an avatar as `--head` its own expressions, such as those "
        "of Perfect Sync, else VRM's presets"
    )
    opens_in = "VRM viewers; three-vrm, UniVRM, the VRM add-on of Blender"
    takes = frozenset({"fps", "neutral", "gains", "pose", "head"})
    one_face, straight, holds = True, True, True

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.avatars.avatar import Avatar
        from expnet_live.outputs.export.actions import weights_of
        from expnet_live.outputs.export.pose import PoseMode
        from expnet_live.outputs.export.vrm_animation import vrm_animation

        options, rows = excerpt.options, excerpt.rows
        wearer = excerpt.wearer() if options.head is not None else None
        weights, remarks = weights_of(excerpt)
        content = vrm_animation(
            rows,
            weights,
            wearer if isinstance(wearer, Avatar) else None,
            start=options.start or 0.0,
            turned=options.pose is not PoseMode.NONE,
            step=excerpt.steps(len(rows)),
        )
        path.write_bytes(content)
        return Written(len(rows), remarks)


FORMAT = Vrma()
