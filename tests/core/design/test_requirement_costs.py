"""What a requirement costs: the design with it, less the cheapest one without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.design.requirement import Requirement
from core.design.requirement_costs import in_force, requirement_costs, without
from core.design.sensitivity import size_and_place
from core.design.technology import shipped_technologies

ENGINES = tuple(t for t in shipped_technologies() if t.id == "RECIP_18")
ASKED = replace(
    Requirement(load_mw=(40.0,), technologies=ENGINES, minimum_counts={"RECIP_18": 5}),
    equipment={"BUS_HALL_1": {"reactive_support_mvar": 14.0}},
)


def test_each_requirement_costs_what_the_design_without_it_saves():
    base = size_and_place(ASKED)
    rows = {row["name"]: row for row in requirement_costs(ASKED, base)}
    assert rows.keys() == {"availability_target", "redundancy_level", "unit_count", "reactive_support_mvar"}
    freed = size_and_place(replace(ASKED, minimum_counts={}))
    saved = base.design.cost_usd_per_year - freed.design.cost_usd_per_year
    assert saved > 1e6
    assert rows["unit_count"]["costs_usd_per_year"] == pytest.approx(saved)
    assert f"costs {saved / 1e6:.2f} M$ a year" in rows["unit_count"]["text"]
    bank = base.design.electrical["CAPACITOR_BANK"] * (1 - 4 / 14)  # 0.1 Mvar/MW stay
    assert 0 < rows["reactive_support_mvar"]["costs_usd_per_year"] < bank
    assert all(row["costs_usd_per_year"] >= -1e-3 * base.design.cost_usd_per_year for row in rows.values())


def test_the_last_nine_is_a_nine_less():
    assert without(Requirement(), "availability_target").availability_target == pytest.approx(0.995)
    assert without(Requirement(), "redundancy_level").bounds["redundancy_level"] == 0
    assert "grid_max_mw" in in_force(Requirement())
