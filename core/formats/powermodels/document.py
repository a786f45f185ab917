"""PowerModels dictionaries as JSON, and files of any format as dictionaries (``parse_file``)."""

from __future__ import annotations

import json
import math
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.documents import plain
from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.matpower import read_case
from core.formats.powermodels.components import COMPONENTS, Data, items, networks
from core.formats.powermodels.correct import correct_network_data
from core.formats.powermodels.from_matpower import data_from_case
from core.formats.powermodels.from_network import data_from_network
from core.formats.powermodels.from_psse import data_from_raw
from core.formats.powermodels.summary import PARAMETER_ORDER
from core.formats.powermodels.units import FIELDS
from core.formats.psse import read_raw, read_raw_case
from core.formats.psse.rawx import is_rawx, read_rawx_case

#: Fields that are numbers where they occur.
NUMERIC = {field for fields in FIELDS.values() for field, _ in fields} | set(PARAMETER_ORDER) - {"name", "cost"}

#: Fields that may be infinite: JSON has no number for that, so ``null`` stands for "no limit".
UPPER, LOWER = ("max", "maxf", "maxt", "angmax"), ("min", "minf", "mint", "angmin")


def parse_file(
    data: bytes, name: str, *, validate: bool = True, import_all: bool = False, physical: bool = False
) -> Reading[Data]:
    """Read a ``.m``, ``.raw``, ``.rawx`` or ``.json`` file as a dictionary, corrected and in per unit.

    Parameters
    ----------
    data
        The file's bytes.
    name
        The file's name; its ending says the format, and where it doesn't the content does.
    validate
        Run the corrections of :func:`~core.formats.powermodels.correct.correct_network_data`; without them the
        dictionary is in mixed units.
    import_all
        Carry the fields of a RAW file that no component needs (compat mode only).
    physical
        Follow the PSS/E manual where PowerModels departs from it.

    Raises
    ------
    BadInput
        If the file can't be read, or holds what PowerModels refuses.
    """
    readers = {".m": _parse_matpower, ".raw": _parse_raw, ".rawx": _parse_raw, ".json": _parse_json}
    ending = Path(name).suffix.lower()
    if ending not in readers:
        ending = _ending_of(data)
    try:
        reading = readers[ending](data, name, import_all, physical)
        if validate:
            reading.findings += _corrected(reading.value, name, physical)
    except BadInput as error:
        error.locate(name, "Correct the file, or export it again.")
        raise
    return reading


def _ending_of(data: bytes) -> str:
    """Return the ending that the content should have."""
    start = data[:65536].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] in (b"{", b"["):
        return ".json"
    return ".m" if b"mpc." in start or start.startswith(b"function") else ".raw"


def printable(data: Data) -> tuple[Data, list[Finding]]:
    """Return the dictionary as JSON takes it, and how many values it has no number for."""
    return plain(data), _infinite(data)


def write_json(data: Data) -> bytes:
    """Return the dictionary as JSON that PowerModels reads; what is not a finite number becomes ``null``."""
    try:
        return _json(data)
    except (ValueError, TypeError):  # an infinite limit, or a value that is not one of JSON's types
        return _json(plain(data))


def _json(data: Data) -> bytes:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def read_json(content: bytes, name: str) -> Data:
    """Return a file's JSON object as it stands.

    Raises
    ------
    BadInput
        If the file is no JSON, or holds no object.
    """
    where = Where(file=name)
    try:
        data = json.loads(content)
    except UnicodeDecodeError as error:
        raise BadInput("the file is not text", where=where) from error
    except json.JSONDecodeError as error:
        raise BadInput(f"the file is no JSON: {error.msg}", where=Where(name, line=error.lineno)) from error
    except RecursionError as error:
        raise BadInput("the file is nested too deeply", where=where) from error
    if not isinstance(data, dict):
        raise BadInput("the file holds no object", hint="is this a file that PowerModels wrote?", where=where)
    return data


def check_document(data: Data, name: str) -> list[Finding]:
    """Refuse an object that is no dictionary of a network; add the tables that it lacks, and unify its version."""
    version = data.get("source_version")
    if isinstance(version, dict):  # as older versions of PowerModels wrote it
        data["source_version"] = ".".join(str(version.get(part, 0)) for part in ("major", "minor", "patch"))
    nested = data.get("nw", {}) if data.get("multinetwork") else {"": data}
    if not isinstance(nested, dict) or not nested or not all(isinstance(network, dict) for network in nested.values()):
        hint = "is this a file that PowerModels wrote?"
        raise BadInput("“nw” holds no networks", hint=hint, where=Where(name, section="nw"))
    return [finding for network in nested.values() for finding in _checked_network(network, data, name)]


def _corrected(data: Data, name: str, physical: bool) -> list[Finding]:
    findings = []
    for network in networks(data):
        try:
            findings += correct_network_data(network, physical=physical)
        except BadInput as error:
            where = Where(file=name, section=error.where.section, row=error.where.row, column=error.where.column)
            raise BadInput(error.message, hint=error.hint, where=where) from error
    return findings


def _parse_matpower(content: bytes, name: str, import_all: bool, physical: bool) -> Reading[Data]:
    reading = read_case(content, name)
    data, findings = data_from_case(reading.value)
    return Reading(data, [*reading.findings, *findings], reading.source)


def _parse_raw(content: bytes, name: str, import_all: bool, physical: bool) -> Reading[Data]:
    if physical:
        network = read_raw(content, name)
        data, ledger = data_from_network(network.value)
        return Reading(data, [*network.findings, *ledger], network.source)
    reading = (read_rawx_case if is_rawx(content) else read_raw_case)(content, name)
    broken = next((finding for finding in reading.findings if finding.severity is Severity.ERROR), None)
    if broken:
        hint = f"{broken.hint} The physical mode reads what can be read.".strip()
        raise BadInput(broken.text, hint=hint, where=broken.where)
    data, findings = data_from_raw(reading.value, name, import_all=import_all)
    return Reading(data, [*reading.findings, *findings], reading.source)


def _parse_json(content: bytes, name: str, import_all: bool, physical: bool) -> Reading[Data]:
    data = read_json(content, name)
    findings = check_document(data, name)
    source = Source(name, sha256(content).hexdigest(), "powermodels", str(data.get("source_version", "")))
    return Reading(data, findings, source)


def _checked_network(network: Data, data: Data, name: str) -> list[Finding]:
    base = network.get("baseMVA", data.get("baseMVA"))
    if not isinstance(base, (int, float)) or isinstance(base, bool) or not base > 0:
        raise BadInput(f"baseMVA must be a positive number, not {base!r}", where=Where(name))
    if not isinstance(network.get("bus"), dict) or not network["bus"]:
        raise BadInput("the file has no buses", hint="is this a file that PowerModels wrote?", where=Where(name))
    network.setdefault("baseMVA", base)
    if "per_unit" in data:
        network.setdefault("per_unit", data["per_unit"])
    findings: list[Finding] = []
    for component in COMPONENTS:
        table = network.setdefault(component, {})
        if not isinstance(table, dict):
            raise BadInput(f"{component} is no table", where=Where(name, section=component))
        for key, item in table.items():
            if not isinstance(item, dict):
                raise BadInput(f"{component} {key} is no object", where=Where(name, section=component))
            findings += _without_null(component, key, item, name)
        findings += _completed(component, network, name)
        for key, item in table.items():
            _check_item(component, key, item, name)
    return findings


def _completed(component: str, network: Data, name: str) -> list[Finding]:
    """Set what components leave out to its default."""
    kind, left_out = COMPONENTS[component], Counter[str]()
    for key, item in network[component].items():
        if "index" not in item and key.isdigit():
            item["index"] = int(key)
        for field in kind.defaults.keys() - item.keys():
            item[field] = _default(kind.defaults[field], item, network)
            left_out[field] += 1
    return [
        Finding("powermodels.default", Severity.WARNING, f"{field} is left out {count} times; {words} is taken", "",
                Where(name, section=component, column=field))
        for field, count in sorted(left_out.items())
        for words in [_WORDS.get(kind.defaults[field].lstrip("-@"), kind.defaults[field].lstrip("@"))]
    ]  # fmt: skip


_WORDS = {"inf": "no limit", **dict.fromkeys(("gen_bus", "f_bus", "t_bus"), "the voltage of the bus")}


def _default(text: str, item: Data, network: Data) -> Any:
    if text.startswith("@"):
        value = item.get(text[1:])
        return value if text == "@index" else network["bus"].get(str(value), {}).get("vm", 1.0)
    return float(text) if "." in text or "inf" in text else int(text)


def _without_null(component: str, key: str, item: Data, name: str) -> list[Finding]:
    """Replace what is ``null``: as a limit it is none, otherwise the field is left out."""
    findings = []
    for field in [field for field, value in item.items() if value is None]:
        if field.endswith((*UPPER, *LOWER)):
            item[field] = math.inf if field.endswith(UPPER) else -math.inf
        else:
            del item[field]
        text = f"{field} is null: {'no limit' if field in item else 'left out'}"
        where = Where(name, section=component)
        findings.append(Finding("powermodels.null", Severity.INFO, text, where=where, element=f"{component} {key}"))
    return findings


def _check_item(component: str, key: str, item: Data, name: str) -> None:
    """Refuse fields that are no numbers, or no whole numbers where they must be."""
    kind = COMPONENTS[component]
    for field in (*kind.required, *(field for field in item if field in NUMERIC)):
        if not _is_number(item.get(field)):
            where = Where(name, section=component, column=field)
            raise BadInput(f"{field} of {component} {key} must be a number, not {item.get(field)!r}", where=where)
    for field in {*kind.buses, kind.status, "index", "bus_i", "area", "zone", "model", "ncost"} & set(item):
        if not _is_number(item[field]) or not _is_whole(item[field]):
            where = Where(name, section=component, column=field)
            raise BadInput(f"{field} of {component} {key} must be a whole number, not {item[field]!r}", where=where)
        item[field] = int(item[field])
    _check_lists(component, key, item, name)
    if str(item["index"]) != key:
        where = Where(name, section=component, column="index")
        raise BadInput(f"{component} {key} has the index {item['index']}", where=where)


def _check_lists(component: str, key: str, item: Data, name: str) -> None:
    cost = item.get("cost", [])
    complete = "cost" not in item or {"model", "ncost"} <= set(item)
    if not isinstance(cost, list) or not all(map(_is_number, cost)) or not complete:
        where = Where(name, section=component, column="cost")
        raise BadInput(f"the cost of {component} {key} must be numbers with a model and ncost", where=where)
    if not isinstance(item.get("source_id", []), list):
        where = Where(name, section=component, column="source_id")
        raise BadInput(f"source_id of {component} {key} must be a list", where=where)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: float) -> bool:
    return math.isfinite(value) and value == int(value) and abs(value) < 2**53


def _infinite(data: Data) -> list[Finding]:
    """Say how many values JSON can't hold."""
    count = sum(
        isinstance(value, float) and not math.isfinite(value)
        for network in networks(data)
        for component in COMPONENTS
        for _, item in items(network, component)
        for value in item.values()
    )
    text = f"{count} values are infinite or not numbers; JSON has null for them: as a limit that is none"
    return [Finding("powermodels.null", Severity.INFO, text)] if count else []
