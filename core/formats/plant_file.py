"""Any file that describes a plant → the plant: our JSON and workbook, ETAP equipment as CSV or XLSX."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

from core.findings import Finding, Reading, Source
from core.formats.etap.plant_reader import read_etap_plant
from core.formats.etap.workbook import LAYOUT
from core.formats.gridproof.document import read_document
from core.formats.gridproof.workbook import is_plant_workbook, layout, read_plant_workbook
from core.formats.settings_sheet import HEADINGS, SHEET
from core.formats.tables import Dialect, read_tables
from core.plant import Plant


def read_plant(data: bytes, name: str) -> Reading[Plant]:
    """Return the plant in a file; what kind of file it is shows its content, not its name.

    Raises
    ------
    BadInput
        When the file is broken, unsafe, or describes no plant.
    """
    plant, findings, kind = _read(data, name)
    return Reading(plant, findings, Source(name, sha256(data).hexdigest(), kind))


def _read(data: bytes, name: str) -> tuple[Plant, list[Finding], str]:
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return *read_document(data, name), "gridproof.plant"
    tables, findings = read_tables(data, name, _known_headings)
    if is_plant_workbook(tables):
        plant, said = read_plant_workbook(tables, name)
        return plant, findings + said, "gridproof.workbook"
    plant, said = read_etap_plant(tables, name)
    return plant, [finding for finding in findings if not _hidden_on_purpose(finding)] + said, "etap.equipment"


def _hidden_on_purpose(finding: Finding) -> bool:
    """Tell whether a remark is about a sheet that the hub itself hides in what it writes."""
    own = {SHEET, *(name for name, sheet in LAYOUT.items() if sheet.hidden)}
    return finding.code == "workbook.hidden" and finding.where.sheet in own


def _known_headings(cells: Sequence[str]) -> int:
    """Return how many of the cells are headings of some sheet: of the sheet that knows most of them."""
    if tuple(cells[:2]) == HEADINGS:
        return len(HEADINGS)
    return max(len({dialect.means(cell) for cell in cells if cell} - {None}) for dialect in _dialects())


@cache
def _dialects() -> tuple[Dialect, ...]:
    return tuple(sheet.dialect() for sheet in (*LAYOUT.values(), *layout().values()))
