"""Layers of feeder assets as the feeder model: connected by fields that name nodes, else by where lines end."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.feeder import Feeder
from core.feeder.voltages import base_voltages, fill_rated_voltages
from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.gis.build import BRANCHES, Builder, phases_of
from core.formats.gis.layers import Corrections, LayerMapping, kind_of, located, numbers_of, preview

DEGREES = "EPSG:4326"
#: Fields that hold numbers; what is none counts as missing.
NUMBERS = (
    "kv", "kv_secondary", "kva", "length_m", "r1_ohm_km", "x1_ohm_km", "r0_ohm_km", "x0_ohm_km", "amps", "p_kw",
    "q_kvar", "z_pct", "customers", "height_m",
)  # fmt: skip
#: Assets that have phases.
PHASED = {*BRANCHES, "transformer", "regulator", "capacitor", "load", "der"}


def read_gis(paths: Sequence[Path], corrections: Corrections | None = None) -> Reading[Feeder]:
    """Read the layers of a feeder.

    Parameters
    ----------
    paths
        Files as :func:`core.formats.gis.layers.preview` takes them.
    corrections
        What a person decided about layers and fields.

    Raises
    ------
    BadInput
        None of the files can be read.
    """
    layers, findings = preview(paths, corrections)
    if not layers and findings:
        raise BadInput(findings[0].text, hint=findings[0].hint, where=findings[0].where)
    crs = _common_crs(layers, findings)
    assets = [asset for layer in layers if layer.kind for asset in _assets(layer, crs, findings)]
    builder = Builder(findings, crs)
    builder.build(assets)
    tables = {name: pd.DataFrame(rows) for name, rows in builder.rows.items()}
    feeder = Feeder(paths[0].stem if paths else "gis", tables, crs=crs)
    feeder = fill_rated_voltages(feeder.with_tables({"buses": base_voltages(feeder)}), findings)
    names = ", ".join(path.name for path in paths)
    digest = sha256("".join(f"{path.name}{path.stat().st_size}" for path in paths).encode()).hexdigest()
    return Reading(feeder, findings, Source(names, digest, "gis", crs))


def _common_crs(layers: list[LayerMapping], findings: list[Finding]) -> str:
    """Return the system that all layers are brought to: degrees where one is known, else the files' own plane."""
    used = [layer for layer in layers if layer.kind and layer.rows]
    known = sorted({layer.crs for layer in used if layer.crs})
    degrees = _could_be_degrees([layer for layer in used if not layer.crs and "geometry" in layer.table])
    for layer in used:
        if layer.crs or not ("geometry" in layer.table or {"x", "y"} <= layer.fields.keys()):
            continue
        named = {layer.fields[axis].lower() for axis in ("x", "y") if axis in layer.fields}
        if named & {"lon", "lat", "longitude", "latitude", "lng"} and "geometry" not in layer.table:
            layer.crs = DEGREES
            continue
        in_degrees = degrees and "geometry" in layer.table
        layer.crs = DEGREES if in_degrees else known[0] if len(known) == 1 else ""
        said = f"it is taken as {layer.crs}" if layer.crs else "its coordinates are taken as metres"
        text = f"Layer {layer.layer} doesn't say in which coordinate system it lies: {said}"
        hint = "Add the .prj file or give the system"
        findings.append(Finding("gis.no_crs", Severity.WARNING, text, hint, Where(layer.file, layer.layer)))
        layer.table = located(layer.table, layer.fields, layer.crs, layer.file)
    return DEGREES if any(layer.crs for layer in used) else ""


def _could_be_degrees(layers: list[LayerMapping]) -> bool:
    """Say whether layers without a system have coordinates that longitudes and latitudes can be, all of them."""
    bounds = np.array([layer.table.total_bounds for layer in layers]).reshape(-1, 4)
    return len(layers) > 0 and not (np.abs(bounds) > (180, 90, 180, 90)).any()


def _assets(layer: LayerMapping, crs: str, findings: list[Finding]) -> list[dict[str, Any]]:
    """Return a layer's rows with our fields, their kind and their points."""
    table = layer.table
    if layer.crs and crs and layer.crs != crs and "geometry" in table.columns:
        table = table.to_crs(crs)
    columns = {
        name: table[column].astype(object).where(table[column].notna(), None).tolist()
        for name, column in layer.fields.items()
    }
    points = (
        [_points(shape) for shape in table.geometry]
        if "geometry" in table.columns
        else _csv_points(columns, len(table))
    )
    rows = []
    for index in range(len(table)):
        row = {name: values[index] for name, values in columns.items() if values[index] not in (None, "")}
        kind = kind_of(str(row.get("kind", ""))) if layer.kind == "mixed" else layer.kind
        where = {"source_file": layer.file, "source_section": layer.layer, "source_row": index + 1}
        rows.append({**row, "asset": kind, "points": points[index], "where": where})
    place = Where(layer.file, layer.layer)
    _judge_values(layer, rows, place, findings)
    _judge_places(table, rows, crs, place, findings)
    return [row for row in rows if row["asset"]]


def _judge_values(layer: LayerMapping, rows: list[dict[str, Any]], place: Where, findings: list[Finding]) -> None:
    """Report kinds, phases and numbers that can't be read, and what is assumed instead."""

    def note(code: str, text: str, severity: Severity = Severity.WARNING, hint: str = "") -> None:
        findings.append(Finding(f"gis.{code}", severity, text, hint, place))

    if unknown := sum(not row["asset"] for row in rows):
        note("kind_unknown", f"{unknown} rows are of no known kind: left out")
    for name in (name for name in NUMBERS if name in layer.fields):
        given = pd.Series([row[name] for row in rows if name in row], dtype=object)
        if len(wrong := given[numbers_of(given).isna()]):
            text = f"{len(wrong)} values of {layer.fields[name]} are no numbers, such as {wrong.iloc[0]}: left out"
            note("no_number", text)
    phased = [row for row in rows if row["asset"] in PHASED]
    strange = [row["phases"] for row in phased if "phases" in row and not phases_of(row["phases"])]
    if strange:
        text = f"{len(strange)} rows have phases that aren't known, such as {strange[0]}: three phases are assumed"
        note("phases_unknown", text)
    silent = sum("phases" not in row for row in phased)
    if silent:
        note("phases_assumed", f"{silent} rows don't say their phases: three are assumed", Severity.INFO, "Map phases")


def _judge_places(table: Any, rows: list[dict[str, Any]], crs: str, place: Where, findings: list[Finding]) -> None:
    """Report coordinates that are missing, no degrees, or in parts."""
    placeless = [row for row in rows if row["asset"] and not row["points"]]
    nowhere = [row for row in placeless if row["asset"] == "bus" or not {"bus", "from_bus"} & row.keys()]
    if nowhere:
        text = f"{len(nowhere)} rows have no coordinates that can be read, the first is row {_row(nowhere[0])}"
        findings.append(Finding("gis.no_place", Severity.WARNING, text, "Look at x and y", place))
    points = np.array([point for row in rows for point in row["points"]]).reshape(-1, 2)
    wrong = (np.abs(points) > (180, 90)).any(axis=1)
    if crs == DEGREES and wrong.any():
        text = f"{wrong.sum()} coordinates are no degrees: the layer's coordinate system is wrong"
        swapped = not (np.abs(points[:, ::-1]) > (180, 90)).any()
        hint = "Longitude and latitude look swapped: map x and y the other way round" if swapped else ""
        hint = hint or "Give the system that the file really has"
        findings.append(Finding("gis.crs_wrong", Severity.ERROR, text, hint, place))
    parts = table.geometry.geom_type.eq("MultiLineString") if "geometry" in table.columns else pd.Series(dtype=bool)
    broken = int(table.geometry[parts].line_merge().geom_type.eq("MultiLineString").sum()) if parts.any() else 0
    if broken:
        text = f"{broken} lines are of parts that don't meet: they are joined in the order of the file"
        findings.append(Finding("gis.multipart", Severity.WARNING, text, "Draw them as one line each", place))


def _row(row: dict[str, Any]) -> int:
    return int(row["where"]["source_row"])


def _points(shape: Any) -> list[tuple[float, float]]:
    """Return the points of a shape; parts of a line that meet are put in order, an area is its middle."""
    if shape is None or shape.is_empty:
        return []
    if shape.geom_type == "MultiLineString":
        from shapely import line_merge

        shape = line_merge(shape)
    if shape.geom_type.startswith("Multi") or shape.geom_type == "GeometryCollection":
        return [point for part in shape.geoms for point in _points(part)]
    if shape.geom_type == "Polygon":
        return [(shape.centroid.x, shape.centroid.y)]
    return [(float(point[0]), float(point[1])) for point in shape.coords]


def _csv_points(columns: dict[str, list[Any]], rows: int) -> list[list[tuple[float, float]]]:
    x, y = (numbers_of(pd.Series(columns.get(axis, [None] * rows), dtype=object)).tolist() for axis in ("x", "y"))
    return [[(a, b)] if a == a and b == b else [] for a, b in zip(x, y, strict=True)]
