"""Availability simulation against RePyability in one run, and the exact engine on large diagrams.

Both simulate the same system over the same years. Seconds are those on the clock, as a user waits for them: the hub's
simulation takes all cores, RePyability one; the ratio of processor seconds stands beside.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import surpyval
from repyability import PerfectReliability, RepairableRBD

from core.reliability import ReliabilityModel
from core.studies.availability import SimulationOptions, compile_model, simulate, solve

YEARS, UNITS, NEEDED = 20, 10, 9
MTBF_H, MTTR_H = 8760.0, 24.0
OURS, THEIRS = 100_000, 1000


def timed(work: Callable[[], Any], repeats: int = 3) -> tuple[float, float, Any]:
    """Return the least seconds on the clock and of the processors of several runs, and the answer."""
    clock, processors = [], []
    for _ in range(repeats):
        began = time.perf_counter(), time.process_time()
        answer = work()
        clock.append(time.perf_counter() - began[0])
        processors.append(time.process_time() - began[1])
    return min(clock), min(processors), answer


def our_simulation() -> tuple[float, float, float]:
    """Return histories a second, a processor second, and the availability."""
    components = [{"id": f"U{i}", "mtbf_h": MTBF_H, "mttr_h": MTTR_H} for i in range(UNITS)]
    members = ",".join(component["id"] for component in components)
    block = {"id": "SYSTEM", "type": "PARALLEL_K_OF_N", "members": members, "k": NEEDED}
    model = ReliabilityModel.from_tables(components, [block])
    simulate(model, SimulationOptions(1, 1))  # compiled before the clock starts
    clock, processors, found = timed(lambda: simulate(model, SimulationOptions(OURS, YEARS)))
    return OURS / clock, OURS / processors, found.availability.mean


def their_simulation(engine: str) -> tuple[float, float, float]:
    """Return the same of RePyability."""
    nodes = range(1, UNITS + 1)
    edges = [("s", node) for node in nodes] + [(node, "vote") for node in nodes] + [("vote", "t")]
    life = surpyval.Exponential.from_params([1 / MTBF_H])
    repair = surpyval.Exponential.from_params([1 / MTTR_H])
    parts: dict[Any, Any] = {node: {"reliability": life, "repairability": repair} for node in nodes}
    parts["vote"] = {"reliability": PerfectReliability, "repairability": repair}
    diagram = RepairableRBD(edges, components=parts, k={"vote": NEEDED})
    diagram.availability(8760.0, mc_samples=5, seed=1, engine=engine)
    clock, processors, found = timed(
        lambda: diagram.availability(YEARS * 8760.0, mc_samples=THEIRS, seed=1, engine=engine)
    )
    return THEIRS / clock, THEIRS / processors, float(found.mean_availability)


def exactly(pairs: int) -> tuple[float, float]:
    """Return the seconds and the availability of parallel pairs in series."""
    components = [{"id": f"C{i}", "mtbf_h": MTBF_H, "mttr_h": MTTR_H} for i in range(2 * pairs)]
    blocks = [{"id": f"B{i}", "type": "PARALLEL", "members": f"C{2 * i},C{2 * i + 1}", "k": 1} for i in range(pairs)]
    system = {"id": "SYSTEM", "members": ",".join(f"B{i}" for i in range(pairs))}
    compiled = compile_model(ReliabilityModel.from_tables(components, [*blocks, system]))
    clock, _, solution = timed(lambda: solve(compiled.structure, compiled.nodes["SYSTEM"]))
    return clock, float(solution.availability[solution.root])


def main() -> None:
    """Print speeds, ratios and answers."""
    rate, by_processor, availability = our_simulation()
    print(f"{NEEDED} of {UNITS}, {YEARS} years: {rate:,.0f} histories a second, availability {availability:.6f}")
    for engine in ("auto", "numba"):
        theirs, their_processor, found = their_simulation(engine)
        ratio = (
            f"{rate / theirs:,.0f} times on the clock, {by_processor / their_processor:,.0f} times a processor second"
        )
        print(f"  RePyability, engine {engine}: {theirs:,.0f}, availability {found:.6f}: {ratio}")
    for pairs in (1000, 10_000):
        seconds, availability = exactly(pairs)
        print(f"exact, {pairs} parallel blocks in series: {seconds * 1000:.0f} ms, {availability:.9f}")


if __name__ == "__main__":
    main()
