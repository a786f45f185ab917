"""The kind of run that takes feeders through a year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.jobs.kinds import RunKind
from core.jobs.queue import RunStatus
from core.studies.time_series import finish, plan, unit

RUN = RunKind("time_series", plan, unit, finish)


def ranking(runs: Sequence[RunStatus]) -> dict[str, float]:
    """Return for each case how many hours its last year was out of range A or overloaded: the worst are run first.

    Parameters
    ----------
    runs
        Runs of this kind with their results, the newest first.
    """
    found: dict[str, float] = {}
    for run in reversed(runs):
        hours: Counter[str] = Counter()
        for year in (run.result or {}).get("feeders", []):
            hours[year["case"]] += year["outside_a_h"] + year["overload_h"]
        found |= hours
    return found
