"""Load flows that ETAP, PSS/E and OpenDSS print as tables or report databases, into the results database."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.opendss.exports import opendss_export, read_voltages
from core.formats.recognise import read_result
from core.formats.time_stamps import STAMP
from core.results.database import GridState, all_or_nothing, begin, finish, insert_grid_state, software_key
from core.results.study_result import StudyResult
from core.store import Store, now

STUDIES = ("load_flow", "power_flow")
#: PSS/E's codes of buses.
TYPES = {"1": "PQ", "2": "PV", "3": "Slack", "4": "Isolated"}


def import_printed(store: Store, data: bytes, name: str, base_mva: float) -> tuple[list[int], list[Finding]]:
    """Import the load flows of a file, a simulation a scenario, with powers on a base of ``base_mva``."""
    readings = [reading for reading in read_result(data, name) if reading.value.study in STUDIES]
    if not readings:
        raise BadInput("the file holds no load flow", hint="import it on Import results", where=Where(name))
    text = f"powers are on the system base of {base_mva:g} MVA"
    findings = [Finding("results.base", Severity.INFO, text, "--base-mva gives another one", Where(name))]
    kept = {"results": {"sha256": store.keep(data, name), "name": name}}
    numbers = []
    for reading in readings:
        findings += reading.findings
        software = software_key(reading.value.provenance.tool)
        buses = reading.value.tables["buses"]
        scenarios = buses["scenario"].fillna("").astype(str)
        for scenario in scenarios.unique():
            state, said = _state(reading.value, scenario, buses[scenarios == scenario], base_mva, name)
            case = f"{name}: {scenario}" if scenario else name
            sim = begin(store, case, software, base_mva, state.timestamp, steps=1, inputs=kept)
            with all_or_nothing(store, sim):
                insert_grid_state(store, sim, state)
                finish(store, sim, state.timestamp)
            numbers.append(sim)
            findings += said
    return numbers, findings


def import_opendss(store: Store, data: bytes, name: str, base_mva: float) -> tuple[list[int], list[Finding]]:
    """Import the voltages that OpenDSS exports."""
    export = opendss_export(data)
    if export != "Voltages":
        hint = "import what Export Voltages writes; powers and loadings beside it and the circuit's script"
        raise BadInput(f"OpenDSS's {export} name elements without their buses", hint=hint, where=Where(name))
    buses, findings = read_voltages(data, name)
    number, said = numbered(buses["bus_name"], name)
    state = GridState(now().strftime(STAMP), buses.assign(bus=number))
    kept = {"results": {"sha256": store.keep(data, name), "name": name}}
    sim = begin(store, name, "opendss", base_mva, state.timestamp, steps=1, inputs=kept)
    with all_or_nothing(store, sim):
        insert_grid_state(store, sim, state)
        finish(store, sim, state.timestamp)
    return [sim], [*findings, *said]


def _state(
    result: StudyResult, scenario: str, buses: pd.DataFrame, base_mva: float, name: str
) -> tuple[GridState, list[Finding]]:
    buses = buses.reset_index(drop=True)
    if buses["bus"].duplicated().any():
        twice = buses["bus"][buses["bus"].duplicated()].iloc[0]
        raise BadInput(
            f"bus {twice} is there twice in one load flow", hint="import one case at a time", where=Where(name)
        )
    number, findings = numbered(buses["bus"], name)
    if result.study == "power_flow":
        p, q = (buses[f"{unit}_gen_{of}"].fillna(0) - buses[f"{unit}_load_{of}"].fillna(0) for unit, of in POWERS)
        kind = buses["type"].astype(str).str.strip().map(TYPES)
    else:
        p, q, kind = buses["p_mw"], buses["q_mvar"], None
    bus = pd.DataFrame(
        {
            "bus": number,
            "bus_name": buses["name"].where(buses["name"].astype(str) != "", buses["bus"]),
            "type": kind,
            "p": p / base_mva,
            "q": q / base_mva,
            "v_mag": buses["v_pu"],
            "angle_deg": buses["angle_deg"],
            "vbase": buses["base_kv"].fillna(buses["v_kv"] / buses["v_pu"]),
        }
    )
    line = _lines(result, scenario, dict(zip(buses["bus"], number, strict=True)))
    return GridState(now().strftime(STAMP), bus, line=line), findings


POWERS = (("p", "mw"), ("q", "mvar"))


def _lines(result: StudyResult, scenario: str, number: dict[str, int]) -> pd.DataFrame:
    """Return the branches between buses that the file lists."""
    rows = result.tables.get("branches", pd.DataFrame(columns=["from_bus", "to_bus", "branch", "loading_pct"]))
    if "scenario" in rows:
        rows = rows[rows["scenario"].fillna("") == scenario]
    ends = [rows[end].map(number) for end in ("from_bus", "to_bus")]
    both = (ends[0].notna() & ends[1].notna()).to_numpy()
    made = pd.DataFrame(
        {"ibus": ends[0], "jbus": ends[1], "line_name": rows["branch"], "line_pct": rows["loading_pct"]}
    )
    made = made[both].reset_index(drop=True)
    return made.assign(line=np.arange(1, len(made) + 1), status=1)


def numbered(ids: pd.Series, name: str) -> tuple[np.ndarray, list[Finding]]:
    """Return the number at the end of each id where all have one of their own, else their order."""
    digits = ids.astype(str).str.extract(r"(\d{1,9})\D*$")[0]
    if digits.notna().all() and digits.astype(int).is_unique:
        return digits.astype(int).to_numpy(), []
    text = "the ids of the buses hold no number of their own: buses are numbered in the file's order"
    return np.arange(1, len(ids) + 1), [Finding("results.numbered", Severity.WARNING, text, "", Where(name))]
