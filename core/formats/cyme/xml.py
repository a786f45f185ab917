"""CYME's XML study export (.sxst, .xst): networks with sections and devices, and the equipment when self-contained.

Every element becomes a row of its leaves: ``VsetA`` under ``ForwardSettings`` is the cell ``forwardsettings.vseta``
and, as long as no other leaf has its name, ``vseta``.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from core.errors import BadInput
from core.findings import Severity, Where
from core.formats.cyme.raw import RawFile, RawRow

EQUIPMENT_SUFFIX = "DB"
LOADS = ("SpotLoad", "DistributedLoad")


def looks_like_xml(head: str) -> bool:
    """Say whether a text begins as an XML document."""
    return head.lstrip("\ufeff \t\r\n").startswith("<")


def read_xml(data: bytes, name: str) -> RawFile:
    """Read a study: entities and external references are refused."""
    root, broken = _parsed(data, name)
    raw = RawFile("xml", version=_version(root))
    if broken:
        text = f"The XML breaks off ({broken}): what stands before is read"
        raw.remark("xml.cut_off", Severity.ERROR, text, "Export the study again from CYME", Where(file=name))
    networks = [element for element in root.iter("Network") if element.find("NetworkID") is not None]
    if not networks and root.find(".//Sections/Section") is None:
        raise BadInput(
            "The XML has no CYME networks",
            hint="Choose a CYME study exported as XML (.sxst, .xst)",
            where=Where(file=name),
        )
    for element in root.iter():
        if (
            element.tag.endswith(EQUIPMENT_SUFFIX)
            and element.tag != EQUIPMENT_SUFFIX
            and element.find("EquipmentID") is not None
        ):
            raw.add(element.tag, _row(element, name))
    for tag in ("ConsumerClass", "CustomerClass", "CustomerType", "LoadModel", "LoadFlowParametersConfig"):
        for element in root.iter(tag):
            if len(element):
                raw.add(tag, _row(element, name))
    _add_networks(raw, root, networks, name)
    if not any(table.endswith(EQUIPMENT_SUFFIX) for table in raw.tables):
        raw.remark(
            "xml.no_equipment",
            Severity.WARNING,
            "The study carries no equipment",
            "Export it self-contained, or add the equipment export",
            Where(file=name),
        )
    return raw


def _parsed(data: bytes, name: str) -> tuple[Any, str]:
    """Return the root of a document and why it breaks off, if it does; the root then holds what stands before."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, iterparse

    root = None
    try:
        for _, element in iterparse(BytesIO(data), events=("start",), forbid_dtd=True):
            root = element if root is None else root
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        if root is None or not isinstance(error, ParseError):
            text = f"The XML can't be read: {error}"
            raise BadInput(text, hint="Export the study again from CYME", where=Where(file=name)) from error
        return root, str(error)
    return root, ""


def _version(root: Any) -> str:
    for tag in ("Version", "CYMEVersion", "CymeVersion"):
        found = root.findtext(tag) or root.findtext(f".//{tag}")
        if found:
            return str(found).strip()
    return ""


def _add_networks(raw: RawFile, root: Any, networks: list[Any], file: str) -> None:
    for network in networks:
        identity = (network.findtext("NetworkID") or "").strip()
        raw.add("Network", _row(network, file, skip=("Nodes", "Sections", "Sources", "Topos"), networkid=identity))
        for source in network.iter("Source"):
            node = (source.findtext("SourceNodeID") or "").strip()
            raw.add("Source", _row(source, file, skip=("EquivalentSourceModels",), networkid=identity))
            for equivalent in source.iter("EquivalentSource"):
                raw.add("EquivalentSource", _row(equivalent, file, nodeid=node))
    for node in root.iter("Node"):
        raw.add("Node", _row(node, file))
    for section in root.iter("Section"):
        _add_section(raw, section, file)


def _add_section(raw: RawFile, section: Any, file: str) -> None:
    identity = (section.findtext("SectionID") or "").strip()
    raw.add("Section", _row(section, file, skip=("Devices", "IntermediatePoints")))
    for order, point in enumerate(section.iterfind("IntermediatePoints/Point")):
        raw.add("IntermediatePoint", _row(point, file, sectionid=identity, sequence=str(order + 1)))
    for devices in section.iterfind("Devices"):
        for device in devices:
            skip = ("CustomerLoads",) if device.tag in LOADS else ()
            raw.add(device.tag, _row(device, file, skip=skip, sectionid=identity, loadtype=device.tag))
            for customer in device.iterfind(".//CustomerLoads/CustomerLoad"):
                _add_customer(
                    raw, customer, file, number=(device.findtext("DeviceNumber") or "").strip(), kind=device.tag
                )


def _add_customer(raw: RawFile, customer: Any, file: str, *, number: str, kind: str) -> None:
    shared = {key: (customer.findtext(tag) or "").strip() for key, tag in (("customernumber", "CustomerNumber"),)}
    for tag in ("CustomerType", "ConsumerClassID", "CustomerTypeID"):
        if customer.findtext(tag):
            shared["customertype"] = str(customer.findtext(tag)).strip()
            break
    status = (customer.findtext("ConnectionStatus") or "").strip()
    for model in customer.iter("CustomerLoadModel"):
        identity = model.findtext("LoadModelID") or model.findtext("LoadModelName") or model.findtext("ID") or ""
        for value in model.iter("CustomerLoadValue"):
            cells = {**shared, "devicenumber": number, "loadtype": kind, "loadmodelid": identity.strip()}
            if status:
                cells["connectionstatus"] = status
            raw.add("CustomerLoadValue", _row(value, file, skip=("LoadValue",), **cells, **_value(value)))


def _value(element: Any) -> dict[str, str]:
    """Return the two numbers of a load value and what they are."""
    load = element.find("LoadValue")
    if load is None:
        return {}
    cells = {leaf.tag.upper(): (leaf.text or "").strip() for leaf in load if not len(leaf)}
    quantity = next((name for name in ("KW", "KVA", "AMP", "AMPS") if name in cells), "KW")
    kind = str(load.attrib.get("Type", "")) or f"{quantity.rstrip('S')}_{'KVAR' if 'KVAR' in cells else 'PF'}"
    first = cells.get(quantity, "")
    second = next((cells[name] for name in ("KVAR", "PF") if name in cells), "")
    return {"valuetype": kind, "value1": first, "value2": second}


def _row(element: Any, file: str, *, skip: tuple[str, ...] = (), **cells: str) -> RawRow:
    identity = next(
        (
            element.findtext(tag)
            for tag in ("DeviceNumber", "SectionID", "NodeID", "EquipmentID")
            if element.findtext(tag)
        ),
        None,
    )
    place = f"{element.tag}[{identity.strip()}]" if identity else element.tag
    found: dict[str, str] = {}
    for path, text in _leaves(element, skip):
        found.setdefault(".".join(path[-2:]).lower(), text)
        found.setdefault(path[-1].lower(), text)
    return RawRow({**found, **cells}, Where(file=file, section=place))


def _leaves(element: Any, skip: tuple[str, ...], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Walk the leaves, the element's own first: they win a name that also stands deeper."""
    deeper = []
    for child in element:
        if child.tag in skip:
            continue
        if len(child):
            deeper.append(child)
        else:
            yield (*path, str(child.tag)), (child.text or "").strip()
    for child in deeper:
        yield from _leaves(child, skip, (*path, str(child.tag)))
