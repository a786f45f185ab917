"""What voltage-dependent loads take at the stored voltages."""

from __future__ import annotations

import numpy as np

from core.network.network import Network


def stored_demand(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Return the active and reactive power [MW, Mvar] that each load takes at its bus's stored voltage.

    P = p + v ip + v² yp, less what distributed generation at the load delivers; reactive power likewise.
    """
    value = {name: network.values("load", name) for name in network["load"].columns}
    at = network.positions(value["bus"])
    v = np.append(network.values("bus", "v_pu"), 1.0)[at]
    p = value["p_mw"] + v * value["ip_mw"] + v**2 * value["yp_mw"]
    q = value["q_mvar"] + v * value["iq_mvar"] + v**2 * value["yq_mvar"]
    generates = value["dg_in_service"]
    return p - np.where(generates, value["dg_p_mw"], 0.0), q - np.where(generates, value["dg_q_mvar"], 0.0)
