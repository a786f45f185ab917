"""Vector files as layers: what each holds, by its name and its fields; corrections by a person win and are kept."""

from __future__ import annotations

import csv
import json
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.archive import names_inside

#: What a person corrected: layer → {"kind": …, "fields": {our field: its column}, "crs": …}; an empty kind leaves the
#: layer out, an empty column leaves the field without one.
Corrections = Mapping[str, Mapping[str, Any]]
#: Stands for every layer that isn't named.
EVERY_LAYER = "*"
SUFFIXES = {".shp", ".gpkg", ".geojson", ".gdb", ".fgb", ".kml"}
#: What is looked for in an archive.
INSIDE = re.compile(r"\.(shp|gpkg|geojson|gdbtable)$", re.IGNORECASE)
#: Headings of a table's shapes as well-known text, and those that results have and assets don't.
SHAPES = {"wkt", "geometry", "geom", "thegeom", "wktgeom"}
RESULT = re.compile(r"v(pu)?[abc]?|i[abc]|i[abc]?amps|loading(pct)?|v?angle[abc]?")
MAX_ROWS = 5_000_000


@dataclass(slots=True)
class LayerMapping:
    """How a layer is read: its kind of asset and which of its columns is which of our fields."""

    file: str
    layer: str
    kind: str  # empty: the layer isn't used
    fields: dict[str, str]
    unused: list[str]
    rows: int
    crs: str
    table: Any = field(repr=False, default=None)


@cache
def _synonyms(name: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def kinds() -> list[str]:
    """Return the kinds that a layer can be of; the rows of a mixed one say their kind themselves."""
    return ["mixed", *dict.fromkeys(row["kind"] for row in _synonyms("layers.csv"))]


def field_names() -> list[str]:
    """Return our fields, to which a layer's columns are mapped."""
    return [row["field"] for row in _synonyms("fields.csv")]


def plain(name: str) -> str:
    """Return a name as synonyms are written: lower case, without separators."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def looks_like_gis(path: Path) -> bool:
    """Say whether a file or folder holds vector layers."""
    if path.suffix.lower() in SUFFIXES:
        return path.is_file() or (path.suffix.lower() == ".gdb" and path.is_dir())
    if path.is_dir():
        return any(child.suffix == ".gdbtable" for child in path.iterdir())
    if path.name.lower().endswith((".gdb.zip", ".shp.zip")):
        return True
    if any(INSIDE.search(name) for name in names_inside(path)):
        return True
    head = path.read_bytes()[:4096]
    if head.lstrip()[:1] == b"{" and b"Feature" in head:
        return True
    return path.suffix.lower() == ".csv" and _names_assets(_headings(head))


def has_places(path: Path) -> bool:
    """Say whether what looks like vector layers says where anything lies; tables of connections alone don't."""
    if path.suffix.lower() != ".csv":
        return True
    names = _headings(path.read_bytes()[:4096])
    return bool(names & SHAPES) or _meant(names, "x", "y")


def _headings(head: bytes) -> set[str]:
    first = head.decode("utf-8-sig", errors="replace").splitlines()[:1]
    return {plain(name) for name in re.split(r"[,;\t]", first[0])} if first else set()


def _names_assets(names: set[str]) -> bool:
    """Say whether a table's headings are those of assets: placed, drawn, between two nodes or rated at one."""
    placed = _meant(names, "x", "y") and any(_meant(names, each) for each in ("id", "bus", "kind"))
    if placed or any(RESULT.fullmatch(name) for name in names):
        return placed
    rated = any(_meant(names, each) for each in ("p_kw", "q_kvar", "kva", "kv"))
    return bool(names & SHAPES) or _meant(names, "from_bus", "to_bus") or (_meant(names, "bus") and rated)


def _meant(names: set[str], *wanted: str) -> bool:
    """Say whether headings stand for each of our fields that are wanted."""
    known = {row["field"]: {plain(name) for name in row["names"].split("|")} for row in _synonyms("fields.csv")}
    return all(names & known[each] for each in wanted)


def preview(paths: Sequence[Path], corrections: Corrections | None = None) -> tuple[list[LayerMapping], list[Finding]]:
    """Return how every layer of the files would be read, with what couldn't be.

    Parameters
    ----------
    paths
        Shapefiles, GeoJSON, GeoPackages, file geodatabases (folder or zip), CSV files with coordinates.
    corrections
        What a person decided about layers; it wins over the synonyms.
    """
    found: list[LayerMapping] = []
    findings: list[Finding] = []
    corrections = corrections or {}
    _known_words(corrections)
    for path in paths:
        for layer, table in _tables(path, findings):
            found.append(_mapping(path, layer, table, _correction(corrections, layer)))
            if not found[-1].kind:
                text = f"Layer {layer} is of no kind that is read: left out"
                findings.append(
                    Finding("gis.layer_unknown", Severity.WARNING, text, "Say what it holds", Where(path.name, layer))
                )
    for layer, text in _unused(corrections, found):
        findings.append(
            Finding("gis.mapping_unused", Severity.WARNING, text, "Look at the layers' columns", Where("", layer))
        )
    return found, findings


def _correction(corrections: Corrections, layer: str) -> dict[str, Any]:
    """Return what was decided about a layer, or else about every layer."""
    every, own = corrections.get(EVERY_LAYER, {}), corrections.get(layer, {})
    return {**every, **own, "fields": {**every.get("fields", {}), **own.get("fields", {})}}


def _known_words(corrections: Corrections) -> None:
    """Refuse fields and kinds that there are not."""
    for about in corrections.values():
        for word, known in [
            (about.get("kind") or "line", kinds()),
            *((name, field_names()) for name in about.get("fields", {})),
        ]:
            if word not in known:
                raise BadInput(f"{word} is nothing that GIS layers are read by", hint=f"There are: {', '.join(known)}")


def _unused(corrections: Corrections, found: Sequence[LayerMapping]) -> list[tuple[str, str]]:
    """Return the decisions that no layer follows, by layer."""
    texts = []
    for layer, about in corrections.items():
        mine = [each for each in found if layer in (EVERY_LAYER, each.layer)]
        if not mine:
            texts.append((layer, f"There is no layer {layer}, about which was decided"))
        for name, column in about.get("fields", {}).items():
            if mine and column and not any(each.fields.get(name) == column for each in mine):
                texts.append((layer, f"The field {name} was to be column {column}, which isn't there"))
    return texts


def _tables(path: Path, findings: list[Finding]) -> list[tuple[str, Any]]:
    import pyogrio

    if path.suffix.lower() == ".csv":
        return [(path.stem, _csv(path))]
    tables = []
    layer = ""
    for address in _addresses(path):
        try:
            for layer in [str(row[0]) for row in pyogrio.list_layers(address)]:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # a column that might be JSON and is text
                    tables.append((layer, pyogrio.read_dataframe(address, layer=layer, max_features=MAX_ROWS)))
        except Exception as error:  # noqa: BLE001
            text = f"{f'Layer {layer} of ' if layer else ''}{path.name} can't be read: {error}"
            where = Where(path.name, layer or None)
            findings.append(Finding("gis.layer_unreadable", Severity.ERROR, text, "Export it again", where))
    return tables


def _addresses(path: Path) -> list[str]:
    """Return what is to be opened of a file: itself, or each file and geodatabase inside an archive."""
    if not is_zipfile(path):
        return [str(path)]
    found = [name for name in names_inside(path) if INSIDE.search(name)]
    inside = [name.rpartition("/")[0] if name.lower().endswith(".gdbtable") else name for name in found]
    return [f"/vsizip/{path}/{name}" if name else str(path) for name in dict.fromkeys(inside)]


def _csv(path: Path) -> Any:
    with path.open(encoding="utf-8-sig", errors="replace") as handle:
        separator = max(",;\t", key=handle.readline().count)
    try:
        table = pd.read_csv(
            path, sep=separator, encoding="utf-8-sig", encoding_errors="replace", dtype=str, keep_default_na=False
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise BadInput(f"The table can't be read: {error}", where=Where(file=path.name)) from error
    drawn = next((column for column in table.columns if plain(str(column)) in SHAPES), None)
    return table if drawn is None else _drawn(table, drawn)


def _drawn(table: pd.DataFrame, column: str) -> Any:
    """Return a table with its column of well-known text as shapes; what is none is reported as without place."""
    import geopandas

    texts = [text.strip().rpartition(";")[2] or None for text in table[column]]  # behind an SRID=…;
    shapes = geopandas.GeoSeries.from_wkt(texts, on_invalid="ignore")
    return geopandas.GeoDataFrame(table.drop(columns=column), geometry=shapes)


def _mapping(path: Path, layer: str, table: Any, correction: Mapping[str, Any]) -> LayerMapping:
    columns = {plain(str(column)): str(column) for column in table.columns if column != "geometry"}
    width = 10 if path.suffix.lower() in (".shp", ".zip") else None  # a shapefile cuts the names of its fields
    fields = {}
    for row in _synonyms("fields.csv"):
        for name in row["names"].split("|"):
            wanted = next((key for key in (plain(name), plain(name)[:width]) if key in columns), None)
            if wanted is not None:
                fields[row["field"]] = columns[wanted]
                break
    chosen = dict(correction.get("fields", {}))
    fields |= {name: column for name, column in chosen.items() if column in table.columns}
    fields = {name: column for name, column in fields.items() if chosen.get(name) != ""}
    kind = str(correction["kind"]) if "kind" in correction else _kind(layer, table, fields)
    table = located(table, fields, str(correction.get("crs", "")), path.name)
    unused = [column for column in columns.values() if column not in fields.values()]
    crs = getattr(table, "crs", None)
    return LayerMapping(
        path.name, layer, kind, fields, unused, len(table), crs.to_string() if crs is not None else "", table
    )


def numbers_of(values: pd.Series) -> pd.Series:
    """Return texts as numbers, decimal commas too; what is none, or endless, is missing."""
    texts = values.astype(str).str.strip().str.replace(",", ".", regex=False)
    numbers: pd.Series = pd.to_numeric(texts, errors="coerce").astype(float)
    return numbers.where(numbers.abs() < math.inf)


def check_system(crs: str) -> None:
    """Refuse what names no coordinate system; nothing at all is allowed."""
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        CRS.from_user_input(crs or "EPSG:4326")
    except CRSError as error:
        hint = "Give it as an EPSG code, such as EPSG:25832"
        raise BadInput(f"{crs} is no coordinate system", hint=hint) from error


def located(table: Any, fields: Mapping[str, str], crs: str, file: str) -> Any:
    """Return the layer in the coordinate system that a person gave; a table's points become shapes for that."""
    if not crs:
        return table
    import geopandas

    try:
        if "geometry" in table.columns:
            return table.set_crs(crs, allow_override=True)
        x, y = (numbers_of(table[fields[axis]]) for axis in ("x", "y"))
        return geopandas.GeoDataFrame(table, geometry=geopandas.points_from_xy(x, y), crs=crs)
    except KeyError:
        return table
    except Exception as error:
        hint = "Give it as an EPSG code, such as EPSG:25832"
        raise BadInput(f"{crs} is no coordinate system", hint=hint, where=Where(file=file)) from error


def _kind(layer: str, table: Any, fields: dict[str, str]) -> str:
    """Return the kind of a layer by its name; one whose rows say their kind is ``mixed``."""
    name = plain(layer)
    matches = [
        (len(word), row["kind"])
        for row in _synonyms("layers.csv")
        for word in map(plain, row["names"].split("|"))
        if word == name or (len(word) > 3 and word in name)
    ]
    if "kind" in fields:
        said = {kind_of(str(value)) for value in table[fields["kind"]].unique()[:50]} - {""}
        if len(said) > 1 or (said and not matches):
            return "mixed"
    if matches:
        return max(matches)[1]
    shapes = set(table.geometry.geom_type.dropna()) if "geometry" in table.columns else set()
    if {"from_bus", "to_bus"} <= fields.keys() or shapes & {"LineString", "MultiLineString"}:
        return "line"
    return "bus" if "bus" in fields and {"x", "y"} <= fields.keys() else ""


def kind_of(text: str) -> str:
    """Return the kind of asset that a word means, nothing when it means none."""
    word = plain(text)
    exact = [row["kind"] for row in _synonyms("layers.csv") if word in map(plain, row["names"].split("|"))]
    if exact or not word:
        return exact[0] if exact else ""
    inside = [
        (len(name), row["kind"])
        for row in _synonyms("layers.csv")
        for name in map(plain, row["names"].split("|"))
        if len(name) > 3 and name in word
    ]
    return max(inside)[1] if inside else ""


def load_corrections(path: Path) -> dict[str, Any]:
    """Return the corrections that were kept, none when there is no file."""
    if not path.is_file():
        return {}
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"The corrections can't be read: {error}", where=Where(file=path.name)) from error
    return kept


def keep_corrections(path: Path, corrections: Corrections) -> None:
    """Keep corrections for the next import; layers not named keep theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**load_corrections(path), **corrections}, indent=1, sort_keys=True), encoding="utf-8")
