"""Sizing a plant in two stages against the problem of 8,760 hours solved at once, in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.design.at_once import size_at_once
from core.design.design import Design
from core.design.requirement import HOURS, Requirement
from core.design.sizing import size
from core.design.technology import shipped_technologies

HOUR = np.arange(HOURS)
LOAD = tuple(30 + 10 * np.sin(2 * np.pi * (HOUR % 24 - 8) / 24) + 3 * np.cos(2 * np.pi * HOUR / HOURS))
SEASONAL = tuple(np.array(LOAD) * (1 + 0.2 * np.cos(2 * np.pi * (HOUR // 24 - 200) / 365)))
SUN = tuple(np.maximum(0.0, np.sin(2 * np.pi * (HOUR % 24 - 6) / 24)))
CLOUDY = tuple(np.array(SUN) * np.random.default_rng(3).uniform(0.3, 1, 365).repeat(24))


def main() -> None:
    engine = of("RECIP_18", load_mw=LOAD)
    compare("one engine", engine)
    compare("one engine, two largest out", engine.with_bound("redundancy_level", 2))
    compare("engine, seasonal load", replace(engine, load_mw=SEASONAL))
    battery = of("RECIP_18", "BESS", "PV", load_mw=LOAD, pv_yield=SUN)
    compare("engine, battery, sun, 60 USD/t", replace(battery, carbon_usd_per_t=60.0))
    cloudy = of("RECIP_18", "PV", load_mw=SEASONAL, pv_yield=CLOUDY)
    compare("engine, cloudy sun, seasonal load, share 0.3", cloudy.with_bound("renewable_share", 0.3))
    free = size(replace(cloudy, carbon_usd_per_t=30.0))
    compare("the same, three quarters of its CO2", cloudy.with_bound("emission_cap_t", 0.75 * free.emissions_t))
    for share in (0.2, 0.4, 0.6):
        design, seconds = timed(size, replace(Requirement(), pv_yield=CLOUDY, bounds=shared(share)))
        print(f"sample plant, 200 MW all year, cloudy sun, share {share}: {seconds:.1f} s of CPU, {design.status}")


def of(*ids: str, **changes: object) -> Requirement:
    technologies = tuple(t for t in shipped_technologies() if t.id in ids)
    return replace(Requirement(), technologies=technologies, **changes)


def shared(share: float) -> dict[str, float]:
    return {**Requirement().bounds, "renewable_share": share}


def timed(sizer: Callable[..., Design], requirement: Requirement) -> tuple[Design, float]:
    begin = time.process_time()
    design = sizer(requirement, time_limit_s=600.0)
    return design, time.process_time() - begin


def compare(name: str, requirement: Requirement) -> None:
    timed(size, requirement)  # imports
    (two, fast), (one, slow) = timed(size, requirement), timed(size_at_once, requirement)
    apart = two.cost_usd_per_year / one.cost_usd_per_year - 1
    text = f"{fast:.1f} s of CPU, at once {slow:.1f} s ({fast / slow:.2f}); cost {apart * 100:+.4f} %"
    print(f"{name}: {text}", *(f"({each.status})" for each in (two, one) if each.status != "optimal"), flush=True)


if __name__ == "__main__":
    main()
