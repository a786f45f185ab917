"""GIS files as they come: other systems, lost companions, odd shapes and cells; what can be read is read."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
from shapely import LineString, MultiLineString, Point, force_3d

from core.__main__ import main
from core.errors import BadInput
from core.findings import Reading
from core.formats.feeders import read_feeder

DEGREES = "EPSG:4326"


def frames() -> dict[str, gpd.GeoDataFrame]:
    """Return two lines of a kilometre from a substation to a load."""
    wire = {"id": ["L1", "L2"], "phases": ["ABC", "ABC"], "r1": [0.2, 0.2], "x1": [0.4, 0.4]}
    shapes = [LineString([(13.0, 52.0), (13.014561, 52.0)]), LineString([(13.014561, 52.0), (13.029122, 52.0)])]
    load = {"id": ["C1"], "kw": [100.0], "kvar": [20.0], "phases": ["ABC"]}
    return {
        "lines": gpd.GeoDataFrame(wire, geometry=shapes, crs=DEGREES),
        "substation": gpd.GeoDataFrame({"id": ["SUB"], "kV": [12.47]}, geometry=[Point(13.0, 52.0)], crs=DEGREES),
        "loads": gpd.GeoDataFrame(load, geometry=[Point(13.029122, 52.0)], crs=DEGREES),
    }


def written(folder: Path, crs: str = DEGREES, form: str = "shp", **changed: gpd.GeoDataFrame) -> Path:
    folder.mkdir()
    for name, frame in {**frames(), **changed}.items():
        frame.to_crs(crs).to_file(folder / f"{name}.{form}")
    return folder


def is_whole(reading: Reading[Any]) -> bool:
    feeder = reading.value
    lengths = feeder["branches"]["length_km"].to_numpy()
    return (len(feeder["sources"]), len(feeder["buses"]), len(feeder["loads"])) == (1, 3, 1) and bool(
        np.allclose(lengths, 1.0, rtol=1e-3)
    )


def codes(reading: Reading[Any]) -> set[str]:
    return {finding.code for finding in reading.findings if finding.code.startswith("gis.")}


@pytest.mark.parametrize("crs", [DEGREES, "EPSG:25833", "EPSG:3857", "EPSG:2263", "ESRI:102003"])
def test_any_coordinate_system_gives_the_same_lengths(tmp_path: Path, crs: str) -> None:
    reading = read_feeder([written(tmp_path / "layers", crs)])
    assert is_whole(reading)
    assert codes(reading) == set()


def without_prj(folder: Path) -> None:
    for path in folder.glob("*.prj"):
        path.unlink()


def with_wrong_prj(folder: Path) -> None:
    for path in folder.glob("*.prj"):
        path.write_text(gpd.GeoSeries([], crs=DEGREES).crs.to_wkt("WKT1_ESRI"))


@pytest.mark.parametrize(
    ("spoil", "code", "whole"), [(without_prj, "gis.no_crs", True), (with_wrong_prj, "gis.crs_wrong", False)]
)
def test_a_missing_or_wrong_system_is_said_and_can_be_given(
    tmp_path: Path, spoil: Callable[[Path], None], code: str, whole: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "layers", "EPSG:25833")
    spoil(folder)
    reading = read_feeder([folder])
    assert (codes(reading), is_whole(reading)) == ({code}, whole)
    assert main(["feeder", "read", str(folder), "--map", "crs=EPSG:25833", "--remember", "--json"]) == 0
    assert code not in capsys.readouterr().out
    again = read_feeder([folder])
    assert codes(again) == set()
    assert is_whole(again)


def test_one_layer_without_a_system_lies_where_the_others_do(tmp_path: Path) -> None:
    folder = written(tmp_path / "layers", "EPSG:25833")
    (folder / "loads.prj").unlink()
    reading = read_feeder([folder])
    assert is_whole(reading)
    assert codes(reading) == {"gis.no_crs"}


def test_heights_and_parts_that_meet_change_nothing(tmp_path: Path) -> None:
    lines = frames()["lines"]
    ends = [[(13.0, 52.0), (13.005, 52.0)], [(13.014561, 52.0), (13.005, 52.0)]]
    parts = lines.set_geometry([MultiLineString(ends[::-1]), lines.geometry[1]])
    assert is_whole(read_feeder([written(tmp_path / "parts", form="gpkg", lines=parts)]))
    high = lines.set_geometry(list(force_3d(lines.geometry.to_numpy(), 45.0)))
    assert is_whole(read_feeder([written(tmp_path / "high", form="gpkg", lines=high)]))
    apart = lines.set_geometry([MultiLineString([ends[0], [(13.01, 52.0), (13.014561, 52.0)]]), lines.geometry[1]])
    assert codes(read_feeder([written(tmp_path / "apart", form="gpkg", lines=apart)])) == {"gis.multipart"}


@pytest.mark.parametrize("nested", [False, True])
def test_a_geodatabase_in_a_plain_zip_is_found(tmp_path: Path, nested: bool) -> None:
    inside = tmp_path / "packed" / "data" if nested else tmp_path / "packed"
    inside.mkdir(parents=True)
    for name, frame in frames().items():
        frame.to_file(inside / "utility.gdb", layer=name, driver="OpenFileGDB", engine="pyogrio")
    archive = shutil.make_archive(str(tmp_path / "export"), "zip", tmp_path / "packed")
    assert is_whole(read_feeder([Path(archive)]))


def test_an_unreadable_layer_leaves_the_others(tmp_path: Path) -> None:
    folder = written(tmp_path / "layers")
    (folder / "poles.gpkg").write_bytes(b"\0garbage" * 99)
    reading = read_feeder([folder])
    assert is_whole(reading)
    assert codes(reading) == {"gis.layer_unreadable"}
    with pytest.raises(BadInput, match="poles"):
        read_feeder([folder / "poles.gpkg"])


def feature(shape: str, at: Any, **about: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": about, "geometry": at and {"type": shape, "coordinates": at}}


def test_odd_shapes_and_cells_are_said_one_by_one(tmp_path: Path) -> None:
    features = [
        feature("LineString", [[13, 52], [13, 52]], id="L0", kind="line", phases="ABC"),
        feature("LineString", [[13, 52], [13.01, 52]], id="L1", kind="line", phases="XYZ", r1="much"),
        feature("LineString", [[13.01, 52], [13.02, 52]], id="L1", kind="cable", r1=0.1),
        feature("Point", [13, 52], id="S", kind="substation", kv=12.47),
        feature("Point", None, id="C", kind="load", kw=5, phases="ABC"),
        feature("Point", [13, 52], id="X", kind="spaceship"),
    ]
    path = tmp_path / "feeder.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    expected = "no_length phases_unknown no_number double_id phases_assumed no_place kind_unknown no_impedance"
    found = codes(read_feeder([path]))
    assert found - {"gis.far_from_network"} == {f"gis.{code}" for code in expected.split()}


@pytest.mark.parametrize(
    ("text", "places", "code"),
    [
        ("node;lon;lat\nA;13,5;52,25\n", [(13.5, 52.25)], None),
        ("node,lon,lat\nA,52.0,-113.0\n", [(52.0, -113.0)], "gis.crs_wrong"),
        ("node,lon,lat\nA,13.5,52.25\nB,13°0'0\"E,52°\n", [(13.5, 52.25)], "gis.no_place"),
    ],
)
def test_tables_of_coordinates(tmp_path: Path, text: str, places: list[tuple[float, float]], code: str | None) -> None:
    (tmp_path / "nodes.csv").write_text(text, encoding="utf-8")
    reading = read_feeder([tmp_path / "nodes.csv"])
    assert list(reading.value["buses"][["x", "y"]].itertuples(index=False, name=None)) == places
    assert codes(reading) - {"gis.no_source"} == ({code} if code else set())
    if code == "gis.crs_wrong":
        assert any("swapped" in finding.hint for finding in reading.findings)


def test_layers_without_a_system_are_in_metres_when_one_of_them_must_be(tmp_path: Path) -> None:
    path = tmp_path / "plane.gpkg"
    shapes = {"lines": LineString([(0, 0), (400, 300)]), "substation": Point(0, 0)}
    for name, shape in shapes.items():
        frame = gpd.GeoDataFrame({"id": [name], "kv": [12.47]}, geometry=[shape])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it has no system: that is what we try
            frame.to_file(path, layer=name, driver="GPKG", engine="pyogrio")
    reading = read_feeder([path])
    assert reading.value.crs == ""
    assert reading.value["branches"]["length_km"].tolist() == [0.5]
    assert reading.value["sources"]["bus"].tolist() == reading.value["branches"]["from_bus"].tolist()
    assert "gis.crs_wrong" not in codes(reading)


TABLES = {
    "nodes": "id,lon,lat\nA,15.00,48.0\nB,15.01,48.0\n",
    "substation": "id,node,kv,lon,lat\nS,A,12.47,15.00,48.0\n",
    "overhead_lines": "id,from_node,to_node,r1,x1,length\nL,A,B,0.3,0.4,800\n",
    "customers": "id,node,kw\nC,B,100\n",
}
DRAWN = 'id,from_node,to_node,r1,x1,WKT\nL,A,B,0.3,0.4,"LINESTRING (15 48, 15.01 48)"\n'
UNMEASURED = "id,from_node,to_node,r1,x1\nL,A,B,0.3,0.4\n"


@pytest.mark.parametrize(
    ("lines", "length_km"), [(TABLES["overhead_lines"], 0.8), (DRAWN, 0.7459), (UNMEASURED, 0.7459)]
)
def test_tables_of_connections_are_read_with_or_without_shapes(tmp_path: Path, lines: str, length_km: float) -> None:
    for name, text in {**TABLES, "overhead_lines": lines}.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "results.csv").write_text("section,from_node,to_node,VpuA\nL,A,B,1.0\n", encoding="utf-8")
    feeder = read_feeder([tmp_path]).value
    assert feeder["branches"][["id", "from_bus", "to_bus"]].to_numpy().tolist() == [["L", "A", "B"]]
    assert feeder["branches"]["length_km"].tolist() == pytest.approx([length_km], rel=1e-3)
    assert feeder["loads"]["bus"].tolist() == ["B"]


def test_a_line_without_length_or_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "lines.csv").write_text(UNMEASURED, encoding="utf-8")
    assert "gis.length_unknown" in codes(read_feeder([tmp_path / "lines.csv"]))


def test_the_command_says_how_layers_are_read_and_takes_corrections(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = frames()["lines"].rename(columns={"id": "WIRE_NO", "phases": "PH"})
    folder = written(tmp_path / "layers", form="gpkg", lines=lines)

    def layer(*words: str) -> dict[str, Any]:
        assert main(["feeder", "layers", str(folder), *words, "--json"]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return next(each for each in found["layers"] if each["layer"] == "lines")

    assert layer()["unused"] == ["WIRE_NO", "PH"]
    mapped = layer("--map", "lines.id=WIRE_NO", "--map", "phases=PH", "--map", "lines.kind=cable", "--remember")
    assert mapped["kind"] == "cable"
    assert {"id": "WIRE_NO", "phases": "PH"}.items() <= mapped["fields"].items()
    assert layer() == mapped
    branches = read_feeder([folder]).value["branches"]
    assert (set(branches["id"]), set(branches["kind"])) == ({"L1", "L2"}, {"cable"})


@pytest.mark.parametrize("words", ["id", "=x", "nothing=WIRE_NO", "lines.kind=spaceship"])
def test_corrections_that_mean_nothing_are_refused(tmp_path: Path, words: str) -> None:
    folder = written(tmp_path / "layers", form="gpkg")
    assert main(["feeder", "read", str(folder), "--map", words]) == 2
    assert not (folder / "decisions.json").exists()
