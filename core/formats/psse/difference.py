"""What differs between two cases, record by record, with PSS/E's field names and defaults."""

from __future__ import annotations

import pandas as pd

from core.formats.psse import schema
from core.formats.psse.case import RawCase
from core.formats.psse.versions import fitted
from core.network.compare import Difference, compare_tables

#: What a difference names of line 1 and the titles.
HEADER = ("SBASE", "IC", "XFRRAT", "NXFRAT", "BASFRQ", "TITLE1", "TITLE2")


def compare_cases(before: RawCase, after: RawCase) -> Difference:
    """Return the records that only one case has, and the fields that differ; a default is the value it stands for."""
    a, b = (_tables(fitted(case, 35)) for case in (before, after))
    keys = {name: section.keys for name, section in schema.sections().items()} | {"case": ()}
    columns = {name: tuple(dict.fromkeys(f.name for f in content)) for name, content in schema.fields().items()}
    return compare_tables(a, b, keys, columns | {"case": HEADER})


def _tables(case: RawCase) -> dict[str, pd.DataFrame]:
    """Return line 1, the titles and the sections with defaults for what is left out, bus numbers without sign."""
    numbers = [case.base_mva, *(float(case.header.get(name) or 0) for name in HEADER[1:-2])]
    titles = [title.strip() for title in case.titles]
    tables = {"case": pd.DataFrame([[*numbers, *titles]], columns=list(HEADER))}
    for name in schema.sections():
        if not case.is_filled(name):
            continue
        present = [f for f in schema.fields()[name] if f.until >= 35]
        table = pd.DataFrame({f.name: case.values(name, f.name) for f in present})
        for key in ("I", "J", "K"):
            if key in table:
                table[key] = table[key].abs()
        tables[name] = table
    return tables
