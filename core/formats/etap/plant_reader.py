"""Equipment files and workbooks → a plant: the specification's equipment table, or all the sheets that the hub writes.

What the file leaves out is completed by :mod:`core.formats.etap.completion`, one finding an assumption.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from pathlib import Path, PurePath

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.etap.completion import complete
from core.formats.etap.technology import recognise
from core.formats.etap.workbook import LAYOUT
from core.formats.plant_sheets import fitting, plant_rows, read_sheet
from core.formats.settings_sheet import is_settings, read_settings
from core.formats.tables import PrintedTable
from core.plant import Plant, PlantSettings

#: An equipment file names sources; without one of these columns it can't be one.
RATINGS = ("rated_mw", "rated_mva", "rated_kv")


def read_etap_plant(tables: Sequence[PrintedTable], name: str) -> tuple[Plant, list[Finding]]:
    """Return the plant that the tables describe.

    Raises
    ------
    BadInput
        When none of the tables names equipment.
    """
    rows, findings, settings, plant_name = _sheets(tables, name)
    if "unit" not in rows:
        seen = "; ".join(", ".join(table.headings[:8]) for table in tables[:3]) or "no table"
        raise BadInput(
            f"no equipment table was found; the headings are: {seen}",
            hint="the equipment sheet needs at least ID, Bus_ID, Rated_kV and Rated_MW",
            where=Where(file=name),
        )
    rows["unit"], loads, said = _units(rows["unit"])
    findings += said
    if len(loads):
        rows["load"] = pd.concat([rows["load"], loads], ignore_index=True) if "load" in rows else loads
    if "scenario" in rows:
        _translate(rows["scenario"], "type", "scenario_type")
    for table in rows.keys() & {"transformer", "cable", "load", "shunt"}:
        _translate(rows[table], "status", "status")
    full: dict[str, pd.DataFrame] = {}
    for table, own in rows.items():
        full[table], said = plant_rows(table, own, derived=("type",) if table == "unit" else ())
        findings += said
    plant, said = complete(Plant.of(plant_name or PurePath(name).stem, full, settings))
    return plant, findings + said


def _sheets(
    tables: Sequence[PrintedTable], name: str
) -> tuple[dict[str, pd.DataFrame], list[Finding], PlantSettings, str]:
    """Return the rows of each plant table, with what else the file says."""
    rows: dict[str, pd.DataFrame] = {}
    findings: list[Finding] = []
    settings, plant_name = PlantSettings(), ""
    for printed in tables:
        if is_settings(printed):
            plant_name, settings, said = read_settings(printed)
            findings += said
            continue
        sheet, _ = fitting(printed, LAYOUT)
        if sheet is None or sheet.table in rows:
            if printed.rows and len(printed.headings) > 1:
                text = f"a table was not read: {', '.join(printed.headings[:6])}"
                findings.append(Finding("plant.table.unread", Severity.WARNING, text, where=printed.where()))
            continue
        own, said = read_sheet(printed, sheet)
        if sheet.table == "unit" and not set(RATINGS) & set(own.columns):
            continue
        rows[sheet.table] = own
        findings += said
    return rows, findings, settings, plant_name


def _units(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, list[Finding]]:
    """Return the sources, the rows of the table that are loads, and remarks."""
    rows = rows.copy()
    for column in ("name", "etap_type", "bus", "type"):
        if column not in rows:
            rows[column] = ""
    _translate(rows, "status", "status")
    findings: list[Finding] = []
    kinds = rows["etap_type"].map(lambda text: _words("kind").get(text.strip().casefold(), "unit"))
    other = rows[kinds == "other"]
    if len(other):
        text = f"{len(other)} rows are not sources and were left out: {_some(other['id'])}"
        hint = "transformers, cables and breakers need their own sheets; the hub's ETAP workbook shows them"
        findings.append(Finding("plant.equipment.left_out", Severity.WARNING, text, hint, _where(other)))
    loads = rows[kinds == "load"]
    loads = loads.rename(columns={"rated_mw": "p_mw", "rated_pf": "pf"})
    loads = loads[[c for c in ("id", "name", "bus", "p_mw", "pf", "status", "file", "sheet", "row") if c in loads]]
    units = rows[kinds == "unit"].reset_index(drop=True)
    findings += _technologies(units) + _power_factors(units) + _missing_power(units)
    return units.drop(columns="etap_type"), loads, findings


def _technologies(units: pd.DataFrame) -> list[Finding]:
    """Fill the technology where the file has none, and say what it was told by."""
    blank = units["type"] == ""
    told = [recognise(*row) for row in zip(units["etap_type"], units["id"], units["name"], strict=True)]
    units["type"] = units["type"].mask(blank, pd.Series([kind for kind, _ in told], dtype="object"))
    by = pd.Series([source for _, source in told], dtype="object")
    findings = []
    for source in ("id", "name"):
        chosen = units[blank & (by == source)]
        if len(chosen):
            kinds = "; ".join(f"{kind}: {_some(own['id'])}" for kind, own in chosen.groupby("type", sort=False))
            text = f"the Type column doesn't tell the technology; it was told by the {source} – {kinds}"
            hint = "a Technology column with RECIPROCATING_ENGINE, GAS_TURBINE, … says it for certain"
            findings.append(Finding("plant.technology.told", Severity.INFO, text, hint, _where(chosen)))
    assumed = units[blank & (by == "")]
    if len(assumed):
        kinds = "; ".join(f"{kind}: {_some(own['id'])}" for kind, own in assumed.groupby("type", sort=False))
        text = f"neither type nor id nor name tells the technology of {len(assumed)} units; assumed – {kinds}"
        hint = "add a Technology column with RECIPROCATING_ENGINE, GAS_TURBINE, STEAM_TURBINE, BESS, PV, WIND or GRID"
        findings.append(Finding("plant.technology.assumed", Severity.WARNING, text, hint, _where(assumed)))
    return findings


def _power_factors(units: pd.DataFrame) -> list[Finding]:
    """Turn power factors that are printed in per cent into fractions."""
    if "rated_pf" not in units:
        return []
    percent = (units["rated_pf"] > 1) & (units["rated_pf"] <= 100)
    units["rated_pf"] = units["rated_pf"].mask(percent, units["rated_pf"] / 100)
    if not percent.any():
        return []
    text = f"power factors above 1 were read as per cent: {_some(units.loc[percent, 'id'])}"
    return [Finding("plant.power_factor.percent", Severity.WARNING, text, where=_where(units[percent]))]


def _missing_power(units: pd.DataFrame) -> list[Finding]:
    """Fill MW or MVA from the other and the power factor, where the file gives two of the three."""
    for column in ("rated_mw", "rated_mva", "rated_pf"):
        if column not in units:
            units[column] = float("nan")
    findings = []
    rules = (
        ("rated_mva", units["rated_mw"] / units["rated_pf"], "MW / PF"),
        ("rated_mw", units["rated_mva"] * units["rated_pf"], "MVA · PF"),
        ("rated_pf", (units["rated_mw"] / units["rated_mva"]).where(lambda pf: pf <= 1).round(4), "MW / MVA"),
    )
    for column, values, formula in rules:
        filled = units[column].isna() & values.notna()
        units[column] = units[column].mask(filled, values)
        if filled.any():
            text = f"{column} is missing and was calculated as {formula}: {_some(units.loc[filled, 'id'])}"
            findings.append(Finding("plant.rating.calculated", Severity.WARNING, text, where=_where(units[filled])))
    return findings


def _translate(rows: pd.DataFrame, column: str, words: str) -> None:
    """Put our words for the tool's, in place; unknown ones stay and are reported by the plant's checks."""
    if column in rows:
        rows[column] = rows[column].map(lambda text: _words(words).get(str(text).strip().casefold(), text))


@cache
def _words(column: str) -> dict[str, str]:
    """Return the tool's words of a column → ours."""
    with Path(__file__).with_name("words.csv").open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["column"] == column]
    return {word: row["ours"] for row in rows for word in row["theirs"].split("|")}


def _some(ids: pd.Series) -> str:
    return ", ".join(ids.head(12)) + (f" and {len(ids) - 12} more" if len(ids) > 12 else "")


def _where(rows: pd.DataFrame) -> Where:
    first = rows.iloc[0]
    return Where(file=first["file"], sheet=first["sheet"] or None, row=int(first["row"]))
