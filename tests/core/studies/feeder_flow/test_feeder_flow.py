"""The power flow of a feeder against closed forms and published results; failures name the element."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from core.engines.opendss import SolveOptions
from core.errors import BadInput
from core.feeder import Feeder, from_sequence, rows_of
from core.feeder.voltages import base_voltages
from core.formats.cyme import read_cyme
from core.formats.cyme.baseline import read_baseline
from core.formats.feeders import read_feeder
from core.studies.feeder_flow import compare, solve_feeder
from tests.core.formats.cyme import exports

CYME = Path("../shared/data/cyme")
PUBLISHED_13 = Path("../shared/data/published/ieee13_published_voltages.csv")


def two_buses(p_kw: float = 900.0, z: complex = 0.3 + 0.6j) -> Feeder:
    tables = {
        "sources": pd.DataFrame([{"id": "s", "bus": "1", "kv_ll": 12.47}]),
        "buses": pd.DataFrame({"id": ["1", "2"]}),
        "branches": pd.DataFrame(
            [
                {
                    "id": "line",
                    "from_bus": "1",
                    "to_bus": "2",
                    "phases": "ABC",
                    "closed_phases": "ABC",
                    "length_km": 2.0,
                    "origin": "sequence",
                    "amps_normal": 100.0,
                }
            ]
        ),
        "impedances": pd.DataFrame(rows_of("line", from_sequence(z, 2 * z, 0.0, 0.0, 3))),
        "loads": pd.DataFrame(
            [{"id": "load", "bus": "2", "phases": "ABC", "phase_count": 3, "kv": 12.47, "p_kw": p_kw}]
        ),
    }
    made = Feeder("two", tables)
    return made.with_tables({"buses": base_voltages(made)})


def test_two_buses_have_the_voltage_of_the_closed_form() -> None:
    """|V2|² solves v² + (2 (R P + X Q) - V1²) v + |Z|² (P² + Q²) = 0 with P and Q a phase."""
    feeder = two_buses()
    z, p, v1 = 2 * (0.3 + 0.6j), 900e3 / 3, 12470 / math.sqrt(3)
    b = 2 * z.real * p - v1**2
    v2 = math.sqrt((-b + math.sqrt(b**2 - 4 * abs(z) ** 2 * p**2)) / 2)
    snapshot = solve_feeder(feeder)
    found = snapshot.nodes[snapshot.nodes["bus"] == "2"]["v_kv"] * 1000
    assert list(found) == [pytest.approx(v2, rel=1e-6)] * 3
    amps = p / v2
    assert snapshot.losses_kw == pytest.approx(3 * amps**2 * z.real / 1000, rel=1e-5)
    assert snapshot.source_kw == pytest.approx(900 + snapshot.losses_kw, rel=1e-6)
    assert snapshot.branches.loc[0, "loading_pct"] == pytest.approx(amps, rel=1e-5)


def test_a_load_that_no_line_can_carry_is_reported() -> None:
    snapshot = solve_feeder(two_buses(p_kw=90e3))
    assert [(finding.code, finding.element) for finding in snapshot.findings] == [("feeder.load_voltage", "load")]


def test_what_does_not_converge_comes_back_with_the_bus_that_is_furthest_off() -> None:
    snapshot = solve_feeder(two_buses(), SolveOptions(max_iterations=1))
    assert not snapshot.converged
    assert [(finding.code, finding.element) for finding in snapshot.findings] == [("feeder.not_converged", "2")]


def test_a_feeder_without_source_is_no_crash() -> None:
    feeder = two_buses()
    snapshot = solve_feeder(feeder.with_tables({"sources": feeder["sources"].iloc[:0]}))
    assert not snapshot.converged
    assert snapshot.findings[0].code == "feeder.no_source"


def test_buses_behind_an_open_switch_are_reported(tmp_path: Path) -> None:
    snapshot = solve_feeder(read_cyme(exports.write_text(tmp_path)).value)
    assert snapshot.converged
    assert "feeder.without_voltage" in {finding.code for finding in snapshot.findings}


def test_taps_of_a_fixed_regulator_stay(tmp_path: Path) -> None:
    snapshot = solve_feeder(read_cyme(exports.write_text(tmp_path)).value)
    assert list(snapshot.taps["tap"]) == [4, 2, 3]
    at_source = snapshot.nodes.set_index(["bus", "phase"])["v_pu"]
    assert at_source["N1", "A"] == pytest.approx(12.72 / 12.47, abs=1e-5)
    assert at_source["S1~1", "A"] == pytest.approx(12.72 / 12.47 * 1.025, abs=1e-4)


def test_an_automatic_regulator_reaches_its_set_voltage(tmp_path: Path) -> None:
    network = exports.text_of("network").replace("200.0,60.0,F,", "200.0,60.0,T,")
    reading = read_cyme(exports.write_text(tmp_path, network=network))
    free = solve_feeder(reading.value).nodes.set_index(["bus", "phase"])["v_kv"]
    assert all(121.0 <= free["S1~1", phase] * 1000 / 60 <= 123.0 for phase in "ABC")
    held = solve_feeder(reading.value, SolveOptions(hold_taps=True))
    assert list(held.taps["tap"]) == [4, 2, 3]


@pytest.mark.parametrize(
    ("folder", "repair", "pu", "degrees"),
    [("ieee13_mdb", False, 5e-4, 0.05), ("ieee13_text_v5", True, 5e-4, 0.05), ("ieee13_text_v5", False, 3e-3, 0.2)],
)
def test_cyme_ieee_13_gives_the_published_voltages(folder: str, repair: bool, pu: float, degrees: float) -> None:
    if not (CYME / folder).is_dir():
        pytest.skip("the CYME samples are not beside the project")
    paths = sorted(path for path in (CYME / folder).iterdir() if path.suffix != ".csv")
    feeder = read_cyme(paths, repair=repair).value
    snapshot = solve_feeder(feeder, SolveOptions(hold_taps=True))
    found = compare(feeder, snapshot, read_baseline([PUBLISHED_13]).value)
    assert found.voltage["count"] == 35
    assert found.voltage["max_abs"] < pu
    assert found.angle["max_abs"] < degrees
    if pu < 1e-3:
        assert snapshot.losses_kw == pytest.approx(111.063, rel=0.005)


def baseline(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "results.csv"
    path.write_text(text)
    return path


@pytest.mark.parametrize("scale", [1.0, 12.47 / math.sqrt(3), 120.0, 12470 / math.sqrt(3)])
def test_a_baseline_is_read_in_whatever_unit(tmp_path: Path, scale: float) -> None:
    feeder = two_buses()
    snapshot = solve_feeder(feeder)
    v = snapshot.nodes[snapshot.nodes["bus"] == "2"]["v_pu"].iloc[0] * scale
    reading = read_baseline([baseline(tmp_path, f"Load flow\nNode Id,VA,VB,VC,Remark\n2,{v},{v},{v},x\n")])
    found = compare(feeder, snapshot, reading.value)
    assert found.verdict == "PASS"
    assert found.voltage["max_abs"] < 1e-9


KV_LN = 12.47 / math.sqrt(3)


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("Bus;Phase;V (%)\n2;A;{}", 100.0),
        ("Bus,Phase,Voltage\n2,A,{}%", 100.0),
        ("Bus,Phase,V_LL (kV)\n2,A,{}", 12.47),
        ("Bus,Phase,kVLL\n2,A,{}", 12.47),
        ("Bus,Phase,V [V]\n2,A,{}", 1000 * KV_LN),
        ("Bus,Node,Voltage (kV)\n2,1,{}", KV_LN),
        ("Node Id,VA,VB,VC\n,kV,kV,kV\n2,{},,", KV_LN),
        ("Knoten\tPhase\tVpu\n2\tA\t{}", 1.0),
        ("\ufeffBus.Phase,Remark\nBus,Vpu\n2.1,{}", 1.0),
    ],
)
@pytest.mark.parametrize("comma", [False, True])
def test_units_stand_in_headings_and_numbers_may_have_a_decimal_comma(
    tmp_path: Path, text: str, scale: float, comma: bool
) -> None:
    feeder = two_buses()
    snapshot = solve_feeder(feeder)
    v = snapshot.nodes[snapshot.nodes["bus"] == "2"]["v_pu"].iloc[0] * scale
    number = f"{v:.9f}".replace(".", ",") if comma else f"{v:.9f}"
    number = f'"{number}"' if comma and "," in text else number
    found = compare(feeder, snapshot, read_baseline([baseline(tmp_path, text.format(number))]).value)
    assert (found.verdict, found.voltage["count"]) == ("PASS", 1)
    assert found.voltage["max_abs"] < 1e-8


def test_thousands_currents_in_kiloamperes_and_loadings_per_unit_are_read(tmp_path: Path) -> None:
    text = "Section;V (V);I (kA);Loading (pu)\nline;7.199,5;0,0418;0,418\n"
    branches = read_baseline([baseline(tmp_path, text)]).value.branches
    assert tuple(branches.loc[0, ["i_max_a", "loading_pct"]]) == pytest.approx((41.8, 41.8))
    nodes = read_baseline([baseline(tmp_path, "Bus;Ph;V (V)\n2;A;7.199,5\n")]).value.nodes
    assert nodes.loc[0, "v_kv"] == pytest.approx(7.1995)


@pytest.mark.parametrize("text", ["", "Bus,Phase,Vpu\n", "Bus,Phase,Vpu\n2,A,abc\n", "a,b\n1,2\n"])
def test_a_baseline_without_results_is_bad_input(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput):
        read_baseline([baseline(tmp_path, text)])


def test_voltages_between_phases_are_known_by_the_feeder_s(tmp_path: Path) -> None:
    feeder = two_buses()
    snapshot = solve_feeder(feeder)
    kv = snapshot.nodes["v_kv"].iloc[-1] * math.sqrt(3)
    found = compare(feeder, snapshot, read_baseline([baseline(tmp_path, f"Bus,Phase,Voltage (kV)\n2,A,{kv}")]).value)
    assert found.voltage["max_abs"] < 1e-9
    assert [finding.code for finding in found.findings] == ["feeder.baseline_between_phases"]


@pytest.mark.parametrize(("cell", "said"), [("abc", 1), ("1.0x2", 1), ("1.02 kV", 0), ("n/a", 0), ("", 0)])
def test_a_cell_without_a_readable_number_is_named(tmp_path: Path, cell: str, said: int) -> None:
    reading = read_baseline([baseline(tmp_path, f"Bus,VpuA,VpuB\n\n2,1.0,{cell}\n")])
    cells = [finding.where for finding in reading.findings if finding.code == "cyme.results.cell"]
    assert [(where.row, where.column) for where in cells] == [(3, "v_b")] * said


def test_a_wrong_voltage_fails_and_stands_first(tmp_path: Path) -> None:
    feeder = two_buses()
    snapshot = solve_feeder(feeder)
    reading = read_baseline([baseline(tmp_path, "node,phase,v_pu\n1,A,1.0\n1,B,1.0\n2,C,0.9\n")])
    found = compare(feeder, snapshot, reading.value)
    assert found.verdict == "FAIL"
    assert tuple(found.nodes.loc[0, ["bus", "phase", "verdict"]]) == ("2", "C", "FAIL")


def test_what_has_no_counterpart_is_never_a_pass(tmp_path: Path) -> None:
    feeder = two_buses()
    reading = read_baseline([baseline(tmp_path, "node,phase,v_pu\nX,A,1.0\n")])
    found = compare(feeder, solve_feeder(feeder), reading.value)
    assert found.verdict == "NOT CHECKED"
    assert found.unmatched == ["X.A"]


@pytest.mark.parametrize(("wrong", "verdict"), [(0.0, "PASS"), (0.8, "WARN"), (30.0, "FAIL")])
def test_angles_are_judged_without_the_rotation_that_all_have_in_common(
    tmp_path: Path, wrong: float, verdict: str
) -> None:
    feeder = two_buses()
    snapshot = solve_feeder(feeder)
    ours = snapshot.nodes.assign(angle=snapshot.nodes["angle_deg"] + 170)
    ours.loc[0, "angle"] += wrong
    rows = [f"{row['bus']},{row['phase']},{row['v_pu']},{row['angle']}" for row in ours.to_dict("records")]
    reading = read_baseline([baseline(tmp_path, "node,phase,v_pu,angle\n" + "\n".join(rows) + "\n")])
    found = compare(feeder, snapshot, reading.value)
    assert (found.verdict, found.findings[0].code) == (verdict, "feeder.baseline_rotated")
    assert found.nodes.loc[0, "error_deg"] == pytest.approx(-wrong, abs=1e-6)


def with_island(feeder: Feeder) -> Feeder:
    """Return the feeder with a line between two buses more, which nothing joins to the others."""
    parts = {"branches": ("id", "from_bus", "to_bus"), "impedances": ("branch",)}
    more = {
        name: pd.concat([feeder[name], feeder[name].assign(**dict.fromkeys(columns, "dead"))])
        for name, columns in parts.items()
    }
    more["branches"].iloc[-1, more["branches"].columns.get_loc("to_bus")] = "dead end"
    buses = pd.DataFrame({"id": ["dead", "dead end"]})
    return feeder.with_tables({**more, "buses": pd.concat([feeder["buses"], buses])})


def test_an_island_without_source_is_dead_and_changes_nothing_else() -> None:
    alone, beside = (solve_feeder(feeder) for feeder in (two_buses(), with_island(two_buses())))
    assert beside.converged
    assert beside.losses_kw == pytest.approx(alone.losses_kw, rel=1e-9)
    volts = beside.nodes.groupby("bus")["v_kv"].max()
    assert volts["2"] == pytest.approx(alone.nodes.groupby("bus")["v_kv"].max()["2"], rel=1e-9)
    assert volts["dead"] == volts["dead end"] == 0.0
    assert [(f.code, f.element) for f in beside.findings] == [("feeder.without_voltage", "dead")]


def test_a_regulator_without_voltage_stays_where_it_is(tmp_path: Path) -> None:
    script = """clear
    new circuit.g basekv=12.47 bus1=s
    new line.l bus1=s bus2=n r1=0.3 x1=0.4 r0=0.3 x0=0.4 c1=0 c0=0
    new load.a bus1=n kv=12.47 kw=600
    new transformer.r phases=1 windings=2 buses=(p.1 q.1) kvs=(7.2 7.2) kvas=(5000 5000) xhl=0.01
    new regcontrol.r transformer=r winding=2 vreg=122 band=2 ptratio=60
    new load.q bus1=q.1 phases=1 kv=7.2 kw=100
    set voltagebases=[12.47]
    calcvoltagebases"""
    (tmp_path / "dead.dss").write_text(script, encoding="utf-8")
    snapshot = solve_feeder(read_feeder([tmp_path / "dead.dss"]).value)
    assert snapshot.converged
    assert snapshot.taps["tap"].tolist() == [0]
