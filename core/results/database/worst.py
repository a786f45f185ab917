"""A comparison seen by element: which is worst and when, and its differences over elements and time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.results.database.comparison import IDENTITY, Compared, states_of


def by_element(compared: Compared, quantity: str) -> pd.DataFrame:
    """Return for each element its largest difference, RMSE, when that is and both values there; the worst first."""
    known, keys = compared.known(quantity), IDENTITY[compared.component]
    sizes, groups = known[quantity].abs(), [known[key] for key in keys]
    at = sizes.groupby(groups).idxmax()
    worst = known.loc[at].assign(max_abs=sizes[at]).sort_values("max_abs", ascending=False, kind="stable")
    rmse = np.sqrt((sizes**2).groupby(groups).mean()).rename("rmse").reset_index()
    columns = [*keys, "max_abs", "timestamp", f"{quantity}_a", f"{quantity}_b"]
    found = worst[columns].merge(rmse, on=keys, how="left", validate="one_to_one")
    found.insert(0, "state", states_of(worst[quantity].to_numpy(), quantity).astype(str))
    return found.rename(columns={f"{quantity}_a": "a", f"{quantity}_b": "b"})


def heat_map(compared: Compared, quantity: str, elements: int, times: int) -> pd.DataFrame:
    """Return differences, elements (the worst first) × times; of steps drawn together the largest, with its sign."""
    keys = IDENTITY[compared.component]
    shown = by_element(compared, quantity)[keys].head(elements)
    drawn = compared.rows.merge(shown, on=keys)
    wide = drawn.pivot(index=keys, columns="timestamp", values=quantity)
    wide = wide.loc[list(map(tuple, shown.to_numpy())) if len(keys) > 1 else shown[keys[0]]]
    together = -(-wide.shape[1] // times)
    if together == 1:
        return wide
    starts = range(0, wide.shape[1], together)
    parts = [_largest(wide.iloc[:, first : first + together].to_numpy()) for first in starts]
    return pd.DataFrame(np.column_stack(parts), index=wide.index, columns=wide.columns[::together])


def _largest(values: np.ndarray) -> np.ndarray:
    """Return each row's value of the largest size; missing where all are."""
    at = np.argmax(np.nan_to_num(np.abs(values), nan=-1.0), axis=1)
    return np.asarray(values[np.arange(len(values)), at])
