"""``export`` and ``plant check``: the documented keys, whole files, the same bytes again, errors with hints."""

from __future__ import annotations

import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from core.__main__ import main
from core.formats.bundle import exports
from core.formats.plant_file import read_plant
from core.formats.psse import read_raw
from core.plant import sample_plant
from core.plant.electrical import plant_network


def run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, object]]:
    status = main([*(str(word) for word in words), "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_every_file_is_written_listed_and_hashed(tmp_path, capsys):
    status, answer = run(capsys, "export", "--to", tmp_path)
    assert status == 0
    assert set(answer) >= {"files", "manifest", "findings"}
    for file in answer["files"]:
        data = (tmp_path / file["file"]).read_bytes()
        assert set(file) == {"file", "tool", "version", "sha256", "bytes"}
        assert (len(data), sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    names = {file["file"] for file in answer["files"]}
    assert names == {export.file for export in exports()} | {"gridproof_export.zip"}
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8")) == answer["manifest"]


def test_the_zip_holds_the_same_files_and_the_manifest(tmp_path, capsys):
    run(capsys, "export", "--to", tmp_path)
    with zipfile.ZipFile(tmp_path / "gridproof_export.zip") as archive:
        assert archive.testzip() is None
        inside = {name: archive.read(name) for name in archive.namelist()}
    assert set(inside) == {export.file for export in exports()} | {"manifest.json"}
    assert all(inside[name] == (tmp_path / name).read_bytes() for name in inside)


def test_the_same_plant_gives_the_same_bytes(tmp_path, capsys):
    first = run(capsys, "export", "--to", tmp_path / "a")[1]["files"]
    second = run(capsys, "export", "--to", tmp_path / "b")[1]["files"]
    assert first == second


@pytest.mark.parametrize("version", [33, 34, 35])
def test_the_raw_file_of_each_version_reads_back_as_the_plants_network(tmp_path, capsys, version):
    _, answer = run(capsys, "export", "--to", tmp_path, "--psse-version", version)
    reading = read_raw((tmp_path / "PSSe/Gridproof_Network.raw").read_bytes(), "x.raw")
    network, _ = plant_network(sample_plant())
    assert reading.source.version == str(version)
    for table in ("bus", "load", "generator", "branch", "transformer", "shunt"):
        assert len(reading.value[table]) == len(network[table]), table
    assert reading.value["load"]["p_mw"].sum() == pytest.approx(200)
    assert (reading.value["bus"]["kind"] == "SLACK").sum() == 1
    assert {f["version"] for f in answer["files"] if f["tool"] == "PSS/E"} == {str(version)}


@pytest.mark.parametrize("file", ["ETAP/ETAP_Plant.xlsx", "Gridproof/plant.json", "Gridproof/plant.xlsx"])
def test_files_with_all_of_the_plant_bring_it_back(tmp_path, capsys, file):
    run(capsys, "export", "--to", tmp_path)
    again = read_plant((tmp_path / file).read_bytes(), file)
    assert again.value.digest() == sample_plant().digest()
    status, answer = run(capsys, "plant", "check", tmp_path / file)
    assert (status, answer["ok"], answer["findings"]) == (0, True, [])
    assert answer["plant"]["unit"] == 11


def test_an_equipment_file_exports_too(tmp_path, capsys):
    run(capsys, "export", "--to", tmp_path)
    equipment = tmp_path / "ETAP/ETAP_Equipment_Import.csv"
    status, answer = run(capsys, "export", "--plant", equipment, "--to", tmp_path / "again")
    assert status == 0
    assert (tmp_path / "again/ETAP/ETAP_Equipment_Import.csv").read_bytes() == equipment.read_bytes()
    assert {"plant.assumed.connections"} <= {finding["code"] for finding in answer["findings"]}


def test_what_the_data_do_not_allow_is_not_written_and_said(tmp_path, capsys):
    plant = sample_plant().to_document()
    plant["tables"]["bus"][0]["number"] = 101
    (tmp_path / "plant.json").write_text(json.dumps(plant), encoding="utf-8")
    status, answer = run(capsys, "export", "--plant", tmp_path / "plant.json", "--to", tmp_path / "out")
    assert status == 1
    assert "PSSe/Gridproof_Network.raw" not in {file["file"] for file in answer["files"]}
    assert "export.not_written" in {finding["code"] for finding in answer["findings"]}
    assert (tmp_path / "out/ETAP/ETAP_Equipment_Import.csv").exists()


def test_plant_check_fails_on_errors_and_keeps_its_keys(tmp_path, capsys):
    plant = sample_plant().to_document()
    plant["tables"]["unit"][0]["bus"] = "NOWHERE"
    (tmp_path / "plant.json").write_text(json.dumps(plant), encoding="utf-8")
    status, answer = run(capsys, "plant", "check", tmp_path / "plant.json")
    assert (status, answer["ok"]) == (1, False)
    assert set(answer) == {"plant", "findings", "ok"}
    found = next(f for f in answer["findings"] if f["code"] == "plant.bus.unknown")
    assert (found["element"], found["severity"]) == ("GEN_RECIP_01", "error")


BAD = {
    "empty.csv": b"",
    "binary.xlsx": bytes(range(256)) * 40,
    "cut.xlsx": b"PK\x03\x04" + b"\x00" * 100,
    "cut.json": b'{"format": "gridproof.plant/1", "tables": {',
    "other.json": b'{"a": 1}',
    "list.json": b'{"format": "gridproof.plant/1", "tables": []}',
    "nested.json": b'{"format": "gridproof.plant/1", "tables": {"unit": [{"id": ["x"]}]}}',
    "nan.json": b'{"format": "gridproof.plant/1", "settings": {"base_mva": NaN}, "tables": {}}',
    "settings.json": b'{"format": "gridproof.plant/1", "settings": {"base_mva": "many"}, "tables": {}}',
    "deep.json": b'{"format":' + b"[" * 100_000,
    "table.json": b'{"format": "gridproof.plant/1", "tables": {"engines": []}}',
    "picture.csv": b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
    "results.csv": b"Bus_ID,Bus_Name,Fault_Type,Isc_kA\nBUS_1,A,3-Phase,42\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_end_with_status_2_and_a_hint(tmp_path, capsys, name):
    (tmp_path / name).write_bytes(BAD[name])
    status, answer = run(capsys, "plant", "check", tmp_path / name)
    assert status == 2
    assert answer["error"]["message"]
    assert name in answer["error"]["where"]["file"]


def test_missing_files_and_unwritable_folders_are_said(tmp_path, capsys):
    assert run(capsys, "plant", "check", tmp_path / "no.csv")[0] == 2
    assert run(capsys, "plant", "check", tmp_path)[0] == 2
    (tmp_path / "file").write_bytes(b"x")
    assert run(capsys, "export", "--to", tmp_path / "file")[0] == 2


def test_numbers_that_are_none_in_a_document_are_findings_not_silence(tmp_path, capsys):
    plant = sample_plant().to_document()
    plant["tables"]["unit"][0]["rated_mw"] = "eighteen"
    (tmp_path / "plant.json").write_text(json.dumps(plant), encoding="utf-8")
    status, answer = run(capsys, "plant", "check", tmp_path / "plant.json")
    assert status == 1
    assert "number.unreadable" in {f["code"] for f in answer["findings"]}


def test_a_bundle_is_a_zip_that_needs_no_folder(tmp_path, capsys):
    run(capsys, "export", "--to", tmp_path)
    data = (tmp_path / "gridproof_export.zip").read_bytes()
    assert not any(name.startswith(("/", "..")) for name in zipfile.ZipFile(io.BytesIO(data)).namelist())


def test_a_load_that_the_units_cannot_carry_is_said(tmp_path, capsys):
    plant = sample_plant().to_document()
    plant["tables"]["load"][0]["p_mw"] = 500
    (tmp_path / "plant.json").write_text(json.dumps(plant), encoding="utf-8")
    status, answer = run(capsys, "export", "--plant", tmp_path / "plant.json", "--to", tmp_path / "out")
    assert status == 0
    assert "plant.dispatch.short" in {finding["code"] for finding in answer["findings"]}
