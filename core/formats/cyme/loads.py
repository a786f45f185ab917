"""CYME's loads: one model row for each customer and phase, with the customer class's voltage dependence."""

from __future__ import annotations

import math
from typing import Any

from core.findings import Finding, Severity, listed
from core.formats.cyme.records import Record, Records
from core.formats.cyme.rowing import Place, Rowing, delta_pair

SHARES = ("z_p", "i_p", "p_p", "z_q", "i_q", "p_q")


class Customers:
    """The customers of every load device, of one load model."""

    def __init__(self, records: Records) -> None:
        self.findings = records.findings
        self.classes = records.by_id("customer_class")
        self.unknown: set[str] = set()
        chosen = _choose_model(records)
        self.of: dict[tuple[str, str], list[Record]] = {}
        read = [record for record in records["customer_load"] if record.text("model") in ("", chosen)]
        for record in self._latest(self._once(read)):
            self.of.setdefault((record.text("id"), record.text("kind", "spot")), []).append(record)

    def _once(self, rows: list[Record]) -> list[Record]:
        """Return the rows of customers without those that stand there already, word for word."""
        found: dict[Any, Record] = {}
        twice = []
        for row in rows:
            same = tuple(sorted(row.values.items())) if row.has("customer") else id(row)
            if found.setdefault(same, row) is not row:
                twice.append(row)
        if twice:
            names = listed(dict.fromkeys(row.text("id") for row in twice))
            text = f"{len(twice)} rows of customers stand twice, each counts once: {names}"
            self.remark("customer_twice", Severity.WARNING, text, twice[0])
        return list(found.values())

    def _latest(self, rows: list[Record]) -> list[Record]:
        """Return of every customer the rows of its latest year; years are never added up."""
        keys = [(row.text("id"), row.text("kind", "spot"), row.text("customer") or id(row)) for row in rows]
        latest: dict[Any, float] = {}
        for key, row in zip(keys, rows, strict=True):
            latest[key] = max(latest.get(key, -1.0), row.number("year", -1.0))
        old = [row for key, row in zip(keys, rows, strict=True) if row.number("year", -1.0) < latest[key]]
        if old:
            names = listed(dict.fromkeys(row.text("id") for row in old))
            text = f"Customers have loads of several years, the latest is read: {names}"
            self.remark("customer_years", Severity.WARNING, text, old[0], "Export the year that you want to study")
        return [row for key, row in zip(keys, rows, strict=True) if row.number("year", -1.0) >= latest[key]]

    def pop(self, device: Record) -> list[Record]:
        """Return a device's customers; each is taken once."""
        return self.of.pop((device.text("id"), device.text("kind", "spot")), [])

    def close(self) -> None:
        """Report customers that no device claimed."""
        for (device, _), rows in self.of.items():
            if any(row.number("value1") or row.number("value2") for row in rows):
                self.remark(
                    "load_without_device",
                    Severity.ERROR,
                    f"The customers of load {device} have no device in the network: left out",
                    rows[0],
                )

    def remark(self, code: str, severity: Severity, text: str, record: Record, hint: str = "") -> None:
        """Note a finding on a load."""
        self.findings.append(Finding(f"cyme.{code}", severity, text, hint, record.where, record.text("id")))

    def behaviour(self, record: Record) -> dict[str, Any]:
        """Return how the customer's load depends on voltage."""
        name = record.text("customer_class")
        kind = self.classes.get(name)
        if kind is None:
            if name and name not in self.unknown:
                self.unknown.add(name)
                self.remark(
                    "customer_class_missing",
                    Severity.WARNING,
                    f"Customer class {name!r} is not in the load file: constant power",
                    record,
                )
            return {"model": "pq", "customer_class": name}
        shared = {"customer_class": name, "v_min_pu": (kind.number("v_min_pct") or 80.0) / 100}
        if kind.text("exponential") == "yes":
            return {
                **shared,
                "model": "exponential",
                "exponent_p": kind.number("exponent_p"),
                "exponent_q": kind.number("exponent_q"),
            }
        shares = [kind.number(share) for share in SHARES]
        if not any(shares):
            shares = [kind.number("impedance"), kind.number("current"), kind.number("power")] * 2
        return {**shared, **_zip(shares)}


def _zip(shares: list[float]) -> dict[str, Any]:
    pure = {(100.0, 0.0, 0.0): "z", (0.0, 100.0, 0.0): "i", (0.0, 0.0, 100.0): "pq"}
    p, q = tuple(shares[:3]), tuple(shares[3:])
    named = {f"{share}_pct": value for share, value in zip(SHARES, shares, strict=True)}
    if p == q and p in pure:
        return {"model": pure[p], **named}
    return {"model": "zip", **named} if sum(p) > 0 else {"model": "pq"}


def _choose_model(records: Records) -> str:
    """Return the load model to read: the one named DEFAULT, else the first; several are never added up."""
    used = list(dict.fromkeys(record.text("model") for record in records["customer_load"] if record.has("model")))
    if len(used) < 2:
        return used[0] if used else ""
    names = {record.text("equipment"): record.text("name") for record in records["load_model"]}
    chosen = next((model for model in used if names.get(model, model).upper() == "DEFAULT"), used[0])
    text = f"{len(used)} load models in the file: {names.get(chosen, chosen)} is read"
    records.findings.append(
        Finding(
            "cyme.load_models",
            Severity.WARNING,
            text,
            "Export the load model that you want to study",
            records["customer_load"][0].where,
        )
    )
    return chosen


def is_midway(load: Record) -> bool:
    """Say whether a load is a spot load in the middle of its section."""
    return load.text("kind", "spot") != "distributed" and load.text("location") == "middle"


def add_load(rowing: Rowing, customers: Customers, device: Record, place: Place) -> None:
    """Add the rows of a spot load where it stands, of a distributed load half at each end [1]_.

    References
    ----------
    .. [1] W. H. Kersting, Distribution System Modeling and Analysis, 4th ed., section 3.4: half and half gives the
       same voltage drop as the load spread evenly.
    """
    ends = [(place.from_bus, 1.0)]
    if device.text("kind", "spot") == "distributed":
        ends = [(place.from_bus, 0.5), (place.to_bus, 0.5)]
    elif device.text("location") == "to":
        ends = [(place.to_bus, 1.0)]
    elif is_midway(device):
        ends = [(place.mid_bus, 1.0)]
        if place.mid_bus == place.to_bus != place.from_bus:
            text = f"Spot load midway on section {place.section}, which has no line to cut: it stands at its end"
            customers.remark("load_moved", Severity.WARNING, text, device)
    name = rowing.name("load devices", device.text("id"), "load")
    for record in customers.pop(device):
        p_kw, q_kvar = _power(customers, record)
        if p_kw == 0 and q_kvar == 0 and record.number("customers") == 0:
            continue
        in_amperes = record.text("value_type") == "amp_pf"
        units, share = _units(customers, device, record, place)
        for nodes in units:
            for index, (bus, part) in enumerate(ends):
                wanted = f"{name}_{nodes}" if len(ends) == 1 else f"{name}_{nodes}_{index + 1}"
                unit = rowing.name("loads", wanted, "customer")
                if in_amperes:
                    rowing.in_amperes.add(unit)
                scale = part if in_amperes else part * share  # the same current flows in each phase
                rowing.add(
                    "loads",
                    id=unit,
                    device=name,
                    feeder=place.feeder,
                    bus=bus,
                    p_kw=p_kw * scale,
                    q_kvar=q_kvar * scale,
                    **_row(customers, device, record, nodes, part * share),
                )


def _row(customers: Customers, device: Record, record: Record, nodes: str, part: float) -> dict[str, Any]:
    connected = "disconnected" not in (record.text("status"), device.text("status"))
    return {
        "phases": nodes,
        "phase_count": 3 if len(nodes) == 3 else 1,
        "connection": device.text("connection", "wye"),
        "kv": 0.0,
        "customers": record.number("customers") * part,
        "kwh": record.number("kwh") * part,
        "connected_kva": record.number("connected_kva") * part,
        "in_service": connected,
        **customers.behaviour(record),
        **record.provenance,
    }


def _units(customers: Customers, device: Record, record: Record, place: Place) -> tuple[list[str], float]:
    """Return the nodes of the units that one value stands for, and the share of each."""
    phases = record.text("phases") or place.phases
    units = _nodes(customers, device, record, place, phases)
    wanted = len(units) if device.text("connection") == "delta" or "ABC" in units else len(phases)
    return units, 1 / max(wanted, 1)


def _nodes(customers: Customers, device: Record, record: Record, place: Place, phases: str) -> list[str]:
    """Return the nodes of the units of some phases that a section has."""
    delta = device.text("connection") == "delta"
    misfit = "".join(phase for phase in phases if phase not in place.phases)
    if misfit and (not delta or len(place.phases) < 2):
        customers.remark(
            "load_phase",
            Severity.ERROR,
            f"Load on phase {misfit} of a section with {place.phases}: left out",
            record,
            "Correct the load's phase or the section's",
        )
        phases = "".join(phase for phase in phases if phase in place.phases)
    if phases == "ABC" and place.phases == "ABC":
        return ["ABC"]
    if delta and len(place.phases) < 2:
        if phases:
            customers.remark(
                "load_delta_single", Severity.ERROR, "A delta load on a section of one phase: taken to neutral", record
            )
        return list(phases)
    if delta and len(phases) == 2:
        return [phases]
    return [delta_pair(phase, place.phases) if delta else phase for phase in phases]


def _power(customers: Customers, record: Record) -> tuple[float, float]:
    """Return P [kW] and Q [kvar] of a value and what the value is; of a current, its parts in phase and across [A]."""
    first, second, kind = record.number("value1"), record.number("value2"), record.text("value_type", "kw_kvar")
    if kind == "kw_kvar":
        return first, second
    factor = second / 100
    if first and not 0 < abs(factor) <= 1:
        customers.remark(
            "load_power_factor", Severity.WARNING, f"Power factor {second:g} % can't be: unity is used", record
        )
        factor = 1.0
    active = first if kind == "kw_pf" else first * abs(factor)
    return active, active * math.tan(math.acos(min(abs(factor), 1.0))) * math.copysign(1, factor or 1)
