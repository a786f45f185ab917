"""What would reach the target: the cheapest set of added units, shorter repairs and spares, by the exact engine."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.reliability import CATALOGUE, BlockType, MtbfMeaning, ReliabilityModel, rates, split_members
from core.settings import HOURS_PER_YEAR
from core.studies.availability.compile import compile_model
from core.studies.availability.delivery import deliver
from core.studies.availability.exact import importance, solve

TOLERANCE = 1e-12
MOST_SETS, MOST_ROWS = 1000, 100_000  # sets that a search calculates, and components and blocks in them together
MEASURES = Path(__file__).with_name("measures.csv")
SERVICE_MTTR = 0.5  # a service crew on site halves the repair
SPARE_MTTR = 0.25  # three quarters of a long repair are waiting for the part


class Action(StrEnum):
    """What can be done."""

    ADD_UNIT = "add unit"
    SHORTEN_REPAIR = "shorten repair"
    ADD_SPARE = "add spare"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be bought, up to ``limit`` times.

    An added unit is a copy of the first component of ``on``; the other actions set the MTTR of every component in it.
    """

    action: Action
    on: tuple[str, ...]
    cost: float
    mttr_h: float | None = None
    limit: int = 1

    @property
    def text(self) -> str:
        """Return the measure in words."""
        if self.action is Action.ADD_UNIT:
            return f"add a unit like {self.on[0]}"
        names = self.on[0] if len(self.on) == 1 else f"{self.on[0]} and {len(self.on) - 1} like it"
        what = "stock a spare for" if self.action is Action.ADD_SPARE else "shorten the repair of"
        return f"{what} {names}: MTTR {self.mttr_h:g} h"


@dataclass(frozen=True, slots=True)
class Alternative:
    """A set of measures with what it costs and what it reaches."""

    measures: tuple[tuple[Option, int], ...]  # option and how many
    cost: float
    availability: float
    reaches: bool

    @property
    def text(self) -> str:
        """Return the measures in words."""
        return "; ".join(f"{count} × {option.text}" if count > 1 else option.text for option, count in self.measures)

    @property
    def downtime_h(self) -> float:
        """Return the downtime in a year of 8760 h."""
        return (1 - self.availability) * HOURS_PER_YEAR


@dataclass(slots=True)
class Search:
    """The alternatives that reach the target, cheapest first, or the best that the options allow."""

    target: float
    availability: float  # of the model as it is
    alternatives: list[Alternative]
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Goal:
    """What is calculated for every set of measures: the system's availability, or that of the required MW."""

    required_mw: float | None = None
    firm_mw: float = 0.0
    mtbf_means: MtbfMeaning = MtbfMeaning.UP_TIME

    def availability(self, model: ReliabilityModel) -> float:
        """Return the exact availability; ``bdd.TooLarge`` when there is none."""
        if self.required_mw is not None:
            return deliver(
                model, self.required_mw, firm_mw=self.firm_mw, mtbf_means=self.mtbf_means, frequency=False
            ).system_availability
        compiled = compile_model(model, self.mtbf_means)
        root = compiled.nodes[str(model.system)]
        return float(solve(compiled.structure, root).availability[root])


def reach_target(
    model: ReliabilityModel,
    target: float,
    options: Sequence[Option],
    *,
    goal: Goal | None = None,
    alternatives: int = 5,
    effort: int | None = None,
) -> Search:
    """Return the cheapest sets of measures that reach the target availability.

    Parameters
    ----------
    model
        A model without errors and with a clear system block.
    target
        The availability to reach, as a fraction.
    options
        What can be bought, with costs above 0; :func:`standard_options` proposes some.
    goal
        With ``required_mw`` the availability of those MW counts instead of the block diagram's.
    alternatives
        How many sets to return; none contains another one.
    effort
        How many sets may be calculated before the search stops with a finding; by default some seconds' worth.

    Notes
    -----
    Sets are taken in the order of their cost, so the first that reaches the target is the cheapest. More measures
    never lower the availability, hence a set is only extended while everything still allowed together would do. A
    search that stops before it found one takes what isn't needed off the set of everything, the dearest first.
    """
    sets = _Sets(model, options, goal or Goal(), target)
    now = sets.goal.availability(model)
    search = Search(target, now, [])
    if now >= target - TOLERANCE:
        return search
    everything = sets.of(sets.limits)
    if not everything.reaches:
        text = f"all measures together reach {everything.availability:.6f}, not {target}"
        search.findings.append(Finding("search.out_of_reach", Severity.WARNING, text, "offer more or other measures"))
        search.alternatives.append(everything)
        return search
    rows = len(model.components) + len(model.blocks)
    _search(search, sets, alternatives, effort or min(MOST_SETS, 1 + MOST_ROWS // rows))
    return search


class _Sets:
    """The sets of measures that the options allow, each calculated once."""

    def __init__(self, model: ReliabilityModel, options: Sequence[Option], goal: Goal, target: float) -> None:
        self.goal, self.limits = goal, tuple(option.limit for option in options)
        self._model, self._options, self._target = model, options, target
        self._known: dict[tuple[int, ...], Alternative] = {}

    def __len__(self) -> int:
        """Return how many have been calculated."""
        return len(self._known)

    def of(self, counts: tuple[int, ...]) -> Alternative:
        """Return the set with so many of each option."""
        if counts not in self._known:
            measures = tuple((option, count) for option, count in zip(self._options, counts, strict=True) if count)
            reached = self.goal.availability(with_measures(self._model, measures))
            reaches = reached >= self._target - TOLERANCE
            self._known[counts] = Alternative(measures, self.cost(counts), reached, reaches)
        return self._known[counts]

    def price(self, place: int) -> float:
        """Return what one of an option costs."""
        return self._options[place].cost

    def cost(self, counts: tuple[int, ...]) -> float:
        """Return what so many of each option cost."""
        return float(sum(option.cost * count for option, count in zip(self._options, counts, strict=True)))


def _search(search: Search, sets: _Sets, alternatives: int, effort: int) -> None:
    """Take sets in the order of their cost until enough reach the target."""
    found: list[tuple[int, ...]] = []
    limits = sets.limits
    queue: list[tuple[float, tuple[int, ...], int]] = [(0.0, (0,) * len(limits), 0)]
    while queue and len(found) < alternatives:
        _, counts, first = heapq.heappop(queue)
        if any(all(c >= f for c, f in zip(counts, done, strict=True)) for done in found):
            continue
        if len(sets) >= effort:
            text = f"the search stopped after {len(sets)} sets of measures; cheaper ones than the last may exist"
            search.findings.append(Finding("search.stopped", Severity.WARNING, text, "offer fewer measures"))
            search.alternatives += [] if found else [_thinned(sets)]
            break
        alternative = sets.of(counts)
        if alternative.reaches:
            found.append(counts)
            search.alternatives.append(alternative)
            continue
        for place in range(first, len(limits)):
            more = (*counts[:place], counts[place] + 1, *counts[place + 1 :])
            if more[place] > limits[place]:
                continue
            if not sets.of((*counts[:place], *limits[place:])).reaches:
                break  # later options alone can't do it either
            heapq.heappush(queue, (sets.cost(more), more, place))


def _thinned(sets: _Sets) -> Alternative:
    """Return a set that reaches the target and of which nothing can be left out: not always the cheapest."""
    counts = sets.limits
    for place in sorted(range(len(counts)), key=sets.price, reverse=True):
        for _ in range(counts[place]):
            fewer = (*counts[:place], counts[place] - 1, *counts[place + 1 :])
            counts = fewer if sets.of(fewer).reaches else counts
    return sets.of(counts)


def with_measures(model: ReliabilityModel, measures: Sequence[tuple[Option, int]]) -> ReliabilityModel:
    """Return the model after the measures."""
    components, blocks = model.components, model.blocks
    for option, count in measures:
        if option.action is Action.ADD_UNIT:
            components, blocks = _with_units(components, blocks, option.on[0], count)
        else:
            longer = components["id"].isin(option.on) & (components["mttr_h"] > option.mttr_h)
            components = components.assign(mttr_h=components["mttr_h"].mask(longer, option.mttr_h))
    return ReliabilityModel(components, blocks)


def _with_units(
    components: pd.DataFrame, blocks: pd.DataFrame, like: str, count: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables with copies of a component: members of its redundant blocks, elsewhere in parallel to it."""
    copies = [f"{like} + {number}" for number in range(1, count + 1)]
    row = components[components["id"] == like]
    components = pd.concat([components, row.loc[row.index.repeat(count)].assign(id=copies)], ignore_index=True)
    pair = f"{like} with {count} more"
    members = [split_members(text) for text in blocks["members"]]
    uses = np.array([like in listed for listed in members], dtype=bool)
    single = uses & blocks["type"].isin([BlockType.SERIES, BlockType.NETWORK]).to_numpy()
    for place in np.flatnonzero(uses):
        listed = members[place]
        members[place] = [pair if m == like else m for m in listed] if single[place] else [*listed, *copies]
    more = blocks["n"] + count * (uses & ~single)
    blocks = blocks.assign(members=[",".join(listed) for listed in members], n=more)
    if single.any():
        extra = {"id": pair, "type": str(BlockType.PARALLEL), "members": ",".join([like, *copies]), "k": 1}
        blocks = pd.concat([blocks, CATALOGUE.conform("blocks", [extra])], ignore_index=True)
    return components, blocks


def standard_options(model: ReliabilityModel, *, most: int = 4, units: int = 3) -> list[Option]:
    """Propose measures for the component groups that matter most, with budget costs [USD] from ``measures.csv``.

    Parameters
    ----------
    model
        A model without errors and with a clear system block.
    most
        How many groups of like components, the most important first.
    units
        How many units of one group may be added.

    Notes
    -----
    The costs are budget figures by component type; a component's own ``added_cost`` wins. A service contract on site
    halves the MTTR of a whole group, a spare part on site quarters it.
    """
    options: list[Option] = []
    prices = pd.read_csv(MEASURES).set_index("type")
    for group in _groups(model)[:most]:
        first = group.iloc[0]
        kind = next((name for name in prices.index if name in str(first["type"]).upper()), "OTHER")
        price = prices.loc[kind]
        by_size = np.nan_to_num(first["capacity_mw"]) * price["unit_cost_per_mw"]
        cost = float(first["added_cost"]) if first["added_cost"] > 0 else float(by_size or price["unit_cost"])
        mttr = float(first["mttr_h"])
        on = tuple(group["id"])
        options.append(Option(Action.ADD_UNIT, on, cost, limit=units))
        if mttr > 0:
            service = cost * float(price["service_share"]) * len(on)
            options.append(Option(Action.SHORTEN_REPAIR, on, service, mttr * SERVICE_MTTR))
            options.append(Option(Action.ADD_SPARE, on, cost * float(price["spare_share"]), mttr * SPARE_MTTR))
    return options


def _groups(model: ReliabilityModel) -> list[pd.DataFrame]:
    """Return like components of the same block together, the group with the greatest share in the downtime first."""
    compiled = compile_model(model, chains=False)
    root = compiled.nodes[str(model.system)]
    solution = solve(compiled.structure, root)
    inside = set(compiled.structure.below(root))
    nodes = {
        name: node for name, node in compiled.nodes.items() if node in inside and name in set(model.components["id"])
    }
    ranks = importance(compiled.structure, solution, list(nodes.values()))
    share = pd.Series(ranks["fussell_vesely"].to_numpy(), index=ranks["id"])
    parts = model.components[model.components["id"].isin(nodes)].copy()
    parts["mttr_h"] = rates(parts)["mttr_h"].to_numpy()
    parent = {member: block for block, members in model.members.items() for member in members}
    parts["parent"] = parts["id"].map(parent)
    parts["share"] = parts["id"].map(share)
    keys = ["parent", "type", "mtbf_h", "mttr_h", "capacity_mw"]
    groups = [group for _, group in parts.groupby(keys, dropna=False, sort=False)]
    return sorted(groups, key=lambda group: -float(group["share"].sum()))
