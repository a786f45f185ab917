"""Network → case. What the network still has as it was read keeps its original record; the rest is written anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from core.formats.psse import schema
from core.formats.psse.case import RawCase
from core.formats.psse.charging import settled_charging
from core.formats.psse.fieldtext import none_for_missing
from core.formats.psse.to_network import to_network
from core.formats.psse.transformers import before_correction
from core.network import KEYS, Network

#: Sections that are built from a network, with the table and the fields that identify a record.
BUILT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "bus": (("bus",), ("I",)),
    "load": (("load",), ("I", "ID")),
    "fixed_shunt": (("shunt",), ("I", "ID")),
    "generator": (("generator",), ("I", "ID")),
    "branch": (("branch",), ("I", "J", "CKT")),
    "switching_device": (("switch",), ("I", "J", "CKT")),
    "transformer": (("transformer", "transformer3w"), ("I", "J", "K", "CKT")),
    "area": (("area",), ("I",)),
    "two_terminal_dc": (("dcline",), ("NAME",)),
    "vsc_dc": (("dcline",), ("NAME",)),
    "zone": (("zone",), ("I",)),
    "owner": (("owner",), ("I",)),
    "facts": (("facts",), ("NAME",)),
    "switched_shunt": (("switched_shunt",), ("I", "ID")),
}
DEVICES = {"SWITCH": 1, "BREAKER": 2, "DISCONNECTOR": 3}
NO_LIMIT = 9999.0  # as PSS/E has it
CODES = {"PQ": 1, "PV": 2, "SLACK": 3, "ISOLATED": 4}


def from_network(network: Network, version: int = 35) -> RawCase:
    """Return the case that describes the network in PSS/E's terms."""
    original = network.extras.get("psse")
    built = {section: build(network) for section, build in BUILDERS.items()}
    if isinstance(original, RawCase):
        baseline = to_network(original, network.name, [])
        if network.equals(settled_charging(baseline, [])):
            return original
        if original.base_mva == network.base_mva:
            built = {s: _kept(network, baseline, original, s, new) for s, new in built.items()}
        return _edited(network, original, built, version)
    header: dict[str, object] = {"IC": 0, "SBASE": network.base_mva, "REV": version, "XFRRAT": 0, "NXFRAT": 1}
    header |= {"BASFRQ": network.frequency_hz, "comment": "Gridproof"}
    return RawCase(version, header, (network.name, ""), {s: table for s, table in built.items() if len(table)})


def _edited(network: Network, original: RawCase, built: dict[str, pd.DataFrame], version: int) -> RawCase:
    """Return the original case with what was built, and with its text if it stays in its version."""
    sections = {s: table for s, table in built.items() if len(table) or s in original.sections}
    return replace(
        original,
        version=version,
        header={**original.header, "SBASE": network.base_mva, "BASFRQ": network.frequency_hz},
        sections={**original.sections, **sections},
        original=original.original if version == original.version else None,
    )


def _kept(network: Network, baseline: Network, original: RawCase, section: str, new: pd.DataFrame) -> pd.DataFrame:
    """Return the section with the original record, under its label, of each element that is as it was read.

    Records of other elements have new values, and the original ones in the fields that a network doesn't hold.
    """
    tables, fields = BUILT[section]
    old = original[section]
    if old.empty or new.empty:
        return old if old.empty and new.empty else new
    keys, old_keys = _keys(new, fields), _keys(_stripped(original, section, fields), fields)
    at = old_keys.get_indexer(keys)
    known = at >= 0
    unchanged = np.isin(np.asarray(keys), list(_same(network, baseline, tables, section))) & known
    if unchanged.all() and len(new) == len(old):
        return old
    matched = old.iloc[at[known]].set_axis(new.index[known])
    merged = new.astype(object)
    for column in old.columns:
        values = matched[column].astype(object)
        if column not in merged:
            merged[column] = values.reindex(merged.index)
        else:
            merged.loc[unchanged, column] = values.reindex(merged.index[unchanged])
    if original.version >= 31:  # before, a sign says what the built MET says
        merged.loc[unchanged, merged.columns.difference(old.columns)] = None
    table = _typed(section, merged)
    if section == "transformer" and len(original["impedance_correction"]):
        table = before_correction(original.with_section(section, table), known & ~unchanged)
    fresh = old.index.max() + 1 + np.arange(len(new))
    return table.set_axis(np.where(known, old.index.to_numpy()[at], fresh))


def _same(network: Network, baseline: Network, tables: tuple[str, ...], section: str) -> set[str]:
    """Return the keys of elements whose values are as they were read."""
    found: set[str] = set()
    for table in tables:
        width = len(BUILT[section][1])
        now, before = _by_key(network, table, width), _by_key(baseline, table, width)
        common = now.index.intersection(before.index)
        a, b = now.loc[common], before.loc[common, now.columns.intersection(before.columns)]
        same = np.ones(len(common), dtype=bool)
        for column in b.columns:
            same &= np.asarray((a[column] == b[column]) | (a[column].isna() & b[column].isna()))
        wide = section == "transformer" and table == "transformer"
        found |= {_with_third(key) if wide else key for key in common[same]}
    return found


def _with_third(key: str) -> str:
    first, second, rest = key.split("\t", 2)
    return "\t".join([first, second, "0", rest])


def _by_key(network: Network, table: str, width: int) -> pd.DataFrame:
    return network[table].set_axis(_keys(network[table], KEYS[table][:width]))


def _keys(frame: pd.DataFrame, fields: tuple[str, ...]) -> pd.Index:
    """Return what identifies each row, with how many before it have the same keys."""
    words = frame[fields[0]].astype(str).str.strip()
    for name in fields[1:]:
        words = words + "\t" + frame[name].astype(str).str.strip()
    again = words.groupby(words).cumcount().astype(str)
    return pd.Index((words + "\t" + again).to_list())


def _stripped(case: RawCase, section: str, fields: tuple[str, ...]) -> pd.DataFrame:
    columns = {}
    for name in fields:
        is_text = schema.field(section, name).type == "text"
        columns[name] = case.values(section, name) if is_text else np.abs(case.integers(section, name))
    return pd.DataFrame(columns)


def _typed(section: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Give number columns their types back."""
    for name in frame.columns:
        if schema.field(section, str(name)).type == "text":
            frame[name] = none_for_missing(frame[name])
        else:
            frame[name] = pd.to_numeric(frame[name])
    return frame


def _bus(network: Network) -> pd.DataFrame:
    kind = network["bus"]["kind"].map(CODES).fillna(1).astype(int).to_numpy().copy()
    machines = np.zeros(len(kind), dtype=bool)
    machines[network.terminals("generator")[0][network.live("generator")]] = True
    kind[(kind == 1) & machines] = 2  # PSS/E ignores machines at type 1 buses: see ``_generator``
    table = _take(
        network, "bus", I="bus", NAME="name", BASKV="base_kv", AREA="area", ZONE="zone", OWNER="owner", VM="v_pu",
        VA="angle_deg", NVHI="v_max_pu", NVLO="v_min_pu", EVHI="v_max_emergency_pu", EVLO="v_min_emergency_pu",
    )  # fmt: skip
    for limit in ("NVHI", "NVLO", "EVHI", "EVLO"):
        table[limit] = table[limit].replace({np.inf: NO_LIMIT, -np.inf: -NO_LIMIT})
    return table.assign(IDE=kind)


def _load(network: Network) -> pd.DataFrame:
    return _take(
        network, "load", I="bus", ID="ckt", STATUS="in_service", AREA="area", ZONE="zone", PL="p_mw", QL="q_mvar",
        IP="ip_mw", IQ="iq_mvar", YP="yp_mw", OWNER="owner", SCALE="scalable", INTRPT="interruptible",
        DGENP="dg_p_mw", DGENQ="dg_q_mvar", DGENM="dg_in_service",
    ).assign(YQ=-network.values("load", "yq_mvar") + 0.0)  # fmt: skip


def _shunt(network: Network) -> pd.DataFrame:
    """Return the shunts, and those that stand for what a transformer record can't hold at its second bus."""
    shunts = _take(network, "shunt", I="bus", ID="ckt", STATUS="in_service", GL="g_mw", BL="b_mvar")
    at = network.terminals("transformer")[1]
    left = np.where(network.live("transformer"), _inner_charging(network, "to"), 0)
    total = np.zeros(len(network["bus"]), dtype=complex)
    np.add.at(total, at[at >= 0], left[at >= 0] * network.base_mva)
    rows = np.flatnonzero(total)
    if not len(rows):
        return shunts
    used = set(network["shunt"]["ckt"].str.strip())
    name = next(word for word in (f"T{letter}" for letter in "CDEFGHIJKLMNOP") if word not in used)
    bus = network.values("bus", "bus")[rows]
    charging = {"I": bus, "ID": name, "STATUS": 1, "GL": total[rows].real, "BL": total[rows].imag}
    return pd.concat([shunts, pd.DataFrame(charging)], ignore_index=True) if len(shunts) else pd.DataFrame(charging)


def _inner_charging(network: Network, end: str) -> np.ndarray:
    """Return the shunts inside the transformers' ideal windings [pu], seen from the bus of one end."""
    tap = network.values("transformer", f"tap_{end}_pu")
    inside = network.values("transformer", f"g_{end}_pu") + 1j * network.values("transformer", f"b_{end}_pu")
    return np.asarray(inside / np.where(tap == 0, 1.0, tap) ** 2)


def _generator(network: Network) -> pd.DataFrame:
    table = _take(
        network, "generator", I="bus", ID="ckt", PG="p_mw", QG="q_mvar", QT="q_max_mvar", QB="q_min_mvar",
        VS="v_set_pu", IREG="regulated_bus", MBASE="mva_base", ZR="r_source_pu", ZX="x_source_pu", RT="r_step_up_pu",
        XT="x_step_up_pu", GTAP="tap_step_up_pu", STAT="in_service", RMPCT="share_pct", PT="p_max_mw", PB="p_min_mw",
        WMOD="control_mode", WPF="power_factor",
    )  # fmt: skip
    kind = np.append(network.values("bus", "kind"), "")[network.terminals("generator")[0]]
    fixed = (kind == "PQ") & network.live("generator")  # a machine that holds no voltage: its range is its output
    for limit in ("QT", "QB"):
        table[limit] = np.where(fixed, table["QG"], table[limit])
    for limit, none in (("QT", NO_LIMIT), ("QB", -NO_LIMIT), ("PT", NO_LIMIT), ("PB", -NO_LIMIT)):
        table[limit] = np.where(np.isinf(table[limit]), none, table[limit])
    return table


def _branch(network: Network) -> pd.DataFrame:
    charging = 2 * np.minimum(network.values("branch", "b_from_pu"), network.values("branch", "b_to_pu"))
    return _take(
        network, "branch", I="from_bus", J="to_bus", CKT="ckt", R="r_pu", X="x_pu", NAME="name", RATEA="rate_a_mva",
        RATEB="rate_b_mva", RATEC="rate_c_mva", GI="g_from_pu", GJ="g_to_pu", ST="in_service", LEN="length_km",
    ).assign(
        B=charging, BI=network.values("branch", "b_from_pu") - charging / 2,
        BJ=network.values("branch", "b_to_pu") - charging / 2,
        MET=np.where(network["branch"]["metered_end"] == "TO", 2, 1),
    )  # fmt: skip


def _switch(network: Network) -> pd.DataFrame:
    return _take(
        network, "switch", I="from_bus", J="to_bus", CKT="ckt", X="x_pu", RATE1="rate_a_mva", RATE2="rate_b_mva",
        RATE3="rate_c_mva", STAT="in_service", NAME="name",
    ).assign(STYPE=network["switch"]["kind"].map(DEVICES).fillna(1).astype(int))  # fmt: skip


def _transformer(network: Network) -> pd.DataFrame:
    charging = _inner_charging(network, "from")
    two = _take(
        network, "transformer", I="from_bus", J="to_bus", CKT="ckt", NAME="name", STAT="in_service",
        WINDV1="tap_from_pu", NOMV1="nominal_from_kv", ANG1="shift_deg", RATA1="rate_a_mva", RATB1="rate_b_mva",
        RATC1="rate_c_mva", COD1="control_mode", CONT1="regulated_bus", RMA1="tap_max", RMI1="tap_min",
        VMA1="band_max", VMI1="band_min", NTP1="tap_positions", WINDV2="tap_to_pu", NOMV2="nominal_to_kv",
        VECGRP="vector_group", **{"R1-2": "r_pu", "X1-2": "x_pu", "SBASE1-2": "mva_base"},
    ).assign(
        K=0, MAG1=network.values("transformer", "g_mag_pu") + charging.real,
        MAG2=network.values("transformer", "b_mag_pu") + charging.imag,
    )  # fmt: skip
    three = _take(
        network, "transformer3w", I="bus_1", J="bus_2", K="bus_3", CKT="ckt", NAME="name", MAG1="g_mag_pu",
        MAG2="b_mag_pu", VMSTAR="v_star_pu", ANSTAR="angle_star_deg",
        **{f"{n}{p[0]}-{p[1]}": c.format(p) for p in ("12", "23", "31")
           for n, c in (("R", "r_{}_pu"), ("X", "x_{}_pu"), ("SBASE", "mva_base_{}"))},
        **{f"{n}{k}": c.format(k) for k in (1, 2, 3)
           for n, c in (("WINDV", "tap_{}_pu"), ("NOMV", "nominal_{}_kv"), ("ANG", "shift_{}_deg"),
                        ("RATA", "rate_a_{}_mva"), ("RATB", "rate_b_{}_mva"), ("RATC", "rate_c_{}_mva"))},
    )  # fmt: skip
    on = [network.values("transformer3w", f"in_service_{k}") for k in (1, 2, 3)]
    total = on[0].astype(int) + on[1] + on[2]
    three["STAT"] = np.select([total == 3, total < 2, ~on[1], ~on[2]], [1, 0, 2, 3], 4)
    parts = [part for part in (two, three) if len(part)]
    return pd.concat(parts, ignore_index=True).assign(CW=1, CZ=1, CM=1) if parts else two


def _area(network: Network) -> pd.DataFrame:
    return _take(network, "area", I="area", ISW="slack_bus", PDES="interchange_mw", PTOL="tolerance_mw", ARNAME="name")


def _zone(network: Network) -> pd.DataFrame:
    return _take(network, "zone", I="zone", ZONAME="name")


def _owner(network: Network) -> pd.DataFrame:
    return _take(network, "owner", I="owner", OWNAME="name")


def _lcc(network: Network) -> pd.DataFrame:
    """Return two-terminal lines whose schedule gives the table's powers: cos(phi) = Vd / Vd0 at each converter."""
    lines = network["dcline"][network["dcline"]["kind"] == "LCC"].reset_index(drop=True)
    p_from, p_to = lines["p_from_mw"], lines["p_to_mw"]
    kv = np.maximum(100.0, 20 * np.abs(p_from) ** 0.5)
    current = p_from / kv
    r = np.where(current == 0, 0.0, (p_from - p_to) / np.where(current == 0, 1, current) ** 2)
    table = {
        "NAME": lines["name"], "MDC": lines["in_service"].astype(int), "RDC": r, "SETVL": p_from,
        "VSCHD": kv - r * current, "NBR": 1, "NBI": 1, "ANMXR": 18.0, "ANMNR": 5.0, "ANMXI": 30.0, "ANMNI": 15.0,
    }  # fmt: skip
    base, v = (np.append(network.values("bus", name), 1.0) for name in ("base_kv", "v_pu"))
    for end, side, p, vd in (("R", "from", p_from, kv), ("I", "to", p_to, kv - r * current)):
        s = np.hypot(p, lines[f"q_{side}_mvar"])
        factor = np.where(s == 0, 1.0, np.abs(p) / np.where(s == 0, 1, s))
        at = network.positions(lines[f"{side}_bus"])
        kilovolts = np.where(base[at] > 0, base[at], 1.0)
        table |= {
            f"IP{end}": lines[f"{side}_bus"].astype(int), f"EBAS{end}": kilovolts,
            f"TR{end}": vd / factor / (3 * np.sqrt(2) / np.pi * kilovolts * v[at]),
        }  # fmt: skip
    return pd.DataFrame(table)


def _vsc(network: Network) -> pd.DataFrame:
    """Return voltage source converter lines; plain pairs of injections become such lines, too."""
    lines = network["dcline"][network["dcline"]["kind"] != "LCC"].reset_index(drop=True)
    loss_kw = (lines["p_from_mw"] - lines["p_to_mw"]) * 1000
    table = {
        "NAME": lines["name"], "MDC": lines["in_service"].astype(int), "RDC": 0.0, "TYPE1": 2, "TYPE2": 1,
        "IBUS1": lines["from_bus"].astype(int), "IBUS2": lines["to_bus"].astype(int), "DCSET1": -lines["p_from_mw"],
        "DCSET2": 300.0, "ALOSS1": loss_kw, "BLOSS1": 0.0, "MINLOSS1": loss_kw, "ALOSS2": 0.0, "BLOSS2": 0.0,
    }  # fmt: skip
    for k, end, p in ((1, "from", -lines["p_from_mw"]), (2, "to", lines["p_to_mw"])):
        q = lines[f"q_{end}_mvar"]
        s = np.hypot(p, q)
        factor = np.where(s == 0, 1.0, np.abs(p) / np.where(s == 0, 1, s)) * np.where(q * p < 0, -1, 1)
        holds = lines[f"controls_v_{end}"]
        table |= {
            f"MODE{k}": np.where(holds, 1, 2), f"ACSET{k}": np.where(holds, lines[f"v_{end}_pu"], factor),
            f"MAXQ{k}": lines[f"q_max_{end}_mvar"], f"MINQ{k}": lines[f"q_min_{end}_mvar"],
        }  # fmt: skip
    return pd.DataFrame(table)


def _facts(network: Network) -> pd.DataFrame:
    table = _take(
        network, "facts", NAME="name", I="bus", J="to_bus", PDES="p_set_mw", QDES="q_set_mvar", VSET="v_set_pu",
        SHMX="shunt_max_mva", MODE="control_mode", REMOT="regulated_bus",
    )  # fmt: skip
    return table.assign(MODE=np.where(network.values("facts", "in_service"), np.maximum(table["MODE"], 1), 0))


def _switched_shunt(network: Network) -> pd.DataFrame:
    table = _take(
        network, "switched_shunt", I="bus", ID="ckt", MODSW="control_mode", STAT="in_service", VSWHI="v_max_pu",
        VSWLO="v_min_pu", SWREM="regulated_bus", RMPCT="share_pct", BINIT="b_mvar",
    )  # fmt: skip
    blocks = [text.split() for text in network.values("switched_shunt", "blocks")]
    most = max((len(row) for row in blocks), default=0)
    for k in range(min(most, 8)):
        parts = [row[k].split(":") if k < len(row) else ("1", "0", "0") for row in blocks]
        for name, place, kind in ((f"S{k + 1}", 0, int), (f"N{k + 1}", 1, int), (f"B{k + 1}", 2, float)):
            table[name] = [kind(part[place]) for part in parts]
    return table


def _take(network: Network, table: str, **columns: str) -> pd.DataFrame:
    """Return columns of a table under PSS/E's names, statuses as 0 and 1."""
    values = {name: network.values(table, column) for name, column in columns.items()}
    return pd.DataFrame({name: v.astype(int) if v.dtype == bool else v for name, v in values.items()})


BUILDERS: dict[str, Callable[[Network], pd.DataFrame]] = {
    "bus": _bus,
    "load": _load,
    "fixed_shunt": _shunt,
    "generator": _generator,
    "branch": _branch,
    "switching_device": _switch,
    "transformer": _transformer,
    "area": _area,
    "two_terminal_dc": _lcc,
    "vsc_dc": _vsc,
    "zone": _zone,
    "owner": _owner,
    "facts": _facts,
    "switched_shunt": _switched_shunt,
}
