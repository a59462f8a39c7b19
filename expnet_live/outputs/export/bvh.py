"""The head's pose over time as Biovision BVH with one joint, for animation programs."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from expnet_live.sessions.format.table import Rows

_HEIGHT = 180.0  # mm, length of the bone that a program draws


def head_bvh(rows: Rows, fps: float, *, translation: bool = False) -> str:
    """The text of a file, from a track without gaps at `fps`. Angles are degrees, `translation` is in mm, y is up.

    BVH applies a joint's channels from the last to the first: Zrotation Xrotation Yrotation is Rz Rx Ry.
    """
    angles = Rotation.from_rotvec(rows.rotation).as_euler("ZXY", degrees=True)
    # Angles that continue beyond half a turn instead of jumping.
    angles = np.degrees(np.unwrap(np.radians(angles), axis=0))
    places = rows.translation if translation else np.zeros((len(rows), 3))
    head = [
        "HIERARCHY",
        "ROOT Head",
        "{",
        "\tOFFSET 0 0 0",
        "\tCHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation",
        "\tEnd Site",
        "\t{",
        f"\t\tOFFSET 0 {_HEIGHT:g} 0",
        "\t}",
        "}",
        "MOTION",
        f"Frames: {len(rows)}",
        f"Frame Time: {1 / fps:.8f}",
    ]
    motion = (" ".join(f"{v:.5f}" for v in row) for row in np.hstack([places, angles]))
    return "\n".join([*head, *motion]) + "\n"
