"""The feeder as a graph: tree, islands, loops, phases, and the checks that speak about them."""

from __future__ import annotations

import pandas as pd

from core.feeder import Feeder
from core.feeder.checks import check
from core.feeder.topology import distances_km, islands_of, tree_of
from core.feeder.voltages import base_voltages


def feeder(*branches: tuple[str, str, str, str], closed: dict[str, str] | None = None) -> Feeder:
    """Return a feeder of lines (id, from, to, phases) of 1 km, fed at bus S."""
    closed = closed or {}
    buses = list(dict.fromkeys(["S", *(bus for _, start, end, _ in branches for bus in (start, end))]))
    rows = [
        {"id": i, "from_bus": a, "to_bus": b, "phases": p, "closed_phases": closed.get(i, p), "length_km": 1.0}
        for i, a, b, p in branches
    ]
    tables = {
        "sources": pd.DataFrame([{"id": "source", "bus": "S", "kv_ll": 12.47}]),
        "buses": pd.DataFrame({"id": buses}),
        "branches": pd.DataFrame(rows),
    }
    made = Feeder("test", tables)
    return made.with_tables({"buses": base_voltages(made)})


def codes(model: Feeder) -> list[str]:
    return [finding.code for finding in check(model) if finding.code != "feeder.no_coordinates"]


def test_a_radial_feeder_has_nothing_to_say() -> None:
    assert codes(feeder(("L1", "S", "1", "ABC"), ("L2", "1", "2", "B"))) == []


def test_upstream_and_downstream_follow_the_tree() -> None:
    tree = tree_of(
        feeder(("L1", "S", "1", "ABC"), ("L2", "1", "2", "ABC"), ("L3", "1", "3", "A"), ("L4", "4", "2", "ABC"))
    )
    assert [edge.element for edge in tree.upstream("4")] == ["L4", "L2", "L1"]
    assert sorted(tree.downstream("2")) == ["2", "4"]


def test_distance_adds_up_along_the_tree() -> None:
    model = feeder(("L1", "S", "1", "ABC"), ("L2", "1", "2", "ABC"))
    assert distances_km(model, tree_of(model)).to_dict() == {"S": 0.0, "1": 1.0, "2": 2.0}


def test_an_open_switch_leaves_an_island() -> None:
    model = feeder(("L1", "S", "1", "ABC"), ("SW", "1", "2", "ABC"), ("L3", "2", "3", "ABC"), closed={"SW": ""})
    assert [sorted(group) for group in islands_of(model, tree_of(model))] == [["2", "3"]]
    assert codes(model) == ["feeder.island"]


def test_a_closed_tie_makes_a_loop() -> None:
    model = feeder(("L1", "S", "1", "ABC"), ("L2", "S", "2", "ABC"), ("TIE", "1", "2", "ABC"))
    assert codes(model) == ["feeder.loop"]


def test_single_phase_lines_side_by_side_are_no_loop() -> None:
    assert codes(feeder(("LA", "S", "1", "A"), ("LB", "S", "1", "B"))) == []


def test_a_phase_that_does_not_arrive_is_reported() -> None:
    model = feeder(("L1", "S", "1", "AB"), ("L2", "1", "2", "ABC"))
    assert codes(model) == ["feeder.phase_misfit"]
    assert tree_of(model).phases["2"] == "AB"


def test_a_feeder_without_source_says_so() -> None:
    model = feeder(("L1", "S", "1", "ABC"))
    assert "feeder.no_source" in codes(model.with_tables({"sources": model["sources"].iloc[:0]}))


def test_two_sources_that_meet_are_reported() -> None:
    model = feeder(("L1", "S", "1", "ABC"))
    both = pd.concat([model["sources"], model["sources"].assign(id="second", bus="1")], ignore_index=True)
    assert "feeder.two_sources" in codes(model.with_tables({"sources": both}))


def test_coordinates_that_are_no_degrees_are_reported() -> None:
    model = feeder(("L1", "S", "1", "ABC"))
    model.crs = "EPSG:4326"
    placed = model.with_tables({"buses": model["buses"].assign(x=512000.0, y=4100000.0)})
    assert codes(placed) == ["feeder.coordinates_crs"]
