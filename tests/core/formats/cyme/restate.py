"""A text export restated as CYME's database tables and as a self-contained study in XML.

What the text says is taken through the reader's vocabulary; the names, codes and nesting of the other two layouts are
written down here and in ``layouts/names.csv``, as CYME's schema and studies have them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from core.findings import Where
from core.formats.cyme.raw import RawFile, RawRow
from core.formats.cyme.records import Record, Records, records_of, table_names, tables_with_role
from core.formats.cyme.text import read_text

PHASES = {"": 0, "A": 1, "B": 2, "C": 3, "AB": 4, "AC": 5, "BC": 6, "ABC": 7}
POSITIONS = ("A", "B", "C", "AB", "AC", "BA", "BC", "CA", "CB", "ABC", "ACB", "BAC", "BCA", "CAB", "CBA")
CONNECTIONS = ("Yg_Yg", "D_Yg", "Yg_D", "Y_Y", "D_D", "DO_DO", "YO_DO", "D_Y", "Y_D", "Yg_Y", "Y_Yg")
#: Codes of the database by the kind of choice.
CODES: dict[str, dict[str, Any]] = {
    "phases": PHASES,
    "closed_phases": {**PHASES, "NONE": 0},
    "normal_status": {"closed": 1, "open": 0},
    "location": {"middle": 0, "from": 1, "to": 2},
    "connection_status": {"connected": 0, "disconnected": 1, "bypassed": 2},
    "load_connection": {"wye": 0, "delta": 2},
    "regulator_connection": {"wye": 0, "delta": 2, "open_delta": 3, "closed_delta": 4},
    "winding_connection": {"Yg": 0, "Y": 1, "D": 2},
    "load_kind": {"spot": 20, "distributed": 21},
    "value_type": {"kw_kvar": 0, "kva_pf": 1, "kw_pf": 2, "amp_pf": 3},
    "phase_type": {"single": 1, "three": 2},
    "regulator_option": {"fixed": 2, "terminal": "Terminal", "load_center": "LoadCenter", "automatic": 0},
    "yes": {"yes": 1, "no": 0},
    "position": {text: code for code, text in enumerate(POSITIONS)},
    "transformer_connection": {text: code for code, text in enumerate(CONNECTIONS)},
    "ltc_control": {"percent": 0, "volts": 1, "reactive": 2},
    "tap_location": {"primary": 0, "secondary": 1},
    "capacitor_status": {"closed": 0, "open": 1},
    "capacitor_control": {"none": 0, "kvar": 2, "current": 3, "voltage": 7, "powerfactor": "PF", "time": "Time"},
    "impedance_unit": {"ohm": 0, "pu": 1},
    "voltage_unit": {"ll": 0, "ln": 1},
}  # fmt: skip
#: Words of studies in XML, where they aren't the letters themselves.
WORDS: dict[str, dict[str, str]] = {
    "closed_phases": {"NONE": "None"},
    "normal_status": {"closed": "Closed", "open": "Open"},
    "location": {"middle": "Middle", "from": "From", "to": "To"},
    "connection_status": {"connected": "Connected", "disconnected": "Disconnected", "bypassed": "Bypassed"},
    "load_connection": {"wye": "Yg", "delta": "D"},
    "regulator_connection": {"wye": "Yg", "delta": "D", "open_delta": "OpenDelta", "closed_delta": "ClosedDelta"},
    "load_kind": {"spot": "SpotLoad", "distributed": "DistributedLoad"},
    "value_type": {key: f"LoadValue{key.upper()}" for key in ("kw_kvar", "kva_pf", "kw_pf", "amp_pf")},
    "phase_type": {"single": "SinglePhase", "three": "ThreePhase"},
    "regulator_option": {"fixed": "FixedTap", "terminal": "Terminal", "load_center": "LoadCenter", "automatic": "RX"},
    "yes": {"yes": "1", "no": "0"},
    "position": {text: f"Position{text}" for text in POSITIONS},
    "ltc_control": {"percent": "VoltagePercent", "volts": "Voltage120V", "reactive": "ReactivePower"},
    "tap_location": {"primary": "Primary", "secondary": "Secondary"},
    "capacitor_status": {"closed": "InitiallyOn", "open": "InitiallyOff"},
    "impedance_unit": {"ohm": "Ohms", "pu": "PU"},
    "voltage_unit": {"ll": "KVLL", "ln": "KVLN"},
}
#: What version 7 called otherwise than version 9.
OLDER = {
    "FirstLevelR1": "PositiveSequenceResistance",
    "FirstLevelX1": "PositiveSequenceReactance",
    "FirstLevelR0": "ZeroSequenceResistance",
    "FirstLevelX0": "ZeroSequenceReactance",
    "NeutralConductorID1": "NeutralConductorID",
    "FirstResistanceAC": "FirstResistance",
    "SecondResistanceAC": "SecondResistance",
}
QUANTITIES = {"kw_kvar": ("KW", "KVAR"), "kva_pf": ("KVA", "PF"), "kw_pf": ("KW", "PF"), "amp_pf": ("AMP", "PF")}
KINDS = {"regulator": "4", "transformer": "5", "switch": "13", "shunt_capacitor": "17"}
#: Length units of a database and a study are those of SI: metres for lengths.
SCALES = {"length": 1000.0}


def _names() -> dict[str, list[tuple[str, str, str, str]]]:
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    with Path(__file__).with_name("layouts").joinpath("names.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            found.setdefault(row["table"], []).append((row["field"], row["type"], row["mdb"], row["xml"]))
    return found


NAMES = _names()
DEVICES = (*tables_with_role("series"), *tables_with_role("shunt"))


def records(paths: Iterable[Path]) -> Records:
    """Return what the text says."""
    raw = RawFile("text")
    for path in paths:
        read_text(path.read_bytes(), path.name, raw)
    return records_of(raw)


def _cells(table: str, record: Record, dialect: str) -> dict[str, str]:
    """Return a record's cells by their outside names; a text of one phase count has codes of its own."""
    cells = {}
    for field, kind, mdb, xml in NAMES[table]:
        if field not in record.values:
            continue
        value = record.values[field]
        if field in ("x", "y") and f"{field}2" in record.values:
            value = (value + record.values[f"{field}2"]) / 2
        if kind == "number":
            value = repr(value * SCALES.get(field, 1.0))
        elif kind.startswith("enum:"):
            codes = (CODES if dialect == "mdb" else WORDS).get(kind.removeprefix("enum:"), {})
            value = codes.get(value, value)
        cells[(mdb or xml.split(".")[-1]) if dialect == "mdb" else xml] = str(value)
    return cells


def database(said: Records) -> RawFile:
    """Return the tables of a database: places of devices, settings of regulators and tap changers stand apart."""
    outside = {ours: name for name, ours in reversed(table_names("mdb").items())}
    raw = RawFile("mdb")

    def add(table: str, cells: dict[str, str]) -> None:
        row = len(raw.tables.get(table, [])) + 1
        raw.add(table, RawRow({name.lower(): cell for name, cell in cells.items()}, Where(section=table, row=row)))

    for table in said:
        if table not in outside or table not in NAMES:
            continue
        for record in said[table]:
            cells = _cells(table, record, "mdb")
            if table in ("regulator", "regulator_byphase"):
                moved = {name: cells.pop(name) for name in list(cells) if name.startswith(("SetV", "Rset", "Xset"))}
                add("CYMLDCSETTINGS", {"DeviceNumber": record.text("id"), "Forward": "1", **moved})
            add(outside[table], cells)
            if table in DEVICES:
                kind = CODES["load_kind"].get(record.text("kind"), KINDS.get(table, "99"))
                place = {
                    "SectionId": record.text("section"),
                    "DeviceNumber": record.text("id"),
                    "DeviceType": str(kind),
                }
                if record.has("location"):
                    place["Location"] = str(CODES["location"][record.text("location")])
                add("CYMSECTIONDEVICE", place)
    return raw


def _put(parent: Element, path: str, text: str) -> None:
    *inner, leaf = path.split(".")
    for tag in inner:
        found = parent.find(tag)
        parent = found if found is not None else SubElement(parent, tag)
    SubElement(parent, leaf).text = text


def _element(parent: Element, tag: str, table: str, record: Record, version: str) -> Element:
    made = SubElement(parent, tag)
    for path, text in _cells(table, record, "xml").items():
        _put(made, path if version >= "9" else OLDER.get(path, path), text)
    return made


def study(said: Records, version: str) -> bytes:
    """Return a self-contained study of a version."""
    root = Element("CymeStudy")
    _put(root, "Version", version)
    heads = {record.text("node"): record.text("network") for record in (*said["network"], *said["head_node"])}
    networks = list(dict.fromkeys(record.text("network") for record in said["section"])) or list(heads.values())
    for name in networks:
        network = SubElement(SubElement(root, "Networks"), "Network")
        _put(network, "NetworkID", name)
        for node in [node for node, fed in heads.items() if fed == name]:
            _put(network, "HeadNodeID", node)
        _add_sources(network, said, {node for node, fed in heads.items() if fed == name}, version)
        for record in said["node"] if name == networks[0] else ():
            _element(SubElement(network, "Nodes"), "Node", "node", record, version)
        for record in said["section"]:
            if record.text("network") == name:
                _add_section(SubElement(network, "Sections"), said, record, version)
    shelf = SubElement(SubElement(SubElement(root, "Equipments"), "Equipments"), "EquipmentDBs")
    tags = {ours: tag for tag, ours in table_names("xml").items()}
    for table in (table for table in said if tags.get(table, "").endswith("DB")):
        for record in said[table]:
            _element(shelf, tags[table], table, record, version)
    for tag, table in (("ConsumerClass", "customer_class"), ("LoadModel", "load_model")):
        for record in said[table]:
            _element(root, tag, table, record, version)
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _add_sources(network: Element, said: Records, heads: set[str], version: str) -> None:
    devices = {record.text("node"): record for record in said["source"]}
    for equivalent in said["source_equivalent"]:
        if equivalent.text("node") not in heads:
            continue
        holder = SubElement(network, "Sources")
        device = devices.get(equivalent.text("node"))
        source = _element(holder, "Source", "source", device, version) if device else SubElement(holder, "Source")
        if device is None:
            _put(source, "SourceNodeID", equivalent.text("node"))
        models = SubElement(SubElement(source, "EquivalentSourceModels"), "EquivalentSourceModel")
        _element(models, "EquivalentSource", "source_equivalent", equivalent, version)


def _add_section(parent: Element, said: Records, record: Record, version: str) -> None:
    section = _element(parent, "Section", "section", record, version)
    _put(section, "SectionID", record.text("section"))
    tags = {ours: tag for tag, ours in reversed(table_names("xml").items())}
    here = SubElement(section, "Devices")
    for table in DEVICES:
        for device in said[table]:
            if device.text("section") == record.text("section"):
                tag = WORDS["load_kind"][device.text("kind", "spot")] if table == "load" else tags[table]
                made = _element(here, tag, table, device, version)
                if device.has("location"):
                    _put(made, "Location", WORDS["location"][device.text("location")])
                if table == "load":
                    _add_customers(made, said, device)
    for point in sorted(said["vertex"], key=lambda point: point.number("order")):
        if point.text("section") == record.text("section"):
            _element(SubElement(section, "IntermediatePoints"), "Point", "vertex", point, version)


def _add_customers(load: Element, said: Records, device: Record) -> None:
    for record in said["customer_load"]:
        if (record.text("id"), record.text("kind", "spot")) != (device.text("id"), device.text("kind", "spot")):
            continue
        customer = SubElement(SubElement(load, "CustomerLoads"), "CustomerLoad")
        for tag, field in (("CustomerNumber", "customer"), ("ConsumerClassID", "customer_class")):
            _put(customer, tag, record.text(field))
        _put(customer, "ConnectionStatus", WORDS["connection_status"][record.text("status", "connected")])
        model = SubElement(SubElement(customer, "CustomerLoadModels"), "CustomerLoadModel")
        _put(model, "LoadModelID", record.text("model"))
        value = SubElement(SubElement(model, "CustomerLoadValues"), "CustomerLoadValue")
        if record.has("phases"):
            _put(value, "Phase", record.text("phases"))
        kind = record.text("value_type", "kw_kvar")
        numbers = SubElement(value, "LoadValue", {"Type": WORDS["value_type"][kind]})
        for tag, field in zip(QUANTITIES[kind], ("value1", "value2"), strict=True):
            _put(numbers, tag, repr(record.number(field)))
        for tag, field in (("ConnectedKVA", "connected_kva"), ("KWH", "kwh"), ("NumberOfCustomer", "customers")):
            _put(value, tag, repr(record.number(field)))
