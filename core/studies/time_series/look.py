"""Look into the files of a finished year: one element over all steps, or everything at one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.errors import NotFound


def series_of(files: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Return columns of a quantity over the year, indexed by step.

    Parameters
    ----------
    files
        The quantity's files, a block each, such as ``year["files"]["voltages"]``.
    names
        Nodes (``bus.phase``), elements or sums, as the files name them.
    """
    return pd.concat([pd.read_parquet(file, columns=["step", *names]) for file in files]).set_index("step")


def state_at(year: Mapping[str, Any], step: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the nodes' voltages and the elements' loadings at a step, from what the run kept.

    Returns
    -------
    Tables with ``bus``, ``phase``, ``v_pu``, and with ``id``, ``loading_pct``.

    Raises
    ------
    NotFound
        The run has no such step, or its block failed.
    """
    volts = _row(year["files"]["voltages"], step)
    nodes = pd.Series(volts.index, dtype=str).str.rsplit(".", n=1, expand=True)
    voltages = pd.DataFrame({"bus": nodes[0], "phase": nodes[1], "v_pu": volts.to_numpy()})
    loading = _row(year["files"]["loadings"], step)
    return voltages, pd.DataFrame({"id": loading.index, "loading_pct": loading.to_numpy()})


def _row(files: Sequence[str], step: int) -> pd.Series:
    """Return a step's values from the one file that has it."""
    import pyarrow.parquet as pq

    for file in files:
        steps = pq.read_table(file, columns=["step"])["step"].to_numpy()
        if steps[0] <= step <= steps[-1]:
            rows: pd.DataFrame = pq.read_table(file).slice(step - int(steps[0]), 1).to_pandas()
            return rows.drop(columns="step").iloc[0].astype(float)
    raise NotFound(f"The run has no step {step}", hint="Choose another hour, or resume the run")
