"""A PowerModels dictionary as a MATPOWER case, with the tables by which PowerModels extends the format."""

from __future__ import annotations

import copy
from typing import Any

import pandas as pd

from core.findings import Finding, Severity
from core.formats.matpower.case import CATALOGUE, COST_COLUMNS, MatpowerCase
from core.formats.powermodels.components import COMPONENTS, Data, Item, items
from core.formats.powermodels.costs import standardize_cost_terms
from core.formats.powermodels.units import make_mixed_units

#: Keys of the dictionary and fields of its components that the format has a place of its own for.
HEADER = frozenset({"name", "source_type", "source_version", "baseMVA", "per_unit", "multinetwork", "time_series"})
DERIVED = frozenset({"index", "source_id", "transformer", "name", *COST_COLUMNS, "cost"})
OF_BRANCH = frozenset({"g_fr", "g_to", "b_fr", "b_to"})
OF_DCLINE = frozenset({"pminf", "pmaxf", "pmint", "pmaxt", "mp_pmin", "mp_pmax"})


def case_from_data(data: Data) -> tuple[MatpowerCase, list[Finding]]:
    """Return the dictionary as a case; the dictionary stays as it is.

    Loads and shunts are summed at their bus. Charging conductances and differences between both ends of a branch have
    no place in the format: they are found in the ledger.
    """
    mixed = copy.deepcopy(data)
    make_mixed_units(mixed)
    findings = _ledger(mixed)
    standardize_cost_terms(mixed)
    case = MatpowerCase(str(data.get("name", "case")), "2", float(data["baseMVA"]))
    _add_demand(mixed)
    for component in ("bus", "gen", "branch", "dcline", "storage", "switch"):
        rows = [item for _, item in items(mixed, component)]
        if rows or component in ("bus", "gen", "branch"):
            case.tables[component] = _table(component, [_row(component, item) for item in rows])
            _add_further(case, component, rows)
    for table, component in (("gencost", "gen"), ("dclinecost", "dcline")):
        add_costs(case, table, [item for _, item in items(mixed, component)])
    buses = [item for _, item in items(mixed, "bus")]
    if any("name" in bus for bus in buses):
        case.bus_name = [str(bus.get("name", "")) for bus in buses]
    _add_other(case, mixed)
    return case, findings


def _ledger(data: Data) -> list[Finding]:
    """Say what the format holds differently."""
    uneven = sum(
        item["g_fr"] != 0 or item["g_to"] != 0 or item["b_fr"] != item["b_to"] for _, item in items(data, "branch")
    )
    off = sum(
        item["status"] == 0 and data["bus"][str(item[f"{name}_bus"])]["bus_type"] != 4
        for name in ("load", "shunt")
        for _, item in items(data, name)
    )
    texts = []
    if uneven:
        texts.append(f"{uneven} branches have uneven charging: the sum of both ends is written")
    if off:
        texts.append(f"{off} loads or shunts out of service have no place in mpc.bus")
    return [Finding("ledger.matpower.powermodels", Severity.WARNING, text) for text in texts]


def _add_demand(data: Data) -> None:
    for _, bus in items(data, "bus"):
        bus |= {"pd": 0.0, "qd": 0.0, "gs": 0.0, "bs": 0.0}
    for component, fields in (("load", ("pd", "qd")), ("shunt", ("gs", "bs"))):
        for _, item in items(data, component):
            bus = data["bus"][str(item[f"{component}_bus"])]
            if item["status"] != 0 or bus["bus_type"] == 4:
                for field in fields:
                    bus[field] += item[field]


def _row(component: str, item: Item) -> Item:
    """Return a component's values as its row of the standard table has them."""
    if component == "branch":
        line = not item.get("transformer") and item.get("tap", 1.0) == 1
        return {**item, "br_b": item["b_fr"] + item["b_to"], "tap": 0.0 if line else item["tap"]}
    if component == "dcline":
        limits = {"pmin": item.get("mp_pmin", item["pminf"]), "pmax": item.get("mp_pmax", item["pmaxf"])}
        return {**item, **limits, **{field: -item[field] for field in ("pt", "qf", "qt")}}
    return item


def _table(component: str, rows: list[Item]) -> pd.DataFrame:
    """Return the standard columns up to the last one that is needed or used."""
    columns = CATALOGUE[component]
    last = max(
        place
        for place, (name, column) in enumerate(columns.items())
        if column.required or any(name in row for row in rows)
    )
    names = list(columns)[: last + 1]
    return pd.DataFrame(
        {name: [row.get(name, columns[name].default or 0) for row in rows] for name in names}, dtype=float
    )


def _add_further(case: MatpowerCase, component: str, rows: list[Item]) -> None:
    """Write fields without a standard column as an extension table, which PowerModels merges again."""
    known = {*CATALOGUE[component], *DERIVED, "bus_i"}
    known |= {"branch": OF_BRANCH, "dcline": OF_DCLINE}.get(component, frozenset())
    names = {field for row in rows for field, value in row.items() if not isinstance(value, (list, dict))} - known
    if component != "bus" and any("name" in row for row in rows):
        names.add("name")
    complete = sorted(name for name in names if all(name in row for row in rows))
    if complete:
        case.tables[f"{component}_data"] = _typed(rows, complete)


def _typed(rows: list[Item], names: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame({name: [row[name] for row in rows] for name in names})
    return frame.astype({name: float for name in names if frame[name].dtype.kind in "iub"})


def add_costs(case: MatpowerCase, table: str, rows: list[Item]) -> None:
    """Write the costs of generators or DC lines, if each of them has some."""
    if not rows or not all(_is_costed(row) for row in rows):
        return
    width = max(len(row["cost"]) for row in rows)
    lines = [
        [row["model"], row["startup"], row["shutdown"], row["ncost"], *row["cost"], *[0.0] * (width - len(row["cost"]))]
        for row in rows
    ]
    names = [*COST_COLUMNS, *(f"cost_{place + 1}" for place in range(width))]
    case.tables[table] = pd.DataFrame(lines, columns=names, dtype=float)


def _is_costed(row: Item) -> bool:
    cost = row.get("cost")
    numbers = [*cost, *(row.get(name) for name in COST_COLUMNS)] if isinstance(cost, list) else [None]
    return all(isinstance(number, (int, float)) for number in numbers)


def _add_other(case: MatpowerCase, data: Data) -> None:
    """Write further tables and single values under their own names."""
    for key, value in data.items():
        if key in HEADER or key in COMPONENTS:
            continue
        if isinstance(value, dict) and value and all(isinstance(item, dict) for item in value.values()):
            rows = [_row("branch", item) if key == "ne_branch" else item for _, item in items(data, key)]
            left = DERIVED - {"name"} | (OF_BRANCH if key == "ne_branch" else frozenset())
            names = [name for name in rows[0] if name not in left and all(name in row for row in rows)]
            case.tables[key] = _typed(rows, names)
        elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
            case.values[key] = _plain(value)


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
