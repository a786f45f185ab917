"""What is watched after outages: voltages of buses, loadings of links, and flows over interfaces."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.engines.bus_case import Links
from core.formats.psse.monitor_files import Monitor
from core.network import Network
from core.studies.contingency.statements import Meaning


@dataclass(frozen=True, slots=True)
class Interface:
    """The sum of the flows into some links: which links, and at which of their ends each flow is taken."""

    name: str
    rating_mw: float
    links: np.ndarray
    at_from: np.ndarray

    def flow(self, from_: np.ndarray, to: np.ndarray) -> np.ndarray:
        """Return the flow after every outage, of the flows of all links that enter at their ends."""
        return np.asarray(np.where(self.at_from, from_[:, self.links], to[:, self.links]).sum(axis=1))


@dataclass(slots=True)
class Watch:
    """What is watched: buses and links, interfaces, and voltage ranges by bus, missing where there is none [pu]."""

    buses: np.ndarray
    links: np.ndarray
    v_low: np.ndarray
    v_high: np.ndarray
    drop: np.ndarray
    rise: np.ndarray
    interfaces: list[Interface] = field(default_factory=list)

    @classmethod
    def everything(cls, buses: int, links: int) -> Watch:
        """Return a watch over all voltages and loadings, without ranges of its own."""
        low, high, drop, rise = (np.full(buses, np.nan) for _ in range(4))
        return cls(np.ones(buses, dtype=bool), np.ones(links, dtype=bool), low, high, drop, rise)

    @property
    def has_ranges(self) -> bool:
        """Return whether there is a range for some voltage."""
        return any(bool(np.isfinite(part).any()) for part in (self.v_low, self.v_high, self.drop, self.rise))

    def limit(self, kind: str, inside: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Watch the voltages of some buses within limits, the tighter ones where they have some already."""
        self.buses |= inside
        if kind == "voltage deviation":
            self.drop, self.rise = (
                np.fmin(old, np.where(inside, new, np.nan)) for old, new in ((self.drop, low), (self.rise, high))
            )
        else:
            self.v_low = np.fmax(self.v_low, np.where(inside, low, np.nan))
            self.v_high = np.fmin(self.v_high, np.where(inside, high, np.nan))


def watch_of(meaning: Meaning) -> Watch:
    """Return what the monitoring file watches; everything without one."""
    network, links = meaning.network, meaning.links
    watch = Watch.everything(len(network["bus"]), len(links.row))
    if not meaning.statements.monitors:
        return watch
    watch.buses[:], watch.links[:] = False, False
    for monitor in meaning.statements.monitors:
        if monitor.kind == "interface":
            watch.interfaces += _interface(meaning, monitor)
        elif monitor.kind in ("branches", "breakers", "ties"):
            watch.links |= _links(meaning, monitor)
        else:
            inside = meaning.members(monitor.subsystem, monitor.where)
            watch.limit(monitor.kind, inside, *_limits(network, monitor))
    return watch


def _limits(network: Network, monitor: Monitor) -> tuple[np.ndarray, np.ndarray]:
    """Return lower and upper limit of every bus [pu], missing where there is none; those of its record if asked."""
    if monitor.kind == "voltage limit":
        return network.values("bus", "v_min_pu"), network.values("bus", "v_max_pu")
    limits = (np.nan if limit is None else limit for limit in (monitor.low, monitor.high))
    low, high = (np.full(len(network["bus"]), limit) for limit in limits)
    return low, high


def _links(meaning: Meaning, monitor: Monitor) -> np.ndarray:
    """Return which links a statement watches: within a subsystem, at its border, or named one by one."""
    links = meaning.links
    if monitor.branches:
        rows = filter(None, (meaning.branch(branch, monitor.where) for branch in monitor.branches))
        return sum((_own(links, *row) for row in rows), start=np.zeros(len(links.row), dtype=bool))
    inside = meaning.members(monitor.subsystem, monitor.where)
    from_, to = inside[links.from_], inside[links.to]
    watched = from_ & to
    if monitor.kind == "breakers":
        watched &= links.table == "switch"
    elif monitor.kind == "ties":
        beyond = meaning.members(monitor.beyond, monitor.where)
        watched = np.where(from_, beyond[links.to], beyond[links.from_]) & (from_ ^ to)
    return np.asarray(watched)


def _own(links: Links, table: str, row: int) -> np.ndarray:
    return np.asarray((links.table == table) & (links.row == row))


def _interface(meaning: Meaning, monitor: Monitor) -> list[Interface]:
    """Return an interface with the links of its branches; none where the network lacks one of them."""
    rows = [meaning.branch(branch, monitor.where) for branch in monitor.branches]
    if not monitor.understood or not rows or None in rows:
        text = f"interface {monitor.name} is not judged: not all of its branches are known"
        meaning.missing("interface", text, "The others alone would be another interface.", monitor.where)
        return []
    links, buses = meaning.links, meaning.network.values("bus", "bus")
    members, at_from = [], []
    for branch, row in zip(monitor.branches, filter(None, rows), strict=True):
        own = np.flatnonzero(_own(links, *row))
        at = np.stack([buses[links.from_[own]], buses[links.to[own]]]) == branch.bus
        members.append(own[at.any(axis=0)])
        at_from.append(at[0][at.any(axis=0)])
    rating = np.nan if monitor.rating_mw is None else monitor.rating_mw
    return [Interface(monitor.name, rating, np.concatenate(members), np.concatenate(at_from))]
