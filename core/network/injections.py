"""What elements other than branches and shunts put into the buses, at stored or given voltages."""

from __future__ import annotations

import numpy as np

from core.network.network import Network


def load_power(network: Network, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the power [MVA] that loads draw at each bus at voltage magnitudes [pu], and its derivative by them."""
    n = len(network["bus"])
    on, at = network.live("load"), network.terminals("load")[0]
    at = at[on]
    value = {name: network.values("load", name)[on] for name in _LOAD_COLUMNS}
    constant, current, admittance = (
        np.bincount(at, value[f"{part}p_mw"], n) + 1j * np.bincount(at, value[f"{part}q_mvar"], n)
        for part in ("", "i", "y")
    )
    generated = (value["dg_p_mw"] + 1j * value["dg_q_mvar"]) * value["dg_in_service"]
    np.subtract.at(constant, at, generated)
    return constant + current * v + admittance * v**2, current + 2 * admittance * v


_LOAD_COLUMNS = (
    "p_mw", "q_mvar", "ip_mw", "iq_mvar", "yp_mw", "yq_mvar", "dg_p_mw", "dg_q_mvar", "dg_in_service"
)  # fmt: skip


def generator_power(network: Network) -> np.ndarray:
    """Return the stored output [MVA] of the machines at each bus."""
    on, at = network.live("generator"), network.terminals("generator")[0]
    output = network.values("generator", "p_mw") + 1j * network.values("generator", "q_mvar")
    return _at_buses(network, at[on], output[on])


def sourced_buses(network: Network) -> np.ndarray:
    """Return the buses with a machine, DC line or FACTS device in service: only such can be swing or hold a voltage."""
    at = np.zeros(len(network["bus"]), dtype=bool)
    for table in ("generator", "dcline", "facts"):
        for ends in network.terminals(table):
            at[ends[network.live(table) & (ends >= 0)]] = True
    return at


def other_power(network: Network) -> np.ndarray:
    """Return what DC lines, storage and series FACTS put into each bus [MVA], with their stored reactive power."""
    on = network.live("dcline")
    from_, to = network.terminals("dcline")
    leaves = -network.values("dcline", "p_from_mw") + 1j * network.values("dcline", "q_from_mvar")
    arrives = network.values("dcline", "p_to_mw") + 1j * network.values("dcline", "q_to_mvar")
    total = _at_buses(network, from_[on], leaves[on]) + _at_buses(network, to[on], arrives[on])
    on, at = network.live("storage"), network.terminals("storage")[0]
    draws = network.values("storage", "p_mw") + 1j * network.values("storage", "q_mvar")
    total -= _at_buses(network, at[on], draws[on])
    return np.asarray(total + series_power(network))


def series_power(network: Network) -> np.ndarray:
    """Return what the series elements of FACTS devices put into each bus [MVA]."""
    at, to = network.terminals("facts")[0], network.positions(network.values("facts", "to_bus"))
    series = network.live("facts") & (to >= 0)
    through = network.values("facts", "p_set_mw") + 1j * network.values("facts", "q_set_mvar")
    arriving = _at_buses(network, to[series], through[series])
    return np.asarray(arriving - _at_buses(network, at[series], through[series].real))


def reactive_unknown(network: Network) -> np.ndarray:
    """Return the buses at which a converter holds the voltage: a file doesn't tell its reactive power."""
    unknown = np.zeros(len(network["bus"]), dtype=bool)
    on = network.live("dcline")
    for side, ends in zip(("from", "to"), network.terminals("dcline"), strict=True):
        unknown[ends[on & network.values("dcline", f"controls_v_{side}")]] = True
    unknown[network.terminals("facts")[0][network.live("facts")]] = True
    return unknown


def _at_buses(network: Network, at: np.ndarray, power: np.ndarray) -> np.ndarray:
    n = len(network["bus"])
    return np.bincount(at, power.real, n) + 1j * np.bincount(at, power.imag, n)
