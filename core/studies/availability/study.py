"""The availability study: checks, exact solution with a simulation where there is none, importance, MW, simulation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.reliability import MtbfMeaning, ReliabilityModel, check, rates
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.settings import HOURS_PER_YEAR
from core.studies.availability.bdd import TooLarge
from core.studies.availability.compile import Compiled, compile_model
from core.studies.availability.cut_sets import cut_set_findings, cut_set_table, minimal_cut_sets
from core.studies.availability.delivery import Adequacy, Delivery, adequacy, deliver
from core.studies.availability.exact import Solution, importance, solve, unsolved
from core.studies.availability.simulation import Simulation, SimulationOptions, simulate
from core.studies.availability.simulation_remarks import ASSUMED_MTTR_H
from core.studies.availability.supply import NoSupply

FALLBACK_EVENTS = 1e7
FALLBACK_S = 4.0  # of the processors
SYSTEM = ("availability", "unavailability", "downtime_h_per_year", "failures_per_year", "mtbf_h", "mttr_h")


@dataclass(frozen=True, slots=True)
class AvailabilityOptions:
    """What is asked of the study."""

    mtbf_means: MtbfMeaning = MtbfMeaning.UP_TIME
    required_mw: float | None = None
    load_mw: Sequence[float] = ()  # of every hour of a year, which may be one of 52 weeks, or one for all
    bess_mw: float = 0.0
    bess_mwh: float | None = None  # ``None``: the battery lasts as long as a shortage
    histories: int = 0  # 0: no simulation is asked for
    years: float = 20.0
    seed: int = 1

    @property
    def simulation(self) -> SimulationOptions:
        """Return the options of the simulation."""
        return SimulationOptions(
            histories=self.histories,
            years=self.years,
            seed=self.seed,
            required_mw=self.required_mw,
            battery_mw=self.bess_mw,
            battery_mwh=float("inf") if self.bess_mwh is None else self.bess_mwh,
            mtbf_means=self.mtbf_means,
        )


def study_availability(model: ReliabilityModel, options: AvailabilityOptions | None = None) -> StudyResult:
    """Return the model's availability as a study result.

    Tables are ``blocks`` (one row a block, the system's too), ``importance`` (one row a component), ``cut_sets`` (one
    row a minimal cut set of the system), and where asked for ``capacity``, ``adequacy`` and ``simulation`` (one row
    each). With errors in the model the status is *failed* and the findings say why.
    """
    chosen = options or AvailabilityOptions()
    provenance = Provenance(tool="Gridproof", options={"mtbf_means": str(chosen.mtbf_means), "year_h": HOURS_PER_YEAR})
    result = StudyResult("availability", {}, Status.FAILED, provenance, check(model, chosen.mtbf_means))
    if any(finding.severity is Severity.ERROR for finding in result.findings):
        return result
    result.status = Status.SOLVED
    compiled = compile_model(model, chosen.mtbf_means)
    result.findings += compiled.findings
    blocks, ranks = _blocks_and_importance(model, compiled, chosen, result)
    result.tables |= {"blocks": blocks, "importance": ranks}
    if model.system is not None:
        _add_system_tables(model, compiled, chosen, result)
    return result


def _add_system_tables(
    model: ReliabilityModel, compiled: Compiled, options: AvailabilityOptions, result: StudyResult
) -> None:
    """Add what is known of a system only: its cut sets, and where asked for its MW, lost load and simulation."""
    cuts = minimal_cut_sets(compiled.structure, compiled.nodes[str(model.system)])
    result.findings += cut_set_findings(cuts)
    result.tables["cut_sets"] = cut_set_table(compiled.structure, cuts)
    if options.required_mw is not None:
        delivery = deliver(model, options.required_mw, firm_mw=options.bess_mw, mtbf_means=options.mtbf_means)
        result.findings += delivery.findings
        result.tables["capacity"] = _capacity_table(delivery)
    if options.load_mw:
        step_h = 1.0 if len(options.load_mw) > 1 else HOURS_PER_YEAR
        found = adequacy(model, options.load_mw, firm_mw=options.bess_mw, step_h=step_h, mtbf_means=options.mtbf_means)
        result.findings += [finding for finding in found.findings if finding not in result.findings]
        result.tables["adequacy"] = _adequacy_table(found, options)
    if options.histories:
        simulation = _simulation(model, options.simulation)
        result.findings += [finding for finding in simulation.findings if finding not in result.findings]
        result.tables["simulation"] = simulation_table(simulation)


def _simulation(model: ReliabilityModel, options: SimulationOptions) -> Simulation:
    """Return the simulation, of the block diagram alone where its MW can't be simulated."""
    try:
        return simulate(model, options)
    except NoSupply as none:
        simulation = simulate(model, replace(options, required_mw=None))
        text = f"{none.message}; the simulation is that of the block diagram without MW"
        simulation.findings.append(Finding("simulation.without_mw", Severity.WARNING, text, none.hint))
        return simulation


def _blocks_and_importance(
    model: ReliabilityModel, compiled: Compiled, options: AvailabilityOptions, result: StudyResult
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the blocks' values and the components' importance; blocks outside the system are solved on their own."""
    structure, solution = compiled.structure, unsolved(compiled.structure)
    ranked: list[int] = []
    if compiled.unchained and model.system is not None:
        return _simulated_blocks(model, options, _no_chain(compiled), result), importance(structure, solution, [])
    for top in [*(top for top in model.tops if top != model.system), model.system]:
        try:
            if top is not None:
                solve(structure, compiled.nodes[top], solution)
        except TooLarge as error:
            if top == model.system:
                return _simulated_blocks(model, options, error, result), importance(structure, solution, [])
            text = f"{top}: {error.message}"
            result.findings.append(Finding("rbd.block.too_large", Severity.WARNING, text, error.hint, element=top))
    if model.system is not None:
        ranked = _ranked_nodes(model, compiled, solution)
    nodes = [compiled.nodes[block] for block in model.blocks["id"]]
    columns = ("availability", "unavailability", "frequency_per_h")
    blocks = _block_table(model, pd.DataFrame({name: getattr(solution, name)[nodes] for name in columns}))
    return blocks, importance(structure, solution, ranked)


def _no_chain(compiled: Compiled) -> TooLarge:
    text = f"no Markov chain fits the crews or the standby of {', '.join(compiled.unchained)}"
    return TooLarge(text, hint="let their members be few components of known rates that no other block lists")


def _ranked_nodes(model: ReliabilityModel, compiled: Compiled, solution: Solution) -> list[int]:
    """Return the components of the system that have an importance, and the blocks that were solved by a chain."""
    components = [compiled.nodes[name] for name in model.components["id"]]
    chains = [node for block in model.blocks["id"] if (node := compiled.nodes[block]) not in compiled.structure.gates]
    inside = set(compiled.structure.below(solution.root))
    return [node for node in (*components, *chains) if node in inside and np.isfinite(solution.slope[node])]


def _block_table(model: ReliabilityModel, value: pd.DataFrame) -> pd.DataFrame:
    """Return the result table of the blocks: MTBF is the mean up time A/ν, MTTR the mean down time U/ν."""
    value = value + 0.0  # no zero has a minus
    frequency = value["frequency_per_h"].where(value["frequency_per_h"] > 0)
    rows = pd.DataFrame(
        {
            "block": model.blocks["id"],
            "name": model.blocks["name"],
            "availability": value["availability"],
            "mtbf_h": value["availability"] / frequency,
            "mttr_h": value["unavailability"] / frequency,
            "downtime_h": value["unavailability"] * HOURS_PER_YEAR,
            "failures_per_year": value["frequency_per_h"] * HOURS_PER_YEAR,
            "unavailability": value["unavailability"],
            "type": model.blocks["type"],
            "k": model.blocks["id"].map(model.required),
            "n": model.blocks["id"].map(lambda block: len(model.members[block])),
            "system": model.blocks["id"] == model.system,
        }
    )
    return result_table("availability", "blocks", rows)


def _simulated_blocks(
    model: ReliabilityModel, options: AvailabilityOptions, error: TooLarge, result: StudyResult
) -> pd.DataFrame:
    """Return the blocks' values estimated by a simulation, and say so."""
    known, years = rates(model.components, options.mtbf_means), 10.0
    failures_per_h = known["frequency_per_h"].fillna(known["unavailability"] / ASSUMED_MTTR_H)
    busy = 2 * years * HOURS_PER_YEAR * float(failures_per_h.sum())
    histories = int(np.clip(FALLBACK_EVENTS / (busy + 1e-9), 20, 2000))
    chosen = replace(options.simulation, histories=histories, years=years, time_limit_s=FALLBACK_S, required_mw=None)
    simulation = simulate(model, chosen)
    interval = f"95 % interval {simulation.availability.low:.6f}–{simulation.availability.high:.6f}"
    text = f"{error.message}; simulated instead: {simulation.histories} histories of {years:g} years, {interval}"
    result.findings.append(Finding("rbd.simulated_instead", Severity.WARNING, text, error.hint))
    result.findings += simulation.findings
    up = model.blocks["id"].map(simulation.blocks.set_index("id")["availability"])
    value = pd.DataFrame({"availability": up, "unavailability": 1 - up, "frequency_per_h": np.nan})
    is_system = (model.blocks["id"] == model.system).to_numpy()
    value.loc[is_system, "frequency_per_h"] = simulation.failures_per_year.mean / HOURS_PER_YEAR
    return _block_table(model, value)


def _capacity_table(delivery: Delivery) -> pd.DataFrame:
    row = {
        "required_mw": delivery.required_mw,
        "installed_mw": delivery.installed_mw,
        "bess_mw": delivery.firm_mw,
        "availability": delivery.availability,
        "downtime_h_per_year": (1 - delivery.availability) * HOURS_PER_YEAR,
        "system_availability": delivery.system_availability,
        "system_downtime_h_per_year": (1 - delivery.system_availability) * HOURS_PER_YEAR,
        "system_failures_per_year": delivery.system_failures_per_h * HOURS_PER_YEAR,
    }
    return pd.DataFrame([row])


def _adequacy_table(found: Adequacy, options: AvailabilityOptions) -> pd.DataFrame:
    row = {
        "year_h": len(options.load_mw) * found.step_h,
        "peak_mw": max(options.load_mw),
        "energy_mwh": sum(options.load_mw) * found.step_h,
        "installed_mw": found.installed_mw,
        "bess_mw": options.bess_mw,
        "lole_h_per_year": found.lole_h,
        "loee_mwh_per_year": found.loee_mwh,
    }
    return pd.DataFrame([row])


def simulation_table(simulation: Simulation) -> pd.DataFrame:
    """Return a simulation's result as one row."""
    up, failures, options = simulation.availability, simulation.failures_per_year, simulation.options
    row = {
        "availability": up.mean,
        "availability_low": up.low,
        "availability_high": up.high,
        "confidence": options.confidence,
        "downtime_h_per_year": (1 - up.mean) * HOURS_PER_YEAR,
        "failures_per_year": failures.mean,
        "failures_per_year_low": failures.low,
        "failures_per_year_high": failures.high,
        "mtbf_h": simulation.mtbf_h,
        "mttr_h": simulation.mttr_h,
        "mttff_h": simulation.mttff_h,
        "histories": simulation.histories,
        "years": options.years,
        "seed": options.seed,
        "required_mw": options.required_mw,
        "bess_mw": options.battery_mw,
        "bess_mwh": options.battery_mwh if np.isfinite(options.battery_mwh) else None,
    }
    return pd.DataFrame([row])


def as_document(result: StudyResult) -> dict[str, Any]:
    """Return a solved study as the JSON document of the command and the run."""
    blocks = result.tables["blocks"].rename(columns={"block": "id", "downtime_h": "downtime_h_per_year"})
    system = blocks[blocks["system"]]
    columns = ["id", "name", "type", "k", "n", *SYSTEM]
    document: dict[str, Any] = {
        "system": _first(system[["id", *SYSTEM]]) if len(system) else None,
        "blocks": blocks[columns],
        "importance": result.tables["importance"],
        "cut_sets": result.tables.get("cut_sets", []),
        "findings": result.findings,
    }
    for name in ("capacity", "adequacy", "simulation"):
        if name in result.tables:
            document[name] = _first(result.tables[name])
    return document


def simulation_document(simulation: Simulation) -> dict[str, Any]:
    """Return a simulation as the document's ``simulation``."""
    return _first(simulation_table(simulation))


def _first(rows: pd.DataFrame) -> dict[str, Any]:
    return {str(name): value for name, value in rows.head(1).to_dict(orient="records")[0].items()}
