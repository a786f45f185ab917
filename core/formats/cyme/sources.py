"""CYME's sources: where each feeder is fed and with what voltages."""

from __future__ import annotations

import math
from typing import Any

from core.findings import Finding, Severity, Where, listed
from core.formats.cyme.records import Record, Records

SQRT3 = math.sqrt(3)


def source_rows(records: Records, joined: dict[str, str]) -> list[dict[str, Any]]:
    """Return the rows of the sources.

    Parameters
    ----------
    records
        The export.
    joined
        The connected part that each node belongs to, by the node's name: a feeder's equivalent source stands for a
        substation only where no substation of the same part is in the export.
    """
    heads, devices, equivalents = _heads(records), _devices(records), _equivalents(records)
    fed = {joined.get(node, node) for node in devices}
    alone = [node for node in dict.fromkeys([*heads, *equivalents]) if joined.get(node, node) not in fed]
    _report_standing_back(records, equivalents, {*devices, *alone}, heads)
    include = any(record.text("include_source_impedance") == "yes" for record in records["study"])
    types = records.by_id("source_type")
    rows = []
    for node in [*devices, *(node for node in alone if node in equivalents)]:
        device, equivalent = devices.get(node), equivalents.get(node)
        owner = device or equivalent
        kind = types.get(device.text("equipment")) if device else None
        kv_ll = _nominal_kv(device, equivalent, kind) or _operated_kv(records, node, device, equivalent)
        if owner is None or kv_ll <= 0:
            text = f"The source at {node} has no voltage: left out"
            where = owner.where if owner else Where()
            records.findings.append(Finding("cyme.source_unusable", Severity.ERROR, text, "", where, node))
            continue
        row = _row(node, device, equivalent, kind, kv_ll)
        feeder = heads.get(node) or (device.text("network") if device else "")
        rows.append({**row, "feeder": feeder, "include_impedance": include, **owner.provenance})
    if not include and any(row["x1_ohm"] for row in rows):
        text = "The voltage stands at the head node: the source impedance in the file is not used"
        hint = "CYME does so unless the study includes it"
        records.findings.append(Finding("cyme.source_impedance_unused", Severity.INFO, text, hint))
    return rows


def _report_standing_back(
    records: Records, equivalents: dict[str, Record], used: set[str], heads: dict[str, str]
) -> None:
    """Report equivalent sources for which a substation of the same part stands."""
    left = [node for node in equivalents if node not in used and node in heads]
    if left:
        text = f"A substation feeds what the equivalent sources at {listed(left)} would feed too: they are not used"
        hint = "Where they are sources of their own, give each a source device, or open the tie between them"
        where = equivalents[left[0]].where
        records.findings.append(Finding("cyme.source_equivalent_unused", Severity.WARNING, text, hint, where, left[0]))


def _heads(records: Records) -> dict[str, str]:
    """Return the network of each head node."""
    named = (*records["network"], *records["head_node"])
    return {record.text("node"): record.text("network") for record in named if record.has("node")}


def _devices(records: Records) -> dict[str, Record]:
    """Return the source device of each node."""
    return {record.text("node"): record for record in records["source"] if record.has("node")}


def _equivalents(records: Records) -> dict[str, Record]:
    """Return the equivalent source of each node; of several load models the first counts."""
    return records.by_id("source_equivalent", "node")


def _nominal_kv(device: Record | None, equivalent: Record | None, kind: Record | None) -> float:
    return (
        (equivalent.number("kv_ll") if equivalent else 0.0)
        or (kind.number("kv_ll") if kind else 0.0)
        or (device.number("kv_desired") if device else 0.0)
    )


def _operated_kv(records: Records, node: str, device: Record | None, equivalent: Record | None) -> float:
    """Return the voltage that a source without a nominal one is operated at [kV], and say so."""
    kv_ll = SQRT3 * sum(_volts(device, equivalent, None, 0.0)) / 3
    if kv_ll > 0:
        text = f"The source at {node} has no nominal voltage: the one it is operated at, {kv_ll:.4g} kV, counts as such"
        hint = "Add the equipment file, or the equivalent source"
        records.findings.append(Finding("cyme.source_nominal", Severity.WARNING, text, hint, element=node))
    return kv_ll


def _row(
    node: str, device: Record | None, equivalent: Record | None, kind: Record | None, kv_ll: float
) -> dict[str, Any]:
    at = equivalent or kind
    volts = _volts(device, equivalent, kind, kv_ll)
    start = kind.number("angle") if kind and not equivalent else 0.0
    defaults = (start, start - 120.0, start + 120.0)
    angles = [equivalent.number(f"angle_{p}", d) if equivalent else d for p, d in zip("abc", defaults, strict=True)]
    ohms = {name: at.number(name) if at else 0.0 for name in ("r1", "x1", "r0", "x0")}
    if equivalent and equivalent.text("unit") == "pu":
        base = kv_ll**2 / (equivalent.number("base_mva") or 100.0)
        ohms = {name: value * base for name, value in ohms.items()}
    row: dict[str, Any] = {
        "id": device.text("id") if device and device.text("id") else f"source_{node}",
        "bus": node,
        "phases": "ABC",
        "kv_ll": kv_ll,
    }
    for phase, volt, angle in zip("abc", volts, angles, strict=True):
        row[f"v_{phase}_pu"] = volt / (kv_ll / SQRT3)
        row[f"angle_{phase}_deg"] = angle
    return {**row, **{f"{name}_ohm": value for name, value in ohms.items()}}


def _volts(device: Record | None, equivalent: Record | None, kind: Record | None, kv_ll: float) -> list[float]:
    """Return the operating voltages to neutral [kV]: the source device's, the equivalent's, the type's, nominal."""
    for record in (device, equivalent):
        if record and record.number("kv_a") > 0:
            return [record.number(f"kv_{phase}") or record.number("kv_a") for phase in "abc"]
    desired = (device.number("kv_desired") if device else 0.0) or (kind.number("kv_desired") if kind else 0.0) or kv_ll
    return [desired / SQRT3] * 3
