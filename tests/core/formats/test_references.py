"""Every exported file has a reference structure, and it is the file's own."""

from __future__ import annotations

from io import BytesIO

import pandas as pd
import pytest

from core.errors import NotFound
from core.formats.bundle import exports
from core.formats.references import reference
from core.plant import sample_plant


@pytest.mark.parametrize("export", exports(), ids=lambda export: export.file)
def test_every_heading_has_a_meaning(export):
    table = reference(export.file)
    assert len(table)
    assert (table["Meaning"].str.len() > 2).all()


@pytest.mark.parametrize("export", [e for e in exports() if e.file.endswith(".csv")], ids=lambda export: export.file)
def test_the_headings_are_those_of_the_file(export):
    with_links = sample_plant()["block"].assign(links="IN:OUT")  # a column that only diagrams with a network have
    written = pd.read_csv(BytesIO(export.build(sample_plant().with_table("block", with_links))))
    assert reference(export.file)["Heading"].tolist() == written.columns.tolist()


@pytest.mark.parametrize("version", [33, 34, 35])
def test_the_raw_reference_is_that_of_the_version(version):
    headings = reference("PSSe/Gridproof_Network.raw", version)["Heading"].tolist()
    assert ("NVHI" in headings, "RATE1" in headings) == (True, version >= 34)


def test_an_unknown_file_is_said():
    with pytest.raises(NotFound):
        reference("x.csv")
