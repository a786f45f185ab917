"""Basic networks, in which everything is active and numbered from 1, and the matrices of their power flow."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import numpy as np

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.powermodels.components import COMPONENTS, Data, active, deactivate, items, note, single, warn
from core.formats.powermodels.correct import (
    calc_thermal_limits,
    check_reference_bus,
    correct_branch_directions,
    series_admittance,
)
from core.formats.powermodels.costs import standardize_cost_terms
from core.formats.powermodels.topology import (
    propagate_topology_status,
    resolve_switches,
    select_largest_component,
    update_bus_ids,
)

if TYPE_CHECKING:  # a page must not wait for it
    from scipy import sparse


def make_basic_network(data: Data) -> tuple[Data, list[Finding]]:
    """Return a copy without DC lines, switches and inactive components, in one island, numbered from 1.

    Shunts lose their conductance and branches their phase shift; costs are quadratic; every branch has ``rate_a``.
    """
    single(data, "make_basic_network")
    for key, item in items(data, "gen"):
        if item.get("model", 2) != 2:
            where = Where(section="gen", row=item.get("index"))
            raise BadInput(f"a basic network has polynomial costs; generator {key} has a piecewise one", where=where)
    basic = copy.deepcopy(data)
    findings = [*standardize_cost_terms(basic, order=2), *_without(basic, "shunt", "gs"), *calc_thermal_limits(basic)]
    findings += [*_without(basic, "branch", "shift"), *select_largest_component(basic)]
    findings += propagate_topology_status(basic)[1]
    findings += _one_reference(basic)
    findings += resolve_switches(basic)
    findings += correct_branch_directions(basic)
    for item in [*active(basic, "dcline")]:
        deactivate("dcline", item)
        findings.append(note("basic.dcline", Severity.INFO, "left out of the basic network", "dcline", item["index"]))
    for component in COMPONENTS:
        kept = {str(item["index"]): item for item in active(basic, component)}
        basic[component] = kept if component == "bus" else _renumbered(kept)
    update_bus_ids(basic, {bus["index"]: place for place, (_, bus) in enumerate(items(basic, "bus"), start=1)})
    basic["basic_network"] = True
    return basic, findings


def _without(data: Data, component: str, field: str) -> list[Finding]:
    findings = []
    for key, item in items(data, component):
        if not math.isclose(item[field], 0.0, abs_tol=1e-12):
            text = f"{field} of {item[field]} is set to 0 in the basic network"
            findings.append(warn(f"basic.{field}", text, component, key))
            item[field] = 0.0
    return findings


def _one_reference(data: Data) -> list[Finding]:
    references = [bus for bus in active(data, "bus") if bus["bus_type"] == 3]
    findings = []
    if len(references) > 1:
        findings.append(warn("basic.reference", f"there are {len(references)} reference buses", "bus", "3"))
        for bus in references:
            bus["bus_type"] = 2
    return [*findings, *check_reference_bus(data)]


def _renumbered(found: Data) -> Data:
    return {str(place): {**item, "index": place} for place, item in enumerate(found.values(), start=1)}


# matrices


def _places(data: Data) -> dict[int, int]:
    """Return the row of each active bus, by rising number."""
    return {bus["index"]: row for row, bus in enumerate(active(data, "bus"))}


def _ends(data: Data) -> tuple[np.ndarray, np.ndarray, list[Data]]:
    """Return the rows of the buses of the active branches between active buses, and the branches."""
    place = _places(data)
    branches = [item for item in active(data, "branch") if item["f_bus"] in place and item["t_bus"] in place]
    from_ = np.array([place[item["f_bus"]] for item in branches], dtype=np.int64)
    return from_, np.array([place[item["t_bus"]] for item in branches], dtype=np.int64), branches


def calc_basic_bus_voltage(data: Data) -> np.ndarray:
    """Return the complex bus voltages [pu]."""
    return np.array([bus["vm"] * np.exp(1j * bus["va"]) for bus in active(data, "bus")])


def calc_basic_bus_injection(data: Data) -> np.ndarray:
    """Return the complex power [pu] that generators, storages and loads bring into each bus."""
    place = _places(data)
    injected = np.zeros(len(place), dtype=complex)
    signs = (("gen", "pg", "qg", 1.0), ("load", "pd", "qd", -1.0), ("storage", "ps", "qs", -1.0))
    for component, p, q, sign in signs:
        for item in active(data, component):
            at = place.get(item[COMPONENTS[component].buses[0]])
            if at is not None:
                injected[at] += sign * complex(item.get(p, 0.0), item.get(q, 0.0))
    return injected


def calc_basic_incidence_matrix(data: Data) -> sparse.csr_matrix:
    """Return a row for each branch with +1 at its from bus and -1 at its to bus."""
    from scipy import sparse

    from_, to, branches = _ends(data)
    rows = np.arange(len(branches))
    entries = np.concatenate([np.ones(len(rows), dtype=np.int64), -np.ones(len(rows), dtype=np.int64)])
    places = (np.concatenate([rows, rows]), np.concatenate([from_, to]))
    return sparse.csr_matrix((entries, places), shape=(len(rows), len(_places(data))))


def calc_basic_admittance_matrix(data: Data) -> sparse.csr_matrix:
    """Return the bus admittance matrix [pu] of the active branches and shunts."""
    from scipy import sparse

    from_, to, branches = _ends(data)
    y = np.array([series_admittance(item) for item in branches])
    tap = np.array([item["tap"] * np.exp(1j * item["shift"]) for item in branches])
    y_from = np.array([complex(item["g_fr"], item["b_fr"]) for item in branches])
    y_to = np.array([complex(item["g_to"], item["b_to"]) for item in branches])
    place = _places(data)
    at, shunt = [], []
    for item in active(data, "shunt"):
        if item["shunt_bus"] in place:
            at.append(place[item["shunt_bus"]])
            shunt.append(complex(item["gs"], item["bs"]))
    rows = np.concatenate([from_, from_, to, to, np.array(at, dtype=np.int64)])
    columns = np.concatenate([from_, to, from_, to, np.array(at, dtype=np.int64)])
    square = np.abs(tap) ** 2
    entries = np.concatenate(
        [(y + y_from) / square, -y / tap.conj(), -y / tap, y + y_to, np.array(shunt, dtype=complex)]
    )
    return sparse.csr_matrix((entries, (rows, columns)), shape=(len(place), len(place)))


def calc_basic_susceptance_matrix(data: Data) -> sparse.csr_matrix:
    """Return the matrix B of the linear power flow, P = B θ, with each branch's susceptance x / (r² + x²)."""
    from scipy import sparse

    incidence = calc_basic_incidence_matrix(data)
    return sparse.csr_matrix(incidence.T @ sparse.diags(_susceptances(data)) @ incidence)


def calc_basic_branch_power_matrix(data: Data) -> sparse.csr_matrix:
    """Return the matrix that turns bus angles into the branches' active power."""
    from scipy import sparse

    return sparse.csr_matrix(sparse.diags(_susceptances(data)) @ calc_basic_incidence_matrix(data))


def _susceptances(data: Data) -> np.ndarray:
    return np.array([-series_admittance(item).imag for item in _ends(data)[2]])


def compute_basic_dc_pf(data: Data) -> np.ndarray:
    """Return the bus angles [rad] of the linear power flow; the reference bus has 0."""
    return _solve(data, calc_basic_bus_injection(data).real)


def _solve(data: Data, injections: np.ndarray) -> np.ndarray:
    """Solve B θ = P without the reference bus's row and column."""
    from scipy import sparse
    from scipy.sparse import linalg

    matrix, others = calc_basic_susceptance_matrix(data), _not_reference(data)
    angles = np.zeros(injections.shape)
    if others.any():
        angles[others] = linalg.splu(sparse.csc_matrix(matrix[others][:, others])).solve(injections[others])
    return angles


def _not_reference(data: Data) -> np.ndarray:
    others = np.array([bus["bus_type"] != 3 for bus in active(data, "bus")])
    if others.sum() != len(others) - 1:
        raise BadInput("a linear power flow needs exactly one reference bus", hint="make_basic_network sets one")
    return others


def calc_basic_ptdf_matrix(data: Data) -> np.ndarray:
    """Return the power transfer distribution factors: a row for each branch, a column for each bus."""
    count = len(_places(data))
    return np.asarray(calc_basic_branch_power_matrix(data) @ _solve(data, np.eye(count)))


def calc_basic_ptdf_row(data: Data, branch: int) -> np.ndarray:
    """Return the factors of one branch, by its index."""
    from scipy import sparse
    from scipy.sparse import linalg

    order = [item["index"] for item in _ends(data)[2]]
    if branch not in order:
        raise BadInput(f"there is no active branch {branch}", hint=f"there are {len(order)}")
    row = np.asarray(calc_basic_branch_power_matrix(data)[order.index(branch)].todense()).ravel()
    others = _not_reference(data)
    factors = np.zeros(len(row))
    matrix = calc_basic_susceptance_matrix(data)[others][:, others]
    factors[others] = linalg.splu(sparse.csc_matrix(matrix.T)).solve(row[others])
    return factors


def calc_basic_jacobian_matrix(data: Data) -> np.ndarray:
    """Return the Jacobian of the bus powers, P above Q, by the unknowns of each bus, angles before magnitudes.

    The unknowns of a PV bus are its angle and reactive power, those of the reference bus both its powers: their columns
    hold the unit vector of that power.
    """
    v, y = calc_basic_bus_voltage(data), calc_basic_admittance_matrix(data)
    current = y @ v
    by_angle = 1j * (np.diag(v * current.conj()) - np.diag(v) @ (y.conj() @ np.diag(v.conj())))
    unit = v / np.abs(v)
    by_magnitude = np.diag(unit * current.conj()) + np.diag(v) @ (y.conj() @ np.diag(unit.conj()))
    n = len(v)
    jacobian = np.block([[by_angle.real, by_magnitude.real], [by_angle.imag, by_magnitude.imag]])
    for row, bus in enumerate(active(data, "bus")):
        if bus["bus_type"] in (2, 3):
            jacobian[:, n + row] = np.eye(2 * n)[:, n + row]
        if bus["bus_type"] == 3:
            jacobian[:, row] = np.eye(2 * n)[:, row]
    return jacobian
