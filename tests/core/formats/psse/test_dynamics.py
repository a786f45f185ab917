"""Dynamics files: typed where the model is known, verbatim everywhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.formats.psse.dynamics import models, read_dynamics, write_dynamics

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


def test_an_unknown_model_is_told_once_with_the_number_of_its_records() -> None:
    text = "1 'NOVEL' 1 0.5 /\n\n2 'NOVEL' 1 0.6 /\n2 'OTHER' 1 0.6 /\n"
    found = [finding for finding in read_dynamics(text.encode()).findings if finding.code == "psse.dyr.unknown_model"]
    assert [(finding.text, finding.where.line) for finding in found] == [
        ("Model NOVEL is not known; the values of its 2 records are kept as they are.", 1),
        ("Model OTHER is not known; its values are kept as they are.", 4),
    ]


def test_every_known_model_has_distinct_parameters() -> None:
    assert all(len(set(names)) == len(names) > 0 for names in models().values())


def test_an_untouched_file_comes_back_byte_for_byte() -> None:
    assert write_dynamics(read_dynamics(TEXT.encode()).value) == TEXT


def test_a_changed_parameter_changes_its_record_alone() -> None:
    dynamics = read_dynamics(TEXT.encode()).value
    first = dynamics.records[0].changed(H=4.0)
    text = write_dynamics(replace(dynamics, records=(first, *dynamics.records[1:])))
    assert text == TEXT.replace("1 'GENCLS' 1  3.5  0.0 /", "1 'GENCLS' 1 4.0 0.0 /")
    with pytest.raises(ValueError, match="no parameter X"):
        first.changed(X=1.0)


RENEWABLE = """\
9 'PSS2A' 1 1 0 3 0 5 1 10. 10. 0. 10. 0. 2. .2 1. .5 .1 20. .15 .02 .15 .02 .1 -.1 /
9 'USRMDL' 1 'REGCA1' 101 1 1 14 3 4 1 .02 10. .9 .4 1.22 1.2 .8 .4 -1.3 .02 .7 99. -99. .7 / converter
9 'REECA1' 1 0 0 0 0 1 0 -99. 99. .02 -.05 .05 0. 1.05 -1.05 1. 0. 0. 0. .05 .436 -.436 1.1 .9 0. .1 0. 40.
  0. .02 99. -99. 1. 0. 1.82 .02 0. 1.45 .2 1.45 .5 1.45 1. 1.45 .2 1.1 .4 1.1 .6 1.1 .8 1.1 /
9 'REPCA1' 1 8 8 9 '1 ' 1 1 0 .02 18. 5. 0. .15 0. 0. .02 0. .1 -.1 0. 0. .43 -.43 .1 .05 .25 0. 0. 99. -99.
  1. 0. .1 20. 0. /
"""


def test_renewable_units_have_named_parameters() -> None:
    reading = read_dynamics(RENEWABLE.encode())
    stabiliser, converter, control, plant = reading.value.records
    assert reading.findings == []
    assert (stabiliser.parameters["REMBUS2"], stabiliser.parameters["KS1"], stabiliser.parameters["VSTMIN"]) == (
        0,
        20,
        -0.1,
    )
    assert (converter.kind, converter.parameters["LVPLSW"], converter.parameters["Accel"]) == ("REGCA1", 1, 0.7)
    assert (control.parameters["PFLAG"], control.parameters["Tpord"], control.parameters["Ip4"]) == (1, 0.02, 1.1)
    assert (plant.parameters["BRCKT"], plant.parameters["VCFlag"], plant.parameters["Ddn"]) == ("1", 1, 20)
    changed = replace(
        reading.value, records=(stabiliser, converter.changed(Tg=0.03), control, plant.changed(BRCKT="2 "))
    )
    text = write_dynamics(changed).splitlines()
    assert text[1] == "9 'USRMDL' 1 'REGCA1' 101 1 1 14 3 4 1 0.03 " + RENEWABLE.splitlines()[1].split(".02 ", 1)[1]
    assert text[4].startswith("9 'REPCA1' 1 8 8 9 '2 ' 1 1 0 .02 18. ")
    assert write_dynamics(read_dynamics("\n".join(text).encode()).value) == "\n".join(text)


@pytest.mark.parametrize("text", ["1 'GENCLS' 1 3.5 /\n", "x y z /\n", "1 'GENCLS' 1 3.5 0.0\n", "/\n/\n", "'", ""])
def test_damaged_records_are_kept_and_told(text: str) -> None:
    reading = read_dynamics(text.encode())
    assert write_dynamics(reading.value) == text
    assert reading.findings or not text.strip("/\n")
