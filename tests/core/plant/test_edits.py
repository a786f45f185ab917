"""An editor's changes become a plant: cells, new rows with their defaults, deleted rows."""

from __future__ import annotations

from core.plant import sample_plant
from core.plant.edits import apply_edits, describe_edits


def test_cells_rows_and_deletions_count_from_the_table_as_it_was_opened():
    plant = apply_edits(
        sample_plant(), "unit", edited={1: {"rated_mw": 20.0}}, added=[{"id": "GEN_NEW", "bus": "BUS_100"}], deleted=[0]
    )
    units = plant["unit"]
    assert units["id"].tolist() == [*sample_plant()["unit"]["id"].tolist()[1:], "GEN_NEW"]
    assert units.loc[0, "rated_mw"] == 20.0
    assert (units.iloc[-1]["status"], units.iloc[-1]["rated_pf"]) == ("Online", 0.85)


def test_an_emptied_cell_of_a_number_is_missing_and_not_zero():
    units = apply_edits(sample_plant(), "unit", edited={0: {"rated_mw": None}})["unit"]
    assert units["rated_mw"].isna().tolist() == [True] + [False] * 10


def test_no_change_gives_the_same_plant():
    for table in sample_plant().tables:
        assert apply_edits(sample_plant(), table).digest() == sample_plant().digest()


def test_changes_are_said_in_words():
    assert describe_edits("unit", {1: {}}, [{}, {}], []) == "unit: 1 row changed, 2 rows added"
    assert describe_edits("bus", {}, [], []) == "bus: nothing changed"
