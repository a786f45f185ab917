"""What brings the power of an OpenDSS circuit: sources, lines, transformers and series impedances as rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.feeder import Matrices, rows_of
from core.findings import Severity
from core.formats.opendss.active import Active

SQRT3 = math.sqrt(3)
#: Kilometres in the engine's length units: none, mile, kft, km, m, ft, inch, cm, mm.
KM = (1.0, 1.609344, 0.3048, 1.0, 1e-3, 3.048e-4, 2.54e-5, 1e-5, 1e-6)
PROTECTION = {"Fuses": "fuse", "Reclosers": "recloser", "Relays": "breaker"}
MOST_WINDINGS = 3


def add_sources(active: Active) -> None:
    """Add the voltage sources with the impedance behind them."""
    sources = active.circuit.Vsources
    for _ in sources:
        n, name = active.element.NumPhases, active.own("vsource")
        z = np.linalg.inv(active.yprim()[:n, :n])
        mutual = z[0, 1] if n > 1 else 0.0
        z1, z0 = z[0, 0] - mutual, z[0, 0] + (n - 1) * mutual
        turns = zip("abc", (0.0, 120.0, -120.0), strict=True)
        active.add(
            "sources",
            id=name,
            bus=active.bus(0),
            phases="".join(active.nodes(0)[:n]),
            kv_ll=float(sources.BasekV) * (1.0 if n > 1 else SQRT3),
            r1_ohm=z1.real,
            x1_ohm=z1.imag,
            r0_ohm=z0.real,
            x0_ohm=z0.imag,
            include_impedance=True,
            **{f"v_{phase}_pu": float(sources.pu) for phase in "abc"},
            **{f"angle_{phase}_deg": float(sources.AngleDeg) - turn for phase, turn in turns},
        )
        if not active.at_earth(1):
            text = "A source between two buses is taken to stand at earth"
            active.note("source_between_buses", Severity.WARNING, text, name)


def add_lines(active: Active) -> None:
    """Add lines and what switches them."""
    lines = active.circuit.Lines
    guarded = _guarded(active)
    for _ in lines:
        name, start, end = active.own("line"), *("".join(active.nodes(k)[: active.element.NumPhases]) for k in (0, 1))
        km = KM[int(lines.Units)] if 0 <= int(lines.Units) < len(KM) else 1.0
        kind = "cable" if active.property("LineType").lower().startswith("ug") else "overhead"
        active.add(
            "branches",
            id=name,
            kind=guarded.get(active.element.Name.lower()) or ("switch" if lines.IsSwitch else kind),
            from_bus=active.bus(0),
            to_bus=active.bus(1),
            phases=start,
            to_phases="" if end == start else end,
            length_km=float(lines.Length) * km,
            equipment=lines.LineCode or lines.Geometry,
            origin="geometry" if lines.Geometry else "matrix",
            amps_normal=float(lines.NormAmps),
            amps_emergency=float(lines.EmergAmps),
            closed_phases="".join(phase for k, phase in enumerate(start, start=1) if _closed(active, k)),
        )
        active.rows.setdefault("impedances", []).extend(rows_of(name, _matrices(active, lines, km)))


def _matrices(active: Active, lines: Any, km: float) -> Matrices:
    n = active.element.NumPhases
    z = (np.asarray(lines.Rmatrix) + 1j * np.asarray(lines.Xmatrix)).reshape((n, n)) / km
    us_per_nf = 2 * math.pi * float(active.circuit.Solution.Frequency) * 1e-3
    return Matrices(np.asarray(z, dtype=complex), np.asarray(lines.Cmatrix).reshape((n, n)) / km * us_per_nf)


def _closed(active: Active, conductor: int) -> bool:
    return not active.element.IsOpen(1, conductor) and not active.element.IsOpen(2, conductor)


def _guarded(active: Active) -> dict[str, str]:
    """Return the kind of the lines that a protective device stands for."""
    found = {}
    for name, kind in PROTECTION.items():
        collection = getattr(active.circuit, name)
        for _ in collection:
            found[str(collection.SwitchedObj or collection.MonitoredObj).lower()] = kind
    return found


def add_transformers(active: Active) -> None:
    """Add transformers of two and three windings."""
    transformers = active.circuit.Transformers
    for _ in transformers:
        name, count = active.own("transformer"), int(transformers.NumWindings)
        if count > MOST_WINDINGS:
            text = f"A transformer with {count} windings is left out"
            active.note("windings", Severity.ERROR, text, name, "Three windings are the most")
            continue
        active.add(
            "transformers",
            id=name,
            bank=active.property("bank") or name,
            phase_count=active.element.NumPhases,
            equipment=transformers.XfmrCode,
            x_hl_pct=float(transformers.Xhl),
            x_ht_pct=float(transformers.Xht) if count == MOST_WINDINGS else None,
            x_lt_pct=float(transformers.Xlt) if count == MOST_WINDINGS else None,
            no_load_loss_pct=float(active.property("%noloadloss")),
            magnetizing_pct=float(active.property("%imag")),
            floating_ppm=float(active.property("ppm_antifloat")),
            amps_normal=float(active.element.NormalAmps),
            leading=active.property("LeadLag").lower() in ("lead", "euro"),
        )
        for winding in range(1, count + 1):
            transformers.Wdg = winding
            _add_winding(active, transformers, name, winding)


def _add_winding(active: Active, transformers: Any, name: str, winding: int) -> None:
    delta, n = bool(transformers.IsDelta), active.element.NumPhases
    terminal = winding - 1
    between = "".join(active.nodes(terminal)[: n + 1 if n == 1 else n])
    phases = between if delta else active.wye_nodes(terminal)
    neutral = float(transformers.Rneut), float(transformers.Xneut)
    impedance = not delta and neutral[0] >= 0 and any(neutral)
    active.add(
        "windings",
        transformer=name,
        winding=winding,
        bus=active.bus(terminal),
        phases=phases,
        connection="delta" if delta else "wye",
        grounding="none" if delta or len(phases) > n else "impedance" if impedance else "solid",
        kv=float(transformers.kV),
        kva=float(transformers.kVA),
        r_pct=float(transformers.R),
        tap_pu=float(transformers.Tap),
        tap_min_pu=float(transformers.MinTap),
        tap_max_pu=float(transformers.MaxTap),
        tap_steps=int(transformers.NumTaps),
        r_neutral_ohm=neutral[0] if impedance else None,
        x_neutral_ohm=neutral[1] if impedance else None,
    )


def add_reactors(active: Active) -> None:
    """Add reactors: shunt ones as capacitors of negative power, others as series impedances."""
    reactors = active.circuit.Reactors
    for _ in reactors:
        name, n = active.own("reactor"), active.element.NumPhases
        shunt = active.element.NumTerminals == 1 or (active.bus(1) == active.bus(0) and active.at_earth(1))
        if not shunt or float(reactors.kvar) <= 0 or float(reactors.kV) <= 0 or float(reactors.R):
            _add_series(active, name, "reactor")
            continue
        delta = bool(reactors.IsDelta)
        active.add(
            "capacitors",
            id=name,
            device=name,
            bus=active.bus(0),
            phases="".join(active.nodes(0)[: n + 1 if delta and n == 1 else n]),
            phase_count=n,
            connection="delta" if delta else "wye",
            kv=float(reactors.kV),
            kvar=-float(reactors.kvar),
            control="none",
        )


def add_faults(active: Active) -> None:
    """Add faults that the script leaves in the circuit as the impedances that they are."""
    for _ in active.of_class("Fault"):
        name = active.own("fault")
        active.note("fault", Severity.WARNING, "The script leaves a fault in the circuit: it is kept as a branch", name)
        _add_series(active, name, "fault")


def _add_series(active: Active, name: str, kind: str) -> None:
    n = active.element.NumPhases
    admittances = active.yprim()[:n, n : 2 * n]
    active.series(active.free("branches", name, kind), "reactor", np.linalg.inv(-admittances))
