"""From CYME's records to the feeder model: sections with several devices become chains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from core.feeder import Feeder, rows_of
from core.feeder.checks import listed
from core.feeder.places import place_internal
from core.feeder.voltages import base_voltages, fill_rated_voltages
from core.findings import Finding, Severity, Where
from core.formats.cyme import devices as build
from core.formats.cyme.devices import Place, Rowing
from core.formats.cyme.equipment import Library, catalogue_rows
from core.formats.cyme.loads import Customers, add_load
from core.formats.cyme.mutual import check_mutual
from core.formats.cyme.records import SHUNT_DER, Record, Records, tables_with_role
from core.formats.cyme.sources import source_rows

LINES = {
    "overhead_line": "overhead",
    "overhead_unbalanced": "overhead",
    "overhead_byphase": "overhead",
    "underground": "cable",
}
SWITCHING = {
    "switch": "switch",
    "breaker": "breaker",
    "lvcb": "breaker",
    "fuse": "fuse",
    "recloser": "recloser",
    "sectionaliser": "sectionaliser",
    "network_protector": "network_protector",
    "miscellaneous": "switch",
}
REACTANCES = {
    "series_reactor": ("reactor", "reactor_type", 1.0),
    "series_capacitor": ("series_capacitor", "series_capacitor_type", -1.0),
}
TRANSFORMERS: dict[str, Callable[[Rowing, Library, Record, Place], None]] = {
    "transformer": build.add_transformer,
    "transformer_byphase": build.add_transformer_by_phase,
    "regulator": build.add_regulator,
}
#: CYME's number of a device class in the table that places devices on sections.
DEVICE_TYPES = {
    "underground": "1",
    "overhead_line": "2",
    "overhead_byphase": "3",
    "regulator": "4",
    "transformer": "5",
    "breaker": "8",
    "recloser": "10",
    "sectionaliser": "12",
    "switch": "13",
    "fuse": "14",
    "series_capacitor": "15",
    "series_reactor": "16",
    "shunt_capacitor": "17",
    "shunt_reactor": "18",
    "spot": "20",
    "distributed": "21",
    "overhead_unbalanced": "23",
}
RANK = {"from": 0, "middle": 1, "to": 2}


def build_feeder(records: Records, name: str, *, repair: bool = False, frequency_hz: float = 60.0) -> Feeder:
    """Return the feeder model; remarks go to ``records.findings``."""
    check_mutual(records, repair=repair, frequency_hz=frequency_hz)
    if not records["section"]:
        records.findings.append(
            Finding(
                "cyme.no_sections", Severity.ERROR, "The export has no sections", "Add the network file of the export"
            )
        )
    _merge_ldc(records)
    library = Library(records, frequency_hz)
    customers = Customers(records)
    rowing = Rowing()
    placed = _placed(records)
    for section in _unique(records["section"], records):
        _add_section(rowing, library, customers, section, placed.pop(section.text("section"), []))
    _report_unplaced(records, placed)
    customers.close()
    tables = {table: pd.DataFrame(rows) for table, rows in {**rowing.rows, **catalogue_rows(records)}.items()}
    tables["sources"] = pd.DataFrame(source_rows(records, _connected(rowing)))
    tables["buses"] = _buses(records, rowing, tables["sources"])
    tables["vertices"] = _vertices(records, rowing)
    studies = records["study"][0].values if records["study"] else {}
    feeder = Feeder(name, tables, frequency_hz=frequency_hz, studies=dict(studies))
    feeder = feeder.with_tables({"buses": place_internal(feeder)})
    feeder = feeder.with_tables({"buses": base_voltages(feeder)})
    return fill_rated_voltages(feeder, records.findings)


def _unique(sections: list[Record], records: Records) -> list[Record]:
    found: dict[str, Record] = {}
    for section in sections:
        name = section.text("section")
        if name in found:
            text = f"Section {name} stands twice; the first counts"
            records.findings.append(Finding("cyme.section_twice", Severity.WARNING, text, "", section.where, name))
        found.setdefault(name, section)
    return list(found.values())


def _merge_ldc(records: Records) -> None:
    """Put the forward settings of a database's regulators beside their regulators."""
    settings = {record.text("id"): record for record in records["regulator_ldc"] if record.number("forward") == 1}
    for regulator in records["regulator"]:
        if found := settings.get(regulator.text("id")):
            regulator.values = {**found.values, **regulator.values}


def _placed(records: Records) -> dict[str, list[tuple[str, Record]]]:
    """Return the devices of every section with their table."""
    by_number: dict[str, list[Record]] = {}
    for record in records["section_device"]:
        by_number.setdefault(record.text("id"), []).append(record)
    placed: dict[str, list[tuple[str, Record]]] = {}
    for table in (*tables_with_role("series"), *tables_with_role("shunt")):
        for device in records[table]:
            if not device.has("section"):
                found = by_number.get(device.text("id"), [])
                wanted = DEVICE_TYPES.get(device.text("kind") if table == "load" else table)
                place = next((record for record in found if record.text("type") == wanted), found[0] if found else None)
                if place:
                    device.values.update(
                        {key: value for key, value in place.values.items() if key in ("section", "location")}
                    )
            placed.setdefault(device.text("section"), []).append((table, device))
    if records["customer_load"] and not records["load"]:  # a load file may have customers only
        for record in {record.text("id"): record for record in records["customer_load"]}.values():
            placed.setdefault(record.text("section"), []).append(("load", record))
    return placed


def _report_unplaced(records: Records, placed: dict[str, list[tuple[str, Record]]]) -> None:
    for section, found in placed.items():
        for table, device in found:
            name = f"{table.replace('_', ' ')} {device.text('id')}"
            text = f"The {name} lies on section {section!r}, which isn't in the network: left out"
            records.findings.append(
                Finding(
                    "cyme.device_without_section",
                    Severity.ERROR,
                    text,
                    "Export network and loads together",
                    device.where,
                    device.text("id"),
                )
            )


def _add_section(
    rowing: Rowing, library: Library, customers: Customers, section: Record, placed: list[tuple[str, Record]]
) -> None:
    phases = section.text("phases")
    if not phases:
        library.remark(
            "section_no_phases",
            Severity.ERROR,
            "The section has no phases: ABC is taken",
            section,
            "Correct the section's phase",
        )
        phases = "ABC"
    start, end = section.text("from_node"), section.text("to_node")
    if not start or not end:
        library.remark(
            "section_no_nodes", Severity.ERROR, "The section has no from or to node: left out with its devices", section
        )
        return
    if start == end:
        library.remark(
            "section_to_itself",
            Severity.ERROR,
            "The section leads to its own beginning: only its loads are kept",
            section,
        )
    shunt = set(tables_with_role("shunt"))
    series = [item for item in placed if item[0] not in shunt] if start != end else []
    series.sort(key=lambda item: (RANK.get(item[1].text("location", "middle"), 1), item[0] in LINES))
    feeder, name = section.text("network"), section.text("section")
    nodes = [start, *(f"{name}~{k}" for k in range(1, len(series))), end]
    for (table, device), from_bus, to_bus in zip(series, nodes[:-1], nodes[1:], strict=True) if series else ():
        _add_series(rowing, library, table, device, Place(feeder, name, from_bus, to_bus, phases))
    if not series and start != end:
        _add_branch(
            rowing,
            section,
            Place(feeder, name, start, end, phases),
            rowing.name("branches", name, "section"),
            kind="link",
            closed_phases=phases,
        )
    whole = Place(feeder, name, start, end, phases)
    for table, device in (item for item in placed if item[0] in shunt):
        _add_shunt(rowing, library, customers, table, device, whole)


def _add_series(rowing: Rowing, library: Library, table: str, device: Record, place: Place) -> None:
    if device.text("status") == "bypassed":
        _add_branch(
            rowing,
            device,
            place,
            rowing.name("branches", device.text("id"), "bypass"),
            kind="link",
            closed_phases=place.phases,
        )
    elif table in TRANSFORMERS:
        TRANSFORMERS[table](rowing, library, device, place)
    elif table in LINES:
        _add_line(rowing, library, table, device, place)
    elif table in REACTANCES:
        _add_reactance(rowing, library, table, device, place)
    else:
        _add_switch(rowing, library, table, device, place)


def _add_branch(rowing: Rowing, record: Record, place: Place, name: str, **values: Any) -> None:
    row = {
        "id": name,
        "feeder": place.feeder,
        "section": place.section,
        "from_bus": place.from_bus,
        "to_bus": place.to_bus,
        "phases": place.phases,
        "length_km": 0.0,
        "origin": "ideal",
        "in_service": record.text("status", "connected") != "disconnected",
    }
    rowing.add("branches", **{**row, **values, **record.provenance})


def _add_line(rowing: Rowing, library: Library, table: str, device: Record, place: Place) -> None:
    made = library.line(table, device, place.phases)
    length = device.number("length")
    name = rowing.name("branches", device.text("id"), LINES[table])
    if length <= 0:
        library.remark(
            "line_zero_length", Severity.INFO, f"Line {name} has no length: it connects without impedance", device
        )
    origin = made.origin if length > 0 and made.matrices is not None else "ideal"
    _add_branch(
        rowing,
        device,
        place,
        name,
        kind=LINES[table],
        length_km=max(length, 0.0),
        origin=origin,
        equipment=made.equipment,
        amps_normal=made.amps,
        closed_phases=place.phases,
    )
    if origin != "ideal" and made.matrices is not None:
        rowing.rows.setdefault("impedances", []).extend(
            {**row, **device.provenance} for row in rows_of(name, made.matrices)
        )


def _add_switch(rowing: Rowing, library: Library, table: str, device: Record, place: Place) -> None:
    kind = library.types.get(f"{table}_type", {}).get(device.text("equipment"))
    normal = device.text("state", "closed") == "closed"
    closed = device.text("closed") or (place.phases if normal else "NONE")
    phases = "" if closed == "NONE" else "".join(phase for phase in closed if phase in place.phases)
    if normal and phases != place.phases:
        text = f"Normally closed, but {phases or 'no phase'} of {place.phases} is closed in the study"
        library.remark("switch_partly_open", Severity.INFO, text, device)
    _add_branch(
        rowing,
        device,
        place,
        rowing.name("branches", device.text("id"), SWITCHING.get(table, "switch")),
        kind=SWITCHING.get(table, "switch"),
        equipment=device.text("equipment"),
        amps_normal=(kind.number("amps") or None) if kind else None,
        closed_phases=phases,
        normally_closed=normal,
    )


def _add_reactance(rowing: Rowing, library: Library, table: str, device: Record, place: Place) -> None:
    kind, types, sign = REACTANCES[table]
    found = library.find(types, device)
    name = rowing.name("branches", device.text("id"), kind)
    ohms = sign * found.number("ohms") if found else 0.0
    _add_branch(
        rowing,
        device,
        place,
        name,
        kind=kind,
        length_km=1.0,
        origin="matrix" if ohms else "ideal",
        equipment=device.text("equipment"),
        amps_normal=(found.number("amps") or None) if found else None,
        closed_phases=place.phases,
    )
    if ohms:
        rows = [
            {"branch": name, "row": k + 1, "column": k + 1, "r_ohm_km": 0.0, "x_ohm_km": ohms, "b_us_km": 0.0}
            for k in range(len(place.phases))
        ]
        rowing.rows.setdefault("impedances", []).extend({**row, **device.provenance} for row in rows)


def _add_shunt(
    rowing: Rowing, library: Library, customers: Customers, table: str, device: Record, place: Place
) -> None:
    bus = place.to_bus if device.text("location") == "to" else place.from_bus
    if table == "load":
        add_load(rowing, customers, device, place)
    elif table == "shunt_capacitor":
        build.add_capacitor(rowing, library, device, place, bus)
    elif table == "shunt_reactor":
        build.add_reactor(rowing, library, device, place, bus)
    elif table in ("photovoltaic", *SHUNT_DER):
        generation = library.types.get("generation", {})
        found = next((record for record in generation.values() if record.text("id") == device.text("id")), None)
        build.add_generator(rowing, library, device, place, bus, table, found)


def _connected(rowing: Rowing) -> dict[str, str]:
    """Return for each bus the name of the connected part that it belongs to, through everything closed."""
    parent: dict[str, str] = {}

    def find(bus: str) -> str:
        while parent.setdefault(bus, bus) != bus:
            parent[bus] = parent[parent[bus]]
            bus = parent[bus]
        return bus

    for row in rowing.rows.get("branches", []):
        if row["closed_phases"] and row["in_service"]:
            parent[find(row["from_bus"])] = find(row["to_bus"])
    ends: dict[str, str] = {}
    for row in rowing.rows.get("windings", []):
        other = ends.setdefault(row["transformer"], row["bus"])
        parent[find(row["bus"])] = find(other)
    return {bus: find(bus) for bus in list(parent)}


def _buses(records: Records, rowing: Rowing, sources: pd.DataFrame) -> pd.DataFrame:
    nodes = records.by_id("node", "node")
    used: dict[str, str] = {}
    for table, columns in (
        ("branches", ("from_bus", "to_bus")),
        ("windings", ("bus",)),
        ("loads", ("bus",)),
        ("capacitors", ("bus",)),
        ("der", ("bus",)),
    ):
        for row in rowing.rows.get(table, []):
            for column in columns:
                used.setdefault(row[column], row.get("feeder", ""))
    if not sources.empty:
        for bus in sources["bus"]:
            used.setdefault(bus, "")
    rows = []
    missing = []
    for name, feeder in used.items():
        node = nodes.get(name)
        if node is None and "~" not in name:
            missing.append(name)
        rows.append(
            {
                "id": name,
                "feeder": feeder,
                "x": _middle(node, "x"),
                "y": _middle(node, "y"),
                **(node.provenance if node else {}),
            }
        )
    if missing and nodes:
        text = f"{len(missing)} nodes of sections are not among the nodes: {listed(missing)}"
        records.findings.append(
            Finding("cyme.node_missing", Severity.WARNING, text, "They have no coordinates", Where(section="NODE"))
        )
    return pd.DataFrame(rows)


def _middle(node: Record | None, axis: str) -> float | None:
    """Return a node's coordinate; a bus that is drawn as a bar has its middle."""
    if node is None or not node.has(axis):
        return None
    return (node.number(axis) + node.number(f"{axis}2", node.number(axis))) / 2


def _vertices(records: Records, rowing: Rowing) -> pd.DataFrame:
    branch: dict[str, str] = {}
    for row in rowing.rows.get("branches", []):
        branch.setdefault(row["section"], row["id"])
    rows = [
        {
            "branch": branch[record.text("section")],
            "sequence": int(record.number("order")),
            "x": record.number("x"),
            "y": record.number("y"),
            **record.provenance,
        }
        for record in records["vertex"]
        if record.text("section") in branch and record.has("x") and record.has("y")
    ]
    return pd.DataFrame(rows)
