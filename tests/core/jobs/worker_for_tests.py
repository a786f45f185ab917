"""The worker with a kind of run whose answers are known."""

from __future__ import annotations

from core.jobs import KINDS
from core.jobs.__main__ import main

KINDS["squares"] = "tests.core.jobs.kinds_for_tests:SQUARES"

if __name__ == "__main__":
    main()
