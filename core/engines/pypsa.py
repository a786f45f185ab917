"""PyPSA: non-linear load flows of many steps in one network.

The network is handed over in per unit (buses of 1 kV, powers on the system base): every link is a transformer in π form
with its tap and shift, what a symmetric π can't hold and all shunts are impedances to ground.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from core.engines.bus_case import BusCase, Links, as_pi
from core.errors import EngineError

TOLERANCE_PU = 1e-9
#: Rounds in which loads that depend on voltage find their power.
MOST_ROUNDS = 30


def is_available() -> bool:
    """Return whether the engine is installed."""
    return find_spec("pypsa") is not None


def steps(case: BusCase, links: Links, shunt: np.ndarray, generation: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the voltages of many steps, steps × buses [pu]; rows that didn't converge are missing.

    Parameters
    ----------
    case, links, shunt
        The network; ``shunt`` is the admittance to ground by bus [pu].
    generation
        Each step's power of the machines by bus [pu], steps × buses.
    scale
        Each step's factor of the loads, steps × 1.
    """
    answer = np.full(generation.shape, np.nan + 0j)
    if not case.solvable():
        return answer
    n = to_pypsa(case, links, shunt, len(generation))
    magnitude = np.abs(case.v_start)
    for _ in range(MOST_ROUNDS):
        _set_powers(n, case, generation - scale * case.demand(magnitude))
        answer[:, case.solved] = _solved(n, case, np.where(np.isfinite(answer), answer, case.v_start))
        found = np.nan_to_num(np.abs(answer), nan=1.0)
        settled = np.abs(case.demand(found) - case.demand(magnitude)).max() < TOLERANCE_PU
        magnitude = found
        if settled:
            return answer
    raise EngineError("loads that depend on voltage don't settle in PyPSA", hint="use --software newton")


def to_pypsa(case: BusCase, links: Links, shunt: np.ndarray, count: int) -> Any:
    """Return the PyPSA network of the buses that take part, named by their rows, with ``count`` snapshots."""
    import pypsa

    logging.getLogger("pypsa").setLevel(logging.ERROR)
    n = pypsa.Network()
    n.set_snapshots(range(count))
    rows = case.solved
    inside = np.isin(links.from_, rows) & np.isin(links.to, rows)
    pi = as_pi(links)
    ground = shunt.copy()
    np.add.at(ground, links.from_[inside], pi.left_from[inside])
    np.add.at(ground, links.to[inside], pi.left_to[inside])
    n.add("Bus", _names(rows), v_nom=1.0, v_mag_pu_set=case.v_set[rows])
    n.add(
        "Transformer", np.flatnonzero(inside).astype(str), bus0=_names(links.from_[inside]),
        bus1=_names(links.to[inside]), model="pi", s_nom=1.0, r=pi.z[inside].real, x=pi.z[inside].imag,
        b=pi.b[inside], tap_ratio=pi.ratio[inside], phase_shift=np.rad2deg(pi.shift_rad[inside]),
    )  # fmt: skip
    n.add("ShuntImpedance", _names(rows), bus=_names(rows), g=ground[rows].real, b=ground[rows].imag)
    control = np.full(len(case.v_set), "PQ", dtype=object)
    control[case.pv], control[case.slack] = "PV", "Slack"
    n.add("Generator", _names(rows), bus=_names(rows), control=control[rows])
    n.determine_network_topology()
    parts = n.buses["sub_network"].loc[_names(case.slack)]
    if parts.duplicated().any():
        raise EngineError("PyPSA wants one swing bus in each connected part", hint="use --software newton")
    return n


def _names(rows: np.ndarray) -> pd.Index:
    return pd.Index(rows.astype(str))


def _set_powers(n: Any, case: BusCase, injected: np.ndarray) -> None:
    """Give each bus what is put into it, step by step [pu]."""
    for name, power in (("p_set", injected.real), ("q_set", injected.imag)):
        n.generators_t[name] = pd.DataFrame(power[:, case.solved], index=n.snapshots, columns=n.generators.index)


def _solved(n: Any, case: BusCase, start: np.ndarray) -> np.ndarray:
    """Return the voltages of the buses that take part; a step counts only with all parts converged."""
    swing = pd.Series(np.angle(case.v_start[case.slack]), index=n.buses["sub_network"].loc[_names(case.slack)])
    turn = swing.loc[n.buses["sub_network"]].to_numpy()  # PyPSA's swing buses have the angle 0
    own = start[:, case.solved]
    for name, seed in (("v_mag_pu", np.abs(own)), ("v_ang", np.angle(own) - turn)):
        n.buses_t[name] = pd.DataFrame(seed, index=n.snapshots, columns=n.buses.index)
    try:
        with np.errstate(all="ignore"):
            report = n.pf(x_tol=TOLERANCE_PU, use_seed=True)
    except (ValueError, KeyError, np.linalg.LinAlgError) as error:
        raise EngineError(f"PyPSA can't run this network: {error}") from error
    v = n.buses_t["v_mag_pu"].to_numpy() * np.exp(1j * (n.buses_t["v_ang"].to_numpy() + turn))
    return np.where(report["converged"].to_numpy().all(axis=1)[:, None], v, np.nan)
