"""The forms of a requirement: what the plant must do, under which prices and limits, by which technologies."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd
import streamlit as st

from core.design.catalogue_file import read_technologies
from core.design.defaults import default, shipped_rows, source_of
from core.design.requirement import Requirement
from core.design.requirement_file import read_hours
from core.design.technology import shipped_technologies
from core.documents import dump
from core.errors import BadInput
from pages.parts.errors import show_error

#: Numbers of a requirement: key → (label, least, greatest, step).
NUMBERS = {
    "load_mw": ("Load [MW]", 0.0, 1e5, 10.0),
    "power_factor": ("Power factor", 0.5, 1.0, 0.01),
    "availability_target": ("Availability target", 0.5, 0.9999999, 0.0001),
    "redundancy_level": ("Largest units out at full load", 0.0, 5.0, 1.0),
    "gas": ("Gas price [USD/GJ]", 0.0, 1e3, 0.5),
    "carbon_usd_per_t": ("Carbon price [USD/t]", 0.0, 1e4, 10.0),
    "grid_max_mw": ("Largest grid connection [MW]", 0.0, 1e5, 10.0),
    "grid_usd_per_mwh": ("Grid energy [USD/MWh]", 0.0, 1e4, 5.0),
    "renewable_share": ("Renewable share at least", 0.0, 1.0, 0.05),
    "discount_rate": ("Discount rate", 0.0, 1.0, 0.01),
    "project_years": ("Project life [years]", 1.0, 100.0, 1.0),
    "bess_min_mwh": ("Battery energy at least [MWh]", 0.0, 1e6, 10.0),
}
NAMES = {"gas": "fuel_usd_per_gj.gas"}  # of a field in defaults.csv, where it is another
#: Limits that hold only when they are entered.
LIMITS = {
    "budget_usd": "Investment at most [USD]",
    "land_ha": "Land at most [ha]",
    "emission_cap_t": "CO2 a year at most [t]",
    "max_unit_size_mw": "Largest unit [MW]",
}
SERIES = {
    "load_mw": "Load of every hour [MW], a CSV with 8,760 rows",
    "pv_yield": "Yield of the sun in every hour [1]",
    "wind_yield": "Yield of the wind in every hour [1]",
}
TECHNOLOGY = {
    "use": "Use",
    "id": "Technology",
    "name": "Name",
    "kind": "Kind",
    "unit_mw": "Unit [MW]",
    "min_load_pct": "Least load [%]",
    "heat_rate_full_gj_mwh": "Heat rate [GJ/MWh]",
    "ramp_pct_per_min": "Ramp [%/min]",
    "start_cost_usd": "Start [USD]",
    "capex_usd_per_kw": "Capital [USD/kW]",
    "capex_usd_per_kwh": "Capital [USD/kWh]",
    "fixed_usd_per_kw_year": "Fixed [USD/kW year]",
    "variable_usd_per_mwh": "Variable [USD/MWh]",
    "life_years": "Life [years]",
    "mtbf_h": "MTBF [h]",
    "mttr_h": "MTTR [h]",
    "max_count": "Units at most",
    "price_year": "Prices of the year",
    "source": "Source",
}


PRICE = {
    "id": "Equipment",
    "unit": "Unit",
    "usd": st.column_config.NumberColumn("Price [USD/unit]", required=True, min_value=0.0),
    "price_year": "Of the year",
    "source": "Source",
}
PART = {
    "name": "Part and constant, up to a rating [MVA]",
    "value": st.column_config.NumberColumn("Value", required=True, min_value=0.0, format="%g"),
    "unit": "Unit",
    "source": "Source",
}


def requirement_form(last: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the requirement that is entered, as requirement files have it; the form starts with ``last``.

    There is none while a file of it is refused: nobody shall size for another load than the one that was brought.
    """
    columns = st.columns(4)
    entered: dict[str, Any] = {}
    for place, (key, (label, least, most, step)) in enumerate(NUMBERS.items()):
        shipped = _shipped(key)
        before = last.get("fuel_usd_per_gj", {}).get(key, shipped) if key == "gas" else last.get(key, shipped)
        before = shipped if isinstance(before, list) else float(before)
        source = source_of(NAMES.get(key, key)) or None
        digits = "%.6f" if key == "availability_target" else "%g"
        entered[key] = columns[place % 4].number_input(label, least, most, before, step, format=digits, help=source)
    for place, (key, label) in enumerate(LIMITS.items()):
        limit = columns[place].number_input(label, 0.0, value=last.get(key), placeholder="no limit")
        entered |= {} if limit is None else {key: limit}
    entered["fuel_usd_per_gj"] = {"gas": entered.pop("gas")}
    entered["project_years"] = int(entered["project_years"])
    clear_sky = "Estimate the sun's yield by a clear sky (an upper estimate)"
    entered["clear_sky_estimate"] = st.checkbox(clear_sky, bool(last.get("clear_sky_estimate")))
    series = _series(last)
    text = dump(entered | (series or {}), indent=2)
    st.download_button(
        "Requirement as JSON", text, "requirement.json", icon=":material/download:", disabled=series is None
    )
    return None if series is None else entered | series


def _series(last: Mapping[str, Any]) -> dict[str, list[float]] | None:
    """Return the hours of the series that are brought; ``None`` when a file of them is refused."""
    given: dict[str, list[float]] = {}
    refused = False
    for column, (key, label) in zip(st.columns(len(SERIES)), SERIES.items(), strict=True):
        with column:
            file = st.file_uploader(label, type=["csv", "txt"], key=f"series-{key}")
            try:
                hours = _hours(file, key) if file else _kept(last, key)
                given |= {key: hours} if hours else {}
            except BadInput as error:
                show_error(error)
                refused = True
    return None if refused else given


def _shipped(key: str) -> float:
    """Return the number that a field of the form begins with."""
    if source_of(NAMES.get(key, key)):
        return default(NAMES.get(key, key))
    return Requirement().bound(key, 0.0)


def _kept(last: Mapping[str, Any], key: str) -> list[float]:
    """Return the hours of the last run where it had some and they shall stay."""
    hours = last.get(key)
    return (
        hours if isinstance(hours, list) and st.checkbox("Keep the last run's hours", True, key=f"keep-{key}") else []
    )


def _hours(file: Any, key: str) -> list[float]:
    """Return the hours of an uploaded CSV file, and show the remarks on it."""
    reading = read_hours(file.getvalue(), file.name, key)
    for finding in reading.findings:
        st.caption(f":material/info: {finding.text}")
    return list(reading.value)


def catalogue_form(last: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the technologies that may be chosen, with their edited numbers; ``None`` when their file is refused."""
    shipped = pd.DataFrame([asdict(t) for t in shipped_technologies()])
    before = {row["id"]: row for row in last.get("technologies", [])}
    rows = pd.DataFrame([{**row, **before.get(row["id"], {})} for row in shipped.to_dict("records")])
    rows["use"] = rows["id"].isin(before) if before else True
    file = st.file_uploader("Another catalogue (CSV as downloaded below)", type=["csv"])
    if file is not None:
        try:
            rows = pd.DataFrame([asdict(t) for t in read_technologies(file.getvalue(), file.name)]).assign(use=True)
        except BadInput as error:
            show_error(error)
            return None
    edited = st.data_editor(
        rows,
        column_config={column: TECHNOLOGY.get(column, column) for column in rows},
        column_order=list(TECHNOLOGY),
        disabled=["id", "kind"],
        hide_index=True,
        key=f"catalogue-{file.name if file else ''}",
        placeholder="–",
    )
    text = io.StringIO()
    edited.drop(columns="use").to_csv(text, index=False)
    st.download_button("Catalogue as CSV", text.getvalue(), "technologies.csv", icon=":material/download:")
    chosen = edited[edited["use"].fillna(False).astype(bool)].drop(columns="use")
    cells = chosen.astype(object).where(chosen.notna(), None)
    st.markdown("**Transformers, breakers, banks, reactors**")
    prices = _number_form("equipment_prices", PRICE, last)
    st.markdown("**Impedances, earthing, voltages, failures and repairs**")
    parts = _number_form("electrical_parts", PART, last)
    return {"technologies": cells.to_dict("records"), "equipment_prices": prices, "electrical_parts": parts}


def _number_form(table: str, columns: Mapping[str, Any], last: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a shipped table by their names, as they are edited."""
    rows, before = pd.DataFrame(shipped_rows(table)), last.get(table, {})
    name, value = next(iter(rows)), "usd" if "usd" in rows else "value"
    rows[value] = [float(before.get(key, number)) for key, number in zip(rows[name], rows[value], strict=True)]
    fixed = [column for column in rows if column != value]
    edited = st.data_editor(rows, column_config=columns, disabled=fixed, hide_index=True, key=table)
    return {str(key): float(number) for key, number in zip(edited[name], edited[value], strict=True)}
