"""Voltage source converter lines: the powers that their records ask for, and what is remarked on them."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.formats.psse import RawCase, read_raw
from core.formats.psse.dc import vsc_table
from tests.core.formats.psse.cases import V33

FIRST = "1,2,2,-20.0,0.98,100.0,0.1,50.0,0.0,0.0,1.0,10.0,-10.0,0,100.0"
SECOND = "3,1,1,100.0,1.01,100.0,0.1,50.0,0.0,0.0,1.0,10.0,-10.0,0,100.0"


@given(
    current=st.floats(0.05, 1),
    kv=st.floats(100, 500),
    r=st.floats(0, 5),
    a=st.floats(0, 500),
    b=st.floats(0, 2),
    least=st.floats(0, 800),
    rectifies=st.booleans(),
    first=st.booleans(),
)
def test_the_powers_are_those_of_the_dc_circuit(current, kv, r, a, b, least, rectifies, first) -> None:
    """From a current forward: both converters lose ALOSS + BLOSS I, MINLOSS at least, and the wire R I^2."""
    loss = max(a + b * current * 1000, least) / 1000
    if rectifies:  # the converter that holds the power takes it from its AC network
        power, other = -((kv + r * current) * current + loss), kv * current - loss
    else:
        power, other = (kv - r * current) * current - loss, -(kv * current + loss)
    one, two = {"TYPE": 2, "DCSET": power}, {"TYPE": 1, "DCSET": kv}
    ends = {1: one, 2: two} if first else {1: two, 2: one}
    record = {"NAME": "V", "MDC": 1, "RDC": r, "IBUS1": 1, "IBUS2": 2}
    for k, end in ends.items():
        record |= {f"{name}{k}": value for name, value in {**end, "ALOSS": a, "BLOSS": b, "MINLOSS": least}.items()}
    assume(rectifies or power > 0)
    bus = pd.DataFrame({"I": [1, 2], "BASKV": [100.0, 100.0]})
    line = vsc_table(RawCase(33, {}, ("", ""), {"bus": bus, "vsc_dc": pd.DataFrame([record])})).loc[0]
    expected = (power, other) if first else (other, power)
    assert (-line["p_from_mw"], line["p_to_mw"]) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert line["loss0_mw"] == pytest.approx(2 * loss + r * current**2, rel=1e-9)


@pytest.mark.parametrize(
    ("old", "new", "q_max"),
    [
        ("50.0,0.0,0.0,1.0,10.0,-10.0", "50.0,25.0,0.0,1.0,9999.0,-9999.0", (25**2 - 20**2) ** 0.5),
        ("50.0,0.0,0.0,1.0,10.0,-10.0", "50.0,25.0,0.0,1.0,9.0,-9.0", 9.0),
        ("50.0,0.0,0.0,1.0,10.0,-10.0", "50.0,0.0,100.0,1.0,9999.0,-9999.0",
         ((3**0.5 * 138 * 1.02 * 0.1) ** 2 - 20**2) ** 0.5),
        ("50.0,0.0,0.0,1.0,10.0,-10.0", "50.0,0.0,0.0,1.0,,", 9999.0),
    ],
)  # fmt: skip
def test_ratings_leave_reactive_power_beside_the_active_one(old: str, new: str, q_max: float) -> None:
    network = read_raw(V33.replace(FIRST, FIRST.replace(old, new)).encode(), "x.raw").value
    line = network["dcline"].loc[0]
    assert line["q_max_from_mvar"] == pytest.approx(q_max)
    assert line["q_min_from_mvar"] == pytest.approx(-q_max)
    assert abs(line["q_from_mvar"]) <= q_max


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (SECOND, SECOND.replace("3,1,1,", "3,2,1,"), "psse.raw.vsc_control"),
        (SECOND, SECOND.replace("-10.0,0,", "-10.0,2,"), "psse.raw.vsc_remote"),
        (FIRST, FIRST.replace("50.0,0.0,0.0", "50.0,15.0,0.0"), "psse.raw.vsc_rating"),
        (FIRST, FIRST.replace("-20.0", ""), "psse.raw.no_value"),
        ("'LINK        ',1,0.5", "'LINK        ',1,", "psse.raw.no_value"),
        ("1,-2,'1 '", "1,-2,'1 '", "psse.raw.metered_end"),
    ],
)
def test_what_has_no_clear_meaning_is_found_at_its_record(old: str, new: str, code: str) -> None:
    text = V33.replace(old, new)
    found = {finding.code: finding for finding in read_raw(text.encode(), "x.raw").findings}
    place = next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(new))
    assert place - 2 <= found[code].where.line <= place


def test_a_converter_that_regulates_another_bus_holds_the_stored_voltage_of_its_own() -> None:
    network = read_raw(V33.replace(SECOND, SECOND.replace("-10.0,0,", "-10.0,2,")).encode(), "x.raw").value
    assert network["dcline"].loc[0, "v_to_pu"] == 1.01  # VM of bus 3, not ACSET, which is for bus 2
