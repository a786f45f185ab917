"""Our voltages and loadings against an imported baseline: error of every node and branch, worst first."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from core.engines.opendss import Snapshot
from core.feeder import Feeder
from core.findings import Finding, Severity, listed
from core.formats.cyme.baseline import Baseline

PASS, WARN, FAIL, NOT_CHECKED = "PASS", "WARN", "FAIL", "NOT CHECKED"
#: Largest error that passes, and that only warns: voltage [pu], angle [°], loading [percentage points].
VOLTAGE_PU, ANGLE_DEG, LOADING_POINTS = (0.005, 0.010), (0.5, 1.0), (2.0, 5.0)
#: How close to √3 times the feeder's voltages those between phases lie.
BETWEEN_PHASES = 0.1


@dataclass(slots=True)
class Comparison:
    """What a comparison found."""

    verdict: str
    voltage: dict[str, Any]
    angle: dict[str, Any]
    loading: dict[str, Any]
    current: dict[str, Any]
    nodes: pd.DataFrame
    branches: pd.DataFrame
    unmatched: list[str]
    findings: list[Finding] = field(default_factory=list)


def compare(
    feeder: Feeder, snapshot: Snapshot, baseline: Baseline, *, tolerance_pu: float = VOLTAGE_PU[0]
) -> Comparison:
    """Compare a solved feeder with a baseline.

    Parameters
    ----------
    feeder, snapshot
        The model and its solution.
    baseline
        What to compare with.
    tolerance_pu
        Largest voltage error that passes [pu]; twice as much warns.
    """
    findings: list[Finding] = []
    nodes, offset = _nodes(_to_neutral(feeder, baseline, findings), snapshot, tolerance_pu)
    branches = _branches(feeder, snapshot, baseline)
    unmatched = [f"{bus}.{phase}" for bus, phase, found in _columns(nodes, "bus", "phase", "matched") if not found]
    unmatched += [name for name, found in _columns(branches, "id", "matched") if not found]
    verdict = _worst(nodes, branches)
    if not snapshot.converged:
        verdict = FAIL
        findings += snapshot.findings
    elif unmatched:
        verdict = WARN if verdict == PASS else verdict
        text = f"{len(unmatched)} of the baseline's rows have no counterpart: {listed(unmatched)}"
        findings.append(
            Finding(
                "feeder.baseline_unmatched", Severity.WARNING, text, "Check that baseline and feeder are of one study"
            )
        )
    if abs(offset) > ANGLE_DEG[0]:
        text = f"The baseline's angles are counted from another reference: {offset:.1f}° are taken from all differences"
        findings.append(Finding("feeder.baseline_rotated", Severity.INFO, text))
    return Comparison(
        verdict,
        _statistics(nodes, "error_pu"),
        _statistics(nodes, "error_deg"),
        _statistics(branches, "error_points"),
        _statistics(branches, "error_a"),
        nodes,
        branches,
        unmatched,
        findings,
    )


def _worst(*tables: pd.DataFrame) -> str:
    """Return the worst verdict of the tables' rows."""
    graded = {verdict for table in tables if not table.empty for verdict in table["verdict"]}
    return next((grade for grade in (FAIL, WARN, PASS) if grade in graded), NOT_CHECKED)


def _columns(table: pd.DataFrame, *names: str) -> Any:
    return zip(*(table[name] for name in names), strict=True) if not table.empty else ()


def _grade(error: pd.Series, limits: tuple[float, float]) -> np.ndarray:
    size = error.abs()
    graded = np.select([size <= limits[0], size <= limits[1], size > limits[1]], [PASS, WARN, FAIL], NOT_CHECKED)
    return np.asarray(graded)


def _to_neutral(feeder: Feeder, baseline: Baseline, findings: list[Finding]) -> pd.DataFrame:
    """Return the baseline's nodes in per unit; voltages √3 times the feeder's are between phases, whatever is said."""
    nodes = baseline.nodes
    if "v_kv" not in nodes:
        return nodes
    base = dict(zip(feeder["buses"]["id"].str.lower(), feeder["buses"]["kv_ll_base"] / math.sqrt(3), strict=True))
    from_kv = nodes["v_kv"] / nodes["bus"].str.lower().map(base)
    if abs(from_kv.median() / math.sqrt(3) - 1) < BETWEEN_PHASES:
        from_kv /= math.sqrt(3)
        text = "The baseline's voltages are √3 times the feeder's: they are taken as voltages between phases"
        hint = "Name the unit in the heading, kVLL or kVLN"
        findings.append(Finding("feeder.baseline_between_phases", Severity.WARNING, text, hint))
    return nodes.assign(v_pu=nodes["v_pu"].fillna(from_kv) if "v_pu" in nodes else from_kv)


def _nodes(theirs: pd.DataFrame, snapshot: Snapshot, tolerance_pu: float) -> tuple[pd.DataFrame, float]:
    """Return the nodes, worst first, and the rotation that all have in common [°], which their errors are without."""
    if theirs.empty:
        return pd.DataFrame(), 0.0
    theirs = theirs.assign(key=theirs["bus"].str.lower() + "." + theirs["phase"])
    columns = ["bus", "phase", "v_pu", "angle_deg"]
    ours = snapshot.nodes[columns] if not snapshot.nodes.empty else pd.DataFrame(columns=columns)
    ours = ours.assign(key=ours["bus"].astype(str).str.lower() + "." + ours["phase"].astype(str)).drop_duplicates("key")
    joined = theirs.merge(ours, on="key", how="left", suffixes=("_baseline", ""))
    error = joined["v_pu"] - joined["v_pu_baseline"]
    turned = _wrapped(joined["angle_deg"] - joined["angle_deg_baseline"])
    offset = _rotation(turned)
    turned = _wrapped(turned - offset)
    by_size, by_angle = _grade(error, (tolerance_pu, 2 * tolerance_pu)), _grade(turned, ANGLE_DEG)
    grades = (FAIL, WARN, PASS)
    table = pd.DataFrame(
        {
            "bus": joined["bus_baseline"],
            "phase": joined["phase_baseline"],
            "v_pu": joined["v_pu"],
            "baseline_v_pu": joined["v_pu_baseline"],
            "error_pu": error,
            "angle_deg": joined["angle_deg"],
            "baseline_angle_deg": joined["angle_deg_baseline"],
            "error_deg": turned,
            "verdict": np.select([(by_size == g) | (by_angle == g) for g in grades], grades, NOT_CHECKED),
            "matched": joined["bus"].notna(),
        }
    )
    shares = pd.DataFrame({"size": error.abs() / tolerance_pu, "angle": turned.abs() / ANGLE_DEG[0]})
    return table.iloc[np.argsort(-shares.max(axis=1).fillna(-1.0).to_numpy(), kind="stable")].reset_index(
        drop=True
    ), offset


def _wrapped(angle_deg: pd.Series) -> pd.Series:
    return (angle_deg + 180) % 360 - 180


def _rotation(turned: pd.Series) -> float:
    """Return the angle by which most nodes are turned [°]: the median about the first, so that ±180° is no edge."""
    known = turned.dropna()
    if known.empty:
        return 0.0
    first = float(known.iloc[0])
    return float(first + _wrapped(known - first).median())


def _branches(feeder: Feeder, snapshot: Snapshot, baseline: Baseline) -> pd.DataFrame:
    if baseline.branches.empty or snapshot.branches.empty:
        return pd.DataFrame()
    ours = snapshot.branches.copy()
    sections = dict(zip(feeder["branches"]["id"], feeder["branches"]["section"], strict=True))
    by_name = {name.lower(): index for index, name in reversed(list(enumerate(ours["id"])))}
    for index, name in reversed(list(enumerate(ours["id"]))):
        if sections.get(name):
            by_name.setdefault(sections[name].lower(), index)
        by_name.setdefault(f"line.{name}".lower(), index)
        by_name.setdefault(f"transformer.{name}".lower(), index)
    index = baseline.branches["id"].str.lower().map(by_name)
    matched = ours.reindex(index.to_numpy()).reset_index(drop=True)
    theirs = baseline.branches.reset_index(drop=True)
    ours_i = matched[["i_a_a", "i_b_a", "i_c_a"]].max(axis=1).fillna(matched["i_max_a"])
    theirs_i = theirs[["i_a_a", "i_b_a", "i_c_a"]].max(axis=1).fillna(theirs["i_max_a"])
    points = matched["loading_pct"] - theirs["loading_pct"]
    table = pd.DataFrame(
        {
            "id": theirs["id"],
            "i_a": ours_i,
            "baseline_i_a": theirs_i,
            "error_a": ours_i - theirs_i,
            "loading_pct": matched["loading_pct"],
            "baseline_loading_pct": theirs["loading_pct"],
            "error_points": points,
            "verdict": _grade(points, LOADING_POINTS),
            "matched": index.notna(),
        }
    )
    order = table["error_points"].abs().fillna(-1.0) * 1e6 + table["error_a"].abs().fillna(-1.0)
    return table.iloc[np.argsort(-order.to_numpy(), kind="stable")].reset_index(drop=True)


def _statistics(table: pd.DataFrame, column: str) -> dict[str, Any]:
    """Return count, largest, root-mean-square and mean error, and where the largest is."""
    errors = table[column].dropna() if not table.empty else pd.Series(dtype=float)
    if errors.empty:
        return {"count": 0, "max_abs": None, "rmse": None, "mean": None, "worst": None}
    worst = table.loc[errors.abs().idxmax()]
    name = worst["id"] if "id" in worst else f"{worst['bus']}.{worst['phase']}"
    return {
        "count": len(errors),
        "max_abs": float(errors.abs().max()),
        "rmse": float(np.sqrt((errors**2).mean())),
        "mean": float(errors.mean()),
        "worst": name,
    }
