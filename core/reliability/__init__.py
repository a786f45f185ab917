"""The reliability block diagram: components with their up and repair times, blocks that combine them, and checks."""

from core.reliability.checks import check
from core.reliability.model import (
    CATALOGUE,
    SINK,
    SOURCE,
    BlockType,
    Link,
    ReliabilityModel,
    place,
    split_links,
    split_members,
)
from core.reliability.network_checks import from_source
from core.reliability.rates import MtbfMeaning, rates, weibull_mean_h

__all__ = [
    "CATALOGUE",
    "SINK",
    "SOURCE",
    "BlockType",
    "Link",
    "MtbfMeaning",
    "ReliabilityModel",
    "check",
    "from_source",
    "place",
    "rates",
    "split_links",
    "split_members",
    "weibull_mean_h",
]
