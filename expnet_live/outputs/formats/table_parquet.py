"""A table as Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt


class Parquet(Format):
    name, title, ending = "parquet", "Table (Parquet)", ".parquet"
    about = "the same table as csv, typed and small"
    details = "the same as `csv`, typed"
    opens_in = "pandas, R, DuckDB"

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.export.tables import write_parquet

        n = len(excerpt.rows)
        write_parquet(path, excerpt.rows, excerpt.session.info.coefficients, excerpt.steps(n))
        return Written(n)


FORMAT = Parquet()
