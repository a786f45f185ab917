"""CYME's equipment as catalogue tables and as what a line of given phases is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.feeder import COLUMNS, Matrices, from_sequence
from core.feeder.line_constants import EARTH_OHM_M, Wires, distances, line_matrices
from core.findings import Finding, Severity
from core.formats.cyme.records import SWITCH_TYPES, Record, Records

#: Our catalogue table for each of CYME's, with what the rows have in common.
CATALOGUE: dict[str, tuple[str, dict[str, Any]]] = {
    "conductor": ("conductors", {}),
    "spacing": ("spacings", {}),
    "spacing_average": ("spacings", {}),
    "line_type": ("line_types", {"kind": "sequence"}),
    "line_type_unbalanced": ("line_types", {"kind": "unbalanced"}),
    "cable_type": ("line_types", {"kind": "cable"}),
    "transformer_type": ("transformer_types", {}),
    "three_winding_type": ("transformer_types", {}),
    "regulator_type": ("regulator_types", {}),
    "capacitor_type": ("capacitor_types", {}),
    "switch_type": ("switch_types", {"kind": "switch"}),
    **{table: ("switch_types", {"kind": table.removesuffix("_type")}) for table in SWITCH_TYPES},
}
POSITIONS = (("x1_m", "y1_m"), ("x2_m", "y2_m"), ("x3_m", "y3_m"))
NEUTRALS = (("conductor_n", "xn_m", "yn_m"), ("conductor_n2", "xn2_m", "yn2_m"))


def catalogue_rows(records: Records) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the catalogue tables."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for table, (ours, shared) in CATALOGUE.items():
        columns = COLUMNS[ours]
        for record in records[table]:
            values = {name: value for name, value in record.values.items() if name in columns}
            if ours == "transformer_types":
                values["single_phase"] = record.text("kind") == "single"
                values["ltc"] = record.text("ltc", "yes" if record.number("steps") > 0 else "no") == "yes"
            rows.setdefault(ours, []).append({"id": record.text("equipment"), **shared, **values, **record.provenance})
    return rows


def settle_spacings(records: Records) -> None:
    """Keep of a database's spacings what the other formats have: places that are filled, averages where both stand."""
    averages = {record.text("equipment") for record in records["spacing_average"]}
    spacings = [record for record in records["spacing"] if record.text("equipment") not in averages]
    for record in spacings:
        for x, y in (*POSITIONS, *((x, y) for _, x, y in NEUTRALS)):
            if record.has(y) and record.number(y) == 0:  # no conductor lies on the ground
                record.values.pop(x, None)
                record.values.pop(y)
    if records["spacing"]:
        records.tables["spacing"] = spacings


@dataclass(frozen=True, slots=True)
class Conducting:
    """What a line device comes to for given phases; without matrices it is a connection without impedance."""

    matrices: Matrices | None
    origin: str
    equipment: str
    amps: float | None


class Library:
    """The equipment by name, with a finding for whatever is missing."""

    def __init__(self, records: Records, frequency_hz: float) -> None:
        self.findings = records.findings
        self.frequency_hz = frequency_hz
        self.types = {table: records.by_id(table) for table in records}
        self.sections = records.by_id("section", "section")
        for name, record in records.by_id("spacing_average").items():
            self.types.setdefault("spacing", {}).setdefault(name, record)

    def find(self, table: str, device: Record, name: str | None = None) -> Record | None:
        """Return the equipment of a device; DEFAULT stands in for what is missing, with a finding."""
        wanted = device.text("equipment") if name is None else name
        types = self.types.get(table, {})
        if wanted in types:
            return types[wanted]
        default = types.get("DEFAULT")
        label = table.replace("_type", "").replace("_", " ")
        stands = "DEFAULT stands in" if default else "nothing stands in"
        self.remark(
            "equipment_missing",
            Severity.ERROR,
            f"The {label} type {wanted!r} is not in the equipment: {stands}",
            device,
            "Add the equipment export that belongs to this network",
        )
        return default

    def remark(self, code: str, severity: Severity, text: str, device: Record, hint: str = "") -> None:
        """Note a finding on a device."""
        self.findings.append(
            Finding(f"cyme.{code}", severity, text, hint, device.where, device.text("id") or device.text("section"))
        )

    def line(self, table: str, device: Record, phases: str) -> Conducting:
        """Return the matrices of a line device for the phases of its section."""
        if table == "overhead_byphase":
            return self._by_phase(device, phases)
        if table == "overhead_unbalanced":
            return self._unbalanced(device, phases)
        return self._sequence("cable_type" if table == "underground" else "line_type", device, phases)

    def _sequence(self, table: str, device: Record, phases: str) -> Conducting:
        name = device.text("equipment")
        if name not in self.types.get(table, {}):  # a cable may stand among the lines and the other way round
            table = next((other for other in ("line_type", "cable_type") if name in self.types.get(other, {})), table)
        kind = self.find(table, device)
        if kind is None:
            return Conducting(None, "ideal", name, None)
        z1 = complex(kind.number("r1_ohm_km"), kind.number("x1_ohm_km"))
        z0 = complex(kind.number("r0_ohm_km"), kind.number("x0_ohm_km"))
        amps = kind.number("amps") or None
        if z1 == 0 and z0 == 0:
            return self._without_impedance(device, kind, amps)
        if z0 == 0:
            z0 = z1
            self.remark(
                "line_no_zero_sequence",
                Severity.WARNING,
                f"Line type {name} has no zero-sequence impedance; the positive one is used",
                device,
            )
        parallel = max(device.number("parallel", 1.0), 1.0)
        matrices = from_sequence(z1, z0, kind.number("b1_us_km"), kind.number("b0_us_km"), len(phases))
        if parallel > 1:
            matrices = Matrices(matrices.z_ohm_km / parallel, matrices.b_us_km * parallel)
        return Conducting(matrices, "sequence", kind.text("equipment"), amps * parallel if amps else None)

    def _unbalanced(self, device: Record, phases: str) -> Conducting:
        kind = self.find("line_type_unbalanced", device)
        if kind is None:
            return Conducting(None, "ideal", device.text("equipment"), None)
        full = Matrices(_matrix(kind, "r", "ohm_km") + 1j * _matrix(kind, "x", "ohm_km"), _matrix(kind, "b", "us_km"))
        defined = [k for k in range(3) if full.z_ohm_km[k, k] != 0]
        wanted = ["ABC".index(phase) for phase in phases]
        amps = kind.number("amps") or kind.number("amps_b") or kind.number("amps_c") or None
        if not defined:
            return self._without_impedance(device, kind, amps)
        if not set(wanted) <= set(defined):
            stand_in = [k for k in defined if k not in wanted] + defined
            wanted = [k if k in defined else stand_in.pop(0) for k in wanted]
            there, taken = ("".join("ABC"[k] for k in places) for places in (defined, wanted))
            name = kind.text("equipment")
            text = f"Line type {name} is defined on {there}, the section has {phases}: the values of {taken} are used"
            hint = "Choose a line type of the section's phases"
            self.remark("line_other_phases", Severity.WARNING, text, device, hint)
        if len(set(wanted)) < len(wanted):
            z = full.z_ohm_km[defined[0], defined[0]]
            return Conducting(
                Matrices(np.diag([z] * len(wanted)), np.zeros((len(wanted),) * 2)),
                "matrix",
                kind.text("equipment"),
                amps,
            )
        return Conducting(full.pick(wanted), "matrix", kind.text("equipment"), amps)

    def _without_impedance(self, device: Record, kind: Record, amps: float | None) -> Conducting:
        name = kind.text("equipment")
        text = f"Line type {name} has no impedance: the line connects without"
        self.remark("line_no_impedance", Severity.ERROR, text, device, "Complete the line type in the equipment")
        return Conducting(None, "ideal", name, amps)

    def _by_phase(self, device: Record, phases: str) -> Conducting:
        spacing = self.find("spacing", device)
        conductors = [self._conductor(device, f"conductor_{phase.lower()}") for phase in phases]
        known = [conductor for conductor in conductors if conductor is not None]
        if spacing is None or not known:
            self.remark(
                "line_no_geometry",
                Severity.ERROR,
                "The line has no usable spacing or conductors: it connects without impedance",
                device,
            )
            return Conducting(None, "ideal", device.text("equipment"), None)
        if len(known) < len(conductors):
            self.remark(
                "line_conductor_missing",
                Severity.WARNING,
                "A phase of the section has no conductor; another phase's is used",
                device,
            )
        wires = [conductor or known[0] for conductor in conductors]
        amps = min((wire.number("amps") for wire in wires if wire.number("amps") > 0), default=0.0) or None
        matrices = self._geometry(device, spacing, wires, phases)
        return Conducting(matrices, "geometry" if matrices else "ideal", spacing.text("equipment"), amps)

    def _conductor(self, device: Record, field: str) -> Record | None:
        name = device.text(field)
        if not name or name.upper() == "NONE":
            return None
        return self.find("conductor", device, name)

    def _geometry(self, device: Record, spacing: Record, wires: list[Record], phases: str) -> Matrices | None:
        order = device.text("position") or phases
        if not set(phases) <= set(order):
            order = phases
        places = [order.index(phase) for phase in phases]
        neutrals = [
            (wire, x, y)
            for field, x, y in NEUTRALS
            if (wire := self._conductor(device, field)) and spacing.has(x, y, "gmd_neutral_m")
        ]
        average = not spacing.has("x1_m", "y1_m") and spacing.has("gmd_phase_m")
        if average:
            distance, height = _average(spacing, len(phases), min(len(neutrals), 1))
            neutrals = neutrals[:1]
        else:
            points = [POSITIONS[place] for place in places] + [(x, y) for _, x, y in neutrals]
            x = np.array([spacing.number(point[0]) for point in points])
            height = np.array([spacing.number(point[1]) for point in points])
            distance = distances(x, height)
        everything = wires + [wire for wire, _, _ in neutrals]
        radius = np.array([wire.number("diameter_cm") / 200 for wire in everything])
        gmr = np.array([wire.number("gmr_cm") / 100 for wire in everything])
        gmr = np.where(gmr > 0, gmr, 0.7788 * radius)
        radius = np.where(radius > 0, radius, gmr / 0.7788)
        resistance = np.array([wire.number("r50_ohm_km") or wire.number("r25_ohm_km") for wire in everything])
        apart = distance + np.eye(len(everything))
        if np.any(gmr <= 0) or np.any(height <= 0) or np.any(apart <= 0):
            self.remark(
                "line_bad_geometry",
                Severity.ERROR,
                "Conductors without radius or height, or two at one place: connected without impedance",
                device,
                "Complete the conductor and the spacing in the equipment",
            )
            return None
        made = Wires(resistance, gmr, radius, distance, height)
        earth = device.number("earth") or EARTH_OHM_M
        return line_matrices(made, len(phases), frequency_hz=self.frequency_hz, earth_ohm_m=earth)


def _average(spacing: Record, phases: int, neutrals: int) -> tuple[np.ndarray, np.ndarray]:
    """Return distances and heights of a spacing that gives only geometric mean distances."""
    total = phases + neutrals
    distance = np.full((total, total), spacing.number("gmd_phase_m"))
    distance[phases:, :] = distance[:, phases:] = spacing.number("gmd_neutral_m") or spacing.number("gmd_phase_m")
    np.fill_diagonal(distance, 0.0)
    high = spacing.number("height_phase_m") or 9.0
    height = np.array([high] * phases + [spacing.number("height_neutral_m") or high] * neutrals)
    return distance, height


def _matrix(kind: Record, quantity: str, unit: str) -> np.ndarray:
    def value(pair: str) -> float:
        return kind.number(f"{quantity}_{pair}_{unit}")

    ab, bc, ca = value("ab"), value("bc"), value("ca")
    return np.array([[value("aa"), ab, ca], [ab, value("bb"), bc], [ca, bc, value("cc")]])
