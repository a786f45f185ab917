"""Each demo ends with the verdict that it promises, in a project of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.project import Workspace
from core.project.demos import demos, open_demo
from core.project.judgement import is_stale, record_judgement
from core.settings import load_settings


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.open(load_settings(tmp_path))


def failed(document) -> set[str]:
    return {stage["id"] for stage in document["stages"] if stage["verdict"] == "FAIL"}


@pytest.mark.parametrize(
    ("name", "stages", "updates"),
    [
        ("all_pass", set(), set()),
        ("ram_fail", {"3"}, {"spares"}),
        ("voltage_fail", {"2a"}, {"reactive_support_mvar"}),
        ("short_circuit_fail", {"2b"}, {"breaker_rating_ka"}),
        ("on_paper", {"2a", "2b", "3"}, set()),
    ],
)
def test_a_demo_ends_as_it_promises(workspace, name, stages, updates):
    demo = next(each for each in demos() if each.id == name)
    latest = open_demo(workspace, demo).rounds()[-1]
    assert latest.overall == demo.expected
    assert failed(latest.document) == stages
    assert {update["name"] for update in latest.document["constraint_updates"]} == updates


def test_a_demo_opens_once_and_leaves_other_projects_alone(workspace):
    demo = demos()[0]
    first, second = open_demo(workspace, demo), open_demo(workspace, demo)
    assert first.id == second.id
    assert [line.name for line in workspace.projects()] == [demo.project_name]


def test_a_judgement_is_stale_when_an_import_goes(workspace):
    project = open_demo(workspace, demos()[0])
    assert not is_stale(project)
    project.remove_import(project.imports()[0].id)
    assert is_stale(project)
    record_judgement(project)
    assert project.rounds()[-1].overall == "NOT CHECKED"


def test_an_accepted_contradiction_counts_from_the_next_round_on(workspace):
    project = open_demo(workspace, next(each for each in demos() if each.id == "on_paper"))
    for stage in ("2a", "2b", "2c", "3"):
        project.accept_contradiction(stage, "measured on site")
    assert is_stale(project)
    record_judgement(project)
    assert project.rounds()[-1].overall == "PASS"
    project.accept_contradiction("3", "")
    record_judgement(project)
    assert project.rounds()[-1].overall == "FAIL"
