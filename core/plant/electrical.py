"""The plant as a balanced network in one scenario: dispatch, per-unit impedances, bus kinds.

Every table carries the plant's id of each row in a column ``id`` behind the network's own columns, so that results
lead back to the equipment. Vector groups do not turn the angles: a plant's loops run through like transformers, and
angles are judged between buses of one supply.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity
from core.network import Network
from core.plant.checks import double_ids
from core.plant.model import SYNCHRONOUS, Plant, reactive, split_ids
from core.plant.scenarios import total_load
from core.plant.topology import main_island

#: A machine may absorb this share of its MVA before the end-region heating limit; a usual figure for round rotors.
ABSORBED_SHARE = 0.3


def plant_network(plant: Plant, scenario_id: str | None = None) -> tuple[Network, list[Finding]]:
    """Return the plant's network in a scenario (without one: all online at full load) and what is short in it.

    Raises
    ------
    BadInput
        When no source is left, an id is double, a bus number is missing, or frequency or base power are not above 0.
    """
    settings = plant.settings
    if not (settings.frequency_hz > 0 and settings.base_mva > 0):
        text = (
            f"the plant's frequency of {settings.frequency_hz:g} Hz or base of {settings.base_mva:g} MVA is not above 0"
        )
        raise BadInput(text, hint="set frequency_hz to 50 or 60, base_mva to 100")
    if double := double_ids(plant):
        raise BadInput(double[0].text, hint=double[0].hint, where=double[0].where, findings=double)
    load_mw, load_pf, tripped = _operating_point(plant, scenario_id)
    numbers = _bus_numbers(plant)
    alive = main_island(plant, tripped)
    units = plant.online("unit", tripped=tripped)
    units = units[units["bus"].isin(alive)]
    swing = _swing(units)
    loads = _loads(plant, alive, tripped, load_mw, load_pf)
    power, findings = dispatch(plant, units, float(loads["p_mw"].sum()), scenario_id or "")
    tables = {
        "bus": _buses(plant, numbers, alive, units, swing),
        "load": loads.assign(bus=loads["bus"].map(numbers)),
        "generator": _generators(units.assign(p_mw=power), numbers),
        "shunt": _shunts(plant, numbers, alive, tripped),
        "branch": _cables(plant, numbers, alive, tripped),
        "transformer": _transformers(plant, numbers, alive, tripped),
    }
    return Network(plant.name, settings.base_mva, settings.frequency_hz, tables), findings


def swing_bus(plant: Plant, tripped: frozenset[str] = frozenset()) -> str | None:
    """Return the bus that holds angle and balance: the grid's, else that of the largest online machine."""
    units = plant.online("unit", tripped=tripped)
    units = units[units["bus"].isin(main_island(plant, tripped))]
    return None if units.empty else _swing(units)


def dispatch(plant: Plant, units: pd.DataFrame, load_mw: float, scenario: str) -> tuple[pd.Series, list[Finding]]:
    """Return the active power [MW] of each unit: machines share by rating, then batteries, then the grid.

    Wind and PV are taken at zero: the case that the others must carry.
    """
    need = load_mw * (1 + plant.settings.loss_allowance_pct / 100)
    power = pd.Series(0.0, index=units.index)
    for kinds in (SYNCHRONOUS, {"BESS"}, {"GRID"}):
        chosen = units["type"].isin(kinds)
        rating = units.loc[chosen, "rated_mw"]
        if rating.sum() > 0 and need > 0:
            power[chosen] = rating * min(1.0, need / rating.sum())
            need -= float(power[chosen].sum())
    if need <= 1e-6 * max(load_mw, 1.0):
        return power, []
    text = f"{scenario or 'full load'}: the units in service are {need:.1f} MW short of the load with its losses"
    hint = "shed load in the scenario or add capacity; the swing bus carries the shortfall beyond its rating"
    return power, [Finding("plant.dispatch.short", Severity.ERROR, text, hint, element=scenario or None)]


def _operating_point(plant: Plant, scenario_id: str | None) -> tuple[float, float | None, frozenset[str]]:
    if scenario_id is None:
        return total_load(plant)[0], None, frozenset()
    scenario = plant.scenario(scenario_id)
    return float(scenario["load_mw"]), float(scenario["load_pf"]), frozenset(split_ids(scenario["tripped"]))


def _bus_numbers(plant: Plant) -> dict[str, int]:
    rows = plant["bus"]
    if rows["number"].isna().any() or rows["number"].duplicated().any():
        raise BadInput("bus numbers are missing or double", hint="run the plant's checks and mend the buses first")
    return dict(zip(rows["id"], rows["number"].astype(int), strict=True))


def _swing(units: pd.DataFrame) -> str:
    machines = units[units["type"].isin(SYNCHRONOUS | {"GRID"})]
    if machines.empty:
        machines = units
    if machines.empty:
        raise BadInput("no source is in service", hint="put a unit online in the part of the plant that has the load")
    grid_first = machines.assign(grid=machines["type"] == "GRID")
    return str(grid_first.sort_values(["grid", "rated_mva"], ascending=False, kind="stable")["bus"].iloc[0])


def _buses(plant: Plant, numbers: dict[str, int], alive: set[str], units: pd.DataFrame, swing: str) -> pd.DataFrame:
    rows = plant["bus"]
    kind = np.select(
        [~rows["id"].isin(alive), rows["id"] == swing, rows["id"].isin(units["bus"])], ["ISOLATED", "SLACK", "PV"], "PQ"
    )
    v_set = units.groupby("bus")["v_set_pu"].first()
    return pd.DataFrame(
        {
            "bus": rows["id"].map(numbers),
            "name": rows["name"].where(rows["name"] != "", rows["id"]),
            "base_kv": rows["kv"],
            "kind": kind,
            "v_pu": rows["id"].map(v_set).fillna(1.0),
            "v_min_pu": 0.95,
            "v_max_pu": 1.05,
            "id": rows["id"],
        }
    )


def _circuit(rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Return 1, 2, … for the rows that share a bus or a pair of buses."""
    ends = pd.Series([tuple(sorted(key)) for key in rows[keys].astype(str).to_numpy()], index=rows.index, dtype=object)
    return (ends.groupby(ends).cumcount() + 1).astype(str)


def _loads(
    plant: Plant, alive: set[str], tripped: frozenset[str], load_mw: float, load_pf: float | None
) -> pd.DataFrame:
    rows = plant.online("load", tripped=tripped)
    full = total_load(plant)[0]
    p_mw = rows["p_mw"] * (load_mw / full if full > 0 else 0.0)
    pf = rows["pf"] if load_pf is None else pd.Series(load_pf, index=rows.index)
    table = pd.DataFrame(
        {
            "bus": rows["bus"],
            "ckt": _circuit(rows, ["bus"]),
            "p_mw": p_mw,
            "q_mvar": reactive(p_mw, pf),
            "id": rows["id"],
        }
    )
    return table[table["bus"].isin(alive)]


def _generators(units: pd.DataFrame, numbers: dict[str, int]) -> pd.DataFrame:
    machine = units["type"].isin(SYNCHRONOUS | {"GRID"})
    q_max = (units["rated_mva"] ** 2 - np.minimum(units["rated_mw"], units["rated_mva"]) ** 2) ** 0.5
    q_max = q_max.where(~machine, reactive(units["rated_mva"] * units["rated_pf"], units["rated_pf"]))
    return pd.DataFrame(
        {
            "bus": units["bus"].map(numbers),
            "ckt": _circuit(units, ["bus"]),
            "p_mw": units["p_mw"],
            "q_max_mvar": q_max,
            "q_min_mvar": (-ABSORBED_SHARE * units["rated_mva"]).where(machine, -q_max),
            "p_max_mw": units["rated_mw"],
            "p_min_mw": units["p_min_mw"],
            "v_set_pu": units["v_set_pu"],
            "mva_base": units["rated_mva"],
            "x_source_pu": units["xd_double_prime_pu"].where(machine).fillna(1.0),
            "id": units["id"],
        }
    )


def _shunts(plant: Plant, numbers: dict[str, int], alive: set[str], tripped: frozenset[str]) -> pd.DataFrame:
    rows = plant.online("shunt", tripped=tripped)
    rows = rows[rows["bus"].isin(alive)]
    return pd.DataFrame(
        {"bus": rows["bus"].map(numbers), "ckt": _circuit(rows, ["bus"]), "b_mvar": rows["q_mvar"], "id": rows["id"]}
    )


def _cables(plant: Plant, numbers: dict[str, int], alive: set[str], tripped: frozenset[str]) -> pd.DataFrame:
    rows = plant.online("cable", tripped=tripped)
    rows = rows[rows["from_bus"].isin(alive) & rows["to_bus"].isin(alive)]
    kv = rows["from_bus"].map(plant["bus"].set_index("id")["kv"])
    z_base = kv**2 / plant.settings.base_mva
    charging = rows["b_us"] * 1e-6 * z_base / 2
    return pd.DataFrame(
        {
            "from_bus": rows["from_bus"].map(numbers),
            "to_bus": rows["to_bus"].map(numbers),
            "ckt": _circuit(rows, ["from_bus", "to_bus"]),
            "name": rows["id"],
            "r_pu": rows["r_ohm"] / z_base,
            "x_pu": rows["x_ohm"] / z_base,
            "b_from_pu": charging,
            "b_to_pu": charging,
            "rate_a_mva": 3**0.5 * kv * rows["rated_a"] / 1000,
            "id": rows["id"],
        }
    )


def _transformers(plant: Plant, numbers: dict[str, int], alive: set[str], tripped: frozenset[str]) -> pd.DataFrame:
    rows = plant.online("transformer", tripped=tripped)
    rows = rows[rows["hv_bus"].isin(alive) & rows["lv_bus"].isin(alive)]
    kv = plant["bus"].set_index("id")["kv"]
    hv_kv, lv_kv = rows["hv_bus"].map(kv), rows["lv_bus"].map(kv)
    z_pu = rows["z_pct"] / 100 * plant.settings.base_mva / rows["rated_mva"] * (rows["hv_kv"] / hv_kv) ** 2
    r_pu = z_pu / (1 + rows["x_r"] ** 2) ** 0.5
    return pd.DataFrame(
        {
            "from_bus": rows["hv_bus"].map(numbers),
            "to_bus": rows["lv_bus"].map(numbers),
            "ckt": _circuit(rows, ["hv_bus", "lv_bus"]),
            "name": rows["id"],
            "r_pu": r_pu,
            "x_pu": r_pu * rows["x_r"],
            "tap_from_pu": rows["hv_kv"] * (1 + rows["tap_pct"] / 100) / hv_kv,
            "tap_to_pu": rows["lv_kv"] / lv_kv,
            "rate_a_mva": rows["rated_mva"],
            "mva_base": rows["rated_mva"],
            "nominal_from_kv": rows["hv_kv"],
            "nominal_to_kv": rows["lv_kv"],
            "vector_group": rows["vector_group"],
            "id": rows["id"],
        }
    )
