"""A small CYME export of our own in the documented layouts (``layouts/``): text of versions 5 and 8, and XML.

The feeder: head node N1 (12.47 kV) → regulator and line on one section → N2 → cable → N3 → transformer → N4 (480 V);
N2 → single-phase line on phase B → N5; a tie switch that is open from N3 to N6.
"""

from __future__ import annotations

from pathlib import Path

LAYOUTS = Path(__file__).with_name("layouts")
FILES = ("network", "equipment", "load")
SECTIONS = (
    ("S1", "N1", "N2", "ABC"),
    ("S2", "N2", "N3", "ABC"),
    ("S3", "N3", "N4", "ABC"),
    ("S4", "N2", "N5", "B"),
    ("S5", "N3", "N6", "ABC"),
)
#: The numbers that have a unit, by their imperial unit: feet, inches, a mile.
FEET = {"line1": 1500.0, "line4": 400.0, "cable2": 800.0, "x1": 0.0, "x2": 0.762, "x3": 2.1336, "xn": 1.2192}
FEET |= {"y1": 8.5344, "yn": 7.3152}
INCHES = {"diameter": 1.8288, "gmr": 0.7437, "diameter_n": 1.43, "gmr_n": 0.2481}
A_MILE = {"r336": 0.1901, "r40": 0.3679}
SEQUENCES = {"z": (0.35, 0.75, 0.42, 1.2, 3.9, 1.6), "c": (0.2, 0.55, 0.15, 0.35, 95.0, 95.0)}


def _numbers(units: str) -> dict[str, object]:
    foot, inch, mile = (1.0, 1.0, 1.0) if units == "SI" else (0.3048, 2.54, 1.609344)
    return {
        "units": units,
        **{name: value / foot for name, value in FEET.items()},
        **{name: value / inch for name, value in INCHES.items()},
        **{name: value * mile for name, value in A_MILE.items()},
        **{name: tuple(value * mile for value in values) for name, values in SEQUENCES.items()},
    }


def text_of(name: str, units: str = "SI") -> str:
    """Return one file's text."""
    return (LAYOUTS / f"{name}.txt").read_text(encoding="utf-8").format(**_numbers(units))


def write_text(folder: Path, *, units: str = "SI", **texts: str) -> list[Path]:
    """Write the three files; a text given by its file's name stands in for ours."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        text = texts.get(name, text_of(name, units))
        (folder / f"{name}.txt").write_bytes(text.replace("\n", "\r\n").encode("cp1252"))
    return [folder / f"{name}.txt" for name in FILES]


def version_8(text: str) -> str:
    """Return a version 5 text in the layout of version 8: more columns in other places, other codes."""
    changes = [
        ("CYME_VERSION=5.04", "CYME_VERSION=8.00"),
        ("CondID_C,CondID_N,SpacingID", "CondID_C,CondID_N1,CondID_N2,SpacingID"),
        ("C4/0,POLE,1500", "C4/0,NONE,POLE,1500"),
        ("SectionID,FromNodeID,ToNodeID,Phase", "SectionID,FromNodeID,FromNodeIndex,ToNodeID,ToNodeIndex,Phase"),
        ("NodeID,NetworkID,DesiredVoltage", "NodeID,NetworkID,OperatingVoltageA,OperatingVoltageB,OperatingVoltageC"),
        ("N1,F1,12.720000", "N1,F1,7.343895,7.343895,7.343895"),
        ("DeviceNumber,Conn,PrimTap", "DeviceNumber,DeviceStage,Flags,Conn,PrimTap"),
        ("XF-3,Y_Y,", "XF-3,,0,0,"),
        ("XF,3,500.0,12.47,0.48,4.0,4.0,5.0,5.0,Y_Y", "XF,2,500.0,12.47,0.48,4.0,4.0,5.0,5.0,0"),
        ("LoadType,Connection,Location", "DeviceStage,Flags,LoadType,Connection,Location"),
    ]
    changes += [(",".join(section), "{},{},0,{},0,{}".format(*section)) for section in SECTIONS]
    for rest in ("LOAD-2,DISTRIBUTED,0", "LOAD-3,SPOT,0,1", "LOAD-4,SPOT,0,1", "LOAD-5,SPOT,2,0"):
        number, values = rest.split(",", 1)
        changes.append((rest, f"{number},,0,{values}"))
    for old, new in changes:
        text = text.replace(old, new, 1)
    return text


def xml(version: str = "7.2", encoding: str = "utf-8") -> bytes:
    """Return the same feeder as a self-contained study."""
    volts = "".join(f"<OperatingVoltage{phase}>7.343895</OperatingVoltage{phase}>" for phase in "ABC")
    new = version >= "9"
    names = ("FirstLevelR1", "FirstLevelX1", "FirstLevelR0", "FirstLevelX0")
    if not new:
        names = (
            "PositiveSequenceResistance",
            "PositiveSequenceReactance",
            "ZeroSequenceResistance",
            "ZeroSequenceReactance",
        )
    text = (LAYOUTS / "study.xml").read_text(encoding="utf-8")
    return text.format(
        version=version,
        encoding=encoding,
        neutral="NeutralConductorID" if version < "7.2" else "NeutralConductorID1",
        first="FirstResistance" if version < "7.2" else "ResistanceAC1",
        second="SecondResistance" if version < "7.2" else "ResistanceAC2",
        voltage=volts if new else "<DesiredVoltage>12.72</DesiredVoltage>",
        **dict(zip(("r1", "x1", "r0", "x0"), names, strict=True)),
    ).encode(encoding)
