"""The standard tables of a MATPOWER case for a network, and a ledger of what they can't hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.formats.matpower.case import CATALOGUE, MatpowerCase
from core.formats.single_tap import (
    STORAGE,
    TYPES,
    Columns,
    edges,
    floats,
    machines,
    picked,
    referred_transformers,
    star_buses,
    star_is_live,
    statcons,
    windings,
)
from core.network import Network
from core.network.admittance import winding_status
from core.network.demand import stored_demand
from core.network.injections import series_power

DCLINE = {
    "f_bus": "from_bus", "t_bus": "to_bus", "br_status": "in_service", "pf": "p_from_mw", "pt": "p_to_mw",
    "qf": "q_from_mvar", "qt": "q_to_mvar", "vf": "v_from_pu", "vt": "v_to_pu", "pmin": "p_min_mw", "pmax": "p_max_mw",
    "qminf": "q_min_from_mvar", "qmaxf": "q_max_from_mvar", "qmint": "q_min_to_mvar", "qmaxt": "q_max_to_mvar",
    "loss0": "loss0_mw", "loss1": "loss1",
}  # fmt: skip


@dataclass(slots=True)
class _Edges:
    """Rows of the branch table and the admittance [pu] that they leave over at both of their buses."""

    rows: pd.DataFrame
    from_: np.ndarray
    to: np.ndarray
    left_from: np.ndarray
    left_to: np.ndarray


@np.errstate(all="ignore")  # an infinite value in the file is the checks' business
def case_from_network(network: Network) -> tuple[MatpowerCase, list[Finding]]:
    """Return the network's standard tables as a case, and what they can't hold."""
    case = MatpowerCase(network.name or "case", "2", network.base_mva)
    star_rows, stars = _stars(network)
    parts = [_lines(network), _transformers(network), stars]
    shunt = _shunts(network, parts)
    bus = _buses(network, shunt)
    case.tables["bus"] = pd.concat([bus, star_rows], ignore_index=True) if len(star_rows) else bus
    sources = [pd.DataFrame(machines(network)), pd.DataFrame(statcons(network))]
    case.tables["gen"] = pd.concat([part for part in sources if len(part)] or sources[:1], ignore_index=True).astype(
        float
    )
    case.tables["branch"] = pd.concat([part.rows for part in parts], ignore_index=True).astype(float)
    for table, source, columns in (("dcline", "dcline", DCLINE), ("storage", "storage", STORAGE)):
        if len(network[source]):
            case.tables[table] = pd.DataFrame(picked(network, source, columns)).astype(float)
    if len(network["switch"]):
        case.tables["switch"] = _switches(network)
    if (network["bus"]["name"] != "").any():
        case.bus_name = [*network["bus"]["name"], *(f"star {number + 1}" for number in range(len(star_rows)))]
    original = network.extras.get("matpower")
    if isinstance(original, MatpowerCase):
        _take_over(case, original)
    return case, _ledger(network)


def _buses(network: Network, shunt: np.ndarray) -> pd.DataFrame:
    count = len(network["bus"])
    demand = np.zeros(count, dtype=complex)
    at = network.positions(network.values("load", "bus"))
    counts = network.values("load", "in_service") & (at >= 0)
    p, q = stored_demand(network)
    np.add.at(demand, at[counts], (p + 1j * q)[counts])
    demand -= series_power(network)
    frame = {
        "bus_i": network.values("bus", "bus"),
        "bus_type": network["bus"]["kind"].map(TYPES).to_numpy(),
        "pd": demand.real,
        "qd": demand.imag,
        "gs": shunt.real,
        "bs": shunt.imag,
        "area": network.values("bus", "area"),
        "vm": network.values("bus", "v_pu"),
        "va": network.values("bus", "angle_deg"),
        "base_kv": network.values("bus", "base_kv"),
        "zone": network.values("bus", "zone"),
        "vmax": network.values("bus", "v_max_pu"),
        "vmin": network.values("bus", "v_min_pu"),
    }
    return pd.DataFrame(frame).astype(float)


def _shunts(network: Network, parts: list[_Edges]) -> np.ndarray:
    """Return the power [MW, Mvar] of each bus's shunts at 1 pu, with what the branch table leaves over."""
    total = np.zeros(len(network["bus"]) + 1, dtype=complex)  # the last entry takes what hangs at no bus
    at = network.positions(network.values("shunt", "bus"))
    on = network.values("shunt", "in_service")
    np.add.at(total, at[on], (network.values("shunt", "g_mw") + 1j * network.values("shunt", "b_mvar"))[on])
    at = network.positions(network.values("switched_shunt", "bus"))
    on = network.values("switched_shunt", "in_service")
    np.add.at(total, at[on], 1j * network.values("switched_shunt", "b_mvar")[on])
    for part in parts:
        np.add.at(total, part.from_, part.left_from * network.base_mva)
        np.add.at(total, part.to, part.left_to * network.base_mva)
    return total[:-1]


def _lines(network: Network) -> _Edges:
    rows = _branch_rows(edges(network, "branch"))
    y_from = network.values("branch", "g_from_pu") + 1j * network.values("branch", "b_from_pu")
    y_to = network.values("branch", "g_to_pu") + 1j * network.values("branch", "b_to_pu")
    return _edges(network, "branch", rows, y_from, y_to)


def _transformers(network: Network) -> _Edges:
    columns, inside, at_to = referred_transformers(network)
    rows = _edges(network, "transformer", _branch_rows(columns), inside, at_to, columns["tap"])
    magnetising = network.values("transformer", "g_mag_pu") + 1j * network.values("transformer", "b_mag_pu")
    rows.left_from += np.where(network.live("transformer"), magnetising, 0)
    return rows


def _edges(
    network: Network,
    table: str,
    rows: pd.DataFrame,
    y_from: np.ndarray,
    y_to: np.ndarray,
    tap: np.ndarray | None = None,
) -> _Edges:
    """Give the branch table the symmetric part of the charging; the rest goes to the buses."""
    rows["br_b"] = y_from.imag + y_to.imag
    half = 0.5j * rows["br_b"].to_numpy()
    live = network.live(table)
    left_from = np.where(live, (y_from - half) / (1.0 if tap is None else tap**2), 0)
    ends = network.terminals(table)
    return _Edges(rows, ends[0], ends[1], left_from, np.where(live, y_to - half, 0))


def _stars(network: Network) -> tuple[pd.DataFrame, _Edges]:
    """Return a star bus for each three-winding transformer, and its three windings as branches."""
    count = len(network["transformer3w"])
    rows = pd.concat([_branch_rows(windings(network, w)) for w in (1, 2, 3)], ignore_index=True)
    order = np.arange(3 * count).reshape(3, -1).T.ravel()  # the three windings of one transformer together
    on = star_is_live(network) & winding_status(network)[:, 0]
    value = floats(network, "transformer3w")
    magnetising = np.where(on, value["g_mag_pu"] + 1j * value["b_mag_pu"], 0)
    at = network.terminals("transformer3w")[0]
    buses = pd.DataFrame(star_buses(network)).reindex(columns=_standard("bus"), fill_value=0.0).astype(float)
    return buses, _Edges(rows.iloc[order], at, at, magnetising, np.zeros(count, dtype=complex))


def _switches(network: Network) -> pd.DataFrame:
    frame = {
        "f_bus": network.values("switch", "from_bus"),
        "t_bus": network.values("switch", "to_bus"),
        "psw": 0.0,
        "qsw": 0.0,
        "state": network.values("switch", "in_service"),
        "thermal_rating": network.values("switch", "rate_a_mva"),
        "status": 1.0,
    }
    return pd.DataFrame(frame).astype(float)


def _branch_rows(columns: Columns) -> pd.DataFrame:
    return pd.DataFrame(columns).reindex(columns=_standard("branch"), fill_value=0.0).astype(float)


def _standard(table: str) -> list[str]:
    """Return the columns that every file has."""
    columns = CATALOGUE[table]
    return [name for name, column in columns.items() if column.required or name in ("angmin", "angmax")]


def _take_over(case: MatpowerCase, original: MatpowerCase) -> None:
    """Add what only the original ``.m`` file said: further columns, costs, other tables and values."""
    keys = {"bus": ["bus_i"], "gen": ["gen_bus"], "branch": ["f_bus", "t_bus"], "dcline": ["f_bus", "t_bus"]}
    same = {table: _same_rows(case, original, table, names) for table, names in keys.items()}
    for table, order in same.items():
        if order is not None:
            case.tables[table] = _with_further_columns(case.tables[table], original.tables[table], order)
    depends = {"gencost": "gen", "dclinecost": "dcline", "gentype": "gen", "genfuel": "gen"}
    for table, frame in original.tables.items():
        of = depends.get(table, next((name for name in same if table.startswith(f"{name}_")), None))
        if table not in case.tables and table != "gridproof" and (of is None or same[of] is not None):
            case.tables[table] = frame
    case.values = {**original.values, **case.values}


def _same_rows(case: MatpowerCase, original: MatpowerCase, table: str, keys: list[str]) -> np.ndarray | None:
    """Return where each of the original's rows is now; ``None`` when rows came or went."""
    if case.empty(table) or original.empty(table):
        return None
    now, then = (_keyed(tables[table], keys) for tables in (case.tables, original.tables))
    joined = then.merge(now.assign(place=np.arange(len(now))), how="left")
    if len(joined) != len(now) or joined["place"].isna().any():
        return None
    return joined["place"].to_numpy(dtype=np.int64)


def _keyed(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the rows' keys, with a count of equal ones; a line and a transformer are never equal."""
    keyed = frame[keys]
    if "tap" in frame:
        keyed = keyed.assign(transformer=(frame["tap"] != 0) | (frame["shift"] != 0))
    return keyed.assign(turn=keyed.groupby(list(keyed.columns)).cumcount())


def _with_further_columns(now: pd.DataFrame, then: pd.DataFrame, order: np.ndarray) -> pd.DataFrame:
    frame = now.iloc[order].reset_index(drop=True)
    further = {name: then[name].to_numpy() for name in then.columns if name not in frame}
    frame = frame.assign(**further)
    if "tap" in frame:  # a phase shifter may say 0 for a ratio of 1
        frame["tap"] = np.where((then["tap"] == 0) & (frame["tap"] == 1), 0.0, frame["tap"])
    return frame[[*then.columns, *(name for name in frame if name not in then)]]


def _ledger(network: Network) -> list[Finding]:
    """Say what the standard tables hold differently or not at all; all of it rides along."""
    load, switch = network["load"], network["switch"]
    dependent = (load[["ip_mw", "iq_mvar", "yp_mw", "yq_mvar"]] != 0).any(axis=1)
    off = ~load["in_service"]
    notes = [
        ("transformer3w", len(network["transformer3w"]), "approximated", "a star bus and three branches"),
        ("load", int((dependent & ~off).sum()), "approximated", "constant power at the stored voltage"),
        ("load", int(off.sum()), "dropped", "loads out of service have no row in mpc.bus"),
        ("switched_shunt", len(network["switched_shunt"]), "approximated", "a fixed susceptance at the bus"),
        *facts_notes(network),
        ("switch", len(switch), "approximated", "mpc.switch, which PowerModels reads and MATPOWER itself ignores"),
        ("dcline", int((network["dcline"]["kind"] != "POINT").sum()), "approximated", "a pair of injections"),
    ]
    return ledger("matpower", notes)


def facts_notes(network: Network) -> list[tuple[str, int, str, str]]:
    """Say as what programs without FACTS devices and regulated buses get them."""
    remote = network.values("generator", "regulated_bus")
    remote = (remote != 0) & (remote != network.values("generator", "bus"))
    on = int(network.live("facts").sum())
    return [
        ("generator", int(remote.sum()), "approximated", "each holds the stored voltage of its own bus"),
        ("facts", on, "approximated", "a machine that holds the voltage, and the series element's power at both ends"),
        ("facts", len(network["facts"]) - on, "dropped", "out of service"),
    ]


def ledger(form: str, notes: Sequence[tuple[str, int, str, str]]) -> list[Finding]:
    """Return what a format holds differently or not at all: table, number of elements, how and as what."""
    return [
        Finding(f"ledger.{form}.{table}", Severity.INFO, f"{count} of table {table} {how}: {what}")
        for table, count, how, what in notes
        if count
    ]
