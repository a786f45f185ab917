"""Linear optimal dispatch over time by PyPSA: cheapest output of machines, farms and DC links, with marginal prices.

Flows follow the reactances (lossless, b = 1/(x·tap)) and stay below the ratings. Machines cost what a
polynomial up to the square says; farms cost nothing and may be curtailed. Phase shifts count as injections.
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
from core.errors import BadInput
from core.network import Network
from core.studies.simulation.series import Series
from core.studies.simulation.steps import Grid, line_rows, load_rows, long

#: Steps that are optimised together; they don't depend on one another.
TOGETHER = 24
#: A rating that never binds [MVA], for lines without one.
UNLIMITED_MVA = 1e6
Limits = Callable[[Any, pd.Index], None]
#: What the catalogue has for a limit that a file doesn't give [MW].
NO_LIMIT_MW = 9999.0


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The cheapest operation of some steps, each steps × elements [MW, $/MWh, rad]; missing where there is none."""

    output: np.ndarray  # live machines, then farms
    price: np.ndarray
    angle: np.ndarray
    flow: np.ndarray
    link_from: np.ndarray
    link_to: np.ndarray


def tables(grid: Grid, series: Series, steps: slice, costs: np.ndarray) -> dict[str, pd.DataFrame]:
    """Return the dispatch of the steps by component in the columns of PyPSA's tables, long in time.

    ``costs`` are the machines' linear and quadratic ones [$/MWh, $/MW²h], machines × 2.
    """
    network, base = grid.network, grid.network.base_mva
    stamps, count = series.timestamps[steps], steps.stop - steps.start
    fleet = machines(grid, series, steps, costs)
    found = solve(grid, series, steps, fleet)
    total = np.zeros((count, len(grid.case.v_start)))
    np.add.at(total.T, fleet["row"].to_numpy(), np.nan_to_num(found.output).T)
    demand, on = _demand(grid, series, steps), network.live("dcline")
    from_, to = (ends[on] for ends in network.terminals("dcline"))
    np.add.at(total.T, from_, -found.link_from.T)
    np.add.at(total.T, to, found.link_to.T)
    nothing = np.full(total.shape, np.nan)
    injected = np.where(np.isnan(found.price), np.nan, (total - demand) / base)
    powers = {"p": injected, "q": nothing, "v_mag": nothing, "angle_deg": np.rad2deg(found.angle)}
    made = {
        "bus": long(grid.elements.bus.assign(carrier="AC"), stamps, **powers, marginal_price=found.price),
        "generator": _generators(grid, series, fleet, found.output, stamps),
        "load": load_rows(grid, series.load_scale[steps, None], np.ones(total.shape), stamps),
        "line": line_rows(grid, _loading_pct(grid, found.flow), stamps),
    }
    if on.any():
        made["link"] = _links(network, on, found, stamps)
    return made


def _loading_pct(grid: Grid, flow: np.ndarray) -> np.ndarray:
    """Return the loading of two-ended links and of windings; ``flow`` is that of every link, steps × links [MW]."""
    two_ended = grid.links.table != "transformer3w"
    through = np.hstack([flow[:, two_ended], (_by_winding(grid).T @ flow.T).T])
    rate = np.r_[grid.two_ended.rate_mva, grid.windings.rate_mva]
    return np.asarray(100 * np.abs(through) / np.where(rate > 0, rate, np.nan))


def _by_winding(grid: Grid) -> sparse.csr_matrix:
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


def machines(grid: Grid, series: Series, steps: slice, costs: np.ndarray) -> pd.DataFrame:
    """Return what can be dispatched: live machines, then farms, with limits [MW] and costs.

    ``most`` and ``least`` are arrays over the steps; ``position`` is a machine's row in its table, −1 for a farm.
    """
    network = grid.network
    on = np.flatnonzero(network.live("generator"))
    price = costs[on]
    high, low = (network.values("generator", name)[on] for name in ("p_max_mw", "p_min_mw"))
    most = np.where(high > 0, series.generation_scale[steps, None] * high, high)
    farm = series.farm_mw[steps]
    return pd.DataFrame(
        {
            "row": np.r_[network.terminals("generator")[0][on], series.farm_rows].astype(int),
            "position": np.r_[on, np.full(len(series.farm_rows), -1)],
            "linear": np.r_[price[:, 0], np.zeros(farm.shape[1])],
            "square": np.r_[price[:, 1], np.zeros(farm.shape[1])],
            "most": list(np.hstack([most, farm]).T),
            "least": list(np.hstack([np.minimum(low, most), np.minimum(farm, 0)]).T),
        }
    )


def solve(grid: Grid, series: Series, steps: slice, fleet: pd.DataFrame) -> Dispatch:
    """Return the dispatch of the steps; where several have none together, of each alone."""
    n, limits = _network(grid, series, steps, fleet), _winding_limits(grid)
    count = steps.stop - steps.start
    ok = np.zeros(count, dtype=bool)
    for first in range(0, count, TOGETHER):
        chunk = n.snapshots[first : first + TOGETHER]
        parts = [chunk] if _optimised(n, chunk, limits) else [chunk[[k]] for k in range(len(chunk))]
        for part in parts:
            ok[part] = len(parts) == 1 or _optimised(n, part, limits)
    number = len(grid.case.v_start)
    price, angle = (
        _wide(n.buses_t[name], n.snapshots, pd.RangeIndex(number).astype(str), ok)
        for name in ("marginal_price", "v_ang")
    )
    flow = _wide(n.lines_t["p0"], n.snapshots, pd.RangeIndex(len(grid.links.row)).astype(str), ok)
    ends = [_wide(n.links_t[name], n.snapshots, n.links.index, ok) for name in ("p0", "p1")]
    output = _wide(n.generators_t["p"], n.snapshots, n.generators.index, ok)
    angle = angle - angle[:, grid.case.slack[:1]]  # the swing bus is the reference
    return Dispatch(output, price, angle, flow - _turned(grid), ends[0], -ends[1])


def _optimised(n: Any, snapshots: pd.Index, limits: Limits) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        status, _ = n.optimize(
            snapshots, solver_name="highs", include_objective_constant=False, progress=False,
            solver_options={"output_flag": False}, extra_functionality=limits,
        )  # fmt: skip
    return bool(status == "ok")


def _winding_limits(grid: Grid) -> Limits:
    """Return what keeps the power through each winding below its rating: PyPSA knows only the links between them."""
    by = _by_winding(grid)
    rated = grid.windings.rate_mva > 0
    turned, rate = (by.T @ _turned(grid))[rated], grid.windings.rate_mva[rated]
    entries = by[:, rated].tocoo()

    def limit(n: Any, _snapshots: pd.Index) -> None:
        import xarray as xr

        if not entries.nnz:
            return
        flow = n.model["Line-s"].sel(name=entries.row.astype(str)) * xr.DataArray(entries.data, dims="name")
        through = flow.groupby(xr.DataArray(entries.col, dims="name", name="winding")).sum()
        most, least = (xr.DataArray(turned + side * rate, dims="winding") for side in (1, -1))
        n.model.add_constraints(through <= most, name="winding-most")
        n.model.add_constraints(through >= least, name="winding-least")

    return limit


def _wide(frame: pd.DataFrame, snapshots: pd.Index, names: pd.Index, ok: np.ndarray) -> np.ndarray:
    """Return steps × elements, missing at steps without a dispatch and for elements that don't take part."""
    values = frame.reindex(index=snapshots, columns=names).to_numpy(dtype=float)
    return np.where(ok[:, None], values, np.nan)


def _network(grid: Grid, series: Series, steps: slice, fleet: pd.DataFrame) -> Any:
    """Return the steps as a PyPSA network in MW; buses and lines are named by their rows."""
    import pypsa

    for name in ("pypsa", "linopy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    n = pypsa.Network()
    n.set_snapshots(range(steps.stop - steps.start))
    rows = grid.case.solved
    n.add("Bus", rows.astype(str), v_nom=1.0)
    _add_lines(n, grid)
    demand = pd.DataFrame(_demand(grid, series, steps)[:, rows], index=n.snapshots, columns=rows.astype(str))
    demand -= _turning(grid)[rows]
    n.add("Load", demand.columns, bus=demand.columns, p_set=demand)
    fleet = fleet.assign(on=np.isin(fleet["row"], rows))
    most, least = (np.where(fleet["on"], np.column_stack(list(fleet[name])), 0.0) for name in ("most", "least"))
    size = np.maximum(np.maximum(np.abs(most).max(axis=0), np.abs(least).max(axis=0)), 1e-6)
    names = fleet.index.astype(str)
    n.add(
        "Generator", names, bus=np.where(fleet["on"], fleet["row"], rows[0]).astype(str), p_nom=size,
        p_max_pu=pd.DataFrame(most / size, n.snapshots, names), p_min_pu=pd.DataFrame(least / size, n.snapshots, names),
        marginal_cost=fleet["linear"].to_numpy(), marginal_cost_quadratic=fleet["square"].to_numpy(),
    )  # fmt: skip
    _add_links(n, grid.network)
    return n


def _add_lines(n: Any, grid: Grid) -> None:
    links, pi = grid.links, as_pi(grid.links)
    on = np.isin(links.from_, grid.case.solved) & np.isin(links.to, grid.case.solved)
    if (on & (np.abs(pi.shift_rad) > 1e-9) & (links.rate_mva > 0)).any():
        raise BadInput(
            "a phase shifter with a rating can't be dispatched", hint="use --software pypsa for a power flow"
        )
    rating = np.where(links.rate_mva > 0, links.rate_mva, UNLIMITED_MVA)
    n.add(
        "Line", np.flatnonzero(on).astype(str), bus0=links.from_[on].astype(str), bus1=links.to[on].astype(str),
        x=(pi.z.imag * pi.ratio)[on] / grid.network.base_mva, s_nom=rating[on],
    )  # fmt: skip


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


def _add_links(n: Any, network: Network) -> None:
    on = network.live("dcline")
    low, high = _link_limits(network, on)
    size = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1e-6)
    from_, to = (ends[on].astype(str) for ends in network.terminals("dcline"))
    n.add(
        "Link", np.flatnonzero(on).astype(str), bus0=from_, bus1=to, p_nom=size, p_min_pu=low / size,
        p_max_pu=high / size, efficiency=1 - network.values("dcline", "loss1")[on],
    )  # fmt: skip


def _link_limits(network: Network, on: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of the DC lines [MW]; those without a limit keep their stored power."""
    low, high, stored = (network.values("dcline", f"p_{name}_mw")[on] for name in ("min", "max", "from"))
    free = (np.abs(low) < NO_LIMIT_MW) & (np.abs(high) < NO_LIMIT_MW)
    return np.where(free, low, stored), np.where(free, high, stored)


def _demand(grid: Grid, series: Series, steps: slice) -> np.ndarray:
    """Return what is drawn at 1 pu less what isn't dispatched, steps × buses [MW]; DC lines are links."""
    network, one = grid.network, np.ones(len(grid.case.v_start))
    fixed = (grid.case.generation - grid.machines_pu).real * network.base_mva - grid.shunt.real * network.base_mva
    on = network.live("dcline")
    from_, to = (ends[on] for ends in network.terminals("dcline"))
    np.add.at(fixed, from_, network.values("dcline", "p_from_mw")[on])
    np.add.at(fixed, to, -network.values("dcline", "p_to_mw")[on] - network.values("dcline", "loss0_mw")[on])
    return np.asarray(series.load_scale[steps, None] * grid.case.demand(one).real * network.base_mva - fixed)


def _generators(grid: Grid, series: Series, fleet: pd.DataFrame, output: np.ndarray, stamps: list[str]) -> pd.DataFrame:
    """Return all machines, then the farms as further ones; ``marginal_cost`` is the cost of the next MWh."""
    network = grid.network
    at = network.values("bus", "bus")[series.farm_rows]
    farms = pd.DataFrame({"gen_name": series.farm_titles(network), "bus": at})
    own = grid.elements.generator.assign(carrier="AC", p_nom=network.values("generator", "p_max_mw"))
    fixed = pd.concat([own, farms.assign(status=1, carrier="farm")], ignore_index=True) if len(farms) else own
    fixed["gen"] = np.arange(1, len(fixed) + 1)
    live = np.r_[fleet["position"][fleet["position"] >= 0], np.arange(len(own), len(fixed))].astype(int)
    p, cost = np.zeros((len(stamps), len(fixed))), np.full((len(stamps), len(fixed)), np.nan)
    p[:, live] = output
    cost[:, live] = fleet["linear"].to_numpy() + 2 * fleet["square"].to_numpy() * output
    q = np.full(p.shape, np.nan)
    return long(fixed.assign(efficiency=1.0), stamps, p=p / network.base_mva, q=q, marginal_cost=cost)


def _links(network: Network, on: np.ndarray, found: Dispatch, stamps: list[str]) -> pd.DataFrame:
    fixed = pd.DataFrame(
        {
            "link": np.flatnonzero(on) + 1,
            "link_name": network.values("dcline", "name")[on],
            "bus0": network.values("dcline", "from_bus")[on],
            "bus1": network.values("dcline", "to_bus")[on],
            "efficiency": 1 - network.values("dcline", "loss1")[on],
            "status": 1,
        }
    )
    base = network.base_mva
    return long(fixed, stamps, p0=found.link_from / base, p1=-found.link_to / base)
