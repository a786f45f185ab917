"""Which tool and study a file of tables comes from, and its results in our columns.

``examine`` looks at a file and says for each table in it what it is, how its headings were matched and what was read;
``read_result`` returns only the results. Kinds are declared in ``kinds.csv``, their headings in each tool's dialects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.etap.reports import read_report
from core.formats.kinds import Kind, kinds
from core.formats.tables import (
    Match,
    PrintedTable,
    match_columns,
    read_columns,
    read_tables,
    signature,
)
from core.formats.tables.cells import cell_text
from core.formats.tables.container import Container, recognise_container
from core.formats.tables.headings import key
from core.results.completion import complete
from core.results.plausibility import MtbfMeaning, check
from core.results.study_result import MAIN_TABLE, Provenance, StudyResult, result_table

_UP_TIME = frozenset(map(key, ("MTBF (Uptime)", "MUT", "Mean Up Time", "Mean Uptime", "MTTF", "Mean Time To Failure")))
PREVIEW_ROWS = 20
CLEARLY_OURS = 3  # so many more headings of the exchange format leave no doubt about the tool

#: Study → the quantities that criteria judge; of alternatives one is enough.
JUDGED = {
    "load_flow": (("v_pu",), ("loading_pct",)),
    "power_flow": (("v_pu",), ("angle_deg",)),
    "short_circuit": (("duty_pct", "duty_calc_pct"), ("x_r",)),
    "availability": (("availability",), ("downtime_h",)),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What an engineer chose for a table; remembered under the signature of its headings."""

    kind: str | None = None  # None: found out from the content; "": not to be imported
    mapping: Mapping[str, str] = field(default_factory=dict)  # our column → heading; "" for none
    mtbf_means: MtbfMeaning | None = None  # None: what the heading says, else the cycle time

    def as_dict(self) -> dict[str, object]:
        """Return the choice as it is kept with an import."""
        return {"kind": self.kind, "mapping": dict(self.mapping), "mtbf_means": self.mtbf_means}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Choice:
        """Return the choice that :meth:`as_dict` described."""
        means = document.get("mtbf_means")
        return cls(document.get("kind"), document.get("mapping") or {}, MtbfMeaning(means) if means else None)


@dataclass(slots=True)
class Examined:
    """One table of a file: what it is, how its headings were matched, and its result if it is one."""

    sheet: str
    headings: list[str]
    signature: str
    preview: list[list[str]]
    kind: str | None
    rivals: list[str]  # other kinds that fit as well
    matched: dict[str, str]  # our column → heading
    unmatched: list[str]
    ambiguous: dict[str, list[str]]  # our column → the other headings that fit it too
    by_hand: list[str]  # our columns that were chosen by hand
    mtbf_means: MtbfMeaning | None
    rows: pd.DataFrame
    reading: Reading[StudyResult] | None
    findings: list[Finding]


def read_result(
    data: bytes,
    name: str,
    *,
    kind: str | None = None,
    mapping: Mapping[str, str] | None = None,
    mtbf_means: MtbfMeaning | None = None,
) -> list[Reading[StudyResult]]:
    """Return the study results in a file, one for each table that holds one.

    Parameters
    ----------
    data, name
        The file's bytes and its name.
    kind
        The tool and study such as ``"etap.load_flow"``; found out from the content when not given.
    mapping
        Our column → heading, for headings that the hub doesn't know.
    mtbf_means
        What MTBF counts in an availability result; by default what its heading says, else the cycle time.

    Raises
    ------
    BadInput
        If the file can't be opened or holds no result.
    """
    tables = examine(data, name, Choice(kind, mapping or {}, mtbf_means))
    readings = [table.reading for table in tables if table.reading is not None]
    if not readings:
        raise _no_result(name, tables)
    others = [_other_table(name, table) for table in tables if table.reading is None]
    for reading in readings:
        reading.findings.extend(others)
    return readings


def read_known(data: bytes, name: str, kind: str, mapping: Mapping[str, str] | None = None) -> Reading[pd.DataFrame]:
    """Return the rows of the one table of a kind in a file, in our columns, with ``file``, ``sheet`` and ``row``.

    Raises
    ------
    BadInput
        If the file can't be opened or holds no such table.
    """
    for choice in (Choice(None, mapping or {}), Choice(kind, mapping or {})):
        found = examine(data, name, choice)
        tables = [table for table in found if table.kind == kind and "row" in table.rows]
        if tables:
            break
    if not tables:
        raise BadInput(f"the file holds no {kinds()[kind].title}", hint=_needs(kind), where=Where(name))
    source = Source(name, sha256(data).hexdigest(), kind)
    rows = pd.concat([table.rows for table in tables], ignore_index=True)
    return Reading(rows, [finding for table in tables for finding in table.findings], source)


def examine(
    data: bytes, name: str, choice: Choice | None = None, remembered: Mapping[str, Choice] | None = None
) -> list[Examined]:
    """Return what each table in a file is and holds.

    Parameters
    ----------
    data, name
        The file's bytes and its name.
    choice
        What is chosen for every table.
    remembered
        What was chosen for tables by the signature of their headings; it wins over ``choice``.

    Raises
    ------
    BadInput
        If the file can't be opened or holds no table.
    """
    choice, remembered = choice or Choice(), remembered or {}
    if choice.kind and choice.kind not in kinds():
        raise BadInput(f"there is no kind of file {choice.kind!r}", hint=f"use one of {', '.join(kinds())}")
    if recognise_container(data, Where(name)) is Container.SQLITE:
        return _examine_report(data, name)
    possible = [kinds()[choice.kind]] if choice.kind and not remembered else list(kinds().values())
    by_hand = (heading for each in (choice, *remembered.values()) for heading in each.mapping.values() if heading)
    mapped = frozenset(map(key, by_hand))
    tables, remarks = read_tables(data, name, lambda cells: _count(cells, possible, mapped))
    if not tables:
        raise BadInput("the file holds no table", hint="export the study's results as a table", where=Where(name))
    source = Source(name, sha256(data).hexdigest())
    examined = [_examine(table, source, remembered.get(signature(table.headings), choice)) for table in tables]
    for each in examined[:1]:
        each.findings[:0] = remarks
        if each.reading:
            each.reading.findings[:0] = remarks
    return examined


def _count(cells: Sequence[str], possible: Sequence[Kind], mapped: frozenset[str]) -> int:
    """Return how many columns of one kind the cells name."""
    texts = {cell for cell in cells if cell and not cell[0].isdigit() and len(cell) < 80}
    by_hand = sum(key(text) in mapped for text in texts)
    named = [len({_meaning(kind.name, text) for text in texts} - {None}) for kind in possible]
    return max(named, default=0) + by_hand


@lru_cache(maxsize=10_000)
def _meaning(kind: str, heading: str) -> str | None:
    return kinds()[kind].dialect.means(heading)


def _examine(table: PrintedTable, source: Source, choice: Choice) -> Examined:
    """Return what one printed table is and holds."""
    possible = [kinds()[choice.kind]] if choice.kind else list(kinds().values()) if choice.kind is None else []
    ranked = _ranked(table, possible, choice.mapping)
    fits = bool(ranked)
    if not fits and choice.kind:
        ranked = [(possible[0], match_columns(table.headings, possible[0].dialect, choice.mapping))]
    kind, match = ranked[0] if ranked else (None, None)
    examined = Examined(
        sheet=table.sheet,
        headings=table.headings,
        signature=signature(table.headings),
        preview=[[cell_text(cell) for cell in row] for row in table.rows[:PREVIEW_ROWS]],
        kind=kind.name if kind else None,
        rivals=_rivals(ranked, table.file),
        matched={},
        unmatched=list(table.headings),
        ambiguous={},
        by_hand=list(choice.mapping),
        mtbf_means=None,
        rows=pd.DataFrame(),
        reading=None,
        findings=list(table.findings),
    )
    if kind is None or match is None:
        return examined
    headings = table.headings
    examined.matched = {name: headings[position] for name, position in match.matched.items()}
    examined.unmatched = [headings[position] for position in match.unmatched]
    examined.ambiguous = {name: [headings[p] for p in others] for name, others in match.ambiguous.items()}
    if not fits:
        return examined
    examined.rows, findings = read_columns(table, match, kind.dialect, totals=kind.totals)
    examined.findings += findings
    examined.findings += _assumed(examined, kind, table)
    if kind.study:
        examined.reading = _reading(examined, kind, match, source, choice.mtbf_means)
    return examined


def _assumed(examined: Examined, kind: Kind, table: PrintedTable) -> list[Finding]:
    """Say what was assumed about the table as a whole: its tool, and what names its elements."""
    findings = []
    if examined.rivals:
        text = f"read as {kind.title}; it could also be {' or '.join(kinds()[each].title for each in examined.rivals)}"
        hint = "choose the tool and study by hand"
        findings.append(Finding("kind.ambiguous", Severity.WARNING, text, hint, table.where()))
    (id,) = kind.dialect.ids
    heading = examined.matched[id]
    if kind.dialect.columns[id].rank(heading) is None and id not in examined.by_hand:
        text = f"the table prints no ids: {heading!r} names the elements"
        findings.append(Finding("column.id_from_name", Severity.INFO, text, where=table.where()))
    return findings


def _ranked(table: PrintedTable, chosen: list[Kind], mapping: Mapping[str, str]) -> list[tuple[Kind, Match]]:
    """Return the kinds that the table can be: most headings explained first, then the file's name, then our format."""
    matches = [(kind, _with_id(kind, match_columns(table.headings, kind.dialect, mapping))) for kind in chosen]
    fitting = [
        (kind, match)
        for kind, match in matches
        if all(name in match.matched for name in kind.dialect.ids)
        and any(name in match.matched for name in kind.dialect.keys)
    ]
    named = key(table.file)
    return sorted(
        fitting,
        key=lambda pair: (len(pair[1].matched), key(pair[0].tool) in named, pair[1].exchanged),
        reverse=True,
    )


def _with_id(kind: Kind, match: Match) -> Match:
    """Return the match of a study's table with its names as ids where it prints no ids."""
    (id,) = kind.dialect.ids
    if not kind.study or id in match.matched or "name" not in match.matched:
        return match
    matched = {id if name == "name" else name: position for name, position in match.matched.items()}
    ambiguous = {id if name == "name" else name: others for name, others in match.ambiguous.items()}
    return replace(match, matched=matched, ambiguous=ambiguous)


def _rivals(ranked: list[tuple[Kind, Match]], file: str) -> list[str]:
    """Return the other studies that the table can be as well."""
    if not ranked or key(ranked[0][0].tool) in key(file):
        return []
    best = ranked[0][1]
    return [
        kind.name
        for kind, match in ranked[1:]
        if kind.study and len(match.matched) == len(best.matched) and best.exchanged - match.exchanged < CLEARLY_OURS
    ]


def _reading(
    examined: Examined, kind: Kind, match: Match, source: Source, mtbf_means: MtbfMeaning | None
) -> Reading[StudyResult]:
    """Return the table as a study result with everything that was noticed about it."""
    where = Where(source.file, examined.sheet or None)
    source = replace(source, format=kind.name, version=match.version)
    options = {
        "kind": kind.name,
        "sheet": examined.sheet,
        "signature": examined.signature,
        "matched": examined.matched,
        "unmatched": examined.unmatched,
        "ambiguous": examined.ambiguous,
    }
    if kind.study == "availability":
        says_up_time = key(examined.matched.get("mtbf_h", "")) in _UP_TIME
        default = MtbfMeaning.UP_TIME if says_up_time else MtbfMeaning.CYCLE_TIME
        examined.mtbf_means = mtbf_means or default
        options["mtbf_means"] = str(examined.mtbf_means)
    rows, findings = complete(kind.study, examined.rows, where)
    main = MAIN_TABLE[kind.study]
    result = StudyResult(
        study=kind.study,
        tables={main: result_table(kind.study, main, rows)},
        provenance=Provenance(kind.tool, match.version, source, options=options),
    )
    findings += _lacking(result, where)
    result.findings = examined.findings + findings + check(result)
    return Reading(result, result.findings, source)


def _lacking(result: StudyResult, where: Where) -> list[Finding]:
    """Say which judged quantities have no number at all."""
    return [
        Finding(
            "column.lacking",
            Severity.WARNING,
            f"no row has a number for {' or '.join(names)}: what is judged by it is not checked",
            "choose its column by hand, or export it",
            where,
        )
        for names in JUDGED[result.study]
        if result.main[list(names)].isna().all(axis=None)
    ]


def _examine_report(data: bytes, name: str) -> list[Examined]:
    """Return what an ETAP report database holds."""
    studies, remarks = read_report(data, name)
    examined = []
    for study, tables in studies.items():
        kind = kinds()[f"etap.{study}"]
        source = Source(name, sha256(data).hexdigest(), kind.name, "report database")
        main = MAIN_TABLE[study]
        rows, findings = complete(study, tables[main], Where(name))
        tables = {each: result_table(study, each, rows if each == main else frame) for each, frame in tables.items()}
        result = StudyResult(study, tables, provenance=Provenance(kind.tool, source.version, source))
        result.findings = remarks + findings + _lacking(result, Where(name)) + check(result)
        headings = [str(column) for column in tables[main].columns]
        preview = tables[main].head(PREVIEW_ROWS).astype(str).to_numpy().tolist()
        examined.append(
            Examined(
                sheet="",
                headings=headings,
                signature=signature(headings),
                preview=preview,
                kind=kind.name,
                rivals=[],
                matched={column: column for column in headings},
                unmatched=[],
                ambiguous={},
                by_hand=[],
                mtbf_means=None,
                rows=tables[main],
                reading=Reading(result, result.findings, source),
                findings=remarks,
            )
        )
    return examined


def _no_result(name: str, tables: list[Examined]) -> BadInput:
    """Return the error for a file without results, as helpful as its content allows."""
    table = max(tables, key=lambda each: len(each.headings))
    where = Where(name, table.sheet or None, row=None)
    if table.kind and not kinds()[table.kind].study:
        return BadInput(
            f"this is the {kinds()[table.kind].title}, not a study's results", hint="import it as a plant", where=where
        )
    shown = ", ".join(repr(heading[:40]) for heading in table.headings[:12])
    if table.kind:
        return BadInput(
            f"no {kinds()[table.kind].title} with the columns {shown}", hint=_needs(table.kind), where=where
        )
    hint = "export a bus, fault or block table of ETAP, PSS/E or Windchill, or choose the tool and the columns by hand"
    return BadInput(f"no tool is known that prints the columns {shown}", hint=hint, where=where)


def _needs(kind: str) -> str:
    dialect = kinds()[kind].dialect
    return f"it needs {' and '.join(dialect.ids)} and at least one of {', '.join(dialect.keys)}"


def _other_table(name: str, table: Examined) -> Finding:
    what = f"is the {kinds()[table.kind].title}" if table.kind else "is no result that the hub knows"
    text = f"the sheet {table.sheet!r} {what}; it was not imported" if table.sheet else f"a table {what}"
    return Finding("sheet.skipped", Severity.INFO, text, where=Where(name, table.sheet or None))
