"""The safe evaluator reads what case files are made of, and says what it can't calculate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.findings import Severity
from core.formats.matpower.evaluate import Machine
from core.formats.matpower.syntax import parse


def run(text: str) -> Machine:
    machine = Machine("case.m")
    machine.run(parse(text).sentences)
    return machine


def value(text: str) -> list[list[float]]:
    machine = run(f"x = {text};")
    assert not machine.findings, machine.findings
    return np.asarray(machine.variables["x"], dtype=float).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("50/3", [[50 / 3]]),
        ("[1 -2]", [[1, -2]]),
        ("[1 - 2]", [[-1]]),
        ("[1 -2 + 3]", [[1, 1]]),
        ("[1, 2; 3 4]", [[1, 2], [3, 4]]),
        ("[1 2 ...  a remark\n 3]", [[1, 2, 3]]),
        ("[1 2\n 3 4 % a remark ]\n]", [[1, 2], [3, 4]]),
        ("[1 2; 3 4]'", [[1, 3], [2, 4]]),
        ("2^3^2", [[64]]),
        ("-2^2", [[-4]]),
        ("2^-1", [[0.5]]),
        ("1e3", [[1000]]),
        ("1.5D2", [[150]]),
        (".5", [[0.5]]),
        ("[1./[2 4]]", [[0.5, 0.25]]),
        ("1:3", [[1, 2, 3]]),
        ("0:0.1:0.3", [[0, 0.1, 0.2, 0.30000000000000004]]),
        ("5:-2:1", [[5, 3, 1]]),
        ("3:1", [[]]),
        ("[Inf -Inf]", [[math.inf, -math.inf]]),
        ("~isnan([NaN 1])", [[0, 1]]),
        ("sin(acos(0.85))", [[math.sin(math.acos(0.85))]]),
        ("sum([1 2; 3 4])", [[4, 6]]),
        ("sum([1 2 3])", [[6]]),
        ("max([1 5 2])", [[5]]),
        ("size(zeros(2, 3))", [[2, 3]]),
        ("find([0 1 0 1])", [[2, 4]]),
        ("[1 2; 3 4] * [1; 1]", [[3], [7]]),
        ("[1 2; 3 4] .* [1; 10]", [[1, 2], [30, 40]]),
        ("[2 4] / 2", [[1, 2]]),
        ("1 == 1 && 2 > 3 || 1", [[1]]),
        ("(1 + 2) * 3", [[9]]),
        ("repmat([1 2], 2, 1)", [[1, 2], [1, 2]]),
        ("round(-2.5)", [[-3]]),
        ("sum([])", [[0]]),
        ("prod([])", [[1]]),
        ("mod([5 -1], [0 3])", [[5, 2]]),
    ],
)  # fmt: skip
def test_expressions_have_the_value_that_matlab_gives(text: str, expected: list[list[float]]) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = [1 2; 3 4]; x = a(:, 1);", [[1], [3]]),
        ("a = [1 2; 3 4]; x = a(end, end);", [[4]]),
        ("a = [1 2; 3 4]; x = a(:);", [[1], [3], [2], [4]]),
        ("a = [1 2; 3 4]; x = a(3);", [[2]]),
        ("a = [1 2; 3 4]; x = a(a(:, 1) > 2, :);", [[3, 4]]),
        ("x = [1 2; 3 4]; x(:, 2) = x(:, 2) / 1e3;", [[1, 0.002], [3, 0.004]]),
        ("x = [1 2; 3 4]; x(2, :) = [];", [[1, 2]]),
        ("x = [1 2]; x(2, 3) = 9;", [[1, 2, 0], [0, 0, 9]]),
        ("x = [1 2 3]; x([1 3]) = 9;", [[9, 2, 9]]),
        ("x = [1 2; 3 4]; x(:) = 5:8;", [[5, 7], [6, 8]]),
        ("x = 0; for i = 1:4\n x = x + i;\nend", [[10]]),
        ("x = 1; if x > 2\n x = 5;\nelseif x == 1\n x = 6;\nelse\n x = 7;\nend", [[6]]),
        ("[PQ, PV, REF, NONE, BUS_I] = idx_bus; x = [REF BUS_I];", [[3, 1]]),
        ("define_constants; x = [RATE_A, ANGMIN, PF, MU_PMAX];", [[6, 12, 14, 22]]),
        ("c = idx_dcline; x = c.LOSS1;", [[17]]),
        ("s.a.b = 3; x = s.a.b * 2;", [[6]]),
        ("%{\nx = 1;\n%}\nx = 2;", [[2]]),
        ("a = {'x', 1; 'y', 2}; x = a{2, 2};", [[2]]),
        ("[m, k] = max([3 9 4]); x = [m k];", [[9, 2]]),
        ("x = 3; disp('nothing');", [[3]]),
        ("x = [1 2; 3 4]; x(x > 2) = 0;", [[1, 2], [0, 0]]),
        ("x = [1 2; 3 4]; x([2 3]) = [8 9];", [[1, 9], [8, 4]]),
        ("x = 3; if x == 3\n return;\nend\nx = 4;", [[3]]),
        ("x = 0; for k = [1 2; 3 4], x = x + k(1) * k(2); end", [[11]]),
    ],
)
def test_statements_change_what_they_should(text: str, expected: list[list[float]]) -> None:
    machine = run(text)
    assert not machine.findings
    assert np.asarray(machine.variables["x"], dtype=float).tolist() == expected


@pytest.mark.parametrize(
    "statement",
    [
        "mpc.bus = scale_load(2, mpc);",
        "mpc = loadcase('case9');",
        "x = system('rm -rf /');",
        "x = fopen('/etc/passwd');",
        "eval('x = 1');",
        "x = unknown;",
        "while 1\n x = 2;\nend",
        "x = @(y) y + 1;",
        "x = zeros(1e9, 1e9);",
        "x = 1:1e15;",
        "x = [1 2; 3];",
        "x = sort([3 1 2], 'descend');",
        "x = round(2.345, 2);",
        "x = find([1 1 1], 1, 'last');",
        "c = {'a', 'b'}; c(1) = [];",
        "x = [1 2] + [1 2 3];",
        "x = sqrt(-1);",
        "x = [1 2](5);",
        "for k = 1:1e6\n x = k;\nend",
        "x = (1 + ;",
        "x = " + "(" * 100 + "1" + ")" * 100 + ";",
        "x = 1" + "+1" * 20000 + ";",
    ],
)
def test_a_statement_that_is_not_calculated_is_an_error_finding_with_its_line(statement: str) -> None:
    machine = run(f"a = 1;\n\n{statement}\nb = 2;")
    found = [finding for finding in machine.findings if finding.severity is Severity.ERROR]
    assert found[0].code == "matpower.statement.unknown"
    assert found[0].where.line is not None
    assert found[0].where.line >= 3
    assert machine.variables["b"].tolist() == [[2]]  # what follows is read all the same


@pytest.mark.parametrize("short", ["3 4", "3 1*4"])
def test_a_row_of_another_length_is_told_by_matrix_line_and_columns(short: str) -> None:
    machine = run(f"mpc.bus = [\n1 2 3\n4 5 6\n{short}\n];")
    (finding,) = machine.findings
    assert finding.where.line == 4
    assert "mpc.bus = [" in finding.text
    assert finding.text.endswith("row 3 has 2 columns, the rows above have 3")


def test_an_open_text_is_a_located_error() -> None:
    with pytest.raises(BadInput) as error:
        parse("a = 1;\nb = 'never closed\n", "case.m")
    assert error.value.where.line == 2


def test_a_transpose_is_no_text_and_a_text_is_no_transpose() -> None:
    machine = run("a = [1 2]'; b = {'it''s' 'x'}; c = [1 2]';")
    assert machine.variables["a"].shape == (2, 1)
    assert machine.variables["b"].rows == [["it's", "x"]]


def test_values_are_copied_when_they_are_assigned() -> None:
    machine = run("a = [1 2]; b = a; b(1) = 9;")
    assert machine.variables["a"].tolist() == [[1, 2]]


@given(st.lists(st.lists(st.floats(width=64), min_size=3, max_size=3), min_size=1, max_size=20))
def test_a_matrix_reads_bit_by_bit_whether_at_once_or_word_by_word(rows: list[list[float]]) -> None:
    from core.formats.matpower.write import number_text

    written = ";\n".join("\t".join(map(number_text, row)) for row in rows)
    at_once = run(f"x = [{written}{' ' * 50}];").variables["x"]
    by_words = run(f"x = [{written};\n1*1 1*2 1*3];").variables["x"][:-1]
    np.testing.assert_array_equal(at_once, np.array(rows))
    np.testing.assert_array_equal(by_words, np.array(rows))
