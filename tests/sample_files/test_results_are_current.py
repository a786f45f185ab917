"""The sample results are what the hub's own studies of the sample plant give today."""

from __future__ import annotations

import runpy

from core.settings import SAMPLES


def test_the_sample_results_are_current():
    module = runpy.run_path(str(SAMPLES / "make_results.py"))
    written: dict[str, str] = {}

    def keep(folder, name, rows):
        written[f"{folder}/{name}"] = rows.to_csv(index=False, lineterminator="\n")

    main = module["main"]
    main.__globals__["write"] = keep
    main()
    assert written
    for name, text in written.items():
        assert (SAMPLES / name).read_text(encoding="utf-8") == text, name
