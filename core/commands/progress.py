"""What a long command says on standard error while it works."""

from __future__ import annotations

import sys
import time

from core.steps import Listener

#: A command that is quicker says nothing; a longer one says so often where it is [s].
EVERY_S = 5.0


def progress() -> Listener:
    """Return a listener that prints the parts of the work, not more than one in :data:`EVERY_S`."""
    said_at = time.monotonic()

    def heard(part: str) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= EVERY_S:
            said_at = time.monotonic()
            sys.stderr.write(f"gridproof: {part}\n")
            sys.stderr.flush()

    return heard
