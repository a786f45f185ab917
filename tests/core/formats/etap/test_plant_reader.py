"""Equipment files become plants: in any spelling, with every assumption said, and nothing guessed in silence."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.findings import Severity
from core.formats.etap.workbook import equipment_csv, workbook
from core.formats.plant_file import read_plant
from core.plant import Plant, check_plant, sample_plant
from core.studies.short_circuit import plant_short_circuit

HEAD = (
    "ID,Name,Type,Bus_ID,Rated_kV,Rated_MW,Rated_MVA,Rated_PF,Xd_pu,Xd_prime_pu,Xd_double_prime_pu,H_inertia_sec,Status"
)
RECIP = "GEN_RECIP_01,Recip Engine 1,Synchronous Generator,BUS_100,13.8,18.3,21.5,0.85,1.80,0.25,0.18,1.5,Online"
TURBINE = "GEN_GT_01,Gas Turbine 1,Synchronous Generator,BUS_120,13.8,50.0,58.8,0.85,1.50,0.22,0.15,3.0,Online"


def read(text: str, name: str = "equipment.csv", encoding: str = "utf-8"):
    return read_plant(text.encode(encoding), name)


def codes(reading) -> set[str]:
    return {finding.code for finding in reading.findings}


def unit(reading, number: int = 0) -> dict[str, object]:
    return reading.value["unit"].loc[number].to_dict()


def test_the_specified_rows_are_read_as_they_stand():
    reading = read("\n".join([HEAD, RECIP, TURBINE]))
    engine, turbine = unit(reading), unit(reading, 1)
    assert (engine["type"], engine["xd_double_prime_pu"], engine["h_s"]) == ("RECIPROCATING_ENGINE", 0.18, 1.5)
    assert (turbine["type"], turbine["rated_mva"], turbine["bus"]) == ("GAS_TURBINE", 58.8, "BUS_120")
    assert [f.text for f in check_plant(reading.value) if f.severity is Severity.ERROR] == []


def test_buses_and_connections_are_assumed_as_in_the_sample_network_and_said():
    reading = read("\n".join([HEAD, RECIP, TURBINE]))
    plant = reading.value
    assert plant["bus"].set_index("id")["number"].to_dict() == {"BUS_100": 100, "BUS_120": 120, "BUS_200": 200}
    assert plant["bus"]["kv"].tolist() == [13.8] * 3
    z_base = 13.8**2 / 100
    ties = plant["cable"].set_index("from_bus")
    assert ties.loc["BUS_100", ["r_ohm", "x_ohm"]].tolist() == pytest.approx([0.001 * z_base, 0.01 * z_base])
    assert ties.loc["BUS_120", ["r_ohm", "x_ohm"]].tolist() == pytest.approx([0.0005 * z_base, 0.008 * z_base])
    assert set(ties["to_bus"]) == {"BUS_200"}
    assert {"plant.assumed.buses", "plant.assumed.connections", "plant.assumed.no_load", "plant.breaker.none"} <= codes(
        reading
    )


def test_the_sample_plants_workbook_comes_back_complete():
    reading = read_plant(workbook(sample_plant()), "plant.xlsx")
    assert reading.findings == []
    assert reading.value.digest() == sample_plant().digest()


def test_the_sample_plants_equipment_file_brings_every_unit_back():
    units = read_plant(equipment_csv(sample_plant()), "e.csv").value["unit"]
    own = sample_plant()["unit"]
    for column in ("id", "name", "type", "bus", "rated_kv", "rated_mw", "rated_mva", "xd_pu", "h_s", "status"):
        assert units[column].fillna(-1).tolist() == own[column].fillna(-1).tolist(), column


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (f"{HEAD}\n{RECIP}", "utf-8-sig"),
        (f"{HEAD}\n{RECIP}", "utf-16"),
        (f"{HEAD}\n{RECIP}".replace("Recip Engine 1", "Motor Zürich"), "cp1252"),
        (f"{HEAD}\r\n{RECIP}\r\n".replace(",", "\t"), "utf-8"),
        (f"{HEAD}\n{RECIP}".replace(",", ";").replace(".", ","), "utf-8"),
        (f"{HEAD.lower().replace('_', ' ')}\n{RECIP}", "utf-8"),
        (f"My plant\n\n{HEAD}\n{RECIP}", "utf-8"),
    ],
    ids=["BOM", "UTF-16", "cp1252", "tabs", "decimal commas", "spelling", "title row"],
)
def test_encodings_delimiters_and_spellings_make_no_difference(text, encoding):
    expected = {"id": "GEN_RECIP_01", "bus": "BUS_100", "rated_kv": 13.8, "rated_mw": 18.3, "rated_mva": 21.5}
    row = unit(read(text, encoding=encoding))
    assert {key: row[key] for key in expected} == expected
    assert (row["xd_double_prime_pu"], row["h_s"]) == (0.18, 1.5)


def test_the_order_of_the_columns_makes_no_difference():
    columns = list(zip(HEAD.split(","), RECIP.split(","), strict=True))[::-1]
    reversed_text = "\n".join(",".join(cells) for cells in zip(*columns, strict=True))
    assert read(reversed_text).value.digest() == read(f"{HEAD}\n{RECIP}").value.digest()


@pytest.mark.parametrize(
    ("kind", "unit_id", "name", "technology", "code"),
    [
        ("Synchronous Generator", "GEN_RECIP_01", "", "RECIPROCATING_ENGINE", "plant.technology.told"),
        ("Synchronous Generator", "G1", "Gas Turbine 1", "GAS_TURBINE", "plant.technology.told"),
        ("Synchronous Generator", "STG-1", "", "STEAM_TURBINE", "plant.technology.told"),
        ("Synchronous Generator", "G1", "Unit 1", "RECIPROCATING_ENGINE", "plant.technology.assumed"),
        ("Battery Energy Storage", "B1", "", "BESS", None),
        ("Inverter", "PV_01", "", "PV", "plant.technology.told"),
        ("Utility", "U1", "", "GRID", None),
        ("Wind Turbine", "W1", "", "WIND", None),
        ("GAS_TURBINE", "X", "", "GAS_TURBINE", None),
    ],
)
def test_the_technology_is_told_by_type_id_or_name_and_the_reader_says_by_which(kind, unit_id, name, technology, code):
    reading = read(f"{HEAD}\n{unit_id},{name},{kind},BUS_1,13.8,10,12,0.85,1.8,0.25,0.18,1.5,Online")
    assert unit(reading)["type"] == technology
    assert {c for c in codes(reading) if c.startswith("plant.technology")} == ({code} if code else set())


@pytest.mark.parametrize(
    ("printed", "status"), [("In Service", "Online"), ("1", "Online"), ("Standby", "Standby"), ("OFF", "Offline")]
)
def test_status_words_of_the_tool_are_understood(printed, status):
    assert unit(read(f"{HEAD}\n{RECIP.replace('Online', printed)}"))["status"] == status


def test_an_unknown_status_is_an_error_and_not_a_guess():
    reading = read(f"{HEAD}\n{RECIP.replace('Online', 'sleeping')}")
    assert "plant.choice" in {f.code for f in check_plant(reading.value)}


def test_loads_in_the_file_become_loads_and_other_equipment_is_said_to_be_left_out():
    load = "LOAD_1,Hall,Static Load,BUS_120,13.8,20,21,0.95,,,,,Online"
    transformer = "XFMR_1,Step-up,Transformer,BUS_120,13.8,,25,,,,,,Online"
    reading = read("\n".join([HEAD, RECIP, TURBINE, load, transformer]))
    assert reading.value["load"][["id", "bus", "p_mw", "pf"]].to_numpy().tolist() == [["LOAD_1", "BUS_120", 20, 0.95]]
    assert reading.value["unit"]["id"].tolist() == ["GEN_RECIP_01", "GEN_GT_01"]
    assert "plant.equipment.left_out" in codes(reading)


def test_a_missing_rating_is_calculated_from_the_other_two_and_said():
    reading = read(f"{HEAD}\n{RECIP.replace('21.5', '')}")
    assert unit(reading)["rated_mva"] == pytest.approx(18.3 / 0.85)
    assert "plant.rating.calculated" in codes(reading)


def test_a_power_factor_may_be_printed_with_a_per_cent_sign():
    assert unit(read(f"{HEAD}\n{RECIP.replace('0.85', '85%')}"))["rated_pf"] == 0.85


def test_a_power_factor_in_per_cent_is_said():
    reading = read(f"{HEAD}\n{RECIP.replace('0.85', '85')}")
    assert unit(reading)["rated_pf"] == 0.85
    assert "plant.power_factor.percent" in codes(reading)


def test_a_bus_of_another_voltage_gets_no_invented_transformer():
    reading = read("\n".join([HEAD, RECIP, TURBINE.replace("13.8", "11")]))
    assert "plant.assumed.no_transformer" in codes(reading)
    assert len(reading.value["cable"]) == 1


def test_units_on_one_bus_need_no_main_bus():
    reading = read("\n".join([HEAD, RECIP, TURBINE.replace("BUS_120", "BUS_100")]))
    assert reading.value["bus"]["id"].tolist() == ["BUS_100"]
    assert "plant.assumed.main_bus" in codes(reading)


@pytest.mark.parametrize("bus", ["BUS_200", "N", "BUS_0", "4711000000", "BUS_100"])
def test_bus_numbers_stay_valid_and_single(bus):
    reading = read("\n".join([HEAD, RECIP, TURBINE.replace("BUS_120", bus), TURBINE.replace("GEN_GT_01", "GEN_GT_02")]))
    numbers = reading.value["bus"]["number"]
    assert numbers.is_unique
    assert numbers.between(1, 999_997).all()
    assert "plant.bus.number" not in {f.code for f in check_plant(reading.value)}


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "just words", "Bus_ID,Bus_Name,Voltage_kV,Voltage_pu\nBUS_1,A,13.8,1.0", "Scenario_ID,Name\nA,B"],
    ids=["empty", "blank", "words", "load flow results", "scenarios only"],
)
def test_a_file_without_equipment_is_refused_with_what_it_would_need(text):
    with pytest.raises(BadInput) as error:
        read(text)
    assert error.value.hint


def test_unreadable_numbers_are_findings_with_their_row():
    reading = read(f"{HEAD}\n{RECIP}\n{TURBINE.replace('58.8', 'about 60')}")
    broken = next(f for f in reading.findings if f.code == "number.unreadable")
    assert (broken.where.row, broken.where.column) == (3, "Rated_MVA")


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=12
)


@settings(max_examples=10, deadline=None)
@given(
    names=st.lists(NAMES, min_size=3, max_size=3, unique=True),
    start=st.sampled_from(["", "=", "+", "@", "-", "'", '"']),
)
def test_hostile_ids_survive_the_workbook(names, start):
    ids = [f"{start}{name}x" for name in names]
    units = [
        {"id": i, "name": start + "n", "bus": ids[2], "rated_kv": 10, "rated_mw": 1, "rated_mva": 1} for i in ids[:2]
    ]
    plant = Plant.of("Hostile", {"unit": units, "bus": [{"id": ids[2], "number": 1, "kv": 10}]})
    again = read_plant(workbook(plant), "x.xlsx").value
    assert again["unit"]["id"].tolist() == ids[:2]
    assert again["unit"]["bus"].tolist() == [ids[2]] * 2


def test_the_specified_machines_give_the_published_fault_currents():
    """Eight engines and two turbines as the specification lists them: 77.46 kA at the main bus (pandapower 3.5.6)."""
    engines = [RECIP.replace("RECIP_01", f"RECIP_0{i + 1}").replace("BUS_100", f"BUS_10{i}") for i in range(8)]
    turbines = [TURBINE.replace("GT_01", f"GT_0{i + 1}").replace("BUS_120", f"BUS_12{i}") for i in range(2)]
    faults = plant_short_circuit(read("\n".join([HEAD, *engines, *turbines])).value).main
    ik = faults[faults["fault_type"] == faults["fault_type"].iloc[0]].set_index("bus")["ik_ka"]
    assert ik[["BUS_200", "BUS_100", "BUS_120"]].tolist() == pytest.approx([77.46, 67.73, 72.25], rel=1e-3)


def test_a_foreign_workbook_with_equipment_and_scenarios_gets_its_load_from_them():
    book = openpyxl.Workbook()
    book.active.title = "Generators"
    for line in (HEAD, RECIP, TURBINE):
        book.active.append([_native(cell) for cell in line.split(",")])
    scenarios = book.create_sheet("Cases")
    scenarios.append(["Scenario_ID", "Name", "Type", "Load_MW", "Load_PF", "Tripped_Equipment", "Description"])
    scenarios.append(["BASE_100", "Base", "Normal", 60, 0.95, None, "All online"])
    scenarios.append(["N1_GT", "GT trip", "N-1", 18, 0.95, "GEN_GT_01", ""])
    book.create_sheet("Notes").append(["Prepared for the client"])
    buffer = BytesIO()
    book.save(buffer)
    reading = read_plant(buffer.getvalue(), "client.xlsx")
    assert reading.value["load"][["bus", "p_mw", "pf"]].to_numpy().tolist() == [["BUS_200", 60, 0.95]]
    assert reading.value["scenario"]["type"].tolist() == ["Normal", "N-1 Contingency"]
    assert "plant.assumed.load" in codes(reading)
    assert [f.text for f in check_plant(reading.value) if f.severity is Severity.ERROR] == []


def _native(cell: str) -> str | float:
    try:
        return float(cell)
    except ValueError:
        return cell
