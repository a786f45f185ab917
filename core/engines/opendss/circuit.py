"""A feeder in the engine: load it, solve it, read its state."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd

from core.errors import EngineError
from core.feeder import Feeder
from core.feeder.topology import tree_of
from core.findings import Finding, Severity, listed
from core.formats.opendss.context import REUSE_FACTORS, give_back, lent_engine, new_context, plain, scratch
from core.formats.opendss.names import PHASES
from core.formats.opendss.write import Script, script_of

#: What the engine says when its controls never come to rest.
HUNTING = "max control iterations"
#: Below this a node has no voltage [pu].
DEAD_PU = 1e-3
#: What ties dead nodes to earth: its name in the engine and its resistance [ohm].
EARTH, EARTH_OHM = "_earth_of_dead_", 1000.0
#: The tolerance that OpenDSS uses unless told otherwise [pu].
USUAL_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class SolveOptions:
    """How to solve: controls free or held, and how exactly."""

    hold_taps: bool = False
    tolerance: float = 1e-6
    max_iterations: int = 100
    max_control_iterations: int = 200


@dataclass(slots=True)
class Snapshot:
    """The state of a solved feeder."""

    converged: bool
    iterations: int
    nodes: pd.DataFrame  # bus, phase, v_pu, angle_deg, v_kv
    branches: pd.DataFrame  # id, kind, i_a_a, i_b_a, i_c_a, i_max_a, loading_pct, p_kw, q_kvar, losses_kw
    taps: pd.DataFrame  # regulator, bank, phase, tap
    losses_kw: float
    losses_kvar: float
    source_kw: float
    source_kvar: float
    findings: list[Finding] = field(default_factory=list)


class Circuit:
    """A feeder loaded into an engine of its own; use it in a ``with`` block."""

    def __init__(self, feeder: Feeder, options: SolveOptions | None = None) -> None:
        self.feeder = feeder
        self.options = options or SolveOptions()
        self.engine = lent_engine()
        self.findings: list[Finding] = []
        self._folder = scratch()
        self._fed = set(tree_of(feeder).parent)
        self.script: Script = script_of(_dead_at_rest(feeder, self._fed), hold_taps=self.options.hold_taps)
        self._load()

    def __enter__(self) -> Circuit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        give_back(self.engine)
        self._folder.cleanup()

    def command(self, text: str) -> None:
        """Run one command."""
        self.engine.Text.Command = text

    def _load(self, tolerance: float | None = None) -> None:
        try:
            self.command(f'set datapath="{self._folder.name}"')
            self.engine.Text.Commands(self.script.commands)
            self._earth_islands()
            for setting in (
                f"set tolerance={tolerance or self.options.tolerance:g}",
                f"set maxiterations={self.options.max_iterations}",
                f"set maxcontroliter={self.options.max_control_iterations}",
                "set mode=snapshot controlmode=static loadmult=1",
            ):
                self.command(setting)
            self.engine.YMatrix.SolverOptions = REUSE_FACTORS
        except Exception as error:
            raise EngineError(
                f"OpenDSS refuses the feeder: {plain(error)}", hint="Look at the findings of the model"
            ) from error

    def _earth_islands(self) -> None:
        """Earth each node that no source reaches: it stays dead and doesn't leave the whole circuit singular."""
        bus_of = partial(self.script.names.back, "bus")
        nodes = self.engine.ActiveCircuit.AllNodeNames
        for k, node in enumerate(node for node in nodes if bus_of(node.rsplit(".", 1)[0]) not in self._fed):
            self.command(f"new reactor.{EARTH}{k} bus1={node} phases=1 r={EARTH_OHM:g} x=0")

    def solve(self) -> Snapshot:
        """Solve once; a circuit that doesn't converge or is singular comes back as such, with what stands out."""
        solution = self.engine.ActiveCircuit.Solution
        try:
            solution.Solve()
            if not solution.Converged and self.options.tolerance < USUAL_TOLERANCE:
                self._solve_as_usual()
        except Exception as error:  # noqa: BLE001
            if HUNTING not in plain(error).lower():
                self._explain(plain(error))
                return self._nothing()
            return self._hunting()
        return self.snapshot()

    def _hunting(self) -> Snapshot:
        """Return the state of a circuit whose controls never come to rest: not converged, and who still moves."""
        snapshot, before = self.snapshot(), self._positions()
        with suppress(Exception):  # it hunts on: that is what we look at
            self.engine.ActiveCircuit.Solution.Solve()
        after = self._positions()
        moving = [name for name, position in after.items() if position != before[name]] or list(after)
        text = f"The power flow is solved, but controls don't come to rest: {listed(moving)}"
        hint = "Look at bandwidths and on and off settings: each action calls for the opposite one"
        self.findings.append(Finding("feeder.controls_hunt", Severity.ERROR, text, hint, element=moving[0]))
        snapshot.converged = False
        return snapshot

    def _positions(self) -> dict[str, Any]:
        """Return the tap of every regulator and the state of every controlled capacitor by our names."""
        circuit = self.engine.ActiveCircuit
        found: dict[str, Any] = dict(zip(*(self.taps()[column] for column in ("regulator", "tap")), strict=True))
        for _ in circuit.CapControls:
            circuit.Capacitors.Name = circuit.CapControls.Capacitor
            found[self.script.names.back("capacitor", circuit.Capacitors.Name)] = list(circuit.Capacitors.States)
        return found

    def _solve_as_usual(self) -> None:
        """Solve from the start at the engine's usual tolerance: some circuits never settle more exactly."""
        self.command("clear")
        self._load(tolerance=USUAL_TOLERANCE)
        solution = self.engine.ActiveCircuit.Solution
        solution.Solve()
        if solution.Converged:
            text = f"The power flow settles to {USUAL_TOLERANCE:g} pu, not to {self.options.tolerance:g} pu"
            self.findings.append(Finding("feeder.settled_roughly", Severity.INFO, text, "Look for parts without earth"))

    def _explain(self, text: str) -> None:
        """Report why the engine stopped, naming our elements for its own."""
        said = re.findall(r"(line|transformer|load|capacitor|generator|reactor)[. ]\"?([^\s\"]+)", text.lower())
        ours = self.script.names.ours
        element = next((ours[kind, name] for kind, name in said if (kind, name) in ours), "")
        hint = (
            "Look at this element's impedance, voltages and phases"
            if element
            else "Look for elements without impedance and for parts without a source"
        )
        self.findings.append(
            Finding(
                "feeder.not_solved",
                Severity.ERROR,
                f"OpenDSS can't solve the feeder: {text}",
                hint,
                element=element or None,
            )
        )

    def _nothing(self) -> Snapshot:
        empty = pd.DataFrame()
        return Snapshot(
            False, 0, empty, empty, empty, float("nan"), float("nan"), float("nan"), float("nan"), self.findings
        )

    def snapshot(self) -> Snapshot:
        """Return the present state."""
        circuit = self.engine.ActiveCircuit
        losses = np.asarray(circuit.Losses) / 1000
        power = -np.asarray(circuit.TotalPower)
        converged = bool(circuit.Solution.Converged)
        nodes = self.nodes()
        branches = self.branches()
        if not converged or nodes["v_kv"].isna().any():
            converged = False
            self._diverged(nodes)
        return Snapshot(
            converged,
            int(circuit.Solution.Iterations),
            nodes,
            branches,
            self.taps(),
            float(losses[0]),
            float(losses[1]),
            float(power[0]),
            float(power[1]),
            self.findings,
        )

    def _diverged(self, nodes: pd.DataFrame) -> None:
        alive = nodes[nodes["v_pu"] > DEAD_PU]
        low = alive.loc[alive["v_pu"].sub(1).abs().idxmax()] if len(alive) else None
        place = (
            f"; the voltage furthest from nominal is at bus {low['bus']} phase {low['phase']} ({low['v_pu']:.3f} pu)"
            if low is not None
            else ""
        )
        bus = str(low["bus"]) if low is not None else None
        text = f"The power flow does not converge{place}"
        self.findings.append(
            Finding(
                "feeder.not_converged",
                Severity.ERROR,
                text,
                "Look at loads, impedances and taps near this bus",
                element=bus,
            )
        )

    def nodes(self) -> pd.DataFrame:
        """Return the voltage of every node."""
        circuit = self.engine.ActiveCircuit
        names = [name.rsplit(".", 1) for name in circuit.YNodeOrder]
        volts = np.asarray(circuit.YNodeVarray).view(complex) if len(names) else np.array([], dtype=complex)
        bus = [self.script.names.back("bus", name) for name, _ in names]
        base = dict(zip(self.feeder["buses"]["id"], self.feeder["buses"]["kv_ll_base"], strict=True))
        kv = np.array([base.get(name, np.nan) for name in bus]) / np.sqrt(3)
        magnitude = np.abs(volts) / 1000
        return pd.DataFrame(
            {
                "bus": bus,
                "phase": [PHASES.get(node, node) for _, node in names],
                "v_pu": np.divide(magnitude, kv, out=np.full(len(kv), np.nan), where=kv > 0),
                "angle_deg": np.degrees(np.angle(volts)),
                "v_kv": magnitude,
            }
        )

    def branches(self) -> pd.DataFrame:
        """Return currents, loading, power and losses of lines, switches and transformers."""
        circuit = self.engine.ActiveCircuit
        element = circuit.ActiveCktElement
        rows = []
        kinds = dict(zip(self.feeder["branches"]["id"], self.feeder["branches"]["kind"], strict=True))
        kinds |= dict(zip(self.feeder["transformers"]["id"], self.feeder["transformers"]["kind"], strict=True))
        for collection, kind in ((circuit.Lines, "line"), (circuit.Transformers, "transformer")):
            for _ in collection:
                rows.append(self._flow(element, kind, kinds))
        columns = [
            "id",
            "kind",
            "i_a_a",
            "i_b_a",
            "i_c_a",
            "i_max_a",
            "amps_normal",
            "loading_pct",
            "p_kw",
            "q_kvar",
            "losses_kw",
        ]
        return pd.DataFrame(rows, columns=columns)

    def _flow(self, element: Any, kind: str, kinds: dict[str, str]) -> tuple[Any, ...]:
        name = self.script.names.back(kind, element.Name.split(".", 1)[1])
        phases, conductors = element.NumPhases, element.NumConductors
        amps = np.abs(np.asarray(element.Currents).view(complex))[:phases]
        order = [PHASES.get(str(node), "") for node in element.NodeOrder[:phases]]
        by_phase = [float(amps[order.index(phase)]) if phase in order else None for phase in "ABC"]
        power = np.asarray(element.Powers).view(complex)[:conductors].sum()
        rating = float(element.NormalAmps)
        largest = float(amps.max()) if len(amps) else 0.0
        loading = largest / rating * 100 if rating > 0 else None
        losses = float(np.asarray(element.Losses)[0] / 1000)
        return (
            name,
            kinds.get(name, kind),
            *by_phase,
            largest,
            rating or None,
            loading,
            float(power.real),
            float(power.imag),
            losses,
        )

    def taps(self) -> pd.DataFrame:
        """Return the tap position of every regulator unit."""
        transformers = self.engine.ActiveCircuit.Transformers
        rows = []
        for row in self.feeder["regulators"].to_dict("records"):
            transformers.Name = self.script.names.give("transformer", row["transformer"])
            transformers.Wdg = int(row["winding"] if pd.isna(row["tap_winding"]) else row["tap_winding"])
            step = (transformers.MaxTap - transformers.MinTap) / max(transformers.NumTaps, 1)
            rows.append(
                (
                    row["id"],
                    row["bank"],
                    row["phase"],
                    round((transformers.Tap - 1) / step) if step else 0,
                    float(transformers.Tap),
                )
            )
        return pd.DataFrame(rows, columns=["regulator", "bank", "phase", "tap", "ratio"])


def _dead_at_rest(feeder: Feeder, fed: set[str]) -> Feeder:
    """Return the feeder with the regulators that no source reaches where they are: without voltage they'd run high."""
    windings, regulators = feeder["windings"], feeder["regulators"]
    dead = regulators["transformer"].isin(windings.loc[~windings["bus"].isin(fed), "transformer"])
    return feeder.with_tables({"regulators": regulators.assign(mode=regulators["mode"].mask(dead, "fixed"))})


def version() -> str:
    """Return the engine's version."""
    return str(new_context().Version).splitlines()[0]
