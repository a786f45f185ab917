"""Imported results as the store keeps them: tables as Parquet files, the rest as one document."""

from __future__ import annotations

import io
from typing import Any

import pandas as pd

from core.documents import plain
from core.findings import Finding, Source
from core.results.study_result import Provenance, Status, StudyResult, result_table
from core.store import Store


def keep(store: Store, result: StudyResult) -> dict[str, Any]:
    """Keep the result's tables as files and return the document that leads back to them."""
    tables = {
        name: store.keep(_parquet(table), f"{result.study}.{name}.parquet") for name, table in result.tables.items()
    }
    return {
        "study": result.study,
        "status": str(result.status),
        "provenance": plain(result.provenance),
        "findings": plain(result.findings),
        "tables": tables,
    }


def read(store: Store, document: dict[str, Any]) -> StudyResult:
    """Return a kept result with today's columns: an older program may have kept it without some."""
    study = document["study"]
    tables = {
        name: result_table(study, name, pd.read_parquet(io.BytesIO(store.content(sha))))
        for name, sha in document["tables"].items()
    }
    provenance = dict(document["provenance"])
    source = provenance.pop("source")
    return StudyResult(
        study=study,
        tables=tables,
        status=Status(document["status"]),
        provenance=Provenance(**provenance, source=Source(**source) if source else None),
        findings=[Finding.from_dict(entry) for entry in document["findings"]],
    )


def _parquet(table: pd.DataFrame) -> bytes:
    """Return the table as Parquet; a column of mixed objects is written as text."""
    columns = {name: _one_type(values) for name, values in table.items()}
    buffer = io.BytesIO()
    pd.DataFrame(columns, index=table.index).to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def _one_type(values: pd.Series) -> pd.Series:
    if values.dtype != object or pd.api.types.infer_dtype(values, skipna=True) in (
        "string",
        "integer",
        "boolean",
        "empty",
    ):
        return values
    return values.where(values.isna(), values.map(str))
