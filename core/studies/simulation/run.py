"""A simulation from its kept files into the database, block by block; each block is written whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.engines import lightsim2grid, pandapower, pypsa
from core.errors import BadInput, EngineError
from core.findings import Finding, Severity, Where
from core.formats.networks import read_network
from core.network import Network
from core.results import database
from core.store import Store, now
from core.store.files import Files
from core.studies.simulation import dispatch
from core.studies.simulation.resampling import resampled
from core.studies.simulation.series import STAMP, Series, read_series
from core.studies.simulation.steps import Grid, farm_table, tables, voltages

#: Engines of load flows, and the one that dispatches.
FLOWS = ("newton", "pandapower", "lightsim2grid", "pypsa")
DISPATCH = "pypsa-dispatch"
ENGINES = (*FLOWS, DISPATCH)
#: What a block has at most: rows of all tables together, and steps.
BLOCK_ROWS, BLOCK_STEPS = 200_000, 500

File = tuple[bytes, str]


@dataclass(slots=True)
class Outcome:
    """What became of a simulation."""

    grid_sim_id: int
    unsolved: int  # steps without a solution
    findings: list[Finding]


def simulate(
    store: Store, network: File, series: File | None = None, software: str = "newton", step_minutes: float | None = None
) -> Outcome:
    """Simulate a network file here and now, as it is or over a series."""
    sim = enter(store, network, series, software, step_minutes)
    own = database.simulation(store, sim)
    for first, last in blocks(own.steps or 0, own.inputs["block"]):
        calculate(store, sim, slice(first, last))
    return conclude(store, sim)


def enter(
    store: Store, network: File, series: File | None = None, software: str = "newton", step_minutes: float | None = None
) -> int:
    """Check and keep the files, and enter their simulation into the database; return its number.

    With ``step_minutes`` the series is resampled.
    """
    _check(software)
    reading = read_network(*network)
    if reading.value["bus"].empty:
        raise BadInput("the file has no bus to simulate")
    if software == DISPATCH:
        dispatch.costs(reading.value)
    steps, _ = _series(reading.value, series, step_minutes)
    elements = sum(len(reading.value[table]) for table in ("bus", "generator", "load", "branch", "transformer"))
    inputs = {
        "network": _kept(store, network),
        "series": series and _kept(store, series),
        "engine": software,
        "step_minutes": step_minutes,
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


def blocks(steps: int, size: int) -> list[tuple[int, int]]:
    """Return first step and end of each block."""
    return [(first, min(first + size, steps)) for first in range(0, steps, size)]


def calculate(store: Store, sim: int, steps: slice) -> None:
    """Calculate and write a block of steps, unless the database has it."""
    own = database.simulation(store, sim)
    grid, series, _ = _prepared(store, own)
    if database.has_step(store, sim, series.timestamps[steps.start]):
        return
    if own.inputs["engine"] == DISPATCH:
        found = dispatch.tables(grid, series, steps)
    else:
        powers = grid.at(series, steps)
        found = tables(grid, series, steps, voltages(grid, own.software, *powers), powers)
    made = {name: frame for name, frame in found.items() if len(frame)}
    database.insert_tables(store, sim, made, farms=farm_table(series, steps), steps=steps.stop - steps.start)


def conclude(store: Store, sim: int) -> Outcome:
    """Mark a simulation as done whose steps are all written."""
    own = database.simulation(store, sim)
    if own.steps_done != own.steps:
        raise EngineError(f"{(own.steps or 0) - own.steps_done} of {own.steps} steps are missing", hint="resume it")
    _, series, findings = _prepared(store, own)
    database.finish(store, sim, series.timestamps[-1])
    unsolved = database.count_unsolved(store, sim)
    if unsolved:
        text = f"{unsolved} of {own.steps} steps have no solution: their results are empty"
        remark = Finding("simulation.unsolved", Severity.ERROR, text, "check the load of those steps")
        findings = [*findings, remark]
    return Outcome(sim, unsolved, findings)


Prepared = tuple[Grid, Series, list[Finding]]


def _prepared(store: Store, own: database.Simulation) -> Prepared:
    """Return the simulation's network and series; blocks of one simulation in a process read them once."""
    files = [own.inputs["network"], own.inputs["series"] or {}]
    names = [str(file.get(key, "")) for file in files for key in ("sha256", "name")]
    return _read(store.settings.workspace / "files", own.timestamp_start, own.inputs.get("step_minutes"), *names)


@lru_cache(maxsize=1)
def _read(
    folder: Path, start: str, minutes: float | None, network: str, network_name: str, series: str, series_name: str
) -> Prepared:
    files = Files(folder)
    reading = read_network(files.content(network), network_name)
    file = (files.content(series), series_name) if series else None
    steps, findings = _series(reading.value, file, minutes, start)
    return Grid.of(reading.value), steps, [*reading.findings, *findings]


def _series(
    network: Network, file: File | None, minutes: float | None, start: str = ""
) -> tuple[Series, list[Finding]]:
    if file is None:
        if minutes is not None:
            raise BadInput("there is no series to resample", hint="give one with --series")
        return Series.snapshot(start or now().strftime(STAMP)), []
    series, findings = read_series(*file, network)
    return (series if minutes is None else resampled(series, minutes, Where(file=file[1]))), findings


def _kept(store: Store, file: File) -> dict[str, str]:
    return {"sha256": store.keep(*file), "name": file[1]}


def _check(software: str) -> None:
    if software not in ENGINES:
        raise BadInput(f"{software} doesn't run here", hint=f"engines are {', '.join(ENGINES)}")
    for name, engine in (("pandapower", pandapower), ("lightsim2grid", lightsim2grid), ("pypsa", pypsa)):
        if software.startswith(name) and not engine.is_available():
            raise EngineError(f"{name} is not installed", hint="install the requirements or use newton")
