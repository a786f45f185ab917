"""The design follows load and fuel price as it must, and reaches an availability with the least redundancy."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.design.requirement import Requirement
from core.design.sensitivity import size_for_availability, varied
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


@pytest.mark.parametrize(("quantity", "value"), [("load", 0.0), ("availability_target", 1.0), ("colour", 1.0)])
def test_what_can_not_be_varied_is_refused(quantity: str, value: float) -> None:
    with pytest.raises(BadInput):
        varied(Requirement(), quantity, value)
