"""Small cases with one defect each: what the audit says of voltages, limits, islands and swing buses."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from core.network import Network
from core.network.audit import audit


def sound() -> dict[str, list[dict[str, Any]]]:
    """Return four buses at 1 pu and 0 degrees without any power: a solved case with nothing to say about."""
    ends = [(1, 2), (2, 3), (3, 4)]
    return {
        "bus": [{"bus": k, "base_kv": 110.0, "kind": kind} for k, kind in enumerate(("SLACK", "PQ", "PV", "PQ"), 1)],
        "generator": [{"bus": 1, "ckt": "1"}, {"bus": 3, "ckt": "1"}],
        "branch": [{"from_bus": a, "to_bus": b, "ckt": "1", "x_pu": 0.1, "rate_a_mva": 50.0} for a, b in ends],
    }


def audited(tables: dict[str, list[dict[str, Any]]]) -> tuple[bool, dict[str, str | None], pd.DataFrame]:
    network = Network("small", tables={name: pd.DataFrame(rows) for name, rows in tables.items()})
    found = audit(network)
    return found.solved, {finding.code: finding.element for finding in found.findings}, found.limits


def test_a_sound_case_has_no_findings() -> None:
    solved, codes, limits = audited(sound())
    assert (solved, codes, len(limits)) == (True, {}, 0)


@pytest.mark.parametrize(
    ("table", "row", "code", "element"),
    [
        ("generator", {"bus": 3, "ckt": "2", "v_set_pu": 1.02}, "network.audit.setpoints", "bus 3"),
        ("generator", {"bus": 3, "ckt": "2", "regulated_bus": 4}, "network.audit.remote", "bus 3"),
        ("generator", {"bus": 3, "ckt": "2", "regulated_bus": 1}, "network.audit.remote", "bus 3"),
        ("generator", {"bus": 3, "ckt": "2", "regulated_bus": 9}, "network.generator.unknown_regulated_bus", None),
        ("switched_shunt", {"bus": 4, "ckt": "1", "regulated_bus": 3, "v_min_pu": 1.02, "v_max_pu": 1.05},
         "network.audit.band", "switched_shunt 4-1"),
        ("transformer", {"from_bus": 1, "to_bus": 3, "ckt": "T", "x_pu": 0.1, "control_mode": 1, "regulated_bus": -3,
                         "band_min": 0.9, "band_max": 0.98}, "network.audit.band", "transformer 1-3-T"),
        ("facts", {"name": "SVC", "bus": 3, "v_set_pu": 1.01}, "network.audit.band", "facts SVC-3"),
        ("dcline", {"name": "V", "kind": "VSC", "from_bus": 3, "to_bus": 2, "controls_v_from": True, "v_from_pu": 1.01},
         "network.audit.band", "dcline V-3-2"),
        ("bus", {"bus": 5, "base_kv": 110.0, "kind": "PQ"}, "network.island.no_slack", None),
        ("generator", {"bus": 3, "ckt": "2", "p_max_mw": -1.0}, "network.audit.active_power", "generator 3-2"),
        ("generator", {"bus": 3, "ckt": "2", "q_min_mvar": 1.0}, "network.audit.reactive_power", "generator 3-2"),
    ],
)  # fmt: skip
def test_each_defect_is_named_with_its_element(table: str, row: dict[str, Any], code: str, element: str | None) -> None:
    tables = sound()
    tables[table] = [*tables.get(table, []), row]
    _, codes, _ = audited(tables)
    assert code in codes
    assert element in (None, codes[code])


@pytest.mark.parametrize(
    ("table", "place", "change", "code"),
    [
        ("generator", 1, {"v_set_pu": 1.03}, "network.audit.setpoint_missed"),
        ("bus", 0, {"kind": "PV"}, "network.island.no_slack"),
        ("bus", 2, {"kind": "SLACK"}, "network.island.many_slacks"),
        ("generator", 0, {"in_service": False}, "network.bus.slack_without_machine"),
        ("bus", 3, {"v_pu": 1.2}, "network.audit.voltage"),
        ("bus", 3, {"v_pu": 1.2}, "network.audit.loading"),
        ("branch", 2, {"in_service": False}, "network.island.no_slack"),
    ],
)
def test_each_change_is_noticed(table: str, place: int, change: dict[str, Any], code: str) -> None:
    tables = sound()
    defaults = {
        "generator": {"in_service": True, "v_set_pu": 1.0},
        "bus": {"v_pu": 1.0},
        "branch": {"in_service": True},
    }
    tables[table] = [
        {**defaults[table], **row, **(change if k == place else {})} for k, row in enumerate(tables[table])
    ]
    assert code in audited(tables)[1]


def test_a_band_around_the_setpoint_is_no_conflict() -> None:
    tables = sound() | {"switched_shunt": [{"bus": 3, "ckt": "1", "v_min_pu": 0.98, "v_max_pu": 1.02}]}
    assert audited(tables)[1] == {}
