"""The feeder model as OpenDSS scripts: one readable file a class, and the table of names for the way back.

Which column becomes which property is data: ``properties.csv``.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.feeder import Feeder, Matrices, matrices_of
from core.formats.opendss.names import Names, nodes

SQRT3 = math.sqrt(3)
#: Impedance of a connection without impedance, and of a source whose voltage stands at its bus [ohm].
IDEAL_OHM, SOURCE_OHM = 1e-5, 1e-6
#: Powers of which a missing one is none: the engine has others of its own for it.
POWERS = {"loads": ("p_kw", "q_kvar"), "capacitors": ("kvar",), "der": ("p_kw", "q_kvar")}
#: Reactance that stands in for none [%]: the engine takes 700 % for zero.
IDEAL_PCT = 1e-4
MODELS = {"pq": 1, "z": 2, "motor": 3, "exponential": 4, "i": 5, "pq_fixed_q": 6, "pq_fixed_x": 7, "zip": 8}
DER_MODELS = {"pq": 1, "z": 2, "pq_fixed_q": 4, "pq_fixed_x": 5, "limited": 7}
CONTROLS = {"voltage": "voltage", "current": "current", "kvar": "kvar", "time": "time", "powerfactor": "pf"}
SHARES = ("z_p_pct", "i_p_pct", "p_p_pct", "z_q_pct", "i_q_pct", "p_q_pct")
WITHOUT_SWITCHING = ("overhead", "cable", "link", "reactor", "series_capacitor")
MASTER = "Master.dss"
ORDER = (
    "LineCodes.dss",
    "Sources.dss",
    "Lines.dss",
    "Switches.dss",
    "Transformers.dss",
    "Regulators.dss",
    "Capacitors.dss",
    "Loads.dss",
    "Generators.dss",
    "BusVoltages.dss",
)
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Script:
    """Files by name, and the names in them."""

    files: dict[str, str]
    names: Names

    @property
    def commands(self) -> str:
        """Return everything as one script without redirects."""
        lines = self.files[MASTER].splitlines()
        head = [line for line in lines if not line.lower().startswith(("redirect", "buscoords"))]
        return "\n".join([*head, *(self.files[name] for name in ORDER if name in self.files)])


def script_of(feeder: Feeder, *, hold_taps: bool = False) -> Script:
    """Return the feeder's scripts.

    Parameters
    ----------
    feeder
        The model.
    hold_taps
        Write no regulator controls: taps stay where the model has them.
    """
    writer = _Writer(feeder, hold_taps)
    files = {
        "Sources.dss": writer.sources()[1:],
        "Lines.dss": writer.lines(switching=False),
        "Switches.dss": writer.lines(switching=True),
        "Transformers.dss": writer.transformers(),
        "Regulators.dss": writer.regulators(),
        "Capacitors.dss": writer.capacitors(),
        "Loads.dss": writer.loads(),
        "Generators.dss": writer.generators(),
        "BusVoltages.dss": writer.bus_voltages(),
        "BusCoords.csv": writer.coordinates(),
    }
    files["LineCodes.dss"] = writer.line_codes()
    kept = {name: "\n".join(lines) for name, lines in files.items() if lines}
    kept[MASTER] = "\n".join(writer.master(kept)) + "\n"
    kept["names.csv"] = writer.names.table()
    return Script(kept, writer.names)


def number(value: Any) -> str:
    """Return a number as short as it is exact enough."""
    return f"{float(value):.12g}"


def known(value: Any) -> bool:
    """Say whether a number is there."""
    return value is not None and value == value


@cache
def _properties(kind: str) -> list[tuple[str, str, str]]:
    with Path(__file__).with_name("properties.csv").open(encoding="utf-8", newline="") as handle:
        return [(row["property"], row["column"], row["type"]) for row in csv.DictReader(handle) if row["class"] == kind]


def settings(kind: str, row: Row) -> str:
    """Return the properties of a class from the columns of a row; what is missing is left to the engine."""
    parts = []
    for name, column, type_ in _properties(kind):
        value = row[column]
        if type_ == "text":
            parts.append(f"{name}={value}")
        elif type_ == "flag":
            parts.append(f"{name}={'yes' if value else 'no'}")
        elif type_ == "rating":  # no rating is 0: the engine's own default would look like one
            parts.append(f"{name}={number(value if known(value) else 0.0)}")
        elif known(value) and (type_ == "number" or value):
            parts.append(f"{name}={number(value)}")
    return " ".join(parts)


class _Writer:
    def __init__(self, feeder: Feeder, hold_taps: bool) -> None:
        self.feeder = feeder
        self.hold_taps = hold_taps
        self.names = Names()
        self.matrices = matrices_of(feeder["impedances"])
        self.codes: dict[bytes, tuple[str, Matrices]] = {}
        self.ideal: set[int] = set()
        self.free_node: dict[str, int] = {}

    def rows(self, table: str) -> list[Row]:
        rows = self.feeder[table].fillna(dict.fromkeys(POWERS.get(table, ()), 0.0))
        return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]

    def bus(self, name: str, phases: str = "") -> str:
        return self.names.give("bus", name) + nodes(phases)

    def new(self, kind: str, name: str) -> str:
        return f"New {kind}.{self.names.give(kind.lower(), name)}"

    def master(self, files: dict[str, str]) -> list[str]:
        title = " ".join(self.feeder.name.split()) or "feeder"
        lines = [f"! {title}", "Clear", f"Set DefaultBaseFrequency={number(self.feeder.frequency_hz)}"]
        lines += self.sources()[:1]
        lines += [f"Redirect {name}" for name in ORDER if name in files]
        return [*lines, "BusCoords BusCoords.csv"] if "BusCoords.csv" in files else lines

    def sources(self) -> list[str]:
        """Return a line for each source, the first as the circuit; unequal phases need a source each."""
        made = []
        for row in (row for row in self.rows("sources") if row["in_service"]):
            volts = [row[f"v_{p}_pu"] for p in "abc"]
            angles = [row[f"angle_{p}_deg"] for p in "abc"]
            if len(row["phases"]) == 3 and _balanced(volts, angles):
                made.append(self.source(row, row["id"], row["phases"], (row["kv_ll"], volts[0], angles[0])))
                continue
            for phase in row["phases"]:
                several = len(row["phases"]) > 1
                k = max("ABC".find(phase), 0) if several else 0
                name = f"{row['id']}_{phase}" if several else row["id"]
                made.append(self.source(row, name, phase, (row["kv_ll"] / SQRT3, volts[k], angles[k])))
        circuit = self.names.give("circuit", self.feeder.name or "feeder")
        return [f"New Circuit.{circuit} {made[0].split(' ', 2)[2]}", *made[1:]] if made else []

    def source(self, row: Row, name: str, phases: str, voltage: tuple[float, float, float]) -> str:
        """Return one source; its voltage is the base [kV], the magnitude [pu] and the angle [deg]."""
        kv, v_pu, angle_deg = voltage
        ohms = {part: row[f"{part}_ohm"] if known(row[f"{part}_ohm"]) else 0.0 for part in ("r1", "x1", "r0", "x0")}
        if not row["include_impedance"] or not any(ohms.values()):
            ohms = {"r1": 0.0, "x1": SOURCE_OHM, "r0": 0.0, "x0": SOURCE_OHM}
        impedance = " ".join(f"{part}={number(value)}" for part, value in ohms.items())
        place = f"bus1={self.bus(row['bus'], phases)} phases={len(phases)} basekv={number(kv)}"
        return f"{self.new('Vsource', name)} {place} pu={number(v_pu)} angle={number(angle_deg)} {impedance}"

    def lines(self, *, switching: bool) -> list[str]:
        out = []
        for row in self.rows("branches"):
            if (row["kind"] not in WITHOUT_SWITCHING) != switching:
                continue
            name = self.new("Line", row["id"])
            code, length = self.code(row)
            start = self.bus(row["from_bus"], row["phases"])
            end = self.bus(row["to_bus"], row["to_phases"] or row["phases"])
            if not known(row["amps_emergency"]):
                row["amps_emergency"] = row["amps_normal"]
            place = f"bus1={start} bus2={end} phases={len(row['phases'])}"
            kind = f"linecode={code} length={number(length)} units=km"
            out.append(f"{name} {place} {kind} {settings('line', row)}{_service(row)}")
            opened = [k for k, phase in enumerate(row["phases"], start=1) if phase not in row["closed_phases"]]
            out += [f"Open {name.removeprefix('New ')} 1 {k}" for k in opened]
        return out

    def code(self, row: Row) -> tuple[str, float]:
        """Return the line code of a branch and its length; branches without impedance share a code."""
        matrices = self.matrices.get(row["id"])
        count = len(row["phases"])
        if matrices is None or not row["length_km"] > 0 or row["origin"] == "ideal":
            self.ideal.add(count)
            return f"ideal_{count}", 1.0
        key = np.round(np.concatenate([matrices.z_ohm_km.ravel().view(float), matrices.b_us_km.ravel()]), 12).tobytes()
        if key not in self.codes:
            wanted = f"{row['equipment'] or row['kind']}_{row['phases']}"
            alike = sum(1 for name, _ in self.codes.values() if name == wanted or name.startswith(f"{wanted}-"))
            self.codes[key] = (f"{wanted}-{alike + 1}" if alike else wanted, matrices)
        return self.names.give("linecode", self.codes[key][0]), row["length_km"]

    def line_codes(self) -> list[str]:
        nf_of_us = 1e3 / (2 * math.pi * self.feeder.frequency_hz)
        out = []
        for name, found in self.codes.values():
            r, x, c = _lower(found.z_ohm_km.real), _lower(found.z_ohm_km.imag), _lower(found.b_us_km * nf_of_us)
            matrices = f"rmatrix=({r}) xmatrix=({x}) cmatrix=({c})"
            out.append(f"{self.new('LineCode', name)} nphases={found.size} units=km {matrices}")
        for count in sorted(self.ideal):
            ohms, none = _lower(np.eye(count) * IDEAL_OHM), _lower(np.zeros((count, count)))
            matrices = f"rmatrix=({ohms}) xmatrix=({ohms}) cmatrix=({none})"
            out.append(f"New LineCode.ideal_{count} nphases={count} units=km {matrices}")
        return out

    def transformers(self) -> list[str]:
        windings: dict[str, list[Row]] = {}
        for row in self.rows("windings"):
            windings.setdefault(row["transformer"], []).append(row)
        out = []
        for row in self.rows("transformers"):
            own, phases = windings.get(row["id"], []), int(row["phase_count"])
            row["x_hl_pct"] = row["x_hl_pct"] or IDEAL_PCT
            lag = "lead" if row["leading"] else "lag"
            bank = f" bank={self.names.give('bank', row['bank'])}" if row["bank"] else ""
            start = f"{self.new('Transformer', row['id'])} phases={phases} windings={len(own)}"
            out.append(f"{start} {settings('transformer', row)} leadlag={lag}{bank}{_service(row)}")
            out += [f"~ wdg={int(w['winding'])} bus={self.star(w, phases)} {settings('winding', w)}" for w in own]
            if rating := _rating(row, own):
                out.append(f"~ normhkva={number(rating)} emerghkva={number(rating)}")
        return out

    def star(self, row: Row, phase_count: int) -> str:
        """Return a winding's bus and nodes; the star point lies at earth or at a node of its own."""
        text = self.bus(row["bus"], row["phases"])
        if row["connection"] == "delta" or len(row["phases"]) > phase_count:
            return text
        if row["grounding"] != "none":
            return text + (".0" if row["grounding"] == "solid" else f".{self.next_node(row['bus'])}")
        return f"{text}.{self.next_node(row['bus'])}"

    def next_node(self, bus: str) -> int:
        self.free_node[bus] = self.free_node.get(bus, 3) + 1
        return self.free_node[bus]

    def regulators(self) -> list[str]:
        out = []
        for row in self.rows("regulators"):
            if self.hold_taps or row["mode"] == "fixed" or not row["in_service"]:
                continue
            transformer = self.names.give("transformer", row["transformer"])
            text = f"{self.new('RegControl', row['id'])} transformer={transformer} {settings('regcontrol', row)}"
            if row["remote_bus"]:
                bus, dot, numbers = row["remote_bus"].partition(".")
                text += f" bus={self.bus(bus)}{dot}{numbers}"
            if row["phase"].lower() in ("max", "min", "1", "2", "3"):
                text += f" ptphase={row['phase']}"
            out.append(text + (f" reversible=yes {settings('reverse', row)}" if row["reversible"] else ""))
        return out

    def capacitors(self) -> list[str]:
        out = []
        for row in self.rows("capacitors"):
            kind = "Capacitor" if row["kvar"] >= 0 else "Reactor"
            count = int(row["phase_count"])
            text = f"{self.new(kind, row['id'])} kvar={number(abs(row['kvar']))} {settings('capacitor', row)}"
            if row["connection"] == "wye" and len(row["phases"]) > count:  # the star point isn't at earth
                star = self.bus(row["bus"], row["phases"][count:] * count)
                text += f" bus1={self.bus(row['bus'], row['phases'][:count])} bus2={star}"
            else:
                text += f" bus1={self.bus(row['bus'], row['phases'])} conn={row['connection']}"
            controlled = kind == "Capacitor" and row["control"] in CONTROLS and row["control_element"]
            out.append(text + _service(row, row["closed"] or bool(controlled)))
            if controlled:
                out += [] if row["closed"] else ["~ states=[0]"]
                out.append(self.capacitor_control(row))
        return out

    def capacitor_control(self, row: Row) -> str:
        kind, _, element = row["control_element"].partition(".")
        capacitor = self.names.give("capacitor", row["id"])
        measured = f"element={kind}.{self.names.give(kind.lower(), element)} type={CONTROLS[row['control']]}"
        text = f"New CapControl.{capacitor} capacitor={capacitor} {measured} {settings('capcontrol', row)}"
        if place := self.place_of(row["control_phase"], kind, element, int(row["control_terminal"])):
            text += f" ptphase={place} ctphase={place}"
        return f"{text} voltoverride=yes {settings('override', row)}" if row["control_voltage_override"] else text

    def place_of(self, phase: str, kind: str, element: str, terminal: int) -> str:
        """Return how a control names a phase: its place among the nodes of the element that is measured."""
        if phase in ("AVG", "MAX", "MIN"):
            return phase
        if kind == "transformer":
            windings = self.feeder["windings"]
            found = windings[(windings["transformer"] == element) & (windings["winding"] == terminal)]
            nodes = found["phases"]
        else:
            rows = self.feeder["capacitors" if kind == "capacitor" else "branches"]
            found = rows[rows["id"] == element]
            far = kind == "line" and terminal == 2
            nodes = found["to_phases"].where(found["to_phases"] != "", found["phases"]) if far else found["phases"]
        return str(nodes.iloc[0].find(phase) + 1) if phase and len(nodes) and phase in nodes.iloc[0] else ""

    def loads(self) -> list[str]:
        out = []
        for row in self.rows("loads"):
            text = (
                f"{self.new('Load', row['id'])} bus1={self.bus(row['bus'], row['phases'])} model={MODELS[row['model']]}"
            )
            text += f" {settings('load', row)}"
            if row["model"] == "zip":
                shares = [row[share] / 100 for share in SHARES]
                text += f" zipv=({' '.join(number(value) for value in [*shares, row['cutoff_pu']])})"
            if row["model"] == "exponential":
                text += f" {settings('exponential', row)}"
            out.append(text + (" status=fixed" if row["fixed"] else "") + _service(row))
        return out

    def generators(self) -> list[str]:
        out = []
        for row in self.rows("der"):
            rated = row["kva"] if known(row["kva"]) and row["kva"] > 0 else 1.2 * math.hypot(row["p_kw"], row["q_kvar"])
            place = f"bus1={self.bus(row['bus'], row['phases'])} model={DER_MODELS[row['model']]}"
            text = f"{self.new('Generator', row['id'])} {place} kva={number(rated or 1.0)} {settings('generator', row)}"
            out.append(text + _service(row))
        return out

    def bus_voltages(self) -> list[str]:
        buses = self.feeder["buses"]
        known_kv = buses[buses["kv_ll_base"].notna()]
        pairs = zip(known_kv["id"], known_kv["kv_ll_base"], strict=True)
        return ["MakeBusList", *(f"SetkVBase bus={self.bus(name)} kvll={number(kv)}" for name, kv in pairs)]

    def coordinates(self) -> list[str]:
        there = self.feeder["buses"].dropna(subset=["x", "y"])
        places = zip(there["id"], there["x"], there["y"], strict=True)
        return [f"{self.bus(name)},{number(x)},{number(y)}" for name, x, y in places]


def _balanced(volts: list[float], angles: list[float]) -> bool:
    turns = [(angles[0] - angles[k] - 120.0 * k) % 360.0 for k in (1, 2)]
    return max(volts) - min(volts) < 1e-9 and all(min(turn, 360 - turn) < 1e-9 for turn in turns)


def _service(row: Row, also: bool = True) -> str:
    return "" if row["in_service"] and also else " enabled=no"


def _lower(matrix: Any) -> str:
    """Return the lower triangle as OpenDSS writes matrices."""
    return " | ".join(" ".join(number(matrix[i, j]) for j in range(i + 1)) for i in range(matrix.shape[0]))


def _rating(row: Row, windings: list[Row]) -> float:
    """Return the continuous rating [kVA]: of the current where one is given, else of the kVA."""
    if known(row["amps_normal"]) and row["amps_normal"] > 0 and windings:
        scale = SQRT3 if int(row["phase_count"]) == 3 else float(row["phase_count"])
        return float(row["amps_normal"] * windings[0]["kv"] * scale)
    return float(row["kva_normal"]) if known(row["kva_normal"]) else 0.0
