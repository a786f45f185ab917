"""Checks of a plant's data: one small function a rule, each finding says how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import gamma

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, Where
from core.plant.model import CATALOGUE, EQUIPMENT, SYNCHRONOUS, Plant, split_ids
from core.plant.topology import islands

MTBF_TOLERANCE = 0.01
VOLTAGE_TOLERANCE = 0.1
MOST_TAP_PCT = 30.0
RATING_COLUMNS = {
    "unit": ("rated_kv", "rated_mw", "rated_mva"),
    "transformer": ("rated_mva", "hv_kv", "lv_kv", "z_pct"),
    "cable": ("rated_a",),
    "breaker": ("rated_kv", "breaking_ka"),
    "bus": ("kv",),
    "reliability": ("mtbf_h", "mttr_h"),
}
#: Columns that may be empty or zero, and are never negative.
UNSIGNED_COLUMNS = {
    "unit": ("x2_pu", "x0_pu", "neutral_ohm", "energy_mwh", "droop_pct", "governor_s", "fault_current_factor"),
    "cable": ("b_us",),
    "breaker": ("making_ka", "dc_pct", "continuous_a", "opening_s", "clearing_s", "clearing_reduced_s"),
}
VECTOR_GROUP = r"(?i)\s*(?:Y|YN|D|Z|ZN)(?:Y|YN|D|Z|ZN)(?:\d|1[01])\s*"
BUS_REFERENCES = {
    "unit": ("bus",),
    "transformer": ("hv_bus", "lv_bus"),
    "cable": ("from_bus", "to_bus"),
    "breaker": ("bus",),
    "load": ("bus",),
    "shunt": ("bus",),
}


def check_plant(plant: Plant) -> list[Finding]:
    """Return every remark on the plant's data."""
    return [finding for check in CHECKS for finding in check(plant)]


def _found(
    code: str, rows: pd.DataFrame, table: str, text: str, hint: str, *, severity: Severity = Severity.ERROR
) -> Iterable[Finding]:
    """Make one finding a row; ``text`` and ``hint`` may name the row's columns in braces."""
    for index, row in zip(rows.index, rows.to_dict(orient="records"), strict=True):
        values = {"table": table, **{str(key): value for key, value in row.items()}}
        yield Finding(
            code=f"plant.{code}",
            severity=severity,
            text=text.format(**values),
            hint=hint.format(**values),
            where=Where(sheet=table, row=int(index) + 1),
            element=str(row.get("id", "")) or None,
        )


def _settings(plant: Plant) -> Iterable[Finding]:
    given = plant.settings
    if given.frequency_hz not in (50.0, 60.0):
        text = f"the plant's frequency is {given.frequency_hz:g} Hz"
        yield Finding("plant.frequency", Severity.ERROR, text, "set frequency_hz to 50 or 60", Where(sheet="settings"))
    if not given.loss_allowance_pct >= 0:
        text = f"the allowance for losses is {given.loss_allowance_pct:g} %"
        yield Finding(
            "plant.losses", Severity.ERROR, text, "set loss_allowance_pct to 0 or more", Where(sheet="settings")
        )
    if not given.base_mva > 0:
        text = f"the base power is {given.base_mva:g} MVA"
        yield Finding(
            "plant.base", Severity.ERROR, text, "set base_mva above zero; 100 is usual", Where(sheet="settings")
        )


def double_ids(plant: Plant) -> list[Finding]:
    """Return what is remarked on ids that name more than one thing: a study can't tell which is meant."""
    return [finding for finding in _ids(plant) if finding.code != "plant.id.missing"]


def _ids(plant: Plant) -> Iterable[Finding]:
    for table, rows in plant.tables.items():
        if "id" not in CATALOGUE[table]:
            continue
        yield from _found(
            "id.missing", rows[rows["id"].str.strip() == ""], table, "a {table} without an id", "give every row an id"
        )
        double = rows[rows["id"].duplicated(keep="first")]
        yield from _found(
            "id.duplicate", double, table, "{table} “{id}” is there twice", "rename or delete one of them"
        )
    ids = plant.equipment_ids()
    tables_of = ids.groupby(level=0).nunique()
    for element in tables_of[tables_of > 1].index:
        kinds = ", ".join(sorted(set(ids.loc[[element]])))
        hint = "ids are unique over all equipment"
        yield Finding("plant.id.shared", Severity.ERROR, f"{element} names a {kinds}", hint, element=element)


def _bus_numbers(plant: Plant) -> Iterable[Finding]:
    rows = plant["bus"]
    number = rows["number"]
    bad = rows[number.isna() | (number < 1) | (number > 999997)]
    yield from _found("bus.number", bad, "bus", "bus {id} has no PSS/E number", "give it a number from 1 to 999997")
    double = rows[number.duplicated() & number.notna()]
    yield from _found("bus.number", double, "bus", "bus number {number} is used twice", "give bus {id} its own number")


def _references(plant: Plant) -> Iterable[Finding]:
    buses = set(plant["bus"]["id"])
    for table, columns in BUS_REFERENCES.items():
        for column in columns:
            rows = plant[table]
            unknown = rows[~rows[column].isin(buses)]
            yield from _found(
                "bus.unknown",
                unknown,
                table,
                f"{{table}} {{id}} stands on bus {{{column}!r}}, which the plant does not have",
                "add the bus or correct the id",
            )
    equipment = set(plant.equipment_ids().index)
    breakers = plant["breaker"]
    yield from _found(
        "breaker.element",
        breakers[(breakers["element"] != "") & ~breakers["element"].isin(equipment)],
        "breaker",
        "breaker {id} switches {element!r}, which the plant does not have",
        "correct the equipment id",
    )


def _ratings(plant: Plant) -> Iterable[Finding]:
    for table, columns in RATING_COLUMNS.items():
        rows = plant[table]
        for column in columns:
            unit = CATALOGUE[table][column].unit
            bad = rows[rows[column].isna() | (rows[column] <= 0)]
            yield from _found(
                "rating.missing",
                bad,
                table,
                f"{{table}} {{id}} has no {column} above zero",
                f"enter {CATALOGUE[table][column].help.lower()} in {unit}",
            )
    loads = plant["load"]
    bad_pf = loads[(loads["pf"] <= 0) | (loads["pf"] > 1)]
    yield from _found(
        "load.pf", bad_pf, "load", "load {id} has a power factor of {pf}", "enter one above 0 and up to 1"
    )
    units, transformers = plant["unit"], plant["transformer"]
    bad_pf = units[(units["rated_pf"] <= 0) | (units["rated_pf"] > 1)]
    yield from _found(
        "unit.pf", bad_pf, "unit", "unit {id} has a power factor of {rated_pf}", "enter one above 0 and up to 1"
    )
    bad_tap = transformers[transformers["tap_pct"].abs() > MOST_TAP_PCT]
    hint = f"enter it in per cent of the rated voltage, at most ±{MOST_TAP_PCT:g} %"
    yield from _found("transformer.tap", bad_tap, "transformer", "transformer {id} has a tap of {tap_pct} %", hint)
    negative = loads[loads["p_mw"].isna() | (loads["p_mw"] < 0)]
    yield from _found(
        "load.power", negative, "load", "load {id} has an active power of {p_mw} MW", "enter zero or more MW"
    )


def _unsigned(plant: Plant) -> Iterable[Finding]:
    for table, columns in UNSIGNED_COLUMNS.items():
        rows = plant[table]
        for column in columns:
            text = f"{{table}} {{id}}: {column} is {{{column}}}"
            yield from _found("negative", rows[rows[column] < 0], table, text, "enter zero or more, or leave it empty")


def _transformers(plant: Plant) -> Iterable[Finding]:
    rows = plant["transformer"]
    text, hint = "transformer {id} has an X/R of {x_r}", "enter the ratio, above zero, such as 20"
    yield from _found("transformer.x_r", rows[~(rows["x_r"] > 0)], "transformer", text, hint)
    unknown = rows[~rows["vector_group"].astype(str).str.fullmatch(VECTOR_GROUP)]
    text, hint = "transformer {id} has the vector group {vector_group!r}", "enter one such as Dyn11 or YNd1"
    yield from _found("transformer.vector_group", unknown, "transformer", text, hint)


def _machine_data(plant: Plant) -> Iterable[Finding]:
    units = plant["unit"]
    machines = units[units["type"].isin(SYNCHRONOUS)]
    for column in ("xd_pu", "xd_prime_pu", "xd_double_prime_pu", "h_s"):
        bad = machines[~(machines[column] > 0)]
        text = f"machine {{id}} has no {column} above zero: {{{column}}}"
        yield from _found("machine.data", bad, "unit", text, "take it from the machine's data sheet")
    order = machines[
        (machines["xd_double_prime_pu"] > machines["xd_prime_pu"]) | (machines["xd_prime_pu"] > machines["xd_pu"])
    ]
    text, hint = "machine {id} breaks X''d ≤ X'd ≤ Xd", "check the three reactances and their base"
    yield from _found("machine.order", order, "unit", text, hint)
    above = units[units["rated_mw"] > units["rated_mva"] * 1.0001]
    yield from _found(
        "unit.rating", above, "unit", "unit {id}: {rated_mw} MW is more than {rated_mva} MVA", "check both ratings"
    )
    idle = units[units["p_min_mw"] > units["rated_mw"]]
    text = "unit {id}: its least power of {p_min_mw} MW is more than its {rated_mw} MW"
    yield from _found("unit.p_min", idle, "unit", text, "check both powers")
    inverters = units[units["type"].isin({"BESS", "PV"}) & units["xd_double_prime_pu"].notna()]
    yield from _found(
        "inverter.reactance",
        inverters,
        "unit",
        "{id} feeds through an inverter: its X''d of {xd_double_prime_pu} pu is not used",
        "an inverter's fault current is fault_current_factor times its rated current",
        severity=Severity.WARNING,
    )
    batteries = units[(units["type"] == "BESS") & ~(units["energy_mwh"] > 0)]
    yield from _found(
        "battery.energy",
        batteries,
        "unit",
        "battery {id} has no energy",
        "enter its usable MWh: without it the battery is no firm capacity",
        severity=Severity.WARNING,
    )


def _voltages(plant: Plant) -> Iterable[Finding]:
    kv = plant["bus"].drop_duplicates("id").set_index("id")["kv"]
    ends = (("unit", "bus", "rated_kv"), ("transformer", "hv_bus", "hv_kv"), ("transformer", "lv_bus", "lv_kv"))
    for table, bus, rated in ends:
        rows = plant[table].assign(bus_kv=plant[table][bus].map(kv))
        off = rows[(rows[rated] / rows["bus_kv"] - 1).abs() > VOLTAGE_TOLERANCE]
        yield from _found(
            "voltage.mismatch",
            off,
            table,
            f"{{table}} {{id}} is rated {{{rated}}} kV and stands on {{{bus}}} with {{bus_kv}} kV",
            "correct the rating or the bus",
        )
    rows = plant["breaker"].assign(bus_kv=plant["breaker"]["bus"].map(kv))
    low = rows[rows["rated_kv"] < rows["bus_kv"]]
    text = "breaker {id} is rated {rated_kv} kV on a {bus_kv} kV bus"
    yield from _found("voltage.breaker", low, "breaker", text, "choose a higher rating")
    rows = plant["cable"].assign(from_kv=plant["cable"]["from_bus"].map(kv), to_kv=plant["cable"]["to_bus"].map(kv))
    across = rows[(rows["from_kv"] - rows["to_kv"]).abs() > 1e-6]
    yield from _found(
        "voltage.mismatch",
        across,
        "cable",
        "{id} joins {from_kv} kV and {to_kv} kV",
        "buses of two voltages need a transformer between them",
    )


def _impedances(plant: Plant) -> Iterable[Finding]:
    rows = plant["cable"]
    bad = rows[~(rows["x_ohm"] > 0) | ~(rows["r_ohm"] >= 0)]
    text, hint = (
        "{id} has R = {r_ohm} ohm and X = {x_ohm} ohm",
        "enter R ≥ 0 and X > 0; a closed tie has some X too",
    )
    yield from _found("impedance", bad, "cable", text, hint)


def _connected(plant: Plant) -> Iterable[Finding]:
    parts = islands(plant)
    sources, loads = set(plant.online("unit")["bus"]), set(plant.online("load")["bus"])
    for part in parts[1:]:
        named = ", ".join(sorted(part)[:5]) + (" …" if len(part) > 5 else "")
        alive = "has its own source" if part & sources else "has no source"
        alive += " for its load" if part & loads and not part & sources else ""
        yield Finding(
            "plant.island",
            Severity.ERROR if part & loads and not part & sources else Severity.WARNING,
            f"{named}: not connected with the rest of the plant; it {alive}",
            "add the cable or transformer that connects it",
            element=sorted(part)[0],
        )
    if plant["unit"].empty:
        yield Finding(
            "plant.empty", Severity.ERROR, "the plant has no source", "add generators, batteries or a grid connection"
        )
    if not (plant["load"]["p_mw"] != 0).any():
        yield Finding("plant.load.none", Severity.WARNING, "the plant has no load", "add the load that it serves")


def _reliability(plant: Plant) -> Iterable[Finding]:
    rows = plant["reliability"]
    weibull = rows[(rows["distribution"] == "Weibull") & rows["weibull_eta_h"].notna() & (rows["weibull_beta"] > 0)]
    means = weibull["weibull_eta_h"] * np.array([gamma(1 + 1 / beta) for beta in weibull["weibull_beta"]])
    off = weibull.assign(mean_h=means.round(1))[(weibull["mtbf_h"] / means - 1).abs() > MTBF_TOLERANCE]
    yield from _found(
        "reliability.weibull",
        off,
        "reliability",
        "{id}: an MTBF of {mtbf_h} h against a Weibull mean of {mean_h} h",
        "make eta·Γ(1+1/beta) equal to the MTBF, or leave eta empty",
        severity=Severity.WARNING,
    )
    known = set(rows["id"])
    units = plant["unit"]
    yield from _found(
        "reliability.missing",
        units[~units["id"].isin(known)],
        "unit",
        "{id} has no reliability data",
        "enter its MTBF and MTTR: availability can't be judged without them",
        severity=Severity.WARNING,
    )


def _blocks(plant: Plant) -> Iterable[Finding]:
    blocks = plant["block"]
    known = set(plant["reliability"]["id"]) | set(blocks["id"])
    members_of = dict(zip(blocks["id"], blocks["members"].map(split_ids), strict=True))
    for index, row in zip(blocks.index, blocks.to_dict(orient="records"), strict=True):
        members = split_ids(row["members"])
        frame = blocks.loc[[index]]
        strangers = [member for member in members if member not in known]
        if strangers:
            text = f"block {{id}} counts on {', '.join(strangers)}, which have no reliability data"
            yield from _found("block.member", frame, "block", text, "add the components or correct the ids")
        if not members:
            yield from _found("block.empty", frame, "block", "block {id} has no members", "list its components")
        k = row["k"]
        if row["type"] == "PARALLEL_K_OF_N" and (pd.isna(k) or not 1 <= k <= len(members)):
            text = f"block {{id}} needs {{k}} of {len(members)} members"
            yield from _found("block.k", frame, "block", text, f"K is from 1 to {len(members)}")
    circle = sorted(_circular(members_of))
    if circle:
        text = f"blocks contain each other: {', '.join(circle[:8])}"
        yield Finding("plant.block.circle", Severity.ERROR, text, "break the circle", element=circle[0])


def _circular(members_of: dict[str, list[str]]) -> set[str]:
    """Return the blocks on or above a circle: what stays when blocks of only known members are taken off."""
    open_blocks = dict(members_of)
    while True:
        done = [block for block, members in open_blocks.items() if not any(m in open_blocks for m in members)]
        if not done:
            return set(open_blocks)
        for block in done:
            del open_blocks[block]


def _scenarios(plant: Plant) -> Iterable[Finding]:
    equipment = set(plant.equipment_ids().index)
    rows = plant["scenario"]
    unknown = rows["tripped"].map(lambda text: ", ".join(i for i in split_ids(text) if i not in equipment))
    yield from _found(
        "scenario.element",
        rows.assign(unknown=unknown)[unknown != ""],
        "scenario",
        "scenario {id} trips {unknown}, which the plant does not have",
        "correct the ids",
    )
    bad = rows[~(rows["load_mw"] >= 0) | ~(rows["load_pf"] > 0) | ~(rows["load_pf"] <= 1)]
    yield from _found(
        "scenario.load",
        bad,
        "scenario",
        "scenario {id} has a load of {load_mw} MW at {load_pf}",
        "enter MW ≥ 0 and a power factor up to 1",
    )


def _choices(plant: Plant) -> Iterable[Finding]:
    for table in (*EQUIPMENT, "reliability", "block", "scenario"):
        for column in CATALOGUE[table].values():
            if not column.choices:
                continue
            rows = plant[table]
            yield from _found(
                "choice",
                rows[~rows[column.name].isin((*column.choices, column.default))],
                table,
                f"{{table}} {{id}}: {column.name} is {{{column.name}!r}}",
                f"one of {', '.join(column.choices)}",
            )


CHECKS: tuple[Callable[[Plant], Iterable[Finding]], ...] = (
    _settings,
    _ids,
    _bus_numbers,
    _references,
    _ratings,
    _unsigned,
    _transformers,
    _machine_data,
    _voltages,
    _impedances,
    _connected,
    _reliability,
    _blocks,
    _scenarios,
    _choices,
)
