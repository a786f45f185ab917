"""Match two models of one feeder, such as CYME's and GIS's: by id, then by place and by connections.

Where the two have coordinates of different systems, the buses matched by id give the transformation between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.feeder import Feeder
from core.feeder.places import INTERNAL, place_internal
from core.findings import Finding, Reading, Severity
from core.formats.gis.layers import plain

#: How sure a match is, by how it was found; a match by place is weighted by its distance.
SURE = {"manual": 1.0, "id": 1.0, "name": 0.9, "place": 0.8, "connections": 0.7}
COLUMNS = ["table", "ours", "gis", "method", "confidence", "distance"]


def reconcile(
    model: Feeder, gis: Feeder, manual: Mapping[str, str] | None = None, *, reach: float = 0.02
) -> pd.DataFrame:
    """Return the matches of buses and branches.

    Parameters
    ----------
    model, gis
        The two models.
    manual
        Matches that a person gave: id in the model → id in the GIS; they win.
    reach
        Largest distance of a match by place, as a share of the feeder's extent.

    Returns
    -------
    Columns ``table``, ``ours``, ``gis`` (empty where none is found), ``method``, ``confidence``, ``distance``.
    """
    rows = []
    for table in ("buses", "branches"):
        ours, theirs = list(model[table]["id"]), list(gis[table]["id"])
        rows += _by_name(table, ours, theirs, manual or {})
    buses = {row[1]: row[2] for row in rows if row[0] == "buses"}
    rows += _by_place(model, gis, buses, reach)
    buses |= {row[1]: row[2] for row in rows if row[0] == "buses"}
    rows += _by_connections(
        model,
        gis,
        buses,
        {row[1] for row in rows if row[0] == "branches"},
        {row[2] for row in rows if row[0] == "branches"},
    )
    matched = {(row[0], row[1]) for row in rows}
    rows += [
        (table, name, "", "", 0.0, np.nan)
        for table in ("buses", "branches")
        for name in model[table]["id"]
        if (table, name) not in matched
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _by_name(
    table: str, ours: list[str], theirs: list[str], manual: Mapping[str, str]
) -> list[tuple[str, str, str, str, float, float]]:
    there = set(theirs)
    plain_there: dict[str, list[str]] = {}
    for name in theirs:
        plain_there.setdefault(plain(name), []).append(name)
    found = []
    for name in ours:
        alike = plain_there.get(plain(name), [])
        if manual.get(name) in there:
            found.append((table, name, manual[name], "manual", SURE["manual"], np.nan))
        elif name in there:
            found.append((table, name, name, "id", SURE["id"], np.nan))
        elif len(alike) == 1 and plain(name):
            found.append((table, name, alike[0], "name", SURE["name"], np.nan))
    return found


def _points(feeder: Feeder) -> dict[str, NDArray[np.float64]]:
    buses = feeder["buses"].dropna(subset=["x", "y"])
    return dict(zip(buses["id"], buses[["x", "y"]].to_numpy(dtype=float), strict=True))


def transformation(pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> NDArray[np.float64] | None:
    """Return the 3 × 2 matrix that takes our coordinates to the GIS's best, none with fewer than three pairs."""
    if len(pairs) < 3:
        return None
    ours = np.column_stack([np.array([pair[0] for pair in pairs]), np.ones(len(pairs))])
    if np.linalg.matrix_rank(ours) < 3:
        return None
    return np.asarray(np.linalg.lstsq(ours, np.array([pair[1] for pair in pairs]), rcond=None)[0])


def _by_place(
    model: Feeder, gis: Feeder, matched: Mapping[str, str], reach: float
) -> list[tuple[str, str, str, str, float, float]]:
    from scipy.spatial import cKDTree

    ours, theirs = _points(model), _points(gis)
    free = {name: point for name, point in theirs.items() if name not in set(matched.values())}
    moved = transformation([(ours[a], theirs[b]) for a, b in matched.items() if a in ours and b in theirs])
    if moved is None and model.crs and model.crs == gis.crs:
        moved = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    if moved is None or not free:
        return []
    everywhere = np.array(list(theirs.values()))
    limit = reach * float(np.linalg.norm(np.ptp(everywhere, axis=0)))
    tree, names = cKDTree(np.array(list(free.values()))), list(free)
    candidates = []
    for name, point in ours.items():
        if name in matched:
            continue
        distance, index = tree.query(np.array([*point, 1.0]) @ moved)
        if distance <= limit:
            candidates.append((float(distance), name, names[int(index)]))
    found, used = [], set()
    for distance, name, other in sorted(candidates):
        if other not in used:
            used.add(other)
            confidence = SURE["place"] * (1 - 0.5 * distance / limit) if limit else SURE["place"]
            found.append(("buses", name, other, "place", confidence, distance))
    return found


def _by_connections(
    model: Feeder, gis: Feeder, buses: Mapping[str, str], done: set[str], used: set[str]
) -> list[tuple[str, str, str, str, float, float]]:
    """Match branches whose two buses are matched, when there is one branch between these buses on both sides."""

    def between(feeder: Feeder) -> dict[frozenset[str], list[str]]:
        found: dict[frozenset[str], list[str]] = {}
        table = feeder["branches"]
        for name, start, end in zip(table["id"], table["from_bus"], table["to_bus"], strict=True):
            found.setdefault(frozenset((start, end)), []).append(name)
        return found

    theirs = between(gis)
    found = []
    for ends, names in between(model).items():
        there = theirs.get(frozenset(buses.get(bus, "") for bus in ends), [])
        if len(names) == 1 and len(there) == 1 and names[0] not in done and there[0] not in used:
            found.append(("branches", names[0], there[0], "connections", SURE["connections"], np.nan))
    return found


def place(
    model: Feeder, gis: Reading[Feeder], findings: list[Finding], manual: Mapping[str, str] | None = None
) -> Feeder:
    """Return the model with the coordinates, vertices, poles and meters of the GIS, where they match."""
    matches = reconcile(model, gis.value, manual)
    beside = ("gis.no_impedance", "gis.no_source")  # the model has these
    findings.extend(finding for finding in gis.findings if finding.code not in beside)
    buses = matches[(matches["table"] == "buses") & (matches["gis"] != "")]
    to_gis = dict(zip(buses["ours"], buses["gis"], strict=True))
    points = _points(gis.value)
    table = model["buses"].copy()
    for axis, k in (("x", 0), ("y", 1)):
        table[axis] = [points[to_gis[name]][k] if to_gis.get(name) in points else np.nan for name in table["id"]]
    lines = matches[(matches["table"] == "branches") & (matches["gis"] != "")]
    from_gis = dict(zip(lines["gis"], lines["ours"], strict=True))
    vertices = gis.value["vertices"]
    vertices = vertices[vertices["branch"].isin(set(from_gis))].copy()
    vertices["branch"] = vertices["branch"].map(from_gis)
    drawn = int((~table["id"].str.contains(INTERNAL, regex=False)).sum())
    count = f"{len(buses)} of {drawn} buses and {len(lines)} of {len(model['branches'])} branches"
    text = f"{count} have their place in the GIS"
    severity = Severity.INFO if len(buses) >= drawn else Severity.WARNING
    findings.append(
        Finding("gis.reconciled", severity, text, "Match the others by hand" if severity is Severity.WARNING else "")
    )
    tables = {"buses": table, "vertices": vertices, "poles": gis.value["poles"], "meters": gis.value["meters"]}
    placed = replace(model.with_tables(tables), crs=gis.value.crs)
    return placed.with_tables({"buses": place_internal(placed)})
