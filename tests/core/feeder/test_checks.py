"""Checks of sources, ratings and places: each names what is wrong, and where it stands in the files."""

from __future__ import annotations

import pandas as pd
import pytest

from core.feeder import Feeder, from_sequence, rows_of
from core.feeder.checks import check
from core.feeder.voltages import base_voltages
from core.findings import Finding, Severity

LINES = [("L1", "S", "1"), ("L2", "1", "2"), ("L3", "2", "3")]


def feeder(**changes: dict[str, object]) -> Feeder:
    """Return a feeder of three lines with a transformer and a load; changes go to the last row of their table."""
    z = from_sequence(0.3 + 0.6j, 0.9 + 1.8j, 0.0, 0.0, 3)
    rows: dict[str, list[dict[str, object]]] = {
        "sources": [{"id": "source", "bus": "S", "kv_ll": 12.47}],
        "buses": [{"id": bus, "x": 1.0 * k, "y": 0.1 * k} for k, bus in enumerate("S123L")],
        "branches": [
            {"id": i, "from_bus": a, "to_bus": b, "closed_phases": "ABC", "length_km": 1.0, "equipment": "type"}
            for i, a, b in LINES
        ],
        "impedances": [row for name, _, _ in LINES for row in rows_of(name, z)],
        "transformers": [{"id": "T", "x_hl_pct": 4.0}],
        "windings": [
            {"transformer": "T", "winding": k, "bus": bus, "kv": kv, "kva": 500.0}
            for k, bus, kv in ((1, "3", 12.47), (2, "L", 0.48))
        ],
        "loads": [{"id": "load", "bus": "L", "phases": "A", "kv": 0.277, "p_kw": 10.0}],
    }
    for table, change in changes.items():
        rows[table][-1] |= {"source_file": "network.txt", "source_row": 7, **change}
    made = Feeder("test", {name: pd.DataFrame(part) for name, part in rows.items()})
    return made.with_tables({"buses": base_voltages(made)})


def found(model: Feeder) -> list[Finding]:
    return check(model)


def test_a_sound_feeder_has_nothing_to_say() -> None:
    assert found(feeder()) == []


@pytest.mark.parametrize(
    ("table", "change", "code", "element"),
    [
        ("sources", {"angle_b_deg": 120.0, "angle_c_deg": -120.0}, "source_sequence", "S"),
        ("sources", {"angle_b_deg": 0.0, "angle_c_deg": 0.0}, "source_angles", "S"),
        ("transformers", {"x_hl_pct": 0.0}, "transformer_impedance", "T"),
        ("transformers", {"x_hl_pct": 700.0}, "transformer_impedance", "T"),
        ("windings", {"kv": 0.0}, "transformer_rating", "T"),
        ("loads", {"kv": 0.0}, "unit_voltage", "load"),
        ("loads", {"p_kw": float("nan")}, "unit_power", "load"),
        ("loads", {"phases": "7"}, "node_missing", "load"),
        ("buses", {"x": 5e6}, "coordinates_far", "L"),
    ],
)
def test_what_makes_a_result_wrong_is_named_with_its_place(
    table: str, change: dict[str, object], code: str, element: str
) -> None:
    (finding,) = found(feeder(**{table: change}))
    assert (finding.code, finding.element) == (f"feeder.{code}", element)
    assert finding.hint
    assert str(finding.where) == ("" if table == "windings" else "network.txt, line 7")


def test_angles_that_say_the_same_otherwise_are_fine() -> None:
    turned = {"angle_a_deg": 30.0, "angle_b_deg": 270.0, "angle_c_deg": -210.0}
    assert found(feeder(sources=turned)) == []


def test_lines_without_impedance_are_named_by_their_type() -> None:
    model = feeder()
    none = model["impedances"].assign(r_ohm_km=0.0, x_ohm_km=0.0)
    (finding,) = found(model.with_tables({"impedances": none}))
    assert finding.text == "3 lines of type type with no impedance in one of their phases: L1, L2, L3"


@pytest.mark.parametrize(
    ("second", "code", "severity"),
    [
        ({}, "two_sources", Severity.WARNING),
        ({"kv_ll": 4.16}, "sources_differ", Severity.ERROR),
        ({"v_a_pu": 1.1}, "sources_differ", Severity.ERROR),
        ({"angle_a_deg": 30.0, "angle_b_deg": -90.0, "angle_c_deg": 150.0}, "sources_differ", Severity.ERROR),
    ],
)
def test_sources_that_lines_join_should_agree(second: dict[str, object], code: str, severity: Severity) -> None:
    model = feeder()
    other = model["sources"].assign(id="second", bus="2", **second)
    both = model.with_tables({"sources": pd.concat([model["sources"], other], ignore_index=True)})
    assert (f"feeder.{code}", severity) in [(finding.code, finding.severity) for finding in found(both)]


def test_sources_behind_a_transformer_may_differ() -> None:
    model = feeder()
    other = model["sources"].assign(id="second", bus="L", kv_ll=0.48)
    both = model.with_tables({"sources": pd.concat([model["sources"], other], ignore_index=True)})
    assert "feeder.two_sources" in [finding.code for finding in found(both)]
