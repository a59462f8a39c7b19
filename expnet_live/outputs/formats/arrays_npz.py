"""All arrays of a session for NumPy."""

from __future__ import annotations

from expnet_live.outputs.export.families import TableFile


class Npz(TableFile):
    name, title, ending = "npz", "Arrays (NumPy)", ".npz"
    about = "all arrays of the session, including identity, for numpy.load"
    details = (
        "arrays `names, time, face, expression, expression_raw, identity, rotation, ...` "
        "(`Rows` in `expnet_live/sessions/format/table.py`)"
    )
    opens_in = "`numpy.load`"


FORMAT = Npz()
