"""Where imported results go: simulations that are written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.results.database import all_or_nothing, begin, finish, insert_tables, remove, simulations
from core.results.database.software import KEYS
from core.store import Store

File = tuple[bytes, str]


@dataclass(slots=True)
class Intake:
    """The simulations and findings of one import, and what files leave open.

    ``base_mva`` is the system base of powers in MW. ``start`` is the time stamp of results that name none, and that
    from which hours are counted; ``timed`` says whether the user gave it.
    """

    store: Store
    base_mva: float
    start: str
    timed: bool
    numbers: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def keep(
        self,
        case: str,
        software: str,
        tables: Mapping[str, pd.DataFrame],
        files: list[File],
        *,
        base_mva: float | None = None,
        drawn: bool = False,
    ) -> None:
        """Write a simulation's tables, with a column ``timestamp``; ``farm`` has rows of ``wec_simulations``.

        ``drawn`` says that the file is the network itself.
        """
        tables = dict(tables)
        farms = tables.pop("farm", None)
        where = Where(file=files[0][1])
        if tables["bus"].empty:
            raise BadInput("the bus table has no rows", where=where)
        for component, frame in tables.items():
            _refuse_doubles(component, frame, where)
        stamps = sorted(tables["bus"]["timestamp"].unique())
        kept = [{"sha256": self.store.keep(*file), "name": file[1]} for file in files]
        inputs = {"files": kept} | ({"file": kept[0]} if drawn else {})
        base = base_mva or self.base_mva
        sim = begin(self.store, case, software, base, stamps[0], steps=len(stamps), inputs=inputs)
        with all_or_nothing(self.store, sim):
            insert_tables(self.store, sim, tables, farms=farms, steps=len(stamps))
            finish(self.store, sim, stamps[-1])
        self.numbers.append(sim)

    def tell_again(self, files: list[File]) -> None:
        """Say which files were imported before."""
        earlier = {
            file["sha256"]: one.grid_sim_id for one in simulations(self.store) for file in one.inputs.get("files", [])
        }
        for data, name in files:
            if (sim := earlier.get(sha256(data).hexdigest())) is not None:
                text, hint = f"the file was imported before, as simulation {sim}", "remove one of the two"
                self.findings.append(Finding("results.again", Severity.WARNING, text, hint, Where(name)))

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Remove every simulation of this import when one of its files can't be taken."""
        try:
            yield
        except BaseException:
            for sim in self.numbers:
                remove(self.store, sim)
            raise


def _refuse_doubles(component: str, frame: pd.DataFrame, where: Where) -> None:
    twice = frame.duplicated(["timestamp", KEYS[component]])
    if twice.any():
        text = f"{component} {frame[KEYS[component]][twice].iloc[0]} is there twice at one time"
        raise BadInput(text, hint="an element has one row a time stamp", where=where)
