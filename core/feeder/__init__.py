"""The unbalanced distribution feeder: assets with phases, equipment catalogue, topology and checks."""

from core.feeder.impedance import Matrices, from_sequence, matrices_of, rows_of
from core.feeder.model import COLUMNS, EQUIPMENT, Feeder

__all__ = ["COLUMNS", "EQUIPMENT", "Feeder", "Matrices", "from_sequence", "matrices_of", "rows_of"]
