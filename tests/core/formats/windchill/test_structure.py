"""Component and block tables as Windchill exchanges them."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from core.errors import BadInput
from core.formats.windchill.structure import read_model
from core.reliability import ReliabilityModel, check

COMPONENTS = """Component_ID,Component_Name,Component_Type,MTBF_Hours,MTTR_Hours,Availability,Distribution,Weibull_Beta
E1,Engine 1,RECIPROCATING_ENGINE,8760,24,0.9973,Exponential,1.0
E2,Engine 2,RECIPROCATING_ENGINE,8760,24,0.9973,Exponential,1.0
E3,Engine 3,RECIPROCATING_ENGINE,8760,24,0.9973,Exponential,1.0
T1,Transformer,TRANSFORMER,175200,168,0.9990,Exponential,1.0
"""
BLOCKS = """Block_ID,Block_Name,Block_Type,Components,K_Required,N_Total,Description
GEN,Generation,PARALLEL_K_OF_N,"E1,E2,E3",2,3,one spare
SYSTEM,Complete,SERIES,"GEN,T1",2,2,top
"""


def reading(components: str = COMPONENTS, blocks: str = BLOCKS) -> tuple[ReliabilityModel, set[str]]:
    found = read_model(("components.csv", components.encode()), ("rbd.csv", blocks.encode()))
    codes = {finding.code for finding in [*found.findings, *check(found.value)]}
    return found.value, codes


def test_the_specified_files_are_read() -> None:
    model, codes = reading()
    assert codes == set()
    assert model.members == {"GEN": ["E1", "E2", "E3"], "SYSTEM": ["GEN", "T1"]}
    assert model.required == {"GEN": 2, "SYSTEM": 2}
    assert model.system == "SYSTEM"
    assert model.components["mttr_h"].tolist() == [24, 24, 24, 168]


def test_one_workbook_holds_both_tables() -> None:
    book = io.BytesIO()
    with pd.ExcelWriter(book, engine="openpyxl") as writer:
        pd.read_csv(io.StringIO(COMPONENTS)).to_excel(writer, sheet_name="Components", index=False)
        pd.read_csv(io.StringIO(BLOCKS)).to_excel(writer, sheet_name="RBD_Structure", index=False)
    found = read_model(("ram.xlsx", book.getvalue()), ("ram.xlsx", book.getvalue()))
    assert found.value.members == reading()[0].members
    assert found.value.components["sheet"].unique().tolist() == ["Components"]


def test_semicolons_and_decimal_commas_are_read() -> None:
    components = COMPONENTS.replace(",", ";").replace("0.99", "0,99").replace("1.0\n", "1,0\n")
    model, _ = reading(components, BLOCKS)
    assert model.components["availability"].tolist() == [0.9973, 0.9973, 0.9973, 0.999]


def test_dots_between_two_components_are_written_out_with_a_finding() -> None:
    model, codes = reading(blocks=BLOCKS.replace("E1,E2,E3", "E1,...,E3"))
    assert model.members["GEN"] == ["E1", "E2", "E3"]
    assert codes == {"rbd.block.ellipsis"}


def test_ids_match_without_case_and_spaces_with_a_finding() -> None:
    model, codes = reading(blocks=BLOCKS.replace("E1,E2,E3", "e1, E 2,E3"))
    assert model.members["GEN"] == ["E1", "E2", "E3"]
    assert codes == {"rbd.block.member_spelling"}


def test_a_parent_column_names_the_members() -> None:
    blocks = (
        "Block_ID,Block_Type,Components,K_Required,N_Total,Parent_Block\n"
        'GEN,k-of-n,"E1,E2,E3",2,3,SYSTEM\nELEC,SERIES,T1,1,1,SYSTEM\nSYSTEM,SERIES,,2,2,\n'
    )
    model, codes = reading(blocks=blocks)
    assert model.members["SYSTEM"] == ["GEN", "ELEC"]
    assert "rbd.block.children" in codes


def test_a_network_names_the_nodes_of_its_components() -> None:
    blocks = 'Block_ID,Block_Type,Components,Links\nSYSTEM,network,"E1, e2, E3","IN:A, in:A, A:OUT"\n'
    model, codes = reading(blocks=blocks)
    assert model.links == {"SYSTEM": [("IN", "A"), ("IN", "A"), ("A", "OUT")]}
    assert codes == {"rbd.block.member_spelling", "rbd.component.unused"}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"E1,E2,E3",2,3', '"E1,E2,E3",4,3', "rbd.block.k_above_n"),
        ('"E1,E2,E3",2,3', '"E1,E2,E3",0,3', "rbd.block.k_below_1"),
        ('"E1,E2,E3",2,3', '"E1,E2,E3",,3', "rbd.block.no_k"),
        ('"E1,E2,E3",2,3', '"E1,E2,E3",1.5,3', "rbd.count"),
        ('"E1,E2,E3",2,3', '"E1,E2,E3",2,10', "rbd.block.n_differs"),
        ('"E1,E2,E3",2,3', '"E1,E2,E9",2,3', "rbd.block.unknown_member"),
        ('"E1,E2,E3",2,3', '"E1,E2,SYSTEM",2,3', "rbd.block.circular"),
        ('"E1,E2,E3",2,3', '"E1,E2,E2",2,3', "rbd.block.member_twice"),
        ("PARALLEL_K_OF_N", "SOMETIMES", "rbd.block.type"),
        ("SYSTEM,Complete", "GEN,Complete", "rbd.block.duplicate"),
    ],
)
def test_what_is_wrong_in_the_diagram_is_a_finding(old: str, new: str, code: str) -> None:
    assert code in reading(blocks=BLOCKS.replace(old, new))[1]


def test_rows_that_share_an_id_are_judged_each_by_its_own_members() -> None:
    head = "Block_ID,Block_Type,Components,K_Required,N_Total,Parent_Block\n"
    twice = 'SYSTEM,SERIES,"G,E1",2,2,\nSYSTEM,SERIES,"E1,E2,E3,T1",4,4,\n'
    assert reading(blocks=f"{head}G,SERIES,E1,1,1,SYSTEM\n{twice}")[1] == {"rbd.block.duplicate"}
    assert reading(blocks=f"{head}G,SERIES,E1,1,1,\n{twice}".replace("G,E1", "E2,E1"))[1] == {
        "rbd.block.duplicate",
        "rbd.block.apart",
    }


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("E2,Engine 2", "E1,Engine 2", "rbd.component.duplicate"),
        ("8760,24,0.9973", "0,24,0.9973", "rbd.component.mtbf"),
        ("8760,24,0.9973", "8760,-24,0.9973", "rbd.component.mttr"),
        ("8760,24,0.9973", "8760,24,0.9873", "rbd.component.availability_differs"),
        ("8760,24,0.9973", "8760,24,-0.9973", "rbd.component.availability_outside"),
        ("8760,24,0.9973", ",,150", "rbd.component.availability_outside"),
        ("8760,24,0.9973", ",24,", "rbd.component.no_data"),
        ("Exponential,1.0", "Weibull,-1", "rbd.component.beta"),
        ("Exponential,1.0", "Gumbel,1", "rbd.component.law"),
    ],
)
def test_what_is_wrong_in_the_components_is_a_finding(old: str, new: str, code: str) -> None:
    assert code in reading(components=COMPONENTS.replace(old, new))[1]


@pytest.mark.parametrize(("column", "code"), [("Repair_CV", "cv"), ("Spares", "spares")])
def test_what_can_t_be_negative_is_a_finding(column: str, code: str) -> None:
    head, *rows = COMPONENTS.strip().splitlines()
    assert f"rbd.component.{code}" in reading(components="\n".join([f"{head},{column}", *(f"{r},-1" for r in rows)]))[1]


def test_availabilities_in_per_cent_are_read_with_a_finding() -> None:
    percent = COMPONENTS.replace("0.9973", "99.73").replace("0.9990", "99.90")
    model, codes = reading(components=percent)
    assert model.components["availability"].tolist() == pytest.approx([0.9973, 0.9973, 0.9973, 0.999])
    assert codes


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"a,b\n1,2\n", COMPONENTS.encode()])
def test_a_file_without_the_block_table_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        read_model(("components.csv", COMPONENTS.encode()), ("rbd.csv", data))


def test_headings_without_rows_are_an_empty_diagram() -> None:
    _, codes = reading(blocks=BLOCKS.split("\n")[0] + "\n")
    assert codes == {"rbd.empty"}
