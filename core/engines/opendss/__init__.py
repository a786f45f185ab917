"""OpenDSS: unbalanced power flow of a feeder, once and over a year."""

from core.engines.opendss.circuit import Circuit, Snapshot, SolveOptions, version
from core.engines.opendss.year import Block, run_steps

__all__ = ["Block", "Circuit", "Snapshot", "SolveOptions", "run_steps", "version"]
