from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from core.errors import BadInput, UnsafeFile
from core.findings import Where
from core.formats.recognise import read_result
from core.formats.tables import container
from tests.core.formats import printed

WHERE = Where("upload.xlsx")


def good() -> bytes:
    return printed.workbook({"SC": printed.cells_of(printed.SHORT_CIRCUIT)})  # type: ignore[arg-type]


def repacked(change: dict[str, bytes], *, add: bool = True) -> bytes:
    """Return the good workbook with parts replaced or added."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good())) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change.pop(part.filename, old.read(part)))
        for name, data in change.items() if add else ():
            new.writestr(name, data)
    return content.getvalue()


def sheet() -> bytes:
    with zipfile.ZipFile(io.BytesIO(good())) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def test_a_plain_workbook_is_read() -> None:
    (reading,) = read_result(good(), "sc.xlsx")
    assert reading.value.main["duty_pct"].tolist() == [67.9]


def test_a_macro_workbook_is_read_without_its_macros_and_says_so() -> None:
    (reading,) = read_result(repacked({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 macro"}), "sc.xlsm")
    assert "workbook.macros" in {finding.code for finding in reading.findings}


def test_a_workbook_with_a_password_is_refused() -> None:
    encrypted = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    with pytest.raises(UnsafeFile, match="password"):
        read_result(encrypted, "secret.xlsx")


def test_an_old_workbook_is_refused_with_what_to_do() -> None:
    with pytest.raises(BadInput, match=r"\.xls"):
        read_result(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000), "old.xls")


@pytest.mark.parametrize("cut", [50, 400, -200, -22])
def test_a_truncated_workbook_is_refused(cut: int) -> None:
    with pytest.raises(BadInput):
        read_result(good()[:cut], "cut.xlsx")


def test_xml_with_a_document_type_is_refused() -> None:
    hostile = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + sheet().split(b"?>", 1)[1]
    with pytest.raises(UnsafeFile, match="entities"):
        read_result(repacked({"xl/worksheets/sheet1.xml": hostile}), "xxe.xlsx")


def test_a_workbook_that_unpacks_to_far_more_than_it_is_is_refused() -> None:
    with pytest.raises(UnsafeFile, match="unpacks"):
        read_result(repacked({"xl/media/bomb.bin": bytes(64 * 1024 * 1024)}), "bomb.xlsx")


def test_a_sheet_with_a_cell_at_the_far_corner_is_refused_before_it_is_laid_out() -> None:
    far = sheet().replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    with pytest.raises(UnsafeFile, match="spans"):
        read_result(repacked({"xl/worksheets/sheet1.xml": far}), "corner.xlsx")


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "xl/../../x", "C:\\x"])
def test_a_workbook_with_a_part_that_leads_outside_is_refused(path: str) -> None:
    with pytest.raises(UnsafeFile, match="outside"):
        read_result(repacked({path: b"x"}), "slip.xlsx")


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(BadInput, match="zip archive"):
        read_result(content.getvalue(), "x.zip")


def test_a_file_above_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MAX_BYTES", 100)
    with pytest.raises(UnsafeFile, match="200 MB"):
        container.recognise_container(b"a,b\n" * 30, WHERE)


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.formats.tables.text.MAX_ROWS", 100)
    with pytest.raises(BadInput, match="100 rows"):
        read_result((printed.SHORT_CIRCUIT + "B,N,3-Phase,1,2,3,4\n" * 200).encode(), "long.csv")


@pytest.mark.parametrize(
    "magic", [b"%PDF-1.4", b"\x89PNG\r\n", b"\x1f\x8b\x08", b"MZ\x90\x00", b"\x00\x01\x00\x00Standard Jet DB"]
)
def test_other_files_are_called_by_their_name(magic: bytes) -> None:
    with pytest.raises(BadInput, match="this is a"):
        read_result(magic + bytes(100), "x.csv")


def test_the_name_of_a_file_does_not_decide_what_it_is(tmp_path: Path) -> None:
    (reading,) = read_result(good(), "table.csv")
    assert reading.source.format == "etap.short_circuit"
