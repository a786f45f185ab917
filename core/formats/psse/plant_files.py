"""The plant as PSS/E's files: the network (RAW), scenarios with events, contingencies, subsystem, monitoring."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from core.formats.plant_sheets import read_layout
from core.formats.psse.raw import write_raw
from core.formats.tables.writing import csv_bytes
from core.plant import Plant, split_ids
from core.plant.electrical import plant_network

SUBSYSTEM = "PLANT"
SCENARIOS = read_layout(Path(__file__).with_name("scenarios.csv"))["Scenarios"]
#: Network table → how PSS/E takes one of its rows out of service.
EVENTS = {
    "generator": "REMOVE MACHINE {ckt} FROM BUS {bus}",
    "load": "REMOVE LOAD {ckt} FROM BUS {bus}",
    "shunt": "REMOVE SHUNT {ckt} FROM BUS {bus}",
    "branch": "OPEN BRANCH FROM BUS {from_bus} TO BUS {to_bus} CKT {ckt}",
    "transformer": "OPEN BRANCH FROM BUS {from_bus} TO BUS {to_bus} CKT {ckt}",
}


def raw(plant: Plant, version: int) -> bytes:
    """Return the network at full load with everything in service."""
    network, _ = plant_network(plant)
    return write_raw(network, version).encode("utf-8")


def scenarios_csv(plant: Plant) -> bytes:
    """Return the scenarios, each with the events that PSS/E applies to the RAW file's network."""
    rows = plant["scenario"].assign(events=[" / ".join(events) for _, events in _contingencies(plant)])
    return csv_bytes(SCENARIOS.write(rows))


def con(plant: Plant) -> bytes:
    """Return the contingencies: every scenario with something out of service."""
    lines = []
    for scenario, events in _contingencies(plant):
        if events:
            lines += [f"CONTINGENCY '{_label(scenario)}'", *(f"  {event}" for event in events), "END"]
    return _text([*lines, "END"])


def sub(plant: Plant) -> bytes:
    """Return the subsystem of all the plant's buses."""
    buses = [f"  BUS {number}" for number in plant["bus"]["number"].dropna()]
    return _text([f"SUBSYSTEM '{SUBSYSTEM}'", *buses, "END", "END"])


def mon(plant: Plant) -> bytes:
    """Return what is watched: every branch's loading and every bus's voltage, 0.95 to 1.05 pu."""
    lines = [
        f"MONITOR BRANCHES IN SUBSYSTEM '{SUBSYSTEM}'",
        f"MONITOR VOLTAGE RANGE SUBSYSTEM '{SUBSYSTEM}' 0.95 1.05",
    ]
    return _text([*lines, "END"])


def _contingencies(plant: Plant) -> list[tuple[str, list[str]]]:
    """Return the events of each scenario; equipment that PSS/E's network doesn't have gives none."""
    network, _ = plant_network(plant)
    event_of: dict[str, str] = {}
    for table, pattern in EVENTS.items():
        rows = network[table]
        if "id" in rows:
            event_of |= dict(
                zip(rows["id"], map(partial(_event, pattern), rows.to_dict(orient="records")), strict=True)
            )
    scenarios = plant["scenario"]
    return [
        (scenario, [event_of[element] for element in split_ids(tripped) if element in event_of])
        for scenario, tripped in zip(scenarios["id"], scenarios["tripped"], strict=True)
    ]


def _event(pattern: str, row: dict[object, object]) -> str:
    return pattern.format(**{str(key): value for key, value in row.items()})


def _label(scenario: str) -> str:
    """Return the scenario's id as a label in quotes can hold it."""
    return scenario.replace("'", "_")


def _text(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode("utf-8")
