"""A network as a load-flow engine sees it: admittances, specified powers and voltages by bus, in per unit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import sparse

from core.network import Network, admittance_matrix, islands
from core.network.admittance import branch_ports, switch_ports, transformer_ports, winding_status


class Outcome(StrEnum):
    """What became of a load flow. Each is a result; none is left out."""

    CONVERGED = "converged"
    DIVERGED = "diverged"
    ISLANDED = "islanded"  # the part with the swing bus is solved, buses with load or machines are cut off
    UNSOLVABLE = "unsolvable"  # no swing bus, or values that are not numbers


@dataclass(frozen=True, slots=True)
class LoadFlow:
    """Voltages of all buses [pu]; missing where no swing bus reaches."""

    outcome: Outcome
    v: np.ndarray
    iterations: int = 0
    mismatch_pu: float = np.nan


@dataclass(frozen=True, slots=True)
class BusCase:
    """Everything by row of the bus table; powers in per unit of the network's base.

    Loads draw ``constant + current·|V| + admittance·|V|²``.
    """

    admittance: sparse.csr_matrix
    generation: np.ndarray
    constant: np.ndarray
    current: np.ndarray
    square: np.ndarray
    v_start: np.ndarray
    v_set: np.ndarray
    slack: np.ndarray  # row numbers
    pv: np.ndarray
    pq: np.ndarray
    cut_off: np.ndarray  # rows with load or machines that no swing bus reaches

    @property
    def solved(self) -> np.ndarray:
        """Return the rows that take part."""
        return np.sort(np.concatenate([self.slack, self.pv, self.pq]))

    def demand(self, magnitude: np.ndarray) -> np.ndarray:
        """Return what the loads draw at the voltage magnitudes [pu]."""
        return np.asarray(self.constant + self.current * magnitude + self.square * magnitude**2)


def bus_case(network: Network) -> BusCase:
    """Return the network's case: kinds of buses settled by the machines in service, parts without swing left out."""
    kind, v_set = _kinds(network)
    label = islands(network)
    swings = (kind == "SLACK") & (label >= 0)
    alive = (label >= 0) & np.isin(label, label[swings])
    constant, current, square = _loads(network)
    generation = _generation(network)
    busy = (np.abs(constant) + np.abs(current) + np.abs(square) + np.abs(generation) > 0) & network.bus_in_service()
    return BusCase(
        admittance_matrix(network),
        generation,
        constant,
        current,
        square,
        _start(network, v_set),
        v_set,
        np.flatnonzero(swings),
        np.flatnonzero(alive & (kind == "PV")),
        np.flatnonzero(alive & (kind == "PQ")),
        np.flatnonzero(busy & ~alive),
    )


def _kinds(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Return the kind of every bus and the voltage that its machines hold [pu]."""
    kind = network.values("bus", "kind").astype(object).copy()
    v_set = network.values("bus", "v_pu").copy()
    held = np.zeros(len(kind), dtype=bool)
    sources = (("generator", "v_set_pu", network.live("generator")), ("facts", "v_set_pu", _voltage_facts(network)))
    for table, column, on in sources:
        rows = network.terminals(table)[0][on][::-1]  # of several machines at a bus the first counts
        v_set[rows] = network.values(table, column)[on][::-1]
        held[rows] = True
    kind[(kind == "PQ") & np.isin(np.arange(len(kind)), network.terminals("facts")[0][_voltage_facts(network)])] = "PV"
    for end in ("from", "to"):
        on = network.live("dcline") & network.values("dcline", f"controls_v_{end}").astype(bool)
        rows = network.terminals("dcline")[0 if end == "from" else 1][on]
        v_set[rows] = np.where(held[rows], v_set[rows], network.values("dcline", f"v_{end}_pu")[on])
        held[rows] = True
    kind[(kind == "PV") & ~held] = "PQ"
    return kind, np.where(v_set > 0, v_set, 1.0)


def _voltage_facts(network: Network) -> np.ndarray:
    """Return the FACTS devices that are shunts holding a voltage."""
    shunt = (network.values("facts", "to_bus") == 0) & (network.values("facts", "control_mode") > 0)
    return np.asarray(network.live("facts") & shunt, dtype=bool)


def _loads(network: Network) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return constant-power, constant-current and constant-admittance demand by bus [pu]."""
    n = len(network["bus"])
    parts = []
    for p, q in (("p_mw", "q_mvar"), ("ip_mw", "iq_mvar"), ("yp_mw", "yq_mvar")):
        value = network.values("load", p) + 1j * network.values("load", q)
        parts.append(_by_bus(network, "load", value, n))
    on = network.live("load") & network.values("load", "dg_in_service").astype(bool)
    distributed = np.where(on, network.values("load", "dg_p_mw") + 1j * network.values("load", "dg_q_mvar"), 0)
    stored = network.values("storage", "p_mw") + 1j * network.values("storage", "q_mvar")
    constant = parts[0] - _by_bus(network, "load", distributed, n) + _by_bus(network, "storage", stored, n)
    return constant / network.base_mva, parts[1] / network.base_mva, parts[2] / network.base_mva


def _generation(network: Network) -> np.ndarray:
    n = len(network["bus"])
    power = network.values("generator", "p_mw") + 1j * network.values("generator", "q_mvar")
    total = _by_bus(network, "generator", power, n)
    sent = -network.values("dcline", "p_from_mw") + 1j * network.values("dcline", "q_from_mvar")
    arrives = network.values("dcline", "p_to_mw") + 1j * network.values("dcline", "q_to_mvar")
    for end, value in enumerate((sent, arrives)):
        total += _by_bus(network, "dcline", value, n, end)
    return total / network.base_mva


def _by_bus(network: Network, table: str, value: np.ndarray, n: int, end: int = 0) -> np.ndarray:
    on = network.live(table)
    total = np.zeros(n, dtype=complex)
    np.add.at(total, network.terminals(table)[end][on], value[on])
    return total


def _start(network: Network, v_set: np.ndarray) -> np.ndarray:
    stored = network.values("bus", "v_pu") * np.exp(1j * np.deg2rad(network.values("bus", "angle_deg")))
    return np.asarray(np.where(np.isfinite(stored) & (np.abs(stored) > 0.1), stored, v_set + 0j))


@dataclass(frozen=True, slots=True)
class Flows:
    """What connects buses, all tables in one: rows, ends [bus rows], admittances and ratings [MVA]."""

    table: np.ndarray
    row: np.ndarray
    from_: np.ndarray
    to: np.ndarray
    y: np.ndarray  # (4, n): ff, ft, tf, tt
    rate_mva: np.ndarray
    by_current: np.ndarray  # lines are rated by current, transformers by power

    def powers(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the complex power [pu] entering at both ends; ``v`` is (…, buses)."""
        v_from, v_to = v[..., self.from_], v[..., self.to]
        s_from = v_from * np.conj(self.y[0] * v_from + self.y[1] * v_to)
        return s_from, v_to * np.conj(self.y[2] * v_from + self.y[3] * v_to)

    def loading_pct(self, v: np.ndarray, base_mva: float) -> np.ndarray:
        """Return the loading in per cent of the rating, the worse end; missing where the rating is unknown."""
        s_from, s_to = self.powers(v)
        with np.errstate(divide="ignore", invalid="ignore"):
            at_from = np.abs(s_from) / np.where(self.by_current, np.abs(v[..., self.from_]), 1.0)
            at_to = np.abs(s_to) / np.where(self.by_current, np.abs(v[..., self.to]), 1.0)
        rate = np.where(self.rate_mva > 0, self.rate_mva, np.nan)
        return np.asarray(np.fmax(at_from, at_to) * base_mva / rate * 100)


def flows_of(network: Network) -> Flows:
    """Return the live lines, switches and two-winding transformers of a network."""
    parts = [branch_ports(network), switch_ports(network), transformer_ports(network)]
    return Flows(
        np.concatenate([np.full(len(ports.rows), ports.table, dtype=object) for ports in parts]),
        np.concatenate([ports.rows for ports in parts]),
        np.concatenate([ports.from_ for ports in parts]),
        np.concatenate([ports.to for ports in parts]),
        np.hstack([np.stack([ports.yff, ports.yft, ports.ytf, ports.ytt]) for ports in parts]),
        np.concatenate([network.values(ports.table, "rate_a_mva")[ports.rows] for ports in parts]),
        np.concatenate([np.full(len(ports.rows), ports.table != "transformer") for ports in parts]),
    )


def has_stars(network: Network) -> bool:
    """Return whether three-winding transformers are in service."""
    return bool((winding_status(network).sum(axis=1) >= 2).any())
