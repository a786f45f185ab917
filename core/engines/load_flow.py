"""Load flows by name of the engine: own Newton at once, pandapower as the reference, lightsim2grid in batches."""

from __future__ import annotations

from dataclasses import replace

from core.engines import lightsim2grid, newton, pandapower
from core.engines.bus_case import BusCase, LoadFlow, Outcome, bus_case, links_of, settled
from core.engines.regulation import enforces_limits
from core.errors import BadInput, EngineError
from core.network import Network
from core.network.admittance import shunt_admittance

__all__ = ["ENGINES", "load_flow"]

#: The engines by name, the default first.
ENGINES = ("newton", "pandapower", "lightsim2grid")


def load_flow(
    network: Network, engine: str = ENGINES[0], *, flat: bool = False, limits: bool | None = None
) -> LoadFlow:
    """Return the load flow of a network by one of the engines.

    Parameters
    ----------
    network
        The network.
    engine
        One of :data:`ENGINES`. Reactive limits and the regulation of other buses are Newton's: another engine solves
        the case that Newton has settled.
    flat
        Start from 1 pu instead of the stored voltages.
    limits
        Whether machines give no more reactive power than they have; by default as the network's own program has it.
    """
    if engine not in ENGINES:
        raise BadInput(f"there is no load-flow engine {engine!r}", hint=f"engines are {', '.join(ENGINES)}")
    case = bus_case(network, limits=enforces_limits(network) if limits is None else limits)
    if engine == "newton":
        return newton.solve(case, flat=flat)
    if case.regulators.is_plain or not case.solvable():
        return _by_other(network, case, engine, flat=flat)
    first = newton.solve(case, flat=flat)
    if first.outcome is Outcome.DIVERGED:
        return first
    flow = _by_other(network, settled(case, first), engine, flat=flat)
    return replace(flow, limited=first.limited, let_go=first.let_go)


def _by_other(network: Network, case: BusCase, engine: str, *, flat: bool) -> LoadFlow:
    available, solve = {
        "pandapower": (pandapower.is_available(), pandapower.solve),
        "lightsim2grid": (lightsim2grid.is_available(), lightsim2grid.solve),
    }[engine]
    if not available:
        raise EngineError(f"{engine} is not installed", hint="install the requirements or use the engine newton")
    return solve(case, links_of(network), shunt_admittance(network), network.base_mva, flat=flat).physical()
