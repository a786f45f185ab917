"""What doesn't add up in a reliability model: one small function a check, each says how to fix it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from core.findings import Finding, Severity
from core.reliability.circles import circular_blocks
from core.reliability.model import CATALOGUE, BlockType, ReliabilityModel, place, split_members
from core.reliability.network_checks import check_networks
from core.reliability.rates import MtbfMeaning, stated_mtbf_h, weibull_mean_h
from core.settings import HOURS_PER_YEAR

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO
PRINTED_TOLERANCE = 1e-4  # a printed availability has four digits
RATE_TOLERANCE = 0.01
LONGEST_YEAR_H = 8784
LAWS = CATALOGUE["components"]["distribution"].choices
REPAIR_LAWS = CATALOGUE["components"]["repair_distribution"].choices


def check(model: ReliabilityModel, mtbf_means: MtbfMeaning = MtbfMeaning.UP_TIME) -> list[Finding]:
    """Return every finding on the model. With an error among them its availability can't be calculated."""
    return [
        *_ids(model.components, "component"),
        *_times(model.components),
        *_filled(model.components),
        *_capacities(model.components),
        *(_cycles(model.components) if mtbf_means == MtbfMeaning.CYCLE_TIME else []),
        *_laws(model.components),
        *_printed_values(model.components),
        *_operating_hours(model.components),
        *_ids(model.blocks, "block"),
        *_block_types(model),
        *_members(model),
        *_counts(model),
        *_odd_counts(model),
        *check_networks(model),
        *_circles(model),
        *_top(model),
        *_unused(model),
    ]


def _report(
    frame: pd.DataFrame, faulty: pd.Series, code: str, severity: Severity, text: str, hint: str = ""
) -> list[Finding]:
    """Return one finding for every faulty row; ``{column}`` in the text is the row's value."""
    rows = frame[faulty.fillna(False).astype(bool)].to_dict(orient="records")
    return [_finding(row, code, severity, text.format_map(row), hint) for row in rows]


def _finding(row: dict[Any, Any], code: str, severity: Severity, text: str, hint: str = "") -> Finding:
    return Finding(code, severity, text, hint, place(row), str(row["id"]))


def _ids(frame: pd.DataFrame, what: str) -> list[Finding]:
    return [
        *_report(frame, frame["id"] == "", f"rbd.{what}.no_id", ERROR, f"a {what} has no id", "give every row an id"),
        *_report(
            frame,
            frame["id"].duplicated() & (frame["id"] != ""),
            f"rbd.{what}.duplicate",
            ERROR,
            f"the {what} {{id}} is listed more than once",
            "keep one row for every id",
        ),
    ]


def _times(parts: pd.DataFrame) -> list[Finding]:
    mtbf, mttr, printed = stated_mtbf_h(parts), parts["mttr_h"], parts["availability"]
    settled = mtbf.notna() & mttr.notna()
    outside = printed.notna() & ~printed.between(0, 1)
    finite = mtbf.abs().ne(float("inf")) & mttr.abs().ne(float("inf"))
    return [
        *_report(
            parts,
            (mtbf <= 0) | ~finite,
            "rbd.component.mtbf",
            ERROR,
            "{id}: the MTBF {mtbf_h} h is not a positive time",
            "give hours above 0",
        ),
        *_report(
            parts, mttr < 0, "rbd.component.mttr", ERROR, "{id}: the MTTR {mttr_h} h is negative", "give hours from 0"
        ),
        *_report(
            parts,
            ~settled & printed.isna(),
            "rbd.component.no_data",
            ERROR,
            "{id}: neither MTBF and MTTR nor an availability is given as a finite number",
            "fill MTBF_Hours and MTTR_Hours",
        ),
        *_report(
            parts,
            outside & ~settled,
            "rbd.component.availability_outside",
            ERROR,
            "{id}: the availability {availability} is outside 0–1",
            "write it as a fraction, such as 0.9973",
        ),
        *_report(
            parts,
            outside & settled,
            "rbd.component.availability_outside",
            WARNING,
            "{id}: the printed availability {availability} is outside 0–1; MTBF and MTTR are used",
            "write it as a fraction, such as 0.9973",
        ),
    ]


def _filled(parts: pd.DataFrame) -> Iterable[Finding]:
    """Say which times are not stated and follow from other columns."""
    mtbf, mttr, printed = parts["mtbf_h"], parts["mttr_h"], parts["availability"]
    by_rate, known = parts["failure_rate_per_h"] > 0, stated_mtbf_h(parts).notna()
    for rows, text in (
        (mtbf.isna() & by_rate, "no MTBF; it is taken from the failure rate"),
        (mtbf.isna() & ~by_rate & known, "no MTBF; it is the mean of the Weibull law"),
        (mttr.isna() & known & printed.notna(), "no MTTR; it is taken from the availability"),
        (mttr.notna() & ~known & printed.notna(), "no MTBF; it is taken from the availability"),
    ):
        if rows.any():
            hint = "fill MTBF_Hours and MTTR_Hours with finite numbers"
            yield Finding("rbd.component.filled", INFO, f"{_some(parts.loc[rows, 'id'])}: {text}", hint)


def _capacities(parts: pd.DataFrame) -> list[Finding]:
    text = "{id}: the capacity {capacity_mw} MW is negative; the unit adds nothing"
    return _report(parts, parts["capacity_mw"] < 0, "rbd.component.capacity", WARNING, text, "give MW from 0")


def _cycles(parts: pd.DataFrame) -> list[Finding]:
    """Find repairs that fill the whole time between failures of which they are a part."""
    return _report(
        parts,
        parts["mttr_h"] >= stated_mtbf_h(parts),
        "rbd.component.cycle",
        ERROR,
        "{id}: the MTTR {mttr_h} h is not below the MTBF, which counts the whole cycle with its repair",
        "correct the hours, or say that the MTBF counts the up time alone",
    )


def _operating_hours(parts: pd.DataFrame) -> list[Finding]:
    """Say which units don't run all year: the steady state counts calendar hours and has no hours of rest."""
    hours = parts["operating_hours_per_year"]
    findings = _report(
        parts,
        ~hours.fillna(HOURS_PER_YEAR).between(0, LONGEST_YEAR_H),
        "rbd.component.operating_hours_outside",
        WARNING,
        "{id}: {operating_hours_per_year} operating hours are outside a year; they are not used",
        "give hours from 0 to 8760",
    )
    part_time = parts.loc[hours.between(0, HOURS_PER_YEAR, inclusive="left"), "id"]
    if len(part_time):
        text = f"{_some(part_time)}: operating hours below a year are not used; the units count as running all year"
        hint = "MTBF and MTTR are taken as calendar hours: state them so where they count operating hours only"
        findings.append(Finding("rbd.component.operating_hours", WARNING, text, hint))
    return findings


def _laws(parts: pd.DataFrame) -> list[Finding]:
    known_failure = parts["distribution"].isin(LAWS)
    known_repair = parts["repair_distribution"].isin(REPAIR_LAWS)
    hint = "the steady state needs only the mean; the simulation takes it as exponential"
    beta = parts["weibull_beta"]
    mean = pd.Series(weibull_mean_h(parts["weibull_eta_h"], beta.where(beta > 0)), index=parts.index)
    shown = parts.assign(mean=mean.round(1))
    return [
        *_report(
            parts, ~known_failure, "rbd.component.law", WARNING, "{id}: unknown distribution {distribution}", hint
        ),
        *_report(parts, ~known_repair, "rbd.component.law", WARNING, "{id}: unknown law {repair_distribution}", hint),
        *_report(
            parts, beta <= 0, "rbd.component.beta", ERROR, "{id}: the Weibull shape {weibull_beta} is not above 0"
        ),
        *_report(
            parts,
            parts["repair_cv"] < 0,
            "rbd.component.cv",
            ERROR,
            "{id}: Repair_CV {repair_cv} is negative",
        ),
        *_report(
            parts, parts["failure_cv"] < 0, "rbd.component.cv", ERROR, "{id}: the failure CV {failure_cv} is negative"
        ),
        *_report(parts, parts["spares"] < 0, "rbd.component.spares", ERROR, "{id}: {spares} spare parts in stock"),
        *_report(
            parts,
            ~parts["ccf_beta"].between(0, 1),
            "rbd.component.ccf_beta",
            ERROR,
            "{id}: the common-cause share {ccf_beta} is outside 0–1",
        ),
        *_report(
            shown,
            (parts["distribution"] == "WEIBULL") & ((mean / parts["mtbf_h"] - 1).abs() > RATE_TOLERANCE),
            "rbd.component.weibull_mean",
            WARNING,
            "{id}: the Weibull mean {mean} h and the MTBF {mtbf_h} h differ by more than 1 %; the MTBF is used",
            "η Γ(1 + 1/β) is the mean: correct one of them",
        ),
    ]


def _printed_values(parts: pd.DataFrame) -> list[Finding]:
    mtbf, mttr, printed = parts["mtbf_h"], parts["mttr_h"], parts["availability"]
    up_time, cycle = mtbf / (mtbf + mttr), 1 - mttr / mtbf
    unlike = ((printed - up_time).abs() > PRINTED_TOLERANCE) & ((printed - cycle).abs() > PRINTED_TOLERANCE)
    shown = parts.assign(formula=up_time.round(6))
    rate = parts["failure_rate_per_h"]
    return [
        *_report(
            shown,
            unlike & printed.between(0, 1),
            "rbd.component.availability_differs",
            WARNING,
            "{id}: the printed availability {availability} is not MTBF/(MTBF + MTTR) = {formula}, nor 1 − MTTR/MTBF",
            "the MTBF and MTTR are used; correct the row",
        ),
        *_report(
            parts,
            (rate * mtbf - 1).abs() > RATE_TOLERANCE,
            "rbd.component.rate_differs",
            WARNING,
            "{id}: the failure rate {failure_rate_per_h} /h is not 1/MTBF ({mtbf_h} h); the MTBF is used",
        ),
    ]


def _block_types(model: ReliabilityModel) -> list[Finding]:
    known = model.blocks["type"].isin([str(kind) for kind in BlockType])
    return _report(
        model.blocks,
        ~known,
        "rbd.block.type",
        ERROR,
        "{id}: unknown block type “{type}”",
        f"use one of {', '.join(BlockType)}",
    )


def _members(model: ReliabilityModel) -> list[Finding]:
    blocks, parts = model.blocks, model.components
    if blocks.empty:
        return [Finding("rbd.empty", ERROR, "the RBD has no blocks", "list at least one block with its components")]
    known = set(parts["id"]) | set(blocks["id"])
    relation = blocks.assign(line=range(len(blocks)), member=blocks["members"].map(split_members)).explode("member")
    stranger = relation["member"].notna() & ~relation["member"].isin(known)
    twice = relation.duplicated(["line", "member"]) & relation["member"].notna()
    return [
        *_report(relation, relation["member"].isna(), "rbd.block.empty", ERROR, "{id} has no members"),
        *_report(
            relation,
            stranger,
            "rbd.block.unknown_member",
            ERROR,
            "{id} lists {member}, which is neither a component nor a block",
            "add it to the component data or correct its id",
        ),
        *_report(relation, twice, "rbd.block.member_twice", WARNING, "{id} lists {member} twice; it counts twice"),
        *_report(
            blocks,
            blocks["id"].isin(set(parts["id"])),
            "rbd.block.also_component",
            WARNING,
            "{id} is a block and a component; the block is used",
            "give them different ids",
        ),
    ]


def _counted(model: ReliabilityModel) -> pd.DataFrame:
    """Return the blocks with the number of members that each lists."""
    return model.blocks.assign(size=model.blocks["members"].map(split_members).map(len))


def _counts(model: ReliabilityModel) -> list[Finding]:
    blocks = _counted(model)
    k, size, kind = blocks["k"], blocks["size"], blocks["type"]
    redundant = ~kind.isin([BlockType.SERIES, BlockType.NETWORK])
    return [
        *_report(
            blocks,
            redundant & (k > size),
            "rbd.block.k_above_n",
            ERROR,
            "{id}: {k} of {size} members can't be required",
            "K_Required must not exceed the number of components listed",
        ),
        *_report(
            blocks,
            redundant & (k < 1),
            "rbd.block.k_below_1",
            ERROR,
            "{id}: K_Required {k} is below 1",
            "state how many must work",
        ),
        *_report(
            blocks,
            blocks["repair_crews"] < 1,
            "rbd.block.crews",
            ERROR,
            "{id}: {repair_crews} repair crews",
            "state at least one, or leave it empty for a crew a unit",
        ),
        *_report(
            blocks,
            (kind == BlockType.K_OF_N) & k.isna(),
            "rbd.block.no_k",
            ERROR,
            "{id}: a k-of-n block without K_Required",
            "state how many of its members must work",
        ),
    ]


def _odd_counts(model: ReliabilityModel) -> list[Finding]:
    blocks = _counted(model)
    k, size, kind = blocks["k"], blocks["size"], blocks["type"]
    return [
        *_report(
            blocks,
            blocks["n"].notna() & (blocks["n"] != size),
            "rbd.block.n_differs",
            WARNING,
            "{id}: N_Total is {n} but {size} members are listed; the list is used",
            "list every component of the block",
        ),
        *_report(
            blocks,
            (kind == BlockType.SERIES) & k.notna() & (k != size),
            "rbd.block.series_k",
            WARNING,
            "{id}: K_Required {k} of {size} in a series block; all are required",
            "use PARALLEL_K_OF_N for partial redundancy",
        ),
        *_report(
            blocks,
            (kind == BlockType.PARALLEL) & (k > 1),
            "rbd.block.parallel_k",
            WARNING,
            "{id}: K_Required {k} in a parallel block; {k} of {size} are required",
            "use PARALLEL_K_OF_N",
        ),
    ]


def _circles(model: ReliabilityModel) -> list[Finding]:
    looping = circular_blocks(model.members)
    return _report(
        model.blocks,
        model.blocks["id"].isin(looping),
        "rbd.block.circular",
        ERROR,
        "{id} contains itself through its members ({members})",
        "a block may list only components and blocks below it",
    )


def _top(model: ReliabilityModel) -> list[Finding]:
    findings = []
    if model.system is None and not model.blocks.empty:
        names = _some(model.tops)
        text = (
            f"no block is called SYSTEM and {len(model.tops)} blocks are in no other ({names}): the system is unclear"
        )
        findings.append(Finding("rbd.system.unclear", WARNING, text, "call the top block SYSTEM"))
    if model.system is not None and (stray := [top for top in model.tops if top != model.system]):
        text = f"{_some(stray)}: in no other block and not part of {model.system}; the system does not depend on it"
        findings.append(Finding("rbd.block.apart", WARNING, text, f"list it in {model.system} or in a block below it"))
    parents = model.blocks[model.blocks["parent"].str.strip() != ""]
    lists = {block: set(members) for block, members in model.members.items()}
    rows = parents.to_dict(orient="records")
    wrong = [row for row in rows if row["id"] not in lists.get(row["parent"].strip(), set())]
    text = "{id}: its parent {parent} does not list it"
    hint = "the members of the parent are used; list the block there or correct Parent_Block"
    return findings + [_finding(row, "rbd.block.parent", WARNING, text.format_map(row), hint) for row in wrong]


def _unused(model: ReliabilityModel) -> list[Finding]:
    spare = model.components[~model.components["id"].isin(set(model.uses))]
    if spare.empty or model.blocks.empty:
        return []
    text = f"{len(spare)} components are in no block: {_some(spare['id'])}"
    return [Finding("rbd.component.unused", INFO, text, "they don't count towards the system's availability")]


def _some(names: Iterable[str], limit: int = 5) -> str:
    listed = list(names)
    return ", ".join(listed[:limit]) + (" …" if len(listed) > limit else "")
