"""The columns of Py-Feat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.core.naming import printable
from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.core.types import Array
    from expnet_live.outputs.export.excerpt import Excerpt

# Py-Feat's units in its order, and our units with other numbers: a blink is its 43.
_UNITS = (
    "AU01", "AU02", "AU04", "AU05", "AU06", "AU07", "AU09", "AU10", "AU11", "AU12", "AU14", "AU15", "AU17", "AU20",
    "AU23", "AU24", "AU25", "AU26", "AU28", "AU43",
)  # fmt: skip
_OTHER_NUMBER = {"AU45": "AU43"}


class PyFeat(Format):
    name, title, ending = "pyfeat", "Table of Py-Feat (CSV)", "_pyfeat.csv"
    about = "face box, pose and action units, for Py-Feat"
    details = (
        "Py-Feat's names: the face's box in pixels, action units of 0..1, pitch, roll and yaw in radians about the "
        "camera's axes x right, z away and y down, and the head's place along x, y and z in mm; AU11 and AU24, which "
        "no blendshape gives, are empty"
    )
    opens_in = "Py-Feat's `read_feat`, pandas"

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.channels import ACTION_UNITS, LIP_SUCK
        from expnet_live.outputs.export.actions import camera_pose, texts, weights_of, write_columns
        from expnet_live.sessions.format.table import MARKER

        rows = excerpt.rows
        step = excerpt.steps(len(rows))
        weights, remarks = weights_of(excerpt)
        told: dict[str, Array] = {}
        for channels in (ACTION_UNITS, LIP_SUCK):
            for name, values in zip(channels.names, channels.values(weights).T / 5, strict=True):
                told[_OTHER_NUMBER.get(name, name)] = values
        table = {f"FaceRect{name}": texts(rows.box[:, i], 2) for i, name in enumerate(("X", "Y", "Width", "Height"))}
        table["FaceScore"] = texts(rows.confidence, 4)
        table |= {name: texts(told[name], 4) if name in told else [""] * len(rows) for name in _UNITS}
        place, (pitch, yaw, roll) = (values.T for values in camera_pose(rows))
        table |= {"Pitch": texts(pitch, 5), "Roll": texts(roll, 5), "Yaw": texts(yaw, 5)}
        table |= {axis: texts(values, 2) for axis, values in zip("XYZ", place, strict=True)}
        table["frame"] = [str(f) for f in rows.frame.tolist()]
        if labels := excerpt.labels():  # otherwise exactly the other program's columns
            table[MARKER] = labels
        table["input"] = [printable(excerpt.session.folder.name)] * len(rows)
        write_columns(path, table, "utf-8")
        step(len(rows))
        return Written(len(rows), remarks)


FORMAT = PyFeat()
