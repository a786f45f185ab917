"""Checks of impedances and ratings: what an element needs so that anything can be calculated with it."""

from __future__ import annotations

import pandas as pd

from core.feeder.subject import Subject
from core.findings import Finding, Severity, counted, listed

LINES = ("overhead", "cable")
#: No transformer has a larger reactance [%].
MOST_X_PCT = 100.0
#: What takes or gives power, as a finding calls one of it.
UNITS = {"loads": "load", "capacitors": "capacitor", "der": "generating unit"}
#: The column of each that says how much.
POWER = {"loads": "p_kw", "capacitors": "kvar", "der": "p_kw"}


def impedances_plausible(subject: Subject) -> list[Finding]:
    """Each phase of a line has an impedance, and no resistance is negative."""
    own = subject.feeder["impedances"]
    own = own[own["row"] == own["column"]]
    branches = subject.feeder["branches"]
    lines = branches[branches["kind"].isin(LINES) & (branches["length_km"] > 0) & (branches["origin"] != "ideal")]
    found = []
    for what, wrong in (
        ("no impedance in one of their phases", (own["r_ohm_km"] == 0) & (own["x_ohm_km"] == 0)),
        ("a negative resistance", own["r_ohm_km"] < 0),
    ):
        named = lines[lines["id"].isin(own.loc[wrong, "branch"])]
        for equipment, group in named.groupby(named["equipment"].astype(str), sort=False):
            of = f" of type {equipment!s}" if equipment else ""
            text = f"{counted(len(group), 'line')}{of} with {what}: {listed(group['id'])}"
            hint = "Correct the line type: voltages and losses behind it are wrong"
            found.append(_on_first(subject, "impedance", text, hint, "branches", group["id"]))
    return found


def transformers_plausible(subject: Subject) -> list[Finding]:
    """A transformer has an impedance, and each of its windings a voltage and a power."""
    units, windings = subject.feeder["transformers"], subject.feeder["windings"]
    resistance = windings["r_pct"].groupby(windings["transformer"]).sum()
    ideal = units.loc[(units["x_hl_pct"] == 0) & ~(units["id"].map(resistance) > 0), "id"]
    beyond = units.loc[units["x_hl_pct"] > MOST_X_PCT, "id"]
    rated = (windings["kv"] > 0) & (windings["kva"] > 0)
    found = []
    if len(ideal):
        text = f"{counted(len(ideal), 'transformer')} without impedance, a very small one stands in: {listed(ideal)}"
        found.append(_on_first(subject, "transformer_impedance", text, "Correct its impedance", "transformers", ideal))
    if len(beyond):
        text = f"{counted(len(beyond), 'transformer')} with a reactance above {MOST_X_PCT:g} %: {listed(beyond)}"
        hint = "Correct its impedance; OpenDSS takes 700 % where a script says 0"
        found.append(_on_first(subject, "transformer_impedance", text, hint, "transformers", beyond))
    if not rated.all():
        names = windings.loc[~rated, "transformer"].drop_duplicates()
        text = f"{counted(len(names), 'transformer')} with a winding that has no voltage or no power: {listed(names)}"
        found.append(_on_first(subject, "transformer_rating", text, "Correct its ratings", "transformers", names))
    return found


def units_rated(subject: Subject) -> list[Finding]:
    """What takes or gives power has a rated voltage, where a source reaches it, and a power that is a number."""
    found = []
    for table, called in UNITS.items():
        rows = subject.feeder[table]
        rows = rows[rows["in_service"] & rows["bus"].isin(set(subject.tree.parent))]
        unrated = rows.loc[~(rows["kv"] > 0), "id"]
        if len(unrated):
            text = f"{counted(len(unrated), called)} without a rated voltage: {listed(unrated)}"
            found.append(_on_first(subject, "unit_voltage", text, "Correct the rated voltage", table, unrated))
        unknown = rows.loc[rows[POWER[table]].isna(), "id"]
        if len(unknown):
            text = f"{counted(len(unknown), called)} whose power is no number, none counts: {listed(unknown)}"
            found.append(_on_first(subject, "unit_power", text, "Correct the power", table, unknown))
    return found


def _on_first(subject: Subject, code: str, text: str, hint: str, table: str, names: pd.Series) -> Finding:
    return subject.finding(code, Severity.ERROR, text, hint, table=table, element=str(names.iloc[0]))
