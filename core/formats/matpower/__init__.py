"""MATPOWER case files (``.m``): reading with their unit-conversion code, writing, and to and from a network."""

from core.formats.matpower.case import MatpowerCase, read_case
from core.formats.matpower.network import network_from_case, read_matpower, write_matpower
from core.formats.matpower.write import write_case

__all__ = ["MatpowerCase", "network_from_case", "read_case", "read_matpower", "write_case", "write_matpower"]
