"""A table as Parquet."""

from __future__ import annotations

from expnet_live.outputs.export.families import TableFile


class Parquet(TableFile):
    name, title, ending = "parquet", "Table (Parquet)", ".parquet"
    about = "the same table as csv, typed and small"
    details = "the same as `csv`, typed"
    opens_in = "pandas, R, DuckDB"


FORMAT = Parquet()
