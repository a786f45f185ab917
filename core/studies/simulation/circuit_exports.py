"""OpenDSS's exports of one solution, with the script that places their elements, into one simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Where
from core.formats.opendss.element_exports import element_buses, read_loadings, read_powers
from core.formats.opendss.exports import opendss_export, read_voltages
from core.formats.time_stamps import STAMP
from core.results.database import GridState, all_or_nothing, begin, finish, insert_grid_state
from core.store import Store, now
from core.studies.simulation.printed import numbered

#: What tables have columns for.
TAKEN = ("Voltages", "ElemPowers", "Capacity")
#: Classes of elements by the table that holds them; machines give what flows out of them.
MACHINES, LOADS, LINES = ("vsource", "generator", "pvsystem", "storage"), ("load",), ("line", "transformer")


def import_circuit(
    store: Store, script: Path, files: list[tuple[bytes, str]], base_mva: float
) -> tuple[list[int], list[Finding]]:
    """Import the voltages, powers and loadings that OpenDSS exported of the circuit of a script."""
    exports = _exports(files)
    buses, findings = read_voltages(*exports["Voltages"])
    number, said = numbered(buses["bus_name"], exports["Voltages"][1])
    places, remarks = element_buses(script)
    at = dict(zip(buses["bus_name"].str.lower(), number, strict=True))
    tables = {"gen": pd.DataFrame(), "load": pd.DataFrame(), "line": pd.DataFrame()}
    bus = buses.assign(bus=number)
    if "ElemPowers" in exports:
        powers = _placed(read_powers(*exports["ElemPowers"]), places, at, exports["ElemPowers"][1])
        powers = powers.assign(p=powers["p_kw"] / 1000 / base_mva, q=powers["q_kvar"] / 1000 / base_mva)
        tables = {key: _at_buses(powers, key, classes) for key, classes in (("gen", MACHINES), ("load", LOADS))}
        net = pd.concat([tables["gen"], tables["load"].assign(p=-tables["load"]["p"], q=-tables["load"]["q"])])
        net = net.groupby("bus")[["p", "q"]].sum().reindex(number, fill_value=0.0)
        bus = bus.assign(p=net["p"].to_numpy(), q=net["q"].to_numpy())
    if "Capacity" in exports:
        tables["line"] = _lines(read_loadings(*exports["Capacity"]), places, at, exports["Capacity"][1])
    state = GridState(now().strftime(STAMP), bus, **tables)
    kept = {"files": [{"sha256": store.keep(*file), "name": file[1]} for file in files]}
    sim = begin(store, script.stem, "opendss", base_mva, state.timestamp, steps=1, inputs=kept)
    with all_or_nothing(store, sim):
        insert_grid_state(store, sim, state)
        finish(store, sim, state.timestamp)
    return [sim], [*findings, *said, *remarks]


def _exports(files: list[tuple[bytes, str]]) -> dict[str, tuple[bytes, str]]:
    """Return the files by what they export: voltages, and powers and loadings at most once."""
    found: dict[str, tuple[bytes, str]] = {}
    for data, name in files:
        title = opendss_export(data)
        if title not in TAKEN:
            text = f"no table has columns for OpenDSS's {title}" if title else "the file is no export of OpenDSS"
            raise BadInput(text, hint=f"give what it exports as {', '.join(TAKEN)}", where=Where(name))
        if title in found:
            raise BadInput(f"{title} is there twice", hint="import one solution at a time", where=Where(name))
        found[title] = (data, name)
    if "Voltages" not in found:
        raise BadInput("the voltages are missing", hint="export them too: Export Voltages", where=Where(files[0][1]))
    return found


def _placed(rows: pd.DataFrame, places: dict[str, list[str]], at: dict[str, int], name: str) -> pd.DataFrame:
    """Return the rows with the number of the bus of their terminal."""
    ends = [(places.get(e) or [""])[n - 1 : n] for e, n in zip(rows["element"], rows["terminal"], strict=True)]
    bus = pd.Series([at.get(end[0]) if end else None for end in ends], index=rows.index)
    if bus.isna().any():
        lost = rows["element"][bus.isna()].iloc[0]
        hint = "give the script that was solved, and the voltages of the same solution"
        raise BadInput(f"{lost} is at no bus of this circuit and its voltages", hint=hint, where=Where(name))
    return rows.assign(bus=bus.astype(np.int64))


def _at_buses(powers: pd.DataFrame, key: str, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the elements of some classes with the powers of their first terminal; machines give what flows out."""
    chosen = powers[powers["element"].str.partition(".")[0].isin(classes) & (powers["terminal"] == 1)]
    sign = -1.0 if classes is MACHINES else 1.0
    made = {key: np.arange(1, len(chosen) + 1), f"{key}_name": chosen["element"].to_numpy(), "status": 1}
    return pd.DataFrame(
        made | {"bus": chosen["bus"].to_numpy(), "p": sign * chosen["p"].to_numpy(), "q": sign * chosen["q"].to_numpy()}
    )


def _lines(loading: dict[str, float], places: dict[str, list[str]], at: dict[str, int], name: str) -> pd.DataFrame:
    """Return lines and transformers with their loading, between their first two buses."""
    names = [element for element in loading if element.partition(".")[0] in LINES]
    terminals = pd.DataFrame({"element": names}).merge(pd.DataFrame({"terminal": [1, 2]}), how="cross")
    ends = _placed(terminals, places, at, name)["bus"].to_numpy().reshape(-1, 2)
    made = {"line": np.arange(1, len(names) + 1), "line_name": names, "ibus": ends[:, 0], "jbus": ends[:, 1]}
    return pd.DataFrame(made | {"line_pct": [loading[element] for element in names], "status": 1})
