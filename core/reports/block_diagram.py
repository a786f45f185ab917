"""The reliability block diagram of a plant as SVG: series in a row, parallel above one another, k of n at the joint.

Members of a network stand above one another between the names of the nodes that they join.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.plant import Plant, split_ids
from core.reliability import split_links
from core.reports.drawing import SCREEN, Drawing, Ink, Note, flag_width, shortened, text_width

LETTERS = 22
HEIGHT, GAP, ROOM = 40.0, 26.0, 14.0  # px: a box, between boxes in series, between boxes in parallel
PAD, CAPTION, JOINT = 16.0, 20.0, 34.0  # px inside a frame, for its caption, for the lines to the joints


@dataclass(slots=True)
class _Part:
    """A component or block with the room that it takes."""

    id: str
    kind: str  # "" or one of the block types
    width: float
    height: float
    members: list[_Part] = field(default_factory=list)


def block_diagram_svg(
    plant: Plant,
    *,
    availabilities: Mapping[str, float] | None = None,
    notes: Mapping[str, Note] | None = None,
    ink: Ink = SCREEN,
) -> str:
    """Return the diagram of every block that no other block contains.

    Parameters
    ----------
    plant
        The design with its blocks and components.
    availabilities
        Calculated availability of blocks by id; components show MTBF / (MTBF + MTTR).
    notes
        What is printed at a block or component, and the verdict that colours it.
    ink
        Colours that follow the page's theme, or those of paper.
    """
    return _BlockDiagram(plant, {**_own(plant), **(availabilities or {})}, notes or {}, ink).draw()


def _own(plant: Plant) -> dict[str, float]:
    rows = plant["reliability"]
    values = rows["mtbf_h"] / (rows["mtbf_h"] + rows["mttr_h"])
    return {str(i): float(value) for i, value in zip(rows["id"], values, strict=True) if pd.notna(value)}


class _BlockDiagram:
    def __init__(self, plant: Plant, availabilities: Mapping[str, float], notes: Mapping[str, Note], ink: Ink) -> None:
        self.availabilities, self.notes = availabilities, notes
        blocks = plant["block"]
        self.blocks: dict[str, dict[str, Any]] = dict(
            zip(
                blocks["id"], [{str(k): v for k, v in r.items()} for r in blocks.to_dict(orient="records")], strict=True
            )
        )
        self.names = dict(zip(plant["reliability"]["id"], plant["reliability"]["name"], strict=True))
        labels = [shortened(i, LETTERS) for i in (*self.names, *self.blocks)]
        self.box = 24 + max([text_width(label, 10) for label in labels], default=80.0)
        inside = {member for block in blocks["members"] for member in split_ids(block)}
        self.parts = [self._part(block, ()) for block in self.blocks if block not in inside]
        width = max([part.width for part in self.parts], default=240.0) + 120
        height = 56 + sum(part.height + 40 for part in self.parts) + (30 if not self.parts else 0)
        self.drawing = Drawing(width, height, f"{plant.name} — reliability block diagram", ink)

    def draw(self) -> str:
        """Return the picture."""
        self.drawing.text(16, 26, self.drawing.title, css="heading")
        if not self.parts:
            self.drawing.text(16, 50, "The plant has no reliability blocks yet.", css="value")
        y = 56.0
        for part in self.parts:
            middle = y + self._middle(part)
            self.drawing.line(30, middle, 60, middle)
            self._draw(part, 60, y)
            self.drawing.line(60 + part.width, middle, 90 + part.width, middle)
            for x in (30, 90 + part.width):
                self.drawing.dot(x, middle)
            y += part.height + 40
        return self.drawing.svg()

    def _part(self, element: str, above: tuple[str, ...]) -> _Part:
        """Return an element with its room; a block inside itself ends the descent."""
        block = self.blocks.get(element)
        if block is None or element in above:
            return _Part(element, "", self.box, HEIGHT)
        members = [self._part(member, (*above, element)) for member in split_ids(block["members"])]
        if not members:
            return _Part(element, "", self.box, HEIGHT)
        kind = str(block["type"])
        if kind == "SERIES":
            width = sum(member.width for member in members) + GAP * (len(members) + 1)
            below = max(member.height - self._middle(member) for member in members)
            height = max(self._middle(member) for member in members) + below
        else:
            width = max(member.width for member in members) + 2 * JOINT + (26 if kind == "PARALLEL_K_OF_N" else 0)
            width += 2 * max((text_width(node, 10) for link in self._links(element) for node in link), default=0.0)
            height = sum(member.height for member in members) + ROOM * (len(members) - 1)
        note = self.notes.get(element)
        caption = f"{shortened(element, LETTERS)}  10/10 needed · A = 0.999999"
        label = text_width(caption, 10) + 2 * PAD + (flag_width(note) if note else 0)
        return _Part(element, kind, max(width + 2 * PAD, label), height + 2 * PAD + CAPTION, members)

    def _middle(self, part: _Part) -> float:
        """Return the height of a part's line below its top."""
        if not part.kind:
            return HEIGHT / 2
        top = CAPTION + PAD
        if part.kind == "SERIES":
            return top + max(self._middle(member) for member in part.members)
        return top + (part.height - CAPTION - 2 * PAD) / 2

    def _draw(self, part: _Part, x: float, y: float) -> None:
        if not part.kind:
            self._component(part, x, y)
            return
        note = self.notes.get(part.id)
        self._open(part.id, str(self.blocks[part.id]["name"]), note)
        self.drawing.halo(x, y, part.width, CAPTION + 4, note.state if note else None)
        self.drawing.box(x, y, part.width, part.height, css="frame")
        self.drawing.caption(x + PAD, y + 16, shortened(part.id, LETTERS), self._value(part))
        if note:
            self.drawing.flag(x + part.width - PAD - flag_width(note), y + 16, note)
        self.drawing.close_element()
        draw = {"SERIES": self._series, "NETWORK": self._network}.get(part.kind, self._parallel)
        draw(part, x, y)

    def _series(self, part: _Part, x: float, y: float) -> None:
        middle = y + self._middle(part)
        free = part.width - 2 * PAD - sum(m.width for m in part.members)
        gap = free / (len(part.members) + 1)
        left, at = x, x + PAD + gap
        for member in part.members:
            self.drawing.line(left, middle, at, middle)
            self._draw(member, at, middle - self._middle(member))
            left = at + member.width
            at = left + gap
        self.drawing.line(left, middle, x + part.width, middle)

    def _parallel(self, part: _Part, x: float, y: float) -> None:
        middle, top = y + self._middle(part), y + CAPTION + PAD
        split, join = x + PAD, x + part.width - PAD
        ring = 26.0 if part.kind == "PARALLEL_K_OF_N" else 0.0
        inner = join - ring
        ends: list[float] = []
        for member in part.members:
            line = top + self._middle(member)
            start = split + (inner - split - member.width) / 2
            self.drawing.line(split, line, start, line)
            self._draw(member, start, top)
            self.drawing.line(start + member.width, line, inner, line)
            ends.append(line)
            top += member.height + ROOM
        for edge, at in ((x, split), (inner, x + part.width)):
            self.drawing.line(edge, middle, at, middle)
        for at in (split, inner):
            self.drawing.line(at, min(*ends, middle), at, max(*ends, middle))
        if ring:
            self.drawing.add(f'<circle class="body" cx="{inner + 18:.1f}" cy="{middle:.1f}" r="17"/>')
            self.drawing.text(inner + 18, middle + 3.5, self._vote(part), anchor="middle")

    def _network(self, part: _Part, x: float, y: float) -> None:
        middle, top = y + self._middle(part), y + CAPTION + PAD
        for edge, at in ((x, x + PAD), (x + part.width - PAD, x + part.width)):
            self.drawing.line(edge, middle, at, middle)
        links = [*self._links(part.id), *[("?", "?")] * len(part.members)]
        for member, (a, b) in zip(part.members, links, strict=False):
            line = top + self._middle(member)
            start = x + (part.width - member.width) / 2
            self.drawing.line(start - GAP / 2, line, start, line)
            self.drawing.line(start + member.width, line, start + member.width + GAP / 2, line)
            self.drawing.text(start - GAP / 2 - 4, line + 3.5, a, anchor="end")
            self.drawing.text(start + member.width + GAP / 2 + 4, line + 3.5, b)
            self._draw(member, start, top)
            top += member.height + ROOM

    def _links(self, block: str) -> list[tuple[str, str]]:
        return split_links(str(self.blocks[block]["links"])) if self.blocks[block]["type"] == "NETWORK" else []

    def _component(self, part: _Part, x: float, y: float) -> None:
        note = self.notes.get(part.id)
        self._open(part.id, str(self.names.get(part.id, "no reliability data")), note)
        self.drawing.box(x, y, part.width, HEIGHT, css="body")
        self.drawing.halo(x, y, part.width, HEIGHT, note.state if note else None)
        self.drawing.text(x + part.width / 2, y + 16, shortened(part.id, LETTERS), anchor="middle")
        if note:
            self.drawing.flag(x + 12, y + 31, note)
        else:
            value = self.availabilities.get(part.id)
            text = "no data" if value is None else f"A = {value:.6f}"
            self.drawing.text(x + part.width / 2, y + 30, text, css="value", anchor="middle")
        self.drawing.close_element()

    def _open(self, element: str, name: str, note: Note | None) -> None:
        words = [element, name, note.text if note else "", str(note.state or "") if note else ""]
        self.drawing.open_element(
            element, ", ".join(word for word in words if word), state=note.state if note else None
        )

    def _vote(self, part: _Part) -> str:
        k = self.blocks[part.id]["k"]
        return f"{'?' if pd.isna(k) else int(k)}/{len(part.members)}"

    def _value(self, part: _Part) -> str:
        kinds = {"SERIES": "all needed", "PARALLEL": "any one", "NETWORK": "a path from IN to OUT"}
        kinds["PARALLEL_K_OF_N"] = f"{self._vote(part)} needed"
        value = self.availabilities.get(part.id)
        return kinds.get(part.kind, part.kind) + ("" if value is None else f" · A = {value:.6f}")
