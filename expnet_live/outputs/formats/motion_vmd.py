"""Motion for MikuMikuDance: head, eyes and the usual morphs of its models."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.core.types import Array
    from expnet_live.outputs.export.excerpt import Excerpt

_HEADER = struct.pack("<30s20s", b"Vocaloid Motion Data 0002", b"ExpNet Live")
_BONE, _MORPH, _COUNT = struct.Struct("<15sI3f4f64s"), struct.Struct("<15sIf"), struct.Struct("<I")
_NOTHING_MORE = 4 * _COUNT.pack(0)  # camera, light, shadow, inverse kinematics
# Straight lines between key frames: 16 bytes, then the same from one, two and three bytes later, filled up.
_LINE = 8 * b"\x14" + 8 * b"\x6b"
_CURVE = b"".join(_LINE[n:] + end for n, end in enumerate((b"", b"\1", b"\1\0", b"\1\0\0")))
HEAD, EYES = "頭", ("右目", "左目")
"""Bones: of the head, and of the person's right and left eye."""


class Vmd(Format):
    name, title, ending = "vmd", "Motion for MikuMikuDance (VMD)", ".vmd"
    about = "head, eyes and the usual morphs of MikuMikuDance's models, 30 frames per second"
    details = (
        "rotations of the bones 頭, 左目 and 右目, and the morphs あ い う え お, まばたき, ウィンク２, ｳｨﾝｸ２右, "
        "びっくり, にやり, 上 and 怒り, which follow from the blendshapes; 30 frames per second"
    )
    opens_in = "MikuMikuDance, MikuMikuMoving, Blender with mmd_tools"
    one_face, straight, holds, fixed_rate = True, True, True, True
    rates = (30,)

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        import numpy as np
        from scipy.spatial.transform import Rotation

        from expnet_live.core.errors import UserError
        from expnet_live.outputs.export.actions import weights_of

        rows = excerpt.rows
        weights, remarks = weights_of(excerpt)
        if not np.isfinite(weights).all():
            raise UserError("The session has no blendshapes, and its face model is missing; export a table.")
        turns = {HEAD: Rotation.from_rotvec(rows.rotation).as_quat()}
        yaw, pitch = np.moveaxis(np.nan_to_num(rows.gaze), -1, 0)
        for i, name in enumerate(EYES):
            turns[name] = Rotation.from_euler("YX", np.stack([yaw[:, i], -pitch[:, i]], -1)).as_quat()
        morphs = _morphs(weights)
        step = excerpt.steps(len(rows))
        with path.open("wb") as file:
            file.write(_HEADER + _COUNT.pack(len(turns) * len(rows)))
            for name, quaternions in turns.items():
                for i, (x, y, z, w) in enumerate(quaternions.tolist()):
                    # Their z points away from the viewer: left-handed, and models look along -z.
                    file.write(_BONE.pack(_text(name), i, 0.0, 0.0, 0.0, -x, -y, z, w, _CURVE))
            file.write(_COUNT.pack(len(morphs) * len(rows)))
            for name, values in morphs.items():
                for i, value in enumerate(values.tolist()):
                    file.write(_MORPH.pack(_text(name), i, value))
            file.write(_NOTHING_MORE)
        step(len(rows))
        return Written(len(rows), remarks)


def _morphs(weights: Array) -> dict[str, Array]:
    """The weights (R,) of each morph, from ARKit's (R, 52)."""
    import numpy as np

    from expnet_live.core.arkit import INDEX
    from expnet_live.outputs.channels import MIKU_MIKU_DANCE as CHANNELS

    left, right = (weights[:, INDEX[f"eyeBlink{side}"]] for side in ("Left", "Right"))
    both = np.minimum(left, right)  # models without winks still blink
    blinks = {"まばたき": both, "ウィンク２": left - both, "ｳｨﾝｸ２右": right - both}
    return blinks | dict(zip(CHANNELS.names, CHANNELS.values(weights).T, strict=True))


def _text(name: str) -> bytes:
    return name.encode("shift_jis")


FORMAT = Vmd()
