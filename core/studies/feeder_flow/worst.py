"""The worst of a solved feeder: its extremes and one verdict, so that many feeders can be looked at together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.engines.opendss import Snapshot
from core.feeder import Feeder
from core.studies.feeder_flow.validate import FAIL, NOT_CHECKED, PASS, WARN
from core.studies.time_series.metrics import DEAD_PU, OVERLOAD_PCT, RANGE_A_PU, RANGE_B_PU

#: From here on an element is nearly overloaded.
NEARLY_PCT = 90.0


def worst_of(feeder: Feeder, snapshot: Snapshot) -> dict[str, Any]:
    """Return a feeder's lowest and highest voltage, its largest loading, where they are, and the verdict on them.

    See :func:`verdicts`. The snapshot may be of a model in which the feeder is one of several.
    """
    if not snapshot.converged:
        return {"feeder": feeder.name, "verdict": NOT_CHECKED}
    every = snapshot.nodes[snapshot.nodes["bus"].isin(feeder["buses"]["id"])]
    nodes = every[every["v_pu"] > DEAD_PU]
    own = pd.concat([feeder["branches"]["id"], feeder["transformers"]["id"]])
    rated = snapshot.branches[snapshot.branches["id"].isin(own)].dropna(subset=["loading_pct"])
    found: dict[str, Any] = {"feeder": feeder.name, "dead_nodes": len(every) - len(nodes)}
    if len(nodes):
        low, high = nodes.loc[nodes["v_pu"].idxmin()], nodes.loc[nodes["v_pu"].idxmax()]
        found |= {"lowest_pu": low["v_pu"], "lowest_at": f"{low['bus']}.{low['phase']}"}
        found |= {"highest_pu": high["v_pu"], "highest_at": f"{high['bus']}.{high['phase']}"}
    if len(rated):
        most = rated.loc[rated["loading_pct"].astype(float).idxmax()]
        found |= {"loading_pct": most["loading_pct"], "loading_at": most["id"]}
    return {**found, "verdict": _verdict(found)}


def verdicts(low_pu: pd.Series, high_pu: pd.Series, loading_pct: pd.Series) -> pd.Series:
    """Return the verdict on each row: FAIL beyond range B or 100 %, WARN beyond range A or 90 %, else PASS."""
    fail = (low_pu < RANGE_B_PU[0]) | (high_pu > RANGE_B_PU[1]) | (loading_pct > OVERLOAD_PCT)
    warn = (low_pu < RANGE_A_PU[0]) | (high_pu > RANGE_A_PU[1]) | (loading_pct > NEARLY_PCT)
    return pd.Series(np.select([fail, warn], [FAIL, WARN], PASS), low_pu.index)


def _verdict(found: dict[str, Any]) -> str:
    if "lowest_pu" not in found:
        return NOT_CHECKED
    about = pd.DataFrame([found]).reindex(columns=["lowest_pu", "highest_pu", "loading_pct"]).astype(float)
    return str(verdicts(about["lowest_pu"], about["highest_pu"], about["loading_pct"]).iloc[0])
