"""A table as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from expnet_live.outputs.export.excerpt import Excerpt


class Csv(Format):
    name, title, ending = "csv", "Table (CSV)", ".csv"
    about = "a row per moment and face, for any program"
    details = "a row per moment and face: the columns of `coefficients.csv` without `raw_` and `identity_`"
    opens_in = "anything"

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        from expnet_live.outputs.export.tables import write_csv

        n = len(excerpt.rows)
        write_csv(path, excerpt.rows, excerpt.session.info.coefficients, excerpt.steps(n))
        return Written(n)


FORMAT = Csv()
