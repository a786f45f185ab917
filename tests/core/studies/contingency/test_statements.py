"""Contingency, subsystem and monitoring files say what is out and what is watched."""

from __future__ import annotations

import numpy as np
import pytest

from core.criteria import CriteriaSet, State, judge
from core.criteria.studied import verdict_of
from core.engines.bus_case import links_of
from core.errors import BadInput
from core.formats.psse import read_raw
from core.results.study_result import StudyResult
from core.studies.contingency import network_contingencies, read_statements
from core.studies.contingency.statements import Meaning
from core.studies.contingency.watch import watch_of
from core.studies.load_flow import network_load_flow as load_flow
from core.studies.load_flow.tables import link_names
from tests.core.studies.contingency.test_contingency import TWO_STARS, case

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


def test_a_bus_out_that_would_open_one_winding_of_three_is_not_calculated():
    network = read_raw(TWO_STARS.encode(), "stars").value
    whole = "".join(f"OPEN THREEWINDING FROM BUS 1 TO BUS 2 TO BUS 3 CKT {ckt}\n" for ckt in "AB")
    con = f"CONTINGENCY PART\nDISCONNECT BUS 2\nEND\nCONTINGENCY WHOLE\nDISCONNECT BUS 2\n{whole}END\nEND\n"
    result = network_contingencies(network, statements=read_statements((con.encode(), "a.con"))[0])
    rows = result.tables["outages"].set_index("outage")
    assert rows["status"].to_dict() == {"base": "converged", "PART": "unsolvable", "WHOLE": "islanded"}
    assert rows.loc["WHOLE", "lost_load_mw"] == pytest.approx(70)
    found = [finding for finding in result.findings if finding.code == "contingency.winding.unknown"]
    assert [finding.where.line for finding in found] == [1, 1]
    assert "one winding of transformer3w 1-2-3-A" in found[0].text


def remarks(result: StudyResult) -> list[str]:
    return [finding.code for finding in result.findings if finding.code != "load_flow.unrated"]


def test_what_the_network_does_not_have_is_a_row_and_a_finding():
    result = studied(
        "CONTINGENCY X\nOPEN BRANCH FROM BUS 2 TO BUS 99 CKT 1\nEND\nSINGLE BRANCH IN SUBSYSTEM EAST\nEND\n"
    )
    rows = result.tables["outages"].set_index("outage")
    assert rows.loc["X", "status"] == "unsolvable"
    assert remarks(result) == ["contingency.element.unknown", "contingency.subsystem.unknown"]


@pytest.mark.parametrize("line", ["SET BUS 5 LOAD TO 300 MW", "CLOSE LINE FROM BUS 1 TO BUS 2 CKT 1"])
def test_a_contingency_that_is_understood_in_part_is_not_calculated(line: str):
    result = studied(f"CONTINGENCY X\nTRIP UNIT 1 FROM BUS 3\n{line}\nEND\nEND\n")
    assert result.tables["outages"].set_index("outage").loc["X", "status"] == "unsolvable"
    assert remarks(result) == ["psse.statement.unknown", "contingency.statement.unknown"]


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


def test_an_interface_is_the_sum_of_its_members_flows_and_is_judged_by_its_rating():
    mon = """MONITOR INTERFACE 'SLACK' RATING 200 MW
1 2
1 5 1
END
MONITOR INTERFACE 'BACK'
MONITOR BRANCH FROM BUS 2 TO BUS 1 CKT 1
END
"""
    result = studied("SINGLE LINE IN BUS 1\nCONTINGENCY A\nOPEN LINE FROM BUS 5 TO BUS 1\nEND\n", mon)
    flows = result.tables["interfaces"].set_index(["outage", "interface"])
    base = load_flow(case("case14")).tables["branches"].set_index("branch")
    members = base.loc[["branch 1-2-1", "branch 1-5-1"]]
    assert flows.loc[("base", "SLACK"), "p_mw"] == pytest.approx(232.393, abs=1e-3)  # case14's swing bus has no load
    assert flows.loc[("base", "SLACK"), "p_mw"] == pytest.approx(members["p_mw"].sum(), abs=1e-6)
    assert flows.loc[("base", "SLACK"), "loading_pct"] == pytest.approx(members["p_mw"].sum() / 2, abs=1e-6)
    assert flows.loc[("base", "BACK"), "p_mw"] == pytest.approx(base.loc["branch 1-2-1", "p_to_mw"], abs=1e-6)
    assert flows.loc[("A", "SLACK"), "p_mw"] > flows.loc[("base", "SLACK"), "p_mw"]  # all over one line: more losses
    rows = result.tables["outages"].set_index("outage")
    assert rows["interface_max_pct"].tolist() == flows.xs("SLACK", level="interface")["loading_pct"].tolist()
    assert set(rows["interface_max"]) == {"SLACK"}
    verdicts, _ = judge(result, CriteriaSet.default())
    states = [verdict.verdict for verdict in verdicts if verdict.criterion == "contingency_interface_pct"]
    assert states == [State.FAIL] * len(rows)


@pytest.mark.parametrize("lines", ["1 2\n2 99", "1 2\nSOME LINE", ""])
def test_an_interface_that_is_known_in_part_is_not_judged_and_its_place_is_said(lines: str):
    result = studied("SINGLE UNIT IN BUS 3\n", f"MONITOR ALL BUSES\nMONITOR INTERFACE X RATING 5\n{lines}\nEND\n")
    assert "interfaces" not in result.tables
    found = next(finding for finding in result.findings if finding.code == "contingency.interface.unknown")
    assert (found.where.file, found.where.line) == ("a.mon", 2)


@pytest.mark.parametrize(
    ("line", "watched"),
    [
        ("MONITOR ALL BRANCHES", 20),
        ("MONITOR BRANCHES IN SUBSYSTEM WEST", 7),
        ("MONITOR TIES FROM SUBSYSTEM WEST", 3),
        ("MONITOR TIES FROM SUBSYSTEM WEST TO BUS 6", 1),
        ("MONITOR BRANCHES\n4 7\n7 4\n9 4 1\nEND", 2),
        ("MONITOR BRANCH FROM BUS 5 TO BUS 6 CKT 1", 1),
        ("MONITOR BREAKERS IN SUBSYSTEM WEST", 0),
    ],
)
def test_only_branches_that_are_watched_are_judged(line: str, watched: int):
    statements, _ = read_statements((b"SINGLE UNIT IN BUS 3", "a.con"), (SUB, "a.sub"), (line.encode(), "a.mon"))
    network = case("case14")
    links = links_of(network)
    watch = watch_of(Meaning(network, links, link_names(network, links), statements))
    assert watch.links.sum() == watched
    assert not watch.buses.any()


def test_of_several_ranges_at_a_bus_the_tighter_limits_count():
    mon = """MONITOR VOLTAGE RANGE BUS 3 0.99 1.1
MONITOR VOLTAGE RANGE ALL BUSES 0.9 1.05
MONITOR VOLTAGE LIMIT BUS 4
MONITOR VOLTAGE DEVIATION ALL BUSES 0.1
MONITOR VOLTAGE DEVIATION BUS 3 0.2 0.3
"""
    statements, _ = read_statements((b"SINGLE UNIT IN BUS 3", "a.con"), None, (mon.encode(), "a.mon"))
    network = case("case14")
    links = links_of(network)
    watch = watch_of(Meaning(network, links, link_names(network, links), statements))
    assert watch.v_low[:4].tolist() == [0.9, 0.9, 0.99, 0.94]
    assert watch.v_high[:4].tolist() == [1.05, 1.05, 1.05, 1.05]
    assert watch.drop[2] == 0.1
    assert np.isnan(watch.rise[0])
    assert watch.rise[2] == 0.3


def test_a_watched_branch_or_place_that_the_network_lacks_is_a_finding_with_its_line():
    mon = "MONITOR ALL BUSES\nMONITOR BRANCH FROM BUS 1 TO BUS 99\nMONITOR VOLTAGE RANGE BUS 99 0.9 1.1\n"
    findings = studied("SINGLE UNIT IN BUS 3\n", mon).findings
    lines = {finding.code: finding.where.line for finding in findings}
    assert lines == {"load_flow.unrated": None, "contingency.element.unknown": 2, "contingency.place.unknown": 3}


def test_loads_and_shunts_without_an_identifier_are_all_of_their_bus():
    con = "CONTINGENCY L\nREMOVE LOAD FROM BUS 9\nREMOVE SHUNT FROM BUS 9\nEND\n"
    con += "CONTINGENCY S\nREMOVE SWSHUNT FROM BUS 9\nEND\n"
    rows = studied(con).tables["outages"].set_index("outage")
    assert rows["status"].to_dict() == {"base": "converged", "L": "converged", "S": "unsolvable"}


@pytest.mark.parametrize("line", ["MONITOR VOLTAGE RANGE SUBSYSTEM NOPE 0.5 1.5", "MONITOR FLOWGATE X"])
def test_a_study_that_does_not_watch_all_that_is_stated_is_not_checked(line: str):
    result = studied("SINGLE UNIT IN BUS 3\n", f"MONITOR VOLTAGE RANGE BUS 4 0.5 1.5\n{line}\nEND\n")
    verdicts, _ = judge(result, CriteriaSet.default())
    assert verdict_of(result, verdicts) is State.NOT_CHECKED
