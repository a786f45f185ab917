"""Sizing a plant in two stages against the problem of 8,760 hours solved at once, in the same run."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from core.design.requirement import HOURS, Requirement
from core.design.sizing import size
from core.design.technology import shipped_technologies


def main() -> None:
    hour = np.arange(HOURS)
    load = tuple(30 + 10 * np.sin(2 * np.pi * (hour % 24 - 8) / 24) + 3 * np.cos(2 * np.pi * hour / HOURS))
    sun = tuple(np.maximum(0.0, np.sin(2 * np.pi * (hour % 24 - 6) / 24)))
    engine = tuple(t for t in shipped_technologies() if t.id == "RECIP_18")
    some = tuple(t for t in shipped_technologies() if t.id in {"RECIP_18", "BESS", "PV"})
    compare("one engine", Requirement(load_mw=load, technologies=engine))
    sunny = Requirement(load_mw=load, technologies=some, pv_yield=sun, carbon_usd_per_t=60.0)
    compare("engine, battery, sun, 60 USD/t", sunny)
    compare(
        "one engine, two largest out", Requirement(load_mw=load, technologies=engine).with_bound("redundancy_level", 2)
    )
    design, seconds = timed(replace(Requirement(), pv_yield=sun), direct=False)
    print(f"sample plant, 200 MW all year, sun: {seconds:.1f} s of CPU, {design.status}")


def timed(requirement: Requirement, *, direct: bool):
    begin = time.process_time()
    design = size(requirement, direct=direct, time_limit_s=300.0)
    return design, time.process_time() - begin


def compare(name: str, requirement: Requirement) -> None:
    timed(requirement, direct=False)  # imports
    (two, fast), (one, slow) = timed(requirement, direct=False), timed(requirement, direct=True)
    apart = two.cost_usd_per_year / one.cost_usd_per_year - 1
    print(f"{name}: {fast:.1f} s of CPU, at once {slow:.1f} s ({fast / slow:.2f}); cost {apart * 100:+.4f} %")


if __name__ == "__main__":
    main()
