"""The same feeder from text, database and XML is the same model: every column of every table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.engines.opendss import SolveOptions
from core.feeder import Feeder
from core.feeder.model import COLUMNS, PROVENANCE
from core.formats.cyme import read_cyme
from core.formats.cyme.baseline import read_baseline
from core.formats.cyme.build import build_feeder
from core.formats.cyme.records import records_of
from core.studies.feeder_flow import compare, solve_feeder
from tests.core.formats.cyme import exports, restate
from tests.core.formats.cyme import test_devices as devices

SAMPLES = Path("sample_files/feeders")
CYME = Path("../shared/data/cyme")
PUBLISHED_13 = Path("../shared/data/published/ieee13_published_voltages.csv")
#: Columns that order the rows of a table.
KEYS = ("id", "transformer", "branch", "winding", "row", "column", "sequence", "kind")


def differences(one: Feeder, other: Feeder) -> list[tuple[str, str]]:
    """Return the tables and columns in which two models differ; where a row came from doesn't count."""
    found = []
    for table in COLUMNS:
        columns = [column for column in one[table].columns if column not in PROVENANCE]
        order = [key for key in KEYS if key in columns]
        first, second = (
            feeder[table][columns].sort_values(order, kind="stable").reset_index(drop=True) for feeder in (one, other)
        )
        if len(first) != len(second):
            found.append((table, f"{len(first)} and {len(second)} rows"))
            continue
        for column in columns:
            a, b = first[column], second[column]
            if a.dtype.kind == "f":
                same = np.isclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True)
            else:
                same = ((a == b) | (a.isna() & b.isna())).fillna(False).to_numpy(dtype=bool)
            if not same.all():
                k = int(np.flatnonzero(~same)[0])
                found.append((table, f"{column}: {a[k]!r} and {b[k]!r} of {first[order[0]][k]}"))
    return found


def assert_same_in_all(paths: list[Path], folder: Path) -> None:
    text = read_cyme(paths).value
    said = restate.records(paths)
    assert differences(text, build_feeder(records_of(restate.database(said)), text.name)) == []
    for version in ("7.2", "9.0"):
        study = folder / f"study{version}.sxst"
        study.write_bytes(restate.study(said, version))
        assert differences(text, read_cyme([study]).value) == []


def two_feeders(folder: Path) -> list[Path]:
    network = exports.text_of("network").replace("S5,N3,N6,ABC", "S5,N3,N6,ABC\nFEEDER=F2,M1,1\nT1,M1,M2,ABC")
    network = network.replace("N1,F1\n\n[SOURCE]", "N1,F1\nM1,F2\n\n[SOURCE]").replace(
        "N1,12.470000,0.000000", "M1,12.470000,0,-120,120,0.1,0.6,0.5,2\nN1,12.470000,0.000000"
    )
    return exports.write_text(folder, network=network)


def export(name: str, folder: Path) -> list[Path]:
    if name in ("SI", "IMPERIAL"):
        return exports.write_text(folder, units=name)
    if name == "version 8":
        return exports.write_text(folder, **{f: exports.version_8(exports.text_of(f)) for f in exports.FILES})
    return two_feeders(folder)


@pytest.mark.parametrize("name", ["SI", "IMPERIAL", "version 8", "two feeders"])
def test_a_small_export_is_the_same_in_all_formats(name: str, tmp_path: Path) -> None:
    assert_same_in_all(export(name, tmp_path), tmp_path)


@pytest.mark.parametrize("name", ["village13", "town123"])
def test_our_sample_feeders_are_the_same_in_all_formats(name: str, tmp_path: Path) -> None:
    assert_same_in_all([SAMPLES / name / f"{file}.txt" for file in exports.FILES], tmp_path)


def test_devices_are_the_same_in_all_formats(tmp_path: Path) -> None:
    capacitor = devices.CAPACITOR.format(control="VOLTAGE", on=119.5, off=125)
    three = devices.THREE.replace("BC,M", "CD,M").replace(",100,D", ",100,G")
    regulators = devices.REGULATOR.format(on="AB", option="T", taps="1,2,3", conn=3).replace("BC,M", "DE,M")
    changer = devices.TRANSFORMER.format(
        conn=1, option="R", point=103, control=0, band=0.75, side=0, tap=3, rest="300,20,3,4"
    ).replace("BC,M", "EF,M")
    by_phase = devices.BY_PHASE.replace("BC,M,R,", "BC,M,RP,")
    devices.read(
        tmp_path,
        capacitor + three + regulators + changer + by_phase,
        devices.THREE_TYPE
        + devices.TYPE.format(z=5, conn=1)
        + devices.REGULATOR_TYPE
        + "SMALL,1,200,7.2,5,5,16,3,200,60\n",
        devices.customers(3, {"A": (10, 95), "B": (12, -90)}),
        more="CD,C,D,ABC\nDE,D,E,ABC\nEF,E,H,ABC",
    )
    paths = [tmp_path / f"{name}.txt" for name in exports.FILES]
    assert len(read_cyme(paths).value["regulators"]) == 5
    assert_same_in_all(paths, tmp_path)


@pytest.fixture(scope="module")
def ieee13() -> list[Path]:
    if not (CYME / "ieee13_text_v5").is_dir():
        pytest.skip("the CYME samples are not beside the project")
    return [CYME / "ieee13_text_v5" / f"{name}.txt" for name in exports.FILES]


def test_the_ieee_13_sample_is_the_same_in_all_formats(ieee13: list[Path], tmp_path: Path) -> None:
    assert_same_in_all(ieee13, tmp_path)


def test_text_and_real_database_differ_only_in_what_the_text_has_broken(ieee13: list[Path]) -> None:
    text, database = read_cyme(ieee13).value, read_cyme([CYME / "ieee13_mdb" / "IEEE-13-cyme.mdb"]).value
    found = {(table, column.split(":")[0]) for table, column in differences(text, database)}
    broken = {("line_types", f"r_{pair}_ohm_km") for pair in ("ab", "bc", "ca")}
    assert found == {("impedances", "r_ohm_km"), *broken}


@pytest.mark.parametrize("version", ["7.2", "9.0"])
def test_the_ieee_13_study_gives_the_published_voltages(ieee13: list[Path], version: str, tmp_path: Path) -> None:
    """The study carries the mutual resistances of the database: the text's are broken (trap 1)."""
    said = restate.records(ieee13)
    true = read_cyme([CYME / "ieee13_mdb" / "IEEE-13-cyme.mdb"]).value["line_types"]
    true = true[true["kind"] == "unbalanced"].set_index("id")
    for record in said["line_type_unbalanced"]:
        for pair in ("ab", "bc", "ca"):
            record.values[f"r_{pair}_ohm_km"] = float(true.loc[record.text("equipment"), f"r_{pair}_ohm_km"])
    path = tmp_path / "ieee13.sxst"
    path.write_bytes(restate.study(said, version))
    feeder = read_cyme([path]).value
    snapshot = solve_feeder(feeder, SolveOptions(hold_taps=True))
    found = compare(feeder, snapshot, read_baseline([PUBLISHED_13]).value)
    assert found.voltage["count"] == 35
    assert found.voltage["max_abs"] < 5e-4
    assert found.angle["max_abs"] < 0.05
    assert snapshot.losses_kw == pytest.approx(111.063, rel=0.005)
