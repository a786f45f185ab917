"""A MATPOWER case as a network, and a network as a MATPOWER case.

Both ways keep the admittance matrix. What the standard tables can't hold is approximated so that the matrix and the
stored power flow stay the same: asymmetric charging and magnetising branches become bus shunts, voltage-dependent loads
become constant at the stored voltage, three-winding transformers become a star. The exact tables ride along under
``gridproof_`` names and come back as long as the standard tables are not edited in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from core.findings import Finding, Reading, Severity, Where
from core.formats.matpower.case import MatpowerCase, read_case
from core.formats.matpower.export import case_from_network
from core.formats.matpower.write import write_case
from core.formats.riders import RIDER, original_of, rider, rode_along, stale
from core.network import Network, check

KINDS = {1: "PQ", 2: "PV", 3: "SLACK", 4: "ISOLATED"}

#: The columns of the network's tables that are a column of the case's table: network column → case column.
BUS = {
    "base_kv": "base_kv", "v_pu": "vm", "angle_deg": "va", "v_max_pu": "vmax", "v_min_pu": "vmin",
    "v_max_emergency_pu": "vmax", "v_min_emergency_pu": "vmin", "area": "area", "zone": "zone",
}  # fmt: skip
GENERATOR = {
    "bus": "gen_bus", "p_mw": "pg", "q_mvar": "qg", "q_max_mvar": "qmax", "q_min_mvar": "qmin", "p_max_mw": "pmax",
    "p_min_mw": "pmin", "v_set_pu": "vg", "mva_base": "mbase",
}  # fmt: skip
BRANCH = {
    "from_bus": "f_bus", "to_bus": "t_bus", "r_pu": "br_r", "x_pu": "br_x", "rate_a_mva": "rate_a",
    "rate_b_mva": "rate_b", "rate_c_mva": "rate_c", "angle_min_deg": "angmin", "angle_max_deg": "angmax",
}  # fmt: skip
DCLINE = {
    "from_bus": "f_bus", "to_bus": "t_bus", "p_from_mw": "pf", "p_to_mw": "pt", "q_from_mvar": "qf", "q_to_mvar": "qt",
    "q_max_from_mvar": "qmaxf", "q_min_from_mvar": "qminf", "q_max_to_mvar": "qmaxt", "q_min_to_mvar": "qmint",
    "p_max_mw": "pmax", "p_min_mw": "pmin", "loss0_mw": "loss0", "loss1": "loss1", "v_from_pu": "vf", "v_to_pu": "vt",
}  # fmt: skip
STORAGE = {
    "bus": "storage_bus", "p_mw": "ps", "q_mvar": "qs", "energy_mwh": "energy", "energy_rating_mwh": "energy_rating",
    "charge_rating_mw": "charge_rating", "discharge_rating_mw": "discharge_rating", "q_max_mvar": "qmax",
    "charge_efficiency": "charge_efficiency", "discharge_efficiency": "discharge_efficiency", "q_min_mvar": "qmin",
    "rating_mva": "thermal_rating", "r_pu": "r", "x_pu": "x", "p_loss_mw": "p_loss", "q_loss_mvar": "q_loss",
}  # fmt: skip

#: The letters of what rides along that stand on one line of a ``.m`` file.
RIDER_WIDTH = 1000


def read_matpower(data: bytes, name: str = "") -> Reading[Network]:
    """Read a ``.m`` case file as a network, with the findings of the network's checks.

    See :func:`core.formats.matpower.case.read_case`.
    """
    reading = read_case(data, name)
    network, findings = network_from_case(reading.value)
    return Reading(network, [*reading.findings, *findings, *check(network)], reading.source)


def read_matpower_bare(data: bytes) -> Network:
    """Return the network that others read from a file of ours: without what rides along."""
    case = read_case(data).value
    case.tables.pop(RIDER, None)
    return network_from_case(case)[0]


def write_matpower(network: Network) -> tuple[bytes, list[Finding]]:
    """Return a network as a ``.m`` file, and what the format can't hold: those values ride along."""
    case, ledger = case_from_network(network)
    plain, _ = network_from_case(case)
    is_whole = network.equals(plain) and network.name == plain.name
    if not is_whole or "psse" in network.extras or original_of(network):
        text = rider(network, _said(case))
        lines = [text[start : start + RIDER_WIDTH] for start in range(0, len(text), RIDER_WIDTH)]
        case.tables[RIDER] = pd.DataFrame({"text": lines})
    return write_case(case), ledger


def network_from_case(case: MatpowerCase) -> tuple[Network, list[Finding]]:
    """Return the case as a network."""
    findings = [*_not_numbers(case), *_bus_types(case), *_machine_bases(case)]
    tables = {
        "bus": _buses(case),
        "load": _at_buses(case, {"p_mw": "pd", "q_mvar": "qd"}),
        "shunt": _at_buses(case, {"g_mw": "gs", "b_mvar": "bs"}),
        "generator": _generators(case),
        **_branches(case),
        "dcline": _dclines(case),
        "storage": _storage(case),
        "switch": _switches(case),
    }
    network = Network(case.name, case.base_mva, tables={name: pd.DataFrame(rows) for name, rows in tables.items()})
    if RIDER in case.tables:
        riding = rode_along("".join(map(str, case.tables[RIDER].iloc[:, 0])), _said(case))
        network, findings = (riding, []) if riding else (network, [*findings, stale("matpower.rider.stale")])
    network.extras["matpower"] = case
    return network, findings


def _not_numbers(case: MatpowerCase) -> Iterator[Finding]:
    """Return the values that are NaN: the column's default stands for them."""
    for table in ("bus", "gen", "branch", "dcline"):
        frame = case.tables.get(table, pd.DataFrame()).select_dtypes("number")
        for row, column in zip(*np.nonzero(frame.isna().to_numpy()), strict=True):
            text = f"mpc.{table}, row {row + 1}: {frame.columns[column]} isn't a number; its default stands for it."
            where = Where(section=table, row=int(row) + 1, column=str(frame.columns[column]))
            yield Finding("matpower.not_a_number", Severity.ERROR, text, "Enter a number.", where)


def _buses(case: MatpowerCase) -> dict[str, Any]:
    count = len(case.tables["bus"])
    types = pd.Series(case.column("bus", "bus_type"))
    return {
        "bus": case.column("bus", "bus_i"),
        "name": case.bus_name if len(case.bus_name) == count else [""] * count,
        "kind": types.map(KINDS).fillna("PQ"),
        **_columns(case, "bus", BUS),
    }


def _bus_types(case: MatpowerCase) -> list[Finding]:
    types = case.column("bus", "bus_type")
    odd = ~np.isin(types, list(KINDS))
    if not odd.any():
        return []
    bus = int(case.column("bus", "bus_i")[odd][0])
    text = f"{int(odd.sum())} buses have a type that is not 1 to 4 (the first is bus {bus}); PQ is assumed"
    return [Finding("matpower.bus_type", Severity.WARNING, text, "correct the second column of mpc.bus")]


def _machine_bases(case: MatpowerCase) -> list[Finding]:
    none = int((case.column("gen", "mbase") == 0).sum())
    if not none:
        return []
    text = f"{none} generators have no mBase; the system base of {case.base_mva:g} MVA is assumed, as MATPOWER does"
    return [Finding("matpower.machine_base", Severity.INFO, text)]


def _at_buses(case: MatpowerCase, columns: dict[str, str]) -> dict[str, Any]:
    """Return the loads or shunts: one at each bus where a value differs from zero."""
    values = {name: case.column("bus", source) for name, source in columns.items()}
    some = np.any([value != 0 for value in values.values()], axis=0)
    buses = case.column("bus", "bus_i")[some]
    return {"bus": buses, "ckt": ["1"] * len(buses), **{name: value[some] for name, value in values.items()}}


def _generators(case: MatpowerCase) -> dict[str, Any]:
    columns = _columns(case, "gen", GENERATOR)
    base = columns["mva_base"]
    columns["mva_base"] = np.where(base == 0, case.base_mva, base)
    return {**columns, "ckt": circuits(columns["bus"]), "in_service": case.column("gen", "gen_status") > 0}


def _branches(case: MatpowerCase) -> dict[str, dict[str, Any]]:
    columns = _columns(case, "branch", BRANCH)
    ends = np.sort(np.column_stack([columns["from_bus"], columns["to_bus"]]), axis=1)
    columns["ckt"] = circuits(ends)
    columns["in_service"] = case.column("branch", "br_status") == 1
    columns["b_from_pu"] = columns["b_to_pu"] = case.column("branch", "br_b") / 2
    tap, shift = case.column("branch", "tap"), case.column("branch", "shift")
    is_transformer = (tap != 0) | (shift != 0)
    lines = {name: values[~is_transformer] for name, values in columns.items()}
    columns["tap_from_pu"] = np.where(tap == 0, 1.0, tap)
    columns["shift_deg"] = shift
    return {"branch": lines, "transformer": {name: values[is_transformer] for name, values in columns.items()}}


def _dclines(case: MatpowerCase) -> dict[str, Any]:
    columns = _columns(case, "dcline", DCLINE)
    count = len(columns["from_bus"])
    holds = np.full(count, True)
    return {
        "name": [f"DC {row + 1}" for row in range(count)],
        **columns,
        "in_service": case.column("dcline", "br_status") == 1,
        "controls_v_from": holds,
        "controls_v_to": holds,
    }


def _storage(case: MatpowerCase) -> dict[str, Any]:
    columns = _columns(case, "storage", STORAGE)
    return {**columns, "ckt": circuits(columns["bus"]), "in_service": case.column("storage", "status") == 1}


def _switches(case: MatpowerCase) -> dict[str, Any]:
    from_bus, to_bus = case.column("switch", "f_bus"), case.column("switch", "t_bus")
    return {
        "from_bus": from_bus,
        "to_bus": to_bus,
        "ckt": circuits(np.sort(np.column_stack([from_bus, to_bus]), axis=1)),
        "in_service": (case.column("switch", "status") == 1) & (case.column("switch", "state") == 1),
        "rate_a_mva": case.column("switch", "thermal_rating"),
    }


def circuits(keys: np.ndarray) -> np.ndarray:
    """Return "1", "2", … for the rows that share a key, in their order."""
    frame = pd.DataFrame(keys)
    numbers = frame.groupby(list(frame.columns)).cumcount() + 1 if len(frame) else pd.Series(dtype=int)
    return np.asarray(numbers.astype(str), dtype=object)


def _columns(case: MatpowerCase, table: str, names: dict[str, str]) -> dict[str, np.ndarray]:
    return {name: case.column(table, source) for name, source in names.items()}


def _said(case: MatpowerCase) -> bytes:
    """Return what the standard tables say."""
    tables = [name for name in ("bus", "gen", "branch", "dcline", "storage", "switch") if not case.empty(name)]
    parts = [name.encode() + case.tables[name].to_numpy(dtype=np.float64).tobytes() for name in tables]
    return b"".join([np.float64(case.base_mva).tobytes(), *parts])
