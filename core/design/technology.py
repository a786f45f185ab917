"""The kinds of units that may be chosen; ``technologies.csv`` has those that ship, each with its source."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import BadInput


@dataclass(frozen=True, slots=True)
class Technology:
    """One kind of unit that may be chosen, as ``technologies.csv`` describes it."""

    id: str
    name: str
    kind: str
    unit_mw: float
    power_factor: float
    rated_kv: float
    min_load_pct: float
    heat_rate_full_gj_mwh: float | None
    heat_rate_min_gj_mwh: float | None
    ramp_pct_per_min: float
    start_cost_usd: float
    capex_usd_per_kw: float
    capex_usd_per_kwh: float | None
    fixed_usd_per_kw_year: float
    variable_usd_per_mwh: float
    life_years: float
    fuel: str
    land_ha_per_mw: float
    charge_efficiency: float | None
    discharge_efficiency: float | None
    mtbf_h: float
    mttr_h: float
    distribution: str
    weibull_beta: float
    xd_pu: float | None
    xd_prime_pu: float | None
    xd_double_prime_pu: float | None
    h_s: float | None
    droop_pct: float | None
    governor_s: float | None
    fault_current_factor: float | None
    max_count: int
    price_year: int | None  # of whose money the costs are
    source: str

    @property
    def fuel_slope_gj_mwh(self) -> float:
        """Return the fuel for one more megawatt-hour of a running unit [GJ/MWh]."""
        full, least, share = self.heat_rate_full_gj_mwh or 0.0, self.heat_rate_min_gj_mwh, self.min_load_pct / 100
        return full if not least or not 0 < share < 1 else (full - least * share) / (1 - share)

    @property
    def fuel_no_load_gj_h(self) -> float:
        """Return the fuel that a running unit takes whatever it gives [GJ/h]."""
        return self.unit_mw * ((self.heat_rate_full_gj_mwh or 0.0) - self.fuel_slope_gj_mwh)


@cache
def shipped_technologies() -> tuple[Technology, ...]:
    """Return the technologies that ship with the hub; every row names its source."""
    with Path(__file__).with_name("technologies.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(technology(row) for row in csv.DictReader(handle))


def technology(row: Mapping[str, Any], base: Technology | None = None) -> Technology:
    """Make a technology of a row of text or numbers; what the row leaves out comes from ``base``."""
    kinds = {f.name: str(f.type) for f in fields(Technology)}
    unknown = sorted(set(row) - set(kinds))
    if unknown:
        raise BadInput(f"a technology has no {', '.join(unknown)}", hint=f"it has {', '.join(kinds)}")
    values: dict[str, Any] = dict.fromkeys(kinds) if base is None else asdict(base)
    for name, value in row.items():
        values[name] = _typed(str(row.get("id", base.id if base else "?")), name, value, kinds[name])
    missing = [name for name, kind in kinds.items() if values.get(name) is None and "None" not in kind]
    if missing:
        raise BadInput(
            f"technology {values.get('id', '?')} lacks {', '.join(missing)}", hint="every unit needs its costs"
        )
    return Technology(**values)


def _typed(owner: str, name: str, value: Any, kind: str) -> Any:
    if kind == "str":
        return str(value)
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadInput(f"technology {owner}: {name} is {value!r}", hint="enter a number") from None
    if not math.isfinite(number) or number < 0:
        raise BadInput(f"technology {owner}: {name} is {value}", hint="enter a number of zero or more")
    return int(number) if kind.startswith("int") else number
