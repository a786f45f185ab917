"""What monitors of an OpenDSS circuit recorded over time, into one simulation.

Mode 0 gives voltages of buses and loadings of lines and transformers, mode 1 powers of machines and loads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where, listed
from core.formats.opendss.circuit import LINES, LOADS, MACHINES, Circuit
from core.formats.opendss.element_exports import loading_pct
from core.formats.opendss.exports import TURN, of_phases
from core.formats.opendss.monitors import Record, read_monitor
from core.formats.time_stamps import written
from core.studies.simulation.intake import File, Intake
from core.studies.simulation.printed import numbered

#: An element's columns: values by step, or one for all steps.
Row = dict[str, Any]


def import_monitors(intake: Intake, case: str, circuit: Circuit, files: list[File]) -> None:
    """Import the monitors of one solution over time."""
    records = [read_monitor(*file, circuit) for file in files]
    stamps = _stamps(intake, records)
    number, said = numbered(pd.Series(list(circuit.base_kv)), case)
    at = dict(zip(circuit.base_kv, number.tolist(), strict=True))
    buses = _buses(circuit, records)
    powers = _powers(circuit, records, at, intake.base_mva)
    rows = {
        "bus": [{"bus": at[name], **bus} for name, bus in buses.items()],
        "generator": [row for row in powers if "gen" in row],
        "load": [row for row in powers if "load" in row],
        "line": _lines(circuit, records, at),
    }
    intake.findings += [*said, *_remarks(buses, records)]
    intake.keep(case, "opendss", {name: _table(of, stamps) for name, of in rows.items() if of}, files)


def _stamps(intake: Intake, records: list[Record]) -> list[str]:
    """Return the time stamps of the steps, the same of all monitors."""
    first = records[0]
    if not intake.timed:
        hint = "say when that was: --start 2025-01-01T00:00:00, or the time of results that name none"
        raise BadInput("monitors count hours from a time that no file tells", hint=hint, where=first.where)
    for record in records:
        if not np.array_equal(record.seconds, first.seconds):
            hint = "export all monitors after one solution over time"
            raise BadInput(f"the times are not those of {first.where.file}", hint=hint, where=record.where)
    try:
        times = pd.Timestamp(intake.start) + pd.to_timedelta(first.seconds, unit="s")
    except (OverflowError, pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta) as error:
        raise BadInput("the hours are too many for a time stamp", hint="export it again", where=first.where) from error
    return list(written(pd.Series(times)))


def _table(rows: list[Row], stamps: list[str]) -> pd.DataFrame:
    return pd.concat([pd.DataFrame({"timestamp": stamps, **row}) for row in rows], ignore_index=True)


def _buses(circuit: Circuit, records: list[Record]) -> dict[str, Row]:
    """Return the buses of the elements: with a voltage where the monitors saw all phases that the bus has."""
    volts: dict[str, dict[int, np.ndarray]] = {bus: {} for record in records for bus in record.element.buses}
    for record in records:
        terminal = record.monitor.terminal - 1
        if "v" in record.values:
            seen = zip(record.element.nodes[terminal], record.values["v"].T, strict=True)
            volts[record.element.buses[terminal]] |= dict(seen)
    return {name: _bus(name, circuit, seen) for name, seen in volts.items()}


def _bus(name: str, circuit: Circuit, volts: dict[int, np.ndarray]) -> Row:
    base_kv, phases = circuit.base_kv[name], [node for node in circuit.nodes[name] if node in TURN]
    bus = {"bus_name": name, "vbase": base_kv or np.nan, "v_mag": np.nan, "angle_deg": np.nan}
    if not base_kv or not set(phases) <= set(volts) or not phases:
        return bus
    v_pu = np.column_stack([volts[node] for node in phases]) / (base_kv * 1000 / 3**0.5)
    mean, size, split = of_phases(np.tile(phases, (len(v_pu), 1)), v_pu)
    return bus | {"v_mag": size, "angle_deg": np.where(split, np.nan, np.angle(mean, deg=True))}


def _powers(circuit: Circuit, records: list[Record], at: dict[str, int], base_mva: float) -> list[Row]:
    """Return machines and loads with their powers; machines give what flows out of them."""
    of = [record for record in records if "s" in record.values]
    names = [record.monitor.element for record in of]
    rows = []
    for record, name in zip(of, names, strict=True):
        kind = name.partition(".")[0]
        if kind not in MACHINES + LOADS or record.monitor.terminal != 1:
            text = f"no table has columns for the power through {name}"
            hint = "a monitor of mode 0 has the loading of a line, of mode 1 the power of a load or machine"
            raise BadInput(text, hint=hint, where=record.where)
        if names.count(name) > 1:
            raise BadInput(f"there are two monitors of {name}", hint="leave one of them out", where=record.where)
        key, sign, classes = ("load", 1, LOADS) if kind in LOADS else ("gen", -1, MACHINES)
        s_pu = sign * record.values["s"].sum(axis=1) / 1000 / base_mva
        told = {key: circuit.classed(classes).index(name) + 1, f"{key}_name": name, "bus": at[record.element.buses[0]]}
        rows.append({**told, "p": s_pu.real, "q": s_pu.imag, "status": 1})
    return rows


def _lines(circuit: Circuit, records: list[Record], at: dict[str, int]) -> list[Row]:
    """Return lines and transformers with their loading; a transformer is rated by its first winding."""
    loading: dict[str, np.ndarray] = {}
    for record in records:
        name, element = record.monitor.element, record.element
        if _rated(record):
            pct = loading_pct(np.abs(record.values["i"][:, : element.phases]), element.normal_amps)
            loading[name] = np.fmax(loading.get(name, pct), pct)
    every = circuit.classed(LINES)
    ends = {name: [at[bus] for bus in circuit.elements[name].buses[:2]] for name in loading}
    return [
        {"line": every.index(name) + 1, "line_name": name, "ibus": i, "jbus": j, "line_pct": loading[name], "status": 1}
        for name, (i, j) in ends.items()
    ]


def _rated(record: Record) -> bool:
    kind = record.monitor.element.partition(".")[0]
    return "i" in record.values and kind in LINES and (kind == "line" or record.monitor.terminal == 1)


def _remarks(buses: dict[str, Row], records: list[Record]) -> list[Finding]:
    """Say what buses' voltages are, which have none, and whose currents fill no column."""
    where = Where(file=records[0].where.file)
    text = "buses have the mean of their phases, B and C turned onto A; they have no net powers"
    findings = [Finding("opendss.phases", Severity.INFO, text, "", where)]
    if blind := [name for name, bus in buses.items() if np.isnan(bus["v_mag"]).all()]:
        text = f"no voltage of {listed(blind)}: no monitors of mode 0 saw all their phases, or they have no nominal one"
        findings.append(Finding("opendss.nodes", Severity.WARNING, text, "", where))
    unused = [record.monitor.element for record in records if "i" in record.values and not _rated(record)]
    if unused:
        text = f"no table has columns for the currents of {listed(unused)}"
        findings.append(Finding("opendss.currents", Severity.INFO, text, "", where))
    return findings
