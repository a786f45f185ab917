"""The event simulation, compiled by numba. Import it where a simulation runs: numba takes a second to load.

Every history has its own random stream (splitmix64 [1]_ seeded by the run's seed and the history's number), so results
depend on nothing but the model, the seed and the number of histories. The next event is the root of a tournament tree
over all events' times; exponential numbers come from the ziggurat [2]_.

References
----------
.. [1] G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from core.studies.availability.structure import Floats, Integers
from core.studies.availability.ways import Search, Ways, is_connected

EXPONENTIAL, WEIBULL, LOGNORMAL, DETERMINISTIC = 0, 1, 2, 3
RUNNING, WAITING_COLD, FAILED, IN_REPAIR, IN_MAINTENANCE = 0, 1, 2, 3, 4
ONE = np.uint64(1)  # places in hot loops are unsigned: signed ones would be checked for counting from the end
STEP = 2.0**-53  # between neighbouring numbers of 53 random bits
NOW, MW, STORED, FLOW, SINCE, SYSTEM_UP, QUEUED = 0, 1, 2, 3, 4, 5, 6  # places in State.scalars


#: Without reference counting (nothing is allocated here) and inlined: passing the tuples would cost more than the work.
HOT = njit(cache=True, inline="always", _nrt=False)
SELDOM = njit(cache=True, _nrt=False)


class Plan(NamedTuple):
    """What all histories share. Leaves are the nodes 0 … n − 1; pools, groups and nodes are numbered from 0."""

    fail_law: Integers
    fail_a: Floats  # mean; scale of a Weibull law; μ of a lognormal law
    fail_b: Floats  # 1/β of a Weibull law; σ of a lognormal law
    repair_law: Integers
    repair_a: Floats
    repair_b: Floats
    pm_every: Floats  # hours from renewal to planned maintenance; infinite without
    pm_lasts: Floats
    crew_pool: Integers  # −1: a crew of its own
    crews: Integers
    spare_pool: Integers  # −1: parts never run out
    spares: Integers
    lead: Floats
    group: Integers  # standby group; −1: none
    group_start: Integers
    group_members: Integers
    group_need: Integers
    parent_start: Integers
    parents: Integers
    ways: Ways
    need: Integers  # of every node; 0 for leaves
    up_at_start: Integers  # members of every node
    mw: Floats  # what every node adds to the plant while it works
    root: int
    horizon_h: float
    required_mw: float  # −1: the root alone decides
    battery_mw: float
    battery_mwh: float
    ages_while_down: bool


class State(NamedTuple):
    """What changes within a history."""

    status: Integers  # of leaves
    up: Integers  # of nodes: 1 works
    working: Integers  # of nodes: members that work
    times: Floats  # next event of leaves, then of spare pools, then the battery's end
    tree: Integers
    left: Floats  # hours to the next event of leaves that stand still
    planned: Integers  # 1: the leaf's next event is planned maintenance
    down_since: Floats
    queue: Integers  # failed leaves that wait for a crew or a part, in order
    crews: Integers
    spares: Integers
    orders: Floats  # arrival of ordered parts, one row a pool
    stack: Integers
    search: Search
    scalars: Floats
    random: np.ndarray  # the stream's state


@HOT
def _bits(random):  # type: ignore[no-untyped-def]
    """Return 64 random bits."""
    random[0] += np.uint64(0x9E3779B97F4A7C15)
    z = random[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@HOT
def _uniform(random):  # type: ignore[no-untyped-def]
    """Return a number in (0, 1)."""
    return (float(_bits(random) >> np.uint64(11)) + 0.5) * STEP


def _layers() -> tuple[Floats, Floats]:
    """Return the edges of 256 layers of equal area under exp(−x), the lowest with the tail, and exp(−x) there [2]_."""
    tail = 7.69711747013104972
    area = (tail + 1) * math.exp(-tail)
    edges = [tail + 1, tail]
    while len(edges) < 256:
        edges.append(-math.log(math.exp(-edges[-1]) + area / edges[-1]))
    edge = np.array([*edges, 0.0])
    return edge, np.exp(-edge)


EDGE, HEIGHT = _layers()
WIDTH = STEP * EDGE


@HOT
def _exponential(random):  # type: ignore[no-untyped-def]
    """Return an exponential number of mean 1 [2]_: most lie in the layer below, the others are decided by its edge."""
    shift = 0.0
    while True:
        bits = _bits(random)
        layer = np.int64(bits & np.uint64(255))
        x = (float(bits >> np.uint64(11)) + 0.5) * WIDTH[layer]
        if x < EDGE[layer + 1]:
            return shift + x
        if layer == 0:
            shift += EDGE[1]  # the tail is the same law again
        elif HEIGHT[layer] + (HEIGHT[layer + 1] - HEIGHT[layer]) * _uniform(random) < math.exp(-x):
            return shift + x


@HOT
def _draw(law, a, b, random):  # type: ignore[no-untyped-def]
    """Return a time of the law."""
    if law == EXPONENTIAL:
        return a * _exponential(random)
    if law == WEIBULL:
        return a * _exponential(random) ** b
    if law == LOGNORMAL:
        radius = math.sqrt(-2.0 * math.log(_uniform(random)))
        return math.exp(a + b * radius * math.cos(2.0 * math.pi * _uniform(random)))
    return a


@HOT
def _schedule(state, event, time):  # type: ignore[no-untyped-def]
    """Set an event's time and replay its matches up the tournament tree; it wins ties."""
    state.times[event] = time
    winner, best = event, time
    place = np.uint64(event + len(state.times))
    while place > ONE:
        other = state.tree[place ^ ONE]
        rival = state.times[np.uint64(other)]
        if rival < best:
            winner, best = other, rival
        place >>= ONE
        state.tree[place] = winner


@HOT
def _renew(plan, state, leaf):  # type: ignore[no-untyped-def]
    """Draw the life of a leaf that is as good as new; return the hours to its failure or planned maintenance."""
    life = _draw(plan.fail_law[leaf], plan.fail_a[leaf], plan.fail_b[leaf], state.random)
    state.planned[leaf] = 1 if plan.pm_every[leaf] < life else 0
    return min(life, plan.pm_every[leaf])


@HOT
def _turn(plan, state, leaf, works, node_downtime):  # type: ignore[no-untyped-def]
    """Set a leaf up or down and carry the change through the gates above it."""
    now = state.scalars[NOW]
    node, filled = leaf, 0
    while True:
        state.up[node] = works
        if plan.required_mw >= 0:
            state.scalars[MW] += plan.mw[node] if works else -plan.mw[node]
        if works:
            node_downtime[node] += now - state.down_since[node]
        else:
            state.down_since[node] = now
        for place in range(np.uint64(plan.parent_start[node]), np.uint64(plan.parent_start[node + ONE])):
            gate = np.uint64(plan.parents[place])
            before = state.working[gate] >= plan.need[gate]
            if plan.ways.source[gate] < 0:
                state.working[gate] += 1 if works else -1
            elif before != works and (works or state.search.taken[place]):
                state.working[gate] = is_connected(plan.ways, state.search, state.up, gate)
            if before != (state.working[gate] >= plan.need[gate]):
                state.stack[filled] = gate
                filled += 1
        if filled == 0:
            break
        filled -= 1
        node = np.uint64(state.stack[filled])


@SELDOM
def _start_repairs(plan, state):  # type: ignore[no-untyped-def]
    """Start what waits for a crew or a part, in the order of failure, as far as both are there."""
    kept = 0
    for place in range(int(state.scalars[QUEUED])):
        leaf = state.queue[place]
        crew, part = plan.crew_pool[leaf], plan.spare_pool[leaf]
        if (crew >= 0 and state.crews[crew] == 0) or (part >= 0 and state.spares[part] == 0):
            state.queue[kept] = leaf
            kept += 1
            continue
        if crew >= 0:
            state.crews[crew] -= 1
        if part >= 0:
            state.spares[part] -= 1
        state.status[leaf] = IN_REPAIR
        repair = _draw(plan.repair_law[leaf], plan.repair_a[leaf], plan.repair_b[leaf], state.random)
        _schedule(state, leaf, state.scalars[NOW] + repair)
    state.scalars[QUEUED] = kept


@SELDOM
def _move_parts(plan, state, part, arrival):  # type: ignore[no-untyped-def]
    """Put arrived parts in stock, order one when an arrival is given, and plan the next arrival."""
    earliest, ordered = arrival, arrival == math.inf
    for slot in range(state.orders.shape[1]):
        if state.orders[part, slot] <= state.scalars[NOW]:
            state.orders[part, slot] = math.inf
            state.spares[part] += 1
        if not ordered and state.orders[part, slot] == math.inf:
            state.orders[part, slot] = arrival
            ordered = True
        earliest = min(earliest, state.orders[part, slot])
    _schedule(state, len(plan.fail_law) + part, earliest)


@SELDOM
def _choose_running(plan, state, group):  # type: ignore[no-untyped-def]
    """Let the first units that are up run, as many as are needed; the others keep the life that they have left."""
    now, running = state.scalars[NOW], 0
    for place in range(plan.group_start[group], plan.group_start[group + 1]):
        leaf = plan.group_members[place]
        if state.status[leaf] > WAITING_COLD:
            continue
        status = RUNNING if running < plan.group_need[group] else WAITING_COLD
        running += 1
        if status != state.status[leaf]:
            time = now + state.left[leaf]
            if status == WAITING_COLD:
                time = math.inf
                state.left[leaf] = state.times[leaf] - now
            state.status[leaf] = status
            _schedule(state, leaf, time)


@HOT
def _handle(plan, state, event, node_downtime):  # type: ignore[no-untyped-def]
    """Carry out one event: a leaf fails, goes to maintenance or comes back, or a part arrives."""
    leaves, now, works, time = len(plan.fail_law), state.scalars[NOW], 0, math.inf
    if event < leaves:
        leaf = np.uint64(event)
        crew, part = plan.crew_pool[leaf], plan.spare_pool[leaf]
        if state.status[leaf] != RUNNING:
            works = 1
            if state.status[leaf] == IN_REPAIR and crew >= 0:
                state.crews[crew] += 1
            state.status[leaf] = RUNNING
            time = now + _renew(plan, state, leaf)
        elif state.planned[leaf]:
            state.status[leaf] = IN_MAINTENANCE
            time = now + plan.pm_lasts[leaf]
        elif crew < 0 and part < 0:
            state.status[leaf] = IN_REPAIR
            time = now + _draw(plan.repair_law[leaf], plan.repair_a[leaf], plan.repair_b[leaf], state.random)
        else:
            state.status[leaf] = FAILED
            state.queue[int(state.scalars[QUEUED])] = event
            state.scalars[QUEUED] += 1
            if part >= 0:
                _move_parts(plan, state, part, now + plan.lead[part])
        _schedule(state, event, time)
        _turn(plan, state, leaf, works, node_downtime)
        if plan.group[leaf] >= 0:
            _choose_running(plan, state, plan.group[leaf])
    elif event < leaves + len(plan.lead):
        _move_parts(plan, state, event - leaves, math.inf)
    if state.scalars[QUEUED] > 0:
        _start_repairs(plan, state)


@SELDOM
def _battery(plan, state):  # type: ignore[no-untyped-def]
    """Bring the battery's energy up to now; return whether the MW are there, and plan when the battery runs out."""
    scalars = state.scalars
    stored = scalars[STORED] + scalars[FLOW] * (scalars[NOW] - scalars[SINCE])
    scalars[STORED] = min(max(stored, 0.0), plan.battery_mwh)
    scalars[SINCE] = scalars[NOW]
    margin = scalars[MW] - plan.required_mw + 1e-9
    works = state.up[plan.root] == 1 and margin >= 0
    empty_at = math.inf
    scalars[FLOW] = min(max(margin, 0.0), plan.battery_mw)
    if state.up[plan.root] == 1 and margin < 0 and -margin <= plan.battery_mw + 2e-9 and scalars[STORED] > 1e-9:
        works = True
        scalars[FLOW] = margin
        empty_at = scalars[NOW] + scalars[STORED] / -margin
    last = len(plan.fail_law) + len(plan.lead)
    if empty_at != state.times[last]:
        _schedule(state, last, empty_at)
    return works


@SELDOM
def _hold_or_go_on(plan, state, works):  # type: ignore[no-untyped-def]
    """Hold the clocks of running leaves while the system is down, and let them go on after."""
    now = state.scalars[NOW]
    for leaf in range(len(plan.fail_law)):
        held = state.times[leaf] == math.inf
        if state.status[leaf] == RUNNING and held == works:
            time = now + state.left[leaf]
            if not works:
                time = math.inf
                state.left[leaf] = state.times[leaf] - now
            _schedule(state, leaf, time)


@SELDOM
def _reset(plan, state, seed, history):  # type: ignore[no-untyped-def]
    """Begin a history: everything up and new, the battery full, its own random stream."""
    leaves, size = len(plan.fail_law), len(state.times)
    state.random[0] = np.uint64(seed) * np.uint64(0xD1342543DE82EF95) + np.uint64(history) * np.uint64(
        0xDA942042E4DD58B5
    )
    _uniform(state.random)
    state.random[0] = state.random[0] ^ (state.random[0] >> np.uint64(29))
    state.scalars[:] = 0.0
    state.status[:] = RUNNING
    state.up[:] = 1
    state.orders[:] = math.inf
    state.times[:] = math.inf
    state.left[:] = math.inf
    for node in range(len(plan.need)):
        state.working[node] = plan.up_at_start[node]
        state.scalars[MW] += plan.mw[node]
        if plan.ways.source[node] >= 0:
            is_connected(plan.ways, state.search, state.up, node)
    for crew in range(len(plan.crews)):
        state.crews[crew] = plan.crews[crew]
    for part in range(len(plan.spares)):
        state.spares[part] = plan.spares[part]
    state.scalars[STORED] = plan.battery_mwh
    for leaf in range(leaves):
        state.times[leaf] = _renew(plan, state, leaf)
    for place in range(size):
        state.tree[size + place] = place
    for place in range(size - 1, 0, -1):
        first, second = state.tree[2 * place], state.tree[2 * place + 1]
        state.tree[place] = first if state.times[first] <= state.times[second] else second
    for group in range(len(plan.group_need)):
        _choose_running(plan, state, group)


@njit(cache=True, nogil=True, _nrt=False)
def simulate(plan, state, seed, first, downtime, failures, first_failure, node_downtime):  # type: ignore[no-untyped-def]
    """Run the histories ``first``, ``first + 1``, …, one for each place in the result arrays [h]."""
    for history in range(len(downtime)):
        _reset(plan, state, seed, first + history)
        works = True if plan.required_mw < 0 else _battery(plan, state)
        down_from = 0.0
        first_failure[history] = math.inf
        while True:
            event = state.tree[1]
            if state.times[event] >= plan.horizon_h:
                break
            state.scalars[NOW] = state.times[event]
            _handle(plan, state, event, node_downtime)
            was = works
            works = state.up[plan.root] == 1 if plan.required_mw < 0 else _battery(plan, state)
            if was and not works:
                failures[history] += 1
                down_from = state.scalars[NOW]
                first_failure[history] = min(first_failure[history], down_from)
            elif works and not was:
                downtime[history] += state.scalars[NOW] - down_from
            if not plan.ages_while_down and (was != works or not works):
                _hold_or_go_on(plan, state, works)
        state.scalars[NOW] = plan.horizon_h
        if not works:
            downtime[history] += plan.horizon_h - down_from
        for node in range(len(state.up)):
            if not state.up[node]:
                node_downtime[node] += plan.horizon_h - state.down_since[node]
