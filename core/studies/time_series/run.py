"""The run of a year: one unit for each feeder and block of steps.

A block starts from the model's taps, warmed up by the day before it: its files depend on nothing but the inputs, so
that a run that was killed and resumed gives the same bytes as one that wasn't.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.documents import digest, dump
from core.engines.opendss import Block, Circuit, SolveOptions, run_steps
from core.errors import BadInput, EngineError
from core.feeder import Feeder
from core.findings import Finding, Reading, Severity, errors_of
from core.formats.feeders import fingerprint, read_once
from core.formats.models import kept_id, read_model
from core.store.files import write_whole
from core.studies.time_series import metrics
from core.studies.time_series.profiles import Profiles, assign, read_profiles, scaled

#: Steps in a block: a year by the hour of many feeders, a quarter of it when few are to keep all cores busy.
LONG_BLOCK, SHORT_BLOCK = 8760, 2190
MANY = 16
#: Convergence of a step: what the engine uses itself.
TOLERANCE = 1e-4
#: A node below this has no voltage [pu].
DARK_PU = 0.01
#: What the blocks of a year add up to.
ADDED = (
    "steps",
    "not_converged",
    "energy_mwh",
    "losses_mwh",
    "tap_operations",
    "outside_a_h",
    "outside_b_h",
    "overload_h",
)


def year_inputs(
    cases: Mapping[str, Sequence[Path]], profiles: Path, *, hours: float, step_minutes: float = 60.0, **options: Any
) -> dict[str, Any]:
    """Return the inputs of a run.

    Parameters
    ----------
    cases
        The files of each case, or its ``kept:ID``; an export with several feeders gives a unit row for each of them.
    profiles
        The table of profiles.
    hours
        How long [h].
    step_minutes
        Length of a step [min].
    options
        ``repair``, ``hold_taps``, ``block_steps``; ``workspace``: the one whose database has the models, without it
        they come from the files; ``ranking``: a number a feeder, the largest runs first; ``names``:
        the feeders of each case where they are known already, so that the plan doesn't read the files.
    """
    blocks = options.get("block_steps") or (LONG_BLOCK if len(cases) >= MANY else SHORT_BLOCK)
    if not (0 < step_minutes <= hours * 60 < math.inf and blocks >= 1):
        raise BadInput(
            "A run needs at least one step, and blocks of one or more", hint="Give more hours or shorter steps"
        )
    return {
        "cases": {name: _resolved(paths) for name, paths in cases.items()},
        "workspace": str(options.get("workspace") or ""),
        "profiles": str(Path(profiles).resolve()),
        "files": {name: fingerprint(paths) for name, paths in {**cases, "": [profiles]}.items()},
        "steps": round(hours * 60 / step_minutes),
        "step_h": step_minutes / 60,
        "block_steps": int(blocks),
        "repair": bool(options.get("repair")),
        "hold_taps": bool(options.get("hold_taps")),
        "ranking": dict(options.get("ranking") or {}),
        "names": dict(options.get("names") or {}),
    }


def _resolved(paths: Sequence[Path]) -> list[str]:
    return [str(path if kept_id([path]) else Path(path).resolve()) for path in paths]


def plan(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the units: worst feeders first where a ranking says so, blocks in order."""
    profiles, minutes = _profiles(inputs["profiles"]).value, inputs["step_h"] * 60
    if profiles.steps < inputs["steps"]:
        raise BadInput(
            f"The profiles have {profiles.steps} steps, the run needs {inputs['steps']}",
            hint="Fewer hours, longer steps or longer profiles",
        )
    if profiles.step_minutes not in (None, minutes):
        raise BadInput(
            f"The profiles' time stamps are {profiles.step_minutes:g} minutes apart, the run's steps {minutes:g}",
            hint="Run with the profiles' own step",
        )
    ranking = inputs["ranking"]
    feeders = [
        (case, name)
        for case in inputs["cases"]
        for name in inputs["names"].get(case) or _reading(inputs, case).value.names
    ]
    feeders.sort(key=lambda feeder: -float(ranking.get(feeder[1], ranking.get(feeder[0], 0.0))))
    size = inputs["block_steps"]
    return [
        {
            "case": case,
            "feeder": name,
            "block": first // size,
            "first": first,
            "count": min(size, inputs["steps"] - first),
        }
        for case, name in feeders
        for first in range(0, inputs["steps"], size)
    ]


def unit(inputs: dict[str, Any], unit: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Calculate one block, write its files and return its summary; what is there already is not calculated again."""
    stem = f"{_safe(unit['case'])}-{_safe(unit['feeder'])}-{unit['block']:04d}"
    key = digest({"inputs": inputs, "unit": unit})
    kept = folder / f"{stem}-summary.json"
    if kept.is_file():
        summary: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        if summary.get("key") == key and _whole(summary, folder):
            return summary
    block, findings, low_load_steps = _solve(inputs, unit)
    step_h = inputs["step_h"]
    nodes, elements = metrics.node_table(block, step_h), metrics.element_table(block, step_h)
    for table in (nodes, elements):
        steps = [column for column in table.columns if str(column).endswith("_step")]
        table[steps] += unit["first"]
    files = {
        "voltages": _wide(block.v_pu, block.nodes, unit["first"]),
        "loadings": _wide(block.loading_pct, block.elements, unit["first"]),
        "system": _wide(block.system, ["source_kw", "source_kvar", "losses_kw", "losses_kvar"], unit["first"]),
        "taps": _wide(block.taps, block.regulators, unit["first"]),
        "nodes": _parquet(nodes),
        "elements": _parquet(elements),
    }
    for name, content in files.items():
        write_whole(folder / f"{stem}-{name}.parquet", content)
    summary = {
        "key": key,
        "case": unit["case"],
        "feeder": unit["feeder"],
        "block": unit["block"],
        **metrics.block_summary(block, step_h),
        "low_load_steps": low_load_steps,
        "files": {name: f"{stem}-{name}.parquet" for name in files},
        "findings": [finding.as_dict() for finding in findings],
    }
    write_whole(kept, dump(summary).encode("utf-8"))
    return summary


def _whole(summary: dict[str, Any], folder: Path) -> bool:
    """Say whether a block's files are there to their last byte, with a row a step where they have steps."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        tables = {name: pq.read_table(folder / file) for name, file in summary["files"].items()}
    except (OSError, pa.ArrowException):
        return False
    return all(tables[name].num_rows == summary["steps"] for name in ("voltages", "loadings", "taps", "system"))


def finish(inputs: dict[str, Any], summaries: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Return every feeder's year: sums, extremes and the files; a block that failed is named."""
    units = plan(inputs)
    failed = [
        {"case": unit["case"], "feeder": unit["feeder"], "block": unit["block"], "message": summary["failed"]}
        for unit, summary in zip(units, summaries, strict=True)
        if "failed" in summary
    ]
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for summary in summaries:
        if "failed" not in summary:
            grouped.setdefault((summary["case"], summary["feeder"]), []).append(summary)
    feeders = [_year(inputs, case, feeder, blocks, folder) for (case, feeder), blocks in grouped.items()]
    parquet = [path for year in feeders for paths in year["files"].values() for path in _listed(paths)]
    return {
        "steps": inputs["steps"],
        "step_h": inputs["step_h"],
        "summary": {name: sum(year[name] for year in feeders) for name in ADDED},
        "feeders": feeders,
        "parquet": parquet,
        "failed": failed,
    }


def _listed(paths: str | list[str]) -> list[str]:
    return [paths] if isinstance(paths, str) else paths


def _year(inputs: dict[str, Any], case: str, feeder: str, blocks: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    blocks = sorted(blocks, key=lambda block: block["block"])
    merge_elements = partial(metrics.merge_elements, weights=[block["steps"] for block in blocks])
    merged, tables = {}, {}
    for name, merge in (("nodes", metrics.merge_nodes), ("elements", merge_elements)):
        parts = [pd.read_parquet(folder / block["files"][name]) for block in blocks]
        merged[name] = blocks[0]["files"][name]
        tables[name] = parts[0]
        if len(blocks) > 1:
            merged[name] = f"{_safe(case)}-{_safe(feeder)}-{name}.parquet"
            tables[name] = merge(parts)
            write_whole(folder / merged[name], _parquet(tables[name]))
    nodes, elements = tables["nodes"], tables["elements"]
    step_h = inputs["step_h"]
    sums = {name: sum(block[name] for block in blocks) for name in ADDED}
    sums["tap_operations"] += metrics.moves_between(blocks)
    energy = sums["energy_mwh"]
    return {
        "case": case,
        "feeder": feeder,
        "complete": sums["steps"] == inputs["steps"],
        "hours": sums["steps"] * step_h,
        **sums,
        "losses_pct": sums["losses_mwh"] / energy * 100 if energy else None,
        "peak_kw": max(block["peak_kw"] for block in blocks),
        "lowest_kw": min(block["lowest_kw"] for block in blocks),
        "lowest_voltage": _extreme(nodes[np.isfinite(nodes["min_pu"])], "min", step_h),
        "highest_voltage": _extreme(nodes, "max", step_h),
        "worst_element": _worst(elements, step_h),
        "files": {
            **{
                name: [str(folder / block["files"][name]) for block in blocks]
                for name in ("voltages", "loadings", "taps", "system")
            },
            **{name: str(folder / file) for name, file in merged.items()},
        },
        "findings": [*blocks[0]["findings"], *_unsolved(blocks), *_below_limit(blocks)],
    }


def _unsolved(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Report steps without a solution: what they leave isn't to be relied on."""
    steps = sum(block["not_converged"] for block in blocks)
    if not steps:
        return []
    text = f"{steps:,} of {sum(block['steps'] for block in blocks):,} steps do not converge"
    hint = "Look at the profiles and loads of these steps; energy and losses are not those of the whole time"
    return [Finding("feeder.steps_not_converged", Severity.ERROR, text, hint).as_dict()]


def _below_limit(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Report steps in which loads had less voltage than they hold their power at."""
    steps = sum(block.get("low_load_steps", 0) for block in blocks)
    if not steps:
        return []
    text = f"In {steps:,} steps buses are below the voltage at which their loads hold their power: they take less"
    found = Finding("feeder.load_voltage", Severity.WARNING, text, "The energy in the result is too low")
    return [found.as_dict()]


def _low_steps(feeder: Feeder, block: Block) -> int:
    """Count the steps in which a node has voltage, but less than a load there holds its power at."""
    loads = feeder["loads"][feeder["loads"]["in_service"] & ~feeder["loads"]["model"].isin(["z"])]
    limits = loads.groupby(loads["bus"].str.lower())["v_min_pu"].max()
    buses = pd.Series(block.nodes, dtype=str).str.rsplit(".", n=1).str[0].str.lower()
    limit = buses.map(limits).fillna(0.0).to_numpy()
    return int(((block.v_pu > DARK_PU) & (block.v_pu < limit)).any(axis=1).sum())


def _extreme(nodes: pd.DataFrame, name: str, step_h: float) -> dict[str, Any] | None:
    if nodes.empty:
        return None
    column = nodes[f"{name}_pu"]
    row = nodes.loc[column.idxmin() if name == "min" else column.idxmax()]
    bus, phase = str(row["node"]).rsplit(".", 1)
    return {"bus": bus, "phase": phase, "v_pu": float(row[f"{name}_pu"]), "hour": float(row[f"{name}_step"] * step_h)}


def _worst(elements: pd.DataFrame, step_h: float) -> dict[str, Any] | None:
    rated = elements[elements["max_pct"].notna()]
    if rated.empty:
        return None
    row = rated.loc[rated["max_pct"].idxmax()]
    hour = float(row["max_step"] * step_h)
    return {
        "element": row["element"],
        "loading_pct": float(row["max_pct"]),
        "overload_h": float(row["overload_h"]),
        "hour": hour,
    }


def _solve(inputs: dict[str, Any], unit: dict[str, Any]) -> tuple[Block, list[Finding], int]:
    model = _reading(inputs, unit["case"])
    feeder = model.value.only(unit["feeder"])
    if feeder["sources"].empty:
        raise EngineError(
            f"Feeder {feeder.name} has no source", hint="Add the file that has the head node and its source"
        )
    reading = _profiles(inputs["profiles"])
    assigned, findings = assign(feeder, reading.value)
    values = scaled(feeder, reading.value, assigned)
    with Circuit(feeder, SolveOptions(hold_taps=inputs["hold_taps"], tolerance=TOLERANCE)) as circuit:
        block = run_steps(circuit, values, assigned, unit["first"], unit["count"])
    if not np.isfinite(block.system).all(axis=1).any():
        raise EngineError(f"No step of feeder {feeder.name} can be solved", hint="Solve it once: findings say why")
    if reading.value.steps > inputs["steps"]:
        text = f"The run takes the first {inputs['steps']:,} of the profiles' {reading.value.steps:,} steps"
        findings.append(Finding("profiles.longer", Severity.INFO, text))
    return block, [*errors_of(model.findings), *reading.findings, *findings], _low_steps(feeder, block)


def _reading(inputs: dict[str, Any], case: str) -> Reading[Feeder]:
    if workspace := inputs.get("workspace"):
        return read_model(workspace, inputs["cases"][case], inputs["files"][case])
    return read_once([Path(path) for path in inputs["cases"][case]], repair=inputs["repair"])


@lru_cache(maxsize=4)
def _read_profiles(path: str, stamp: float) -> Reading[Profiles]:
    return read_profiles(Path(path))


def _profiles(path: str) -> Reading[Profiles]:
    return _read_profiles(path, Path(path).stat().st_mtime if Path(path).exists() else 0.0)


def _wide(values: np.ndarray, names: list[str], first: int) -> bytes:
    """Return a Parquet file with a column a name behind the step."""
    import pyarrow as pa

    steps = np.arange(first, first + len(values), dtype=np.int32)
    columns = [pa.array(steps), *(pa.array(values[:, k]) for k in range(values.shape[1]))]
    return _bytes(pa.Table.from_arrays(columns, names=["step", *names]))


def _parquet(table: pd.DataFrame) -> bytes:
    import pyarrow as pa

    return _bytes(pa.Table.from_pandas(table, preserve_index=False))


def _bytes(table: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    floats = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", use_dictionary=False, use_byte_stream_split=floats or False)
    return buffer.getvalue()


def _safe(name: str) -> str:
    """Return the name as a part of a file's name; a digest keeps apart what looks alike."""
    plain = re.sub(r"[^A-Za-z0-9_.]+", "_", name)[:60]
    return plain if plain == name else f"{plain}_{digest(name)[:6]}"
