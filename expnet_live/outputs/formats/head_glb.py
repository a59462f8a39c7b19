"""An animated head as glTF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.avatars.avatar import Avatar
    from expnet_live.outputs.export.excerpt import Excerpt


_CONCERNED = ("Redistribution", "Modification")


def terms_of(avatar: Avatar) -> tuple[str, ...]:
    """A remark on what an avatar's author does not allow, if that concerns a copy with an animation."""
    conditions = () if avatar.file.vrm is None else avatar.file.vrm.licence.conditions
    denied = [label for label, text in conditions if label in _CONCERNED and text == "not allowed"]
    if not denied:
        return ()
    return (f"{avatar.name}: its author does not allow {' and '.join(denied).lower()}; keep the file to yourself.",)


class Glb(Format):
    name, title, ending = "glb", "Animated head (glTF)", ".glb"
    about = "the head with coefficients as morph targets and one animation: Blender, Unity, browsers"
    details = "an animated head; see below"
    opens_in = "Blender: *File, Import, glTF 2.0*; any glTF viewer"
    takes = frozenset({"fps", "neutral", "gains", "pose", "correctives", "head"})
    one_face, straight, holds = True, True, True

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.avatars.avatar import Avatar
        from expnet_live.outputs.export.animation import animated_head
        from expnet_live.outputs.export.avatar_animation import animated_avatar

        options, rows, wearer = excerpt.options, excerpt.rows, excerpt.wearer()
        if isinstance(wearer, Avatar):
            content = animated_avatar(
                wearer, rows, start=options.start or 0.0, pose=options.pose, step=excerpt.steps(len(rows))
            )
            path.write_bytes(content)
            return Written(len(rows), terms_of(wearer))
        head = animated_head(
            wearer,
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
