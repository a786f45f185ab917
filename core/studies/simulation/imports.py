"""Results of other tools into the database: result databases, and PSS/E files with solved voltages."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.errors import BadInput
from core.findings import Finding, Where
from core.formats.networks import recognise
from core.formats.opendss.exports import opendss_export
from core.formats.psse import read_raw
from core.formats.psse.psspy_tables import psspy_table, read_psspy_tables
from core.formats.result_database import MAGIC, read_result_database
from core.formats.time_stamps import STAMP
from core.network.audit import audit
from core.results.database import all_or_nothing, begin, finish, insert_tables
from core.store import Store, now
from core.studies.simulation.circuit_exports import import_circuit
from core.studies.simulation.printed import import_opendss, import_printed
from core.studies.simulation.series import Series
from core.studies.simulation.steps import Grid, tables

#: How a RAW file begins: change code and system base, comments before them.
RAW = re.compile(rb"(\s*@!.*\n)*\s*[01]\s*,\s*[\d.+-]")


def import_files(
    store: Store, files: list[tuple[bytes, Path]], base_mva: float = 100.0
) -> tuple[list[int], list[Finding]]:
    """Import files and return the numbers of their simulations.

    psspy's tables are one case together, and so are OpenDSS's exports with the script of their circuit.
    """
    if not 0 < base_mva < np.inf:
        raise BadInput(f"a system base of {base_mva:g} MVA is none", hint="give a positive number of MVA")
    scripts = [path for _, path in files if path.suffix.lower() == ".dss"]
    if scripts:
        exports = [(data, path.name) for data, path in files if path not in scripts]
        if len(scripts) > 1 or not exports:
            hint = "give one main file, and what OpenDSS exported of its solution"
            raise BadInput("one script and its exports make a case", hint=hint, where=Where(file=scripts[-1].name))
        return import_circuit(store, scripts[0], exports, base_mva)
    tables = [(data, path.name) for data, path in files if psspy_table(data)]
    done = [_psspy(store, tables, base_mva)] if tables else []
    done += [import_results(store, data, path, base_mva) for data, path in files if not psspy_table(data)]
    return [number for numbers, _ in done for number in numbers], [each for _, found in done for each in found]


def _psspy(store: Store, files: list[tuple[bytes, str]], base_mva: float) -> tuple[list[int], list[Finding]]:
    made, findings = read_psspy_tables(files, base_mva, now().strftime(STAMP))
    stamps = sorted(made["bus"]["timestamp"].unique())
    kept = {"files": [{"sha256": store.keep(*file), "name": file[1]} for file in files]}
    sim = begin(store, files[0][1], "psse", base_mva, stamps[0], steps=len(stamps), inputs=kept)
    with all_or_nothing(store, sim):
        insert_tables(store, sim, made, steps=len(stamps))
        finish(store, sim, stamps[-1])
    return [sim], findings


def import_results(store: Store, data: bytes, path: Path, base_mva: float = 100.0) -> tuple[list[int], list[Finding]]:
    """Import a file and return the numbers of its simulations."""
    if data.startswith(MAGIC) and b"grid_simulations" in data:
        return _database(store, path)
    if opendss_export(data):
        return import_opendss(store, data, path.name, base_mva)
    kind = recognise(data, path.name)
    if kind == "rawx" or (kind == "raw" and (RAW.match(data) or path.suffix.lower() == ".raw")):
        return _raw(store, data, path.name)
    if kind != "raw":
        hint = "import RAW with solved voltages, psspy's tables, OpenDSS's voltages, a printed load flow or a database"
        raise BadInput("the file holds no results that can be imported", hint=hint, where=Where(file=path.name))
    return import_printed(store, data, path.name, base_mva)


def _database(store: Store, path: Path) -> tuple[list[int], list[Finding]]:
    read, findings = read_result_database(path)
    numbers = []
    for one in read:
        steps, own = one.steps(), (one.case_name, one.software, one.sbase_mva, one.timestamp_start)
        sim = begin(store, *own, steps=steps if one.timestamp_end else None, notes=one.notes)
        with all_or_nothing(store, sim):
            for software, frames in one.results.items():
                insert_tables(store, sim, frames, software=software)
            insert_tables(store, sim, {}, farms=one.farms, steps=steps)
            if one.timestamp_end:  # without an end it broke off in its own program, and stays interrupted
                finish(store, sim, one.timestamp_end)
        numbers.append(sim)
    return numbers, findings


def _raw(store: Store, data: bytes, name: str) -> tuple[list[int], list[Finding]]:
    """Import the voltages and powers that a RAW file stores; say so when they don't solve its network."""
    reading = read_raw(data, name)
    network, findings = reading.value, list(reading.findings)
    if network["bus"].empty:
        raise BadInput("the file has no bus", where=Where(file=name))
    unsolved = [each for each in audit(network).findings if each.code == "network.audit.not_solved"]
    findings += [replace(each, code="results.not_solved", where=Where(file=name)) for each in unsolved]
    grid, series = Grid.of(network), Series.snapshot(now().strftime(STAMP))
    stored = network.values("bus", "v_pu") * np.exp(1j * np.deg2rad(network.values("bus", "angle_deg")))
    v = np.where(network.bus_in_service(), stored, np.nan)[None, :]
    injected = v * np.conj(grid.case.admittance @ np.nan_to_num(v[0]))
    given = (injected + grid.case.demand(np.abs(v)), np.ones((1, 1)))  # nothing is missing: machines keep their output
    made = {name: frame for name, frame in tables(grid, series, slice(0, 1), v, given).items() if len(frame)}
    kept = {"file": {"sha256": store.keep(data, name), "name": name}}
    sim = begin(store, network.name or name, "psse", network.base_mva, series.timestamps[0], steps=1, inputs=kept)
    with all_or_nothing(store, sim):
        insert_tables(store, sim, made, steps=1)
        finish(store, sim, series.timestamps[0])
    return [sim], findings
