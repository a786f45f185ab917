"""From a failure to the bound that the optimiser must obey, computed from the case."""

from core.constraints.ratings import next_standard
from core.constraints.rules import advise
from core.constraints.update import Alternative, ConstraintUpdate

__all__ = ["Alternative", "ConstraintUpdate", "advise", "next_standard"]
