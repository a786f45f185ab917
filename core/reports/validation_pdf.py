"""The report of a validation as a PDF: summary, tables, sign-off, one-line and block diagram."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from core.documents import dump, plain
from core.reports.block_diagram import block_diagram_svg
from core.reports.drawing import PRINT
from core.reports.oneline import oneline_svg
from core.reports.validation import Section, ValidationReport, notes, overall, sections
from core.reports.validation_workbook import SIGN_OFF

TEMPLATE = Path(__file__).with_name("validation.typ")
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # a report's bytes depend on what it says only
#: More rows than these are in the workbook: the PDF says how many it leaves out.
MOST_ROWS = 400
EMPTY = {"Violations": "Nothing needs attention.", "Constraint updates": "", "Findings": "None."}


def write_pdf(report: ValidationReport) -> bytes:
    """Return the report as a PDF file; equal reports make equal bytes."""
    import typst

    pdf: bytes = typst.compile(TEMPLATE.read_bytes(), sys_inputs={"report": dump(_data(report))}, timestamp=EPOCH)
    return pdf


def _data(report: ValidationReport) -> dict[str, Any]:
    marked = notes(report)
    facts = {
        "Project": report.project,
        "Plant": report.plant.name,
        "Revision": report.revision,
        "Round": report.round,
        "Made": " by ".join(part for part in (report.made_at, report.made_by) if part),
    }
    drawings = {
        "One-line diagram": oneline_svg(report.plant, notes=marked, ink=PRINT),
        "Reliability block diagram": block_diagram_svg(report.plant, notes=marked, ink=PRINT),
    }
    return {
        "title": f"Validation of {report.project}",
        "subtitle": report.plant.name,
        "footer": f"Gridproof · plant {report.plant.digest()[:16]}",
        "overall": str(overall(report)),
        "facts": [[name, str(value)] for name, value in facts.items() if value not in (None, "")],
        "sections": [_section(section) for section in sections(report)],
        "signoff": SIGN_OFF,
        "drawings": [{"name": name, "svg": svg} for name, svg in drawings.items()],
    }


def _section(section: Section) -> dict[str, Any]:
    table = section.table.head(MOST_ROWS)
    table = table[[heading for heading in table.columns if _filled(table[heading]) or heading == section.state]]
    left_out = len(section.table) - len(table)
    note = f"{section.note} The first {MOST_ROWS} are here; the workbook has all." if left_out else section.note
    numeric = [pd.api.types.is_numeric_dtype(table[heading]) for heading in table.columns]
    return {
        "name": section.name,
        "note": note,
        "headings": list(table.columns),
        "align": ["right" if number else "left" for number in numeric],
        "widths": [_width(heading, table[heading]) for heading in table.columns],
        "state": list(table.columns).index(section.state) if section.state and len(table) else -1,
        "rows": [[_text(value) for value in row] for row in table.to_numpy(dtype=object).tolist()],
        "empty": EMPTY.get(section.name, "None."),
    }


def _filled(values: pd.Series) -> bool:
    return any(_text(value) for value in values)


def _width(heading: str, values: pd.Series) -> float:
    """Return a column's share of the page: by its usual cell, the longest counts less."""
    lengths = sorted(len(_text(value)) for value in values) or [0]
    usual = lengths[int(0.9 * (len(lengths) - 1))]
    return float(min(max(len(heading), usual) + 3, 42))


def _text(value: Any) -> str:
    value = plain(value)
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
