"""Many steps of a network: powers by bus, and results in the database's columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.engines.bus_case import BusCase, Links, bus_case, links_of
from core.engines.regulation import reactive_limits, regulating_machines
from core.findings import Finding, Severity, Where
from core.network import Network
from core.network.admittance import Windings, shunt_admittance, windings
from core.studies.load_flow.tables import shared_by_range
from core.studies.simulation.elements import Elements
from core.studies.simulation.series import Series

#: Machines of a bus that lacks less than this keep their stored powers [pu].
KEPT_PU = 1e-12


@dataclass(frozen=True, slots=True)
class Grid:
    """A network prepared once for all its steps."""

    network: Network
    case: BusCase
    links: Links
    two_ended: Links  # those that are not of three-winding transformers
    windings: Windings  # of three-winding transformers
    elements: Elements
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
        links = links_of(network)
        two_ended, of_three = links.where(links.table != "transformer3w"), windings(network)
        elements = Elements.of(network, case, two_ended, of_three)
        shunt = shunt_admittance(network)
        return cls(network, case, links, two_ended, of_three, elements, shunt, machines, holding)

    def at(self, series: Series, steps: slice) -> tuple[np.ndarray, np.ndarray]:
        """Return generation and the factor of the loads of some steps, steps × buses [pu]."""
        scale = series.generation_scale[steps, None] - 1
        generation = self.case.generation + scale * self.machines_pu
        farms = np.zeros((len(self.case.v_start), len(series.farm_names)))
        farms[series.farm_rows, np.arange(len(series.farm_names))] = 1 / self.network.base_mva
        return generation + series.farm_mw[steps] @ farms.T, series.load_scale[steps, None]


def farms_lost(grid: Grid, series: Series) -> list[Finding]:
    """Say which farms are at buses that take no part: out of service, or without a swing bus in their island."""
    alive = np.isin(series.farm_rows, grid.case.solved)
    numbers = grid.network.values("bus", "bus")[series.farm_rows]
    return [
        Finding(
            "simulation.farm_lost", Severity.WARNING,
            f"the farm {name} feeds nothing: its bus {bus:.0f} is isolated or its island has no swing bus",
            "connect the bus, or give the farm another one", Where(), f"{name}@{bus:.0f}",
        )
        for name, bus, on in zip(series.farm_names, numbers, alive, strict=True)
        if not on
    ]  # fmt: skip


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
    loading = [loaded.loading_pct(v, grid.network.base_mva) for loaded in (grid.two_ended, grid.windings)]
    buses = {"p": injected.real, "q": injected.imag, "v_mag": magnitude, "angle_deg": _degrees(v)}
    return {
        "bus": long(grid.elements.bus, stamps, **buses),
        "generator": _generators(grid, series.generation_scale[steps], missing, stamps),
        "load": load_rows(grid, scale, magnitude, stamps),
        "line": line_rows(grid, np.hstack(loading), stamps),
    }


def farm_table(network: Network, series: Series, steps: slice) -> pd.DataFrame:
    """Return the farms' powers as rows of ``wec_simulations``."""
    stamps = series.timestamps[steps]
    names = pd.DataFrame({"wec_farm_name": pd.Series(series.farm_titles(network), dtype=object)})
    return long(names, stamps, power_output_mw=series.farm_mw[steps])


def long(fixed: pd.DataFrame, stamps: list[str], **values: np.ndarray) -> pd.DataFrame:
    """Return fixed columns repeated each step, with the values (steps × rows) beside them.

    Time stamps and texts are categories: of a year's million rows each is there once.
    """
    times = pd.Categorical(stamps, stamps).take(np.repeat(np.arange(len(stamps)), len(fixed)))
    every = np.tile(np.arange(len(fixed)), len(stamps))
    repeated = {name: _chosen(fixed[name], every) for name in fixed}
    columns = {"timestamp": times, **repeated} | {name: value.ravel() for name, value in values.items()}
    return pd.DataFrame(columns, copy=False)


def _chosen(values: pd.Series, rows: np.ndarray) -> Any:
    return (pd.Categorical(values) if values.dtype == object else values.to_numpy()).take(rows)


def _degrees(v: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(v), np.nan, np.rad2deg(np.angle(v)))


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
    return long(grid.elements.generator, stamps, p=p, q=q)


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
    return long(grid.elements.load, stamps, p=powers[0], q=powers[1])


def line_rows(grid: Grid, loading_pct: np.ndarray, stamps: list[str]) -> pd.DataFrame:
    """Return the lines with the loading of two-ended links and of windings; those out of service have none."""
    loading = np.full((len(loading_pct), len(grid.elements.line)), np.nan)
    loading[:, grid.elements.place] = loading_pct
    return long(grid.elements.line, stamps, line_pct=loading)
