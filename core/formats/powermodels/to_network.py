"""A PowerModels dictionary as a network, three-winding transformers put together again from their stars."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.formats.powermodels.components import Data, Item, items
from core.formats.powermodels.units import make_mixed_units
from core.network import Network

KINDS = {1: "PQ", 2: "PV", 3: "SLACK", 4: "ISOLATED"}

#: Network column → dictionary field, by table.
BUS = {
    "bus": "bus_i", "area": "area", "v_pu": "vm", "angle_deg": "va", "base_kv": "base_kv", "zone": "zone",
    "name": "name", "v_max_pu": "vmax", "v_min_pu": "vmin", "v_max_emergency_pu": "vmax", "v_min_emergency_pu": "vmin",
}  # fmt: skip
LOAD = {"bus": "load_bus", "p_mw": "pd", "q_mvar": "qd", "in_service": "status"}
SHUNT = {"bus": "shunt_bus", "g_mw": "gs", "b_mvar": "bs", "in_service": "status"}
GENERATOR = {
    "bus": "gen_bus", "p_mw": "pg", "q_mvar": "qg", "q_max_mvar": "qmax", "q_min_mvar": "qmin", "v_set_pu": "vg",
    "mva_base": "mbase", "in_service": "gen_status", "p_max_mw": "pmax", "p_min_mw": "pmin",
}  # fmt: skip
BRANCH = {
    "from_bus": "f_bus", "to_bus": "t_bus", "r_pu": "br_r", "x_pu": "br_x", "rate_a_mva": "rate_a",
    "rate_b_mva": "rate_b", "rate_c_mva": "rate_c", "in_service": "br_status", "angle_min_deg": "angmin",
    "angle_max_deg": "angmax", "g_from_pu": "g_fr", "b_from_pu": "b_fr", "g_to_pu": "g_to", "b_to_pu": "b_to",
}  # fmt: skip
TRANSFORMER = {**BRANCH, "tap_from_pu": "tap", "shift_deg": "shift"}
STORAGE = {
    "bus": "storage_bus", "p_mw": "ps", "q_mvar": "qs", "energy_mwh": "energy", "energy_rating_mwh": "energy_rating",
    "charge_rating_mw": "charge_rating", "discharge_rating_mw": "discharge_rating", "q_max_mvar": "qmax",
    "charge_efficiency": "charge_efficiency", "discharge_efficiency": "discharge_efficiency", "q_min_mvar": "qmin",
    "rating_mva": "thermal_rating", "r_pu": "r", "x_pu": "x", "p_loss_mw": "p_loss", "q_loss_mvar": "q_loss",
    "in_service": "status",
}  # fmt: skip
KINDS_OF_DCLINE = {"two-terminal dc": "LCC", "vsc dc": "VSC"}


def network_from_data(data: Data) -> tuple[Network, list[Finding]]:
    """Return the dictionary as a network, and what the network can't hold; the dictionary stays as it is.

    What only the dictionary knows (costs, further tables) rides along as ``network.extras["powermodels"]``.
    """
    mixed = copy.deepcopy(data)
    make_mixed_units(mixed)
    stars = _stars(mixed)
    windings = {id(branch) for star in stars.values() for branch in star}
    branches = [item for _, item in items(mixed, "branch") if id(item) not in windings]
    lines = [item for item in branches if not _is_transformer(item)]
    transformers = [item for item in branches if _is_transformer(item)]
    buses = [item for key, item in items(mixed, "bus") if key not in stars]
    switched = [item for _, item in items(mixed, "shunt") if _source(item) == "switched shunt"]
    fixed = [item for _, item in items(mixed, "shunt") if _source(item) != "switched shunt"]
    tables = {
        "bus": _frame(buses, BUS).assign(kind=[KINDS.get(item["bus_type"], "PQ") for item in buses]),
        "load": _with_circuits([item for _, item in items(mixed, "load")], LOAD),
        "shunt": _with_circuits(fixed, SHUNT),
        "switched_shunt": _with_circuits(switched, SHUNT).drop(columns="g_mw"),
        "generator": _with_circuits([item for _, item in items(mixed, "gen")], GENERATOR),
        "branch": _with_circuits(lines, BRANCH),
        "transformer": _with_circuits(transformers, TRANSFORMER),
        "transformer3w": _three_winding(mixed, stars),
        "storage": _with_circuits([item for _, item in items(mixed, "storage")], STORAGE),
        "switch": _switches([item for _, item in items(mixed, "switch")]),
        "dcline": _dclines([item for _, item in items(mixed, "dcline")]),
    }
    network = Network(str(data.get("name", "")), float(data["baseMVA"]), 60.0, tables)
    network.extras["powermodels"] = data
    return network, _unheld(mixed)


def _is_transformer(branch: Item) -> bool:
    return bool(branch.get("transformer")) or branch.get("tap", 1.0) != 1 or branch.get("shift", 0.0) != 0


def _source(item: Item) -> Any:
    source = item.get("source_id")
    return source[0] if isinstance(source, list) and source else None


def _frame(rows: list[Item], names: Mapping[str, str]) -> pd.DataFrame:
    """Return the fields as the table's columns; a field that a component lacks is missing."""
    columns = {name: [item.get(field) for item in rows] for name, field in names.items()}
    return pd.DataFrame({name: values for name, values in columns.items() if any(v is not None for v in values)})


def _with_circuits(rows: list[Item], names: Mapping[str, str]) -> pd.DataFrame:
    """Return the rows with identifiers: those of the source where it gave unique ones, else numbers."""
    frame = _frame(rows, names).reindex(columns=list(names))
    ends = [name for name in ("bus", "from_bus", "to_bus") if name in names]
    keys = pd.DataFrame(np.sort(frame[ends].to_numpy(dtype=float), axis=1))
    frame["ckt"] = [_circuit(item) for item in rows]
    named = keys.assign(ckt=frame["ckt"])
    if (frame["ckt"] == "").any() or named.duplicated().any():
        numbers = keys.groupby(list(keys.columns)).cumcount() + 1
        frame["ckt"] = numbers.astype(str)
    return frame


def _circuit(item: Item) -> str:
    source = item.get("source_id")
    if not isinstance(source, list) or len(source) < 3:
        return ""
    place = 4 if source[0] == "transformer" and len(source) > 4 else len(source) - 1
    return str(source[place]).strip() if source[0] != "switched shunt" else ""


def _stars(data: Data) -> dict[str, list[Item]]:
    """Return the star buses of three-winding transformers that are still whole, and their three branches."""
    legs: dict[int, list[Item]] = {}
    for _, branch in items(data, "branch"):
        if _source(branch) == "transformer" and len(branch["source_id"]) == 6 and branch["source_id"][5] in (1, 2, 3):
            legs.setdefault(branch["t_bus"], []).append(branch)
    found = {}
    for key, bus in items(data, "bus"):
        branches = sorted(legs.get(bus["bus_i"], []), key=lambda item: item["source_id"][5])
        whole = [item["source_id"][5] for item in branches] == [1, 2, 3]
        if _source(bus) == "transformer" and whole and not _used_otherwise(data, bus["bus_i"], branches):
            found[key] = branches
    return found


def _used_otherwise(data: Data, number: int, branches: list[Item]) -> bool:
    """Return whether anything but the three windings hangs at a star bus, or their shunts don't fit a record."""
    own = {id(branch) for branch in branches}
    others = [
        item
        for component in ("branch", "dcline", "switch", "load", "shunt", "gen", "storage")
        for item in data.get(component, {}).values()
        if id(item) not in own
    ]
    fields = ("f_bus", "t_bus", "load_bus", "shunt_bus", "gen_bus", "storage_bus")
    inside = ("g_to", "b_to"), ("g_fr", "b_fr", "g_to", "b_to"), ("g_fr", "b_fr", "g_to", "b_to")
    shunted = any(branch[field] != 0 for branch, names in zip(branches, inside, strict=True) for field in names)
    return shunted or any(item.get(field) == number for item in others for field in fields)


def _three_winding(data: Data, stars: dict[str, list[Item]]) -> pd.DataFrame:
    rows = []
    for key, legs in stars.items():
        star = data["bus"][key]
        z = [complex(leg["br_r"], leg["br_x"]) for leg in legs]
        row: Item = {"ckt": str(legs[0]["source_id"][4]).strip(), "v_star_pu": star["vm"], "angle_star_deg": star["va"]}
        for pair, total in (("12", z[0] + z[1]), ("23", z[1] + z[2]), ("31", z[2] + z[0])):
            row |= {f"r_{pair}_pu": total.real, f"x_{pair}_pu": total.imag}
        for w, leg in enumerate(legs, start=1):
            row |= {f"bus_{w}": leg["f_bus"], f"tap_{w}_pu": leg["tap"], f"shift_{w}_deg": leg["shift"]}
            row |= {f"{rate}_{w}_mva": leg.get(rate, 0.0) for rate in ("rate_a", "rate_b", "rate_c")}
            row[f"in_service_{w}"] = leg["br_status"] == 1
        row |= {"g_mag_pu": legs[0]["g_fr"] / legs[0]["tap"] ** 2, "b_mag_pu": legs[0]["b_fr"] / legs[0]["tap"] ** 2}
        rows.append(row)
    return pd.DataFrame(rows)


def _switches(rows: list[Item]) -> pd.DataFrame:
    names = {"from_bus": "f_bus", "to_bus": "t_bus", "rate_a_mva": "thermal_rating"}
    return _with_circuits(rows, names).assign(in_service=[item["status"] == 1 and item["state"] == 1 for item in rows])


def _dclines(rows: list[Item]) -> pd.DataFrame:
    """Turn powers that enter the line into powers drawn from and delivered to the buses."""
    powers = ("pf", "pt", "qf", "qt", "qminf", "qmaxf", "qmint", "qmaxt", "pminf", "pmaxf")
    value = {
        name: np.array([float(item.get(name, 0.0)) for item in rows])
        for name in (*powers, "loss0", "loss1", "vf", "vt")
    }
    return pd.DataFrame(
        {
            "name": _dcline_names(rows), "kind": [KINDS_OF_DCLINE.get(_source(item), "POINT") for item in rows],
            "from_bus": [item["f_bus"] for item in rows], "to_bus": [item["t_bus"] for item in rows],
            "in_service": [item["br_status"] == 1 for item in rows],
            "p_from_mw": value["pf"], "p_to_mw": -value["pt"], "q_from_mvar": -value["qf"], "q_to_mvar": -value["qt"],
            "p_max_mw": value["pmaxf"], "p_min_mw": value["pminf"], "loss0_mw": value["loss0"],
            "loss1": value["loss1"], "q_max_from_mvar": -value["qminf"], "q_min_from_mvar": -value["qmaxf"],
            "q_max_to_mvar": -value["qmint"], "q_min_to_mvar": -value["qmaxt"], "v_from_pu": value["vf"],
            "v_to_pu": value["vt"], "controls_v_from": np.full(len(rows), True),
            "controls_v_to": np.full(len(rows), True),
        }
    )  # fmt: skip


def _dcline_names(rows: list[Item]) -> list[str]:
    names = [str(item["source_id"][-1]) if _source(item) not in (None, "dcline") else "" for item in rows]
    unique = len(set(names)) == len(names) and "" not in names
    return names if unique else [f"DC {place}" for place in range(1, len(rows) + 1)]


def _unheld(data: Data) -> list[Finding]:
    """Say what a network has no place for."""
    costed = sum("cost" in item for component in ("gen", "dcline") for item in data.get(component, {}).values())
    planned = len(data.get("ne_branch", {}))
    notes = [("cost functions", costed), ("branches that could be built (ne_branch)", planned)]
    text = "{} {} ride along: a network has no place for them"
    return [
        Finding("ledger.powermodels.further", Severity.INFO, text.format(count, what)) for what, count in notes if count
    ]
