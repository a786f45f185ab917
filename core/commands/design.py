"""Choose the cheapest equipment that meets a requirement; without a file, the sample requirement of 200 MW."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from core.commands import Answer
from core.design.design import Design
from core.design.requirement import Requirement
from core.design.requirement_file import read_requirement
from core.design.sizing import size
from core.errors import BadInput
from core.findings import Finding, Reading, Source, Where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_requirement(parser)
    parser.add_argument("--time-limit", metavar="S", type=float, default=60.0, help="seconds to search (default 60)")


def add_requirement(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that names the requirement."""
    parser.add_argument("--requirement", metavar="FILE", help="what to build for (JSON)")


def run(arguments: argparse.Namespace) -> Answer:
    """Read the requirement, size the plant, and return the document."""
    if not 0 < arguments.time_limit < math.inf:
        raise BadInput("--time-limit is a number of seconds above 0")
    reading = requirement_of(arguments.requirement)
    design = size(reading.value, time_limit_s=arguments.time_limit)
    findings = [*reading.findings, *design.findings]
    document = design.as_dict() | {"findings": [finding.as_dict() for finding in findings]}
    return Answer(document, _text(design, findings), fails=not design.feasible)


def requirement_of(file: str | None) -> Reading[Requirement]:
    """Return the requirement of a file, or the sample."""
    if file is None:
        return Reading(Requirement(), [], Source("sample"))
    path = Path(file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"the file can't be read: {error.strerror}", where=Where(file)) from error
    return read_requirement(data, path.name, path.parent)


def _text(design: Design, findings: list[Finding]) -> str:
    """Return the design in words."""
    if not design.feasible:
        lines = [f"{design.status}: {design.conflict_text}"]
    else:
        lines = [f"{design.status}: {design.cost_usd_per_year:,.0f} USD a year"]
        if design.gap is not None:
            lines[0] += (
                f"; its sizes are within {design.gap * 100:.2f} % of the best for the days that stand for the year"
            )
        for row in design.units():
            amount = f"{row['count']} units" if row["count"] else f"{row['mw']:g} MW"
            energy = f", {row['mwh']:g} MWh" if row["mwh"] else ""
            lines.append(f"  {row['technology']}: {amount}{energy}")
    return "\n".join([*lines, *(f"{finding.severity}: {finding.text}" for finding in findings)])
