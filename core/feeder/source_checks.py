"""Checks of a feeder's sources: there is one, its phases follow each other, and several agree where they meet."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from core.feeder.subject import Subject
from core.feeder.topology import Edge, edges_of
from core.findings import Finding, Severity, listed

#: Phases of a source may be off their 120° by this much [°].
TURN_DEG = 15.0
#: Sources that lines join differ by less than this: voltage [share], angle [°].
NEAR_SHARE, NEAR_DEG = 0.05, 5.0


def has_source(subject: Subject) -> list[Finding]:
    """Without a source nothing can be calculated."""
    if subject.tree.roots:
        return []
    hint = "Add the file that has the head node and its source"
    return [subject.finding("no_source", Severity.ERROR, "The feeder has no source", hint)]


def phases_turn(subject: Subject) -> list[Finding]:
    """The phases of a source are 120° apart and follow each other as A, B, C."""
    sources = subject.feeder["sources"]
    found = []
    for row in sources[sources["in_service"]].to_dict("records"):
        places = ["".join(row["phases"]).find(phase) for phase in "ABC"]
        if min(places) < 0 or max(places) > 2:
            continue
        angle = np.array([row[f"angle_{'abc'[place]}_deg"] for place in places])
        behind = (angle - np.roll(angle, -1)) % 360
        if (np.abs(behind - 120) <= TURN_DEG).all():
            continue
        turned = bool((np.abs(behind - 240) <= TURN_DEG).all())
        how = "follow each other as A, C, B" if turned else "are not 120° apart"
        given = ", ".join(f"{value:g}°" for value in angle)
        text = f"The phases of the source at {row['bus']} {how}: {given}"
        hint = "Correct the angles of the source: unbalance and phase shifts are wrong with them"
        code = "source_sequence" if turned else "source_angles"
        found.append(subject.finding(code, Severity.ERROR, text, hint, table="sources", element=row["bus"]))
    return found


def one_source(subject: Subject) -> list[Finding]:
    """Two sources that meet circulate power between them, much where lines join different voltages or angles."""
    if len(subject.tree.roots) < 2:
        return []
    feeder = subject.feeder
    edges = edges_of(feeder)
    regulators = set(feeder["transformers"].loc[feeder["transformers"]["kind"] == "regulator", "id"])
    lines = [edge for edge in edges if edge.table == "branches" or edge.element in regulators]
    sources = feeder["sources"][feeder["sources"]["in_service"]].drop_duplicates("bus").set_index("bus")
    found = []
    others = set(subject.tree.roots)
    for bus in subject.tree.roots:
        others.discard(bus)
        met = sorted(others & _reached(bus, edges))
        if not met:
            continue
        apart = next(filter(None, (_apart(sources, bus, other) for other in met if other in _reached(bus, lines))), "")
        text = f"The sources at {bus} and {listed(met)} feed the same network{apart}"
        hint = "Open the tie between them, or remove a source" + (", or correct its voltage" if apart else "")
        code, severity = ("sources_differ", Severity.ERROR) if apart else ("two_sources", Severity.WARNING)
        found.append(subject.finding(code, severity, text, hint, table="sources", element=bus))
    return found


def _apart(sources: pd.DataFrame, bus: str, other: str) -> str:
    """Say by how much two sources differ that lines join; nothing where they agree."""
    first, second = sources.loc[bus], sources.loc[other]
    kv = [float(row["kv_ll"] * row["v_a_pu"]) for row in (first, second)]
    turn = abs((float(second["angle_a_deg"] - first["angle_a_deg"]) + 180) % 360 - 180)
    if abs(kv[1] - kv[0]) <= NEAR_SHARE * kv[0] and turn <= NEAR_DEG:
        return ""
    return f", and lines join {kv[0]:.4g} kV with {kv[1]:.4g} kV, {turn:.3g}° apart"


def _reached(bus: str, edges: Iterable[Edge]) -> set[str]:
    joined: dict[str, list[str]] = {}
    for edge in edges:
        joined.setdefault(edge.start, []).append(edge.end)
        joined.setdefault(edge.end, []).append(edge.start)
    seen, waiting = {bus}, [bus]
    while waiting:
        fresh = [other for other in joined.get(waiting.pop(), []) if other not in seen]
        seen.update(fresh)
        waiting.extend(fresh)
    return seen
