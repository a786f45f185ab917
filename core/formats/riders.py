"""What rides along through a format that has no place for it: a network's exact tables and its PSS/E records."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, TypeGuard

import pandas as pd

from core.formats.psse import RawCase, read_raw_case, write_raw_case
from core.network import CATALOGUE, Network

#: The key of a JSON document under which it rides.
RIDER = "gridproof"


def rider(network: Network, body: bytes) -> dict[str, Any]:
    """Return what rides along with a document: it counts as long as the document's bytes are these."""
    content: dict[str, Any] = {
        "digest": sha256(body).hexdigest(),
        "name": network.name,
        "base_mva": network.base_mva,
        "frequency_hz": network.frequency_hz,
        "tables": {name: _columns(frame) for name, frame in network.tables.items() if len(frame)},
    }
    if (text := raw_text(network)) is not None:
        content["raw"] = text
    return content


def counts_still(content: Any, body: bytes) -> TypeGuard[dict[str, Any]]:
    """Say whether something rides along, and the document is as it was written."""
    return isinstance(content, dict) and content.get("digest") == sha256(body).hexdigest()


def restored(content: dict[str, Any], base_mva: float) -> Network:
    """Return the network that rode along; ``base_mva`` [MVA] is that of files that were written without one."""
    base_mva = float(content.get("base_mva", base_mva))
    tables = {
        name: CATALOGUE.conform(name, pd.DataFrame(columns))
        for name, columns in content.get("tables", {}).items()
        if name in CATALOGUE and isinstance(columns, dict)
    }
    network = Network(str(content.get("name", "")), base_mva, float(content.get("frequency_hz", 60.0)), tables)
    if isinstance(content.get("raw"), str):
        restore_raw(network, content["raw"])
    return network


def _columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return a table column by column; what JSON has no number for becomes a text."""
    return {str(name): [_written(value) for value in frame[name].tolist()] for name in frame.columns}


def _written(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value


def raw_text(network: Network) -> str | None:
    """Return the PSS/E case that the network was read from as RAW text; nothing when it came from elsewhere."""
    case = network.extras.get("psse")
    return write_raw_case(case, case.version) if isinstance(case, RawCase) else None


def restore_raw(network: Network, text: str) -> None:
    """Give the network its PSS/E case back."""
    network.extras["psse"] = read_raw_case(text.encode("utf-8"), "what rode along").value
