"""The Loop page in each of its states: nothing, waiting, running, swinging, broken, passed."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.constraints import ConstraintUpdate
from core.criteria import StageVerdict, State
from core.design.requirement import Requirement
from core.design.technology import shipped_technologies
from core.jobs import loop as background
from core.jobs import requirement_costs
from core.plant import Plant
from core.project import Workspace, loop_turn, loops
from core.store import Store
from core.validation import Validation

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "loop.py")
SMALL = Requirement(load_mw=(40.0,), technologies=tuple(t for t in shipped_technologies() if t.id == "RECIP_18"))


@pytest.fixture
def project(store: Store):
    return Workspace(store).create("Campus", Plant.of("Campus", {}).to_document())


def judged(state: State, *updates: ConstraintUpdate):
    """Return a stand-in for the studies."""
    stage = StageVerdict("2a", "ETAP Load Flow", state)
    return lambda plant, requirement, **_: Validation(state, [stage], [], list(updates), [], [])


def shown(project) -> tuple[AppTest, str]:
    page = AppTest.from_file(PAGE, default_timeout=120).run()
    assert not page.exception
    parts = [*page.markdown, *page.info, *page.success, *page.warning, *page.error, *page.caption, *page.subheader]
    return page, "\n".join(str(part.value) for part in parts)


def test_without_a_loop_the_page_offers_to_begin_one(project):
    page, _ = shown(project)
    assert [button.label for button in page.button] == ["Begin"]


def test_a_loop_that_passed_shows_its_rounds_and_offers_what_each_requirement_costs(project, monkeypatch):
    monkeypatch.setattr(loop_turn, "judged", judged(State.PASS))
    loop = loop_turn.run(project, loops.begin(project, SMALL, start="usual", limit=2))
    page, text = shown(project)
    assert "Passed" in text
    table = page.dataframe[0].value
    assert {"Largest units that may be out at full load", "RECIP_18", "2a ETAP Load Flow"} <= set(table["What"])
    started: list[str] = []
    monkeypatch.setattr(requirement_costs, "submit", lambda *args, **_: started.append(args[2]["loop"]) or "run")
    next(each for each in page.button if each.label == "Find what each requirement costs").click().run()
    assert started == [loop.id]


def test_a_loop_that_waits_says_for_what(project):
    loop_turn.run(project, loops.begin(project, SMALL, start="usual", limit=2, uploaded=["short_circuit"]))
    page, text = shown(project)
    assert "Waiting" in text
    assert "ETAP Short Circuit" in text
    assert {"Go on", "One round"} <= {button.label for button in page.button}


def test_a_loop_that_swings_says_between_which_rounds(project, monkeypatch):
    def swing(plant, requirement, **_):
        old = requirement.equipment.get("BUS_HALL_1", {}).get("reactive_support_mvar", 5.0)
        update = ConstraintUpdate("reactive_support_mvar", "BUS_HALL_1", old, 15.0 - old, "Mvar", "voltage", {})
        return judged(State.FAIL, update)(plant, requirement)

    monkeypatch.setattr(loop_turn, "judged", swing)
    needs = Requirement(
        load_mw=(40.0,), technologies=SMALL.technologies, equipment={"BUS_HALL_1": {"reactive_support_mvar": 5.0}}
    )
    loop_turn.run(project, loops.begin(project, needs, start="usual", limit=5))
    assert "between rounds 1 and 2" in shown(project)[1]


def test_a_loop_without_a_design_names_the_contradiction(project):
    loop_turn.run(project, loops.begin(project, SMALL.with_bound("budget_usd", 1.0), start="usual", limit=2))
    page, text = shown(project)
    assert "budget" in text
    assert "Find what each requirement costs" not in {button.label for button in page.button}


def test_a_loop_that_turns_can_be_stopped(project, monkeypatch):
    loop = loops.begin(project, SMALL, start="usual", limit=2)
    monkeypatch.setattr(background, "is_turning", lambda _: True)
    loops.set_state(project, loop, progress="round 1: sizing")
    page, text = shown(project)
    assert "round 1: sizing" in text
    assert [button.label for button in page.button] == ["Stop"] or "Stop" in {b.label for b in page.button}
    assert not jobs.runs(project.store, project.id)
