from __future__ import annotations

import os
import time

import pytest

from core.errors import BadInput, UnsafeFile
from core.formats import isolated as module
from core.formats.conversion import PARTS, converted
from core.formats.isolated import isolated
from core.formats.networks import read_network
from core.formats.recognise import read_result
from core.steps import heard_by
from pages.parts.network_file import SAMPLE_CASE
from tests.core.formats import printed


def test_a_result_comes_back_from_its_own_process_as_it_was_read() -> None:
    (reading,) = isolated(read_result, printed.LOAD_FLOW.encode(), "lf.csv")
    assert reading.value.main.equals(read_result(printed.LOAD_FLOW.encode(), "lf.csv")[0].value.main)


def test_a_refusal_comes_back_with_hint_and_place() -> None:
    with pytest.raises(BadInput) as refusal:
        isolated(read_result, b"", "empty.csv")
    assert refusal.value.hint
    assert refusal.value.where.file == "empty.csv"


def test_a_reader_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.5)
    with pytest.raises(UnsafeFile, match="took more than"):
        isolated(time.sleep, 30)


def test_a_reader_that_crashes_takes_nothing_with_it() -> None:
    with pytest.raises(BadInput, match="can't be read"):
        isolated(os.abort)


def test_the_parts_of_the_work_are_heard_where_somebody_waits_for_it() -> None:
    parts: list[str] = []
    with heard_by(parts.append):
        reading = isolated(read_network, SAMPLE_CASE.encode(), "sample.raw")
        isolated(converted, reading, "matpower", None)
    assert parts[:2] == ["Reading the file", "Checking the network"]
    assert [part for part in parts if part in PARTS] == list(PARTS)
