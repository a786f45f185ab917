"""PowerModels files ↔ networks: JSON dictionaries that carry what they have no place for, and give it back."""

from __future__ import annotations

import copy
from hashlib import sha256
from typing import Any

import pandas as pd

from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.matpower import MatpowerCase
from core.formats.powermodels.components import Data, items
from core.formats.powermodels.correct import check_connectivity, correct_transformer_parameters
from core.formats.powermodels.document import check_document, read_json, write_json
from core.formats.powermodels.from_matpower import data_from_case
from core.formats.powermodels.from_network import data_from_network
from core.formats.powermodels.to_matpower import add_costs
from core.formats.powermodels.to_network import network_from_data
from core.formats.powermodels.units import make_mixed_units, make_per_unit
from core.formats.riders import RIDER, rider, rode_along, stale
from core.network import Network, check

#: What has costs in a dictionary, with the fields that say at which buses.
COSTED = {"gen": ("gen_bus",), "dcline": ("f_bus", "t_bus")}


def read_powermodels(content: bytes, name: str = "") -> Reading[Network]:
    """Read a PowerModels dictionary in JSON as a network. What rode along comes back while the dictionary is unedited.

    Raises
    ------
    BadInput
        If the file is no such dictionary, or elements are at buses that it doesn't have.
    """
    data = read_json(content, name)
    aboard = data.pop(RIDER, None)
    network = rode_along(aboard, write_json(data))
    findings = check_document(data, name)
    source = Source(name, sha256(content).hexdigest(), "powermodels", str(data.get("source_version", "")))
    if network:
        network.extras["powermodels"] = data
        return Reading(network, [*findings, *check(network)], source)
    if aboard is not None:
        findings.append(stale("powermodels.rider.stale"))
    data = _first(data, findings)
    check_connectivity(data)
    findings += correct_transformer_parameters(data)
    network, unheld = network_from_data(data)
    network.extras["matpower"] = _case_with_costs(data)
    return Reading(network, [*findings, *unheld, *check(network)], source)


def read_powermodels_bare(content: bytes) -> Network:
    """Return the network that others read from a dictionary of ours: without what rides along."""
    data = read_json(content, "")
    data.pop(RIDER, None)
    return read_powermodels(write_json(data)).value


def _first(data: Data, findings: list[Finding]) -> Data:
    """Return the first network of a multinetwork, or the one network."""
    if not data.get("multinetwork"):
        return data
    (key, network), *others = items(data, "nw")
    text = f"the file holds {len(others) + 1} networks; “{key}” is read"
    findings.append(Finding("powermodels.multinetwork", Severity.WARNING, text, where=Where(section="nw")))
    return {"name": data.get("name", ""), **network}


def _case_with_costs(data: Data) -> MatpowerCase:
    """Return what a ``.m`` file takes over: the costs of machines and DC lines, by their buses."""
    mixed = copy.deepcopy({key: data.get(key, {}) for key in ("baseMVA", "per_unit", *COSTED)})
    make_mixed_units(mixed)
    case = MatpowerCase()
    for component, ends in COSTED.items():
        rows = [item for _, item in items(mixed, component)]
        case.tables[component] = pd.DataFrame({end: [row[end] for row in rows] for end in ends}, dtype=float)
        add_costs(case, f"{component}cost", rows)
    return case


def write_powermodels(network: Network) -> tuple[bytes, list[Finding]]:
    """Return a network as a PowerModels dictionary in JSON, and what it can't hold: those values ride along."""
    data, ledger = data_from_network(network)
    make_per_unit(data, physical=True)
    original, case = network.extras.get("powermodels"), network.extras.get("matpower")
    if original is None and isinstance(case, MatpowerCase):
        original, _ = data_from_case(case)
        make_per_unit(original)
    data = _with_costs(data, original)
    body = write_json(data)
    return body[:-1] + f',"{RIDER}":"{rider(network, body)}"}}'.encode(), ledger


def _with_costs(data: Data, original: Any) -> Data:
    """Give generators and DC lines the costs, and the dictionary the further tables, that the original one had."""
    if not isinstance(original, dict):
        return data
    for component in ("gen", "dcline"):
        for key, item in data[component].items():
            known = original.get(component, {}).get(key, {})
            costs = {name: known[name] for name in ("model", "startup", "shutdown", "ncost", "cost") if name in known}
            if known.get("f_bus", known.get("gen_bus")) == item.get("f_bus", item.get("gen_bus")):
                item |= costs
    return {**{key: value for key, value in original.items() if key not in data and key != RIDER}, **data}
