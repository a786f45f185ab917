"""CSV tables of solved cases with the column names of psspy's arrays (abusreal, amachreal, aloadcplx, abrnreal)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.psse.psspy_file import LOADING, read_psspy_file
from core.formats.result_rows import LARGEST
from core.formats.time_stamps import read_stamps, written

#: Component → the columns that it must have, beside those that tell its table.
NEEDED = {"bus": ("PU", "ANGLED"), "generator": ("PGEN", "QGEN"), "load": (), "line": ()}
#: Columns without a gap, where a table has them.
REQUIRED = {"NUMBER", "FROMNUMBER", "TONUMBER", "PU", "ANGLED", "PGEN", "QGEN", "PLOAD", "QLOAD", "PL", "QL", "PCTRATE"}
#: Active and reactive power of loads, as psspy or a RAW file calls them.
LOADS = (("PLOAD", "QLOAD"), ("PL", "QL"))
#: What tells the elements of a table apart at one time stamp.
NAMES = {"line": "line_name", "generator": "gen_name", "load": "load_name", "bus": "bus"}
#: Columns of the numbers of buses.
WHOLE = ("NUMBER", "FROMNUMBER", "TONUMBER")
#: A voltage beyond this is no per unit: per cent or kilovolts look like that.
LARGEST_PU = 2.0
TYPES = {1: "PQ", 2: "PV", 3: "Slack", 4: "Isolated"}


def read_psspy_tables(
    files: list[tuple[bytes, str]], base_mva: float, timestamp: str
) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Return the results by component in the database's columns; powers in MW and Mvar become per unit.

    ``timestamp`` is that of tables without a column TIMESTAMP.

    Raises
    ------
    BadInput
        No bus table, two tables of one kind, a column missing, something else than a number or a time stamp, a
        voltage that is not in per unit, or an element twice.
    """
    frames, remarks = _frames(files)
    findings = [
        Finding(
            "psspy.base", Severity.INFO, f"powers are on the system base of {base_mva:g} MVA", "", Where(files[0][1])
        )
    ]
    stamps, said = _stamps(frames, timestamp)
    findings += [*remarks, *said]
    made = {
        component: _MADE[component](frame, base_mva).assign(timestamp=stamps[component])
        for component, frame in frames.items()
    }
    for component, frame in made.items():
        _refuse_doubles(component, frame, frames[component])
        findings += _at_unknown_buses(component, frame, made["bus"], frames[component])
    if {"generator", "load"} <= set(made):
        made["bus"] = _with_injections(made)
    elif "p" not in made["bus"]:
        text = "without machine and load tables the buses have no net powers"
        findings.append(Finding("psspy.no_injection", Severity.WARNING, text, "", Where(files[0][1])))
    return made, findings


def _frames(files: list[tuple[bytes, str]]) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Return the cells by component; tables of one component follow one another in time."""
    parts: dict[str, list[pd.DataFrame]] = {}
    findings = []
    for data, name in files:
        component, frame, said = read_psspy_file(data, name)
        findings += said
        missing = [column for column in NEEDED[component] if column not in frame]
        if missing:
            hint = "psspy's ANGLE is in radians: export ANGLED" if "ANGLE" in frame else "use psspy's names"
            raise BadInput(f"the {component} table lacks {', '.join(missing)}", hint=hint, where=Where(name))
        parts.setdefault(component, []).append(frame)
        if len(parts[component]) > 1 and not all("TIMESTAMP" in part for part in parts[component]):
            hint = "import one case at a time, or give both the column TIMESTAMP"
            raise BadInput(f"there is a {component} table already", hint=hint, where=Where(name))
    if "bus" not in parts:
        where = Where(files[0][1])
        raise BadInput("there is no bus table", hint="it has the columns NUMBER, PU and ANGLED", where=where)
    return {component: pd.concat(of, ignore_index=True) for component, of in parts.items()}, findings


def _place(frame: pd.DataFrame, row: int, column: str | None = None) -> Where:
    """Return where in its file the row of a frame is, by position."""
    return Where(str(frame["file"].iloc[row]), row=int(frame["row"].iloc[row]), column=column)


def _bus(frame: pd.DataFrame, base_mva: float) -> pd.DataFrame:
    kind = _numbers(frame, "TYPE")
    unknown = kind[~kind.isin(TYPES) & kind.notna()]
    if len(unknown):
        raise BadInput(f"there is no bus type {unknown.iloc[0]:g}", where=_place(frame, unknown.index[0], "TYPE"))
    v_pu = _numbers(frame, "PU")
    strange = ((v_pu < 0) | (v_pu > LARGEST_PU)).to_numpy()
    if strange.any():
        row = int(strange.argmax())
        text = f"PU is {v_pu.iloc[row]:g}: a voltage in per unit is between 0 and {LARGEST_PU:g}"
        hint = "per cent or kilovolts? Divide by 100 or by the base voltage"
        raise BadInput(text, hint=hint, where=_place(frame, row, "PU"))
    made = pd.DataFrame(
        {
            "bus": _numbers(frame, "NUMBER"), "bus_name": _text(frame, "NAME", ""), "type": kind.map(TYPES),
            "v_mag": v_pu, "angle_deg": _numbers(frame, "ANGLED"), "vbase": _numbers(frame, "BASE"),
        }
    )  # fmt: skip
    if not {"PGEN", "QGEN", "PLOAD", "QLOAD"} <= set(frame):
        return made
    net = {name: _numbers(frame, f"{name.upper()}GEN") - _numbers(frame, f"{name.upper()}LOAD") for name in "pq"}
    return made.assign(**{name: power / base_mva for name, power in net.items()})


def _generator(frame: pd.DataFrame, base_mva: float) -> pd.DataFrame:
    return _element(frame, "gen", "Gen").assign(
        p=_numbers(frame, "PGEN") / base_mva, q=_numbers(frame, "QGEN") / base_mva, mbase=_numbers(frame, "MBASE")
    )


def _load(frame: pd.DataFrame, base_mva: float) -> pd.DataFrame:
    parts = next((names for names in LOADS if set(names) <= set(frame)), None)
    if parts:
        p_mw, q_mvar = (_numbers(frame, name) for name in parts)
        return _element(frame, "load", "Load").assign(p=p_mw / base_mva, q=q_mvar / base_mva)
    if "TOTALACT" not in frame:
        raise BadInput("the load table lacks QLOAD", hint="or TOTALACT as complex numbers", where=_place(frame, 0))
    texts = frame["TOTALACT"].astype(str).str.replace(" ", "").str.strip("()").str.replace("i", "j")
    power = texts.map(_complex).to_numpy(dtype=complex) / base_mva
    bad = ~np.isfinite(power)
    if bad.any():
        where = _place(frame, int(bad.argmax()), "TOTALACT")
        raise BadInput("TOTALACT holds something else than complex numbers", hint="write them as 10+5j", where=where)
    if not texts.str.contains("j").any():
        hint = "aloadreal's TOTALACT is MVA without an angle: export aloadcplx's, or PLOAD and QLOAD"
        raise BadInput("no TOTALACT is a complex number", hint=hint, where=_place(frame, 0, "TOTALACT"))
    return _element(frame, "load", "Load").assign(p=power.real, q=power.imag)


def _complex(text: object) -> complex:
    try:
        return complex(str(text))
    except ValueError:
        return complex(np.nan)


def _line(frame: pd.DataFrame, base_mva: float) -> pd.DataFrame:
    ends = [_numbers(frame, name) for name in ("FROMNUMBER", "TONUMBER")]
    names = "Line_" + frame["FROMNUMBER"].str.strip() + "_" + frame["TONUMBER"].str.strip()
    made = pd.DataFrame({"ibus": ends[0], "jbus": ends[1], "line_name": names + "_" + _text(frame, "ID", "1")})
    loadings = sorted((str(name) for name in frame if LOADING.fullmatch(str(name))), key=len)
    if not loadings:
        raise BadInput("the line table lacks PCTRATE", hint="use psspy's names", where=_place(frame, 0))
    return made.assign(
        line=_number(made["line_name"]),
        line_pct=_numbers(frame, loadings[0]),  # PCTRATE, else that of a set, else that of MVA or current alone
        status=_numbers(frame, "STATUS").gt(0).astype(int),
    )


_MADE = {"bus": _bus, "generator": _generator, "load": _load, "line": _line}


def _element(frame: pd.DataFrame, key: str, title: str) -> pd.DataFrame:
    names = f"{title}_" + frame["NUMBER"].str.strip() + "_" + _text(frame, "ID", "1")
    made = pd.DataFrame({f"{key}_name": names, "bus": _numbers(frame, "NUMBER")})
    return made.assign(**{key: _number(names)}, status=_numbers(frame, "STATUS").gt(0).astype(int))


def _number(names: pd.Series) -> pd.Series:
    """Return the number of each row's element: the same at every time stamp, whatever the order there."""
    return pd.Series(pd.factorize(names)[0] + 1, index=names.index)


def _text(frame: pd.DataFrame, name: str, default: str) -> pd.Series:
    given = frame[name] if name in frame else pd.Series(default, index=frame.index)
    return given.fillna(default).str.strip().str.strip("'")


def _numbers(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column as numbers; one that isn't there is missing, a missing STATUS is in service."""
    if name not in frame:
        return pd.Series(1.0 if name == "STATUS" else np.nan, index=frame.index)
    numbers = pd.to_numeric(frame[name].str.strip(), errors="coerce")
    bad = (numbers.isna() & (frame[name].notna() | (name in REQUIRED))) | np.isinf(numbers)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        text = f"{name} has no number" + (f" but {frame[name].iloc[row]!r}" if frame[name].notna().iloc[row] else "")
        raise BadInput(text, hint="give a number, with a decimal point", where=_place(frame, row, name))
    broken = ((numbers % 1 != 0) | ~numbers.between(1, LARGEST)) & numbers.notna()
    if name in WHOLE and broken.any():
        row = int(broken.to_numpy().argmax())
        text = f"{name} is {numbers.iloc[row]:.15g}: buses have whole numbers from 1"
        raise BadInput(text, where=_place(frame, row, name))
    return numbers


def _stamps(frames: dict[str, pd.DataFrame], now: str) -> tuple[dict[str, pd.Series], list[Finding]]:
    """Return each table's time stamps, in UTC where they have zones: all tables have them, or none."""
    given = [component for component, frame in frames.items() if "TIMESTAMP" in frame]
    if not given:
        return {component: pd.Series(now, index=frame.index) for component, frame in frames.items()}, []
    wheres = {component: Where(str(frame["file"].iloc[0])) for component, frame in frames.items()}
    for component in frames:
        if component not in given:
            text = f"the {component} table has no column TIMESTAMP, the {given[0]} table has one"
            raise BadInput(text, hint="give all tables of a case their time", where=wheres[component])
    read, said = {}, []
    for component in given:
        read[component], remarks = read_stamps(frames[component]["TIMESTAMP"], wheres[component], "psspy")
        said += remarks
    for component, stamps in read.items():
        if stamps.dt.tz != read[given[0]].dt.tz:
            text = f"the time stamps of the {component} table and of the {given[0]} table: one has a zone, one has none"
            raise BadInput(text, hint="give the time stamps of all tables a zone, or of none", where=wheres[component])
    texts = written(pd.concat(read))
    return {component: texts[component] for component in given}, said


def _name(component: str, frame: pd.DataFrame, row: int) -> str:
    name = frame[NAMES[component]].iloc[row]
    return f"bus {name:.0f}" if component == "bus" else str(name)


def _refuse_doubles(component: str, frame: pd.DataFrame, cells: pd.DataFrame) -> None:
    twice = frame.duplicated(["timestamp", NAMES[component]]).to_numpy()
    if twice.any():
        row = int(twice.argmax())
        text = f"{_name(component, frame, row)} is in the {component} table twice at one time"
        raise BadInput(text, hint="keep one of its rows, or tell them apart by ID", where=_place(cells, row))


def _at_unknown_buses(component: str, frame: pd.DataFrame, bus: pd.DataFrame, cells: pd.DataFrame) -> list[Finding]:
    """Say which elements are at a bus without a row at their time; lines to the outside may be meant so."""
    known = pd.MultiIndex.from_frame(bus[["timestamp", "bus"]])
    lost, ends = np.zeros(len(frame), dtype=bool), ["ibus", "jbus"] if component == "line" else ["bus"]
    for end in ends:
        lost |= ~pd.MultiIndex.from_frame(frame[["timestamp", end]]).isin(known)
    if not lost.any():
        return []
    row, severity = int(lost.argmax()), Severity.WARNING if component == "line" else Severity.ERROR
    at = f" at {frame['timestamp'].iloc[row]}" if frame[ends].iloc[row].isin(bus["bus"]).all() else ""
    text = f"{_name(component, frame, row)} is at a bus that the bus table doesn't have{at}"
    text += f", and {lost.sum() - 1} more of the {component} table" if lost.sum() > 1 else ""
    hint = "add the bus's row: the balance of the buses lacks its power"
    return [Finding("psspy.unknown_bus", severity, text, hint, _place(cells, row))]


def _with_injections(made: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the buses with what their machines give less what their loads draw, of those in service."""
    by = ["timestamp", "bus"]
    parts = [
        made[component].assign(**{name: sign * made[component][name] * made[component]["status"] for name in "pq"})
        for component, sign in (("generator", 1), ("load", -1))
    ]
    total = pd.concat([part[[*by, "p", "q"]] for part in parts]).groupby(by, as_index=False).sum()
    return made["bus"].merge(total, on=by, how="left").fillna({"p": 0.0, "q": 0.0})
