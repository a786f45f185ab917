"""Uploaded values against embedded ones: the tolerances of load flow, short circuit and availability."""

from __future__ import annotations

import pytest

from core.results.reconcile import reconcile
from core.results.study_result import StudyResult, result_table


def faults(**currents: float) -> StudyResult:
    rows = [{"bus": bus, "ik_ka": value} for bus, value in currents.items()]
    return StudyResult("short_circuit", {"faults": result_table("short_circuit", "faults", rows)})


def flow(angles: dict[str, float], study: str = "power_flow", **columns: float) -> StudyResult:
    rows = [{"bus": bus, "angle_deg": angle, **columns} for bus, angle in angles.items()]
    return StudyResult(study, {"buses": result_table(study, "buses", rows)})


def system(availability: float) -> StudyResult:
    return StudyResult(
        "availability",
        {"blocks": result_table("availability", "blocks", [{"block": "SYSTEM", "availability": availability}])},
    )


@pytest.mark.parametrize(
    ("uploaded", "embedded", "expected"),
    [
        (42.8, 77.46, "contradicts"),  # the specification's own sample on one 13.8 kV bus
        (42.8, 42.8, "agrees"),
        (110.0, 100.0, "agrees"),
        (111.0, 100.0, "explain"),
        (125.0, 100.0, "explain"),
        (126.0, 100.0, "contradicts"),
        (74.0, 100.0, "contradicts"),
    ],
)
def test_fault_currents_within_ten_per_cent_agree_and_over_twenty_five_contradict(uploaded, embedded, expected):
    found = reconcile(faults(MAIN=uploaded), faults(MAIN=embedded))
    assert [str(d.agreement) for d in found] == [expected]


@pytest.mark.parametrize(
    ("uploaded", "expected"), [(1.0, "agrees"), (0.99, "agrees"), (0.985, "explain"), (0.97, "contradicts")]
)
def test_voltages_agree_within_a_hundredth(uploaded, expected):
    found = reconcile(flow({"A": 0.0}, "load_flow", v_pu=uploaded), flow({"A": 0.0}, "load_flow", v_pu=1.0))
    assert [str(d.agreement) for d in found if d.quantity == "v_pu"] == [expected]


def test_availabilities_compare_by_their_unavailabilities():
    # 4.2 h a year printed, 14.5 h calculated: 0.99952 and 0.998347 look alike, their unavailabilities do not
    (found,) = reconcile(system(0.99952), system(0.998347))
    assert str(found.agreement) == "contradicts"
    assert found.difference == pytest.approx(0.48e-3 / 1.653e-3)


@pytest.mark.parametrize("shift", [0.0, 50.0, 180.0])
def test_angles_compare_whatever_reference_each_source_took(shift):
    ours = {"1": 0.0, "2": -3.0, "3": -5.0}
    found = reconcile(flow({bus: a + shift for bus, a in ours.items()}), flow(ours))
    assert {str(d.agreement) for d in found if d.quantity == "angle_deg"} == {"agrees"}


def test_an_element_that_only_one_side_knows_has_nothing_to_compare():
    (found,) = reconcile(faults(A=10.0), faults(B=10.0))
    assert (str(found.agreement), found.embedded) == ("nothing to compare", None)


def test_elements_meet_by_the_names_that_each_source_uses():
    (found,) = reconcile(faults(MAIN_BUS=10.0), faults(BUS_200=10.0), names={"MAIN_BUS": "BUS_200"})
    assert str(found.agreement) == "agrees"


def test_swapping_sides_never_changes_an_availability_verdict():
    for one, other in ((0.999, 0.9995), (0.9, 0.95), (0.99999, 0.9998)):
        (a,), (b,) = reconcile(system(one), system(other)), reconcile(system(other), system(one))
        assert a.agreement == b.agreement


@pytest.mark.parametrize(("uploaded", "expected"), [(14.0, "agrees"), (12.0, "explain"), (3.0, "contradicts")])
def test_x_r_ratios_compare_as_fault_currents_do(uploaded, expected):
    def fault(x_r: float) -> StudyResult:
        rows = [{"bus": "A", "x_r": x_r}]
        return StudyResult("short_circuit", {"faults": result_table("short_circuit", "faults", rows)})

    (found,) = reconcile(fault(uploaded), fault(14.12))
    assert str(found.agreement) == expected


@pytest.mark.parametrize(("uploaded", "expected"), [(3.57, "agrees"), (2.5, "explain"), (0.01, "contradicts")])
def test_downtimes_compare_by_their_ratio_beside_a_right_availability(uploaded, expected):
    def block(downtime_h: float) -> StudyResult:
        rows = [{"block": "SYSTEM", "availability": 0.9995922, "downtime_h": downtime_h}]
        return StudyResult("availability", {"blocks": result_table("availability", "blocks", rows)})

    found = {each.quantity: str(each.agreement) for each in reconcile(block(uploaded), block(3.572))}
    assert found == {"availability": "agrees", "downtime_h": expected}
