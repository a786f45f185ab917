"""pandapower's JSON files ↔ networks. Only tables are read: no class that a file names is ever loaded."""

from __future__ import annotations

import csv
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.pandapower_net import from_pandapower, to_pandapower
from core.formats.riders import RIDER, rider, rode_along, stale
from core.network import Network, check

#: Tables whose cells are objects with behaviour; load flows of stored setpoints don't need them.
OBJECTS = ("controller", "characteristic", "group", "measurement")

#: The columns without which a table's rows have no place in a load flow.
with Path(__file__).with_name("pandapower_needed.csv").open(encoding="utf-8", newline="") as _handle:
    NEEDED = {row["table"]: row["columns"].split() for row in csv.DictReader(_handle)}


def read_pandapower(content: bytes, name: str = "") -> Reading[Network]:
    """Read a net that pandapower wrote as JSON.

    Raises
    ------
    BadInput
        If the file is no such net, or pandapower can't make its load-flow model.
    """
    document = _document(content, name)
    source = Source(name, sha256(content).hexdigest(), "pandapower", str(document.get("version", "")))
    aboard = document.pop(RIDER, None)
    if network := rode_along(aboard, _body(document)):
        return Reading(network, check(network), source)
    net, findings = _net(document, name)
    if aboard is not None:
        findings.append(stale("pandapower.rider.stale"))
    try:
        network, more = from_pandapower(net)
    except Exception as error:  # pandapower raises whatever its tables lead to
        text = f"pandapower can't make a load-flow model of the net: {error}"
        raise BadInput(text[:300], hint="Run pandapower.diagnostic on it.", where=Where(file=name)) from error
    return Reading(network, [*findings, *more, *check(network)], source)


def write_pandapower(network: Network) -> tuple[bytes, list[Finding]]:
    """Return a network as pandapower's JSON, and what pandapower's elements can't hold: those values ride along."""
    import pandapower

    net, findings = to_pandapower(network)
    document = json.loads(pandapower.to_json(net))
    document["_object"][RIDER] = rider(network, _body(document["_object"]))
    return json.dumps(document).encode(), findings


def read_pandapower_bare(content: bytes) -> Network:
    """Return the network that others read from a net of ours: without what rides along."""
    document = _document(content, "")
    document.pop(RIDER, None)
    return from_pandapower(_net(document, "")[0])[0]


def tables_of(content: bytes) -> dict[str, pd.DataFrame]:
    """Return the tables of a file by their present names, those that no load flow needs too; no results."""
    document = _document(content, "")
    net, _ = _net(document, "")
    left_out = [table for table in _tables(document) if table in OBJECTS or table not in net]
    known = {str(name): frame for name, frame in net.items() if isinstance(frame, pd.DataFrame)}
    found = known | {table: _frame(document[table], table, "") for table in left_out}
    return {name: frame for name, frame in found.items() if len(frame) and not name.startswith(("res_", "_"))}


def _tables(document: dict[str, Any]) -> list[str]:
    """Return the names of a document's tables, without results."""
    is_table = {key: isinstance(value, dict) and value.get("_class") == "DataFrame" for key, value in document.items()}
    return [key for key in document if is_table[key] and not key.startswith(("res_", "_"))]


def _body(document: dict[str, Any]) -> bytes:
    """Return what a document says about the net, without the results of a calculation."""
    said = {key: value for key, value in document.items() if not key.startswith(("res_", "_"))}
    return json.dumps(said, sort_keys=True).encode()


def _document(content: bytes, name: str) -> dict[str, Any]:
    """Return the tables and values of the file by name."""
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"The file is no JSON: {error}.", where=Where(file=name)) from error
    if isinstance(document, dict) and isinstance(document.get("_object"), dict):
        document = document["_object"]
    if not isinstance(document, dict) or "bus" not in document:
        raise BadInput("The file has no pandapower net.", hint="Write it with pandapower.to_json.", where=Where(name))
    return document


def _net(document: dict[str, Any], name: str) -> tuple[Any, list[Finding]]:
    """Return the net, brought to the present pandapower's columns, and what is left out."""
    import pandapower

    try:
        size, frequency = (float(document.get(key, default)) for key, default in (("sn_mva", 1.0), ("f_hz", 50.0)))
    except (TypeError, ValueError) as error:
        raise BadInput("sn_mva or f_hz is no number.", where=Where(file=name)) from error
    net = pandapower.create_empty_network(str(document.get("name") or ""), frequency, size)
    findings = []
    for table in _tables(document):
        frame = _frame(document[table], table, name)
        if table in OBJECTS or not isinstance(net.get(table), pd.DataFrame):
            text = f"{len(frame)} rows of pandapower's table {table} are left out."
            findings += [Finding("pandapower.left_out", Severity.WARNING, text)] if len(frame) else []
        elif len(frame):
            net[table] = frame
    net = _up_to_date(net, document, name)
    for table, columns in NEEDED.items():
        _refuse_gaps(net[table], table, columns, name)
    return net, findings


def _refuse_gaps(frame: pd.DataFrame, table: str, columns: list[str], name: str) -> None:
    """Refuse a table with rows that lacks a column or a value without which there is no load flow."""
    hint = "Open the net in pandapower, complete it and write it again."
    for column in columns if len(frame) else ():
        if column not in frame:
            raise BadInput(f"The table {table} has no column {column}.", hint=hint, where=Where(name, section=table))
        gaps = frame.index[frame[column].isna()]
        if len(gaps):
            more = f", nor have {len(gaps) - 1} more" if len(gaps) > 1 else ""
            where = Where(name, section=table, column=column)
            raise BadInput(f"{table} {gaps[0]} has no value of {column}{more}.", hint=hint, where=where)


def _up_to_date(net: Any, document: dict[str, Any], name: str) -> Any:
    """Return the net with what older versions of pandapower called otherwise under its present name."""
    import pandapower

    for key in ("version", "format_version"):
        if key in document:
            net[key] = str(document[key])
    try:
        return pandapower.convert_format(net)
    except Exception as error:  # as above
        raise BadInput(f"pandapower can't open the net: {error}"[:300], where=Where(file=name)) from error


def _frame(written: dict[str, Any], table: str, name: str) -> pd.DataFrame:
    """Return a table that pandas wrote with ``orient="split"``, columns in their types."""
    where = Where(name, section=table)
    try:
        body = json.loads(written["_object"])
        frame = pd.DataFrame(body["data"], pd.Index(body["index"], dtype=np.int64), body["columns"])
        types = {column: kind for column, kind in (written.get("dtype") or {}).items() if column in frame}
        gaps = frame.isna().any()
        kept = {column for column, kind in types.items() if kind == "object" or (kind == "bool" and gaps[column])}
        return frame.astype({column: kind for column, kind in types.items() if column not in kept})
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise BadInput(f"The table {table} can't be read: {error}"[:300], where=where) from error
