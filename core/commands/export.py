"""Write every file for ETAP, PSS/E and Windchill RAM, with a manifest and one zip of it all."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from core.commands import Answer
from core.commands.plant import chosen_plant
from core.documents import dump
from core.errors import BadInput
from core.findings import Finding, Severity, Where, worst
from core.formats.bundle import BUNDLE, MANIFEST, PSSE_VERSIONS, ExportedFile, bundle, export_all, exports, manifest
from core.plant import Plant, check_plant
from core.store.files import write_whole


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the plant, the folder and the RAW version."""
    parser.add_argument("--plant", metavar="FILE", help="plant file (default: the sample plant)")
    parser.add_argument("--to", metavar="DIR", required=True, help="folder for the files; it is made when missing")
    parser.add_argument("--psse-version", type=int, choices=PSSE_VERSIONS, default=35, help="RAW version (default 35)")


def run(arguments: Namespace) -> Answer:
    """Answer "fails" when a file could not be written from the plant's data."""
    plant, findings = chosen_plant(arguments.plant)
    document, not_written = write_bundle(plant, arguments.to, arguments.psse_version)
    findings = [*findings, *check_plant(plant), *not_written]
    words = _words(Path(document["to"]), document["files"], findings)
    fails = len(document["manifest"]["files"]) < len(exports())
    return Answer(document | {"findings": findings}, words, fails=fails)


def write_bundle(
    plant: Plant, to: str, psse_version: int = 35, revision: int | None = None
) -> tuple[dict[str, Any], list[Finding]]:
    """Write every file of a plant into a folder; return what was written, and what could not be."""
    files, not_written = export_all(plant, psse_version)
    contents = manifest(plant, files, revision)
    zipped = ExportedFile(BUNDLE, "Gridproof", "1", bundle(files, contents))
    folder = Path(to).expanduser()
    _write(folder, [*files, zipped, ExportedFile(MANIFEST, "Gridproof", "1", dump(contents, indent=2).encode("utf-8"))])
    written = [file.as_dict() for file in (*files, zipped)]
    return {"to": str(folder), "files": written, "manifest": contents}, not_written


def _write(folder: Path, files: list[ExportedFile]) -> None:
    """Write all files, each whole or not at all; everything has been calculated before the first is written."""
    try:
        for file in files:
            path = folder / file.file
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, file.data)
    except OSError as error:
        text = f"the folder can't be written: {error.strerror or error}"
        raise BadInput(text, hint="choose another folder", where=Where(file=str(folder))) from error


def _words(folder: Path, written: list[dict[str, object]], findings: list[Finding]) -> str:
    lines = [f"{file['bytes']:>9} bytes  {file['sha256']!s:.12}  {file['tool']!s:14}{file['file']}" for file in written]
    remarks = [f"{finding.severity}: {finding.text}" for finding in findings if finding.severity is not Severity.INFO]
    state = "with errors in the plant" if worst(findings) is Severity.ERROR else "done"
    return "\n".join([*lines, *remarks, f"{len(written)} files in {folder}: {state}"])
