"""Two tables: components (leaves) and blocks (how components and other blocks work together)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from core.catalogue import Catalogue
from core.findings import Where

CATALOGUE = Catalogue.read(Path(__file__).with_name("columns.csv"))

Rows = pd.DataFrame | list[dict[str, Any]]


class BlockType(StrEnum):
    """How many of a block's members must work."""

    SERIES = "SERIES"  # all
    PARALLEL = "PARALLEL"  # any
    K_OF_N = "PARALLEL_K_OF_N"  # k, all of them running
    STANDBY = "STANDBY"  # k run, the others wait cold and can't fail while they wait
    NETWORK = "NETWORK"  # as many as connect the nodes IN and OUT


#: The two nodes that a member of a network joins, in either direction.
Link = tuple[str, str]

#: The nodes between which a network must be connected.
SOURCE, SINK = "IN", "OUT"


def split_members(text: str) -> list[str]:
    """Return the ids in a members cell; commas, semicolons, bars and line ends separate them."""
    return [part.strip() for part in re.split(r"[,;|\n]", text) if part.strip()]


def split_links(text: str) -> list[Link]:
    """Return the nodes in a links cell such as ``IN:A, A:OUT``, in upper case; a link without a colon has one node."""
    ends = [part.upper().partition(":") for part in split_members(text)]
    return [(a.strip(), b.strip()) for a, _, b in ends]


def place(row: dict[Any, Any]) -> Where:
    """Return where a row was read: readers leave ``file``, ``sheet`` and ``row`` beside it."""
    line: Any = row.get("row")
    number = None if line is None or line != line else int(line)
    return Where(row.get("file") or None, row.get("sheet") or None, row=number)


@dataclass(frozen=True)
class ReliabilityModel:
    """Components and blocks with the columns of ``columns.csv``."""

    components: pd.DataFrame
    blocks: pd.DataFrame

    @classmethod
    def from_tables(cls, components: Rows, blocks: Rows) -> ReliabilityModel:
        """Return the model of two tables; missing columns get their defaults, other columns are kept."""
        parts, tree = CATALOGUE.conform("components", components), CATALOGUE.conform("blocks", blocks)
        for frame in (parts, tree):
            frame["id"] = frame["id"].str.strip()
        for column in ("distribution", "repair_distribution"):
            parts[column] = parts[column].str.strip().str.upper().replace("", "EXPONENTIAL")
        tree["type"] = tree["type"].str.strip().str.upper()
        return cls(parts, tree)

    @cached_property
    def members(self) -> dict[str, list[str]]:
        """Block id → the ids it lists, in all rows where rows share the id."""
        found: dict[str, list[str]] = {}
        for block, text in zip(self.blocks["id"], self.blocks["members"], strict=True):
            found.setdefault(block, []).extend(split_members(text))
        return found

    @cached_property
    def links(self) -> dict[str, list[Link]]:
        """Network block id → the nodes that each of its members joins."""
        networks = self.blocks[self.blocks["type"] == BlockType.NETWORK]
        return dict(zip(networks["id"], networks["links"].map(split_links), strict=True))

    @cached_property
    def required(self) -> dict[str, int]:
        """Block id → how many must work: all members in series, one path in a network, else the stated k, else one."""
        size = self.blocks["id"].map(lambda block: len(self.members[block]))
        stated = self.blocks["k"].fillna(1).astype("int64")
        needed = stated.mask(self.blocks["type"] == BlockType.SERIES, size)
        needed = needed.mask(self.blocks["type"] == BlockType.NETWORK, 1)
        return dict(zip(self.blocks["id"], needed, strict=True))

    @cached_property
    def tops(self) -> list[str]:
        """Return the blocks that no other block lists."""
        listed = {member for members in self.members.values() for member in members}
        return [block for block in self.members if block not in listed]

    @cached_property
    def system(self) -> str | None:
        """Return the top block: the one called SYSTEM, else the only one that is in no other; ``None`` when unclear."""
        for column in ("id", "name"):
            named = self.blocks.loc[self.blocks[column].str.strip().str.upper() == "SYSTEM", "id"].drop_duplicates()
            if len(named) == 1:
                return str(named.iloc[0])
        return self.tops[0] if len(self.tops) == 1 else None

    @cached_property
    def uses(self) -> Counter[str]:
        """Id → how many times blocks list it."""
        return Counter(member for members in self.members.values() for member in members)
