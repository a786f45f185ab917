"""The command line: one module a command, each with ``add_arguments(parser)`` and ``run(arguments) -> Answer``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["COMMANDS", "Answer"]


@dataclass(slots=True)
class Answer:
    """What a command found out: a JSON document, the same in words, and whether the answer is "fails"."""

    document: dict[str, Any]
    text: str = ""
    fails: bool = False
    notes: list[str] = field(default_factory=list)  # printed to standard error


#: Command → module. A module is imported only when its command is called.
COMMANDS: dict[str, str] = {
    "export": "core.commands.export",
    "network": "core.commands.network",
    "plant": "core.commands.plant",
    "validate": "core.commands.validate",
    "availability": "core.commands.availability",
    "jobs": "core.commands.jobs",
    "study": "core.commands.study",
    "feeder": "core.commands.feeder",
    "results": "core.commands.results",
    "design": "core.commands.design",
    "loop": "core.commands.loop",
}
