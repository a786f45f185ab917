"""Symbols of one-line diagrams after IEC 60617 and IEEE 315, drawn around (0, 0) with their wire coming from below.

A symbol is (SVG, reach): the reach [px] is how far from its centre the wire ends. Letters are upright; symbols with a
direction are turned by the caller.

References
----------
IEC 60617, Graphical symbols for diagrams (database); IEEE Std 315-1975, Graphic symbols for electrical diagrams.
"""

from __future__ import annotations

from typing import Literal

SymbolSet = Literal["IEC", "IEEE"]
SYMBOL_SETS: tuple[SymbolSet, ...] = ("IEC", "IEEE")

_WAVE = '<path class="sym" d="M-6 6 q3 -5 6 0 q3 5 6 0"/>'


def _letter(text: str, y: float = 4.5) -> str:
    return f'<text class="letter" x="0" y="{y}" text-anchor="middle">{text}</text>'


def _machine(letter: str, wave: bool) -> tuple[str, float]:
    inside = _letter(letter, 1.5) + _WAVE if wave else _letter(letter)
    return f'<circle class="body" r="15"/>{inside}', 15


#: An inverter: DC at the source's side (above), AC towards the bus (below).
_INVERTER = (
    '<rect class="body" x="-13" y="-9" width="26" height="26"/><line class="sym" x1="-13" y1="17" x2="13" y2="-9"/>'
    '<path class="sym" d="M-10 -4 h8 M-10 -1 h8"/><path class="sym" d="M1 12 q2.5 -4 5 0 q2.5 4 5 0"/>'
)
_BATTERY = (
    '<path class="sym" d="M0 -9 v-5 M-9 -14 h18 M-4.5 -17.5 h9 M-9 -21 h18 M-4.5 -24.5 h9"/>' + _INVERTER,
    17.0,
)
_PV = (
    '<path class="sym" d="M0 -9 v-4"/><rect class="body" x="-10" y="-27" width="20" height="14"/>'
    '<path class="sym" d="M-10 -27 l10 8 l10 -8"/>' + _INVERTER,
    17.0,
)
_WIND = (
    '<path class="sym" d="M0 -9 v-5"/><circle class="body" cy="-21" r="7"/>'
    '<path class="sym" d="M0 -21 v-6 M0 -21 l5.2 3 M0 -21 l-5.2 3"/>' + _INVERTER,
    17.0,
)
_GRID = (
    '<rect class="body" x="-15" y="-15" width="30" height="30"/>'
    '<path class="sym" d="M-15 -5 L-5 -15 M-15 5 L5 -15 M-15 15 L15 -15 M-5 15 L15 -5 M5 15 L15 5'
    ' M-15 -5 L5 15 M-15 5 L-5 15 M-15 -15 L15 15 M-5 -15 L15 5 M5 -15 L15 -5"/>',
    15.0,
)
_LOAD = ('<path class="sym" d="M0 14 V2"/><path class="solid" d="M-7 2 h14 l-7 -14 z"/>', 14.0)
_EARTH = '<path class="sym" d="M0 -6 v-7 M-9 -13 h18 M-6 -16.5 h12 M-3 -20 h6"/>'
_COIL = '<path class="sym" d="M0 14 v-3 c8 0 8 -6 0 -6 c8 0 8 -6 0 -6 c8 0 8 -6 0 -6 v-3"/>'

_IEC = {
    "GENERATOR": _machine("G", wave=True),
    "BESS": _BATTERY,
    "PV": _PV,
    "WIND": _WIND,
    "GRID": _GRID,
    "LOAD": _LOAD,
    "CAPACITOR": (f'<path class="sym" d="M0 14 V-1 M-10 -1 h20 M-10 -6 h20"/>{_EARTH}', 14.0),
    "REACTOR": (
        f'<path class="sym" d="M0 14 v-3"/>{_COIL}<path class="sym" d="M-9 -13 h18 M-6 -16.5 h12 M-3 -20 h6"/>',
        14.0,
    ),
    "TRANSFORMER": (
        '<circle class="body" cy="-6.5" r="10.5"/><circle class="body" cy="6.5" r="10.5" style="fill:none"/>',
        17.0,
    ),
    "SERIES_REACTOR": (_COIL, 14.0),
    "BREAKER": (
        '<path class="gap" d="M0 -6 V6"/>'
        '<path class="sym" d="M-4 -11 l8 8 M4 -11 l-8 8 M0 7 L-6 -6 M0 7 v3 M0 -7 v-3"/>',
        10.0,
    ),
}
_IEEE = {
    **_IEC,
    "GENERATOR": _machine("G", wave=False),
    "CAPACITOR": (f'<path class="sym" d="M0 14 V0 M-10 0 h20 M-10 -7 q10 7 20 0 M0 -3.5 v-5"/>{_EARTH}', 14.0),
    "TRANSFORMER": (
        '<path class="sym" d="M0 -15 v4 M-12 -11 c0 7 8 7 8 0 c0 7 8 7 8 0 c0 7 8 7 8 0'
        ' M-12 11 c0 -7 8 -7 8 0 c0 -7 8 -7 8 0 c0 -7 8 -7 8 0 M0 15 v-4"/>',
        15.0,
    ),
    "BREAKER": ('<rect class="body" x="-6.5" y="-6.5" width="13" height="13"/>', 6.5),
}
SYMBOLS: dict[SymbolSet, dict[str, tuple[str, float]]] = {"IEC": _IEC, "IEEE": _IEEE}

_UNIT_SYMBOLS = {"BESS": "BESS", "PV": "PV", "WIND": "WIND", "GRID": "GRID"}


def unit_symbol(kind: str) -> str:
    """Return the name of the symbol of a unit's type."""
    return _UNIT_SYMBOLS.get(kind, "GENERATOR")
