"""GIS layers in every format give one model; reconciliation finds a feeder again; QGIS can open what is written."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from shapely import LineString, Point

from core.errors import BadInput
from core.feeder import Feeder
from core.formats.cyme import read_cyme
from core.formats.feeders import read_feeder
from core.formats.gis import preview, read_gis, reconcile, write_geopackage
from core.formats.gis.build import phases_of
from core.formats.gis.layers import keep_corrections, load_corrections
from core.studies.feeder_flow import solve_feeder
from tests.core.formats.cyme import exports

UTM = "EPSG:32633"


def layers() -> dict[str, gpd.GeoDataFrame]:
    """Return a small feeder in metres: substation, two lines, a switch, a transformer, loads and poles."""
    o = np.array([500000.0, 5400000.0])

    def at(x: float, y: float) -> tuple[float, float]:
        return float(o[0] + x), float(o[1] + y)

    lines = {"FacilityID": ["L1", "L2"], "PhaseDesignation": [7.0, 2.0], "Conductor": ["336", "1/0"], "R1": [0.2, 0.6]}
    lines |= {"X1": [0.4, 0.5], "Ampacity": [530.0, 230.0]}
    transformer = {"id": ["T1"], "kVA": [500.0], "kV": [12.47], "SecondaryKV": [0.48], "phases": ["ABC"], "Z": [4.0]}
    loads = {"id": ["C1", "C2"], "kw": [200.0, 50.0], "kvar": [60.0, 10.0], "phase": ["ABC", "B"]}
    main, lateral = [at(0, 0), at(500, 20), at(1000, 0)], [at(1000.4, 0), at(1000, 800)]
    frames: dict[str, tuple[dict[str, Any], list[Any]]] = {
        "PrimaryLines": (lines, [LineString(main), LineString(lateral)]),
        "Switches": (
            {"id": ["SW"], "status": ["Closed"], "phases": ["ABC"]},
            [LineString([at(1000, 0), at(1010, 0)])],
        ),
        "Transformers": (transformer, [Point(at(1010, 0))]),
        "Loads": (loads, [Point(at(1000, 1)), Point(at(1000, 801))]),
        "Substation": ({"id": ["SUB"], "kV": [12.47]}, [Point(at(0, 0))]),
        "Poles": ({"id": ["P1"], "height": [12.0]}, [Point(at(500, 20))]),
        "Parcels": ({"owner": ["x"]}, [Point(at(3, 3))]),
    }
    return {
        name: gpd.GeoDataFrame(pd.DataFrame(table), geometry=shapes, crs=UTM)
        for name, (table, shapes) in frames.items()
    }


def write(folder: Path, form: str) -> list[Path]:
    """Write the layers in a format and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    if form in ("gpkg", "gdb"):
        path = folder / f"utility.{form}"
        for name, frame in layers().items():
            frame.to_file(path, layer=name, driver={"gpkg": "GPKG", "gdb": "OpenFileGDB"}[form], engine="pyogrio")
        return [path]
    paths = []
    for name, frame in layers().items():
        paths.append(folder / f"{name}.{form}")
        frame = (
            frame.to_crs("EPSG:4326") if form == "geojson" else frame.rename(columns=lambda column: str(column)[:10])
        )
        frame.to_file(paths[-1], engine="pyogrio")
    return paths


@pytest.mark.parametrize("form", ["shp", "geojson", "gpkg", "gdb"])
def test_every_format_gives_the_same_feeder(tmp_path: Path, form: str) -> None:
    reading = read_gis(write(tmp_path, form))
    feeder = reading.value
    assert feeder.crs == "EPSG:4326"
    assert {table: len(feeder[table]) for table in ("sources", "branches", "transformers", "loads", "poles")} == {
        "sources": 1, "branches": 3, "transformers": 1, "loads": 2, "poles": 1,
    }  # fmt: skip
    lines = feeder["branches"].set_index("id")
    assert list(lines.loc[["L1", "L2"], "phases"]) == ["ABC", "B"]
    assert lines.loc["L1", "length_km"] == pytest.approx(1.0008, rel=2e-3)
    assert lines.loc["L1", "to_bus"] == lines.loc["L2", "from_bus"] == lines.loc["SW", "from_bus"]
    assert "gis.layer_unknown" in {finding.code for finding in reading.findings}
    assert solve_feeder(feeder).converged


def test_a_zipped_geodatabase_is_read(tmp_path: Path) -> None:
    import shutil

    (gdb,) = write(tmp_path, "gdb")
    shutil.make_archive(str(tmp_path / "utility.gdb"), "zip", tmp_path, gdb.name)
    assert len(read_feeder([tmp_path / "utility.gdb.zip"]).value["branches"]) == 3


def test_a_csv_with_coordinates_places_a_cyme_feeder(tmp_path: Path) -> None:
    exports.write_text(tmp_path)
    (tmp_path / "places.csv").write_text("node,lon,lat\nN1,15.0,48.0\nN2,15.01,48.0\nN3,15.02,48.0\nN5,15.01,48.01\n")
    reading = read_feeder([tmp_path])
    buses = reading.value["buses"].set_index("id")
    assert (buses.loc["N2", "x"], buses.loc["N2", "y"]) == (15.01, 48.0)
    assert reading.value.crs == "EPSG:4326"


def test_the_preview_says_how_layers_are_read_and_corrections_win(tmp_path: Path) -> None:
    paths = write(tmp_path, "gpkg")
    found, _ = preview(paths)
    kinds = {mapping.layer: mapping.kind for mapping in found}
    assert kinds == {
        "PrimaryLines": "line",
        "Switches": "switch",
        "Transformers": "transformer",
        "Loads": "load",
        "Substation": "source",
        "Poles": "pole",
        "Parcels": "",
    }
    lines = next(mapping for mapping in found if mapping.layer == "PrimaryLines")
    assert lines.fields["id"] == "FacilityID"
    keep_corrections(tmp_path / "kept.json", {"Parcels": {"kind": "pole", "fields": {"id": "owner"}}})
    again = read_gis(paths, load_corrections(tmp_path / "kept.json")).value
    assert set(again["poles"]["id"]) == {"P1", "x"}


def test_a_wrong_coordinate_system_is_reported(tmp_path: Path) -> None:
    frame = layers()["PrimaryLines"].set_crs("EPSG:4326", allow_override=True)
    frame.to_file(tmp_path / "lines.gpkg", engine="pyogrio")
    codes = {finding.code for finding in read_feeder([tmp_path / "lines.gpkg"]).findings}
    assert {"gis.crs_wrong", "feeder.coordinates_crs"} <= codes


@pytest.mark.parametrize(
    ("value", "phases"), [(7, "ABC"), (4, "A"), (1.0, "C"), ("B-A", "AB"), ("RST", "ABC"), ("", ""), (None, "")]
)
def test_phases_come_in_many_forms(value: Any, phases: str) -> None:
    assert phases_of(value) == phases


def moved(feeder: Feeder) -> Feeder:
    """Return the feeder as a GIS has it: other names for two buses and a line, other coordinates."""
    names = {"N3": "X17", "N5": "X18"}
    buses = feeder["buses"].copy()
    x, y = buses["x"].to_numpy(), buses["y"].to_numpy()
    buses["x"], buses["y"] = 1000 + 2 * y, 5000 - 2 * x
    buses["id"] = buses["id"].replace(names)
    branches = feeder["branches"].assign(
        from_bus=feeder["branches"]["from_bus"].replace(names), to_bus=feeder["branches"]["to_bus"].replace(names)
    )
    branches["id"] = branches["id"].replace({"CABLE-2": "LINE-X"})
    return feeder.with_tables({"buses": buses, "branches": branches})


def test_reconciliation_matches_by_id_then_place_then_connections(tmp_path: Path) -> None:
    feeder = read_cyme(exports.write_text(tmp_path)).value
    found = reconcile(feeder, moved(feeder)).set_index(["table", "ours"])
    assert tuple(found.loc[("buses", "N2"), ["gis", "method"]]) == ("N2", "id")
    assert tuple(found.loc[("buses", "N3"), ["gis", "method"]]) == ("X17", "place")
    assert tuple(found.loc[("buses", "N5"), ["gis", "method"]]) == ("X18", "place")
    assert tuple(found.loc[("branches", "CABLE-2"), ["gis", "method"]]) == ("LINE-X", "connections")
    assert found.loc[("buses", "N2"), "confidence"] > found.loc[("buses", "N3"), "confidence"]


def test_a_match_by_hand_wins(tmp_path: Path) -> None:
    feeder = read_cyme(exports.write_text(tmp_path)).value
    found = reconcile(feeder, moved(feeder), {"N3": "X18"}).set_index(["table", "ours"])
    assert tuple(found.loc[("buses", "N3"), ["gis", "method"]]) == ("X18", "manual")


def test_the_geopackage_opens_with_its_layers(tmp_path: Path) -> None:
    feeder = read_gis(write(tmp_path, "gpkg")).value
    counts = write_geopackage(feeder, tmp_path / "out.gpkg")
    assert {row[0] for row in pyogrio.list_layers(tmp_path / "out.gpkg")} == counts.keys()
    lines = gpd.read_file(tmp_path / "out.gpkg", layer="branches").set_index("id")
    assert lines.crs.to_string() == "EPSG:4326"
    assert len(lines.loc["L1", "geometry"].coords) == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.geojson", "{}"),
        ("b.gpkg", "nothing"),
        ("c.shp", "\0\0"),
        ("d.geojson", json.dumps({"type": "FeatureCollection"})[:-4]),
    ],
)
def test_what_is_no_layer_is_refused(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput):
        read_feeder([tmp_path / name])


def test_an_unpacked_archive_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for path in exports.write_text(tmp_path / "export"):
            archive.write(path, path.name)
    assert len(read_feeder([tmp_path / "export.zip"]).value["loads"]) > 0
    assert list(scratch.iterdir()) == []
