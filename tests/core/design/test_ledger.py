"""Every kind of constraint that the ledger carries reaches the optimiser or the placement, and the design obeys it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import core.constraints
from core.constraints import ConstraintUpdate, advise
from core.criteria import CriteriaSet, State, firm_capacity_mw, judge
from core.criteria.criterion import worst_state
from core.design.design import Design
from core.design.ledger import Applied, constraints, with_updates, without_bound, without_element
from core.design.placement import place
from core.design.requirement import BOUNDS, EQUIPMENT_BOUNDS, Requirement
from core.design.sizing import size
from core.design.technology import shipped_technologies
from core.plant import Plant
from core.studies.frequency import plant_frequency
from core.studies.frequency.island import island_of
from core.studies.short_circuit import plant_short_circuit

SMALL = Requirement(
    load_mw=(40.0,), technologies=tuple(t for t in shipped_technologies() if t.id in {"RECIP_18", "RECIP_09", "BESS"})
)
DESIGN = Design("optimal", {"RECIP_18": 4, "RECIP_09": 0}, energy_mwh=1.0)


def update(name: str, element: str, new: float) -> dict:
    return {"name": name, "element": element, "old": None, "new": new, "unit": "", "evidence": {}, "alternatives": []}


def with_(name: str, element: str, new: float) -> Requirement:
    return with_updates(SMALL, [Applied(update(name, element, new))])


def remaining(plant: Plant) -> tuple[float, float]:
    """Return headroom and inertia after the worst trip, by the frequency study's own island."""
    trips = island_of(plant, None)[0].trips()
    return float(trips.up_mw.sum(axis=1).min()), float(trips.inertia_mva_s.min())


def battery_mw(plant: Plant) -> float:
    units = plant["unit"]
    return float(units[units["type"] == "BESS"]["rated_mw"].sum())


#: Kind → (element, value, what of the plant must then hold); these change the sizes.
OF_SIZING: dict[str, tuple[str, float, Callable[[Plant], bool]]] = {
    "redundancy_level": ("PLANT", 2.0, lambda p: firm_capacity_mw(p, redundancy_level=2) >= 40.4),
    "firm_capacity_mw": ("PLANT", 70.0, lambda p: firm_capacity_mw(p) >= 70 - 1e-6),
    "spinning_reserve_mw": ("PLANT", 45.0, lambda p: remaining(p)[0] >= 45 - 1e-6),
    "inertia_mva_s": ("PLANT", 150.0, lambda p: remaining(p)[1] >= 150 - 1e-6),
    "bess_response_mw": ("PLANT", 12.0, lambda p: battery_mw(p) >= 12 - 1e-6),
    "max_unit_size_mw": ("PLANT", 10.0, lambda p: p["unit"]["rated_mw"].max() <= 10),
    "unit_count": ("GEN_RECIP_09_01", 3.0, lambda p: p["unit"]["id"].str.contains("RECIP_09").sum() >= 3),
}


def table(plant: Plant, name: str, element: str, column: str) -> float:
    return float(plant[name].set_index("id")[column][element])


def count(plant: Plant, column: str, bus: str) -> int:
    """Return how many transformers and ties are at a bus."""
    cables = plant["cable"]
    return int(
        (plant["transformer"][column] == bus).sum() + ((cables["from_bus"] == bus) | (cables["to_bus"] == bus)).sum()
    )


def fault_ka(plant: Plant, bus: str) -> float:
    faults = plant_short_circuit(plant).main
    return float(faults[(faults["bus"] == bus) & (faults["fault_type"] == "3ph")]["ik_ka"].max())


def limited_by_ohm(plant: Plant, other: Plant) -> float:
    """Return the reactance in the feed of hall 1 that the two fault currents differ by: 1.1·U/√3·(1/I − 1/I0)."""
    return 1.1 * 13.8 / 3**0.5 * (1 / fault_ka(plant, "BUS_HALL_1") - 1 / fault_ka(other, "BUS_HALL_1"))


#: The same of what the placement obeys; the second plant is the one without the constraint.
OF_PLACEMENT: dict[str, tuple[str, float, Callable[[Plant, Plant], bool]]] = {
    "breaker_rating_ka": (
        "BUS_HALL_1",
        63.0,
        lambda p, _: table(p, "breaker", "CB_XFMR_HALL_1A_LV", "breaking_ka") == 63,
    ),
    "breaker_dc_pct": ("BUS_HALL_1", 60.0, lambda p, _: table(p, "breaker", "CB_XFMR_HALL_1A_LV", "dc_pct") == 60),
    "reactive_support_mvar": ("BUS_HALL_1", 7.0, lambda p, _: table(p, "shunt", "CAP_HALL_1", "q_mvar") == 7),
    "transformer_mva": ("XFMR_HALL_1A", 77.0, lambda p, _: table(p, "transformer", "XFMR_HALL_1A", "rated_mva") == 80),
    "parallel_transformers": ("XFMR_HALL_1B", 2.0, lambda p, _: count(p, "lv_bus", "BUS_HALL_1") == 3),
    "parallel_circuits": ("BUS_MAIN_A", 9.0, lambda p, _: count(p, "hv_bus", "BUS_MAIN_A") >= 9),
    "equipment_rating_factor": (
        "TIE_MAIN",
        2.0,
        lambda p, q: table(p, "cable", "TIE_MAIN", "rated_a") >= 1.9 * table(q, "cable", "TIE_MAIN", "rated_a"),
    ),
    "reactor_ohm": ("BUS_HALL_1", 0.2, lambda p, q: limited_by_ohm(p, q) == pytest.approx(0.2, rel=0.02)),
    "parallel_units": ("SWGR_MAIN_B", 2.0, lambda p, _: "SWGR_MAIN_B_2" in set(p["reliability"]["id"])),
    "mttr_h": ("GEN_RECIP_18_01", 12.0, lambda p, _: table(p, "reliability", "GEN_RECIP_18_01", "mttr_h") == 12),
    "spares": ("CTRL_PLANT", 1.0, lambda p, _: table(p, "reliability", "CTRL_PLANT", "spares") == 1),
}


def kinds_of_the_rules() -> set[str]:
    """Return the names of every update and alternative that the rules write."""
    names = set()
    for path in Path(core.constraints.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            written = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("ConstraintUpdate", "Alternative")
            if written and isinstance(node.args[0], ast.Constant):
                names.add(node.args[0].value)
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                first = node.value.elts[0]
                names |= {first.value} if isinstance(first, ast.Constant) and isinstance(first.value, str) else set()
    return names


def test_every_kind_that_the_rules_write_is_tried_here():
    assert kinds_of_the_rules() == OF_SIZING.keys() | OF_PLACEMENT.keys()
    assert without_bound([update(name, "PLANT", 1.0) for name in kinds_of_the_rules()]) == []


@pytest.mark.parametrize("name", OF_SIZING)
def test_the_chosen_design_obeys_what_sizes_are_chosen_by(name):
    element, value, holds = OF_SIZING[name]
    asked = with_(name, element, value)
    design = size(asked)
    assert design.feasible, design.conflict_text
    assert holds(place(design, asked))


@pytest.mark.parametrize("name", OF_PLACEMENT)
def test_the_placed_plant_obeys_what_is_asked_of_its_equipment(name):
    element, value, holds = OF_PLACEMENT[name]
    asked = with_(name, element, value)
    plant = place(DESIGN, asked)
    assert holds(plant, place(DESIGN, SMALL))
    assert without_element(constraints(asked), plant) == []
    assert {"name": name, "element": element, "value": value} in constraints(asked)


def test_more_transformers_side_by_side_are_each_as_large_as_the_one():
    twice = place(DESIGN, with_("parallel_circuits", "BUS_RECIP_18_01", 2.0))["transformer"].set_index("id")[
        "rated_mva"
    ]
    once = place(DESIGN, SMALL)["transformer"].set_index("id")["rated_mva"]
    assert twice["XFMR_RECIP_18_01_A"] == twice["XFMR_RECIP_18_01_B"] == once["XFMR_RECIP_18_01"]


def test_growing_factors_multiply():
    updates = [Applied(update("equipment_rating_factor", "TIE_MAIN", factor)) for factor in (1.2, 1.5)]
    assert with_updates(SMALL, updates).equipment["TIE_MAIN"]["equipment_rating_factor"] == pytest.approx(1.8)


def test_a_breaker_for_the_dc_component_cures_a_high_x_over_r():
    def worst(plant: Plant) -> set[str]:
        faults = plant_short_circuit(plant)
        faults.tables["faults"] = faults.main.assign(x_r=20.0)
        return {str(v.verdict) for v in judge(faults, CriteriaSet.default(), plant)[0] if v.criterion == "x_r_ratio"}

    asked = replace(SMALL, equipment={bus: {"breaker_dc_pct": 45.0} for bus in place(DESIGN, SMALL)["bus"]["id"]})
    assert worst(place(DESIGN, SMALL)) == {"WARN"}
    assert worst(place(DESIGN, asked)) == {"PASS"}


def test_a_bound_on_what_the_plant_has_not_is_said():
    asked = with_("breaker_rating_ka", "BUS_NOWHERE", 40.0)
    assert ["BUS_NOWHERE" in finding.text for finding in without_element(constraints(asked), place(DESIGN, asked))] == [
        True
    ]


def test_contradictory_ledgers_are_named_in_words_and_nothing_else_is():
    large, small = (replace(t, min_load_pct=30.0) for t in SMALL.technologies[:2])
    asked = with_updates(
        replace(SMALL, technologies=(large, replace(small, h_s=1.3))),
        [
            Applied(update("max_unit_size_mw", "PLANT", 10.0)),
            Applied(update("unit_count", "GEN_RECIP_09_01", 2.0)),
            Applied(update("inertia_mva_s", "PLANT", 200.0)),
        ],
    )
    design = size(asked)
    assert design.status == "infeasible"
    assert set(design.conflict) == {"unit_size", "inertia"}
    assert "max_unit_size_mw = 10" in design.conflict_text


def test_the_known_kinds_are_one_list():
    assert not BOUNDS.keys() & EQUIPMENT_BOUNDS.keys()


def test_the_reserve_that_the_frequency_asks_for_is_designed_and_keeps_it() -> None:
    """Three engines with flywheels and a small droop: the others have less to spare than a trip loses."""
    heavy = tuple(replace(t, h_s=30.0, droop_pct=2.0) for t in shipped_technologies() if t.id == "RECIP_18")
    asked = replace(SMALL, technologies=heavy)
    weak = place(Design("weak", {"RECIP_18": 3}), asked)
    (found, *_) = judged_frequency(weak)[1]
    assert found.name == "spinning_reserve_mw"
    stronger = with_updates(asked, [Applied(found.as_dict())])
    design = size(stronger)
    assert design.feasible, design.conflict_text
    plant = place(design, stronger)
    assert remaining(plant)[0] >= found.new - 1e-6
    assert judged_frequency(plant) == (State.PASS, [])


def judged_frequency(plant: Plant) -> tuple[State, list[ConstraintUpdate]]:
    result = plant_frequency(plant)
    verdicts, _ = judge(result, CriteriaSet.default(), plant)
    return worst_state([verdict.verdict for verdict in verdicts]), advise(verdicts, plant, [result])
