"""What PyPSA's tables have beyond those of other software: carriers, limits of machines, and DC lines as links."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.formats.matpower.case import MatpowerCase
from core.network import Network
from core.studies.simulation.steps import long

#: What the catalogue has for a limit that a file doesn't give [MW].
NO_LIMIT_MW = 9999.0
LIMITS = ("min", "max")


def nominal_mw(network: Network) -> np.ndarray:
    """Return the machines' nominal power: the most they give, or take if they only take; missing without a limit."""
    high, low = (network.values("generator", name) for name in ("p_max_mw", "p_min_mw"))
    size = np.where(high > 0, high, np.abs(low))
    return np.asarray(np.where(size < NO_LIMIT_MW, size, np.nan))


def on_nominal(limit_mw: np.ndarray, nominal: np.ndarray) -> np.ndarray:
    """Return a limit of machines [pu of the nominal power]; missing where the file gives none."""
    given = np.isfinite(nominal) & (nominal > 0) & (np.abs(limit_mw) < NO_LIMIT_MW)
    return np.asarray(np.divide(limit_mw, nominal, out=np.full(limit_mw.shape, np.nan), where=given))


def technologies(network: Network) -> pd.DataFrame:
    """Return the machines' carrier, efficiency and capital cost as far as a file says them.

    Files of PyPSA do; the carrier is ``mpc.genfuel``, else ``mpc.gentype``, of a file of MATPOWER.
    """
    count, case, facts = len(network["generator"]), network.extras.get("matpower"), network.extras.get("pypsa")
    if facts is None or len(facts) != count:
        own = case.tables if isinstance(case, MatpowerCase) else {}
        fuels = [own[name].iloc[:, 0] for name in ("genfuel", "gentype") if len(own.get(name, ())) == count]
        carrier = fuels[0].astype(str).str.strip() if fuels else [""] * count
        facts = pd.DataFrame({"carrier": carrier, "efficiency": np.nan, "capital_cost": np.nan})
    known = facts["carrier"].astype(object)
    return pd.DataFrame(facts[["efficiency", "capital_cost"]].assign(carrier=known.mask(known == "", None)))


def link_rows(
    network: Network, stamps: list[str], ends: tuple[np.ndarray, np.ndarray], solved: np.ndarray
) -> pd.DataFrame:
    """Return the DC lines as links; those out of service do nothing.

    ``ends`` are what they draw at the from bus and deliver to the to bus [MW], steps × lines or the same at all steps;
    steps that aren't ``solved`` have none. ``efficiency`` is what comes out of what goes in; where nothing does, what
    comes out of a further MW.
    """
    on, base = network.live("dcline"), network.base_mva
    p0, p1 = (np.where(on, np.where(solved[:, None], side, np.nan), 0.0) for side in (ends[0], -ends[1]))
    goes_in, comes_out = (np.fmax(sign * p0, 0) + np.fmax(sign * p1, 0) for sign in (1, -1))
    kept = np.broadcast_to(1 - network.values("dcline", "loss1"), p0.shape)
    efficiency = np.where(goes_in > 1e-6, comes_out / np.maximum(goes_in, 1e-6), kept)
    fixed = pd.DataFrame(
        {
            "link": np.arange(1, len(on) + 1),
            "link_name": network.values("dcline", "name"),
            "bus0": network.values("dcline", "from_bus"),
            "bus1": network.values("dcline", "to_bus"),
            "status": on.astype(int),
        }
    )
    return long(fixed, stamps, p0=p0 / base, p1=p1 / base, efficiency=efficiency)


def of_flow(network: Network, found: dict[str, pd.DataFrame], stamps: list[str]) -> dict[str, pd.DataFrame]:
    """Return a load flow's tables with PyPSA's own columns, and the DC lines with the powers that are prescribed."""
    nominal = nominal_mw(network)
    limits = {f"p_{side}_pu": on_nominal(network.values("generator", f"p_{side}_mw"), nominal) for side in LIMITS}
    own = technologies(network).assign(p_nom=nominal, **limits)
    machines = found["generator"].assign(**{str(name): np.tile(own[name], len(stamps)) for name in own})
    solved = np.isfinite(found["bus"]["p"].to_numpy(dtype=float)).reshape(len(stamps), -1)
    ends = network.values("dcline", "p_from_mw"), network.values("dcline", "p_to_mw")
    links = link_rows(network, stamps, ends, np.any(solved, axis=1))
    return found | {"bus": found["bus"].assign(carrier="AC"), "generator": machines, "link": links}
