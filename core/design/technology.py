"""The kinds of units that may be chosen; ``technologies.csv`` has those that ship, each with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

from core.design.defaults import shipped_rows
from core.errors import BadInput

#: What says which unit is offered, and nothing of it that has a source.
OFFERED = frozenset({"id", "name", "kind", "fuel", "max_count", "price_year", "source"})


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
    ramp_pct_per_min: float | None  # none: no limit
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
    """Return the technologies that ship with the hub; every row names its sources, field by field."""
    return tuple(technology(row) for row in shipped_rows("technologies"))


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
    return Technology(**values | {"source": _source(values, base)})


def _source(values: Mapping[str, Any], base: Technology | None) -> str:
    """Return the source of a row's numbers; those that differ from the shipped row are nobody's but the giver's."""
    text = str(values["source"])
    if base is None or text != base.source:
        return text
    given = [name for name, value in asdict(base).items() if name not in OFFERED and values[name] != value]
    return f"{', '.join(given)}: as given; the others: {text}" if given else text


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
