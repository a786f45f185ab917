"""The standard tables of a MATPOWER case for a network, and a ledger of what they can't hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.formats.matpower.case import CATALOGUE, MatpowerCase
from core.network import CATALOGUE as NETWORK_CATALOGUE
from core.network import Network
from core.network.admittance import ZERO_IMPEDANCE_PU, star_impedances, winding_status
from core.network.demand import stored_demand

TYPES = {"PQ": 1, "PV": 2, "SLACK": 3, "ISOLATED": 4}

GENERATOR = {
    "gen_bus": "bus", "pg": "p_mw", "qg": "q_mvar", "qmax": "q_max_mvar", "qmin": "q_min_mvar", "vg": "v_set_pu",
    "mbase": "mva_base", "gen_status": "in_service", "pmax": "p_max_mw", "pmin": "p_min_mw",
}  # fmt: skip
DCLINE = {
    "f_bus": "from_bus", "t_bus": "to_bus", "br_status": "in_service", "pf": "p_from_mw", "pt": "p_to_mw",
    "qf": "q_from_mvar", "qt": "q_to_mvar", "vf": "v_from_pu", "vt": "v_to_pu", "pmin": "p_min_mw", "pmax": "p_max_mw",
    "qminf": "q_min_from_mvar", "qmaxf": "q_max_from_mvar", "qmint": "q_min_to_mvar", "qmaxt": "q_max_to_mvar",
    "loss0": "loss0_mw", "loss1": "loss1",
}  # fmt: skip
STORAGE = {
    "storage_bus": "bus", "ps": "p_mw", "qs": "q_mvar", "energy": "energy_mwh", "energy_rating": "energy_rating_mwh",
    "charge_rating": "charge_rating_mw", "discharge_rating": "discharge_rating_mw",
    "charge_efficiency": "charge_efficiency", "discharge_efficiency": "discharge_efficiency",
    "thermal_rating": "rating_mva", "qmin": "q_min_mvar", "qmax": "q_max_mvar", "r": "r_pu", "x": "x_pu",
    "p_loss": "p_loss_mw", "q_loss": "q_loss_mvar", "status": "in_service",
}  # fmt: skip
EDGE = {
    "f_bus": "from_bus", "t_bus": "to_bus", "br_r": "r_pu", "br_x": "x_pu", "rate_a": "rate_a_mva",
    "rate_b": "rate_b_mva", "rate_c": "rate_c_mva", "br_status": "in_service", "angmin": "angle_min_deg",
    "angmax": "angle_max_deg",
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
    edges = [_lines(network), _transformers(network)]
    shunt = _shunts(network, [*edges, stars])
    bus = _buses(network, shunt)
    case.tables["bus"] = pd.concat([bus, star_rows], ignore_index=True) if len(star_rows) else bus
    case.tables["gen"] = _picked(network, "generator", GENERATOR)
    case.tables["branch"] = pd.concat([part.rows for part in (*edges, stars)], ignore_index=True).astype(float)
    for table, source, columns in (("dcline", "dcline", DCLINE), ("storage", "storage", STORAGE)):
        if len(network[source]):
            case.tables[table] = _picked(network, source, columns)
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


def _shunts(network: Network, edges: list[_Edges]) -> np.ndarray:
    """Return the power [MW, Mvar] of each bus's shunts at 1 pu, with what the branch table leaves over."""
    total = np.zeros(len(network["bus"]) + 1, dtype=complex)  # the last entry takes what hangs at no bus
    at = network.positions(network.values("shunt", "bus"))
    on = network.values("shunt", "in_service")
    np.add.at(total, at[on], (network.values("shunt", "g_mw") + 1j * network.values("shunt", "b_mvar"))[on])
    at = network.positions(network.values("switched_shunt", "bus"))
    on = network.values("switched_shunt", "in_service")
    np.add.at(total, at[on], 1j * network.values("switched_shunt", "b_mvar")[on])
    for part in edges:
        np.add.at(total, part.from_, part.left_from * network.base_mva)
        np.add.at(total, part.to, part.left_to * network.base_mva)
    return total[:-1]


def _lines(network: Network) -> _Edges:
    rows = _edge_rows(network, "branch")
    y_from = network.values("branch", "g_from_pu") + 1j * network.values("branch", "b_from_pu")
    y_to = network.values("branch", "g_to_pu") + 1j * network.values("branch", "b_to_pu")
    return _edges(network, "branch", rows, y_from, y_to)


def _transformers(network: Network) -> _Edges:
    """Refer the impedance to winding 2's bus so that one tap, on the from side, is left."""
    rows = _edge_rows(network, "transformer")
    tap_to = _tap(network.values("transformer", "tap_to_pu"))
    tap = _tap(network.values("transformer", "tap_from_pu")) / tap_to
    rows["br_r"], rows["br_x"] = rows["br_r"] * tap_to**2, rows["br_x"] * tap_to**2
    rows["tap"], rows["shift"] = tap, network.values("transformer", "shift_deg")
    value = _floats(network, "transformer")
    y_from = (value["g_from_pu"] + 1j * value["b_from_pu"]) / tap_to**2
    y_to = (value["g_to_pu"] + 1j * value["b_to_pu"]) / tap_to**2
    edges = _edges(network, "transformer", rows, y_from, y_to, tap)
    edges.left_from += np.where(network.live("transformer"), value["g_mag_pu"] + 1j * value["b_mag_pu"], 0)
    return edges


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
    table = network["transformer3w"]
    on, z = winding_status(network), star_impedances(network)
    numbers = star_numbers(network)
    value = {name: network.values("transformer3w", name) for name in table.columns}
    alive = on.sum(axis=1) >= 2
    buses = {
        "bus_i": numbers,
        "bus_type": np.where(alive, 1, 4),
        "area": np.append(network.values("bus", "area"), 1)[network.terminals("transformer3w")[0]],
        "vm": value["v_star_pu"],
        "va": value["angle_star_deg"],
        "base_kv": np.ones(len(table)),
        "zone": np.append(network.values("bus", "zone"), 1)[network.terminals("transformer3w")[0]],
        "vmax": np.full(len(table), 1.1),
        "vmin": np.full(len(table), 0.9),
    }
    windings = [
        {
            "f_bus": value[f"bus_{w}"], "t_bus": numbers, "br_r": z[:, w - 1].real,
            "br_x": np.where(z[:, w - 1] == 0, ZERO_IMPEDANCE_PU, z[:, w - 1].imag),
            "rate_a": value[f"rate_a_{w}_mva"], "rate_b": value[f"rate_b_{w}_mva"], "rate_c": value[f"rate_c_{w}_mva"],
            "tap": _tap(value[f"tap_{w}_pu"]), "shift": value[f"shift_{w}_deg"], "br_status": value[f"in_service_{w}"],
            "angmin": -360.0, "angmax": 360.0,
        }
        for w in (1, 2, 3)
    ]  # fmt: skip
    rows = pd.concat([pd.DataFrame(winding) for winding in windings], ignore_index=True).sort_index(kind="stable")
    order = np.arange(3 * len(table)).reshape(3, -1).T.ravel()  # the three windings of one transformer together
    rows = rows.iloc[order].reindex(columns=_standard("branch"), fill_value=0.0)
    magnetising = np.where(alive & on[:, 0], value["g_mag_pu"] + 1j * value["b_mag_pu"], 0)
    at = network.terminals("transformer3w")[0]
    nothing = np.zeros(len(table), dtype=complex)
    star_buses = pd.DataFrame(buses).reindex(columns=_standard("bus"), fill_value=0.0).astype(float)
    return star_buses, _Edges(rows, at, at, magnetising, nothing)


def star_numbers(network: Network) -> np.ndarray:
    """Return a new bus number for each star point: the next power of ten above all buses, and on from there."""
    highest = int(max(network.values("bus", "bus").max(initial=1), 1))
    return np.asarray(10 ** len(str(highest)) + 1 + np.arange(len(network["transformer3w"])))


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


def _edge_rows(network: Network, table: str) -> pd.DataFrame:
    frame = _picked(network, table, EDGE).reindex(columns=_standard("branch"), fill_value=0.0)
    nothing = (frame["br_r"] == 0) & (frame["br_x"] == 0)
    frame.loc[nothing, "br_x"] = ZERO_IMPEDANCE_PU  # MATPOWER can't divide by zero
    return frame


def _picked(network: Network, source: str, columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: network.values(source, column) for name, column in columns.items()}).astype(float)


def _standard(table: str) -> list[str]:
    """Return the columns that every file has."""
    columns = CATALOGUE[table]
    return [name for name, column in columns.items() if column.required or name in ("angmin", "angmax")]


def _floats(network: Network, table: str) -> dict[str, np.ndarray]:
    columns = NETWORK_CATALOGUE[table].values()
    return {column.name: network.values(table, column.name) for column in columns if column.type == "float"}


def _tap(values: np.ndarray) -> np.ndarray:
    return np.where(values == 0, 1.0, values)


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
        if table not in case.tables and not table.startswith("gridproof_") and (of is None or same[of] is not None):
            case.tables[table] = frame
    kept = {key: value for key, value in original.values.items() if not key.startswith("gridproof_")}
    case.values = {**kept, **case.values}


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
        ("facts", len(network["facts"]), "dropped", "MATPOWER has no FACTS devices"),
        ("switch", len(switch), "approximated", "mpc.switch, which PowerModels reads and MATPOWER itself ignores"),
        ("dcline", int((network["dcline"]["kind"] != "POINT").sum()), "approximated", "a pair of injections"),
    ]
    return [
        Finding(f"ledger.matpower.{table}", Severity.INFO, f"{count} of table {table} {how}: {what}")
        for table, count, how, what in notes
        if count
    ]
