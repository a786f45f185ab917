"""Differences of two simulations, or of two software under one: by component, quantity, element and time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, counted
from core.results.database.pairing import ENDS, paired, same_moments
from core.results.database.simulations import DONE, Simulation
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
        """Return the rows, those with the largest difference of the first quantity first.

        That one side alone has no value is worse than any difference.
        """
        first = QUANTITIES[self.component][0]
        lacking = np.logical_or(*self.lacking(first))
        size = self.rows[first].abs().mask(lacking, np.inf)
        return self.rows.loc[size.sort_values(ascending=False, kind="stable", na_position="last").index]

    def lacking(self, quantity: str) -> tuple[np.ndarray, np.ndarray]:
        """Return where A alone has no value of the quantity, and where B alone has none."""
        a, b = (self.rows[f"{quantity}_{side}"].isna().to_numpy() for side in "ab")
        return a & ~b, b & ~a

    def known(self, quantity: str) -> pd.DataFrame:
        """Return the rows that have a difference of the quantity, with both values and what tells them."""
        rows = self.rows[["timestamp", *IDENTITY[self.component], quantity, f"{quantity}_a", f"{quantity}_b"]]
        there = rows[quantity].notna()
        return rows if there.all() else rows[there]

    def summary(self) -> dict[str, dict[str, Any]]:
        """Return for each quantity its largest difference, RMSE, correlation and worst element, and what lacks."""
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
        for component in a
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


def unfinished(a: Simulation, b: Simulation) -> list[Finding]:
    """Say which of the two are not done."""
    return [
        Finding(
            "results.unfinished", Severity.WARNING, f"{name} is {own.state}: only the steps that it has are compared"
        )
        for name, own in (("A", a), ("B", b))
        if own.state != DONE
    ]


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


def unsolved_alone(buses: Compared) -> list[Finding]:
    """Say at which steps one side alone has neither voltage nor angle at any bus; a linear dispatch has angles."""
    a, b = (buses.rows[[f"v_mag_{side}", f"angle_deg_{side}"]].isna().all(axis=1).to_numpy() for side in "ab")
    found = []
    for side, lacking in (("A", a & ~b), ("B", b & ~a)):
        if not lacking.any():
            continue
        stamps = pd.Series(lacking).groupby(buses.rows["timestamp"].to_numpy()).all()
        if count := int(stamps.sum()):
            text = f"{side} alone has no solution at {counted(count, 'step')} of {len(stamps)}, first {stamps.idxmax()}"
            hint = "they are left out of differences and correlation"
            found.append(Finding("results.unsolved", Severity.WARNING, text, hint))
    return found


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
    (time_a, time_b), stamps = same_moments(a["timestamp"], b["timestamp"])
    at_a, at_b = _partners((time_a, time_b), paired(a, b, component))
    found = {"timestamp": stamps[time_a[at_a]]}
    found |= {name: a[name].to_numpy()[at_a].astype(np.int64) for name in IDENTITY[component]}
    swing = _swing_bus(a, b) if component == "bus" else None
    differences = {}
    for name in QUANTITIES[component]:
        one, other = a[name].to_numpy(), b[name].to_numpy()
        if name in ("p", "q"):
            other = other * rebase
        if name == "angle_deg" and swing is not None:
            one, other = _turned(one, a["bus"], time_a, swing), _turned(other, b["bus"], time_b, swing)
        one, other = one[at_a], other[at_b]
        difference = one - other
        differences[name] = (difference + 180) % 360 - 180 if name == "angle_deg" else difference
        found |= {f"{name}_a": one, f"{name}_b": other}
    rows = pd.DataFrame(found | differences, copy=False)
    return Compared(component, rows, len(a) - len(rows), len(b) - len(rows))


def _partners(times: tuple[np.ndarray, np.ndarray], elements: tuple[pd.Series, pd.Series]) -> tuple[Any, Any]:
    """Return which rows of both are of the same time and element."""
    one, other = (side.to_numpy() for side in elements)
    lowest = min(one.min(), other.min())
    width = max(one.max(), other.max()) - lowest + 1
    keys = times[0] * width + one - lowest, times[1] * width + other - lowest
    if np.array_equal(*keys):
        return slice(None), slice(None)
    partner = pd.Index(keys[1]).get_indexer(pd.Index(keys[0]))
    both = partner >= 0
    return np.flatnonzero(both), partner[both]


def _swing_bus(a: pd.DataFrame, b: pd.DataFrame) -> int | None:
    """Return A's swing bus, where it has one and B has that bus: the zero of angles is arbitrary."""
    if "type" not in a:
        return None
    swings = a.loc[a["type"] == "Slack", "bus"].unique()
    return int(swings[0]) if len(swings) == 1 and (b["bus"] == swings[0]).any() else None


def _turned(angle_deg: np.ndarray, bus: pd.Series, time: np.ndarray, swing: int) -> np.ndarray:
    """Return the angles from the swing bus of their time; missing where it has none."""
    own = (bus == swing).to_numpy()
    zero = np.full(time.max() + 1, np.nan)
    zero[time[own]] = angle_deg[own]
    return np.asarray(angle_deg - zero[time])


def _summary(compared: Compared, name: str) -> dict[str, Any]:
    every = [compared.rows[column].to_numpy() for column in (name, f"{name}_a", f"{name}_b")]
    known = np.flatnonzero(~np.isnan(every[0]))
    missing = {side: int(lacking.sum()) for side, lacking in zip("ab", compared.lacking(name), strict=True)}
    if not len(known):
        nothing = dict.fromkeys(("max_abs", "rmse", "correlation", "worst"))
        return nothing | {"compared": 0, "missing": missing, "state": str(Agreement.NOTHING), "states": {}}
    differences, a, b = (values[known] for values in every) if len(known) < len(every[0]) else every
    at = int(np.abs(differences).argmax())
    worst = compared.rows.iloc[known[at]]
    varies = len(known) > 1 and np.ptp(a) > 0 and np.ptp(b) > 0
    states = states_of(differences, name)
    alone = states[at] == Agreement.AGREES and any(missing.values())
    return {
        "max_abs": float(abs(differences[at])),
        "rmse": float(np.sqrt(np.mean(differences**2))),
        "correlation": float(np.corrcoef(a, b)[0, 1]) if varies else None,
        "compared": len(known),
        "missing": missing,
        "state": str(Agreement.EXPLAIN if alone else states[at]),
        "states": {str(state): int((states == state).sum()) for state in STATES},
        "worst": {
            **{key: worst[key] for key in ("timestamp", *IDENTITY[compared.component])},
            "a": worst[f"{name}_a"],
            "b": worst[f"{name}_b"],
        },
    }


def states_of(differences: np.ndarray, name: str) -> np.ndarray:
    """Return how each difference stands to the tolerances of ``tolerances.csv``."""
    tolerance = next(each for each in tolerances("simulation") if each.quantity == name)
    size = np.abs(differences)
    limits = [size <= tolerance.agree * (1 + 1e-9), size <= tolerance.contradict * (1 + 1e-9)]
    return np.select(limits, STATES[:2], STATES[2])
