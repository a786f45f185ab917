"""The linear power flow of basic networks."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.formats.powermodels import (
    make_basic_network,
)
from core.formats.powermodels.basic import (
    calc_basic_admittance_matrix,
    calc_basic_branch_power_matrix,
    calc_basic_bus_injection,
    calc_basic_jacobian_matrix,
    calc_basic_ptdf_matrix,
    calc_basic_ptdf_row,
    compute_basic_dc_pf,
)
from tests.core.formats.powermodels.cases import small


def basic() -> dict[str, Any]:
    data = small()
    data["gen"]["2"] |= {"model": 2, "ncost": 2, "cost": [1.0, 0.0]}
    return make_basic_network(data)[0]


def test_the_linear_power_flow_balances_every_bus() -> None:
    data = basic()
    angles = compute_basic_dc_pf(data)
    flows = calc_basic_branch_power_matrix(data) @ angles
    injected = calc_basic_bus_injection(data).real
    balance = np.zeros(len(data["bus"]))
    for flow, branch in zip(flows, data["branch"].values(), strict=True):
        balance[branch["f_bus"] - 1] += flow
        balance[branch["t_bus"] - 1] -= flow
    others = [bus["index"] - 1 for bus in data["bus"].values() if bus["bus_type"] != 3]
    np.testing.assert_allclose(balance[others], injected[others], atol=1e-12)


def test_distribution_factors_give_the_same_flows() -> None:
    data = basic()
    factors = calc_basic_ptdf_matrix(data)
    injected = calc_basic_bus_injection(data).real
    flows = calc_basic_branch_power_matrix(data) @ compute_basic_dc_pf(data)
    np.testing.assert_allclose(factors @ injected, flows, atol=1e-12)
    for row in (1, 2):
        np.testing.assert_allclose(calc_basic_ptdf_row(data, row), factors[row - 1], atol=1e-12)


def test_the_jacobian_is_the_derivative_of_the_powers() -> None:
    data = basic()
    for bus in data["bus"].values():
        bus["bus_type"] = 1
    y = calc_basic_admittance_matrix(data).toarray()

    def powers(x: np.ndarray) -> np.ndarray:
        v = x[len(x) // 2 :] * np.exp(1j * x[: len(x) // 2])
        s = v * np.conj(y @ v)
        return np.concatenate([s.real, s.imag])

    buses = list(data["bus"].values())
    at = np.array([bus["va"] for bus in buses] + [bus["vm"] for bus in buses])
    step = 1e-6
    numeric = np.column_stack([(powers(at + step * e) - powers(at - step * e)) / (2 * step) for e in np.eye(len(at))])
    np.testing.assert_allclose(calc_basic_jacobian_matrix(data), numeric, atol=1e-7)
