"""Load flows by name of the engine: own Newton at once, pandapower as the reference, lightsim2grid in batches."""

from __future__ import annotations

from core.engines import lightsim2grid, newton, pandapower
from core.engines.bus_case import LoadFlow, bus_case, links_of
from core.errors import BadInput, EngineError
from core.network import Network
from core.network.admittance import shunt_admittance

__all__ = ["ENGINES", "load_flow"]

#: The engines by name, the default first.
ENGINES = ("newton", "pandapower", "lightsim2grid")


def load_flow(network: Network, engine: str = ENGINES[0], *, flat: bool = False) -> LoadFlow:
    """Return the load flow of a network by one of the engines, from stored voltages or from a flat start."""
    if engine not in ENGINES:
        raise BadInput(f"there is no load-flow engine {engine!r}", hint=f"engines are {', '.join(ENGINES)}")
    case = bus_case(network)
    if engine == "newton":
        return newton.solve(case, flat=flat)
    available, solve = {
        "pandapower": (pandapower.is_available(), pandapower.solve),
        "lightsim2grid": (lightsim2grid.is_available(), lightsim2grid.solve),
    }[engine]
    if not available:
        raise EngineError(f"{engine} is not installed", hint="install the requirements or use the engine newton")
    return solve(case, links_of(network), shunt_admittance(network), network.base_mva, flat=flat)
