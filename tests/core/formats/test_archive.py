"""Archives of other people: what is unpacked, and what is refused."""

from __future__ import annotations

import errno
import io
import zipfile
from pathlib import Path

import pytest

from core.errors import BadInput, UnsafeFile
from core.formats import archive
from core.formats.archive import names_inside, unpack
from core.formats.feeders import read_feeder


def _packed(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def _damaged() -> bytes:
    """Return an archive whose list is whole and whose content isn't."""
    content = bytearray(_packed(feeder=bytes(range(256)) * 40))
    content[60:90] = bytes(30)
    return bytes(content)


def test_an_archive_unpacks_with_its_folders(tmp_path: Path) -> None:
    unpack(_packed(**{"a/b.csv": b"1", "c.csv": b"2"}), tmp_path, "x.zip")
    assert {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.csv")} == {str(Path("a", "b.csv")), "c.csv"}


@pytest.mark.parametrize("content", [_damaged(), _packed(a=b"1")[:-30], b"PK\x03\x04" + bytes(50)])
def test_a_damaged_archive_is_a_located_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BadInput, match="damaged, cut off or protected") as caught:
        unpack(content, tmp_path, "feeder.zip")
    assert caught.value.where.file == "feeder.zip"
    assert caught.value.hint


def test_a_protected_archive_is_a_located_error(tmp_path: Path) -> None:
    content = bytearray(_packed(a=b"secret"))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1  # the bit that says: encrypted
    with pytest.raises(BadInput, match="protected by a password"):
        unpack(bytes(content), tmp_path, "feeder.zip")


def test_an_archive_writes_nowhere_else(tmp_path: Path) -> None:
    with pytest.raises(UnsafeFile, match="outside its folder"):
        unpack(_packed(**{"../outside.csv": b"1"}), tmp_path / "in", "x.zip")
    assert not (tmp_path / "outside.csv").exists()


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED", 1000)
    with pytest.raises(UnsafeFile, match="unpacks to more than"):
        unpack(_packed(a=bytes(1001)), tmp_path, "x.zip")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_not_called_a_damaged_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "extractall", full)
    with pytest.raises(BadInput, match="can't be unpacked: No space left on device") as caught:
        unpack(_packed(a=b"1"), tmp_path, "x.zip")
    assert caught.value.where.file == "x.zip"


def test_a_damaged_list_of_files_names_none(tmp_path: Path) -> None:
    path = tmp_path / "layers.zip"
    path.write_bytes(_packed(**{"roads.shp": b"1"}).replace(b"PK\x01\x02", b"PK\x09\x09"))
    assert names_inside(path) == []


def test_a_damaged_archive_among_a_feeders_files_is_named(tmp_path: Path) -> None:
    path = tmp_path / "feeder.zip"
    path.write_bytes(_damaged())
    with pytest.raises(BadInput, match="damaged") as caught:
        read_feeder([path])
    assert caught.value.where.file == "feeder.zip"
