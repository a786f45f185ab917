"""Line charging that a file holds as magnetising susceptance of transformers.

PSS/E counts MAG2 at the bus of the first winding. Some programs write a line with a tap as a transformer and put its
charging there, though they count half of it at either end. What they meant, the voltages that they stored tell.
"""

from __future__ import annotations

import numpy as np

from core.findings import Finding, Severity, Where, counted
from core.network import Network
from core.network.audit import bus_mismatches, solved_within_mva, stored_voltages

#: The stored voltages must solve the network so many times better.
TIMES_BETTER = 10


def settled_charging(network: Network, findings: list[Finding]) -> Network:
    """Return the network with MAG2 as a line's charging where the stored voltages solve it so, and only so.

    Else what PSS/E defines stands: in a file without a solution, and in one that PSS/E has solved.
    """
    lossless = (network.values("transformer", "b_mag_pu") != 0) & (network.values("transformer", "g_mag_pu") == 0)
    if not (lossless & network.live("transformer")).any():
        return network
    as_defined, enough = _largest_mismatch_mva(network), solved_within_mva(network)
    if as_defined <= enough:
        return network
    charged = _charged_at_both_ends(network, lossless)
    so = _largest_mismatch_mva(charged)
    if not so <= min(enough, as_defined / TIMES_BETTER):
        return network
    text = (
        f"MAG2 of {counted(int(lossless.sum()), 'transformer')} is taken as the charging of a line, half at either "
        f"end: the stored voltages solve the network so (within {so:.2g} MVA), and don't with all of it at the first "
        f"winding, as PSS/E counts it ({as_defined:.3g} MVA off)."
    )
    hint = "PSS/E solves such a file to other voltages; in a RAW file written after a change it will find these."
    findings.append(Finding("psse.raw.charging", Severity.WARNING, text, hint, Where(section="transformer")))
    return charged


def _largest_mismatch_mva(network: Network) -> float:
    with np.errstate(invalid="ignore", over="ignore"):  # absurd numbers in a file: not solved
        return float(bus_mismatches(network, stored_voltages(network))["mva"].max(skipna=False))


def _charged_at_both_ends(network: Network, rows: np.ndarray) -> Network:
    """Return the network with the magnetising susceptance of some transformers as charging of their line."""
    t = network["transformer"]
    half = (t["b_mag_pu"] / 2).where(rows, 0.0)
    charged = t.assign(b_mag_pu=t["b_mag_pu"].where(~rows, 0.0))
    return network.with_tables(transformer=charged.assign(b_from_pu=t["b_from_pu"] + half, b_to_pu=t["b_to_pu"] + half))
