"""Differences of two simulations, or of two software under one: by component, quantity, element and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, counted
from core.results.database.pairing import ENDS, moments, paired
from core.results.database.software import KEYS
from core.results.reconcile import Agreement, tolerances

#: Component → the quantities that are compared.
QUANTITIES = {
    "bus": ("v_mag", "angle_deg", "p", "q"),
    "generator": ("p", "q"),
    "load": ("p", "q"),
    "line": ("line_pct",),
}
#: Component → the columns that tell an element.
IDENTITY = {component: [KEYS[component], *ends] for component, ends in ENDS.items()}

#: Nominal voltages that are closer are the same.
SAME_BASE = 0.01
#: The share of the larger side's buses under which common ones look like those of two grids.
FEW = 0.5
STATES = (Agreement.AGREES, Agreement.EXPLAIN, Agreement.CONTRADICTS)


@dataclass(frozen=True, slots=True)
class Compared:
    """One component's differences A − B, a row an element and time, and what only one of the two has."""

    component: str
    rows: pd.DataFrame
    only_a: int
    only_b: int

    def worst_first(self) -> pd.DataFrame:
        """Return the rows, those with the largest difference of the first quantity first."""
        first = QUANTITIES[self.component][0]
        return self.rows.sort_values(first, key=np.abs, ascending=False, kind="stable", na_position="last")

    def summary(self) -> dict[str, dict[str, Any]]:
        """Return for each quantity its largest difference, RMSE, correlation and worst element."""
        return {name: _summary(self, name) for name in QUANTITIES[self.component]}


def compare(a: Mapping[str, pd.DataFrame], b: Mapping[str, pd.DataFrame], rebase: float = 1.0) -> dict[str, Compared]:
    """Compare two simulations' tables by component, those that both have; ``rebase`` as :func:`compare_tables` has it.

    Raises
    ------
    BadInput
        When the two have no element and time in common in any of them.
    """
    found = {
        component: compare_tables(a[component], b[component], component, rebase)
        for component in QUANTITIES
        if len(a[component]) and len(b[component])
    }
    if not found:
        raise BadInput("one of the two has no results to compare", hint="see what there is with: results list")
    refuse_strangers(found.values())
    return found


def refuse_strangers(every: Iterable[Compared]) -> None:
    """Refuse a comparison in which nothing has a partner."""
    if not any(len(each.rows) for each in every):
        hint = "compare simulations of one grid over the same time"
        raise BadInput("the two have no element and time stamp in common", hint=hint)


def of_other_grids(a: pd.DataFrame, b: pd.DataFrame) -> list[Finding]:
    """Say when few buses are on both sides, or have other nominal voltages: two grids that happen to number alike."""
    one, other = (side.drop_duplicates("bus").set_index("bus")["vbase"] for side in (a, b))
    common, most = len(one.index.intersection(other.index)), max(len(one), len(other))
    if common < FEW * most:
        text = f"only {common} of {most} buses are in both: are both of one grid?"
        return [Finding("results.other_grid", Severity.WARNING, text, "buses are matched by their numbers")]
    ratio = (one / other).dropna()
    count = int(((ratio - 1).abs() > SAME_BASE).sum())
    if not count:
        return []
    text = f"other nominal voltages at {counted(count, 'bus', 'buses')} of {len(ratio)}: are both of one grid?"
    hint = "buses are matched by their numbers, whatever they are called"
    return [Finding("results.other_grid", Severity.WARNING, text, hint)]


def on_other_bases(a_mva: float, b_mva: float) -> list[Finding]:
    """Say when per unit is not the same on both sides, and on which base they are compared."""
    if a_mva == b_mva:
        return []
    text = f"A's system base is {a_mva:g} MVA, B's is {b_mva:g} MVA: B's powers are compared in per unit of A's base"
    return [Finding("results.other_base", Severity.INFO, text)]


def compare_tables(a: pd.DataFrame, b: pd.DataFrame, component: str, rebase: float = 1.0) -> Compared:
    """Compare a component's results; two snapshots are compared whatever their time stamps.

    ``rebase`` makes per unit of A's system base of B's powers: B's base over A's.
    """
    b = b.assign(**{name: b[name] * rebase for name in ("p", "q") if name in b})
    a, b = (side.assign(timestamp=moments(side["timestamp"])) for side in (a, b))
    if a["timestamp"].nunique() == 1 and b["timestamp"].nunique() == 1:
        b = b.assign(timestamp=a["timestamp"].iloc[0])
    if component == "bus":
        a, b = _from_one_swing_bus(a, b)
    names, elements = QUANTITIES[component], paired(a, b, component)
    keys = _numbered(a["timestamp"], b["timestamp"], elements)
    partner = pd.Index(keys[1]).get_indexer(pd.Index(keys[0]))
    both = partner >= 0
    rows = a.loc[both, ["timestamp", *IDENTITY[component]]].reset_index(drop=True)
    sides = {"a": a[both], "b": b.iloc[partner[both]]}
    values = {f"{name}_{side}": frame[name].to_numpy() for side, frame in sides.items() for name in names}
    rows = rows.astype(dict.fromkeys(IDENTITY[component], "int64")).assign(**values)
    for name in names:
        difference = rows[f"{name}_a"] - rows[f"{name}_b"]
        rows[name] = (difference + 180) % 360 - 180 if name == "angle_deg" else difference
    return Compared(component, rows, int((~both).sum()), len(b) - int(both.sum()))


def _numbered(a: pd.Series, b: pd.Series, elements: tuple[pd.Series, pd.Series]) -> tuple[np.ndarray, np.ndarray]:
    """Return one number for each time and element, the same on both sides for the same."""
    codes, _ = pd.factorize(np.concatenate([a.to_numpy(dtype=object), b.to_numpy(dtype=object)]))
    lowest = min(int(side.min()) for side in elements)
    width = max(int(side.max()) for side in elements) - lowest + 1
    one, other = codes[: len(a)] * width, codes[len(a) :] * width
    return one + elements[0].to_numpy() - lowest, other + elements[1].to_numpy() - lowest


def _from_one_swing_bus(a: pd.DataFrame, b: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both with the angles from A's swing bus, where it has one and B has that bus: the zero is arbitrary."""
    if "type" not in a:
        return a, b
    swings = a.loc[a["type"] == "Slack", "bus"].unique()
    if len(swings) != 1 or not (b["bus"] == swings[0]).any():
        return a, b
    sides = []
    for side in (a, b):
        zero = side[side["bus"] == swings[0]].set_index("timestamp")["angle_deg"]
        sides.append(side.assign(angle_deg=side["angle_deg"] - side["timestamp"].map(zero)))
    return sides[0], sides[1]


def _summary(compared: Compared, name: str) -> dict[str, Any]:
    rows = compared.rows
    known = rows[rows[name].notna()]
    if known.empty:
        nothing = dict.fromkeys(("max_abs", "rmse", "correlation", "worst"))
        return nothing | {"compared": 0, "state": str(Agreement.NOTHING), "states": {}}
    at = int(known[name].abs().to_numpy().argmax())
    worst = known.iloc[at]
    a, b = known[f"{name}_a"].to_numpy(), known[f"{name}_b"].to_numpy()
    varies = len(known) > 1 and np.ptp(a) > 0 and np.ptp(b) > 0
    states = states_of(known[name], name)
    return {
        "max_abs": float(abs(worst[name])),
        "rmse": float(np.sqrt(np.mean(known[name] ** 2))),
        "correlation": float(np.corrcoef(a, b)[0, 1]) if varies else None,
        "compared": len(known),
        "state": str(states[at]),
        "states": {str(state): int((states == state).sum()) for state in STATES},
        "worst": {
            **{key: worst[key] for key in ("timestamp", *IDENTITY[compared.component])},
            "a": worst[f"{name}_a"],
            "b": worst[f"{name}_b"],
        },
    }


def states_of(differences: pd.Series, name: str) -> np.ndarray:
    """Return how each difference stands to the tolerances of ``tolerances.csv``."""
    tolerance = next(each for each in tolerances("simulation") if each.quantity == name)
    size = differences.abs().to_numpy()
    limits = [size <= tolerance.agree * (1 + 1e-9), size <= tolerance.contradict * (1 + 1e-9)]
    return np.select(limits, STATES[:2], STATES[2])
