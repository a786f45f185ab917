"""OpenDSS circuits through the model and our writer solve as the engine solves them itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.engines.opendss import Circuit, Snapshot
from core.errors import BadInput
from core.formats.feeders import read_feeder
from core.formats.opendss import Names, read_opendss, script_of
from core.formats.opendss.context import new_context
from core.formats.opendss.names import PHASES
from tests.core.formats.opendss import circuits

SHARED = Path("../shared/data/opendss")
PUBLISHED = (
    "IEEETestCases/4Bus-YY-Bal/4Bus-YY-Bal.DSS",
    "IEEETestCases/4Bus-DY-Bal/4Bus-DY-Bal.DSS",
    "IEEETestCases/13Bus/IEEE13Nodeckt.dss",
    "IEEETestCases/34Bus/ieee34Mod1.dss",
    "IEEETestCases/34Bus/ieee34Mod2.dss",
    "IEEETestCases/37Bus/ieee37.dss",
    "IEEETestCases/123Bus/IEEE123Master.dss",
    "IEEETestCases/LVTestCase/Master.dss",
    "EPRITestCircuits/ckt5/Master_ckt5.dss",
)


def engines_own(path: Path, folder: Path) -> dict[tuple[str, str], complex]:
    """Return the voltages [V] that the engine finds when it runs the script itself."""
    engine = new_context()
    engine.Text.Command = f'set datapath="{folder}"'
    engine.Text.Command = f'redirect "{path.resolve()}"'
    engine.Text.Command = "set mode=snapshot maxcontroliter=200"
    engine.ActiveCircuit.Solution.Solve()
    volts = np.asarray(engine.ActiveCircuit.YNodeVarray).view(complex)
    nodes = [name.lower().rsplit(".", 1) for name in engine.ActiveCircuit.YNodeOrder]
    return {(bus, PHASES[node]): volt for (bus, node), volt in zip(nodes, volts, strict=True)}


def ours(path: Path) -> tuple[Snapshot, dict[tuple[str, str], complex]]:
    with Circuit(read_opendss(path).value) as circuit:
        snapshot = circuit.solve()
    volts = snapshot.nodes["v_kv"] * 1000 * np.exp(1j * np.radians(snapshot.nodes["angle_deg"]))
    keys = zip(snapshot.nodes["bus"].str.lower(), snapshot.nodes["phase"], strict=True)
    return snapshot, dict(zip(keys, volts, strict=True))


def assert_alike(path: Path, folder: Path) -> None:
    snapshot, found = ours(path)
    expected = engines_own(path, folder)
    assert snapshot.converged
    assert found.keys() == expected.keys()
    base = dict(
        zip(
            zip(snapshot.nodes["bus"].str.lower(), snapshot.nodes["phase"], strict=True),
            snapshot.nodes["v_kv"] * 1000 / snapshot.nodes["v_pu"].where(snapshot.nodes["v_pu"] > 0),
            strict=True,
        )
    )
    worst = max(abs(found[key] - volt) / base[key] for key, volt in expected.items() if base[key] == base[key])
    assert worst < 1e-4


def test_a_circuit_with_everything_solves_as_the_engine_solves_it(tmp_path: Path) -> None:
    assert_alike(circuits.write(tmp_path), tmp_path)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_circuits_solve_as_the_engine_solves_them(name: str, tmp_path: Path) -> None:
    if not (SHARED / name).is_file():
        pytest.skip(f"{name} is not beside the project")
    assert_alike(SHARED / name, tmp_path)


def test_what_is_written_reads_back_with_its_names(tmp_path: Path) -> None:
    feeder = read_opendss(circuits.write(tmp_path / "one")).value
    renamed = feeder.with_tables(
        {"loads": feeder["loads"].assign(id=[f"Load {k}/ä.{k}" for k in range(len(feeder["loads"]))])}
    )
    (tmp_path / "two").mkdir()
    for name, text in script_of(renamed).files.items():
        (tmp_path / "two" / name).write_text(text, encoding="utf-8")
    again = read_feeder([tmp_path / "two"]).value
    assert set(again["loads"]["id"]) == set(renamed["loads"]["id"])
    for table in ("buses", "branches", "transformers", "windings", "capacitors", "regulators"):
        assert len(again[table]) == len(feeder[table]), table
    assert again["buses"]["x"].notna().sum() == feeder["buses"]["x"].notna().sum()


def test_names_stay_apart_whatever_their_case_and_characters() -> None:
    names = Names()
    given = [names.give("bus", name) for name in ("A.1", "a.1", "A 1", "A_x2e_1", "ü")]
    assert len({name.lower() for name in given}) == 5
    again = Names.parse(names.table())
    assert [again.back("bus", name) for name in given] == ["A.1", "a.1", "A 1", "A_x2e_1", "ü"]


def test_a_refused_line_is_a_finding_and_the_rest_loads(tmp_path: Path) -> None:
    main = circuits.MAIN.replace("New Load.house", "New Load.house bus1=(").replace(
        "Redirect codes/lines.dss", "Redirect codes/lines.dss\nRedirect gone.dss\nRedirect Master.dss"
    )
    reading = read_opendss(circuits.write(tmp_path, main + "New Nonsense.x y=1\n"))
    found: dict[str, Any] = {finding.code: finding for finding in reading.findings}
    assert {"opendss.line_refused", "opendss.file_missing", "opendss.circle"} <= found.keys()
    assert found["opendss.file_missing"].where.line == 6
    assert len(reading.value["branches"]) >= 4


@pytest.mark.parametrize("content", ["", "New Line.x bus1=a bus2=b\n", "hello"])
def test_a_script_without_circuit_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "Master.dss"
    path.write_text(content)
    with pytest.raises(BadInput):
        read_opendss(path)
