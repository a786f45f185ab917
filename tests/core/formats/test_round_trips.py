"""``read(write(x)) == x`` over generated PSS/E cases: every version, RAWX, MATPOWER and PowerModels."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.formats.conversion import admittance_difference, compare
from core.formats.matpower import read_case, write_case
from core.formats.networks import FORMATS
from core.formats.psse import RawCase, read_raw, read_raw_case, read_rawx_case, write_raw_case, write_rawx_case
from core.formats.psse.difference import compare_cases
from core.network import admittance_matrix

BUSES = (1, 20, 300, 4000)
SLOW = settings(
    max_examples=3, deadline=None, derandomize=True, phases=(Phase.generate,), suppress_health_check=list(HealthCheck)
)

value = st.floats(-50, 50)
small = st.floats(-0.2, 0.2)
reactance = st.floats(0.01, 0.5)
tap = st.floats(0.85, 1.15)
base = st.sampled_from([50.0, 100.0, 180.0])
VOLTAGES = st.sampled_from([0.0, 110.0, 121.0])
name = st.text("ABC xyz'/,&é", max_size=11).map(str.rstrip)
on = st.integers(0, 1)


def rows(draw: st.DrawFn, keys: list[dict[str, Any]], **fields: st.SearchStrategy[Any]) -> pd.DataFrame:
    """Return records with these keys and drawn values."""
    return pd.DataFrame([{**key, **{field: draw(of) for field, of in fields.items()}} for key in keys])


def windings(number: int) -> dict[str, st.SearchStrategy[Any]]:
    """Return what a winding's line may hold; a phase shift, ratings, and a correction table now and then."""
    return {
        f"WINDV{number}": tap, f"NOMV{number}": VOLTAGES, f"ANG{number}": st.floats(-60, 60),
        f"RATA{number}": st.floats(0, 100), f"COD{number}": st.sampled_from([0, 1, 3]),
        f"TAB{number}": st.sampled_from([0, 1, 2]),
    }  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> RawCase:
    """Return a case with all that other formats have to bend."""
    pairs = [{"I": 1, "J": 20, "CKT": "1"}, {"I": 1, "J": 20, "CKT": "&2"}, {"I": 300, "J": 20, "CKT": "A"}]
    charging = dict.fromkeys(("B", "GI", "BI", "GJ", "BJ"), small)
    codes: dict[str, st.SearchStrategy[Any]] = {
        "CW": st.sampled_from([1, 3]), "CZ": st.sampled_from([1, 2]), "CM": st.sampled_from([1, 2]), "NAME": name,
        "MAG1": st.floats(0, 0.01), "MAG2": st.floats(-0.1, 0),
    }  # fmt: skip
    two = [{"I": 20, "J": 300, "K": 0, "CKT": "1"}, {"I": 4000, "J": 300, "K": 0, "CKT": "T2"}]
    of_two = codes | windings(1) | {"WINDV2": tap, "NOMV2": st.just(110.0), "STAT": on}
    three = [{"I": 1, "J": 20, "K": 300, "CKT": "1"}, {"I": 4000, "J": 1, "K": 20, "CKT": "3"}]
    of_three = codes | windings(1) | windings(2) | windings(3) | {"STAT": st.sampled_from([0, 1, 2, 3, 4])}
    impedances = {
        pair: {f"R{pair}": st.floats(0, 0.01), f"X{pair}": reactance, f"SBASE{pair}": base}
        for pair in ("1-2", "2-3", "3-1")
    }
    converter = {
        f"{field}{end}": of
        for end in "12"
        for field, of in {
            "ACSET": tap, "ALOSS": st.floats(0, 50), "BLOSS": st.floats(0, 1), "SMAX": st.floats(0, 90),
            "IMAX": st.floats(0, 900), "MAXQ": st.floats(0, 50),
            "MINQ": st.floats(-50, 0), "MODE": st.sampled_from([1, 2]),
        }.items()
    }  # fmt: skip
    blocks = {f"{letter}{k}": of for k in range(1, 9) for letter, of in (("N", st.integers(1, 9)), ("B", value))}
    sections = {
        "bus": rows(draw, [{"I": n, "BASKV": 110.0, "IDE": 3 if n == 1 else 2 if n == 300 else 1} for n in BUSES],
                    NAME=name, VM=tap, VA=st.floats(-40, 40), AREA=st.integers(1, 3), NVHI=st.just(1.1)),
        "load": rows(draw, [{"I": 20, "ID": "1"}, {"I": 300, "ID": "L "}], STATUS=on,
                     **dict.fromkeys(("PL", "QL", "IP", "IQ", "YP", "YQ"), value)),
        "fixed_shunt": rows(draw, [{"I": 20, "ID": "F"}], GL=value, BL=value, STATUS=on),
        "generator": rows(draw, [{"I": 1, "ID": "1", "PT": 90.0, "PB": -90.0}, {"I": 300, "ID": "G", "MBASE": 40.0}],
                          PG=value, QG=value, VS=tap, IREG=st.sampled_from([0, 20])),
        "branch": rows(draw, pairs, R=small, X=reactance, RATEA=st.floats(0, 100), ST=on, **charging),
        "transformer": pd.concat([
            rows(draw, two, **of_two, **impedances["1-2"]),
            rows(draw, three, **of_three, **impedances["1-2"], **impedances["2-3"], **impedances["3-1"]),
        ], ignore_index=True),
        "area": rows(draw, [{"I": 1}, {"I": 2}], PDES=value, ARNAME=name),
        "two_terminal_dc": rows(draw, [{"NAME": "LCC", "IPR": 1, "IPI": 300, "NBR": 2, "NBI": 2}],
                                MDC=st.integers(0, 2), RDC=st.floats(0, 5), SETVL=value,
                                VSCHD=st.floats(100, 500), ANMXR=st.just(20.0), ANMNR=st.floats(1, 20),
                                ANMXI=st.just(20.0), ANMNI=st.floats(1, 20), RCR=st.just(0.0),
                                XCR=st.floats(0, 5), EBASR=st.just(110.0), RCI=st.just(0.0),
                                XCI=st.floats(0, 5), EBASI=st.just(110.0)),
        "vsc_dc": rows(draw, [{"NAME": "V'1", "IBUS1": 20, "IBUS2": 4000, "TYPE1": 2, "TYPE2": 1, "DCSET1": -20.0,
                               "DCSET2": 100.0}], MDC=on, RDC=st.floats(0, 2), **converter),
        "impedance_correction": rows(draw, [{"I": t, "T": x} for t in (1, 2) for x in (-60.0, 0.9, 1.0, 1.1, 60.0)],
                                     F=st.floats(0.5, 1.5)),
        "multi_section_line": pd.DataFrame([{"I": 1, "J": 300, "ID": "&1", "MET": 2, "DUM1": 20}]),
        "zone": rows(draw, [{"I": 1}], ZONAME=name),
        "area_transfer": rows(draw, [{"ARFROM": 1, "ARTO": 2, "TRID": "A"}], PTRAN=value),
        "owner": rows(draw, [{"I": 1}], OWNAME=name),
        "facts": rows(draw, [{"NAME": "F1", "I": 20, "J": 0}, {"NAME": "F2", "I": 300, "J": 4000}],
                      MODE=on, VSET=tap, SHMX=st.floats(0, 99), LINX=st.just(0.05)),
        "switched_shunt": rows(draw, [{"I": 300}], MODSW=st.integers(0, 2), BINIT=value, SWREM=st.sampled_from([0, 20]),
                               STAT=on, **blocks),
        "induction_machine": rows(draw, [{"I": 20, "ID": "M"}], PSET=value, STAT=on),
    }  # fmt: skip
    header = {
        "IC": 0,
        "SBASE": draw(st.sampled_from([10.0, 100.0])),
        "REV": 33,
        "BASFRQ": draw(st.sampled_from([50, 60])),
    }
    return RawCase(33, header, (draw(name), ""), sections)


def same(one: RawCase, other: RawCase) -> None:
    """Fail where anything differs."""
    found = compare_cases(one, other)
    assert found.changed.empty, found.changed
    assert found.removed.empty, found.removed
    assert found.added.empty, found.added


@SLOW
@given(cases(), st.permutations([33, 34, 35, "rawx"]))
def test_a_case_comes_back_from_every_version_and_rawx_one_after_the_other(
    case: RawCase, versions: list[int | str]
) -> None:
    again = case
    for version in versions:
        if version == "rawx":
            reading = read_rawx_case(write_rawx_case(again).encode(), "x.rawx")
        else:
            reading = read_raw_case(write_raw_case(again, int(version)).encode(), "x.raw")
        assert not [finding for finding in reading.findings if finding.severity == "error"]
        assert reading.source.version == ("35" if version == "rawx" else str(version))
        again = reading.value
        same(case, again)


@SLOW
@given(cases(), st.permutations(["matpower", "powermodels", "raw", "rawx"]))
def test_a_network_comes_back_from_a_journey_through_all_formats(case: RawCase, targets: list[str]) -> None:
    """What one format can't say rides along through it, and is there again in the next one that can."""
    again = network = read_raw(write_raw_case(case, 33).encode(), "x.raw").value
    for target in [*targets, "raw"]:
        content, _ = FORMATS[target].write(again, None)
        again = FORMATS[target].read(content, f"x{FORMATS[target].ending}").value
        assert admittance_difference(network, again) == pytest.approx(0, abs=1e-9)
    found = compare(network, again)
    assert found.changed.empty, found.changed
    assert found.removed.empty, found.removed


def without_rider(content: bytes, target: str) -> bytes:
    """Return the file as a program would write it that doesn't know what rides along."""
    if target == "powermodels":
        return json.dumps({key: table for key, table in json.loads(content).items() if key != "gridproof"}).encode()
    case = read_case(content, "x.m").value
    case.tables = {key: table for key, table in case.tables.items() if not key.startswith("gridproof_")}
    case.values = {}
    return write_case(case)


def reduced(y: np.ndarray, size: int) -> np.ndarray:
    """Return the admittance matrix without the buses behind the first ones: the star points."""
    return y[:size, :size] - y[:size, size:] @ np.linalg.pinv(y[size:, size:]) @ y[size:, :size]


@pytest.mark.parametrize("target", ["matpower", "powermodels"])
@SLOW
@given(cases())
def test_what_rides_along_is_not_needed_for_the_admittance_matrix(target: str, case: RawCase) -> None:
    network = read_raw(write_raw_case(case, 33).encode(), "x.raw").value
    plain = FORMATS[target].read(without_rider(FORMATS[target].write(network, None)[0], target), "x").value
    expected = admittance_matrix(network).toarray()
    found = reduced(admittance_matrix(plain).toarray(), len(expected))
    np.testing.assert_allclose(found, expected, atol=1e-9 * abs(expected).max())
