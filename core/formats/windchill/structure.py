"""Component data and block diagrams as Windchill exchanges them: CSV files or sheets of one workbook → a model."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Reading, Severity, Source, Where
from core.formats.tables import read_tables
from core.formats.tables.columns import read_columns
from core.formats.tables.headings import key, match_columns, read_dialects
from core.reliability import BlockType, ReliabilityModel, place, split_members

DIALECTS = read_dialects(Path(__file__).with_name("structure.csv"))

#: The columns without which a table is of no use, and the headings that the user is pointed to.
REQUIRED = {"components": {"id"}, "blocks": {"id", "members"}}
HEADINGS = {
    "components": "Component_ID, MTBF_Hours, MTTR_Hours, …",
    "blocks": "Block_ID, Block_Type, Components, K_Required, …",
}

#: Keys of the spellings of block types that tools print, besides our own.
BLOCK_WORDS = {
    **{key(kind): kind for kind in BlockType},
    **dict.fromkeys(("kofn", "koutofn", "parallelkoutofn", "koon", "kofnparallel", "kn"), BlockType.K_OF_N),
    **dict.fromkeys(("coldstandby", "standbyparallel"), BlockType.STANDBY),
    **dict.fromkeys(("serial", "and"), BlockType.SERIES),
    **dict.fromkeys(("bridge", "twoterminal", "twoterminalnetwork"), BlockType.NETWORK),
    **dict.fromkeys(("activeparallel", "redundant"), BlockType.PARALLEL),
}


def read_model(components: tuple[str, bytes], structure: tuple[str, bytes]) -> Reading[ReliabilityModel]:
    """Return the model of a component table and a block table, each as name and bytes; both may be one workbook.

    Raises
    ------
    BadInput
        When a file holds no such table. Everything else is a finding.
    """
    parts, part_findings = _read(*components, "components")
    blocks, block_findings = _read(*structure, "blocks")
    findings = [*part_findings, *(finding for finding in block_findings if finding not in part_findings)]
    blocks["type"] = [BLOCK_WORDS.get(key(text), text) for text in blocks.get("type", pd.Series("", blocks.index))]
    findings += _not_whole(blocks, ("k", "n", "repair_crews")) + _not_whole(parts, ("spares",))
    blocks = _with_children(blocks, findings)
    blocks["members"] = _resolved_members(blocks, parts, findings)
    source = Source(structure[0], sha256(components[1] + structure[1]).hexdigest(), "windchill.ram")
    return Reading(ReliabilityModel.from_tables(parts, blocks), findings, source)


def _read(name: str, data: bytes, kind: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the table of one kind in a file, with the place of every row."""
    dialect = DIALECTS[kind]
    tables, findings = read_tables(data, name, lambda cells: len(match_columns(cells, dialect).matched))
    matches = [(table, match_columns(table.headings, dialect)) for table in tables]
    fitting = [(table, match) for table, match in matches if REQUIRED[kind] <= match.matched.keys()]
    if not fitting:
        raise BadInput(
            f"there is no table of {kind} here", hint=f"its headings are {HEADINGS[kind]}", where=Where(name)
        )
    table, match = max(fitting, key=lambda pair: len(pair[1].matched))
    frame, remarks = read_columns(table, match, dialect)
    remarks = [remark for remark in remarks if remark.code != "number.missing"]  # the model's checks say what it needs
    return frame, [*findings, *table.findings, *remarks]


def _not_whole(frame: pd.DataFrame, columns: Iterable[str]) -> list[Finding]:
    """Say which counts are no whole numbers; they are taken as missing."""
    findings = []
    for column in frame.columns.intersection(list(columns)):
        odd = frame[column].notna() & (frame[column] % 1 != 0)
        for row in frame[odd].to_dict(orient="records"):
            text = f"{row['id']}: {column} = {row[column]:g} is not a whole number"
            findings.append(Finding("rbd.count", Severity.ERROR, text, "give a whole number", place(row)))
        frame.loc[odd, column] = float("nan")
    return findings


def _with_children(blocks: pd.DataFrame, findings: list[Finding]) -> pd.DataFrame:
    """Give blocks without members those that name them as parent."""
    if "parent" not in blocks:
        return blocks
    children = blocks[blocks["parent"] != ""].groupby("parent")["id"].agg(",".join)
    empty = (blocks["members"] == "") & blocks["id"].isin(children.index)
    blocks.loc[empty, "members"] = blocks.loc[empty, "id"].map(children)
    if empty.any():
        text = f"{', '.join(blocks.loc[empty, 'id'])}: no members are listed; the blocks below by Parent_Block are"
        findings.append(Finding("rbd.block.children", Severity.INFO, text))
    return blocks


def _resolved_members(blocks: pd.DataFrame, parts: pd.DataFrame, findings: list[Finding]) -> list[str]:
    """Return the members as ids that exist where case or spaces alone differ, with ``A,...,C`` written out."""
    known = [*parts["id"], *blocks["id"]]
    spelled = {_plain(name): name for name in reversed(known)}
    exact, components = set(known), parts["id"].tolist()
    resolved = []
    for block, text in zip(blocks["id"], blocks["members"], strict=True):
        listed = _written_out(block, split_members(text), components, findings)
        names = [name if name in exact else spelled.get(_plain(name), name) for name in listed]
        changed = [f"{old} → {new}" for old, new in zip(listed, names, strict=True) if old != new]
        if changed:
            text = f"{block}: members matched without case and spaces: {', '.join(changed[:5])}"
            findings.append(Finding("rbd.block.member_spelling", Severity.INFO, text, element=block))
        resolved.append(",".join(names))
    return resolved


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


def _written_out(block: str, listed: list[str], known: list[str], findings: list[Finding]) -> list[str]:
    """Return the list with an ellipsis between two components replaced by those between them in the component data."""
    for dots in ("...", "…"):
        while dots in listed[1:-1]:
            place = listed.index(dots)
            before, after = listed[place - 1], listed[place + 1]
            if before not in known or after not in known or known.index(before) >= known.index(after):
                return listed
            between = known[known.index(before) + 1 : known.index(after)]
            listed = [*listed[:place], *between, *listed[place + 1 :]]
            text = f"{block}: “{before},...,{after}” read as the {len(between)} components between them in the data"
            findings.append(
                Finding("rbd.block.ellipsis", Severity.WARNING, text, "list every component", element=block)
            )
    return listed
