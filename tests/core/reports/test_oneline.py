"""The one-line shows everything once, nothing over another, and no name can break out of its text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.criteria import State
from core.plant import Plant, sample_plant
from core.reports.drawing import PRINT, Note
from core.reports.oneline import oneline_svg
from core.reports.oneline_layout import lay_out
from tests.core.reports.pictures import NS, elements, overlaps


def big_plant(feeders: int, depth: int) -> Plant:
    """Return a grid infeed over two main buses with feeders of several buses each, and a ring between two of them."""
    buses = [{"id": "GRID_BUS", "number": 1, "kv": 138.0}, {"id": "MAIN", "number": 2, "kv": 34.5}]
    cables, loads, breakers = [], [], []
    for f in range(feeders):
        above = "MAIN"
        for d in range(depth):
            bus = f"BUS_{f:02d}_{d}"
            buses.append({"id": bus, "number": 100 + f * 10 + d, "kv": 34.5})
            line = {"id": f"CABLE_{f:02d}_{d}", "from_bus": above, "to_bus": bus}
            cables.append({**line, "r_ohm": 0.1, "x_ohm": 0.2, "rated_a": 400})
            loads.append({"id": f"LOAD_{f:02d}_{d}", "bus": bus, "p_mw": 1.0})
            breakers.append({"id": f"CB_{f}_{d}", "bus": bus, "element": f"CABLE_{f:02d}_{d}", "breaking_ka": 25})
            above = bus
    ring = {"id": "RING", "from_bus": "BUS_00_0", "to_bus": "BUS_02_0", "r_ohm": 0.1, "x_ohm": 0.2, "rated_a": 400}
    transformer = {"id": "XFMR_GRID", "hv_bus": "GRID_BUS", "lv_bus": "MAIN", "rated_mva": 50, "z_pct": 10}
    unit = {"id": "UTILITY", "type": "GRID", "bus": "GRID_BUS", "rated_mw": 60, "rated_mva": 60, "rated_kv": 138}
    tables = {
        "bus": buses, "cable": [*cables, ring], "load": loads, "transformer": [transformer], "unit": [unit],
        "breaker": breakers,
    }  # fmt: skip
    return Plant.of("Big", tables)


def test_every_bus_and_device_is_drawn_once():
    svg = oneline_svg(sample_plant())
    plant = sample_plant()
    drawn = elements(svg)
    expected = [i for t in ("bus", "unit", "load", "shunt", "transformer", "cable", "breaker") for i in plant[t]["id"]]
    assert sorted(drawn) == sorted(expected)


@pytest.mark.parametrize("symbols", ["IEC", "IEEE"])
@pytest.mark.parametrize("plant", [sample_plant(), big_plant(7, 4), big_plant(30, 1)], ids=["sample", "deep", "wide"])
def test_no_label_lies_over_another(plant, symbols):
    everything = {i: Note("123.4 %", State.FAIL) for i in elements(oneline_svg(plant))}
    assert overlaps(oneline_svg(plant, symbols=symbols)) == []
    assert overlaps(oneline_svg(plant, notes=everything, symbols=symbols)) == []


def test_sources_stand_above_the_main_buses_and_loads_below():
    layout = lay_out(sample_plant())
    assert {rail.layer for bus, rail in layout.rails.items() if bus.startswith("BUS_1")} == {-1}
    assert {layout.rails[bus].layer for bus in ("BUS_200", "BUS_201")} == {0}
    assert {rail.layer for bus, rail in layout.rails.items() if bus.startswith("BUS_3")} == {1}
    assert [layout.rails[f"BUS_10{i}"].first for i in range(8)] == sorted(
        layout.rails[f"BUS_10{i}"].first for i in range(8)
    )


def test_no_two_vertical_lines_share_a_column_on_one_side():
    layout = lay_out(big_plant(7, 4))
    columns = [(d.slot, min(layout.rails[d.link.one].layer, layout.rails[d.link.other].layer)) for d in layout.drops]
    assert len(columns) == len(set(columns))


@pytest.mark.parametrize("state", [State.WARN, State.FAIL])
def test_a_violated_element_has_a_halo_a_flag_and_a_word_for_readers(state):
    svg = oneline_svg(sample_plant(), notes={"BUS_302": Note("0.938 pu", state)})
    group = next(g for g in ElementTree.fromstring(svg).iter(f"{NS}g") if g.attrib.get("data-id") == "BUS_302")
    assert group.attrib["data-state"] == state
    assert any(r.attrib["class"] == "halo" for r in group.iter(f"{NS}rect") if "class" in r.attrib)
    assert str(state) in group.attrib["aria-label"]


def test_paper_colours_need_no_variables():
    assert "var(" not in oneline_svg(sample_plant(), ink=PRINT)
    assert "var(--st-text-color, #" in oneline_svg(sample_plant())


def test_an_empty_plant_has_a_drawing_that_says_so():
    assert "no buses" in oneline_svg(Plant.of("Nothing", {}))


@settings(max_examples=30, deadline=None)
@given(name=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30))
def test_no_name_breaks_the_drawing(name):
    hostile = f'{name}"><script>alert(1)</script>&'
    buses = [{"id": hostile, "name": hostile, "number": 1, "kv": 10.0}, {"id": "B", "number": 2, "kv": 10.0}]
    unit = {"id": hostile + "U", "name": hostile, "bus": hostile, "rated_mw": 1, "rated_mva": 1}
    svg = oneline_svg(Plant.of(hostile, {"bus": buses, "unit": [unit]}))
    assert "<script" not in svg
    assert hostile in elements(svg)


def test_equal_plants_make_equal_drawings():
    assert oneline_svg(sample_plant()) == oneline_svg(sample_plant())
    assert re.search(r'id="el-\d+"', oneline_svg(sample_plant()))
