"""What an older version can't say comes back, and RAWX has what RAW has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.findings import Reading, Source
from core.formats.conversion import admittance_difference, compare, convert
from core.formats.networks import FORMATS
from core.formats.psse import read_raw, read_rawx, write_raw, write_raw_case, write_rawx
from core.network import Network
from tests.core.formats.psse.cases import V33


def with_devices() -> Network:
    """Return a v35 case with a breaker and two switched shunts at a bus."""
    text = write_raw(read_raw(V33.encode(), "x").value, 35)
    rates = ",".join(["90.0"] * 12)
    text = text.replace("ITMXN=20", "ITMXN=50")
    text = text.replace(
        "0 / END OF SYSTEM SWITCHING", f"1,2,'1',0.0001,{rates},1,1,1,2,'BREAKER'\n0 / END OF SYSTEM SWITCHING"
    )
    second = "2,'B',1,0,1,1.05,0.95,0,0,100.0,'',5.0,1,1,5.0\n"
    text = text.replace("0 / END OF SWITCHED SHUNT", f"{second}0 / END OF SWITCHED SHUNT")
    return read_raw(text.encode(), "x.raw").value


@pytest.mark.parametrize("versions", [(33,), (34, 33), (33, 34, 35, 33)])
def test_switching_devices_and_further_shunts_come_back_from_older_versions(versions: tuple[int, ...]) -> None:
    first = again = with_devices()
    assert (len(first["switch"]), len(first["switched_shunt"])) == (1, 2)
    for version in versions:
        again = read_raw(write_raw(again, version).encode(), "x.raw").value
    assert compare(first, again).is_empty
    assert admittance_difference(first, again) == 0.0


@pytest.mark.parametrize(
    ("form", "version"), [("raw", 33), ("raw", 34), ("rawx", None), ("matpower", None), ("powermodels", None)]
)
def test_the_ledger_says_what_other_programs_do_not_get_and_nothing_is_lost_here(
    form: str, version: int | None
) -> None:
    network = with_devices()
    load = network.extras["psse"]["load"].assign(DGENP=7.0)
    case = network.extras["psse"].with_section("load", load)
    network = read_raw(write_raw_case(case).encode(), "x.raw").value
    reading = Reading(network, [], Source("x.raw", "", "psse.raw", "35"))
    result = convert(reading, FORMATS[form], version)
    dropped = {(row["table"], row.get("field")) for row in result.ledger()["dropped"]}
    assert result.ledger()["summary"]["lost"] == 0
    assert result.admittance_difference_pu == pytest.approx(0.0, abs=1e-9)
    if form == "rawx":
        assert dropped == set()
    elif form == "raw":
        assert (("load", "DGENP") in dropped, ("switching_device", None) in dropped) == (version == 33, version == 33)
        assert ("switched_shunt", None) in dropped
    else:
        assert {("load", "dg_p_mw"), ("impedance_correction", None), ("newton", None)} <= dropped


def test_the_older_version_itself_has_stand_ins_for_other_programs() -> None:
    text = write_raw(with_devices(), 33).partition("\nQ\n")[0] + "\nQ\n"
    plain = read_raw(text.encode(), "x.raw").value
    assert "@1" in plain["branch"]["ckt"].tolist()
    assert "SB" in plain["shunt"]["ckt"].tolist()
    assert admittance_difference(with_devices(), plain) == pytest.approx(0.0, abs=1e-12)


def test_an_impedance_correction_table_survives_rawx() -> None:
    first = read_raw(V33.replace(",17,0,0.0,0.0", ",17,1,0.0,0.0").encode(), "x.raw").value
    again = read_rawx(write_rawx(first).encode(), "x.rawx").value
    assert compare(first, again).is_empty
    assert admittance_difference(first, again) == 0.0


@pytest.mark.parametrize("record", ["3,'DC, SOUTH' 13.8 2,1,1,1,1.01,-1.25", "3,'DC, SOUTH',13.8 2 1 1 1 1.01 -1.25"])
def test_blanks_and_commas_separate_in_one_record(record: str) -> None:
    text = V33.replace('3,"DC, SOUTH",13.8,2,1,1,1,1.01,-1.25', record)
    bus = read_raw(text.encode(), "x.raw").value["bus"].loc[2]
    assert (bus["name"], bus["base_kv"], bus["kind"], bus["angle_deg"]) == ("DC, SOUTH", 13.8, "PV", -1.25)


def test_an_absurd_whole_number_is_no_crash() -> None:
    text = V33.replace("138.0,3,1,1,1,1.02", f"138.0,3,{'9' * 30},1,1,1.02")
    assert len(read_raw(text.encode(), "x.raw").value["bus"]) == 3


@pytest.mark.parametrize(
    ("table", "change", "begins"),
    [
        ("load", {"p_mw": 81.5}, ["2,'1 ',"]),
        ("load", {"dg_p_mw": 3.0}, ["2,'1 ',"]),  # version 33 has no place for it: a line more behind Q
        ("transformer", {"r_pu": 0.01}, ["2,3,0,", "0.", "1", "1"]),
        ("switch", {"in_service": False}, ["1,2,'@1'", "@!kept"]),  # a branch stands for the breaker
        ("switch", {"kind": "DISCONNECTOR"}, ["1,2,'@1'", "@!kept"]),
        ("switch", None, ["1,2,'@1'", "@!kept"]),
    ],
)
def test_an_edit_beside_what_rides_along_changes_only_its_lines(
    table: str, change: dict[str, object] | None, begins: list[str]
) -> None:
    text = write_raw(with_devices(), 33).replace(",", ", ").replace("\n", "\r\n")
    network = read_raw(text.encode(), "x.raw").value
    rows = network[table]
    edited = network.with_tables(**{table: rows.iloc[:0] if change is None else rows.assign(**change)})
    written = write_raw(edited, 33)
    after = written.splitlines(keepends=True)
    gone = [line for line in text.splitlines(keepends=True) if line not in after]
    assert len(gone) == len(begins)
    assert all(line.replace(", ", ",").startswith(begin) for line, begin in zip(gone, begins, strict=True))
    assert compare(edited, read_raw(written.encode(), "x.raw").value).is_empty


def test_another_frequency_changes_line_1_alone() -> None:
    network = read_raw(V33.encode(), "x.raw").value
    written = write_raw(replace(network, frequency_hz=50.0), 33).splitlines()
    assert written[1:] == V33.splitlines()[1:]
    assert read_raw("\n".join(written).encode(), "x.raw").value.frequency_hz == 50.0
