"""What a year says in numbers: hours outside ANSI C84.1 [1]_, overload hours, energy, losses, tap operations.

References
----------
.. [1] ANSI C84.1-2020, table 1: service voltage, range A 114 to 126 V and range B 110 to 127 V on a base of 120 V.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from core.engines.opendss import Block

RANGE_A_PU, RANGE_B_PU = (0.95, 1.05), (110 / 120, 127 / 120)
OVERLOAD_PCT = 100.0
#: Below this a node has no voltage at all; it counts as dead, not as low.
DEAD_PU = 0.05


def node_table(block: Block, step_h: float) -> pd.DataFrame:
    """Return each node's hours outside the ranges and its extremes, with the steps where they are."""
    v = block.v_pu
    alive = v > DEAD_PU
    columns = {}
    for name, (low, high) in (("a", RANGE_A_PU), ("b", RANGE_B_PU)):
        columns[f"below_{name}_h"] = (alive & (v < low)).sum(axis=0) * step_h
        columns[f"above_{name}_h"] = (v > high).sum(axis=0) * step_h
    lowest = np.where(alive, v, np.inf)
    columns["min_pu"], columns["min_step"] = lowest.min(axis=0), lowest.argmin(axis=0)
    columns["max_pu"], columns["max_step"] = v.max(axis=0), v.argmax(axis=0)
    columns["dead_h"] = (~alive).sum(axis=0) * step_h
    return pd.DataFrame({"node": block.nodes, **columns})


def element_table(block: Block, step_h: float) -> pd.DataFrame:
    """Return each element's overload hours and its largest loading; without a rating it has neither."""
    loading = np.where(np.isnan(block.loading_pct), -np.inf, block.loading_pct)
    largest = loading.max(axis=0)
    rated = np.isfinite(largest)
    return pd.DataFrame(
        {
            "element": block.elements,
            "overload_h": (loading > OVERLOAD_PCT).sum(axis=0) * step_h,
            "max_pct": np.where(rated, largest, np.nan),
            "max_step": loading.argmax(axis=0),
            "mean_pct": np.where(rated, np.where(rated, loading, 0.0).mean(axis=0), np.nan),
        }
    )


def block_summary(block: Block, step_h: float) -> dict[str, Any]:
    """Return the sums of a block: energy, losses, tap operations, hours in which anything is out of range."""
    alive = block.v_pu > DEAD_PU
    outside = {
        name: float(((alive & (block.v_pu < low)) | (block.v_pu > high)).any(axis=1).sum() * step_h)
        for name, (low, high) in (("a", RANGE_A_PU), ("b", RANGE_B_PU))
    }
    loading = np.nan_to_num(block.loading_pct, nan=0.0)
    system = block.system[np.isfinite(block.system).all(axis=1)]  # a step without solution has no powers
    return {
        "steps": len(block.converged),
        "not_converged": int((~block.converged).sum()),
        "energy_mwh": float(system[:, 0].sum() * step_h / 1000),
        "losses_mwh": float(system[:, 2].sum() * step_h / 1000),
        "peak_kw": float(system[:, 0].max()),
        "lowest_kw": float(system[:, 0].min()),
        "tap_operations": int(np.abs(np.diff(block.taps.astype(int), axis=0)).sum()) if block.taps.size else 0,
        "first_taps": block.taps[0].tolist(),
        "last_taps": block.taps[-1].tolist(),
        "outside_a_h": outside["a"],
        "outside_b_h": outside["b"],
        "overload_h": float((loading > OVERLOAD_PCT).any(axis=1).sum() * step_h),
    }


def moves_between(blocks: list[dict[str, Any]]) -> int:
    """Return the tap operations between the end of each block and the beginning of the next."""
    return sum(
        abs(start - end)
        for before, after in pairwise(blocks)
        if after["block"] == before["block"] + 1
        for end, start in zip(before["last_taps"], after["first_taps"], strict=True)
    )


def merge_nodes(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the year's table of nodes from the blocks'; steps already count from the beginning of the year."""
    every = pd.concat(tables, ignore_index=True)
    groups = every.groupby("node", sort=False)
    merged = groups[[str(column) for column in every.columns if str(column).endswith("_h")]].sum()
    for name in ("min", "max"):
        at = groups[f"{name}_pu"].idxmin() if name == "min" else groups[f"{name}_pu"].idxmax()
        merged[f"{name}_pu"] = every.loc[at, f"{name}_pu"].to_numpy()
        merged[f"{name}_step"] = every.loc[at, f"{name}_step"].to_numpy()
    return merged.reset_index()


def merge_elements(tables: list[pd.DataFrame], weights: list[int]) -> pd.DataFrame:
    """Return the year's table of elements from the blocks'; means are weighted by the blocks' steps."""
    every = pd.concat(
        [table.assign(weight=weight) for table, weight in zip(tables, weights, strict=True)], ignore_index=True
    )
    every["weighted"] = every["mean_pct"] * every["weight"]
    groups = every.groupby("element", sort=False)
    merged = groups[["overload_h"]].sum()
    at = every["max_pct"].fillna(-1.0).groupby(every["element"], sort=False).idxmax()
    merged["max_pct"] = every.loc[at, "max_pct"].to_numpy()
    merged["max_step"] = every.loc[at, "max_step"].to_numpy()
    merged["mean_pct"] = (groups["weighted"].sum(min_count=1) / groups["weight"].sum()).to_numpy()
    return merged.reset_index()
