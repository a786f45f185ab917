"""Contingencies: every outage of one or two elements, each with what became of the network."""

from core.studies.contingency.outages import BASE, Outage, outage_count
from core.studies.contingency.statements import Statements, read_statements, stated_count
from core.studies.contingency.study import network_contingencies, plant_contingencies
from core.studies.contingency.tables import worst_cases

__all__ = [
    "BASE",
    "Outage",
    "Statements",
    "network_contingencies",
    "outage_count",
    "plant_contingencies",
    "read_statements",
    "stated_count",
    "worst_cases",
]
