"""Contingencies: every outage of one or two elements, each with what became of the network."""

from core.studies.contingency.outages import BASE, Outage, outage_count
from core.studies.contingency.study import network_contingencies, plant_contingencies, worst_cases

__all__ = ["BASE", "Outage", "network_contingencies", "outage_count", "plant_contingencies", "worst_cases"]
