"""A network's case with machines, loads or shunts out: made from the case itself, not from the tables anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from core.engines.bus_case import BusCase, LoadFlow, load_parts
from core.engines.regulation import Regulators, regulating_devices, regulators
from core.network import Network, islands

#: The tables whose elements can be out here; those that connect buses are links.
TABLES = ("generator", "load", "shunt", "switched_shunt")


@dataclass(frozen=True, slots=True)
class MachineOutages:
    """Outages of one machine each for a batch, which knows only buses that hold their voltage and those that don't."""

    possible: np.ndarray  # whether a batch can take the outage
    unheld: np.ndarray  # outages × buses: holds its voltage no more and gives nothing
    generation: np.ndarray  # active power, outages × buses [pu]


class ElementOutages:
    """Cases of a network at its solution with elements at buses out of service.

    Parameters
    ----------
    network
        The network.
    case
        Its case.
    base
        The case's solution.
    """

    def __init__(self, network: Network, case: BusCase, base: LoadFlow) -> None:
        self.case, self._network = _at_solution(case, base), network
        self._at = network.terminals("generator")[0]
        self._live = network.live("generator")
        self._mva = network.values("generator", "mva_base")
        self._missing = self.case.generation - case.generation
        p_max = network.values("generator", "p_max_mw")
        self._rating = np.where((p_max > 0) & (p_max < 9999), p_max, self._mva)

    def ratings(self, machines_out: Iterable[int] = ()) -> np.ndarray:
        """Return the power that the machines at each bus can give [MW]; their MVA where no limit is stated."""
        on = self._live.copy()
        on[list(machines_out)] = False
        return np.bincount(self._at[on], self._rating[on], minlength=len(self.case.v_start)).astype(float)

    def without(self, elements: Iterable[tuple[str, int]]) -> BusCase:
        """Return the case without some elements, each a table of :data:`TABLES` and a row."""
        elements = list(elements)
        if not elements:
            return self.case
        rows = {table: [row for name, row in elements if name == table] for table in TABLES}
        case = self._without_machines(rows["generator"]) if rows["generator"] else self.case
        if rows["load"]:
            constant, current, square = load_parts(self._network, rows["load"])
            case = replace(
                case,
                constant=case.constant - constant,
                current=case.current - current,
                square=case.square - square,
            )
        taken = self._shunts(rows)
        return replace(case, admittance=case.admittance - sparse.diags(taken, format="csr")) if taken.any() else case

    def single_machines(self, rows: np.ndarray) -> MachineOutages:
        """Return the outages of one machine each; the machines left at held buses share its power by rating.

        Not for a batch are the last machine of a swing bus, machines at buses without voltage control or where power of
        another kind stays, and buses whose machines have different setpoints.
        """
        case, at, number = self.case, self._at[rows], np.arange(len(rows))
        devices, machine, _ = self._regulation
        n = len(case.v_start)
        local = (devices.target < 0) | (devices.target == devices.bus)
        alike = local & (devices.v_set == case.v_set[devices.bus])
        left = np.bincount(devices.bus, minlength=n)[at] - np.isin(rows, machine)
        alone = (left == 0) & np.isin(at, case.pv) & (np.abs(case.generation[at] - self._power[rows]) < 1e-12)
        shared = (left > 0) & np.isin(at, np.concatenate([case.slack, case.pv]))
        unheld = np.zeros((len(rows), n), dtype=bool)
        unheld[number, at] = alone
        weight = np.tile(self.ratings(), (len(rows), 1))
        weight[number, at] -= np.where(self._live[rows], self._rating[rows], 0.0)
        weight[:, case.pq] = 0
        weight[unheld | ~np.isin(np.arange(n), case.solved)] = 0
        total = weight.sum(axis=1, keepdims=True)
        lost = self._power[rows].real
        generation = np.tile(case.generation.real, (len(rows), 1))
        generation[number, at] -= lost
        generation += lost[:, None] * weight / np.where(total > 0, total, 1.0)
        return MachineOutages((alone | shared) & ~np.isin(at, devices.bus[~alike]), unheld, generation)

    @cached_property
    def _regulation(self) -> tuple[Regulators, np.ndarray, np.ndarray]:
        """Return what could hold voltages, which machine each is, and the buses' islands."""
        return (*regulating_devices(self._network), islands(self._network))

    @cached_property
    def _power(self) -> np.ndarray:
        """Return what every machine gives [pu]; at swing buses they share what the solution asks for by rating."""
        missing = self._missing
        weight = np.where(self._live, np.where(self._mva > 0, self._mva, 1.0), 0.0)
        total = np.bincount(self._at[self._live], weight[self._live], minlength=len(missing))[self._at]
        stored = self._network.values("generator", "p_mw") + 1j * self._network.values("generator", "q_mvar")
        given = stored / self._network.base_mva + missing[self._at] * weight / np.where(total > 0, total, 1.0)
        return np.where(self._live, given, 0)

    def _without_machines(self, rows: list[int]) -> BusCase:
        """Return the case without machines; the largest one left takes over from a swing bus that has none."""
        case, n = self.case, len(self.case.v_start)
        all_devices, machine, island = self._regulation
        kind = np.full(n, "PQ", dtype=object)
        kind[case.pv], kind[case.slack] = "PV", "SLACK"
        on = self._live & np.isin(self._at, case.solved)
        on[rows] = False
        for bus in np.setdiff1d(np.intersect1d(case.slack, self._at[rows]), self._at[on]):
            kind[bus] = "PQ"
            left = np.flatnonzero(on & (island[self._at] == island[bus]))
            if len(left) and not (kind[island == island[bus]] == "SLACK").any():
                kind[self._at[left[np.argmax(self._mva[left])]]] = "SLACK"
        devices = all_devices.where(~np.isin(machine, rows))
        holders = regulators(devices, kind, island, self._network.base_mva, limits=not case.regulators.is_unlimited)
        kind[(kind == "PV") & ~np.isin(np.arange(n), holders.bus)] = "PQ"
        v_set, generation = case.v_set.copy(), case.generation.copy()
        v_set[holders.target] = holders.v_set
        np.subtract.at(generation, self._at[rows], self._power[rows])
        solved, swings = case.solved, np.flatnonzero(kind == "SLACK")
        alive = solved[np.isin(island[solved], island[swings])]
        return replace(
            case,
            generation=generation,
            v_set=v_set,
            slack=swings,
            pv=alive[kind[alive] == "PV"],
            pq=alive[kind[alive] == "PQ"],
            cut_off=np.union1d(case.cut_off, np.setdiff1d(solved, alive)),
            regulators=holders,
        )

    def _shunts(self, rows: dict[str, list[int]]) -> np.ndarray:
        """Return the admittance to ground of some shunts by bus [pu]."""
        taken = np.zeros(len(self.case.v_start), dtype=complex)
        for table in ("shunt", "switched_shunt"):
            chosen = [row for row in rows[table] if self._network.live(table)[row]]
            value = 1j * self._network.values(table, "b_mvar")[chosen]
            if table == "shunt":
                value = value + self._network.values(table, "g_mw")[chosen]
            np.add.at(taken, self._network.terminals(table)[0][chosen], value / self._network.base_mva)
        return taken


def _at_solution(case: BusCase, base: LoadFlow) -> BusCase:
    """Return the case at its solution, with what the swing buses generate there, so that losing one is a known loss."""
    v = np.nan_to_num(base.v)
    injected = v * np.conj(case.admittance @ v) + case.demand(np.abs(v))
    generation = case.generation.copy()
    generation[case.slack] = injected[case.slack]
    return replace(case, generation=generation, v_start=np.where(np.isfinite(base.v), base.v, case.v_start))
