"""``network to-powermodels``: print a file's PowerModels dictionary, changed and shown as asked."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from core.commands import Answer
from core.commands.files import read_bytes
from core.errors import BadInput
from core.findings import Finding, Severity
from core.formats.blocking import refuse_blocked
from core.formats.powermodels import (
    OPERATIONS,
    apply,
    component_table,
    connected_components,
    make_mixed_units,
    parse_file,
    print_summary,
    printable,
    replicate,
    update_data,
)
from core.formats.powermodels.components import Data
from core.formats.powermodels.document import read_json

#: Findings that are printed to standard error.
DRAWN = 20


def add_arguments(parser: ArgumentParser) -> None:
    """Declare how the dictionary is read, changed and shown."""
    parser.add_argument("--mixed-units", action="store_true", help="MW, Mvar and degrees instead of per unit")
    parser.add_argument("--import-all", action="store_true", help="carry all fields of a RAW file")
    parser.add_argument("--physical", action="store_true", help="follow the PSS/E manual, not PowerModels")
    parser.add_argument("--no-validate", action="store_true", help="leave the data as they are, without corrections")
    parser.add_argument("--update", metavar="FILE", help="overwrite values with those of a dictionary in JSON")
    parser.add_argument(
        "--apply", action="append", choices=sorted(OPERATIONS), default=[], help="change the network; may repeat"
    )
    parser.add_argument("--replicate", type=int, metavar="N", help="make a multinetwork of N copies")
    parser.add_argument("--show", metavar="WHAT", help="instead: summary, components, or a table such as bus:vmin,vmax")


def run(arguments: Namespace) -> Answer:
    """Print the dictionary, or what is asked of it."""
    data, findings = _dictionary(arguments)
    document, found = printable(data)
    notes = _lines([*findings, *found])
    if arguments.show is None:
        return Answer(document, notes=notes)
    if arguments.show == "summary":
        return Answer({"summary": print_summary(data)}, print_summary(data).rstrip(), notes=notes)
    if arguments.show == "components":
        return Answer({"components": connected_components(data)}, notes=notes)
    component, colon, fields = arguments.show.partition(":")
    if not colon or component not in data:
        raise BadInput(f"{arguments.show!r} can't be shown.", hint="Ask for summary, components or bus:vmin,vmax.")
    return Answer({"table": component_table(data, component, fields.split(","))}, notes=notes)


def _dictionary(arguments: Namespace) -> tuple[Data, list[Finding]]:
    """Return the dictionary as it is asked for, and all that was noticed on the way."""
    reading = parse_file(
        *read_bytes(arguments.file),
        validate=not arguments.no_validate,
        import_all=arguments.import_all,
        physical=arguments.physical,
    )
    refuse_blocked(reading)
    data, findings = reading.value, reading.findings
    if arguments.update:
        findings += update_data(data, read_json(*read_bytes(arguments.update)))
    data, found = apply(data, arguments.apply)
    if arguments.replicate is not None:
        data = replicate(data, arguments.replicate)
    if arguments.mixed_units:
        make_mixed_units(data, physical=arguments.physical)
    return data, [*findings, *found]


def _lines(findings: list[Finding]) -> list[str]:
    """Return the gravest findings in words, and how many more there are."""
    order = [*Severity]
    ranked = sorted(findings, key=lambda finding: order.index(finding.severity))
    lines = [f"{found.severity}: {found.element or found.where}: {found.text}" for found in ranked[:DRAWN]]
    return lines + [f"and {len(ranked) - DRAWN} more"] * (len(ranked) > DRAWN)
