"""What a simulation says about the model it was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.findings import Finding, Severity
from core.reliability import ReliabilityModel
from core.studies.availability.compile import Compiled

#: What the repair of a component takes that states nothing but its availability [h].
ASSUMED_MTTR_H = 24.0


def remarks_on(model: ReliabilityModel, compiled: Compiled, untimed: Sequence[str]) -> Iterator[Finding]:
    """Yield what the simulation of a model takes otherwise than stated; the ``untimed`` state an availability alone."""
    yield from _unfollowed(model, compiled)
    if untimed:
        text = (
            f"{', '.join(untimed[:5])}{' …' * (len(untimed) > 5)}: an availability alone doesn't say how often a unit"
        )
        taken = (
            f"fails; repairs are taken to last {ASSUMED_MTTR_H:g} h, and the system's failures and times stay unknown"
        )
        hint = "give MTBF and MTTR: queues for crews and parts and the battery's energy depend on them"
        yield Finding("simulation.assumed_repair", Severity.WARNING, f"{text} {taken}", hint)
    without = (model.components["pm_interval_h"] > 0) & ~(model.components["pm_duration_h"] > 0)
    if without.any():
        text = (
            f"{without.sum()} components have a maintenance interval and no duration; their maintenance takes no time"
        )
        yield Finding("simulation.maintenance", Severity.INFO, text, "fill PM_Duration_Hours")


def _unfollowed(model: ReliabilityModel, compiled: Compiled) -> Iterator[Finding]:
    """Yield the standby and crew blocks whose members fail in parts: blocks, and units with a common cause."""
    for block in compiled.unchained:
        parted = [member for member in model.members[block] if compiled.nodes[member] in compiled.structure.gates]
        if parted:
            text = f"{block}: {', '.join(parted)} always run and are repaired at once, they fail in parts"
            hint = "list components without a common cause"
            yield Finding("simulation.unfollowed", Severity.WARNING, text, hint, element=block)
