"""The network's tables, admittance matrix and checks, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.findings import Severity
from core.formats.psse import write_raw
from core.network import Network, admittance_matrix, check, islands


def small(**tables: list[dict[str, object]]) -> Network:
    buses = [
        {"bus": 1, "base_kv": 110.0, "kind": "SLACK"},
        {"bus": 2, "base_kv": 110.0},
        {"bus": 5, "base_kv": 20.0},
    ]
    rows = {"bus": buses, "generator": [{"bus": 1, "ckt": "1"}], **tables}
    return Network("small", tables={name: pd.DataFrame(content) for name, content in rows.items()})


def test_tables_have_every_column_of_the_catalogue_with_its_default() -> None:
    network = small(load=[{"bus": 2, "ckt": "1", "p_mw": 3}])
    assert network["load"].loc[0, "q_mvar"] == 0.0
    assert network["load"].loc[0, "in_service"]
    assert network["storage"].empty
    assert network.totals()["load_mw"] == 3.0


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(ValueError, match="not a table"):
        Network(tables={"cable": pd.DataFrame()})


def test_a_line_has_the_admittance_of_its_pi_model() -> None:
    line = {"from_bus": 1, "to_bus": 2, "ckt": "1", "x_pu": 0.1, "b_from_pu": 0.02, "b_to_pu": 0.04, "g_to_pu": 0.01}
    y = admittance_matrix(small(branch=[line])).toarray()
    assert y[0, 0] == pytest.approx(-10j + 0.02j)
    assert y[1, 1] == pytest.approx(0.01 - 10j + 0.04j)
    assert y[0, 1] == y[1, 0] == pytest.approx(10j)


def test_a_phase_shifter_is_not_symmetric_and_its_core_is_at_the_from_bus() -> None:
    row = {"from_bus": 2, "to_bus": 5, "ckt": "1", "x_pu": 0.2, "tap_from_pu": 1.1, "tap_to_pu": 0.9, "shift_deg": 30}
    y = admittance_matrix(small(transformer=[{**row, "b_mag_pu": -0.01}])).toarray()
    turn = np.exp(1j * np.pi / 6)
    assert y[1, 1] == pytest.approx(-5j / 1.21 - 0.01j)
    assert y[2, 2] == pytest.approx(-5j / 0.81)
    assert y[1, 2] == pytest.approx(5j * turn / 0.99)
    assert y[2, 1] == pytest.approx(5j / turn / 0.99)


def star(**changes: object) -> Network:
    impedances = {"x_12_pu": 0.3, "x_23_pu": 0.5, "x_31_pu": 0.4}  # star: j0.1, j0.2, j0.3
    return small(transformer3w=[{"bus_1": 1, "bus_2": 2, "bus_3": 5, "ckt": "1", **impedances, **changes}])


def test_a_three_winding_transformer_is_its_star_without_the_star_point() -> None:
    y = admittance_matrix(star()).toarray()
    parts = 1 / np.array([0.1j, 0.2j, 0.3j])
    expected = np.diag(parts) - np.outer(parts, parts) / parts.sum()
    np.testing.assert_allclose(y, expected, atol=1e-12)


def test_a_winding_out_of_service_leaves_the_other_two_in_series() -> None:
    y = admittance_matrix(star(in_service_2=False)).toarray()
    assert y[0, 2] == pytest.approx(-1 / 0.4j)
    assert not y[1].any()


def test_islands_are_numbered_by_size_and_isolated_buses_have_none() -> None:
    network = small(branch=[{"from_bus": 2, "to_bus": 5, "ckt": "1", "x_pu": 0.1}])
    assert islands(network).tolist() == [1, 0, 0]
    isolated = network["bus"].assign(kind=["SLACK", "ISOLATED", "PQ"])
    assert islands(network.with_tables(bus=isolated)).tolist().count(-1) == 1


@pytest.mark.parametrize(
    ("tables", "code"),
    [
        ({"bus": []}, "network.bus.none"),
        ({"bus": [{"bus": 1}, {"bus": 1}]}, "network.bus.duplicate"),
        ({"load": [{"bus": 9, "ckt": "1"}]}, "network.load.unknown_bus"),
        ({"generator": []}, "network.bus.slack_without_machine"),
        ({"generator": [{"bus": 2, "ckt": "1"}]}, "network.generator.at_pq_bus"),
        ({"generator": [{"bus": 1, "ckt": "1", "regulated_bus": 9}]}, "network.generator.unknown_regulated_bus"),
        ({"branch": [{"from_bus": 1, "to_bus": 2, "ckt": "1"}]}, "network.branch.zero_impedance"),
        ({"branch": [{"from_bus": 1, "to_bus": 1, "ckt": "1", "x_pu": 1}]}, "network.branch.loop"),
        ({"branch": [{"from_bus": 1, "to_bus": 5, "ckt": "1", "x_pu": 1}]}, "network.branch.base_kv"),
        ({"load": [{"bus": 2, "ckt": "1"}]}, "network.island.no_slack"),
        ({"bus": [{"bus": 1, "kind": "SLACK", "v_pu": float("inf")}]}, "network.bus.not_a_number"),
    ],
)
def test_checks_find(tables: dict[str, list[dict[str, object]]], code: str) -> None:
    assert code in {finding.code for finding in check(small(**tables))}


def test_buses_without_base_voltage_are_one_finding() -> None:
    buses = [{"bus": 10, "base_kv": 110.0, "kind": "SLACK"}, *({"bus": number} for number in range(11, 71))]
    (said,) = [finding for finding in check(small(bus=buses)) if finding.code == "network.bus.base_kv"]
    assert said.text == "60 buses without a base voltage: 11, 12, 13, 14, 15 and 55 more."
    assert said.where.row == 2


def test_islands_without_load_are_one_remark_and_no_island_with_load_goes_unsaid() -> None:
    buses = [{"bus": 1, "kind": "SLACK"}, *({"bus": number} for number in range(2, 122))]
    loads = [{"bus": number, "ckt": "1", "p_mw": 1.0} for number in range(62, 122)]
    said = [finding for finding in check(small(bus=buses, branch=[], load=loads)) if "no_slack" in finding.code]
    *errors, remark = [(finding.severity, finding.text) for finding in said]
    assert {severity for severity, _ in errors} == {Severity.ERROR}
    assert (len(errors), errors[-1][1]) == (51, "10 more islands without exactly one swing bus.")
    assert remark[0] is Severity.INFO
    assert remark[1].startswith("60 buses in islands without load, machine and swing bus")


def test_a_voltage_limit_may_be_infinite_which_is_none() -> None:
    inf = float("inf")
    network = small(bus=[{"bus": 1, "kind": "SLACK", "v_max_pu": inf, "v_min_pu": -inf, "v_max_emergency_pu": inf}])
    assert "network.bus.not_a_number" not in {finding.code for finding in check(network)}
    assert "inf" not in write_raw(network).lower()


def test_parallel_branches_in_opposite_order_are_duplicates() -> None:
    there = {"from_bus": 1, "to_bus": 2, "ckt": "1", "x_pu": 0.1}
    network = small(branch=[there, {**there, "from_bus": 2, "to_bus": 1}])
    assert "network.branch.duplicate" in {finding.code for finding in check(network)}


def test_negative_turns_ratios_are_said_with_their_place() -> None:
    one = {"from_bus": 1, "to_bus": 2, "x_pu": 0.1}
    network = small(transformer=[{**one, "ckt": "1"}, {**one, "ckt": "2", "tap_from_pu": -0.978}])
    (said,) = [finding for finding in check(network) if finding.code == "network.transformer.negative_tap"]
    assert (said.element, said.where.section, said.where.row) == ("transformer 1-2-2", "transformer", 2)


def test_negative_impedances_are_said():
    network = Network(
        tables={
            "bus": pd.DataFrame({"bus": [1, 2], "kind": ["SLACK", "PQ"]}),
            "branch": pd.DataFrame(
                {"from_bus": [1, 1], "to_bus": [2, 2], "ckt": ["1", "2"], "r_pu": [-0.1, 0.1], "x_pu": -0.1}
            ),
        }
    )
    said = [finding for finding in check(network) if "negative" in finding.code]
    codes = [finding.code for finding in said if finding.severity is Severity.WARNING]
    assert codes == ["network.branch.negative_r", "network.branch.negative_x", "network.branch.negative_x"]
