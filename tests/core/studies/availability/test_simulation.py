"""The simulation agrees with the exact engine, and follows what the exact engine can't."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from core.errors import BadInput
from core.reliability import ReliabilityModel
from core.studies.availability import SimulationOptions, compile_model, deliver, network, simulate, solve
from core.studies.availability.bdd import TooLarge


def units(count: int, **more: object) -> list[dict]:
    return [{"id": f"U{i}", "mtbf_h": 1000.0, "mttr_h": 20.0, **more} for i in range(count)]


def k_of_n(components: list[dict], k: int, **more: object) -> ReliabilityModel:
    members = ",".join(component["id"] for component in components)
    block = {"id": "SYSTEM", "type": "PARALLEL_K_OF_N", "members": members, "k": k, **more}
    return ReliabilityModel.from_tables(components, [block])


def exact(model: ReliabilityModel) -> tuple[float, float]:
    """Availability and failures a year."""
    compiled = compile_model(model)
    root = compiled.nodes["SYSTEM"]
    solution = solve(compiled.structure, root)
    return float(solution.availability[root]), float(solution.frequency_per_h[root]) * 8760


FOUR_SIGMA = 0.99994

UNLIKE = [
    {**unit, "mtbf_h": mtbf, "mttr_h": mttr}
    for unit, mtbf, mttr in zip(units(4), (300, 800, 500, 900), (60, 20, 10, 70), strict=True)
]

AGREEING = {
    "two of three": k_of_n(units(3), 2),
    "Weibull ageing and lognormal repair": k_of_n(
        units(3, distribution="Weibull", weibull_beta=2.0, repair_distribution="lognormal"), 2
    ),
    "one crew": k_of_n(units(3), 2, repair_crews=1),
    "cold standby": k_of_n(units(3), 2, type="STANDBY"),
    "cold standby with one crew": k_of_n(units(3), 1, type="STANDBY", repair_crews=1),
    "unlike units with one crew": k_of_n(UNLIKE, 1, repair_crews=1),
    "unlike units with two crews": k_of_n(UNLIKE, 2, repair_crews=2),
    "unlike units in cold standby with one crew": k_of_n(UNLIKE, 1, type="STANDBY", repair_crews=1),
    "common cause": k_of_n(units(2, ccf_group="G", ccf_beta=0.1), 1),
    "a component in two blocks": ReliabilityModel.from_tables(
        units(3),
        [
            {"id": "A", "members": "U0,U1"},
            {"id": "B", "members": "U0,U2"},
            {"id": "SYSTEM", "type": "PARALLEL", "members": "A,B", "k": 1},
        ],
    ),
}


@pytest.mark.parametrize("name", AGREEING)
def test_the_simulated_interval_holds_the_exact_availability_and_frequency(name: str) -> None:
    model = AGREEING[name]
    found = simulate(model, SimulationOptions(histories=1500, years=20, seed=7, confidence=FOUR_SIGMA))
    availability, failures = exact(model)
    assert found.availability.low <= availability <= found.availability.high
    if "Weibull" not in name:  # a 2-of-3 of ageing units fails more often than of exponential ones in the first years
        assert found.failures_per_year.low <= failures <= found.failures_per_year.high


MESH = ["IN:A", "IN:B", "IN:C", "A:B", "B:C", "A:OUT", "B:OUT", "C:OUT"]


@pytest.mark.parametrize("members", ["U0,U1,U2,U3,U4,U5,U6,U7", "U0,U1,U2,U0,PAIR,U1,U5,PAIR"])
def test_a_network_that_is_one_gate_agrees_with_its_exact_answer(monkeypatch: pytest.MonkeyPatch, members: str) -> None:
    """With links that fail together and a block as a link; beside the network another block of its units."""
    blocks = [
        {"id": "PAIR", "type": "PARALLEL", "members": "U6,U7", "k": 1},
        {"id": "MESH", "type": "NETWORK", "members": members, "links": ",".join(MESH)},
        {"id": "SYSTEM", "type": "PARALLEL_K_OF_N", "members": "MESH,U2,PAIR", "k": 2},
    ]
    model = ReliabilityModel.from_tables(units(8, mttr_h=400.0), blocks)
    availability, failures = exact(model)
    monkeypatch.setattr(network, "MOST_STATES", 0)
    with pytest.raises(TooLarge, match="MESH"):
        exact(model)
    found = simulate(model, SimulationOptions(histories=1500, years=20, seed=7, confidence=FOUR_SIGMA))
    assert found.availability.low <= availability <= found.availability.high
    assert found.failures_per_year.low <= failures <= found.failures_per_year.high


def test_the_seed_decides_everything() -> None:
    model = AGREEING["two of three"]
    first, again, other = (simulate(model, SimulationOptions(200, 5, seed)) for seed in (3, 3, 4))
    assert first.availability == again.availability
    assert first.availability != other.availability


def test_nine_of_ten_agrees_with_the_binomial() -> None:
    ten = k_of_n([{"id": f"U{i}", "mtbf_h": 8760, "mttr_h": 24} for i in range(10)], 9)
    found = simulate(ten, SimulationOptions(histories=3000, years=20, confidence=0.9973))
    assert found.availability.low <= 0.999668929 <= found.availability.high


def test_reliawiki_deterministic_series() -> None:
    """ReliaWiki, "Repairable Systems Analysis Through Simulation": units stand still while the system is down."""
    fixed = {"distribution": "DETERMINISTIC", "repair_distribution": "DETERMINISTIC", "mttr_h": 10}
    components = [{"id": "A", "mtbf_h": 100, **fixed}, {"id": "B", "mtbf_h": 120, **fixed}]
    model = ReliabilityModel.from_tables(components, [{"id": "SYSTEM", "members": "A,B"}])
    found = simulate(model, SimulationOptions(1, 300 / 8760, ages_while_down=False))
    assert found.availability.mean == pytest.approx(0.8666666666666667, abs=1e-12)
    assert found.failures_per_year.mean * 300 / 8760 == pytest.approx(4, abs=1e-9)


def test_planned_maintenance_of_one_unit_takes_its_share_of_the_time() -> None:
    fixed = {"distribution": "DETERMINISTIC", "mtbf_h": 1e9, "mttr_h": 0.001}
    model = k_of_n([{"id": "U", **fixed, "pm_interval_h": 990.0, "pm_duration_h": 10.0}], 1)
    found = simulate(model, SimulationOptions(1, 100_000 / 8760))
    assert found.availability.mean == pytest.approx(0.99, abs=1e-12)


def test_parts_that_must_be_ordered_lengthen_every_repair() -> None:
    """Without stock each repair waits for the lead time: A = 1000 / (1000 + 20 + 200)."""
    model = k_of_n(units(1, spares=0, spare_lead_h=200.0), 1)
    found = simulate(model, SimulationOptions(800, 50, confidence=FOUR_SIGMA))
    assert found.availability.low <= 1000 / 1220 <= found.availability.high


def test_more_spares_never_make_it_worse() -> None:
    options = SimulationOptions(300, 20)
    shared = {"spares_group": "PARTS", "spare_lead_h": 500.0}
    found = [simulate(k_of_n(units(3, spares=stock, **shared), 2), options).availability.mean for stock in (0, 1, 3)]
    assert found == sorted(found)
    plenty = simulate(k_of_n(units(3, spares=50, **shared), 2), options)
    assert plenty.availability.mean == simulate(k_of_n(units(3), 2), options).availability.mean


def plant() -> ReliabilityModel:
    components = [*units(4, capacity_mw=10.0, type="ENGINE"), {"id": "BUS", "mtbf_h": 20000.0, "mttr_h": 10.0}]
    blocks = [
        {"id": "GEN", "type": "PARALLEL_K_OF_N", "members": "U0,U1,U2,U3", "k": 3},
        {"id": "SYSTEM", "type": "SERIES", "members": "GEN,BUS"},
    ]
    return ReliabilityModel.from_tables(components, blocks)


@pytest.mark.parametrize(("required", "battery"), [(30.0, 0.0), (35.0, 0.0), (35.0, 5.0)])
def test_simulated_megawatts_agree_with_the_convolution(required: float, battery: float) -> None:
    options = SimulationOptions(
        1500, 20, required_mw=required, battery_mw=battery, battery_mwh=1e12, confidence=FOUR_SIGMA
    )
    found = simulate(plant(), options)
    answer = deliver(plant(), required, firm_mw=battery)
    assert found.availability.low <= answer.system_availability <= found.availability.high
    assert found.failures_per_year.low <= answer.system_failures_per_h * 8760 <= found.failures_per_year.high


def test_a_battery_carries_a_shortage_as_long_as_its_energy_lasts() -> None:
    """One unit is down 10 h in 110 h and leaves 4 MW short: 20 MWh last for 5 h of them."""
    fixed = {"distribution": "DETERMINISTIC", "repair_distribution": "DETERMINISTIC", "mtbf_h": 100.0, "mttr_h": 10.0}
    components = [
        {"id": "A", "capacity_mw": 5.0, **fixed},
        {"id": "B", "capacity_mw": 10.0, "mtbf_h": 1e9, "mttr_h": 1e-6},
    ]
    model = ReliabilityModel.from_tables(components, [{"id": "SYSTEM", "type": "PARALLEL", "members": "A,B", "k": 1}])
    options = SimulationOptions(1, 1100 / 8760, required_mw=14.0, battery_mw=5.0, battery_mwh=20.0)
    ridden = simulate(model, options)
    assert ridden.availability.mean == pytest.approx(1 - 5 / 110, abs=1e-8)
    assert (
        ridden.availability.mean
        > simulate(model, SimulationOptions(1, 1100 / 8760, required_mw=14.0)).availability.mean
    )


def test_an_availability_alone_is_simulated_with_repairs_of_a_day_and_no_frequency() -> None:
    """Two of three at 0.9 work with 3 a² − 2 a³, however long a repair takes; what never works is always down."""
    bare = [{"id": name, "availability": 0.9} for name in "ABC"]
    found = simulate(k_of_n(bare, 2), SimulationOptions(400, 20.0))
    assert found.availability.low < 3 * 0.9**2 - 2 * 0.9**3 < found.availability.high
    assert np.isnan([found.failures_per_year.mean, found.mtbf_h, found.mttr_h, found.mttff_h]).all()
    assert [finding.code for finding in found.findings] == ["simulation.assumed_repair"]
    timed = simulate(k_of_n([row | {"mttr_h": 24} for row in bare], 2), SimulationOptions(400, 20.0))
    assert (timed.availability, timed.findings) == (found.availability, [])
    never = simulate(k_of_n([{"id": "A", "availability": 0.0}], 1), SimulationOptions(2, 1.0))
    assert never.availability.mean == pytest.approx(0, abs=1e-9)


def test_no_histories_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one history"):
        simulate(AGREEING["two of three"], SimulationOptions(histories=0))


def test_exponential_times_follow_their_law() -> None:
    """Counts in and beyond the layers of the ziggurat against e^(−x): none is off by five standard deviations."""
    from core.studies.availability.kernel import _exponential

    @njit
    def counts(number: int) -> np.ndarray:
        random, found = np.array([20261121], dtype=np.uint64), np.zeros(101, dtype=np.int64)
        for _ in range(number):
            found[min(int(_exponential(random) * 10), 100)] += 1
        return found

    number = 5_000_000
    share = np.exp(-np.append(np.arange(101) / 10, np.inf))
    expected = number * (share[:-1] - share[1:])
    assert (np.abs(counts(number) - expected) < 5 * np.sqrt(expected)).all()


@pytest.mark.parametrize(("beta", "said"), [(0.05, True), (0.9, False), (3.0, False)])
def test_a_start_that_outlasts_the_histories_is_said(beta: float, said: bool) -> None:
    part = {"id": "A", "mtbf_h": 2000, "mttr_h": 80, "distribution": "WEIBULL", "weibull_beta": beta}
    model = ReliabilityModel.from_tables([part], [{"id": "SYSTEM", "type": "SERIES", "members": "A"}])
    found = simulate(model, SimulationOptions(histories=2, years=1 if beta == 0.05 else 20))
    assert ("simulation.start" in [finding.code for finding in found.findings]) == said
