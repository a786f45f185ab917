"""Bus admittance matrix of the pi and T models that the tables describe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.network.network import Network

if TYPE_CHECKING:
    from scipy import sparse

#: Reactance that stands for a connection without impedance [pu], as PSS/E's default threshold (THRSHZ).
ZERO_IMPEDANCE_PU = 1e-4


@dataclass(frozen=True, slots=True)
class TwoPorts:
    """Elements with two ends: rows in the bus table and the four admittances [pu] of each."""

    table: str
    rows: np.ndarray
    from_: np.ndarray
    to: np.ndarray
    yff: np.ndarray
    yft: np.ndarray
    ytf: np.ndarray
    ytt: np.ndarray

    def flows(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the complex power [pu] that enters each element at its from and to end."""
        v_from, v_to = v[self.from_], v[self.to]
        s_from = v_from * np.conj(self.yff * v_from + self.yft * v_to)
        return s_from, v_to * np.conj(self.ytf * v_from + self.ytt * v_to)


@np.errstate(invalid="ignore")  # what isn't finite makes the case unsolvable, and its load flow says so
def series_admittance(r: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return 1/(r + jx) [pu]; an element without impedance gets ``ZERO_IMPEDANCE_PU``."""
    z = np.asarray(r, dtype=float) + 1j * np.asarray(x, dtype=float)
    return np.asarray(1.0 / np.where(z == 0, 1j * ZERO_IMPEDANCE_PU, z))


def branch_ports(network: Network) -> TwoPorts:
    """Return the live lines as two-ports."""
    rows = np.flatnonzero(network.live("branch"))
    value = _columns(network, "branch", rows)
    y = series_admittance(value("r_pu"), value("x_pu"))
    ends = [positions[rows] for positions in network.terminals("branch")]
    y_from, y_to = value("g_from_pu") + 1j * value("b_from_pu"), value("g_to_pu") + 1j * value("b_to_pu")
    return TwoPorts("branch", rows, ends[0], ends[1], y + y_from, -y, -y, y + y_to)


def switch_ports(network: Network) -> TwoPorts:
    """Return the closed switches as two-ports."""
    rows = np.flatnonzero(network.live("switch"))
    y = series_admittance(np.zeros(len(rows)), network.values("switch", "x_pu")[rows])
    ends = [positions[rows] for positions in network.terminals("switch")]
    return TwoPorts("switch", rows, ends[0], ends[1], y, -y, -y, y)


@np.errstate(invalid="ignore")
def transformer_ports(network: Network) -> TwoPorts:
    """Return the live two-winding transformers as two-ports."""
    rows = np.flatnonzero(network.live("transformer"))
    value = _columns(network, "transformer", rows)
    y = series_admittance(value("r_pu"), value("x_pu"))
    tap_from = _tap(value("tap_from_pu")) * np.exp(1j * np.deg2rad(value("shift_deg")))
    tap_to = _tap(value("tap_to_pu"))
    y_from, y_to = value("g_from_pu") + 1j * value("b_from_pu"), value("g_to_pu") + 1j * value("b_to_pu")
    y_mag = value("g_mag_pu") + 1j * value("b_mag_pu")
    ends = [positions[rows] for positions in network.terminals("transformer")]
    return TwoPorts(
        "transformer",
        rows,
        ends[0],
        ends[1],
        (y + y_from) / np.abs(tap_from) ** 2 + y_mag,
        -y / (np.conj(tap_from) * tap_to),
        -y / (tap_from * tap_to),
        (y + y_to) / tap_to**2,
    )


def three_winding_blocks(network: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows, the bus rows (n, 3) and the admittances (n, 3, 3) of live three-winding transformers.

    The star point is eliminated: with windings 1, 2 and 3 in service y12 = z3 / (z1 z2 + z2 z3 + z3 z1).
    """
    on = winding_status(network)
    rows = np.flatnonzero(on.sum(axis=1) >= 2)
    ends = np.column_stack([positions[rows] for positions in network.terminals("transformer3w")])
    value, on = _columns(network, "transformer3w", rows), on[rows]
    z = star_impedances(network)[rows]
    tap = np.column_stack(
        [_tap(value(f"tap_{w}_pu")) * np.exp(1j * np.deg2rad(value(f"shift_{w}_deg"))) for w in (1, 2, 3)]
    )
    y = np.zeros((len(rows), 3, 3), dtype=complex)
    whole = on.all(axis=1)
    total = z[:, 0] * z[:, 1] + z[:, 1] * z[:, 2] + z[:, 2] * z[:, 0]
    total = np.where(total == 0, -(ZERO_IMPEDANCE_PU**2), total)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        pair = z[:, i] + z[:, j]
        pair = np.where(pair == 0, 1j * ZERO_IMPEDANCE_PU, pair)
        through = np.where(whole, z[:, k] / total, np.where(on[:, i] & on[:, j], 1.0 / pair, 0.0))
        y[:, i, j] -= through / (np.conj(tap[:, i]) * tap[:, j])
        y[:, j, i] -= through / (np.conj(tap[:, j]) * tap[:, i])
        y[:, i, i] += through / np.abs(tap[:, i]) ** 2
        y[:, j, j] += through / np.abs(tap[:, j]) ** 2
    y[:, 0, 0] += np.where(on[:, 0], value("g_mag_pu") + 1j * value("b_mag_pu"), 0)
    return rows, ends, y


@dataclass(frozen=True, slots=True)
class Windings:
    """The windings in service of live three-winding transformers, in the order of their rows and numbers."""

    rows: np.ndarray
    number: np.ndarray  # 1 to 3
    at: np.ndarray  # row of the bus
    ends: np.ndarray  # (n, 3): rows of the buses of the transformer's windings
    y: np.ndarray  # (n, 3): admittances between the winding's bus and these [pu]
    z: np.ndarray  # to the star point, seen from the bus [pu]
    core: np.ndarray  # magnetising admittance at the bus [pu]
    rate_mva: np.ndarray

    def powers(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the complex power [pu] entering at the bus and at the star point; ``v`` is (…, buses)."""
        here, current = v[..., self.at], self._currents(v)
        at_bus = here * np.conj(current)
        lost = np.conj(self.core) * np.abs(here) ** 2 + self.z * np.abs(current - self.core * here) ** 2
        return at_bus, lost - at_bus

    def loading_pct(self, v: np.ndarray, base_mva: float) -> np.ndarray:
        """Return the power at the bus in per cent of the winding's rating; missing where that is unknown."""
        power = np.abs(v[..., self.at] * self._currents(v))
        return np.asarray(power * base_mva / np.where(self.rate_mva > 0, self.rate_mva, np.nan) * 100)

    def names(self, transformers: Iterable[str]) -> list[str]:
        """Return what results call the windings, of the names of each one's transformer."""
        return [f"{name} winding {number}" for name, number in zip(transformers, self.number, strict=True)]

    def _currents(self, v: np.ndarray) -> np.ndarray:
        """Return the currents [pu] that enter from the buses; a winding out of service has no part in them."""
        return np.asarray(np.where(self.y == 0, 0, self.y * v[..., self.ends]).sum(axis=-1))


@np.errstate(invalid="ignore")  # as for series admittances
def windings(network: Network) -> Windings:
    """Return the windings of the three-winding transformers of which at least two are in service."""
    rows, ends, blocks = three_winding_blocks(network)
    of, place = np.nonzero(winding_status(network)[rows])
    tap, rate = (
        np.column_stack([network.values("transformer3w", name.format(w))[rows] for w in (1, 2, 3)])[of, place]
        for name in ("tap_{}_pu", "rate_a_{}_mva")
    )
    magnetising = network.values("transformer3w", "g_mag_pu") + 1j * network.values("transformer3w", "b_mag_pu")
    return Windings(
        rows[of],
        place + 1,
        ends[of, place],
        ends[of],
        blocks[of, place],
        star_impedances(network)[rows][of, place] * _tap(tap) ** 2,
        np.where(place == 0, magnetising[rows][of], 0),
        rate,
    )


def winding_status(network: Network) -> np.ndarray:
    """Return which windings (n, 3) of the three-winding transformers are in service at a live bus."""
    alive = np.append(network.bus_in_service(), False)
    return np.column_stack(
        [
            network.values("transformer3w", f"in_service_{w}") & alive[ends]
            for w, ends in zip((1, 2, 3), network.terminals("transformer3w"), strict=True)
        ]
    )


def star_impedances(network: Network) -> np.ndarray:
    """Return the impedances (n, 3) of the windings to the star point [pu]: z1 = (z12 + z31 - z23) / 2."""
    z12, z23, z31 = (
        network.values("transformer3w", f"r_{pair}_pu") + 1j * network.values("transformer3w", f"x_{pair}_pu")
        for pair in ("12", "23", "31")
    )
    return np.column_stack([(z12 + z31 - z23) / 2, (z12 + z23 - z31) / 2, (z23 + z31 - z12) / 2])


def shunt_admittance(network: Network) -> np.ndarray:
    """Return the admittance to ground [pu] of fixed and switched shunts at each bus."""
    y = np.zeros(len(network["bus"]), dtype=complex)
    on = network.live("shunt")
    at = network.terminals("shunt")[0][on]
    np.add.at(y, at, (network.values("shunt", "g_mw") + 1j * network.values("shunt", "b_mvar"))[on])
    on = network.live("switched_shunt")
    at = network.terminals("switched_shunt")[0][on]
    np.add.at(y, at, 1j * network.values("switched_shunt", "b_mvar")[on])
    return y / network.base_mva


def admittance_matrix(network: Network) -> sparse.csr_matrix:
    """Return the bus admittance matrix [pu of ``base_mva``] in the order of the bus table.

    Constant-admittance loads are loads, not part of the matrix. Three-winding transformers have no star point in it.
    """
    from scipy import sparse  # slow to load: no page waits for it

    n = len(network["bus"])
    rows, columns, entries = [np.arange(n)], [np.arange(n)], [shunt_admittance(network)]
    for ports in (branch_ports(network), switch_ports(network), transformer_ports(network)):
        rows += [ports.from_, ports.from_, ports.to, ports.to]
        columns += [ports.from_, ports.to, ports.from_, ports.to]
        entries += [ports.yff, ports.yft, ports.ytf, ports.ytt]
    _, ends, blocks = three_winding_blocks(network)
    live = ends.copy()
    live[live < 0] = 0  # a winding at a missing bus is out: its entries are zero
    rows.append(np.repeat(live, 3, axis=1).ravel())
    columns.append(np.tile(live, (1, 3)).ravel())
    entries.append(blocks.ravel())
    data = (np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.csr_matrix(data, shape=(n, n))


def _columns(network: Network, table: str, rows: np.ndarray) -> Callable[[str], np.ndarray]:
    return lambda column: np.asarray(network.values(table, column)[rows])


def _tap(values: np.ndarray) -> np.ndarray:
    return np.where(values == 0, 1.0, values)
