"""Constants of the electrical parts: published classes, what follows from them, and how a requirement replaces them."""

from __future__ import annotations

import json
import math

import pytest

from core.design.checks import check_requirement
from core.design.design import Design
from core.design.parts import shipped_parts, transformer_x_r, transformer_z_pct
from core.design.placement import place
from core.design.requirement import Requirement
from core.design.requirement_file import read_requirement, requirement_document, restored_requirement
from core.design.sources import sources

DESIGN = Design("optimal", {"RECIP_18": 6, "AERO_50": 2}, {"grid_mw": 50.0})


def required(**parts: float) -> Requirement:
    """Return the sample requirement with some constants of its own."""
    document = {"load_mw": 100, "grid_max_mw": 50, "electrical_parts": parts}
    return read_requirement(json.dumps(document).encode(), "r.json").value


@pytest.mark.parametrize(
    ("mva", "z_pct"),  # IEC 60076-5:2006, table 1
    [(0.63, 4), (0.64, 5), (2.5, 6), (6.3, 7), (25, 8), (25.1, 10), (40, 10), (63, 11), (75, 12.5), (100, 12.5)],
)
def test_a_transformers_impedance_is_the_recognized_minimum_of_its_rating(mva, z_pct):
    assert transformer_z_pct(shipped_parts(), mva) == z_pct


@pytest.mark.parametrize("mva", [0.5, 5, 31.5, 75, 160])
def test_resistance_and_reactance_of_a_transformer_make_its_impedance(mva):
    parts = shipped_parts()
    resistance = transformer_z_pct(parts, mva) / math.hypot(1, transformer_x_r(parts, mva))
    published = {0.5: 1.206, 5: 0.41, 31.5: 0.34, 75: 0.26, 160: 0.26}[mva]  # vkr_percent of pandapower's types
    assert resistance == pytest.approx(published, rel=1e-3)


def test_a_placed_plant_has_the_constants_of_the_parts():
    plant = place(DESIGN, required())
    units = plant["unit"].set_index("id")
    machines = units[units["xd_pu"].notna()]
    assert machines["neutral_ohm"].eq(19.92).all()  # 13.8 kV / √3 / 400 A
    assert machines["x2_pu"].eq(machines["xd_double_prime_pu"]).all()
    assert (machines["x0_pu"] / machines["xd_double_prime_pu"]).between(0.1, 0.7).all()
    assert units.loc["GEN_GRID_01", "xd_double_prime_pu"] == 0.1
    assert units["v_set_pu"].eq(1.02).all()
    rows = plant["transformer"]
    assert rows["z_pct"].tolist() == [transformer_z_pct(shipped_parts(), mva) for mva in rows["rated_mva"]]
    assert plant["cable"]["x_ohm"].tolist() == pytest.approx([0.0001 * 34.5**2 / 100], abs=1e-6)


def test_a_requirement_replaces_the_constants_and_says_so():
    asked = {"MACHINE.neutral_a": 200.0, "TRANSFORMER.z_pct.100": 9.0, "GRID.short_circuit_ratio": 5.0}
    requirement = required(**asked, **{"TRANSFORMER.mttr_h": 100.0})
    plant = place(DESIGN, requirement)
    units = plant["unit"].set_index("id")
    assert units.loc["GEN_RECIP_18_01", "neutral_ohm"] == 39.84
    assert units.loc["GEN_GRID_01", "xd_double_prime_pu"] == 0.2
    assert 9.0 in set(plant["transformer"]["z_pct"])
    assert plant["reliability"].set_index("id").loc["XFMR_HALL_1A", "mttr_h"] == 100.0
    told = {row["of"]: row["source"] for row in sources(restored_requirement(requirement_document(requirement)))}
    assert {told[name] for name in asked} == {"as given"}
    assert "IEC 60076-5" in told["TRANSFORMER.z_pct.25"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TRANSFORMER.x", 1.0, "has no TRANSFORMER.x"),
        ("TRANSFORMER.z_pct.100", math.nan, "TRANSFORMER.z_pct.100 is nan"),
        ("MACHINE.neutral_a", 0.0, "MACHINE.neutral_a is 0"),
        ("TRANSFORMER.r_pct.25", 8.0, "no less than its impedance"),
        ("UNIT.v_set_pu", 102.0, "UNIT.v_set_pu is 102"),
    ],
)
def test_constants_that_no_part_has_are_refused(name, value, told):
    findings = [finding for finding in check_requirement(required(**{name: value})) if finding.code == "design.part"]
    assert len(findings) == 1
    assert told in findings[0].text
