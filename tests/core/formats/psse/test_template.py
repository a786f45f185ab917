"""Empty files: what is filled in below the names of the columns reads as those columns."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.formats.networks import read_network
from core.formats.psse import schema
from core.formats.psse.template import VERSIONS, template, template_sections


@pytest.mark.parametrize("name", VERSIONS)
def test_an_empty_file_has_nothing_wrong_but_its_lack_of_buses(name: str) -> None:
    reading = read_network(template(VERSIONS[name]).encode(), "empty")
    assert [finding.code for finding in reading.findings] == ["network.bus.none"]
    assert reading.source.version == ("35" if name == "rawx" else name)


@pytest.mark.parametrize("version", schema.WRITE_VERSIONS)
def test_records_below_the_names_of_their_columns_are_read(version: int) -> None:
    text = template(version)
    assert ("@!" in text) == (version >= 34)
    assert text.count("I,NAME,BASKV,IDE") == text.count(",PL,QL,IP,IQ,YP,YQ") == 1
    text = text.replace("0 / END OF BUS", "7,'CITY',110.0,3\n0 / END OF BUS")
    lines = text.replace("0 / END OF LOAD", "7,'A',1,1,1,12.5,4.5\n0 / END OF LOAD").splitlines()
    reading = read_network("\n".join(lines).encode(), "filled.raw")
    assert reading.value["load"][["bus", "ckt", "p_mw", "q_mvar"]].to_numpy().tolist() == [[7, "A", 12.5, 4.5]]
    assert reading.value.values("bus", "base_kv").tolist() == [110.0]


def test_sections_go_by_any_of_their_names() -> None:
    assert template_sections(34, ["acline", "bus", "Fixed Shunt"]) == ["bus", "fixed_shunt", "branch"]
    text = template(34, ["bus"])
    assert [line for line in text.splitlines() if line.startswith("@!I,")] == [
        "@!I,NAME,BASKV,IDE,AREA,ZONE,OWNER,VM,VA,NVHI,NVLO,EVHI,EVLO"
    ]
    with pytest.raises(BadInput, match="substation"):
        template_sections(33, ["substation"])
