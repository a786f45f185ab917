"""Many steps of a network: powers by bus, and results in the database's columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.engines.bus_case import BusCase, Links, bus_case, links_of
from core.engines.regulation import reactive_limits, regulating_machines
from core.network import Network
from core.network.admittance import shunt_admittance
from core.studies.load_flow.tables import shared_by_range
from core.studies.simulation.series import Series

TYPES = {"slack": "Slack", "pv": "PV", "pq": "PQ"}
#: Tables whose rows are lines of the results, in the order of their numbers; the star has three windings' pairs.
LINES = ("branch", "switch", "transformer", "transformer3w")
PAIRS = ((0, 1), (1, 2), (2, 0))
#: Machines of a bus that lacks less than this keep their stored powers [pu].
KEPT_PU = 1e-12


@dataclass(frozen=True, slots=True)
class Grid:
    """A network prepared once for all its steps."""

    network: Network
    case: BusCase
    links: Links
    shunt: np.ndarray
    machines_pu: np.ndarray  # what machines put into each bus, without the reactive power that a held voltage asks for
    holding: np.ndarray  # which machines hold a voltage

    @classmethod
    def of(cls, network: Network, *, limits: bool = False) -> Grid:
        """Prepare a network; with ``limits`` machines give no more reactive power than they have."""
        case, at = bus_case(network, limits=limits), network.terminals("generator")[0]
        holding = regulating_machines(network) & np.isin(at, np.r_[case.slack, case.pv])
        power = network.values("generator", "p_mw") + 1j * ~holding * network.values("generator", "q_mvar")
        on, machines = network.live("generator"), np.zeros(len(network["bus"]), dtype=complex)
        np.add.at(machines, at[on], power[on] / network.base_mva)
        return cls(network, case, links_of(network), shunt_admittance(network), machines, holding)

    def at(self, series: Series, steps: slice) -> tuple[np.ndarray, np.ndarray]:
        """Return generation and the factor of the loads of some steps, steps × buses [pu]."""
        scale = series.generation_scale[steps, None] - 1
        generation = self.case.generation + scale * self.machines_pu
        farms = np.zeros((len(self.case.v_start), len(series.farm_names)))
        farms[series.farm_rows, np.arange(len(series.farm_names))] = 1 / self.network.base_mva
        return generation + series.farm_mw[steps] @ farms.T, series.load_scale[steps, None]


def tables(
    grid: Grid, series: Series, steps: slice, v: np.ndarray, powers: tuple[np.ndarray, np.ndarray]
) -> dict[str, pd.DataFrame]:
    """Return the results of the steps by component, long in time."""
    stamps = series.timestamps[steps]
    generation, scale = powers
    drawn = np.asarray((grid.case.admittance @ np.nan_to_num(v).T).T)
    injected = v * np.conj(drawn)  # generation less demand
    magnitude = np.abs(v)
    missing = injected + scale * grid.case.demand(magnitude) - generation
    return {
        "bus": long(bus_rows(grid), stamps, p=injected.real, q=injected.imag, v_mag=magnitude, angle_deg=_degrees(v)),
        "generator": _generators(grid, series.generation_scale[steps], missing, stamps),
        "load": load_rows(grid, scale, magnitude, stamps),
        "line": line_rows(grid, grid.links.loading_pct(v, grid.network.base_mva), stamps),
    }


def farm_table(series: Series, steps: slice) -> pd.DataFrame:
    """Return the farms' powers as rows of ``wec_simulations``."""
    stamps = series.timestamps[steps]
    names = pd.DataFrame({"wec_farm_name": pd.Series(series.farm_names, dtype=object)})
    return long(names, stamps, power_output_mw=series.farm_mw[steps])


def long(fixed: pd.DataFrame, stamps: list[str], **values: np.ndarray) -> pd.DataFrame:
    """Return fixed columns repeated each step, with the values (steps × rows) beside them."""
    repeated = {name: np.tile(fixed[name].to_numpy(), len(stamps)) for name in fixed}
    return pd.DataFrame(
        {"timestamp": np.repeat(np.array(stamps, dtype=object), len(fixed)), **repeated}
        | {name: value.ravel() for name, value in values.items()}
    )


def _degrees(v: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(v), np.nan, np.rad2deg(np.angle(v)))


def bus_rows(grid: Grid) -> pd.DataFrame:
    """Return the buses' numbers, names, kinds and nominal voltages."""
    network = grid.network
    number, base_kv = network.values("bus", "bus"), network.values("bus", "base_kv")
    kind = np.full(len(number), "Isolated", dtype=object)
    for name, title in TYPES.items():
        kind[getattr(grid.case, name)] = title
    given = pd.Series(network.values("bus", "name"), dtype=object).str.strip()
    return pd.DataFrame(
        {
            "bus": number,
            "bus_name": given.where(given != "", "Bus_" + pd.Series(number).astype(str)),
            "type": kind,
            "vbase": np.where(base_kv > 0, base_kv, np.nan),
        }
    )


def named(network: Network, table: str, key: str, title: str) -> pd.DataFrame:
    """Return number, name, bus and status of a table's elements."""
    frame = network[table].reset_index(drop=True)
    bus = frame["bus"].astype(str)
    return pd.DataFrame(
        {
            key: np.arange(1, len(frame) + 1),
            f"{key}_name": f"{title}_" + bus + "_" + frame["ckt"].astype(str).str.strip(),
            "bus": network.values(table, "bus"),
            "status": network.live(table).astype(int),
        }
    )


def _generators(grid: Grid, scale: np.ndarray, missing: np.ndarray, stamps: list[str]) -> pd.DataFrame:
    """Return the machines; what the solution asks of a bus beyond the given powers is shared by rating and range."""
    network, case, holds = grid.network, grid.case, grid.holding
    on, at = network.live("generator"), network.terminals("generator")[0]
    base, mbase = network.base_mva, network.values("generator", "mva_base")
    weight = np.where(on, np.where(mbase > 0, mbase, 1.0), 0.0)
    at = np.maximum(at, 0)  # machines at missing buses are off
    total = np.bincount(at, weight, minlength=missing.shape[1])[at]
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    p = scale[:, None] * network.values("generator", "p_mw") / base
    p += missing.real[:, at] * share * np.isin(at, case.slack)
    given = network.values("generator", "q_mvar") / base
    q = np.where(holds, 1.0, scale[:, None]) * given
    asked = missing.imag + np.bincount(at[holds], given[holds], minlength=missing.shape[1])
    limits = reactive_limits(network)
    shared = shared_by_range(asked * base, at[holds], (limits[0][holds], limits[1][holds]), weight[holds]) / base
    q[:, holds] = np.where(np.abs(missing.imag[:, at[holds]]) < KEPT_PU, q[:, holds], shared)
    unsolved = np.isnan(missing[:, at])
    p, q = (np.where(unsolved, np.nan, value) * 1.0 for value in (p, q))
    p[:, ~on], q[:, ~on] = 0.0, 0.0
    fixed = named(network, "generator", "gen", "Gen").assign(mbase=mbase)
    return long(fixed, stamps, p=p, q=q)


def load_rows(grid: Grid, scale: np.ndarray, magnitude: np.ndarray, stamps: list[str]) -> pd.DataFrame:
    """Return what the loads draw at the voltage magnitudes."""
    network = grid.network
    on, v = network.live("load"), magnitude[:, network.terminals("load")[0]]
    value = {name: network.values("load", name) for name in network["load"].columns}
    generates = np.where(value["dg_in_service"].astype(bool), 1.0, 0.0)
    powers = []
    for unit, part in (("mw", "p"), ("mvar", "q")):
        constant = value[f"{part}_{unit}"] - generates * value[f"dg_{part}_{unit}"]
        drawn = constant + value[f"i{part}_{unit}"] * v + value[f"y{part}_{unit}"] * v**2
        powers.append(np.where(on, scale * np.where(np.isnan(v), np.nan, drawn) / network.base_mva, 0.0))
    return long(named(network, "load", "load", "Load"), stamps, p=powers[0], q=powers[1])


def line_rows(grid: Grid, loading_pct: np.ndarray, stamps: list[str]) -> pd.DataFrame:
    """Return lines, switches and transformers; those out of service have status 0 and no loading."""
    network, links = grid.network, grid.links
    parts: list[pd.DataFrame] = []
    first: dict[str, int] = {}
    for table in LINES:
        first[table] = sum(len(part) for part in parts)
        parts.append(_line_rows(network, table))
    fixed = pd.concat(parts, ignore_index=True)
    number = np.array([first[str(table)] for table in links.table], dtype=int) + links.row
    star = links.table == "transformer3w"
    if star.any():
        number[star] = first["transformer3w"] + 3 * links.row[star] + _pair(network, links, star)
    loading = np.full((len(loading_pct), len(fixed)), np.nan)
    loading[:, number] = loading_pct
    status = np.zeros(len(fixed), dtype=int)
    status[number] = 1
    return long(fixed.assign(line=np.arange(1, len(fixed) + 1), status=status), stamps, line_pct=loading)


def _line_rows(network: Network, table: str) -> pd.DataFrame:
    """Return names and ends of a table's links: one a row, three a three-winding transformer."""
    frame = network[table]
    ends = ("bus_1", "bus_2", "bus_3") if table == "transformer3w" else ("from_bus", "to_bus")
    numbers = np.column_stack([network.values(table, end) for end in ends])
    pairs = PAIRS if table == "transformer3w" else ((0, 1),)
    i, j = (numbers[:, [pair[end] for pair in pairs]].ravel() for end in (0, 1))
    title = "Line" if table == "branch" else "Switch" if table == "switch" else "Transformer"
    ckt = frame["ckt"].astype(str).str.strip().repeat(len(pairs)).reset_index(drop=True)
    names = f"{title}_" + pd.Series(i).astype(str) + "_" + pd.Series(j).astype(str) + "_" + ckt
    return pd.DataFrame({"line_name": names.astype(object), "ibus": i, "jbus": j})


def _pair(network: Network, links: Links, chosen: np.ndarray) -> np.ndarray:
    """Return which pair of windings each link of a three-winding transformer joins."""
    ends = np.column_stack(network.terminals("transformer3w"))[links.row[chosen]]
    joins = [(ends[:, i] == links.from_[chosen]) & (ends[:, j] == links.to[chosen]) for i, j in PAIRS]
    return np.asarray(np.argmax(joins, axis=0))
