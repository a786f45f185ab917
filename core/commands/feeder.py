"""Distribution feeders: read CYME, GIS and OpenDSS files, write OpenDSS, solve, compare, run a year."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core.commands import Answer
from core.documents import digest
from core.engines.opendss import Snapshot, SolveOptions
from core.errors import BadInput
from core.feeder import EQUIPMENT, Feeder
from core.feeder.storage import forget_feeder, keep_feeder, kept_feeder, kept_feeders
from core.feeder.summary import summary_of
from core.feeder.tables import STORED
from core.findings import Finding, Reading, counted, errors_of
from core.formats.cyme.baseline import read_baseline
from core.formats.decisions import FILE, Decisions, folder_of, keep_decisions, load_decisions, read_decisions
from core.formats.feeders import opened, read_feeder, read_once
from core.formats.gis import preview, read_gis, reconcile, write_geopackage
from core.formats.isolated import isolated
from core.formats.models import KEPT, kept_id
from core.formats.opendss import script_of
from core.jobs import run_inline
from core.settings import load_settings
from core.store import Store, open_store
from core.studies.feeder_flow import compare, solve_feeder
from core.studies.time_series import read_profiles, year_inputs

#: Rows of a table of quarter-hours over a year, common or leap.
QUARTERS_OF_A_YEAR = (35_040, 35_136)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _action(actions, "read", _read, "what the files hold: counts, phases, findings")
    _action(actions, "layers", _layers, "how GIS layers are read: kinds, fields, columns that nothing is told by")
    _action(actions, "keep", _keep, "keep the feeder in the workspace's database")
    kept = _named(actions, "kept", _kept, "the feeders in the workspace's database")
    kept.add_argument("--forget", metavar="ID", help="remove this one")
    to_dss = _action(actions, "to-dss", _to_dss, "write the feeder as OpenDSS scripts")
    to_dss.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder for the scripts")
    to_dss.add_argument("--hold-taps", action="store_true", help="write no regulator controls")
    to_gpkg = _action(actions, "to-gpkg", _to_geopackage, "write the feeder as a GeoPackage")
    to_gpkg.add_argument("--to", required=True, type=Path, metavar="FILE", help="the GeoPackage")
    matching = _action(actions, "reconcile", _reconcile, "match the feeder with GIS layers")
    matching.add_argument("--gis", required=True, type=Path, action="append", metavar="FILE", help="GIS layers")
    matching.add_argument("--manual", type=Path, metavar="FILE", help="CSV of matches by hand: ours,gis")
    _solving(_action(actions, "solve", _solve, "one unbalanced power flow"))
    comparing = _action(actions, "compare", _compare, "our solution against imported results")
    comparing.add_argument(
        "--baseline", required=True, type=Path, action="append", metavar="FILE", help="results as CSV or XLSX"
    )
    comparing.add_argument("--tolerance-pu", type=float, default=0.005, help="largest voltage error that passes [pu]")
    _solving(comparing)
    running = _action(actions, "run", _run, "a year, hour by hour, every voltage and loading kept")
    running.add_argument("--profiles", required=True, type=Path, metavar="FILE", help="profiles as CSV or Parquet")
    running.add_argument("--hours", type=float, default=8760.0, help="how long [h] (default: 8760)")
    running.add_argument(
        "--step-minutes", type=float, help="length of a step [min] (default: 60, or as the profiles say)"
    )
    running.add_argument("--block-steps", type=int, help="steps of a unit (default: 2190)")
    running.add_argument(
        "--to", type=Path, metavar="DIR", help="folder for the Parquet files (default: in the workspace)"
    )
    _solving(running)


def _action(
    actions: Any, name: str, function: Callable[[argparse.Namespace], Answer], text: str
) -> argparse.ArgumentParser:
    parser = _named(actions, name, function, text)
    of = "files or folders of one feeder export, or kept:ID of a feeder in the workspace's database"
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help=of)
    parser.add_argument("--repair", action="store_true", help="repair what is known to be broken in CYME exports")
    field = "[LAYER.]FIELD=COLUMN: what a column of GIS layers means; LAYER.kind=… and LAYER.crs=… too"
    parser.add_argument("--map", action="append", default=[], metavar="WORDS", help=field)
    match = "OURS=GIS: which asset of the model is which in the GIS layers"
    parser.add_argument("--match", action="append", default=[], metavar="WORDS", help=match)
    parser.add_argument("--decisions", type=Path, metavar="FILE", help="decisions of an earlier import (JSON)")
    parser.add_argument("--remember", action="store_true", help="keep these decisions beside the files")
    return parser


def _named(
    actions: Any, name: str, function: Callable[[argparse.Namespace], Answer], text: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=text, description=text)
    parser.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document and nothing else"
    )
    parser.add_argument("--workspace", metavar="DIR", default=argparse.SUPPRESS, help="the workspace folder")
    parser.set_defaults(function=function)
    return parser


def _solving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hold-taps", action="store_true", help="keep regulators at the imported taps")


def run(arguments: argparse.Namespace) -> Answer:
    """Carry out the action."""
    try:
        answer: Answer = arguments.function(arguments)
    except OSError as error:
        text = f"{error.filename or 'A file'} can't be read or written: {error.strerror or error}"
        raise BadInput(text, hint="Check the path and the access rights") from error
    return answer


@contextmanager
def _store(arguments: argparse.Namespace) -> Iterator[Store]:
    store = open_store(load_settings(getattr(arguments, "workspace", None)))
    try:
        yield store
    finally:
        store.close()


def _reading(arguments: argparse.Namespace) -> Reading[Feeder]:
    kept = kept_id(arguments.paths)
    if kept is None:
        decisions = _decisions(arguments)
        return _apart(arguments.paths, decisions) or read_feeder(arguments.paths, decisions=decisions)
    if arguments.repair or arguments.map or arguments.remember:
        raise BadInput("A kept feeder stays as it was read", hint="Read its files with the decisions, and keep it anew")
    with _store(arguments) as store:
        return kept_feeder(store, kept)


def _apart(paths: list[Path], decisions: Decisions) -> Reading[Feeder] | None:
    """Read OpenDSS scripts in a process of their own: some break the engine down; nothing where there are none."""
    there = [child for path in paths for child in (path.iterdir() if path.is_dir() else [path])]
    if not any(path.suffix.lower() in (".dss", ".zip") for path in there):
        return None
    return isolated(read_feeder, [path.resolve() for path in paths], decisions=decisions)


def _decisions(arguments: argparse.Namespace) -> Decisions:
    """Return the decisions that count: those beside the files or of the file named, with those of the command line."""
    kept = read_decisions(arguments.decisions) if arguments.decisions else load_decisions(arguments.paths)
    decisions = replace(kept, repair=kept.repair or arguments.repair).with_words(arguments.map, arguments.match)
    if arguments.remember:
        keep_decisions(folder_of(arguments.paths[0]), decisions)
        return replace(decisions, file=FILE)
    return decisions if decisions == kept else replace(decisions, file="")


def _source(reading: Reading[Feeder]) -> dict[str, Any]:
    source = reading.source
    return {"file": source.file, "sha256": source.sha256, "format": source.format, "version": source.version}


def _words(findings: list[Finding]) -> str:
    return "\n".join(
        f"{finding.severity}: {finding.text}" + (f" ({finding.hint})" if finding.hint else "") for finding in findings
    )


def _read(arguments: argparse.Namespace) -> Answer:
    reading = _reading(arguments)
    summary = summary_of(reading.value)
    text = f"{summary['name']}: " + ", ".join(
        f"{number} {name}" for name, number in summary["counts"].items() if number
    )
    document = {"source": _source(reading), **summary, "findings": reading.findings}
    return Answer(document, f"{text}\n{_words(reading.findings)}", fails=_holds_nothing(reading.value))


def _holds_nothing(feeder: Feeder) -> bool:
    """Return whether there is nothing to solve, and no library of equipment by itself either."""
    library = feeder["buses"].empty and any(len(feeder[name]) for name in EQUIPMENT)
    return bool(feeder["branches"].empty and feeder["transformers"].empty and not library)


def _layers(arguments: argparse.Namespace) -> Answer:
    with opened(arguments.paths) as files:
        layers, findings = preview(files.gis, _decisions(arguments).layers)
    about = ("file", "layer", "kind", "rows", "crs", "fields", "unused")
    lines = [
        f"{layer.layer}: {layer.kind or 'left out'}, {layer.rows} rows, {layer.crs or 'no coordinate system'}; "
        + ", ".join(f"{name}={column}" for name, column in layer.fields.items())
        + (f"; unused: {', '.join(layer.unused)}" if layer.unused else "")
        for layer in layers
    ]
    document = {"layers": [{name: getattr(layer, name) for name in about} for layer in layers], "findings": findings}
    return Answer(document, "\n".join([*lines, _words(findings)]) if layers else "No GIS layers")


def _keep(arguments: argparse.Namespace) -> Answer:
    reading = _reading(arguments)
    with _store(arguments) as store:
        model = keep_feeder(store, reading)
    rows = {STORED[name].name: len(reading.value[name]) for name in STORED}
    document = {"id": model, "source": _source(reading), "feeders": reading.value.names, "rows": rows}
    text = f"{reading.value.name} is kept: use it as {KEPT}{model}\n{_words(reading.findings)}"
    return Answer({**document, "findings": reading.findings}, text)


def _kept(arguments: argparse.Namespace) -> Answer:
    with _store(arguments) as store:
        if arguments.forget:
            forget_feeder(store, arguments.forget)
        found = kept_feeders(store)
    lines = [f"{KEPT}{entry.id}  {entry.name}: {', '.join(entry.feeders)}" for entry in found]
    return Answer({"feeders": [asdict(entry) for entry in found]}, "\n".join(lines) or "Nothing is kept")


def _to_dss(arguments: argparse.Namespace) -> Answer:
    reading = _reading(arguments)
    script = script_of(reading.value, hold_taps=arguments.hold_taps)
    arguments.to.mkdir(parents=True, exist_ok=True)
    for name, text in script.files.items():
        (arguments.to / name).write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8", newline="\n")
    files = [str(arguments.to / name) for name in script.files]
    document = {
        "source": _source(reading),
        "folder": str(arguments.to),
        "master": str(arguments.to / "Master.dss"),
        "files": files,
        "findings": reading.findings,
    }
    return Answer(document, f"{len(files)} files in {arguments.to}\n{_words(reading.findings)}")


def _to_geopackage(arguments: argparse.Namespace) -> Answer:
    reading = _reading(arguments)
    layers = write_geopackage(reading.value, arguments.to)
    document = {"source": _source(reading), "file": str(arguments.to), "layers": layers, "findings": reading.findings}
    return Answer(document, f"{arguments.to}: " + ", ".join(f"{count} {name}" for name, count in layers.items()))


def _reconcile(arguments: argparse.Namespace) -> Answer:
    reading = _reading(arguments)
    decisions = _decisions(arguments)
    layers, manual = read_gis(arguments.gis, decisions.layers), dict(decisions.matches)
    if arguments.manual:
        rows = csv.DictReader(arguments.manual.read_text(encoding="utf-8-sig").splitlines())
        manual |= {row.get("ours", ""): row.get("gis", "") for row in rows}
    matches = reconcile(reading.value, layers.value, manual)
    counts = matches["method"].where(matches["method"] != "", "none").value_counts().to_dict()
    findings = [*reading.findings, *layers.findings]
    document = {"source": _source(reading), "counts": counts, "matches": matches, "findings": findings}
    return Answer(document, ", ".join(f"{count} by {method}" for method, count in counts.items()))


def _snapshot(arguments: argparse.Namespace, reading: Reading[Feeder]) -> Snapshot:
    return solve_feeder(reading.value, SolveOptions(hold_taps=arguments.hold_taps))


def solution(reading: Reading[Feeder], snapshot: Snapshot) -> dict[str, Any]:
    """Return a solution as its JSON document."""
    return {
        "converged": snapshot.converged,
        "iterations": snapshot.iterations,
        "nodes": snapshot.nodes,
        "branches": snapshot.branches,
        "taps": snapshot.taps,
        "losses_kw": snapshot.losses_kw,
        "losses_kvar": snapshot.losses_kvar,
        "source_kw": snapshot.source_kw,
        "source_kvar": snapshot.source_kvar,
        "source": _source(reading),
        "findings": list(dict.fromkeys([*reading.findings, *snapshot.findings])),
    }


def _solve(arguments: argparse.Namespace) -> Answer:
    reading = _reading(arguments)
    snapshot = _snapshot(arguments, reading)
    document = solution(reading, snapshot)
    errors = errors_of(document["findings"])
    others = [finding for finding in snapshot.findings if finding not in errors]
    text = "Not converged"
    if snapshot.converged:
        volts = snapshot.nodes.loc[snapshot.nodes["v_pu"] > 1e-3, "v_pu"]
        text = f"Converged: {volts.min():.4f} to {volts.max():.4f} pu, losses {snapshot.losses_kw:.3f} kW"
        text += f"\nDon't rely on it: {counted(len(errors), 'error')}" if errors else ""
    return Answer(document, f"{text}\n{_words([*errors, *others])}", fails=not snapshot.converged)


def _run_reading(arguments: argparse.Namespace) -> Reading[Feeder]:
    """Read what a run takes as its units read it: decisions must lie beside the files."""
    if kept_id(arguments.paths) is not None:
        return _reading(arguments)
    decisions = _decisions(arguments)
    if (arguments.map or arguments.match or arguments.decisions) and not arguments.remember:
        raise BadInput("A run takes decisions from the files' folder", hint="Add --remember")
    return _apart(arguments.paths, decisions) or read_once(arguments.paths, repair=arguments.repair)


def _run(arguments: argparse.Namespace) -> Answer:
    workspace = load_settings(getattr(arguments, "workspace", None)).workspace
    kept = kept_id(arguments.paths) is not None
    reading = _run_reading(arguments)
    name = reading.value.name if kept else str(arguments.paths[0].resolve().stem)
    profiles = read_profiles(arguments.profiles).value
    quarters = profiles.steps in QUARTERS_OF_A_YEAR or profiles.steps == 4 * arguments.hours
    minutes = profiles.step_minutes or (15.0 if quarters else 60.0)
    inputs = year_inputs(
        {name: arguments.paths},
        arguments.profiles,
        hours=arguments.hours,
        step_minutes=minutes if arguments.step_minutes is None else arguments.step_minutes,
        block_steps=arguments.block_steps,
        repair=arguments.repair,
        hold_taps=arguments.hold_taps,
        workspace=workspace if kept else None,
    )
    folder = arguments.to or workspace / "feeder_runs" / digest(inputs)[:16]
    result = run_inline("time_series", inputs, folder)
    lines = [
        f"{year['feeder']}: {year['energy_mwh']:.1f} MWh, losses {year['losses_mwh']:.1f} MWh, "
        f"{year['outside_a_h']:g} h outside range A, {year['overload_h']:g} h overloaded"
        for year in result["feeders"]
    ] + [f"{part['feeder']} block {part['block']} failed: {part['message']}" for part in result["failed"]]
    of_years = [Finding.from_dict(each) for year in result["feeders"] for each in year["findings"]]
    findings = list(dict.fromkeys([*reading.findings, *of_years]))
    document = {"folder": str(folder), "source": _source(reading), **result, "findings": findings}
    words = _words(list(dict.fromkeys(of_years)))
    return Answer(document, "\n".join([*lines, words]), fails=bool(result["failed"]))


def _compare(arguments: argparse.Namespace) -> Answer:
    if not 0 < arguments.tolerance_pu < 1:
        raise BadInput("--tolerance-pu must lie between 0 and 1", hint="0.005 is half a per cent")
    reading = _reading(arguments)
    baseline = read_baseline(arguments.baseline)
    snapshot = _snapshot(arguments, reading)
    found = compare(reading.value, snapshot, baseline.value, tolerance_pu=arguments.tolerance_pu)
    document = {
        "verdict": found.verdict,
        "converged": snapshot.converged,
        "voltage": found.voltage,
        "angle": found.angle,
        "loading": found.loading,
        "current": found.current,
        "tolerance_pu": arguments.tolerance_pu,
        "nodes": found.nodes,
        "branches": found.branches,
        "unmatched": found.unmatched,
        "losses_kw": snapshot.losses_kw,
        "source": _source(reading),
        "findings": list(dict.fromkeys([*reading.findings, *baseline.findings, *found.findings])),
    }
    error, place = found.voltage["max_abs"], found.voltage["worst"]
    text = f"{found.verdict}: largest voltage error {error:.5f} pu at {place}" if error is not None else found.verdict
    if found.angle["count"]:
        text += f", largest angle error {found.angle['max_abs']:.2f}° at {found.angle['worst']}"
    return Answer(document, text, fails=found.verdict not in ("PASS", "WARN"))
