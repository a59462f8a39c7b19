"""A table as CSV."""

from __future__ import annotations

from expnet_live.outputs.export.families import TableFile


class Csv(TableFile):
    name, title, ending = "csv", "Table (CSV)", ".csv"
    about = "a row per moment and face, for any program"
    details = "a row per moment and face: the columns of `coefficients.csv` without `raw_` and `identity_`"
    opens_in = "anything"


FORMAT = Csv()
