"""Contingencies: every outage of one or two elements, each with what became of the network."""

from core.studies.contingency.outages import Outage, branch_outages, generator_outages, pairs
from core.studies.contingency.study import BASE, network_contingencies, plant_contingencies, worst_cases

__all__ = [
    "BASE",
    "Outage",
    "branch_outages",
    "generator_outages",
    "network_contingencies",
    "pairs",
    "plant_contingencies",
    "worst_cases",
]
