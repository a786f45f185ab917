"""Unbalanced line types whose mutual resistances hold the mutual reactances: CYME 5 text exports write them so.

The true mutual resistance is lost in such a file. It can be estimated, because the earth return and the neutral that
shape the mutual reactance shape the mutual resistance too: for a typical geometry both follow from the neutral's
resistance alone, which the reactance gives [1]_.

References
----------
.. [1] W. H. Kersting, Distribution System Modeling and Analysis, 4th ed., section 4.1 (Carson, Kron) and 4.2 (cables).
"""

from __future__ import annotations

import numpy as np

from core.findings import Finding, Severity
from core.formats.cyme.records import Record, Records

PAIRS = ("ab", "bc", "ca")
#: Typical overhead line [m]: geometric mean distances of Kersting's figure 4.7 and a 4/0 neutral's GMR.
PHASES_M, TO_NEUTRAL_M, NEUTRAL_GMR_M = 1.32, 1.55, 0.0025
#: The resistance of the largest conductor that lines have for a neutral.
LEAST_NEUTRAL_OHM_KM = 0.15
#: Typical concentric neutral cables side by side [m]: distance between cables, radius of the neutral.
CABLES_M, SHIELD_M = 0.192, 0.0152
#: A cable has a far larger susceptance than an overhead line [uS/km].
CABLE_US_KM = 20.0


def mutual_reactance_copied(record: Record) -> bool:
    """Say whether every mutual resistance that isn't zero equals the mutual reactance."""
    pairs = [(record.number(f"r_{pair}_ohm_km"), record.number(f"x_{pair}_ohm_km")) for pair in PAIRS]
    filled = [(r, x) for r, x in pairs if r != 0 or x != 0]
    return bool(filled) and all(abs(r - x) <= 1e-9 for r, x in filled)


def check_mutual(records: Records, *, repair: bool, frequency_hz: float = 60.0) -> None:
    """Report line types whose mutual resistance is a copy, and estimate it when asked to."""
    for record in records["line_type_unbalanced"]:
        if not mutual_reactance_copied(record):
            continue
        name = record.text("equipment")
        if not repair:
            records.findings.append(
                Finding(
                    "cyme.mutual_resistance_copied",
                    Severity.WARNING,
                    f"Mutual resistances of line type {name} equal its mutual reactances, as CYME 5 writes them",
                    "Use the .mdb or XML export of the same study, or read with repair",
                    record.where,
                    name,
                )
            )
            continue
        values = {pair: estimate_mutual_resistance(record, pair, frequency_hz) for pair in PAIRS}
        before = record.number("r_ab_ohm_km") or record.number("r_bc_ohm_km") or record.number("r_ca_ohm_km")
        after = next((value for value in values.values() if value), 0.0)
        record.values.update({f"r_{pair}_ohm_km": value for pair, value in values.items()})
        records.findings.append(
            Finding(
                "cyme.mutual_resistance_repaired",
                Severity.WARNING,
                f"Mutual resistance of line type {name} was {before:.6g} ohm/km; estimated {after:.6g} ohm/km",
                "An estimate for a typical geometry: the .mdb or XML export has the true value",
                record.where,
                name,
            )
        )


def estimate_mutual_resistance(record: Record, pair: str, frequency_hz: float) -> float:
    """Return the mutual resistance [ohm/km] that fits the mutual reactance of a typical geometry."""
    target = record.number(f"x_{pair}_ohm_km")
    if target == 0:
        return 0.0
    cable = record.number(f"b_{pair[0] * 2}_us_km") > CABLE_US_KM
    neutral = np.geomspace(0.02 if cable else LEAST_NEUTRAL_OHM_KM, 20.0, 4000)  # candidate resistances [ohm/km]
    mutual = _mutual_cable(neutral, frequency_hz) if cable else _mutual_overhead(neutral, frequency_hz)
    best = mutual[np.argmin(np.abs(mutual.imag - target))]
    self_resistance = min(record.number(f"r_{phase * 2}_ohm_km") for phase in pair)
    return float(min(best.real, self_resistance))


def _earth(distance_m: float, frequency_hz: float) -> complex:
    """Carson's impedance between two conductors with earth return [ohm/km]."""
    depth = 658.5 * np.sqrt(100.0 / frequency_hz)
    return complex(np.pi**2 * frequency_hz * 1e-4, 4 * np.pi * frequency_hz * 1e-4 * np.log(depth / distance_m))


def _mutual_overhead(neutral: np.ndarray, frequency_hz: float) -> np.ndarray:
    """``z_ij - z_in z_jn / z_nn`` (Kron) for each resistance of the neutral."""
    z_nn = neutral + _earth(NEUTRAL_GMR_M, frequency_hz)
    return np.asarray(_earth(PHASES_M, frequency_hz) - _earth(TO_NEUTRAL_M, frequency_hz) ** 2 / z_nn)


def _mutual_cable(neutral: np.ndarray, frequency_hz: float) -> np.ndarray:
    """``(Z0 - Z1)/3`` of three cables whose concentric neutrals are reduced: ``R² (1/(c1+R) - 1/(c0+R)) / 3``."""
    own, between = _earth(SHIELD_M, frequency_hz), _earth(CABLES_M, frequency_hz)
    c1, c0 = own - between, own + 2 * between
    return np.asarray(neutral**2 / 3 * (1 / (c1 + neutral) - 1 / (c0 + neutral)))
