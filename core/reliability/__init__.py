"""The reliability block diagram: components with their up and repair times, blocks that combine them, and checks."""

from core.reliability.checks import check, place
from core.reliability.model import CATALOGUE, BlockType, ReliabilityModel, split_members
from core.reliability.rates import MtbfMeaning, rates, weibull_mean_h

__all__ = [
    "CATALOGUE",
    "BlockType",
    "MtbfMeaning",
    "ReliabilityModel",
    "check",
    "place",
    "rates",
    "split_members",
    "weibull_mean_h",
]
