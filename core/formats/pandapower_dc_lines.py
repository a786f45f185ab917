"""DC lines to and from pandapower, whose own hold the voltage of both their ends."""

from __future__ import annotations

from typing import Any

import pandas as pd

from core.formats.matpower.case import MatpowerCase

NO_LIMIT = 9999.0  # as PSS/E has it


def create_dc_lines(net: Any, table: pd.DataFrame, case: MatpowerCase) -> None:
    """DC lines where both ends hold their voltage, as pandapower's do; a pair of injections for each of the others."""
    import pandapower

    holds = holds_both_ends(table)
    machines = case.tables["gen"]
    machines = machines[machines["gen_status"] > 0].drop_duplicates("gen_bus").set_index("gen_bus")
    rows = _dc_rows(table[holds], machines["vg"])
    for values in rows.to_numpy(dtype=object).tolist():
        pandapower.create_dcline(net, **dict(zip(map(str, rows), values, strict=True)))
    line = table[~holds]
    if line.empty:
        return
    on, from_, to = (line[name].to_numpy() for name in ("in_service", "from_bus", "to_bus"))
    p_from, p_to, q_from, q_to = (
        line[name].to_numpy() for name in ("p_from_mw", "p_to_mw", "q_from_mvar", "q_to_mvar")
    )
    pandapower.create_loads(net, from_, p_mw=p_from, q_mvar=-q_from, in_service=on)
    pandapower.create_sgens(net, to, p_mw=p_to, q_mvar=q_to, in_service=on)


def holds_both_ends(table: pd.DataFrame) -> pd.Series:
    return (table["kind"] == "VSC") & table["controls_v_from"] & table["controls_v_to"]


def _dc_rows(table: pd.DataFrame, held: pd.Series) -> pd.DataFrame:
    """Return DC lines by pandapower's names: the power of the sending end, and what of it is lost on the way.

    A machine's voltage (``held``, by bus) goes before that of a converter beside it.
    """
    p_from, p_to = table["p_from_mw"], table["p_to_mw"]
    forward = p_from > 0
    sent, arrives = p_from.where(forward, -p_to), p_to.where(forward, -p_from)
    rows = {name: table[name] for name in ("name", "from_bus", "to_bus", "in_service")}
    rows |= {"p_mw": sent.where(forward, -sent), "loss_percent": 100 * table["loss1"]}
    rows |= {"loss_mw": sent * (1 - table["loss1"]) - arrives, "max_p_mw": table["p_max_mw"]}
    for end in ("from", "to"):
        rows[f"vm_{end}_pu"] = table[f"{end}_bus"].map(held).fillna(table[f"v_{end}_pu"])
        rows |= {f"{limit}_q_{end}_mvar": table[f"q_{limit}_{end}_mvar"] for limit in ("max", "min")}
    return pd.DataFrame(rows)


def dc_lines_of(net: Any) -> pd.DataFrame:
    """Return pandapower's DC lines but for their buses: both ends hold their voltage."""
    line = net.dcline
    sent = line["p_mw"].abs()
    arrives = sent * (1 - line["loss_percent"] / 100) - line["loss_mw"]
    forward = line["p_mw"] > 0
    solved = net.res_dcline.reindex(line.index)
    names = line["name"].where(line["name"].notna(), "").astype(str)
    unnamed = (names == "") | names.duplicated(keep=False)
    rows = {
        "name": names.mask(unnamed, [f"dcline {index}" for index in line.index]), "kind": "VSC",
        "in_service": line["in_service"], "p_from_mw": sent.where(forward, -arrives),
        "p_to_mw": arrives.where(forward, -sent), "p_max_mw": line["max_p_mw"].fillna(NO_LIMIT),
        "loss0_mw": line["loss_mw"], "loss1": line["loss_percent"] / 100,
    }  # fmt: skip
    for end in ("from", "to"):
        rows |= {
            f"controls_v_{end}": True, f"v_{end}_pu": line[f"vm_{end}_pu"],
            f"q_{end}_mvar": -solved[f"q_{end}_mvar"].fillna(0.0),
            f"q_max_{end}_mvar": line[f"max_q_{end}_mvar"].fillna(NO_LIMIT),
            f"q_min_{end}_mvar": line[f"min_q_{end}_mvar"].fillna(-NO_LIMIT),
        }  # fmt: skip
    return pd.DataFrame(rows).reset_index(drop=True)
