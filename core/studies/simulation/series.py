"""Series over time: what scales loads and generation, and farms that feed a power into a bus.

A CSV or Parquet table with a column of time stamps and any of ``load_scale``, ``generation_scale`` and
``NAME@BUS_mw`` (or ``_kw``, ``_w``): the power of the farm NAME at the bus numbered BUS.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_

import numpy as np
import pandas as pd

from core.errors import BadInput
from core.findings import Finding, Severity, Where, counted
from core.formats.ragged import refuse_ragged
from core.formats.tables.numbers import COMMA, Marks, NumberColumn
from core.formats.time_stamps import read_stamps, written
from core.network import Network

TIME = ("timestamp", "time", "datetime", "date", "snapshot")
SCALES = ("load_scale", "generation_scale")
FARM = re.compile(r"(?P<name>.+)@(?P<bus>\d+)[\s_]*[\[(]?(?P<unit>mw|kw|w)[\])]?", re.IGNORECASE)
#: What makes MW of the units of farms.
MW = {"mw": 1.0, "kw": 1e-3, "w": 1e-6}
#: A factor beyond this is hardly one.
LARGEST_SCALE = 10.0


@dataclass(slots=True)
class Series:
    """Steps of a simulation; ``farms`` has one row a farm: ``name``, ``row`` of its bus, and its powers by step."""

    timestamps: list[str]
    load_scale: np.ndarray
    generation_scale: np.ndarray
    farm_names: list[str] = field(default_factory=list)
    farm_rows: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    farm_mw: np.ndarray = field(default_factory=lambda: np.zeros((1, 0)))  # steps × farms
    columns: tuple[str, ...] = ()  # what the file gives: factors, and farms as ``name@bus``
    zoned: bool = False

    @classmethod
    def snapshot(cls, timestamp: str) -> Series:
        """Return the one step of a network as it is."""
        return cls([timestamp], np.ones(1), np.ones(1))

    def farm_titles(self, network: Network) -> list[str]:
        """Return the farms' names, those of one name at several buses as ``name@bus``."""
        names = pd.Series(self.farm_names, dtype=object)
        placed = names + "@" + pd.Series(network.values("bus", "bus")[self.farm_rows]).astype(str)
        return list(names.mask(names.str.lower().duplicated(keep=False), placed))


def read_series(data: bytes, name: str, network: Network) -> tuple[Series, list[Finding]]:
    """Read a series for a network.

    Raises
    ------
    BadInput
        No time stamps, time stamps twice or out of order, a value missing, a negative factor, an unknown
        column, unit or bus.
    """
    where = Where(file=name)
    findings: list[Finding] = []
    table = _table(data, where)
    time = next((column for column in table.columns if column.lower() in TIME), None)
    if time is None:
        raise BadInput("the series has no column of time stamps", hint=f"name it {' or '.join(TIME[:2])}", where=where)
    timestamps = _timestamps(table[time], where, findings)
    series = Series(timestamps, np.ones(len(table)), np.ones(len(table)))
    series.zoned = any(finding.code == "series.zone" for finding in findings)
    farms: dict[str, tuple[str, int, np.ndarray]] = {}
    numbers = _with_decimal_commas(table.drop(columns=time), where, findings)
    for column in numbers.columns:
        values = _numbers(numbers[column], Where(file=name, column=column))
        if column.lower() in SCALES:
            setattr(series, column.lower(), values)
            findings += _no_factor(values, Where(file=name, column=column))
        else:
            farm = _farm(column, values, network, Where(file=name, column=column))
            key = f"{farm[0]}@{network['bus']['bus'].iloc[farm[1]]}".lower()
            if key in farms:
                hint = "keep one of its columns, or give the farms other names"
                raise BadInput(f"the farm {key} is there twice", hint=hint, where=Where(file=name, column=column))
            farms[key] = farm
    if len(table.columns) == 1:
        raise BadInput("the series has time stamps and nothing else", hint="add load_scale or NAME@BUS_mw", where=where)
    series.columns = (*(column.lower() for column in table.columns if column.lower() in SCALES), *farms)
    if farms:
        series.farm_names, rows, powers = map(list, zip(*farms.values(), strict=True))
        series.farm_rows, series.farm_mw = np.array(rows), np.column_stack(powers)
        findings += _implausible(series, network, where)
    else:
        series.farm_mw = np.zeros((len(table), 0))
    return series, findings


def _table(data: bytes, where: Where) -> pd.DataFrame:
    if not data.strip():
        raise BadInput(
            "the series is empty", hint="give a column of time stamps and load_scale, for example", where=where
        )
    try:
        if data[:4] == b"PAR1":
            table = _with_index(pd.read_parquet(io.BytesIO(data)))
        else:
            text = data.decode("utf-8-sig")
            separator = max(",;\t", key=text.partition("\n")[0].count)
            refuse_ragged(text, separator, where)
            table = pd.read_csv(io.StringIO(text), sep=separator, index_col=False)
            table.columns = pd.Index(next(csv.reader(io.StringIO(text.lstrip()), delimiter=separator)))
    except UnicodeDecodeError as error:
        hint = "save it as CSV in UTF-8, or as Parquet"
        raise BadInput("the series is not text in UTF-8", hint=hint, where=where) from error
    except (ValueError, OSError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise BadInput(f"the series can't be read: {error}", hint="CSV in UTF-8, or Parquet", where=where) from error
    table.columns = table.columns.astype(str).str.strip()
    repeated = table.columns[table.columns.str.lower().duplicated()]
    if len(repeated):
        raise BadInput(f"the column {repeated[0]} is there twice", where=where)
    if not len(table):
        raise BadInput("the series has no steps", hint="add a row for every time stamp", where=where)
    return table


def _with_index(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of Parquet with its index as a column: pandas keeps time stamps there, often without a name."""
    if isinstance(table.index, pd.RangeIndex):
        return table
    return table.rename_axis(str(table.index.name or TIME[0])).reset_index()


def _timestamps(values: pd.Series, where: Where, findings: list[Finding]) -> list[str]:
    """Return the steps as ISO time stamps, in UTC where the series names a zone."""
    stamps, said = read_stamps(values, where, "series")
    findings += said
    step = stamps.diff().iloc[1:]
    wrong = step <= pd.Timedelta(0)
    if wrong.any():
        row = int(wrong.to_numpy().argmax()) + 3
        again = step.iloc[row - 3] == pd.Timedelta(0)
        text = f"the time stamp in row {row} is {'there already' if again else 'earlier than the one before'}"
        raise BadInput(text, hint="sort the steps; at changes of daylight saving use UTC", where=where)
    usual = step.median()
    gaps = step[step > usual]
    if len(gaps):
        first = stamps[gaps.index[0]]
        text = f"{counted(len(gaps), 'gap')} in the series, the first before {first}: nothing is calculated there"
        hint = "fill them, or give time stamps in UTC if daylight saving changes there"
        findings.append(Finding("series.gap", Severity.WARNING, text, hint, where))
    if (step < usual).any():
        findings.append(Finding("series.uneven", Severity.WARNING, "the steps have different lengths", "", where))
    return list(written(stamps))


def _with_decimal_commas(table: pd.DataFrame, where: Where, findings: list[Finding]) -> pd.DataFrame:
    """Return the table with texts as numbers where they prove a decimal comma, and no other a decimal point."""
    texts = {name: NumberColumn(column.tolist()) for name, column in table.select_dtypes(exclude="number").items()}
    if reduce(or_, (text.marks() for text in texts.values()), Marks()).only != COMMA:
        return table
    read = {name: text.read(COMMA) for name, text in texts.items()}
    said = "numbers like 0,98 are read with a decimal comma"
    findings.append(Finding("series.decimal_comma", Severity.INFO, said, "", where))
    return table.assign(**{str(name): numbers.values for name, numbers in read.items() if not numbers.units})


def _numbers(values: pd.Series, where: Where) -> np.ndarray:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float)
    bad = ~np.isfinite(numbers)
    if bad.any():
        count, first = counted(int(bad.sum()), "step"), int(bad.argmax())
        given = "nothing" if pd.isna(values.iloc[first]) else repr(values.iloc[first])
        text = f"no number at {count} of {len(bad)}, the first in row {first + 2}: {given}"
        raise BadInput(text, hint="give every step a value with a decimal point: nothing is filled in", where=where)
    return numbers


def _no_factor(values: np.ndarray, where: Where) -> list[Finding]:
    """Refuse a negative factor; say when one is so large that it looks like per cent or megawatts."""
    if (values < 0).any():
        row = int((values < 0).argmax())
        text = f"{where.column} is {values[row]:g}: loads would become generation, or machines loads"
        hint = "give a factor of 0 or more; a power that feeds in is a farm, NAME@BUS_mw"
        raise BadInput(text, hint=hint, where=replace(where, row=row + 2))
    if not values.max() > LARGEST_SCALE:
        return []
    text = f"{where.column} reaches {values.max():g}: it multiplies the network's own powers"
    return [Finding("series.scale", Severity.WARNING, text, "per cent or megawatts in place of a factor?", where)]


def _farm(column: str, values: np.ndarray, network: Network, where: Where) -> tuple[str, int, np.ndarray]:
    match = FARM.fullmatch(column)
    if match is None:
        hint = f"{', '.join(SCALES)} or NAME@BUS_mw, NAME@BUS_kw, NAME@BUS_w"
        raise BadInput(f"the column {column!r} is none of a series", hint=hint, where=where)
    row = int(network.positions([int(match["bus"])])[0])
    if row < 0:
        raise BadInput(f"there is no bus {match['bus']}", hint="check the column's heading", where=where)
    return match["name"].strip(), row, values * MW[match["unit"].lower()]


def _implausible(series: Series, network: Network, where: Where) -> list[Finding]:
    """Say when a farm feeds more than the whole network's load, as kW under a heading of MW do, or draws power."""
    load_mw = network.totals()["load_mw"]
    largest, least = np.abs(series.farm_mw).max(axis=0), series.farm_mw.min(axis=0)
    draws = [
        Finding(
            "series.draws", Severity.WARNING, f"{name} draws power from the network, up to {-power:,.4g} MW",
            "Right for a plant's own demand or for storage; else check the sign.", where, name,
        )
        for name, power in zip(series.farm_names, least, strict=True)
        if power < 0
    ]  # fmt: skip
    return draws + [
        Finding(
            "series.power", Severity.WARNING,
            f"{name} reaches {power:,.0f} MW, more than the load of {load_mw:,.0f} MW",
            "kW under a heading in MW?", where, name,
        )
        for name, power in zip(series.farm_names, largest, strict=True)
        if power > max(load_mw, 1.0)
    ]  # fmt: skip
