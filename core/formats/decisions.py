"""What a person decided about a feeder's files: it lies beside them and counts whenever they are read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.documents import dump
from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.store.files import write_whole

FILE = "decisions.json"


@dataclass(frozen=True, slots=True)
class Decisions:
    """Choices that win over what the files say."""

    repair: bool = False  # repair what is known to be broken in CYME exports
    layers: dict[str, Any] = field(default_factory=dict)  # GIS layer → its kind, fields and coordinate system
    matches: dict[str, str] = field(default_factory=dict)  # id in the CYME or OpenDSS model → id in the GIS

    def findings(self) -> list[Finding]:
        """Say which decisions are used, so that nothing is repaired or mapped silently."""
        parts = ["repair of CYME exports"] * self.repair
        parts += ["meaning of GIS layers"] * bool(self.layers)
        parts += [f"{len(self.matches)} matches with the GIS"] * bool(self.matches)
        if not parts:
            return []
        text = f"Decided by hand and used: {', '.join(parts)}"
        return [Finding("feeder.decisions", Severity.INFO, text, "", Where(file=FILE))]


def load_decisions(paths: Sequence[Path]) -> Decisions:
    """Return the decisions that lie in the first folder that has some."""
    path = next((path / FILE for path in paths if (path / FILE).is_file()), None)
    if path is None:
        return Decisions()
    try:
        return Decisions(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"The decisions can't be read: {error}", hint=f"Remove {FILE} and decide again", where=Where(file=FILE)
        ) from error


def keep_decisions(folder: Path, decisions: Decisions) -> None:
    """Keep decisions beside a feeder's files."""
    write_whole(folder / FILE, dump(asdict(decisions), indent=1).encode("utf-8"))
