"""Calculate the availability of a reliability block diagram from Windchill's component and block tables."""

from __future__ import annotations

import argparse
from math import isfinite
from pathlib import Path
from typing import Any

from core.commands import Answer
from core.design.requirement_file import read_hours
from core.errors import BadInput
from core.findings import Finding, Severity, Where, counted
from core.formats.windchill.structure import read_model
from core.reliability import MtbfMeaning
from core.results.study_result import Status
from core.studies.availability import AvailabilityOptions, as_document, study_availability

MOST_HISTORIES = 10_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--components", metavar="FILE", required=True, help="component data (CSV or XLSX)")
    parser.add_argument(
        "--rbd", metavar="FILE", required=True, help="block diagram (CSV or XLSX; may be the same workbook)"
    )
    parser.add_argument(
        "--mtbf-means", choices=[str(m) for m in MtbfMeaning], default="up", help="up time or cycle time"
    )
    parser.add_argument("--required-mw", metavar="X", type=float, help="also judge the MW that the units deliver")
    parser.add_argument("--load", metavar="FILE", help="hourly loads of a year or 52 weeks (CSV): also what is lost")
    parser.add_argument("--bess-mw", metavar="X", type=float, default=0.0, help="what a battery adds in a shortage")
    parser.add_argument(
        "--bess-mwh", metavar="X", type=float, help="the battery's energy (simulation; default: unlimited)"
    )
    parser.add_argument("--simulate", metavar="N", type=int, default=0, help="run N histories beside the exact answer")
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="seed of the simulation (default 1)")
    parser.add_argument("--years", metavar="Y", type=float, default=20.0, help="years of a history (default 20)")


def run(arguments: argparse.Namespace) -> Answer:
    """Read the files, calculate, and return the document."""
    _check(arguments)
    reading = read_model(_file(arguments.components), _file(arguments.rbd))
    load_mw, remarks = _load(arguments.load)
    options = AvailabilityOptions(
        mtbf_means=MtbfMeaning(arguments.mtbf_means),
        required_mw=arguments.required_mw,
        load_mw=load_mw,
        bess_mw=arguments.bess_mw,
        bess_mwh=arguments.bess_mwh,
        histories=arguments.simulate,
        years=arguments.years,
        seed=arguments.seed,
    )
    broken = [finding for finding in reading.findings if finding.severity is Severity.ERROR]
    result = study_availability(reading.value, options)
    result.findings = [*reading.findings, *remarks, *result.findings]
    if broken or result.status is not Status.SOLVED:
        raise _bad_input(result.findings)
    document = as_document(result)
    return Answer(document, _text(document))


def _check(arguments: argparse.Namespace) -> None:
    """Refuse numbers that make no sense."""
    if not 0 <= arguments.simulate <= MOST_HISTORIES:
        raise BadInput(f"--simulate is a number of histories from 0 (none) to {MOST_HISTORIES}")
    if not 0 <= arguments.seed < 2**32:
        raise BadInput("--seed is a whole number from 0 to 4294967295")
    if not 0 < arguments.years <= 10_000:
        raise BadInput("--years is above 0 and at most 10000")
    for name in ("required_mw", "bess_mw", "bess_mwh"):
        value = getattr(arguments, name)
        if value is not None and not 0 <= value < float("inf"):
            raise BadInput(f"--{name.replace('_', '-')} is a power or energy of at least 0")


def _file(name: str) -> tuple[str, bytes]:
    path = Path(name)
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise BadInput(f"the file can't be read: {error.strerror}", where=Where(name)) from error


def _load(name: str | None) -> tuple[tuple[float, ...], list[Finding]]:
    """Return the loads of a year with remarks; without a file there are none."""
    if name is None:
        return (), []
    file, data = _file(name)
    reading = read_hours(data, file, "load_mw", or_52_weeks=True)
    return reading.value, reading.findings


def _bad_input(findings: list[Finding]) -> BadInput:
    """Return the first error of the findings as the command's error, with all findings beside it."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    more = f" – and {counted(len(errors) - 1, 'more error')}" if len(errors) > 1 else ""
    first = errors[0]
    return BadInput(first.text + more, hint=first.hint, where=first.where, findings=findings)


def _text(document: dict[str, Any]) -> str:
    """Return the answer in words."""
    lines = []
    system = document["system"]
    if system:
        down = f"{system['downtime_h_per_year']:.2f} h down a year"
        lines.append(f"{system['id']}: availability {system['availability']:.7f}, {down}")
    for row in document["blocks"].to_dict(orient="records"):
        lines.append(f"  {row['id']}: {row['availability']:.7f}")
    capacity = document.get("capacity")
    if capacity and isfinite(capacity["availability"]):
        lines.append(
            f"{capacity['required_mw']:.12g} MW from {capacity['installed_mw']:.12g} MW installed: "
            f"{capacity['availability']:.7f}, with the rest of the system {capacity['system_availability']:.7f}"
        )
    lost = document.get("adequacy")
    if lost and isfinite(lost["lole_h_per_year"]):
        lines.append(
            f"load up to {lost['peak_mw']:.12g} MW from {lost['installed_mw']:.12g} MW installed: short for "
            f"{lost['lole_h_per_year']:.6g} h and {lost['loee_mwh_per_year']:.6g} MWh a year"
        )
    if "simulation" in document:
        found = document["simulation"]
        lines.append(
            f"simulated {found['histories']} × {found['years']:g} years: {found['availability']:.7f} "
            f"({found['availability_low']:.7f}–{found['availability_high']:.7f})"
        )
    for finding in document["findings"]:
        lines.append(f"{finding.severity}: {finding.text}" + (f" ({finding.hint})" if finding.hint else ""))
    return "\n".join(lines)
