"""Demo mode: result files in ``sample_files/`` that belong to the sample plant, each set in a project of its own."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from core.formats.plant_file import read_plant
from core.formats.recognise import read_result
from core.plant import Plant, sample_plant
from core.project.judgement import record_judgement
from core.project.project import Project
from core.project.workspace import Workspace
from core.settings import SAMPLES


@dataclass(frozen=True, slots=True)
class Demo:
    """One set of result files and what it shows."""

    id: str
    title: str
    plant: str  # a plant file; empty for the sample plant
    files: tuple[str, ...]
    expected: str
    shows: str

    @property
    def project_name(self) -> str:
        """Return the name of the project that the demo opens."""
        return f"Demo: {self.title}"


@cache
def demos() -> tuple[Demo, ...]:
    """Return the demos that ship with the hub."""
    with (SAMPLES / "demos.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return tuple(Demo(**{**row, "files": tuple(row["files"].split("|"))}) for row in rows)  # type: ignore[arg-type]


def open_demo(workspace: Workspace, demo: Demo) -> Project:
    """Return the demo's project with its results imported and judged; one that is there already is opened again."""
    known = next((line.id for line in workspace.projects() if line.name == demo.project_name), None)
    if known:
        return workspace.project(known)
    read = [(name, data := (SAMPLES / name).read_bytes(), read_result(data, name)) for name in demo.files]
    project = workspace.create(demo.project_name, _plant(demo).to_document())
    project.add_imports(
        [(data, name.rpartition("/")[2], [each.value for each in readings], {}) for name, data, readings in read]
    )
    record_judgement(project)
    return project


def _plant(demo: Demo) -> Plant:
    if not demo.plant:
        return sample_plant()
    return read_plant((SAMPLES / demo.plant).read_bytes(), demo.plant).value
