"""One unbalanced power flow; whatever goes wrong comes back as a result that says which element."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from core.engines.opendss import Circuit, Snapshot, SolveOptions
from core.errors import EngineError
from core.feeder import Feeder
from core.findings import Finding, Severity, listed

#: A node below this has no voltage: what is left is coupling [pu].
DARK_PU = 0.01
#: The same for a bus without base voltage [kV].
DARK_KV = 1e-3
#: A load below this, or above its inverse, shows that the power flow has no solution with the loads' power [pu].
COLLAPSED_PU = 0.5


def solve_feeder(feeder: Feeder, options: SolveOptions | None = None) -> Snapshot:
    """Return the feeder's state; without a source or with a singular circuit it isn't converged and says why.

    Parameters
    ----------
    feeder
        The model.
    options
        Whether taps are held, and how exactly to solve.
    """
    if (missing := _missing(feeder)) is not None:
        return _not_solved(missing)
    try:
        with Circuit(feeder, options) as circuit:
            snapshot = circuit.solve()
    except EngineError as error:
        return _not_solved(Finding("feeder.engine_refused", Severity.ERROR, error.message, error.hint, error.where))
    if snapshot.converged:
        snapshot.findings.extend(_without_voltage(snapshot))
        snapshot.findings.extend(_loads_out_of_range(feeder, snapshot))
    return snapshot


def _missing(feeder: Feeder) -> Finding | None:
    """Return what keeps a feeder from being solved at all."""
    if not feeder["sources"]["in_service"].any():
        hint = "Add the file that has the head node and its source"
        return Finding("feeder.no_source", Severity.ERROR, "The feeder has no source", hint)
    if feeder["branches"].empty and feeder["transformers"].empty:
        text, hint = "The feeder has neither lines nor transformers", "Add the network file of the export"
        return Finding("feeder.no_branches", Severity.ERROR, text, hint)
    return None


def _without_voltage(snapshot: Snapshot) -> list[Finding]:
    v_pu, v_kv = snapshot.nodes["v_pu"], snapshot.nodes["v_kv"]
    dark = snapshot.nodes[(v_pu < DARK_PU) | (v_pu.isna() & (v_kv < DARK_KV))]
    if dark.empty:
        return []
    names = list(dict.fromkeys(dark["bus"]))
    text = f"{len(dark)} nodes at {len(names)} buses have no voltage: {listed(names)}"
    return [
        Finding(
            "feeder.without_voltage",
            Severity.WARNING,
            text,
            "They lie behind an open switch, have no source, or the feeder can't carry its loads",
            element=names[0],
        )
    ]


def _loads_out_of_range(feeder: Feeder, snapshot: Snapshot) -> list[Finding]:
    """Report loads whose voltage is so far off that the engine took them as impedances."""
    angle = np.radians(snapshot.nodes["angle_deg"].to_numpy())
    volts = snapshot.nodes["v_kv"].to_numpy() * np.exp(1j * angle)
    at = dict(zip(zip(snapshot.nodes["bus"], snapshot.nodes["phase"], strict=True), volts, strict=True))
    loads = feeder["loads"][feeder["loads"]["in_service"] & ~feeder["loads"]["model"].isin(["z"])]
    kept = []
    for row in loads[["id", "bus", "phases", "phase_count", "connection", "kv", "v_min_pu", "v_max_pu"]].to_dict(
        "records"
    ):
        nodes = [at.get((row["bus"], phase), 0j) for phase in row["phases"]]
        across = abs(nodes[0] - (nodes[1] if len(nodes) == 2 else 0j))
        rated = row["kv"] / math.sqrt(3) if len(nodes) > 2 else row["kv"]
        kept.append((row["id"], across / rated if rated else 0.0, row["v_min_pu"], row["v_max_pu"]))
    wrong = sorted((pu, name) for name, pu, low, high in kept if pu > DARK_PU and not low <= pu <= high)
    if not wrong:
        return []
    pu, name = wrong[0] if wrong[0][0] < 1 else wrong[-1]
    text = f"{len(wrong)} loads are outside the voltage range in which they hold their power: {name} has {pu:.3f} pu"
    hint, severity = "Their power in the result is lower or higher", Severity.WARNING
    if not COLLAPSED_PU < pu < 1 / COLLAPSED_PU:
        hint, severity = (
            "With their power there is no solution: look at their size and at what feeds them",
            Severity.ERROR,
        )
    return [Finding("feeder.load_voltage", severity, text, hint, element=name)]


def _not_solved(finding: Finding) -> Snapshot:
    nothing = float("nan")
    return Snapshot(
        False, 0, pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), nothing, nothing, nothing, nothing, [finding]
    )
