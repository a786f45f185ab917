"""A network in the terms that MATPOWER and PowerModels share: branches with one tap, three windings as a star.

The admittance matrix stays that of the network: a transformer is referred to winding 2's bus, so that one tap is left
at the from side, and a three-winding transformer becomes a bus and three branches.
"""

from __future__ import annotations

import numpy as np

from core.network import CATALOGUE, Network
from core.network.admittance import ZERO_IMPEDANCE_PU, star_impedances, winding_status

TYPES = {"PQ": 1, "PV": 2, "SLACK": 3, "ISOLATED": 4}

#: Field of the formats → column of the network's table.
GENERATOR = {
    "gen_bus": "bus", "pg": "p_mw", "qg": "q_mvar", "qmax": "q_max_mvar", "qmin": "q_min_mvar", "vg": "v_set_pu",
    "mbase": "mva_base", "gen_status": "in_service", "pmax": "p_max_mw", "pmin": "p_min_mw",
}  # fmt: skip
STORAGE = {
    "storage_bus": "bus", "ps": "p_mw", "qs": "q_mvar", "energy": "energy_mwh", "energy_rating": "energy_rating_mwh",
    "charge_rating": "charge_rating_mw", "discharge_rating": "discharge_rating_mw",
    "charge_efficiency": "charge_efficiency", "discharge_efficiency": "discharge_efficiency",
    "thermal_rating": "rating_mva", "qmin": "q_min_mvar", "qmax": "q_max_mvar", "r": "r_pu", "x": "x_pu",
    "p_loss": "p_loss_mw", "q_loss": "q_loss_mvar", "status": "in_service",
}  # fmt: skip
EDGE = {
    "f_bus": "from_bus", "t_bus": "to_bus", "br_r": "r_pu", "br_x": "x_pu", "rate_a": "rate_a_mva",
    "rate_b": "rate_b_mva", "rate_c": "rate_c_mva", "br_status": "in_service", "angmin": "angle_min_deg",
    "angmax": "angle_max_deg",
}  # fmt: skip

Columns = dict[str, np.ndarray]


def picked(network: Network, table: str, names: dict[str, str]) -> Columns:
    """Return columns of a table under the formats' names, statuses as 0 and 1."""
    found = {name: network.values(table, column) for name, column in names.items()}
    return {name: values.astype(np.int64) if values.dtype == bool else values for name, values in found.items()}


def machines(network: Network) -> Columns:
    """Return generators; one that regulates another bus holds the stored voltage of its own."""
    return picked(network, "generator", GENERATOR) | {"vg": _own_setpoints(network, "generator")}


def statcons(network: Network) -> Columns:
    """Return FACTS devices in service that hold a voltage by their shunt element, as machines without active power."""
    value = {name: network.values("facts", name) for name in ("to_bus", "control_mode", "shunt_max_mva")}
    holds = (value["to_bus"] == 0) | ((value["control_mode"] == 1) & (value["shunt_max_mva"] > 0))
    on = network.live("facts") & (value["control_mode"] > 0) & holds
    size = value["shunt_max_mva"][on]
    return {
        "gen_bus": network.values("facts", "bus")[on], "pg": 0.0 * size, "qg": 0.0 * size, "qmax": size, "qmin": -size,
        "vg": _own_setpoints(network, "facts")[on], "mbase": 0.0 * size + network.base_mva, "gen_status": on[on] * 1,
        "pmax": 0.0 * size, "pmin": 0.0 * size,
    }  # fmt: skip


def _own_setpoints(network: Network, table: str) -> np.ndarray:
    """Return the voltages that devices hold at their own bus."""
    regulated, own = network.values(table, "regulated_bus"), network.values(table, "bus")
    stored = np.append(network.values("bus", "v_pu"), 1.0)[network.terminals(table)[0]]
    return np.where((regulated != 0) & (regulated != own), stored, network.values(table, "v_set_pu"))


def floats(network: Network, table: str) -> Columns:
    """Return the columns of a table that hold decimal numbers."""
    return {
        column.name: network.values(table, column.name)
        for column in CATALOGUE[table].values()
        if column.type == "float"
    }


def edges(network: Network, table: str) -> Columns:
    """Return lines or transformers as branches; none is without any impedance, by which nobody can divide."""
    columns = picked(network, table, EDGE)
    nothing = (columns["br_r"] == 0) & (columns["br_x"] == 0)
    return columns | {"br_x": np.where(nothing, ZERO_IMPEDANCE_PU, columns["br_x"])}


def referred_transformers(network: Network) -> tuple[Columns, np.ndarray, np.ndarray]:
    """Return two-winding transformers as branches, and their charging [pu] inside the tap and at the to bus."""
    columns, value = edges(network, "transformer"), floats(network, "transformer")
    tap_to = taps(value["tap_to_pu"])
    columns |= {"br_r": columns["br_r"] * tap_to**2, "br_x": columns["br_x"] * tap_to**2}
    columns |= {"tap": taps(value["tap_from_pu"]) / tap_to, "shift": value["shift_deg"]}
    inside = (value["g_from_pu"] + 1j * value["b_from_pu"]) / tap_to**2
    return columns, inside, (value["g_to_pu"] + 1j * value["b_to_pu"]) / tap_to**2


def taps(values: np.ndarray) -> np.ndarray:
    """Return turns ratios, 1 for those that are left out."""
    return np.where(values == 0, 1.0, values)


def star_numbers(network: Network) -> np.ndarray:
    """Return a new bus number for each star point: the next power of ten above all buses, and on from there."""
    highest = int(max(network.values("bus", "bus").max(initial=1), 1))
    return np.asarray(10 ** len(str(highest)) + 1 + np.arange(len(network["transformer3w"])))


def star_is_live(network: Network) -> np.ndarray:
    """Return which star points are connected: where two windings or more are in service."""
    return np.asarray(winding_status(network).sum(axis=1) >= 2)


def star_buses(network: Network) -> Columns:
    """Return the star points as buses, in the area and zone of their first winding's bus."""
    count, first = len(network["transformer3w"]), network.terminals("transformer3w")[0]
    return {
        "bus_i": star_numbers(network), "bus_type": np.where(star_is_live(network), 1, 4),
        "area": np.append(network.values("bus", "area"), 1)[first],
        "vm": network.values("transformer3w", "v_star_pu"), "va": network.values("transformer3w", "angle_star_deg"),
        "base_kv": np.ones(count), "zone": np.append(network.values("bus", "zone"), 1)[first],
        "vmax": np.full(count, 1.1), "vmin": np.full(count, 0.9),
    }  # fmt: skip


def windings(network: Network, w: int) -> Columns:
    """Return the windings of one number, 1 to 3, as branches to their star points."""
    value, z, count = floats(network, "transformer3w"), star_impedances(network)[:, w - 1], len(star_numbers(network))
    on = winding_status(network)[:, w - 1] & star_is_live(network)
    return {
        "f_bus": network.values("transformer3w", f"bus_{w}"), "t_bus": star_numbers(network), "br_r": z.real,
        "br_x": np.where(z == 0, ZERO_IMPEDANCE_PU, z.imag),
        **{f"rate_{letter}": value[f"rate_{letter}_{w}_mva"] for letter in "abc"},
        "tap": taps(value[f"tap_{w}_pu"]), "shift": value[f"shift_{w}_deg"], "br_status": on.astype(np.int64),
        "angmin": np.full(count, -360.0), "angmax": np.full(count, 360.0),
    }  # fmt: skip
