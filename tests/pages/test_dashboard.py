"""The dashboard: empty, with the sample, with a demo; decisions are kept in the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.plant import sample_plant
from core.project import Decision, Project, Workspace
from core.project.demos import demos, open_demo
from core.store import Store

PAGE = Path(__file__).resolve().parents[2] / "pages" / "dashboard.py"


def page() -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=120).run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label.startswith(label)).click().run()


def shown(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*app.markdown, *app.caption])


@pytest.fixture
def ram_fail(store: Store) -> Project:
    return open_demo(Workspace(store), next(demo for demo in demos() if demo.id == "ram_fail"))


def test_without_a_project_the_page_offers_the_sample(store: Store) -> None:
    app = page()
    assert not app.exception
    assert "No project yet" in shown(app)
    assert "Nothing judged yet" in shown(press(app, "Open the sample plant"))


def test_a_judgement_without_results_checks_the_plant_alone(store: Store) -> None:
    Workspace(store).create("Sample", sample_plant().to_document())
    app = press(page(), "Judge now")
    assert not app.exception
    assert "no ETAP result yet" in shown(app)
    assert "NOT CHECKED" in shown(app)


def test_a_failing_demo_shows_what_failed_and_what_must_change(ram_fail: Project) -> None:
    app = page()
    assert not app.exception
    text = shown(app)
    assert "availability 99.72 % is under the 99.95 % target" in text
    assert "4 values contradicted" in text  # availability and downtime, of the system and of a block
    assert {metric.label: metric.value for metric in app.metric}["Annual downtime"] == "24.53 h"


def test_an_accepted_update_stands_in_the_ledger(ram_fail: Project) -> None:
    app = press(page(), "Accept")
    assert not app.exception
    assert [proposal.state for proposal in ram_fail.ledger()].count(Decision.ACCEPTED) == 1


def test_a_rejection_without_a_reason_is_refused_in_words(ram_fail: Project) -> None:
    app = press(page(), "Reject")
    assert not app.exception
    assert "with a reason" in app.error[0].value
    assert {proposal.state for proposal in ram_fail.ledger()} == {Decision.PROPOSED}


def test_a_written_reason_is_kept_and_asks_for_a_new_judgement(ram_fail: Project) -> None:
    app = page()
    field = next(each for each in app.text_input if each.label.startswith("Stage 3"))
    app = press(field.set_value("measured on site").run(), "Keep")
    assert ram_fail.accepted_contradictions() == {"3": "measured on site"}
    assert "changed since this round" in shown(app)


def test_an_override_counts_from_the_next_round_on(ram_fail: Project) -> None:
    app = page()
    chosen = next(box for box in app.selectbox if box.label == "Criterion")
    app = chosen.set_value("availability").run()
    next(each for each in app.number_input if each.label.startswith("Low limit")).set_value(0.99)
    next(each for each in app.text_input if each.key == "override-reason-availability").set_value("owner's decision")
    app = press(press(app.run(), "Override"), "Judge again")
    assert not app.exception
    verdicts = {v["criterion"]: v["verdict"] for v in ram_fail.rounds()[-1].document["verdicts"] if v["stage"] == "3"}
    assert verdicts == {"availability": "PASS", "annual_downtime_h": "FAIL"}


def test_the_reports_of_a_round_are_made(ram_fail: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.parts import dashboard, shell

    monkeypatch.setattr(shell, "workspace", lambda: Workspace(ram_fail.store))
    assert dashboard._report(ram_fail.id, 1, "pdf").startswith(b"%PDF")
    assert dashboard._report(ram_fail.id, 1, "xlsx").startswith(b"PK")
