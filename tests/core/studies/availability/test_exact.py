"""The exact engine against every state of the system, and on large diagrams."""

from __future__ import annotations

import itertools
import math
import re
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from core.findings import Finding
from core.reliability import SINK, SOURCE, ReliabilityModel, check
from core.studies.availability import (
    AvailabilityOptions,
    adequacy,
    capacity,
    compile_model,
    deliver,
    importance,
    solve,
    study_availability,
)
from core.studies.availability import bdd as diagrams
from core.studies.availability.cut_sets import cut_set_table, minimal_cut_sets

LINKS = list(itertools.combinations((SOURCE, "A", "B", SINK), 2))


def connects(links: list[tuple[str, str]]) -> bool:
    """Whether the links connect the terminals."""
    reached = {SOURCE}
    for _ in links:
        reached |= {node for link in links if reached & set(link) for node in link}
    return SINK in reached


@st.composite
def models(draw: st.DrawFn) -> ReliabilityModel:
    """Small diagrams in which blocks may share components and blocks, some of them networks."""
    count = draw(st.integers(2, 6))
    mtbf = draw(st.lists(st.floats(10, 1e4), min_size=count, max_size=count))
    mttr = draw(st.lists(st.floats(1, 500), min_size=count, max_size=count))
    components = [{"id": f"C{i}", "mtbf_h": mtbf[i], "mttr_h": mttr[i]} for i in range(count)]
    names = [f"C{i}" for i in range(count)]
    blocks = []
    for number in range(draw(st.integers(0, 4))):
        members = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True))
        k = draw(st.integers(1, len(members)))
        block = {"id": f"B{number}", "type": "PARALLEL_K_OF_N", "members": ",".join(members), "k": k}
        if draw(st.booleans()):
            links = draw(st.lists(st.sampled_from(LINKS), min_size=len(members), max_size=len(members)))
            assume(connects(links))
            block |= {"type": "NETWORK", "links": ",".join(map(":".join, links)), "k": None}
        blocks.append(block)
        names.append(f"B{number}")
    members = draw(st.lists(st.sampled_from(names), min_size=1, max_size=5, unique=True))
    k = draw(st.integers(1, len(members)))
    blocks.append({"id": "SYSTEM", "type": "PARALLEL_K_OF_N", "members": ",".join(members), "k": k})
    return ReliabilityModel.from_tables(components, blocks)


def works(model: ReliabilityModel, up: dict[str, bool]) -> dict[str, bool]:
    """Every block's state, blocks in the order in which they were listed."""
    state = dict(up)
    for block in model.blocks["id"]:
        up_members = [state[member] for member in model.members[block]]
        state[block] = sum(up_members) >= model.required[block]
        if block in model.links:
            state[block] = connects(list(itertools.compress(model.links[block], up_members)))
    return state


def by_states(model: ReliabilityModel) -> tuple[float, float]:
    """Availability and failures an hour of the system, summed over all states and transitions."""
    rows = model.components
    a = (rows["mtbf_h"] / (rows["mtbf_h"] + rows["mttr_h"])).to_numpy()
    availability = failures = 0.0
    for bits in itertools.product((False, True), repeat=len(rows)):
        chance = float(np.prod(np.where(bits, a, 1 - a)))
        if not works(model, dict(zip(rows["id"], bits, strict=True)))["SYSTEM"]:
            continue
        availability += chance
        for i in range(len(bits)):
            after = [bit and place != i for place, bit in enumerate(bits)]
            if bits[i] and not works(model, dict(zip(rows["id"], after, strict=True)))["SYSTEM"]:
                failures += chance / rows["mtbf_h"].iloc[i]
    return availability, failures


@settings(max_examples=150, deadline=None)
@given(models())
def test_availability_and_frequency_are_those_of_all_states(model: ReliabilityModel) -> None:
    compiled = compile_model(model)
    root = compiled.nodes["SYSTEM"]
    solution = solve(compiled.structure, root)
    availability, failures = by_states(model)
    assert solution.availability[root] == pytest.approx(availability, abs=1e-12)
    assert solution.unavailability[root] == pytest.approx(1 - availability, abs=1e-12)
    assert solution.frequency_per_h[root] == pytest.approx(failures, rel=1e-9, abs=1e-15)


@settings(max_examples=50, deadline=None)
@given(models(), st.integers(0, 5))
def test_birnbaum_is_the_difference_between_up_and_down(model: ReliabilityModel, chosen: int) -> None:
    compiled = compile_model(model)
    root = compiled.nodes["SYSTEM"]
    node = compiled.nodes[model.components["id"].iloc[chosen % len(model.components)]]
    slope = solve(compiled.structure, root).slope[node]
    values = []
    for up in (1.0, 0.0):
        compiled.structure.availability[node], compiled.structure.unavailability[node] = up, 1 - up
        values.append(solve(compiled.structure, root).availability[root])
    assert np.nan_to_num(slope) == pytest.approx(values[0] - values[1], abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(models(), st.floats(0.1, 0.9))
def test_a_shorter_repair_never_lowers_the_availability(model: ReliabilityModel, share: float) -> None:
    def availability(of: ReliabilityModel) -> float:
        compiled = compile_model(of)
        return float(solve(compiled.structure, compiled.nodes["SYSTEM"]).availability[compiled.nodes["SYSTEM"]])

    components = model.components.copy()
    components.loc[0, "mttr_h"] *= share
    assert availability(ReliabilityModel(components, model.blocks)) >= availability(model) - 1e-12


def cut_sets_by_states(model: ReliabilityModel) -> set[frozenset[str]]:
    """Every set of components whose failure takes the system down, and none of whose subsets does."""
    names = model.components["id"].tolist()
    found: list[frozenset[str]] = []
    for size in range(1, len(names) + 1):
        for cut in map(frozenset, itertools.combinations(names, size)):
            if not any(part <= cut for part in found) and not works(model, {n: n not in cut for n in names})["SYSTEM"]:
                found.append(cut)
    return set(found)


@settings(max_examples=60, deadline=None)
@given(models())
def test_cut_sets_are_those_of_all_states(model: ReliabilityModel) -> None:
    compiled = compile_model(model)
    cuts = minimal_cut_sets(compiled.structure, compiled.nodes["SYSTEM"])
    table = cut_set_table(compiled.structure, cuts)
    every = cut_sets_by_states(model)
    assert {frozenset(members) for members in table["members"]} == {cut for cut in every if len(cut) <= cuts.order}
    assert cuts.complete <= (len(table) == len(every))
    if cuts.complete:
        solution = solve(compiled.structure, compiled.nodes["SYSTEM"])
        assert table["unavailability"].sum() >= solution.unavailability[solution.root] * (1 - 1e-9)
        assert table["unavailability"].max() <= solution.unavailability[solution.root] * (1 + 1e-9)


def test_a_cut_set_begins_as_often_as_its_parallel_units_fail_together() -> None:
    """Two units at 40 h and 5 h of repair: both are down U₁U₂ of the time, for 1/(1/40 + 1/5) h each time."""
    components = [{"id": "A", "mtbf_h": 1000, "mttr_h": 40}, {"id": "B", "mtbf_h": 500, "mttr_h": 5}]
    model = ReliabilityModel.from_tables(components, [{"id": "SYSTEM", "type": "PARALLEL", "members": "A,B", "k": 1}])
    row = study_availability(model).tables["cut_sets"].iloc[0]
    down = 40 / 1040 * 5 / 505
    assert row["unavailability"] == pytest.approx(down, rel=1e-12)
    assert row["failures_per_year"] == pytest.approx(down * (1 / 40 + 1 / 5) * 8760, rel=1e-12)


@pytest.mark.parametrize(("n", "k", "text"), [(8, 2, "more than 4 units"), (5000, 4999, "too many to list")])
def test_cut_sets_that_are_not_listed_are_a_finding(n: int, k: int, text: str) -> None:
    result = study_availability(k_of(n, k))
    assert result.tables["cut_sets"].empty
    assert text in {finding.code: finding.text for finding in result.findings}["rbd.cut_sets"]


def k_of(n: int, k: int) -> ReliabilityModel:
    components = [{"id": f"C{i}", "mtbf_h": 8760, "mttr_h": 24} for i in range(n)]
    members = ",".join(component["id"] for component in components)
    block = {"id": "SYSTEM", "type": "PARALLEL_K_OF_N", "members": members, "k": k}
    return ReliabilityModel.from_tables(components, [block])


def test_importance_of_a_single_cause() -> None:
    model = ReliabilityModel.from_tables([{"id": "A", "mtbf_h": 90, "mttr_h": 10}], [{"id": "SYSTEM", "members": "A"}])
    compiled = compile_model(model)
    row = importance(
        compiled.structure, solve(compiled.structure, compiled.nodes["SYSTEM"]), [compiled.nodes["A"]]
    ).iloc[0]
    assert (row["birnbaum"], row["fussell_vesely"]) == pytest.approx((1.0, 1.0))
    assert row["risk_achievement"] == pytest.approx(10.0)
    assert row["risk_reduction"] == np.inf


def large(pairs: int) -> ReliabilityModel:
    components = [{"id": f"C{i}", "mtbf_h": 8760, "mttr_h": 24} for i in range(2 * pairs)]
    blocks = [{"id": f"B{i}", "type": "PARALLEL", "members": f"C{2 * i},C{2 * i + 1}", "k": 1} for i in range(pairs)]
    return ReliabilityModel.from_tables(
        components, [*blocks, {"id": "SYSTEM", "members": ",".join(f"B{i}" for i in range(pairs))}]
    )


def test_a_thousand_blocks_take_well_under_a_second() -> None:
    model = large(1000)
    started = time.process_time()
    compiled = compile_model(model)
    solution = solve(compiled.structure, compiled.nodes["SYSTEM"])
    assert time.process_time() - started < 0.7
    assert solution.availability[solution.root] == pytest.approx((1 - (24 / 8784) ** 2) ** 1000, rel=1e-12)


def test_ten_thousand_nested_blocks_have_an_answer() -> None:
    components = [{"id": f"C{i}", "mtbf_h": 1000, "mttr_h": 1} for i in range(10_001)]
    blocks = [{"id": f"B{i}", "members": f"C{i},B{i + 1}"} for i in range(10_000)]
    blocks[-1]["members"] = "C9999,C10000"
    model = ReliabilityModel.from_tables(components, blocks)
    assert check(model) == []
    compiled = compile_model(model)
    solution = solve(compiled.structure, compiled.nodes["B0"])
    assert solution.availability[solution.root] == pytest.approx((1000 / 1001) ** 10_001, rel=1e-9)


@pytest.mark.parametrize("known", [{"mtbf_h": 1000, "mttr_h": 50}, {"availability": 1000 / 1050}])
def test_a_diagram_that_outgrows_its_limits_is_simulated_with_a_finding(
    monkeypatch: pytest.MonkeyPatch, known: dict[str, float]
) -> None:
    monkeypatch.setattr(diagrams, "NODE_LIMIT", 3)
    components = [{"id": name, **known} for name in "ABC"]
    blocks = [
        {"id": "P", "members": "A,B"},
        {"id": "Q", "members": "A,C"},
        {"id": "SYSTEM", "type": "PARALLEL", "members": "P,Q", "k": 1},
    ]
    result = study_availability(ReliabilityModel.from_tables(components, blocks))
    assert "rbd.simulated_instead" in {finding.code for finding in result.findings}
    system = result.main.set_index("block").loc["SYSTEM"]
    a = 1000 / 1050
    assert system["availability"] == pytest.approx(a * (1 - (1 - a) ** 2), abs=5e-3)
    assert np.isfinite(system["failures_per_year"]) == ("mtbf_h" in known)


def test_ten_thousand_blocks_that_share_their_neighbours_components_are_exact() -> None:
    """Neighbouring pairs in series fail with two neighbours down: a chain over “the last one is down”."""
    count = 10_000
    up = np.array([(8760 + i % 7) / (8784 + i % 7) for i in range(count)])
    components = [{"id": f"C{i}", "mtbf_h": 8760 + i % 7, "mttr_h": 24} for i in range(count)]
    pairs = [{"id": f"P{i}", "type": "PARALLEL", "members": f"C{i},C{i + 1}", "k": 1} for i in range(count - 1)]
    system = {"id": "SYSTEM", "members": ",".join(pair["id"] for pair in pairs)}
    compiled = compile_model(ReliabilityModel.from_tables(components, [*pairs, system]))
    last_up, last_down = 1.0, 0.0
    for a in up:
        last_up, last_down = (last_up + last_down) * a, last_up * (1 - a)
    solution = solve(compiled.structure, compiled.nodes["SYSTEM"])
    assert solution.availability[solution.root] == pytest.approx(last_up + last_down, rel=1e-10)


def test_components_outside_the_system_have_no_importance() -> None:
    components = [{"id": name, "mtbf_h": 1000, "mttr_h": 50} for name in "ABC"]
    blocks = [{"id": "OTHER", "members": "B,C"}, {"id": "SYSTEM", "members": "A"}]
    result = study_availability(ReliabilityModel.from_tables(components, blocks))
    assert result.tables["importance"]["id"].tolist() == ["A"]
    assert result.main.set_index("block").loc["OTHER", "availability"] == pytest.approx((1000 / 1050) ** 2)
    assert "rbd.block.apart" in {finding.code for finding in result.findings}


def train_plant(transformer_mw: float = 0.0) -> ReliabilityModel:
    """Two engines behind a transformer each, and a bus."""
    components = [
        *({"id": f"G{i}", "type": "ENGINE", "mtbf_h": 900, "mttr_h": 100, "capacity_mw": 10 + i} for i in range(2)),
        *(
            {"id": f"T{i}", "type": "TRANSFORMER", "mtbf_h": 990, "mttr_h": 10, "capacity_mw": transformer_mw}
            for i in range(2)
        ),
        {"id": "BUS", "type": "SWITCHGEAR", "mtbf_h": 995, "mttr_h": 5},
    ]
    blocks = [
        *({"id": f"TRAIN{i}", "members": f"G{i},T{i}"} for i in range(2)),
        {"id": "UNITS", "type": "PARALLEL", "members": "TRAIN0,TRAIN1", "k": 1},
        {"id": "SYSTEM", "members": "UNITS,BUS"},
    ]
    return ReliabilityModel.from_tables(components, blocks)


@pytest.mark.parametrize(
    ("required", "transformer_mw", "trains"),
    [(21, 0, (True, True)), (11, 0, (False, True)), (11, 10, (True, True)), (10, 0, (True, False))],
)
def test_megawatts_pass_through_trains(required: float, transformer_mw: float, trains: tuple[bool, bool]) -> None:
    """A train works at 0.9 · 0.99; the bus at 0.995. Which trains are enough is counted by hand."""
    train = 0.9 * 0.99
    enough = {(True, True): train**2, (False, True): train, (True, False): 1 - (1 - train) ** 2}[trains]
    answer = deliver(train_plant(transformer_mw), required)
    assert answer.system_availability == pytest.approx(enough * 0.995, abs=1e-12)


def test_firm_power_counts_only_while_the_system_s_path_works() -> None:
    answer = deliver(train_plant(), 5, firm_mw=30)
    assert answer.system_availability == pytest.approx(0.995, abs=1e-12)


def test_the_unit_without_which_nothing_fails_has_an_infinite_risk_reduction() -> None:
    """A system of three in parallel never fails while one of them never does: what subtraction leaves is no number."""
    parts = [{"id": name, "mtbf_h": 4000 + 7 * i, "mttr_h": 80 / (i + 3)} for i, name in enumerate("ABC")]
    block = {"id": "SYSTEM", "type": "PARALLEL", "members": "A,B,C"}
    ranks = study_availability(ReliabilityModel.from_tables(parts, [block])).tables["importance"]
    assert np.isinf(ranks["risk_reduction"]).all()


def enumerated(mw: list[float], down: list[float], required: float) -> float:
    """Count every state of the units."""
    states = itertools.product((True, False), repeat=len(mw))
    enough = [up for up in states if sum(itertools.compress(mw, up)) >= required - 1e-9]
    return sum(math.prod(1 - q if works else q for works, q in zip(up, down, strict=True)) for up in enough)


def unserved(mw: list[float], down: list[float], load: float) -> float:
    """The MW that are missing on the mean, over every state of the units."""
    total = 0.0
    for up in itertools.product((True, False), repeat=len(mw)):
        chance = math.prod(1 - q if works else q for works, q in zip(up, down, strict=True))
        total += chance * max(load - sum(itertools.compress(mw, up)), 0.0)
    return total


def units_of(mw: Sequence[float], down: Sequence[float]) -> ReliabilityModel:
    """Units side by side."""
    parts = [
        {"id": f"G{i}", "type": "GT", "capacity_mw": p, "mtbf_h": 1000 * (1 - q), "mttr_h": 1000 * q}
        for i, (p, q) in enumerate(zip(mw, down, strict=True))
    ]
    block = {"id": "SYSTEM", "type": "PARALLEL", "members": ",".join(part["id"] for part in parts)}
    return ReliabilityModel.from_tables(parts, [block])


odd_mw = st.one_of(st.sampled_from([16.6667, 33.3333, 100 / 3, 18.31, 50.003]), st.floats(1e-4, 500))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(odd_mw, st.floats(0.001, 0.5)), min_size=1, max_size=7), st.floats(0.01, 1.1))
@example([(16.6667, 0.02)] * 6, 100 / 100.0002)
@example([(33.3333, 0.02)] * 3, 1.0)
@example([(100 / 3, 0.02)] * 3, 1.0)
def test_megawatts_of_any_decimals_are_those_of_all_states(units: list[tuple[float, float]], share: float) -> None:
    mw, down = [unit[0] for unit in units], [unit[1] for unit in units]
    required = share * sum(mw)
    truth = enumerated(mw, down, required)
    answer = deliver(units_of(mw, down), required)
    assert answer.system_availability == pytest.approx(truth, abs=1e-12)
    lost = adequacy(units_of(mw, down), [required, required / 2])
    assert lost.lolp == pytest.approx([1 - truth, 1 - enumerated(mw, down, required / 2)], abs=1e-12)
    assert lost.eue_mwh == pytest.approx([unserved(mw, down, load) for load in (required, required / 2)], abs=1e-9)


def test_units_with_too_many_sums_are_rounded_and_the_truth_lies_within_the_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twelve unlike units on a coarse grid, against every one of their 4096 states; one is below a step of the grid."""
    monkeypatch.setattr(capacity, "MOST_LEVELS", 200)
    mw, down = [0.2, *np.sqrt(np.arange(2, 13)) * 10], [0.05] * 12
    required = 0.8 * sum(mw)
    answer, lost = deliver(units_of(mw, down), required), adequacy(units_of(mw, down), [required] * 3, firm_mw=5.0)
    (low, high), (least_h, most_h, least_mwh, most_mwh) = (bounds_of(found.findings) for found in (answer, lost))
    assert low == pytest.approx(answer.system_availability, abs=1e-9)
    assert low < enumerated(mw, down, required) < high < low + 0.1
    assert least_h < 3 * (1 - enumerated(mw, down, required - 5)) < most_h == pytest.approx(lost.lole_h, rel=1e-5)
    assert least_mwh < 3 * unserved(mw, down, required - 5) < most_mwh == pytest.approx(lost.loee_mwh, rel=1e-5)


def bounds_of(findings: list[Finding]) -> list[float]:
    """The numbers between which the only finding says that the truth lies."""
    assert [finding.code for finding in findings] == ["rbd.capacity.rounded"]
    return [float(number) for number in re.findall(r"[\d.e+-]+(?= to | h| MWh|$)", findings[0].text.split(": ")[1])]


def test_a_unit_below_a_step_of_the_grid_doesn_t_lend_its_transformer_s_rating(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "MOST_LEVELS", 20)
    model = train_plant(transformer_mw=10.0)
    parts = model.components.assign(capacity_mw=[0.01, 77.7, 10.0, 10.0, np.nan])
    answer = deliver(ReliabilityModel(parts, model.blocks), 6.0)
    assert answer.system_availability == pytest.approx(0.9 * 0.99 * 0.995, abs=1e-12)


def network_of(links: list[tuple[str, str]], down: float = 0.1) -> ReliabilityModel:
    """A network of like links."""
    components = [{"id": f"L{i}", "mtbf_h": 1000 * (1 - down), "mttr_h": 1000 * down} for i in range(len(links))]
    block = {"id": "SYSTEM", "type": "NETWORK", "members": ",".join(f"L{i}" for i in range(len(links)))}
    return ReliabilityModel.from_tables(components, [block | {"links": ",".join(map(":".join, links))}])


def ladder(rungs: int) -> list[tuple[str, str]]:
    """Two rails with a rung at every step, in no good order."""
    a, b = ([SOURCE, *(f"{rail}{step}" for step in range(rungs)), SINK] for rail in "ab")
    links = [*itertools.pairwise(a), *itertools.pairwise(b), *zip(a[1:-1], b[1:-1], strict=True)]
    return [links[place * 7 % len(links)] for place in range(len(links))]


def test_a_series_parallel_network_is_its_series_parallel_blocks() -> None:
    links = [(SOURCE, "A"), (SOURCE, "A"), ("A", "B"), ("B", SINK), ("B", SINK), (SOURCE, SINK)]
    model = network_of(links)
    blocks = [
        {"id": "FIRST", "type": "PARALLEL", "members": "L0,L1"},
        {"id": "LAST", "type": "PARALLEL", "members": "L3,L4"},
        {"id": "ROW", "type": "SERIES", "members": "FIRST,L2,LAST"},
        {"id": "SYSTEM", "type": "PARALLEL", "members": "ROW,L5"},
    ]
    same = ReliabilityModel.from_tables(model.components, blocks)
    found, expected = (study_availability(m).tables["blocks"].query("system").iloc[0] for m in (model, same))
    for column in ("availability", "failures_per_year", "mtbf_h", "mttr_h"):
        assert found[column] == pytest.approx(expected[column], rel=1e-12)


def test_parallel_rows_are_exact_however_many_lie_side_by_side() -> None:
    """Sixty rows of three links, of which one leads on to nowhere: 1 − (1 − a³)⁶⁰."""
    rows = [[(SOURCE, f"A{i}"), (f"A{i}", f"B{i}"), (f"B{i}", SINK)] for i in range(60)]
    model = network_of([*itertools.chain(*rows), ("A0", "DEAD"), ("DEAD", "END")], 0.5)
    row = study_availability(model).tables["blocks"].iloc[0]
    assert row["unavailability"] == pytest.approx((1 - 0.5**3) ** 60, rel=1e-12)


def grid(size: int) -> list[tuple[str, str]]:
    """A square grid between two of its corners."""

    def vertex(i: int, j: int) -> str:
        return {0: SOURCE, 2 * size - 2: SINK}.get(i + j, f"V{i}.{j}")

    down = [((i, j), (i + 1, j)) for i in range(size - 1) for j in range(size)]
    right = [((j, i), (q, p)) for (i, j), (p, q) in down]
    return [(vertex(*a), vertex(*b)) for a, b in [*down, *right]]


def test_a_network_without_an_exact_answer_is_simulated_within_seconds_and_says_so() -> None:
    """A square grid is cut off mostly by the two links at either corner: some 2 q²."""
    study_availability(network_of(grid(3)), AvailabilityOptions(histories=1, years=1))  # compiles the simulation
    began = time.process_time()
    result = study_availability(network_of(grid(30), 0.02))
    assert time.process_time() - began < 15
    finding = next(finding for finding in result.findings if finding.code == "rbd.simulated_instead")
    assert "SYSTEM: the network is too wide" in finding.text
    assert result.tables["blocks"].loc[0, "unavailability"] == pytest.approx(2 * 0.02**2, rel=0.4)
    assert result.tables["cut_sets"].empty


def test_a_long_ladder_is_exact_in_any_order_and_more_links_never_hurt() -> None:
    """The ladder lies between its two rails as apart ways and a row of parallel pairs."""
    rungs, up = 201, 0.999
    result = study_availability(network_of(ladder(rungs), 1 - up))
    found = result.tables["blocks"].loc[0, "availability"]
    assert "rbd.simulated_instead" not in {finding.code for finding in result.findings}
    assert 1 - (1 - up ** (rungs + 1)) ** 2 < found < (1 - (1 - up) ** 2) ** (rungs + 1)


@pytest.mark.parametrize(
    ("links", "code"),
    [
        ("IN:A,A:OUT", "rbd.network.count"),
        ("IN:A,A,A:OUT", "rbd.network.link"),
        ("IN:A,A:A,A:OUT", "rbd.network.link"),
        ("IN:A:B,A:B,A:OUT", "rbd.network.link"),
        ("IN:A,A:B,B:END", "rbd.network.terminal"),
        ("IN:A,A:B,C:OUT", "rbd.network.no_path"),
        ("IN:A,A:OUT,A:AA", "rbd.network.loose"),
        ("", "rbd.network.count"),
    ],
)
def test_a_broken_network_is_a_finding(links: str, code: str) -> None:
    model = network_of([(SOURCE, "A"), ("A", "B"), ("B", SINK)])
    broken = ReliabilityModel(model.components, model.blocks.assign(links=links))
    assert code in {finding.code for finding in study_availability(broken).findings}


def test_required_megawatts_and_a_simulation_come_with_the_study() -> None:
    options = AvailabilityOptions(required_mw=10, histories=50, years=5)
    result = study_availability(train_plant(), options)
    assert {"blocks", "importance", "capacity", "simulation"} <= result.tables.keys()
    assert result.tables["simulation"]["histories"].tolist() == [50]
