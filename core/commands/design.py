"""Choose the cheapest equipment that meets a requirement; without a file, the sample requirement of 200 MW."""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path

from core.commands import Answer
from core.design.amounts import amount_of
from core.design.catalogue_file import read_technologies
from core.design.design import Design
from core.design.requirement import Requirement
from core.design.requirement_costs import requirement_costs
from core.design.requirement_file import read_requirement
from core.design.sensitivity import size_and_place, size_for, varied
from core.design.sources import sources
from core.design.technology import Technology
from core.errors import BadInput
from core.findings import Finding, Reading, Source, Where


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_requirement(parser)
    parser.add_argument(
        "--sweep",
        metavar="QUANTITY=VALUES",
        help="size for each of some values: load=0.8,1,1.2 (factors), fuel_price=0.5,1,2 (factors), "
        "availability_target=0.999,0.9998",
    )
    add_requirement_costs(parser)
    parser.add_argument("--catalogue", metavar="FILE", help="technologies to choose from (CSV or JSON)")
    parser.add_argument("--time-limit", metavar="S", type=float, default=60.0, help="seconds to search (default 60)")


def add_requirement(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that names the requirement."""
    parser.add_argument("--requirement", metavar="FILE", help="what to build for (JSON)")


def add_requirement_costs(parser: argparse.ArgumentParser) -> None:
    """Declare the argument that asks what each requirement costs."""
    text = "also tell what each requirement costs a year, by sizing again without it"
    parser.add_argument("--requirement-costs", action="store_true", help=text)


def run(arguments: argparse.Namespace) -> Answer:
    """Read the requirement, size the plant, and return the document."""
    if not 0 < arguments.time_limit < math.inf:
        raise BadInput("--time-limit is a number of seconds above 0")
    reading = requirement_of(arguments.requirement)
    if arguments.catalogue is not None:
        reading.value = replace(reading.value, technologies=catalogue_of(arguments.catalogue))
    if arguments.sweep and arguments.requirement_costs:
        raise BadInput("--sweep and --requirement-costs don't go together", hint="ask for one after the other")
    if arguments.sweep:
        return _sweep(reading, arguments.sweep, arguments.time_limit)
    sized = size_and_place(reading.value, time_limit_s=arguments.time_limit)
    design = sized.design
    findings = [*reading.findings, *design.findings]
    document = sized.as_dict() | {"objective": _objective(reading.value, design)}
    document["sources"] = sources(reading.value)
    document["findings"] = [finding.as_dict() for finding in findings]
    text = _text(design, findings)
    if arguments.requirement_costs:
        costs = requirement_costs(reading.value, sized, time_limit_s=arguments.time_limit)
        document["requirement_costs"] = costs
        text = "\n".join([text, *(row["text"] for row in costs)])
    return Answer(document, text, fails=not design.feasible)


def _objective(requirement: Requirement, design: Design) -> dict[str, object]:
    """Return the cost that the requirement names as its objective."""
    key, unit = ("usd_per_mwh", "USD/MWh") if requirement.objective == "levelised" else ("net_present_usd", "USD")
    return {"name": requirement.objective, "value": design.cost()[key], "unit": unit}


def _sweep(reading: Reading[Requirement], text: str, time_limit_s: float) -> Answer:
    """Size for each value that is asked for."""
    quantity, _, listed = text.partition("=")
    try:
        values = [float(value) for value in listed.split(",")]
    except ValueError:
        raise BadInput(
            f"--sweep {text}: {listed!r} are no numbers", hint="for example --sweep load=0.8,1,1.2"
        ) from None
    requirements = [varied(reading.value, quantity, value) for value in values]
    sized = [size_for(quantity, requirement, time_limit_s=time_limit_s) for requirement in requirements]
    designs = [{"value": value, **one.as_dict()} for value, one in zip(values, sized, strict=True)]
    findings = [finding.as_dict() for finding in reading.findings]
    lines = [f"{quantity} {value:g}: {_text(one.design, [])}" for value, one in zip(values, sized, strict=True)]
    document = {"quantity": quantity, "designs": designs, "findings": findings}
    return Answer(document, "\n".join(lines), fails=not all(one.design.feasible for one in sized))


def requirement_of(file: str | None) -> Reading[Requirement]:
    """Return the requirement of a file, or the sample."""
    if file is None:
        return Reading(Requirement(), [], Source("sample"))
    path = Path(file)
    return read_requirement(_bytes(path), path.name, path.parent)


def catalogue_of(file: str) -> tuple[Technology, ...]:
    """Return the technologies of a file."""
    return read_technologies(_bytes(Path(file)), Path(file).name)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"the file can't be read: {error.strerror}", where=Where(str(path))) from error


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
        lines += [f"  {row['technology']}: {amount_of(row)}" for row in design.units()]
    return "\n".join([*lines, *(f"{finding.severity}: {finding.text}" for finding in findings)])
