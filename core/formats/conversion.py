"""Converting a network file, with the proof: what came through, what was approximated, what had no place.

What the format has no place for rides along where it can, and comes back when we read the file. The ledger says what
others read; the proof, and what is ``lost``, what we read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from core.findings import Finding, Reading
from core.formats.beside import beside, taken_over
from core.formats.blocking import refuse_blocked
from core.formats.networks import FORMATS, PSSE, Format, read_network
from core.formats.psse import RawCase, from_network, schema
from core.formats.psse.difference import compare_cases
from core.formats.psse.from_network import BUILT
from core.formats.riders import ORIGINAL, Original, original_of
from core.network import CATALOGUE, Network, admittance_matrix
from core.network.compare import Difference, compare_networks
from core.steps import step

#: The parts of a conversion, as it says that they begin.
PARTS = (
    "Writing the file", "Reading it again", "Reading it as other programs do", "Comparing all three",
    "Proving the admittance and counting the ledger",
)  # fmt: skip
#: Fields and elements that the ledger lists one by one; the counts are always complete.
LISTED = 1000


@dataclass(slots=True)
class Conversion:
    """A network in another format, and how it differs when it is read again."""

    content: bytes
    format: Format
    version: int | None
    before: Network
    after: Network
    difference: Difference  # to what others read from the file
    lost: Difference  # to what we read from it
    findings: list[Finding] = field(default_factory=list)

    @property
    def admittance_difference_pu(self) -> float | None:
        """Return the largest difference of the admittance matrices [pu]; nothing when the buses differ."""
        return admittance_difference(self.before, self.after)

    def ledger(self) -> dict[str, Any]:
        """Return what was carried, approximated and dropped, by element and field."""
        changed = self.difference.changed
        gone = _are_gone(changed)
        carried = [
            {"table": table, "field": name, "elements": count}
            for (table, name), count in self.difference.same.items()
            if count
        ]
        return {
            "carried": carried,
            "approximated": _rows(changed[~gone]),
            "dropped": _rows(changed[gone]) + _rows(self.difference.removed),
            "added": _rows(self.difference.added),
            "summary": {
                "carried": sum(row["elements"] for row in carried),
                "approximated": int((~gone).sum()),
                "dropped": int(gone.sum()) + len(self.difference.removed),
                "added": len(self.difference.added),
                "lost": len(self.lost.changed) + len(self.lost.removed),
            },
        }

    def proof(self) -> dict[str, Any]:
        """Return admittance, totals and counts on both sides."""
        return {
            "admittance_difference_pu": self.admittance_difference_pu,
            "totals": {"before": self.before.totals(), "after": self.after.totals()},
            "counts": {"before": _filled(self.before), "after": _filled(self.after)},
        }


def convert(reading: Reading[Network], target: Format, version: int | None = None) -> Conversion:
    """Return the network in another format, read again and compared.

    Parameters
    ----------
    reading
        The network as it was read.
    target
        The format to write.
    version
        The version for formats that have some; the newest that the source has without it.
    """
    refuse_blocked(reading)
    before = reading.value
    if version is None and target.versions:
        version = int(reading.source.version) if reading.source.version in map(str, target.versions) else 33
    step(PARTS[0])
    content, findings = target.write(before, version)
    step(PARTS[1])
    after = read_network(content, f"converted{target.ending}").value
    step(PARTS[2])
    others = target.bare(content)
    step(PARTS[3])
    to_others, lost = compare(before, others), compare(before, after)
    gone = _beside(before, target, content)
    _note(to_others, gone)
    if original_of(after) is None and "psse" not in after.extras:
        _note(lost, gone)
    return Conversion(content, target, version, before, after, to_others, lost, findings)


@dataclass(frozen=True, slots=True)
class Converted:
    """A conversion without its networks: small enough to hand from one process to another."""

    content: bytes
    ledger: dict[str, Any]
    proof: dict[str, Any]
    findings: list[Finding]


def converted(reading: Reading[Network], form: str, version: int | None) -> Converted:
    """Return the network in the format of this name; see :func:`convert`."""
    result = convert(reading, FORMATS[form], version)
    step(PARTS[4])
    return Converted(result.content, result.ledger(), result.proof(), result.findings)


def _beside(before: Network, target: Format, content: bytes) -> pd.DataFrame:
    """Return what the file that a network is from says beside its tables, and a file of the target doesn't."""
    case, original = before.extras.get("psse"), before.extras.get(ORIGINAL)
    if isinstance(case, RawCase) and target.name not in PSSE:
        rest = replace(case, sections={name: table for name, table in case.sections.items() if name not in BUILT})
        return compare_cases(rest, RawCase(case.version)).removed
    if not isinstance(original, Original) or original.content == content:
        return pd.DataFrame()
    said = beside(original)
    if original_of(before):
        said = said[~taken_over(said, original.form, target.name)]
    if original.form.partition("-")[0] != target.name.partition("-")[0]:
        return said
    again = beside(replace(original, content=content))
    keys = ["table", "element", "field"]
    return said[~pd.MultiIndex.from_frame(said[keys]).isin(pd.MultiIndex.from_frame(again[keys]))]


def _note(difference: Difference, gone: pd.DataFrame) -> None:
    """Add what a file says beside a network's tables: whole rows and sections as removed, values as changed."""
    if gone.empty:
        return
    is_row = gone["field"].isna() if "field" in gone else pd.Series(True, gone.index)
    rows, values = gone.loc[is_row, ["table", "element"]], gone[~is_row].assign(after=None)
    difference.removed = pd.concat([part for part in (difference.removed, rows) if len(part)] or [rows])
    difference.changed = pd.concat([part for part in (difference.changed, values) if len(part)] or [values])


def compare(before: Network, after: Network) -> Difference:
    """Return what differs: by PSS/E's records where both have them, else by the network's tables."""
    cases = (before.extras.get("psse"), after.extras.get("psse"))
    if isinstance(cases[0], RawCase) and isinstance(cases[1], RawCase):
        return compare_cases(from_network(before), from_network(after))
    return compare_networks(before, after)


def admittance_difference(a: Network, b: Network) -> float | None:
    """Return the largest difference [pu] of the admittance matrices of buses in any order; nothing if buses differ."""
    first, second = a.values("bus", "bus"), b.values("bus", "bus")
    if len(first) != len(second) or not np.array_equal(np.sort(first), np.sort(second)):
        return None
    from scipy import sparse  # a page must not wait for it

    place = b.positions(first)
    other = sparse.csr_matrix(admittance_matrix(b))[place][:, place]
    gap = abs(sparse.csr_matrix(admittance_matrix(a)) - other * (b.base_mva / a.base_mva))
    return float(gap.max()) if gap.nnz else 0.0


def _are_gone(changed: pd.DataFrame) -> np.ndarray:
    """Return which fields have nothing any more, or their default: the format has no place for them."""
    gone = np.asarray(changed["after"].isna() | (changed["after"] == ""), dtype=bool)
    numbers = pd.to_numeric(changed["after"], errors="coerce").to_numpy(dtype=float)
    for key, part in changed.reset_index(drop=True).groupby(["table", "field"], sort=False):
        table, name = map(str, key)
        rows = part.index.to_numpy()
        default = _default(table, name)
        number = float(default) if default.replace(".", "", 1).lstrip("-").isdigit() else np.nan
        gone[rows] |= (numbers[rows] == number) | (changed["after"].astype(str).to_numpy()[rows] == default)
    return gone


def _default(table: str, name: str) -> str:
    """Return the default of a column of a network's table or of a field of PSS/E's; line 1 and the titles have none."""
    if table in CATALOGUE and name in CATALOGUE[table]:
        return str(CATALOGUE[table][name].default)
    return schema.field(table, name).default if table in schema.fields() else ""


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.head(LISTED).to_dict(orient="records")]


def _filled(network: Network) -> dict[str, int]:
    return {table: count for table, count in network.counts().items() if count}
