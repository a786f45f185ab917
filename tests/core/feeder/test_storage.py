"""A feeder in the database is the feeder that was read, on SQLite and on PostgreSQL, and its shapes are geometry."""

from __future__ import annotations

import struct
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.errors import NotFound
from core.feeder import COLUMNS, Feeder, storage
from core.feeder.storage import forget_feeder, keep_baseline, keep_feeder, kept_baseline, kept_feeder, kept_feeders
from core.feeder.tables import STORED
from core.findings import Reading
from core.formats.cyme.baseline import read_baseline
from core.formats.feeders import read_feeder
from core.store import Store

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = ROOT / "sample_files" / "feeders"
MDB = ROOT / "../shared/data/cyme/ieee13_mdb"


@pytest.fixture(scope="module")
def town() -> Reading[Feeder]:
    return read_feeder([SAMPLES / "town123"])


def assert_same(kept: Feeder, read: Feeder) -> None:
    assert (kept.name, kept.crs, kept.frequency_hz, kept.studies) == (
        read.name,
        read.crs,
        read.frequency_hz,
        read.studies,
    )
    for table in COLUMNS:
        pd.testing.assert_frame_equal(kept[table], read[table][list(COLUMNS[table])], check_exact=True)


def test_a_kept_feeder_is_the_one_that_was_read(store: Store, town: Reading[Feeder]) -> None:
    model = keep_feeder(store, town)
    kept = kept_feeder(store, model)
    assert_same(kept.value, town.value)
    assert kept.findings == town.findings
    assert kept.source == town.source
    assert [(entry.id, entry.feeders) for entry in kept_feeders(store)] == [(model, tuple(town.value.names))]


def test_a_large_model_lets_others_write_and_is_there_once_it_is_whole(
    store: Store, town: Reading[Feeder], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def another_writes(_: float) -> None:
        with store.writing() as connection:
            connection.execute(text("SELECT 1"))
        seen.append(len(kept_feeders(store)))
        with pytest.raises(NotFound):
            kept_feeder(store, "town")

    monkeypatch.setattr(storage, "BATCH", 100)
    monkeypatch.setattr(storage.time, "sleep", another_writes)
    assert_same(kept_feeder(store, keep_feeder(store, town, id="town")).value, town.value)
    assert seen
    assert set(seen) == {0}


def test_the_opendss_form_is_kept_too(store: Store) -> None:
    read = read_feeder([SAMPLES / "village13" / "opendss"])
    assert_same(kept_feeder(store, keep_feeder(store, read)).value, read.value)


def test_a_database_of_cyme_is_kept_whole(store: Store) -> None:
    if not MDB.is_dir():
        pytest.skip("../shared/data is not there")
    read = read_feeder([MDB])
    assert_same(kept_feeder(store, keep_feeder(store, read)).value, read.value)


def test_shapes_are_wkb_on_sqlite(store: Store, town: Reading[Feeder]) -> None:
    keep_feeder(store, town)
    with store.reading() as connection:
        row = connection.execute(text("SELECT id, x, y, geom FROM nodes WHERE x IS NOT NULL")).first()
        lines = connection.execute(text("SELECT geom FROM segments WHERE geom IS NOT NULL")).scalars().all()
    assert row is not None
    assert struct.unpack("<BIdd", row.geom) == (1, 1, row.x, row.y)  # little endian, a point, its coordinates
    assert {struct.unpack("<BI", line[:5]) for line in lines} == {(1, 2)}  # lines


def test_a_feeder_is_kept_on_postgresql_with_its_shapes(postgresql_store: Store, town: Reading[Feeder]) -> None:
    model = keep_feeder(postgresql_store, town)
    assert_same(kept_feeder(postgresql_store, model).value, town.value)
    with postgresql_store.reading() as connection:
        schema = connection.execute(
            text("SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'postgis'")
        ).scalar()
        if schema is None:
            pytest.skip("PostGIS is not installed: shapes are kept as text")
        query = f"SELECT {schema}.ST_X(geom) AS x, {schema}.ST_SRID(geom) AS srid, nodes.x AS own FROM nodes"
        rows = connection.execute(text(f"{query} WHERE geom IS NOT NULL")).all()
        length = connection.execute(text(f"SELECT {schema}.ST_Length(geom) FROM feeders")).scalar()
    assert rows
    assert all(row.x == row.own and row.srid == 4326 for row in rows)
    assert length > 0


def test_a_feeder_belongs_to_a_project_that_is_there(store: Store, town: Reading[Feeder]) -> None:
    with pytest.raises(IntegrityError):
        keep_feeder(store, town, project="nobody")
    assert kept_feeders(store) == []


def test_what_is_forgotten_is_gone(store: Store, town: Reading[Feeder]) -> None:
    model = keep_feeder(store, town)
    forget_feeder(store, model)
    with pytest.raises(NotFound):
        kept_feeder(store, model)
    with store.reading() as connection:
        tables = ["feeders", *(table.name for table in STORED.values())]
        assert [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in tables] == [0] * len(
            tables
        )


def test_study_results_are_kept_beside_their_model(store: Store, town: Reading[Feeder], tmp_path: Path) -> None:
    model = keep_feeder(store, town)
    (tmp_path / "nodes.csv").write_text("Node Id,VpuA,VpuB\nn1,1.01,1.02\nn2,0.99,\n")
    (tmp_path / "sections.csv").write_text("Section Id,Loading\nl1,55\n")
    baseline = read_baseline([tmp_path / "nodes.csv", tmp_path / "sections.csv"])
    for _ in range(2):  # the same source again replaces its rows
        keep_baseline(store, model, baseline.value.nodes, baseline.value.branches, "study")
    nodes, branches = kept_baseline(store, model)
    there = baseline.value.nodes.dropna(axis="columns", how="all")
    pd.testing.assert_frame_equal(nodes[list(there)], there, check_dtype=False)
    assert branches[["id", "loading_pct"]].values.tolist() == [["l1", 55.0]]
