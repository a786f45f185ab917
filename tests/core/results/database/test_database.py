"""The results database on SQLite and PostgreSQL."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from sqlalchemy import URL, func, inspect, select
from sqlalchemy.orm import Session

from core.errors import BadInput, NotFound, StoreError
from core.results import database
from core.results.database import GridState
from core.results.database.software import KEYS, SOFTWARE
from core.results.database.tables import RESULTS, SimulationProgress
from core.settings import Settings
from core.store import Store, backup, open_store

CORE = {
    "bus": "bus bus_name type p q v_mag angle_deg vbase",
    "generator": "gen gen_name bus p q mbase status",
    "load": "load load_name bus p q status",
    "line": "line line_name ibus jbus line_pct status",
}


@pytest.fixture(params=["store", "postgresql_store"])
def either(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def writers() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield pool


def state(timestamp: str = "2025-01-01T00:00:00", v: float = 1.02) -> GridState:
    return GridState(
        timestamp,
        pd.DataFrame({"bus": [1, 2], "type": ["Slack", "PQ"], "v_mag": [1.06, v], "Vbase": [138.0, 138.0]}),
        pd.DataFrame({"gen": [1], "bus": [1], "p": [2.324], "status": [1]}),
        pd.DataFrame({"load": [1], "bus": [2], "p": [0.217], "status": [1]}),
        pd.DataFrame({"line": [1], "ibus": [1], "jbus": [2], "line_pct": [None], "status": [1]}),
    )


def begun(store: Store, software: str = "psse") -> int:
    return database.begin(store, "IEEE_14_bus", software, 100.0, "2025-01-01T00:00:00", steps=2)


def test_every_software_has_the_specified_core_columns(either: Store):
    with either.reading() as connection:
        seen = inspect(connection)
        for software in SOFTWARE:
            for component, names in CORE.items():
                columns = [column["name"] for column in seen.get_columns(f"{software}_{component}_results")]
                assert columns[: 3 + len(names.split())] == ["id", "grid_sim_id", "timestamp", *names.split()]
                unique = seen.get_unique_constraints(f"{software}_{component}_results")
                assert [u["column_names"] for u in unique] == [["grid_sim_id", "timestamp", KEYS[component]]]
        links = [column["name"] for column in seen.get_columns("pypsa_link_results")]
    assert links[3:] == ["link", "link_name", "bus0", "bus1", "p0", "p1", "efficiency", "status"]


def test_states_come_back_as_they_were_written(either: Store):
    sim = begun(either)
    database.insert_grid_states(either, sim, [state(), state("2025-01-01T01:00:00", 1.01)])
    buses = database.get_bus_data(either, sim)
    assert buses["v_mag"].tolist() == [1.06, 1.02, 1.06, 1.01]
    assert buses["timestamp"].tolist() == ["2025-01-01T00:00:00"] * 2 + ["2025-01-01T01:00:00"] * 2
    assert database.get_generator_data(either, sim)["p"].tolist() == [2.324, 2.324]
    assert database.get_load_data(either, sim)["load"].tolist() == [1, 1]
    assert database.get_line_data(either, sim)["line_pct"].isna().all()
    assert database.simulation(either, sim).steps_done == 2
    bus = RESULTS["psse", "bus"]
    with either.reading() as connection, Session(connection) as session:
        last = session.scalars(select(bus).where(bus.grid_sim_id == sim).order_by(bus.id.desc())).first()
        assert last is not None
        assert (last.timestamp, last.v_mag, last.type) == ("2025-01-01T01:00:00", 1.01, "PQ")


def test_an_element_that_changes_or_is_missing_at_a_step_is_read_as_it_was_written(either: Store):
    """A plant at its reactive limit is PV at one hour and PQ at the next; one out of service may have no row."""
    sim, steps = begun(either), [state(f"2025-01-01T0{hour}:00:00", 1 + hour / 100) for hour in range(3)]
    steps[1].bus["type"] = ["Slack", "PV"]
    steps[1].gen["status"] = [None]
    steps[2].bus = steps[2].bus.head(1)
    database.insert_grid_states(either, sim, steps)
    buses = database.get_bus_data(either, sim)
    assert buses["type"].tolist() == ["Slack", "PQ", "Slack", "PV", "Slack"]
    assert buses["bus"].tolist() == [1, 2, 1, 2, 1]
    assert buses["v_mag"].tolist() == [1.06, 1.0, 1.06, 1.01, 1.06]
    assert database.get_generator_data(either, sim)["status"].fillna(-1).tolist() == [1, -1, 1]
    times, known = database.get_outline(either, sim, "bus", "psse", ["bus"])
    assert (times, known["bus"].tolist()) == ([step.timestamp for step in steps], [1, 2])
    at_once = database.get_data(either, sim, "bus", at=times[1])
    pd.testing.assert_frame_equal(at_once, buses[buses["timestamp"] == times[1]].reset_index(drop=True))
    second = database.get_data(either, sim, "bus", numbers=[2])
    pd.testing.assert_frame_equal(second, buses[buses["bus"] == 2].reset_index(drop=True))


def test_names_and_fractions_come_back_to_the_letter(either: Store):
    """What all steps have alike stands in the statement that inserts them."""
    names, odd = ["O'Neil 100 % \\ ?1 :v %s \"", "Zürich\n"], [1 / 3, 0.1 + 0.2]
    steps = [state(f"2025-01-01T0{hour}:00:00", odd[hour]) for hour in range(2)]
    for step in steps:
        step.bus = step.bus.assign(bus_name=names, vbase=odd).drop(columns="Vbase")
    sim = begun(either)
    database.insert_grid_states(either, sim, steps)
    buses = database.get_bus_data(either, sim)
    assert buses["bus_name"].tolist() == names * 2
    assert (buses["vbase"].tolist(), buses["v_mag"].tolist()) == (odd * 2, [1.06, 1 / 3, 1.06, 0.1 + 0.2])


def test_duckdb_reads_from_parquet_the_frames_of_the_database(either: Store, tmp_path: Path):
    sim = begun(either)
    farm = pd.DataFrame({"wec_farm_name": ["wave"], "timestamp": ["2025-01-01T00:00:00"], "power_output_mw": [0.5]})
    database.insert_tables(either, sim, state().tables(), farms=farm)
    database.insert_grid_state(either, sim, state(v=1 / 3), "pypsa")
    files = database.export_parquet(either, sim, tmp_path / "out")
    assert [file.stem for file in files] == [
        f"{software}_{component}_results" for software in ("psse", "pypsa") for component in CORE
    ] + ["wec_simulations"]
    for file in files:
        software, component, *_ = file.stem.split("_")
        wanted = (
            database.get_farm_data(either, sim)
            if software == "wec"
            else database.get_data(either, sim, component, software)
        )
        pd.testing.assert_frame_equal(duckdb.read_parquet(str(file)).df(), wanted, check_exact=True)
    with pytest.raises(BadInput, match="already"):
        database.export_parquet(either, sim, tmp_path / "out")


def test_several_software_may_stand_under_one_simulation(either: Store):
    sim = begun(either, "PSS®E")
    database.insert_grid_state(either, sim, state())
    priced = state(v=1.03)
    priced.bus["marginal_price"] = [31.0, 32.5]
    database.insert_grid_state(either, sim, priced, "PyPSA")
    assert database.get_bus_data(either, sim)["v_mag"].tolist() == [1.06, 1.02]
    assert database.get_bus_data(either, sim, "pypsa")["marginal_price"].tolist() == [31.0, 32.5]
    assert database.software_of(either, sim) == ["psse", "pypsa"]


def test_an_element_has_one_row_a_time_stamp_and_a_refused_batch_leaves_nothing(either: Store):
    sim = begun(either)
    database.insert_grid_state(either, sim, state())
    with pytest.raises(BadInput, match="already"):
        database.insert_grid_states(either, sim, [state("2025-01-01T01:00:00"), state()])
    assert len(database.get_bus_data(either, sim)) == 2
    assert database.simulation(either, sim).steps_done == 1


def test_removing_a_simulation_removes_its_results(either: Store):
    sim = begun(either)
    database.insert_grid_state(either, sim, state())
    database.remove(either, sim)
    with either.reading() as connection:
        left = [
            connection.execute(select(func.count()).select_from(table)).scalar()
            for table in (*RESULTS.values(), SimulationProgress)
        ]
    assert sum(left) == 0
    with pytest.raises(NotFound):
        database.get_bus_data(either, sim)


def test_results_of_no_simulation_are_refused(either: Store):
    with pytest.raises(NotFound):
        database.insert_grid_state(either, 77, state())


def test_what_breaks_off_leaves_nothing_behind(either: Store):
    sim = begun(either)

    def half_way() -> None:
        with database.all_or_nothing(either, sim):
            database.insert_grid_state(either, sim, state())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_way()
    assert database.simulations(either) == []


def test_columns_and_values_that_no_table_holds_are_refused(store: Store):
    sim = begun(store)
    for change in ({"v_mag": ["high", 1.0]}, {"marginal_price": [1.0, 2.0]}, {"bus": [1.5, 2.0]}, {"bus": [None, 2]}):
        wrong = state()
        wrong.bus = wrong.bus.assign(**change)
        with pytest.raises(BadInput):
            database.insert_grid_state(store, sim, wrong)
    with pytest.raises(BadInput, match="GridLAB"):
        database.get_bus_data(store, sim, "GridLAB-D")


def write_hours(url: str, workspace: str, sim: int, hours: range) -> None:
    """Write a state an hour, each in a transaction of its own, as another process does."""
    store = open_store(Settings(Path(workspace), url, None))
    for hour in hours:
        database.insert_grid_state(store, sim, state(f"2025-01-{1 + hour // 24:02}T{hour % 24:02}:00:00"))
    store.close()


def test_two_processes_that_write_at_once_lose_and_double_nothing(either: Store, writers: ProcessPoolExecutor):
    sims = begun(either), begun(either)
    url, workspace = either.settings.database_url, str(either.settings.workspace)
    work = [
        (url, workspace, sims[0], range(40)),
        (url, workspace, sims[0], range(40, 80)),
        (url, workspace, sims[1], range(40)),
    ]
    list(writers.map(write_hours, *zip(*work, strict=True)))
    assert [database.simulation(either, sim).steps_done for sim in sims] == [80, 40]
    for sim, steps in zip(sims, (80, 40), strict=True):
        for component, elements in (("bus", 2), ("generator", 1), ("load", 1), ("line", 1)):
            found = database.get_data(either, sim, component)
            assert (len(found), found["timestamp"].nunique()) == (elements * steps, steps)
    if either.engine.dialect.name == "sqlite":
        with either.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").first() is None


def test_on_a_full_disk_a_batch_is_written_whole_or_not_at_all(store: Store):
    resource = pytest.importorskip("resource", reason="the size of files can't be limited here")
    sim, days = begun(store), [f"2025-01-{day:02}T00:00:00" for day in range(1, 29)]
    database.insert_grid_states(store, sim, [state(stamp) for stamp in days])
    wide = pd.DataFrame({"bus": range(1, 20_001), "v_mag": 1.02, "bus_name": "a name as long as PSS/E's are"})
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, old[1]))
    try:
        with pytest.raises(StoreError, match="database") as caught:
            database.insert_grid_states(store, sim, [GridState("2025-02-01T00:00:00", wide)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert "space" in caught.value.hint
    assert database.simulation(store, sim).steps_done == len(days)
    assert database.get_bus_data(store, sim)["timestamp"].unique().tolist() == days
    database.insert_grid_states(store, sim, [GridState("2025-02-01T00:00:00", wide)])  # there is space again
    assert database.simulation(store, sim).steps_done == len(days) + 1


def test_a_backup_is_a_whole_database(store: Store, tmp_path: Path):
    sim = begun(store)
    database.insert_grid_state(store, sim, state())
    file = tmp_path / "copy.sqlite"
    assert backup(store.engine, file) == file.stat().st_size
    with sqlite3.connect(file) as copy:
        assert copy.execute("SELECT count(*) FROM psse_bus_results").fetchone() == (2,)
    copy.close()
    with pytest.raises(BadInput, match="already"):
        backup(store.engine, file)
    with pytest.raises(StoreError, match="can't be written"):
        backup(store.engine, tmp_path / "nowhere" / "copy.sqlite")


def test_a_backup_that_breaks_off_leaves_nothing(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(url: URL, part: Path) -> None:
        for left in (part, tmp_path / "copy.sqlite.part-journal"):
            left.touch()
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(import_module("core.store.backup"), "_copy", full)
    with pytest.raises(StoreError, match="can't be written"):
        backup(store.engine, tmp_path / "copy.sqlite")
    assert not list(tmp_path.glob("copy*"))


def test_a_backup_of_postgresql_is_a_dump_that_can_be_restored(
    postgresql_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    restore = shutil.which("pg_restore")
    if not (restore and shutil.which("pg_dump")):
        pytest.skip("PostgreSQL's client programs are not installed")
    sim, file = begun(postgresql_store), tmp_path / "copy.dump"
    database.insert_grid_state(postgresql_store, sim, state())
    assert backup(postgresql_store.engine, file) == file.stat().st_size
    listed = subprocess.run([restore, "--list", str(file)], capture_output=True, text=True, check=True).stdout
    assert "TABLE DATA public psse_bus_results" in listed
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match="pg_dump is not installed"):
        backup(postgresql_store.engine, tmp_path / "other.dump")
