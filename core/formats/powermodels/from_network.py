"""A network as a PowerModels dictionary by the physics of its elements (physical mode), and what it can't hold.

The admittance matrix is that of the network: a transformer's two taps become one, magnetising branches move inside it,
and three-winding transformers become a star. Voltage-dependent loads count at the stored voltage.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.findings import Finding, Severity
from core.formats.powermodels.components import Data, Item
from core.network import CATALOGUE, Network
from core.network.admittance import ZERO_IMPEDANCE_PU, star_impedances, winding_status
from core.network.demand import stored_demand

TYPES = {"PQ": 1, "PV": 2, "SLACK": 3, "ISOLATED": 4}

#: Dictionary field → network column, by component and table.
BUS = {
    "bus_i": "bus", "area": "area", "vm": "v_pu", "va": "angle_deg", "base_kv": "base_kv", "zone": "zone",
    "name": "name", "vmax": "v_max_pu", "vmin": "v_min_pu",
}  # fmt: skip
GENERATOR = {
    "gen_bus": "bus", "pg": "p_mw", "qg": "q_mvar", "qmax": "q_max_mvar", "qmin": "q_min_mvar", "vg": "v_set_pu",
    "mbase": "mva_base", "gen_status": "in_service", "pmax": "p_max_mw", "pmin": "p_min_mw",
}  # fmt: skip
EDGE = {
    "f_bus": "from_bus", "t_bus": "to_bus", "br_r": "r_pu", "br_x": "x_pu", "rate_a": "rate_a_mva",
    "rate_b": "rate_b_mva", "rate_c": "rate_c_mva", "br_status": "in_service", "angmin": "angle_min_deg",
    "angmax": "angle_max_deg",
}  # fmt: skip
STORAGE = {
    "storage_bus": "bus", "ps": "p_mw", "qs": "q_mvar", "energy": "energy_mwh", "energy_rating": "energy_rating_mwh",
    "charge_rating": "charge_rating_mw", "discharge_rating": "discharge_rating_mw",
    "charge_efficiency": "charge_efficiency", "discharge_efficiency": "discharge_efficiency",
    "thermal_rating": "rating_mva", "qmin": "q_min_mvar", "qmax": "q_max_mvar", "r": "r_pu", "x": "x_pu",
    "p_loss": "p_loss_mw", "q_loss": "q_loss_mvar", "status": "in_service",
}  # fmt: skip
DCLINE = {
    "f_bus": "from_bus", "t_bus": "to_bus", "br_status": "in_service", "vf": "v_from_pu", "vt": "v_to_pu",
    "loss0": "loss0_mw", "loss1": "loss1", "mp_pmin": "p_min_mw", "mp_pmax": "p_max_mw",
}  # fmt: skip
RATES = ("rate_a", "rate_b", "rate_c")


@np.errstate(all="ignore")  # an infinite value in the file is the checks' business
def data_from_network(network: Network) -> tuple[Data, list[Finding]]:
    """Return the network as a dictionary in mixed units, and what the dictionary can't hold."""
    stars, windings = _stars(network)
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
        "storage": _numbered(_columns(network, "storage", STORAGE), _sources(network, "storage")),
        "switch": _switches(network),
        "branch": _joined(_lines(network), _transformers(network), windings),
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
        ("generator", int(remote.sum()), "dropped", "the regulated bus; setpoints count at the generator's own bus"),
        ("switched_shunt", len(network["switched_shunt"]), "approximated", "fixed shunts of their present value"),
        ("facts", len(network["facts"]), "dropped", "the dictionary has no FACTS devices"),
        ("dcline", int((network["dcline"]["kind"] != "POINT").sum()), "approximated", "a pair of injections"),
    ]
    return [
        Finding(f"ledger.powermodels.{table}", Severity.INFO, f"{count} of table {table} {how}: {what}")
        for table, count, how, what in notes
        if count
    ]


def star_numbers(network: Network) -> np.ndarray:
    """Return a new bus number for each star point: above the next power of ten."""
    highest = int(max(network.values("bus", "bus").max(initial=1), 1))
    return np.asarray(10 ** len(str(highest)) + 1 + np.arange(len(network["transformer3w"])))


def _columns(network: Network, table: str, names: dict[str, str]) -> dict[str, Any]:
    found = {name: network.values(table, column) for name, column in names.items()}
    return {name: values.astype(np.int64) if values.dtype == bool else values for name, values in found.items()}


def _floats(network: Network, table: str) -> dict[str, np.ndarray]:
    columns = CATALOGUE[table].values()
    return {column.name: network.values(table, column.name) for column in columns if column.type == "float"}


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
    columns = _columns(network, "bus", BUS)
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
    columns = _columns(network, "switched_shunt", {"shunt_bus": "bus", "bs": "b_mvar", "status": "in_service"})
    columns["gs"] = np.zeros(len(network["switched_shunt"]))
    return _joined(
        _numbered(_columns(network, "shunt", fixed), _sources(network, "shunt", "fixed shunt")),
        _numbered(columns, _sources(network, "switched_shunt", "switched shunt")),
    )


def _generators(network: Network) -> dict[str, Item]:
    found = _numbered(_columns(network, "generator", GENERATOR), _sources(network, "generator"))
    cost = {"model": 2, "startup": 0.0, "shutdown": 0.0, "ncost": 2}
    return {key: {**item, **cost, "cost": [1.0, 0.0]} for key, item in found.items()}


def _switches(network: Network) -> dict[str, Item]:
    names = {"f_bus": "from_bus", "t_bus": "to_bus", "state": "in_service", "thermal_rating": "rate_a_mva"}
    columns = _columns(network, "switch", names)
    columns["status"] = np.ones(len(network["switch"]), dtype=np.int64)
    columns["psw"] = columns["qsw"] = np.zeros(len(network["switch"]))
    found = _numbered(columns, _sources(network, "switch"))
    return {
        key: {name: value for name, value in item.items() if name != "thermal_rating" or value != 0}
        for key, item in found.items()
    }


def _lines(network: Network) -> dict[str, Item]:
    names = {**EDGE, "g_fr": "g_from_pu", "b_fr": "b_from_pu", "g_to": "g_to_pu", "b_to": "b_to_pu"}
    columns = _with_impedance(_columns(network, "branch", names))
    count = len(network["branch"])
    columns |= {"tap": np.ones(count), "shift": np.zeros(count), "transformer": np.zeros(count, dtype=bool)}
    return _numbered(columns, _sources(network, "branch"))


def _transformers(network: Network) -> dict[str, Item]:
    """Refer everything to winding 2's bus, so that one tap is left at the from side."""
    columns, value = _with_impedance(_columns(network, "transformer", EDGE)), _floats(network, "transformer")
    tap_to = np.where(value["tap_to_pu"] == 0, 1.0, value["tap_to_pu"])
    tap = np.where(value["tap_from_pu"] == 0, 1.0, value["tap_from_pu"]) / tap_to
    columns["br_r"], columns["br_x"] = columns["br_r"] * tap_to**2, columns["br_x"] * tap_to**2
    columns |= {
        "g_fr": value["g_from_pu"] / tap_to**2 + value["g_mag_pu"] * tap**2,
        "b_fr": value["b_from_pu"] / tap_to**2 + value["b_mag_pu"] * tap**2,
        "g_to": value["g_to_pu"] / tap_to**2,
        "b_to": value["b_to_pu"] / tap_to**2,
        "tap": tap,
        "shift": value["shift_deg"],
        "transformer": np.ones(len(tap), dtype=bool),
    }
    sources = [["transformer", from_, to, 0, circuit, 0] for _, from_, to, circuit in _sources(network, "transformer")]
    return _numbered(columns, sources)


def _with_impedance(columns: dict[str, Any]) -> dict[str, Any]:
    nothing = (columns["br_r"] == 0) & (columns["br_x"] == 0)
    return {**columns, "br_x": np.where(nothing, ZERO_IMPEDANCE_PU, columns["br_x"])}


def _stars(network: Network) -> tuple[dict[str, Item], dict[str, Item]]:
    """Return a bus for each star point, and three branches to it."""
    count, numbers = len(network["transformer3w"]), star_numbers(network)
    value, z, on = _floats(network, "transformer3w"), star_impedances(network), winding_status(network)
    alive = on.sum(axis=1) >= 2
    first = network.terminals("transformer3w")[0]
    keys = _sources(network, "transformer3w", "transformer")
    names = [f"starbus_{a}_{b}_{c}_{str(circuit).strip()}" for _, a, b, c, circuit in keys]
    buses = {
        "bus_i": numbers, "bus_type": np.where(alive, 1, 4), "vm": value["v_star_pu"], "va": value["angle_star_deg"],
        "area": np.append(network.values("bus", "area"), 1)[first], "base_kv": np.ones(count),
        "zone": np.append(network.values("bus", "zone"), 1)[first], "vmax": np.full(count, 1.1),
        "vmin": np.full(count, 0.9), "name": np.array(names, dtype=object),
    }  # fmt: skip
    sources = [
        ["transformer", number, name, *key[1:]] for number, name, key in zip(numbers.tolist(), names, keys, strict=True)
    ]
    stars = {str(item["bus_i"]): {**item, "index": item["bus_i"]} for item in _numbered(buses, sources).values()}
    windings = [_winding(network, w, numbers, z[:, w - 1], on[:, w - 1] & alive) for w in (1, 2, 3)]
    order = [windings[w][key] for key in windings[0] for w in range(3)]
    return stars, {str(place): item for place, item in enumerate(order)}


def _winding(network: Network, w: int, stars: np.ndarray, z: np.ndarray, on: np.ndarray) -> dict[str, Item]:
    value, count = _floats(network, "transformer3w"), len(stars)
    tap = np.where(value[f"tap_{w}_pu"] == 0, 1.0, value[f"tap_{w}_pu"])
    at_first = 1.0 if w == 1 else 0.0
    columns = {
        "f_bus": network.values("transformer3w", f"bus_{w}"), "t_bus": stars,
        "br_r": z.real, "br_x": np.where(z == 0, ZERO_IMPEDANCE_PU, z.imag),
        "g_fr": at_first * value["g_mag_pu"] * tap**2, "b_fr": at_first * value["b_mag_pu"] * tap**2,
        "g_to": np.zeros(count), "b_to": np.zeros(count), "tap": tap, "shift": value[f"shift_{w}_deg"],
        **{rate: value[f"{rate}_{w}_mva"] for rate in RATES}, "br_status": on.astype(np.int64),
        "angmin": np.full(count, -360.0), "angmax": np.full(count, 360.0), "transformer": np.ones(count, dtype=bool),
    }  # fmt: skip
    return _numbered(columns, [[*key, w] for key in _sources(network, "transformer3w", "transformer")])


def _dclines(network: Network) -> dict[str, Item]:
    """Count all powers as entering the line; the power limits of the from end give those of the to end."""
    columns, value = _columns(network, "dcline", DCLINE), _floats(network, "dcline")
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
