"""Runs about one feeder: read its files, solve it, compare it with results, match it with GIS, write it for others.

Reading untrusted files and the engine stay out of the pages' process; what a page draws lies in the run's folder. The
model of the files as they are is kept in the database, where every task takes it from.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from core.documents import plain
from core.engines.opendss import SolveOptions
from core.errors import BadInput
from core.feeder import Feeder
from core.feeder.shape import shape_of
from core.feeder.summary import summary_of
from core.findings import Reading, errors_of
from core.formats.cyme.baseline import read_baseline
from core.formats.decisions import load_decisions
from core.formats.feeders import Files, fingerprint, opened, read_feeder
from core.formats.gis import preview, read_gis, reconcile, write_geopackage
from core.formats.models import read_model
from core.formats.opendss import script_of
from core.jobs.kinds import FAILED, RunKind
from core.store.files import write_whole
from core.studies.feeder_flow import compare, solve_feeder
from core.studies.feeder_flow.worst import worst_of

#: Rows of a GIS layer that are shown with its fields.
PREVIEW_ROWS = 5
GEOPACKAGE, SCRIPTS = "feeder.gpkg", "opendss.zip"


def feeder_inputs(task: str, paths: list[Path], **options: Any) -> dict[str, Any]:
    """Return the inputs of a run; they differ as soon as a file does."""
    return {"task": task, "paths": [str(path) for path in paths], "files": fingerprint(paths), **options}


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the run's one unit."""
    return [{"task": inputs["task"]}]


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Carry out the task; its tables go to the folder."""
    answer: dict[str, Any] = plain(TASKS[unit["task"]](inputs, folder))
    return answer


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Return the task's answer; without one the run has failed."""
    if FAILED in summaries[0]:
        raise BadInput(summaries[0][FAILED])
    return summaries[0]


def _paths(inputs: dict[str, Any]) -> list[Path]:
    return [Path(path) for path in inputs["paths"]]


def _keep(folder: Path, name: str, table: pd.DataFrame) -> None:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    write_whole(folder / f"{name}.parquet", buffer.getvalue())


def _model(inputs: dict[str, Any], folder: Path) -> Reading[Feeder]:
    return read_model(folder.parents[1], inputs["paths"], inputs["files"])


def _read(inputs: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Read the model: what was recognised, the summary, the tables, how it is drawn, the GIS layers' fields."""
    paths = _paths(inputs)
    reading = _model(inputs, folder)
    filled = {name: table for name, table in reading.value.tables.items() if len(table)}
    for name, table in filled.items():
        _keep(folder, name, table)
    shape = shape_of(reading.value)
    _keep(folder, "pieces", shape.pieces)
    _keep(folder, "devices", shape.devices)
    with opened(paths) as files:
        recognised, layers = _recognised(files), _layers(files, paths)
    return {
        "source": reading.source,
        "files": recognised,
        "summary": summary_of(reading.value),
        "findings": reading.findings,
        "tables": {name: len(table) for name, table in filled.items()},
        "ground": shape.ground,
        "layers": layers,
        "repair": load_decisions(paths).repair,
    }


def _recognised(files: Files) -> list[dict[str, Any]]:
    kinds = {"cyme": "CYME", "opendss": "OpenDSS", "gis": "GIS", "unknown": "not read"}
    return [
        {"file": path.name, "kind": kind, "bytes": path.stat().st_size}
        for name, kind in kinds.items()
        for path in getattr(files, name)
    ]


def _layers(files: Files, paths: list[Path]) -> list[dict[str, Any]]:
    """Return how every GIS layer is read, with its first rows."""
    layers, _ = preview(files.gis, load_decisions(paths).layers) if files.gis else ([], [])
    about = ("file", "layer", "kind", "fields", "unused", "rows", "crs")
    made = []
    for layer in layers:
        head = layer.table.head(PREVIEW_ROWS).drop(columns="geometry", errors="ignore").astype(str)
        made.append({**{name: getattr(layer, name) for name in about}, "head": head})
    return made


def _solve(inputs: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Solve the feeder once."""
    reading = _model(inputs, folder)
    feeder = reading.value
    snapshot = solve_feeder(feeder, SolveOptions(hold_taps=inputs["hold_taps"]))
    if snapshot.converged:
        for name in ("nodes", "branches", "taps"):
            _keep(folder, name, getattr(snapshot, name))
    numbers = ("converged", "iterations", "losses_kw", "losses_kvar", "source_kw", "source_kvar")
    return {
        **{name: getattr(snapshot, name) for name in numbers},
        "worst": [worst_of(feeder.only(name), snapshot) for name in feeder.names],
        "findings": list(dict.fromkeys([*errors_of(reading.findings), *snapshot.findings])),
    }


def _compare(inputs: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Compare the solution with somebody's results."""
    reading = _model(inputs, folder)
    feeder = reading.value
    baseline = read_baseline([Path(path) for path in inputs["baseline"]])
    snapshot = solve_feeder(feeder, SolveOptions(hold_taps=inputs["hold_taps"]))
    found = compare(feeder, snapshot, baseline.value, tolerance_pu=inputs["tolerance_pu"])
    _keep(folder, "nodes", found.nodes)
    _keep(folder, "branches", found.branches)
    statistics = {name: getattr(found, name) for name in ("voltage", "angle", "loading", "current")}
    return {
        "verdict": found.verdict,
        "statistics": statistics,
        "unmatched": found.unmatched,
        "findings": list(dict.fromkeys([*errors_of(reading.findings), *baseline.findings, *found.findings])),
    }


def _reconcile(inputs: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Match the CYME or OpenDSS model with the GIS layers beside it."""
    paths = _paths(inputs)
    decisions = load_decisions(paths)
    with opened(paths) as files:
        model = read_feeder(files.cyme or files.opendss, repair=decisions.repair)
        layers = read_gis(files.gis, decisions.layers)
    matches = reconcile(model.value, layers.value, decisions.matches)
    _keep(folder, "matches", matches)
    theirs = {table: sorted(layers.value[table]["id"]) for table in ("buses", "branches")}
    counts = matches["method"].where(matches["method"] != "", "none").value_counts().to_dict()
    return {"counts": counts, "gis": theirs, "distance_unit": "deg" if layers.value.crs == "EPSG:4326" else "map unit"}


def _export(inputs: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write the feeder as a GeoPackage and as a folder of OpenDSS scripts."""
    feeder = _model(inputs, folder).value
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in script_of(feeder, hold_taps=inputs["hold_taps"]).files.items():
            packed.writestr(f"opendss/{name}", text if text.endswith("\n") else text + "\n")
    write_whole(folder / SCRIPTS, archive.getvalue())
    layers: dict[str, int] = {}
    why = ""
    try:
        layers = write_geopackage(feeder, folder / GEOPACKAGE)
    except BadInput as error:
        why = str(error)
    return {"layers": layers, "no_geopackage": why}


TASKS = {"read": _read, "solve": _solve, "compare": _compare, "reconcile": _reconcile, "export": _export}
FEEDER = RunKind("feeder", plan, unit, finish)
