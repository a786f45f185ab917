"""Load flows of outages: those of links and of machines in one batch each, what the batch can't solve on what is left.

lightsim2grid solves the outages of branches together, and those of single machines where none keeps reactive limits.
Left to single solutions are other outages that cut parts off, those of loads and shunts, and those after which machines
would not keep their limits. Where a part with load or machines is cut off, the part with the swing bus is solved, its
lost power spread over its machines by rating.
"""

from __future__ import annotations

import numpy as np

from core.engines import lightsim2grid, newton
from core.engines.bus_case import BusCase, Links, LoadFlow, Outcome, parted, rebalanced, settled, without
from core.engines.cuts import may_cut
from core.engines.element_outages import ElementOutages
from core.engines.regulation import POWER_TOLERANCE_PU, VOLTAGE_TOLERANCE_PU
from core.network import Network
from core.network.admittance import shunt_admittance, windings
from core.studies.contingency.outages import Outage


def quickest(case: BusCase, *, batches: bool) -> LoadFlow:
    """Return the load flow of a case; where machines keep no limits by the batches' engine, which is quicker."""
    if batches and case.regulators.is_plain and lightsim2grid.is_available() and lightsim2grid.suits(case):
        flow = lightsim2grid.newton(case)
        if flow.outcome is not Outcome.DIVERGED:
            return flow
    return newton.solve(case)


class OutageSolver:
    """Solves outages of a network from its solution without any."""

    def __init__(self, network: Network, case: BusCase, links: Links, base: LoadFlow, *, batches: bool) -> None:
        self.network, self.links, self.base = network, links, base
        self.windings = windings(network)
        self.elements = ElementOutages(network, case, base)
        self.case = self.elements.case
        self._plain = self.case.regulators.is_plain
        self._quick = batches and lightsim2grid.is_available() and lightsim2grid.suits(self.case)
        self._whole = lightsim2grid.exact(links) if self._quick else np.zeros(len(links.row), dtype=bool)

    def solve(self, outages: list[Outage]) -> tuple[np.ndarray, np.ndarray]:
        """Return the voltages, outages × buses [pu], missing where nothing is solved, and what became of each."""
        v = np.full((len(outages), len(self.case.v_start)), np.nan + 0j)
        status = np.full(len(outages), "", dtype=object)
        batch = [i for i, o in enumerate(outages) if o.links and not o.elements and self._whole[list(o.links)].all()]
        if batch:
            v[batch], status[batch] = self._batch([list(outages[i].links) for i in batch])
        if self._quick and self._plain:
            alone = [i for i, o in enumerate(outages) if not o.links and len(o.elements) == len(o.machines) == 1]
            v[alone], status[alone] = self._machines(np.array([outages[i].machines[0] for i in alone], dtype=np.int64))
        status[[not outage.known for outage in outages]] = str(Outcome.UNSOLVABLE)
        for number in np.flatnonzero(status == ""):
            flow = self._single(outages[number])
            v[number], status[number] = flow.v, str(flow.outcome)
        return v, status

    def _batch(self, taken: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
        """Return the voltages after outages of links [pu] and what became of each; no status where that is open."""
        fixed = self.case if self._plain else settled(self.case, self.base)
        generation = np.tile(fixed.generation.real, (len(taken), 1))
        status = np.full(len(taken), str(self.base.outcome), dtype=object)
        alive = np.tile(np.isin(np.arange(len(fixed.v_start)), fixed.solved), (len(taken), 1))
        cut = may_cut(len(fixed.v_start), self.links.from_, self.links.to, taken)
        for number in np.flatnonzero(cut & self._plain):
            left = rebalanced(parted(fixed, self.links, taken[number]), fixed, self.elements.ratings())
            generation[number] = left.generation.real
            alive[number] = np.isin(np.arange(len(fixed.v_start)), left.solved)
            status[number] = str(Outcome.ISLANDED if len(left.cut_off) else Outcome.CONVERGED)
        shunt = shunt_admittance(self.network)
        v = lightsim2grid.outages(fixed, self.links, shunt, self.network.base_mva, taken, generation)
        solved = (np.isfinite(v) == alive).all(axis=1)
        if not self._plain:
            solved &= ~cut & _as_regulated(self.case, self.base, self.links, taken, v)
        status[~solved] = ""
        return v, status

    def _machines(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the voltages after outages of one machine each [pu], and what became of each as :meth:`_batch`."""
        v = np.full((len(rows), len(self.case.v_start)), np.nan + 0j)
        out = self.elements.single_machines(rows)
        if out.possible.any():
            shunt = shunt_admittance(self.network)
            parts = (out.unheld[out.possible], out.generation[out.possible])
            v[out.possible] = lightsim2grid.machine_outages(self.case, self.links, shunt, self.network.base_mva, *parts)
        solved = np.isfinite(v[:, self.case.solved]).all(axis=1)
        return v, np.where(solved, str(self.base.outcome), "").astype(object)

    def _single(self, outage: Outage) -> LoadFlow:
        """Return the load flow of what an outage leaves."""
        if not outage.links and not outage.elements:
            return self.base
        left = self.elements.without(outage.elements)
        if outage.links:
            left = without(left, self.links, list(outage.links))
        left = rebalanced(left, self.case, self.elements.ratings(outage.machines))
        return quickest(left, batches=self._quick)


def _as_regulated(case: BusCase, base: LoadFlow, links: Links, taken: list[list[int]], v: np.ndarray) -> np.ndarray:
    """Return where the voltages of a batch, which holds what the base case holds, keep limits and setpoints."""
    r = case.regulators.where(np.isin(case.regulators.bus, case.pv))
    if r.is_plain:
        return np.ones(len(v), dtype=bool)
    flow = v * np.conj((case.admittance @ v.T).T)
    outage = np.repeat(np.arange(len(taken)), [len(out) for out in taken])
    link = np.concatenate([np.asarray(out, dtype=np.int64) for out in taken]) if taken else np.empty(0, np.int64)
    from_, to = links.powers(v)
    np.subtract.at(flow, (outage, links.from_[link]), from_[outage, link])
    np.subtract.at(flow, (outage, links.to[link]), to[outage, link])
    given = (flow + case.demand(np.abs(v)) - case.generation).imag[:, r.bus] + r.q
    off = np.abs(v)[:, r.target] - case.v_set[r.target]
    limited = np.isin(r.bus, base.limited)
    high = given > (r.q_min + r.q_max) / 2
    held = (given <= r.q_max + POWER_TOLERANCE_PU) & (given >= r.q_min - POWER_TOLERANCE_PU) & (np.abs(off) < 1e-6)
    at_limit = np.where(high, off, -off) < VOLTAGE_TOLERANCE_PU
    return np.asarray(np.where(limited, at_limit, held).all(axis=1), dtype=bool)
