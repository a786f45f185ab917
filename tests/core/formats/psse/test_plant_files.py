"""What PSS/E gets: a network that solves inside its limits, and contingencies that name what the network has."""

from __future__ import annotations

import csv
import re
import warnings
from io import StringIO

import pytest

from core.formats.etap.workbook import equipment_csv
from core.formats.plant_file import read_plant
from core.formats.psse import read_raw
from core.formats.psse.plant_files import con, mon, raw, scenarios_csv, sub
from core.plant import Plant, sample_plant, split_ids
from core.plant.electrical import plant_network
from core.results.study_result import Status
from core.studies.load_flow import network_load_flow

PLANT = sample_plant()


@pytest.mark.parametrize(("version", "engine"), [(33, "newton"), (34, "newton"), (35, "newton"), (35, "pandapower")])
def test_the_network_solves_inside_its_limits_and_as_the_plant_itself(version, engine):
    network = read_raw(raw(PLANT, version), "x.raw").value
    result = network_load_flow(network, engine, flat=True)
    assert result.status is Status.SOLVED
    v_pu = result.tables["buses"]["v_pu"]
    assert v_pu.between(0.95, 1.05).all()
    own, _ = plant_network(PLANT)
    expected = network_load_flow(own, "newton").tables["buses"]["v_pu"]
    assert v_pu.tolist() == pytest.approx(expected.tolist(), abs=1e-6)


def test_an_independent_reader_accepts_the_file(monkeypatch):
    from grg_pssedata.io import parse_psse_case_str

    monkeypatch.setattr("grg_pssedata.io.print_err", lambda *words: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = parse_psse_case_str(raw(PLANT, 33).decode())
    assert [bus.i for bus in theirs.buses] == PLANT["bus"]["number"].tolist()
    assert sum(load.pl for load in theirs.loads) == pytest.approx(200)
    assert len(theirs.transformers) == len(PLANT["transformer"])
    assert len(theirs.generators) == len(PLANT["unit"])


def test_the_swing_bus_has_a_machine_and_a_battery_is_a_source():
    network = read_raw(raw(PLANT, 35), "x.raw").value
    buses, machines = network["bus"].set_index("bus"), network["generator"].set_index("bus")
    (swing,) = buses.index[buses["kind"] == "SLACK"]
    assert swing in machines.index
    assert machines.loc[130, "p_min_mw"] == -30
    assert machines.loc[130, "x_source_pu"] >= 0.5  # an inverter, not a machine of 5 %


def test_every_outage_scenario_is_a_contingency_of_the_networks_own_elements():
    text = con(PLANT).decode()
    outages = PLANT["scenario"][PLANT["scenario"]["tripped"] != ""]
    assert re.findall(r"CONTINGENCY '(.*)'", text) == outages["id"].tolist()
    assert text.count("REMOVE ") + text.count("OPEN ") == sum(outages["tripped"].map(lambda t: len(split_ids(t))))
    assert "OPEN BRANCH FROM BUS 200 TO BUS 100 CKT 1" in text
    assert text.endswith("END\nEND\n")
    known = {str(number) for number in PLANT["bus"]["number"]}
    assert set(re.findall(r"BUS (\d+)", text)) <= known


def test_the_subsystem_has_every_bus_and_the_monitor_watches_it():
    assert re.findall(r"BUS (\d+)", sub(PLANT).decode()) == [str(number) for number in PLANT["bus"]["number"]]
    assert "MONITOR VOLTAGE RANGE SUBSYSTEM 'PLANT' 0.95 1.05" in mon(PLANT).decode()


def test_scenarios_say_their_events():
    rows = list(csv.DictReader(StringIO(scenarios_csv(PLANT).decode())))
    both = next(row for row in rows if row["Scenario_ID"] == "N2_GT_BOTH")
    assert both["PSSE_Events"] == "REMOVE MACHINE 1 FROM BUS 120 / REMOVE MACHINE 1 FROM BUS 121"


def test_a_label_never_ends_its_quotes():
    scenario = {"id": "It's\nout", "load_mw": 10, "tripped": "GEN_GT_01"}
    text = con(PLANT.with_table("scenario", [scenario])).decode()
    assert text.splitlines()[0] == "CONTINGENCY 'It_s_out'"


def test_an_equipment_file_with_scenarios_becomes_a_network_that_solves():
    units = read_plant(equipment_csv(PLANT), "e.csv").value
    load = [{"id": "LOAD", "bus": "BUS_200", "p_mw": 200, "pf": 0.95}]
    plant = Plant.of("Assumed", {**units.tables, "load": load})
    result = network_load_flow(read_raw(raw(plant, 35), "x.raw").value, "newton", flat=True)
    assert result.status is Status.SOLVED
