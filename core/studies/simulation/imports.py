"""Results of other tools, and the hub's own tables, into the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import BadInput, GridproofError
from core.findings import Finding, Where
from core.formats.networks import recognise
from core.formats.opendss.exports import opendss_export
from core.formats.psse import read_raw
from core.formats.psse.psspy_file import psspy_table
from core.formats.psse.psspy_tables import read_psspy_tables
from core.formats.result_database import is_result_database, read_result_database
from core.formats.time_stamps import STAMP, read_stamps, written
from core.network.audit import audit
from core.results.database import all_or_nothing, begin, finish, insert_tables
from core.store import Store, now
from core.studies.simulation.circuit_exports import import_circuit, import_voltages
from core.studies.simulation.intake import File, Intake
from core.studies.simulation.own_tables import import_own, own_table
from core.studies.simulation.printed import import_printed
from core.studies.simulation.series import Series
from core.studies.simulation.steps import Grid, tables

#: How a RAW file begins: change code and system base, comments before them.
RAW = re.compile(rb"(\s*@!.*\n)*\s*[01]\s*,\s*[\d.+-]")


def import_files(
    store: Store,
    files: list[tuple[bytes, Path]],
    base_mva: float = 100.0,
    start: str | None = None,
    software: str | None = None,
) -> tuple[list[int], list[Finding]]:
    """Import files, all or none, and return the numbers of their simulations.

    psspy's tables are one case together, and so are OpenDSS's exports with the script of their circuit, and the hub's
    own tables, of ``software``. ``start`` is the time stamp of results that name none; hours of OpenDSS's monitors are
    counted from it.
    """
    if not 0 < base_mva < np.inf:
        raise BadInput(f"a system base of {base_mva:g} MVA is none", hint="give a positive number of MVA")
    said: list[Finding] = []
    if start is not None:
        stamps, said = read_stamps(pd.Series([start or None], name="start"), Where(), "results")
        start = str(written(stamps).iloc[0])
    intake = Intake(store, base_mva, start or now().strftime(STAMP), start is not None, findings=said)
    intake.tell_again([(data, path.name) for data, path in files])
    with intake.all_or_nothing():
        _import(intake, files, software)
    return intake.numbers, intake.findings


def _import(intake: Intake, files: list[tuple[bytes, Path]], software: str | None) -> None:
    """Import each file by its kind, those of one case together."""
    scripts = [path for _, path in files if path.suffix.lower() == ".dss"]
    if scripts:
        exports = [(data, path.name) for data, path in files if path not in scripts]
        if len(scripts) > 1 or not exports:
            hint = "give one main file, and what OpenDSS exported of its solution"
            raise BadInput("one script and its exports make a case", hint=hint, where=Where(file=scripts[-1].name))
        import_circuit(intake, scripts[0], exports)
        return
    of_psspy, of_ours = [], []
    for data, path in files:
        if psspy_table(data):
            of_psspy.append((data, path.name))
        elif own_table(data):
            of_ours.append((data, path.name))
        else:
            with _located(path.name):
                _import_file(intake, data, path)
    if of_psspy:
        _psspy(intake, of_psspy)
    if of_ours:
        import_own(intake, of_ours, software)


@contextmanager
def _located(name: str) -> Iterator[None]:
    """Say which file an error is about, where it doesn't itself."""
    try:
        yield
    except GridproofError as error:
        if error.where.file is None:
            error.locate(name, "")
        raise


def _import_file(intake: Intake, data: bytes, path: Path) -> None:
    """Import a file that is a case of its own."""
    file = (data, path.name)
    if is_result_database(data, path):
        _database(intake, data, path)
    elif opendss_export(data):
        import_voltages(intake, file)
    elif (kind := recognise(*file)) == "rawx" or (kind == "raw" and (RAW.match(data) or path.suffix.lower() == ".raw")):
        _raw(intake, file)
    elif kind == "raw" or data.startswith(b"PK"):
        import_printed(intake, file)
    else:
        hint = "import RAW with solved voltages, psspy's tables, OpenDSS's exports, a printed load flow or a database"
        raise BadInput("the file holds no results that can be imported", hint=hint, where=Where(file=path.name))


def _psspy(intake: Intake, files: list[File]) -> None:
    made, findings = read_psspy_tables(files, intake.base_mva, intake.start)
    intake.findings += findings
    intake.keep(files[0][1], "psse", made, files)


def _database(intake: Intake, data: bytes, path: Path) -> None:
    read, findings = read_result_database(path)
    intake.findings += findings
    file = {"sha256": sha256(data).hexdigest(), "name": path.name}
    for one in read:
        steps, own = one.steps(), (one.case_name, one.software, one.sbase_mva, one.timestamp_start)
        known, inputs = steps if one.timestamp_end else None, {"files": [file], "row": one.row}
        sim = begin(intake.store, *own, steps=known, notes=one.notes, inputs=inputs)
        with all_or_nothing(intake.store, sim):
            for software, frames in one.results.items():
                insert_tables(intake.store, sim, frames, software=software)
            insert_tables(intake.store, sim, {}, farms=one.farms, steps=steps)
            if one.timestamp_end:  # without an end it broke off in its own program, and stays interrupted
                finish(intake.store, sim, one.timestamp_end)
        intake.numbers.append(sim)


def _raw(intake: Intake, file: File) -> None:
    """Import the voltages and powers that a RAW file stores; say so when they don't solve its network."""
    reading, where = read_raw(*file), Where(file=file[1])
    network = reading.value
    if network["bus"].empty:
        raise BadInput("the file has no bus", where=where)
    unsolved = [each for each in audit(network).findings if each.code == "network.audit.not_solved"]
    intake.findings += [*reading.findings, *(replace(one, code="results.not_solved", where=where) for one in unsolved)]
    grid, series = Grid.of(network), Series.snapshot(intake.start)
    stored = network.values("bus", "v_pu") * np.exp(1j * np.deg2rad(network.values("bus", "angle_deg")))
    v = np.where(network.bus_in_service(), stored, np.nan)[None, :]
    injected = v * np.conj(grid.case.admittance @ np.nan_to_num(v[0]))
    given = (injected + grid.case.demand(np.abs(v)), np.ones((1, 1)))  # nothing is missing: machines keep their output
    made = {name: frame for name, frame in tables(grid, series, slice(0, 1), v, given).items() if len(frame)}
    intake.keep(network.name or file[1], "psse", made, [file], base_mva=network.base_mva, drawn=True)
