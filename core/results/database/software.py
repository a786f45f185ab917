"""What software results come from, and the columns of its tables.

A new software is one entry in :data:`SOFTWARE`, rows in ``columns.csv`` for columns of its own, and a migration.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import BadInput

#: Prefix of the tables → the name in ``grid_simulations.software``.
SOFTWARE = {
    "psse": "PSSE",
    "pypsa": "PyPSA",
    "pandapower": "pandapower",
    "opendss": "OpenDSS",
    "etap": "ETAP",
    "lightsim2grid": "lightsim2grid",
    "newton": "Newton",
}

#: Component → the column that numbers its elements.
KEYS = {"bus": "bus", "generator": "gen", "load": "load", "line": "line", "link": "link"}


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One column of a component's results; without a software every software has it."""

    component: str
    software: str
    name: str
    type: str
    required: bool
    unit: str
    help: str


def software_key(name: str) -> str:
    """Return the prefix of a software's tables, whatever the spelling: ``PSS®E`` is ``psse``."""
    wanted = "".join(letter for letter in name.casefold() if letter.isascii() and letter.isalnum())
    if wanted not in SOFTWARE:
        raise BadInput(f"there are no tables for the software {name!r}", hint=f"known are {', '.join(SOFTWARE)}")
    return wanted


@cache
def columns(software: str, component: str) -> tuple[ResultColumn, ...]:
    """Return a result table's columns, the core first; nothing where the software has no such component."""
    rows = [column for column in _declared() if column.component == component]
    return tuple(column for column in rows if column.software in ("", software))


def components(software: str) -> tuple[str, ...]:
    """Return the components that the software has tables for."""
    return tuple(component for component in KEYS if columns(software, component))


@cache
def _declared() -> tuple[ResultColumn, ...]:
    with Path(__file__).with_name("columns.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(
            ResultColumn(
                row["component"],
                row["software"],
                row["column"],
                row["type"],
                row["required"] == "yes",
                row["unit"],
                row["help"],
            )
            for row in csv.DictReader(handle)
        )
