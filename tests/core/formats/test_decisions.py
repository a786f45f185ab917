"""What a person decided lies beside a feeder's files and counts wherever they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import BadInput
from core.formats.decisions import FILE, Decisions, keep_decisions, load_decisions
from core.formats.feeders import fingerprint, read_feeder

LINES = "name,easting,northing,from,to,owner\nL1,0,0,A,B,x\nL2,10,0,B,C,y\n"


def test_decisions_read_back_and_change_what_the_files_say(tmp_path: Path) -> None:
    (tmp_path / "wires.csv").write_text(LINES, encoding="utf-8")
    before, first = fingerprint([tmp_path]), read_feeder([tmp_path])
    assert list(first.value["branches"]["id"]) == ["L1", "L2"]
    decisions = Decisions(layers={"wires": {"fields": {"id": "owner"}}})
    keep_decisions(tmp_path, decisions)
    assert load_decisions([tmp_path]) == decisions
    assert fingerprint([tmp_path]) != before
    second = read_feeder([tmp_path])
    assert list(second.value["branches"]["id"]) == ["x", "y"]
    assert {finding.where.file for finding in second.findings if finding.code == "feeder.decisions"} == {FILE}
    third = read_feeder([tmp_path], decisions=Decisions(repair=True))
    assert {finding.where.file for finding in third.findings if finding.code == "feeder.decisions"} == {None}


def test_a_coordinate_system_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wires.csv").write_text(LINES, encoding="utf-8")
    keep_decisions(tmp_path, Decisions(layers={"wires": {"crs": "EPSG:nothing"}}))
    with pytest.raises(BadInput, match="no coordinate system"):
        read_feeder([tmp_path])


def test_broken_decisions_are_bad_input(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("[1", encoding="utf-8")
    with pytest.raises(BadInput, match="can't be read"):
        load_decisions([tmp_path])
