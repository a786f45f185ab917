"""A network as a PowerModels dictionary by the physics of its elements (physical mode), and what it can't hold.

The admittance matrix is that of the network: a transformer's two taps become one, magnetising branches move inside it,
and three-winding transformers become a star. Voltage-dependent loads count at the stored voltage.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.findings import Finding, Severity
from core.formats.powermodels.components import Data, Item
from core.formats.single_tap import (
    STORAGE,
    TYPES,
    Columns,
    edges,
    floats,
    machines,
    picked,
    referred_transformers,
    star_buses,
    windings,
)
from core.network import CATALOGUE, Network
from core.network.demand import stored_demand

#: Dictionary field → network column, by component and table.
BUS = {
    "bus_i": "bus", "area": "area", "vm": "v_pu", "va": "angle_deg", "base_kv": "base_kv", "zone": "zone",
    "name": "name", "vmax": "v_max_pu", "vmin": "v_min_pu",
}  # fmt: skip
DCLINE = {
    "f_bus": "from_bus", "t_bus": "to_bus", "br_status": "in_service", "vf": "v_from_pu", "vt": "v_to_pu",
    "loss0": "loss0_mw", "loss1": "loss1", "mp_pmin": "p_min_mw", "mp_pmax": "p_max_mw",
}  # fmt: skip
RATES = ("rate_a", "rate_b", "rate_c")


@np.errstate(all="ignore")  # an infinite value in the file is the checks' business
def data_from_network(network: Network) -> tuple[Data, list[Finding]]:
    """Return the network as a dictionary in mixed units, and what the dictionary can't hold."""
    stars, legs = _stars(network)
    data: Data = {
        "name": network.name,
        "source_type": "gridproof",
        "source_version": "1",
        "baseMVA": network.base_mva,
        "per_unit": False,
        "bus": _buses(network) | stars,
        "load": _loads(network),
        "shunt": _shunts(network),
        "gen": _generators(network),
        "storage": _numbered(picked(network, "storage", STORAGE), _sources(network, "storage")),
        "switch": _switches(network),
        "branch": _joined(_lines(network), _transformers(network), legs),
        "dcline": _dclines(network),
    }
    return data, ledger(network)


def ledger(network: Network) -> list[Finding]:
    """Say what the dictionary holds differently or not at all."""
    load = network["load"]
    dependent = (load[["ip_mw", "iq_mvar", "yp_mw", "yq_mvar"]] != 0).any(axis=1)
    remote = network.values("generator", "regulated_bus") != 0
    notes = [
        ("transformer3w", len(network["transformer3w"]), "approximated", "a star bus and three branches"),
        ("load", int(dependent.sum()), "approximated", "constant power at the stored voltage"),
        ("generator", int(remote.sum()), "approximated", "each holds the stored voltage of its own bus"),
        ("switched_shunt", len(network["switched_shunt"]), "approximated", "fixed shunts of their present value"),
        ("facts", len(network["facts"]), "dropped", "the dictionary has no FACTS devices"),
        ("dcline", int((network["dcline"]["kind"] != "POINT").sum()), "approximated", "a pair of injections"),
    ]
    return [
        Finding(f"ledger.powermodels.{table}", Severity.INFO, f"{count} of table {table} {how}: {what}")
        for table, count, how, what in notes
        if count
    ]


def _numbered(columns: dict[str, Any], sources: list[list[Any]]) -> dict[str, Item]:
    """Return the rows of some columns as components numbered from 1."""
    lists = {name: np.asarray(values).tolist() for name, values in columns.items()}
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return {
        str(number): {**row, "index": number, "source_id": source}
        for number, (row, source) in enumerate(zip(rows, sources, strict=True), start=1)
    }


def _joined(*parts: dict[str, Item]) -> dict[str, Item]:
    """Number several parts of one component through; ratings of zero, which mean none, are left out."""
    items = [item for part in parts for item in part.values()]
    return {
        str(number): {key: value for key, value in {**item, "index": number}.items() if key not in RATES or value != 0}
        for number, item in enumerate(items, start=1)
    }


def _sources(network: Network, table: str, title: str = "") -> list[list[Any]]:
    """Return what identifies each row: the kind of record and its key, as for RAW files."""
    keys = [column.name for column in CATALOGUE[table].values() if column.required]
    return [[title or table, *row] for row in zip(*(network.values(table, key).tolist() for key in keys), strict=True)]


def _buses(network: Network) -> dict[str, Item]:
    columns = picked(network, "bus", BUS)
    columns["bus_type"] = network["bus"]["kind"].map(TYPES).to_numpy()
    rows = _numbered(columns, [["bus", str(number)] for number in columns["bus_i"].tolist()])
    return {str(row["bus_i"]): {**row, "index": row["bus_i"]} for row in rows.values()}


def _loads(network: Network) -> dict[str, Item]:
    p, q = stored_demand(network)
    columns = {"load_bus": network.values("load", "bus"), "pd": p, "qd": q}
    columns["status"] = network.values("load", "in_service").astype(np.int64)
    return _numbered(columns, _sources(network, "load"))


def _shunts(network: Network) -> dict[str, Item]:
    fixed = {"shunt_bus": "bus", "gs": "g_mw", "bs": "b_mvar", "status": "in_service"}
    columns = picked(network, "switched_shunt", {"shunt_bus": "bus", "bs": "b_mvar", "status": "in_service"})
    columns["gs"] = np.zeros(len(network["switched_shunt"]))
    return _joined(
        _numbered(picked(network, "shunt", fixed), _sources(network, "shunt", "fixed shunt")),
        _numbered(columns, _sources(network, "switched_shunt", "switched shunt")),
    )


def _generators(network: Network) -> dict[str, Item]:
    found = _numbered(machines(network), _sources(network, "generator"))
    cost = {"model": 2, "startup": 0.0, "shutdown": 0.0, "ncost": 2}
    return {key: {**item, **cost, "cost": [1.0, 0.0]} for key, item in found.items()}


def _switches(network: Network) -> dict[str, Item]:
    names = {"f_bus": "from_bus", "t_bus": "to_bus", "state": "in_service", "thermal_rating": "rate_a_mva"}
    columns = picked(network, "switch", names)
    columns["status"] = np.ones(len(network["switch"]), dtype=np.int64)
    columns["psw"] = columns["qsw"] = np.zeros(len(network["switch"]))
    found = _numbered(columns, _sources(network, "switch"))
    return {
        key: {name: value for name, value in item.items() if name != "thermal_rating" or value != 0}
        for key, item in found.items()
    }


def _lines(network: Network) -> dict[str, Item]:
    charging = {"g_fr": "g_from_pu", "b_fr": "b_from_pu", "g_to": "g_to_pu", "b_to": "b_to_pu"}
    columns = edges(network, "branch") | picked(network, "branch", charging)
    count = len(network["branch"])
    columns |= {"tap": np.ones(count), "shift": np.zeros(count), "transformer": np.zeros(count, dtype=bool)}
    return _numbered(columns, _sources(network, "branch"))


def _transformers(network: Network) -> dict[str, Item]:
    columns, inside, at_to = referred_transformers(network)
    sources = [["transformer", from_, to, 0, circuit, 0] for _, from_, to, circuit in _sources(network, "transformer")]
    inside = inside + _magnetising(network, "transformer", columns)
    return _numbered(_charged(columns, inside, at_to), sources)


def _magnetising(network: Network, table: str, columns: Columns) -> np.ndarray:
    """Return the magnetising admittance [pu] of transformers inside the tap of their first winding."""
    value = floats(network, table)
    return np.asarray((value["g_mag_pu"] + 1j * value["b_mag_pu"]) * columns["tap"] ** 2)


def _charged(columns: Columns, inside: np.ndarray, at_to: np.ndarray) -> Columns:
    """Return branches that are transformers with the admittances at both ends."""
    charging = {"g_fr": inside.real, "b_fr": inside.imag, "g_to": at_to.real, "b_to": at_to.imag}
    return columns | charging | {"transformer": np.ones(len(inside), dtype=bool)}


def _stars(network: Network) -> tuple[dict[str, Item], dict[str, Item]]:
    """Return a bus for each star point, and three branches to it."""
    keys = _sources(network, "transformer3w", "transformer")
    names = [f"starbus_{a}_{b}_{c}_{str(circuit).strip()}" for _, a, b, c, circuit in keys]
    buses = star_buses(network) | {"name": np.array(names, dtype=object)}
    sources = [
        ["transformer", number, name, *key[1:]]
        for number, name, key in zip(buses["bus_i"].tolist(), names, keys, strict=True)
    ]
    stars = {str(item["bus_i"]): {**item, "index": item["bus_i"]} for item in _numbered(buses, sources).values()}
    of_number = [_winding(network, w, [[*key, w] for key in keys]) for w in (1, 2, 3)]
    order = [of_number[w][key] for key in of_number[0] for w in range(3)]
    return stars, {str(place): item for place, item in enumerate(order)}


def _winding(network: Network, w: int, sources: list[list[Any]]) -> dict[str, Item]:
    columns = windings(network, w)
    nothing = np.zeros(len(sources), dtype=complex)
    inside = _magnetising(network, "transformer3w", columns) if w == 1 else nothing
    return _numbered(_charged(columns, inside, nothing), sources)


def _dclines(network: Network) -> dict[str, Item]:
    """Count all powers as entering the line; the power limits of the from end give those of the to end."""
    columns, value = picked(network, "dcline", DCLINE), floats(network, "dcline")
    columns |= {
        "pf": value["p_from_mw"],
        "pt": -value["p_to_mw"],
        "qf": -value["q_from_mvar"],
        "qt": -value["q_to_mvar"],
    }
    for end in ("from", "to"):
        columns[f"qmin{end[0]}"] = -value[f"q_max_{end}_mvar"]
        columns[f"qmax{end[0]}"] = -value[f"q_min_{end}_mvar"]
    kept = 1 - value["loss1"]
    columns |= {"pminf": value["p_min_mw"], "pmaxf": value["p_max_mw"]}
    columns |= {
        "pmint": value["loss0_mw"] - value["p_max_mw"] * kept,
        "pmaxt": value["loss0_mw"] - value["p_min_mw"] * kept,
    }
    cost = {"model": 2, "startup": 0.0, "shutdown": 0.0, "ncost": 3}
    keys = zip(
        *(network.values("dcline", name).tolist() for name in ("kind", "from_bus", "to_bus", "name")), strict=True
    )
    titles = {"LCC": "two-terminal dc", "VSC": "vsc dc"}
    sources = [[titles.get(kind, "dcline"), from_, to, name] for kind, from_, to, name in keys]
    return {key: {**item, **cost, "cost": [0.0, 0.0, 0.0]} for key, item in _numbered(columns, sources).items()}
