"""OpenDSS's exports of one solution, with the script that places their elements, into one simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where, counted
from core.formats.isolated import isolated
from core.formats.opendss.circuit import LINES, LOADS, MACHINES, Circuit, read_circuit
from core.formats.opendss.element_exports import read_loadings, read_powers
from core.formats.opendss.exports import Export, opendss_export, read_voltages
from core.results.database import GridState
from core.studies.simulation.intake import File, Intake
from core.studies.simulation.monitor_exports import import_monitors
from core.studies.simulation.printed import numbered


def import_voltages(intake: Intake, file: File) -> None:
    """Import the voltages that OpenDSS exports, which need no script."""
    export = _export(file)
    if export.fills != "voltages":
        hint = "give the script of the circuit beside it: results import circuit.dss EXPORT.csv …"
        text = f"OpenDSS's {export.title} names elements without their buses"
        raise BadInput(text, hint=hint, where=Where(file[1]))
    buses, findings = read_voltages(*file)
    number, said = numbered(buses["bus_name"], file[1])
    intake.findings += [*findings, *said]
    intake.keep(file[1], "opendss", GridState(intake.start, buses.assign(bus=number)).tables(), [file])


def import_circuit(intake: Intake, script: Path, files: list[File]) -> None:
    """Import what OpenDSS exported of the circuit of a script: of one solution, or what its monitors recorded."""
    exports = [(_export(file), file) for file in files]
    circuit, findings = isolated(read_circuit, script.resolve())
    intake.findings += findings
    if all(export.fills == "monitor" for export, _ in exports):
        import_monitors(intake, script.stem, circuit, files)
    else:
        intake.keep(script.stem, "opendss", _solution(intake, circuit, _of_one_solution(exports)).tables(), files)


def _of_one_solution(exports: list[tuple[Export, File]]) -> dict[str, tuple[Export, File]]:
    """Return the exports by what they fill: voltages, and powers and loadings at most once."""
    found: dict[str, tuple[Export, File]] = {}
    for export, file in exports:
        if export.fills == "monitor" or export.fills in found:
            text = f"{export.title}: there are {export.fills} already" if export.fills in found else "it is over time"
            raise BadInput(text, hint="import one solution at a time, and monitors together", where=Where(file[1]))
        found[export.fills] = export, file
    if "voltages" not in found:
        where = Where(file=exports[0][1][1])
        raise BadInput("the voltages are missing", hint="export them too: Export Voltages", where=where)
    return found


def _export(file: File) -> Export:
    """Return which export of OpenDSS a file is, one that fills a table."""
    export = opendss_export(file[0])
    if export is None:
        hint = "give what OpenDSS exports as Voltages, ElemPowers and Capacity, or its monitors"
        raise BadInput("the file is no export of OpenDSS", hint=hint, where=Where(file[1]))
    if not export.fills:
        text = f"OpenDSS's {export.title} can't be imported: {export.reason}"
        raise BadInput(text, hint=export.instead, where=Where(file[1]))
    return export


def _solution(intake: Intake, circuit: Circuit, found: dict[str, tuple[Export, File]]) -> GridState:
    """Return the state of the circuit by its exported voltages, powers and loadings."""
    _, file = found["voltages"]
    buses, findings = read_voltages(*file)
    number, said = numbered(buses["bus_name"], file[1])
    intake.findings += [*findings, *said]
    at = dict(zip(buses["bus_name"].str.lower(), number, strict=True))
    state = GridState(intake.start, buses.assign(bus=number))
    if "powers" in found:
        export, file = found["powers"]
        powers = _placed(read_powers(*file, export.title), circuit, at, file[1])
        powers = powers.assign(**{one: powers[f"{one}_{unit}"] / 1000 / intake.base_mva for one, unit in UNITS})
        state.gen, state.load = (_at_buses(powers, key, of) for key, of in (("gen", MACHINES), ("load", LOADS)))
        known = set(powers["element"])
        missing = [name for name in circuit.classed(MACHINES + LOADS) if name not in known]
        state.bus = _with_net_powers(state, [at.get(circuit.elements[name].buses[0]) for name in missing])
        intake.findings += _without_power(missing, export.title, file[1])
    if "loadings" in found:
        export, file = found["loadings"]
        state.line = _lines(read_loadings(*file, export.title, circuit), circuit, at, file[1])
    return state


UNITS = (("p", "kw"), ("q", "kvar"))


def _placed(rows: pd.DataFrame, circuit: Circuit, at: dict[str, int], name: str) -> pd.DataFrame:
    """Return the rows with the number of the bus of their terminal."""
    places = {element: of.buses for element, of in circuit.elements.items()}
    ends = [places.get(e, [])[n - 1 : n] for e, n in zip(rows["element"], rows["terminal"], strict=True)]
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


def _with_net_powers(state: GridState, unknown: list[int | None]) -> pd.DataFrame:
    """Return the buses with what machines give less what loads draw; missing where the power of one is not known."""
    net = pd.concat([state.gen, state.load.assign(p=-state.load["p"], q=-state.load["q"])])
    net = net.groupby("bus")[["p", "q"]].sum().reindex(state.bus["bus"], fill_value=0.0)
    net[net.index.isin(unknown)] = np.nan
    return state.bus.assign(p=net["p"].to_numpy(), q=net["q"].to_numpy())


def _without_power(missing: list[str], title: str, name: str) -> list[Finding]:
    if not missing:
        return []
    text = f"{title} lacks {counted(len(missing), 'machine or load', 'machines and loads')} of the circuit, first "
    text += f"{missing[0]}: their buses have no net power"
    return [Finding("opendss.powers", Severity.WARNING, text, "Export ElemPowers has all", Where(name))]


def _lines(loading: dict[str, float], circuit: Circuit, at: dict[str, int], name: str) -> pd.DataFrame:
    """Return lines and transformers with their loading, between their first two buses."""
    names = [element for element in loading if element.partition(".")[0] in LINES]
    terminals = pd.DataFrame({"element": names}).merge(pd.DataFrame({"terminal": [1, 2]}), how="cross")
    ends = _placed(terminals, circuit, at, name)["bus"].to_numpy().reshape(-1, 2)
    made = {"line": np.arange(1, len(names) + 1), "line_name": names, "ibus": ends[:, 0], "jbus": ends[:, 1]}
    return pd.DataFrame(made | {"line_pct": [loading[element] for element in names], "status": 1})
