"""What machines cost to run: polynomials up to the square, out of the network's file or out of a table."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Where, counted
from core.formats.matpower.export import case_from_network
from core.formats.ragged import refuse_ragged
from core.network import Network

BUS, CIRCUIT, LINEAR, SQUARE = "bus", "id", "marginal_cost", "marginal_cost_quadratic"


def stored_costs(network: Network) -> np.ndarray:
    """Return the linear and quadratic cost of each machine [$/MWh, $/MW²h], machines × 2, by ``mpc.gencost``.

    Raises
    ------
    BadInput
        When the network has no costs, or other ones than polynomials up to the square.
    """
    case, _ = case_from_network(network)
    frame = case.tables.get("gencost")
    count = len(network["generator"])
    if frame is None or len(frame) < count:
        hint = "give --costs FILE or a MATPOWER file with mpc.gencost, or use --software pypsa for a power flow"
        raise BadInput("the network has no costs to dispatch by", hint=hint)
    rows = frame.iloc[:count].to_numpy(dtype=float)
    terms = rows[:, 3].astype(int)
    if (rows[:, 0] != 2).any() or (terms > 3).any():
        hint = "approximate piecewise costs by one, or give --costs FILE"
        raise BadInput("costs are dispatched as polynomials up to the square", hint=hint)
    padded = np.column_stack([rows[:, 4:], np.zeros((count, 3))])
    at = np.arange(count)
    linear, square = (np.where(terms >= least, padded[at, np.maximum(terms - least, 0)], 0.0) for least in (2, 3))
    order = case.tables["gen"]["gen_bus"].to_numpy(dtype=np.int64)
    if not np.array_equal(order, network.values("generator", "bus")):
        raise BadInput("the costs can't be told apart by machine", hint="give them by --costs FILE")
    return np.column_stack([linear, square])


def read_costs(data: bytes, name: str, network: Network) -> np.ndarray:
    """Return the costs as :func:`stored_costs` does, out of CSV: ``bus,id,marginal_cost,marginal_cost_quadratic``.

    Without ``id`` a row is for all machines of its bus; the square is optional. No machine in service goes without.
    """
    where = Where(file=name)
    table = _table(data, where)
    live, bus = network.live("generator"), network.values("generator", "bus")
    machines = pd.DataFrame({BUS: bus, CIRCUIT: network["generator"]["ckt"].astype(str).str.strip().to_numpy()})
    by = [BUS, CIRCUIT] if CIRCUIT in table else [BUS]
    if table.duplicated(by).any():
        row = int(table.duplicated(by).argmax())
        raise BadInput(
            f"bus {table[BUS].iloc[row]} has two costs in row {row + 2}", hint="tell machines by id", where=where
        )
    known = table.merge(machines[by].drop_duplicates(), how="left", on=by, indicator=True)["_merge"] == "both"
    if not known.all():
        row = int((~known).argmax())
        raise BadInput(f"there is no machine at bus {table[BUS].iloc[row]} as in row {row + 2}", where=where)
    found = machines.merge(table, how="left", on=by, validate="many_to_one")
    lacking = live & found[LINEAR].isna().to_numpy()
    if lacking.any():
        buses = ", ".join(str(number) for number in bus[lacking][:5])
        count = counted(int(lacking.sum()), "machine")
        raise BadInput(f"no cost for {count} in service: at bus {buses}", hint="give each one a row", where=where)
    return np.asarray(found[[LINEAR, SQUARE]].fillna(0.0), dtype=float)


def _table(data: bytes, where: Where) -> pd.DataFrame:
    try:
        text = data.decode("utf-8-sig")
        refuse_ragged(text, ",", where)
        table = pd.read_csv(io.StringIO(text), skipinitialspace=True, dtype=str)
    except (ValueError, pd.errors.ParserError) as error:
        raise BadInput(f"the costs can't be read: {error}", hint="CSV in UTF-8", where=where) from error
    table.columns = table.columns.astype(str).str.strip().str.lower()
    others = [name for name in table.columns if name not in (BUS, CIRCUIT, LINEAR, SQUARE)]
    if others or not {BUS, LINEAR} <= set(table.columns):
        hint = f"columns are {BUS}, {LINEAR} and, if wanted, {CIRCUIT}, {SQUARE}"
        raise BadInput(
            "the table of costs has other columns" if others else "costs lack a column", hint=hint, where=where
        )
    if SQUARE not in table:
        table[SQUARE] = 0.0
    if CIRCUIT in table:
        table[CIRCUIT] = table[CIRCUIT].str.strip()
    for name in (BUS, LINEAR, SQUARE):
        numbers = pd.to_numeric(table[name], errors="coerce")
        bad = ~np.isfinite(numbers.to_numpy(dtype=float))
        if bad.any():
            raise BadInput(f"row {int(bad.argmax()) + 2} of the costs has no number in {name}", where=where)
        table[name] = numbers
    if (table[SQUARE] < 0).any():
        raise BadInput("a cost falls with the square of the power", hint="give a square of zero or more", where=where)
    return table
