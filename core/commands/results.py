"""Simulate grids over time and look at, compare, import and back up results of every software."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from core.commands import Answer
from core.commands.files import read_bytes
from core.commands.network import chosen_limits, q_limits_argument
from core.documents import plain
from core.errors import BadInput
from core.findings import Severity
from core.jobs import simulation
from core.results import database
from core.settings import load_settings
from core.store import Store, backup, open_store

#: Rows that are printed; the JSON document and the CSV have them all.
DRAWN = 20


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the actions of ``results``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    simulate = _action(actions, "simulate", "calculate a network, as it is or over a series")
    simulate.add_argument("network", metavar="NETWORK", help="RAW, RAWX, MATPOWER, PowerModels, pandapower or PyPSA")
    simulate.add_argument(
        "--series", metavar="FILE", action="append", default=[],
        help="CSV or Parquet: timestamp, load_scale, NAME@BUS_mw, …; several of the same time may have other steps",
    )  # fmt: skip
    simulate.add_argument(
        "--software", default="newton", help="newton, pandapower, lightsim2grid, pypsa or pypsa-dispatch"
    )
    simulate.add_argument("--step", metavar="MINUTES", type=float, help="resample the series to this step")
    simulate.add_argument("--costs", metavar="FILE", help="CSV for pypsa-dispatch: bus, marginal_cost, …")
    q_limits_argument(simulate)
    _action(actions, "list", "list the simulations")
    show = _action(actions, "show", "print the results of a simulation")
    show.add_argument("simulation", metavar="SIM", type=int)
    show.add_argument("--table", default="bus", help="bus, generator, load, line, link or farm")
    show.add_argument("--software", help="results of another software under the same simulation")
    show.add_argument("--csv", action="store_true", help="print the table as CSV")
    compare = _action(actions, "compare", "say how far two simulations are apart")
    compare.add_argument("a", metavar="A", help="a simulation, or SIM:SOFTWARE")
    compare.add_argument("b", metavar="B", help="the other one")
    compare.add_argument("--table", default="bus", help="with --csv: bus, generator, load or line")
    compare.add_argument("--csv", action="store_true", help="print each element's differences, the worst first")
    files = _action(actions, "import", "import results of other tools")
    files.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="RAW with solved voltages, psspy tables as CSV, printed load flows, OpenDSS's exports, a database",
    )
    files.add_argument("--base-mva", metavar="MVA", type=float, default=100.0, help="system base of powers in MW")
    files.add_argument(
        "--start", metavar="TIME", help="time of results that name none, from which OpenDSS's monitors count hours"
    )
    files.add_argument("--software", help="software of tables that 'results show --csv' printed")
    going_on = _action(actions, "resume", "calculate what is missing")
    for action in (simulate, going_on):
        action.add_argument("--background", action="store_true", help="don't wait for the end")
    cancel = _action(actions, "cancel", "stop a simulation; it can be resumed")
    gone = _action(actions, "remove", "remove a simulation with all results")
    for action in (going_on, cancel, gone):
        action.add_argument("simulation", metavar="SIM", type=int)
    export = _action(actions, "export", "write all tables of a simulation as Parquet files")
    export.add_argument("simulation", metavar="SIM", type=int)
    export.add_argument("folder", metavar="FOLDER")
    _action(actions, "backup", "copy the whole database").add_argument("file", metavar="FILE")


def _action(actions: Any, name: str, words: str) -> ArgumentParser:
    parser: ArgumentParser = actions.add_parser(name, help=words, description=words)
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON document only")
    parser.add_argument("--workspace", metavar="DIR", default=SUPPRESS, help="the workspace folder")
    return parser


def run(arguments: Namespace) -> Answer:
    """Run one action."""
    store = open_store(load_settings(arguments.workspace))
    try:
        return ACTIONS[arguments.action](store, arguments)
    finally:
        store.close()


def _simulate(store: Store, arguments: Namespace) -> Answer:
    from core.studies.simulation import Options

    series = [read_bytes(file) for file in arguments.series]
    costs = read_bytes(arguments.costs) if arguments.costs else None
    options = Options(arguments.step, chosen_limits(arguments.q_limits), costs, tuple(series[1:]))
    first = series[0] if series else None
    sim = simulation.start(store, read_bytes(arguments.network), first, arguments.software, options)
    return _outcome(store, sim, arguments)


def _resume(store: Store, arguments: Namespace) -> Answer:
    simulation.resume(store, arguments.simulation)
    return _outcome(store, arguments.simulation, arguments)


def _outcome(store: Store, sim: int, arguments: Namespace) -> Answer:
    """Return what became of a simulation; with ``--background`` at once, else when it has ended."""
    result = {"unsolved": None, "findings": []} if arguments.background else simulation.wait(store, sim)
    seen = simulation.simulation(store, sim)
    document = {"simulation": seen, "unsolved": result["unsolved"], "findings": result["findings"]}
    return Answer(document, "\n".join([_words(seen), *_lines(result["findings"])]), fails=bool(result["unsolved"]))


def _cancel(store: Store, arguments: Namespace) -> Answer:
    simulation.cancel(store, arguments.simulation)
    seen = simulation.simulation(store, arguments.simulation)
    return Answer({"simulation": seen}, _words(seen))


def _list(store: Store, _arguments: Namespace) -> Answer:
    every = simulation.simulations(store)
    rows = [{**_document(seen), "results_of": database.software_of(store, seen.grid_sim_id)} for seen in every]
    return Answer({"simulations": rows}, "\n".join(map(_words, every)) or "no simulations")


def _show(store: Store, arguments: Namespace) -> Answer:
    seen = simulation.simulation(store, arguments.simulation)
    software = _software(store, seen, arguments.software)
    table = _table(store, seen.grid_sim_id, software, arguments.table)
    if arguments.csv and not arguments.json:
        return Answer({}, table.to_csv(index=False).rstrip("\n"))
    document = {"simulation": seen, "table": arguments.table, "software": software}
    lines = [_words(seen), table.head(DRAWN).to_string(index=False) if len(table) else "no rows"]
    return Answer({**document, "rows": table}, "\n".join(lines))


def _table(store: Store, sim: int, software: str, table: str) -> pd.DataFrame:
    tables = [*database.components(software), "farm"]
    if table not in tables:
        raise BadInput(f"{software} has no table {table!r}", hint=f"tables are {', '.join(tables)}")
    if table == "farm":
        return database.get_farm_data(store, sim)
    return database.get_data(store, sim, table, software)


def _software(store: Store, seen: database.Simulation, name: str | None) -> str:
    """Return the software whose results are meant: the simulation's own, or a named one that it has results of."""
    software, known = database.software_key(name or seen.software), database.software_of(store, seen.grid_sim_id)
    if name and software not in known:
        has = f"it has those of {', '.join(known)}" if known else "it has none yet"
        raise BadInput(f"simulation {seen.grid_sim_id} has no results of {software}", hint=has)
    return software


def _compare(store: Store, arguments: Namespace) -> Answer:
    from core.results.database.comparison import (
        QUANTITIES,
        compare,
        of_other_grids,
        on_other_bases,
        unfinished,
        unsolved_alone,
    )

    (a, of_a), (b, of_b) = sides = [_side(store, text) for text in (arguments.a, arguments.b)]
    alone = arguments.csv and not arguments.json
    if alone and arguments.table not in QUANTITIES:
        raise BadInput(f"{arguments.table!r} is not compared", hint=f"tables are {', '.join(QUANTITIES)}")
    names = [arguments.table] if alone else list(QUANTITIES)
    one, other = (
        {name: database.get_data(store, seen.grid_sim_id, name, software) for name in names} for seen, software in sides
    )
    found = compare(one, other, b.sbase_mva / a.sbase_mva)
    if alone:
        return Answer({}, found[arguments.table].worst_first().to_csv(index=False).rstrip("\n"))
    remarks = [*unfinished(a, b), *on_other_bases(a.sbase_mva, b.sbase_mva), *of_other_grids(one["bus"], other["bus"])]
    findings = plain([*remarks, *(unsolved_alone(found["bus"]) if "bus" in found else ())])
    document = {
        "a": {"grid_sim_id": a.grid_sim_id, "software": of_a},
        "b": {"grid_sim_id": b.grid_sim_id, "software": of_b},
        "tables": {component: each.summary() for component, each in found.items()},
        "only_in": {component: {"a": each.only_a, "b": each.only_b} for component, each in found.items()},
        "findings": findings,
    }
    lines = _differences(document["tables"], document["only_in"])
    return Answer(document, "\n".join([*lines, *_lines(findings)]))


def _differences(tables: dict[str, Any], only_in: dict[str, Any]) -> list[str]:
    """Return a comparison in words."""
    lines = [
        f"{component} {name}: largest {one['max_abs']:.4g}, RMSE {one['rmse']:.4g}"
        for component, quantities in tables.items()
        for name, one in quantities.items()
        if one["compared"]
    ]
    for component, only in only_in.items():
        if not any(one["compared"] for one in tables[component].values()):
            lines.append(f"{component}: no value in common")
        if only["a"] or only["b"]:
            lines.append(f"{component}: {only['a']:,} rows only in A, {only['b']:,} only in B")
    return lines


def _side(store: Store, text: str) -> tuple[database.Simulation, str]:
    number, _, software = text.partition(":")
    if not number.isdigit():
        raise BadInput(f"{text!r} is no simulation", hint="give its number, as in 3 or 3:pypsa")
    seen = simulation.simulation(store, int(number))
    return seen, _software(store, seen, software or None)


def _import(store: Store, arguments: Namespace) -> Answer:
    from core.studies.simulation import import_files

    read = [(read_bytes(file)[0], Path(file)) for file in arguments.files]
    numbers, found = import_files(store, read, arguments.base_mva, arguments.start, arguments.software)
    findings = plain(found)
    seen = [database.simulation(store, number) for number in numbers]
    fails = any(finding.severity is Severity.ERROR for finding in found)
    text = "\n".join([*map(_words, seen), *_lines(findings)])
    return Answer({"simulations": seen, "findings": findings}, text, fails=fails)


def _remove(store: Store, arguments: Namespace) -> Answer:
    simulation.remove(store, arguments.simulation)
    return Answer({"removed": arguments.simulation}, f"removed {arguments.simulation}")


def _export(store: Store, arguments: Namespace) -> Answer:
    files = [str(file) for file in database.export_parquet(store, arguments.simulation, Path(arguments.folder))]
    return Answer({"files": files}, "\n".join(files) or "the simulation has no results yet")


def _backup(store: Store, arguments: Namespace) -> Answer:
    size = backup(store.engine, Path(arguments.file))
    return Answer({"file": arguments.file, "size_bytes": size}, f"{arguments.file}: {size:,} bytes")


def _document(seen: database.Simulation) -> dict[str, Any]:
    return {name: getattr(seen, name) for name in seen.__slots__}


def _words(seen: database.Simulation) -> str:
    steps = f"{seen.steps_done} of {seen.steps} steps" if seen.steps else "imported"
    steps += f", {seen.unsolved} unsolved" if seen.unsolved else ""
    return (
        f"{seen.grid_sim_id}  {seen.state:<11}  {seen.software:<13}  {steps}  {seen.case_name}  {seen.timestamp_start}"
    )


def _lines(findings: list[dict[str, Any]]) -> list[str]:
    """Return the findings in words, the gravest first."""
    ranked = sorted(findings, key=lambda finding: list(Severity).index(finding["severity"]))
    lines = [f"{finding['severity']}: {finding['text']}" for finding in ranked[:DRAWN]]
    return [*lines, f"and {len(ranked) - DRAWN} more: see --json"] if len(ranked) > DRAWN else lines


ACTIONS: dict[str, Callable[[Store, Namespace], Answer]] = {
    "simulate": _simulate,
    "list": _list,
    "show": _show,
    "compare": _compare,
    "import": _import,
    "resume": _resume,
    "cancel": _cancel,
    "remove": _remove,
    "export": _export,
    "backup": _backup,
}
