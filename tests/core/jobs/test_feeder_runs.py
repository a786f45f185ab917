"""Runs about feeders: the model that a page asks about comes from the database; the worst feeders run first."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from core.feeder.storage import kept_feeder, kept_feeders
from core.formats.models import model_of
from core.jobs import run_inline
from core.jobs.feeders import feeder_inputs
from core.jobs.time_series import ranking
from core.store import Store
from tests.core.formats.cyme import exports


def test_what_is_read_is_kept_and_taken_from_there_until_a_file_changes(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "village"
    exports.write_text(folder)
    runs = store.settings.workspace / "runs"
    first = feeder_inputs("read", [folder])
    read = run_inline("feeder", first, runs / "one")
    kept = model_of(first["paths"], first["files"])
    assert [entry.id for entry in kept_feeders(store)] == [kept]
    assert kept_feeder(store, kept).value.names == read["summary"]["feeders"]
    solved = run_inline("feeder", feeder_inputs("solve", [folder], hold_taps=True), runs / "two")
    assert solved["converged"]
    assert len(kept_feeders(store)) == 1
    (folder / "remark.md").write_text("something else", encoding="utf-8")
    changed = feeder_inputs("read", [folder])
    assert model_of(changed["paths"], changed["files"]) != kept


def test_the_newest_year_of_each_case_ranks_it() -> None:
    def run(**hours: float) -> SimpleNamespace:
        years = [{"case": case, "outside_a_h": value, "overload_h": 1.0} for case, value in hours.items()]
        return SimpleNamespace(result={"feeders": years})

    newest_first = [run(a=5.0), SimpleNamespace(result=None), run(a=99.0, b=7.0)]
    assert ranking(newest_first) == {"a": 6.0, "b": 8.0}  # type: ignore[arg-type]
