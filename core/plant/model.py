"""The plant: one model from which every export, study and check derives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.catalogue import Catalogue
from core.documents import digest, plain
from core.errors import BadInput

CATALOGUE = Catalogue.read(Path(__file__).with_name("columns.csv"))

#: Unit types that drive a synchronous machine; the others feed through an inverter (GRID is neither).
SYNCHRONOUS = frozenset({"RECIPROCATING_ENGINE", "GAS_TURBINE", "STEAM_TURBINE"})
INVERTER = frozenset({"BESS", "PV", "WIND"})

#: Tables whose rows are equipment: their ids share one name space.
EQUIPMENT = ("unit", "transformer", "cable", "breaker", "load", "shunt")

DOCUMENT_FORMAT = "gridproof.plant/1"


@dataclass(frozen=True, slots=True)
class PlantSettings:
    """What holds for the plant as a whole."""

    frequency_hz: float = 60.0
    base_mva: float = 100.0
    redundancy_level: int = 1  # N+k: how many of the largest units may be out at full load
    availability_target: float = 0.9995
    loss_allowance_pct: float = 1.0  # what the dispatch adds to the load for losses
    firm_battery_h: float = 4.0  # how long a battery must last to count as firm capacity


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant design: tables of equipment with the columns of ``columns.csv``, and its settings.

    A plant is a value: changes make a new one (:meth:`with_table`).
    """

    name: str
    tables: Mapping[str, pd.DataFrame]
    settings: PlantSettings = field(default_factory=PlantSettings)

    @classmethod
    def of(
        cls, name: str, tables: Mapping[str, pd.DataFrame | list[dict[str, Any]]], settings: PlantSettings | None = None
    ) -> Plant:
        """Make a plant from rows; missing tables are empty, missing columns get their defaults."""
        unknown = sorted(set(tables) - set(CATALOGUE))
        if unknown:
            raise BadInput(f"a plant has no table {', '.join(unknown)}", hint=f"tables are {', '.join(CATALOGUE)}")
        full = {t: CATALOGUE.conform(t, tables[t]) if t in tables else CATALOGUE.empty(t) for t in CATALOGUE}
        return cls(name, full, settings or PlantSettings())

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def with_table(self, table: str, rows: pd.DataFrame | list[dict[str, Any]]) -> Plant:
        """Return the plant with one table replaced."""
        return replace(self, tables={**self.tables, table: CATALOGUE.conform(table, rows)})

    def with_settings(self, **changes: Any) -> Plant:
        """Return the plant with some settings changed."""
        return replace(self, settings=replace(self.settings, **changes))

    def online(self, table: str, *, tripped: frozenset[str] = frozenset()) -> pd.DataFrame:
        """Return the rows that are in service and not tripped."""
        rows = self.tables[table]
        return rows[(rows["status"] == "Online") & ~rows["id"].isin(tripped)]

    def equipment_ids(self) -> pd.Series:
        """Return the table of every equipment id, indexed by id (duplicates kept)."""
        parts = [pd.Series(table, index=self.tables[table]["id"]) for table in EQUIPMENT if len(self.tables[table])]
        return pd.concat(parts) if parts else pd.Series(dtype="object")

    def scenario(self, scenario_id: str) -> dict[str, Any]:
        """Return one scenario as a dictionary."""
        rows = self.tables["scenario"]
        found = rows[rows["id"] == scenario_id]
        if found.empty:
            raise BadInput(f"the plant has no scenario {scenario_id!r}", hint=f"it has {', '.join(rows['id'])}")
        return {str(key): value for key, value in found.iloc[0].items()}

    def to_document(self) -> dict[str, Any]:
        """Return the plant as a JSON document."""
        tables = {name: plain(rows) for name, rows in self.tables.items()}
        return {"format": DOCUMENT_FORMAT, "name": self.name, "settings": asdict(self.settings), "tables": tables}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Plant:
        """Make the plant of a JSON document."""
        if document.get("format") != DOCUMENT_FORMAT or not isinstance(document.get("tables"), Mapping):
            raise BadInput("this is not a plant document", hint=f'its "format" must be "{DOCUMENT_FORMAT}"')
        known = {f.name for f in fields(PlantSettings)}
        settings = {key: value for key, value in document.get("settings", {}).items() if key in known}
        return cls.of(str(document.get("name", "Plant")), document["tables"], PlantSettings(**settings))

    def digest(self) -> str:
        """Return the SHA-256 of everything that the plant says."""
        return digest(self.to_document())


def split_ids(text: str) -> list[str]:
    """Return the ids of a comma-separated cell."""
    return [part.strip() for part in str(text or "").replace(";", ",").split(",") if part.strip()]


def reactive(p_mw: Any, pf: Any) -> Any:
    """Return the reactive power [Mvar] of a load by its power factor."""
    return p_mw * np.tan(np.arccos(np.clip(pf, 1e-6, 1.0)))


def read_folder(folder: Path, name: str) -> Plant:
    """Read a plant kept as one CSV file a table."""
    tables = {path.stem: pd.read_csv(path, keep_default_na=False, na_values=[""]) for path in folder.glob("*.csv")}
    settings = tables.pop("settings", None)
    values = dict(zip(settings["setting"], settings["value"], strict=True)) if settings is not None else {}
    kinds = {name: type(value) for name, value in asdict(PlantSettings()).items()}
    return Plant.of(name, tables, PlantSettings(**{key: kinds[key](value) for key, value in values.items()}))
