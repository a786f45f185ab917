"""The cheapest operation of some steps as PyPSA's optimisation: a network in MW, solved by HiGHS.

Flows follow the reactances (lossless, b = 1/(x·tap)) and stay below the ratings. Phase shifts count as injections.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from core.engines.bus_case import as_pi
from core.studies.simulation.steps import Grid

#: Steps that are optimised together; they don't depend on one another.
TOGETHER = 24
#: A rating that never binds [MVA], for lines without one.
UNLIMITED_MVA = 1e6
Limits = Callable[[Any, pd.Index], None]


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The cheapest operation of some steps, each steps × elements [MW, $/MWh, rad]; missing where there is none."""

    output: np.ndarray  # live machines, then farms
    price: np.ndarray
    angle: np.ndarray
    flow: np.ndarray
    drawn: np.ndarray  # by the DC lines at their from bus


def solve(grid: Grid, demand: np.ndarray, fleet: pd.DataFrame, lines: pd.DataFrame) -> Dispatch:
    """Return the dispatch of the steps; where several have none together, of each alone.

    Parameters
    ----------
    grid, demand
        The network, and what is drawn and not dispatched, steps × buses [MW].
    fleet, lines
        What is dispatched: machines and farms, and DC lines, with limits [MW] and costs.
    """
    n, limits = _network(grid, demand, fleet, lines), _flow_limits(grid)
    ok = np.zeros(len(demand), dtype=bool)
    for first in range(0, len(demand), TOGETHER):
        chunk = n.snapshots[first : first + TOGETHER]
        parts = [chunk] if _optimised(n, chunk, limits) else [chunk[[k]] for k in range(len(chunk))]
        for part in parts:
            ok[part] = len(parts) == 1 or _optimised(n, part, limits)

    def wide(frame: pd.DataFrame, elements: int) -> np.ndarray:
        """Return steps × elements, missing at steps without a dispatch and for elements that don't take part."""
        values = frame.reindex(index=n.snapshots, columns=pd.RangeIndex(elements).astype(str)).to_numpy(dtype=float)
        return np.where(ok[:, None], values, np.nan)

    price, angle = (wide(n.buses_t[name], demand.shape[1]) for name in ("marginal_price", "v_ang"))
    angle[:, grid.case.solved] -= angle[:, _references(n, grid.case.slack)]
    flow = wide(n.lines_t["p0"], len(grid.links.row)) - _turned(grid)
    return Dispatch(wide(n.generators_t["p"], len(fleet)), price, angle, flow, wide(n.links_t["p0"], len(lines)))


def _optimised(n: Any, snapshots: pd.Index, limits: Limits) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        status, _ = n.optimize(
            snapshots, solver_name="highs", include_objective_constant=False, progress=False,
            solver_options={"output_flag": False}, extra_functionality=limits,
        )  # fmt: skip
    return bool(status == "ok")


def _references(n: Any, swing: np.ndarray) -> np.ndarray:
    """Return for each bus of the optimisation the swing bus of its connected part, to which angles refer."""
    part = n.buses["sub_network"]
    first = pd.Series(swing, index=part.loc[swing.astype(str)])
    return np.asarray(first[~first.index.duplicated()].reindex(part).to_numpy(dtype=int))


def _network(grid: Grid, demand: np.ndarray, fleet: pd.DataFrame, lines: pd.DataFrame) -> Any:
    """Return the steps as a PyPSA network in MW; buses and lines are named by their rows."""
    import pypsa

    for name in ("pypsa", "linopy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    n = pypsa.Network()
    n.set_snapshots(range(len(demand)))
    rows = grid.case.solved
    n.add("Bus", rows.astype(str), v_nom=1.0)
    _add_lines(n, grid)
    fixed = demand - _turning(grid)
    np.add.at(fixed.T, lines["to"].to_numpy(), lines["loss"].to_numpy()[:, None])
    loads = pd.DataFrame(fixed[:, rows], index=n.snapshots, columns=rows.astype(str))
    n.add("Load", loads.columns, bus=loads.columns, p_set=loads)
    fleet = fleet[np.isin(fleet["row"], rows)]
    most, least = (np.reshape(fleet[name].tolist(), (len(fleet), len(demand))).T for name in ("most", "least"))
    size = np.maximum(np.maximum(np.abs(most).max(axis=0), np.abs(least).max(axis=0)), 1e-6)
    names = fleet.index.astype(str)
    n.add(
        "Generator", names, bus=fleet["row"].astype(str).to_numpy(), p_nom=size,
        p_max_pu=pd.DataFrame(most / size, n.snapshots, names), p_min_pu=pd.DataFrame(least / size, n.snapshots, names),
        marginal_cost=fleet["linear"].to_numpy(), marginal_cost_quadratic=fleet["square"].to_numpy(),
    )  # fmt: skip
    n.add("Generator", "none", bus=str(rows[0]), marginal_cost=1.0)  # PyPSA wants something that costs
    _add_links(n, lines)
    return n


def _add_lines(n: Any, grid: Grid) -> None:
    """Add what connects two buses; the limits of those that shift the phase are :func:`_flow_limits`'."""
    links, pi = grid.links, as_pi(grid.links)
    on = _alive(grid)
    rating = np.where((links.rate_mva > 0) & ~_shifting(grid), links.rate_mva, UNLIMITED_MVA)
    n.add(
        "Line", np.flatnonzero(on).astype(str), bus0=links.from_[on].astype(str), bus1=links.to[on].astype(str),
        x=(pi.z.imag * pi.ratio)[on] / grid.network.base_mva, s_nom=rating[on],
    )  # fmt: skip


def _add_links(n: Any, lines: pd.DataFrame) -> None:
    size = lines[["most", "least"]].abs().max(axis=1).clip(lower=1e-6)
    n.add(
        "Link", lines.index.astype(str), bus0=lines["from"].astype(str).to_numpy(),
        bus1=lines["to"].astype(str).to_numpy(), p_nom=size.to_numpy(), p_min_pu=(lines["least"] / size).to_numpy(),
        p_max_pu=(lines["most"] / size).to_numpy(), efficiency=lines["kept"].to_numpy(),
        marginal_cost=lines["linear"].to_numpy(), marginal_cost_quadratic=lines["square"].to_numpy(),
    )  # fmt: skip


def _alive(grid: Grid) -> np.ndarray:
    """Return which links are between buses that take part."""
    return np.asarray(np.isin(grid.links.from_, grid.case.solved) & np.isin(grid.links.to, grid.case.solved))


def _shifting(grid: Grid) -> np.ndarray:
    return np.asarray(np.abs(as_pi(grid.links).shift_rad) > 1e-9)


def _turned(grid: Grid) -> np.ndarray:
    """Return what phase shifts take from each link's flow [MW]."""
    pi = as_pi(grid.links)
    return np.asarray(pi.shift_rad / (pi.z.imag * pi.ratio) * grid.network.base_mva)


def _turning(grid: Grid) -> np.ndarray:
    """Return what phase shifts amount to as power put into each bus [MW]."""
    total = np.zeros(len(grid.case.v_start))
    np.add.at(total, grid.links.from_, _turned(grid))
    np.add.at(total, grid.links.to, -_turned(grid))
    return total


def _flow_limits(grid: Grid) -> Limits:
    """Return what keeps flows below ratings that PyPSA has no word for: of windings of three and of phase shifters."""
    links, alive = grid.links, _alive(grid)
    shifters = np.flatnonzero(_shifting(grid) & (links.rate_mva > 0))
    by = sparse.hstack([by_winding(grid), sparse.eye_array(len(links.row)).tocsc()[:, shifters]]).tocsr()
    rate = np.r_[grid.windings.rate_mva, links.rate_mva[shifters]]
    rated = (rate > 0) & (np.abs(by).T @ alive > 0)
    turned, rate = (by.T @ _turned(grid))[rated], rate[rated]
    entries = by[:, rated].tocoo()

    def limit(n: Any, _snapshots: pd.Index) -> None:
        import xarray as xr

        if not entries.nnz:
            return
        flow = n.model["Line-s"].sel(name=entries.row.astype(str)) * xr.DataArray(entries.data, dims="name")
        through = flow.groupby(xr.DataArray(entries.col, dims="name", name="limit")).sum()
        most, least = (xr.DataArray(turned + side * rate, dims="limit") for side in (1, -1))
        n.model.add_constraints(through <= most, name="limit-most")
        n.model.add_constraints(through >= least, name="limit-least")

    return limit


def by_winding(grid: Grid) -> sparse.csr_matrix:
    """Return links × windings: 1 where the link leaves the winding's bus, −1 where it arrives there."""
    links, each = grid.links, grid.windings
    place = np.full((len(grid.network["transformer3w"]), 3), -1)
    place[each.rows, each.number - 1] = np.arange(len(each.rows))
    star = np.flatnonzero(links.table == "transformer3w")
    ends = np.column_stack(grid.network.terminals("transformer3w"))[links.row[star]]
    joins = (ends == links.from_[star, None]) & (ends[:, [1, 2, 0]] == links.to[star, None])
    pair = joins.argmax(axis=1)  # from this winding to the next one
    windings = np.r_[place[links.row[star], pair], place[links.row[star], (pair + 1) % 3]]
    values = (np.repeat([1.0, -1.0], len(star)), (np.r_[star, star], windings))
    return sparse.csr_matrix(values, shape=(len(links.row), len(each.rows)))
