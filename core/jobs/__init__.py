"""Jobs: runs that outlive the page that asked for them."""

from core.jobs.inline import run_inline
from core.jobs.kinds import FAILED, KINDS, RunKind

__all__ = ["FAILED", "KINDS", "RunKind", "run_inline"]
