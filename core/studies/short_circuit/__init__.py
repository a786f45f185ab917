"""Short circuits to IEC 60909: currents, partial currents, breaker duties."""

from core.studies.short_circuit.currents import Conditions, ShortCircuits, short_circuits
from core.studies.short_circuit.duty import next_standard_rating
from core.studies.short_circuit.fault_network import FaultNetwork, check
from core.studies.short_circuit.study import network_short_circuit, plant_short_circuit

__all__ = [
    "Conditions",
    "FaultNetwork",
    "ShortCircuits",
    "check",
    "network_short_circuit",
    "next_standard_rating",
    "plant_short_circuit",
    "short_circuits",
]
