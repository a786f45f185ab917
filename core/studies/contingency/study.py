"""The contingency study: outages in batches, those that the batch can't solve one by one, all in one table.

lightsim2grid solves the outages of branches together. What it returns unsolved — parts of the network cut off, or no
solution — is solved again by Newton's method on what is left, so that every outage has its status: *converged*,
*islanded* (the part with the swing bus is solved), *diverged* or *unsolvable*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from core.engines import lightsim2grid, newton
from core.engines.bus_case import (
    BusCase,
    Links,
    LoadFlow,
    Outcome,
    bus_case,
    links_of,
    rebalanced,
    settled,
    without,
)
from core.engines.regulation import POWER_TOLERANCE_PU, VOLTAGE_TOLERANCE_PU, enforces_limits
from core.errors import BadInput
from core.findings import Finding, Severity
from core.network import Network, check
from core.network.admittance import shunt_admittance
from core.plant import Plant, plant_network
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.studies.contingency.outages import BASE, EVERYTHING, Outage, outages_of
from core.studies.load_flow.tables import bus_names, link_names

ENGINES = ("lightsim2grid", "newton")

#: Outages whose flows are evaluated together; bounds the memory of outages × branches.
_BLOCK = 512


def network_contingencies(
    network: Network,
    *,
    order: int = 1,
    machines: bool = True,
    engine: str = ENGINES[0],
    limits: bool | None = None,
    part: slice = EVERYTHING,
) -> StudyResult:
    """Return every outage of the network with its status, lowest and highest voltage and highest loading.

    Parameters
    ----------
    network
        The network in its base case, which must have a solution.
    order
        1 for single outages, 2 for single outages and every two branches together.
    machines
        Whether machines are outages too; the swing bus makes up for their power.
    engine
        ``lightsim2grid`` in batches, or ``newton`` one by one.
    limits
        Whether reactive limits are enforced; by default as the network's own program has it.
    part
        Which of the outages; all of them by default.
    """
    if order not in (1, 2) or engine not in ENGINES:
        raise BadInput(f"no N-{order} by {engine}", hint=f"order is 1 or 2, engines are {', '.join(ENGINES)}")
    limits = enforces_limits(network) if limits is None else limits
    case, links = bus_case(network, limits=limits), links_of(network)
    names = link_names(network, links)
    outages = outages_of(network, links, names, order=order, machines=machines, part=part)
    base = newton.solve(case)
    if base.outcome in (Outcome.DIVERGED, Outcome.UNSOLVABLE):
        return _unsolved(base, engine, check(network))
    case = _from_base(case, base)
    flows = _solve_all(network, case, links, outages, base, engine)
    table = _summary(network, case, links, names, (outages, flows))
    tables = {"outages": result_table("contingency", "outages", table)}
    tables["worst"] = worst_cases(tables["outages"])
    provenance = Provenance(tool=engine, options={"order": order, "machines": machines, "reactive_limits": limits})
    return StudyResult("contingency", tables, Status.SOLVED, provenance)


def plant_contingencies(
    plant: Plant,
    scenario: str | None = None,
    *,
    order: int = 1,
    engine: str = ENGINES[0],
    part: slice = EVERYTHING,
) -> StudyResult:
    """Return every outage of the plant's network in a scenario, or a part of them."""
    network, findings = plant_network(plant, scenario)
    result = network_contingencies(network, order=order, engine=engine, part=part)
    tables = {name: table.assign(scenario=scenario or "") for name, table in result.tables.items()}
    return replace(result, tables=tables, findings=[*findings, *result.findings])


def worst_cases(outages: pd.DataFrame, most: int = 10) -> pd.DataFrame:
    """Return the outages that matter most: unsolved ones, then by what they exceed, the worst of each kind first."""
    solved = outages["status"].isin([Outcome.CONVERGED, Outcome.ISLANDED])
    severity = pd.DataFrame(
        {
            "unsolved": (~solved).astype(float),
            "lost": outages["lost_load_mw"].fillna(0.0),
            "low": (0.95 - outages["v_min_pu"]).clip(lower=0).fillna(0.0) * 100,
            "high": (outages["v_max_pu"] - 1.05).clip(lower=0).fillna(0.0) * 100,
            "loading": (outages["loading_max_pct"] - 100).clip(lower=0).fillna(0.0),
        }
    )
    total = (severity.sum(axis=1) + 1e6 * severity["unsolved"]).round(3)  # alike outages keep their order
    ranked = outages.assign(severity=total, rank=outages["loading_max_pct"].round(3))
    ranked = ranked[ranked["outage"] != BASE]
    ranked = ranked.sort_values(["severity", "rank"], ascending=False, kind="stable")
    return ranked.drop(columns="rank").head(most)


def _solve_all(
    network: Network, case: BusCase, links: Links, outages: list[Outage], base: LoadFlow, engine: str
) -> list[LoadFlow]:
    """Return the load flow of every outage, in their order.

    What the batch does not solve is solved on what is left connected, lost power spread over the machines by rating.
    """
    flows: list[LoadFlow | None] = [base if outage.name == BASE else None for outage in outages]
    if engine == "lightsim2grid" and lightsim2grid.is_available() and lightsim2grid.suits(case):
        whole = lightsim2grid.exact(links)
        batch = [i for i, o in enumerate(outages) if o.links and not o.generators and whole[list(o.links)].all()]
        shunt = shunt_admittance(network)
        taken = [list(outages[i].links) for i in batch]
        fixed = case if case.regulators.is_plain else settled(case, base)
        for start in range(0, len(batch), 20 * _BLOCK):
            part = slice(start, start + 20 * _BLOCK)
            v = lightsim2grid.outages(fixed, links, shunt, network.base_mva, taken[part], base.v)
            solved = np.isfinite(v[:, case.slack[0]]) & _as_regulated(case, base, links, taken[part], v)
            for row in np.flatnonzero(solved):
                flows[batch[part][row]] = LoadFlow(base.outcome, v[row], limited=base.limited)
    ratings = _ratings(network)
    for number, outage in enumerate(outages):
        if flows[number] is None:
            left = case
            if outage.generators:
                enforced = not case.regulators.is_unlimited
                left = bus_case(_without_machines(network, outage.generators), limits=enforced)
            left = rebalanced(without(left, links, list(outage.links)), case, ratings)
            flows[number] = newton.solve(left)
    return [flow for flow in flows if flow is not None]


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


def _ratings(network: Network) -> np.ndarray:
    """Return the active power that the machines at each bus can give [MW]; their MVA where no limit is stated."""
    p_max, mva = network.values("generator", "p_max_mw"), network.values("generator", "mva_base")
    rating = np.where((p_max > 0) & (p_max < 9999), p_max, mva)
    on = network.live("generator")
    return np.bincount(network.terminals("generator")[0][on], rating[on], minlength=len(network["bus"]))


def _from_base(case: BusCase, base: LoadFlow) -> BusCase:
    """Return the case at its solution, with what the swing buses generate there, so that losing one is a known loss."""
    v = np.nan_to_num(base.v)
    injected = v * np.conj(case.admittance @ v) + case.demand(np.abs(v))
    generation = case.generation.copy()
    generation[case.slack] = injected[case.slack]
    return replace(case, generation=generation, v_start=np.where(np.isfinite(base.v), base.v, case.v_start))


def _without_machines(network: Network, rows: tuple[int, ...]) -> Network:
    """Return the network with machines out; the largest remaining one takes over a swing bus that lost its own."""
    generator = network["generator"].copy()
    generator.loc[generator.index[list(rows)], "in_service"] = False
    out = network.with_tables(generator=generator)
    at = out.terminals("generator")[0][out.live("generator")]
    kind = out.values("bus", "kind").copy()
    lost = np.setdiff1d(np.flatnonzero(kind == "SLACK"), at)
    if len(lost) and len(at):
        ratings = out.values("generator", "mva_base")[out.live("generator")]
        kind[lost] = "PQ"
        kind[at[np.argmax(ratings)]] = "SLACK"
    return out.with_tables(bus=out["bus"].assign(kind=kind))


def _summary(
    network: Network, case: BusCase, links: Links, names: np.ndarray, solved: tuple[list[Outage], list[LoadFlow]]
) -> pd.DataFrame:
    """Return one row an outage, blocks of outages at once; ``names`` are those of the links."""
    buses, (outages, flows) = bus_names(network), solved
    demand = case.demand(np.ones(len(case.v_start))).real * network.base_mva
    served = np.isin(np.arange(len(buses)), case.solved)
    blocks = []
    for start in range(0, len(outages), _BLOCK):
        part = outages[start : start + _BLOCK]
        v = np.stack([flow.v for flow in flows[start : start + _BLOCK]])
        loading = links.loading_pct(v, network.base_mva)
        for number, outage in enumerate(part):
            loading[number, list(outage.links)] = np.nan
        magnitude = np.abs(v)
        dead = ~np.isfinite(magnitude)
        low, high, most = (
            _extreme(magnitude, np.nanargmin),
            _extreme(magnitude, np.nanargmax),
            _extreme(loading, np.nanargmax),
        )
        blocks.append(
            pd.DataFrame(
                {
                    "outage": [outage.name for outage in part],
                    "status": [str(flow.outcome) for flow in flows[start : start + _BLOCK]],
                    "v_min_pu": low[1],
                    "v_min_bus": _named(buses, low),
                    "v_max_pu": high[1],
                    "v_max_bus": _named(buses, high),
                    "loading_max_pct": most[1],
                    "loading_max_branch": _named(names, most),
                    "lost_load_mw": np.where(dead.all(axis=1), np.nan, (dead & served) @ demand),
                }
            )
        )
    return pd.concat(blocks, ignore_index=True)


def _extreme(values: np.ndarray, pick: Callable[..., np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the column and the value of each row's extreme; -1 and missing where the row has no number."""
    column, extreme = np.full(len(values), -1), np.full(len(values), np.nan)
    some = np.flatnonzero(np.isfinite(values).any(axis=1))
    if len(some):
        column[some] = pick(values[some], axis=1)
        extreme[some] = values[some, column[some]]
    return column, extreme


def _named(names: np.ndarray, extreme: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return np.asarray(np.append(names, "")[extreme[0]], dtype=object)


def _unsolved(base: LoadFlow, engine: str, findings: list[Finding]) -> StudyResult:
    """Return the result of a network whose base case has no solution."""
    hint = "Solve the base case first: see the load flow."
    text = f"the base case is {base.outcome}, so no outage is calculated"
    table = result_table("contingency", "outages", [{"outage": BASE, "status": str(base.outcome)}])
    findings = [*findings, Finding("contingency.base", Severity.ERROR, text, hint)]
    return StudyResult("contingency", {"outages": table}, Status.NOT_CONVERGED, Provenance(tool=engine), findings)
