"""The command line's last line of defence: a defect ends in words and status 2, never in a traceback."""

from __future__ import annotations

import json

import pytest

from core.__main__ import main
from core.commands import validate


def test_a_defect_ends_in_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("GRIDPROOF_DEBUG", raising=False)
    monkeypatch.setattr(validate, "run", lambda arguments: 1 / 0)
    assert main(["validate", "--json"]) == 2
    printed = capsys.readouterr()
    assert "ZeroDivisionError" in json.loads(printed.out)["error"]["message"]
    assert "Traceback" not in printed.err


def test_with_debugging_on_the_defect_itself_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDPROOF_DEBUG", "1")
    monkeypatch.setattr(validate, "run", lambda arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["validate"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["study", "load_flows", "--json"], "invalid choice: 'load_flows'"),
        (["study", "load_flow", "--json", "--unheard"], "unrecognized arguments: --unheard"),
        (["stduy", "--json"], "invalid choice: 'stduy'"),
        (["--json"], "required: COMMAND"),
        (["availability", "--seed", "one", "--json"], "invalid int value: 'one'"),
    ],
)
def test_words_that_no_command_knows_are_an_answer_too(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert message in error["message"]
    assert "--help" in error["hint"]
    assert message in printed.err
