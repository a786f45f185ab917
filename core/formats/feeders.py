"""Read a feeder from files of any kind we know: what they are is told by their content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from zipfile import is_zipfile

from core.errors import BadInput
from core.feeder import Feeder
from core.feeder.checks import check
from core.findings import Finding, Reading, Severity, Where
from core.formats import cyme, gis, opendss
from core.formats.archive import unpack
from core.formats.decisions import Decisions, load_decisions

HEAD = 200_000
BESIDE_SHAPES = {".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix"}
#: Files beside a feeder's that belong to nobody.
ASIDE = BESIDE_SHAPES | {".csv", ".dat", ".xml", ".json", ".parquet", ".toml", ".py", ".md", ".png", ".pdf"}


@dataclass(slots=True)
class Files:
    """The files of a feeder by kind."""

    cyme: list[Path]
    opendss: list[Path]
    gis: list[Path]
    unknown: list[Path]


def recognise(path: Path) -> str:
    """Return what a file is by its content: ``cyme``, ``opendss``, ``gis`` or nothing."""
    if gis.looks_like_gis(path):
        return "gis"
    if path.is_dir():
        return ""
    kind = cyme.recognise(path)
    if kind in ("mdb", "text"):
        return "cyme"
    with path.open("rb") as handle:
        head = handle.read(HEAD)
    if kind == "xml":
        return (
            "cyme" if b"<Network" in head or b"<Section" in head or b"EquipmentDB" in head or b"<Cyme" in head else ""
        )
    text = head.decode("utf-8", errors="replace")
    return "opendss" if "\0" not in text and opendss.looks_like_dss(text) else ""


def sort_files(paths: Sequence[Path], scratch: Path) -> Files:
    """Return the files by kind; folders are opened, archives are unpacked into ``scratch``."""
    found = Files([], [], [], [])
    given = {path.resolve() for path in paths}
    for path in (file for each in paths for file in _files(each, scratch)):
        if path.stat().st_size == 0 and not path.is_dir():
            found.unknown.append(path)
            continue
        kind = recognise(path)
        if kind:
            getattr(found, kind).append(path)
        elif path.suffix.lower() not in ASIDE or path.resolve() in given:
            found.unknown.append(path)
    if found.cyme or found.opendss:  # beside a model, layers say where things lie
        found.unknown += [path for path in found.gis if not gis.has_places(path) and path.resolve() in given]
        found.gis = [path for path in found.gis if gis.has_places(path)]
    return found


def _files(path: Path, scratch: Path) -> list[Path]:
    if not path.exists():
        raise BadInput(f"There is no file {path}", hint="Check the path")
    if path.is_dir() and not gis.looks_like_gis(path):
        children = [child for child in sorted(path.iterdir()) if not child.name.startswith(".")]
        return [child for child in children if child.is_file() or gis.looks_like_gis(child)]
    if path.is_file() and is_zipfile(path) and not gis.looks_like_gis(path):
        folder = Path(mkdtemp(dir=scratch))
        unpack(path, folder, path.name)
        return [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return [path]


def fingerprint(paths: Sequence[Path]) -> list[str]:
    """Return what changes when any of a feeder's files does, or one beside a script: name, size and time of each."""
    folders = {path: path.parent if path.suffix.lower() == ".dss" else path for path in paths}
    files = [child for path in folders.values() for child in (sorted(path.iterdir()) if path.is_dir() else [path])]
    there = [file for file in files if file.is_file() or (file.is_dir() and gis.looks_like_gis(file))]
    wanted = [(file, file.stat()) for file in there if not file.name.startswith(".")]
    return [f"{file.name}:{seen.st_size}:{seen.st_mtime_ns}" for file, seen in wanted]


def read_once(paths: Sequence[Path], *, repair: bool = False) -> Reading[Feeder]:
    """Return what :func:`read_feeder` does; the same files are read once a process."""
    return _kept(tuple(paths), repair, tuple(fingerprint(paths)))


@lru_cache(maxsize=8)
def _kept(paths: tuple[Path, ...], repair: bool, files: tuple[str, ...]) -> Reading[Feeder]:
    return read_feeder(paths, repair=repair)


def read_feeder(paths: Sequence[Path], *, repair: bool = False, decisions: Decisions | None = None) -> Reading[Feeder]:
    """Read one feeder from its files.

    Parameters
    ----------
    paths
        Files or folders: a CYME export (text, ``.mdb``, XML), an OpenDSS circuit, GIS layers.
    repair
        Repair what is known to be broken in CYME exports, whatever the decisions say.
    decisions
        What a person decided; those that lie beside the files unless given.

    Raises
    ------
    BadInput
        Nothing among the files is a feeder.
    """
    with opened(paths) as files:
        return _read(files, decisions or load_decisions(paths), list(paths), repair)


@contextmanager
def opened(paths: Sequence[Path]) -> Iterator[Files]:
    """Give the files by kind; what archives hold is there as long as the block lasts."""
    with TemporaryDirectory(prefix="gridproof-feeder-", ignore_cleanup_errors=True) as scratch:
        yield sort_files(paths, Path(scratch))


def _read(files: Files, decisions: Decisions, paths: list[Path], repair: bool) -> Reading[Feeder]:
    if files.cyme:
        reading = cyme.read_cyme(files.cyme, repair=repair or decisions.repair)
    elif files.opendss:
        reading = _read_opendss(files.opendss)
    elif files.gis:
        reading = gis.read_gis(files.gis, decisions.layers)
    else:
        names = ", ".join(path.name for path in (files.unknown or paths)[:5])
        raise BadInput(
            f"No feeder in {names or 'the files'}",
            hint="Choose a CYME export, an OpenDSS circuit or GIS layers",
            where=Where(file=names or None),
        )
    redirected = {".dss", ".txt"} if files.opendss and not files.cyme else set()
    for path in (path for path in files.unknown if path.suffix.lower() not in redirected):
        empty = path.is_file() and path.stat().st_size == 0
        text = f"{path.name} is {'empty' if empty else 'of no kind that we read'}: left out"
        reading.findings.append(Finding("feeder.file_not_read", Severity.WARNING, text, "", Where(file=path.name)))
    if files.gis and (files.cyme or files.opendss):
        layers = gis.read_gis(files.gis, decisions.layers)
        reading.value = gis.place(reading.value, layers, reading.findings, decisions.matches)
    reading.findings.extend(decisions.findings())
    reading.findings.extend(check(reading.value))
    return reading


def _read_opendss(paths: list[Path]) -> Reading[Feeder]:
    main, others = opendss.main_file(paths)
    if main is None:
        raise BadInput(
            "None of the OpenDSS scripts defines a circuit",
            hint="Add the file with 'New Circuit'",
            where=Where(file=paths[0].name),
        )
    reading = opendss.read_opendss(main)
    if others:
        names = ", ".join(path.name for path in others[:5])
        reading.findings.append(
            Finding(
                "opendss.more_circuits",
                Severity.INFO,
                f"{main.name} is read; these define circuits too: {names}",
                "Name the file that you mean",
            )
        )
    return reading
