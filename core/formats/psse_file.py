"""PSS/E's files ↔ networks: the network of another program rides along in a RAW or RAWX file and comes back."""

from __future__ import annotations

from core.findings import Finding, Reading
from core.formats.psse import RawCase, read_raw, read_rawx, write_raw, write_rawx
from core.formats.psse.kept import MARK
from core.formats.psse.rawx import is_rawx
from core.formats.riders import RIDER, rider, rode_along, stale
from core.network import Network, check

#: What stands before a rider: in RAW on a line behind Q, where PSS/E doesn't read, in RAWX beside PSS/E's keys.
RAW_MARK = f"\n@!{RIDER} ".encode()
RAWX_MARK = f'\n,"{RIDER}":'.encode()
RAWX_ENDS = ' "}\r\n'


def read_psse(content: bytes, name: str = "") -> Reading[Network]:
    """Read a RAW or RAWX file as a network; that of another program comes back while the file is unedited.

    Raises
    ------
    BadInput
        When the bytes are neither.
    """
    reading = read_rawx(content, name) if is_rawx(content) else read_raw(content, name)
    body, mark, behind = content.rpartition(RAWX_MARK if is_rawx(content) else RAW_MARK)
    if not mark:
        return reading
    network = rode_along(behind.decode("ascii", "replace").strip(RAWX_ENDS), _said(body))
    if network is None:
        reading.findings.append(stale("psse.rider.stale"))
        return reading
    return Reading(network, check(network), reading.source)


def read_psse_bare(content: bytes) -> Network:
    """Return the network that others read from a file of ours: without what rides along behind Q or beside."""
    own = [line for line in content.splitlines(keepends=True) if not line.startswith(MARK.encode())]
    return (read_rawx if is_rawx(content) else read_raw)(b"".join(own)).value


def write_raw_file(network: Network, version: int | None = None) -> tuple[bytes, list[Finding]]:
    """Return a network as a RAW file of version 33 (if none is named), 34 or 35."""
    version = version or 33
    body = _encoded(write_raw(network, version), network, False, version)
    if "psse" in network.extras:
        return body, []
    return body + RAW_MARK[1:] + rider(network, _said(body)).encode() + b"\n", []


def write_rawx_file(network: Network, version: int | None = None) -> tuple[bytes, list[Finding]]:
    """Return a network as a RAWX file, which has one version."""
    body = _encoded(write_rawx(network), network, True, 35)
    if "psse" in network.extras:
        return body, []
    body = body.rstrip().removesuffix(b"}")
    return body + RAWX_MARK + f'"{rider(network, _said(body))}"}}\n'.encode(), []


def _said(body: bytes) -> bytes:
    """Return what a file says, whatever ends its lines."""
    return b"\n".join(body.splitlines())


def _encoded(text: str, network: Network, as_rawx: bool, version: int) -> bytes:
    """Return the text in the encoding of the file that the network is from, if that has the same format and version."""
    case = network.extras.get("psse")
    original = case.original if isinstance(case, RawCase) and case.version == version else None
    if original and original.is_rawx == as_rawx:
        try:
            return text.encode(original.encoding)
        except UnicodeEncodeError:  # a new name with other characters
            return text.encode()
    return text.encode()
