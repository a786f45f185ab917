"""One-click repairs: for a kind of finding, what can be done about it, and doing it with a word on every change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.network.checks import check
from core.network.network import KEYS, TERMINALS, Network, element_names
from core.network.topology import islands

Changed = tuple[Network, list[str]]  # the network, and what was done to which element


@dataclass(frozen=True, slots=True)
class Repair:
    """What can be done about the findings of some kinds."""

    name: str
    title: str
    codes: tuple[str, ...]  # a code's end: "duplicate" is for every table
    apply: Callable[[Network], Changed]

    def suits(self, finding: Finding) -> bool:
        """Say whether the repair is for this finding."""
        return any(finding.code == code or finding.code.endswith("." + code) for code in self.codes)


def possible(findings: Iterable[Finding]) -> list[Repair]:
    """Return the repairs that the findings ask for, in the order in which they are done."""
    kept = list(findings)
    return [repair for repair in REPAIRS if any(repair.suits(finding) for finding in kept)]


def repaired(
    network: Network, names: Iterable[str] | None = None, remarks: Iterable[Finding] = ()
) -> tuple[Network, list[Finding]]:
    """Return the network with the named repairs, and what changed.

    Without names it is all that the network's checks ask for, and ``remarks`` on the file that it was read from.
    """
    chosen, of_file = None if names is None else set(names), list(remarks)
    done: list[Finding] = []
    for repair in REPAIRS:
        asked = repair in possible([*check(network), *of_file]) if chosen is None else repair.name in chosen
        if not asked:
            continue
        network, texts = repair.apply(network)
        done += [Finding(f"network.repaired.{repair.name}", Severity.INFO, text) for text in texts]
    return network, done


def _without_strays(network: Network) -> Changed:
    """Leave out elements at buses that don't exist, and branches from a bus to itself."""
    texts: list[str] = []
    for table in TERMINALS:
        ends = network.terminals(table)
        wrong = np.zeros(len(network[table]), dtype=bool)
        for end in ends:
            wrong |= end < 0
        if table in ("branch", "transformer", "switch"):
            wrong |= ends[0] == ends[1]
        if wrong.any():
            texts += [f"{name} is left out." for name in element_names(network, table, np.flatnonzero(wrong))]
            network = network.with_tables(**{table: network[table][~wrong]})
    return network, texts


def _with_unique_names(network: Network) -> Changed:
    """Give the second of two elements with one identifier another one; leave out the second of two equal buses."""
    texts: list[str] = []
    for table, keys in KEYS.items():
        frame = network[table]
        if len(keys) == 1:
            again = frame[keys[0]].duplicated().to_numpy()
            kept = frame[~again]
        else:
            again = frame[list(keys)].duplicated().to_numpy()
            kept = frame.assign(**{keys[-1]: _renamed(frame, keys)}) if keys[-1] in ("ckt", "name") else frame
        if again.any():
            what = "is there twice; the first counts." if len(keys) == 1 else "is there twice; the others are renamed."
            texts += [f"{name} {what}" for name in element_names(network, table, np.flatnonzero(again))]
            network = network.with_tables(**{table: kept})
    return network, texts


def _renamed(frame: pd.DataFrame, keys: tuple[str, ...]) -> list[str]:
    """Return identifiers that are unique among the rows with the same other keys, in at most two characters."""
    signs = [*"123456789", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    signs += [f"{a}{b}" for a in signs for b in signs]
    used: dict[tuple[object, ...], set[str]] = {}
    names: list[str] = []
    for *place, name in frame[list(keys)].to_numpy(dtype=object).tolist():
        taken = used.setdefault(tuple(place), set())
        new = name if name not in taken else next(sign for sign in signs if sign not in taken)
        taken.add(new)
        names.append(new)
    return names


def _with_machines_that_regulate(network: Network) -> Changed:
    """Let buses with machines in service hold their voltage, and buses without be load buses."""
    kind = network.values("bus", "kind").copy()
    machines = np.zeros(len(kind), dtype=bool)
    machines[network.terminals("generator")[0][network.live("generator")]] = True
    up, down = (kind == "PQ") & machines, (kind == "PV") & ~machines
    kind[up], kind[down] = "PV", "PQ"
    texts = [f"{name} holds its voltage now." for name in element_names(network, "bus", np.flatnonzero(up))]
    texts += [f"{name} is a load bus now." for name in element_names(network, "bus", np.flatnonzero(down))]
    return network.with_tables(bus=network["bus"].assign(kind=kind)), texts


def _with_swings(network: Network) -> Changed:
    """Give every island with machines one swing bus: the bus with the most power in service."""
    kind, label = network.values("bus", "kind").copy(), islands(network)
    bus = network.values("bus", "bus")
    on, at = network.live("generator"), network.terminals("generator")[0]
    rating = np.maximum(network.values("generator", "p_mw"), 1e-3) * on
    power = np.bincount(np.where(at < 0, 0, at), rating * (at >= 0), len(kind))
    texts: list[str] = []
    for island in np.unique(label[label >= 0]):
        rows = np.flatnonzero(label == island)
        swing = rows[kind[rows] == "SLACK"]
        empty = swing[power[swing] == 0]
        strongest = rows[np.argmax(power[rows])]
        if len(swing) > len(empty) or power[strongest] == 0:
            continue
        kind[empty] = "PQ"
        kind[strongest] = "SLACK"
        moved = f" instead of bus {bus[empty[0]]}, which has no machine" if len(empty) else ""
        texts.append(f"Bus {bus[strongest]} is the swing bus{moved}.")
    return network.with_tables(bus=network["bus"].assign(kind=kind)), texts


def _with_limits_in_order(network: Network) -> Changed:
    """Exchange limits that are the wrong way round."""
    texts: list[str] = []
    pairs = (("generator", "q_min_mvar", "q_max_mvar"), ("generator", "p_min_mw", "p_max_mw"))
    for table, low, high in (*pairs, ("bus", "v_min_pu", "v_max_pu"), ("switched_shunt", "v_min_pu", "v_max_pu")):
        a, b = network.values(table, low), network.values(table, high)
        if (a > b).any():
            names = element_names(network, table, np.flatnonzero(a > b))
            texts += [f"{name}: {low} and {high} are exchanged." for name in names]
            ordered = {low: np.minimum(a, b), high: np.maximum(a, b)}
            network = network.with_tables(**{table: network[table].assign(**ordered)})
    return network, texts


def _with_own_regulation(network: Network) -> Changed:
    """Let machines whose regulated bus doesn't exist hold their own bus."""
    texts: list[str] = []
    for table in ("generator", "switched_shunt", "facts"):
        remote = network.values(table, "regulated_bus")
        wrong = (remote != 0) & (network.positions(remote) < 0)
        if wrong.any():
            texts += [f"{name} holds its own bus." for name in element_names(network, table, np.flatnonzero(wrong))]
            own = network[table].assign(regulated_bus=np.where(wrong, 0, remote))
            network = network.with_tables(**{table: own})
    return network, texts


def _written_anew(network: Network) -> Changed:
    """Let go of a file's text that no version lays out so: all of it is written as its version has it."""
    case = network.extras.get("psse")
    if case is None:
        return network, []
    text = f"The whole file is written in the layout of version {case.version}, not its edited lines alone."
    return replace(network, extras={**network.extras, "psse": replace(case, original=None)}), [text]


REPAIRS: tuple[Repair, ...] = (
    Repair(
        "layout", "Write the file in the layout of its version",
        tuple(f"psse.raw.{code}" for code in (
            "no_revision", "no_system_wide", "title_comments", "section_order", "layout", "not_closed", "no_end",
        )), _written_anew,
    ),
    Repair("strays", "Leave out elements without a bus", ("unknown_bus", "loop"), _without_strays),
    Repair("names", "Make identifiers unique", ("duplicate",), _with_unique_names),
    Repair(
        "kinds", "Let machines hold their buses",
        ("network.generator.at_pq_bus", "network.bus.pv_without_machine"), _with_machines_that_regulate,
    ),
    Repair(
        "swings", "Give every island a swing bus with a machine",
        ("network.bus.slack_without_machine", "network.island.no_slack"), _with_swings,
    ),
    Repair("limits", "Exchange limits that are the wrong way round", ("limits_reversed",), _with_limits_in_order),
    Repair("regulation", "Hold the own bus", ("unknown_regulated_bus",), _with_own_regulation),
)  # fmt: skip
