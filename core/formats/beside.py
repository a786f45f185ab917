"""What a file says beside the tables of a network: costs, types, time series, columns of one's own."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from core.formats.matpower import read_case
from core.formats.matpower.case import COST_COLUMNS
from core.formats.pandapower_file import tables_of
from core.formats.powermodels.components import Data
from core.formats.powermodels.document import read_json
from core.formats.pypsa_file import attributes_of
from core.formats.riders import RIDER, Original

#: What of a program's tables a network holds: (program, table) → columns.
HELD: dict[tuple[str, str], frozenset[str]] = {}
with Path(__file__).with_name("beside.csv").open(encoding="utf-8", newline="") as _handle:
    HELD |= {(row["program"], row["table"]): frozenset(row["columns"].split()) for row in csv.DictReader(_handle)}

COLUMNS = ["table", "element", "field", "before"]


def taken_over(said: pd.DataFrame, source: str, target: str) -> pd.Series:
    """Return what one format takes over from another: tables of MATPOWER's, costs of PowerModels'."""
    if (source, target) == ("matpower", "powermodels"):
        return said["field"].isna()
    return said["field"].isin([*COST_COLUMNS, "cost"]) & ((source, target) == ("powermodels", "matpower"))


def beside(original: Original) -> pd.DataFrame:
    """Return what no table of a network holds: table, element, field (nothing for a whole row) and value."""
    program = original.form.partition("-")[0]
    parts = [pd.DataFrame(columns=COLUMNS)]
    for table, frame in FRAMES[program](original.content).items():
        rows = pd.DataFrame({"element": [f"{table} {label}" for label in frame.index]})
        if (program, table) in HELD:
            left = frame[[name for name in frame if name not in HELD[program, table]]].astype(object)
            rows = left.set_axis(rows["element"]).melt(ignore_index=False, var_name="field", value_name="before")
            rows = rows[rows["before"].notna() & ~rows["before"].astype(str).isin(["", "False"])].reset_index()
        parts.append(rows.assign(table=f"{program}.{table}").reindex(columns=COLUMNS).astype(object))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)


def _of_matpower(content: bytes) -> dict[str, pd.DataFrame]:
    """Return the tables of a case, without the zeros of results that it doesn't have, and its single values."""
    case = read_case(content).value
    tables = {name: table for name, table in case.tables.items() if name != RIDER and len(table)}
    for name, table in tables.items():
        tables[name] = table.set_axis(range(1, len(table) + 1)).mask(table.eq(0).to_numpy())
    return tables | _values(case.values)


def _of_powermodels(content: bytes) -> dict[str, pd.DataFrame]:
    """Return the components of a dictionary and its single values."""
    data: Data = read_json(content, "")
    data.pop(RIDER, None)
    is_table = {key: isinstance(part, dict) and all(isinstance(item, dict) for item in part.values())
                for key, part in data.items()}  # fmt: skip
    tables = {key: pd.DataFrame.from_dict(part, orient="index") for key, part in data.items() if is_table[key]}
    return tables | _values({key: part for key, part in data.items() if not is_table[key] and key not in DESCRIBING})


def _values(values: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    return {"values": pd.DataFrame(index=list(values))}


#: What a dictionary says of itself.
DESCRIBING = ("name", "baseMVA", "per_unit", "source_type", "source_version", "multinetwork")
FRAMES: dict[str, Callable[[bytes], dict[str, pd.DataFrame]]] = {
    "pandapower": tables_of,
    "pypsa": attributes_of,
    "matpower": _of_matpower,
    "powermodels": _of_powermodels,
}
