"""Circuits of our own that use what OpenDSS feeders use."""

from __future__ import annotations

from pathlib import Path

MAIN = """Clear
Set DefaultBaseFrequency=60
New Circuit.Hand basekv=115 pu=1.02 bus1=source MVAsc3=2000 MVAsc1=2100 angle=30
New Transformer.sub phases=3 windings=2 buses=(source, head) conns=(delta wye) kvs=(115 12.47) kvas=(1e4 1e4) xhl=8
Redirect codes/lines.dss
New Transformer.reg1 phases=1 bank=reg buses=(head.1 feed.1) kvs=(7.2 7.2) kvas=(2000 2000) xhl=0.01 %loadloss=0.01
New Transformer.reg2 like=reg1 buses=(head.2 feed.2)
New Transformer.reg3 like=reg1 buses=(head.3 feed.3)
New RegControl.reg1 transformer=reg1 winding=2 vreg=122 band=2 ptratio=60 ctprim=300 r=3 x=4
~ reversible=yes revvreg=120 revband=3 revthreshold=50 revdelay=30 revneutral=yes
New RegControl.reg2 like=reg1 transformer=reg2
New RegControl.reg3 like=reg1 transformer=reg3
New Line.main bus1=feed bus2=mid linecode=three length=2 units=mi normamps=400
New Line.lateral bus1=mid.2 bus2=end.2 phases=1 linecode=one length=3000 units=ft normamps=200
New Line.tie bus1=mid bus2=far switch=y
New Line.open bus1=far bus2=end2 switch=y
Open Line.open 1
New Transformer.ct phases=1 windings=3 xhl=2.04 xht=2.04 xlt=1.36 %noloadloss=0.2
~ wdg=1 bus=end.2 kv=7.2 kva=25 %r=0.6
~ wdg=2 bus=house.1.0 kv=0.12 kva=25 %r=1.2
~ wdg=3 bus=house.0.2 kv=0.12 kva=25 %r=1.2
New Transformer.shop phases=3 windings=2 buses=(far shop) conns=(delta wye) kvs=(12.47 0.48) kvas=(500 500)
~ xhl=4 taps=(1.0 1.025)
New Capacitor.bank bus1=mid phases=3 kvar=300 kv=12.47
New Capacitor.delta bus1=far phases=3 kvar=90 kv=12.47 conn=delta
New CapControl.bank capacitor=bank element=line.main terminal=1 type=kvar ptratio=60 ctratio=100
~ onsetting=200 offsetting=-100 ctphase=2
New Load.shop bus1=shop kv=0.48 kw=300 kvar=90 model=8 zipv=(0.4 0.3 0.3 0.4 0.3 0.3 0.5)
New Load.delta bus1=mid.1.2 phases=1 conn=delta kv=12.47 kw=80 pf=0.95 model=5
New Load.single bus1=mid.3 phases=1 kv=7.2 kw=120 pf=0.9 model=4 cvrwatts=0.8 cvrvars=3
New Load.house bus1=house.1.2 phases=1 kv=0.24 kw=8 pf=0.98
New Generator.pv bus1=shop phases=3 kv=0.48 kw=60 pf=1
New Reactor.ground bus1=far.1 phases=1 kv=7.2 kvar=20
Set VoltageBases=(115 12.47 0.48 0.208)
CalcVoltageBases
BusCoords coords.csv
Solve
Show Voltages
"""
LINES = """New LineCode.three nphases=3 units=mi rmatrix=(0.46 | 0.16 0.47 | 0.15 0.16 0.46)
~ xmatrix=(1.08 | 0.5 1.05 | 0.39 0.42 1.07) cmatrix=(15 | -5 16 | -2 -3 15)
New LineCode.one nphases=1 r1=0.6 x1=0.8 r0=1.2 x0=2.1 c1=8 c0=5 units=mi
"""


def write(folder: Path, main: str = MAIN) -> Path:
    """Write the circuit and return its main file."""
    (folder / "codes").mkdir(parents=True, exist_ok=True)
    (folder / "codes" / "lines.dss").write_text(LINES)
    (folder / "coords.csv").write_text("head, 0, 0\nfeed, 10, 0\nmid, 20, 0\nfar, 30, 5\n")
    (folder / "Master.dss").write_text(main)
    return folder / "Master.dss"
