"""Three-winding transformers as pandapower's own, where these say the same; the others become a star.

pandapower puts the whole transformer on one star point: turns ratios and phase shifts lie in the rated voltages and in
two shifts, and the impedances between two windings refer to the smaller of their ratings. Its windings can't be out of
service one by one, and its impedances are magnitudes with a resistance: a winding that is out, or a negative
resistance or reactance between two windings, leaves the star.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.formats.matpower.network import circuits
from core.network import Network
from core.network.admittance import winding_status

#: pandapower's pairs of windings, as the network names them and as pandapower does.
PAIRS = {"12": ("hv", "mv"), "23": ("mv", "lv"), "31": ("hv", "lv")}
PLACES = {"12": "hv", "23": "mv", "31": "lv"}
WINDINGS = {1: "hv", 2: "mv", 3: "lv"}
#: A shunt that is smaller [MVA] is rounding.
TINY_MW = 1e-9


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
    for w, end in WINDINGS.items():  # a word of ours: the size is then only what the impedances refer to
        net.trafo3w[f"unrated_{end}"] = (table[f"rate_a_{w}_mva"] <= 0).to_numpy()


@dataclass(frozen=True, slots=True)
class ThreeWindings:
    """Three-winding transformers put together from the branches of pandapower's model."""

    rows: np.ndarray  # which branches they were
    stars: np.ndarray  # the numbers of the buses that were their star points
    table: pd.DataFrame
    cores: pd.DataFrame  # the shunts at the second and third bus that stand for a part of the core


def three_windings(net: Any, raw: np.ndarray, branch: pd.DataFrame, bus: pd.DataFrame) -> ThreeWindings:
    """Return a net's three-winding transformers, exact at their buses.

    A core between windings shunts the star point, where a network's transformer has nothing. With the windings'
    admittances y, their sum s and the star point's shunt c, the same currents flow at the buses when each impedance is
    1 + c / s times as large and a shunt y c / (s + c) stands at the outer end of each winding.

    Parameters
    ----------
    net
        The net with its load-flow model.
    raw, branch
        The model's branches as they are, and with the network's bus numbers and ratings.
    bus
        The model's buses with the network's numbers.
    """
    first, last = net._pd2ppc_lookups["branch"].get("trafo3w", (0, 0))
    rows = np.zeros(len(branch), dtype=bool)
    rows[first:last] = True
    part, count = branch[first:last], (last - first) // 3
    z, tap, inner, outer = (value.reshape(3, count) for value in _windings(raw[first:last], count))
    on = (part["br_status"] == 1).to_numpy().reshape(3, count)
    stars = part["t_bus"].to_numpy(dtype=np.int64)[:count]
    core, total = (inner * on).sum(axis=0), (on / z).sum(axis=0)
    bent = 1 + np.divide(core, total, out=np.zeros(count, dtype=complex), where=total != 0)
    outer = (outer + core / z / np.where(bent * total == 0, 1, bent * total)) / np.abs(tap) ** 2 * on
    z = z * bent
    ends = np.concatenate([part["f_bus"][:count], part["t_bus"][count:]]).astype(np.int64).reshape(3, count)
    names = net.trafo3w["name"].astype(object).where(net.trafo3w["name"].notna(), "").astype(str)
    solved = bus.set_index("bus_i").loc[stars]
    table = _table(ends, on, z, tap, part["rate_a"].to_numpy().reshape(3, count)).assign(
        name=names.to_numpy(), v_star_pu=solved["vm"].to_numpy(), angle_star_deg=solved["va"].to_numpy(),
        g_mag_pu=outer[0].real, b_mag_pu=outer[0].imag,
    )  # fmt: skip
    power = pd.Series(outer[1:].ravel(), ends[1:].ravel()) * net.sn_mva
    power = power[power.abs() > TINY_MW].groupby(level=0).sum()
    at = {"bus": power.index, "ckt": "T", "g_mw": power.to_numpy().real, "b_mvar": power.to_numpy().imag}
    return ThreeWindings(rows, stars, table, pd.DataFrame(at))


def _table(ends: np.ndarray, on: np.ndarray, z: np.ndarray, tap: np.ndarray, rates: np.ndarray) -> pd.DataFrame:
    """Return the table's columns from three rows of values, one a winding."""
    columns: dict[str, Any] = {"ckt": circuits(np.sort(ends.T, axis=1))}
    for w in range(3):
        columns |= {f"bus_{w + 1}": ends[w], f"in_service_{w + 1}": on[w], f"rate_a_{w + 1}_mva": rates[w]}
        columns |= {f"tap_{w + 1}_pu": np.abs(tap[w]), f"shift_{w + 1}_deg": np.rad2deg(np.angle(tap[w]))}
    for one, other in ((0, 1), (1, 2), (2, 0)):
        both = z[one] + z[other]
        columns |= {f"r_{one + 1}{other + 1}_pu": both.real, f"x_{one + 1}{other + 1}_pu": both.imag}
    return pd.DataFrame(columns)


def _windings(raw: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return impedances beside the star point, complex turns ratios, and shunts at the star point and at the other end.

    The first ``count`` branches lead to the star point, the others from it: their impedances lie behind their turns
    ratios, as do the shunts of their outer ends.
    """
    from pandapower.pypower import idx_brch as idx

    z = raw[:, idx.BR_R].real + 1j * raw[:, idx.BR_X].real
    from_ = (raw[:, idx.BR_G] + 1j * raw[:, idx.BR_B]) / 2
    to = from_ + (raw[:, idx.BR_G_ASYM] + 1j * raw[:, idx.BR_B_ASYM]) / 2
    ratio = np.where(raw[:, idx.TAP] == 0, 1, raw[:, idx.TAP]).real * np.exp(1j * np.deg2rad(raw[:, idx.SHIFT].real))
    leads_away = np.arange(len(raw)) >= count
    square = np.where(leads_away, np.abs(ratio) ** 2, 1.0)
    tap = np.where(leads_away, 1 / ratio, ratio)
    return z * square, tap, np.where(leads_away, from_, to) / square, np.where(leads_away, to, from_) / square
