"""Published numbers and closed forms for availability; each test names where its answer was printed.

Collected facts and their tests, here unless a module is named:

RTS79-LOLE-H, RTS79-LOEE        test_rts79_loses_load_9_39418_hours_a_year
PRAS-SINGLE-A                   test_pras_single_node_a_hour_by_hour
REOPT-ERP-3H                    test_reopt_backup_reliability_over_three_hours
BRIDGE-0.9                      test_bridge_of_0_9, test_bridge_as_a_network_of_0_9
KOFN-2OF3                       test_two_of_three_at_0_9
KOFN-9OF10-SEED, SEED-SYSTEM    test_nine_of_ten_units_and_the_system_of_the_integration_sample
SEED-CAPACITY                   test_200_mw_of_the_sample_units
SEED-PASS-CONSISTENCY           test_series_product_of_the_sample_pass_file
FT-THEATRE, FT-TWOTRAIN         test_theatre_fault_tree, test_two_trains_fault_tree (exact, rare event, cut sets)
MARKOV-1CREW, MARKOV-STANDBY    test_repair_crews, test_cold_standby
WEIBULL-RENEWAL                 test_weibull_mean_and_limiting_availability, …_differs_from_the_mtbf_is_a_finding
BETA-FACTOR                     test_beta_factor
WINDCHILL-MTBF-DEF              test_cycle_time_is_the_other_meaning_of_mtbf
RELIAWIKI-SERIES, SIM-9OF10     tests/core/studies/availability/test_simulation.py
LADDER-1001                     test_ladder_of_1001_blocks
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.reliability import ReliabilityModel, check, rates, weibull_mean_h
from core.studies.availability import AvailabilityOptions, study_availability
from core.studies.availability.capacity import outage_survival
from core.studies.availability.compile import compile_model
from core.studies.availability.cut_sets import cut_set_table, minimal_cut_sets
from core.studies.availability.delivery import adequacy, deliver
from core.studies.availability.exact import Solution, solve
from core.studies.availability.markov import Group, solve_group, solve_unlike_group

# IEEE Reliability Test System 1979, IEEE Trans. PAS-98 (1979) 2047–2054, tables 1–7.
RTS_UNITS_MW_COUNT_FOR = [
    (12, 5, 0.02), (20, 4, 0.10), (50, 6, 0.01), (76, 4, 0.02), (100, 3, 0.04),
    (155, 4, 0.04), (197, 3, 0.05), (350, 1, 0.08), (400, 2, 0.12),
]  # fmt: skip
RTS_WEEK_PCT = [
    86.2, 90.0, 87.8, 83.4, 88.0, 84.1, 83.2, 80.6, 74.0, 73.7, 71.5, 72.7, 70.4, 75.0, 72.1, 80.0, 75.4, 83.7,
    87.0, 88.0, 85.6, 81.1, 90.0, 88.7, 89.6, 86.1, 75.5, 81.6, 80.1, 88.0, 72.2, 77.6, 80.0, 72.9, 72.6, 70.5,
    78.0, 69.5, 72.4, 72.4, 74.3, 74.4, 80.0, 88.1, 88.5, 90.9, 94.0, 89.0, 94.2, 97.0, 100.0, 95.2,
]  # fmt: skip
RTS_DAY_PCT = [93, 100, 98, 96, 94, 77, 75]
RTS_HOUR_PCT = {
    ("winter", "weekday"): [
        67, 63, 60, 59, 59, 60, 74, 86, 95, 96, 96, 95, 95, 95, 93, 94, 99, 100, 100, 96, 91, 83, 73, 63,
    ],
    ("winter", "weekend"): [
        78, 72, 68, 66, 64, 65, 66, 70, 80, 88, 90, 91, 90, 88, 87, 87, 91, 100, 99, 97, 94, 92, 87, 81,
    ],
    ("summer", "weekday"): [
        64, 60, 58, 56, 56, 58, 64, 76, 87, 95, 99, 100, 99, 100, 100, 97, 96, 96, 93, 92, 92, 93, 87, 72,
    ],
    ("summer", "weekend"): [
        74, 70, 66, 65, 64, 62, 62, 66, 81, 86, 91, 93, 93, 92, 91, 91, 92, 94, 95, 95, 100, 93, 88, 80,
    ],
    ("spring", "weekday"): [
        63, 62, 60, 58, 59, 65, 72, 85, 95, 99, 100, 99, 93, 92, 90, 88, 90, 92, 96, 98, 96, 90, 80, 70,
    ],
    ("spring", "weekend"): [
        75, 73, 69, 66, 65, 65, 68, 74, 83, 89, 92, 94, 91, 90, 90, 86, 85, 88, 92, 100, 97, 95, 90, 85,
    ],
}  # fmt: skip


def rts_season(week: int) -> str:
    return "winter" if week <= 8 or week >= 44 else "summer" if 18 <= week <= 30 else "spring"


def rts_load_mw() -> np.ndarray:
    days = [
        (rts_season(week + 1), "weekday" if day < 5 else "weekend", RTS_WEEK_PCT[week] * RTS_DAY_PCT[day])
        for week in range(52)
        for day in range(7)
    ]
    return 2850e-6 * np.concatenate([peak * np.array(RTS_HOUR_PCT[season, kind]) for season, kind, peak in days])


def system_of(components: list[dict], blocks: list[dict]) -> tuple[Solution, dict[str, int]]:
    model = ReliabilityModel.from_tables(components, blocks)
    compiled = compile_model(model)
    return solve(compiled.structure, compiled.nodes[model.system]), compiled.nodes


def cut_sets_of(components: list[dict], blocks: list[dict]) -> pd.DataFrame:
    model = ReliabilityModel.from_tables(components, blocks)
    structure, nodes = (compiled := compile_model(model)).structure, compiled.nodes
    return cut_set_table(structure, minimal_cut_sets(structure, nodes[model.system]))


def parts(names: str, availability: float) -> list[dict]:
    return [{"id": name, "availability": availability} for name in names]


def units_side_by_side(units: list[tuple[float, float]]) -> ReliabilityModel:
    """Units of so many MW that are out so much of the time."""
    names = [f"U{number}" for number in range(len(units))]
    rows = [{"id": n, "capacity_mw": mw, "availability": 1 - q} for n, (mw, q) in zip(names, units, strict=True)]
    return ReliabilityModel.from_tables(rows, [{"id": "SYSTEM", "type": "PARALLEL", "members": ",".join(names)}])


SEED_COMPONENTS = [
    *({"id": f"GEN_RECIP_{i:02}", "mtbf_h": 8760, "mttr_h": 24, "capacity_mw": 18.3} for i in range(1, 9)),
    *({"id": f"GEN_GT_{i:02}", "mtbf_h": 17520, "mttr_h": 48, "capacity_mw": 50.0} for i in range(1, 3)),
    {"id": "XFMR_MAIN", "mtbf_h": 175200, "mttr_h": 168},
    {"id": "SWGR_MAIN", "mtbf_h": 87600, "mttr_h": 24},
    {"id": "CB_01", "mtbf_h": 350400, "mttr_h": 4},
    {"id": "CB_02", "mtbf_h": 350400, "mttr_h": 4},
    {"id": "CTRL", "mtbf_h": 43800, "mttr_h": 4},
]
SEED_BLOCKS = [
    {
        "id": "THERMAL_GEN",
        "type": "PARALLEL_K_OF_N",
        "members": ",".join(c["id"] for c in SEED_COMPONENTS[:10]),
        "k": 9,
    },
    {"id": "ELECTRICAL", "type": "SERIES", "members": "XFMR_MAIN,SWGR_MAIN"},
    {"id": "BREAKERS", "type": "PARALLEL_K_OF_N", "members": "CB_01,CB_02", "k": 1},
    {"id": "CONTROL", "type": "SERIES", "members": "CTRL"},
    {"id": "SYSTEM", "type": "SERIES", "members": "THERMAL_GEN,ELECTRICAL,BREAKERS,CONTROL"},
]


def test_rts79_loses_load_9_39418_hours_a_year() -> None:
    """Allan, Billinton, Abdel-Gawad, "The IEEE RTS - extensions to and evaluation of the generating system", 1986."""
    units = [(mw, outage) for mw, count, outage in RTS_UNITS_MW_COUNT_FOR for _ in range(count)]
    result = study_availability(units_side_by_side(units), AvailabilityOptions(load_mw=tuple(rts_load_mw())))
    (answer,) = result.tables["adequacy"].to_dict("records")
    assert answer["lole_h_per_year"] == pytest.approx(9.39418, rel=1e-5)
    assert answer["loee_mwh_per_year"] == pytest.approx(1176.3, rel=1e-5)


def test_pras_single_node_a_hour_by_hour() -> None:
    """NREL PRAS, PRASCore.jl/src/Systems/TestData.jl, singlenode_a."""
    answer = adequacy(units_side_by_side([(10, 0.1)] * 3), [25, 28, 27, 24], firm_mw=[5, 6, 7, 8])
    assert answer.lolp == pytest.approx([0.028, 0.271, 0.028, 0.028], rel=1e-6)
    assert answer.eue_mwh == pytest.approx([0.29, 0.832, 0.29, 0.178], rel=1e-6)
    assert (answer.lole_h, answer.loee_mwh) == pytest.approx((0.355, 1.59), rel=1e-6)


def test_reopt_backup_reliability_over_three_hours() -> None:
    """NREL REopt.jl, test/runtests.jl, "Backup Generator Reliability"."""
    answer = outage_survival(
        [1, 2, 2], units=2, unit_mw=1, hourly_survival=0.8, battery_mw=1, battery_mwh=2, stored_mwh=1
    )
    assert answer == pytest.approx(0.557056, abs=1e-9)


def test_bridge_of_0_9() -> None:
    """Billinton & Allan, Reliability Evaluation of Engineering Systems: 2p² + 2p³ − 5p⁴ + 2p⁵."""
    paths = [("P1", "A,B"), ("P2", "C,D"), ("P3", "A,E,D"), ("P4", "C,E,B")]
    blocks = [{"id": name, "type": "SERIES", "members": members} for name, members in paths]
    blocks.append({"id": "SYSTEM", "type": "PARALLEL", "members": "P1,P2,P3,P4", "k": 1})
    solution, nodes = system_of(parts("ABCDE", 0.9), blocks)
    assert solution.availability[nodes["SYSTEM"]] == pytest.approx(0.97848, abs=1e-12)


def test_bridge_as_a_network_of_0_9() -> None:
    """The same bridge between two terminals."""
    block = {"id": "SYSTEM", "type": "NETWORK", "members": "A,B,C,D,E", "links": "in:x, in:y, x:y, x:out, y:out"}
    solution, nodes = system_of(parts("ABCDE", 0.9), [block])
    assert solution.availability[nodes["SYSTEM"]] == pytest.approx(0.97848, abs=1e-12)


def test_two_of_three_at_0_9() -> None:
    """Binomial: 3 p² (1 − p) + p³."""
    blocks = [{"id": "SYSTEM", "type": "PARALLEL_K_OF_N", "members": "A,B,C", "k": 2}]
    solution, nodes = system_of(parts("ABC", 0.9), blocks)
    assert solution.availability[nodes["SYSTEM"]] == pytest.approx(0.972, abs=1e-12)


def test_nine_of_ten_units_and_the_system_of_the_integration_sample() -> None:
    """Closed forms on the component data that the integration package ships; RePyability 0.15 gives the same digits."""
    solution, nodes = system_of(SEED_COMPONENTS, SEED_BLOCKS)
    assert solution.availability[nodes["THERMAL_GEN"]] == pytest.approx(0.9996689290152695, abs=1e-12)
    assert solution.availability[nodes["SYSTEM"]] == pytest.approx(0.9983465427729924, abs=1e-12)
    assert solution.unavailability[nodes["SYSTEM"]] * 8760 == pytest.approx(14.4843, abs=5e-5)


@pytest.mark.parametrize(
    ("firm_mw", "expected"), [(0, 0.9945418598779637), (30, 0.9999914081531157), (50, 0.9999925287011655)]
)
def test_200_mw_of_the_sample_units(firm_mw: float, expected: float) -> None:
    """Convolution by hand: one gas turbine down leaves 196.4 MW, less than 200 MW."""
    units = units_side_by_side([(18.3, 24 / 8784)] * 8 + [(50.0, 24 / 8784)] * 2)
    answer = deliver(units, 200.0, firm_mw=firm_mw)
    assert answer.availability == answer.system_availability
    assert answer.availability == pytest.approx(expected, abs=1e-9)


def test_theatre_fault_tree() -> None:
    """OpenFTA's example as in rakhimov/scram, tests/bench_theatre_tests.cc: mains AND (generator OR relay)."""
    components = [
        {"id": "MAINS", "availability": 1 - 3e-2},
        {"id": "GEN", "availability": 1 - 2e-2},
        {"id": "RELAY", "availability": 1 - 5e-2},
    ]
    blocks = [
        {"id": "BACKUP", "type": "SERIES", "members": "GEN,RELAY"},
        {"id": "SYSTEM", "type": "PARALLEL", "members": "MAINS,BACKUP", "k": 1},
    ]
    solution, nodes = system_of(components, blocks)
    assert solution.unavailability[nodes["SYSTEM"]] == pytest.approx(0.00207, abs=1e-12)
    cuts = cut_sets_of(components, blocks)
    assert cuts["members"].tolist() == [["MAINS", "RELAY"], ["MAINS", "GEN"]]
    assert cuts["unavailability"].sum() == pytest.approx(0.0021, abs=1e-12)


def test_two_trains_fault_tree() -> None:
    """rakhimov/scram, input/TwoTrain: both trains fail, by valve (0.5) or pump (0.7); exact 0.7225."""
    components = [
        *({"id": name, "availability": 0.5} for name in ("VALVE_1", "VALVE_2")),
        *({"id": name, "availability": 0.3} for name in ("PUMP_1", "PUMP_2")),
    ]
    blocks = [
        {"id": "TRAIN_1", "type": "SERIES", "members": "VALVE_1,PUMP_1"},
        {"id": "TRAIN_2", "type": "SERIES", "members": "VALVE_2,PUMP_2"},
        {"id": "SYSTEM", "type": "PARALLEL", "members": "TRAIN_1,TRAIN_2", "k": 1},
    ]
    solution, nodes = system_of(components, blocks)
    assert solution.unavailability[nodes["SYSTEM"]] == pytest.approx(0.7225, abs=1e-12)
    assert {tuple(members) for members in cut_sets_of(components, blocks)["members"]} == {
        ("VALVE_1", "VALVE_2"), ("VALVE_1", "PUMP_2"), ("VALVE_2", "PUMP_1"), ("PUMP_1", "PUMP_2")
    }  # fmt: skip


def test_series_product_of_the_sample_pass_file() -> None:
    """The block rows of the sample's passing results multiply to less than the target that its SYSTEM row meets."""
    printed = {"T": 0.99987, "E": 0.99965, "B": 0.99999, "C": 0.99991}
    components = [{"id": name, "availability": value} for name, value in printed.items()]
    solution, nodes = system_of(components, [{"id": "SYSTEM", "type": "SERIES", "members": "T,E,B,C"}])
    assert solution.availability[nodes["SYSTEM"]] == pytest.approx(0.9994200944, abs=1e-9)


def test_repair_crews() -> None:
    """Markov closed forms (Billinton & Allan): (λ/(λ+μ))² with two crews, 2r²/(1 + 2r + 2r²) with one."""
    two = solve_group(Group(2, 1, 1e-3, 1e-1))
    one = solve_group(Group(2, 1, 1e-3, 1e-1, crews=1))
    assert two.unavailability == pytest.approx(9.80296049e-05, rel=1e-9)
    assert one.unavailability == pytest.approx(0.0001960399922, rel=1e-9)


def test_cold_standby() -> None:
    """Markov closed forms: r²/(1 + r + r²); (2λ + μ)/λ²; 2/λ without repair."""
    standby = solve_group(Group(2, 1, 1e-3, 1e-1, crews=1, standby=True))
    assert standby.unavailability == pytest.approx(9.9000099e-05, rel=1e-9)
    assert standby.mttff_h == pytest.approx(102000.0, rel=1e-9)
    assert solve_group(Group(2, 1, 1e-3, 0.0, standby=True)).mttff_h == pytest.approx(2000.0, rel=1e-9)


@pytest.mark.parametrize("standby", [False, True])
@pytest.mark.parametrize("crews", [None, 2, 1])
def test_unlike_units_agree_with_like_units(standby: bool, crews: int | None) -> None:
    like = solve_group(Group(3, 2, 1e-3, 1e-1, crews, standby))
    unlike = solve_unlike_group(2, [1e-3] * 3, [1e-1] * 3, crews=crews, standby=standby)
    assert unlike.unavailability == pytest.approx(like.unavailability, rel=1e-12)
    assert unlike.frequency_per_h == pytest.approx(like.frequency_per_h, rel=1e-12)
    assert unlike.mttff_h == pytest.approx(like.mttff_h, rel=1e-9)


def test_two_unlike_units_with_one_crew() -> None:
    """Balance of the five states: the one that failed first is repaired first."""
    a, b, mend_a, mend_b = 1 / 300, 1 / 800, 1 / 60, 1 / 20
    balance = np.array(  # none, A, B, A then B, B then A
        [
            [-a - b, mend_a, mend_b, 0, 0],
            [a, -mend_a - b, 0, 0, mend_b],
            [b, 0, -mend_b - a, mend_a, 0],
            [0, b, 0, -mend_a, 0],
            [1, 1, 1, 1, 1],
        ]
    )
    share = np.linalg.solve(balance, [0, 0, 0, 0, 1])
    assert solve_unlike_group(1, [a, b], [mend_a, mend_b], crews=1).availability == pytest.approx(share[:3].sum())


def test_weibull_mean_and_limiting_availability() -> None:
    """η Γ(1 + 1/β); the limiting availability of an alternating renewal process needs only the means."""
    assert float(weibull_mean_h(20000, 1.5)) == pytest.approx(18054.905859, rel=1e-9)
    turbine = {"id": "GT", "weibull_eta_h": 20000, "weibull_beta": 1.5, "distribution": "Weibull", "mttr_h": 48}
    model = ReliabilityModel.from_tables([turbine], [{"id": "SYSTEM", "members": "GT"}])
    assert rates(model.components)["availability"].iloc[0] == pytest.approx(0.9973484919838913, rel=1e-9)


def test_weibull_mean_that_differs_from_the_mtbf_is_a_finding() -> None:
    turbine = {"id": "GT", "mtbf_h": 17520, "weibull_eta_h": 20000, "weibull_beta": 1.5, "distribution": "Weibull"}
    model = ReliabilityModel.from_tables([{**turbine, "mttr_h": 48}], [{"id": "SYSTEM", "members": "GT"}])
    assert [finding.code for finding in check(model)] == ["rbd.component.weibull_mean"]


def test_beta_factor() -> None:
    """RePyability, tests/test_ccf.py, exact conditioning: (1 − βQ) (1 − ((1 − β) Q)²)."""
    shared = {"availability": 0.9, "ccf_group": "PUMPS", "ccf_beta": 0.2}
    blocks = [{"id": "SYSTEM", "type": "PARALLEL", "members": "A,B", "k": 1}]
    solution, nodes = system_of([{"id": "A", **shared}, {"id": "B", **shared}], blocks)
    assert solution.availability[nodes["SYSTEM"]] == pytest.approx(0.973728, abs=1e-12)


def test_cycle_time_is_the_other_meaning_of_mtbf() -> None:
    """Windchill's RBD help: MTBF "includes both operational and downtime hours", so A = 1 − MTTR/MTBF."""
    model = ReliabilityModel.from_tables(
        [{"id": "A", "mtbf_h": 1000, "mttr_h": 20}], [{"id": "SYSTEM", "members": "A"}]
    )
    assert rates(model.components, "cycle")["availability"].iloc[0] == pytest.approx(0.98, abs=1e-15)
    assert rates(model.components)["availability"].iloc[0] == pytest.approx(1000 / 1020, abs=1e-15)


def test_ladder_of_1001_blocks() -> None:
    """RePyability 0.15 on two rails of 334 units and 333 between them, each from one rail to the other's next unit.

    The answer was printed without the joints; of the ladders tried only this one gives its thirteen digits.
    """
    units = [f"{rail}{i}" for rail in "AB" for i in range(334)] + [f"C{i}" for i in range(1, 334)]
    blocks = [{"id": "TO_A0", "members": "A0"}, {"id": "TO_B0", "members": "B0"}]
    for i in range(1, 334):
        blocks += [
            {"id": f"TO_A{i}", "members": f"TO_A{i - 1},A{i}"},
            {"id": f"ACROSS{i}", "members": f"TO_A{i - 1},C{i}"},
            {"id": f"EITHER{i}", "type": "PARALLEL", "members": f"TO_B{i - 1},ACROSS{i}"},
            {"id": f"TO_B{i}", "members": f"EITHER{i},B{i}"},
        ]
    blocks.append({"id": "SYSTEM", "type": "PARALLEL", "members": "TO_A333,TO_B333"})
    solution, nodes = system_of([{"id": unit, "mtbf_h": 8760, "mttr_h": 24} for unit in units], blocks)
    assert solution.availability[nodes["SYSTEM"]] == pytest.approx(0.7669192075551, rel=1e-9)
