"""``network to-powermodels``: the dictionary alone on standard output, findings beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from core.__main__ import BAD_INPUT, DONE, main

CASE = """function mpc = two
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
	1	3	0	0	0	0	1	1	0	110	1	1.1	0.9;
	2	1	5000	2000	0	0	1	1	-3	110	1	1.1	0.9;
];
mpc.gen = [ 1	5	2	Inf	-Inf	1	100	1	10	0 ];
mpc.branch = [ 1	2	0.01	0.1	0.02	0	0	0	0	0	1	-360	360 ];
mpc.bus(:, [3 4]) = mpc.bus(:, [3 4]) / 1e3;
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    path = tmp_path / "two.m"
    path.write_text(CASE, encoding="utf-8")
    return path


def test_the_dictionary_is_in_per_unit_and_findings_are_beside_it(
    case: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["network", "to-powermodels", str(case), "--json"]) == DONE
    printed = capfd.readouterr()
    data = json.loads(printed.out)
    assert (data["per_unit"], data["load"]["1"]["pd"], data["gen"]["1"]["qmax"]) == (True, 0.05, None)
    assert "converts mpc.bus" in printed.err


def test_mixed_units_are_megawatts_and_degrees(case: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["network", "to-powermodels", str(case), "--mixed-units"]) == DONE
    data = json.loads(capfd.readouterr().out)
    assert (data["per_unit"], data["load"]["1"]["pd"]) == (False, 5.0)
    assert data["bus"]["2"]["va"] == pytest.approx(-3.0)


@pytest.mark.parametrize("action", [["to-powermodels"], ["convert"], ["solve"], ["audit"]])
def test_a_file_that_is_not_understood_is_not_used(
    case: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], action: list[str]
) -> None:
    case.write_text(CASE + "mpc.bus(:, 3) = scale(mpc.bus(:, 3));\n", encoding="utf-8")
    out = tmp_path / "out.raw"
    words = ["network", *action, str(case), *([str(out)] if action == ["convert"] else []), "--json"]
    assert main(words) == BAD_INPUT
    error = json.loads(capfd.readouterr().out)["error"]
    assert (error["where"]["line"], "scale" in error["message"]) == (11, True)
    assert not out.exists()


def test_a_conversion_to_a_dictionary_and_back_changes_nothing(
    case: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    there, back = tmp_path / "two.json", tmp_path / "back.m"
    assert main(["network", "convert", str(case), str(there), "--json"]) == DONE
    document = json.loads(capfd.readouterr().out)
    assert document["proof"]["admittance_difference_pu"] == 0
    assert document["summary"]["dropped"] == document["summary"]["approximated"] == 0
    assert main(["network", "convert", str(there), str(back), "--json"]) == DONE
    capfd.readouterr()
    assert main(["network", "diff", str(case), str(back), "--json"]) == DONE
    assert json.loads(capfd.readouterr().out)["equal"]


def test_functions_apply_one_after_the_other(case: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def printed(*words: str) -> dict[str, Any]:
        assert main(["network", "to-powermodels", str(case), *words, "--json"]) == DONE
        return cast(dict[str, Any], json.loads(capfd.readouterr().out))

    case.write_text(
        CASE.replace(
            "1	2	0.01	0.1	0.02	0	0	0	0	0	1",
            "1	2	0.01	0.1	0.02	0	0	0	0	0	0",
        ),
        encoding="utf-8",
    )
    assert printed("--show", "components") == {"components": [[1], [2]]}
    assert printed("--apply", "simplify_network", "--show", "bus:bus_type") == {"table": [[1, 4], [2, 4]]}
    many = printed("--apply", "select_largest_component", "--apply", "propagate_topology_status", "--replicate", "2")
    assert [network["load"]["1"]["status"] for network in many["nw"].values()] == [0, 0]
    assert "Table: bus" in printed("--show", "summary")["summary"]


def test_values_are_updated_by_those_of_another_file(
    case: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    solution = tmp_path / "solution.json"
    solution.write_text('{"per_unit": true, "bus": {"2": {"vm": 0.98}}}', encoding="utf-8")
    assert main(["network", "to-powermodels", str(case), "--update", str(solution), "--json"]) == DONE
    data = json.loads(capfd.readouterr().out)
    assert (data["bus"]["2"]["vm"], data["bus"]["2"]["base_kv"]) == (0.98, 110)
    solution.write_text('{"per_unit": false}', encoding="utf-8")
    assert main(["network", "to-powermodels", str(case), "--update", str(solution), "--json"]) == BAD_INPUT
