"""The scenario tables for ETAP and PSS/E read back into the plant's own scenarios."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.formats.etap.workbook import scenarios_csv
from core.formats.psse import plant_files
from core.formats.recognise import read_known
from core.plant import CATALOGUE, Plant, sample_plant


@pytest.mark.parametrize("write", [scenarios_csv, plant_files.scenarios_csv], ids=["etap", "psse"])
def test_exported_scenarios_read_back(write: Callable[[Plant], bytes]) -> None:
    plant = sample_plant()
    rows = read_known(write(plant), "scenarios.csv", "etap.scenarios").value.rename(columns={"scenario": "id"})
    again = CATALOGUE.conform("scenario", rows)[list(CATALOGUE["scenario"])]
    assert again.to_dict(orient="records") == plant["scenario"][list(CATALOGUE["scenario"])].to_dict(orient="records")
