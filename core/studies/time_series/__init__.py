"""A year of a feeder, hour by hour or quarter by quarter: profiles, blocks of steps, metrics, Parquet files."""

from core.studies.time_series.look import series_of, state_at
from core.studies.time_series.profiles import Profiles, assign, read_profiles
from core.studies.time_series.run import finish, plan, unit, year_inputs

__all__ = ["Profiles", "assign", "finish", "plan", "read_profiles", "series_of", "state_at", "unit", "year_inputs"]
