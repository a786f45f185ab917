"""The manual's example of the database from Python, run as it is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def test_the_example_of_the_manual_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    manual = Path("docs/results-database.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", manual, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDPROOF_DATABASE_URL", raising=False)
    exec(compile(example, "docs/results-database.md", "exec"), {})
    said = capsys.readouterr().out
    assert said.endswith("done\n")
    assert said.count("Bus_2") == 2
    assert (tmp_path / "my-workspace" / "gridproof.sqlite").exists()
