"""How stiff the plant's buses are: the reactance matrix seen from them, machines behind their X''d."""

from __future__ import annotations

import contextlib

import numpy as np
import pandas as pd

from core.network import admittance_matrix
from core.plant import INVERTER, Plant, plant_network


def reactance_matrix(plant: Plant) -> pd.DataFrame:
    """Return the reactance between buses [pu on the plant's base], by plant bus id; without loads and shunts.

    An injection of ΔQ [pu] at bus i raises the voltage of bus j by about X_ji·ΔQ near nominal voltage, and 1/X_ii is
    the bus's short-circuit strength. Inverters do not hold the voltage and are left out.
    """
    network, _ = plant_network(plant)
    network = network.with_tables(shunt=network["shunt"].iloc[0:0], load=network["load"].iloc[0:0])
    ids = network["bus"]["id"].tolist()
    y = np.asarray(admittance_matrix(network).todense()).astype(complex)
    machines = network["generator"]
    machines = machines[~machines["id"].isin(plant["unit"][plant["unit"]["type"].isin(INVERTER)]["id"])]
    admittance = machines["mva_base"] / network.base_mva / (1j * machines["x_source_pu"])
    np.add.at(y, (positions := network.positions(machines["bus"]), positions), admittance.to_numpy(dtype=complex))
    live = np.flatnonzero(np.abs(y).sum(axis=1) > 0)
    x = np.full(y.shape, np.nan)
    with contextlib.suppress(np.linalg.LinAlgError):  # a plant without a machine has no strength to speak of
        x[np.ix_(live, live)] = np.linalg.inv(y[np.ix_(live, live)]).imag
    return pd.DataFrame(x, index=ids, columns=ids)


def own_reactance(x: pd.DataFrame, bus: str) -> float:
    """Return X_ii [pu] of a bus."""
    return float(x[bus][bus])


def reactive_support(x: pd.DataFrame, shortfall_pu: pd.Series, base_mva: float) -> dict[str, float]:
    """Return the least reactive power [Mvar] by bus that lifts every bus by its shortfall: min Σq, X·q ≥ ΔV, q ≥ 0.

    Parameters
    ----------
    x
        Reactance matrix [pu].
    shortfall_pu
        By bus, how much the voltage must rise; negative means that it must fall.
    base_mva
        The base that ``x`` refers to.
    """
    from scipy.optimize import linprog

    rise = shortfall_pu[shortfall_pu.index.isin(x.index[np.isfinite(np.diag(x))])]
    if rise.empty:
        return {}
    sign = 1.0 if rise.sum() >= 0 else -1.0
    matrix = x.loc[rise.index, rise.index].to_numpy()
    found = linprog(np.ones(len(rise)), -matrix, -sign * rise.to_numpy())
    if not found.success:  # no bank lifts what has no strength to speak of
        return {}
    needed = pd.Series(sign * found.x * base_mva, rise.index)
    return {str(bus): float(mvar) for bus, mvar in needed[needed.abs() > 1e-6].items()}
