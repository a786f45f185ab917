"""Tables on their way into a spreadsheet."""

from __future__ import annotations

import pandas as pd


def without_formulas(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows without cells that a spreadsheet would take for formulas."""
    texts = [column for column in rows if rows[column].dtype == object]
    fixed = {
        column: rows[column].map(lambda v: f"'{v}" if isinstance(v, str) and v[:1] in "=+-@" and v else v)
        for column in texts
    }
    return rows.assign(**{str(column): values for column, values in fixed.items()})
