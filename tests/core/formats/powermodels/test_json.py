"""Dictionaries as JSON: there and back, spare, damaged, and as PowerModels.jl reads them."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadInput
from core.formats.networks import read_network
from core.formats.powermodels import (
    parse_file,
    replicate,
    write_json,
)
from core.formats.powermodels.network import read_powermodels, write_powermodels
from tests.core.formats.damage import located_at_worst
from tests.core.formats.powermodels.cases import CASE, small
from tests.core.formats.psse.cases import V33


def test_json_goes_there_and_back() -> None:
    data = small()
    document = json.loads(write_json(data))
    assert document["gen"]["1"]["qmax"] is None  # JSON has no infinity
    again = parse_file(write_json(data), "small.json").value
    assert again["gen"]["1"]["qmax"] == math.inf
    assert again == data


#: What the specification of the format demands, and no more.
SPARE = {
    "per_unit": False,
    "baseMVA": 100.0,
    "bus": {"1": {"va": 0.0, "vm": 1.02, "vmin": 0.9, "vmax": 1.1, "bus_type": 3}, "2": {}},
    "gen": {"1": {"gen_bus": 1, "pg": 10.0, "qg": 0.0, "gen_status": 1}},
    "load": {"1": {"load_bus": 2, "pd": 10.0, "qd": 3.0}},
    "branch": {"1": {"f_bus": 1, "t_bus": 2, "br_r": 0.01, "br_x": 0.1, "br_status": 1}},
    "dcline": {"1": {"f_bus": 1, "t_bus": 2, "pminf": 0, "pmaxf": 5, "pmint": -5, "pmaxt": 0}},
    "switch": {"1": {"f_bus": 1, "t_bus": 2, "state": 0}},
}


def test_what_a_file_leaves_out_is_set_and_said() -> None:
    reading = parse_file(json.dumps(SPARE).encode(), "spare.json")
    data = reading.value
    assert (data["gen"]["1"]["vg"], data["gen"]["1"]["pmax"], data["bus"]["2"]["vm"]) == (1.02, math.inf, 1.0)
    assert (data["branch"]["1"]["tap"], data["dcline"]["1"]["vf"], data["load"]["1"]["status"]) == (1.0, 1.02, 1)
    said = {(finding.where.section, finding.where.column) for finding in reading.findings}
    assert {("gen", "vg"), ("bus", "vm"), ("dcline", "loss0"), ("switch", "status")} <= said


def test_a_spare_file_is_a_network() -> None:
    network = read_powermodels(json.dumps(SPARE).encode(), "spare.json").value
    assert network.totals()["load_mw"] == 10
    assert list(network["generator"]["v_set_pu"]) == [1.02]
    assert not network["switch"]["in_service"].any()


def test_the_first_network_of_several_is_read_and_said() -> None:
    many = replicate(parse_file(json.dumps(SPARE).encode(), "spare.json").value, 2)
    many["nw"]["2"]["load"]["1"]["pd"] = 7.0
    reading = read_powermodels(write_json(many), "many.json")
    assert reading.value.totals()["load_mw"] == pytest.approx(10)
    assert "powermodels.multinetwork" in {finding.code for finding in reading.findings}


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"baseMVA": 1}', b'{"baseMVA": 0, "bus": {}}', b'{"baseMVA": 1, "bus": {"1": 2}}',
     b"\xff\xfe", b'{"baseMVA": 1, "bus": {"1": {}}, "load": {"1": {}}}', b"[" * 100_000,
     b'{"multinetwork": true, "nw": {}}', b'{"multinetwork": true, "nw": 3}', b'{"baseMVA": 1, "bus": [1]}',
     b'{"baseMVA": 1, "bus": {"1": {"bus_i": 1, "index": 2, "bus_type": 3, "vm": 1, "va": 0, "vmin": 1, "vmax": 1}}}'],
)  # fmt: skip
def test_what_is_no_dictionary_is_refused(content: bytes) -> None:
    with pytest.raises(BadInput):
        parse_file(content, "broken.json")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_mutated_dictionaries_end_in_a_reading_or_an_error(seed: int) -> None:
    dice = random.Random(seed)
    data = small()
    for _ in range(dice.randrange(1, 4)):
        table = data[dice.choice(["bus", "gen", "branch", "load", "switch"])]
        item = table[dice.choice(list(table))]
        item[dice.choice(list(item))] = dice.choice([None, -1, 0, 2.5, "x", [], {}, True, 1e300])
    content = json.dumps(data).encode()
    for read in (lambda: parse_file(content, "mutant.json"), lambda: read_network(content, "mutant.json")):
        with located_at_worst("mutant.json"):
            read()


#: What PowerModels.jl 0.21 asks of each component when it reads a JSON file: parse_json, then correct_network_data!.
WHOLE, NUMBER = "whole", "number"
ENDS = {"f_bus": WHOLE, "t_bus": WHOLE, "br_status": WHOLE}
READ_BY_JULIA: dict[str, dict[str, str]] = {
    "bus": {"bus_i": WHOLE, "bus_type": WHOLE, "vm": NUMBER, "va": NUMBER, "vmin": NUMBER, "vmax": NUMBER},
    "load": {"load_bus": WHOLE, "status": WHOLE, "pd": NUMBER, "qd": NUMBER},
    "shunt": {"shunt_bus": WHOLE, "status": WHOLE, "gs": NUMBER, "bs": NUMBER},
    "gen": {"gen_bus": WHOLE, "gen_status": WHOLE, "pg": NUMBER, "qg": NUMBER, "vg": NUMBER},
    "branch": {
        **ENDS,
        **dict.fromkeys(
            ("br_r", "br_x", "g_fr", "b_fr", "g_to", "b_to", "tap", "shift", "angmin", "angmax"), NUMBER
        ),
    },
    "dcline": {**ENDS, **dict.fromkeys(("loss0", "loss1", "pmaxf", "pmaxt", "vf", "vt", "pf", "pt"), NUMBER)},
    "storage": {"storage_bus": WHOLE, "status": WHOLE, "energy": NUMBER, "energy_rating": NUMBER},
    "switch": {"f_bus": WHOLE, "t_bus": WHOLE, "status": WHOLE, "state": WHOLE, "psw": NUMBER, "qsw": NUMBER},
}  # fmt: skip


def unreadable(content: bytes) -> list[str]:
    """Return what would stop PowerModels.jl: there, ``null`` is ``nothing``, which nothing calculates with."""
    data = json.loads(content)
    head = {"name": str, "source_type": str, "source_version": str, "per_unit": bool, "baseMVA": (int, float)}
    found = [key for key, sort in head.items() if not isinstance(data.get(key), sort)]
    for component, fields in READ_BY_JULIA.items():
        for key, item in data[component].items():  # every table is asked for, also where it is empty
            found += [f"{component} {key}"] * (str(item["index"]) != key)
            found += [f"{component} {key} {name}" for name, sort in fields.items() if not _is(item.get(name), sort)]
            rates = [
                name for name in ("rate_a", "rate_b", "rate_c", "thermal_rating", "current_rating") if name in item
            ]
            found += [f"{component} {key} {name}" for name in rates if not _is(item[name], NUMBER) or item[name] < 0]
            costs = [item["ncost"], *item["cost"]] if "model" in item else []
            found += [f"{component} {key} cost"] * (not all(_is(number, NUMBER) for number in costs))
    ids = {bus["index"] for bus in data["bus"].values()}
    ends = [
        item[name] for part in READ_BY_JULIA for item in data[part].values() for name in item if name.endswith("_bus")
    ]
    return [*found, *(f"bus {number}" for number in ends if number not in ids)]


def _is(value: object, sort: str) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (sort == NUMBER and isinstance(value, float))


@pytest.mark.parametrize("physical", [False, True])
@pytest.mark.parametrize(("text", "name"), [(CASE, "small.m"), (V33, "case.raw")])
def test_powermodels_jl_finds_every_value_that_it_asks_for(text: str, name: str, physical: bool) -> None:
    """Its own export writes infinite limits as ``null`` too, and what it reads does not touch them."""
    assert unreadable(write_json(parse_file(text.encode(), name, physical=physical).value)) == []
    network = read_network(text.encode(), name).value
    assert unreadable(write_powermodels(network)[0]) == []
