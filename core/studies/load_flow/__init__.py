"""Load flow: of a network, or of a plant in every scenario."""

from core.studies.load_flow.study import network_load_flow, plant_load_flow
from core.studies.load_flow.tables import case_tables

__all__ = ["case_tables", "network_load_flow", "plant_load_flow"]
