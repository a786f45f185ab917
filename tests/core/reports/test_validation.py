"""The report of a validation prints what was judged and nothing else: worst first, with evidence, in PDF and XLSX."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import openpyxl
import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from core.criteria import CriteriaSet, Override, State
from core.plant import Plant, sample_plant
from core.reports.validation import InputFile, ValidationReport, notes, sections
from core.reports.validation_pdf import write_pdf
from core.reports.validation_workbook import write_xlsx


def verdict(
    element: str, value: float | None, state: State, margin: float | None, stage: str = "2a"
) -> dict[str, object]:
    where = {"file": "lf.csv", "sheet": None, "row": 7, "run": None}
    return {
        "stage": stage, "criterion": "voltage_pu", "element": element, "scenario": None, "value": value, "unit": "pu",
        "limit": 0.95, "margin": margin, "verdict": str(state), "where": where, "note": None,
    }  # fmt: skip


VERDICTS = [
    verdict("BUS_100", 1.01, State.PASS, 0.04),
    verdict("BUS_301", 0.94, State.FAIL, -0.01),
    verdict("BUS_302", 0.92, State.FAIL, -0.03),
    verdict("BUS_303", None, State.NOT_CHECKED, None),
    verdict("304", 0.96, State.WARN, 0.01, stage="2c"),
]
UPDATE = {
    "round": 1, "name": "redundancy_level", "element": "THERMAL_GEN", "old": 1, "new": 2, "unit": "",
    "reason": "availability 99.72 % is under the 99.95 % target", "decision": "accepted", "decided_by": "ana",
}  # fmt: skip
DOCUMENT = {
    "overall": "FAIL",
    "stages": [{"id": "2a", "name": "ETAP Load Flow", "verdict": "FAIL", "note": "2 FAIL"}],
    "verdicts": VERDICTS,
    "constraint_updates": [],
    "discrepancies": [{"stage": "2b", "element": "BUS_200", "external": 42.8, "embedded": 77.46}],
    "findings": [
        {"severity": "info", "text": "a remark", "where": {}},
        {"severity": "error", "text": "a fault", "where": {"file": "lf.csv", "row": 3}, "element": "=1+1"},
    ],
}
CRITERIA = CriteriaSet.default().override(Override("loading_pct", "N-1 design by the client's standard", high=120))
REPORT = ValidationReport(
    project="Campus",
    plant=sample_plant(),
    document=DOCUMENT,
    criteria=CRITERIA,
    ledger=[UPDATE],
    inputs=[InputFile("lf.csv", "ETAP", "load_flow", "ab" * 32)],
    versions={"Gridproof": "0.1.0"},
    revision=4,
    round=2,
    made_at="2026-11-21 10:00",
    made_by="ana",
)
EMPTY = ValidationReport(project="Empty", plant=Plant.of("Nothing", {}), document={})


def words(pdf: bytes) -> str:
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return " ".join(text.replace("\u200b", "").split())


def table(report: ValidationReport, name: str):
    return next(section.table for section in sections(report) if section.name == name)


def test_violations_come_worst_first_with_their_evidence():
    rows = table(REPORT, "Violations")
    assert rows["Element"].tolist() == ["BUS_302", "BUS_301", "304", "BUS_303"]
    assert rows["Evidence"].tolist()[0] == "lf.csv, row 7"
    assert len(table(REPORT, "Verdicts")) == len(VERDICTS)


def test_a_stage_without_a_result_is_not_checked():
    assert table(REPORT, "Stages").set_index("Stage")["Verdict"].to_dict() == {
        "1": "NOT CHECKED", "2a": "FAIL", "2b": "NOT CHECKED", "2c": "NOT CHECKED", "3": "NOT CHECKED",
    }  # fmt: skip


def test_an_override_stands_beside_its_limit_with_its_reason():
    row = table(REPORT, "Criteria").set_index("Criterion").loc["loading_pct"]
    assert "120" in row["Limits"]
    assert row["Reason of override"] == "N-1 design by the client's standard"


def test_the_drawings_carry_the_worst_verdict_of_each_element_under_the_plants_ids():
    marked = notes(REPORT)
    assert marked["BUS_302"].state is State.FAIL
    assert marked["BUS_302"].text == "0.92 pu"
    assert marked["BUS_304"].state is State.WARN
    assert marked["BUS_303"].text == ""


def test_the_pdf_prints_every_part_that_a_reviewer_signs_for():
    text = words(write_pdf(REPORT))
    for part in (
        "Validation of Campus",
        "FAIL",
        "BUS_302",
        "0.92",
        "redundancy_level",
        "a fault",
        "Prepared by",
        "ab" * 8,
    ):
        assert part in text, part
    assert len(PdfReader(BytesIO(write_pdf(REPORT))).pages) >= 3


@pytest.mark.parametrize("write", [write_pdf, write_xlsx], ids=["PDF", "XLSX"])
def test_the_same_report_makes_the_same_bytes(write):
    assert write(REPORT) == write(replace(REPORT))


@pytest.mark.parametrize("write", [write_pdf, write_xlsx], ids=["PDF", "XLSX"])
def test_a_validation_of_nothing_has_a_report_too(write):
    assert len(write(EMPTY)) > 1000


def test_an_empty_validation_says_not_checked():
    assert "NOT CHECKED" in words(write_pdf(EMPTY))
    assert "PASS" not in words(write_pdf(EMPTY)).replace("overall PASS", "")


def test_the_workbook_has_a_sheet_for_each_section_and_no_formula():
    data = write_xlsx(REPORT)
    names = ["Summary", *(section.name for section in sections(REPORT))]
    assert CalamineWorkbook.from_filelike(BytesIO(data)).sheet_names == names
    book = openpyxl.load_workbook(BytesIO(data))
    assert all(cell.data_type != "f" for sheet in book for row in sheet.rows for cell in row)
    findings = [[cell.value for cell in row] for row in book["Findings"].rows]
    assert findings[2][:4] == ["error", "lf.csv, row 3", "'=1+1", "a fault"]


def test_hostile_names_are_printed_as_they_are():
    name = '#eval("x") *bold* $x$ <b> "quoted" \\ @ref //'
    assert f"Validation of {name}" in words(write_pdf(replace(REPORT, project=name)))
