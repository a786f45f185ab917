"""Assets of GIS layers as rows of the feeder model; buses are named by fields or found by place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.feeder import from_sequence, rows_of
from core.findings import Finding, Severity, Where

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
TRUE_WORDS = {"1", "true", "t", "yes", "y", "open"}
#: Phase codes of Esri's electric data model: bits for A, B, C.
BITS = {k: "".join(phase for bit, phase in ((4, "A"), (2, "B"), (1, "C")) if k & bit) for k in range(1, 8)}


def phases_of(value: Any) -> str:
    """Return phases from letters (ABC, RST), numbers (1.2.3) or Esri's bit codes; nothing when there are none."""
    text = str(value or "").strip().upper()
    if text.replace(".0", "").isdigit() and len(text.replace(".0", "")) == 1:
        return BITS.get(int(float(text)), "")
    letters = text.translate(str.maketrans("RST123", "ABCABC"))
    return "".join(phase for phase in "ABC" if phase in letters)


def number(row: dict[str, Any], name: str, default: float = 0.0) -> float:
    try:
        value = float(str(row.get(name, default)).replace(",", "."))
    except ValueError:
        return default
    return value if math.isfinite(value) else default


def _kilovolts(row: dict[str, Any], name: str) -> float:
    """Return a voltage [kV]; what is larger than any feeder's kilovolts are volts."""
    value = number(row, name)
    return value / 1000 if value > 200 else value


def _has_ends(row: dict[str, Any]) -> bool:
    """Say whether an asset has two ends: named, or drawn."""
    return len(row["points"]) > 1 or {"from_bus", "to_bus"} <= row.keys()


class Builder:
    """Turns assets into rows; buses are named by fields or found by place."""

    def __init__(self, findings: list[Finding], crs: str) -> None:
        from pyproj import Geod

        self.earth = Geod(ellps="WGS84")
        self.findings = findings
        self.metre = 1 / DEGREES_M if crs == "EPSG:4326" else 1.0
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.at: dict[tuple[int, int], str] = {}
        self.places: dict[str, tuple[float, float]] = {}
        self.taken: dict[str, set[str]] = {}
        self.without_impedance = 0
        self.without_length: list[str] = []
        self.unmeasured: list[str] = []
        self.renamed: list[str] = []
        self.alone = 0
        self.assumed_impedance = 0

    def build(self, assets: list[dict[str, Any]]) -> None:
        for row in (row for row in assets if row["asset"] == "bus" and row["points"]):
            self.name_bus(str(row.get("bus") or row.get("id") or ""), row["points"][0])
        for row in assets:
            if row["asset"] in BRANCHES and _has_ends(row):
                self.branch(row)
        self.tree = _Nearest(self.places)
        for row in assets:
            add = getattr(self, f"add_{row['asset']}", None)
            if add is not None:
                add(row)
            elif row["asset"] in BRANCHES and not _has_ends(row):
                self.note_switch(row)
        self.report()
        self.rows["buses"] = [{"id": bus, "x": x, "y": y} for bus, (x, y) in self.places.items()]

    def report(self) -> None:
        """Say what was left out or assumed."""
        if self.without_length:
            text = f"{len(self.without_length)} lines end where they begin: left out, such as {self.without_length[0]}"
            self.note("no_length", Severity.WARNING, text)
        if self.unmeasured:
            first = self.unmeasured[0]
            text = (
                f"{len(self.unmeasured)} lines say neither length nor place: they count as 0 km long, such as {first}"
            )
            self.note("length_unknown", Severity.ERROR, text, "Map the field length_m, or add the nodes' coordinates")
        if self.renamed:
            text = f"{len(self.renamed)} ids are there more than once: the later ones are called like {self.renamed[0]}"
            self.note("double_id", Severity.WARNING, text, "Map id to a column that is different in every row")
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
        if name != wanted:
            self.renamed.append(name)
        taken.add(name.lower())
        return name

    def name_bus(self, name: str, point: tuple[float, float]) -> str:
        """Return the bus of a name, placed where it is first seen with a place."""
        name = name.removesuffix(".0")
        if math.isnan(self.places.setdefault(name, point)[0]):
            self.places[name] = point
        if not math.isnan(point[0]):
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
            self.without_length.append(str(row.get("id", start)))
            return
        name, phases = self.unique("branches", row), phases_of(row.get("phases")) or "ABC"
        length = number(row, "length_m") / 1000 or self.length_km(
            row["points"] or [self.places[start], self.places[end]]
        )
        z1 = complex(number(row, "r1_ohm_km"), number(row, "x1_ohm_km"))
        z0 = complex(number(row, "r0_ohm_km"), number(row, "x0_ohm_km")) or 3 * z1
        device = row["asset"] not in ("line", "cable")
        if not device and not row["points"] and math.isnan(length):
            self.unmeasured.append(name)
            length = 0.0
        words = {name: str(row.get(name, "")).strip().lower().removesuffix(".0") for name in ("closed", "open")}
        opened = device and (words["closed"] in OPEN_WORDS or words["open"] in TRUE_WORDS)
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
            amps_normal=number(row, "amps") or None,
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
        x, y = np.asarray(points).T
        if self.metre != 1.0:
            return float(self.earth.line_length(x, y)) / 1000
        return float(np.hypot(np.diff(x), np.diff(y)).sum() / 1000)

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
        p, q, customers = (number(row, name) for name in ("p_kw", "q_kvar", "customers"))
        for unit, part in self.units(row, "loads"):
            self.add("loads", row, **unit, p_kw=p * part, q_kvar=q * part, customers=customers * part)

    def add_der(self, row: dict[str, Any]) -> None:
        kw, kva = number(row, "p_kw"), number(row, "kva")
        for unit, part in self.units(row, "der"):
            self.add("der", row, **unit, kind="pv", p_kw=kw * part, kva=kva * part or None)

    def add_capacitor(self, row: dict[str, Any]) -> None:
        kvar = number(row, "q_kvar") or number(row, "kva")
        for unit, part in self.units(row, "capacitors"):
            self.add("capacitors", row, **unit, kvar=kvar * part)

    def add_meter(self, row: dict[str, Any]) -> None:
        x, y = row["points"][0] if row["points"] else (None, None)
        self.add(
            "meters",
            row,
            id=self.unique("meters", row),
            bus=str(row.get("bus", "")),
            customers=number(row, "customers", 1.0),
            x=x,
            y=y,
        )

    def add_pole(self, row: dict[str, Any]) -> None:
        x, y = row["points"][0] if row["points"] else (None, None)
        height = number(row, "height_m") or None
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
        if _has_ends(row):
            start, end = self.ends(row)
        else:
            start = self.bus_of(row) or ""
            end = self.name_bus(f"{name}_secondary", row["points"][0]) if start and row["points"] else ""
        kv, low, kva = _kilovolts(row, "kv"), _kilovolts(row, "kv_secondary"), number(row, "kva")
        if not start or not end or kva <= 0 or kv <= 0 or (kind == "transformer" and low <= 0):
            text = f"The {kind} {name} has no ends, kVA or voltages: left out"
            where = Where(row["where"]["source_file"], row["where"]["source_section"], row=row["where"]["source_row"])
            self.findings.append(
                Finding("gis.transformer_unusable", Severity.WARNING, text, "Map its fields", where, name)
            )
            return
        phases, z = phases_of(row.get("phases")) or "ABC", number(row, "z_pct")
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
            for winding, (bus, volts) in enumerate(((start, kv), (end, low or kv)), start=1):
                rated = volts if count == 3 else volts / math.sqrt(3)
                each = {
                    "transformer": unit,
                    "winding": winding,
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
