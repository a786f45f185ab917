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
from core.engines.bus_case import BusCase, Links, LoadFlow, Outcome, bus_case, links_of, rebalanced, without
from core.errors import BadInput
from core.findings import Finding, Severity
from core.network import Network, check
from core.network.admittance import shunt_admittance
from core.plant import Plant, plant_network
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.studies.contingency.outages import MOST_OUTAGES, Outage, branch_outages, generator_outages, pairs
from core.studies.load_flow.tables import bus_names, link_names

#: The row of the network without an outage.
BASE = "base"

ENGINES = ("lightsim2grid", "newton")

#: Outages whose flows are evaluated together; bounds the memory of outages × branches.
_BLOCK = 512


def network_contingencies(
    network: Network, *, order: int = 1, machines: bool = True, engine: str = ENGINES[0]
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
    """
    if order not in (1, 2) or engine not in ENGINES:
        raise BadInput(f"no N-{order} by {engine}", hint=f"order is 1 or 2, engines are {', '.join(ENGINES)}")
    case, links = bus_case(network), links_of(network)
    single = branch_outages(network, links)
    if order == 2 and len(single) * (len(single) - 1) // 2 > MOST_OUTAGES:
        raise BadInput(f"{len(single)} branches make more than {MOST_OUTAGES} pairs", hint="take N-1")
    outages = [Outage(BASE), *single, *(generator_outages(network) if machines else [])]
    outages += pairs(single) if order == 2 else []
    base = newton.solve(case)
    if base.outcome in (Outcome.DIVERGED, Outcome.UNSOLVABLE):
        return _unsolved(base, engine, check(network))
    case = _from_base(case, base)
    flows = _solve_all(network, case, links, outages, base, engine)
    table = _summary(network, case, links, outages, flows)
    findings = [finding for finding in check(network) if finding.severity is not Severity.INFO]
    tables = {"outages": result_table("contingency", "outages", table)}
    tables["worst"] = worst_cases(tables["outages"])
    provenance = Provenance(tool=engine, options={"order": order, "machines": machines})
    return StudyResult("contingency", tables, Status.SOLVED, provenance, findings)


def plant_contingencies(
    plant: Plant, scenario: str | None = None, *, order: int = 1, engine: str = ENGINES[0]
) -> StudyResult:
    """Return every outage of the plant's network in a scenario."""
    network, findings = plant_network(plant, scenario)
    result = network_contingencies(network, order=order, engine=engine)
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
    ranked = outages.assign(severity=severity.sum(axis=1) + 1e6 * severity["unsolved"])
    ranked = ranked[ranked["outage"] != BASE]
    return ranked.sort_values(["severity", "loading_max_pct"], ascending=False, kind="stable").head(most)


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
        for start in range(0, len(batch), 20 * _BLOCK):
            part = slice(start, start + 20 * _BLOCK)
            v = lightsim2grid.outages(case, links, shunt, network.base_mva, taken[part], base.v)
            solved = np.isfinite(v[:, case.slack[0]])
            for row in np.flatnonzero(solved):
                flows[batch[part][row]] = LoadFlow(base.outcome, v[row])
    ratings = _ratings(network)
    for number, outage in enumerate(outages):
        if flows[number] is None:
            left = bus_case(_without_machines(network, outage.generators)) if outage.generators else case
            left = rebalanced(without(left, links, list(outage.links)), case, ratings)
            flows[number] = newton.solve(left)
    return [flow for flow in flows if flow is not None]


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
    network: Network, case: BusCase, links: Links, outages: list[Outage], flows: list[LoadFlow]
) -> pd.DataFrame:
    """Return one row an outage, blocks of outages at once."""
    buses, names = bus_names(network), link_names(network, links)
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
