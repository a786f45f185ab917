"""Check a plant file: what it holds, and what is wrong or missing in it."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace

from core.commands import Answer
from core.commands.files import read_bytes
from core.findings import Finding, Severity, worst
from core.formats.plant_file import read_plant
from core.plant import Plant, check_plant, sample_plant, total_load
from core.plant.model import SYNCHRONOUS


def add_arguments(parser: ArgumentParser) -> None:
    """Declare ``plant check FILE``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="read a plant file and check it")
    check.add_argument("file", metavar="FILE", help="plant JSON or XLSX, or ETAP equipment as CSV or XLSX")
    check.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document and nothing else")
    check.add_argument("--workspace", metavar="DIR", default=SUPPRESS, help="the workspace folder")


def run(arguments: Namespace) -> Answer:
    """Answer "fails" when the plant has errors."""
    reading = read_plant(*read_bytes(arguments.file))
    findings = [*reading.findings, *check_plant(reading.value)]
    ok = worst(findings) is not Severity.ERROR
    document = {
        "plant": {"name": reading.value.name, "format": reading.source.format, **counts(reading.value)},
        "findings": findings,
        "ok": ok,
    }
    return Answer(document, _words(reading.value, findings, ok), fails=not ok)


def chosen_plant(path: str | None) -> tuple[Plant, list[Finding]]:
    """Return the plant of a ``--plant`` argument, the sample plant without one, and what reading it found."""
    if path is None:
        return sample_plant(), []
    reading = read_plant(*read_bytes(path))
    return reading.value, reading.findings


def counts(plant: Plant) -> dict[str, object]:
    """Return how many rows each table has, and the main sums [MW]."""
    units = plant["unit"]
    load_mw, _ = total_load(plant)
    return {
        **{table: len(rows) for table, rows in plant.tables.items()},
        "installed_mw": float(units["rated_mw"].sum()),
        "machine_mw": float(units.loc[units["type"].isin(SYNCHRONOUS), "rated_mw"].sum()),
        "load_mw": load_mw,
    }


def _words(plant: Plant, findings: list[Finding], ok: bool) -> str:
    rows = ", ".join(f"{len(rows)} {table}" for table, rows in plant.tables.items() if len(rows))
    lines = [f"{plant.name}: {rows or 'empty'}"]
    for finding in findings:
        place = f"{finding.where}: " if str(finding.where) else ""
        lines.append(f"{str(finding.severity).upper():8}{place}{finding.text}")
        if finding.hint:
            lines.append(f"{'':8}→ {finding.hint}")
    lines.append("no errors" if ok else "the plant has errors")
    return "\n".join(lines)
