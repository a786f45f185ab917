"""What machines and DC lines cost to run: polynomials up to the square, by the network's file or a table."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Where, counted
from core.formats.matpower.case import MatpowerCase
from core.formats.networks import read_network
from core.formats.ragged import refuse_ragged
from core.formats.riders import original_of
from core.network import Network

#: Where a MATPOWER case has machines and DC lines, and the columns by which its rows are known to be the network's.
SOURCES = {
    "generator": ("gen", {"gen_bus": "bus"}),
    "dcline": ("dcline", {"f_bus": "from_bus", "t_bus": "to_bus"}),
}
#: The formats, and the extras of a network by their names, that tell costs and technologies.
TELLING = {"matpower", "pypsa"}

BUS, CIRCUIT, LINEAR, SQUARE = "bus", "id", "marginal_cost", "marginal_cost_quadratic"


@dataclass(frozen=True, slots=True)
class Costs:
    """Linear and quadratic cost of what is dispatched [$/MWh, $/MW²h], elements × 2."""

    machines: np.ndarray
    dclines: np.ndarray  # of the power that they draw at their from bus


def costs_of(network: Network, file: tuple[bytes, str] | None = None) -> Costs:
    """Return what a network's elements cost: machines by the table if one is given, all else by the network's file.

    Raises
    ------
    BadInput
        When machines have no costs, or something in service costs other than a polynomial up to the square.
    """
    machines = read_costs(*file, network) if file else _of_pypsa(network)
    if machines is None:
        machines = _stored(network, "generator")
    if machines is None:
        hint = "give --costs FILE, or a file of MATPOWER or PyPSA with costs, or use --software pypsa for a power flow"
        raise BadInput("the network has no costs to dispatch by", hint=hint)
    dclines = _stored(network, "dcline")
    return Costs(machines, np.zeros((len(network["dcline"]), 2)) if dclines is None else dclines)


def with_what_was_told(network: Network) -> Network:
    """Return a network with the costs and technologies of the file that rode along with it, if it is still the same."""
    original = original_of(network)
    if original is None or original.form not in TELLING or TELLING & network.extras.keys():
        return network
    told = read_network(original.content, original.form).value.extras
    return replace(network, extras=network.extras | {form: told[form] for form in TELLING & told.keys()})


def _stored(network: Network, table: str) -> np.ndarray | None:
    """Return the costs of machines or DC lines by ``mpc.gencost`` or ``mpc.dclinecost``, where there are some."""
    case, count, (source, ends) = network.extras.get("matpower"), len(network[table]), SOURCES[table]
    if not isinstance(case, MatpowerCase) or case.empty(f"{source}cost") or not count:
        return None
    rows = case.tables[f"{source}cost"].iloc[:count].to_numpy(dtype=float)
    same = all(np.array_equal(case.column(source, end)[:count], network.values(table, ends[end])) for end in ends)
    if len(rows) < count or not same:
        raise BadInput(f"mpc.{source}cost doesn't say what each row of mpc.{source} costs", hint="give one row each")
    costs, wrong = _polynomials(rows)
    wrong &= network.live(table)
    if wrong.any():
        text = f"row {int(wrong.argmax()) + 1} of mpc.{source}cost is no convex polynomial up to the square"
        raise BadInput(text, hint="approximate other costs by one" + ", or give --costs FILE" * (table == "generator"))
    return costs


def _of_pypsa(network: Network) -> np.ndarray | None:
    """Return the machines' costs by a file of PyPSA, where one of them costs something."""
    facts = network.extras.get("pypsa")
    if facts is None or len(facts) != len(network["generator"]) or not (facts[[LINEAR, SQUARE]] != 0).any(axis=None):
        return None
    costs = np.asarray(facts[[LINEAR, SQUARE]], dtype=float)
    if not np.isfinite(costs).all() or (costs[:, 1] < 0).any():
        raise BadInput(
            "a generator's cost is no number, or falls with the square of its power", hint="give --costs FILE"
        )
    return costs


def _polynomials(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the linear and the quadratic cost of each row of costs, and which rows have others."""
    given, power = rows[:, 4:], rows[:, 3:4] - 1 - np.arange(rows.shape[1] - 4)
    costs = np.column_stack([np.where(power == exponent, given, 0.0).sum(axis=1) for exponent in (1, 2)])
    further = (~np.isfinite(given) | ((power > 2) & (given != 0))).any(axis=1)
    return costs, (rows[:, 0] != 2) | ~np.isfinite(rows[:, 3]) | further | (costs[:, 1] < 0)


def read_costs(data: bytes, name: str, network: Network) -> np.ndarray:
    """Return the machines' costs out of CSV: ``bus,id,marginal_cost,marginal_cost_quadratic``.

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
