"""From the tables of a reliability model to the graph of gates that the engines solve."""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import TopologicalSorter

import numpy as np
import pandas as pd

from core.findings import Finding, Severity
from core.reliability import BlockType, MtbfMeaning, ReliabilityModel, rates
from core.studies.availability.markov import Group, GroupValue, solve_group, solve_unlike_group
from core.studies.availability.network import add_network
from core.studies.availability.structure import Structure

LIKE_LIMIT = 400  # like units in one Markov block


@dataclass(slots=True)
class Compiled:
    """The structure, the node of every component and block in it, and remarks on what had to be assumed."""

    structure: Structure
    nodes: dict[str, int]
    findings: list[Finding] = field(default_factory=list)
    unchained: list[str] = field(default_factory=list)  # standby and crew blocks that stand as running, crewed units


def compile_model(
    model: ReliabilityModel, mtbf_means: MtbfMeaning = MtbfMeaning.UP_TIME, *, chains: bool = True
) -> Compiled:
    """Return the model as gates over independent leaves.

    Standby blocks and blocks with fewer crews than units become leaves of their own, solved by a Markov chain.
    Common-cause groups split each unit into its own part and one part that all share. The model must be free of errors.
    Without ``chains`` standby units run and every unit has a crew.
    """
    state = rates(model.components, mtbf_means).set_index("id")
    compiled = Compiled(Structure(), {})
    _add_components(model.components, state, compiled)
    members = model.members
    kinds = dict(zip(model.blocks["id"], model.blocks["type"], strict=True))
    sizes = model.blocks["id"].map(lambda block: len(members[block]))
    crews = dict(zip(model.blocks["id"], model.blocks["repair_crews"].fillna(sizes).astype(int), strict=True))
    below = {block: [m for m in listed if m in members] for block, listed in members.items()}
    for block in TopologicalSorter(below).static_order():
        limited = crews[block] < len(members[block])
        is_network = kinds[block] == BlockType.NETWORK
        if kinds[block] == BlockType.STANDBY or limited:
            solvable = chains and not is_network
            value = _markov(model, block, state, crews[block] if limited else None) if solvable else None
            if value:
                compiled.nodes[block] = compiled.structure.add_leaf(
                    block, value.availability, value.unavailability, value.frequency_per_h
                )
                continue
            compiled.unchained.append(block)
        listed = [compiled.nodes[member] for member in members[block]]
        if is_network:
            compiled.nodes[block] = add_network(compiled.structure, block, listed, model.links[block])
        else:
            compiled.nodes[block] = compiled.structure.add_gate(block, listed, model.required[block])
    return compiled


def _add_components(components: pd.DataFrame, state: pd.DataFrame, compiled: Compiled) -> None:
    """Append every component; those of a common-cause group as own part in series with the group's part [1]_.

    The unavailability Q splits into (1 − β) Q of its own and β Q of the group, both repaired in the same time.

    References
    ----------
    .. [1] K. N. Fleming, "A reliability model for common mode failures in redundant safety systems", GA-A13284, 1974.
    """
    structure, nodes = compiled.structure, compiled.nodes
    q, frequency = state["unavailability"].to_numpy(), state["frequency_per_h"].to_numpy()
    beta = components["ccf_beta"].to_numpy() * (components["ccf_group"] != "").to_numpy()
    common = pd.DataFrame({"group": components["ccf_group"], "q": beta * q, "frequency": beta * frequency})[beta > 0]
    shared = {
        str(group): structure.add_leaf(
            f"common cause {group}", 1 - rows["q"].max(), rows["q"].max(), rows["frequency"].max()
        )
        for group, rows in common.groupby("group")
    }
    unlike = [str(group) for group, rows in common.groupby("group") if rows["q"].max() > 1.01 * rows["q"].min()]
    text = "the units of a common-cause group differ; the largest common part is used"
    compiled.findings += [
        Finding("rbd.ccf.unlike", Severity.WARNING, f"{group}: {text}", element=group) for group in unlike
    ]
    own_q, own_up = (1 - beta) * q, np.where(beta > 0, 1 - (1 - beta) * q, state["availability"].to_numpy())
    columns = (components["id"], own_up, own_q, (1 - beta) * frequency, components["ccf_group"], beta)
    for name, up, down, per_h, group, part in zip(*columns, strict=True):
        leaf = structure.add_leaf(name, float(up), float(down), float(per_h))
        nodes[name] = structure.add_gate(name, (leaf, shared[group]), 2) if part > 0 else leaf


def _markov(model: ReliabilityModel, block: str, state: pd.DataFrame, crews: int | None) -> GroupValue | None:
    """Return the block's value by a Markov chain; ``None`` unless its members are independent units of known rates."""
    members = model.members[block]
    alone = all(model.uses[member] == 1 and member not in model.members for member in members)
    own = set(model.components.loc[model.components["ccf_group"] == "", "id"])
    if not alone or not own.issuperset(members):
        return None
    failure = 1 / state.loc[members, "up_h"].to_numpy()
    repair = 1 / state.loc[members, "mttr_h"].to_numpy()
    standby = bool(model.blocks.set_index("id").at[block, "type"] == BlockType.STANDBY)
    if not np.isfinite(failure).all() or not np.isfinite(repair).all():
        return None
    if np.ptp(failure) <= 1e-9 * failure[0] and np.ptp(repair) <= 1e-9 * repair[0] and len(members) <= LIKE_LIMIT:
        return solve_group(
            Group(len(members), model.required[block], float(failure[0]), float(repair[0]), crews, standby)
        )
    return solve_unlike_group(model.required[block], failure.tolist(), repair.tolist(), crews=crews, standby=standby)
