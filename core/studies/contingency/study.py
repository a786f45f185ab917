"""The contingency study: every outage in one table with its status, whatever became of the network.

An outage is *converged*, *islanded* (the part with the swing bus is solved), *diverged* or *unsolvable*.
"""

from __future__ import annotations

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
from core.steps import step
from core.studies.contingency.outages import BASE, EVERYTHING, outages_of
from core.studies.contingency.solve import OutageSolver, quickest
from core.studies.contingency.statements import Meaning, Statements
from core.studies.contingency.tables import summary, worst_cases
from core.studies.contingency.watch import watch_of
from core.studies.load_flow.study import left_out_mw, unrated
from core.studies.load_flow.tables import bus_names, link_names, winding_names

ENGINES = ("lightsim2grid", "newton")

#: Outages × branches that are evaluated together: bounds the memory.
_CELLS = 2_000_000
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
    loaded = np.concatenate([names, winding_names(network, solver.windings)])
    size = max(1, _CELLS // max(len(buses), len(loaded)))
    parts = []
    for start in range(0, len(outages), size):
        step(f"contingencies: {start} of {len(outages)} done")
        parts.append(summary(solver, outages[start : start + size], (buses, loaded), watch))
    tables = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}
    tables["outages"] = result_table("contingency", "outages", tables["outages"])
    tables["worst"] = worst_cases(tables["outages"])
    options = {"order": order, "machines": machines} if statements is None else {"contingencies": len(outages) - 1}
    provenance = Provenance(tool=engine, options={**options, "reactive_limits": limits})
    findings = [*unrated(network), *meaning.findings, *_cut_off_before(tables["outages"])]
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


def _unsolved(base: LoadFlow, engine: str, findings: list[Finding]) -> StudyResult:
    """Return the result of a network whose base case has no solution."""
    hint = "Solve the base case first: see the load flow."
    text = f"the base case is {base.outcome}, so no outage is calculated"
    table = result_table("contingency", "outages", [{"outage": BASE, "status": str(base.outcome)}])
    findings = [*findings, Finding("contingency.base", Severity.ERROR, text, hint)]
    return StudyResult("contingency", {"outages": table}, Status.NOT_CONVERGED, Provenance(tool=engine), findings)
