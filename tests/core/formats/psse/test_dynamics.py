"""Dynamics files: typed where the model is known, verbatim everywhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.formats.psse.dynamics import read_dynamics, write_dynamics

TEXT = """\
/ machines
1 'GENCLS' 1  3.5  0.0 /
2,'GENROU','G1',8.0,0.03,0.4,0.05,6.5,0.0,1.8,1.7,0.3,
   0.55,0.25,0.2,0.1,0.4 / unit
2 'TGOV1' G1 0.05 0.5 1.0 0.0 2.1D0 7.0 0.0/
5 'USRMDL' 1 'MYMODEL' 1 2 3 /
"""


def test_known_models_have_named_parameters() -> None:
    machine, rotor, governor, own = read_dynamics(TEXT.encode(), "x.dyr").value.records
    assert machine.parameters == {"H": 3.5, "D": 0.0}
    assert (rotor.bus, rotor.ckt, rotor.parameters["Xd''"], rotor.parameters["S1.2"]) == (2, "G1", 0.25, 0.4)
    assert governor.parameters["T2"] == 2.1
    assert (own.model, own.parameters, own.values[0]) == ("USRMDL", {}, "MYMODEL")


def test_an_untouched_file_comes_back_byte_for_byte() -> None:
    assert write_dynamics(read_dynamics(TEXT.encode()).value) == TEXT


def test_a_changed_parameter_changes_its_record_alone() -> None:
    dynamics = read_dynamics(TEXT.encode()).value
    first = dynamics.records[0].changed(H=4.0)
    text = write_dynamics(replace(dynamics, records=(first, *dynamics.records[1:])))
    assert text.splitlines()[0] == "1 'GENCLS' 1 4.0 0.0 /"
    assert text.endswith("".join(TEXT.splitlines(keepends=True)[2:]))
    with pytest.raises(ValueError, match="no parameter X"):
        first.changed(X=1.0)


@pytest.mark.parametrize("text", ["1 'GENCLS' 1 3.5 /\n", "x y z /\n", "1 'GENCLS' 1 3.5 0.0\n", "/\n/\n", "'", ""])
def test_damaged_records_are_kept_and_told(text: str) -> None:
    reading = read_dynamics(text.encode())
    assert write_dynamics(reading.value) == text
    assert reading.findings or not text.strip("/\n")
