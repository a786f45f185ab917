from __future__ import annotations

import multiprocessing
from copy import deepcopy
from typing import Any

import pandas as pd
import pytest

from core.criteria import Override
from core.errors import BadInput, Conflict, NotFound
from core.findings import Finding, Severity, Source, Where
from core.project import Decision, Project, Workspace
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.settings import load_settings
from core.store import Store

PLANT = {
    "format": "gridproof.plant/1",
    "name": "Plant",
    "settings": {"frequency_hz": 60.0, "redundancy_level": 1},
    "tables": {
        "bus": [{"id": "BUS_100", "kv": 13.8}, {"id": "BUS_200", "kv": 34.5}],
        "unit": [{"id": "GEN_1", "rated_mw": 18.3, "bus": "BUS_100"}],
    },
}


@pytest.fixture(params=["sqlite", "postgresql"])
def workspace(request: pytest.FixtureRequest) -> Workspace:
    store: Store = request.getfixturevalue("store" if request.param == "sqlite" else "postgresql_store")
    return Workspace(store)


@pytest.fixture
def project(workspace: Workspace) -> Project:
    return workspace.create("Campus", PLANT)


def edited(document: dict[str, Any], table: str, row: int, **cells: Any) -> dict[str, Any]:
    changed = deepcopy(document)
    changed["tables"][table][row].update(cells)
    return changed


def voltages(v_pu: float = 0.93) -> StudyResult:
    rows = [
        {"bus": "BUS_100", "v_pu": v_pu, "file": "lf.csv", "row": 2},
        {"bus": "BUS_200", "v_pu": 1.0, "file": "lf.csv", "row": 3},
    ]
    found = Finding("x.y", Severity.WARNING, "odd", where=Where("lf.csv", row=2), element="BUS_100")
    made = Provenance(tool="ETAP", source=Source("lf.csv", "0" * 64), options={"mtbf": "up"})
    return StudyResult("load_flow", {"buses": result_table("load_flow", "buses", rows)}, Status.SOLVED, made, [found])


def update(new: float, *, name: str = "breaker_rating_ka", element: str = "CB_1") -> dict[str, Any]:
    return {
        "name": name,
        "element": element,
        "old": 40.0,
        "new": new,
        "unit": "kA",
        "reason": "duty 113.8 %",
        "evidence": {},
    }


class TestProjectsOfAWorkspace:
    def test_a_project_opens_as_it_was_made(self, workspace: Workspace, project: Project) -> None:
        again = workspace.project(project.id)
        assert (again.name, again.revision, again.plant_document) == ("Campus", 1, PLANT)

    def test_the_list_says_the_last_verdict_and_puts_the_last_changed_first(self, workspace: Workspace) -> None:
        first, second = workspace.create("A", PLANT), workspace.create("B", PLANT)
        first.record_round({"overall": "FAIL"}, revision=1, imports=[], updates=[])
        first.record_round({"overall": "PASS"}, revision=1, imports=[], updates=[])
        assert [(p.name, p.overall) for p in workspace.projects()] == [("A", "PASS"), ("B", None)]
        assert second.name == "B"

    def test_a_project_needs_a_name(self, workspace: Workspace) -> None:
        with pytest.raises(BadInput):
            workspace.create("  ", PLANT)

    def test_a_removed_project_is_gone_with_all_its_rows(self, workspace: Workspace, project: Project) -> None:
        project.add_import(b"x", "lf.csv", [voltages()], {})
        workspace.remove(project.id)
        assert workspace.projects() == []
        for act in (lambda: workspace.project(project.id), lambda: workspace.remove(project.id), project.undo):
            with pytest.raises(NotFound):
                act()


class TestThePlant:
    def test_a_change_is_a_revision_that_can_be_undone_and_done_again(self, project: Project) -> None:
        changed = edited(PLANT, "unit", 0, rated_mw=20.0)
        assert project.save_plant(changed, "uprate GEN_1", expected_revision=1) == 2
        assert project.undo() == 1
        assert project.plant_document == PLANT
        assert project.redo() == 2
        assert project.plant_document == changed
        assert [(r.number, r.parent, r.what, r.is_current) for r in project.history()] == [
            (2, 1, "uprate GEN_1", True),
            (1, None, "create", False),
        ]

    def test_a_change_after_an_undo_loses_nothing(self, project: Project) -> None:
        project.save_plant(edited(PLANT, "unit", 0, rated_mw=20.0), "up", expected_revision=1)
        project.undo()
        assert project.save_plant(edited(PLANT, "unit", 0, rated_mw=10.0), "down", expected_revision=1) == 3
        assert project.plant_at(2)["tables"]["unit"][0]["rated_mw"] == 20.0

    def test_saving_what_is_already_there_makes_no_revision(self, project: Project) -> None:
        assert project.save_plant(PLANT, "nothing", expected_revision=1) == 1

    def test_the_ends_of_the_history_say_so(self, project: Project) -> None:
        for act in (project.undo, project.redo):
            with pytest.raises(Conflict, match="nothing to"):
                act()

    def test_two_tabs_that_change_different_tables_keep_both_changes(
        self, workspace: Workspace, project: Project
    ) -> None:
        other = workspace.project(project.id)
        other.save_plant(edited(PLANT, "bus", 0, kv=11.0), "other tab", expected_revision=1)
        project.save_plant(edited(PLANT, "unit", 0, rated_mw=20.0), "this tab", expected_revision=1)
        assert project.plant_document == edited(edited(PLANT, "bus", 0, kv=11.0), "unit", 0, rated_mw=20.0)

    def test_two_tabs_that_change_one_table_do_not_overwrite_each_other(
        self, workspace: Workspace, project: Project
    ) -> None:
        other = workspace.project(project.id)
        theirs = edited(PLANT, "unit", 0, rated_mw=10.0)
        other.save_plant(theirs, "other tab", expected_revision=1)
        with pytest.raises(Conflict, match="the table 'unit'") as caught:
            project.save_plant(edited(PLANT, "unit", 0, rated_mw=20.0), "this tab", expected_revision=1)
        assert "not saved" in caught.value.hint
        assert workspace.project(project.id).plant_document == theirs

    def test_the_difference_of_two_revisions_is_told_cell_by_cell(self, project: Project) -> None:
        changed = edited(PLANT, "unit", 0, rated_mw=20.0)
        changed["tables"]["bus"].pop()
        changed["settings"]["redundancy_level"] = 2
        project.save_plant(changed, "much", expected_revision=1)
        assert [(c.table, c.element, c.column, c.old, c.new) for c in project.diff(1, 2)] == [
            ("settings", "", "redundancy_level", 1, 2),
            ("bus", "BUS_200", None, {"id": "BUS_200", "kv": 34.5}, None),
            ("unit", "GEN_1", "rated_mw", 18.3, 20.0),
        ]


class TestImports:
    def test_a_result_comes_back_as_it_was_read(self, project: Project) -> None:
        read = voltages()
        (id,) = project.add_import(b"Bus_ID,...", "lf.csv", [read], {"Bus_ID": "bus"})
        kept = project.result(id)
        assert (kept.study, kept.status, kept.provenance, kept.findings) == (
            read.study,
            read.status,
            read.provenance,
            read.findings,
        )
        columns = ["bus", "v_pu", "file", "row"]
        pd.testing.assert_frame_equal(kept.main[columns], read.main[columns], check_dtype=False)
        (line,) = project.imports()
        assert (line.name, line.tool, line.study, line.mapping) == ("lf.csv", "ETAP", "load_flow", {"Bus_ID": "bus"})
        assert project.store.content(line.sha256) == b"Bus_ID,..."

    def test_a_result_that_an_older_program_kept_has_todays_columns(self, project: Project) -> None:
        old = voltages()
        old.tables["buses"] = old.tables["buses"].drop(columns=["v_min_pu", "v_max_pu"])
        (id,) = project.add_import(b"", "lf.csv", [old], {})
        assert set(voltages().main.columns) == set(project.result(id).main.columns)
        assert project.result(id).main["v_min_pu"].isna().all()

    def test_columns_of_mixed_kinds_are_kept_as_text(self, project: Project) -> None:
        odd = StudyResult("load_flow", {"buses": pd.DataFrame({"a": [1, "x", None], "b": [1.5, 2, float("nan")]})})
        (id,) = project.add_import(b"", "odd.csv", [odd], {})
        assert project.result(id).tables["buses"]["a"].tolist() == ["1", "x", None]

    def test_all_results_of_a_file_are_imported_or_none(self, project: Project) -> None:
        broken = StudyResult("load_flow", {"buses": pd.DataFrame({"a": [1]})}, provenance=Provenance(tool=None))  # type: ignore[arg-type]
        with pytest.raises(Exception, match=r"(?i)null"):
            project.add_import(b"x", "two.csv", [voltages(), broken], {})
        assert project.imports() == []
        assert [entry.what for entry in project.audit()] == ["create Campus"]

    def test_several_files_are_imported_or_none(self, project: Project) -> None:
        broken = StudyResult("load_flow", {"buses": pd.DataFrame({"a": [1]})}, provenance=Provenance(tool=None))  # type: ignore[arg-type]
        with pytest.raises(Exception, match=r"(?i)null"):
            project.add_imports([(b"x", "one.csv", [voltages()], {}), (b"y", "two.csv", [broken], {})])
        assert project.imports() == []
        project.add_imports([(b"x", "one.csv", [voltages()], {}), (b"y", "two.csv", [voltages(0.9)], {})])
        assert [each.name for each in project.imports()] == ["one.csv", "two.csv"]

    def test_a_removed_import_no_longer_counts_but_stays_readable(self, project: Project) -> None:
        (id,) = project.add_import(b"x", "lf.csv", [voltages()], {})
        project.remove_import(id)
        assert project.imports() == []
        assert project.result(id).study == "load_flow"
        with pytest.raises(NotFound):
            project.remove_import(id)


class TestRoundsAndLedger:
    def test_a_decision_is_kept_with_who_when_and_why(self, project: Project) -> None:
        project.record_round(
            {"overall": "FAIL"}, revision=1, imports=["a"], updates=[update(50.0), update(63.0, element="CB_2")]
        )
        accepted, edited_ = project.ledger()
        project.decide(accepted.id, Decision.ACCEPTED)
        project.decide(edited_.id, Decision.EDITED, value=80.0, reason="what the vendor has")
        assert [(p.state, p.value, p.reason) for p in project.ledger()] == [
            (Decision.ACCEPTED, 50.0, ""),
            (Decision.EDITED, 80.0, "what the vendor has"),
        ]
        assert project.ledger()[1].as_dict()["new"] == 80.0
        (first,) = project.rounds()
        assert (first.number, first.overall, first.imports, first.revision) == (1, "FAIL", ["a"], 1)

    def test_the_same_update_proposed_again_is_one_line_and_one_that_is_gone_is_superseded(
        self, project: Project
    ) -> None:
        project.record_round({"overall": "FAIL"}, revision=1, imports=[], updates=[update(50.0), update(63.0)])
        project.record_round({"overall": "FAIL"}, revision=1, imports=[], updates=[update(63.0)])
        assert [(p.value, p.round, p.state) for p in project.ledger()] == [
            (50.0, 1, Decision.SUPERSEDED),
            (63.0, 2, Decision.PROPOSED),
        ]
        with pytest.raises(Conflict):
            project.decide(project.ledger()[0].id, Decision.ACCEPTED)

    def test_a_decided_update_is_not_touched_by_later_rounds(self, project: Project) -> None:
        project.record_round({"overall": "FAIL"}, revision=1, imports=[], updates=[update(50.0)])
        project.decide(project.ledger()[0].id, Decision.REJECTED, reason="the bus is split instead")
        project.record_round({"overall": "PASS"}, revision=1, imports=[], updates=[])
        assert [p.state for p in project.ledger()] == [Decision.REJECTED]

    @pytest.mark.parametrize(
        ("decision", "value", "reason"),
        [
            (Decision.REJECTED, None, " "),
            (Decision.EDITED, None, "why"),
            (Decision.EDITED, 1, ""),
            (Decision.PROPOSED, 1, "x"),
        ],
    )
    def test_a_decision_without_its_value_or_reason_is_refused(
        self, project: Project, decision: Decision, value: Any, reason: str
    ) -> None:
        project.record_round({"overall": "FAIL"}, revision=1, imports=[], updates=[update(50.0)])
        with pytest.raises(BadInput):
            project.decide(project.ledger()[0].id, decision, value, reason)
        assert project.ledger()[0].state is Decision.PROPOSED

    def test_an_unknown_update_is_not_found(self, project: Project) -> None:
        with pytest.raises(NotFound):
            project.decide("nothing", Decision.ACCEPTED)


class TestCriteria:
    def test_an_override_counts_with_its_reason_until_it_is_withdrawn(self, project: Project) -> None:
        project.override(Override("voltage_pu", "utility agreement 12", low=0.93))
        lows = {c.low for c in project.criteria().criteria if c.criterion == "voltage_pu"}
        assert lows == {0.93}
        project.withdraw_override("voltage_pu")
        assert project.criteria().overrides == ()

    def test_an_override_needs_a_reason_and_a_real_criterion(self, project: Project) -> None:
        for change in (Override("voltage_pu", " ", low=0.93), Override("nonsense", "why", low=1)):
            with pytest.raises(BadInput):
                project.override(change)
        assert project.criteria().overrides == ()


def test_the_audit_trail_says_who_did_what_to_which_content(project: Project) -> None:
    project.save_plant(edited(PLANT, "unit", 0, rated_mw=20.0), "uprate", expected_revision=1)
    project.undo()
    project.rename("Campus 2")
    trail = project.audit()
    assert [entry.what for entry in trail] == ["rename to Campus 2", "undo: uprate", "uprate", "create Campus"]
    assert trail[1].sha256 == trail[3].sha256 == project.plant_sha256
    assert all(entry.who for entry in trail)


def _save_many(workspace: str, project: str, table: str) -> int:
    opened = Workspace.open(load_settings(workspace)).project(project)
    for value in range(10):
        document = edited(opened.plant_document, table, 0, value=value)
        opened.save_plant(document, f"{table} {value}", expected_revision=opened.revision)
    return opened.revision


def test_two_processes_that_save_at_once_lose_nothing(store: Store) -> None:
    project = Workspace(store).create("Campus", PLANT)
    work = [(str(store.settings.workspace), project.id, table) for table in ("bus", "unit")]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(_save_many, work)
    tables = Workspace(store).project(project.id).plant_document["tables"]
    assert (tables["bus"][0]["value"], tables["unit"][0]["value"]) == (9, 9)
    assert len(project.history()) == 21
