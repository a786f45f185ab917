"""Result tables of one solved load flow: buses, branches, generators, and the case as a whole."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.engines.bus_case import BusCase, Links, LoadFlow, bus_case, links_of
from core.engines.regulation import reactive_limits, regulating_machines
from core.network import Network, element_names, islands
from core.network.admittance import Windings, windings

#: What stands for no reactive limit [Mvar].
UNLIMITED_MVAR = 9999.0


def case_tables(network: Network, flow: LoadFlow, scenario: str = "") -> dict[str, pd.DataFrame]:
    """Return ``buses``, ``branches``, ``generators`` and ``cases`` (one row) of a load flow.

    Angles are relative to the swing bus of each island. Lines are loaded by current, transformers by power. The
    loading at a bus is that of its most loaded line or transformer; machines have limits of their own. Windings of
    three are branches from their bus to the star point, which has no name.
    """
    case, links, v = bus_case(network), links_of(network), flow.v
    names = bus_names(network)
    branches = _branches(network, links.where(links.table != "transformer3w"), v, names)
    generators = _generators(network, case, v, names)
    buses = _buses(network, case, v, names)
    loading = pd.concat([branches.set_index(end)["loading_pct"] for end in ("from_bus", "to_bus")])
    worst = loading.groupby(level=0).max()
    tables = {
        "buses": buses.assign(loading_pct=buses["bus"].map(worst)),
        "branches": branches,
        "generators": generators,
        "cases": _case(network, case, flow, (buses, branches, generators)),
    }
    return {name: table.assign(scenario=scenario) for name, table in tables.items()}


def bus_names(network: Network) -> np.ndarray:
    """Return what results call the buses: the plant's ids, else the bus numbers."""
    bus = network["bus"]
    return np.asarray(bus["id"] if "id" in bus else bus["bus"].astype(str), dtype=object)


def voltage_limits(network: Network, suffix: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest voltage that the network states for each bus [pu], missing where it is no range.

    With the suffix ``_emergency`` those that hold after an outage.
    """
    low, high = (network.values("bus", f"{side}{suffix}_pu") for side in ("v_min", "v_max"))
    meant = (low >= 0) & (high > low)
    return np.where(meant, low, np.nan), np.where(meant, high, np.nan)


def link_names(network: Network, links: Links) -> np.ndarray:
    """Return what results call the links: the plant's ids, else table, buses and circuit."""
    names = np.empty(len(links.row), dtype=object)
    for table in dict.fromkeys(links.table):
        chosen = links.table == table
        rows = links.row[chosen]
        names[chosen] = row_names(network, str(table), rows)
    return names


def winding_names(network: Network, each: Windings) -> np.ndarray:
    """Return what results call the windings: the transformer's name and the winding's number."""
    return np.asarray(each.names(row_names(network, "transformer3w", each.rows)), dtype=object)


def row_names(network: Network, table: str, rows: np.ndarray) -> np.ndarray:
    """Return what results call the rows of a table: the plant's ids, else table, buses and circuit."""
    frame = network[table]
    names = frame["id"].iloc[rows] if "id" in frame else element_names(network, table, rows)
    return np.asarray(names, dtype=object)


def _buses(network: Network, case: BusCase, v: np.ndarray, names: np.ndarray) -> pd.DataFrame:
    power = v * np.conj(case.admittance @ np.nan_to_num(v)) * network.base_mva
    base_kv = network.values("bus", "base_kv")
    return pd.DataFrame(
        {
            "bus": names,
            "name": network.values("bus", "name"),
            "base_kv": base_kv,
            "v_pu": np.abs(v),
            "v_kv": np.where(base_kv > 0, np.abs(v) * base_kv, np.nan),
            "angle_deg": relative_angles(network, case, v),
            "p_mw": power.real,
            "q_mvar": power.imag,
        }
    )


def relative_angles(network: Network, case: BusCase, v: np.ndarray) -> np.ndarray:
    """Return the angles relative to the swing bus of each island, within ±180 degrees."""
    angle, label = np.rad2deg(np.angle(v)), islands(network)
    angle[~np.isfinite(v)] = np.nan
    reference = np.zeros(len(angle))
    for row in case.slack[::-1]:  # of several swing buses the first counts
        reference[label == label[row]] = angle[row]
    return np.asarray((angle - reference + 180) % 360 - 180)


def _branches(network: Network, links: Links, v: np.ndarray, names: np.ndarray) -> pd.DataFrame:
    """Return the lines, switches and transformers, then the windings of three as branches to their star points."""
    of_three = windings(network)
    at = np.concatenate([links.from_, of_three.at])
    at_from, at_to = (
        np.concatenate(powers) * network.base_mva for powers in zip(links.powers(v), of_three.powers(v), strict=True)
    )
    rate = np.concatenate([links.rate_mva, of_three.rate_mva])
    base_kv = network.values("bus", "base_kv")[at]
    with np.errstate(divide="ignore", invalid="ignore"):
        amperes = np.abs(at_from) / (np.sqrt(3) * np.abs(v[at]) * base_kv) * 1000
    return pd.DataFrame(
        {
            "branch": np.concatenate([link_names(network, links), winding_names(network, of_three)]),
            "from_bus": names[at],
            "to_bus": np.concatenate([names[links.to], np.full(len(of_three.at), "", dtype=object)]),
            "p_mw": at_from.real,
            "q_mvar": at_from.imag,
            "p_to_mw": at_to.real,
            "q_to_mvar": at_to.imag,
            "loss_mw": at_from.real + at_to.real,
            "i_a": np.where(base_kv > 0, amperes, np.nan),
            "rate_mva": np.where(rate > 0, rate, np.nan),
            "loading_pct": np.concatenate([loaded.loading_pct(v, network.base_mva) for loaded in (links, of_three)]),
        }
    )


def _generators(network: Network, case: BusCase, v: np.ndarray, names: np.ndarray) -> pd.DataFrame:
    """Return machines with the power that the solution asks of them, and whether it is within their limits.

    At swing buses the active power is shared by rating; reactive power where a voltage is held by range.
    """
    rows = np.flatnonzero(network.live("generator"))
    value = {c: network.values("generator", c)[rows] for c in ("p_mw", "q_mvar", "mva_base", "p_min_mw", "p_max_mw")}
    q_min, q_max = (limit[rows] for limit in reactive_limits(network))
    at = network.terminals("generator")[0][rows]
    injected = v * np.conj(case.admittance @ np.nan_to_num(v)) + case.demand(np.abs(v))
    missing = (injected - case.generation) * network.base_mva
    weight = np.where(value["mva_base"] > 0, value["mva_base"], 1.0)
    share = weight / np.bincount(at, weight, minlength=len(v))[at] if len(rows) else weight
    p = value["p_mw"] + np.where(np.isin(at, case.slack), missing.real[at] * share, 0.0)
    holds = regulating_machines(network)[rows] & np.isin(at, np.r_[case.slack, case.pv])
    q = value["q_mvar"].copy()
    total = missing.imag + np.bincount(at[holds], q[holds], minlength=len(v))
    q[holds] = shared_by_range(total, at[holds], (q_min[holds], q_max[holds]), weight[holds])
    solved = np.isfinite(v[at])
    p, q = np.where(solved, p, np.nan), np.where(solved, q, np.nan)
    inside = (
        (p <= value["p_max_mw"] + 1e-6) & (p >= value["p_min_mw"] - 1e-6) & (q <= q_max + 1e-6) & (q >= q_min - 1e-6)
    )
    return pd.DataFrame(
        {
            "generator": row_names(network, "generator", rows),
            "bus": names[at],
            "p_mw": p,
            "p_min_mw": value["p_min_mw"],
            "p_max_mw": value["p_max_mw"],
            "q_mvar": q,
            "q_min_mvar": q_min,
            "q_max_mvar": q_max,
            "loading_pct": 100 * np.hypot(p, q) / np.where(value["mva_base"] > 0, value["mva_base"], np.nan),
            "within_limits": pd.Series(inside).where(pd.Series(solved)),
        }
    )


def shared_by_range(
    total: np.ndarray, at: np.ndarray, limits: tuple[np.ndarray, np.ndarray], weight: np.ndarray
) -> np.ndarray:
    """Return each machine's part of the reactive power of its bus [Mvar]: the same fraction of every machine's range.

    ``total`` is by bus, or steps × buses.

    Where a machine of the bus has no known range (±9999 in PSS/E), the parts are by rating.
    """
    (low, high), buses = limits, total.shape[-1]
    known = (low > -UNLIMITED_MVAR) & (high < UNLIMITED_MVAR)
    sums = [np.bincount(at, np.where(known, part, 0.0), minlength=buses)[at] for part in (low, high - low)]
    ranged = (np.bincount(at, ~known, minlength=buses)[at] == 0) & (sums[1] > 0)
    fraction = (total[..., at] - sums[0]) / np.where(ranged, sums[1], 1.0)
    by_rating = total[..., at] * weight / np.bincount(at, weight, minlength=buses)[at]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(ranged, low + fraction * (high - low), by_rating))


def _case(
    network: Network, case: BusCase, flow: LoadFlow, tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
) -> pd.DataFrame:
    buses, branches, generators = tables
    lost = case.demand(np.ones(len(case.v_start))).real[case.cut_off].sum() * network.base_mva
    solved = np.isfinite(flow.v).any()
    return pd.DataFrame(
        {
            "status": [str(flow.outcome)],
            "iterations": flow.iterations,
            "mismatch_pu": flow.mismatch_pu,
            "slack": ", ".join(str(name) for name in buses["bus"].iloc[case.slack]),
            "generation_mw": generators["p_mw"].sum() if solved else np.nan,
            "generation_mvar": generators["q_mvar"].sum() if solved else np.nan,
            "loss_mw": branches["loss_mw"].sum() if solved else np.nan,
            "v_min_pu": buses["v_pu"].min(),
            "v_max_pu": buses["v_pu"].max(),
            "loading_max_pct": branches["loading_pct"].max(),
            "lost_load_mw": float(lost),
            "machines_outside_limits": int((generators["within_limits"] == False).sum()),  # noqa: E712 - None is unknown
        }
    )
