"""What a diagram's MW are worth: the probability of a required power, and lost load against a series of loads.

References
----------
.. [1] R. Billinton, R. N. Allan, "Reliability Evaluation of Power Systems", 2nd ed., Plenum 1996, ch. 2 (LOLE, LOEE).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.findings import Finding, Severity
from core.reliability import MtbfMeaning, ReliabilityModel
from core.studies.availability.capacity import TOLERANCE_MW
from core.studies.availability.structure import Floats
from core.studies.availability.supply import Carried, NoSupply, Supply, supply_of

SLOPE_LIMIT = 300  # unlike leaves whose share in the frequency is calculated


@dataclass(frozen=True, slots=True)
class Delivery:
    """Whether the required MW are delivered; all but the MW are NaN where that can't be calculated."""

    required_mw: float
    firm_mw: float
    installed_mw: float = 0.0
    availability: float = np.nan  # of the generating units alone, everything else perfect
    system_availability: float = np.nan  # with everything that stands in series and parallel
    system_failures_per_h: float = np.nan
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Adequacy:
    """Lost load against a series of loads; NaN where that can't be calculated."""

    lolp: Floats  # probability of a shortage in every step
    eue_mwh: Floats  # expected unserved energy of every step [MWh]
    installed_mw: float = 0.0
    step_h: float = 1.0
    findings: list[Finding] = field(default_factory=list)

    @property
    def lole_h(self) -> float:
        """Return the expected hours with a shortage."""
        return float(self.lolp.sum()) * self.step_h

    @property
    def loee_mwh(self) -> float:
        """Return the expected unserved energy [MWh]."""
        return float(self.eue_mwh.sum())


def deliver(
    model: ReliabilityModel,
    required_mw: float,
    *,
    firm_mw: float = 0.0,
    mtbf_means: MtbfMeaning = MtbfMeaning.UP_TIME,
    frequency: bool = True,
) -> Delivery:
    """Return the probability that the system delivers the required MW.

    Parameters
    ----------
    model
        A model without errors and with a clear system block.
    required_mw
        What must be delivered [MW].
    firm_mw
        What a battery or the grid adds for as long as a shortage lasts [MW].
    mtbf_means
        What the components' MTBF counts.
    frequency
        Whether the failure frequency is wanted too; it takes a calculation for every unlike unit.
    """
    try:
        supply = supply_of(model, mtbf_means)
    except NoSupply as none:
        return Delivery(required_mw, firm_mw, findings=[none.finding])
    up, need_mw = supply.up, required_mw - firm_mw
    low = supply.chance(up, need_mw)
    high = supply.chance(up, need_mw - supply.rounded_mw) if supply.rounded_mw else low
    return Delivery(
        required_mw,
        firm_mw,
        supply.installed_mw,
        supply.chance(supply.units_up(), need_mw),
        low,
        _failures_per_h(supply, need_mw) if frequency else np.nan,
        [
            *supply.findings,
            *_beyond_installed(required_mw, supply.installed_mw, firm_mw),
            *supply.rounded(f"the availability is {low:.9f} to {high:.9f}"),
        ],
    )


def adequacy(
    model: ReliabilityModel,
    load_mw: npt.ArrayLike,
    *,
    firm_mw: npt.ArrayLike = 0.0,
    step_h: float = 1.0,
    mtbf_means: MtbfMeaning = MtbfMeaning.UP_TIME,
) -> Adequacy:
    """Return LOLE and LOEE of a system against a series of loads [1]_.

    Parameters
    ----------
    model
        A model without errors and with a clear system block.
    load_mw
        The load in every step [MW].
    firm_mw
        What a battery or the grid adds for as long as a shortage lasts [MW], one number or one a step.
    step_h
        How long a step is [h].
    mtbf_means
        What the components' MTBF counts.
    """
    load, firm = np.asarray(load_mw, dtype=np.float64), np.asarray(firm_mw, dtype=np.float64)
    try:
        supply = supply_of(model, mtbf_means)
    except NoSupply as none:
        unknown = np.full(load.shape, np.nan)
        return Adequacy(unknown, unknown, step_h=step_h, findings=[none.finding])

    lolp, eue_mwh = supply.expected(supply.up, lambda carried: _lost(carried, load, firm)) * [[1.0], [step_h]]
    result = Adequacy(lolp, eue_mwh, supply.installed_mw, step_h, supply.findings)
    if supply.rounded_mw:
        less = supply.expected(supply.up, lambda carried: _lost(carried, load, firm + supply.rounded_mw)).sum(axis=1)
        hours, energy = less * step_h
        text = f"LOLE is {hours:.6g} to {result.lole_h:.6g} h, LOEE {energy:.6g} to {result.loee_mwh:.6g} MWh"
        result.findings.extend(supply.rounded(text))
    return result


def _lost(carried: Carried, load_mw: Floats, firm_mw: Floats) -> Floats:
    """Return the probability of a shortage and the MW unserved on the mean, of every load."""
    need, works = np.maximum(load_mw - firm_mw, 0.0), carried.at_least[0]
    short = np.where(load_mw > 0, 1 - carried.chance(need), 0.0)
    return np.array([short, load_mw * (1 - works) + need * works - carried.mean(need)])


def _beyond_installed(required_mw: float, installed_mw: float, firm_mw: float) -> list[Finding]:
    if required_mw <= installed_mw + firm_mw + TOLERANCE_MW:
        return []
    most = f"{installed_mw + firm_mw:.12g} MW with all units and the battery"
    text = f"{required_mw:.12g} MW are required, more than {most}"
    return [Finding("rbd.capacity.beyond", Severity.WARNING, text, "require less or add units")]


def _failures_per_h(supply: Supply, need_mw: float) -> float:
    """Return how often an hour the delivery fails: Σ (P(unit up) − P(unit down)) ν, like leaves calculated once."""
    structure, up = supply.structure, supply.up
    parents: dict[int, list[int]] = {}
    inside = structure.below(supply.root)
    for node in inside:
        for member in structure.gates[node].members if node in structure.gates else ():
            parents.setdefault(member, []).append(node)
    alike: dict[tuple[object, ...], list[int]] = {}
    for leaf in (node for node in inside if node not in structure.gates):
        key = (*parents.get(leaf, ()), float(up[leaf]), structure.frequency_per_h[leaf], supply.mw.get(leaf))
        alike.setdefault(key, []).append(leaf)
    if len(alike) * 2 ** len(supply.shared) > SLOPE_LIMIT:
        return float("nan")
    total = 0.0
    for leaves in alike.values():
        working, broken = up.copy(), up.copy()
        working[leaves[0]], broken[leaves[0]] = 1.0, 0.0
        slope = supply.chance(working, need_mw) - supply.chance(broken, need_mw)
        total += slope * structure.frequency_per_h[leaves[0]] * len(leaves)
    return total
