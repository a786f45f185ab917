"""Load flows that ETAP and PSS/E print as tables or report databases, into the results database."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.recognise import read_result
from core.results.database import GridState, software_key
from core.results.study_result import StudyResult
from core.studies.simulation.intake import File, Intake

STUDIES = ("load_flow", "power_flow")
POWERS = (("p", "mw"), ("q", "mvar"))
#: Voltages line to neutral in per unit of nominal ones line to line: 1/√3, within 8 %.
LINE_TO_NEUTRAL = (0.531, 0.624)
#: PSS/E's codes of buses.
TYPES = {"1": "PQ", "2": "PV", "3": "Slack", "4": "Isolated"}


def import_printed(intake: Intake, file: File) -> None:
    """Import the load flows of a file, a simulation a scenario."""
    name = file[1]
    readings = [reading for reading in read_result(*file) if reading.value.study in STUDIES]
    if not readings:
        raise BadInput("the file holds no load flow", hint="import it on Import results", where=Where(name))
    text = f"powers are on the system base of {intake.base_mva:g} MVA"
    intake.findings.append(Finding("results.base", Severity.INFO, text, "--base-mva gives another one", Where(name)))
    before = len(intake.numbers)
    for reading in readings:
        intake.findings += reading.findings
        buses = reading.value.tables["buses"]
        if buses["v_pu"].isna().all():
            sheet = str(buses["sheet"].iloc[0]) if len(buses) else ""
            text = "a table without voltages of buses is not imported"
            where = Where(name, sheet=sheet or None)
            intake.findings.append(Finding("results.not_imported", Severity.WARNING, text, "", where))
            continue
        software = software_key(reading.value.provenance.tool)
        scenarios = buses["scenario"].fillna("").astype(str)
        for scenario in scenarios.unique():
            state = _state(reading.value, scenario, buses[scenarios == scenario], intake, name)
            intake.keep(f"{name}: {scenario}" if scenario else name, software, state.tables(), [file])
    if len(intake.numbers) == before:
        raise BadInput("no table has voltages of buses", hint="print those too", where=Where(name))


def _state(result: StudyResult, scenario: str, buses: pd.DataFrame, intake: Intake, name: str) -> GridState:
    buses = buses.reset_index(drop=True)
    if buses["bus"].duplicated().any():
        twice = buses["bus"][buses["bus"].duplicated()].iloc[0]
        raise BadInput(
            f"bus {twice} is there twice in one load flow", hint="import one case at a time", where=Where(name)
        )
    if buses["v_kv"].notna().any() and LINE_TO_NEUTRAL[0] < buses["v_pu"].median() < LINE_TO_NEUTRAL[1]:
        text = "the voltages are 1/√3 of the nominal ones: line to neutral?"
        raise BadInput(text, hint="give both line to line, or both line to neutral", where=Where(name))
    number, said = numbered(buses["bus"], name)
    intake.findings += said
    if result.study == "power_flow":
        p, q = (_net(buses[f"{unit}_gen_{of}"], buses[f"{unit}_load_{of}"]) for unit, of in POWERS)
        kind = buses["type"].astype(str).str.strip().map(TYPES)
    else:
        p, q, kind = buses["p_mw"], buses["q_mvar"], None
    bus = pd.DataFrame(
        {
            "bus": number,
            "bus_name": buses["name"].where(buses["name"].astype(str) != "", buses["bus"]),
            "type": kind,
            "p": p / intake.base_mva,
            "q": q / intake.base_mva,
            "v_mag": buses["v_pu"],
            "angle_deg": buses["angle_deg"],
            "vbase": buses["base_kv"].fillna(buses["v_kv"] / buses["v_pu"]),
        }
    )
    line = _lines(result, scenario, dict(zip(buses["bus"], number, strict=True)))
    gen, load = (_elements(buses, number, key, intake.base_mva) for key in ("gen", "load"))
    return GridState(intake.start, bus, gen, load, line)


def _net(generated: pd.Series, drawn: pd.Series) -> pd.Series:
    """Return generation less load, of which one may be blank at a bus; missing where the table has neither."""
    if generated.isna().all() and drawn.isna().all():
        return generated
    return generated.fillna(0) - drawn.fillna(0)


def _elements(buses: pd.DataFrame, number: np.ndarray, key: str, base_mva: float) -> pd.DataFrame:
    """Return machines or loads, those of a bus as one, where the table prints their power."""
    names = [f"{unit}_{key}_{of}" for unit, of in POWERS]
    if not set(names) <= set(buses):
        return pd.DataFrame()
    powers = buses[names].set_axis(["p", "q"], axis=1) / base_mva
    there = (powers.fillna(0) != 0).any(axis=1).to_numpy()
    found = powers[there].reset_index(drop=True)
    found[key], found["bus"], found["status"] = np.arange(1, len(found) + 1), number[there], 1
    return found.assign(**{f"{key}_name": f"{key.capitalize()}_" + found["bus"].astype(str)})


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
