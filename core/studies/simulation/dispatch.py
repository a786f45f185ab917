"""Linear optimal dispatch over time by PyPSA: cheapest output of machines, farms and DC links, with marginal prices.

Machines and DC lines cost what a polynomial up to the square says; farms cost nothing and may be curtailed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.studies.simulation.costs import Costs
from core.studies.simulation.dispatch_model import UNLIMITED_MVA, by_winding, solve
from core.studies.simulation.pypsa_columns import NO_LIMIT_MW, link_rows, nominal_mw, on_nominal, technologies
from core.studies.simulation.series import Series
from core.studies.simulation.steps import Grid, line_rows, load_rows, long


def tables(grid: Grid, series: Series, steps: slice, costs: Costs) -> dict[str, pd.DataFrame]:
    """Return the dispatch of the steps by component in the columns of PyPSA's tables, long in time."""
    network, base, stamps = grid.network, grid.network.base_mva, series.timestamps[steps]
    fleet, lines = machines(grid, series, steps, costs.machines), dc_lines(grid, costs.dclines)
    given = _given(grid, series, steps, lines)
    found = solve(grid, given + grid.shunt.real * base, fleet, lines)
    arriving = lines["kept"].to_numpy() * found.drawn - lines["loss"].to_numpy()
    total = -given
    for rows, power in ((fleet["row"], found.output), (lines["from"], -found.drawn), (lines["to"], arriving)):
        np.add.at(total.T, rows.to_numpy(), np.nan_to_num(power).T)
    solved, nothing = np.isfinite(found.price), np.full(total.shape, np.nan)
    powers = {"p": np.where(solved, total / base, np.nan), "q": nothing, "v_mag": nothing}
    angles = {"angle_deg": np.rad2deg(found.angle), "marginal_price": found.price}
    ends = _every_line(grid, lines, found.drawn, "from"), _every_line(grid, lines, arriving, "to")
    return {
        "bus": long(grid.elements.bus.assign(carrier="AC"), stamps, **powers, **angles),
        "generator": _generators(grid, series, fleet, found.output, stamps),
        "load": load_rows(grid, series.load_scale[steps, None], np.ones(total.shape), stamps),
        "line": line_rows(grid, _loading_pct(grid, found.flow), stamps),
        "link": link_rows(network, stamps, ends, solved.any(axis=1)),
    }


def remarks(grid: Grid) -> list[Finding]:
    """Say which limits a dispatch lacks, and which DC lines it leaves as they are."""
    network, free = grid.network, _dispatchable(grid)
    backward = free & (network.values("dcline", "p_min_mw") < 0) & (network.values("dcline", "loss1") > 0)
    notes = (
        (network.live("dcline") & ~free, "dcline_kept", Severity.INFO,
         "DC lines without limits, or with an end that takes no part, carry what the network prescribes"),
        (backward, "dcline_backward", Severity.WARNING,
         "DC lines gain by their losses' fraction when they carry power backward, as the file has it"),
        (network.live("generator") & ~_has_least(grid), "no_lower_limit", Severity.WARNING,
         "machines have no lower limit of power; none of them takes power"),
    )  # fmt: skip
    return [
        Finding(f"simulation.{code}", severity, f"{text} ({int(which.sum())})")
        for which, code, severity, text in notes
        if which.any()
    ]


def _loading_pct(grid: Grid, flow: np.ndarray) -> np.ndarray:
    """Return the loading of two-ended links and of windings; ``flow`` is that of every link, steps × links [MW]."""
    two_ended = grid.links.table != "transformer3w"
    through = np.hstack([flow[:, two_ended], (by_winding(grid).T @ flow.T).T])
    rate = np.r_[grid.two_ended.rate_mva, grid.windings.rate_mva]
    return np.asarray(100 * np.abs(through) / np.where(rate > 0, rate, np.nan))


def machines(grid: Grid, series: Series, steps: slice, costs: np.ndarray) -> pd.DataFrame:
    """Return what can be dispatched: live machines, then farms, with limits [MW] and costs.

    ``most`` and ``least`` are arrays over the steps; ``position`` is a machine's row in its table, −1 for a farm.
    """
    network = grid.network
    on = np.flatnonzero(network.live("generator"))
    price = costs[on]
    high, low = (network.values("generator", name)[on] for name in ("p_max_mw", "p_min_mw"))
    low = np.where(_has_least(grid)[on], low, 0.0)
    high = np.minimum(high, UNLIMITED_MVA)
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


def _has_least(grid: Grid) -> np.ndarray:
    return np.asarray(grid.network.values("generator", "p_min_mw") > -NO_LIMIT_MW)


def dc_lines(grid: Grid, costs: np.ndarray) -> pd.DataFrame:
    """Return the DC lines that can be dispatched: ends, limits [MW], costs, what of a MW is ``kept`` and the ``loss``.

    ``position`` is a line's row in its table.
    """
    network, rows = grid.network, np.flatnonzero(_dispatchable(grid))
    value = {name: network.values("dcline", name)[rows] for name in ("p_min_mw", "p_max_mw", "loss0_mw", "loss1")}
    from_, to = (ends[rows] for ends in network.terminals("dcline"))
    return pd.DataFrame(
        {
            "position": rows, "from": from_, "to": to, "least": value["p_min_mw"], "most": value["p_max_mw"],
            "kept": 1 - value["loss1"], "loss": value["loss0_mw"], "linear": costs[rows, 0], "square": costs[rows, 1],
        }
    )  # fmt: skip


def _dispatchable(grid: Grid) -> np.ndarray:
    """Return which DC lines have limits and both ends where something is dispatched; others keep their power."""
    network = grid.network
    limited = [np.abs(network.values("dcline", f"p_{name}_mw")) < NO_LIMIT_MW for name in ("min", "max")]
    taking_part = [np.isin(ends, grid.case.solved) for ends in network.terminals("dcline")]
    return np.asarray(np.logical_and.reduce([network.live("dcline"), *limited, *taking_part]))


def _given(grid: Grid, series: Series, steps: slice, lines: pd.DataFrame) -> np.ndarray:
    """Return what loads draw at 1 pu less what is put in and not dispatched, steps × buses [MW]."""
    network, one, place = grid.network, np.ones(len(grid.case.v_start)), lines["position"].to_numpy()
    put_in = (grid.case.generation - grid.machines_pu).real * network.base_mva
    np.add.at(put_in, lines["from"].to_numpy(), network.values("dcline", "p_from_mw")[place])
    np.add.at(put_in, lines["to"].to_numpy(), -network.values("dcline", "p_to_mw")[place])
    return np.asarray(series.load_scale[steps, None] * grid.case.demand(one).real * network.base_mva - put_in)


def _every_line(grid: Grid, lines: pd.DataFrame, power: np.ndarray, end: str) -> np.ndarray:
    """Return the power of all DC lines at an end, steps × lines [MW]: dispatched, or as the network prescribes it."""
    every = np.repeat(grid.network.values("dcline", f"p_{end}_mw")[None], len(power), axis=0)
    every[:, lines["position"]] = power
    return every


def _generators(grid: Grid, series: Series, fleet: pd.DataFrame, output: np.ndarray, stamps: list[str]) -> pd.DataFrame:
    """Return all machines, then the farms as further ones; ``marginal_cost`` is the cost of the next MWh."""
    network, base = grid.network, grid.network.base_mva
    own = grid.elements.generator.assign(p_nom=nominal_mw(network), **technologies(network))
    at = network.values("bus", "bus")[series.farm_rows]
    farms = pd.DataFrame({"gen_name": series.farm_titles(network), "bus": at, "status": 1, "carrier": "farm"})
    fixed = pd.concat([own, farms], ignore_index=True) if len(farms) else own
    fixed["gen"] = np.arange(1, len(fixed) + 1)
    live = np.r_[fleet["position"][fleet["position"] >= 0], np.arange(len(own), len(fixed))].astype(int)
    p, cost = np.zeros((len(stamps), len(fixed))), np.full((len(stamps), len(fixed)), np.nan)
    p[:, live] = output / base
    cost[:, live] = fleet["linear"].to_numpy() + 2 * fleet["square"].to_numpy() * output
    limits = {}
    for side, dispatched in (("min", "least"), ("max", "most")):
        limit = np.r_[network.values("generator", f"p_{side}_mw"), np.full(len(farms), np.nan)]
        every = np.repeat(limit[None], len(stamps), axis=0)
        every[:, live] = np.column_stack(list(fleet[dispatched]))
        limits[f"p_{side}_pu"] = on_nominal(every, fixed["p_nom"].to_numpy(dtype=float))
    return long(fixed, stamps, p=p, q=np.full(p.shape, np.nan), marginal_cost=cost, **limits)
