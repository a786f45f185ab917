"""Uploaded result files, examined outside the page's process, and the engineer's choices about their tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256

import pandas as pd
import streamlit as st

from core.catalogue import heading
from core.errors import GridproofError
from core.formats.isolated import isolated
from core.formats.kinds import kinds
from core.formats.recognise import Choice, Examined, examine
from core.plant import Plant
from core.project import Project
from core.results.plausibility import MtbfMeaning, check_against, known_in
from core.results.study_result import COLUMNS, MAIN_TABLE
from pages.parts.columns import declared
from pages.parts.findings import counted, show_findings

CHOICES = "import-choices"  # signature of headings → what was chosen for such a table in this session
_LOOKED_AT = "import-examined"
PLACE = {"sheet": "Sheet", "row": "Row"}
_AUTOMATIC, _NOTHING, _NO_COLUMN = "Recognise by content", "Don't import", "—"


def choices_of(project: Project) -> dict[str, Choice]:
    """Return what was chosen for tables by the signature of their headings: earlier imports, then this session."""
    kept = {
        signature: Choice.from_dict(document)
        for each in project.imports()
        for signature, document in each.mapping.get("choices", {}).items()
    }
    return {**kept, **st.session_state.get(CHOICES, {})}


def look_at(content: bytes, name: str, choices: Mapping[str, Choice]) -> list[Examined] | GridproofError:
    """Return the tables of a file or why it is refused; the same file with the same choices is read once."""
    chosen = json.dumps({signature: choice.as_dict() for signature, choice in choices.items()}, sort_keys=True)
    identity = (sha256(content).hexdigest(), name, chosen)
    looked_at: dict[tuple[str, str, str], list[Examined] | GridproofError]
    looked_at = st.session_state.setdefault(_LOOKED_AT, {})
    if identity not in looked_at:
        with st.spinner(f"Reading {name} …"):
            try:
                looked_at[identity] = isolated(examine, content, name, None, dict(choices))
            except GridproofError as error:
                looked_at[identity] = error
    return looked_at[identity]


def show_table(table: Examined, choice: Choice, plant: Plant, key: str) -> Choice:
    """Show what a table is and holds; return the choice that its widgets make."""
    kind = kinds()[table.kind] if table.kind else None
    with st.container(border=True):
        title = f"Sheet {table.sheet}" if table.sheet else "Table"
        st.markdown(f"**{title}: {kind.title if kind else 'not recognised'}**")
        left, right = st.columns(2)
        with left:
            chosen = _choose_kind(choice, key)
        mtbf_means = choice.mtbf_means
        if kind and kind.study == "availability":
            with right:
                picked = _choose_meaning(table, key)
                mtbf_means = picked if picked != table.mtbf_means else choice.mtbf_means
        mapping = dict(choice.mapping)
        if kind:
            _show_match(table)
            with st.expander("Columns by hand", icon=":material/swap_horiz:"):
                mapping = _choose_columns(table, key)
        _show_result(table, plant, key)
    if chosen != choice.kind:
        mapping = {}
    return Choice(chosen, mapping, mtbf_means)


def _choose_kind(choice: Choice, key: str) -> str | None:
    titles = {_AUTOMATIC: None, **{kind.title: kind.name for kind in kinds().values() if kind.study}, _NOTHING: ""}
    names = list(titles.values())
    index = names.index(choice.kind) if choice.kind in names else 0
    return titles[st.selectbox("Tool and study", list(titles), index=index, key=f"{key}-kind")]


def _choose_meaning(table: Examined, key: str) -> MtbfMeaning:
    meanings = list(MtbfMeaning)
    return st.radio(
        "MTBF counts",
        meanings,
        index=meanings.index(table.mtbf_means) if table.mtbf_means else 0,
        format_func={
            MtbfMeaning.UP_TIME: "only the time in service (A = MTBF / (MTBF + MTTR))",
            MtbfMeaning.CYCLE_TIME: "the whole cycle with the repair (A = 1 − MTTR / MTBF)",
        }.__getitem__,
        key=f"{key}-mtbf",
    )


def _show_match(table: Examined) -> None:
    """Say which headings were matched, which mean nothing, and which could mean the same."""
    matched = " · ".join(f"`{printed}` → {name}" for name, printed in table.matched.items())
    st.markdown(f":material/check: **Matched** {matched}")
    if table.unmatched:
        st.markdown(f":material/help: **Unmatched** {' · '.join(f'`{printed}`' for printed in table.unmatched)}")
    for name, others in table.ambiguous.items():
        also = " · ".join(f"`{printed}`" for printed in others)
        st.markdown(
            f":material/call_split: **Ambiguous** {also} could also be {name}; `{table.matched[name]}` was read"
        )


def _choose_columns(table: Examined, key: str) -> dict[str, str]:
    """Return the columns that are chosen otherwise than the headings say."""
    dialect = kinds()[table.kind or ""].dialect
    headings = [_NO_COLUMN, *dict.fromkeys(table.headings)]
    mapping: dict[str, str] = {}
    places = st.columns(3)
    for number, column in enumerate(dialect.columns.values()):
        now = table.matched.get(column.name, _NO_COLUMN)
        picked = places[number % 3].selectbox(
            heading(column.name, column.unit), headings, headings.index(now), key=f"{key}-{column.name}"
        )
        if picked != now or column.name in table.by_hand:
            mapping[column.name] = "" if picked == _NO_COLUMN else picked
    return mapping


def _show_result(table: Examined, plant: Plant, key: str) -> None:
    """Show what was read, or how the table looks when nothing was."""
    if table.reading is None:
        width = max(map(len, [table.headings, *table.preview]))
        st.dataframe(pd.DataFrame(table.preview, columns=_unique(table.headings, width)), hide_index=True)
        return
    result = table.reading.value
    columns = COLUMNS[f"{result.study}.{MAIN_TABLE[result.study]}"]
    rows = result.main.drop(columns="file", errors="ignore")  # its name stands above
    rows = rows.loc[:, (rows.notna() & (rows != "")).any()]
    height = min(38 * len(rows) + 40, 300)
    st.dataframe(rows, hide_index=True, placeholder="–", height=height, column_config=declared(columns) | PLACE)
    findings = [*table.reading.findings, *check_against(result, known_in(plant, result.study))]
    with st.expander(f"{len(rows):,} rows read; {counted(findings)}", expanded=bool(findings)):
        show_findings(findings)


def _unique(headings: list[str], width: int) -> list[str]:
    padded = [*headings, *[""] * (width - len(headings))]
    return [f"{number + 1}: {printed}" for number, printed in enumerate(padded)]
