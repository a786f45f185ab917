"""Tables that ``results show --csv``, ``results export`` and the page Results give, back into the database."""

from __future__ import annotations

import io
import re

import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where
from core.formats.ragged import refuse_ragged
from core.formats.result_rows import checked_farms, checked_rows
from core.results.database import software_key
from core.results.database.software import KEYS, SOFTWARE, columns
from core.studies.simulation.intake import File, Intake

PARQUET = b"PAR1"
#: Component → the columns that tell its table: those that every software has.
SIGNS = {
    component: {"timestamp", *(column.name for column in columns("", component))}
    for component in KEYS
    if columns("", component)
} | {
    "link": {"timestamp", "link", "bus0", "bus1", "p0", "p1"},
    "farm": {"timestamp", "wec_farm_name", "power_output_mw"},
}
#: Columns of text.
TEXTS = (
    "timestamp", "wec_farm_name", "wecsim_case",
    *(column.name for software in SOFTWARE for of in KEYS for column in columns(software, of) if column.type == "text"),
)  # fmt: skip
#: How ``results export`` calls its files, and the page Results.
FILE = re.compile(rf"(?:simulation_\d+_)?({'|'.join(SOFTWARE)})_[a-z]+(?:_results)?\b.*", re.IGNORECASE)


def own_table(data: bytes) -> str | None:
    """Return the component whose table the bytes are, if any."""
    try:
        names = set(_parquet(data) if data.startswith(PARQUET) else _headings(data))
    except (ValueError, OSError):
        return None
    return next((component for component, sign in SIGNS.items() if sign <= names), None)


def import_own(intake: Intake, files: list[File], software: str | None) -> None:
    """Import the tables of one simulation."""
    key = _software(files, software)
    tables: dict[str, pd.DataFrame] = {}
    for data, name in files:
        component = str(own_table(data))
        if component in tables:
            hint = "import one simulation at a time"
            raise BadInput(f"there is a {component} table already", hint=hint, where=Where(name))
        frame = _parquet(data) if data.startswith(PARQUET) else _csv(data, Where(name))
        if component == "farm":
            tables[component] = checked_farms(frame, Where(name))
            continue
        tables[component], others = checked_rows(frame, key, component, Where(name))
        if others:
            text = f"{', '.join(others)} not imported: {SOFTWARE[key]} has no such columns"
            intake.findings.append(Finding("results.not_imported", Severity.WARNING, text, "", Where(name)))
    if "bus" not in tables:
        hint = "results show SIM --table bus --csv prints it"
        raise BadInput("there is no bus table", hint=hint, where=Where(files[0][1]))
    text = f"powers are in per unit of {intake.base_mva:g} MVA"
    intake.findings.append(Finding("results.base", Severity.INFO, text, "--base-mva gives another one"))
    intake.keep(files[0][1], key, tables, files)


def _software(files: list[File], software: str | None) -> str:
    """Return the software whose tables are meant: as it is given, or as the files' names say."""
    if software:
        return software_key(software)
    named = {match[1].lower() for _, name in files if (match := FILE.fullmatch(name))}
    if len(named) != 1:
        text = f"the files' names tell {'several' if named else 'no'} software"
        hint = "say it: --software psse, or call them as in psse_bus_results.csv"
        raise BadInput(text, hint=hint, where=Where(files[0][1]))
    return named.pop()


def _headings(data: bytes) -> list[str]:
    return data[:4096].partition(b"\n")[0].decode("utf-8-sig").strip().split(",")


def _parquet(data: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(data))


def _csv(data: bytes, where: Where) -> pd.DataFrame:
    """Return a CSV table, its texts as they are; rows that are cut or too long are refused."""
    try:
        text = data.decode("utf-8-sig")
        refuse_ragged(text, ",", where)
        return pd.read_csv(
            io.StringIO(text), dtype=dict.fromkeys(TEXTS, "object"), keep_default_na=False, na_values=[""],
            index_col=False, float_precision="round_trip",
        )  # fmt: skip
    except (ValueError, pd.errors.ParserError) as error:
        raise BadInput(f"the table can't be read: {error}", hint="CSV in UTF-8", where=where) from error
