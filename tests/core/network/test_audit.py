"""The audit of stored solutions, on a two-bus network that is solved by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.network import Network
from core.network.audit import audit


def solved(**changes: object) -> Network:
    """Return a line of j0.1 pu from 1.0 pu at 0 degrees to 1.0 pu at -6 degrees: P = sin(6 deg) / 0.1."""
    angle = np.deg2rad(6.0)
    p, q = 1000 * np.sin(angle), 1000 * (1 - np.cos(angle))
    tables = {
        "bus": [
            {"bus": 1, "base_kv": 110.0, "kind": "SLACK"},
            {"bus": 2, "base_kv": 110.0, "angle_deg": -6.0},
        ],
        "generator": [{"bus": 1, "ckt": "1", "p_mw": p, "q_mvar": q}],
        "load": [{"bus": 2, "ckt": "1", "p_mw": p, "q_mvar": -q, **changes}],
        "branch": [{"from_bus": 1, "to_bus": 2, "ckt": "1", "x_pu": 0.1, "rate_a_mva": 100.0}],
    }
    return Network("two buses", tables={name: pd.DataFrame(rows) for name, rows in tables.items()})


def test_a_solved_case_is_solved() -> None:
    found = audit(solved())
    assert found.solved
    assert found.max_mismatch_mva == pytest.approx(0.0, abs=1e-9)
    assert found.islands["slack_buses"].tolist() == ["1"]


def test_a_missing_megawatt_is_found_at_its_bus() -> None:
    found = audit(solved(p_mw=99.0, q_mvar=-5.478104631726711))
    assert not found.solved
    assert (found.worst_bus, found.max_mismatch_mva) == (2, pytest.approx(1000 * np.sin(np.deg2rad(6)) - 99.0))


def test_an_overloaded_line_is_listed() -> None:
    limits = audit(solved()).limits
    assert limits["element"].tolist() == ["branch 1-2-1"]
    assert limits["value"].iloc[0] == pytest.approx(1000 * 2 * np.sin(np.deg2rad(3)))  # |V (1 - V*)| / 0.1


def test_contradicting_setpoints_are_found() -> None:
    network = solved()
    twice = pd.concat([network["generator"], network["generator"].assign(ckt="2", v_set_pu=1.02, in_service=True)])
    codes = {finding.code for finding in audit(network.with_tables(generator=twice)).findings}
    assert "network.audit.setpoints" in codes


def test_flow_through_a_closed_switch_is_not_a_mismatch() -> None:
    network = solved()
    buses = pd.concat([network["bus"], network["bus"].iloc[[1]].assign(bus=3)])
    switch = pd.DataFrame([{"from_bus": 2, "to_bus": 3, "ckt": "1"}])
    load = network["load"].assign(bus=3)
    tables = {**network.tables, "bus": buses, "switch": switch, "load": load}
    assert audit(Network("with a switch", tables=tables)).solved


def test_a_network_without_buses_is_not_solved() -> None:
    assert not audit(Network()).solved


def test_a_small_network_is_solved_to_a_share_of_its_load() -> None:
    loads = solved()["load"]
    small = solved().with_tables(load=loads.assign(p_mw=0.5, q_mvar=0.0))
    assert audit(small).tolerance_mva == pytest.approx(0.005)
    assert audit(solved()).tolerance_mva == 1.0


def test_rounding_of_the_voltages_is_named_where_it_may_be_why() -> None:
    """Over j0.00001 pu a unit of the fifth digit makes 100 Mvar: 50 Mvar more or less can't be told."""
    line = solved()
    short = line["branch"].assign(x_pu=1e-5)
    bus = line["bus"].assign(angle_deg=0.0, v_pu=[1.0, 1.0 - 1e-5])
    network = line.with_tables(
        branch=short, bus=bus, load=line["load"].assign(p_mw=0.0, q_mvar=50.0), generator=line["generator"][:0]
    )
    found = audit(network)
    assert found.max_mismatch_mva == pytest.approx(50.0, rel=1e-4)
    assert "by rounding alone" in found.findings[0].hint
    assert "by rounding alone" not in audit(solved(p_mw=99.0)).findings[0].hint


def test_outputs_of_machines_that_do_not_fit_are_told_from_voltages_that_do_not() -> None:
    machine = solved()["generator"].assign(p_mw=0.0, q_mvar=0.0)
    found = audit(solved().with_tables(generator=machine))
    assert not found.solved
    assert found.findings[0].text.startswith("The stored outputs of machines don't fit")
    assert audit(solved(p_mw=99.0)).findings[0].text.startswith("The stored voltages don't solve")
