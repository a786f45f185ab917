"""The tables of outages: what became of voltages, loadings and load after each, and what matters most."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from core.engines.bus_case import Links, Outcome
from core.network import Network
from core.network.admittance import Windings
from core.studies.contingency.outages import BASE, Outage
from core.studies.contingency.solve import OutageSolver
from core.studies.contingency.watch import Watch
from core.studies.load_flow.tables import voltage_limits

#: A voltage outside its range by no more than this is at its limit [pu].
_RANGE_TOLERANCE_PU = 1e-9


def worst_cases(outages: pd.DataFrame, most: int = 10) -> pd.DataFrame:
    """Return the outages that matter most: unsolved ones, then by what they exceed, the worst of each kind first."""
    value = {name: outages[name].to_numpy(dtype=float) for name in ("v_min_pu", "v_max_pu", "loading_max_pct")}
    solved = outages["status"].isin([Outcome.CONVERGED, Outcome.ISLANDED]).to_numpy()
    own_low, own, own_high = (outages[f"own_v{part}_pu"].to_numpy(dtype=float) for part in ("_low", "", "_high"))
    excess = (
        outages["lost_load_mw"].to_numpy(dtype=float),
        100 * np.fmax(np.fmax(own_low - own, own - own_high), 0.0),
        100 * np.fmax(0.95 - value["v_min_pu"], 0.0),
        100 * np.fmax(value["v_max_pu"] - 1.05, 0.0),
        np.fmax(value["loading_max_pct"] - 100, 0.0),
    )
    severity = np.where(solved, 0.0, 1e6 + 1) + sum(np.nan_to_num(part) for part in excess)
    severity = severity.round(3)  # alike outages keep their order
    loading = np.nan_to_num(value["loading_max_pct"].round(3), nan=-1.0)
    order = np.lexsort((-loading, -severity))
    order = order[outages["outage"].to_numpy()[order] != BASE][:most]
    worst: pd.DataFrame = outages.iloc[order].assign(severity=severity[order])
    return worst


def summary(
    solver: OutageSolver, outages: list[Outage], names: tuple[np.ndarray, np.ndarray], watch: Watch
) -> dict[str, pd.DataFrame]:
    """Return one row an outage, and what watched voltages and interfaces do.

    ``names`` are of buses, and of links and then windings of three.
    """
    v, status = solver.solve(outages)
    buses, out, unsolved = names[0], _out(outages), ~np.isfinite(v).any(axis=1)
    magnitude = np.where(watch.buses, np.abs(v), np.nan)
    loading = _loadings(solver, v, out, watch)
    table = pd.DataFrame(
        {
            "outage": [outage.name for outage in outages],
            "status": status,
            **_extremes(magnitude, loading, names),
            "lost_load_mw": _lost_mw(solver, v),
            **_by_own_limits(magnitude, solver.network, outages, buses),
        }
    )
    tables = {"outages": table}
    if watch.has_ranges:
        outside = _outside(magnitude, np.abs(solver.base.v), watch)
        counts = np.bincount(outside["outage"], minlength=len(table))
        table["outside_range"] = np.where(unsolved, np.nan, counts)
        name = table["outage"].to_numpy()[outside["outage"]]
        tables["outside_range"] = outside.assign(outage=name, bus=buses[outside["bus"]])
    if watch.interfaces:
        flows = _interface_mw(solver, v, out, watch)
        flows[unsolved] = np.nan
        tables["interfaces"] = _interfaces(table["outage"], flows, watch)
        worst = tables["interfaces"]["loading_pct"].to_numpy().reshape(flows.shape)
        most = _extreme(worst, np.nanargmax)
        table["interface_max_pct"] = most[1]
        table["interface_max"] = _named(np.array([each.name for each in watch.interfaces], dtype=object), most[0])
    return tables


def _loadings(solver: OutageSolver, v: np.ndarray, out: tuple[np.ndarray, np.ndarray], watch: Watch) -> np.ndarray:
    """Return the loadings of links, then of windings of three, by outage [%]; missing where out or not watched."""
    links, of_three, base_mva = solver.links, solver.windings, solver.network.base_mva
    of_links, of_windings = links.loading_pct(v, base_mva), of_three.loading_pct(v, base_mva)
    of_links[out] = np.nan
    of_links[:, ~watch.links] = np.nan
    star = links.table == "transformer3w"
    outage, link = (part[star[out[1]]] for part in out)
    which, winding = np.nonzero(links.row[link][:, None] == of_three.rows)
    of_windings[outage[which], winding] = np.nan
    of_windings[:, ~_ends_of(links.where(star & watch.links), of_three)] = np.nan
    return np.hstack([of_links, of_windings])


def _ends_of(links: Links, of_three: Windings) -> np.ndarray:
    """Return which windings are an end of some links of their transformers."""
    ends = {*zip(links.row, links.from_, strict=True), *zip(links.row, links.to, strict=True)}
    return np.array([end in ends for end in zip(of_three.rows, of_three.at, strict=True)], dtype=bool)


def _extremes(
    magnitude: np.ndarray, loading: np.ndarray, names: tuple[np.ndarray, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the columns of the lowest and highest voltage and of the highest loading, each with its place."""
    buses, loaded = names
    low, high, most = (
        _extreme(values, pick)
        for values, pick in ((magnitude, np.nanargmin), (magnitude, np.nanargmax), (loading, np.nanargmax))
    )
    return {
        "v_min_pu": low[1],
        "v_min_bus": _named(buses, low[0]),
        "v_max_pu": high[1],
        "v_max_bus": _named(buses, high[0]),
        "loading_max_pct": most[1],
        "loading_max_branch": _named(loaded, most[0]),
    }


def _out(outages: list[Outage]) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the links that are out: numbers of outages and of links."""
    rows = np.repeat(np.arange(len(outages)), [len(outage.links) for outage in outages])
    return rows, np.array([link for outage in outages for link in outage.links], dtype=np.int64)


def _lost_mw(solver: OutageSolver, v: np.ndarray) -> np.ndarray:
    """Return the load that has no voltage after each outage, missing where nothing is solved."""
    case, dead = solver.case, ~np.isfinite(v)
    alive = np.isin(np.arange(v.shape[1]), [*case.solved, *case.cut_off])
    demand = case.demand(np.ones(v.shape[1])).real * alive
    return np.where(dead.all(axis=1), np.nan, dead @ demand * solver.network.base_mva)


def _interface_mw(solver: OutageSolver, v: np.ndarray, out: tuple[np.ndarray, np.ndarray], watch: Watch) -> np.ndarray:
    """Return the flows over the interfaces [MW], outages × interfaces; what is out or dead carries nothing."""
    ends = [np.nan_to_num(power.real) * solver.network.base_mva for power in solver.links.powers(v)]
    for flow in ends:
        flow[out] = 0.0
    return np.stack([each.flow(*ends) for each in watch.interfaces], axis=1)


def _interfaces(outage: pd.Series, flows: np.ndarray, watch: Watch) -> pd.DataFrame:
    """Return a row for every outage and interface."""
    ratings = np.array([each.rating_mw for each in watch.interfaces])
    size = len(watch.interfaces)
    loading = np.abs(flows) / np.where(ratings > 0, ratings, np.nan) * 100
    return pd.DataFrame(
        {
            "outage": np.repeat(outage.to_numpy(), size),
            "interface": np.tile([each.name for each in watch.interfaces], len(outage)),
            "p_mw": flows.ravel(),
            "rating_mw": np.tile(ratings, len(outage)),
            "loading_pct": loading.ravel(),
        }
    )


def _by_own_limits(
    magnitude: np.ndarray, network: Network, outages: list[Outage], buses: np.ndarray
) -> dict[str, np.ndarray]:
    """Return each outage's voltage that is worst against its bus's own limits, these limits, and how many exceed them.

    The network's emergency limits hold after an outage, the normal ones without and where there are no others.
    """
    normal, emergency = voltage_limits(network), voltage_limits(network, "_emergency")
    after = [np.where(np.isnan(emergency[0]), *pair) for pair in zip(normal, emergency, strict=True)]
    is_base = np.array([outage.name == BASE for outage in outages])[:, None]
    low, high = (np.where(is_base, *pair) for pair in zip(normal, after, strict=True))
    margin = np.fmin(magnitude - low, high - magnitude)
    column, least = _extreme(margin, np.nanargmin)
    worst, known = (np.arange(len(margin)), column), np.isfinite(least)
    return {
        "own_v_pu": np.where(known, magnitude[worst], np.nan),
        "own_v_bus": _named(buses, column),
        "own_v_low_pu": np.where(known, low[worst], np.nan),
        "own_v_high_pu": np.where(known, high[worst], np.nan),
        "outside_own_limits": np.where(known, (margin < -_RANGE_TOLERANCE_PU).sum(axis=1), np.nan),
    }


def _outside(magnitude: np.ndarray, base: np.ndarray, watch: Watch) -> pd.DataFrame:
    """Return the voltages outside their ranges: rows of the outage and the bus, what was asked, and by how much."""
    change = magnitude - base
    found = []
    for quantity, value, limit, side in (
        ("v_pu", magnitude, watch.v_low, -1),
        ("v_pu", magnitude, watch.v_high, 1),
        ("change_pu", change, -watch.drop, -1),
        ("change_pu", change, watch.rise, 1),
    ):
        with np.errstate(invalid="ignore"):
            outage, bus = np.nonzero(side * (value - limit) > _RANGE_TOLERANCE_PU)
        found.append(
            pd.DataFrame(
                {"outage": outage, "bus": bus, "quantity": quantity, "value": value[outage, bus], "limit": limit[bus]}
            )
        )
    return pd.concat(found, ignore_index=True).sort_values(["outage", "bus"], kind="stable", ignore_index=True)


def _extreme(values: np.ndarray, pick: Callable[..., np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the column and the value of each row's extreme; -1 and missing where the row has no number."""
    column, extreme = np.full(len(values), -1), np.full(len(values), np.nan)
    some = np.flatnonzero(np.isfinite(values).any(axis=1))
    if len(some):
        column[some] = pick(values[some], axis=1)
        extreme[some] = values[some, column[some]]
    return column, extreme


def _named(names: np.ndarray, column: np.ndarray) -> np.ndarray:
    return np.asarray(np.append(names, "")[column], dtype=object)
