"""SVG drawings: a small canvas whose every text is escaped and whose colours follow the page's theme or the paper."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from core.criteria import State

#: One look a verdict: fill of its flag, text on the flag, and the sign before the word.
FLAGS = {
    State.PASS: ("#0072B2", "#FFFFFF", "✓"),
    State.WARN: ("#E69F00", "#1B1F24", "▲"),
    State.FAIL: ("#CC3311", "#FFFFFF", "✕"),
    State.NOT_CHECKED: ("#7D7A75", "#FFFFFF", "?"),
}
#: Mean width of a letter as a share of the font size, for the sans-serif fonts of browsers and of the report.
LETTER = 0.6


@dataclass(frozen=True, slots=True)
class Ink:
    """The colours of a drawing."""

    text: str
    paper: str
    faint: str
    accent: str
    font: str


#: On a page the theme's own variables count; what has none (a downloaded file, a printer) gets the colour behind.
SCREEN = Ink(
    text="var(--st-text-color, #1B1F24)",
    paper="var(--st-background-color, #FFFFFF)",
    faint="var(--st-gray-text-color, #6B6F75)",
    accent="var(--st-primary-color, #0072B2)",
    font="var(--st-font, sans-serif), sans-serif",
)
PRINT = Ink(text="#1B1F24", paper="#FFFFFF", faint="#6B6F75", accent="#0072B2", font="'DejaVu Sans Mono', monospace")


@dataclass(frozen=True, slots=True)
class Note:
    """A value that is printed beside an element, and its verdict."""

    text: str
    state: State | None = None


@dataclass(slots=True)
class Drawing:
    """An SVG picture in the making."""

    width: float
    height: float
    title: str
    ink: Ink = SCREEN
    parts: list[str] = field(default_factory=list)

    def add(self, *parts: str) -> None:
        """Append finished SVG."""
        self.parts += parts

    def line(self, x1: float, y1: float, x2: float, y2: float, *, css: str = "wire") -> None:
        """Draw a straight line."""
        self.add(f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def dot(self, x: float, y: float) -> None:
        """Draw a joint."""
        self.add(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4.6"/>')

    def text(self, x: float, y: float, text: str, *, css: str = "label", anchor: str = "start") -> None:
        """Write a text; its anchor is start, middle or end."""
        self.add(f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>')

    def caption(self, x: float, y: float, name: str, value: str) -> None:
        """Write a name and, behind it, its value."""
        self.add(
            f'<text class="label" x="{x:.1f}" y="{y:.1f}">{escape(name)}'
            f'<tspan class="value" dx="6">{escape(value)}</tspan></text>'
        )

    def box(self, x: float, y: float, width: float, height: float, *, css: str) -> None:
        """Draw a rectangle with round corners."""
        self.add(
            f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="5" ry="5"/>'
        )

    def flag(self, x: float, y: float, note: Note) -> None:
        """Draw a note with its left end at x: grey text, and a coloured flag only for what needs attention."""
        if note.state not in (State.WARN, State.FAIL):
            sign = f"{FLAGS[note.state][2]} " if note.state else ""
            self.text(x, y, f"{sign}{note.text or note.state or ''}", css="value")
            return
        fill, ink, sign = FLAGS[note.state]
        words = f"{sign} {note.text or note.state}"
        width = flag_width(note)
        self.add(
            f'<rect x="{x:.1f}" y="{y - 9.5:.1f}" width="{width:.1f}" height="13" rx="3" fill="{fill}"/>'
            f'<text class="flag" x="{x + 5:.1f}" y="{y:.1f}" fill="{ink}">{escape(words)}</text>'
        )

    def open_element(self, element: str, title: str, *, state: State | None = None, dim: bool = False) -> None:
        """Begin the group of one element: what is clicked, focused and read aloud together."""
        classes = "el" + (" dim" if dim else "")
        verdict = f' data-state="{state}"' if state else ""
        self.add(
            f'<g class="{classes}" id="el-{len(self.parts)}" data-id="{escape(element)}"{verdict} tabindex="0"'
            f' role="button" aria-label="{escape(title)}"><title>{escape(title)}</title>'
        )

    def halo(self, x: float, y: float, width: float, height: float, state: State | None) -> None:
        """Draw the area that catches clicks, and around it the colour of a verdict other than PASS."""
        self.add(f'<rect class="hit" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="7" ry="7"/>')
        if state in (State.WARN, State.FAIL):
            colour = FLAGS[state][0]
            self.add(
                f'<rect class="halo" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="7" ry="7"'
                f' fill="{colour}" stroke="{colour}"/>'
            )

    def close_element(self) -> None:
        """End the group."""
        self.add("</g>")

    def svg(self, *, css: str = "") -> str:
        """Return the finished picture."""
        size = f'viewBox="0 0 {self.width:.0f} {self.height:.0f}" width="{self.width:.0f}" height="{self.height:.0f}"'
        name = escape(self.title)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="gridproof" {size} role="img" aria-label="{name}">'
            f"<title>{name}</title><style>{_style(self.ink)}{css}</style>{''.join(self.parts)}</svg>"
        )


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is [px] in a font of this size."""
    return LETTER * size * len(text)


def flag_width(note: Note) -> float:
    """Return how wide a note's flag is [px]."""
    return text_width(f"x {note.text or note.state}", 9.5) + 10


def shortened(text: str, letters: int) -> str:
    """Return the text with an ellipsis in its middle when it is longer than this: ids differ at their ends."""
    if len(text) <= letters:
        return text
    tail = (letters - 1) // 2
    return f"{text[: letters - 1 - tail]}…{text[len(text) - tail :]}"


def _style(ink: Ink) -> str:
    return (
        f".gridproof{{font-family:{ink.font};background:{ink.paper}}}"
        f".gridproof .wire,.gridproof .sym{{stroke:{ink.text};stroke-width:1.4;fill:none;stroke-linecap:round}}"
        f".gridproof .body{{stroke:{ink.text};stroke-width:1.4;fill:{ink.paper}}}"
        f".gridproof .gap{{stroke:{ink.paper};stroke-width:4;fill:none}}"
        f".gridproof .solid,.gridproof .dot{{fill:{ink.text};stroke:none}}"
        f".gridproof .rail{{stroke:{ink.text};stroke-width:5;stroke-linecap:butt}}"
        f".gridproof .frame{{stroke:{ink.faint};stroke-width:1;stroke-dasharray:5 4;fill:none}}"
        f".gridproof .letter{{fill:{ink.text};stroke:none;font-size:13px}}"
        f".gridproof .label{{fill:{ink.text};font-size:10px;font-weight:600}}"
        f".gridproof .value{{fill:{ink.faint};font-size:9.5px;font-weight:400}}"
        f".gridproof .heading{{fill:{ink.text};font-size:15px;font-weight:600}}"
        ".gridproof .flag{font-size:9.5px;font-weight:600}"
        ".gridproof .halo{fill-opacity:.16;stroke-width:2.5}"
        ".gridproof .hit{fill:transparent;stroke:none;pointer-events:all}"
        ".gridproof .dim{opacity:.45}"
        ".gridproof .el{cursor:pointer;outline:none}"
        f".gridproof .el:focus .hit,.gridproof .el.chosen .hit{{stroke:{ink.accent};stroke-width:2;fill-opacity:.1}}"
        f".gridproof .el:hover .hit{{stroke:{ink.faint};stroke-width:1}}"
    )
