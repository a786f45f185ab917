"""Three-winding transformers as pandapower's own, where these say the same; the others become a star.

pandapower puts the whole transformer on one star point: turns ratios and phase shifts lie in the rated voltages and in
two shifts, and the impedances between two windings refer to the smaller of their ratings. Its windings can't be out of
service one by one, and its impedances are magnitudes with a resistance: a winding that is out, or a negative
resistance or reactance between two windings, leaves the star.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.network import Network
from core.network.admittance import winding_status

#: pandapower's pairs of windings, as the network names them and as pandapower does.
PAIRS = {"12": ("hv", "mv"), "23": ("mv", "lv"), "31": ("hv", "lv")}
PLACES = {"12": "hv", "23": "mv", "31": "lv"}
WINDINGS = {1: "hv", 2: "mv", 3: "lv"}


def are_whole(network: Network) -> np.ndarray:
    """Return which three-winding transformers pandapower can hold as one."""
    fit = np.asarray(winding_status(network).all(axis=1))
    for pair in PAIRS:
        r, x = (network.values("transformer3w", f"{letter}_{pair}_pu") for letter in "rx")
        fit = fit & (r >= 0) & (x > 0)
    return fit


def create_three_windings(net: Any, network: Network, rows: np.ndarray) -> None:
    """Create the transformers of these rows, with the magnetising admittance as a shunt at their first bus."""
    import pandapower

    table = network["transformer3w"][rows]
    base = network.base_mva
    rating = {w: table[f"rate_a_{w}_mva"].where(table[f"rate_a_{w}_mva"] > 0, base) for w in WINDINGS}
    size = {WINDINGS[w]: rating[w] for w in WINDINGS}
    values: dict[str, Any] = {f"sn_{end}_mva": size[end] for end in size}
    for w, end in WINDINGS.items():
        at = table[f"bus_{w}"].astype(np.int64)
        values[f"{end}_bus"] = at
        values[f"vn_{end}_kv"] = net.bus["vn_kv"].loc[at].to_numpy() * table[f"tap_{w}_pu"].replace(0.0, 1.0)
    for pair, (one, other) in PAIRS.items():
        share = 100 * np.minimum(size[one], size[other]) / base
        z = np.hypot(table[f"r_{pair}_pu"], table[f"x_{pair}_pu"])
        values[f"vk_{PLACES[pair]}_percent"] = z * share
        values[f"vkr_{PLACES[pair]}_percent"] = table[f"r_{pair}_pu"] * share
    for w in (2, 3):
        values[f"shift_{WINDINGS[w]}_degree"] = table["shift_1_deg"] - table[f"shift_{w}_deg"]
    values |= {"pfe_kw": table["mva_base_12"] * 0.0, "i0_percent": table["mva_base_12"] * 0.0, "name": table["name"]}
    for row in zip(*values.values(), strict=True):
        pandapower.create_transformer3w_from_parameters(net, **dict(zip(values, row, strict=True)))
