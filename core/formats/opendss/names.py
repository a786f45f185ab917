"""Names that OpenDSS accepts for names of ours, and the way back."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field

#: Characters that need no escape in an OpenDSS name.
PLAIN = re.compile(r"[A-Za-z0-9_\-]")
#: A node of a number that has no letter, and where it goes.
BEYOND, FAR = "?", "99"
NODES = {"A": "1", "B": "2", "C": "3", "N": "4", "0": "0", **{str(n): str(n) for n in range(5, 10)}, BEYOND: FAR}
PHASES = {number: letter for letter, number in NODES.items()}

#: The columns of a table of names.
COLUMNS = ("kind", "opendss", "name")


@dataclass(slots=True)
class Names:
    """Names by kind: each of ours has one of OpenDSS's, unique whatever the letters' case."""

    outside: dict[tuple[str, str], str] = field(default_factory=dict)
    ours: dict[tuple[str, str], str] = field(default_factory=dict)

    def give(self, kind: str, name: str) -> str:
        """Return OpenDSS's name for ours; the same every time."""
        if (kind, name) in self.outside:
            return self.outside[kind, name]
        wanted = "".join(c if PLAIN.match(c) else f"_x{ord(c):x}_" for c in name) or "_"
        given, count = wanted, 1
        while (kind, given.lower()) in self.ours:
            count += 1
            given = f"{wanted}_{count}"
        self.outside[kind, name] = given
        self.ours[kind, given.lower()] = name
        return given

    def back(self, kind: str, name: str) -> str:
        """Return our name for OpenDSS's; itself where we gave none."""
        return self.ours.get((kind, name.lower()), name)

    def table(self) -> str:
        """Return the names as CSV: kind, OpenDSS's name, ours."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((kind, given, name) for (kind, name), given in self.outside.items())
        return out.getvalue()

    @classmethod
    def parse(cls, text: str) -> tuple[Names, list[int]]:
        """Return the names of a table, and the lines that hold none."""
        names, broken = cls(), []
        for line, row in enumerate(csv.reader(io.StringIO(text)), start=1):
            if len(row) != len(COLUMNS) or not all(row):
                broken.append(line)
            elif line > 1:
                kind, given, name = row
                names.outside[kind, name] = given
                names.ours[kind, given.lower()] = name
        return names, broken


def nodes(phases: str) -> str:
    """Return the node numbers of ordered phases: ``"CA"`` gives ``".3.1"``."""
    return "".join(f".{NODES[phase]}" for phase in phases)
