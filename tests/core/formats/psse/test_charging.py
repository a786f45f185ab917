"""Charging as MAG2, on a transformer that is solved by hand: 20 Mvar, half at either end or all at the first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.findings import Finding
from core.formats.psse.charging import settled_charging
from core.network import Network
from core.network.audit import audit

P, Q = 1000 * np.sin(np.deg2rad(6)), 1000 * (1 - np.cos(np.deg2rad(6)))  # over j0.1 pu from 1 pu at 0 to -6 degrees


def two_buses(q_given: float, q_drawn: float, **transformer: object) -> Network:
    link = {"from_bus": 1, "to_bus": 2, "ckt": "1", "x_pu": 0.1, "b_mag_pu": 0.2, "in_service": True, **transformer}
    tables = {
        "bus": [{"bus": 1, "base_kv": 110.0, "kind": "SLACK"}, {"bus": 2, "base_kv": 110.0, "angle_deg": -6.0}],
        "generator": [{"bus": 1, "ckt": "1", "p_mw": P, "q_mvar": q_given}],
        "load": [{"bus": 2, "ckt": "1", "p_mw": P, "q_mvar": q_drawn}],
        "transformer": [link],
    }
    return Network("two buses", tables={name: pd.DataFrame(rows) for name, rows in tables.items()})


def test_charging_is_at_both_ends_where_the_stored_voltages_say_so() -> None:
    findings: list[Finding] = []
    network = settled_charging(two_buses(Q - 10, -Q + 10), findings)
    assert audit(network).max_mismatch_mva == pytest.approx(0, abs=1e-9)
    assert network.values("transformer", "b_from_pu") == network.values("transformer", "b_to_pu") == [0.1]
    assert "10 MVA off" in findings[0].text


@pytest.mark.parametrize(
    "network",
    [
        two_buses(Q - 20, -Q),  # as PSS/E solves it
        two_buses(Q - 10, -Q + 7),  # not solved either way
        two_buses(Q - 10, -Q + 10, g_mag_pu=0.001),  # with core losses it is no line
        two_buses(Q - 10, -Q + 10, in_service=False),
    ],
)
def test_else_mag2_stays_at_the_first_winding(network: Network) -> None:
    findings: list[Finding] = []
    assert settled_charging(network, findings) is network
    assert not findings
