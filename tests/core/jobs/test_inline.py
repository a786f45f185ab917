from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import BadInput
from core.jobs import run_inline


def test_a_run_on_the_spot_finishes_its_units_in_order(tmp_path: Path) -> None:
    assert run_inline("squares", {"count": 4}, tmp_path / "run") == {"sum": 14, "failed": 0}


def test_a_failing_unit_does_not_stop_the_others(tmp_path: Path) -> None:
    assert run_inline("squares", {"count": 4, "fails": [3]}, tmp_path) == {"sum": 5, "failed": 1}


def test_an_unknown_kind_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no kind of run 'cubes'"):
        run_inline("cubes", {}, tmp_path)
