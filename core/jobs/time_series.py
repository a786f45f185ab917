"""The kind of run that takes feeders through a year."""

from __future__ import annotations

from core.jobs.kinds import RunKind
from core.studies.time_series import finish, plan, unit

RUN = RunKind("time_series", plan, unit, finish)
