from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.plant import sample_plant
from core.project import Project, Workspace
from core.store import Store
from tests.core.formats import printed

PAGE = Path(__file__).resolve().parents[2] / "pages" / "import_results.py"


@pytest.fixture
def project(store: Store, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a project of the sample plant; files are read in this process, which is quicker."""
    monkeypatch.setattr("pages.parts.examined.isolated", lambda function, *arguments: function(*arguments))
    return Workspace(store).create("Sample", sample_plant().to_document())


def page() -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=120).run()


def drop(app: AppTest, name: str, text: str | bytes) -> AppTest:
    content = text.encode() if isinstance(text, str) else text
    app.file_uploader[0].set_value([(name, content, "application/octet-stream")])
    return app.run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label.startswith(label)).click().run()


def shown(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in app.markdown)


def box(app: AppTest, label: str) -> Any:
    return next(each for each in app.selectbox if each.label.startswith(label))


def test_without_a_project_the_page_says_where_one_comes_from(store: Store) -> None:
    app = page()
    assert not app.exception
    assert "No project yet" in shown(app)
    app = press(app, "Open the sample plant")
    assert "Nothing imported yet" in shown(app)


def test_without_files_the_page_says_what_to_do(project: Project) -> None:
    app = page()
    assert not app.exception
    assert "Nothing imported yet" in shown(app)


def test_a_dropped_file_is_recognised_shown_and_imported_only_when_asked(project: Project) -> None:
    app = drop(page(), "lf.csv", printed.LOAD_FLOW)
    assert not app.exception
    assert "ETAP load flow" in shown(app)
    assert "`Voltage_pu` → v_pu" in shown(app)
    assert project.imports() == []
    app = press(app, "Import 1 result")
    assert not app.exception
    (line,) = project.imports()
    assert (line.name, line.tool, line.study) == ("lf.csv", "ETAP", "load_flow")
    assert project.result(line.id).main["v_pu"].tolist() == [1.012, 1.0]
    assert "lf.csv" in shown(app)


def test_an_imported_result_can_be_removed(project: Project) -> None:
    app = press(drop(page(), "sc.csv", printed.SHORT_CIRCUIT), "Import 1 result")
    app = press(app, "Remove")
    assert not app.exception
    assert project.imports() == []


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\x01" * 300, b"%PDF-1.7", printed.EQUIPMENT.encode(), b"a,b\n1,2\n"]
)
def test_bad_input_is_refused_in_words_and_nothing_is_imported(project: Project, content: bytes) -> None:
    app = drop(page(), "bad.csv", content)
    assert not app.exception
    assert app.error or "Nothing to import yet" in app.info[0].value
    assert not any(button.label.startswith("Import") for button in app.button)
    assert project.imports() == []


def test_a_file_for_two_tools_can_be_corrected_by_hand(project: Project) -> None:
    app = drop(page(), "buses.csv", "Bus,Name,Voltage,Angle\n100,A,1.0,0\n200,B,0.99,-1\n")
    recognised = "PSS/E power flow" in shown(app)
    other = "ETAP load flow" if recognised else "PSS/E power flow"
    app = box(app, "Tool and study").select(other).run()
    assert not app.exception
    app = press(app, "Import 1 result")
    assert project.imports()[0].study == ("load_flow" if recognised else "power_flow")


def test_columns_chosen_by_hand_are_remembered_for_the_next_file_with_these_headings(project: Project) -> None:
    text = "Sammelschiene,Spannung,Auslastung\nBUS_100,1.012,72.5\nBUS_200,0.998,75.2\n"
    app = drop(page(), "first.csv", text)
    app = box(app, "Tool and study").select("ETAP load flow").run()
    for column, heading in (("Bus", "Sammelschiene"), ("V [pu]", "Spannung"), ("Loading [%]", "Auslastung")):
        app = box(app, column).select(heading).run()
        assert not app.exception
    app = press(app, "Import 1 result")
    app = press(drop(page(), "second.csv", text.replace("1.012", "1.049")), "Import 1 result")
    assert not app.exception
    results = [project.result(line.id).main["v_pu"].tolist() for line in project.imports()]
    assert results == [[1.012, 0.998], [1.049, 0.998]]


def test_several_files_are_imported_together_and_a_refused_one_stays_out(project: Project) -> None:
    app = page()
    files = [("lf.csv", printed.LOAD_FLOW), ("ram.csv", printed.AVAILABILITY), ("bad.csv", "")]
    app.file_uploader[0].set_value([(name, text.encode(), "text/csv") for name, text in files])
    app = press(app.run(), "Import 2 results")
    assert not app.exception
    assert sorted(line.study for line in project.imports()) == ["availability", "load_flow"]
