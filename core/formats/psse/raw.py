"""PSS/E power-flow files ↔ networks."""

from __future__ import annotations

from core.findings import Reading
from core.formats.psse.charging import settled_charging
from core.formats.psse.from_network import from_network
from core.formats.psse.raw_reader import read_raw_case
from core.formats.psse.raw_text import write_raw_case
from core.formats.psse.rawx import is_rawx, read_rawx_case, write_rawx_case
from core.formats.psse.to_network import to_network
from core.network import Network, check


def read_raw(data: bytes, name: str = "") -> Reading[Network]:
    """Read a RAW file of version 29 to 35 as a network, with the findings of reading and of the network's checks.

    The case itself, with every section and field, rides along as ``network.extras["psse"]``.

    Raises
    ------
    BadInput
        When the bytes are no RAW file at all.
    """
    if is_rawx(data):
        return read_rawx(data, name)
    reading = read_raw_case(data, name)
    findings = list(reading.findings)
    network = settled_charging(to_network(reading.value, name, findings), findings)
    return Reading(network, [*findings, *check(network)], reading.source)


def read_rawx(data: bytes, name: str = "") -> Reading[Network]:
    """Read a RAWX file as a network; see :func:`read_raw`."""
    reading = read_rawx_case(data, name)
    findings = list(reading.findings)
    network = settled_charging(to_network(reading.value, name, findings), findings)
    return Reading(network, [*findings, *check(network)], reading.source)


def write_rawx(network: Network) -> str:
    """Return the network as RAWX text."""
    return write_rawx_case(from_network(network, 35))


def write_raw(network: Network, version: int = 33) -> str:
    """Return the network as RAW text of version 33, 34 or 35.

    Elements that are still as they were read from a PSS/E file keep their records.
    """
    return write_raw_case(from_network(network, version), version)
