"""What differs between two cases, record by record, with PSS/E's field names and defaults."""

from __future__ import annotations

import pandas as pd

from core.formats.psse import schema
from core.formats.psse.case import RawCase
from core.formats.psse.versions import fitted
from core.network.compare import Difference, compare_tables


def compare_cases(before: RawCase, after: RawCase) -> Difference:
    """Return the records that only one case has, and the fields that differ; a default is the value it stands for."""
    a, b = (_tables(fitted(case, 35)) for case in (before, after))
    keys = {name: section.keys for name, section in schema.sections().items()}
    columns = {name: tuple(dict.fromkeys(f.name for f in content)) for name, content in schema.fields().items()}
    return compare_tables(a, b, keys, columns)


def _tables(case: RawCase) -> dict[str, pd.DataFrame]:
    """Return the sections with defaults in place of what the file leaves out, bus numbers without sign."""
    tables = {}
    for name in schema.sections():
        if case[name].empty:
            continue
        present = [f for f in schema.fields()[name] if f.until >= 35]
        table = pd.DataFrame({f.name: case.values(name, f.name) for f in present})
        for key in ("I", "J", "K"):
            if key in table:
                table[key] = table[key].abs()
        tables[name] = table
    return tables
