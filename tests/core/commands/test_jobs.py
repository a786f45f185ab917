from __future__ import annotations

import json
from typing import Any

import pytest

from core import jobs
from core.__main__ import main
from core.jobs import KINDS
from core.store import Store
from tests.core.jobs.on_the_spot import finish_runs


@pytest.fixture
def run(store: Store, monkeypatch: pytest.MonkeyPatch) -> str:
    """A queued run; its worker is ours to call."""
    monkeypatch.setitem(KINDS, "squares", "tests.core.jobs.kinds_for_tests:SQUARES")
    monkeypatch.setattr("core.jobs.queue.start_worker", lambda settings: None)
    return jobs.submit(store, "squares", {"count": 3, "fails": [1]}, title="Squares to 3")


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    status = main(["jobs", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_an_empty_workspace_has_no_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "list") == (0, {"runs": []})
    assert main(["jobs"]) == 0
    assert capsys.readouterr().out == "no runs\n"


def test_a_queued_run_is_listed_cancelled_resumed_and_removed(capsys: pytest.CaptureFixture[str], run: str) -> None:
    status, document = answer(capsys, "list")
    assert status == 0
    (line,) = document["runs"]
    assert (line["id"], line["state"], line["title"], line["total"]) == (run, "queued", "Squares to 3", None)
    assert answer(capsys, "cancel", run)[1]["run"]["state"] == "cancelled"
    assert answer(capsys, "resume", run)[1]["run"]["state"] == "queued"
    assert answer(capsys, "cancel", run)[0] == 0
    assert answer(capsys, "remove", run) == (0, {"removed": run})
    assert answer(capsys, "list")[1] == {"runs": []}


def test_a_finished_run_shows_its_result_failures_and_log(
    capsys: pytest.CaptureFixture[str], store: Store, run: str
) -> None:
    finish_runs(store)
    shown = answer(capsys, "show", run)[1]["run"]
    assert (shown["state"], shown["done"], shown["failed"]) == ("finished", 3, 1)
    assert shown["result"] == {"sum": 4, "failed": 1}
    assert shown["failures"] == [{"unit": 1, "message": "number 1 does not converge (choose another)"}]
    assert shown["log"][-1].endswith("finished")


@pytest.mark.parametrize("words", [["show", "nothing"], ["cancel"], ["resume", "nothing"], ["remove", "../.."]])
def test_a_run_that_is_not_there_is_bad_input(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    status, document = answer(capsys, *words)
    assert status == 2
    assert document["error"]["hint"]
