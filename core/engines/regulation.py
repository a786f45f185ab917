"""Who holds which voltage: machines and converters by bus, the bus they regulate, and their reactive limits.

The machines of a bus act as one: they share by their ranges, so all reach their limits together. Buses that regulate
one bus together share its reactive power by weight (PSS/E's RMPCT).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from core.network import Network

#: Beyond a limit by this much, the bus lets its voltage go [pu].
POWER_TOLERANCE_PU = 1e-6
#: Off its setpoint by this much, a bus at a limit could hold it again [pu].
VOLTAGE_TOLERANCE_PU = 1e-6
#: A bus that has taken hold again this often stays at its limit: it would go to and fro.
MOST_RETURNS = 5
#: A stored power this close to a limit is at it: files round [pu].
_STORED_PU = 1e-4

#: Control modes of wind and solar machines: 2 has limits by power factor, 3 and 4 have a given reactive power.
_BY_POWER_FACTOR, _GIVEN_POWER = 2, 3


@dataclass(frozen=True, slots=True)
class Regulators:
    """Buses with devices that hold a voltage, one entry a bus; powers in per unit of the network's base."""

    bus: np.ndarray  # row of the bus table
    target: np.ndarray  # row of the bus whose voltage is held
    v_set: np.ndarray
    q: np.ndarray  # as stored; part of the case's generation
    q_min: np.ndarray
    q_max: np.ndarray
    weight: np.ndarray

    def where(self, keep: np.ndarray) -> Regulators:
        """Return the kept entries."""
        return Regulators(*(getattr(self, name)[keep] for name in self.__slots__))

    @property
    def is_plain(self) -> bool:
        """Return whether every bus holds its own voltage, whatever it takes."""
        return self.is_unlimited and bool((self.target == self.bus).all())

    @property
    def is_unlimited(self) -> bool:
        """Return whether none has a limit."""
        return bool(np.isinf(self.q_min).all() and np.isinf(self.q_max).all())

    def among(self, buses: np.ndarray, place: np.ndarray) -> Regulators:
        """Return those at some buses, by ``place`` of each row; where the target has none they hold their own bus."""
        chosen = self.where(np.isin(self.bus, buses))
        bus, target = place[chosen.bus], place[chosen.target]
        return replace(chosen, bus=bus, target=np.where(target < 0, bus, target))

    def plain(self) -> Regulators:
        """Return them with every bus holding its own voltage, whatever it takes."""
        no_limit = np.full(len(self.bus), np.inf)
        return replace(self, target=self.bus, q_min=-no_limit, q_max=no_limit)


def enforces_limits(network: Network) -> bool:
    """Return whether the network's own program enforces reactive limits: PSS/E does unless told not to."""
    return "psse" in network.extras


def voltage_facts(network: Network) -> np.ndarray:
    """Return the FACTS devices in service whose shunt element holds a voltage."""
    shunt = (network.values("facts", "to_bus") == 0) & (network.values("facts", "control_mode") > 0)
    both = (network.values("facts", "control_mode") == 1) & (network.values("facts", "shunt_max_mva") > 0)
    return np.asarray(network.live("facts") & (shunt | both), dtype=bool)


def regulating_machines(network: Network) -> np.ndarray:
    """Return the machines in service whose reactive power is not given."""
    return np.asarray(network.live("generator") & (network.values("generator", "control_mode") < _GIVEN_POWER))


def reactive_limits(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest reactive power of each machine [Mvar]."""
    low, high = network.values("generator", "q_min_mvar"), network.values("generator", "q_max_mvar")
    factor = np.clip(np.abs(network.values("generator", "power_factor")), 1e-3, 1.0)
    by_factor = np.abs(network.values("generator", "p_mw")) * np.sqrt(1 / factor**2 - 1)
    chosen = network.values("generator", "control_mode") == _BY_POWER_FACTOR
    low, high = np.where(chosen, -by_factor, low), np.where(chosen, by_factor, high)
    return np.minimum(low, high), np.maximum(low, high)


def regulating_devices(network: Network) -> tuple[Regulators, np.ndarray]:
    """Return all that could hold a voltage, one entry a device in Mvar, and each one's row in the generator table.

    ``target`` is −1 where a device regulates its own bus; the row is −1 for FACTS devices and converters.
    """
    devices = [_machines(network), _facts(network), *_converters(network)]
    joined = Regulators(*(np.concatenate([getattr(part, name) for part in devices]) for name in Regulators.__slots__))
    machines = np.flatnonzero(regulating_machines(network))
    return joined, np.concatenate([machines, np.full(len(joined.bus) - len(machines), -1)])


def regulators(
    devices: Regulators, kind: np.ndarray, island: np.ndarray, base_mva: float, *, limits: bool
) -> Regulators:
    """Return what holds voltages at the swing and PV buses of ``kind``; without ``limits`` it has all it takes."""
    bus = devices.bus
    target = np.where((devices.target < 0) | (kind[bus] == "SLACK"), bus, devices.target)
    remote_possible = (island[target] == island[bus]) & (kind[target] != "SLACK")
    target = np.where(remote_possible, target, bus)
    holding = (kind[bus] == "PV") | (kind[bus] == "SLACK")
    return _by_bus(replace(devices, target=target).where(holding), base_mva, limits=limits)


def _by_bus(devices: Regulators, base_mva: float, *, limits: bool) -> Regulators:
    """Return the devices of each bus as one; of several setpoints the first counts, a local one before a remote one."""
    bus, first, of = np.unique(devices.bus, return_index=True, return_inverse=True)
    q, low, high = (
        np.bincount(of, getattr(devices, name), minlength=len(bus)) / base_mva for name in ("q", "q_min", "q_max")
    )
    target, v_set = devices.target[first], devices.v_set[first]
    v_set = np.where(v_set > 0, v_set, np.where(np.isnan(v_set), v_set, 1.0))
    order = np.lexsort((bus, target != bus, target))  # by target, the local one first
    _, begins, group = np.unique(target[order], return_index=True, return_inverse=True)
    common = np.empty(len(bus))
    common[order] = v_set[order][begins][group]
    unlimited = np.full(len(bus), np.inf)
    weight = np.where(devices.weight[first] > 0, devices.weight[first], 100.0)
    low, high = (low, high) if limits else (-unlimited, unlimited)
    return Regulators(bus, target, common, q, low, high, weight)


def _machines(network: Network) -> Regulators:
    on = regulating_machines(network)
    low, high = reactive_limits(network)
    value = {name: network.values("generator", name)[on] for name in ("v_set_pu", "q_mvar", "share_pct")}
    return Regulators(
        network.terminals("generator")[0][on],
        _target(network, "generator")[on],
        value["v_set_pu"],
        value["q_mvar"],
        low[on],
        high[on],
        value["share_pct"],
    )


def _facts(network: Network) -> Regulators:
    on = voltage_facts(network)
    limit = network.values("facts", "shunt_max_mva")[on]
    bus, v_set = network.terminals("facts")[0][on], network.values("facts", "v_set_pu")[on]
    return Regulators(
        bus, _target(network, "facts")[on], v_set, np.zeros(len(bus)), -limit, limit, np.full(len(bus), 100.0)
    )


def _converters(network: Network) -> list[Regulators]:
    """Return the ends of DC lines that hold a voltage."""
    ends = []
    for side, at in zip(("from", "to"), network.terminals("dcline"), strict=True):
        on = network.live("dcline") & network.values("dcline", f"controls_v_{side}").astype(bool)
        names = (f"v_{side}_pu", f"q_{side}_mvar", f"q_min_{side}_mvar", f"q_max_{side}_mvar")
        v_set, q, low, high = (network.values("dcline", name)[on] for name in names)
        ends.append(Regulators(at[on], at[on], v_set, q, low, high, np.full(int(on.sum()), 100.0)))
    return ends


def _target(network: Network, table: str) -> np.ndarray:
    """Return the row of the bus that each device regulates, −1 for its own."""
    remote = network.values(table, "regulated_bus")
    return np.where(remote == 0, -1, network.positions(remote))


class Holding:
    """Which regulators hold their voltage and which are at a limit, as a solution goes on."""

    def __init__(self, regulators: Regulators, v_set: np.ndarray, magnitude: np.ndarray) -> None:
        r = self.regulators = regulators
        self.v_set = v_set[r.target]
        low, high = magnitude[r.target] < self.v_set, magnitude[r.target] > self.v_set  # as the start has it
        up, down = r.q >= r.q_max - _STORED_PU, r.q <= r.q_min + _STORED_PU
        self.side = (up & low).astype(np.int64) - (down & high)  # 1 at the upper, −1 at the lower limit
        self._returned = np.zeros(len(regulators.bus), dtype=np.int64)
        self._group = np.unique(regulators.target, return_inverse=True)[1]

    @property
    def holds(self) -> np.ndarray:
        """Return which regulators hold their voltage."""
        return np.asarray(self.side == 0)

    @property
    def shares(self) -> bool:
        """Return whether several regulators hold one voltage."""
        return len(np.unique(self.regulators.target)) < len(self.regulators.target)

    def power(self) -> np.ndarray:
        """Return what each regulator adds to the case's generation: nothing unless it is at a limit [pu]."""
        r = self.regulators
        return np.asarray(np.where(self.side > 0, r.q_max - r.q, np.where(self.side < 0, r.q_min - r.q, 0.0)))

    def sharing(self, buses: int) -> sparse.csr_matrix:
        """Return the equations of buses that hold one voltage together, equations × buses: equal power by weight."""
        rows = np.flatnonzero(self.holds)
        rows = rows[np.argsort(self._group[rows], kind="stable")]
        pairs = np.flatnonzero(np.diff(self._group[rows]) == 0)
        one, other, weight = rows[pairs], rows[pairs + 1], self.regulators.weight / 100
        number, bus = np.arange(len(pairs)), self.regulators.bus
        entries = np.concatenate([1 / weight[one], -1 / weight[other]])
        places = (np.concatenate([number, number]), np.concatenate([bus[one], bus[other]]))
        return sparse.csr_matrix((entries, places), shape=(len(pairs), buses))

    def switch(self, q: np.ndarray, magnitude: np.ndarray) -> bool:
        """Let go what is beyond a limit, else take hold again where that is possible; return whether anything changed.

        ``q`` is each regulator's reactive power [pu], ``magnitude`` the voltage of every bus [pu].
        """
        r = self.regulators
        side = np.where(self.holds & (q > r.q_max + POWER_TOLERANCE_PU), 1, self.side)
        side = np.where(self.holds & (q < r.q_min - POWER_TOLERANCE_PU), -1, side)
        if (side == self.side).all():
            back = self._could_hold(q, magnitude) & (self._returned < MOST_RETURNS)
            self._returned += back
            side = np.where(back, 0, side)
        changed = bool((side != self.side).any())
        self.side = side
        return changed

    def stays(self, q: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
        """Return at which steps nothing would change; where regulators share a voltage that can't be told.

        ``q`` is steps × regulators [pu], ``magnitude`` steps × buses [pu].
        """
        r = self.regulators
        within = (q <= r.q_max + POWER_TOLERANCE_PU) & (q >= r.q_min - POWER_TOLERANCE_PU)
        needed = self.side * (magnitude[:, r.target] - self.v_set) <= VOLTAGE_TOLERANCE_PU
        return np.asarray(np.where(self.holds, within, needed).all(axis=1))

    def _could_hold(self, q: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
        """Return which regulators at a limit are no longer needed there.

        Where others hold the voltage: their share is less than the limit. Else: the voltage is beyond its setpoint.
        """
        r, holds = self.regulators, self.holds
        weights = np.bincount(self._group, np.where(holds, r.weight, 0.0))[self._group] if len(q) else q
        carried = np.bincount(self._group, np.where(holds, q, 0.0))[self._group] if len(q) else q
        share = carried / np.where(weights > 0, weights, 1.0) * r.weight
        limit = np.where(self.side > 0, r.q_max, r.q_min)
        spare = np.where(self.side == 0, 0.0, self.side * (np.where(self.side == 0, 0.0, limit) - share))
        beyond = self.side * (magnitude[r.target] - self.v_set)
        return np.asarray(np.where(weights > 0, spare > POWER_TOLERANCE_PU, beyond > VOLTAGE_TOLERANCE_PU))
