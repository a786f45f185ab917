"""The PowerModels network data dictionary: reading, correcting, changing and writing it as PowerModels.jl does."""

from core.formats.powermodels.basic import make_basic_network
from core.formats.powermodels.correct import calc_thermal_limits, correct_network_data
from core.formats.powermodels.document import parse_file, printable, write_json
from core.formats.powermodels.multinetwork import load_timepoint, make_multinetwork, replicate, update_data
from core.formats.powermodels.operations import OPERATIONS, apply
from core.formats.powermodels.pti import parse_pti
from core.formats.powermodels.summary import component_table, print_summary, summary
from core.formats.powermodels.topology import (
    connected_components,
    correct_reference_buses,
    deactivate_isolated_components,
    propagate_topology_status,
    resolve_switches,
    select_largest_component,
    simplify_network,
)
from core.formats.powermodels.units import make_mixed_units, make_per_unit

__all__ = [
    "OPERATIONS",
    "apply",
    "calc_thermal_limits",
    "component_table",
    "connected_components",
    "correct_network_data",
    "correct_reference_buses",
    "deactivate_isolated_components",
    "load_timepoint",
    "make_basic_network",
    "make_mixed_units",
    "make_multinetwork",
    "make_per_unit",
    "parse_file",
    "parse_pti",
    "print_summary",
    "printable",
    "propagate_topology_status",
    "replicate",
    "resolve_switches",
    "select_largest_component",
    "simplify_network",
    "summary",
    "update_data",
    "write_json",
]
