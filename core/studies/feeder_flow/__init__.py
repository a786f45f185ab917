"""The power flow of a feeder: once, and compared with what somebody else's program says."""

from core.studies.feeder_flow.solve import solve_feeder
from core.studies.feeder_flow.validate import Comparison, compare

__all__ = ["Comparison", "compare", "solve_feeder"]
