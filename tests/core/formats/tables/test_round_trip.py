"""Whatever dialect a table is printed in, it reads back equal; whatever bytes come, nothing but a refusal is raised."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.formats.recognise import read_result
from core.results.study_result import StudyResult
from tests.core.formats import printed
from tests.core.formats.damage import located_at_worst

#: Column → the spellings of its heading and the decimals that it is printed with.
COLUMNS = {
    "etap.load_flow": {
        "bus": ["Bus_ID", "BUS ID", "busId", "ID"],
        "v_pu": ["Voltage_pu", "voltage (p.u.)", "VOLTAGE PU"],
        "angle_deg": ["Angle_deg", "Ang. (deg)", "ANGLE [°]"],
        "p_mw": ["P_MW", "P (MW)", "MW Loading"],
        "loading_pct": ["Loading_pct", "% Loading", "LOADING (%)"],
    },
    "etap.short_circuit": {
        "bus": ["Bus_ID", "Faulted Bus"],
        "ik_ka": ["Isc_kA", "Isc (kA)", "Fault Current [kA]"],
        "rating_ka": ["Breaker_Rating_kA", "breaker rating (kA)"],
        "duty_pct": ["Duty_pct", "% Duty", "Breaker Duty (%)"],
        "x_r": ["X_R_Ratio", "X/R", "x/r ratio"],
    },
    "psse.power_flow": {
        "bus": ["BUS", "Bus Number"],
        "v_pu": ["VM_PU", "vm (pu)"],
        "angle_deg": ["VA_DEG", "ANGLED"],
        "p_gen_mw": ["P_GEN_MW", "PGEN"],
        "p_load_mw": ["P_LOAD_MW", "PLOAD"],
    },
    "windchill.availability": {
        "block": ["Block_ID", "BLOCK"],
        "availability": ["Availability"],
        "mtbf_h": ["MTBF_Hours", "MTBF (h)"],
        "mttr_h": ["MTTR_Hours", "mttr [hours]"],
        "downtime_h": ["Annual_Downtime_Hours", "Annual Downtime (h)"],
    },
}
RANGES = {
    "v_pu": (0.5, 1.5, 4),
    "angle_deg": (-180, 180, 3),
    "p_mw": (-9999, 9999, 2),
    "loading_pct": (3, 199, 1),
    "ik_ka": (0.1, 200, 2),
    "rating_ka": (1, 200, 1),
    "duty_pct": (3, 199, 1),
    "x_r": (0.1, 100, 2),
    "p_gen_mw": (0, 9999, 2),
    "p_load_mw": (0, 9999, 2),
    "availability": (0.5, 0.99999, 5),
    "mtbf_h": (1, 999999, 1),
    "mttr_h": (0.1, 999, 1),
    "downtime_h": (0, 4000, 2),
}
IDS = st.text(alphabet="ABCXYZabc0123456789_- /é'\"", min_size=1, max_size=10).map(
    lambda text: f"B{text.strip()}".strip()
)


@dataclass(frozen=True)
class Case:
    kind: str
    ids: list[str]
    numbers: dict[str, list[float]]
    headings: dict[str, str]
    order: list[str]
    delimiter: str
    mark: str
    encoding: str
    titles: list[str]

    def content(self) -> bytes:
        def text(column: str, row: int) -> str:
            if column in ("bus", "block"):
                return self.ids[row]
            return f"{self.numbers[column][row]:.{RANGES[column][2]}f}".replace(".", self.mark)

        rows = [[self.headings[column] for column in self.order]]
        rows += [[text(column, row) for column in self.order] for row in range(len(self.ids))]
        lines = "".join(f"{title}\n" for title in self.titles)
        return (lines + printed.delimited(rows, self.delimiter)).encode(self.encoding)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kind = draw(st.sampled_from(sorted(COLUMNS)))
    ids = draw(st.lists(IDS, min_size=1, max_size=6, unique=True))
    columns = COLUMNS[kind]
    numbers = {
        name: [round(draw(st.floats(*RANGES[name][:2])), RANGES[name][2]) for _ in ids]
        for name in columns
        if name in RANGES
    }
    return Case(
        kind=kind,
        ids=ids,
        numbers=numbers,
        headings={name: draw(st.sampled_from(spellings)) for name, spellings in columns.items()},
        order=draw(st.permutations(sorted(columns))),
        delimiter=draw(st.sampled_from([",", ";", "\t", "|"])),
        mark=draw(st.sampled_from([".", ","])),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        titles=draw(st.lists(st.sampled_from(["Study report", "Project: Plant 1", ""]), max_size=3)),
    )


def numbers_of(result: StudyResult, case: Case) -> dict[str, list[float]]:
    return {name: result.main[name].tolist() for name in case.numbers}


@settings(max_examples=150, deadline=None)
@given(cases())
def test_any_table_in_any_dialect_reads_back_equal(case: Case) -> None:
    (reading,) = read_result(case.content(), "x.csv", kind=case.kind)
    result = reading.value
    assert result.main["block" if "block" in result.main else "bus"].tolist() == case.ids
    uncertain = {finding.code for finding in reading.findings} & {"number.uncertain", "unit.by_magnitude"}
    if not uncertain:
        assert numbers_of(result, case) == case.numbers
    else:  # what can mean two numbers is missing, never another number
        for name, values in numbers_of(result, case).items():
            pairs = zip(values, case.numbers[name], strict=True)
            assert all(read != read or read == pytest.approx(meant) for read, meant in pairs)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_any_table_in_a_workbook_reads_back_equal(case: Case) -> None:
    rows: list[list[object]] = [[case.headings[column] for column in case.order]]
    for row, id in enumerate(case.ids):
        rows.append([id if column in ("bus", "block") else case.numbers[column][row] for column in case.order])
    (reading,) = read_result(printed.workbook({"Results": rows}), "x.xlsx", kind=case.kind)
    if "unit.by_magnitude" not in {finding.code for finding in reading.findings}:
        assert numbers_of(reading.value, case) == case.numbers


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=600))
def test_random_bytes_end_in_a_reading_or_an_error(content: bytes) -> None:
    with located_at_worst("x.bin"):
        read_result(content, "x.bin")


VALID = [
    printed.LOAD_FLOW.encode(),
    printed.SHORT_CIRCUIT.encode("utf-16"),
    printed.AVAILABILITY.replace(",", ";").encode("cp1252"),
    printed.workbook({"PF": printed.cells_of(printed.POWER_FLOW)}),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("original", VALID, ids=["csv", "utf-16", "semicolons", "workbook"])
def test_mutated_valid_files_end_in_a_reading_or_an_error(original: bytes) -> None:
    chance = random.Random(7)
    for _ in range(150):
        content = bytearray(original)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(content))
            match chance.randrange(4):
                case 0:
                    content[place] = chance.randrange(256)
                case 1:
                    del content[place : place + chance.randint(1, 40)]
                case 2:
                    content[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 5)))
                case _:
                    content[place:place] = content[place : place + chance.randint(1, 60)]
            if not content:
                break
        with located_at_worst("x.dat"):
            for reading in read_result(bytes(content), "x.dat"):
                assert reading.value.main.columns.is_unique
