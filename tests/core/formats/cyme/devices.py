"""A feeder of hand-written exports around one device, the same as an OpenDSS script, and what both solve to.

Source A (12.47 kV) → 2 km of line → B → the device → C with the loads.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.engines.opendss import Snapshot
from core.feeder import Feeder
from core.findings import Reading
from core.formats.cyme import read_cyme
from core.formats.opendss.context import new_context
from core.formats.opendss.names import PHASES
from core.studies.feeder_flow import solve_feeder

HEAD = "[GENERAL]\nCYME_VERSION=8.00\n[SI]\n"
NETWORK = """[NODE]
FORMAT_NODE=NodeID,CoordX,CoordY
A,0,0
B,1,0
C,2,0
[HEADNODES]
FORMAT_HEADNODES=NodeID,NetworkID
A,F
[SOURCE EQUIVALENT]
FORMAT_SOURCEEQUIVALENT=NodeID,Voltage,OperatingAngle1,OperatingAngle2,OperatingAngle3
A,12.47,0,-120,120
[SECTION]
FORMAT_SECTION=SectionID,FromNodeID,ToNodeID,Phase
FORMAT_FEEDER=NetworkID,HeadNodeID
FEEDER=F,A
AB,A,B,ABC
BC,B,C,ABC
{more}
[OVERHEADLINE SETTING]
FORMAT_OVERHEADLINESETTING=SectionID,DeviceNumber,LineCableID,Length
AB,L-AB,LINE,2000
"""
EQUIPMENT = """[LINE]
FORMAT_LINE=ID,R1,R0,X1,X0,B1,B0,Amps
LINE,0.3,0.7,0.4,1.2,0,0,400
"""
LOADS = """[CUSTOMER CLASS]
FORMAT_CUSTOMERCLASS=ID,ConstantImpedanceZP,ConstantImpedanceZQ,ConstantPowerPP,ConstantPowerPQ,LoadFlowVoltagePercentOfNominal
PQ,0,0,100,100,80
[LOADS]
FORMAT_LOADS=SectionID,DeviceNumber,LoadType,Connection,Location
BC,LOAD,SPOT,{connection},T
[CUSTOMER LOADS]
FORMAT_CUSTOMERLOADS=SectionID,DeviceNumber,LoadType,CustomerNumber,CustomerType,Year,LoadModelID,ValueType,LoadPhase,Value1,Value2
{rows}
"""
POWERS = {"A": (300, 100), "B": (200, 80), "C": (400, 150)}
CIRCUIT = """New Circuit.c basekv=12.47 bus1=a r1=0 x1=1e-6 r0=0 x0=1e-6
New Line.ab bus1=a bus2=b r1=0.3 x1=0.4 r0=0.7 x0=1.2 c1=0 c0=0 length=2 units=km
"""


def customers(kind: int = 0, values: dict[str, tuple[float, float]] | None = None) -> str:
    given = values or POWERS
    rows = [f"BC,LOAD,SPOT,LOAD,PQ,-1,1,{kind},{p},{one},{two}" for p, (one, two) in given.items()]
    return "\n".join(rows)


def read(
    folder: Path, network: str, equipment: str, rows: str | None = None, *, more: str = "", connection: int = 0
) -> Reading[Feeder]:
    """Read an export made of the common parts and of a device's."""
    loads = LOADS.format(connection=connection, rows=rows or customers()).replace(",T\n", ",L\n")
    texts = {"network": NETWORK.format(more=more) + network, "equipment": EQUIPMENT + equipment, "load": loads}
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(HEAD + text)
    return read_cyme([folder / f"{name}.txt" for name in texts])


def loads_dss(kv: float, powers: dict[str, tuple[float, float]] | None = None) -> str:
    numbers = {letter: number for number, letter in PHASES.items()}
    return "".join(
        f"New Load.{phase} bus1=c.{numbers[phase]} phases=1 kv={kv} kw={p} kvar={q} vminpu=0.8 vmaxpu=1.2\n"
        for phase, (p, q) in (powers or POWERS).items()
    )


def engine(script: str) -> dict[tuple[str, str], complex]:
    """Return the voltages [V] of a script, and the taps of its regulators under ``("tap", name)``."""
    made = new_context()
    for line in ("clear", *script.splitlines(), "set maxcontroliter=200 tolerance=1e-7", "solve"):
        made.Text.Command = line
    assert made.ActiveCircuit.Solution.Converged
    volts = np.asarray(made.ActiveCircuit.YNodeVarray).view(complex)
    pairs = [name.upper().rsplit(".", 1) for name in made.ActiveCircuit.YNodeOrder]
    return {(bus, PHASES[node]): volt for (bus, node), volt in zip(pairs, volts, strict=True)}


def volts_of(snapshot: Snapshot) -> dict[tuple[str, str], complex]:
    volts = snapshot.nodes["v_kv"] * 1000 * np.exp(1j * np.radians(snapshot.nodes["angle_deg"]))
    return dict(zip(zip(snapshot.nodes["bus"], snapshot.nodes["phase"], strict=True), volts, strict=True))


def assert_alike(reading: Reading[Feeder], script: str, buses: str = "BC") -> Snapshot:
    """Both solve to the same voltages, to a hundred-thousandth."""
    snapshot = solve_feeder(reading.value)
    assert snapshot.converged, snapshot.findings
    found, expected = volts_of(snapshot), engine(script)
    for bus in buses:
        for phase in "ABC":
            assert abs(found[bus, phase] - expected[bus, phase]) < 1e-5 * abs(expected[bus, phase]), (bus, phase)
    return snapshot


LINE_BC = """[OVERHEADLINE SETTING]
FORMAT_OVERHEADLINESETTING=SectionID,DeviceNumber,LineCableID,Length
BC,L-BC,LINE,3000
"""
