"""A simulation from its kept files into the database, block by block; each block is written whole or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.engines import lightsim2grid, pandapower, pypsa
from core.engines.bus_case import bus_case
from core.engines.regulation import enforces_limits
from core.errors import BadInput, EngineError
from core.findings import Finding, Severity, Where
from core.formats.networks import read_network
from core.formats.time_stamps import STAMP
from core.network import Network
from core.results import database
from core.store import Store, now
from core.store.files import Files
from core.studies.simulation import dispatch, pypsa_columns
from core.studies.simulation.costs import Costs, costs_of, with_what_was_told
from core.studies.simulation.resampling import combined
from core.studies.simulation.series import Series, read_series
from core.studies.simulation.steps import Grid, farm_table, farms_lost, tables
from core.studies.simulation.voltages import refuse_unsuited, voltages

#: Engines of load flows, and the one that dispatches.
FLOWS = ("newton", "pandapower", "lightsim2grid", "pypsa")
DISPATCH = "pypsa-dispatch"
ENGINES = (*FLOWS, DISPATCH)
#: What a block has at most: rows of all tables together, and steps.
BLOCK_ROWS, BLOCK_STEPS = 200_000, 500

File = tuple[bytes, str]


@dataclass(frozen=True, slots=True)
class Options:
    """How a simulation differs from the plain one."""

    step_minutes: float | None = None  # resample the series
    q_limits: bool | None = None  # of machines; by default as the network's own program has them
    costs: File | None = None  # of machines, for a dispatch; by default the network's
    further: tuple[File, ...] = ()  # series of the same time, maybe of other steps


PLAIN = Options()


@dataclass(slots=True)
class Outcome:
    """What became of a simulation."""

    grid_sim_id: int
    unsolved: int  # steps without a solution
    findings: list[Finding]


def simulate(
    store: Store, network: File, series: File | None = None, software: str = "newton", options: Options = PLAIN
) -> Outcome:
    """Simulate a network file here and now, as it is or over a series."""
    sim = enter(store, network, series, software, options)
    own = database.simulation(store, sim)
    for first, last in blocks(own.steps or 0, own.inputs["block"]):
        calculate(store, sim, slice(first, last))
    return conclude(store, sim)


def enter(
    store: Store, network: File, series: File | None = None, software: str = "newton", options: Options = PLAIN
) -> int:
    """Check and keep the files, and enter their simulation into the database; return its number."""
    _check(software, options)
    reading = read_network(*network)
    if reading.value["bus"].empty:
        raise BadInput("the file has no bus to simulate")
    if software == DISPATCH:
        costs_of(with_what_was_told(reading.value), options.costs)
    _refuse_unsolvable(reading.value, software, Where(file=network[1]))
    every = [file for file in (series, *options.further) if file]
    steps, _ = _series(reading.value, every, options.step_minutes)
    elements = sum(len(reading.value[table]) for table in ("bus", "generator", "load", "branch", "transformer"))
    inputs = {
        "network": _kept(store, network),
        "series": [_kept(store, file) for file in every],
        "costs": options.costs and _kept(store, options.costs),
        "engine": software,
        "step_minutes": options.step_minutes,
        "q_limits": enforces_limits(reading.value) if options.q_limits is None else options.q_limits,
        "block": max(1, min(BLOCK_STEPS, BLOCK_ROWS // elements)),
    }
    return database.begin(
        store,
        reading.value.name or network[1],
        software.partition("-")[0],
        reading.value.base_mva,
        steps.timestamps[0],
        steps=len(steps.timestamps),
        inputs=inputs,
    )


def _refuse_unsolvable(network: Network, software: str, where: Where) -> None:
    """Refuse what has no solution at any step, or no model in an engine."""
    case = bus_case(network)
    if not len(case.slack):
        hint = "make one bus with a machine in service the swing bus"
        raise BadInput("there is no swing bus with a machine in service", hint=hint, where=where)
    if software == "lightsim2grid":
        refuse_unsuited(case)


def blocks(steps: int, size: int) -> list[tuple[int, int]]:
    """Return first step and end of each block."""
    return [(first, min(first + size, steps)) for first in range(0, steps, size)]


def calculate(store: Store, sim: int, steps: slice) -> None:
    """Calculate and write a block of steps, unless the database has it."""
    own = database.simulation(store, sim)
    read = _prepared(store, own)
    grid, series = read.grid, read.series
    if database.has_step(store, sim, series.timestamps[steps.start]):
        return
    if read.costs:
        found = dispatch.tables(grid, series, steps, read.costs)
    else:
        powers = grid.at(series, steps)
        found = tables(grid, series, steps, voltages(grid, own.software, *powers), powers)
        if own.software == "pypsa":
            found = pypsa_columns.of_flow(grid.network, found, series.timestamps[steps])
    made = {name: frame for name, frame in found.items() if len(frame)}
    farms = farm_table(grid.network, series, steps)
    database.insert_tables(store, sim, made, farms=farms, steps=steps.stop - steps.start)


def conclude(store: Store, sim: int) -> Outcome:
    """Mark a simulation as done whose steps are all written."""
    own = database.simulation(store, sim)
    if own.steps_done != own.steps:
        missing = f"steps are missing: {(own.steps or 0) - own.steps_done} of {own.steps}"
        raise EngineError(missing, hint=f"go on with: results resume {sim}")
    read = _prepared(store, own)
    findings = read.findings
    unsolved = database.count_unsolved(store, sim)
    database.finish(store, sim, read.series.timestamps[-1], unsolved)
    if unsolved:
        text = f"steps without a solution: {unsolved} of {own.steps}; their results are empty"
        remark = Finding("simulation.unsolved", Severity.ERROR, text, "check the load of those steps")
        findings = [*findings, remark]
    return Outcome(sim, unsolved, findings)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A simulation's files as its blocks need them."""

    grid: Grid
    series: Series
    costs: Costs | None  # where something is dispatched
    findings: list[Finding]


def _prepared(store: Store, own: database.Simulation) -> _Prepared:
    """Return the simulation's files; blocks of one simulation in a process read them once."""
    return _read(store.settings.workspace / "files", own.timestamp_start, json.dumps(own.inputs, sort_keys=True))


@lru_cache(maxsize=1)
def _read(folder: Path, start: str, inputs: str) -> _Prepared:
    given, kept = json.loads(inputs), Files(folder)

    def files(name: str) -> list[File]:
        listed = given.get(name) or []  # one file stands alone
        every = [listed] if isinstance(listed, dict) else listed
        return [(kept.content(file["sha256"]), file["name"]) for file in every]

    reading = read_network(*files("network")[0])
    network = with_what_was_told(reading.value)
    steps, findings = _series(network, files("series"), given.get("step_minutes"), start)
    limits, dispatched = bool(given.get("q_limits")), given["engine"] == DISPATCH
    if limits and not dispatched:
        text = "machines give no more reactive power than they have"
        hint = "--q-limits ignore lets them give whatever it takes"
        findings.append(Finding("simulation.q_limits", Severity.INFO, text, hint))
    grid = Grid.of(network, limits=limits)
    if dispatched:
        findings += dispatch.remarks(grid)
    return _Prepared(
        grid,
        steps,
        costs_of(network, *files("costs")) if dispatched else None,
        [*farms_lost(grid, steps), *findings, *reading.findings],
    )


def _series(
    network: Network, files: list[File], minutes: float | None, start: str = ""
) -> tuple[Series, list[Finding]]:
    if not files:
        if minutes is not None:
            raise BadInput("there is no series to resample", hint="give one with --series")
        return Series.snapshot(start or now().strftime(STAMP)), []
    read = [read_series(*file, network) for file in files]
    wheres = [Where(file=name) for _, name in files]
    parts = [(series, where) for (series, _), where in zip(read, wheres, strict=True)]
    return combined(parts, minutes), [finding for _, findings in read for finding in findings]


def _kept(store: Store, file: File) -> dict[str, str]:
    return {"sha256": store.keep(*file), "name": file[1]}


def _check(software: str, options: Options) -> None:
    if software not in ENGINES:
        raise BadInput(f"{software} doesn't run here", hint=f"engines are {', '.join(ENGINES)}")
    if options.costs and software != DISPATCH:
        raise BadInput("costs are for a dispatch", hint=f"use them with --software {DISPATCH}")
    for name, engine in (("pandapower", pandapower), ("lightsim2grid", lightsim2grid), ("pypsa", pypsa)):
        if software.startswith(name) and not engine.is_available():
            raise EngineError(f"{name} is not installed", hint="install the requirements or use newton")
