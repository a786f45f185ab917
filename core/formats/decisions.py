"""What a person decided about a feeder's files: it lies beside them and counts whenever they are read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from core.documents import dump
from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.gis.layers import EVERY_LAYER
from core.store.files import write_whole

FILE = "decisions.json"


@dataclass(frozen=True, slots=True)
class Decisions:
    """Choices that win over what the files say."""

    repair: bool = False  # repair what is known to be broken in CYME exports
    layers: dict[str, Any] = field(default_factory=dict)  # GIS layer → its kind, fields and coordinate system
    matches: dict[str, str] = field(default_factory=dict)  # id in the CYME or OpenDSS model → id in the GIS
    file: str = field(default="", compare=False)  # where they lie; empty where a command line gave them

    def findings(self) -> list[Finding]:
        """Say which decisions are used, so that nothing is repaired or mapped silently."""
        parts = ["repair of CYME exports"] * self.repair
        parts += ["meaning of GIS layers"] * bool(self.layers)
        parts += [f"{len(self.matches)} matches with the GIS"] * bool(self.matches)
        if not parts:
            return []
        text = f"Decided by hand and used: {', '.join(parts)}"
        return [Finding("feeder.decisions", Severity.INFO, text, "", Where(file=self.file or None))]

    def with_words(self, maps: Sequence[str], matches: Sequence[str]) -> Decisions:
        """Return the decisions with those that a command line gives.

        Parameters
        ----------
        maps
            ``field=column`` for every GIS layer, ``layer.field=column`` for one; the fields ``kind`` and ``crs`` say
            what a layer is and in which system it lies.
        matches
            ``ours=gis``: ids in the model and in the GIS layers.
        """
        layers = {layer: {**about, "fields": {**about.get("fields", {})}} for layer, about in self.layers.items()}
        for target, column in map(_pair, maps):
            layer, _, name = target.rpartition(".")
            about = layers.setdefault(layer or EVERY_LAYER, {"fields": {}})
            if name in ("kind", "crs"):
                about[name] = column
            else:
                about["fields"][name] = column
        return replace(self, layers=layers, matches={**self.matches, **dict(map(_pair, matches))})


def _pair(text: str) -> tuple[str, str]:
    left, sign, right = (part.strip() for part in text.partition("="))
    if not (left and sign):
        raise BadInput(f"{text!r} says nothing", hint="One sign = between both, such as id=ASSET_NO")
    return left, right


def folder_of(path: Path) -> Path:
    """Return the folder in which decisions about a path lie: itself, or the one that has the file or geodatabase."""
    return path if path.is_dir() and path.suffix.lower() != ".gdb" else path.parent


def load_decisions(paths: Sequence[Path]) -> Decisions:
    """Return the decisions that lie in the first folder that has some."""
    path = next((folder_of(path) / FILE for path in paths if (folder_of(path) / FILE).is_file()), None)
    return Decisions() if path is None else read_decisions(path)


def read_decisions(path: Path) -> Decisions:
    """Return the decisions of a file."""
    try:
        return Decisions(**json.loads(path.read_text(encoding="utf-8")), file=path.name)
    except (ValueError, TypeError, OSError) as error:
        raise BadInput(
            f"The decisions can't be read: {error}",
            hint=f"Remove {path.name} and decide again",
            where=Where(file=path.name),
        ) from error


def keep_decisions(folder: Path, decisions: Decisions) -> None:
    """Keep decisions beside a feeder's files."""
    kept = {name: value for name, value in asdict(decisions).items() if name != "file"}
    write_whole(folder / FILE, dump(kept, indent=1).encode("utf-8"))
