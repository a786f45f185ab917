"""Everything that leaves for the outside tools: each file by name, all of them in one zip, and the manifest."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

from core.documents import dump
from core.errors import BadInput
from core.findings import Finding, Severity
from core.formats.etap import workbook as etap
from core.formats.gridproof.document import document_bytes
from core.formats.gridproof.workbook import plant_workbook
from core.formats.psse import plant_files as psse
from core.formats.windchill import workbook as windchill
from core.plant import Plant
from core.plant.electrical import plant_network

MANIFEST = "manifest.json"
BUNDLE = "gridproof_export.zip"
PSSE_VERSIONS = (33, 34, 35)
_ZIP_DATE = (2000, 1, 1, 0, 0, 0)  # a zip's bytes depend on its files only


@dataclass(frozen=True, slots=True)
class Export:
    """A file that the hub can write: where it goes, for which tool, and how its bytes are made."""

    file: str
    tool: str
    version: str
    what: str
    build: Callable[[Plant], bytes]


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that was written."""

    file: str
    tool: str
    version: str
    data: bytes

    def as_dict(self) -> dict[str, Any]:
        """Return the file's line of the manifest; the keys are a contract."""
        return {
            "file": self.file,
            "tool": self.tool,
            "version": self.version,
            "sha256": sha256(self.data).hexdigest(),
            "bytes": len(self.data),
        }


def exports(psse_version: int = 35) -> tuple[Export, ...]:
    """Return every file that the hub writes for a plant."""
    if psse_version not in PSSE_VERSIONS:
        raise BadInput(f"RAW version {psse_version} can't be written", hint=f"versions are {PSSE_VERSIONS}")
    raw = str(psse_version)
    return (
        Export("ETAP/ETAP_Equipment_Import.csv", "ETAP", "DataX", "Units with their machine data", etap.equipment_csv),
        Export("ETAP/ETAP_Scenarios.csv", "ETAP", "DataX", "Study scenarios", etap.scenarios_csv),
        Export("ETAP/ETAP_Plant.xlsx", "ETAP", "DataX", "All equipment, one sheet a kind", etap.workbook),
        Export(
            "PSSe/Gridproof_Network.raw", "PSS/E", raw, "Network model", lambda plant: psse.raw(plant, psse_version)
        ),
        Export("PSSe/PSSe_Scenarios.csv", "PSS/E", raw, "Study scenarios with their events", psse.scenarios_csv),
        Export("PSSe/Gridproof_Contingencies.con", "PSS/E", raw, "Contingencies", psse.con),
        Export("PSSe/Gridproof_Subsystem.sub", "PSS/E", raw, "Subsystem of the whole plant", psse.sub),
        Export("PSSe/Gridproof_Monitored.mon", "PSS/E", raw, "Monitored branches and voltages", psse.mon),
        Export(
            "Windchill_RAM/RAM_Component_Data.csv", "Windchill RAM", "tables", "Components", windchill.components_csv
        ),
        Export(
            "Windchill_RAM/RAM_RBD_Structure.csv", "Windchill RAM", "tables", "Block diagram", windchill.structure_csv
        ),
        Export("Windchill_RAM/RAM_FMEA_Template.csv", "Windchill RAM", "tables", "Failure modes", windchill.fmea_csv),
        Export("Windchill_RAM/RAM_Plant.xlsx", "Windchill RAM", "tables", "The three tables", windchill.workbook),
        Export("Gridproof/plant.json", "Gridproof", "1", "The plant, to read it back", document_bytes),
        Export("Gridproof/plant.xlsx", "Gridproof", "1", "The plant, to edit it in a spreadsheet", plant_workbook),
    )


def export_all(plant: Plant, psse_version: int = 35) -> tuple[list[ExportedFile], list[Finding]]:
    """Return every file that the plant's data allow, and a finding for each that they don't."""
    files: list[ExportedFile] = []
    findings: list[Finding] = []
    for export in exports(psse_version):
        try:
            files.append(ExportedFile(export.file, export.tool, export.version, export.build(plant)))
        except BadInput as error:
            text = f"{export.file} was not written: {error.message}"
            findings.append(Finding("export.not_written", Severity.ERROR, text, error.hint))
    return files, findings + _shortages(plant)


def _shortages(plant: Plant) -> list[Finding]:
    """Return what the dispatch behind the RAW file is short of; a missing network is reported with its files."""
    try:
        return plant_network(plant)[1]
    except BadInput:
        return []


def manifest(plant: Plant, files: Iterable[ExportedFile], revision: int | None = None) -> dict[str, Any]:
    """Return what was written, from which plant and which revision of the project."""
    return {
        "format": "gridproof.export/1",
        "plant": plant.name,
        "plant_sha256": plant.digest(),
        "revision": revision,
        "files": [file.as_dict() for file in files],
    }


def bundle(files: Iterable[ExportedFile], contents: dict[str, Any]) -> bytes:
    """Return the files and their manifest as one zip; equal files make equal bytes."""
    buffer = BytesIO()
    named = [(MANIFEST, dump(contents, indent=2).encode("utf-8")), *((file.file, file.data) for file in files)]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in named:
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return buffer.getvalue()
