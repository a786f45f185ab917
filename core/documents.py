"""JSON documents that commands print and the store keeps: plain types only, no NaN, stable order."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def plain(value: Any) -> Any:
    """Return the value in JSON's own types; what is not a finite number becomes ``None``."""
    if value is None or value is pd.NA:
        return None
    if isinstance(value, (str, bool, int)) and not isinstance(value, Enum):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.tolist()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Path):
        return value.as_posix()
    if hasattr(value, "as_dict"):
        return plain(value.as_dict())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "to_dict"):  # a table: one object a row
        return plain(value.to_dict(orient="records"))
    if value is pd.NaT:
        return None
    return str(value)


def dump(value: Any, *, indent: int | None = None) -> str:
    """Return the value as JSON text."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=indent)


def digest(value: Any) -> str:
    """Return the SHA-256 of the value's JSON text with sorted keys: equal inputs, equal digest."""
    text = json.dumps(plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True)
    return sha256(text.encode("utf-8")).hexdigest()
