"""Networks as dictionaries and back."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from core.formats.powermodels import (
    make_per_unit,
    write_json,
)
from core.formats.powermodels.basic import (
    calc_basic_admittance_matrix,
)
from core.formats.powermodels.from_network import data_from_network
from core.formats.powermodels.network import read_powermodels, write_powermodels
from core.formats.powermodels.to_network import network_from_data
from core.network import Network, admittance_matrix
from tests.core.formats.powermodels.cases import small


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Networks with everything that the dictionary has to bend: two taps, uneven charging, three windings, switches."""
    value = st.floats(-0.1, 0.1)
    positive, tap = st.floats(0.01, 0.5), st.floats(0.8, 1.2)
    tables = {
        "bus": [
            {"bus": number, "kind": kind, "v_pu": draw(tap), "angle_deg": draw(value)}
            for number, kind in ((1, "SLACK"), (20, "PQ"), (300, "PV"))
        ],
        "load": [{"bus": 20, "ckt": "1", "p_mw": 10, "ip_mw": draw(value), "yq_mvar": draw(value)}],
        "generator": [{"bus": 1, "ckt": "1", "p_mw": draw(value)}, {"bus": 300, "ckt": "A", "p_mw": 3}],
        "shunt": [{"bus": 20, "ckt": "1", "g_mw": draw(value), "b_mvar": draw(value)}],
        "switched_shunt": [{"bus": 300, "ckt": "1", "b_mvar": draw(value)}],
        "branch": [
            {"from_bus": 1, "to_bus": 20, "ckt": "1", "r_pu": draw(value), "x_pu": draw(positive),
             "b_from_pu": draw(value), "b_to_pu": draw(value), "g_from_pu": draw(value)}
        ],
        "transformer": [
            {"from_bus": 20, "to_bus": 300, "ckt": "1", "x_pu": draw(positive), "tap_from_pu": draw(tap),
             "tap_to_pu": draw(tap), "shift_deg": draw(st.floats(-60, 60)), "g_mag_pu": draw(value),
             "b_mag_pu": draw(value), "b_from_pu": draw(value), "b_to_pu": draw(value)}
        ],
        "transformer3w": [
            {"bus_1": 1, "bus_2": 20, "bus_3": 300, "ckt": "1", "x_12_pu": draw(positive), "x_23_pu": draw(positive),
             "x_31_pu": draw(positive), "tap_2_pu": draw(tap), "shift_3_deg": 30, "b_mag_pu": draw(value),
             "in_service_2": draw(st.booleans())}
        ],
        "dcline": [{"name": "D", "kind": "VSC", "from_bus": 1, "to_bus": 300, "p_from_mw": 3, "p_to_mw": 2.9}],
        "switch": [{"from_bus": 1, "to_bus": 300, "ckt": "1", "in_service": draw(st.booleans())}],
    }  # fmt: skip
    return Network("any", draw(st.sampled_from([1.0, 100.0])), 50, {k: pd.DataFrame(v) for k, v in tables.items()})


@settings(max_examples=25, deadline=None)
@given(networks())
def test_networks_keep_their_admittance_matrix_in_the_dictionary(network: Network) -> None:
    """Three-winding transformers are a star in the dictionary, and come back as they were."""
    data, _ = data_from_network(network)
    make_per_unit(data, physical=True)
    expected = admittance_matrix(network).toarray()
    back, _ = network_from_data(data)
    assert len(back["transformer3w"]) == 1
    np.testing.assert_allclose(admittance_matrix(back).toarray(), expected, atol=1e-9 * np.abs(expected).max())
    data["switch"], network = {}, network.with_tables(switch=network["switch"].iloc[:0])
    y = calc_basic_admittance_matrix(data).toarray()
    star = np.linalg.inv(y[3:, 3:])
    reduced = y[:3, :3] - y[:3, 3:] @ star @ y[3:, :3]
    expected = admittance_matrix(network).toarray()
    np.testing.assert_allclose(reduced, expected, atol=1e-9 * np.abs(expected).max())


@settings(max_examples=15, deadline=None)
@given(networks())
def test_networks_come_back_whole_from_json(network: Network) -> None:
    content, ledger = write_powermodels(network)
    back = read_powermodels(content, "any.json")
    for name, frame in network.tables.items():
        pd.testing.assert_frame_equal(frame, back.value.tables[name])
    assert {finding.code for finding in ledger} >= {"ledger.powermodels.transformer3w", "ledger.powermodels.dcline"}


def test_an_edited_dictionary_counts_more_than_what_rode_along() -> None:
    network = network_from_data(small())[0]
    document = json.loads(write_powermodels(network)[0])
    document["load"]["1"]["pd"] = 0.6
    reading = read_powermodels(json.dumps(document).encode(), "edited.json")
    assert "powermodels.rider.stale" in {finding.code for finding in reading.findings}
    assert reading.value.values("load", "p_mw")[0] == 60.0


def test_costs_ride_along_through_a_network() -> None:
    data = small()
    network, findings = network_from_data(data)
    assert {finding.code for finding in findings} == {"ledger.powermodels.further"}
    document = json.loads(write_powermodels(network)[0])
    assert document["gen"]["2"]["cost"] == data["gen"]["2"]["cost"]
    assert document["ne_branch"] == json.loads(write_json(data))["ne_branch"]
