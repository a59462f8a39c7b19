"""All arrays of a session for NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt


class Npz(Format):
    name, title, ending = "npz", "Arrays (NumPy)", ".npz"
    about = "all arrays of the session, including identity, for numpy.load"
    details = (
        "arrays `names, time, face, expression, expression_raw, identity, rotation, ...` "
        "(`Rows` in `expnet_live/sessions/format/table.py`)"
    )
    opens_in = "`numpy.load`"

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.export.tables import write_npz

        n = len(excerpt.rows)
        write_npz(path, excerpt.rows, excerpt.session.info.coefficients, excerpt.steps(n))
        return Written(n)


FORMAT = Npz()
