"""The load-flow study: a network once, a plant in its base case and every scenario."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.engines.bus_case import LoadFlow, Outcome
from core.engines.load_flow import ENGINES, load_flow
from core.engines.remarks import regulation_remarks
from core.errors import BadInput
from core.findings import Finding, Severity
from core.network import Network, check
from core.network.admittance import windings
from core.network.checks import LISTED
from core.plant import Plant, plant_network
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.studies.load_flow.tables import bus_names, case_tables, voltage_limits

#: The tables that the result catalogue knows; the others are this study's own.
_CATALOGUED = ("buses", "branches")


def network_load_flow(
    network: Network, engine: str = ENGINES[0], *, flat: bool = False, limits: bool | None = None
) -> StudyResult:
    """Return voltages, flows, losses and machine powers of a network; ``limits`` as in the engines' load flow."""
    flow = load_flow(network, engine, flat=flat, limits=limits)
    tables = case_tables(network, flow)
    tables["buses"] = _with_own_limits(network, tables["buses"])
    reasons = regulation_remarks(network, flow, engine, limits)
    explained = any(reason.severity is Severity.ERROR for reason in reasons)
    findings = [*check(network), *unrated(network), *_remarks(tables, explained=explained), *reasons]
    return _result([tables], engine, findings)


def unrated(network: Network) -> list[Finding]:
    """Say what has no rating that a loading could be judged by."""
    two_ends = [network.values(table, "rate_a_mva")[network.live(table)] for table in ("branch", "transformer")]
    rates = np.concatenate([*two_ends, windings(network).rate_mva])
    unknown = int((~(rates > 0)).sum())
    if not unknown:
        return []
    text = (
        f"{unknown} of {len(rates)} lines, transformers and windings of three have no rating to judge their loading by"
    )
    return [Finding("load_flow.unrated", Severity.INFO, text, "Give their rating A.")]


def _with_own_limits(network: Network, buses: pd.DataFrame) -> pd.DataFrame:
    """Return the buses with the voltage limits that the network states for them, where these are a range."""
    low, high = voltage_limits(network)
    return buses.assign(v_min_pu=low, v_max_pu=high)


def plant_load_flow(
    plant: Plant, scenarios: Sequence[str] | None = None, engine: str = ENGINES[0], *, limits: bool = True
) -> StudyResult:
    """Return the load flow of a plant in the named scenarios, or in all; every scenario has its row in ``cases``.

    With ``limits`` machines give no more reactive power than they have and let their voltage go instead.
    """
    names = list(plant["scenario"]["id"]) if scenarios is None else list(scenarios)
    solved: list[dict[str, pd.DataFrame]] = []
    findings: list[Finding] = []
    for name in names or [None]:
        tables, remarks = plant_case(plant, name, engine, limits=limits)
        solved.append(tables)
        findings += remarks
    return _result(solved, engine, findings)


def plant_case(
    plant: Plant, scenario: str | None, engine: str, *, limits: bool = True
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Return the tables of one scenario; one that can't be built is unsolvable and says why."""
    if scenario is not None:
        plant.scenario(scenario)  # an unknown one is bad input, not a result
    try:
        network, findings = plant_network(plant, scenario)
    except BadInput as error:
        case = {"status": str(Outcome.UNSOLVABLE), "scenario": scenario or "", "lost_load_mw": float("nan")}
        finding = Finding("load_flow.unsolvable", Severity.ERROR, str(error), error.hint, element=scenario)
        return {"cases": pd.DataFrame([case])}, [finding]
    flow = load_flow(network, engine, limits=limits)
    tables = case_tables(network, flow, scenario or "")
    if lost := left_out_mw(plant, scenario, network):
        status = tables["cases"]["status"].replace(str(Outcome.CONVERGED), str(Outcome.ISLANDED))
        tables["cases"] = tables["cases"].assign(status=status, lost_load_mw=lost)
    return tables, [*findings, *_remarks(tables), *_at_limits(network, flow, scenario)]


def left_out_mw(plant: Plant, scenario: str | None, network: Network) -> float:
    """Return the load [MW] of a scenario that its network leaves out, for nothing connects it."""
    wanted = float(plant.scenario(scenario)["load_mw"]) if scenario else float(plant.online("load")["p_mw"].sum())
    lost = wanted - network.totals()["load_mw"]
    return lost if lost > 1e-6 else 0.0


def _at_limits(network: Network, flow: LoadFlow, scenario: str | None) -> list[Finding]:
    """Return which buses let their voltage go because their machines are at a reactive limit."""
    names = bus_names(network)[flow.let_go]
    place = f"scenario {scenario}: " if scenario else ""
    text = "the machines are at a reactive limit, so that the bus does not hold its voltage"
    hint = "Add reactive power or change the voltage setpoint. --q-limits ignore lets machines give whatever it takes."
    code = "load_flow.reactive_limit"
    return [Finding(code, Severity.WARNING, f"{place}{name}: {text}", hint, element=str(name)) for name in names]


def _result(parts: list[dict[str, pd.DataFrame]], engine: str, findings: list[Finding]) -> StudyResult:
    names = ("cases", "buses", "branches", "generators")
    tables = {
        name: pd.concat([p[name] for p in parts if name in p] or [pd.DataFrame()], ignore_index=True) for name in names
    }
    for name in _CATALOGUED:
        tables[name] = result_table("load_flow", name, tables[name])
    outcomes = set(tables["cases"]["status"])
    good = {str(Outcome.CONVERGED), str(Outcome.ISLANDED)}
    status = Status.SOLVED if outcomes & good else Status.NOT_CONVERGED
    return StudyResult("load_flow", tables, status, Provenance(tool=engine, options={"engine": engine}), findings)


def _remarks(tables: dict[str, pd.DataFrame], *, explained: bool = False) -> list[Finding]:
    """Return what the solution says about the case: not solved (for a known reason?), cut off, beyond limits."""
    case = tables["cases"].iloc[0]
    scenario = str(case["scenario"]) or None
    place = f"scenario {scenario}: " if scenario else ""
    findings = []
    if case["status"] == Outcome.UNSOLVABLE and not explained:
        hint = "Give one bus with a machine the kind SLACK, and numbers everywhere."
        text = f"{place}there is no swing bus with a machine, or a value isn't a number"
        findings.append(Finding("load_flow.unsolvable", Severity.ERROR, text, hint, element=scenario))
    if case["status"] == Outcome.DIVERGED:
        hint = "Shed load, add reactive power, or check impedances: the case may have no solution."
        findings.append(
            Finding("load_flow.diverged", Severity.ERROR, f"{place}no solution was found", hint, element=scenario)
        )
    if case["lost_load_mw"] > 0:
        text = f"{place}{case['lost_load_mw']:.1f} MW of load has no connection to the swing bus"
        findings.append(Finding("load_flow.islanded", Severity.WARNING, text, "Connect its buses.", element=scenario))
    return findings + _beyond_limits(tables["generators"], place)


def _beyond_limits(machines: pd.DataFrame, place: str) -> list[Finding]:
    names = machines.loc[machines["within_limits"] == False, "generator"].astype(str)  # noqa: E712 - None is unknown
    hint = "Raise the limit, add reactive power, change the voltage setpoint, or have limits enforced."
    code, text = "load_flow.machine_limit", "runs beyond its limits of active or reactive power"
    findings = [Finding(code, Severity.WARNING, f"{place}{name} {text}", hint, element=name) for name in names[:LISTED]]
    if len(names) > LISTED:
        findings.append(
            Finding(code, Severity.WARNING, f"{place}{len(names) - LISTED} more machines are beyond their limits", hint)
        )
    return findings
