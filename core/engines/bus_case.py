"""A network as a load-flow engine sees it: admittances, specified powers and voltages by bus, in per unit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from core.engines.regulation import Regulators, regulating_devices, regulators, voltage_facts
from core.engines.starting import well_started
from core.network import Network, admittance_matrix, islands
from core.network.admittance import branch_ports, switch_ports, three_winding_blocks, transformer_ports
from core.network.audit import unmodelled_power
from core.network.injections import generator_power, other_power, sourced_buses


class Outcome(StrEnum):
    """What became of a load flow. Each is a result; none is left out."""

    CONVERGED = "converged"
    DIVERGED = "diverged"
    ISLANDED = "islanded"  # the part with the swing bus is solved, buses with load or machines are cut off
    UNSOLVABLE = "unsolvable"  # no swing bus with a machine, or values that are not numbers


#: The equations have solutions below this voltage [pu], no network in service has them.
COLLAPSED_PU = 0.01


@dataclass(frozen=True, slots=True)
class LoadFlow:
    """Voltages of all buses [pu]; missing where no swing bus reaches."""

    outcome: Outcome
    v: np.ndarray
    iterations: int = 0
    mismatch_pu: float = np.nan
    limited: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Rows of buses whose machines are at a reactive limit and hold no voltage."""
    let_go: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Those of the limited buses whose voltage no other bus holds."""
    collapsed: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Rows of buses without a voltage in what the equations gave as solution: it is none."""

    def physical(self) -> LoadFlow:
        """Return the load flow; a diverged one where the voltage of a bus is as good as none."""
        collapsed = np.flatnonzero(np.abs(self.v) < COLLAPSED_PU)
        if not len(collapsed):
            return self
        nothing = np.full_like(self.v, np.nan)
        return LoadFlow(Outcome.DIVERGED, nothing, self.iterations, self.mismatch_pu, collapsed=collapsed)


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
    regulators: Regulators  # of swing and PV buses

    @property
    def solved(self) -> np.ndarray:
        """Return the rows that take part."""
        return np.sort(np.concatenate([self.slack, self.pv, self.pq]))

    def solvable(self) -> bool:
        """Return whether there is a swing bus with a machine and every value is a number."""
        rows = self.solved
        wrong = ~np.isfinite(self.admittance.data)
        of = (
            np.repeat(np.arange(len(self.v_start)), np.diff(self.admittance.indptr))[wrong] if wrong.any() else rows[:0]
        )
        parts = (self.generation, self.v_set, self.constant, self.current, self.square)
        finite = all(bool(np.isfinite(part[rows]).all()) for part in parts)
        return bool(len(self.slack)) and finite and not np.isin(of, rows).any()

    def with_powers(self, generation: np.ndarray, load_scale: float) -> BusCase:
        """Return the case with other powers of the machines [pu] and its loads scaled."""
        loads = {name: load_scale * getattr(self, name) for name in ("constant", "current", "square")}
        return replace(self, generation=generation, **loads)

    def demand(self, magnitude: np.ndarray) -> np.ndarray:
        """Return what the loads draw at the voltage magnitudes [pu]."""
        return np.asarray(self.constant + self.current * magnitude + self.square * magnitude**2)


def bus_case(network: Network, *, limits: bool = False) -> BusCase:
    """Return the network's case: kinds of buses settled by what is in service, parts without swing left out.

    With ``limits`` machines give no more reactive power than they have.
    """
    with np.errstate(invalid="ignore"):  # infinities: such a case is not solvable, and says so
        return well_started(_bus_case(network, limits))


def _bus_case(network: Network, limits: bool) -> BusCase:
    kind, label = _kinds(network), islands(network)
    holders = regulators(regulating_devices(network)[0], kind, label, network.base_mva, limits=limits)
    kind[(kind == "PV") & ~np.isin(np.arange(len(kind)), holders.bus)] = "PQ"
    v_set = np.where(network.values("bus", "v_pu") > 0, network.values("bus", "v_pu"), 1.0)
    v_set[holders.target] = holders.v_set
    swings = (kind == "SLACK") & (label >= 0) & sourced_buses(network)
    alive = (label >= 0) & np.isin(label, label[swings])
    constant, current, square = load_parts(network)
    generation = (generator_power(network) + other_power(network) + unmodelled_power(network)) / network.base_mva
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
        holders,
    )


def settled(case: BusCase, flow: LoadFlow) -> BusCase:
    """Return the case in which every bus holds its own voltage or gives its power, as the solution has it.

    For engines that know no limits and no regulation of other buses: their solution is the same.
    """
    v = np.nan_to_num(flow.v)
    given = (v * np.conj(case.admittance @ v) + case.demand(np.abs(v))).imag[flow.limited]
    generation, v_set = case.generation.copy(), case.v_set.copy()
    generation[flow.limited] = generation[flow.limited].real + 1j * given
    v_set[case.pv] = np.abs(flow.v[case.pv])
    return replace(
        case,
        generation=generation,
        v_start=np.where(np.isfinite(flow.v), flow.v, case.v_start),
        v_set=v_set,
        pv=np.setdiff1d(case.pv, flow.limited),
        pq=np.union1d(case.pq, flow.limited),
        regulators=case.regulators.plain(),
    )


def _kinds(network: Network) -> np.ndarray:
    """Return the kind of every bus; a FACTS device or a voltage source converter makes a PQ bus hold its voltage."""
    kind = network.values("bus", "kind").astype(object).copy()
    at = [network.terminals("facts")[0][voltage_facts(network)]]
    converters = network.live("dcline") & (network.values("dcline", "kind") == "VSC")
    for side, ends in zip(("from", "to"), network.terminals("dcline"), strict=True):
        at.append(ends[converters & network.values("dcline", f"controls_v_{side}").astype(bool)])
    rows = np.concatenate(at)
    kind[rows[kind[rows] == "PQ"]] = "PV"
    return kind


def load_parts(network: Network, rows: list[int] | slice = slice(None)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return constant-power, constant-current and constant-admittance demand of the loads, or of some, by bus [pu]."""
    chosen = np.zeros(len(network["load"]), dtype=bool)
    chosen[rows] = network.live("load")[rows]
    at, value = network.terminals("load")[0][chosen], {}
    for column in ("p_mw", "q_mvar", "ip_mw", "iq_mvar", "yp_mw", "yq_mvar", "dg_p_mw", "dg_q_mvar", "dg_in_service"):
        value[column] = network.values("load", column)[chosen]
    p_mw, q_mvar = (
        value[name] - np.where(value["dg_in_service"], value[f"dg_{name}"], 0.0) for name in ("p_mw", "q_mvar")
    )
    parts = ((p_mw, q_mvar), (value["ip_mw"], value["iq_mvar"]), (value["yp_mw"], value["yq_mvar"]))
    n = len(network["bus"])
    constant, current, square = (
        (np.bincount(at, p, minlength=n) + 1j * np.bincount(at, q, minlength=n)) / network.base_mva for p, q in parts
    )
    return constant, current, square


def _start(network: Network, v_set: np.ndarray) -> np.ndarray:
    stored = network.values("bus", "v_pu") * np.exp(1j * np.deg2rad(network.values("bus", "angle_deg")))
    return np.asarray(np.where(np.isfinite(stored) & (np.abs(stored) > 0.1), stored, v_set + 0j))


@dataclass(frozen=True, slots=True)
class Links:
    """All that connects two buses, as two-ports: table and row, ends [bus rows], admittances [pu], ratings [MVA].

    A three-winding transformer is three links between its buses, its star point eliminated.
    """

    table: np.ndarray
    row: np.ndarray
    from_: np.ndarray
    to: np.ndarray
    y: np.ndarray  # (4, n): ff, ft, tf, tt
    rate_mva: np.ndarray
    by_current: np.ndarray  # lines are rated by current, transformers by power

    def where(self, keep: np.ndarray) -> Links:
        """Return the kept links."""
        return Links(*(getattr(self, name)[..., keep] for name in self.__slots__))

    def powers(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the complex power [pu] entering at both ends; ``v`` is (…, buses)."""
        v_from, v_to = v[..., self.from_], v[..., self.to]
        s_from = v_from * np.conj(self.y[0] * v_from + self.y[1] * v_to)
        return s_from, v_to * np.conj(self.y[2] * v_from + self.y[3] * v_to)

    def loading_pct(self, v: np.ndarray, base_mva: float) -> np.ndarray:
        """Return the loading in per cent of the rating, the worse end; missing where the rating is unknown."""
        v_from, v_to, size = v[..., self.from_], v[..., self.to], np.abs(v)
        at_from, at_to = np.abs(self.y[0] * v_from + self.y[1] * v_to), np.abs(self.y[2] * v_from + self.y[3] * v_to)
        at_from *= np.where(self.by_current, 1.0, size[..., self.from_])
        at_to *= np.where(self.by_current, 1.0, size[..., self.to])
        rate = np.where(self.rate_mva > 0, self.rate_mva, np.nan)
        return np.asarray(np.fmax(at_from, at_to) * base_mva / rate * 100)


def links_of(network: Network) -> Links:
    """Return the live lines, switches and transformers of a network."""
    parts = [branch_ports(network), switch_ports(network), transformer_ports(network)]
    lines = [
        Links(
            np.full(len(ports.rows), ports.table, dtype=object),
            ports.rows,
            ports.from_,
            ports.to,
            np.stack([ports.yff, ports.yft, ports.ytf, ports.ytt]),
            network.values(ports.table, "rate_a_mva")[ports.rows],
            np.full(len(ports.rows), ports.table != "transformer"),
        )
        for ports in parts
    ]
    lines += _star_links(network)
    names = Links.__slots__
    return Links(*(np.concatenate([getattr(part, name) for part in lines], axis=-1) for name in names))


def _star_links(network: Network) -> list[Links]:
    """Return the links of three-winding transformers; each winding's own admittance goes with a link that it has."""
    rows, ends, y = three_winding_blocks(network)
    pairs = ((0, 1), (1, 2), (2, 0))
    joined = np.stack([y[:, i, j] != 0 for i, j in pairs])
    links = []
    for number, (i, j) in enumerate(pairs):
        own = []
        for winding, other_pair in ((i, (number + 2) % 3), (j, (number + 1) % 3)):
            elsewhere = joined[other_pair] & (other_pair < number)  # an earlier link has taken it
            own.append(np.where(elsewhere, 0, y[:, winding, winding]))
        chosen = np.flatnonzero(joined[number])
        admittances = np.stack([own[0], y[:, i, j], y[:, j, i], own[1]])[:, chosen]
        table = np.full(len(chosen), "transformer3w", dtype=object)
        rates = np.zeros(len(chosen))
        links.append(
            Links(table, rows[chosen], ends[chosen, i], ends[chosen, j], admittances, rates, rates.astype(bool))
        )
    return links


def without(case: BusCase, links: Links, out: list[int]) -> BusCase:
    """Return the case with some links out of service; parts without a swing bus are cut off as in :func:`parted`."""
    f, t, y = links.from_[out], links.to[out], links.y[:, out]
    ends = (np.concatenate([f, f, t, t]), np.concatenate([f, t, f, t]))
    return replace(parted(case, links, out), admittance=_less(case.admittance, ends, y.ravel()))


def parted(case: BusCase, links: Links, out: list[int]) -> BusCase:
    """Return the case with what some links leave without a swing bus cut off; its admittances still have the links.

    Where the part that draws most power loses the swing bus, its bus with the largest generation becomes one.
    """
    n = len(case.v_start)
    keep = np.delete(np.arange(len(links.row)), out)
    graph = sparse.coo_matrix((np.ones(len(keep)), (links.from_[keep], links.to[keep])), shape=(n, n))
    part = connected_components(graph, directed=False)[1]
    slack, pv = _swing_of_largest(case, part)
    has_swing = np.zeros(n, dtype=bool)
    has_swing[part[slack]] = True
    alive, rows = has_swing[part], case.solved
    busy = np.abs(case.constant) + np.abs(case.current) + np.abs(case.square) + np.abs(case.generation) > 0
    lost = rows[~alive[rows]]
    return replace(
        case,
        slack=slack,
        pv=pv[alive[pv]],
        pq=case.pq[alive[case.pq]],
        cut_off=np.concatenate([case.cut_off, lost[busy[lost]]]),
    )


def _less(matrix: sparse.csr_matrix, at: tuple[np.ndarray, np.ndarray], values: np.ndarray) -> sparse.csr_matrix:
    """Return the matrix less some values at entries that it has."""
    n = matrix.shape[1]
    entries = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)) * n + matrix.indices
    data = matrix.data.copy()
    np.subtract.at(data, np.searchsorted(entries, at[0] * n + at[1]), values)
    return sparse.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def part_of(matrix: sparse.csr_matrix, place: np.ndarray, size: int) -> sparse.coo_matrix:
    """Return the entries between the places that are not negative."""
    row, column = np.repeat(place, np.diff(matrix.indptr)), place[matrix.indices]
    inside = (row >= 0) & (column >= 0)
    return sparse.coo_matrix((matrix.data[inside], (row[inside], column[inside])), shape=(size, size))


def _swing_of_largest(case: BusCase, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return swing and voltage-holding buses so that the part with the largest demand has a swing bus if it can."""
    rows = case.solved
    demand = np.bincount(part[rows], case.demand(np.ones(len(part))).real[rows], minlength=int(part.max()) + 1)
    main = int(np.argmax(demand))
    if not demand[main] > 0 or (part[case.slack] == main).any():
        return case.slack, case.pv
    candidates = case.pv[part[case.pv] == main]
    if not len(candidates):
        return case.slack, case.pv
    chosen = candidates[np.argmax(case.generation[candidates].real)]
    return np.array([chosen]), np.concatenate([case.pv[case.pv != chosen], case.slack])


def rebalanced(case: BusCase, before: BusCase, weight: np.ndarray) -> BusCase:
    """Return the case with what outages took from the balance spread over the machines left, by ``weight`` by bus."""
    left, all_rows = case.solved, before.solved
    one = np.ones(len(case.v_start))
    short = (before.generation.real - before.demand(one).real)[all_rows].sum()
    short -= (case.generation.real - case.demand(one).real)[left].sum()
    held = np.concatenate([case.slack, case.pv])
    if abs(short) < 1e-9 or not weight[held].sum() > 0:
        return case
    generation = case.generation.copy()
    generation[held] += short * weight[held] / weight[held].sum()
    return replace(case, generation=generation)


@dataclass(frozen=True, slots=True)
class Pi:
    """Links as π with a real ratio and a shift at the from side; what a symmetric π can't hold is ``left`` at the ends.

    From side: ``(y + jb/2)/ratio² + left_from``; to side: ``y + jb/2 + left_to``.
    """

    z: np.ndarray
    b: np.ndarray
    ratio: np.ndarray
    shift_rad: np.ndarray
    left_from: np.ndarray
    left_to: np.ndarray


def as_pi(links: Links) -> Pi:
    """Return the links' π with the ratio that makes both ends alike."""
    ff, ft, tf, tt = links.y
    shift = np.angle(tf / np.where(ft == 0, 1, ft)) / -2  # y_ft = −y/conj(t), y_tf = −y/t
    mutual = -ft * np.exp(-1j * shift)
    back = -tf * np.exp(1j * shift)
    turned = (mutual * np.conj(tt + ff)).real < 0  # half turns are ambiguous: the series part lies near the own part
    shift = np.where(turned, shift + np.pi, shift)
    mutual, back = np.where(turned, -mutual, mutual), np.where(turned, -back, back)
    with np.errstate(divide="ignore", invalid="ignore"):
        square = (tt / ff).real
    ratio = np.sqrt(np.where(np.isfinite(square) & (square > 0.04) & (square < 25), square, 1.0))
    y = (mutual + back) / 2 * ratio
    b = 2 * (tt - y).imag
    shunt = 0.5j * b
    z = 1 / np.where(y == 0, 1e-12, y)
    return Pi(z, b, ratio, shift, ff - (y + shunt) / ratio**2, tt - y - shunt)
