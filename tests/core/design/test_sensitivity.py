"""The design follows load and fuel price as it must, and reaches an availability with the least redundancy."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.design.requirement import Requirement
from core.design.sensitivity import size_and_place, size_for_availability, varied
from core.errors import BadInput
from core.jobs import run_inline


def test_cost_rises_with_the_load_and_with_the_price_of_fuel_but_less_than_in_proportion(tmp_path: Path) -> None:
    for quantity in ("load", "fuel_price"):
        sweep = {"quantity": quantity, "values": [1.0, 1.5]}
        result = run_inline("sizing", {"requirement": {"load_mw": 60}, "sweep": sweep}, tmp_path / quantity)
        usual, more = (each["design"]["cost"]["usd_per_year"] for each in result["designs"])
        assert usual < more <= 1.5 * usual * 1.02


def test_a_higher_target_is_met_by_more_redundancy() -> None:
    requirement = Requirement(load_mw=(60.0,))
    low = size_for_availability(varied(requirement, "availability_target", 0.9))
    high = size_for_availability(varied(requirement, "availability_target", 0.9995))
    assert (low.availability or 0.0) >= 0.9
    assert (high.availability or 0.0) >= 0.9995
    assert low.design.cost_usd_per_year < high.design.cost_usd_per_year
    assert "design.availability.missed" not in {finding.code for finding in high.design.findings}


def test_a_unit_fails_with_its_step_up_and_a_missed_target_is_said() -> None:
    """Of two in series the rates add up, and U/A too, as long as one's failure leaves the other running."""
    sized = size_and_place(Requirement(load_mw=(60.0,)).with_bound("redundancy_level", 0))
    assert "design.availability.missed" in {finding.code for finding in sized.design.findings}
    parts, technologies = sized.requirement.electrical_parts, {t.id: t for t in sized.requirement.technologies}
    assert sized.plant is not None
    rows = sized.plant["reliability"].set_index("id")
    unit, engine = rows.loc["GEN_RECIP_09_01"], technologies["RECIP_09"]
    step_up = parts["TRANSFORMER.mttr_h"] / parts["TRANSFORMER.mtbf_h"]
    assert unit["mttr_h"] / unit["mtbf_h"] == pytest.approx(engine.mttr_h / engine.mtbf_h + step_up)
    assert 1 / unit["mtbf_h"] == pytest.approx(1 / engine.mtbf_h + 1 / parts["TRANSFORMER.mtbf_h"])


@pytest.mark.parametrize(("quantity", "value"), [("load", 0.0), ("availability_target", 1.0), ("colour", 1.0)])
def test_what_can_not_be_varied_is_refused(quantity: str, value: float) -> None:
    with pytest.raises(BadInput):
        varied(Requirement(), quantity, value)
