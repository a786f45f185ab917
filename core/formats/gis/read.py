"""Layers of feeder assets as the feeder model: connected by fields that name nodes, else by where lines end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.feeder import Feeder, from_sequence, rows_of
from core.feeder.voltages import base_voltages, fill_rated_voltages
from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.gis.layers import Corrections, LayerMapping, kind_of, preview

#: Line ends nearer than this are one bus [m].
SNAP_M = 1.0
#: A device further than this from any bus stands alone [m].
REACH_M = 50.0
DEGREES_M = 111_320.0
BRANCHES = {
    "line": "overhead",
    "cable": "cable",
    "switch": "switch",
    "fuse": "fuse",
    "breaker": "breaker",
    "recloser": "recloser",
}
OPEN_WORDS = {"open", "o", "0", "false", "a", "no", "off", "normallyopen"}
#: Phase codes of Esri's electric data model: bits for A, B, C.
BITS = {k: "".join(phase for bit, phase in ((4, "A"), (2, "B"), (1, "C")) if k & bit) for k in range(1, 8)}


def read_gis(paths: Sequence[Path], corrections: Corrections | None = None) -> Reading[Feeder]:
    """Read the layers of a feeder.

    Parameters
    ----------
    paths
        Files as :func:`core.formats.gis.layers.preview` takes them.
    corrections
        What a person decided about layers and fields.
    """
    layers, findings = preview(paths, corrections)
    crs = _common_crs(layers, findings)
    assets = [asset for layer in layers if layer.kind for asset in _assets(layer, crs, findings)]
    builder = _Builder(findings, crs)
    builder.build(assets)
    tables = {name: pd.DataFrame(rows) for name, rows in builder.rows.items()}
    feeder = Feeder(paths[0].stem if paths else "gis", tables, crs=crs)
    feeder = fill_rated_voltages(feeder.with_tables({"buses": base_voltages(feeder)}), findings)
    names = ", ".join(path.name for path in paths)
    digest = sha256("".join(f"{path.name}{path.stat().st_size}" for path in paths).encode()).hexdigest()
    return Reading(feeder, findings, Source(names, digest, "gis", crs))


def _common_crs(layers: list[LayerMapping], findings: list[Finding]) -> str:
    """Return the system that all layers are brought to: degrees as soon as one of them says where it lies."""
    known = {layer.crs for layer in layers if layer.crs}
    silent = [layer.layer for layer in layers if not layer.crs and layer.kind]
    if known and silent:
        text = f"Layers without a coordinate system are taken as EPSG:4326: {', '.join(silent[:5])}"
        findings.append(Finding("gis.no_crs", Severity.WARNING, text, "Add the .prj file or give the system"))
    return "EPSG:4326" if known or _degrees(layers) else ""


def _degrees(layers: list[LayerMapping]) -> bool:
    """Say whether CSV coordinates can only be longitude and latitude."""
    names = {layer.fields[axis].lower() for layer in layers for axis in ("x", "y") if axis in layer.fields}
    return bool(names & {"lon", "lat", "longitude", "latitude", "lng"})


def _assets(layer: LayerMapping, crs: str, findings: list[Finding]) -> list[dict[str, Any]]:
    """Return a layer's rows with our fields, their kind and their points."""
    table = layer.table
    if layer.crs and crs and layer.crs != crs and "geometry" in table.columns:
        table = table.to_crs(crs)
    columns = {
        name: table[column].astype(object).where(table[column].notna(), None).tolist()
        for name, column in layer.fields.items()
    }
    points = (
        [_points(shape) for shape in table.geometry]
        if "geometry" in table.columns
        else _csv_points(columns, len(table))
    )
    rows = []
    for index in range(len(table)):
        row = {name: values[index] for name, values in columns.items() if values[index] not in (None, "")}
        kind = kind_of(str(row.get("kind", ""))) if layer.kind == "mixed" else layer.kind
        where = {"source_file": layer.file, "source_section": layer.layer, "source_row": index + 1}
        rows.append({**row, "asset": kind, "points": points[index], "where": where})
    unknown = sum(1 for row in rows if not row["asset"])
    wrong = sum(1 for row in rows for x, y in row["points"] if crs == "EPSG:4326" and (abs(x) > 180 or abs(y) > 90))
    place = Where(layer.file, layer.layer)
    if unknown:
        findings.append(
            Finding("gis.kind_unknown", Severity.WARNING, f"{unknown} rows are of no known kind: left out", "", place)
        )
    if wrong:
        text = f"{wrong} coordinates are no degrees: the layer's coordinate system is wrong"
        findings.append(
            Finding("gis.crs_wrong", Severity.ERROR, text, "Give the system that the file really has", place)
        )
    return [row for row in rows if row["asset"]]


def _points(shape: Any) -> list[tuple[float, float]]:
    if shape is None or shape.is_empty:
        return []
    if shape.geom_type.startswith("Multi") or shape.geom_type == "GeometryCollection":
        return [point for part in shape.geoms for point in _points(part)]
    if shape.geom_type == "Polygon":
        return [(shape.centroid.x, shape.centroid.y)]
    return [(float(point[0]), float(point[1])) for point in shape.coords]


def _csv_points(columns: dict[str, list[Any]], rows: int) -> list[list[tuple[float, float]]]:
    x = pd.to_numeric(pd.Series(columns.get("x", [None] * rows)), errors="coerce")
    y = pd.to_numeric(pd.Series(columns.get("y", [None] * rows)), errors="coerce")
    return [[(a, b)] if math.isfinite(a) and math.isfinite(b) else [] for a, b in zip(x, y, strict=True)]


def phases_of(value: Any) -> str:
    """Return phases from letters (ABC, RST), numbers (1.2.3) or Esri's bit codes; nothing when there are none."""
    text = str(value or "").strip().upper()
    if text.replace(".0", "").isdigit() and len(text.replace(".0", "")) == 1:
        return BITS.get(int(float(text)), "")
    letters = text.translate(str.maketrans("RST123", "ABCABC"))
    return "".join(phase for phase in "ABC" if phase in letters)


def _number(row: dict[str, Any], name: str, default: float = 0.0) -> float:
    try:
        value = float(str(row.get(name, default)).replace(",", "."))
    except ValueError:
        return default
    return value if math.isfinite(value) else default


def _kilovolts(row: dict[str, Any], name: str) -> float:
    """Return a voltage [kV]; what is larger than any feeder's kilovolts are volts."""
    value = _number(row, name)
    return value / 1000 if value > 200 else value


class _Builder:
    """Turns assets into rows; buses are named by fields or found by place."""

    def __init__(self, findings: list[Finding], crs: str) -> None:
        self.findings = findings
        self.metre = 1 / DEGREES_M if crs == "EPSG:4326" else 1.0
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.at: dict[tuple[int, int], str] = {}
        self.places: dict[str, tuple[float, float]] = {}
        self.taken: dict[str, set[str]] = {}
        self.without_impedance = 0
        self.alone = 0
        self.assumed_impedance = 0

    def build(self, assets: list[dict[str, Any]]) -> None:
        for row in (row for row in assets if row["asset"] == "bus" and row["points"]):
            self.name_bus(str(row.get("bus") or row.get("id") or ""), row["points"][0])
        lines = [
            row
            for row in assets
            if row["asset"] in BRANCHES and (len(row["points"]) > 1 or {"from_bus", "to_bus"} <= row.keys())
        ]
        for row in lines:
            self.branch(row)
        self.tree = _Nearest(self.places)
        for row in assets:
            add = getattr(self, f"add_{row['asset']}", None)
            if add is not None:
                add(row)
            elif row["asset"] in BRANCHES and row not in lines:
                self.note_switch(row)
        self.rows["buses"] = [{"id": bus, "x": x, "y": y} for bus, (x, y) in self.places.items()]
        if self.without_impedance:
            text = f"{self.without_impedance} lines have no impedance in the layers: they connect without one"
            self.note(
                "no_impedance", Severity.WARNING, text, "Reconcile with a CYME export, or map the fields r1 and x1"
            )
        if self.assumed_impedance:
            text = f"{self.assumed_impedance} transformers have no impedance in the layers: 4 % is assumed"
            self.note("assumed_impedance", Severity.WARNING, text, "Map the field z_pct")
        if self.alone:
            self.note(
                "far_from_network",
                Severity.WARNING,
                f"{self.alone} devices lie more than {REACH_M:g} m from any bus: left out",
            )
        if not self.rows.get("sources"):
            self.note(
                "no_source",
                Severity.INFO,
                "The layers have no source",
                "Reconcile with a CYME export, or add the substation",
            )

    def note(self, code: str, severity: Severity, text: str, hint: str = "") -> None:
        self.findings.append(Finding(f"gis.{code}", severity, text, hint))

    def add(self, table: str, row: dict[str, Any], **values: Any) -> None:
        self.rows.setdefault(table, []).append({"feeder": str(row.get("feeder", "")), **values, **row["where"]})

    def unique(self, table: str, row: dict[str, Any]) -> str:
        wanted = str(row.get("id") or f"{row['asset']}_{row['where']['source_row']}")
        wanted = wanted.removesuffix(".0")
        name, count, taken = wanted, 1, self.taken.setdefault(table, set())
        while name.lower() in taken:
            count += 1
            name = f"{wanted} ({count})"
        taken.add(name.lower())
        return name

    def name_bus(self, name: str, point: tuple[float, float]) -> str:
        """Return the bus of a name, placed where it is first seen."""
        name = name.removesuffix(".0")
        self.places.setdefault(name, point)
        self.at.setdefault(self.cell(point), name)
        return name

    def cell(self, point: tuple[float, float]) -> tuple[int, int]:
        size = SNAP_M * self.metre
        return round(point[0] / size), round(point[1] / size)

    def bus_at(self, point: tuple[float, float]) -> str:
        """Return the bus at a place: the one in its cell or beside it, else a new one."""
        column, line = self.cell(point)
        for step in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)):
            if found := self.at.get((column + step[0], line + step[1])):
                return found
        name = f"N{len(self.places) + 1}"
        self.at[column, line] = name
        self.places[name] = point
        return name

    def ends(self, row: dict[str, Any]) -> tuple[str, str]:
        points = row["points"]
        start = (
            self.name_bus(str(row["from_bus"]), points[0] if points else (math.nan, math.nan))
            if "from_bus" in row
            else self.bus_at(points[0])
        )
        end = (
            self.name_bus(str(row["to_bus"]), points[-1] if points else (math.nan, math.nan))
            if "to_bus" in row
            else self.bus_at(points[-1])
        )
        return start, end

    def branch(self, row: dict[str, Any]) -> None:
        start, end = self.ends(row)
        if start == end:
            return
        name, phases = self.unique("branches", row), phases_of(row.get("phases")) or "ABC"
        length = _number(row, "length_m") / 1000 or self.length_km(row["points"])
        z1 = complex(_number(row, "r1_ohm_km"), _number(row, "x1_ohm_km"))
        z0 = complex(_number(row, "r0_ohm_km"), _number(row, "x0_ohm_km")) or 3 * z1
        device = row["asset"] not in ("line", "cable")
        opened = str(row.get("closed", "closed")).strip().lower() in OPEN_WORDS if device else False
        self.without_impedance += z1 == 0 and not device
        self.add(
            "branches",
            row,
            id=name,
            kind=BRANCHES[row["asset"]],
            from_bus=start,
            to_bus=end,
            phases=phases,
            length_km=0.0 if device else length,
            equipment=str(row.get("conductor", "")),
            origin="sequence" if z1 else "ideal",
            amps_normal=_number(row, "amps") or None,
            closed_phases="" if opened else phases,
            normally_closed=not opened,
        )
        if z1 and not device:
            made = from_sequence(z1, z0, 0.0, 0.0, len(phases))
            self.rows.setdefault("impedances", []).extend({**each, **row["where"]} for each in rows_of(name, made))
        inner = row["points"][1:-1]
        self.rows.setdefault("vertices", []).extend(
            {"branch": name, "sequence": k, "x": x, "y": y, **row["where"]} for k, (x, y) in enumerate(inner, start=1)
        )

    def length_km(self, points: list[tuple[float, float]]) -> float:
        if len(points) < 2:
            return 0.0
        xy = np.asarray(points)
        steps = np.diff(xy, axis=0)
        if self.metre != 1.0:
            steps = steps * DEGREES_M * np.column_stack([np.cos(np.radians(xy[:-1, 1])), np.ones(len(steps))])
        return float(np.hypot(steps[:, 0], steps[:, 1]).sum() / 1000)

    def bus_of(self, row: dict[str, Any]) -> str | None:
        """Return the bus of a device: named, or the nearest within reach."""
        if "bus" in row:
            point = row["points"][0] if row["points"] else (math.nan, math.nan)
            return self.name_bus(str(row["bus"]), point)
        if not row["points"]:
            self.alone += 1
            return None
        name, distance = self.tree.find(row["points"][0])
        if name is None or distance > REACH_M * self.metre:
            self.alone += 1
            return None
        return name

    def note_switch(self, row: dict[str, Any]) -> None:
        text = f"A {row['asset']} drawn as a point has no two ends: it is left out of the connections"
        where = Where(row["where"]["source_file"], row["where"]["source_section"], row=row["where"]["source_row"])
        self.findings.append(
            Finding(
                "gis.switch_point", Severity.WARNING, text, "Give it from and to nodes", where, str(row.get("id", ""))
            )
        )

    def add_source(self, row: dict[str, Any]) -> None:
        bus, kv = self.bus_of(row), _kilovolts(row, "kv")
        if bus is None:
            return
        if kv <= 0:
            self.note(
                "source_voltage", Severity.ERROR, f"The source at {bus} has no voltage: left out", "Map the field kv"
            )
            return
        self.add("sources", row, id=self.unique("sources", row), bus=bus, phases="ABC", kv_ll=kv)

    def units(self, row: dict[str, Any], table: str) -> list[tuple[dict[str, Any], float]]:
        """Return each unit's columns and part: one unit for three phases, else one a phase."""
        bus = self.bus_of(row)
        if bus is None:
            return []
        phases, name = phases_of(row.get("phases")) or "ABC", self.unique(table, row)
        if len(phases) == 3:
            return [({"id": name, "device": name, "bus": bus, "phases": phases, "phase_count": 3, "kv": 0.0}, 1.0)]
        shared = {"device": name, "bus": bus, "phase_count": 1, "kv": 0.0}
        many = len(phases) > 1
        return [({"id": f"{name}_{p}" if many else name, "phases": p, **shared}, 1 / len(phases)) for p in phases]

    def add_load(self, row: dict[str, Any]) -> None:
        p, q, customers = (_number(row, name) for name in ("p_kw", "q_kvar", "customers"))
        for unit, part in self.units(row, "loads"):
            self.add("loads", row, **unit, p_kw=p * part, q_kvar=q * part, customers=customers * part)

    def add_der(self, row: dict[str, Any]) -> None:
        kw, kva = _number(row, "p_kw"), _number(row, "kva")
        for unit, part in self.units(row, "der"):
            self.add("der", row, **unit, kind="pv", p_kw=kw * part, kva=kva * part or None)

    def add_capacitor(self, row: dict[str, Any]) -> None:
        kvar = _number(row, "q_kvar") or _number(row, "kva")
        for unit, part in self.units(row, "capacitors"):
            self.add("capacitors", row, **unit, kvar=kvar * part)

    def add_meter(self, row: dict[str, Any]) -> None:
        x, y = row["points"][0] if row["points"] else (None, None)
        self.add(
            "meters",
            row,
            id=self.unique("meters", row),
            bus=str(row.get("bus", "")),
            customers=_number(row, "customers", 1.0),
            x=x,
            y=y,
        )

    def add_pole(self, row: dict[str, Any]) -> None:
        x, y = row["points"][0] if row["points"] else (None, None)
        height = _number(row, "height_m") or None
        self.add(
            "poles", row, id=self.unique("poles", row), height_m=height, material=str(row.get("material", "")), x=x, y=y
        )

    def add_transformer(self, row: dict[str, Any]) -> None:
        self.two_ended(row, "transformer")

    def add_regulator(self, row: dict[str, Any]) -> None:
        self.two_ended(row, "regulator")

    def two_ended(self, row: dict[str, Any], kind: str) -> None:
        """Add a transformer between two buses; one drawn as a point gets a secondary bus of its own."""
        name = self.unique("transformers", row)
        if {"from_bus", "to_bus"} <= row.keys() or len(row["points"]) > 1:
            start, end = self.ends(row)
        else:
            start = self.bus_of(row) or ""
            end = self.name_bus(f"{name}_secondary", row["points"][0]) if start and row["points"] else ""
        kv, low, kva = _kilovolts(row, "kv"), _kilovolts(row, "kv_secondary"), _number(row, "kva")
        if not start or not end or kva <= 0 or kv <= 0 or (kind == "transformer" and low <= 0):
            text = f"The {kind} {name} has no ends, kVA or voltages: left out"
            where = Where(row["where"]["source_file"], row["where"]["source_section"], row=row["where"]["source_row"])
            self.findings.append(
                Finding("gis.transformer_unusable", Severity.WARNING, text, "Map its fields", where, name)
            )
            return
        phases, z = phases_of(row.get("phases")) or "ABC", _number(row, "z_pct")
        if z <= 0:
            z = 4.0
            self.assumed_impedance += 1
        parts = [phases] if len(phases) == 3 else list(phases)
        for nodes in parts:
            unit = name if len(parts) == 1 else f"{name}_{nodes}"
            count, rated_kva = len(nodes), kva / len(parts)
            values = {
                "id": unit,
                "bank": name,
                "kind": kind,
                "phase_count": count,
                "x_hl_pct": z,
                "kva_normal": rated_kva,
            }
            self.add("transformers", row, **values)
            for number, (bus, volts) in enumerate(((start, kv), (end, low or kv)), start=1):
                rated = volts if count == 3 else volts / math.sqrt(3)
                each = {
                    "transformer": unit,
                    "winding": number,
                    "bus": bus,
                    "phases": nodes,
                    "kv": rated,
                    "kva": rated_kva,
                }
                self.rows.setdefault("windings", []).append({**each, **row["where"]})


class _Nearest:
    """The bus nearest to a place."""

    def __init__(self, places: dict[str, tuple[float, float]]) -> None:
        from scipy.spatial import cKDTree

        there = {name: point for name, point in places.items() if point[0] == point[0]}
        self.names = list(there)
        self.tree = cKDTree(np.array(list(there.values()))) if there else None

    def find(self, point: tuple[float, float]) -> tuple[str | None, float]:
        if self.tree is None:
            return None, math.inf
        distance, index = self.tree.query(point)
        return self.names[int(index)], float(distance)
