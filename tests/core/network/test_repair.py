"""One-click repairs: each finding that has one is gone afterwards, and every change is told."""

from __future__ import annotations

import pytest

from core.network import check
from core.network.audit import audit
from core.network.repair import possible, repaired
from tests.core.network.test_network import small


@pytest.mark.parametrize(
    ("tables", "code"),
    [
        ({"load": [{"bus": 9, "ckt": "1"}]}, "network.load.unknown_bus"),
        ({"branch": [{"from_bus": 1, "to_bus": 1, "ckt": "1", "x_pu": 1}]}, "network.branch.loop"),
        ({"load": [{"bus": 2, "ckt": "1"}] * 3}, "network.load.duplicate"),
        ({"bus": [{"bus": 1, "kind": "SLACK"}, {"bus": 1}]}, "network.bus.duplicate"),
        ({"generator": [{"bus": 2, "ckt": "1", "p_mw": 4.0}]}, "network.generator.at_pq_bus"),
        ({"generator": [{"bus": 2, "ckt": "1", "p_mw": 4.0}]}, "network.bus.slack_without_machine"),
        (
            {"generator": [{"bus": 1, "ckt": "1", "q_min_mvar": 2, "q_max_mvar": 1}]},
            "network.generator.limits_reversed",
        ),
        ({"generator": [{"bus": 1, "ckt": "1", "regulated_bus": 9}]}, "network.generator.unknown_regulated_bus"),
    ],
)
def test_a_repaired_finding_is_gone(tables: dict[str, list[dict[str, object]]], code: str) -> None:
    line = [{"from_bus": 1, "to_bus": 2, "ckt": "1", "x_pu": 0.1}]
    network = small(**{"branch": line, **tables})
    assert possible([finding for finding in check(network) if finding.code == code])
    mended, done = repaired(network)
    assert code not in {finding.code for finding in check(mended)}
    assert done


def test_nothing_is_changed_where_nothing_is_wrong() -> None:
    network = small(branch=[{"from_bus": 1, "to_bus": 2, "ckt": "1", "x_pu": 0.1}])
    assert repaired(network)[1] == []
    assert audit(repaired(network)[0]).max_mismatch_mva == audit(network).max_mismatch_mva
