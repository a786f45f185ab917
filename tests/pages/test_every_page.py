"""Rules that hold for every page, whoever writes it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.plant import sample_plant
from core.project import Workspace
from core.store import Store

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "pages").glob("*.py"))
SCRIPTS = [*PAGES, *sorted((ROOT / "pages" / "parts").rglob("*.py")), ROOT / "app.py"]
BUDGET_S = 1.5
#: What a cached function may take: content ids and choices. Streamlit hashes a big table by sampling its rows.
ID_TYPES = {"str", "int", "bool", "float", "str | None", "int | None", "float | None"}
ID_TYPES |= {"tuple[str, ...]", "tuple[int, ...]", "Identity"}  # the last is three ids of a comparison's side


def _sections() -> dict[str, list[tuple[str, str, str]]]:
    statements = ast.parse((ROOT / "app.py").read_text(encoding="utf-8")).body
    named = {ast.unparse(s.targets[0]): s.value for s in statements if isinstance(s, ast.Assign)}
    return ast.literal_eval(named["SECTIONS"])


NAMES = [name for pages in _sections().values() for name, _, _ in pages]


def name_of(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_guard_is_the_first_statement_after_the_imports(page: Path) -> None:
    statements = [s for s in ast.parse(page.read_text(encoding="utf-8")).body if not _is_docstring(s)]
    first = next(s for s in statements if not isinstance(s, ast.Import | ast.ImportFrom))
    assert ast.unparse(first) == "guard()"
    imports = [ast.unparse(s) for s in statements if isinstance(s, ast.ImportFrom) and s.module == "pages.parts.shell"]
    assert any("guard" in line for line in imports)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_page_is_in_the_navigation_and_short(page: Path) -> None:
    assert NAMES.count(page.stem) == 1
    assert len(page.read_text(encoding="utf-8").splitlines()) <= 120


def test_the_router_is_short_and_its_pages_exist() -> None:
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) <= 80
    assert set(NAMES) == {page.stem for page in PAGES}


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_cached_functions_take_ids_and_never_tables(script: Path) -> None:
    for function in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef) and any(
            "st.cache_" in ast.unparse(d) for d in function.decorator_list
        ):
            arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            types = {a.arg: ast.unparse(a.annotation) if a.annotation else "nothing" for a in arguments}
            assert {name: kind for name, kind in types.items() if kind not in ID_TYPES} == {}, function.name


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_page_opens_in_an_empty_workspace(page: Path) -> None:
    app = AppTest.from_file(str(page)).run(timeout=20)
    assert [e.message for e in app.exception] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_page_opens_on_the_sample(page: Path, store: Store) -> None:
    Workspace(store).create("Sample", sample_plant().to_document())
    app = AppTest.from_file(str(page)).run(timeout=20)
    assert [e.message for e in app.exception] == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the cold start is measured with fork")
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_cold_page_is_quick_and_loads_no_engine(page: Path) -> None:
    start = _cold_starts()[page.stem]
    assert start["engines"] == []
    assert start["error"] == ""
    assert start["cpu_s"] < BUDGET_S


@cache
def _cold_starts() -> dict[str, dict[str, object]]:
    command = [sys.executable, str(Path(__file__).with_name("cold_start.py")), *map(str, PAGES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {row["page"]: row for row in map(json.loads, done.stdout.splitlines())}


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
