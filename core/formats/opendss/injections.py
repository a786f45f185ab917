"""What takes and gives power in an OpenDSS circuit: loads, generators, photovoltaics and storage as rows."""

from __future__ import annotations

from core.findings import Severity
from core.formats.opendss.active import Active, Row
from core.formats.opendss.context import plain

MODELS = {1: "pq", 2: "z", 3: "motor", 4: "exponential", 5: "i", 6: "pq_fixed_q", 7: "pq_fixed_x", 8: "zip"}
SHARES = ("z_p_pct", "i_p_pct", "p_p_pct", "z_q_pct", "i_q_pct", "p_q_pct")
DER_MODELS = {1: "pq", 2: "z", 4: "pq_fixed_q", 5: "pq_fixed_x", 7: "limited"}
#: The generator model of constant voltage.
CONSTANT_VOLTAGE = 3


def add_loads(active: Active) -> None:
    """Add the loads at the circuit's load multiplier."""
    loads, multiplier = active.circuit.Loads, float(active.circuit.Solution.LoadMult)
    if multiplier != 1.0:
        text = f"The circuit's load multiplier {multiplier:g} is applied to its loads"
        active.note("load_multiplier", Severity.INFO, text)
    for _ in loads:
        name, delta, fixed = active.own("load"), bool(loads.IsDelta), int(loads.Status) != 0
        scale = 1.0 if fixed else multiplier
        active.add(
            "loads",
            id=name,
            device=name,
            bus=active.bus(0),
            phases=active.unit_nodes(delta),
            phase_count=active.element.NumPhases,
            connection="delta" if delta else "wye",
            kv=float(loads.kV),
            p_kw=float(loads.kW) * scale,
            q_kvar=float(loads.kvar) * scale,
            exponent_p=float(loads.CVRwatts),
            exponent_q=float(loads.CVRvars),
            v_min_pu=float(loads.Vminpu),
            v_max_pu=float(loads.Vmaxpu),
            customers=float(loads.NumCust),
            kwh=float(loads.kwh),
            profile=str(loads.Yearly or loads.daily),
            fixed=fixed,
            **_behaviour(int(loads.Model), [float(value) for value in loads.ZIPV]),
        )


def _behaviour(model: int, shares: list[float]) -> Row:
    """Return how a load depends on voltage: the engine's model, and a ZIP load's shares and cut-off."""
    row: Row = {"model": MODELS.get(model, "pq")}
    if row["model"] == "zip" and len(shares) >= len(SHARES):
        row |= {share: 100 * value for share, value in zip(SHARES, shares, strict=False)}
        row["cutoff_pu"] = shares[len(SHARES)] if len(shares) > len(SHARES) else 0.0
    return row


def add_generators(active: Active) -> None:
    """Add generators; one of a model of its own keeps the power that it has in the circuit's own state."""
    generators = active.circuit.Generators
    for _ in generators:
        model, power = int(generators.Model), complex(float(generators.kW), float(generators.kvar))
        if model not in DER_MODELS:
            power = _of_own_model(active, model, power)
        active.add(
            "der",
            **_unit(active, "generator", "generator", bool(generators.IsDelta)),
            kv=float(generators.kV),
            kva=float(generators.kVArated),
            p_kw=power.real,
            q_kvar=power.imag,
            rated_kw=float(generators.kW),
            model=DER_MODELS.get(model, "pq"),
            v_min_pu=float(generators.Vminpu),
            v_max_pu=float(generators.Vmaxpu),
            profile=str(generators.Yearly or generators.daily),
        )


def _of_own_model(active: Active, model: int, rated: complex) -> complex:
    """Return the power of a generator whose model ours hasn't: the present one, the rated where the engine has none."""
    name = active.own("generator")
    what = "of constant voltage" if model == CONSTANT_VOLTAGE else f"of model {model}"
    try:
        power = active.injected()
    except Exception as error:  # noqa: BLE001 - the engine raises one class for everything
        text = f"The engine has no power of a generator {what}, its rated {rated.real:.4g} kW count: {plain(error)}"
        hint = "Give the generator a model that the engine has by itself"
        active.note("generator_model", Severity.ERROR, text, name, hint)
        return rated
    text = f"A generator {what} keeps its present {power.real:.4g} kW and {power.imag:.4g} kvar"
    hint = "The circuit's own solution moves it: voltages differ where that doesn't settle"
    active.note("generator_model", Severity.WARNING, text, name, hint)
    return power


def add_inverters(active: Active) -> None:
    """Add photovoltaic systems and storages with the power that they have in the circuit's own state."""
    systems = active.circuit.PVSystems
    for _ in systems:
        _add_inverter(active, "pvsystem", "pv", kva=float(systems.kVArated), rated_kw=float(systems.Pmpp))
        active.rows["der"][-1]["profile"] = str(systems.yearly or systems.daily)
    storages = active.circuit.Storages
    for _ in storages:
        names = {"kva": "kVA", "rated_kw": "kWrated", "rated_kwh": "kWhrated"}
        rated = {column: float(active.property(name)) for column, name in names.items()}
        _add_inverter(active, "storage", "storage", **rated)


def _add_inverter(active: Active, kind: str, ours: str, **rated: float) -> None:
    """Add an inverter with its present power; out of its voltage range, where it is an impedance, that of the limit."""
    unit, kv = _unit(active, kind, ours, active.is_delta()), float(active.property("kV"))
    limits = {"v_min_pu": float(active.property("Vminpu")), "v_max_pu": float(active.property("Vmaxpu"))}
    v = active.across_pu(kv, unit["connection"] == "delta")
    power = active.injected() * ((min(max(v, limits["v_min_pu"]), limits["v_max_pu"]) / v) ** 2 if v > 0 else 1.0)
    active.add("der", **unit, kv=kv, p_kw=power.real, q_kvar=power.imag, **limits, **rated)


def _unit(active: Active, kind: str, ours: str, delta: bool) -> Row:
    name = active.free("der", active.own(kind), ours)
    return {
        "id": name,
        "device": name,
        "kind": ours,
        "bus": active.bus(0),
        "phases": active.unit_nodes(delta),
        "phase_count": active.element.NumPhases,
        "connection": "delta" if delta else "wye",
    }
