"""The engine's elements, class by class, as rows of the feeder model."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core.feeder import Matrices, rows_of
from core.findings import Finding, Severity, Where
from core.formats.opendss.names import PHASES, Names

SQRT3 = math.sqrt(3)
Row = dict[str, Any]
#: Kilometres in the engine's length units: none, mile, kft, km, m, ft, inch, cm, mm.
KM = (1.0, 1.609344, 0.3048, 1.0, 1e-3, 3.048e-4, 2.54e-5, 1e-5, 1e-6)
MODELS = {1: "pq", 2: "z", 3: "motor", 4: "exponential", 5: "i", 6: "pq_fixed_q", 7: "pq_fixed_x", 8: "zip"}
DER_MODELS = {1: "pq", 2: "z", 3: "pq"}
CAP_CONTROLS = {0: "current", 1: "voltage", 2: "kvar", 3: "time", 4: "powerfactor"}
PROTECTION = {"Fuses": "fuse", "Reclosers": "recloser", "Relays": "breaker"}


class Reader:
    """Reads one circuit; what the model can't hold is noted."""

    def __init__(self, engine: Any, names: Names, findings: list[Finding], file: str) -> None:
        self.circuit = engine.ActiveCircuit
        self.element = self.circuit.ActiveCktElement
        self.names = names
        self.findings = findings
        self.file = file
        self.load_scale = float(self.circuit.Solution.LoadMult)
        self.rows: dict[str, list[Row]] = {}

    def tables(self) -> dict[str, list[Row]]:
        """Return the rows of all tables."""
        self.sources()
        self.branches()
        self.transformers()
        self.regulators()
        self.capacitors()
        self.capacitor_controls()
        self.reactors()
        self.loads()
        self.generators()
        return self.rows

    def add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append(row)

    def note(self, code: str, severity: Severity, text: str, element: str, hint: str = "") -> None:
        self.findings.append(Finding(f"opendss.{code}", severity, text, hint, Where(file=self.file), element))

    def own(self, kind: str) -> str:
        """Return our name of the active element."""
        return self.names.back(kind, self.element.Name.split(".", 1)[1])

    def bus(self, terminal: int) -> str:
        return self.names.back("bus", self.element.BusNames[terminal].split(".")[0].strip())

    def nodes(self, terminal: int) -> list[str]:
        """Return the nodes of a terminal, one a conductor."""
        conductors = self.element.NumConductors
        order = self.element.NodeOrder[terminal * conductors : (terminal + 1) * conductors]
        return [PHASES.get(str(node), "?") for node in order]

    def wye_nodes(self, terminal: int, phases: int) -> str:
        """Return the nodes of a unit with a star point; the star point is left out when it lies at earth."""
        found = self.nodes(terminal)
        star = found[phases : phases + 1]
        return "".join(found[:phases]) + ("" if star in ([], ["0"]) else star[0])

    def property(self, name: str) -> str:
        return str(self.element.Properties(name).Val).strip().strip("[]()").strip()

    def yprim(self) -> np.ndarray:
        values = np.asarray(self.element.Yprim).view(complex)
        size = round(math.sqrt(len(values)))
        return values.reshape((size, size))

    def sources(self) -> None:
        sources = self.circuit.Vsources
        for _ in sources:
            n = self.element.NumPhases
            z = np.linalg.inv(self.yprim()[:n, :n])
            own = z[0, 0]
            mutual = z[0, 1] if n > 1 else 0.0
            z1, z0 = own - mutual, own + (n - 1) * mutual
            scale = 1.0 if n > 1 else SQRT3
            volts, angle = float(sources.pu), float(sources.AngleDeg)
            row = {f"v_{p}_pu": volts for p in "abc"} | {
                f"angle_{p}_deg": angle - turn for p, turn in zip("abc", (0.0, 120.0, -120.0), strict=True)
            }
            self.add(
                "sources",
                id=self.own("vsource"),
                bus=self.bus(0),
                phases="".join(self.nodes(0)[:n]),
                kv_ll=float(sources.BasekV) * scale,
                r1_ohm=z1.real,
                x1_ohm=z1.imag,
                r0_ohm=z0.real,
                x0_ohm=z0.imag,
                include_impedance=True,
                **row,
            )
            if any(node != "0" for node in self.nodes(1)):
                self.note(
                    "source_between_buses",
                    Severity.WARNING,
                    "A source between two buses is taken to stand at earth",
                    self.own("vsource"),
                )

    def branches(self) -> None:
        lines = self.circuit.Lines
        guarded = self.guarded()
        for _ in lines:
            n = self.element.NumPhases
            name = self.own("line")
            length = float(lines.Length)
            km = KM[int(lines.Units)] if 0 <= int(lines.Units) < len(KM) else 1.0
            z = (np.asarray(lines.Rmatrix) + 1j * np.asarray(lines.Xmatrix)).reshape((n, n)) / km
            b = (
                np.asarray(lines.Cmatrix).reshape((n, n))
                / km
                * 2
                * math.pi
                * float(self.circuit.Solution.Frequency)
                * 1e-3
            )
            start, end = "".join(self.nodes(0)[:n]), "".join(self.nodes(1)[:n])
            closed = "".join(
                phase
                for k, phase in enumerate(start, start=1)
                if not self.element.IsOpen(1, k) and not self.element.IsOpen(2, k)
            )
            kind = guarded.get(f"line.{self.element.Name.split('.', 1)[1].lower()}") or (
                "switch" if lines.IsSwitch else self.line_kind()
            )
            self.add(
                "branches",
                id=name,
                kind=kind,
                from_bus=self.bus(0),
                to_bus=self.bus(1),
                phases=start,
                to_phases="" if end == start else end,
                length_km=length * km,
                equipment=lines.LineCode or lines.Geometry,
                origin="geometry" if lines.Geometry else "matrix",
                amps_normal=float(lines.NormAmps),
                amps_emergency=float(lines.EmergAmps),
                closed_phases=closed,
            )
            self.rows.setdefault("impedances", []).extend(rows_of(name, Matrices(np.asarray(z, dtype=complex), b)))

    def line_kind(self) -> str:
        kind = self.property("LineType").lower()
        return "cable" if kind.startswith("ug") else "overhead"

    def guarded(self) -> dict[str, str]:
        """Return the kind of the lines that a protective device stands for."""
        found = {}
        for name, kind in PROTECTION.items():
            collection = getattr(self.circuit, name)
            for _ in collection:
                switched = str(collection.SwitchedObj or collection.MonitoredObj).lower()
                found[switched] = kind
        return found

    def transformers(self) -> None:
        transformers = self.circuit.Transformers
        for _ in transformers:
            n, name, count = self.element.NumPhases, self.own("transformer"), int(transformers.NumWindings)
            if count > 3:
                self.note(
                    "windings",
                    Severity.ERROR,
                    f"A transformer with {count} windings is left out",
                    name,
                    "Three windings are the most",
                )
                continue
            bank = self.property("bank")
            self.add(
                "transformers",
                id=name,
                bank=bank or name,
                phase_count=n,
                equipment=transformers.XfmrCode,
                x_hl_pct=float(transformers.Xhl),
                x_ht_pct=float(transformers.Xht) if count == 3 else None,
                x_lt_pct=float(transformers.Xlt) if count == 3 else None,
                no_load_loss_pct=float(self.property("%noloadloss")),
                magnetizing_pct=float(self.property("%imag")),
                amps_normal=float(self.element.NormalAmps),
                leading=self.property("LeadLag").lower() in ("lead", "euro"),
            )
            for k in range(1, count + 1):
                transformers.Wdg = k
                delta = bool(transformers.IsDelta)
                phases = "".join(self.nodes(k - 1)[: n + 1 if n == 1 else n]) if delta else self.wye_nodes(k - 1, n)
                neutral = float(transformers.Rneut), float(transformers.Xneut)
                impedance = not delta and neutral[0] >= 0 and any(neutral)
                self.add(
                    "windings",
                    transformer=name,
                    winding=k,
                    bus=self.bus(k - 1),
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

    def regulators(self) -> None:
        controls = self.circuit.RegControls
        by_name = {row["id"]: row for row in self.rows.get("transformers", [])}
        windings = {(row["transformer"], row["winding"]): row for row in self.rows.get("windings", [])}
        for _ in controls:
            name = self.names.back("regcontrol", controls.Name)
            transformer = self.names.back("transformer", controls.Transformer)
            moving = windings.get((transformer, int(controls.TapWinding)))
            if transformer not in by_name or moving is None:
                continue
            if moving["kv"] == windings[transformer, 1]["kv"]:
                by_name[transformer]["kind"] = "regulator"
            step = (moving["tap_max_pu"] - moving["tap_min_pu"]) / max(moving["tap_steps"], 1)
            self.circuit.SetActiveElement(f"RegControl.{controls.Name}")
            pt_phase = self.property("PTPhase")
            phases = moving["phases"]
            self.add(
                "regulators",
                id=name,
                bank=by_name[transformer]["bank"],
                transformer=transformer,
                winding=int(controls.Winding),
                tap_winding=int(controls.TapWinding) if controls.TapWinding != controls.Winding else None,
                phase=phases if len(phases) == 1 else pt_phase,
                mode="automatic",
                vset_v=float(controls.ForwardVreg),
                band_v=float(controls.ForwardBand),
                pt_ratio=float(controls.PTratio),
                ct_a=float(controls.CTPrimary),
                r_v=float(controls.ForwardR),
                x_v=float(controls.ForwardX),
                tap=round((moving["tap_pu"] - 1) / step) if step else 0,
                delay_s=float(controls.Delay),
                tap_delay_s=float(controls.TapDelay),
                max_tap_change=int(controls.MaxTapChange),
                reversible=bool(controls.IsReversible),
                reverse_vset_v=float(controls.ReverseVreg),
                reverse_band_v=float(controls.ReverseBand),
                reverse_r_v=float(controls.ReverseR),
                reverse_x_v=float(controls.ReverseX),
                remote_bus=self.remote(str(controls.MonitoredBus)),
                voltage_limit_v=float(controls.VoltageLimit),
            )

    def remote(self, text: str) -> str:
        """Return a measured bus with our name and the engine's nodes."""
        bus, dot, rest = text.strip().partition(".")
        return f"{self.names.back('bus', bus)}{dot}{rest}" if bus else ""

    def capacitors(self) -> None:
        capacitors = self.circuit.Capacitors
        for _ in capacitors:
            name, n = self.own("capacitor"), self.element.NumPhases
            kvar, kv, delta = float(capacitors.kvar), float(capacitors.kV), bool(capacitors.IsDelta)
            states = list(capacitors.States) or [1]
            if len(states) > 1:
                kvar *= sum(1 for state in states if state) / len(states) or 1.0
                self.note(
                    "capacitor_steps",
                    Severity.INFO,
                    f"{sum(map(bool, states))} of {len(states)} steps are in: one unit of {kvar:g} kvar stands for all",
                    name,
                )
            if not delta and self.bus(1) != self.bus(0) and any(node != "0" for node in self.nodes(1)):
                self.series(name, "series_capacitor", np.diag([-1j * kv**2 * 1000 / kvar] * n))
                continue
            star = self.nodes(1)[:1] if not delta else ["0"]
            phases = "".join(self.nodes(0)[: n + 1 if delta and n == 1 else n]) + ("" if star == ["0"] else star[0])
            self.add(
                "capacitors",
                id=name,
                device=name,
                bus=self.bus(0),
                phases=phases,
                phase_count=n,
                connection="delta" if delta else "wye",
                kv=kv,
                kvar=kvar,
                closed=any(states),
                control="none",
            )

    def capacitor_controls(self) -> None:
        controls = self.circuit.CapControls
        rows = {row["id"]: row for row in self.rows.get("capacitors", [])}
        for _ in controls:
            row = rows.get(self.names.back("capacitor", controls.Capacitor))
            if row is None:
                continue
            kind, _, element = str(controls.MonitoredObj).lower().partition(".")
            row.update(
                control=CAP_CONTROLS.get(int(controls.Mode), "manual"),
                control_element=f"{kind}.{self.names.back(kind, element)}",
                control_terminal=int(controls.MonitoredTerm),
                control_on=float(controls.ONSetting),
                control_off=float(controls.OFFSetting),
                control_pt_ratio=float(controls.PTratio),
                control_ct_ratio=float(controls.CTratio),
                control_delay_s=float(controls.Delay),
                control_delay_off_s=float(controls.DelayOff),
                control_dead_time_s=float(controls.DeadTime),
                control_voltage_override=bool(controls.UseVoltOverride),
                control_v_min=float(controls.Vmin),
                control_v_max=float(controls.Vmax),
            )

    def series(self, name: str, kind: str, z: np.ndarray) -> None:
        """Add a series impedance as a branch of unit length; also one from a star point to earth."""
        n = z.shape[0]
        start, end = "".join(self.nodes(0)[:n]), "".join(self.nodes(1)[:n])
        self.add(
            "branches",
            id=name,
            kind=kind,
            from_bus=self.bus(0),
            to_bus=self.bus(1),
            phases=start,
            to_phases="" if end == start else end,
            length_km=1.0,
            origin="matrix",
            amps_normal=float(self.element.NormalAmps) or None,
            closed_phases=start,
        )
        self.rows.setdefault("impedances", []).extend(rows_of(name, Matrices(z, np.zeros((n, n)))))

    def reactors(self) -> None:
        reactors = self.circuit.Reactors
        for _ in reactors:
            name, n = self.own("reactor"), self.element.NumPhases
            shunt = self.element.NumTerminals == 1 or (
                self.bus(1) == self.bus(0) and all(node == "0" for node in self.nodes(1))
            )
            if shunt and float(reactors.kvar) > 0 and float(reactors.kV) > 0 and not float(reactors.R):
                delta = bool(reactors.IsDelta)
                self.add(
                    "capacitors",
                    id=name,
                    device=name,
                    bus=self.bus(0),
                    phases="".join(self.nodes(0)[: n + 1 if delta and n == 1 else n]),
                    phase_count=n,
                    connection="delta" if delta else "wye",
                    kv=float(reactors.kV),
                    kvar=-float(reactors.kvar),
                    control="none",
                )
                continue
            y = self.yprim()
            self.series(self.free("branches", name, "reactor"), "reactor", np.linalg.inv(-y[:n, n : 2 * n]))

    def free(self, table: str, name: str, kind: str) -> str:
        """Return the name, with its class where the table has it already."""
        taken = {row["id"].lower() for row in self.rows.get(table, [])}
        return name if name.lower() not in taken else f"{name} ({kind})"

    def loads(self) -> None:
        loads = self.circuit.Loads
        if self.load_scale != 1.0:
            text = f"The circuit's load multiplier {self.load_scale:g} is applied to its loads"
            self.findings.append(Finding("opendss.load_multiplier", Severity.INFO, text, "", Where(file=self.file)))
        for _ in loads:
            name, n, delta = self.own("load"), self.element.NumPhases, bool(loads.IsDelta)
            fixed = int(loads.Status) != 0
            scale = 1.0 if fixed else self.load_scale
            shares = [float(value) for value in loads.ZIPV]
            row: Row = {"model": MODELS.get(int(loads.Model), "pq")}
            if row["model"] == "zip" and len(shares) >= 6:
                row |= dict(
                    zip(
                        ("z_p_pct", "i_p_pct", "p_p_pct", "z_q_pct", "i_q_pct", "p_q_pct"),
                        (100 * v for v in shares),
                        strict=False,
                    )
                )
                row["cutoff_pu"] = shares[6] if len(shares) > 6 else 0.0
            phases = "".join(self.nodes(0)[: n + 1 if n < 3 else n]) if delta else self.wye_nodes(0, n)
            self.add(
                "loads",
                id=name,
                device=name,
                bus=self.bus(0),
                phases=phases,
                phase_count=n,
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
                **row,
            )

    def generators(self) -> None:
        generators = self.circuit.Generators
        for _ in generators:
            model, delta = int(generators.Model), bool(generators.IsDelta)
            power = complex(float(generators.kW), float(generators.kvar))
            if model == 3:  # constant voltage: in the model it keeps the reactive power that it has now
                power = self.solved()
                text = f"A generator of constant voltage keeps its present {power.imag:.4g} kvar"
                self.note("generator_voltage", Severity.WARNING, text, self.own("generator"))
            elif model not in DER_MODELS:
                text = f"Generator model {model} is taken as constant power"
                self.note("generator_model", Severity.WARNING, text, self.own("generator"))
            self.add(
                "der",
                **self.injection("generator", "generator", delta),
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
        systems = self.circuit.PVSystems
        for _ in systems:
            power = self.solved()
            self.add(
                "der",
                **self.injection("pvsystem", "pv", self.is_delta()),
                kv=float(self.property("kV")),
                kva=float(systems.kVArated),
                p_kw=power.real,
                q_kvar=power.imag,
                rated_kw=float(systems.Pmpp),
                profile=str(systems.yearly or systems.daily),
            )
        storages = self.circuit.Storages
        for _ in storages:
            power = self.solved()
            self.add(
                "der",
                **self.injection("storage", "storage", self.is_delta()),
                kv=float(self.property("kV")),
                kva=float(self.property("kVA")),
                p_kw=power.real,
                q_kvar=power.imag,
                rated_kw=float(self.property("kWrated")),
                rated_kwh=float(self.property("kWhrated")),
            )

    def injection(self, kind: str, ours: str, delta: bool) -> Row:
        n, name = self.element.NumPhases, self.own(kind)
        phases = "".join(self.nodes(0)[: n + 1 if n < 3 else n]) if delta else self.wye_nodes(0, n)
        named = self.free("der", name, ours)
        return {
            "id": named,
            "device": named,
            "kind": ours,
            "bus": self.bus(0),
            "phases": phases,
            "phase_count": n,
            "connection": "delta" if delta else "wye",
        }

    def is_delta(self) -> bool:
        return self.property("conn").lower().startswith(("d", "ll"))

    def solved(self) -> complex:
        """Return the power that the active element injects in the circuit's own state."""
        return -complex(np.asarray(self.element.Powers).view(complex)[: self.element.NumConductors].sum())
