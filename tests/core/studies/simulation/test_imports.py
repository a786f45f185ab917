"""Results of other tools: databases of simulations in WEC-Grid's layout and the specified one, printed load flows."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from core.__main__ import main
from core.errors import BadInput
from core.results import database
from core.store import Store
from core.studies.simulation import import_files

BUS = "timestamp TEXT, bus INTEGER, bus_name TEXT, type TEXT, p REAL, q REAL, v_mag REAL, angle_deg REAL, vbase REAL"
WEC_GRID = f"""
CREATE TABLE grid_simulations (grid_sim_id INTEGER PRIMARY KEY, sim_name TEXT, case_name TEXT, psse BOOLEAN,
pypsa BOOLEAN, sbase_mva REAL, sim_start_time TEXT, sim_end_time TEXT, delta_time INT, notes TEXT);
CREATE TABLE psse_bus_results (grid_sim_id INTEGER, {BUS}, PRIMARY KEY (grid_sim_id, timestamp, bus));
CREATE TABLE pypsa_bus_results (grid_sim_id INTEGER, {BUS}, PRIMARY KEY (grid_sim_id, timestamp, bus));
CREATE TABLE wec_simulations (wec_sim_id INTEGER PRIMARY KEY, model_type TEXT, delta_time REAL);
CREATE TABLE wec_integrations (integration_id INTEGER PRIMARY KEY, grid_sim_id INTEGER NOT NULL, wec_sim_id INTEGER,
farm_name TEXT, bus_location INTEGER, num_devices INTEGER);
CREATE TABLE wec_power_results (wec_sim_id INTEGER, time_sec REAL, device_index INTEGER, p_w REAL, q_var REAL,
wave_elevation_m REAL, PRIMARY KEY (wec_sim_id, time_sec, device_index));
INSERT INTO grid_simulations VALUES (7, 'a', 'IEEE_14', 1, 0, 100, '2025-01-01', '2025-01-02', 300, 'x');
INSERT INTO grid_simulations VALUES (8, 'b', 'IEEE_14', NULL, 1, 100, '2025-01-01', NULL, 300, NULL);
INSERT INTO grid_simulations VALUES (9, 'c', 'IEEE_14', 'TRUE', 'TRUE', 100, '2025-01-01', '2025-01-02', 300, NULL);
INSERT INTO psse_bus_results VALUES (7, '2025-01-01', 1, 'Bus_1', 'Slack', 2.3, -0.2, 1.06, 0, 138);
INSERT INTO psse_bus_results VALUES (9, '2025-01-01', 1, 'Bus_1', 'Slack', 2.3, -0.2, 1.06, 0, 138);
INSERT INTO pypsa_bus_results VALUES (9, '2025-01-01', 1, 'Bus_1', 'Slack', 2.3, -0.2, 1.05, 0, 138);
"""
SPECIFIED = f"""
CREATE TABLE grid_simulations (grid_sim_id INTEGER PRIMARY KEY AUTOINCREMENT, case_name TEXT, software TEXT,
sbase_mva REAL, timestamp_start TEXT, timestamp_end TEXT, simulation_notes TEXT, created_at TEXT);
CREATE TABLE wec_simulations (wec_sim_id INTEGER PRIMARY KEY, grid_sim_id INTEGER, wec_farm_name TEXT,
wecsim_case TEXT, power_output_mw REAL, timestamp TEXT, created_at TEXT);
CREATE TABLE psse_bus_results (id INTEGER PRIMARY KEY, grid_sim_id INTEGER, {BUS}, mood TEXT);
INSERT INTO grid_simulations VALUES (1, 'IEEE_14_bus', 'PSS®E', 100, '2025-01-01', '2025-01-01', NULL, NULL);
INSERT INTO wec_simulations VALUES (1, 1, 'wave', 'RM3', 0.5, '2025-01-01', NULL);
INSERT INTO psse_bus_results VALUES (1, 1, '2025-01-01', 1, 'Bus_1', 'Slack', 2.3, -0.2, 1.06, 0, 138, 'good');
"""


@pytest.fixture(params=["store", "postgresql_store"])
def either(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue(request.param)


def database_of(script: str, folder: Path) -> list[tuple[bytes, Path]]:
    path = folder / "wec.db"
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    return [(path.read_bytes(), path)]


def test_wec_grids_own_database_with_composite_keys_and_flags_is_imported(either: Store, tmp_path: Path):
    numbers, findings = import_files(either, database_of(WEC_GRID, tmp_path))
    first, second, third = (database.simulation(either, number) for number in numbers)
    assert (first.software, first.state, first.timestamp_end) == ("psse", "done", "2025-01-02")
    assert [(one.steps, one.steps_done) for one in (first, second, third)] == [(1, 1), (None, 0), (1, 1)]
    assert (second.software, second.state) == ("pypsa", "interrupted")
    assert database.software_of(either, third.grid_sim_id) == ["psse", "pypsa"]
    voltages = [database.get_bus_data(either, third.grid_sim_id, name)["v_mag"].tolist() for name in ("psse", "pypsa")]
    assert voltages == [[1.06], [1.05]]
    assert [finding.code for finding in findings] == ["results.incomplete", "results.empty", "results.incomplete"]
    assert "1 of 289 steps" in findings[0].text
    assert (first.simulation_notes, third.simulation_notes) == ("x", "c")
    assert (first.inputs["row"]["sim_name"], first.inputs["row"]["delta_time"]) == ("a", 300)


def wec_grid_year(powers: str, delta_time: object = 300) -> str:
    """Return WEC-Grid's own database with three steps, a farm of four devices at bus 5, and these powers."""
    steps = "".join(
        f"INSERT INTO psse_bus_results VALUES (7, '2025-01-01T00:{5 * step:02}:00', 1, 'B', 'PQ', 0, 0, 1, 0, 138);"
        for step in range(3)
    )
    start = WEC_GRID.replace("'2025-01-01', '2025-01-02', 300, 'x'", f"'2025-01-01T00:00:00', 'end', {delta_time}, 'x'")
    farm = f"""DELETE FROM psse_bus_results WHERE grid_sim_id = 7; {steps}
    INSERT INTO wec_simulations VALUES (3, 'RM3', 0.1);
    INSERT INTO wec_integrations VALUES (1, 7, 3, 'Newport', 5, 4); {powers}"""
    return start + farm


def powers_by(seconds: float, count: int, watts: str) -> str:
    rows = f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1})"
    return f"{rows} INSERT INTO wec_power_results SELECT 3, i * {seconds}, 0, {watts}, 0, NULL FROM n;"


def farm_of(store: Store, folder: Path, script: str) -> tuple[list[list[object]], list[str]]:
    numbers, findings = import_files(store, database_of(script, folder))
    rows = database.get_farm_data(store, numbers[0]).to_numpy().tolist()
    return rows, [finding.text for finding in findings if finding.code == "results.farm"]


def test_a_farm_of_devices_by_tenths_of_seconds_has_what_wec_grid_feeds_its_steps_with(either: Store, tmp_path: Path):
    """1 kW in the first five minutes, 3 kW in the next: a step has the mean before it, the first one its own."""
    script = wec_grid_year(powers_by(0.1, 6000, "iif(i < 3000, 500.0 + 1000 * (i % 2), 3000.0)"))
    rows, said = farm_of(either, tmp_path, script)
    assert rows == [
        [f"2025-01-01T00:{minute}:00", "Newport", "RM3", pytest.approx(mw)]
        for minute, mw in (("00", 0.004), ("05", 0.004), ("10", 0.012))
    ]
    assert len(said) == 1
    assert "means of 300 s before each step" in said[0]


@pytest.mark.parametrize("delta_time", [300, "NULL"])
def test_powers_at_the_grids_own_steps_are_theirs(delta_time: object, store: Store, tmp_path: Path):
    rows, said = farm_of(store, tmp_path, wec_grid_year(powers_by(300, 3, "1e6 * (i + 1)"), delta_time))
    assert [row[3] for row in rows] == [4.0, 8.0, 12.0]
    assert said == []


def test_steps_without_a_power_and_powers_without_a_number_are_told(store: Store, tmp_path: Path):
    rows, said = farm_of(store, tmp_path, wec_grid_year(powers_by(300, 2, "iif(i = 0, 2e6, 'calm')")))
    assert [row[3] for row in rows] == [8.0]
    assert said == ["Newport: 1 power without a number left out", "Newport: no power at 2 of 3 steps"]


def test_the_specified_layout_comes_with_its_farms(either: Store, tmp_path: Path):
    (number,), findings = import_files(either, database_of(SPECIFIED, tmp_path))
    assert database.get_bus_data(either, number)["v_mag"].tolist() == [1.06]
    assert database.get_farm_data(either, number).to_numpy().tolist() == [["2025-01-01", "wave", "RM3", 0.5]]
    assert ["mood not imported" in finding.text for finding in findings] == [True]


GENERATORS = """CREATE TABLE psse_generator_results (grid_sim_id INTEGER, timestamp TEXT, gen INTEGER, gen_name TEXT,
bus INTEGER, p REAL, q REAL, mbase REAL, status INTEGER, PRIMARY KEY (grid_sim_id, timestamp, gen));"""


def test_numpys_integers_are_read_as_wec_grid_stores_them(store: Store, tmp_path: Path):
    row = "INSERT INTO psse_generator_results VALUES (7, '2025-01-01', 1, 'G', 1, 0.5, 0, 100, x'0100000000000000');"
    (number, *_), _ = import_files(store, database_of(WEC_GRID + GENERATORS + row, tmp_path))
    assert database.get_generator_data(store, number)[["p", "status"]].to_numpy().tolist() == [[0.5, 1]]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("INSERT INTO psse_bus_results (grid_sim_id, timestamp, bus) VALUES (5, 't', 1)", "1 row of no simulation"),
        ("CREATE TABLE pypsa_storage_results AS SELECT 1 AS grid_sim_id", "1 row of a kind that no table holds"),
        ("UPDATE grid_simulations SET psse = 1 WHERE grid_sim_id = 8", "no results"),
        ("UPDATE psse_bus_results SET timestamp = '1/1/2025'", "time stamps like '1/1/2025'"),
        ("INSERT INTO wec_integrations VALUES (1, 7, 3, 'F', 5, 4); DROP TABLE wec_power_results", "wec_power_results"),
    ],
)
def test_what_of_a_database_is_not_imported_is_told(script: str, said: str, store: Store, tmp_path: Path):
    _, findings = import_files(store, database_of(WEC_GRID + script, tmp_path))
    assert any(said in finding.text for finding in findings)


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("UPDATE psse_bus_results SET v_mag = 'high' WHERE grid_sim_id = 9", "psse_bus_results, column v_mag"),
        ("UPDATE psse_bus_results SET p = 9e999", "psse_bus_results, column p"),
        ("UPDATE pypsa_bus_results SET bus = 1.5", "pypsa_bus_results, column bus"),
        ("UPDATE pypsa_bus_results SET bus = 3000000000", "pypsa_bus_results, column bus"),
        ("UPDATE pypsa_bus_results SET timestamp = NULL", "pypsa_bus_results, column timestamp"),
        ("ALTER TABLE pypsa_bus_results RENAME COLUMN bus TO node", "no column bus"),
        ("UPDATE grid_simulations SET sbase_mva = 'much'", "simulation 7, column sbase_mva"),
        ("UPDATE grid_simulations SET case_name = NULL", "no start or no case"),
        ("DELETE FROM grid_simulations", "no simulations"),
    ],
)
def test_a_database_with_a_value_that_is_none_leaves_nothing(script: str, place: str, store: Store, tmp_path: Path):
    with pytest.raises(BadInput) as refusal:
        import_files(store, database_of(f"{WEC_GRID};{script}", tmp_path))
    assert place in str(refusal.value)
    assert "wec.db" in str(refusal.value)
    assert database.simulations(store) == []


def test_a_database_with_a_log_beside_it_is_read_where_nothing_can_be_written(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "copy"
    folder.mkdir()
    with sqlite3.connect(tmp_path / "wec.db") as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.executescript(WEC_GRID)
        for file in tmp_path.glob("wec.db*"):
            (folder / file.name).write_bytes(file.read_bytes())
    writer.close()
    connect = sqlite3.connect

    def refusing(address: str, **options: object) -> sqlite3.Connection:
        if str(folder) in address:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(address, **options)

    monkeypatch.setattr("core.formats.result_database.sqlite3.connect", refusing)
    numbers, _ = import_files(store, [((folder / "wec.db").read_bytes(), folder / "wec.db")])
    assert len(numbers) == 3


def shown(sim: int, table: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["results", "show", str(sim), "--table", table, "--csv"]) == 0
    return capsys.readouterr().out


def test_what_results_show_and_export_give_is_imported_again(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """A third of a megavolt-ampere and a name that looks like a number come back as they were."""
    odd = "UPDATE psse_bus_results SET p = 1.0 / 3, bus_name = '007'"
    import_files(store, database_of(f"{SPECIFIED};{odd}", tmp_path))
    tables = {table: shown(1, table, capsys) for table in ("bus", "farm")}
    for table, text in tables.items():
        (tmp_path / f"{table}.csv").write_text(text)
    again = ["results", "import", str(tmp_path / "bus.csv"), str(tmp_path / "farm.csv")]
    assert main(again) == 2
    assert "--software psse" in capsys.readouterr().err
    assert main([*again, "--software", "PSS/E"]) == 0
    assert main(["results", "export", "1", str(tmp_path / "out")]) == 0
    assert main(["results", "import", *map(str, (tmp_path / "out").iterdir())]) == 0
    for sim in (2, 3):
        assert {table: shown(sim, table, capsys) for table in tables} == tables
        assert database.simulation(store, sim).software == "psse"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("1.06", "high", "column v_mag"),
        ("1.06", "inf", "column v_mag"),
        (",1,", ",1.5,", "column bus"),
        (",138.0", ",138.0,7", "more values"),
        ("2025-01-01", "", "no timestamp"),
        ("\n2025-01-01,1,Bus_1,Slack,2.3,-0.2,1.06,0.0,138.0", "", "no rows"),
    ],
)
def test_our_own_table_with_a_mistake_is_refused(
    old: str, new: str, said: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    import_files(store, database_of(SPECIFIED, tmp_path))
    text = shown(1, "bus", capsys).replace(old, new)
    with pytest.raises(BadInput) as refusal:
        import_files(store, [(text.encode(), Path("simulation_1_psse_bus.csv"))])
    assert said in str(refusal.value)
    assert len(database.simulations(store)) == 1


@pytest.mark.parametrize(
    "script", ["CREATE TABLE grid_simulations (x)", WEC_GRID.replace(", 1, 0, 100", ", 0, 0, NULL")]
)
def test_a_database_that_lacks_what_tells_its_results_is_refused(script: str, store: Store, tmp_path: Path):
    with pytest.raises(BadInput):
        import_files(store, database_of(script + ";INSERT INTO grid_simulations DEFAULT VALUES", tmp_path))


def test_load_flows_that_etap_and_psse_print_stand_side_by_side(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    etap = "Bus_ID,Bus_Name,Voltage_kV,Voltage_pu,Angle_deg,P_MW,Q_MVAR\nBUS_100,ONE,14.076,1.02,-0.3,15,4.4\n"
    psse = "BUS,NAME,BASKV,VM_PU,VA_DEG,P_GEN_MW,Q_GEN_MVAR,P_LOAD_MW,Q_LOAD_MVAR\n100,ONE,13.8,1.01,-0.3,15,4.4,1,0\n"
    files = [tmp_path / name for name in ("etap.csv", "psse.csv")]
    for file, text in zip(files, (etap, psse), strict=True):
        file.write_text(text)
    assert main(["results", "import", *map(str, files), "--base-mva", "50", "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)["simulations"]
    assert [(one["software"], one["state"]) for one in seen] == [("etap", "done"), ("psse", "done")]
    row = database.get_bus_data(store, 1).iloc[0]
    assert row[["bus", "p", "q", "v_mag", "vbase"]].tolist() == pytest.approx([100, 0.3, 0.088, 1.02, 13.8])
    assert main(["results", "compare", "1", "2", "--json"]) == 0
    tables = json.loads(capsys.readouterr().out)["tables"]["bus"]
    assert tables["v_mag"]["max_abs"] == pytest.approx(0.01)
    assert tables["p"]["max_abs"] == pytest.approx(0.02)


def test_a_comparison_of_two_grids_that_number_alike_says_so(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for name, kv in (("a", 13.8), ("b", 13.85), ("c", 138.0)):
        text = f"BUS,NAME,BASKV,VM_PU,VA_DEG,P_GEN_MW,Q_GEN_MVAR,P_LOAD_MW,Q_LOAD_MVAR\n1,ONE,{kv},1.01,0,1,0,0,0\n"
        (tmp_path / f"{name}.csv").write_text(text)
        assert main(["results", "import", str(tmp_path / f"{name}.csv")]) == 0
    capsys.readouterr()
    for other, said in (("2", []), ("3", ["other nominal voltages at 1 bus of 1: are both of one grid?"])):
        assert main(["results", "compare", "1", other, "--json"]) == 0
        assert [finding["text"] for finding in json.loads(capsys.readouterr().out)["findings"]] == said


def test_powers_on_other_system_bases_are_compared_on_one(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    bus = tmp_path / "bus.csv"
    bus.write_text(
        "BUS,NAME,BASKV,VM_PU,VA_DEG,P_GEN_MW,Q_GEN_MVAR,P_LOAD_MW,Q_LOAD_MVAR\n1,ONE,138,1.01,0,163,20,0,0\n"
    )
    for base in ("100", "50"):
        assert main(["results", "import", str(bus), "--base-mva", base]) == 0
    capsys.readouterr()
    for sides in (("1", "2"), ("2", "1")):
        assert main(["results", "compare", *sides, "--json"]) == 0
        seen = json.loads(capsys.readouterr().out)
        assert [finding["code"] for finding in seen["findings"]] == ["results.other_base"]
        assert [seen["tables"]["bus"][name]["max_abs"] for name in "pq"] == pytest.approx([0, 0])


def test_an_import_that_was_killed_is_interrupted(store: Store, monkeypatch: pytest.MonkeyPatch):
    seen = []
    monkeypatch.setattr(
        "core.studies.simulation.intake.insert_tables",
        lambda store, sim, tables, **_: seen.append(database.simulation(store, sim).state),
    )
    import_files(store, [(b"Bus_ID,Voltage_pu,Angle_deg\n1,1.02,0\n", Path("etap.csv"))])
    assert seen == ["interrupted"]
    assert [one.state for one in database.simulations(store)] == ["done"]


def test_files_of_one_import_are_kept_all_or_none_and_told_when_they_come_again(store: Store):
    good, bad = (b"Bus_ID,Voltage_pu,Angle_deg\n1,1.02,0\n", Path("a.csv")), (b"hello", Path("b.csv"))
    with pytest.raises(BadInput):
        import_files(store, [good, bad])
    assert database.simulations(store) == []
    import_files(store, [good], start="2025-01-01 06:00")
    _, findings = import_files(store, [good])
    assert [finding.text for finding in findings if finding.code == "results.again"] == [
        "the file was imported before, as simulation 2"
    ]
    assert database.simulation(store, 2).timestamp_start == "2025-01-01T06:00:00"


def test_a_network_that_has_a_bus_twice_is_refused_with_its_file(store: Store):
    columns = {"bus": ["ibus", "baskv", "ide", "vm", "va"], "caseid": ["rev", "sbase"]}
    rows = {"bus": [[1, 138, 3, 1.0, 0.0], [1, 138, 1, 1.0, 0.0]], "caseid": [35, 100.0]}
    document = {"network": {name: {"fields": columns[name], "data": rows[name]} for name in columns}}
    with pytest.raises(BadInput) as refusal:
        import_files(store, [(json.dumps(document).encode(), Path("twice.rawx"))])
    assert refusal.value.where.file == "twice.rawx"
    assert database.simulations(store) == []


PRINTED = [["ID", "Nominal kV", "kV", "Ang", "Gen MW", "Gen Mvar", "Load MW", "Load Mvar"]]
PRINTED += [["BUS1", 13.8, 14.076, -0.3, 15, 4.4, 0, 0], ["BUS2", 13.8, 13.8, -1.3, 0, 0, 15, 4.4]]


def test_a_printed_workbook_gives_machines_and_loads_of_buses_and_tells_tables_without_voltages(
    store: Store, tmp_path: Path
):
    with pd.ExcelWriter(tmp_path / "report.xlsx") as book:
        pd.DataFrame(PRINTED[1:], columns=PRINTED[0]).to_excel(book, sheet_name="Bus", index=False)
        branch = {"From Bus": ["BUS1"], "To Bus": ["BUS2"], "ID": ["C1"], "% Loading": [55.0]}
        pd.DataFrame(branch).to_excel(book, sheet_name="Branch", index=False)
    (sim,), findings = import_files(
        store, [((tmp_path / "report.xlsx").read_bytes(), tmp_path / "report.xlsx")], base_mva=10
    )
    gen, load = database.get_generator_data(store, sim), database.get_load_data(store, sim)
    assert gen[["bus", "p", "q"]].to_numpy()[0] == pytest.approx([1, 1.5, 0.44])
    assert load[["bus", "p", "q"]].to_numpy()[0] == pytest.approx([2, 1.5, 0.44])
    assert [finding.where.sheet for finding in findings if finding.code == "results.not_imported"] == ["Branch"]


def test_a_printed_table_without_powers_has_no_net_powers(store: Store):
    text = b"BUS,NAME,BASKV,VM_PU,VA_DEG\n1,ONE,138,1.01,0\n2,TWO,138,1.0,-2\n"
    (sim,), _ = import_files(store, [(text, Path("psse.csv"))])
    assert database.get_bus_data(store, sim)[["p", "q"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (PRINTED[:1], "no table has voltages"),
        ([PRINTED[0], *([*row[:2], row[2] / 3**0.5, *row[3:]] for row in PRINTED[1:])], "line to neutral"),
    ],
)
def test_printed_voltages_that_are_none_are_refused(rows: list[list[object]], said: str, store: Store):
    text = "\n".join(",".join(map(str, row)) for row in rows) + "\n"
    with pytest.raises(BadInput, match=said):
        import_files(store, [(text.encode(), Path("etap.csv"))])
    assert database.simulations(store) == []


@pytest.mark.parametrize("text", ["", "hello", "Bus_ID,Voltage_pu\nA1,1.02\nA1,1.01\n", "a,b\n1,2\n"])
def test_what_holds_no_load_flow_is_refused(text: str, store: Store):
    with pytest.raises(BadInput):
        import_files(store, [(text.encode(), Path("file.csv"))])
    assert database.simulations(store) == []
