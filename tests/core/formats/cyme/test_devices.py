"""Devices of hand-written exports against OpenDSS circuits of the same thing, written by hand too, and closed forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.feeder import Feeder
from core.feeder.checks import check
from core.findings import Reading
from core.formats.cyme import read_cyme
from core.studies.feeder_flow import solve_feeder
from tests.core.formats.cyme.devices import CIRCUIT, LINE_BC, assert_alike, customers, loads_dss, read, volts_of

TRANSFORMER = """[TRANSFORMER SETTING]
FORMAT_TRANSFORMERSETTING=SectionID,Location,EqID,DeviceNumber,Conn,PrimTap,SecondaryTap,FromNodeID,SettingOption,SetPoint,ControlType,LowerBandWidth,UpperBandWidth,TapLocation,Tap,MaxBuck,MaxBoost,CT,PT,Rset,Xset
BC,M,XF,T,{conn},100,100,B,{option},{point},{control},{band},{band},{side},{tap},10,10,{rest}
"""
TYPE = """[TRANSFORMER]
FORMAT_TRANSFORMER=ID,Type,KVA,KVLLprim,KVLLsec,Z1,Z0,XR,XR0,Conn,IsLTC,Taps
XF,2,2000,12.47,4.16,{z},{z},8,8,{conn},1,32
"""
#: 5 % at X/R 8.
R_PCT, X_PCT = 5 / 65**0.5, 40 / 65**0.5


def transformer(
    tmp_path: Path, *, conn: int = 0, option: str = "T", tap: int = 0, side: int = 1, **held: object
) -> Reading[Feeder]:
    values = {"point": 103.0, "control": 0, "band": 0.75, "rest": ",,,", **held}
    network = TRANSFORMER.format(conn=conn, option=option, tap=tap, side=side, **values)
    return read(tmp_path, network, TYPE.format(z=5, conn=conn))


def transformer_dss(conns: str, control: str, taps: str = "(1 1)") -> str:
    half = R_PCT / 2
    return (
        f"{CIRCUIT}New Transformer.t phases=3 windings=2 buses=(b c) conns={conns} kvs=(12.47 4.16) kvas=(2000 2000)\n"
        f"~ xhl={X_PCT} %rs=({half} {half}) taps={taps}\n{control}{loads_dss(4.16 / 3**0.5)}"
    )


LINE_DROP = "vreg=123.691 band=1.80133 ptratio=20 ctprim=300 r=3 x=4"


@pytest.mark.parametrize(
    ("conn", "conns", "side", "held", "control"),
    [
        (0, "(wye wye)", 1, {}, "vreg=123.6 band=1.8 ptratio=20.0148"),
        (1, "(delta wye)", 1, {"point": 122, "control": 1, "band": 1}, "vreg=122 band=2 ptratio=20.0148"),
        (0, "(wye wye)", 0, {}, "tapwinding=1 vreg=123.6 band=1.8 ptratio=20.0148"),
        (0, "(wye wye)", 1, {"option": "R", "rest": "300,20,3,4"}, LINE_DROP),
    ],
)  # fmt: skip
def test_a_transformers_tap_changer_holds_the_voltage_as_a_regulator_control_does(
    tmp_path: Path, conn: int, conns: str, side: int, held: dict[str, object], control: str
) -> None:
    script = transformer_dss(conns, f"New RegControl.t transformer=t winding=2 {control}\n")
    snapshot = assert_alike(transformer(tmp_path, conn=conn, side=side, **held), script)
    assert list(snapshot.taps["tap"]) != [0]


def test_a_tap_changer_that_is_fixed_keeps_its_tap(tmp_path: Path) -> None:
    reading = transformer(tmp_path, option="F", tap=6)
    assert_alike(reading, transformer_dss("(wye wye)", "", "(1 1.0375)"))
    assert list(reading.value["regulators"]["mode"]) == ["fixed"]


def test_the_unit_of_a_set_point_is_told_by_its_size_and_reported(tmp_path: Path) -> None:
    reading = transformer(tmp_path, point=1.03, control="", band=0.75)
    assert "cyme.ltc_set_point" in {finding.code for finding in reading.findings}
    assert reading.value["regulators"].loc[0, "vset_v"] == pytest.approx(123.6)
    assert reading.value["regulators"].loc[0, "band_v"] == pytest.approx(1.8)


THREE = """[THREE WINDING TRANSFORMER SETTING]
FORMAT_THREEWINDINGTRANSFORMERSETTING=SectionID,Location,EqID,DeviceNumber,PrimaryFixedTapSetting,SecondaryFixedTapSetting,TertiaryFixedTapSetting,TertiaryNodeID
BC,M,W3,T3,100,102.5,100,D
"""
THREE_TYPE = """[THREE WINDING TRANSFORMER]
FORMAT_THREEWINDINGTRANSFORMER=ID,PrimaryRatedCapacity,PrimaryVoltage,PrimaryConnection,PrimaryToSecondaryZ1,PrimaryToSecondaryXR1,PrimaryToSecondaryPhaseShiftType,PrimaryToTertiaryZ1,PrimaryToTertiaryXR1,PrimaryToTertiaryPhaseShiftType,SecondaryToTertiaryZ1,SecondaryToTertiaryXR1,SecondaryRatedCapacity,SecondaryVoltage,SecondaryConnection,TertiaryRatedCapacity,TertiaryVoltage,TertiaryConnection,NoLoadLosses
W3,3000,12.47,0,6,10,0,9,12,1,4,8,3000,4.16,0,3000,2.4,2,6
"""


def test_a_transformer_of_three_windings_feeds_from_both(tmp_path: Path) -> None:
    """Resistances of the windings from those of the pairs: each pair's is the sum of its two."""
    r12, r13, r23 = (z / (1 + xr**2) ** 0.5 for z, xr in ((6, 10), (9, 12), (4, 8)))
    x12, x13, x23 = 10 * r12, 12 * r13, 8 * r23
    script = (
        f"{CIRCUIT}New Transformer.t phases=3 windings=3 buses=(b c d) conns=(wye wye delta) kvs=(12.47 4.16 2.4)\n"
        f"~ kvas=(3000 3000 3000) xhl={x12} xht={x13} xlt={x23} taps=(1 1.025 1) %noloadloss=0.2\n"
        f"~ wdg=1 %r={(r12 + r13 - r23) / 2}\n~ wdg=2 %r={(r12 + r23 - r13) / 2}\n~ wdg=3 %r={(r13 + r23 - r12) / 2}\n"
        f"New Load.t bus1=d kv=2.4 conn=delta kw=600 kvar=200\n{loads_dss(4.16 / 3**0.5)}"
    )
    network = THREE + LINE_BC.replace("BC,L-BC,LINE,3000", "DE,L-DE,LINE,0")
    rows = customers() + "\nDE,TERTIARY,SPOT,TERTIARY,PQ,-1,1,0,ABC,600,200"
    reading = read(tmp_path, network, THREE_TYPE, rows, more="DE,D,E,ABC")
    loads = (tmp_path / "load.txt").read_text().replace("BC,LOAD,SPOT,0,L", "BC,LOAD,SPOT,0,L\nDE,TERTIARY,SPOT,2,S")
    (tmp_path / "load.txt").write_text(loads)
    reading = read_cyme([tmp_path / f"{name}.txt" for name in ("network", "equipment", "load")])
    assert_alike(reading, script, "BCD")
    assert reading.value["transformer_types"].loc[0, "kv_tertiary"] == 2.4


def test_a_tertiary_without_a_node_feeds_nothing(tmp_path: Path) -> None:
    reading = read(tmp_path, THREE.replace(",TertiaryNodeID", "").replace(",100,D", ",100"), THREE_TYPE)
    assert list(reading.value["windings"]["bus"]) == ["B", "C", "T3~tertiary"]
    assert solve_feeder(reading.value).converged


REGULATOR = """[REGULATOR SETTING]
FORMAT_REGULATORSETTING=SectionID,Location,EqID,DeviceNumber,PhaseON,MaxBuck,MaxBoost,BandWidth,CT,PT,SettingOption,VsetA,VsetB,VsetC,RsetA,RsetB,RsetC,XsetA,XsetB,XsetC,TapA,TapB,TapC,Conn
BC,M,REG,R,{on},10,10,2,400,100,{option},122,122,122,0,0,0,0,0,0,{taps},{conn}
"""
REGULATOR_TYPE = """[REGULATOR]
FORMAT_REGULATOR=ID,Type,KVA,KVLN,MaxBuck,MaxBoost,Taps,Bandwidth,CT,PT
REG,1,500,7.2,10,10,32,2,400,100
"""
DELTA_LOADS = {"AB": (300, 100), "BC": (200, 80), "CA": (400, 150)}


def delta_loads(kv: float = 12.47) -> str:
    nodes = {"AB": "1.2", "BC": "2.3", "CA": "3.1"}
    return "".join(
        f"New Load.{pair} bus1=c.{nodes[pair]} phases=1 conn=delta kv={kv} kw={p} kvar={q}\n"
        for pair, (p, q) in DELTA_LOADS.items()
    )


def regulated(tmp_path: Path, conn: int, on: str, *, option: str = "F", taps: str = "4,-3,9") -> Reading[Feeder]:
    rows = customers(values={"A": (300, 100), "B": (200, 80), "C": (400, 150)})
    network = REGULATOR.format(on=on, option=option, taps=taps, conn=conn)
    return read(tmp_path, network, REGULATOR_TYPE, rows, connection=2)


def test_an_open_delta_of_regulators_is_two_units_and_a_phase_that_passes_through(tmp_path: Path) -> None:
    """Units A to B and C to B, as OpenDSS's IEEE 37-node circuit has them."""
    kv = 7.2 * 3**0.5
    unit = f"phases=1 windings=2 conns=(delta delta) kvs=({kv} {kv}) kvas=(500 500) xhl=1e-4 %rs=(0 0)"
    script = (
        f"{CIRCUIT}New Transformer.ab {unit} buses=(b.1.2 c.1.2) taps=(1 1.025)\n"
        f"New Transformer.cb {unit} buses=(b.3.2 c.3.2) taps=(1 0.98125)\n"
        f"New Line.through bus1=b.2 bus2=c.2 phases=1 r1=1e-5 x1=1e-5 c1=0 length=1\n{delta_loads()}"
    )
    assert_alike(regulated(tmp_path, 2, "AB"), script)
    assert "feeder.loop" not in {finding.code for finding in check(regulated(tmp_path, 3, "AB").value)}


def test_a_closed_delta_of_regulators_follows_the_published_equations(tmp_path: Path) -> None:
    """V_AB = a_ab V_ab + (1 - a_bc) V_bc and so on round, where a is one over the raise."""
    reading = regulated(tmp_path, 4, "ABC")
    snapshot = solve_feeder(reading.value)
    volts = volts_of(snapshot)
    pairs = ("AB", "BC", "CA")
    before = [volts["B", pair[0]] - volts["B", pair[1]] for pair in pairs]
    after = [volts["C", pair[0]] - volts["C", pair[1]] for pair in pairs]
    a = [1 / (1 + 0.00625 * tap) for tap in (4, -3, 9)]
    for k in range(3):
        n = (k + 1) % 3
        assert abs(a[k] * after[k] + (1 - a[n]) * after[n] - before[k]) < 1e-4 * abs(before[k])
    assert {finding.code for finding in check(reading.value)} <= {"feeder.no_coordinates", "feeder.coordinates_missing"}


def test_automatic_units_of_a_delta_hold_the_voltage_between_phases(tmp_path: Path) -> None:
    for conn, on in ((3, "AB"), (4, "ABC")):
        volts = volts_of(solve_feeder(regulated(tmp_path, conn, on, option="T", taps="0,0,0").value))
        pairs = ("AB", "CB") if conn == 3 else ("AB", "BC", "CA")
        for one, other in pairs:
            assert 121 <= abs(volts["C", one] - volts["C", other]) / 100 <= 123


BY_PHASE = """[REGULATOR BYPHASE SETTING]
FORMAT_REGULATORBYPHASESETTING=SectionID,Location,DeviceNumber,PhaseRegulatorID1,PhaseRegulatorID2,PhaseRegulatorID3,ConnectionConfiguration,BandWidthA,BandWidthC,PTRatioA,PTRatioC,CTPrimaryRatingA,CTPrimaryRatingC,MaxBoostA,MaxBoostC,MaxBuckA,MaxBuckC,SettingOption,VsetA,VsetC,TapA,TapC
BC,M,R,REG,NONE,SMALL,0,1.5,3,60,60,400,200,10,5,10,5,T,124,121,0,0
"""


def test_regulators_by_phase_have_types_and_settings_of_their_own(tmp_path: Path) -> None:
    equipment = REGULATOR_TYPE + "SMALL,1,200,7.2,5,5,16,3,200,60\n"
    unit = "phases=1 windings=2 kvs=(7.2 7.2) xhl=1e-4 %rs=(0 0)"
    script = (
        f"{CIRCUIT}New Transformer.ra {unit} buses=(b.1 c.1) kvas=(500 500)\n"
        f"New Transformer.rc {unit} buses=(b.3 c.3) kvas=(200 200)\n~ wdg=2 mintap=0.95 maxtap=1.05 numtaps=16\n"
        "New Line.through bus1=b.2 bus2=c.2 phases=1 r1=1e-5 x1=1e-5 c1=0 length=1\n"
        "New RegControl.a transformer=ra winding=2 vreg=124 band=1.5 ptratio=60\n"
        f"New RegControl.c transformer=rc winding=2 vreg=121 band=3 ptratio=60\n{loads_dss(12.47 / 3**0.5)}"
    )
    assert_alike(read(tmp_path, BY_PHASE, equipment), script)


CAPACITOR = """[SHUNT CAPACITOR SETTING]
FORMAT_SHUNTCAPACITORSETTING=SectionID,DeviceNumber,Location,Connection,FixedKVARA,FixedKVARB,FixedKVARC,SwitchedKVARA,SwitchedKVARB,SwitchedKVARC,VoltageOverride,VoltageOverrideOn,VoltageOverrideOff,KV,Control,OnValueA,OffValueA,InitiallyClosedPhase,ControllingPhase
BC,CAP,L,0,50,50,50,150,150,150,0,0,0,7.2,{control},{on},{off},NONE,C
[OVERHEADLINE SETTING]
FORMAT_OVERHEADLINESETTING=SectionID,DeviceNumber,LineCableID,Length
BC,L-BC,LINE,3000
"""


@pytest.mark.parametrize(
    ("control", "on", "off", "dss"),
    [
        ("VOLTAGE", 119.5, 125, "terminal=2 type=voltage ptratio=60 onsetting=119.5 offsetting=125 ptphase=3"),
        ("7", 119.5, 125, "terminal=2 type=voltage ptratio=60 onsetting=119.5 offsetting=125 ptphase=3"),
        ("VOLTAGE", 99.6, 104, "terminal=2 type=voltage ptratio=60 onsetting=119.5 offsetting=125 ptphase=3"),
        ("VOLTAGE", 7.17, 7.5, "terminal=2 type=voltage ptratio=60 onsetting=119.5 offsetting=125 ptphase=3"),
        ("KVAR", 150, -400, "terminal=1 type=kvar onsetting=150 offsetting=-400"),
        ("KVAR", 500, -200, "terminal=1 type=kvar onsetting=500 offsetting=-200"),
        ("CURRENT", 50, 20, "terminal=1 type=current ctratio=1 onsetting=50 offsetting=20 ctphase=3"),
        ("CURRENT", 70, 20, "terminal=1 type=current ctratio=1 onsetting=70 offsetting=20 ctphase=3"),
        ("PF", 96, -98, "terminal=1 type=pf onsetting=0.96 offsetting=-0.98"),
        ("TIME", 0, 24, "terminal=1 type=time onsetting=0 offsetting=24"),
    ],
)  # fmt: skip
def test_a_controlled_capacitor_switches_as_opendss_switches_it(
    tmp_path: Path, control: str, on: float, off: float, dss: str
) -> None:
    script = (
        f"{CIRCUIT}New Line.bc bus1=b bus2=c r1=0.3 x1=0.4 r0=0.7 x0=1.2 c1=0 c0=0 length=3 units=km\n"
        f"New Capacitor.fixed bus1=c kv={7.2 * 3**0.5} kvar=150\n"
        f"New Capacitor.steps bus1=c kv={7.2 * 3**0.5} kvar=450 states=[0]\n"
        f"New CapControl.steps capacitor=steps element=line.bc {dss}\n{loads_dss(12.47 / 3**0.5)}"
    )
    reading = read(tmp_path, CAPACITOR.format(control=control, on=on, off=off), "")
    assert_alike(reading, script)
    controlled = reading.value["capacitors"][reading.value["capacitors"]["control"] != "none"]
    assert set(controlled["control_element"]) == {"line.L-BC"}


@pytest.mark.parametrize("control", ["TEMPERATURE", "5"])
def test_a_control_that_cannot_be_simulated_keeps_the_capacitors_state(tmp_path: Path, control: str) -> None:
    reading = read(tmp_path, CAPACITOR.format(control=control, on=30, off=25), "")
    assert {"cyme.capacitor_control", "cyme.bad_choice"} & {finding.code for finding in reading.findings}
    assert set(reading.value["capacitors"]["control"]) == {"none"}
    assert reading.value["capacitors"]["kvar"].sum() == 150


def test_controls_that_never_come_to_rest_are_named(tmp_path: Path) -> None:
    reading = read(tmp_path, CAPACITOR.format(control="KVAR", on=150, off=-200), "")
    snapshot = solve_feeder(reading.value)
    assert not snapshot.converged
    assert [finding.code for finding in snapshot.findings] == ["feeder.controls_hunt"]
    assert str(snapshot.findings[0].element).startswith("CAP_")


KV_LN = 12.47 / 3**0.5


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (0, {"A": (90, 43.589), "B": (45, 21.794), "C": (135, 65.383)}),
        (1, {"A": (100, 90), "B": (50, 90), "C": (150, 90)}),
        (2, {"A": (90, 90), "B": (45, 90), "C": (135, 90)}),
        (3, {"A": (100 / KV_LN, 90), "B": (50 / KV_LN, 90), "C": (150 / KV_LN, 90)}),
    ],
)
def test_a_load_is_the_same_in_whatever_its_values_are(
    tmp_path: Path, kind: int, values: dict[str, tuple[float, float]]
) -> None:
    powers = {"A": (90, 43.589), "B": (45, 21.794), "C": (135, 65.383)}
    line = "New Line.bc bus1=b bus2=c r1=0.3 x1=0.4 r0=0.7 x0=1.2 c1=0 c0=0 length=3 units=km\n"
    assert_alike(read(tmp_path, LINE_BC, "", customers(kind, values)), CIRCUIT + line + loads_dss(KV_LN, powers))


@pytest.mark.parametrize(("phases", "kw"), [("ABC", 1000 * 3**0.5 * 12.47 * 0.01), ("AB", 2 * 10 * KV_LN)])
def test_amperes_are_of_each_phase(tmp_path: Path, phases: str, kw: float) -> None:
    reading = read(tmp_path, LINE_BC, "", customers(3, {phases: (10, 100)}))
    assert reading.value["loads"]["p_kw"].sum() == pytest.approx(kw)
    assert "cyme.load_in_amperes" in {finding.code for finding in reading.findings}


def test_a_value_between_two_phases_is_one_load(tmp_path: Path) -> None:
    loads = read(tmp_path, LINE_BC, "", customers(0, {"AB": (80, 30)}), connection=2).value["loads"]
    assert [tuple(row) for row in loads[["phases", "p_kw"]].to_numpy()] == [("AB", 80.0)]


def test_a_spot_load_midway_loads_the_first_half_of_its_line_in_full(tmp_path: Path) -> None:
    """Independent: an export with the same load on a node that cuts the line in two sections."""
    line = "BC,L-BC,LINE,1000\n"
    reading = read(tmp_path, line, "")
    (tmp_path / "load.txt").write_text((tmp_path / "load.txt").read_text().replace(",SPOT,0,L", ",SPOT,0,M"))
    midway = read_cyme(sorted(tmp_path.glob("*.txt")))
    assert "cyme.load_midway" in {finding.code for finding in midway.findings}
    found = solve_feeder(midway.value).branches.set_index("id")["i_max_a"]
    cut = tmp_path / "cut"
    cut.mkdir()
    more = "CD,C,D,ABC"
    by_hand = solve_feeder(read(cut, "BC,L-BC,LINE,500\nCD,L-CD,LINE,500\n", "", more=more).value).branches
    assert found["L-BC"] == pytest.approx(by_hand.set_index("id")["i_max_a"]["L-BC"], rel=1e-6)
    assert found["L-BC (overhead)"] == pytest.approx(0, abs=1e-6)
    assert midway.value["branches"]["length_km"].sum() == pytest.approx(reading.value["branches"]["length_km"].sum())
    assert midway.value["loads"]["p_kw"].sum() == pytest.approx(900)


@pytest.mark.parametrize(
    ("years", "code", "p_kw"),
    [((-1, -1), "cyme.customer_twice", 900), ((2020, 2025), "cyme.customer_years", 1200)],
)
def test_customers_of_rows_given_twice_or_of_two_years_count_once(
    tmp_path: Path, years: tuple[int, int], code: str, p_kw: float
) -> None:
    powers = [300, 300] if years[0] == years[1] else [300, 400]
    rows = [f"BC,LOAD,SPOT,C1,PQ,{y},1,0,{p},{kw},100" for y, kw in zip(years, powers, strict=True) for p in "ABC"]
    reading = read(tmp_path, "BC,L-BC,LINE,1000\n", "", "\n".join(rows))
    assert reading.value["loads"]["p_kw"].sum() == p_kw
    assert [finding.code for finding in reading.findings].count(code) == 1
