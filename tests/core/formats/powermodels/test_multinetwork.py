"""Several networks in one dictionary, and what is done to a network as a whole."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.formats.powermodels import (
    component_table,
    load_timepoint,
    make_mixed_units,
    make_multinetwork,
    replicate,
    summary,
    update_data,
)
from tests.core.formats.powermodels.cases import small


def test_replicates_share_what_is_global() -> None:
    many = replicate(small(), 3)
    assert (many["name"], many["multinetwork"], many["per_unit"], list(many["nw"])) == (
        "3 replicates of small", True, True, ["1", "2", "3"],
    )  # fmt: skip
    assert "per_unit" not in many["nw"]["1"]
    many["nw"]["1"]["load"]["1"]["pd"] = 9
    assert many["nw"]["2"]["load"]["1"]["pd"] == 0.5


def test_a_time_series_becomes_a_multinetwork() -> None:
    data = small()
    data["time_series"] = {"num_steps": 2, "load": {"1": {"pd": [1.0, 2.0], "odd": [1, 2]}}}
    many, findings = make_multinetwork(data)
    assert [network["load"]["1"]["pd"] for network in many["nw"].values()] == [1.0, 2.0]
    assert {finding.code for finding in findings} == {"powermodels.time_series.skipped"}
    load_timepoint(data, 2)
    assert data["load"]["1"]["pd"] == 2.0
    with pytest.raises(BadInput):
        load_timepoint(data, 3)


def test_units_of_a_multinetwork_change_together() -> None:
    many = replicate(small(), 2)
    make_mixed_units(many)
    assert many["nw"]["2"]["load"]["1"]["pd"] == 50.0


def test_updates_go_level_by_level_and_need_the_same_units() -> None:
    data = small()
    update_data(data, {"per_unit": True, "bus": {"2": {"vm": 1.05}}})
    assert (data["bus"]["2"]["vm"], data["bus"]["2"]["base_kv"]) == (1.05, 110.0)
    assert update_data(data, {"bus": {"2": {"vm": 1.0}}})[0].code == "powermodels.update.units"
    with pytest.raises(BadInput):
        update_data(data, {"per_unit": False})


def test_tables_and_summaries_sort_by_number() -> None:
    table = component_table(small(), "bus", ["vm", "none"])
    assert [row[0] for row in table] == [1, 2, 5, 6]
    text = summary(small())
    assert "Table: branch" in text
    assert "    g_fr: 0.000" in text
