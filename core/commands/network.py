"""Read, convert, audit, compare and solve power-flow networks."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.commands import Answer, powermodels
from core.commands.files import read_bytes
from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Where
from core.formats.blocking import refuse_blocked
from core.formats.companions import Companion, companion_of, counts, rows, write_companion
from core.formats.conversion import LISTED, compare, convert
from core.formats.networks import FORMATS, format_of, read_network
from core.formats.psse import schema
from core.formats.psse.template import VERSIONS, template, template_sections
from core.network import Network
from core.network.audit import audit
from core.network.repair import repaired

#: Lines of a list that are printed; the JSON document has them all.
DRAWN = 20
ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the actions of ``network``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    read = _action(actions, "read", "say what a file holds and what is wrong with it", "file")
    read.add_argument("--limit", type=int, default=None, metavar="N", help="list at most N findings")
    change = _action(actions, "convert", "write a network in another format, with the ledger", "file", "out")
    change.add_argument("--format", choices=sorted(FORMATS), help="the format (default: by the ending of OUT)")
    change.add_argument("--repair", action="store_true", help="repair what the findings say can be repaired")
    change.add_argument("--version", type=int, choices=(33, 34, 35), help="the version of a RAW file")
    check = _action(actions, "audit", "say whether the stored voltages solve the network", "file")
    text = "largest mismatch of a solved case (default: 1, or 1 %% of the load of a small network)"
    check.add_argument("--tolerance-mva", type=float, metavar="MVA", help=text)
    _action(actions, "diff", "say what differs between two files of any formats", "file", "other")
    powermodels.add_arguments(_action(actions, "to-powermodels", "print a file's PowerModels dictionary", "file"))
    empty = _action(actions, "template", "give an empty PSS/E file with the names of all columns")
    empty.add_argument("out", metavar="OUT", nargs="?", help="the file to write (default: print it)")
    empty.add_argument("--version", choices=tuple(VERSIONS), help="the version (default: 33, or as OUT ends)")
    empty.add_argument("--sections", nargs="+", default=[], metavar="NAME", help="name the columns of these alone")

    solve = _action(actions, "solve", "calculate the load flow", "file")
    solve.add_argument("--engine", default="newton", help="newton, pandapower or lightsim2grid")
    solve.add_argument(
        "--hold-stored-voltages", action="store_true", help="machines hold the voltage stored in the file"
    )
    q_limits_argument(solve)
    solve.add_argument("--flat-start", action="store_true", help="start from 1 pu instead of the stored voltages")


def q_limits_argument(parser: ArgumentParser) -> None:
    """Declare ``--q-limits``."""
    parser.add_argument(
        "--q-limits",
        choices=("enforce", "ignore"),
        help="reactive limits of machines (default: enforced in plants and in cases of PSS/E, ignored in others)",
    )


def _action(actions: Any, name: str, words: str, *files: str) -> ArgumentParser:
    parser: ArgumentParser = actions.add_parser(name, help=words, description=words)
    for file in files:
        parser.add_argument(file, metavar=file.upper())
    parser.add_argument(
        "--json", action="store_true", default=SUPPRESS, help="print one JSON document and nothing else"
    )
    parser.add_argument("--workspace", metavar="DIR", default=SUPPRESS, help="the workspace folder")
    return parser


def run(arguments: Namespace) -> Answer:
    """Run one action."""
    return ACTIONS[arguments.action](arguments)


def _read(arguments: Namespace) -> Answer:
    if companion := companion_of(arguments.file):
        return _read_companion(arguments, companion)
    reading = _network(arguments.file)
    network = reading.value
    held = network.counts()
    findings = _sorted(reading.findings)[: arguments.limit]
    document = {
        "file": reading.source.file,
        **_form(reading),
        "name": network.name,
        "base_mva": network.base_mva,
        "frequency_hz": network.frequency_hz,
        "counts": held,
        "totals": network.totals(),
        "findings": findings,
    }
    filled = ", ".join(f"{count} {table}" for table, count in held.items() if count)
    totals = network.totals()
    lines = [
        f"{reading.source.file}: {reading.source.format} {reading.source.version}, {filled or 'nothing'}",
        f"load {totals['load_mw']:.2f} MW, generation {totals['generation_mw']:.2f} MW",
        *_lines(findings),
    ]
    return Answer(document, "\n".join(lines), fails=network["bus"].empty)


def _read_companion(arguments: Namespace, companion: Companion) -> Answer:
    """Say what a file of dynamics, contingencies, subsystems or monitored sets holds."""
    reading = companion.read(*read_bytes(arguments.file))
    found, findings = counts(reading.value), _sorted(reading.findings)[: arguments.limit]
    document = {
        "file": reading.source.file,
        **_form(reading),
        "counts": found,
        "records": rows(reading.value),
        "findings": findings,
    }
    held = ", ".join(f"{count} {what}" for what, count in found.items() if count)
    lines = [f"{reading.source.file}: {companion.title}, {held or 'nothing'}", *_lines(findings)]
    return Answer(document, "\n".join(lines), fails=not document["records"])


def _convert(arguments: Namespace) -> Answer:
    if companion := companion_of(arguments.file):
        return _write_companion(arguments, companion)
    target = format_of(arguments.out, arguments.format)
    if arguments.version and arguments.version not in target.versions:
        raise BadInput(f"{target.title} has no version {arguments.version}.", hint="Leave --version out.")
    reading = _network(arguments.file)
    if reading.value["bus"].empty:
        raise BadInput("The file has no bus to convert.", where=Where(file=arguments.file))
    repairs: list[Finding] = []
    if arguments.repair:
        reading.value, repairs = repaired(reading.value, remarks=reading.findings)
    result = convert(reading, target, arguments.version)
    _save(arguments.out, result.content)
    ledger = result.ledger()
    document = {
        "input": {"file": reading.source.file, **_form(reading)},
        "output": {"file": arguments.out, "format": target.name, "version": result.version},
        **ledger,
        "proof": result.proof(),
        "repairs": repairs,
        "findings": [*reading.findings, *result.findings],
    }
    gap = result.admittance_difference_pu
    proof = "buses differ" if gap is None else f"admittance differs by at most {gap:.2g} pu"
    words = ", ".join(f"{count} {what}" for what, count in ledger["summary"].items())
    lines = [f"{arguments.out}: {target.title} {result.version or ''}".rstrip(), f"{words}; {proof}"]
    lines += [_change(row) for row in [*ledger["dropped"], *ledger["approximated"]][:DRAWN]]
    return Answer(document, "\n".join([*lines, *_lines(repairs), *_lines(result.findings)]))


def _write_companion(arguments: Namespace, companion: Companion) -> Answer:
    """Write a file that goes with a network again: its records as they were, byte for byte."""
    if arguments.format or arguments.version or companion_of(arguments.out) is not companion:
        text = f"{companion.title} have one format: {companion.ending}."
        raise BadInput(text, hint=f"Name a file that ends in {companion.ending}.", where=Where(file=arguments.out))
    data, name = read_bytes(arguments.file)
    reading = companion.read(data, name)
    content = write_companion(reading.value)
    _save(arguments.out, content)
    document = {
        "input": {"file": name, **_form(reading)},
        "output": {"file": arguments.out, "format": reading.source.format, "version": None},
        "counts": counts(reading.value),
        "same_bytes": content == data,
        "findings": reading.findings,
    }
    same = "byte for byte the same" if content == data else "not the same bytes"
    lines = [f"{arguments.out}: {companion.title}, {same}", *_lines(_sorted(reading.findings))]
    return Answer(document, "\n".join(lines), fails=content != data)


def _save(path: str, content: bytes) -> None:
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise BadInput(f"The file can't be written: {error.strerror}.", where=Where(file=path)) from error


def _template(arguments: Namespace) -> Answer:
    is_rawx = (arguments.out or "").lower().endswith(".rawx")
    name = arguments.version or ("rawx" if is_rawx else "33")
    if arguments.out and is_rawx != (name == "rawx"):
        hint = "RAWX files end in .rawx, RAW files in .raw."
        raise BadInput(f"{arguments.out} is no name for version {name}.", hint=hint)
    version = VERSIONS[name]
    chosen = [word for words in arguments.sections for word in words.split(",") if word]
    sections = template_sections(version, chosen)
    text = template(version, chosen)
    if arguments.out:
        _save(arguments.out, text.encode())
    fields = {each: [f.heading(version) for f in schema.layout(each, version)] for each in sections}
    said = f"{arguments.out}: {len(sections)} sections, version {name}" if arguments.out else text.rstrip("\n")
    return Answer({"file": arguments.out, "version": name, "sections": fields, "text": text}, said)


def _audit(arguments: Namespace) -> Answer:
    reading = _usable(arguments.file)
    found = audit(reading.value, arguments.tolerance_mva)
    worst = found.mismatches.nlargest(DRAWN, "mva")
    document = {
        "file": reading.source.file,
        **_form(reading),
        "solved": found.solved,
        "max_mismatch_mva": found.max_mismatch_mva,
        "worst_bus": found.worst_bus,
        "tolerance_mva": found.tolerance_mva,
        "islands": len(found.islands),
        "island_table": found.islands,
        "mismatches": worst,
        "limits": found.limits.head(LISTED),
        "findings": [*reading.findings, *(f for f in found.findings if f.code.startswith("network.audit"))],
    }
    verdict = "a solved case" if found.solved else "not a solved case"
    lines = [
        f"{reading.source.file} is {verdict}",
        f"largest mismatch {found.max_mismatch_mva:.4g} MVA at bus {found.worst_bus}",
        f"{len(found.islands)} islands, {len(found.limits)} limits exceeded",
        *_lines(document["findings"]),
    ]
    return Answer(document, "\n".join(lines), fails=not found.solved)


def _diff(arguments: Namespace) -> Answer:
    one, two = _usable(arguments.file), _usable(arguments.other)
    found = compare(one.value, two.value)
    document = {
        "a": {"file": one.source.file, **_form(one)},
        "b": {"file": two.source.file, **_form(two)},
        "equal": found.is_empty,
        "added": found.added.head(LISTED),
        "removed": found.removed.head(LISTED),
        "changed": found.changed.head(LISTED),
        "summary": {"added": len(found.added), "removed": len(found.removed), "changed": len(found.changed)},
    }
    lines = [f"{len(found.added)} added, {len(found.removed)} removed, {len(found.changed)} values changed"]
    for sign, frame in (("+", found.added), ("-", found.removed)):
        lines += [f"{sign} {element}" for element in frame["element"].head(DRAWN)]
    lines += [_change(row) for row in found.changed.head(DRAWN).to_dict(orient="records")]
    return Answer(document, "\n".join(lines), fails=not found.is_empty)


def _solve(arguments: Namespace) -> Answer:
    from core.engines.load_flow import load_flow
    from core.engines.remarks import regulation_remarks

    reading = _usable(arguments.file)
    network = holding_stored_voltages(reading.value) if arguments.hold_stored_voltages else reading.value
    limits = chosen_limits(arguments.q_limits, hold=arguments.hold_stored_voltages)
    result = load_flow(network, arguments.engine, flat=arguments.flat_start, limits=limits)
    remarks = regulation_remarks(network, result, arguments.engine, limits)
    solved = ~np.isnan(result.v)
    bus = network.values("bus", "bus")
    size, angle = np.abs(result.v), np.rad2deg(np.angle(result.v))
    rows = [{"bus": int(bus[k]), "v_pu": float(size[k]), "angle_deg": float(angle[k])} for k in np.flatnonzero(solved)]
    converged = str(result.outcome) in ("converged", "islanded")
    document = {
        "file": reading.source.file,
        "engine": arguments.engine,
        "converged": converged,
        "outcome": str(result.outcome),
        "iterations": result.iterations,
        "max_mismatch_pu": result.mismatch_pu,
        "buses": rows,
        "at_reactive_limit": [int(number) for number in bus[result.let_go]],
        "not_solved": [int(number) for number in bus[~solved]],
        "findings": [*remarks, *reading.findings],
    }
    lines = [f"{reading.source.file}: {result.outcome} after {result.iterations} iterations", *_lines(remarks)]
    lines += [f"bus {row['bus']}: {row['v_pu']:.5f} pu, {row['angle_deg']:.4f} deg" for row in rows[:DRAWN]]
    return Answer(document, "\n".join(lines), fails=not converged)


def chosen_limits(word: str | None, *, hold: bool = False) -> bool | None:
    """Return whether reactive limits are enforced; ``None`` is as the network's own program has it."""
    return None if word is None and not hold else word == "enforce"


def holding_stored_voltages(network: Network) -> Network:
    """Return the network with everything that holds a voltage at its own bus's stored voltage."""
    stored = np.append(network.values("bus", "v_pu"), 1.0)
    changes = {
        table: network[table].assign(v_set_pu=stored[network.terminals(table)[0]], regulated_bus=0)
        for table in ("generator", "facts")
    }
    ends = dict(zip(("v_from_pu", "v_to_pu"), network.terminals("dcline"), strict=True))
    changes["dcline"] = network["dcline"].assign(**{name: stored[at] for name, at in ends.items()})
    return network.with_tables(**changes)


def _network(path: str) -> Reading[Network]:
    if companion := companion_of(path):
        text = f"{companion.title} are no network."
        raise BadInput(text, hint="`network read` and `network convert` take them.", where=Where(file=path))
    return read_network(*read_bytes(path))


def _usable(path: str) -> Reading[Network]:
    """Return a reading that may be calculated with; refuse one of a file that was not understood."""
    reading = _network(path)
    refuse_blocked(reading)
    return reading


def _form(reading: Reading[Network]) -> dict[str, Any]:
    version = reading.source.version
    return {"format": reading.source.format, "version": int(version) if version.isdigit() else version or None}


def _sorted(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: ORDER[finding.severity])


def _lines(findings: list[Finding]) -> list[str]:
    return [f"{finding.severity}: {finding.text} {finding.where}".rstrip() for finding in findings[:DRAWN]]


def _change(row: Mapping[Any, Any]) -> str:
    if "field" not in row:
        return str(row["element"])
    return f"{row['element']}: {row['field']} {row['before']} -> {row['after']}"


ACTIONS: dict[str, Callable[[Namespace], Answer]] = {
    "read": _read,
    "convert": _convert,
    "audit": _audit,
    "diff": _diff,
    "to-powermodels": powermodels.run,
    "solve": _solve,
    "template": _template,
}
