"""The plant in island operation: what runs, what each unit gives, and how it answers to the frequency."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.plant import SYNCHRONOUS, Plant, plant_network
from core.studies.frequency.response import Swing

#: What the load falls by when the frequency falls by 1 % [%]; a usual figure for mixed load.
DAMPING_PCT_PER_PCT = 1.0

#: Taken where the plant says nothing: droop [%] and time constant [s] of a machine's governor.
DROOP_PCT, GOVERNOR_S = 4.0, 0.5

#: The same of a battery's inverter: full power at 1 % deviation, as frequency services ask of batteries
#: (Great Britain's Dynamic Containment: full power at 0.5 Hz of 50 Hz).
BATTERY_DROOP_PCT, BATTERY_S = 1.0, 0.2

#: Shortest lag that the model follows [s].
LEAST_LAG_S = 0.02


@dataclass(frozen=True, slots=True)
class Island:
    """The units that run in one scenario, and the load that they carry."""

    units: pd.DataFrame  # id, name, type, p_mw, inertia_mva_s, gain_mw, up_mw, down_mw, lag_s
    load_mw: float
    frequency_hz: float

    def trips(self) -> Swing:
        """Return the loss of each unit, one case a unit."""
        units, stays = self.units, 1.0 - np.eye(len(self.units))
        return Swing(
            loss_mw=units["p_mw"].to_numpy(),
            inertia_mva_s=stays @ units["inertia_mva_s"].to_numpy(),
            damping_mw=np.full(len(units), DAMPING_PCT_PER_PCT * self.load_mw),
            gain_mw=stays * units["gain_mw"].to_numpy(),
            up_mw=stays * units["up_mw"].to_numpy(),
            down_mw=stays * units["down_mw"].to_numpy(),
            lag_s=units["lag_s"].to_numpy(),
        )


def island_of(plant: Plant, scenario: str | None) -> tuple[Island | None, list[Finding]]:
    """Return the island of a scenario (without one: everything online at full load) and what was assumed.

    ``None`` where a grid connection is in service, or where the units can't carry the load to begin with.

    Raises
    ------
    BadInput
        When no source is left or a bus number is missing.
    """
    network, findings = plant_network(plant, scenario)
    power = network["generator"].set_index("id")["p_mw"]
    units = plant["unit"]
    units = units[units["id"].isin(power.index)].reset_index(drop=True)
    grid = units.loc[units["type"] == "GRID", "id"]
    if len(grid):
        return None, [*findings, _grid(str(grid.iloc[0]))]
    if any(finding.severity is Severity.ERROR for finding in findings):
        return None, findings
    rows, remarks = _answering(units.assign(p_mw=units["id"].map(power)))
    load_mw = float(network["load"]["p_mw"].sum())
    return Island(rows, load_mw, plant.settings.frequency_hz), [*findings, *remarks]


def _answering(units: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Return how each unit answers; wind and PV carry no load here and don't answer."""
    machine, battery = units["type"].isin(SYNCHRONOUS), units["type"] == "BESS"
    charged = battery & ~(units["energy_mwh"] <= 0)
    answers = machine | charged
    no_inertia = machine & ~(units["h_s"] > 0)
    no_droop = answers & ~(units["droop_pct"] > 0)
    no_lag = answers & ~(units["governor_s"] >= LEAST_LAG_S)
    usual_s = pd.Series(np.where(battery, BATTERY_S, GOVERNOR_S), index=units.index)
    usual_pct = pd.Series(np.where(battery, BATTERY_DROOP_PCT, DROOP_PCT), index=units.index)
    lag_s = units["governor_s"].mask(units["governor_s"] < LEAST_LAG_S, LEAST_LAG_S).fillna(usual_s)
    droop = units["droop_pct"].where(units["droop_pct"] > 0, usual_pct) / 100
    rows = pd.DataFrame(
        {
            "id": units["id"],
            "name": units["name"],
            "type": units["type"],
            "p_mw": units["p_mw"],
            "inertia_mva_s": (units["h_s"] * units["rated_mva"]).where(machine & ~no_inertia, 0.0),
            "gain_mw": (units["rated_mw"] / droop).where(answers, 0.0),
            "up_mw": (units["rated_mw"] - units["p_mw"]).clip(lower=0.0).where(answers, 0.0),
            "down_mw": (units["p_min_mw"].fillna(0.0) - units["p_mw"]).clip(upper=0.0).where(answers, 0.0),
            "lag_s": lag_s.where(answers, GOVERNOR_S),
        }
    )
    lag_text = f"a time constant is missing or under {LEAST_LAG_S:g} s: "
    lag_text += f"{GOVERNOR_S:g} s is taken for a governor, {BATTERY_S:g} s for a battery, {LEAST_LAG_S:g} s at least"
    droop_text = f"no droop: {DROOP_PCT:g} % is taken for a machine, {BATTERY_DROOP_PCT:g} % for a battery"
    findings = [
        *_assumed("inertia", units[no_inertia], "no inertia constant: the machine counts as having none", "h_s"),
        *_assumed("droop", units[no_droop], droop_text, "droop_pct"),
        *_assumed("lag", units[no_lag], lag_text, "governor_s"),
        *_assumed(
            "battery", units[battery & ~charged], "the battery holds no energy: it does not answer", "energy_mwh"
        ),
    ]
    return rows, findings


def _assumed(code: str, units: pd.DataFrame, text: str, column: str) -> list[Finding]:
    if units.empty:
        return []
    named = ", ".join(units["id"].head(5)) + (f" and {len(units) - 5} more" if len(units) > 5 else "")
    return [
        Finding(
            f"frequency.{code}", Severity.WARNING, f"{named}: {text}", f"enter {column}", element=units["id"].iloc[0]
        )
    ]


def _grid(unit: str) -> Finding:
    text = f"the grid {unit} is in service and holds the frequency: there is no island to study"
    return Finding(
        "frequency.grid", Severity.WARNING, text, "choose a scenario that trips the grid connection", element=unit
    )
