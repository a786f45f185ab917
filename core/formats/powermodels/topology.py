"""Islands, statuses and switches of a dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from core.findings import Finding, Severity
from core.formats.powermodels.components import (
    COMPONENTS,
    EDGES,
    INJECTIONS,
    Data,
    active,
    active_buses,
    deactivate,
    items,
    networks,
    note,
    single,
    warn,
)
from core.formats.powermodels.correct import biggest_generator


def connected_components(data: Data, edges: Iterable[str] = EDGES) -> list[set[int]]:
    """Return the islands of active buses, the largest first.

    Branches, DC lines and switches connect as long as their status is active: an open switch in service does, too.
    """
    single(data, "connected_components")
    buses = active_buses(data)
    neighbours: dict[int, list[int]] = {bus: [] for bus in buses}
    for component in edges:
        for item in active(data, component):
            if item["f_bus"] in buses and item["t_bus"] in buses:
                neighbours[item["f_bus"]].append(item["t_bus"])
                neighbours[item["t_bus"]].append(item["f_bus"])
    found: list[set[int]] = []
    seen: set[int] = set()
    for start in sorted(buses):
        if start in seen:
            continue
        island, waiting = {start}, [start]
        while waiting:
            for other in neighbours[waiting.pop()]:
                if other not in island:
                    island.add(other)
                    waiting.append(other)
        seen |= island
        found.append(island)
    return sorted(found, key=lambda island: -len(island))


def propagate_topology_status(data: Data) -> tuple[bool, list[Finding]]:
    """Switch off what hangs at inactive buses; return whether anything changed."""
    findings = [finding for network in networks(data) for finding in _propagate(network)]
    return bool(findings), findings


def _propagate(data: Data) -> Iterator[Finding]:
    live = active_buses(data)
    for component in (*EDGES, *INJECTIONS):
        for item in [*active(data, component)]:
            if not all(item[field] in live for field in COMPONENTS[component].buses):
                deactivate(component, item)
                text = "switched off: it is at an inactive bus"
                yield note("status.propagated", Severity.INFO, text, component, item["index"])


def deactivate_isolated_components(data: Data) -> tuple[bool, list[Finding]]:
    """Switch off empty loads and shunts, dead ends without equipment, and islands that can't serve anything."""
    findings = [finding for network in networks(data) for finding in _deactivate_isolated(network)]
    return bool(findings), findings


def _deactivate_isolated(data: Data) -> Iterator[Finding]:
    for component, fields in (("load", ("pd", "qd")), ("shunt", ("gs", "bs"))):
        for item in [*active(data, component)]:
            if all(item[field] == 0 for field in fields):
                deactivate(component, item)
                text = "switched off: its power is zero"
                yield note("status.zero", Severity.INFO, text, component, item["index"])
    changed = True
    while changed:
        changed = False
        for finding in (*_dead_ends(data), *_idle_islands(data)):
            changed = True
            yield finding


def _dead_ends(data: Data) -> Iterator[Finding]:
    """Switch off buses with one active edge and nothing at them."""
    edges = Counter(item[end] for component in EDGES for item in active(data, component) for end in ("f_bus", "t_bus"))
    equipped = {item[COMPONENTS[name].buses[0]] for name in INJECTIONS for item in active(data, name)}
    for bus in [*active(data, "bus")]:
        if edges[bus["index"]] == 1 and bus["index"] not in equipped:
            deactivate("bus", bus)
            yield note("status.dead_end", Severity.INFO, "switched off: a dead end", "bus", bus["index"])


def _idle_islands(data: Data) -> Iterator[Finding]:
    """Switch off islands without a generator, and those without a load, shunt or storage."""
    at = {name: {item[COMPONENTS[name].buses[0]] for item in active(data, name)} for name in INJECTIONS}
    takes = at["load"] | at["shunt"] | at["storage"]
    for island in connected_components(data):
        if island & at["gen"] and island & takes:
            continue
        for number in sorted(island):
            deactivate("bus", data["bus"][str(number)])
            yield note("status.island", Severity.INFO, "switched off: its island serves nothing", "bus", number)


def simplify_network(data: Data) -> list[Finding]:
    """Propagate statuses and switch off isolated components until nothing changes any more."""
    findings: list[Finding] = []
    changed = True
    while changed:
        propagated, found = propagate_topology_status(data)
        isolated, further = deactivate_isolated_components(data)
        changed = propagated or isolated
        findings += [*found, *further]
    return findings


def select_largest_component(data: Data) -> list[Finding]:
    """Switch off all buses outside the largest island; then give it a reference bus if it has none."""
    findings = []
    for network in networks(data):
        islands = connected_components(network)
        largest = islands[0] if islands else set()
        for bus in [*active(network, "bus")]:
            if bus["index"] not in largest:
                deactivate("bus", bus)
                text = "switched off: it is outside the largest island"
                findings.append(note("status.small_island", Severity.INFO, text, "bus", bus["index"]))
        findings += correct_reference_buses(network)
    return findings


def correct_reference_buses(data: Data) -> list[Finding]:
    """Give every island without a reference bus one, where its largest active generator is."""
    findings = []
    for network in networks(data):
        for island in connected_components(network):
            if any(network["bus"][str(number)]["bus_type"] == 3 for number in island):
                continue
            generators = [item for _, item in items(network, "gen") if item["gen_bus"] in island]
            largest = biggest_generator(generators)
            if largest is None:
                first = min(island)
                text = f"the island with bus {first} has no reference bus and no generator"
                findings.append(warn("reference_bus.none", text, "bus", first))
                continue
            bus = network["bus"][str(largest["gen_bus"])]
            bus["bus_type"] = 3
            text = f"set as the reference bus of its island, where generator {largest['index']} is the largest"
            findings.append(warn("reference_bus", text, "bus", bus["index"]))
    return findings


def resolve_switches(data: Data) -> list[Finding]:
    """Merge the buses that closed switches join, and remove all switches.

    The bus with the smallest number stays, with the highest bus type of its group; branches inside a group go off.
    """
    single(data, "resolve_switches")
    closed = [item for item in active(data, "switch") if item["state"] == 1]
    graph = {**data, "branch": {}, "dcline": {}, "switch": {str(item["index"]): item for item in closed}}
    findings = []
    merged: dict[int, int] = {}
    for group in connected_components(graph):
        if len(group) > 1:
            kept = min(group)
            merged |= dict.fromkeys(group, kept)
            bus = data["bus"][str(kept)]
            bus["bus_type"] = max(data["bus"][str(number)]["bus_type"] for number in group)
            text = f"now stands for the buses {', '.join(map(str, sorted(group)))}, which closed switches join"
            findings.append(note("switch.resolved", Severity.INFO, text, "bus", kept))
    data["bus"] = {
        key: bus for key, bus in data["bus"].items() if merged.get(bus["index"], bus["index"]) == bus["index"]
    }
    data["switch"] = {}
    update_bus_ids(data, merged)
    for component in ("branch", "dcline"):
        for item in [*active(data, component)]:
            if item["f_bus"] == item["t_bus"]:
                deactivate(component, item)
                text = "switched off: closed switches join its ends"
                findings.append(note("switch.loop", Severity.INFO, text, component, item["index"]))
    return findings


def update_bus_ids(data: Data, numbers: dict[int, int]) -> None:
    """Renumber buses, everywhere that a bus number stands."""
    for _, bus in items(data, "bus"):
        bus["index"] = bus["bus_i"] = numbers.get(bus["index"], bus["index"])
    data["bus"] = {str(bus["index"]): bus for _, bus in items(data, "bus")}
    for kind in COMPONENTS.values():
        for _, item in items(data, kind.name) if kind.buses else ():
            for field in kind.buses:
                item[field] = numbers.get(item[field], item[field])
