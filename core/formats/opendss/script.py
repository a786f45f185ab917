"""Run a user's OpenDSS script line by line: every error becomes a finding with file and line, and the rest still loads.

Redirects are followed here, not by the engine: a missing file or a circle is reported instead of stopping everything.
Commands that calculate, draw or write files are left out; reading a circuit needs none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.opendss.context import new_context, plain, scratch
from core.formats.opendss.unattached import switch_off_unattached

#: Commands by their first word that reading doesn't run.
# fmt: off
SKIPPED = frozenset((
    "solve", "show", "plot", "export", "visualize", "save", "dump", "closedi", "sample", "di_plot", "quit", "exit",
    "fileedit", "cd", "doscmd", "get", "help", "about", "panel", "distribute", "comparecases", "yearlycurves",
    "reconductor", "?", "summary", "interpolate",
))
# fmt: on
FOLLOWED = ("redirect", "compile")
CIRCUIT = re.compile(r"^\s*new\s+(object\s*=\s*)?\"?circuit\.", re.IGNORECASE | re.MULTILINE)
COMMAND = re.compile(
    r"^\s*(new|clear|set|redirect|compile|edit|batchedit|~|buscoords|more)\b", re.IGNORECASE | re.MULTILINE
)
MAX_DEPTH = 20


@dataclass(slots=True)
class Runner:
    """Feeds lines to the engine and keeps what it says."""

    engine: Any
    findings: list[Finding] = field(default_factory=list)
    lines: int = 0
    failures: int = 0

    def run(self, path: Path, chain: tuple[Path, ...] = ()) -> None:
        """Run one file and those it redirects to."""
        data = path.read_bytes()
        if b"\0" in data[:4096]:
            raise BadInput("The file is binary, not an OpenDSS script", where=Where(file=path.name))
        text = data.decode("utf-8-sig", errors="replace")
        self._enter(path)
        for number, line in _commands(text):
            self.lines += 1
            word = line.split(None, 1)[0].lower()
            if word in FOLLOWED:
                self._follow(path, line, number, (*chain, path.resolve()))
                self._enter(path)
            elif word == "solve":
                self._solve(line, path, number)
            elif word not in SKIPPED:
                self._command(line, path, number)

    def _enter(self, path: Path) -> None:
        self.engine.Text.Command = f'set datapath="{path.resolve().parent}"'

    def _solve(self, line: str, path: Path, number: int) -> None:
        """Solve the circuit where a line does so once as it stands: what its controls do then belongs to its state."""
        if self.engine.NumCircuits > 0 and line.lower() == "solve" and self.engine.ActiveCircuit.Solution.Mode == 0:
            self.findings += switch_off_unattached(self.engine, path.name)
            self._command(line, path, number)

    def _command(self, line: str, path: Path, number: int) -> None:
        try:
            self.engine.Text.Command = line
        except Exception as error:  # noqa: BLE001 - the engine raises one class for everything; its text says what
            self.failures += 1
            text = plain(error)
            hint = "Correct the line; what stands after it is read"
            self.findings.append(
                Finding(
                    "opendss.line_refused",
                    Severity.ERROR,
                    f"OpenDSS refuses the line: {text[:300]}",
                    hint,
                    Where(file=path.name, line=number),
                )
            )

    def _follow(self, path: Path, line: str, number: int, chain: tuple[Path, ...]) -> None:
        parts = line.split(None, 1)
        name = (
            re.sub(r"^file\s*=\s*", "", parts[1].split("!")[0].strip() if len(parts) > 1 else "", flags=re.IGNORECASE)
            .strip()
            .strip("\"'()[]{}")
        )
        target = _find(path.parent, name)
        where = Where(file=path.name, line=number)
        if target is None:
            self.failures += 1
            self.findings.append(
                Finding(
                    "opendss.file_missing",
                    Severity.ERROR,
                    f"The file {name!r} is not there",
                    "Add it beside the circuit's files",
                    where,
                )
            )
        elif target.resolve() in chain or len(chain) > MAX_DEPTH:
            self.findings.append(
                Finding(
                    "opendss.circle",
                    Severity.ERROR,
                    f"{name!r} leads back to itself: left out",
                    "Remove the redirect",
                    where,
                )
            )
        else:
            self.run(target, chain)


@contextmanager
def defined_circuit(path: Path) -> Iterator[Runner]:
    """Run a script as far as it defines its circuit, and empty the engine behind it.

    Raises
    ------
    BadInput
        The script defines no circuit.
    """
    runner = Runner(new_context())
    with scratch() as folder:
        runner.run(path)
        runner.engine.Text.Command = f'set datapath="{folder}"'
        if runner.engine.NumCircuits == 0:
            raise _no_circuit(runner, path)
        yield runner
        runner.engine.ClearAll()


def _no_circuit(runner: Runner, path: Path) -> BadInput:
    first = next((finding for finding in runner.findings if finding.severity is Severity.ERROR), None)
    text = f"The script defines no circuit ({first.text})" if first else "The script defines no circuit"
    return BadInput(
        text, hint="Choose the main file with 'New Circuit'", where=first.where if first else Where(file=path.name)
    )


def _find(folder: Path, name: str) -> Path | None:
    """Return the file of a redirect whatever its letters' case and slashes."""
    wanted = folder
    for part in Path(name.replace("\\", "/")).parts:
        step = wanted / part
        if not step.exists() and wanted.is_dir():
            step = next((entry for entry in wanted.iterdir() if entry.name.lower() == part.lower()), step)
        wanted = step
    return wanted if name and wanted.is_file() else None


def _commands(text: str) -> Iterator[tuple[int, str]]:
    """Return the lines that hold commands, without comments, with their numbers."""
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if inside or stripped.startswith("/*"):
            inside = "*/" not in stripped
            continue
        if stripped and not stripped.startswith(("!", "//")):
            yield number, stripped


def looks_like_dss(head: str) -> bool:
    """Say whether the beginning of a text file is an OpenDSS script."""
    return bool(CIRCUIT.search(head)) or len(COMMAND.findall(head)) > 1


def main_file(files: list[Path]) -> tuple[Path | None, list[Path]]:
    """Return the file that defines the circuit, and the others that define one too."""
    found = []
    for path in files:
        with path.open("rb") as handle:
            if CIRCUIT.search(handle.read(200_000).decode("utf-8", errors="replace")):
                found.append(path)
    found.sort(
        key=lambda path: ("master" not in path.name.lower(), path.name.lower().startswith("run"), path.name.lower())
    )
    return (found[0], found[1:]) if found else (None, [])
