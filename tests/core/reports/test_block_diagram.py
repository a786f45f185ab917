"""The block diagram shows the plant's structure: every block, every component, k of n, availabilities and verdicts."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from core.criteria import State
from core.plant import Plant, sample_plant
from core.reports.block_diagram import block_diagram_svg
from core.reports.drawing import PRINT, Note
from tests.core.reports.pictures import NS, elements, overlaps

PARTS = [{"id": f"P{i}", "mtbf_h": 1000, "mttr_h": 10} for i in range(4)]


def plant(*blocks: dict[str, object]) -> Plant:
    return Plant.of("Small", {"reliability": PARTS, "block": list(blocks)})


def test_every_block_and_component_of_the_structure_is_drawn_once():
    blocks = set(sample_plant()["block"]["id"])
    used = {m for text in sample_plant()["block"]["members"] for m in text.split(",")}
    drawn = elements(block_diagram_svg(sample_plant()))
    assert sorted(drawn) == sorted(blocks | used)


def test_k_of_n_and_availabilities_are_printed():
    svg = block_diagram_svg(sample_plant(), availabilities={"SYSTEM": 0.998347})
    words = [text.text for text in ElementTree.fromstring(svg).iter() if text.text]
    assert {"9/10", "A = 0.997268", "all needed · A = 0.998347"} <= set(words)


def test_no_label_lies_over_another():
    notes = {element: Note("99.72 %", State.FAIL) for element in elements(block_diagram_svg(sample_plant()))}
    assert overlaps(block_diagram_svg(sample_plant())) == []
    assert overlaps(block_diagram_svg(sample_plant(), notes=notes)) == []


def test_parts_in_series_share_a_line_and_parallel_parts_stand_above_one_another():
    svg = block_diagram_svg(
        plant(
            {"id": "S", "type": "SERIES", "members": "P0,PAR,P1"}, {"id": "PAR", "type": "PARALLEL", "members": "P2,P3"}
        )
    )
    place = {
        group.attrib["data-id"]: next(r for r in group.iter(f"{NS}rect") if r.attrib["class"] == "body").attrib
        for group in ElementTree.fromstring(svg).iter(f"{NS}g")
        if group.attrib.get("data-id", "").startswith("P") and group.attrib["data-id"] != "PAR"
    }
    assert place["P0"]["y"] == place["P1"]["y"]
    assert place["P2"]["x"] == place["P3"]["x"]
    assert float(place["P2"]["y"]) < float(place["P0"]["y"]) < float(place["P3"]["y"])


@pytest.mark.parametrize(
    "blocks",
    [
        [],
        [{"id": "S", "type": "SERIES", "members": ""}],
        [{"id": "S", "type": "SERIES", "members": "S,P0"}],
        [{"id": "S", "type": "SERIES", "members": "T"}, {"id": "T", "type": "SERIES", "members": "S"}],
        [{"id": "S", "type": "NETWORK", "members": "P0,P1", "links": "IN:<b>"}],
        [{"id": '"><script>', "type": "PARALLEL_K_OF_N", "members": "P0,<b>", "k": None}],
    ],
    ids=["none", "no members", "itself", "circle", "network", "hostile"],
)
def test_broken_structures_still_draw(blocks):
    svg = block_diagram_svg(plant(*blocks), ink=PRINT)
    ElementTree.fromstring(svg)
    assert "<script>" not in svg
