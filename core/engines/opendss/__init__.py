"""OpenDSS: unbalanced power flow of a feeder, once and over a year."""

from core.engines.opendss.circuit import Circuit, Snapshot, SolveOptions, version

__all__ = ["Circuit", "Snapshot", "SolveOptions", "version"]
