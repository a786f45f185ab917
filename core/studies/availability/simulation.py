"""Availability by event simulation: ageing, queues for crews and parts, planned maintenance, a finite battery."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import gamma, stdtrit

from core.errors import BadInput
from core.findings import Finding, Severity
from core.reliability import BlockType, MtbfMeaning, ReliabilityModel
from core.settings import HOURS_PER_YEAR
from core.studies.availability.compile import Compiled, compile_model
from core.studies.availability.simulation_remarks import ASSUMED_MTTR_H, remarks_on
from core.studies.availability.structure import Floats, Gate
from core.studies.availability.unit_paths import unit_paths

BATCHES = 64  # of a simulation
LAWS = {"EXPONENTIAL": 0, "WEIBULL": 1, "LOGNORMAL": 2, "DETERMINISTIC": 3}  # as the kernel numbers them
START_SHARE = 0.25  # of a history: a start that lasts longer is said


@dataclass(frozen=True, slots=True)
class SimulationOptions:
    """How long, how often and under which rules."""

    histories: int = 1000
    years: float = 20.0
    seed: int = 1
    required_mw: float | None = None  # ``None``: the block diagram decides
    battery_mw: float = 0.0
    battery_mwh: float = 0.0
    ages_while_down: bool = True  # whether units go on ageing while the system stands still
    mtbf_means: MtbfMeaning = MtbfMeaning.UP_TIME
    confidence: float = 0.95
    time_limit_s: float | None = None  # of the processors


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over histories with its confidence interval."""

    mean: float
    low: float
    high: float


@dataclass(slots=True)
class Simulation:
    """What the histories say about the system and its blocks."""

    options: SimulationOptions
    histories: int  # as many as were run
    availability: Estimate
    failures_per_year: Estimate
    mtbf_h: float  # mean up time between failures; NaN when nothing failed
    mttr_h: float  # mean down time
    mttff_h: float  # mean time to the first failure of the histories that had one
    blocks: pd.DataFrame  # id, availability
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Histories:
    """What was seen in a row of histories [h]; ``node_downtime`` has one row a batch of them and one column a node."""

    downtime: Floats
    failures: Floats
    first_failure: Floats
    node_downtime: Floats


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A model in the form that the kernel takes, the place of every node of the system in it, and remarks."""

    model: ReliabilityModel
    options: SimulationOptions
    compiled: Compiled
    plan: Any
    order: dict[int, int]
    findings: list[Finding]
    untimed: list[str]  # components that state nothing but an availability


def simulate(model: ReliabilityModel, options: SimulationOptions | None = None) -> Simulation:
    """Run histories of the model; the same seed gives the same numbers on every machine.

    Raises
    ------
    BadInput
        When the number of histories or years is not positive.
    """
    prepared = _prepare(model, options or SimulationOptions())
    return _summary(prepared, _run(prepared, 0, prepared.options.histories))


def run_histories(model: ReliabilityModel, options: SimulationOptions, first: int, count: int) -> list[Histories]:
    """Return a part of a simulation by batches; ``first`` is a whole number of :func:`batch_size`."""
    return _run(_prepare(model, options), first, count)


def summarise(model: ReliabilityModel, options: SimulationOptions, batches: Sequence[Histories]) -> Simulation:
    """Return the simulation of which these are the batches: the same numbers however they were shared out."""
    return _summary(_prepare(model, options), batches)


def batch_size(histories: int) -> int:
    """Return the histories of a batch: the same on every machine, so that sums are added in the same order."""
    return -(-histories // BATCHES)


def _prepare(model: ReliabilityModel, options: SimulationOptions) -> _Prepared:
    if options.histories < 1 or not 0 < options.years < float("inf"):
        raise BadInput("a simulation needs at least one history and a positive number of years")
    compiled = compile_model(model, options.mtbf_means, chains=False)
    return _Prepared(model, options, compiled, *_plan(model, compiled, options))


def _summary(prepared: _Prepared, batches: Sequence[Histories]) -> Simulation:
    options, order, nodes = prepared.options, prepared.order, prepared.compiled.nodes
    downtime, failures, first = (
        np.concatenate([getattr(batch, name) for batch in batches])
        for name in ("downtime", "failures", "first_failure")
    )
    node_downtime = np.concatenate([batch.node_downtime for batch in batches]).sum(axis=0)
    hours, done = options.years * HOURS_PER_YEAR, len(downtime)
    down, failed = float(downtime.sum()), float(failures.sum())
    first = first[np.isfinite(first)]
    blocks = [block for block in prepared.model.blocks["id"] if nodes[block] in order]
    shares = [1 - node_downtime[order[nodes[block]]] / (hours * done) for block in blocks]
    found = Simulation(
        options,
        done,
        _estimate(1 - downtime / hours, options.confidence, 1.0),
        _estimate(failures / options.years, options.confidence),
        (hours * done - down) / failed if failed else float("nan"),
        down / failed if failed else float("nan"),
        float(first.mean()) if len(first) else float("nan"),
        pd.DataFrame({"id": blocks, "availability": shares}),
        [*prepared.findings, *_run_findings(options, done, failed)],
    )
    if not prepared.untimed:
        return found
    nan = float("nan")
    return replace(found, failures_per_year=Estimate(nan, nan, nan), mtbf_h=nan, mttr_h=nan, mttff_h=nan)


def _run_findings(options: SimulationOptions, done: int, failed: float) -> list[Finding]:
    findings = []
    if done < options.histories:
        text = f"{done} of {options.histories} histories were run"
        findings.append(Finding("simulation.incomplete", Severity.WARNING, text, "the interval is wider for it"))
    if not failed:
        text = f"the system never failed in {done} histories of {options.years:g} years"
        findings.append(Finding("simulation.no_failure", Severity.WARNING, text, "simulate more histories or years"))
    return findings


def _estimate(values: Floats, confidence: float, most: float = np.inf) -> Estimate:
    """Return the mean with Student's interval over the histories."""
    mean = float(values.mean())
    if len(values) < 2:
        return Estimate(mean, float("nan"), float("nan"))
    error = float(values.std(ddof=1)) / float(np.sqrt(len(values)))
    half = float(stdtrit(len(values) - 1, 0.5 + confidence / 2)) * error
    return Estimate(mean, max(mean - half, 0.0), min(mean + half, most))


def _run(prepared: _Prepared, first: int, count: int) -> list[Histories]:
    """Run histories in batches on all processors; the compiled kernel lets go of Python's lock."""
    options = prepared.options
    end, size = min(first + count, options.histories), batch_size(options.histories)
    deadline = time.process_time() + (options.time_limit_s or float("inf"))

    def batch(start: int) -> Histories | None:
        late = start > first and time.process_time() > deadline
        return None if late else _batch(prepared.plan, options.seed, start, min(size, end - start))

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [done for done in pool.map(batch, range(first, end, size)) if done is not None]


def _batch(plan: Any, seed: int, start: int, count: int) -> Histories:
    from core.studies.availability import kernel

    seen = Histories(np.zeros(count), np.zeros(count), np.zeros(count), np.zeros((1, len(plan.need))))
    arrays = (seen.downtime, seen.failures, seen.first_failure, seen.node_downtime[0])
    kernel.simulate(plan, _state(plan), seed & 0xFFFFFFFF, start, *arrays)
    return seen


def _state(plan: Any) -> Any:
    from core.studies.availability.kernel import State
    from core.studies.availability.ways import new_search

    leaves, nodes, pools = len(plan.fail_law), len(plan.need), len(plan.lead)
    events = 1 << (leaves + pools).bit_length()
    slots = int(plan.spares.sum()) + leaves if pools else 1

    def whole(length: int) -> np.ndarray:
        return np.zeros(length, dtype=np.int64)

    return State(
        status=whole(leaves),
        up=whole(nodes),
        working=whole(nodes),
        times=np.full(events, np.inf),
        tree=whole(2 * events),
        left=np.full(leaves, np.inf),
        planned=whole(leaves),
        down_since=np.zeros(nodes),
        queue=whole(leaves),
        crews=plan.crews.copy(),
        spares=plan.spares.copy(),
        orders=np.full((pools, slots), np.inf),
        stack=whole(nodes + 1),
        search=new_search(plan.ways, len(plan.parents)),
        scalars=np.zeros(8),
        random=np.zeros(1, dtype=np.uint64),
    )


def _plan(
    model: ReliabilityModel, compiled: Compiled, options: SimulationOptions
) -> tuple[Any, dict[int, int], list[Finding], list[str]]:
    """Return the kernel's plan, the place of every node of the system in it, remarks, and the untimed components."""
    from core.studies.availability.kernel import Plan
    from core.studies.availability.ways import ways

    structure, root = compiled.structure, compiled.nodes[str(model.system)]
    findings = [*compiled.findings]
    mw: dict[int, float] = {}
    gates = {node: structure.gates[node] for node in structure.below(root) if node in structure.gates}
    if options.required_mw is not None:
        paths = unit_paths(model, compiled)
        gates, mw, root = paths.gates, paths.mw, paths.root
        findings += paths.findings
    inside = sorted(set(gates) | {member for gate in gates.values() for member in gate.members} | mw.keys() | {root})
    leaves = [node for node in inside if node not in gates]
    order = {node: place for place, node in enumerate([*leaves, *(node for node in inside if node in gates)])}
    places, starts = _places(gates, order)
    laws = _laws(model, compiled, leaves)
    crews, groups = _pools_of_blocks(model, compiled, order)
    parts = _spare_pools(model, laws["component"])
    plan = Plan(
        **laws["times"],
        crew_pool=crews["pool"],
        crews=crews["size"],
        spare_pool=parts["pool"],
        spares=parts["size"],
        lead=parts["lead"],
        **groups,
        parent_start=starts,
        parents=places[:, 1].copy(),
        ways=ways(list(gates.values()), [order[node] for node in gates], places, len(order)),
        need=np.array([gates[node].need if node in gates else 0 for node in order], dtype=np.int64),
        up_at_start=np.array([len(gates[node].members) if node in gates else 0 for node in order], dtype=np.int64),
        mw=np.array([mw.get(node, 0.0) for node in order]),
        root=order[root],
        horizon_h=options.years * HOURS_PER_YEAR,
        required_mw=-1.0 if options.required_mw is None else float(options.required_mw),
        battery_mw=options.battery_mw,
        battery_mwh=options.battery_mwh,
        ages_while_down=options.ages_while_down,
    )
    findings += [
        *remarks_on(model, compiled, laws["untimed"]),
        *_start_findings(laws["times"], laws["component"].index, options),
    ]
    return plan, order, findings, laws["untimed"]


def _places(gates: dict[int, Gate], order: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of node, gate and the node's place among its members, sorted, and where each node's begin."""
    rows = [(order[m], order[node], place) for node, gate in gates.items() for place, m in enumerate(gate.members)]
    table = np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)
    return table, np.searchsorted(table[:, 0], np.arange(len(order) + 1)).astype(np.int64)


def _laws(model: ReliabilityModel, compiled: Compiled, leaves: list[int]) -> dict[str, Any]:
    """Return the laws of every leaf's times; means follow from the exact leaf: up = a/ν, repair = u/ν.

    The ``untimed`` fail and don't state how often: their repairs take a day, which leaves the share a as it is.
    """
    structure = compiled.structure
    names = [structure.names[leaf] for leaf in leaves]
    rows = model.components.drop_duplicates("id").set_index("id").reindex(names)
    down = np.array([structure.unavailability[leaf] for leaf in leaves])
    stated = np.array([structure.frequency_per_h[leaf] for leaf in leaves])
    frequency = np.where(np.isfinite(stated), stated, down / ASSUMED_MTTR_H)
    with np.errstate(divide="ignore", invalid="ignore"):
        up = np.array([structure.availability[leaf] for leaf in leaves]) / frequency
        repair = np.nan_to_num(down / frequency)
    beta = rows["weibull_beta"].fillna(1.0).to_numpy()
    every = rows["pm_interval_h"].where((rows["pm_interval_h"] > 0) & (rows["pm_duration_h"] > 0), np.inf).to_numpy()
    fail_law, fail_a, fail_b = _law(rows["distribution"], up, beta, rows["failure_cv"].to_numpy())
    repair_law, repair_a, repair_b = _law(
        rows["repair_distribution"], repair, np.ones(len(rows)), rows["repair_cv"].to_numpy()
    )
    times = {"fail_law": fail_law, "fail_a": fail_a, "fail_b": fail_b}
    times |= {"repair_law": repair_law, "repair_a": repair_a, "repair_b": repair_b}
    times |= {"pm_every": every.astype(np.float64), "pm_lasts": rows["pm_duration_h"].fillna(0.0).to_numpy()}
    return {"times": times, "component": rows, "untimed": rows.index[~np.isfinite(stated) & (down > 0)].tolist()}


def _law(names: pd.Series, mean: Floats, beta: Floats, cv: Floats) -> tuple[np.ndarray, Floats, Floats]:
    """Return law numbers and their two parameters for laws of the given means."""
    law = names.map(LAWS).fillna(0).to_numpy(dtype=np.int64)
    law = np.where((law == LAWS["WEIBULL"]) & (beta == 1.0), LAWS["EXPONENTIAL"], law)
    sigma = np.sqrt(np.log1p(np.nan_to_num(cv, nan=0.5) ** 2))
    with np.errstate(divide="ignore"):
        first = np.select(
            [law == LAWS["WEIBULL"], law == LAWS["LOGNORMAL"]],
            [mean / gamma(1 + 1 / beta), np.log(mean) - sigma**2 / 2],
            mean,
        )
    return law, first, np.where(law == LAWS["LOGNORMAL"], sigma, 1 / beta)


def _pools_of_blocks(
    model: ReliabilityModel, compiled: Compiled, order: dict[int, int]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the crews that blocks share, and the standby groups, over their members that are leaves."""
    leaves = {
        name: order[node]
        for name, node in compiled.nodes.items()
        if node in order and node not in compiled.structure.gates
    }
    count = sum(node not in compiled.structure.gates for node in order)
    pool, group = np.full(count, -1, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    sizes: list[int] = []
    members: list[list[int]] = []
    needs: list[int] = []
    columns = (model.blocks["id"], model.blocks["type"], model.blocks["repair_crews"].fillna(0))
    for block, kind, crews in zip(*columns, strict=True):
        own = [leaves[member] for member in model.members[block] if member in leaves]
        if crews > 0 and own:
            pool[own] = len(sizes)
            sizes.append(int(crews))
        if kind == BlockType.STANDBY and len(own) == len(model.members[block]) and len(set(own)) == len(own):
            group[own] = len(members)
            members.append(own)
            needs.append(model.required[block])
    groups = {
        "group": group,
        "group_start": np.cumsum([0, *map(len, members)]).astype(np.int64),
        "group_members": np.array([leaf for listed in members for leaf in listed], dtype=np.int64),
        "group_need": np.array(needs, dtype=np.int64),
    }
    return {"pool": pool, "size": np.array(sizes, dtype=np.int64)}, groups


def _spare_pools(model: ReliabilityModel, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the stocks of parts: one a spares group, or one a component; none where no number is given."""
    counted = rows["spares"].notna()
    names = rows["spares_group"].where(rows["spares_group"].fillna("") != "", pd.Series(rows.index, index=rows.index))
    codes, pools = pd.factorize(names.where(counted))
    stock = rows[counted].assign(pool=codes[counted.to_numpy()]).groupby("pool")
    return {
        "pool": codes.astype(np.int64),
        "size": stock["spares"].max().to_numpy(dtype=np.int64) if len(pools) else np.zeros(0, dtype=np.int64),
        "lead": stock["spare_lead_h"].max().to_numpy(dtype=np.float64) if len(pools) else np.zeros(0),
    }


def _start_findings(times: dict[str, Any], names: pd.Index, options: SimulationOptions) -> list[Finding]:
    """Say which new units fail so much more often than old ones that the histories end before the steady state.

    What is left of a life in the steady state is E[T²] / 2 E[T] on the mean: a start takes some such times to fade.
    """
    scale, spread = times["fail_a"], times["fail_b"]
    young = (times["fail_law"] == LAWS["WEIBULL"]) & (spread > 1)
    with np.errstate(invalid="ignore", over="ignore"):
        left_h = scale * gamma(1 + 2 * spread) / (2 * gamma(1 + spread))
    slow = names[young & ~(left_h <= START_SHARE * options.years * HOURS_PER_YEAR)]
    if slow.empty:
        return []
    text = f"{', '.join(slow[:5])}: units fail mostly when new, and {options.years:g} years are short against the"
    hint = "the simulated availability is that of the start, not the steady state; simulate more years"
    return [Finding("simulation.start", Severity.WARNING, f"{text} spread of their lives", hint)]
