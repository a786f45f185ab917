"""What rides along through a format that has no place for it: a network's exact tables and the file that it is from.

A network that is still as its file has it takes the whole file along, and is written back as that file: byte for byte
in the same format. Of a PSS/E case the records ride along even when the network was edited, to be written where they
still hold.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import pandas as pd

from core.findings import Finding, Reading, Severity
from core.formats.archive import MAX_UNPACKED
from core.formats.psse import RawCase, read_raw_case, write_raw_case
from core.network import CATALOGUE, Network

#: The key of a JSON document under which it rides.
RIDER = "gridproof"
#: The key of a network's extras under which the file that it is from stands.
ORIGINAL = "original"


@dataclass(frozen=True, slots=True)
class Original:
    """The file that a network was read from, and the network as it was then."""

    form: str
    content: bytes
    network: Network


def remembering(form: str, read: Callable[[bytes, str], Reading[Network]]) -> Callable[[bytes, str], Reading[Network]]:
    """Return the reader of a format, with the file kept beside what it reads, unless something rode along in it."""

    def remembered(content: bytes, name: str = "") -> Reading[Network]:
        reading = read(content, name)
        if "psse" not in reading.value.extras and ORIGINAL not in reading.value.extras:
            remember(reading.value, form, content)
        return reading

    return remembered


def remember(network: Network, form: str, content: bytes) -> None:
    """Note which file the network is from."""
    network.extras[ORIGINAL] = Original(form, content, replace(network, extras={}, lines={}))


def original_of(network: Network) -> Original | None:
    """Return the file that the network is from, if the network is still as it was read."""
    original = network.extras.get(ORIGINAL)
    is_still = original is not None and original.network.name == network.name and network.equals(original.network)
    return original if is_still else None


def rider(network: Network, body: bytes) -> str:
    """Return what rides along with a document, as text: it counts as long as it and the document's bytes are these."""
    content: dict[str, Any] = {
        "name": network.name,
        "base_mva": network.base_mva,
        "frequency_hz": network.frequency_hz,
        "tables": {
            name: {column: frame[column].tolist() for column in frame} for name, frame in network.tables.items()
        },
    }
    case = network.extras.get("psse")
    if isinstance(case, RawCase):
        content["raw"] = write_raw_case(case, case.version)
        content["unmodelled_buses"] = network.extras.get("unmodelled_buses", [])
    if original := original_of(network):
        content[ORIGINAL] = {"form": original.form, "file": b64encode(original.content).decode("ascii")}
    packed = b64encode(zlib.compress(json.dumps(content).encode())).decode("ascii")
    return f"{_digest(packed, body)} {packed}"


def rode_along(text: Any, body: bytes) -> Network | None:
    """Return the network that rode along with a document; nothing when either was edited since."""
    digest, _, packed = text.partition(" ") if isinstance(text, str) else ("", "", "")
    if digest != _digest(packed, body):
        return None
    try:
        return _restored(json.loads(zlib.decompressobj().decompress(b64decode(packed), MAX_UNPACKED)))
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error, RecursionError):  # somebody else's making
        return None


def _restored(content: dict[str, Any]) -> Network:
    tables = {name: CATALOGUE.conform(name, pd.DataFrame(columns)) for name, columns in content["tables"].items()}
    network = Network(content["name"], content["base_mva"], content["frequency_hz"], tables)
    if "raw" in content:
        network.extras["psse"] = read_raw_case(content["raw"].encode("utf-8"), "what rode along").value
        network.extras["unmodelled_buses"] = content["unmodelled_buses"]
    if ORIGINAL in content:
        remember(network, content[ORIGINAL]["form"], b64decode(content[ORIGINAL]["file"]))
    return network


def _digest(packed: str, body: bytes) -> str:
    return sha256(packed.encode() + body).hexdigest()


def stale(code: str) -> Finding:
    """Say that a file was edited since something rode along in it."""
    text = "The file was edited after Gridproof wrote it: its tables count, what rode along is left out."
    return Finding(code, Severity.WARNING, text)
