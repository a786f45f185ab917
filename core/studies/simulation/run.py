"""A simulation from its kept files into the database, block by block; one that broke off goes on where it stopped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.engines import lightsim2grid, pandapower
from core.errors import BadInput, EngineError
from core.findings import Finding, Severity
from core.formats.networks import read_network
from core.network import Network
from core.results.database import begin, finish, insert_tables, recording, simulation
from core.store import Store, now
from core.studies.simulation.series import STAMP, Series, read_series
from core.studies.simulation.steps import Grid, farm_table, tables, voltages

ENGINES = ("newton", "pandapower", "lightsim2grid")
#: Steps calculated and written in one go.
BLOCK = 500


@dataclass(slots=True)
class Outcome:
    """What became of a simulation."""

    grid_sim_id: int
    unsolved: int  # steps without a solution
    findings: list[Finding]


def simulate(
    store: Store, network: tuple[bytes, str], series: tuple[bytes, str] | None = None, software: str = "newton"
) -> Outcome:
    """Simulate a network file, as it is or over a series; both are kept, so that the simulation can be resumed."""
    _check(software)
    reading = read_network(*network)
    steps, _ = _series(reading.value, series)
    if reading.value["bus"].empty:
        raise BadInput("the file has no bus to simulate")
    inputs = {"network": _kept(store, network), "series": series and _kept(store, series), "engine": software}
    sim = begin(
        store,
        reading.value.name or network[1],
        software,
        reading.value.base_mva,
        steps.timestamps[0],
        steps=len(steps.timestamps),
        inputs=inputs,
    )
    return resume(store, sim)


def resume(store: Store, sim: int) -> Outcome:
    """Calculate the steps of a simulation that are not in the database yet."""
    own = simulation(store, sim)
    if own.state == "done":
        raise BadInput(f"simulation {sim} is done")
    if "network" not in own.inputs:
        raise BadInput(f"simulation {sim} was not calculated here", hint="remove it, or import its file again")
    reading = read_network(store.content(own.inputs["network"]["sha256"]), own.inputs["network"]["name"])
    kept = own.inputs["series"]
    file = (store.content(kept["sha256"]), kept["name"]) if kept else None
    series, findings = _series(reading.value, file, own.timestamp_start)
    grid, unsolved = Grid.of(reading.value), 0
    with recording(store, sim):
        for first in range(own.steps_done, len(series.timestamps), BLOCK):
            steps = slice(first, min(first + BLOCK, len(series.timestamps)))
            powers = grid.at(series, steps)
            v = voltages(grid, own.software, *powers)
            unsolved += int(np.isnan(v[:, grid.case.solved]).any(axis=1).sum()) if len(grid.case.slack) else len(v)
            made = tables(grid, series, steps, v, powers)
            filled = {component: frame for component, frame in made.items() if len(frame)}
            insert_tables(store, sim, filled, farms=farm_table(series, steps), steps_done=steps.stop)
        finish(store, sim, series.timestamps[-1])
    if unsolved:
        text = f"{unsolved} of {len(series.timestamps)} steps have no solution: their results are empty"
        findings.append(Finding("simulation.unsolved", Severity.ERROR, text, "check the load of those steps"))
    return Outcome(sim, unsolved, [*reading.findings, *findings])


def _series(network: Network, file: tuple[bytes, str] | None, start: str = "") -> tuple[Series, list[Finding]]:
    return read_series(*file, network) if file else (Series.snapshot(start or now().strftime(STAMP)), [])


def _kept(store: Store, file: tuple[bytes, str]) -> dict[str, str]:
    return {"sha256": store.keep(*file), "name": file[1]}


def _check(software: str) -> None:
    if software not in ENGINES:
        raise BadInput(f"{software} doesn't run here", hint=f"engines are {', '.join(ENGINES)}")
    for name, engine in (("pandapower", pandapower), ("lightsim2grid", lightsim2grid)):
        if software == name and not engine.is_available():
            raise EngineError(f"{name} is not installed", hint="install the requirements or use newton")
