from __future__ import annotations

import math
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from core.findings import Reading
from core.formats.recognise import read_result
from core.results.study_result import StudyResult


def database(tables: dict[str, tuple[list[str], list[tuple[Any, ...]]]], *, wal: bool = False) -> bytes:
    connection = sqlite3.connect(":memory:")
    for name, (columns, rows) in tables.items():
        connection.execute(f'CREATE TABLE "{name}" ({", ".join(columns)})')
        connection.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(columns))})', rows)
    connection.commit()
    content = connection.serialize()
    connection.close()
    return content[:18] + b"\x02\x02" + content[20:] if wal else content


LOAD_FLOW = {
    "LFR": (
        ["IDFrom", "IDTo", "Type", "kV", "VoltMag", "VoltAng", "LFMW", "LFMvar", "LFAmp", "LFPF", "Tap"],
        [
            ("Bus1    ", "", 1, 13.8, 101.2, 2.3, 0, 0, 0, 0, 0),
            ("Bus1    ", "Bus2    ", 0, 0, 0, 0, 18.3, 9.8, 870.5, 88.1, 0),
            ("Bus2    ", None, 2, 34.5, 94.9, 0.0, 0, 0, 0, 0, 0),
        ],
    )
}


def read(content: bytes, name: str) -> Reading[StudyResult]:
    (reading,) = read_result(content, name)
    return reading


@pytest.mark.parametrize("wal", [False, True])
def test_a_load_flow_report_gives_buses_in_per_unit_and_branches(wal: bool) -> None:
    result = read(database(LOAD_FLOW, wal=wal), "base.LF1S").value
    assert result.main["bus"].tolist() == ["Bus1", "Bus2"]
    assert result.main["v_pu"].tolist() == pytest.approx([1.012, 0.949])
    assert result.main[["sheet", "row"]].to_numpy().tolist() == [["LFR", 1], ["LFR", 3]]
    branch = result.tables["branches"].iloc[0]
    assert (branch["from_bus"], branch["to_bus"], branch["p_mw"], branch["i_a"]) == ("Bus1", "Bus2", 18.3, 870.5)


def test_an_ansi_duty_report_gives_the_worse_of_symmetrical_and_asymmetrical_duty() -> None:
    columns = ["PDID", "FaultedBus", "kVnom", "PDType", "kASymm", "kAASymm", "CapSym", "CapAsym"]
    rows = [
        ("CB1 ", "Bus1", 13.8, "HVCB", 30.0, 52.0, 40.0, 62.0),
        ("CB2 ", "Bus1", 13.8, "HVCB", 30.0, 40.0, 40.0, 62.0),
    ]
    result = read(database({"SCDSumMom": (columns, rows)}), "duty.SA1S").value
    assert result.elements().tolist() == ["CB1", "CB2"]
    assert result.main["duty_calc_pct"].tolist() == pytest.approx([100 * 52 / 62, 75])


@pytest.mark.parametrize("capability", [0, None, 0.0, -1])
def test_a_device_without_a_capability_has_no_rating_and_no_duty(capability: float | None) -> None:
    columns = ["DeviceID", "kVnom", "FaultedBus", "DeviceType", "Ibsymm", "Ibasymm", "DeviceIbsymm", "DeviceIbasym"]
    row = ("CB1", 13.8, "Bus1", "HVCB", 30.0, 35.0, capability, capability)
    reading = read(database({"SCIEC3phSum": (columns, [row])}), "duty.SI1S")
    faults = reading.value.main.iloc[0]
    assert math.isnan(faults["rating_ka"])
    assert math.isnan(faults["duty_calc_pct"])
    assert "etap.report.unrated" in {finding.code for finding in reading.findings}


def test_interrupting_and_momentary_duties_are_rows_of_their_own() -> None:
    momentary = (["PDID", "kVnom", "kASymm", "kAASymm", "CapSym", "CapAsym"], [("CB1", 13.8, 30.0, 52.0, 40.0, 62.0)])
    interrupting = (["PDID", "kVnom", "FaultedBus", "AdjSym", "CapAdjInt"], [("CB1", 13.8, "Bus1", 28.0, 40.0)])
    reading = read(database({"SCDSumMom": momentary, "SCDSumInt": interrupting}), "duty.SA1S")
    assert reading.value.main["fault_type"].tolist() == ["3-Phase momentary", "3-Phase interrupting"]
    assert "element.duplicate" not in {finding.code for finding in reading.findings}


def test_an_all_fault_report_gives_fault_currents_with_their_x_r() -> None:
    columns = ["FaultedBus", "kVnom", "Real3ph", "Imag3ph", "Mag3ph", "RealLG", "ImagLG", "MagLG"]
    row = ("Bus1 ", 13.8, 2.0, -30.0, 30.07, 1.0, -10.0, 10.05)
    faults = read(database({"SCLGSum1": (columns, [row])}), "all.SA2S").value.main
    assert faults["fault_type"].tolist() == ["3-Phase", "Line-to-Ground"]
    assert faults["ik_ka"].tolist() == [30.07, 10.05]
    assert faults["x_r"].tolist() == pytest.approx([15, 10])


@pytest.mark.parametrize("name", ["x.LF1S", "x.db"])
def test_another_database_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="no ETAP"):
        read_result(database({"people": (["id"], [(1,)])}), name)


@pytest.mark.parametrize("change", ["half", "noise", "header"])
def test_a_damaged_report_is_refused(change: str) -> None:
    content = database(LOAD_FLOW)
    damaged = {
        "half": content[: len(content) // 2],
        "noise": content[:100] + bytes(255 - byte for byte in content[100:]),
        "header": content[:16] + bytes(20),
    }[change]
    with pytest.raises(BadInput, match=r"damaged|no ETAP"):
        read_result(damaged, "x.LF1S")


def test_reading_a_report_never_touches_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read(database(LOAD_FLOW), "base.LF1S")
    assert list(tmp_path.iterdir()) == []
