"""A MATPOWER case as a PowerModels dictionary, in mixed units and as the file has it: nothing is corrected here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.matpower.case import CATALOGUE, COST_COLUMNS, MatpowerCase
from core.formats.powermodels.components import Data, Item, warn

COMPONENTS = ("bus", "gen", "branch", "dcline", "storage", "switch")
EDGES = ("branch", "ne_branch")

#: Tables whose rows are merged into a component's; a further table ``bus_xxx`` extends ``bus`` row by row.
EXTENSIBLE = ("bus", "gen", "branch", "dcline", "gencost", "dclinecost", "bus_name", "storage", "switch")


def data_from_case(case: MatpowerCase) -> tuple[Data, list[Finding]]:
    """Return the case as a dictionary in mixed units, and what was noticed on the way."""
    findings: list[Finding] = []
    data: Data = {
        "name": case.name,
        "source_type": "matpower",
        "source_version": case.version,
        "baseMVA": case.base_mva,
        "per_unit": False,
    }
    rows: dict[str, list[Item]] = {name: _rows(case, name) for name in COMPONENTS}
    further = {name: _further(name, frame) for name, frame in case.tables.items() if not _is_standard(name)}
    for bus in rows["bus"]:
        bus["index"] = bus["bus_i"]
        bus["source_id"] = ["bus", bus["bus_i"]]
    _name_buses(rows["bus"], case.bus_name)
    for branch in (*rows["branch"], *further.get("ne_branch", [])):
        _branch(branch)
    for dcline in rows["dcline"]:
        _dcline(dcline)
    _costs(case, rows, findings)
    _merge(rows, further)
    data["load"] = _split(rows["bus"], "load", ("pd", "qd"))
    data["shunt"] = _split(rows["bus"], "shunt", ("gs", "bs"))
    data |= {name: {str(item["index"]): item for item in items} for name, items in (rows | further).items()}
    if len(data["bus"]) < len(rows["bus"]):
        raise BadInput("two buses have one number", hint="bus numbers must be unique", where=Where(section="bus"))
    data |= case.values
    return data, findings


def _is_standard(name: str) -> bool:
    return name in CATALOGUE or name in ("gencost", "dclinecost")


def records(frame: pd.DataFrame, whole: frozenset[str] | set[str]) -> list[Item]:
    """Return the rows as dictionaries; the named columns, and texts, keep their type."""
    columns = {}
    for name in map(str, frame.columns):
        values = frame[name].tolist()
        columns[name] = [int(value) for value in values] if name in whole else values
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _rows(case: MatpowerCase, name: str) -> list[Item]:
    """Return the rows of a standard table with ``index`` and ``source_id``."""
    if case.empty(name):
        return []
    columns = CATALOGUE[name].values()
    missing = [column.name for column in columns if column.required and column.name not in case.tables[name]]
    if missing:
        hint = "%column_names% remarks name the columns of the table behind them"
        raise BadInput(f"mpc.{name} has no column {missing[0]}", hint=hint, where=Where(section=name))
    whole = {column.name for column in CATALOGUE[name].values() if column.type == "int"}
    rows = records(case.tables[name], whole)
    for number, row in enumerate(rows, start=1):
        row["index"], row["source_id"] = number, [name, number]
    return rows


def _further(name: str, frame: pd.DataFrame) -> list[Item]:
    """Return the rows of a nonstandard table; columns of whole numbers become ``int``, as Julia reads them."""
    numeric = {str(column) for column in frame.columns if frame[column].dtype.kind == "f"}
    whole = {column for column in numeric if _all_whole(frame[column].to_numpy())}
    rows = records(frame, whole)
    for number, row in enumerate(rows, start=1):
        row["index"], row["source_id"] = number, [name, number]
    return rows


def _all_whole(values: np.ndarray) -> bool:
    return bool(np.all(np.isfinite(values) & (values == np.round(values)) & (np.abs(values) < 2**53)))


def _name_buses(buses: list[Item], names: list[str]) -> None:
    if names and len(names) != len(buses):
        raise BadInput(f"there are {len(names)} bus names for {len(buses)} buses", where=Where(section="bus_name"))
    for bus, name in zip(buses, names, strict=False):
        bus["name"] = name


def _branch(branch: Item) -> None:
    """Give lines a tap of 1, halve the charging, and drop ratings that are zero, which means none."""
    missing = [name for name in ("tap", "br_b", "br_r", "br_x") if name not in branch]
    if missing:
        where = Where(section="ne_branch", row=branch["index"])
        raise BadInput(f"a branch has no {missing[0]}", hint="name the columns with %column_names%", where=where)
    branch["transformer"] = branch["tap"] != 0
    branch["tap"] = branch["tap"] or 1.0
    charging = branch.pop("br_b")
    branch |= {"g_fr": 0.0, "g_to": 0.0, "b_fr": charging / 2, "b_to": charging / 2}
    for name in ("rate_a", "rate_b", "rate_c"):
        if branch.get(name) == 0:
            del branch[name]


def _dcline(dcline: Item) -> None:
    """Split the limits of the flow into limits at both ends, and count powers into the line as positive.

    With the losses l0 + l1·pf the power that leaves the line at the to bus is pt = l0 - pf (1 - l1).
    """
    low, high = dcline.pop("pmin"), dcline.pop("pmax")
    loss0, kept = dcline["loss0"], 1 - dcline["loss1"]
    if low >= 0:
        from_low, to_high = low, loss0 - low * kept
    else:
        to_high = -low
        from_low = (loss0 - to_high) / kept if kept else 0.0
    if high >= 0:
        from_high, to_low = high, loss0 - high * kept
    else:
        to_low = high
        from_high = (loss0 - to_low) / kept if kept else 0.0
    dcline |= {"pminf": from_low, "pmaxf": from_high, "pmint": to_low, "pmaxt": to_high}
    dcline |= {"mp_pmin": low, "mp_pmax": high}
    dcline |= {name: -dcline[name] for name in ("pt", "qf", "qt")}


def _costs(case: MatpowerCase, rows: dict[str, list[Item]], findings: list[Finding]) -> None:
    """Merge the cost functions into generators and DC lines."""
    generators, dclines = rows["gen"], rows["dcline"]
    costs = _cost_rows(case, "gencost")
    if costs and len(costs) not in (len(generators), 2 * len(generators)):
        where = Where(section="gencost")
        raise BadInput(f"{len(costs)} cost functions don't fit {len(generators)} generators", where=where)
    if len(costs) > len(generators):
        text = "costs of reactive power are not part of the dictionary; they are left out"
        findings.append(Finding("powermodels.cost.reactive", Severity.WARNING, text))
    for item, cost in zip(generators, costs, strict=False):
        item |= cost
    dc_costs = _cost_rows(case, "dclinecost")
    if dc_costs and len(dc_costs) != len(dclines):
        where = Where(section="dclinecost")
        raise BadInput(f"{len(dc_costs)} cost functions don't fit {len(dclines)} DC lines", where=where)
    if costs and dclines and not dc_costs:
        findings += [warn("dcline.cost", "a cost of zero was added", "dcline", item["index"]) for item in dclines]
        dc_costs = [_no_cost(costs[0]["model"], item) for item in dclines]
    for item, cost in zip(dclines, dc_costs, strict=False):
        item |= cost


def _no_cost(model: int, dcline: Item) -> Item:
    piecewise = {"ncost": 2, "cost": [dcline["pminf"], 0.0, dcline["pmaxf"], 0.0]}
    return {"model": model, "startup": 0.0, "shutdown": 0.0, **(piecewise if model == 1 else _ZERO_POLYNOMIAL)}


_ZERO_POLYNOMIAL = {"ncost": 3, "cost": [0.0, 0.0, 0.0]}


def _cost_rows(case: MatpowerCase, table: str) -> list[Item]:
    """Return the cost functions; parameters behind the first ``ncost`` are no part of them."""
    if case.empty(table):
        return []
    rows = []
    for number, row in enumerate(case.tables[table].to_numpy(dtype=float).tolist(), start=1):
        model, startup, shutdown, count = row[: len(COST_COLUMNS)]
        wanted = int(count) * (2 if model == 1 else 1) if np.isfinite(count) and count >= 0 else -1
        parameters = row[len(COST_COLUMNS) : len(COST_COLUMNS) + max(wanted, 0)]
        if wanted < 0 or model not in (1, 2) or len(parameters) < wanted:
            where = Where(section=table, row=number)
            raise BadInput("the cost function's model, count and parameters don't fit each other", where=where)
        rows.append(
            {"model": int(model), "startup": startup, "shutdown": shutdown, "ncost": int(count), "cost": parameters}
        )
    return rows


def _merge(rows: dict[str, list[Item]], further: dict[str, list[Item]]) -> None:
    """Merge tables such as ``branch_limit`` into the component whose name they extend, row by row."""
    for name in [*further]:
        component = next((known for known in EXTENSIBLE if name.startswith(f"{known}_")), None)
        if component not in rows:
            continue
        items, extension = rows[component], further.pop(name)
        where = Where(section=name)
        if len(items) != len(extension):
            raise BadInput(f"mpc.{name} has {len(extension)} rows, mpc.{component} has {len(items)}", where=where)
        for item, row in zip(items, extension, strict=True):
            row = {key: value for key, value in row.items() if key not in ("index", "source_id")}
            twice = sorted(set(row) & set(item))
            if twice:
                raise BadInput(f"mpc.{name} and mpc.{component} both have a column {twice[0]}", where=where)
            item |= row


def _split(buses: list[Item], component: str, fields: tuple[str, str]) -> dict[str, Item]:
    """Move loads or shunts out of the buses: one where a value differs from zero."""
    found: dict[str, Item] = {}
    for bus in buses:
        values: dict[str, Any] = {field: bus.pop(field) for field in fields}
        if all(value == 0 for value in values.values()):
            continue
        number = len(found) + 1
        found[str(number)] = {
            **values,
            f"{component}_bus": bus["bus_i"],
            "status": int(bus["bus_type"] != 4),
            "index": number,
            "source_id": ["bus", bus["bus_i"]],
        }
    return found
