"""The balanced bus-branch network: tables, topology, admittance and structural checks."""

from core.network.admittance import admittance_matrix
from core.network.checks import check
from core.network.network import CATALOGUE, KEYS, TERMINALS, Network, element_names
from core.network.topology import edges, islands

__all__ = [
    "CATALOGUE",
    "KEYS",
    "TERMINALS",
    "Network",
    "admittance_matrix",
    "check",
    "edges",
    "element_names",
    "islands",
]
