"""``availability`` on the specified files, and on bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.__main__ import main

COMPONENTS = "Component_ID,Component_Type,MTBF_Hours,MTTR_Hours,Capacity_MW\n" + "".join(
    f"{name},{kind},{mtbf},{mttr},{mw}\n"
    for name, kind, mtbf, mttr, mw in [
        *((f"R{i}", "RECIPROCATING_ENGINE", 8760, 24, 18.3) for i in range(8)),
        *((f"G{i}", "GAS_TURBINE", 17520, 48, 50) for i in range(2)),
        ("X", "TRANSFORMER", 175200, 168, ""),
        ("S", "SWITCHGEAR", 87600, 24, ""),
        ("B1", "BREAKER", 350400, 4, ""),
        ("B2", "BREAKER", 350400, 4, ""),
        ("C", "CONTROL", 43800, 4, ""),
    ]
)
BLOCKS = (
    "Block_ID,Block_Name,Block_Type,Components,K_Required,N_Total,Description\n"
    'THERMAL_GEN,Thermal,PARALLEL_K_OF_N,"R0,R1,R2,R3,R4,R5,R6,R7,G0,G1",9,10,\n'
    'ELECTRICAL,Electrical,SERIES,"X,S",2,2,\n'
    'BREAKERS,Breakers,PARALLEL,"B1,B2",1,2,\n'
    'SYSTEM,System,SERIES,"THERMAL_GEN,ELECTRICAL,BREAKERS,C",4,4,\n'
)


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def run(*more: str, components: str = COMPONENTS, blocks: str = BLOCKS) -> tuple[int, dict]:
        (tmp_path / "c.csv").write_text(components)
        (tmp_path / "b.csv").write_text(blocks)
        files = ["--components", str(tmp_path / "c.csv"), "--rbd", str(tmp_path / "b.csv")]
        status = main(["availability", *files, *more, "--json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def test_the_document_has_the_promised_keys_and_numbers(ask) -> None:
    status, document = ask()
    assert status == 0
    system = document["system"]
    assert {"availability", "downtime_h_per_year", "failures_per_year", "mtbf_h", "mttr_h"} <= system.keys()
    assert system["availability"] == pytest.approx(0.9983465427729924, abs=1e-12)
    assert system["downtime_h_per_year"] == pytest.approx(14.4843, abs=1e-4)
    assert system["availability"] == pytest.approx(system["mtbf_h"] / (system["mtbf_h"] + system["mttr_h"]))
    assert [block["id"] for block in document["blocks"]] == ["THERMAL_GEN", "ELECTRICAL", "BREAKERS", "SYSTEM"]
    assert document["importance"][0]["id"] == "X"
    first = document["cut_sets"][0]
    assert (first["members"], first["order"]) == (["X"], 1)
    assert first["unavailability"] == pytest.approx(168 / 175368)
    assert len(document["cut_sets"]) == 3 + 45 + 1  # X, S, C; any two of ten units; both breakers
    assert not [finding for finding in document["findings"] if finding["severity"] == "error"]


def test_the_required_megawatts_are_judged_beside(ask) -> None:
    capacity = ask("--required-mw", "200")[1]["capacity"]
    assert capacity["availability"] == pytest.approx(0.9945418598779637, abs=1e-9)
    assert capacity["system_availability"] < capacity["availability"]
    assert ask("--required-mw", "200", "--bess-mw", "30")[1]["capacity"]["availability"] == pytest.approx(
        0.9999914081531157, abs=1e-9
    )


def test_a_simulation_comes_with_its_interval(ask) -> None:
    document = ask("--simulate", "400", "--seed", "5", "--years", "10")[1]
    found = document["simulation"]
    assert found["availability_low"] < document["system"]["availability"] < found["availability_high"]
    assert (found["histories"], found["years"], found["seed"]) == (400, 10, 5)
    assert isinstance(found["histories"], int)
    assert isinstance(found["seed"], int)


def test_cycle_time_gives_the_other_availability(ask) -> None:
    up, cycle = ask()[1]["system"], ask("--mtbf-means", "cycle")[1]["system"]
    assert cycle["availability"] < up["availability"]


@pytest.mark.parametrize("mttr", ["90", "100"])
def test_a_repair_that_fills_the_cycle_is_bad_input_in_cycle_time_only(ask, mttr: str) -> None:
    components = f"Component_ID,MTBF_Hours,MTTR_Hours\nA,90,{mttr}\n"
    files = {"components": components, "blocks": "Block_ID,Block_Type,Components\nSYSTEM,SERIES,A\n"}
    status, document = ask("--mtbf-means", "cycle", **files)
    assert (status, document["findings"][0]["code"]) == (2, "rbd.component.cycle")
    status, document = ask(**files)
    assert (status, document["system"]["availability"]) == (0, pytest.approx(90 / (90 + float(mttr))))


def test_repairs_that_take_no_time_leave_a_downtime_of_plain_zero(ask) -> None:
    components = "Component_ID,MTBF_Hours,MTTR_Hours\nA,900,0\nB,900,0\n"
    system = ask(components=components, blocks="Block_ID,Block_Type,Components\nSYSTEM,SERIES,A;B\n")[1]["system"]
    assert [str(system[name]) for name in ("unavailability", "downtime_h_per_year", "mttr_h")] == ["0.0"] * 3


@pytest.mark.parametrize(
    ("cells", "status", "system"),
    [
        (("0.992", "0.9"), 0, 0.992 * 0.9),
        (("99.2", "90"), 0, 0.992 * 0.9),
        (("99.2%", "0.9"), 0, 0.992 * 0.9),
        (("1.2", "0.9"), 2, None),
        (("99.2", "0.999"), 2, None),
        (("1.2", "1.1"), 2, None),
    ],
)
def test_availabilities_are_per_cent_together_or_an_error(ask, cells, status: int, system: float | None) -> None:
    components = f"Component_ID,Availability\nA,{cells[0]}\nB,{cells[1]}\n"
    found, document = ask(components=components, blocks="Block_ID,Block_Type,Components\nSYSTEM,SERIES,A;B\n")
    assert found == status
    if status:
        assert document["error"]["where"]["row"] == 2
        assert "rbd.component.availability_outside" in {finding["code"] for finding in document["findings"]}
    else:
        assert document["system"]["availability"] == pytest.approx(system)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (",9,10,", ",11,10,", "rbd.block.k_above_n"),
        ('"X,S"', '"X,SYSTEM"', "rbd.block.circular"),
        ('"X,S"', '"X,NOBODY"', "rbd.block.unknown_member"),
    ],
)
def test_a_broken_diagram_is_bad_input_with_all_findings(ask, old: str, new: str, code: str) -> None:
    status, document = ask(blocks=BLOCKS.replace(old, new))
    assert status == 2
    assert document["error"]["where"]["row"] is not None
    assert code in {finding["code"] for finding in document["findings"]}


@pytest.mark.parametrize(
    ("hours", "code"),
    [
        ("8760", None),
        ("", None),
        ("4000", "rbd.component.operating_hours"),
        ("9000", "rbd.component.operating_hours_outside"),
        ("-1", "rbd.component.operating_hours_outside"),
    ],
)
def test_operating_hours_that_are_not_used_are_a_finding(ask, hours: str, code: str | None) -> None:
    components = f"Component_ID,MTBF_Hours,MTTR_Hours,Operating_Hours_Per_Year\nA,8760,24,{hours}\nB,8760,24,8760\n"
    status, document = ask(components=components, blocks="Block_ID,Block_Type,Components\nSYSTEM,SERIES,A;B\n")
    codes = {finding["code"] for finding in document["findings"] if "operating" in finding["code"]}
    assert (status, codes) == (0, {code} if code else set())
    assert document["system"]["availability"] == pytest.approx((8760 / 8784) ** 2, abs=1e-12)


def test_without_a_clear_system_block_the_blocks_are_answered_alone(ask) -> None:
    blocks = "\n".join(BLOCKS.splitlines()[:-1]) + "\n"
    status, document = ask(blocks=blocks)
    assert (status, document["system"]) == (0, None)
    assert document["blocks"][0]["availability"] == pytest.approx(0.9996689290152695, abs=1e-12)
    assert "rbd.system.unclear" in {finding["code"] for finding in document["findings"]}


@pytest.mark.parametrize(
    "more",
    [
        ("--years", "0"),
        ("--simulate", "-1"),
        ("--simulate", "1000000000"),
        ("--seed", "-1"),
        ("--seed", "4294967296"),
        ("--required-mw", "nan"),
        ("--bess-mw", "-1"),
    ],
)
def test_senseless_numbers_are_refused(ask, more: tuple[str, str]) -> None:
    assert ask(*more)[0] == 2


def test_more_than_all_units_can_deliver_is_said(ask) -> None:
    status, document = ask("--required-mw", "300")
    assert (status, document["capacity"]["availability"]) == (0, 0)
    assert "rbd.capacity.beyond" in {finding["code"] for finding in document["findings"]}


def test_a_year_of_loads_says_how_much_of_it_is_lost(ask, tmp_path: Path) -> None:
    """200 MW in half of the hours and 230 MW in the others: the hours are those of the required MW."""
    (tmp_path / "load.csv").write_text("load_mw\n" + "200\n230\n" * 4380)
    status, document = ask("--load", str(tmp_path / "load.csv"), "--bess-mw", "10")
    found = document["adequacy"]
    short = [
        1 - ask("--required-mw", mw, "--bess-mw", "10")[1]["capacity"]["system_availability"] for mw in ("200", "230")
    ]
    assert status == 0
    assert found["lole_h_per_year"] == pytest.approx(4380 * sum(short), rel=1e-9)
    assert (found["peak_mw"], found["energy_mwh"], found["installed_mw"]) == (230, 4380 * 430, pytest.approx(246.4))
    assert 0 < found["loee_mwh_per_year"] < 230 * found["lole_h_per_year"]


def test_the_hours_of_52_weeks_are_a_year_of_their_own_and_said(ask, tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("load_mw\n" + "200\n" * 8736)
    status, document = ask("--load", str(tmp_path / "load.csv"), "--required-mw", "200")
    found = document["adequacy"]
    assert (status, found["year_h"], found["energy_mwh"]) == (0, 8736, 8736 * 200)
    assert found["lole_h_per_year"] == pytest.approx(8736 * (1 - document["capacity"]["system_availability"]), rel=1e-9)
    assert {"design.load.weeks": "info"}.items() <= {f["code"]: f["severity"] for f in document["findings"]}.items()


def test_loads_that_are_no_year_are_refused(ask, tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("load_mw\n200\n230\n")
    assert ask("--load", str(tmp_path / "load.csv"))[0] == 2
    assert ask("--load", str(tmp_path / "none.csv"))[0] == 2


def test_without_capacities_the_diagram_is_answered_and_simulated_and_the_megawatts_are_not(ask) -> None:
    """The specified component data have no column for MW."""
    bare = "\n".join(line.rsplit(",", 1)[0] for line in COMPONENTS.splitlines()) + "\n"
    status, document = ask("--required-mw", "200", "--simulate", "50", "--years", "5", components=bare)
    assert (status, document["capacity"]["system_availability"]) == (0, None)
    assert document["simulation"]["required_mw"] is None
    found = {finding["code"]: finding["hint"] for finding in document["findings"]}
    assert {"rbd.capacity.none", "simulation.without_mw"} <= found.keys()
    assert "Capacity_MW" in found["rbd.capacity.none"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("A,,24,1e-4,,", "rbd.component.filled"),
        ("A,inf,24,1e-4,,", "rbd.component.filled"),
        ("A,900,,,0.9,", "rbd.component.filled"),
        ("A,900,24,,,-5", "rbd.component.capacity"),
        ("A,900,24,,,5", None),
    ],
)
def test_what_is_not_stated_or_not_used_is_a_finding(ask, row: str, code: str | None) -> None:
    components = f"Component_ID,MTBF_Hours,MTTR_Hours,Failure_Rate_Per_Hour,Availability,Capacity_MW\n{row}\n"
    status, document = ask(components=components, blocks="Block_ID,Block_Type,Components\nSYSTEM,SERIES,A\n")
    assert (status, [finding["code"] for finding in document["findings"]]) == (0, [code] if code else [])


def test_a_block_without_a_type_is_an_error_at_its_place(ask) -> None:
    status, document = ask(blocks="Block_ID,Components\nSYSTEM,R0;R1\n")
    assert (status, document["error"]["where"]["row"]) == (2, 2)
    assert document["findings"][0]["code"] == "rbd.block.type"


def test_years_and_minutes_are_converted_to_hours(ask) -> None:
    """By the heading and by the cell."""
    components = "Component_ID,MTBF (y),MTTR (min)\nA,1,1440\nB,2,2 d\n"
    status, document = ask(components=components, blocks="Block_ID,Block_Type,Components\nSYSTEM,SERIES,A;B\n")
    assert status == 0
    assert document["system"]["availability"] == pytest.approx((8760 / 8784) ** 2, abs=1e-12)
