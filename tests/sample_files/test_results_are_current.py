"""The sample results are what the hub's own studies of the sample plant give today."""

from __future__ import annotations

import runpy
from pathlib import Path

from core.settings import SAMPLES


def test_the_sample_results_are_current(monkeypatch, tmp_path: Path):
    module = runpy.run_path(str(SAMPLES / "make_results.py"))
    written: dict[str, str] = {}

    def keep(folder, name, rows):
        written[f"{folder}/{name}"] = rows.to_csv(index=False, lineterminator="\n")

    main = module["main"]
    main.__globals__.update(write=keep, HERE=tmp_path)
    (tmp_path / "passes_on_paper").mkdir()
    main()
    assert written
    for name, text in written.items():
        assert (SAMPLES / name).read_text(encoding="utf-8") == text, name
    assert (tmp_path / "passes_on_paper/plant.json").read_text() == (SAMPLES / "passes_on_paper/plant.json").read_text()
