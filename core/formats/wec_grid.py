"""Powers of wave-energy farms in WEC-Grid's own database: devices by seconds become farms at the grid's steps.

``wec_integrations`` says how many devices of which simulation stand at which bus, ``wec_power_results`` has the
devices' powers [W]. WEC-Grid feeds a step with the mean of the seconds before it, and the first step with its own.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, Where, counted

INTEGRATIONS, POWERS = "wec_integrations", "wec_power_results"
#: In the columns of ``wec_simulations``.
FARM = ["wec_farm_name", "wecsim_case", "power_output_mw", "timestamp"]
#: Means over the grid's steps of what devices gave, with how many rows have no number.
MEANS = """
SELECT CAST((time_sec - first) / :step + 1e-6 AS INTEGER) AS step, avg(p_w) AS watts, count(DISTINCT time_sec) AS times
FROM wec_power_results, (SELECT min(time_sec) AS first FROM wec_power_results WHERE wec_sim_id = :wec)
WHERE wec_sim_id = :wec AND typeof(p_w) IN ('integer', 'real') GROUP BY 1
"""
LOST = "SELECT count(*) FROM wec_power_results WHERE wec_sim_id = ? AND typeof(p_w) NOT IN ('integer', 'real')"


def farm_powers(
    connection: sqlite3.Connection, tables: set[str], simulation: dict[str, Any], stamps: list[str], where: Where
) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the farms' powers at a simulation's time stamps, and what is to be said about them."""
    query = f"SELECT * FROM {INTEGRATIONS} WHERE grid_sim_id = ? ORDER BY integration_id"
    farms = pd.read_sql_query(query, connection, params=(simulation["grid_sim_id"],))
    nothing = pd.DataFrame(columns=FARM)
    if farms.empty or not stamps:
        return nothing, []
    if POWERS not in tables:
        return nothing, [_left_out(f"there is no table {POWERS}", where)]
    try:
        every = [simulation.get("sim_start_time") or stamps[0], *stamps]
        times = pd.to_datetime(pd.Series(every), format="ISO8601", utc=True)
    except ValueError:
        return nothing, [_left_out("the time stamps are no ISO 8601", where)]
    passed = (times - times.iloc[0]).dt.total_seconds().iloc[1:]
    step = float(simulation.get("delta_time") or passed.diff().median())
    if not step > 0:  # missing, too: one time stamp and no delta_time
        return nothing, [_left_out("grid_simulations has no delta_time", where)]
    number = (passed / step).round().astype(int).to_numpy()
    models = {}
    if "wec_simulations" in tables:
        models = dict(connection.execute("SELECT wec_sim_id, model_type FROM wec_simulations").fetchall())
    twice = farms["farm_name"].duplicated(keep=False)
    farms["name"] = farms["farm_name"].where(~twice, farms["farm_name"] + "@" + farms["bus_location"].astype(str))
    parts, findings = [nothing], []
    for name, wec, count in farms[["name", "wec_sim_id", "num_devices"]].to_numpy(dtype=object).tolist():
        watts, said = _device(connection, int(wec), step, number)
        findings += [Finding("results.farm", severity, f"{name}: {text}", "", where) for severity, text in said]
        values = (name, models.get(wec), count * watts / 1e6, stamps)
        parts.append(pd.DataFrame(dict(zip(FARM, values, strict=True))).dropna(subset=["power_output_mw"]))
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True), findings


def _left_out(reason: str, where: Where) -> Finding:
    text = f"the powers of the farms can't be laid on the grid's steps: {reason}"
    return Finding("results.farm", Severity.WARNING, text, "", where)


def _device(
    connection: sqlite3.Connection, wec: int, step: float, number: np.ndarray
) -> tuple[np.ndarray, list[tuple[Severity, str]]]:
    """Return one device's power [W] at the steps of these numbers, missing where it has none, and remarks."""
    means = pd.read_sql_query(MEANS, connection, params={"step": step, "wec": wec}).set_index("step")
    lost = connection.execute(LOST, (wec,)).fetchone()[0]
    said = [(Severity.WARNING, f"{counted(lost, 'power')} without a number left out")] if lost else []
    finer = bool((means["times"] > 1).any())
    if finer:
        text = f"powers by seconds became means of {step:g} s before each step, as WEC-Grid feeds them"
        said.append((Severity.INFO, text))
    watts = means["watts"].reindex(np.maximum(number - 1, 0) if finer else number).to_numpy(dtype=float)
    if np.isnan(watts).any():
        said.append((Severity.WARNING, f"no power at {int(np.isnan(watts).sum())} of {counted(len(watts), 'step')}"))
    return watts, said
