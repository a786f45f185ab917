"""Checks and corrections of a dictionary, in the order in which PowerModels runs them.

Each function changes the dictionary in place and returns what it changed or noticed as findings. What PowerModels
treats as an error raises :class:`~core.errors.BadInput`.
"""

from __future__ import annotations

import cmath
import math
from functools import partial

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.powermodels.components import (
    COMPONENTS,
    EDGES,
    Data,
    Item,
    active,
    active_buses,
    is_active,
    items,
    note,
    single,
    warn,
)
from core.formats.powermodels.costs import correct_cost_functions, simplify_cost_terms
from core.formats.powermodels.units import make_per_unit

#: The angle difference [rad] that replaces limits of a quarter turn and more: 60 degrees as PowerModels rounds it.
ANGLE_PAD = 1.0472
RATES = ("rate_a", "rate_b", "rate_c")
CURRENT_RATES = ("c_rating_a", "c_rating_b", "c_rating_c")


def correct_network_data(data: Data, *, physical: bool = False) -> list[Finding]:
    """Check and correct a dictionary as ``parse_file`` does; it is in per unit afterwards."""
    single(data, "correct_network_data")
    check_connectivity(data)
    findings = check_status(data)
    findings += check_reference_bus(data)
    make_per_unit(data, physical=physical)
    for correct in (
        correct_transformer_parameters, correct_voltage_angle_differences, correct_thermal_limits,
        correct_current_limits, partial(correct_branch_directions, physical=physical), check_branch_loops,
        correct_dcline_limits, correct_bus_types, check_voltage_setpoints, check_storage_parameters,
        check_switch_parameters, correct_cost_functions, simplify_cost_terms,
    ):  # fmt: skip
        findings += correct(data)
    return findings


def check_connectivity(data: Data) -> None:
    """Refuse components at buses that don't exist."""
    known = {bus["index"] for _, bus in items(data, "bus")}
    for kind in COMPONENTS.values():
        for key, item in items(data, kind.name):
            for field in kind.buses:
                if item[field] not in known:
                    where = Where(section=kind.name, row=item.get("index"), column=field)
                    raise BadInput(f"bus {item[field]} of {kind.name} {key} is not defined", where=where)


def check_status(data: Data) -> list[Finding]:
    """Note active components at inactive buses."""
    live = active_buses(data)
    return [
        warn("status", f"active {kind.name} {item['index']} is at inactive bus {item[field]}", kind.name, item["index"])
        for kind in COMPONENTS.values()
        for item in active(data, kind.name)
        for field in kind.buses
        if item[field] not in live
    ]


def biggest_generator(generators: list[Item]) -> Item | None:
    """Return the active generator with the largest ``pmax``, the first of several."""
    running = [item for item in generators if is_active("gen", item)]
    return max(running, key=lambda item: item["pmax"], default=None)


def check_reference_bus(data: Data) -> list[Finding]:
    """Give a network without a reference bus one: where the largest generator is, else the first bus."""
    buses = [bus for _, bus in items(data, "bus")]
    if not buses or any(bus["bus_type"] == 3 for bus in buses):
        return []
    largest = biggest_generator([item for _, item in items(data, "gen")])
    reference = data["bus"][str(largest["gen_bus"])] if largest else buses[0]
    reference["bus_type"] = 3
    reason = f"where generator {largest['index']} is the largest" if largest else "the first one"
    return [
        warn("reference_bus", f"no reference bus; bus {reference['index']} is set, {reason}", "bus", reference["index"])
    ]


def correct_transformer_parameters(data: Data) -> list[Finding]:
    """Set a missing or non-positive tap to 1 and a missing shift to 0."""
    findings = []
    for key, branch in items(data, "branch"):
        if branch.get("tap") is None or branch["tap"] <= 0:
            findings.append(warn("branch.tap", f"the tap was {branch.get('tap')}; 1.0 is set", "branch", key))
            branch["tap"] = 1.0
        if branch.get("shift") is None:
            findings.append(warn("branch.shift", "the phase shift was missing; 0.0 is set", "branch", key))
            branch["shift"] = 0.0
    return findings


def correct_voltage_angle_differences(data: Data) -> list[Finding]:
    """Tighten limits of a quarter turn and more, and widen a pair of zeros, to about 60 degrees."""
    findings = []
    for key, branch in items(data, "branch"):
        low, high = branch.setdefault("angmin", 0.0), branch.setdefault("angmax", 0.0)
        if low == 0 and high == 0:
            branch["angmin"], branch["angmax"] = -ANGLE_PAD, ANGLE_PAD
        if low <= -math.pi / 2:
            branch["angmin"] = -ANGLE_PAD
        if high >= math.pi / 2:
            branch["angmax"] = ANGLE_PAD
        if (low, high) != (branch["angmin"], branch["angmax"]):
            was = f"{math.degrees(low):g} to {math.degrees(high):g}"
            now = f"{math.degrees(branch['angmin']):.2f} to {math.degrees(branch['angmax']):.2f}"
            text = f"the limits of the angle difference were {was} degrees; {now} are set"
            findings.append(note("branch.angle", Severity.INFO, text, "branch", key))
    return findings


def correct_thermal_limits(data: Data) -> list[Finding]:
    """Drop thermal ratings of zero, which means unlimited; refuse negative ones."""
    return _drop_zero_ratings(data, RATES)


def correct_current_limits(data: Data) -> list[Finding]:
    """Drop current ratings of zero, which means unlimited; refuse negative ones."""
    return _drop_zero_ratings(data, CURRENT_RATES)


def _drop_zero_ratings(data: Data, fields: tuple[str, ...]) -> list[Finding]:
    findings = []
    for component in ("branch", "ne_branch"):
        for key, branch in items(data, component):
            for field in fields:
                rating = branch.get(field)
                if rating is None:
                    continue
                if rating < 0:
                    where = Where(section=component, row=branch.get("index"), column=field)
                    raise BadInput(f"{field} of {component} {key} is negative: {rating}", where=where)
                if math.isclose(rating, 0.0, abs_tol=1e-12):
                    del branch[field]
                    findings.append(note("branch.rating", Severity.INFO, f"{field} was 0: no limit", component, key))
    return findings


def calc_thermal_limits(data: Data) -> list[Finding]:
    """Give branches without ``rate_a`` the power [pu] that their voltage and angle limits allow.

    The largest current is y·sqrt(vf² + vt² - 2·vf·vt·cos(θmax)) at both buses' highest voltage.
    """
    if data.get("per_unit") is False:
        raise BadInput("calc_thermal_limits needs a dictionary in per unit", hint="leave --no-validate out")
    findings = []
    for component in ("branch", "ne_branch"):
        for key, branch in items(data, component):
            if branch.get("rate_a", 0.0) > 0:
                continue
            vf, vt = (data["bus"][str(branch[field])]["vmax"] for field in ("f_bus", "t_bus"))
            angle = max(abs(branch["angmin"]), abs(branch["angmax"]))
            current = abs(series_admittance(branch)) * math.sqrt(vf**2 + vt**2 - 2 * vf * vt * math.cos(angle))
            if branch.get("c_rating_a", 0.0) > 0:
                current = min(current, branch["c_rating_a"])
            branch["rate_a"] = max(vf, vt) * current
            text = (
                f"rate_a was missing; {branch['rate_a'] * data['baseMVA']:.4f} MVA follow from voltage and angle limits"
            )
            findings.append(warn("branch.rate_a", text, component, key))
    return findings


def series_admittance(branch: Item) -> complex:
    """Return 1/(r + jx), and 0 for no impedance at all, as a pseudo-inverse gives."""
    z = complex(branch["br_r"], branch["br_x"])
    return 0j if cmath.isclose(z, 0) else 1 / z


def correct_branch_directions(data: Data, *, physical: bool = False) -> list[Finding]:
    """Turn branches that run against an earlier one between the same buses.

    PowerModels gives a turned branch at its new to bus the shunt times the square of the tap, where the admittance
    matrix stays the same only with the shunt divided by it; ``physical`` divides.
    """
    findings = []
    seen: set[tuple[int, int]] = set()
    for key, branch in items(data, "branch"):
        ends = (branch["f_bus"], branch["t_bus"])
        if ends[::-1] in seen and ends[0] != ends[1]:
            _turn(branch, physical)
            findings.append(warn("branch.direction", f"turned from {ends[0]}-{ends[1]} as its parallel", "branch", key))
        else:
            seen.add(ends)
    return findings


def _turn(branch: Item, physical: bool) -> None:
    """Exchange a branch's ends: everything is referred to the other side."""
    old = dict(branch)
    square = old["tap"] ** 2
    to_square = 1 / square if physical else square
    branch |= {
        "f_bus": old["t_bus"], "t_bus": old["f_bus"], "tap": 1 / old["tap"], "shift": -old["shift"],
        "br_r": old["br_r"] * square, "br_x": old["br_x"] * square,
        "g_fr": old["g_to"] / square, "b_fr": old["b_to"] / square,
        "g_to": old["g_fr"] * to_square, "b_to": old["b_fr"] * to_square,
        "angmin": -old["angmax"], "angmax": -old["angmin"],
    }  # fmt: skip
    for one, other in (("pf", "pt"), ("qf", "qt")) if physical else ():
        if one in old or other in old:
            branch[one], branch[other] = old.get(other, 0.0), old.get(one, 0.0)


def check_branch_loops(data: Data) -> list[Finding]:
    """Refuse branches whose ends are one bus."""
    for component in EDGES:
        for key, item in items(data, component):
            if item["f_bus"] == item["t_bus"] and component == "branch":
                where = Where(section=component, row=item.get("index"))
                raise BadInput(f"both ends of branch {key} are at bus {item['f_bus']}", where=where)
    return []


def correct_dcline_limits(data: Data) -> list[Finding]:
    """Set losses to zero that are negative, that exceed what the line carries, or that are a whole and more."""
    findings, base = [], data["baseMVA"]
    for key, dcline in items(data, "dcline"):
        carried = dcline["pmaxf"] * (1 - dcline["loss1"]) + dcline["pmaxt"]
        if dcline["loss0"] < 0 or dcline["loss0"] >= carried:
            reason = "is negative" if dcline["loss0"] < 0 else "is more than the line's limits allow"
            text = f"loss0 of {base * dcline['loss0']} MW {reason}; 0.0 is set"
            findings.append(warn("dcline.loss0", text, "dcline", key))
            dcline["loss0"] = 0.0
        if not 0 <= dcline["loss1"] < 1:
            findings.append(
                warn("dcline.loss1", f"loss1 of {dcline['loss1']} is no fraction; 0.0 is set", "dcline", key)
            )
            dcline["loss1"] = 0.0
        if dcline["pmint"] < 0 and dcline["loss1"] > 0:
            text = "with loss1 above 0 the losses become negative when the flow turns round"
            findings.append(note("dcline.direction", Severity.INFO, text, "dcline", key))
    return findings


def correct_bus_types(data: Data) -> list[Finding]:
    """Make buses with active generators PV and others PQ; reference and inactive buses stay."""
    with_generator = {item["gen_bus"] for item in active(data, "gen")}
    if not with_generator:
        return []
    findings = []
    for key, bus in items(data, "bus"):
        right = 2 if bus["index"] in with_generator else 1
        if bus["bus_type"] in (3, 4) and not (bus["bus_type"] == 3 and right == 1):
            continue
        if bus["bus_type"] != right:
            text = f"bus type {bus['bus_type']} doesn't fit the generators at the bus; {right} is set"
            findings.append(warn("bus.type", text, "bus", key))
            bus["bus_type"] = right
    return [*findings, *check_reference_bus(data)]


def check_voltage_setpoints(data: Data) -> list[Finding]:
    """Note setpoints that differ from the bus's voltage."""
    findings = []
    ends = {"gen": (("vg", "gen_bus"),), "dcline": (("vf", "f_bus"), ("vt", "t_bus"))}
    for component, pairs in ends.items():
        for key, item in items(data, component):
            for setpoint, at in pairs:
                bus = data["bus"][str(item[at])]
                if item[setpoint] != bus["vm"]:
                    text = f"the setpoint {setpoint} of {item[setpoint]} differs from {bus['vm']} at bus {item[at]}"
                    findings.append(note("setpoint", Severity.INFO, text, component, key))
    return findings


def check_storage_parameters(data: Data) -> list[Finding]:
    """Refuse negative ratings; note efficiencies that are none."""
    findings = []
    positive = (
        "energy",
        "energy_rating",
        "charge_rating",
        "discharge_rating",
        "r",
        "x",
        "thermal_rating",
        "current_rating",
    )
    for key, item in items(data, "storage"):
        for field in (*positive, "charge_efficiency", "discharge_efficiency"):
            if item.get(field, 0.0) < 0:
                where = Where(section="storage", row=item.get("index"), column=field)
                raise BadInput(f"{field} of storage {key} is negative: {item[field]}", where=where)
        for field in ("charge_efficiency", "discharge_efficiency"):
            if not 0 < item[field] <= 1:
                findings.append(warn("storage.efficiency", f"{field} of {item[field]} is no fraction", "storage", key))
        if item["x"] != 0:
            findings.append(warn("storage.x", "the reactance is not used", "storage", key))
    return findings


def check_switch_parameters(data: Data) -> list[Finding]:
    """Refuse negative ratings; note switches whose state is neither open nor closed."""
    findings = []
    for key, item in items(data, "switch"):
        if item["state"] not in (0, 1):
            findings.append(warn("switch.state", f"the state {item['state']} is neither 0 nor 1", "switch", key))
        for field in ("thermal_rating", "current_rating"):
            if item.get(field, 0.0) < 0:
                where = Where(section="switch", row=item.get("index"), column=field)
                raise BadInput(f"{field} of switch {key} is negative: {item[field]}", where=where)
    return findings
