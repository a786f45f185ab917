"""Elements find their partners by bus and circuit, whatever their numbers; times by the moment that they mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.results.database.comparison import compare, compare_tables, of_other_grids, unsolved_alone
from core.results.database.pairing import moments


def machines(*elements: tuple[int, str, int, float], stamp: str = "2025-01-01T00:00:00") -> pd.DataFrame:
    frame = pd.DataFrame(elements, columns=["gen", "gen_name", "bus", "p"])
    return frame.assign(timestamp=stamp, q=0.0)


OURS = machines((1, "Gen_1_1", 1, 1.0), (2, "Gen_7_1", 7, 2.0), (3, "Gen_7_2", 7, 3.0))


@given(st.permutations([(1, "Gen_1_1", 1, 1.0), (2, "Gen_7_1", 7, 2.0), (3, "Gen_7_2", 7, 3.0)]))
def test_rows_of_another_order_and_numbering_find_their_partners(rows: list[tuple[int, str, int, float]]):
    theirs = machines(*((number, *row[1:]) for number, row in enumerate(rows, start=1)))
    found = compare_tables(OURS, theirs, "generator")
    assert (len(found.rows), found.only_a, found.only_b) == (3, 0, 0)
    assert found.rows["p"].abs().max() == 0
    assert found.rows["gen"].tolist() == [1, 2, 3]  # A's numbers


def test_names_that_only_count_are_paired_by_their_order_at_the_bus():
    """WEC-Grid calls machines Gen_1, Gen_2, …: at bus 7 its Gen_2 is our circuit 1, not our circuit 2."""
    theirs = machines((1, "Gen_1", 1, 1.0), (2, "Gen_2", 7, 2.0), (3, "Gen_3", 7, 3.0))
    assert compare_tables(OURS, theirs, "generator").rows["p"].abs().max() == 0


def test_an_element_that_could_be_two_has_no_partner_and_a_named_one_has():
    lost = machines((1, "Gen_1_1", 1, 1.0), (2, "Gen_7_9", 7, 2.0))
    found = compare_tables(OURS, lost, "generator")
    assert (found.rows["bus"].tolist(), found.only_a, found.only_b) == ([1], 2, 1)
    second = machines((1, "Gen_7_2", 7, 3.5), (2, "Gen_1_1", 1, 1.0))
    assert compare_tables(OURS, second, "generator").rows["p"].tolist() == [0.0, -0.5]


def test_a_line_is_the_same_from_both_ends():
    ours = pd.DataFrame({"line": [1], "line_name": ["Line_2_5_1"], "ibus": [2], "jbus": [5], "line_pct": [50.0]})
    theirs = ours.assign(ibus=5, jbus=2, line=9, line_name="Transformer_5_2_1", line_pct=51.0)
    found = compare_tables(ours.assign(timestamp="t"), theirs.assign(timestamp="t"), "line")
    assert found.rows[["line", "ibus", "jbus", "line_pct"]].to_numpy().tolist() == [[1, 2, 5, -1.0]]


@pytest.mark.parametrize(
    "other",
    [
        ["2025-01-01", "2025-01-01 01:00"],
        ["2025-01-01T00:00:00Z", "2025-01-01T01:00:00Z"],
        ["2025-01-01T01:00:00.000+01:00", "2025-01-01T02:00:00.000+01:00"],
    ],
)
def test_the_same_moments_are_compared_however_they_are_written(other: list[str]):
    ours = pd.concat([OURS, OURS.assign(timestamp="2025-01-01T01:00:00")])
    theirs = pd.concat([OURS.assign(timestamp=stamp) for stamp in other])
    found = compare_tables(ours, theirs, "generator")
    assert (len(found.rows), found.only_a, found.only_b) == (6, 0, 0)


def test_quarters_are_compared_with_hours_at_the_hours():
    hours, quarters = (
        pd.date_range("2025-01-01", periods=count, freq=step) for count, step in ((2, "h"), (8, "15min"))
    )
    a, b = (pd.concat([OURS.assign(timestamp=str(stamp)) for stamp in each]) for each in (hours, quarters))
    found = compare_tables(a, b, "generator")
    assert (len(found.rows), found.only_a, found.only_b) == (6, 0, 18)


def test_one_moment_under_two_names_is_refused_and_what_is_no_time_stays():
    with pytest.raises(BadInput, match="same moment"):
        moments(pd.Series(["2025-01-01T00:00Z", "2025-01-01T01:00+01:00"]))
    assert moments(pd.Series(["first", "second"])).tolist() == ["first", "second"]


def test_a_table_without_partners_leaves_the_others_to_be_compared():
    empty = pd.DataFrame()
    far = machines((1, "Gen_99_1", 99, 1.0))
    loads = pd.DataFrame({"timestamp": ["t"], "load": 1, "load_name": "Load_1", "bus": 1, "p": 1.0, "q": 0.0})
    found = compare(
        {"bus": empty, "generator": OURS, "load": loads, "line": empty},
        {"bus": empty, "generator": far, "load": loads, "line": empty},
    )
    assert (len(found["generator"].rows), found["generator"].only_a) == (0, 3)
    assert found["generator"].summary()["p"]["compared"] == 0
    assert found["load"].summary()["p"]["max_abs"] == 0
    with pytest.raises(BadInput, match="no results"):
        compare(dict.fromkeys(("bus", "generator", "load", "line"), empty), dict.fromkeys(found, OURS))
    with pytest.raises(BadInput, match="in common"):
        compare(
            dict.fromkeys(found, OURS) | {"bus": empty, "line": empty, "load": empty},
            {"bus": empty, "line": empty, "load": empty, "generator": far},
        )


def test_few_common_buses_look_like_two_grids() -> None:
    def buses(last: int) -> pd.DataFrame:
        return pd.DataFrame({"bus": range(1, last + 1), "vbase": 110.0})

    (finding,) = of_other_grids(buses(14), buses(300))
    assert finding.text == "only 14 of 300 buses are in both: are both of one grid?"
    assert of_other_grids(buses(14), buses(15)) == []


def test_what_one_side_alone_has_not_solved_is_no_agreement() -> None:
    stamps = ["2025-01-01T00:00:00", "2025-01-01T01:00:00", "2025-01-01T02:00:00"]
    a = pd.DataFrame({"timestamp": stamps, "bus": 1, "type": "Slack", "vbase": 110.0, "v_mag": [1.0, 1.0, np.nan]})
    a = a.assign(angle_deg=[0.0, 0.0, np.nan], p=0.0, q=0.0)
    b = a.assign(v_mag=[1.0, np.nan, np.nan], angle_deg=[0.0, np.nan, np.nan])
    found = compare_tables(a, b, "bus")
    summary = found.summary()
    assert {key: summary["v_mag"][key] for key in ("max_abs", "compared", "missing", "state")} == {
        "max_abs": 0.0,
        "compared": 1,
        "missing": {"a": 0, "b": 1},
        "state": "explain",
    }
    assert summary["p"]["state"] == "agrees"
    assert found.worst_first()["timestamp"].tolist() == [stamps[1], stamps[0], stamps[2]]
    (finding,) = unsolved_alone(found)
    assert finding.text == "B alone has no solution at 1 step of 3, first 2025-01-01T01:00:00"
    assert unsolved_alone(compare_tables(a, a, "bus")) == []
    dispatched = a.assign(v_mag=np.nan)  # solved all the same: a linear dispatch has angles alone
    assert unsolved_alone(compare_tables(a, dispatched, "bus")) == []
