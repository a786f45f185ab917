"""PyPSA against a closed form and Newton, where its own elements have no counterpart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.engines import newton, pypsa
from core.engines.bus_case import bus_case, links_of
from core.errors import EngineError
from core.network import Network
from core.network.admittance import shunt_admittance


def steps(network: Network, scale: list[float]) -> np.ndarray:
    case = bus_case(network)
    generation = np.tile(case.generation, (len(scale), 1))
    return pypsa.steps(case, links_of(network), shunt_admittance(network), generation, np.array(scale)[:, None])


def network(kinds: list[str], **load: list[float]) -> Network:
    """Return three buses in a row: a line with charging, then a transformer with tap and shift."""
    return Network(
        tables={
            "bus": pd.DataFrame({"bus": [1, 2, 3], "base_kv": 110.0, "kind": kinds, "angle_deg": [10.0, 0.0, 0.0]}),
            "generator": pd.DataFrame({"bus": [1, 3], "v_set_pu": 1.02, "in_service": [True, kinds[2] != "PQ"]}),
            "load": pd.DataFrame({"bus": [2, 3], **load}),
            "shunt": pd.DataFrame({"bus": [3], "b_mvar": [10.0]}),
            "branch": pd.DataFrame(
                {"from_bus": [1], "to_bus": [2], "r_pu": 0.01, "x_pu": 0.1, "b_from_pu": 0.02, "b_to_pu": 0.03}
            ),
            "transformer": pd.DataFrame(
                {"from_bus": [2], "to_bus": [3], "x_pu": 0.08, "tap_from_pu": 0.97, "shift_deg": 15.0}
            ),
        }
    )  # fmt: skip


def test_taps_shifts_uneven_charging_and_dependent_loads_are_newtons():
    of = network(["SLACK", "PQ", "PQ"], p_mw=[30.0, 20.0], q_mvar=[9.0, 4.0], ip_mw=[5.0, 0.0], yq_mvar=[0.0, -6.0])
    assert steps(of, [1.0])[0] == pytest.approx(newton.solve(bus_case(of)).v, abs=1e-8)


def test_a_step_beyond_the_largest_load_is_empty():
    v = steps(network(["SLACK", "PQ", "PQ"], p_mw=[30.0, 20.0]), [1.0, 100.0])
    assert np.isfinite(v[0]).all()
    assert np.isnan(v[1]).all()


def test_two_swing_buses_in_one_part_are_refused():
    with pytest.raises(EngineError, match="one swing bus"):
        steps(network(["SLACK", "PQ", "SLACK"], p_mw=[30.0, 20.0]), [1.0])
