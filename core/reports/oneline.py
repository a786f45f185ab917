"""The one-line diagram of a plant as SVG: symbols, ratings, results and verdicts on every element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.plant import Plant
from core.reports.drawing import SCREEN, Drawing, Ink, Note, flag_width, shortened, text_width
from core.reports.oneline_layout import DOWN, UP, Drop, Layout, Rail, Tap, lay_out
from core.reports.symbols import SYMBOLS, SymbolSet, unit_symbol

LETTERS = 18  # longer ids are shortened
LAYER, ROW, OUTER = 176.0, 72.0, 128.0  # px between layers, between rails of a layer, for devices outside the last
LEFT, TOP = 150.0, 52.0


def oneline_svg(
    plant: Plant, *, notes: Mapping[str, Note] | None = None, symbols: SymbolSet = "IEC", ink: Ink = SCREEN
) -> str:
    """Return the plant's one-line.

    Parameters
    ----------
    plant
        The design.
    notes
        What is printed at an element (by id), and the verdict that colours it.
    symbols
        IEC 60617 or IEEE 315.
    ink
        Colours that follow the page's theme, or those of paper.
    """
    return _OneLine(plant, notes or {}, symbols, ink).draw()


class _OneLine:
    def __init__(self, plant: Plant, notes: Mapping[str, Note], symbols: SymbolSet, ink: Ink) -> None:
        self.plant, self.notes, self.symbols = plant, notes, SYMBOLS[symbols]
        self.layout: Layout = lay_out(plant)
        self.rows = {table: _by_id(plant[table]) for table in ("bus", "unit", "load", "shunt", "transformer", "cable")}
        self.breakers = _breakers(plant)
        self.pitch = 44 + max(self._label_widths(), default=60.0)
        self.layers = _layer_positions(self.layout)
        depth = max(self.layers.values(), default=TOP) + OUTER
        self.joints: list[tuple[float, float]] = []
        width = LEFT + max(self.layout.slots, 2) * self.pitch
        self.drawing = Drawing(width, depth, f"{plant.name} — one-line", ink)

    def draw(self) -> str:
        """Return the picture: wires first, so that rails and symbols lie over them."""
        self.drawing.text(16, 26, self.drawing.title, css="heading")
        if not self.layout.rails:
            self.drawing.text(16, 50, "The plant has no buses yet.", css="value")
        for drop in self.layout.drops:
            self._drop(drop)
        for tap in self.layout.taps:
            self._tap(tap)
        for rail in self.layout.rails.values():
            self._rail(rail)
        for x, y in self.joints:
            self.drawing.dot(x, y)
        return self.drawing.svg()

    def _label_widths(self) -> list[float]:
        """Return how wide the texts are that stand right of a column's line."""
        ids = [tap.id for tap in self.layout.taps] + [drop.link.id for drop in self.layout.drops]
        names = [text_width(shortened(each, LETTERS), 10) for each in ids]
        buses = [rail.bus for rail in self.layout.rails.values() if rail.layer]
        names += [text_width(f"{shortened(bus, LETTERS)} 13.8", 10) for bus in buses]
        return names + [flag_width(note) for note in self.notes.values()]

    def _x(self, slot: float) -> float:
        return LEFT + slot * self.pitch

    def _y(self, bus: str) -> float:
        rail = self.layout.rails[bus]
        return self.layers[rail.layer, rail.row]

    def _rail(self, rail: Rail) -> None:
        row, y = self.rows["bus"][rail.bus], self._y(rail.bus)
        x1, x2 = self._x(rail.first) - 16, self._x(rail.last) + (self.pitch - 40 if rail.layer else 24)
        note = self.notes.get(rail.bus)
        self._open(rail.bus, f"bus {rail.bus}", row, f"{_number(row['kv'])} kV", note)
        if rail.layer == 0:
            self.drawing.halo(x1 - 128, y - 20, x2 - x1 + 134, 36, note.state if note else None)
            self.drawing.line(x1, y, x2, y, css="rail")
            names, x, start = (shortened(rail.bus, LETTERS), f"{row['name']} {_number(row['kv'])} kV"), x1 - 8, y - 6
            self.drawing.text(x, start, names[0], anchor="end")
            self.drawing.text(x, start + 12, shortened(names[1], 24), css="value", anchor="end")
            if note:
                self.drawing.flag(x1 - 124, start + 25, note)
        else:
            side = UP if rail.layer < 0 else DOWN
            top = y - 21 if side == UP or note else y - 8
            self.drawing.halo(x1 - 4, top, x2 - x1 + 8, 30 + (12 if note else 0), note.state if note else None)
            self.drawing.line(x1, y, x2, y, css="rail")
            x = self._x(rail.first) + 6
            base = y - 8 if side == UP else y + 15
            self.drawing.caption(x, base, shortened(rail.bus, LETTERS), f"{_number(row['kv'])} kV")
            if note:
                self.drawing.flag(x, y + 16 if side == UP else y - 8, note)
        self.drawing.close_element()

    def _tap(self, tap: Tap) -> None:
        row = self.rows[tap.table][tap.id]
        x, y, side = self._x(tap.slot), self._y(tap.bus), tap.side
        name = {"unit": unit_symbol(str(row.get("type"))), "load": "LOAD"}.get(tap.table, _shunt_symbol(row))
        centre = y + side * 78
        reach = self.symbols[name][1]
        note = self.notes.get(tap.id)
        self.drawing.line(x, y, x, centre - side * reach)
        self.joints.append((x, y))
        self._breaker(tap.bus, tap.id, x, y + side * 36, side)
        self._open(tap.id, f"{tap.table} {tap.id}", row, _rating(tap.table, row), note)
        self.drawing.halo(x - 20, centre - 22, self.pitch - 12, 46, note.state if note else None)
        self._symbol(name, x, centre, side if tap.table != "unit" else UP if side == UP else DOWN)
        self._words(x + 20, centre - 2, tap.id, _rating(tap.table, row), note)
        self.drawing.close_element()

    def _drop(self, drop: Drop) -> None:
        link = drop.link
        row = self.rows[link.table][link.id]
        one, other = sorted((link.one, link.other), key=self._y)
        x, top, bottom = self._x(drop.slot), self._y(one), self._y(other)
        if drop.far_slot is not None:
            bottom = self._across(drop, one, other, x)
        middle = self._middle(one, other, top, bottom)
        name = {"transformer": "TRANSFORMER"}.get(link.table, "SERIES_REACTOR" if row.get("type") == "REACTOR" else "")
        reach = self.symbols[name][1] if name else 0
        self.drawing.line(x, top, x, middle - reach)
        self.drawing.line(x, middle + reach, x, bottom)
        self.joints += [(x, y) for y in ((top, bottom) if drop.far_slot is None else (top,))]
        for y in self._crossed(drop.slot, top, bottom):
            self.drawing.line(x, y - 7, x, y + 7, css="gap")
        note = self.notes.get(link.id)
        self._open(link.id, f"{link.table} {link.id}", row, _rating(link.table, row), note)
        self.drawing.halo(x - 20, middle - 22, self.pitch - 12, 46, note.state if note else None)
        if name:
            self._symbol(name, x, middle, UP)
        between_mains = self.layout.rails[one].layer == self.layout.rails[other].layer == 0
        self._words(x + (64 if between_mains else 20), middle - 2, link.id, _rating(link.table, row), note)
        self.drawing.close_element()
        self._breaker(one, link.id, x, self._breaker_height(one, middle, reach), DOWN)
        self._breaker(other, link.id, x, self._breaker_height(other, middle, reach), UP)

    def _breaker_height(self, bus: str, middle: float, reach: float) -> float:
        """Return where a connection's breaker stands: near its bus, and outside all main rails when it is one."""
        rails = self.layout.rails
        y = self._y(bus)
        side = UP if middle < y else DOWN
        if rails[bus].layer == 0:
            rows = [height for (layer, _), height in self.layers.items() if layer == 0]
            edge = min(rows) if side == UP else max(rows)
            if (middle - edge) * side > 0:
                y = edge
        near, limit = y + side * 36, middle - side * (reach + 13)
        return min(near, limit) if side == DOWN else max(near, limit)

    def _middle(self, one: str, other: str, top: float, bottom: float) -> float:
        """Return the height of a connection's symbol: clear of the main rails that its line crosses."""
        layers = self.layout.rails[one].layer, self.layout.rails[other].layer
        if layers[0] < 0 <= layers[1]:
            return top + LAYER / 2
        if layers[0] <= 0 < layers[1]:
            return bottom - LAYER / 2
        return (top + bottom) / 2

    def _across(self, drop: Drop, one: str, other: str, x: float) -> float:
        """Draw the part of a connection between neighbours that runs beside it; return the height of the turn."""
        side = UP if self.layout.rails[one].layer < 0 else DOWN
        turn = (max if side == UP else min)(self._y(one), self._y(other)) - side * (LAYER - 40)
        far = self._x(drop.far_slot or 0)
        ends = {self.layout.rails[b].last: b for b in (one, other)}
        right = ends[max(ends)]
        self.drawing.line(x, turn, far, turn)
        self.drawing.line(far, turn, far, self._y(right))
        self.joints.append((far, self._y(right)))
        return turn

    def _crossed(self, slot: float, top: float, bottom: float) -> list[float]:
        """Return the heights of rails that a vertical line passes behind."""
        rails = self.layout.rails.values()
        return [y for rail in rails if rail.first <= slot <= rail.last and top < (y := self._y(rail.bus)) < bottom]

    def _breaker(self, bus: str, element: str, x: float, y: float, side: int) -> None:
        breaker = self.breakers.get((bus, element))
        if breaker is None:
            return
        note = self.notes.get(str(breaker["id"]))
        rating = f"{_number(breaker['breaking_ka'])} kA"
        self._open(str(breaker["id"]), f"breaker {breaker['id']}", breaker, rating, note)
        width = 30 + text_width(f"x {note.text}" if note else rating, 9.5)
        self.drawing.halo(x - 12, y - 13, width, 26, note.state if note else None)
        self._symbol("BREAKER", x, y, side)
        if note:
            self.drawing.flag(x + 11, y + 3.5, note)
        else:
            self.drawing.text(x + 11, y + 3.5, rating, css="value")
        self.drawing.close_element()

    def _symbol(self, name: str, x: float, y: float, side: int) -> None:
        turn = " rotate(180)" if side == DOWN and name not in {"GENERATOR"} else ""
        body = self.symbols[name][0]
        self.drawing.add(f'<g transform="translate({x:.1f} {y:.1f}){turn}">{body}</g>')

    def _words(self, x: float, y: float, element: str, rating: str, note: Note | None) -> None:
        self.drawing.text(x, y, shortened(element, LETTERS))
        self.drawing.text(x, y + 12, rating, css="value")
        if note:
            self.drawing.flag(x, y + 26, note)

    def _open(self, element: str, kind: str, row: Mapping[str, Any], rating: str, note: Note | None) -> None:
        words = [
            kind,
            str(row.get("name") or ""),
            rating,
            note.text if note else "",
            str(note.state or "") if note else "",
        ]
        offline = row.get("status") not in (None, "Online")
        words.append(str(row["status"]) if offline else "")
        title = ", ".join(word for word in words if word)
        self.drawing.open_element(element, title, state=note.state if note else None, dim=offline)


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict(orient="records")]


def _by_id(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return dict(zip(rows["id"], _records(rows), strict=True))


def _breakers(plant: Plant) -> dict[tuple[str, str], dict[str, Any]]:
    rows = plant["breaker"]
    return dict(zip(zip(rows["bus"], rows["element"], strict=True), _records(rows), strict=True))


def _number(value: float) -> str:
    return "?" if pd.isna(value) else f"{value:g}"


def _layer_positions(layout: Layout) -> dict[tuple[int, int], float]:
    """Return the height of each row of each layer."""
    rows = sorted({(rail.layer, rail.row) for rail in layout.rails.values()}, key=lambda key: (key[0], key[1]))
    heights: dict[tuple[int, int], float] = {}
    y = TOP + OUTER
    for position, key in enumerate(rows):
        if position:
            y += ROW if rows[position - 1][0] == key[0] else LAYER
        heights[key] = y
    return heights


def _shunt_symbol(row: Mapping[str, Any]) -> str:
    return "REACTOR" if (row.get("q_mvar") or 0) < 0 else "CAPACITOR"


def _rating(table: str, row: Mapping[str, Any]) -> str:
    """Return what the drawing prints of an element's ratings."""
    if table == "unit":
        return f"{_number(row['rated_mw'])} MW"
    if table == "load":
        return f"{_number(row['p_mw'])} MW · pf {_number(row['pf'])}"
    if table == "shunt":
        return f"{_number(row['q_mvar'])} Mvar"
    if table == "transformer":
        return f"{_number(row['rated_mva'])} MVA · {_number(row['z_pct'])} %"
    return f"{_number(row['rated_a'])} A"
