"""A RAW case as a PowerModels dictionary, with every peculiarity of PowerModels (compat mode).

Where PowerModels departs from the PSS/E manual this module follows PowerModels; ``docs/formats-powermodels.md`` lists
the differences. The physical mode, :mod:`core.formats.powermodels.from_network`, follows the manual.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.powermodels.components import Data, Item, warn
from core.formats.powermodels.pti import parse_pti
from core.formats.psse.case import RawCase

RATES = (("rate_a", "A"), ("rate_b", "B"), ("rate_c", "C"))

#: Sections in which a negative bus number is the metered end of an old file → the fields.
SIGNED = {"BRANCH": ("I", "J"), "TRANSFORMER": ("I", "J", "K")}

#: Sections that become components; the others are carried with ``import_all``.
MAPPED = frozenset(
    {"CASE IDENTIFICATION", "BUS", "LOAD", "FIXED SHUNT", "SWITCHED SHUNT", "GENERATOR", "BRANCH", "TRANSFORMER",
     "TWO-TERMINAL DC", "VOLTAGE SOURCE CONVERTER"}
)  # fmt: skip


def data_from_raw(case: RawCase, name: str = "", *, import_all: bool = False) -> tuple[Data, list[Finding]]:
    """Return the case as a dictionary in mixed units, and what was noticed on the way."""
    records = parse_pti(case, name)
    header = records["CASE IDENTIFICATION"][0]
    converter = _Converter(records, header["SBASE"], import_all)
    data: Data = {
        "per_unit": False,
        "source_type": "pti",
        "source_version": str(header.pop("REV")),
        "baseMVA": header.pop("SBASE"),
        "name": header.pop("NAME"),
        **converter.components(),
    }
    if import_all:
        data |= {key.lower(): value for key, value in header.items()}
        data |= {title.lower(): _carried(rows) for title, rows in records.items() if title not in MAPPED}
    return data, converter.findings


def _carried(rows: list[Item]) -> dict[str, Item]:
    lowered = ({key.lower(): value for key, value in row.items()} for row in rows)
    return {str(place): {**row, "index": place} for place, row in enumerate(lowered, start=1)}


def _numbered(rows: Iterable[Item]) -> dict[str, Item]:
    return {str(place): {**row, "index": place} for place, row in enumerate(rows, start=1)}


class _Converter:
    def __init__(self, records: dict[str, list[Item]], base_mva: float, import_all: bool) -> None:
        self.records = records
        self.base_mva = base_mva
        self.import_all = import_all
        self.findings: list[Finding] = []
        self.bus: dict[str, Item] = {}

    def components(self) -> Data:
        for row in self._rows("BUS"):
            if str(row["I"]) in self.bus:
                hint = "the physical mode reads the file with a finding"
                raise BadInput(f"bus {row['I']} is defined twice", hint=hint, where=Where(section="bus"))
            bus = self._bus(row)
            self.bus[str(bus["index"])] = bus
        shunts = [*map(self._shunt, self._rows("FIXED SHUNT")), *map(self._switched, self._rows("SWITCHED SHUNT"))]
        lines = [self._branch(row) for row in self._rows("BRANCH")]
        dclines = [
            *map(self._lcc, self._rows("TWO-TERMINAL DC")),
            *map(self._vsc, self._rows("VOLTAGE SOURCE CONVERTER")),
        ]
        if shunts and "SWITCHED SHUNT" in self.records:
            self._info("shunt", "switched shunts are fixed at BINIT")
        return {
            "load": _numbered(map(self._load, self._rows("LOAD"))),
            "shunt": _numbered(shunts),
            "gen": _numbered(map(self._generator, self._rows("GENERATOR"))),
            "branch": _numbered([*lines, *self._transformers()]),
            "dcline": _numbered(dclines),
            "storage": {},
            "switch": {},
            "bus": self.bus,
        }

    def _rows(self, title: str) -> list[Item]:
        rows = [dict(row) for row in self.records.get(title, [])]
        ends = SIGNED.get(title, ())
        signed = [row for row in rows if any(row[name] < 0 for name in ends)]
        for row in signed:
            row |= {name: abs(row[name]) for name in ends}
        if signed:
            text = (
                f"{len(signed)} records of {title} mark the metered end by a negative bus number; the sign is left out"
            )
            hint = "PowerModels.jl refuses such a file: it takes the number for another bus"
            self.findings.append(Finding("powermodels.branch.metered_end", Severity.WARNING, text, hint))
        return rows

    def _rest(self, item: Item, row: Item) -> Item:
        """Return the component, with what is left of its record when everything is imported."""
        return {**item, **{key.lower(): value for key, value in row.items()}} if self.import_all else item

    def _at(self, bus: int, field: str, default: float = 0.0) -> Any:
        """Return a bus's value; PowerModels goes on with 0 where the bus is unknown, and refuses the file later."""
        return self.bus[str(bus)][field] if str(bus) in self.bus else default

    def _info(self, component: str, text: str) -> None:
        self.findings.append(Finding(f"powermodels.{component}.approximated", Severity.INFO, text))

    def _bus(self, row: Item) -> Item:
        number = row.pop("I")
        item = {
            "bus_i": number, "bus_type": row.pop("IDE"), "area": row.pop("AREA"), "vm": row.pop("VM"),
            "va": row.pop("VA"), "base_kv": row.pop("BASKV"), "zone": row.pop("ZONE"), "name": row.pop("NAME"),
            "vmax": row.pop("NVHI"), "vmin": row.pop("NVLO"), "source_id": ["bus", str(number)], "index": number,
        }  # fmt: skip
        return self._rest(item, row)

    def _load(self, row: Item) -> Item:
        """Currents and admittances count at the stored voltage: P = PL + V·IP + V²·YP, Q = QL + V·IQ - V²·YQ."""
        bus = row.pop("I")
        v = self._at(bus, "vm", 1.0)
        item = {
            "load_bus": bus,
            "pd": row.pop("PL") + v * row["IP"] + v**2 * row["YP"],
            "qd": row.pop("QL") + v * row["IQ"] - v**2 * row["YQ"],
            "status": row.pop("STATUS"),
            "source_id": ["load", bus, row.pop("ID")],
        }
        return self._rest(item, row)

    def _shunt(self, row: Item) -> Item:
        bus = row.pop("I")
        item = {"shunt_bus": bus, "gs": row.pop("GL"), "bs": row.pop("BL"), "status": row.pop("STATUS")}
        return self._rest({**item, "source_id": ["fixed shunt", bus, row.pop("ID")]}, row)

    def _switched(self, row: Item) -> Item:
        bus = row.pop("I")
        item = {"shunt_bus": bus, "gs": 0.0, "bs": row.pop("BINIT"), "status": row.pop("STAT")}
        return self._rest({**item, "source_id": ["switched shunt", bus, row.pop("SWREM")]}, row)

    def _generator(self, row: Item) -> Item:
        bus = row.pop("I")
        item = {
            "gen_bus": bus, "gen_status": row.pop("STAT"), "pg": row.pop("PG"), "qg": row.pop("QG"),
            "vg": row.pop("VS"), "mbase": row.pop("MBASE"), "pmin": row.pop("PB"), "pmax": row.pop("PT"),
            "qmin": row.pop("QB"), "qmax": row.pop("QT"), "model": 2, "startup": 0.0, "shutdown": 0.0, "ncost": 2,
            "cost": [1.0, 0.0], "source_id": ["generator", bus, row.pop("ID")],
        }  # fmt: skip
        return self._rest(item, row)

    def _branch(self, row: Item) -> Item:
        """PowerModels takes half of B only at an end whose own susceptance is 0."""
        from_, to, charging = row.pop("I"), row.pop("J"), row.pop("B")
        b_from, b_to = row.pop("BI"), row.pop("BJ")
        item = {
            "f_bus": from_, "t_bus": to, "br_r": row.pop("R"), "br_x": row.pop("X"),
            "g_fr": row.pop("GI"), "b_fr": charging / 2 if b_from == 0 else b_from,
            "g_to": row.pop("GJ"), "b_to": charging / 2 if b_to == 0 else b_to,
            **{rate: row.pop(f"RATE{letter}") for rate, letter in RATES},
            "tap": 1.0, "shift": 0.0, "br_status": row.pop("ST"), "angmin": 0.0, "angmax": 0.0,
            "transformer": False, "source_id": ["branch", from_, to, row.pop("CKT")],
        }  # fmt: skip
        if charging != 0 and (b_from != 0 or b_to != 0):
            text = f"branch {from_}-{to} has BI or BJ: B is left out at that end, as PowerModels does"
            self.findings.append(warn("branch.charging", text, "branch", f"{from_}-{to}"))
        return self._rest(_without_zero_rates(item), row)

    # transformers

    def _transformers(self) -> list[Item]:
        rows = self._rows("TRANSFORMER")
        for row in rows:
            self._check_codes(row)
        highest = max((bus["index"] for bus in self.bus.values()), default=1)
        star = 10 ** math.ceil(math.log10(max(abs(highest), 1)))
        found: list[Item] = []
        for row in rows:
            if row["K"] == 0:
                found.append(self._two_winding(row))
            else:
                star += 1
                found += self._three_winding(row, star)
        return found

    def _check_codes(self, row: Item) -> None:
        for code, allowed in (("CW", (1, 2, 3)), ("CZ", (1, 2, 3)), ("CM", (1, 2))):
            if row[code] not in allowed:
                name = f"{row['I']}-{row['J']}"
                self.findings.append(
                    warn("transformer.code", f"{code} is {row[code]}; 1 is taken", "transformer", name)
                )
                row[code] = 1
        if row["CM"] == 2 and (row["MAG1"] or row["MAG2"]):
            name = f"{row['I']}-{row['J']}"
            text = "CM is 2: MAG1 in W and MAG2 in pu of the machine are taken as per unit, as PowerModels does"
            self.findings.append(warn("transformer.magnetising", text, "transformer", name))

    def _two_winding(self, row: Item) -> Item:
        bus_1, bus_2 = row.pop("I"), row.pop("J")
        cw, kept = row.pop("CW"), {}
        z = self._impedance(row, "1-2", "1", bus_1)
        tap_1, tap_2 = (self._turns(row, cw, winding, bus) for winding, bus in (("1", bus_1), ("2", bus_2)))
        z *= tap_2**2
        if self.import_all:
            kept = {**{name.lower(): row[name] for name in ("WINDV1", "WINDV2", "NOMV1", "NOMV2")}, "cw": cw}
        item = {
            "f_bus": bus_1, "t_bus": bus_2, "br_r": z.real, "br_x": z.imag,
            "g_fr": row.pop("MAG1"), "b_fr": row.pop("MAG2"), "g_to": 0.0, "b_to": 0.0,
            **{rate: row.pop(f"RAT{letter}1") for rate, letter in RATES},
            "tap": tap_1 / tap_2 if tap_2 else tap_1, "shift": row.pop("ANG1"),
            "br_status": int(row.pop("STAT") not in (0, 2)), "angmin": 0.0, "angmax": 0.0,
            "source_id": ["transformer", bus_1, bus_2, row.pop("K"), row.pop("CKT"), 0], "transformer": True,
        }  # fmt: skip
        used = ("CZ", "R1-2", "X1-2", "SBASE1-2", "WINDV1", "WINDV2", "NOMV1", "NOMV2")
        rest = {key: value for key, value in row.items() if key not in used}
        return self._rest({**_without_zero_rates(item), **kept}, rest)

    def _three_winding(self, row: Item, star: int) -> list[Item]:
        """Three branches to a star bus; Z1 = (Z12 - Z23 + Z31) / 2 and so on. The impedances stay as they are."""
        buses, circuit, cw, status = [row.pop(name) for name in "IJK"], row.pop("CKT"), row.pop("CW"), row.pop("STAT")
        self._add_star(row, buses, circuit, status, star)
        z12, z23, z31 = (
            self._impedance(row, pair, winding, buses[int(winding) - 1])
            for pair, winding in (("1-2", "1"), ("2-3", "2"), ("3-1", "3"))
        )
        star_z = ((z12 - z23 + z31) / 2, (z23 - z31 + z12) / 2, (z31 - z12 + z23) / 2)
        off = {0: (1, 2, 3), 2: (2,), 3: (3,), 4: (1,)}.get(status, ())
        used = {"CZ", "MAG1", "MAG2"} | {
            f"{name}{pair}" for name in ("R", "X", "SBASE") for pair in ("1-2", "2-3", "3-1")
        }
        windings = []
        for number, (bus, z) in enumerate(zip(buses, star_z, strict=True), start=1):
            item = {
                "f_bus": bus, "t_bus": star, "br_r": z.real, "br_x": z.imag,
                "g_fr": row["MAG1"] if number == 1 else 0.0, "b_fr": row["MAG2"] if number == 1 else 0.0,
                "g_to": 0.0, "b_to": 0.0, **{rate: row[f"RAT{letter}{number}"] for rate, letter in RATES},
                "tap": self._turns(row, cw, str(number), bus), "shift": row[f"ANG{number}"],
                "br_status": int(number not in off), "angmin": 0.0, "angmax": 0.0,
                "source_id": ["transformer", *buses, circuit, number], "transformer": True,
            }  # fmt: skip
            own = {f"windv{number}": row[f"WINDV{number}"], f"nomv{number}": row[f"NOMV{number}"], "cw": cw}
            windings.append({**_without_zero_rates(item), **(own if self.import_all else {})})
        used |= {f"{name}{n}" for name in ("WINDV", "NOMV", "ANG", "RATA", "RATB", "RATC") for n in (1, 2, 3)}
        windings[0] = self._rest(windings[0], {key: value for key, value in row.items() if key not in used})
        return windings

    def _add_star(self, row: Item, buses: list[int], circuit: str, status: int, star: int) -> None:
        name = f"starbus_{buses[0]}_{buses[1]}_{buses[2]}_{circuit.strip()}"
        self.bus[str(star)] = {
            "bus_i": star, "bus_type": 4 if status == 0 else 1, "area": self._at(buses[0], "area", 1),
            "vm": row["VMSTAR"], "va": row["ANSTAR"], "base_kv": 1.0, "zone": self._at(buses[0], "zone", 1),
            "name": name, "vmax": 1.1, "vmin": 0.9, "index": star,
            "source_id": ["transformer", star, name, *buses, circuit],
        }  # fmt: skip

    def _impedance(self, row: Item, pair: str, winding: str, bus: int) -> complex:
        """Return an impedance on the system base, as CZ says."""
        r, x, base = row[f"R{pair}"], row[f"X{pair}"], row[f"SBASE{pair}"] or self.base_mva
        if row["CZ"] == 1:
            return complex(r, x)
        if row["CZ"] == 3:  # load loss [W] and the magnitude of the impedance
            r = 1e-6 * r / base
            x = math.sqrt(max(x**2 - r**2, 0.0))
        nominal, base_kv = row[f"NOMV{winding}"], self._at(bus, "base_kv")
        voltage = (nominal / base_kv) ** 2 if nominal and base_kv else 1.0
        return complex(r, x) * voltage * self.base_mva / base

    def _turns(self, row: Item, cw: int, winding: str, bus: int) -> float:
        """Return a turns ratio in per unit of the bus base voltage, as CW says."""
        ratio, base_kv = row[f"WINDV{winding}"], self._at(bus, "base_kv") or 1.0
        if cw == 2:
            return float(ratio / base_kv)
        nominal = row[f"NOMV{winding}"]
        return float(ratio * nominal / base_kv if cw == 3 and nominal else ratio)

    # DC lines

    def _lcc(self, row: Item) -> Item:
        """A lossless line; the demand in MW, or SETVL / VSCHD / 1000 where the record gives a current."""
        mode, demand, from_, to = row.pop("MDC"), row.pop("SETVL"), row.pop("IPR"), row.pop("IPI")
        scheduled = row.pop("VSCHD") if mode == 2 else 1.0
        by_mode = {1: abs(demand), 2: abs(demand / scheduled / 1000) if scheduled else 0.0}
        power = by_mode.get(mode, 0.0)
        angles = [self._angle(row, key) for key in ("ANMNR", "ANMNI")]
        high_from, low_to = (power, -power) if demand > 0 else (-power, power)
        item = {
            "f_bus": from_, "t_bus": to, "br_status": int(mode != 0), "pf": power, "pt": power, "qf": 0.0, "qt": 0.0,
            "vf": self._at(from_, "vm"), "vt": self._at(to, "vm"),
            "pminf": 0.0, "pmaxf": high_from, "pmint": low_to, "pmaxt": 0.0, "qmaxf": 0.0, "qmaxt": 0.0,
            "qminf": -abs(power) * math.cos(math.radians(angles[0])),
            "qmint": -abs(power) * math.cos(math.radians(angles[1])), "loss0": 0.0, "loss1": 0.0,
            **_NO_COST, "source_id": ["two-terminal dc", from_, to, row.pop("NAME")],
        }  # fmt: skip
        self._info("dcline", f"DC line {from_}-{to} is a lossless pair of injections")
        return self._rest(item, row)

    def _angle(self, row: Item, key: str) -> float:
        angle = row.pop(key)
        if not abs(angle) <= 90:  # also where it is missing
            self.findings.append(
                warn("dcline.angle", f"{key} of {angle} is outside 90 degrees; 0 is set", "dcline", key)
            )
            return 0.0
        return float(angle)

    def _vsc(self, row: Item) -> Item:
        """A pair of injections with the converters' constant losses; the power setpoints are not used."""
        ends = row["CONVERTER BUSES"] = [dict(end) for end in row["CONVERTER BUSES"]]
        from_, to = (end.pop("IBUS") for end in ends)
        is_out = row.pop("MDC") == 0 or any(end.pop("TYPE") == 0 for end in ends)
        limits = [self._limit(end) for end in ends]
        held = [end.pop("ACSET") if end.pop("MODE") == 1 else 1.0 for end in ends]
        item = {
            "f_bus": from_, "t_bus": to, "br_status": int(not is_out),
            "pf": 0.0, "pt": 0.0, "qf": 0.0, "qt": 0.0, "vf": held[0], "vt": held[1],
            "pmaxf": limits[0], "pmaxt": limits[1], "pminf": -limits[0], "pmint": -limits[1],
            "qminf": ends[0].pop("MINQ"), "qmaxf": ends[0].pop("MAXQ"), "qmint": ends[1].pop("MINQ"),
            "qmaxt": ends[1].pop("MAXQ"),
            "loss0": sum(end.pop(name) for name in ("ALOSS", "MINLOSS") for end in ends) * 1e-3,
            "loss1": sum(end.pop("BLOSS") for end in ends) * 1e-3, **_NO_COST,
            "source_id": ["vsc dc", from_, to, row.pop("NAME")],
        }  # fmt: skip
        row["CONVERTER BUSES"] = [{key.lower(): value for key, value in end.items()} for end in ends]
        self._info("dcline", f"VSC line {from_}-{to} is a pair of injections; its power setpoints are not used")
        return self._rest(item, row)

    def _limit(self, end: Item) -> float:
        """Return what a converter carries: the smaller rating, or its reactive limit when it has none."""
        if end["SMAX"] == 0 and end["IMAX"] == 0:
            return float(max(abs(end["MAXQ"]), abs(end["MINQ"])))
        return float(min(end.pop("IMAX"), end.pop("SMAX")))


_NO_COST: Item = {"startup": 0.0, "shutdown": 0.0, "ncost": 3, "cost": [0.0, 0.0, 0.0], "model": 2}


def _without_zero_rates(item: Item) -> Item:
    return {key: value for key, value in item.items() if not (key.startswith("rate_") and value == 0)}
