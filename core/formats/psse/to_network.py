"""Case → network: what the records mean physically, by the manual: units, bases, windings, DC lines."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.findings import Finding, Severity, Where, counted
from core.formats.psse import schema
from core.formats.psse.case import RawCase
from core.formats.psse.dc import lcc_table, vsc_remarks, vsc_table
from core.formats.psse.transformers import three_winding_table, two_winding_table
from core.network import Network

KINDS = np.array(["PQ", "PQ", "PV", "SLACK", "ISOLATED"], dtype=object)
SWITCH_KINDS = np.array(["SWITCH", "SWITCH", "BREAKER", "DISCONNECTOR"], dtype=object)


def to_network(case: RawCase, name: str, findings: list[Finding]) -> Network:
    """Return the network that the case describes; ``findings`` gets what it can't hold."""
    two = np.asarray(case.integers("transformer", "K") == 0)
    tables = {
        "bus": _bus(case, findings),
        "load": _load(case),
        "generator": _generator(case),
        "shunt": _shunt(case),
        "switched_shunt": _switched_shunt(case),
        "branch": _branch(case),
        "transformer": two_winding_table(case, np.flatnonzero(two)),
        "transformer3w": three_winding_table(case, np.flatnonzero(~two)),
        "switch": _switch(case),
        "dcline": pd.concat([lcc_table(case), vsc_table(case)], ignore_index=True),
        "facts": _facts(case),
        "area": _area(case),
        "zone": pd.DataFrame({"zone": case.integers("zone", "I"), "name": case.values("zone", "ZONAME")}),
        "owner": pd.DataFrame({"owner": case.integers("owner", "I"), "name": case.values("owner", "OWNAME")}),
    }
    lines = {table: numbers for table, numbers in _lines(case, two).items() if numbers is not None}
    _not_modelled(case, findings)
    _without_value(case, findings)
    findings += vsc_remarks(case)
    _metered_twice(case, findings)
    extras = {"psse": case, "unmodelled_buses": _unmodelled_buses(case)}
    title = " ".join(part.strip() for part in case.titles if part.strip())
    frequency = float(case.header.get("BASFRQ") or 60.0)
    return Network(title or name, case.base_mva, frequency, tables, extras=extras, lines=lines)


def _bus(case: RawCase, findings: list[Finding]) -> pd.DataFrame:
    kind = case.integers("bus", "IDE")
    unknown = (kind < 1) | (kind > 4)
    numbers = case.numbers("bus")
    for row in np.flatnonzero(unknown)[:20]:
        where = Where(section="bus", line=None if numbers is None else int(numbers[row]), column="IDE")
        text = f"Bus type {kind[row]} is unknown; the bus is taken as a PQ bus."
        findings.append(Finding("psse.raw.bus_type", Severity.WARNING, text, "Use 1, 2, 3 or 4.", where))
    table = _columns(
        case, "bus", name="NAME", base_kv="BASKV", v_pu="VM", angle_deg="VA", area="AREA", zone="ZONE", owner="OWNER",
        v_max_pu="NVHI", v_min_pu="NVLO", v_max_emergency_pu="EVHI", v_min_emergency_pu="EVLO",
    )  # fmt: skip
    table["name"] = table["name"].str.strip()
    table["kind"] = KINDS[np.where(unknown, 1, kind)]
    table.insert(0, "bus", case.integers("bus", "I"))
    return _placed(case, table)


def _placed(case: RawCase, table: pd.DataFrame) -> pd.DataFrame:
    """Give the buses of substations their coordinates."""
    nodes = case["substation_node"]
    if nodes.empty:
        return table
    station = pd.DataFrame(
        {"x": case.values("substation", "LONG"), "y": case.values("substation", "LATI")},
        index=case.integers("substation", "IS"),
    )
    station = station[~station.index.duplicated()].reindex(case.integers("substation_node", "IS"))
    station.index = pd.Index(case.integers("substation_node", "I"))
    placed = station[~station.index.duplicated()].reindex(table["bus"])
    return table.assign(x=placed["x"].to_numpy(), y=placed["y"].to_numpy())


def _load(case: RawCase) -> pd.DataFrame:
    table = _columns(
        case, "load", p_mw="PL", q_mvar="QL", ip_mw="IP", iq_mvar="IQ", yp_mw="YP", area="AREA", zone="ZONE",
        owner="OWNER", dg_p_mw="DGENP", dg_q_mvar="DGENQ",
    )  # fmt: skip
    return table.assign(
        bus=case.integers("load", "I"), ckt=_text(case, "load", "ID"), in_service=case.integers("load", "STATUS") == 1,
        yq_mvar=-case.values("load", "YQ") + 0.0, dg_in_service=case.integers("load", "DGENM") == 1,
        scalable=case.integers("load", "SCALE") == 1, interruptible=case.integers("load", "INTRPT") == 1,
    )  # fmt: skip


def _generator(case: RawCase) -> pd.DataFrame:
    table = _columns(
        case, "generator", p_mw="PG", q_mvar="QG", q_max_mvar="QT", q_min_mvar="QB", v_set_pu="VS", mva_base="MBASE",
        r_source_pu="ZR", x_source_pu="ZX", r_step_up_pu="RT", x_step_up_pu="XT", tap_step_up_pu="GTAP",
        share_pct="RMPCT", p_max_mw="PT", p_min_mw="PB", control_mode="WMOD", power_factor="WPF",
    )  # fmt: skip
    bus, remote = case.integers("generator", "I"), case.integers("generator", "IREG")
    return table.assign(
        bus=bus, ckt=_text(case, "generator", "ID"), in_service=case.integers("generator", "STAT") == 1,
        regulated_bus=np.where(remote == bus, 0, remote),
    )  # fmt: skip


def _shunt(case: RawCase) -> pd.DataFrame:
    table = _columns(case, "fixed_shunt", g_mw="GL", b_mvar="BL")
    table = table.assign(
        bus=case.integers("fixed_shunt", "I"), ckt=_text(case, "fixed_shunt", "ID"),
        in_service=case.integers("fixed_shunt", "STATUS") == 1,
    )  # fmt: skip
    g, b = case.values("bus", "GL"), case.values("bus", "BL")  # version 30 has them in the bus record
    rows = np.flatnonzero((np.nan_to_num(g) != 0) | (np.nan_to_num(b) != 0))
    at_bus = {
        "bus": case.integers("bus", "I")[rows],
        "ckt": "1",
        "g_mw": g[rows],
        "b_mvar": b[rows],
        "in_service": True,
    }
    return pd.concat([table, pd.DataFrame(at_bus)], ignore_index=True) if len(rows) else table


def _switched_shunt(case: RawCase) -> pd.DataFrame:
    section = "switched_shunt"
    table = _columns(
        case, section, b_mvar="BINIT", control_mode="MODSW", v_max_pu="VSWHI", v_min_pu="VSWLO", share_pct="RMPCT"
    )
    bus, remote = case.integers(section, "I"), case.integers(section, "SWREM")
    return table.assign(
        bus=bus, ckt=_text(case, section, "ID"), in_service=case.integers(section, "STAT") == 1,
        regulated_bus=np.where(remote == bus, 0, remote), blocks=_blocks(case),
    )  # fmt: skip


def _blocks(case: RawCase) -> list[str]:
    """Return the blocks of switched shunts as ``status:steps:Mvar`` separated by blanks."""
    parts = [
        (case.integers("switched_shunt", f"S{k}"), case.integers("switched_shunt", f"N{k}"),
         case.values("switched_shunt", f"B{k}")) for k in range(1, 9)
    ]  # fmt: skip
    rows = len(case["switched_shunt"])
    return [" ".join(f"{s[i]}:{n[i]}:{b[i]:.15g}" for s, n, b in parts if n[i] != 0) for i in range(rows)]


def _branch(case: RawCase) -> pd.DataFrame:
    table = _columns(
        case, "branch", r_pu="R", x_pu="X", g_from_pu="GI", g_to_pu="GJ", rate_a_mva="RATEA", rate_b_mva="RATEB",
        rate_c_mva="RATEC", length_km="LEN", name="NAME",
    )  # fmt: skip
    half = case.values("branch", "B") / 2
    from_, to = case.integers("branch", "I"), case.integers("branch", "J")
    return table.assign(
        from_bus=np.abs(from_), to_bus=np.abs(to), ckt=_text(case, "branch", "CKT"), name=table["name"].str.strip(),
        in_service=case.integers("branch", "ST") == 1, b_from_pu=half + case.values("branch", "BI"),
        b_to_pu=half + case.values("branch", "BJ"), x_pu=np.nan_to_num(case.values("branch", "X")),
        metered_end=np.where((case.integers("branch", "MET") == 2) | (to < 0), "TO", "FROM").astype(object),
    )  # fmt: skip


def _switch(case: RawCase) -> pd.DataFrame:
    section = "switching_device"
    table = _columns(case, section, x_pu="X", rate_a_mva="RATE1", rate_b_mva="RATE2", rate_c_mva="RATE3", name="NAME")
    return table.assign(
        from_bus=np.abs(case.integers(section, "I")), to_bus=np.abs(case.integers(section, "J")),
        ckt=_text(case, section, "CKT"), in_service=case.integers(section, "STAT") == 1,
        kind=SWITCH_KINDS[np.clip(case.integers(section, "STYPE"), 0, 3)], name=table["name"].str.strip(),
    )  # fmt: skip


def _facts(case: RawCase) -> pd.DataFrame:
    table = _columns(
        case, "facts", name="NAME", p_set_mw="PDES", q_set_mvar="QDES", v_set_pu="VSET", shunt_max_mva="SHMX",
        control_mode="MODE",
    )  # fmt: skip
    bus, remote = case.integers("facts", "I"), case.integers("facts", "REMOT")
    return table.assign(
        name=table["name"].str.strip(), bus=bus, to_bus=case.integers("facts", "J"),
        in_service=case.integers("facts", "MODE") > 0, regulated_bus=np.where(remote == bus, 0, remote),
    )  # fmt: skip


def _area(case: RawCase) -> pd.DataFrame:
    table = _columns(case, "area", name="ARNAME", interchange_mw="PDES", tolerance_mw="PTOL")
    return table.assign(
        area=case.integers("area", "I"), slack_bus=case.integers("area", "ISW"), name=table["name"].str.strip()
    )


def _columns(case: RawCase, section: str, **names: str) -> pd.DataFrame:
    is_whole = {name: schema.field(section, name).type == "int" for name in names.values()}
    return pd.DataFrame(
        {
            column: case.integers(section, name) if is_whole[name] else case.values(section, name)
            for column, name in names.items()
        }
    )


def _text(case: RawCase, section: str, name: str) -> np.ndarray:
    """Return identifiers without the blanks that pad them."""
    words = pd.Series(case.values(section, name), dtype=object).str.strip()
    return np.asarray(words.where(words != "", "1"), dtype=object)


def _lines(case: RawCase, two: np.ndarray) -> dict[str, np.ndarray | None]:
    windings = case.numbers("transformer")
    parts = [case.numbers(section) for section in ("two_terminal_dc", "vsc_dc")]
    known = [p for p in parts if p is not None]
    return {
        **{table: case.numbers(table) for table in ("bus", "load", "generator", "branch", "facts", "switched_shunt")},
        **{table: case.numbers(table) for table in ("area", "zone", "owner")},
        "switch": case.numbers("switching_device"),
        "shunt": case.numbers("fixed_shunt") if case.version > 30 else None,
        "transformer": None if windings is None else windings[two],
        "transformer3w": None if windings is None else windings[~two],
        "dcline": np.concatenate(known) if len(known) == 2 else None,
    }


def _without_value(case: RawCase, findings: list[Finding]) -> None:
    """Say which records leave out a value that PSS/E has no default for."""
    for section in ("branch", "transformer", "two_terminal_dc", "vsc_dc"):
        wanted = [f for f in schema.fields()[section] if not f.default and f.type != "text"]
        for f in wanted if len(case[section]) else ():
            missing = np.isnan(case.values(section, f.name).astype(float))
            if f.name in ("X2-3", "X3-1"):  # two windings have one impedance
                missing &= case.integers("transformer", "K") != 0
            numbers = case.numbers(section)
            for row in np.flatnonzero(missing)[:20]:
                line = None if numbers is None else int(numbers[row]) + f.line - 1
                where = Where(section=section, line=line, row=int(row) + 1 if line is None else None, column=f.name)
                text = f"{f.name} is left out and has no default in PSS/E; it is taken as zero."
                findings.append(Finding("psse.raw.no_value", Severity.ERROR, text, "Give the value.", where))


def _metered_twice(case: RawCase, findings: list[Finding]) -> None:
    """Say where a sign and the field that took its place say different metered ends."""
    rows = np.flatnonzero((case.integers("branch", "J") < 0) & (case.integers("branch", "MET") < 2))
    numbers = case.numbers("branch")
    if len(rows) and case.version >= 31:
        where = Where(section="branch", line=None if numbers is None else int(numbers[rows[0]]), column="MET")
        text = f"{counted(len(rows), 'branch', 'branches')} to a bus with a minus sign, yet MET says bus I: "
        text += "the sign is taken for the metered end, as versions before 31 have it."
        findings.append(Finding("psse.raw.metered_end", Severity.INFO, text, "", where))


#: Sections that the network's tables can't hold: they ride along and are written back.
#: What a study does with an element that it has no model of.
STORED = "take part with the power that the stored voltages leave over for them, if these solve the rest."
NOT_MODELLED: dict[str, str] = {
    "multi_terminal_dc": f"Multi-terminal DC lines {STORED}",
    "gne": f"Generic network elements {STORED}",
    "induction_machine": f"Induction machines {STORED}",
    "substation": "Substations, their nodes and switches are kept; studies see the buses.",
    "multi_section_line": "Multi-section line groups are kept; studies see their sections.",
}


def _unmodelled_buses(case: RawCase) -> list[int]:
    """Return the buses whose balance an element decides that the tables can't hold."""
    places = (("multi_terminal_dc_converter", "IB"), ("gne", "BUS1"), ("gne", "BUS2"), ("induction_machine", "I"))
    found = {int(bus) for section, name in places for bus in case.integers(section, name) if bus}
    return sorted(found)


def _not_modelled(case: RawCase, findings: list[Finding]) -> None:
    for section, text in NOT_MODELLED.items():
        count = len(case[section])
        if count:
            severity = Severity.INFO if section in ("multi_section_line", "substation") else Severity.WARNING
            hint = "They ride along and are written back to PSS/E formats."
            where = Where(section=section)
            findings.append(Finding("psse.raw.not_modelled", severity, f"{text} ({count} in the file)", hint, where))
    lengths = case.values("branch", "LEN")
    if np.nan_to_num(lengths).any():
        text = "A RAW file gives no unit for line lengths (LEN); they are taken as kilometres."
        findings.append(Finding("psse.raw.length", Severity.INFO, text, "", Where(section="branch", column="LEN")))
