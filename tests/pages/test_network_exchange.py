"""The page Network exchange: a dropped file, its findings and repairs, audit, conversion, comparison."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.network_file import SAMPLE_CASE

PAGE = Path(__file__).resolve().parents[2] / "pages" / "network_exchange.py"


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.parts.network_file.isolated", lambda function, *arguments: function(*arguments))


@pytest.fixture
def app() -> AppTest:
    found = AppTest.from_file(str(PAGE), default_timeout=120).run()
    found.file_uploader[0].set_value([("case.raw", SAMPLE_CASE.encode(), "text/plain")])
    return found.run()


def view(app: AppTest, name: str) -> AppTest:
    return app.button_group[0].set_value(name).run()


def words(app: AppTest) -> str:
    return "\n".join(str(e.value) for e in (*app.markdown, *app.caption, *app.success, *app.warning, *app.error))


def test_without_a_file_the_page_offers_a_small_case() -> None:
    app = AppTest.from_file(str(PAGE), default_timeout=120).run()
    assert not app.exception
    app = app.button[0].click().run()
    assert [metric.value for metric in app.metric][:2] == ["3", "3"]


def test_a_dropped_file_shows_its_sums_and_findings(app: AppTest) -> None:
    assert not app.exception
    assert app.metric[2].value == "80.0"
    assert "swing bus but has no machine" in app.dataframe[0].value.to_string()


def test_one_click_repairs_a_finding(app: AppTest) -> None:
    next(button for button in app.button if button.label.startswith("Give every island")).click()
    app = app.run()
    assert not app.exception
    assert "is the swing bus instead of bus 2" in app.dataframe[0].value.to_string()


@pytest.mark.parametrize("name", ["Audit", "Tables", "Diagram", "Compare"])
def test_every_view_opens(app: AppTest, name: str) -> None:
    assert not view(app, name).exception


def test_convert_proves_what_it_wrote(app: AppTest) -> None:
    app = view(app, "Convert")
    next(button for button in app.button if button.label == "Convert").click()
    app = app.run()
    assert not app.exception
    assert "the same to 1e-9" in words(app)


def test_a_file_that_is_no_network_is_explained(app: AppTest) -> None:
    app.file_uploader[0].set_value([("x.raw", b"\x00\x01", "text/plain")])
    app = app.run()
    assert not app.exception
    assert "not a text file" in words(app)


def test_contingencies_are_shown_as_their_file_says_them(app: AppTest) -> None:
    text = b"CONTINGENCY A\nTRIP LINE FROM BUS 1 TO BUS 2 CIRCUIT 1\nSET TAP\nEND\n"
    app.file_uploader[0].set_value([("a.con", text, "text/plain")])
    app = app.run()
    assert not app.exception
    findings, rows = (frame.value for frame in app.dataframe)
    assert "not understood: SET TAP" in findings.to_string()
    assert rows["Outages"].tolist() == ["OPEN BRANCH FROM BUS 1 TO BUS 2 CKT 1"]


@pytest.mark.parametrize("name", ["Audit", "Convert", "Compare"])
def test_a_file_that_is_not_understood_is_shown_but_not_used(app: AppTest, name: str) -> None:
    text = "function mpc = x\nmpc.version = '2';\nmpc.baseMVA = 100;\nmpc.bus = [1 3 0 0 0 0 1 1 0 110 1 1.1 0.9];\n"
    text += "mpc.gen = [];\nmpc.branch = [];\nmpc.bus(:, 3) = scale(mpc.bus(:, 3));\n"
    app.file_uploader[0].set_value([("x.m", text.encode(), "text/plain")])
    app = app.run()
    assert app.metric[0].value == "1"
    app = view(app, name)
    assert not app.exception
    assert "scale" in "\n".join(str(error.value) for error in app.error)
