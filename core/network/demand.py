"""What voltage-dependent loads take at the stored voltages."""

from __future__ import annotations

import numpy as np

from core.network.network import Network


def stored_demand(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Return the active and reactive power [MW, Mvar] that each load takes at its bus's stored voltage.

    P = p + v ip + v² yp, less what distributed generation at the load delivers; reactive power likewise.
    """
    at = network.positions(network.values("load", "bus"))
    v = np.append(network.values("bus", "v_pu"), 1.0)[at]
    p, q = (constant + v * current + v**2 * admittance for constant, current, admittance in demand_parts(network))
    return p, q


def demand_parts(network: Network) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
    """Return what each load takes at 1 pu by constant power, current and admittance: active [MW], reactive [Mvar]."""
    value = {name: network.values("load", name) for name in network["load"].columns}
    generates = value["dg_in_service"]
    p = value["p_mw"] - np.where(generates, value["dg_p_mw"], 0.0)
    q = value["q_mvar"] - np.where(generates, value["dg_q_mvar"], 0.0)
    return (p, value["ip_mw"], value["yp_mw"]), (q, value["iq_mvar"], value["yq_mvar"])
