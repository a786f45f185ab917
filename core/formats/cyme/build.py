"""From CYME's records to the feeder model: sections with several devices become chains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd

from core.feeder import Feeder
from core.feeder.places import place_internal
from core.feeder.voltages import base_voltages, fill_rated_voltages
from core.findings import Finding, Severity, Where, listed
from core.formats.cyme.branches import LINES, REACTANCES, SWITCHING, add_line, add_reactance, add_switch
from core.formats.cyme.completion import finish
from core.formats.cyme.equipment import Library, catalogue_rows, settle_spacings
from core.formats.cyme.loads import Customers, add_load, is_midway
from core.formats.cyme.mutual import check_mutual
from core.formats.cyme.records import Record, Records, tables_with_role
from core.formats.cyme.regulators import add_regulator, add_regulator_by_phase
from core.formats.cyme.rowing import Place, Rowing, Site
from core.formats.cyme.shunts import GENERATORS, add_capacitor, add_generator, add_reactor
from core.formats.cyme.sources import source_rows
from core.formats.cyme.three_windings import add_three_winding
from core.formats.cyme.transformers import add_transformer, add_transformer_by_phase

SERIES: dict[str, Callable[[Site], None]] = {
    "transformer": add_transformer,
    "transformer_byphase": add_transformer_by_phase,
    "three_winding": add_three_winding,
    "regulator": add_regulator,
    "regulator_byphase": add_regulator_by_phase,
    **{table: partial(add_line, table=table) for table in LINES},
    **{table: partial(add_switch, table=table) for table in SWITCHING},
    **{table: partial(add_reactance, table=table) for table in REACTANCES},
}
SHUNTS: dict[str, Callable[[Site, str], None]] = {
    "shunt_capacitor": add_capacitor,
    "shunt_reactor": add_reactor,
    **{table: partial(add_generator, table=table) for table in GENERATORS},
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
    _merge_settings(records)
    settle_spacings(records)
    library = Library(records, frequency_hz)
    customers = Customers(records)
    rowing = Rowing()
    placed = _placed(records)
    for section in _unique(records["section"], records):
        _add_section(rowing, library, customers, section, placed.pop(section.text("section"), []))
    _report_unplaced(records, placed)
    _report_simplified(records, rowing)
    _report_alike(records, rowing)
    customers.close()
    tables = {table: pd.DataFrame(rows) for table, rows in {**rowing.rows, **catalogue_rows(records)}.items()}
    tables["sources"] = pd.DataFrame(source_rows(records, _connected(rowing)))
    tables["buses"] = _buses(records, rowing, tables["sources"])
    tables["vertices"] = _vertices(records, rowing)
    studies = records["study"][0].values if records["study"] else {}
    feeder = Feeder(name, tables, frequency_hz=frequency_hz, studies=dict(studies))
    feeder = feeder.with_tables({"buses": place_internal(feeder)})
    feeder = feeder.with_tables({"buses": base_voltages(feeder)})
    return finish(fill_rated_voltages(feeder, records.findings), rowing.in_amperes, records.findings)


def _report_alike(records: Records, rowing: Rowing) -> None:
    """Report device numbers that are the same but for upper and lower case: OpenDSS can't tell them apart."""
    if rowing.alike:
        text = f"{len(rowing.alike)} device numbers differ from others only in case: they got a suffix"
        text += f" ({listed(rowing.alike)})"
        hint = "Give each device a number of its own where results refer to them"
        records.findings.append(Finding("cyme.id_case", Severity.INFO, text, hint, element=rowing.alike[0]))


def _unique(sections: list[Record], records: Records) -> list[Record]:
    found: dict[str, Record] = {}
    for section in sections:
        name = section.text("section")
        if name in found:
            text = f"Section {name} stands twice; the first counts"
            records.findings.append(Finding("cyme.section_twice", Severity.WARNING, text, "", section.where, name))
        found.setdefault(name, section)
    return list(found.values())


def _merge_settings(records: Records) -> None:
    """Put what a database keeps apart beside its owner: forward settings of regulators, tap changers."""
    forward = [record for record in records["regulator_ldc"] if record.number("forward") == 1]
    for owner, key, parts in (
        ("regulator", "id", forward),
        ("regulator_byphase", "id", forward),
        ("transformer", "id", records["transformer_ltc"]),
        ("transformer_type", "equipment", records["transformer_type_ltc"]),
    ):
        by_key = {record.text(key): record for record in reversed(parts)}
        for record in records[owner]:
            if found := by_key.get(record.text(key)):
                record.values = {**found.values, **record.values}


def _placed(records: Records) -> dict[str, list[tuple[str, Record]]]:
    """Return the devices of every section with their table."""
    by_number: dict[str, list[Record]] = {}
    for record in records["section_device"]:
        by_number.setdefault(record.text("id"), []).append(record)
    placed: dict[str, list[tuple[str, Record]]] = {}
    seen: set[tuple[str, str]] = set()
    for table in (*tables_with_role("series"), *tables_with_role("shunt")):
        for device in records[table]:
            number = device.text("id")
            kind = device.text("kind") if table == "load" else table
            if number and (kind, number) in seen:
                text = f"The {table.replace('_', ' ')} {number} stands twice; the first counts"
                records.findings.append(Finding("cyme.device_twice", Severity.WARNING, text, "", device.where, number))
                continue
            seen.add((kind, number))
            if not device.has("section"):
                found = by_number.get(number, [])
                wanted = DEVICE_TYPES.get(kind)
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
    phases = section.text("phases") or "ABC"
    if not section.text("phases"):
        text, hint = "The section has no phases: ABC is taken", "Correct the section's phase"
        library.remark("section_no_phases", Severity.ERROR, text, section, hint)
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
    loads = [device for table, device in placed if table == "load"]
    halved = _halve_line(series) if any(is_midway(load) for load in loads) else None
    feeder, name = section.text("network"), section.text("section")
    nodes = [start, *(f"{name}~{k}" for k in range(1, len(series))), end]
    for (table, device), from_bus, to_bus in zip(series, nodes[:-1], nodes[1:], strict=True) if series else ():
        site = Site(rowing, library, device, Place(feeder, name, from_bus, to_bus, phases))
        if device.text("status") == "bypassed":
            site.add_link(device.text("id"), phases)
        else:
            SERIES[table](site)
    whole = Place(feeder, name, start, end, phases, nodes[halved] if halved else end)
    if not series and start != end:
        Site(rowing, library, section, whole).add_link(name, phases)
    for table, device in (item for item in placed if item[0] in shunt):
        if table == "load":
            add_load(rowing, customers, device, whole)
        else:
            bus = end if device.text("location") == "to" else start
            SHUNTS[table](Site(rowing, library, device, whole), bus)


def _halve_line(series: list[tuple[str, Record]]) -> int | None:
    """Cut the section's first line into two halves and return the number of the node between them."""
    for index, (table, device) in enumerate(series):
        if table in LINES and device.number("length") > 0:
            half = replace(device, values={**device.values, "length": device.number("length") / 2})
            series[index : index + 1] = [(table, half), (table, half)]
            return index + 1
    return None


def _report_simplified(records: Records, rowing: Rowing) -> None:
    """Say once how sections without devices, distributed loads and loads midway are taken."""
    bare = [
        row["id"] for row in rowing.rows.get("branches", []) if row["kind"] == "link" and row["id"] == row["section"]
    ]
    if bare:
        text = f"{len(bare)} sections have no device: they connect without impedance ({listed(bare)})"
        records.findings.append(Finding("cyme.section_without_device", Severity.INFO, text, element=bare[0]))
    spread = [record.text("id") for record in records["load"] if record.text("kind") == "distributed"]
    if spread:
        text = f"{len(spread)} distributed loads stand half at each end of their section: {listed(spread)}"
        records.findings.append(Finding("cyme.load_distributed", Severity.INFO, text, element=spread[0]))
    midway = [record.text("id") for record in records["load"] if is_midway(record)]
    if midway:
        text = f"{len(midway)} spot loads stand midway on their section; its line is cut there: {listed(midway)}"
        records.findings.append(Finding("cyme.load_midway", Severity.INFO, text, element=midway[0]))


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
