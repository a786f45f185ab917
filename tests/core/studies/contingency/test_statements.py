"""Contingency, subsystem and monitoring files say what is out and what is watched."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import BadInput
from core.results.study_result import StudyResult
from core.studies.contingency import network_contingencies, read_statements
from tests.core.studies.contingency.test_contingency import case

SUB = b"SUBSYSTEM 'WEST'\nBUSES 1 5\nEND\nEND\n"


def studied(con: str, mon: str = "", sub: bytes = SUB) -> StudyResult:
    statements, findings = read_statements(
        (con.encode(), "a.con"), (sub, "a.sub"), (mon.encode(), "a.mon") if mon else None
    )
    result = network_contingencies(case("case14"), statements=statements)
    result.findings = [*findings, *result.findings]
    return result


def test_stated_outages_equal_those_of_the_sweep_in_both_spellings_and_from_both_ends():
    con = """CONTINGENCY 'ONE'
OPEN BRANCH FROM BUS 5 TO BUS 2 CKT 1
END
CONTINGENCY TWO
DISCONNECT LINE FROM BUS 4 TO BUS 5 CIRCUIT '1 '
END
CONTINGENCY THREE
TRIP UNIT 1 FROM BUS 3
END
END
"""
    rows = studied(con).tables["outages"].set_index("outage")
    sweep = network_contingencies(case("case14")).tables["outages"].set_index("outage")
    for name, other in {"ONE": "branch 2-5-1", "TWO": "branch 4-5-1", "THREE": "generator 3-1", "base": "base"}.items():
        for column in ("v_min_pu", "v_max_pu", "lost_load_mw"):
            assert rows.loc[name, column] == pytest.approx(sweep.loc[other, column], abs=1e-9)


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("SINGLE BRANCH IN SUBSYSTEM 'west'", 7),
        ("SINGLE LINES IN AREA 1", 20),
        ("SINGLE TIE FROM SUBSYSTEM WEST", 3),
        ("SINGLE UNIT IN SUBSYSTEM WEST", 3),
        ("DOUBLE BRANCH IN SUBSYSTEM WEST", 21),
        ("BUSDOUBLE BRANCH IN BUS 99", 0),
        ("PARALLEL BRANCH IN SUBSYSTEM WEST", 0),
        ("DOUBLE UNIT IN ZONE 1", 10),
    ],
)
def test_automatic_outages_are_those_of_their_buses(line: str, count: int):
    rows = studied(line).tables["outages"]
    assert len(rows) == 1 + count


def test_a_bus_out_takes_its_branches_and_a_load_out_is_no_lost_load():
    con = "CONTINGENCY B\nDISCONNECT BUS 7\nEND\nCONTINGENCY L\nREMOVE LOAD 1 FROM BUS 3\nEND\nEND\n"
    rows = studied(con).tables["outages"].set_index("outage")
    assert rows.loc["B", "status"] == "islanded"  # bus 8 hangs on it
    assert rows.loc["L", ["status", "lost_load_mw"]].tolist() == ["converged", 0.0]
    assert rows.loc["L", "v_min_pu"] >= rows.loc["base", "v_min_pu"]


def test_what_the_network_does_not_have_is_a_row_and_a_finding():
    result = studied(
        "CONTINGENCY X\nOPEN BRANCH FROM BUS 2 TO BUS 99 CKT 1\nEND\nSINGLE BRANCH IN SUBSYSTEM EAST\nEND\n"
    )
    rows = result.tables["outages"].set_index("outage")
    assert rows.loc["X", "status"] == "unsolvable"
    assert [f.code for f in result.findings] == ["contingency.element.unknown", "contingency.subsystem.unknown"]


@pytest.mark.parametrize("line", ["SET BUS 5 LOAD TO 300 MW", "CLOSE LINE FROM BUS 1 TO BUS 2 CKT 1"])
def test_a_contingency_that_is_understood_in_part_is_not_calculated(line: str):
    result = studied(f"CONTINGENCY X\nTRIP UNIT 1 FROM BUS 3\n{line}\nEND\nEND\n")
    assert result.tables["outages"].set_index("outage").loc["X", "status"] == "unsolvable"
    assert [f.code for f in result.findings] == ["psse.statement.unknown", "contingency.statement.unknown"]


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ("BUSES 1 5", 7),
        ("JOIN 'G'\nBUSES 1 8\nBUS 9\nAREA 1\nEND\nSKIP BUSES 6 9", 7),
        ("BUSES 1 5\nPARTICIPATE\nBUS 9 60\nEND", 7),
        ("JOIN 'G'\nBUSES 1 5\nAREA 2\nEND", 0),
    ],
)
def test_a_join_asks_for_all_a_skip_leaves_out_and_a_dispatch_adds_none(lines: str, count: int):
    rows = studied("SINGLE BRANCH IN SUBSYSTEM S\n", sub=f"SUBSYSTEM S\n{lines}\nEND\n".encode()).tables["outages"]
    assert len(rows) == 1 + count


def test_a_subsystem_that_is_understood_in_part_is_refused():
    with pytest.raises(BadInput, match="not understood"):
        studied("SINGLE BRANCH IN SUBSYSTEM S\n", sub=b"SUBSYSTEM S\nAREA 1\nONLY 5\nEND\n")


def test_only_what_is_watched_is_looked_at_and_voltages_outside_their_range_are_listed():
    mon = "MONITOR VOLTAGE RANGE SUBSYSTEM 'WEST' 0.99 1.05\nMONITOR VOLTAGE DEVIATION SUBSYSTEM WEST 0.02 0.5\nEND\n"
    result = studied("SINGLE UNIT IN SUBSYSTEM WEST\n", mon)
    rows, outside = result.tables["outages"].set_index("outage"), result.tables["outside_range"]
    assert rows["loading_max_pct"].isna().all()
    assert set(rows["v_min_bus"]) <= {"1", "2", "3", "4", "5"}
    found = outside[(outside["outage"] == "generator 3-1") & (outside["bus"] == "3")]
    assert found["quantity"].tolist() == ["v_pu", "change_pu"]
    assert found["value"].iloc[1] == pytest.approx(found["value"].iloc[0] - 1.01, abs=1e-9)
    counts = outside["outage"].value_counts()
    assert np.array_equal(rows["outside_range"], counts.reindex(rows.index).fillna(0))


def test_an_empty_contingency_file_is_bad_input():
    with pytest.raises(BadInput):
        read_statements((b"", "a.con"))
