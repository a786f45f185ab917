"""A plant's fault network: machines with X″d, inverters as current sources, transformers and cables in service."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity
from core.plant import INVERTER, SYNCHRONOUS, Plant, split_ids
from core.studies.short_circuit import factors
from core.studies.short_circuit.fault_network import FaultNetwork


def fault_network(plant: Plant, scenario: str | None = None) -> tuple[FaultNetwork, list[Finding]]:
    """Return the fault network of a scenario (without one: everything online) and what had to be assumed."""
    tripped = frozenset(split_ids(plant.scenario(scenario)["tripped"])) if scenario else frozenset()
    units = plant.online("unit", tripped=tripped)
    if units.empty:
        raise BadInput("no source is in service", hint="put a unit online")
    transformers = plant.online("transformer", tripped=tripped)
    machines = units[units["type"].isin(SYNCHRONOUS)]
    network = FaultNetwork.of(
        plant.settings.frequency_hz,
        bus=pd.DataFrame({"id": plant["bus"]["id"], "v_kv": plant["bus"]["kv"]}),
        feeder=_feeders(units[units["type"] == "GRID"]),
        machine=_machines(machines, _unit_transformers(plant, tripped)),
        inverter=_inverters(units[units["type"].isin(INVERTER)]),
        line=_lines(plant.online("cable", tripped=tripped)),
        transformer=_transformers(transformers),
    )
    findings = _missing_reactances(units) + _idle_loads(plant)
    return network, findings


def _feeders(grids: pd.DataFrame) -> pd.DataFrame:
    """Return the grid's connections: S″_k = c·S_r/x, its reactance standing in the column of X″d."""
    c = factors.voltage_factor(grids["rated_kv"], "max")
    power = c * grids["rated_mva"] / grids["xd_double_prime_pu"]
    return pd.DataFrame({"id": grids["id"], "bus": grids["bus"], "sk_max_mva": power, "x0_x": 1.0})


def _machines(machines: pd.DataFrame, unit_transformers: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": machines["id"],
            "bus": machines["bus"],
            "s_mva": machines["rated_mva"],
            "v_kv": machines["rated_kv"],
            "xdss_pu": machines["xd_double_prime_pu"],
            "cos_phi": machines["rated_pf"],
            "x2_pu": machines["x2_pu"],
            "x0_pu": machines["x0_pu"],
            "neutral_ohm": machines["neutral_ohm"],
            "unit_transformer": machines["id"].map(unit_transformers).fillna(""),
        }
    )


def _inverters(inverters: pd.DataFrame) -> pd.DataFrame:
    factor = inverters["fault_current_factor"]
    return pd.DataFrame({"id": inverters["id"], "bus": inverters["bus"], "s_mva": inverters["rated_mva"], "k": factor})


def _lines(cables: pd.DataFrame) -> pd.DataFrame:
    return cables[["id", "from_bus", "to_bus", "r_ohm", "x_ohm"]]


def _transformers(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": rows["id"],
            "hv_bus": rows["hv_bus"],
            "lv_bus": rows["lv_bus"],
            "s_mva": rows["rated_mva"],
            "v_hv_kv": rows["hv_kv"],
            "v_lv_kv": rows["lv_kv"],
            "uk_pct": rows["z_pct"],
            "ur_pct": rows["z_pct"] / np.sqrt(1 + rows["x_r"] ** 2),
            "connection": rows["vector_group"],
        }
    )


def _unit_transformers(plant: Plant, tripped: frozenset[str]) -> pd.Series:
    """Return the transformer of each machine that makes a power station unit with it, by machine.

    A unit is one machine and one transformer that share a bus with nothing else: clause 3.7.
    """
    units, transformers = plant.online("unit", tripped=tripped), plant.online("transformer", tripped=tripped)
    cables = plant.online("cable", tripped=tripped)
    others = (
        plant.online("load", tripped=tripped)["bus"],
        cables["from_bus"],
        cables["to_bus"],
        transformers["hv_bus"],
    )
    at_bus = units.groupby("bus")["id"].agg(["first", "count"])
    low_side = transformers.groupby("lv_bus")["id"].agg(["first", "count"])
    pairs = at_bus[at_bus["count"] == 1].join(low_side[low_side["count"] == 1], how="inner", rsuffix="_t")
    pairs = pairs[~pairs.index.isin(pd.concat(others))]
    return pairs.set_index("first")["first_t"]


def _missing_reactances(units: pd.DataFrame) -> list[Finding]:
    missing = units[~units["type"].isin(INVERTER) & units["xd_double_prime_pu"].isna()]
    return [
        Finding(
            "short_circuit.xdss.missing",
            Severity.ERROR,
            f"{name} has no subtransient reactance, so its fault current is unknown.",
            "Give X''d in the plant's units table (for a grid: S_rated/S_k on its rated MVA).",
            element=name,
        )
        for name in missing["id"]
    ]


def _idle_loads(plant: Plant) -> list[Finding]:
    if plant["load"].empty:
        return []
    text = "The plant does not say how much of its load is motors; loads give no fault current here."
    hint = "Where motors are more than 1 % of the fault current they raise it (clause 3.8)."
    return [Finding("short_circuit.motors.unknown", Severity.INFO, text, hint)]
