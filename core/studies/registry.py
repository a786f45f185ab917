"""The studies by name, as the command line and the jobs ask for them. A study is one function and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import BadInput
from core.network import Network
from core.plant import Plant
from core.results.study_result import StudyResult

if TYPE_CHECKING:
    from core.studies.contingency import Statements


@dataclass(frozen=True, slots=True)
class Question:
    """What is studied: a plant (in scenarios) or a network, and how. Options that a study doesn't know are unused."""

    plant: Plant | None = None
    network: Network | None = None
    scenarios: tuple[str, ...] = ()  # none: all for a load flow, everything online for the others
    engine: str | None = None  # none: the study's default
    order: int = 1  # contingencies: N-1 or N-2
    case: str = "max"  # short circuit: max or min
    delay_s: float = 0.05  # short circuit: minimum time delay of the breakers
    peak_method: str = "C"  # short circuit: A, B or C of IEC 60909-0
    part: tuple[int, int | None] = (0, None)  # contingencies: first and end of a block of outages
    statements: Statements | None = None  # contingencies: what contingency files state, in place of the order
    limits: bool | None = (
        None  # whether reactive limits are enforced; none: of plants, and as a network's program has it
    )

    @property
    def scenario(self) -> str | None:
        """Return the one scenario of a study that takes one."""
        if len(self.scenarios) > 1:
            raise BadInput("this study takes one scenario at a time", hint=f"choose one of {', '.join(self.scenarios)}")
        return self.scenarios[0] if self.scenarios else None

    def of_plant(self, study: str) -> Plant:
        """Return the plant, which some studies need."""
        if self.plant is None:
            raise BadInput(f"{study} needs a plant", hint="a network file has no breakers, governors or clearing times")
        return self.plant


def run_study(name: str, question: Question) -> StudyResult:
    """Run one of :data:`STUDIES`."""
    if name not in STUDIES:
        raise BadInput(f"there is no study {name!r}", hint=f"studies are {', '.join(STUDIES)}")
    return STUDIES[name](question)


def _load_flow(question: Question) -> StudyResult:
    from core.studies.load_flow import network_load_flow, plant_load_flow

    engine = question.engine or "newton"
    if question.network is not None:
        return network_load_flow(question.network, engine, limits=question.limits)
    plant, enforced = question.of_plant("load_flow"), question.limits is not False
    return plant_load_flow(plant, question.scenarios or None, engine, limits=enforced)


def _contingency(question: Question) -> StudyResult:
    from core.studies.contingency import network_contingencies, plant_contingencies

    engine = question.engine or "lightsim2grid"
    part = slice(*question.part)
    if question.network is not None:
        return network_contingencies(
            question.network,
            order=question.order,
            engine=engine,
            limits=question.limits,
            part=part,
            statements=question.statements,
        )
    plant = question.of_plant("contingency")
    return plant_contingencies(
        plant,
        question.scenario,
        order=question.order,
        engine=engine,
        limits=question.limits is not False,
        part=part,
        statements=question.statements,
    )


def _short_circuit(question: Question) -> StudyResult:
    from core.studies.short_circuit import Conditions, network_short_circuit, plant_short_circuit

    _only_own_engine(question, "short_circuit", "iec60909")
    conditions = Conditions(question.case, question.delay_s, question.peak_method)
    if question.network is not None:
        return network_short_circuit(question.network, conditions)
    return plant_short_circuit(question.of_plant("short_circuit"), question.scenario, conditions)


def _arc_flash(question: Question) -> StudyResult:
    from core.studies.arc_flash import plant_arc_flash

    _only_own_engine(question, "arc_flash", "ieee1584")
    return plant_arc_flash(question.of_plant("arc_flash"), question.scenario)


def _frequency(question: Question) -> StudyResult:
    from core.studies.frequency import plant_frequency

    _only_own_engine(question, "frequency", "sfr")
    return plant_frequency(question.of_plant("frequency"), question.scenario)


def _only_own_engine(question: Question, study: str, engine: str) -> None:
    if question.engine not in (None, engine):
        raise BadInput(f"{study} has no engine {question.engine!r}", hint=f"its engine is {engine}")


STUDIES: dict[str, Callable[[Question], StudyResult]] = {
    "load_flow": _load_flow,
    "contingency": _contingency,
    "short_circuit": _short_circuit,
    "arc_flash": _arc_flash,
    "frequency": _frequency,
}
