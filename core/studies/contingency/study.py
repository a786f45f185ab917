"""The contingency study: every outage in one table with its status, whatever became of the network.

An outage is *converged*, *islanded* (the part with the swing bus is solved), *diverged* or *unsolvable*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from core.engines.bus_case import LoadFlow, Outcome, bus_case, links_of
from core.engines.regulation import enforces_limits
from core.errors import BadInput
from core.findings import Finding, Severity
from core.network import Network, check
from core.plant import Plant, plant_network
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.studies.contingency.outages import BASE, EVERYTHING, Outage, outages_of
from core.studies.contingency.solve import OutageSolver, quickest
from core.studies.contingency.statements import Meaning, Statements
from core.studies.contingency.watch import Watch, watch_of
from core.studies.load_flow.study import left_out_mw
from core.studies.load_flow.tables import bus_names, link_names, voltage_limits

ENGINES = ("lightsim2grid", "newton")

#: Outages × branches that are evaluated together: bounds the memory.
_CELLS = 2_000_000
#: A voltage outside its range by no more than this is at its limit [pu].
_RANGE_TOLERANCE_PU = 1e-9
_VOLTAGE_LIMITS = ("v_min_pu", "v_max_pu", "v_min_emergency_pu", "v_max_emergency_pu")


def network_contingencies(
    network: Network,
    *,
    order: int = 1,
    machines: bool = True,
    engine: str = ENGINES[0],
    limits: bool | None = None,
    part: slice = EVERYTHING,
    statements: Statements | None = None,
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
    statements
        What contingency files state, in place of ``order`` and ``machines``; what they watch is looked at.
    """
    if order not in (1, 2) or engine not in ENGINES:
        raise BadInput(f"no N-{order} by {engine}", hint=f"order is 1 or 2, engines are {', '.join(ENGINES)}")
    limits = enforces_limits(network) if limits is None else limits
    case, links = bus_case(network, limits=limits), links_of(network)
    names, buses = link_names(network, links), bus_names(network)
    meaning = Meaning(network, links, names, statements or Statements(()))
    watch = watch_of(meaning)
    if statements is None:
        outages = outages_of(network, links, names, order=order, machines=machines, part=part)
    else:
        outages = meaning.outages()[part]
    base = quickest(case, batches=engine == ENGINES[0])
    if base.outcome in (Outcome.DIVERGED, Outcome.UNSOLVABLE):
        return _unsolved(base, engine, [*check(network), *meaning.findings])
    solver = OutageSolver(network, case, links, base, batches=engine == ENGINES[0])
    size = max(1, _CELLS // max(len(buses), len(names)))
    blocks = [outages[start : start + size] for start in range(0, len(outages), size)]
    parts = [_summary(solver, block, (buses, names), watch) for block in blocks]
    tables = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}
    tables["outages"] = result_table("contingency", "outages", tables["outages"])
    tables["worst"] = worst_cases(tables["outages"])
    options = {"order": order, "machines": machines} if statements is None else {"contingencies": len(outages) - 1}
    provenance = Provenance(tool=engine, options={**options, "reactive_limits": limits})
    findings = [*meaning.findings, *_cut_off_before(tables["outages"])]
    return StudyResult("contingency", tables, Status.SOLVED, provenance, findings)


def _cut_off_before(outages: pd.DataFrame) -> list[Finding]:
    """Say what load the base case has cut off already: it is lost in every outage."""
    lost = outages.loc[outages["outage"] == BASE, "lost_load_mw"].max()
    if not lost > 0:
        return []
    text = f"{lost:.1f} MW of load has no connection to the swing bus in the base case"
    return [Finding("contingency.islanded", Severity.WARNING, text, "Connect its buses.")]


def plant_contingencies(
    plant: Plant,
    scenario: str | None = None,
    *,
    order: int = 1,
    engine: str = ENGINES[0],
    limits: bool = True,
    part: slice = EVERYTHING,
    statements: Statements | None = None,
) -> StudyResult:
    """Return every outage of the plant's network in a scenario, or a part of them; ``limits`` as for a network."""
    network, findings = plant_network(plant, scenario)
    network = network.with_tables(bus=network["bus"].assign(**dict.fromkeys(_VOLTAGE_LIMITS, 0.0)))  # criteria judge
    result = network_contingencies(network, order=order, engine=engine, limits=limits, part=part, statements=statements)
    if (lost := left_out_mw(plant, scenario, network)) and result.status is Status.SOLVED:
        outages = _with_lost(result.tables["outages"], lost)
        result.tables |= {"outages": outages, "worst": worst_cases(outages)}
        findings += _cut_off_before(outages)
    tables = {name: table.assign(scenario=scenario or "") for name, table in result.tables.items()}
    return replace(result, tables=tables, findings=[*findings, *result.findings])


def _with_lost(outages: pd.DataFrame, lost_mw: float) -> pd.DataFrame:
    """Return the outages of a network that leaves load out: none of them reaches everything."""
    status = outages["status"].replace(str(Outcome.CONVERGED), str(Outcome.ISLANDED))
    return outages.assign(status=status, lost_load_mw=outages["lost_load_mw"] + lost_mw)


def worst_cases(outages: pd.DataFrame, most: int = 10) -> pd.DataFrame:
    """Return the outages that matter most: unsolved ones, then by what they exceed, the worst of each kind first."""
    value = {name: outages[name].to_numpy(dtype=float) for name in ("v_min_pu", "v_max_pu", "loading_max_pct")}
    solved = outages["status"].isin([Outcome.CONVERGED, Outcome.ISLANDED]).to_numpy()
    own_low, own, own_high = (outages[f"own_v{part}_pu"].to_numpy(dtype=float) for part in ("_low", "", "_high"))
    excess = (
        outages["lost_load_mw"].to_numpy(dtype=float),
        100 * np.fmax(np.fmax(own_low - own, own - own_high), 0.0),
        100 * np.fmax(0.95 - value["v_min_pu"], 0.0),
        100 * np.fmax(value["v_max_pu"] - 1.05, 0.0),
        np.fmax(value["loading_max_pct"] - 100, 0.0),
    )
    severity = np.where(solved, 0.0, 1e6 + 1) + sum(np.nan_to_num(part) for part in excess)
    severity = severity.round(3)  # alike outages keep their order
    loading = np.nan_to_num(value["loading_max_pct"].round(3), nan=-1.0)
    order = np.lexsort((-loading, -severity))
    order = order[outages["outage"].to_numpy()[order] != BASE][:most]
    worst: pd.DataFrame = outages.iloc[order].assign(severity=severity[order])
    return worst


def _summary(
    solver: OutageSolver, outages: list[Outage], names: tuple[np.ndarray, np.ndarray], watch: Watch
) -> dict[str, pd.DataFrame]:
    """Return one row an outage, and what watched voltages and interfaces do; ``names`` are of buses and links."""
    v, status = solver.solve(outages)
    buses, links = names
    out = _out(outages)
    loading = solver.links.loading_pct(v, solver.network.base_mva)
    loading[out] = np.nan
    loading[:, ~watch.links] = np.nan
    magnitude = np.where(watch.buses, np.abs(v), np.nan)
    low, high, most = (
        _extreme(values, pick)
        for values, pick in ((magnitude, np.nanargmin), (magnitude, np.nanargmax), (loading, np.nanargmax))
    )
    own = _by_own_limits(magnitude, solver.network, np.array([outage.name == BASE for outage in outages]))
    table = pd.DataFrame(
        {
            "outage": [outage.name for outage in outages],
            "status": status,
            "v_min_pu": low[1],
            "v_min_bus": _named(buses, low[0]),
            "v_max_pu": high[1],
            "v_max_bus": _named(buses, high[0]),
            "loading_max_pct": most[1],
            "loading_max_branch": _named(links, most[0]),
            "lost_load_mw": _lost_mw(solver, v),
            **own,
            "own_v_bus": _named(buses, own["own_v_bus"]),
        }
    )
    tables = {"outages": table}
    unsolved = ~np.isfinite(v).any(axis=1)
    if watch.has_ranges:
        outside = _outside(magnitude, np.abs(solver.base.v), watch)
        counts = np.bincount(outside["outage"], minlength=len(table))
        table["outside_range"] = np.where(unsolved, np.nan, counts)
        name = table["outage"].to_numpy()[outside["outage"]]
        tables["outside_range"] = outside.assign(outage=name, bus=buses[outside["bus"]])
    if watch.interfaces:
        flows = _interface_mw(solver, v, out, watch)
        flows[unsolved] = np.nan
        tables["interfaces"] = _interfaces(table["outage"], flows, watch)
        worst = tables["interfaces"]["loading_pct"].to_numpy().reshape(flows.shape)
        most = _extreme(worst, np.nanargmax)
        table["interface_max_pct"] = most[1]
        table["interface_max"] = _named(np.array([each.name for each in watch.interfaces], dtype=object), most[0])
    return tables


def _out(outages: list[Outage]) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the links that are out: numbers of outages and of links."""
    rows = np.repeat(np.arange(len(outages)), [len(outage.links) for outage in outages])
    return rows, np.array([link for outage in outages for link in outage.links], dtype=np.int64)


def _lost_mw(solver: OutageSolver, v: np.ndarray) -> np.ndarray:
    """Return the load that has no voltage after each outage, missing where nothing is solved."""
    case, dead = solver.case, ~np.isfinite(v)
    alive = np.isin(np.arange(v.shape[1]), [*case.solved, *case.cut_off])
    demand = case.demand(np.ones(v.shape[1])).real * alive
    return np.where(dead.all(axis=1), np.nan, dead @ demand * solver.network.base_mva)


def _interface_mw(solver: OutageSolver, v: np.ndarray, out: tuple[np.ndarray, np.ndarray], watch: Watch) -> np.ndarray:
    """Return the flows over the interfaces [MW], outages × interfaces; what is out or dead carries nothing."""
    ends = [np.nan_to_num(power.real) * solver.network.base_mva for power in solver.links.powers(v)]
    for flow in ends:
        flow[out] = 0.0
    return np.stack([each.flow(*ends) for each in watch.interfaces], axis=1)


def _interfaces(outage: pd.Series, flows: np.ndarray, watch: Watch) -> pd.DataFrame:
    """Return a row for every outage and interface."""
    ratings = np.array([each.rating_mw for each in watch.interfaces])
    size = len(watch.interfaces)
    loading = np.abs(flows) / np.where(ratings > 0, ratings, np.nan) * 100
    return pd.DataFrame(
        {
            "outage": np.repeat(outage.to_numpy(), size),
            "interface": np.tile([each.name for each in watch.interfaces], len(outage)),
            "p_mw": flows.ravel(),
            "rating_mw": np.tile(ratings, len(outage)),
            "loading_pct": loading.ravel(),
        }
    )


def _by_own_limits(magnitude: np.ndarray, network: Network, is_base: np.ndarray) -> dict[str, np.ndarray]:
    """Return each outage's voltage that is worst against its bus's own limits, these limits, and how many exceed them.

    The network's emergency limits hold after an outage, the normal ones without and where there are no others.
    """
    normal, emergency = voltage_limits(network), voltage_limits(network, "_emergency")
    after = [np.where(np.isnan(emergency[0]), *pair) for pair in zip(normal, emergency, strict=True)]
    low, high = (np.where(is_base[:, None], *pair) for pair in zip(normal, after, strict=True))
    margin = np.fmin(magnitude - low, high - magnitude)
    column, least = _extreme(margin, np.nanargmin)
    worst = np.arange(len(margin)), column
    own = {"own_v_pu": magnitude[worst], "own_v_low_pu": low[worst], "own_v_high_pu": high[worst]}
    known = {name: np.where(np.isfinite(least), value, np.nan) for name, value in own.items()}
    count = np.where(np.isfinite(least), (margin < -_RANGE_TOLERANCE_PU).sum(axis=1), np.nan)
    return {**known, "own_v_bus": column, "outside_own_limits": count}


def _outside(magnitude: np.ndarray, base: np.ndarray, watch: Watch) -> pd.DataFrame:
    """Return the voltages outside their ranges: rows of the outage and the bus, what was asked, and by how much."""
    change = magnitude - base
    found = []
    for quantity, value, limit, side in (
        ("v_pu", magnitude, watch.v_low, -1),
        ("v_pu", magnitude, watch.v_high, 1),
        ("change_pu", change, -watch.drop, -1),
        ("change_pu", change, watch.rise, 1),
    ):
        with np.errstate(invalid="ignore"):
            outage, bus = np.nonzero(side * (value - limit) > _RANGE_TOLERANCE_PU)
        found.append(
            pd.DataFrame(
                {"outage": outage, "bus": bus, "quantity": quantity, "value": value[outage, bus], "limit": limit[bus]}
            )
        )
    return pd.concat(found, ignore_index=True).sort_values(["outage", "bus"], kind="stable", ignore_index=True)


def _extreme(values: np.ndarray, pick: Callable[..., np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the column and the value of each row's extreme; -1 and missing where the row has no number."""
    column, extreme = np.full(len(values), -1), np.full(len(values), np.nan)
    some = np.flatnonzero(np.isfinite(values).any(axis=1))
    if len(some):
        column[some] = pick(values[some], axis=1)
        extreme[some] = values[some, column[some]]
    return column, extreme


def _named(names: np.ndarray, column: np.ndarray) -> np.ndarray:
    return np.asarray(np.append(names, "")[column], dtype=object)


def _unsolved(base: LoadFlow, engine: str, findings: list[Finding]) -> StudyResult:
    """Return the result of a network whose base case has no solution."""
    hint = "Solve the base case first: see the load flow."
    text = f"the base case is {base.outcome}, so no outage is calculated"
    table = result_table("contingency", "outages", [{"outage": BASE, "status": str(base.outcome)}])
    findings = [*findings, Finding("contingency.base", Severity.ERROR, text, hint)]
    return StudyResult("contingency", {"outages": table}, Status.NOT_CONVERGED, Provenance(tool=engine), findings)
