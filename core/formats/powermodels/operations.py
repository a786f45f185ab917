"""The functions that change a dictionary as a whole, by the names that PowerModels gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.findings import Finding
from core.formats.powermodels.basic import make_basic_network
from core.formats.powermodels.components import Data
from core.formats.powermodels.correct import calc_thermal_limits, correct_network_data
from core.formats.powermodels.multinetwork import make_multinetwork
from core.formats.powermodels.topology import (
    correct_reference_buses,
    deactivate_isolated_components,
    propagate_topology_status,
    resolve_switches,
    select_largest_component,
    simplify_network,
)

Operation = Callable[[Data], tuple[Data, list[Finding]]]


def _in_place(change: Callable[[Data], list[Finding]]) -> Operation:
    return lambda data: (data, change(data))


def _telling_whether(change: Callable[[Data], tuple[bool, list[Finding]]]) -> Operation:
    return lambda data: (data, change(data)[1])


OPERATIONS: dict[str, Operation] = {
    "correct_network_data": _in_place(correct_network_data),
    "correct_reference_buses": _in_place(correct_reference_buses),
    "calc_thermal_limits": _in_place(calc_thermal_limits),
    "propagate_topology_status": _telling_whether(propagate_topology_status),
    "deactivate_isolated_components": _telling_whether(deactivate_isolated_components),
    "simplify_network": _in_place(simplify_network),
    "select_largest_component": _in_place(select_largest_component),
    "resolve_switches": _in_place(resolve_switches),
    "make_basic_network": make_basic_network,
    "make_multinetwork": make_multinetwork,
}


def apply(data: Data, names: Iterable[str]) -> tuple[Data, list[Finding]]:
    """Return the dictionary after the named operations, one after the other, and what they noticed."""
    findings: list[Finding] = []
    for name in names:
        data, found = OPERATIONS[name](data)
        findings += found
    return data, findings
