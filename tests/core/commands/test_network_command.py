"""``network`` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from tests.core.formats.psse.cases import V33


@pytest.fixture
def case(tmp_path: Path) -> str:
    path = tmp_path / "case.raw"
    path.write_text(V33)
    return str(path)


def answer(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    status = main(["network", *words, "--json"])
    return status, json.loads(capfd.readouterr().out)


def test_read_says_what_a_file_holds(case: str, capfd: pytest.CaptureFixture[str]) -> None:
    status, found = answer(capfd, "read", case)
    assert (status, found["format"], found["version"]) == (0, "psse.raw", 33)
    assert (found["counts"]["bus"], found["counts"]["transformer3w"]) == (3, 1)
    assert found["totals"]["load_mw"] == 89.0
    assert {finding["severity"] for finding in found["findings"]} == {"info"}


def test_convert_writes_the_file_and_its_ledger(case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "case.rawx"
    status, found = answer(capfd, "convert", case, str(out))
    assert (status, found["summary"]["dropped"], found["summary"]["approximated"]) == (0, 0, 0)
    assert found["proof"]["admittance_difference_pu"] == 0.0
    assert answer(capfd, "diff", case, str(out))[1]["equal"]


@pytest.mark.parametrize("ending", [".m", ".rawx", ".json"])
def test_there_and_back_keeps_the_admittance(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], ending: str
) -> None:
    there, back = str(tmp_path / f"there{ending}"), str(tmp_path / "back.raw")
    answer(capfd, "convert", case, there)
    _, found = answer(capfd, "convert", there, back, "--version", "33")
    assert found["proof"]["admittance_difference_pu"] < 1e-9


def test_audit_fails_a_case_that_is_not_solved(case: str, capfd: pytest.CaptureFixture[str]) -> None:
    status, found = answer(capfd, "audit", case)
    assert (status, found["solved"], found["islands"]) == (1, False, 1)
    assert found["max_mismatch_mva"] > 1.0
    assert found["worst_bus"] in (1, 2, 3)


def test_diff_names_element_and_field(case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.raw"
    other.write_text(V33.replace("80.0,20.0", "81.0,20.0"))
    status, found = answer(capfd, "diff", case, str(other))
    assert status == 1
    assert found["changed"] == [{"table": "load", "element": "load 2-1", "field": "PL", "before": 80.0, "after": 81.0}]


@pytest.mark.parametrize(
    "words",
    [("read", "missing.raw"), ("convert", "CASE", "x.xyz"), ("convert", "CASE", "x.m", "--version", "35")],
)
def test_bad_input_has_a_message(case: str, capfd: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    status, found = answer(capfd, *(case if word == "CASE" else word for word in words))
    assert status == 2
    assert found["error"]["message"]


def test_solve_gives_the_voltages_that_the_audit_accepts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plain = tmp_path / "plain.raw"
    plain.write_text(V33.replace("'LINK        ',1,", "'LINK        ',0,"))
    status, found = answer(capfd, "solve", str(plain))
    assert (status, found["converged"], [bus["bus"] for bus in found["buses"]]) == (0, True, [1, 2, 3])
    assert found["buses"][0]["v_pu"] == pytest.approx(1.02)


def test_held_voltages_are_those_of_the_file(case: str, capfd: pytest.CaptureFixture[str]) -> None:
    _, found = answer(capfd, "solve", case, "--hold-stored-voltages")
    assert [found["buses"][k]["v_pu"] for k in (0, 2)] == pytest.approx([1.02, 1.01])


def test_to_powermodels_prints_the_dictionary_alone(case: str, capfd: pytest.CaptureFixture[str]) -> None:
    status, found = answer(capfd, "to-powermodels", case, "--physical")
    assert status == 0
    assert (found["baseMVA"], found["per_unit"], len(found["bus"])) == (100.0, True, 4)  # with the star point


@pytest.mark.parametrize(
    ("name", "text", "counts"),
    [
        ("a.dyr", "1 'GENCLS' 1 3.5 0.0 /\n2 'OWN' 1 1 2 /\n", {"record": 2, "typed": 1, "GENCLS": 1, "OWN": 1}),
        (
            "A.CON",
            "CONTINGENCY X\nOPEN LINE FROM BUS 1 TO BUS 2 CIRCUIT 1\nEND\nEND\n",
            {"contingency": 1, "branch": 1},
        ),
        ("a.sub", "SUBSYSTEM EAST\nAREAS 1 2\nEND\nEND\n", {"subsystem": 1}),
        ("a.mon", "MONITOR TIES FROM SUBSYSTEM 'EAST'\nEND\n", {"monitor": 1}),
    ],
)
def test_files_that_go_with_a_network_are_read_and_written_again(
    name: str, text: str, counts: dict[str, int], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / name, tmp_path / f"out{name[1:]}"
    path.write_text(text)
    status, found = answer(capfd, "read", str(path))
    assert (status, {key: count for key, count in found["counts"].items() if count}) == (0, counts)
    assert answer(capfd, "convert", str(path), str(out))[1]["same_bytes"]
    assert out.read_text() == text
    assert main(["network", "audit", str(path)]) == 2
    assert "network" in capfd.readouterr().err


def test_template_gives_an_empty_file_of_the_version(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "empty.raw")
    status, found = answer(capfd, "template", out, "--version", "34", "--sections", "bus,LOAD")
    assert (status, found["version"], list(found["sections"])) == (0, "34", ["bus", "load"])
    assert Path(out).read_text() == found["text"]
    status, found = answer(capfd, "read", out)
    assert (status, found["version"], [finding["code"] for finding in found["findings"]]) == (
        1,
        34,
        ["network.bus.none"],
    )
    assert main(["network", "template", out, "--version", "rawx"]) == 2
